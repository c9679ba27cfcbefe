"""Finds the limit decreases in a panel, pairs each with its reference snapshot, and explains the change.

A decrease is a fall in tier. The decision's snapshot is x; the reference z is the borrower's own earlier snapshot.
The threshold and the states (tier and limit in force) are x's in both, and ratios to the limit in force are
recomputed for z with x's limit: utilisation can then change only because the balance did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.explanations import DecreaseExplanations
from credit_model.model.forest import OrdinalForest
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.snapshots import Snapshots
from credit_model.trees.owen import ensemble_changes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Reference = Literal["last_set", "last_review", "previous_month"]
REFERENCES: tuple[str, ...] = get_args(Reference)

#: Most by which contributions may miss the change of the deployed score, in log-odds.
EXACTNESS = 1e-9


@dataclass(frozen=True)
class SnapshotPairs:
    """Rows of a `Snapshots` and the earlier rows that they are compared with.

    Attributes
    ----------
    row, reference_row : int64 arrays, (n,)
        ``reference_row`` is -1 where no earlier snapshot is known.
    censored : bool array, (n,)
        The limit in force was set before the first usable snapshot, which stands in.
    """

    row: IntArray
    reference_row: IntArray
    censored: NDArray[np.bool_]


def decrease_rows(snapshots: Snapshots) -> IntArray:
    """Rows whose tier is lower than the one in force before: (n_decreases,)."""
    fell = (snapshots.tier_before > 0) & (snapshots.tier_after < snapshots.tier_before)
    return np.flatnonzero(fell).astype(np.int64)


def count_falls_within_tier(snapshots: Snapshots) -> int:
    """Limits that became smaller but stayed in their tier (counted apart, not explained)."""
    fell = snapshots.limit_after < snapshots.limit_before
    return int(np.sum(fell & (snapshots.tier_after == snapshots.tier_before)))


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
        ``reference`` is none of these.
    """
    if reference not in REFERENCES:
        raise HistoryError(f"reference must be one of {', '.join(REFERENCES)}, got {reference!r}")
    n = len(snapshots.position)
    first_usable = max(snapshots.catalogue.warm_up, snapshots.catalogue.decision_lag)
    usable = snapshots.position >= first_usable
    if reference == "last_set":
        candidate = usable & (snapshots.position > 0) & (snapshots.limit_after != snapshots.limit_before)
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
    return SnapshotPairs(row, reference_row.astype(np.int64), ~found)


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


def explain_pairs(
    forest: OrdinalForest,
    snapshots: Snapshots,
    pairs: SnapshotPairs,
    *,
    reference: str,
    model_version: str,
    n_jobs: int = -1,
) -> DecreaseExplanations:
    """Explain why each row's keep score differs from its reference's.

    Parameters
    ----------
    forest : OrdinalForest
        Fitted on the features of ``snapshots.catalogue``.
    snapshots : Snapshots
    pairs : SnapshotPairs
        Rows whose tier in force is at least 1.
    reference, model_version : str
        Recorded in the result.
    n_jobs : int
        Threads; the result does not depend on it.
    """
    x, z = snapshots.X[pairs.row], reference_features(snapshots, pairs)
    return explain_rows(forest, snapshots, x, z, pairs, reference=reference, model_version=model_version, n_jobs=n_jobs)


def explain_rows(
    forest: OrdinalForest,
    snapshots: Snapshots,
    x: FloatArray,
    z: FloatArray,
    pairs: SnapshotPairs,
    *,
    reference: str,
    model_version: str,
    n_jobs: int = -1,
) -> DecreaseExplanations:
    """Explain rows ``x`` (n, n_features) against rows ``z`` of the same shape; `explain_pairs` finds z itself."""
    catalogue = snapshots.catalogue
    row = pairs.row
    tier = snapshots.tier_before[row]
    values = change_values(forest, catalogue, x, z, tier, n_jobs=n_jobs)
    driver = driver_columns(catalogue)
    history = snapshots.history
    reference_row = np.where(pairs.reference_row >= 0, pairs.reference_row, row)
    return DecreaseExplanations(
        catalogue=catalogue,
        ladder=snapshots.ladder,
        reference=reference,
        model_version=model_version,
        month_type=history.month_type,
        borrower_id=history.borrower_ids[snapshots.borrower_row[row]],
        month_number=snapshots.month_number[row],
        reference_month_number=snapshots.month_number[reference_row],
        reference_censored=pairs.censored,
        has_reference=pairs.reference_row >= 0,
        limit_before=snapshots.limit_before[row],
        limit_after=snapshots.limit_after[row],
        tier_before=tier,
        tier_after=snapshots.tier_after[row],
        features_before=z[:, driver],
        features_after=x[:, driver],
        keep_score_before=values.score_before,
        keep_score_after=values.score_after,
        contributions=values.contributions,
        coalitions=values.coalitions,
    )


@dataclass(frozen=True)
class ChangeValues:
    """What the trees say of a change from z to x: (n,), (n,), (n, n_drivers), (n, 2**n_factors), all log-odds."""

    score_before: FloatArray
    score_after: FloatArray
    contributions: FloatArray
    coalitions: FloatArray


def driver_columns(catalogue: Catalogue) -> IntArray:
    """Positions of the cause features among all features: (n_drivers,)."""
    drivers = set(catalogue.driver_names)
    return np.array([i for i, name in enumerate(catalogue.feature_names) if name in drivers], dtype=np.int64)


def change_values(
    forest: OrdinalForest, catalogue: Catalogue, x: FloatArray, z: FloatArray, tier: IntArray, *, n_jobs: int = -1
) -> ChangeValues:
    """Owen values and all coalitions of the change in the score of keeping ``tier`` (n,) from z to x.

    Parameters
    ----------
    forest : OrdinalForest
    catalogue : Catalogue
    x, z : float64 arrays, (n, n_features)
        Equal in the states.
    tier : int64 array, (n,)
        Tiers in force, at least 1.

    Raises
    ------
    CreditModelError
        Contributions do not sum to the change of the deployed score (checked for every row).
    """
    rows_x = forest.rows(forest.encode(x), tier - 1)
    rows_z = forest.rows(forest.encode(z), tier - 1)
    driver = driver_columns(catalogue)
    group = np.full(rows_x.shape[1], -1, dtype=np.int64)  # states and thresholds are equal in both rows
    group[driver] = catalogue.factor_index
    changes = ensemble_changes(forest.trees, rows_x, rows_z, group, len(catalogue.factor_ids), n_jobs=n_jobs)
    contributions = np.ascontiguousarray(changes.owen_values[:, driver])
    error = np.abs(contributions.sum(axis=1) - (changes.score_x - changes.score_z)).max(initial=0.0)
    if error > EXACTNESS:
        raise CreditModelError(
            f"contributions must sum to the change of the deployed score within {EXACTNESS:g}, found {error:g}; "
            "the states differ between the rows that are compared, or the model is damaged"
        )
    return ChangeValues(changes.score_z, changes.score_x, contributions, changes.coalition_scores)
