"""The months of borrowers that pages show: the panel's rows, each month's keep score, and its decisions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from credit_model.arrays import BoolArray, FloatArray
from credit_model.errors import HistoryError
from credit_model.fitted_model import FittedModel
from credit_model.portfolio.declarations import Column
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots

#: Months shown before the decision (more, if the reference lies further back) and after it.
MONTHS_BEFORE = 36
MONTHS_AFTER = 12


@dataclass(frozen=True)
class Tracks:
    """The months of borrowers: what the timeline and the history table show.

    Attributes
    ----------
    history : History
    keep_score : float64 array, (n,)
        Log-odds of keeping the tier in force, a value for each row of ``history``; NaN where there is none.
    decision : bool array, (n,)
        A decision was taken in that month.
    """

    history: History
    keep_score: FloatArray
    decision: BoolArray

    @cached_property
    def shown_columns(self) -> tuple[Column, ...]:
        """The declared columns that hold data, audit columns left out."""
        return tuple(
            column
            for column in self.history.catalogue.columns
            if column.role != "audit" and not np.isnan(self.history.values(column.name)).all()
        )

    def rows_of(self, borrower_id: Any, month: int, reference_month: int) -> slice:
        """The rows shown for a decrease in ``month``.

        Raises
        ------
        HistoryError
            The borrower, or the month, is not in the history.
        """
        place = self.history.position_of(borrower_id)
        start, stop = int(self.history.starts[place]), int(self.history.starts[place + 1])
        months = self.history.month_number[start:stop]
        at = int(np.searchsorted(months, month))
        if at == len(months) or months[at] != month:
            raise HistoryError(
                f"borrower {borrower_id!r} has no row for the decrease's month in the history; "
                "give the history that was explained"
            )
        since = int(np.searchsorted(months, reference_month)) if reference_month < month else at
        first = max(min(at - MONTHS_BEFORE + 1, since), 0)
        return slice(start + first, start + min(at + MONTHS_AFTER + 1, len(months)))

    def last_month(self, borrower_id: Any) -> int:
        """The last month of the borrower's that the history knows."""
        return int(self.history.month_number[self.history.starts[self.history.position_of(borrower_id) + 1] - 1])


def score_tracks(model: FittedModel, snapshots: Snapshots, *, n_jobs: int = -1) -> Tracks:
    """Each month's keep score, NaN in the lowest tier and before anything is known of the borrower.

    Parameters
    ----------
    model : FittedModel
        ``predictor.fitted``.
    snapshots : Snapshots
        Of the borrowers that the report is about.
    n_jobs : int, default -1
        Threads; the result does not depend on it.

    Raises
    ------
    HistoryError
        The snapshots are not of this model.
    """
    model.check(snapshots)
    row = np.flatnonzero((snapshots.tier_before > 0) & (snapshots.position > snapshots.catalogue.decision_lag))
    score = np.full(len(snapshots.position), np.nan)
    if len(row):
        score[row] = model.keep_scores(snapshots, row, n_jobs=n_jobs)
    return Tracks(snapshots.history, score, snapshots.is_decision)
