"""Plans for explained decreases: as of the month of each decision, whatever is known by now."""

from __future__ import annotations

import numpy as np

from credit_model.act.plans.plan import Plan
from credit_model.act.plans.planning import plan_rows
from credit_model.arrays import IntArray
from credit_model.errors import HistoryError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.fitted_model import FittedModel
from credit_model.portfolio.months import format_month
from credit_model.portfolio.snapshots import Snapshots


def plan_cuts(
    fitted: FittedModel,
    snapshots: Snapshots,
    explanations: DecreaseExplanations,
    *,
    horizon: int = 12,
    n_jobs: int = -1,
) -> list[Plan]:
    """What brings back each limit whose fall is explained, as of the month in which it fell.

    What became known later changes nothing, so that a page or a notice says the same whenever it is made.

    Parameters
    ----------
    fitted : FittedModel
    snapshots : Snapshots
        Of the borrowers whose limits fell, or of more.
    explanations : DecreaseExplanations
        n decreases.
    horizon : int, 1 to 60
        Months to look ahead.
    n_jobs : int

    Returns
    -------
    list of Plan, (n,)

    Raises
    ------
    CatalogueError
        The catalogue declares no lever.
    HistoryError
        The snapshots lack a decrease's borrower or month.
    """
    rows = rows_of(snapshots, explanations)
    return plan_rows(fitted, snapshots, rows, horizon=horizon, rule=explanations.rule, n_jobs=n_jobs)


def rows_of(snapshots: Snapshots, explanations: DecreaseExplanations) -> IntArray:
    """The snapshots' row of each decrease: (n,)."""
    history, found = snapshots.history, np.empty(len(explanations), dtype=np.int64)
    for i, (borrower, month) in enumerate(zip(explanations.borrower_id, explanations.month_number, strict=True)):
        place = history.position_of(borrower)
        start, stop = int(history.starts[place]), int(history.starts[place + 1])
        at = start + int(np.searchsorted(history.month_number[start:stop], month))
        if at == stop or history.month_number[at] != month:
            when = format_month(int(month), explanations.month_type)
            raise HistoryError(
                f"borrower {borrower!r} has no row for {when}, in which the limit fell; give the history that was "
                "explained"
            )
        found[i] = at
    return found
