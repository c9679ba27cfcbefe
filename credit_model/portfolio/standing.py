"""Where every line stands at a month's end, once its limit is decided: what a look ahead may know, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.portfolio.calendar_kernels import fill_calendar
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots, features_at_month_end

#: Columns of `Standing.calendar`.
CALENDAR = ("months_since_set", "months_since_review", "months_between_reviews")


@dataclass(frozen=True)
class Standing:
    """A row's standing depends on the borrower's rows up to it alone.

    Attributes
    ----------
    snapshots : Snapshots
        Of the same rows.
    X : float64 array, (n, n_features)
        Features as known at the month's end, under the limit in force after its decision.
    numerators : float64 array, (n, n_state_ratios)
        Of the features that are ratios to the limit in force.
    calendar : float64 array, (n, 3)
        Months since the limit was set, since it was looked at, and between the last two times (`CALENDAR`); NaN where
        that was never seen.
    due : float64 array, (n, n_leads)
        The chance, by the borrower's own rhythm, that the limit is looked at 1, 2, ... months on.
    """

    snapshots: Snapshots
    X: FloatArray
    numerators: FloatArray
    calendar: FloatArray
    due: FloatArray

    def seen_from(self, source: IntArray, row: IntArray) -> FloatArray:
        """Features of rows ``source`` under the tier and limit in force after rows ``row``, (n,) each: (n, n_features).

        Where both are the same rows, these are their own features bit for bit.
        """
        snapshots = self.snapshots
        z = self.X[source]
        for state in snapshots.catalogue.state_names:
            column = snapshots.catalogue.feature_names.index(state)
            z[:, column] = self.X[row, column]
        if len(snapshots.state_ratio_index):
            limit = snapshots.limit_after[row][:, None]
            z[:, snapshots.state_ratio_index] = self.numerators[source] / np.where(limit > 0, limit, np.nan)
        return z


def standing_of(snapshots: Snapshots, n_leads: int, *, n_jobs: int = -1) -> Standing:
    """The standing of every row, with the chance of being looked at up to ``n_leads`` months on.

    A limit is looked at in the months that the catalogue's ``reviewed`` marks; where there is no such column, in those
    in which it was seen to change.

    Examples
    --------
    >>> from credit_model import check_history, read_catalogue, simulate_portfolio
    >>> from credit_model.portfolio.snapshots import build_snapshots
    >>> catalogue = read_catalogue("synthetic")
    >>> history = check_history(simulate_portfolio(20, 30, seed=1).history, catalogue)
    >>> standing = standing_of(build_snapshots(history, catalogue.ladder), 6)
    >>> standing.X.shape == standing.snapshots.X.shape, standing.due.shape
    (True, (600, 6))
    """
    history = snapshots.history
    X, numerators = features_at_month_end(snapshots, n_jobs=n_jobs)
    n = len(history)
    calendar, due = np.empty((n, len(CALENDAR))), np.empty((n, n_leads))
    reviewed, was_set = history.catalogue.reviewed, limit_was_set(history)
    looked_at = was_set if reviewed is None else history.values(reviewed) > 0
    fill_calendar(history.month_number, history.starts, looked_at, was_set, calendar, due)
    return Standing(snapshots, X, numerators, calendar, due)


def limit_was_set(history: History) -> BoolArray:
    """Rows in which the limit in force afterwards was set: it differs from the borrower's last known one: (n,).

    Where it was unknown for a while and is the same again, nothing was set; the first known limit of all is none that
    the panel saw being set.
    """
    limit = history.values(history.catalogue.limit)
    row = np.arange(len(limit))
    last = np.maximum.accumulate(np.where(np.isnan(limit), -1, row)) if len(limit) else row
    before = np.concatenate([[-1], last[:-1]])  # the last known row before each
    start = history.starts[history.borrower_row]
    known = ~np.isnan(limit) & (before >= start)
    return np.asarray(known & (limit != limit[np.maximum(before, 0)]), dtype=np.bool_)
