"""Finds the limit decreases in a panel, and pairs each with its reference snapshot.

A decrease is a fall in tier. The decision's snapshot is x; the reference z is the borrower's own earlier snapshot.
The threshold and the states (tier and limit in force) are x's in both, and ratios to the limit in force are
recomputed for z with x's limit: utilisation can then change only because the balance did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import Snapshots
from credit_model.portfolio.standing import limit_was_set

Reference = Literal["last_set", "last_review", "previous_month"]
REFERENCES: tuple[str, ...] = get_args(Reference)


@dataclass(frozen=True)
class SnapshotPairs:
    """Rows of a `Snapshots` and the earlier rows that they are compared with.

    Attributes
    ----------
    row, reference_row : int64 arrays, (n,)
        ``reference_row`` is -1 where no earlier snapshot is known.
    censored : bool array, (n,)
        When the limit in force was set is not on record (before the first usable snapshot, or while the limit was
        unknown); the first usable snapshot with it stands in.
    """

    row: IntArray
    reference_row: IntArray
    censored: NDArray[np.bool_]


def row_numbers(row: ArrayLike, n: int) -> IntArray:
    """Row numbers as an int64 array (k,), checked: numpy itself would count negative ones from the end.

    Parameters
    ----------
    row : integers, (k,)
    n : int
        Number of rows that there are.

    Raises
    ------
    HistoryError
        They are no whole numbers in 0 .. n - 1, or truth values.

    Examples
    --------
    >>> row_numbers([2, 0], 3).tolist()
    [2, 0]
    """
    given = np.asarray(row)
    if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
        raise HistoryError(
            f"row must be whole row numbers, (n,), got {given.dtype} of shape {given.shape}; "
            "of truth values give np.flatnonzero(...)"
        )
    outside = given[(given < 0) | (given >= n)]
    if len(outside):
        raise HistoryError(
            f"row must hold numbers of rows in 0 .. {n - 1}, found {outside[0]} "
            f"({len(outside):,} of {len(given):,} are outside); give rows of these snapshots"
        )
    return given.astype(np.int64)


def decrease_rows(snapshots: Snapshots) -> IntArray:
    """Rows whose tier is lower than the one in force before: (n_decreases,).

    Both limits must be known: a limit that is unknown in a row, or was in the row before, is an event of its own and
    no decrease; nor are closures and changes that are declared not to be the lender's (`History.is_no_cut`).
    """
    known = (snapshots.tier_before > 0) & (snapshots.tier_after >= 0) & ~snapshots.history.is_no_cut
    return np.flatnonzero(known & (snapshots.tier_after < snapshots.tier_before)).astype(np.int64)


def count_falls_within_tier(history: History, ladder: LimitLadder) -> int:
    """Limits that became smaller but stayed in their tier (counted apart, not explained)."""
    limit = history.values(history.catalogue.limit)
    tier = ladder.tier_of(limit)
    same = np.diff(history.borrower_row) == 0
    return int(np.sum(same & (np.diff(limit) < 0) & (np.diff(tier) == 0) & ~history.is_no_cut[1:]))


def pair_with_reference(snapshots: Snapshots, row: IntArray, reference: str = "last_set") -> SnapshotPairs:
    """Each row's reference: the latest earlier row of the same borrower that fulfils the rule.

    Parameters
    ----------
    snapshots : Snapshots
    row : int64 array, (n,)
    reference : {"last_set", "last_review", "previous_month"}
        The decision that set the limit in force; the previous decision; the previous row.

    Raises
    ------
    HistoryError
        ``reference`` is none of these, or ``row`` holds no row numbers.
    """
    row = row_numbers(row, len(snapshots))
    if reference not in REFERENCES:
        raise HistoryError(f"reference must be one of {', '.join(REFERENCES)}, got {reference!r}")
    n = len(snapshots.position)
    first_usable = max(snapshots.catalogue.warm_up, snapshots.catalogue.decision_lag)
    usable = snapshots.position >= first_usable
    if reference == "last_set":
        candidate = usable & limit_was_set(snapshots.history)
    elif reference == "last_review":
        candidate = usable & snapshots.is_decision
    else:
        candidate = usable
    latest = np.maximum.accumulate(np.where(candidate, np.arange(n), -1)) if n else np.empty(0, np.int64)
    start = row - snapshots.position[row]
    earlier = np.where(row > 0, latest[np.maximum(row - 1, 0)], -1)
    found = earlier >= start
    first = start + first_usable
    last_resort = row - 1  # before the windows are filled: the month before, if anything was known then
    stand_in = np.where(first < row, first, last_resort)
    known = (stand_in >= start) & (snapshots.position[np.maximum(stand_in, 0)] >= snapshots.catalogue.decision_lag)
    reference_row = np.where(found, earlier, np.where(known, stand_in, -1))
    censored = ~found
    if reference == "last_set":
        censored |= found & _was_unknown_before(snapshots.history)[np.maximum(reference_row, 0)]
    return SnapshotPairs(row, reference_row.astype(np.int64), censored)


def _was_unknown_before(history: History) -> NDArray[np.bool_]:
    """Rows before which, in the borrower's row before, the limit is unknown: (n,)."""
    limit = history.values(history.catalogue.limit)
    unknown = np.concatenate([[False], np.isnan(limit[:-1])])
    unknown[history.starts[:-1]] = False
    return np.asarray(unknown, dtype=np.bool_)


def reference_features(snapshots: Snapshots, pairs: SnapshotPairs) -> FloatArray:
    """Features of the reference rows, states and the limit in ratios taken from the explained row: (n, n_features).

    A row without a reference is its own, so that nothing has changed.
    """
    source = np.where(pairs.reference_row >= 0, pairs.reference_row, pairs.row)
    z = snapshots.X[source]
    names = snapshots.catalogue.feature_names
    for state in snapshots.catalogue.state_names:
        column = names.index(state)
        z[:, column] = snapshots.X[pairs.row, column]
    if len(snapshots.state_ratio_index):
        limit = snapshots.limit_before[pairs.row][:, None]
        limit = np.where(limit > 0, limit, np.nan)
        z[:, snapshots.state_ratio_index] = snapshots.numerators[source] / limit
    return z


def sum_by_factor(catalogue: Catalogue, by_driver: FloatArray) -> FloatArray:
    """Values by driver (n, n_drivers) summed by factor: (n, n_factors).

    Driver by driver: NumPy's own sums add up in another order where there is a single row.
    """
    total = np.zeros((len(by_driver), len(catalogue.factor_ids)))
    for driver, factor in enumerate(catalogue.factor_index.tolist()):
        total[:, factor] += by_driver[:, driver]
    return total


def driver_columns(catalogue: Catalogue) -> IntArray:
    """Positions of the cause features among all features: (n_drivers,)."""
    drivers = set(catalogue.driver_names)
    return np.array([i for i, name in enumerate(catalogue.feature_names) if name in drivers], dtype=np.int64)
