"""How often the lender reviews a limit, by the months since it last changed: counted in what is known so far."""

from __future__ import annotations

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.portfolio.snapshots import Snapshots

#: Months since the last change beyond which all count alike, and months that the usual rate counts as.
MOST_SINCE, WEIGHT = 12, 10.0


def reviews_ahead(snapshots: Snapshots, as_of: IntArray, horizon: int) -> FloatArray:
    """The chance of a review in each month to come: (n, horizon).

    It is the share of borrower-months with a decision, by the months since the limit last changed, among all months of
    the history up to the one that is known (a limit may rest after a change). Where the catalogue names no column of
    reviews every month has one.

    Parameters
    ----------
    snapshots : Snapshots
        The more borrowers they have, the better is known when reviews come.
    as_of : int64 array, (n,)
    horizon : int
    """
    if snapshots.catalogue.reviewed is None:
        return np.ones((len(as_of), horizon))
    since = months_since_change(snapshots)
    month = snapshots.month_number - snapshots.month_number.min()
    counted = snapshots.position >= snapshots.catalogue.warm_up
    shape = (int(month.max()) + 1, MOST_SINCE + 1)
    place = np.ravel_multi_index((month, np.minimum(since, MOST_SINCE)), shape)
    size = shape[0] * shape[1]
    months = np.bincount(place[counted], minlength=size).reshape(shape).cumsum(axis=0)
    reviews = np.bincount(place[counted & snapshots.is_decision], minlength=size).reshape(shape).cumsum(axis=0)
    usual = reviews.sum(axis=1, keepdims=True) / np.maximum(months.sum(axis=1, keepdims=True), 1)
    rate = (reviews + WEIGHT * usual) / (months + WEIGHT)
    ahead = np.minimum(_since_after(snapshots, since, as_of)[:, None] + np.arange(1, horizon + 1), MOST_SINCE)
    found: FloatArray = rate[month[as_of][:, None], ahead]
    return found


def months_since_change(snapshots: Snapshots) -> IntArray:
    """Months from the last change of the tier before each row up to it: (n_rows,); `MOST_SINCE` where none is known."""
    row = np.arange(len(snapshots))
    changed = (snapshots.tier_after != snapshots.tier_before) & (snapshots.tier_before >= 0)
    last = np.concatenate([[-1], np.maximum.accumulate(np.where(changed, row, -1))[:-1]])
    known = last >= snapshots.history.starts[snapshots.borrower_row]
    passed = snapshots.month_number - snapshots.month_number[np.maximum(last, 0)]
    return np.where(known, np.minimum(passed, MOST_SINCE), MOST_SINCE).astype(np.int64)


def _since_after(snapshots: Snapshots, since: IntArray, row: IntArray) -> IntArray:
    """Months since the last change, the row's own counted."""
    changed = (snapshots.tier_after[row] != snapshots.tier_before[row]) & (snapshots.tier_before[row] >= 0)
    return np.where(changed, 0, since[row]).astype(np.int64)
