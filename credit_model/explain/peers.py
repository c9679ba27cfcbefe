"""The second reference: borrowers who kept the same tier by the narrowest margin.

Some laws ask how a borrower compares with those just above the line rather than with their own past (US Reg B,
comment 9(b)(2)-5). The explanation is the mean, over those peers, of the exact Owen values against each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.explaining import change_values, changes_of_rows
from credit_model.explain.pairs import SnapshotPairs, driver_columns, row_numbers
from credit_model.model.bag import Bag
from credit_model.model.forest import OrdinalForest
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.snapshots import Snapshots

PEERS_PER_TIER = 16


@dataclass(frozen=True)
class Peers:
    """Snapshots of borrowers who kept their tier narrowly.

    Attributes
    ----------
    X : float64 array, (n_peers, n_features)
    tier : int64 array, (n_peers,)
        The tier in force that each of them kept.
    """

    X: FloatArray
    tier: IntArray


def find_peers(
    forest: Bag | OrdinalForest,
    snapshots: Snapshots,
    row: IntArray,
    weight: FloatArray | None = None,
    *,
    n_jobs: int = -1,
    per_tier: int = PEERS_PER_TIER,
) -> Peers:
    """Among rows (n,), for every tier the ones that kept it with the lowest keep scores at or above 0.

    A borrower stands for at most one peer of a tier, with the month in which they kept it most narrowly.
    """
    kept = (snapshots.tier_before[row] > 0) & (snapshots.tier_after[row] >= snapshots.tier_before[row])
    row, weight = row[kept], None if weight is None else weight[kept]
    tier = snapshots.tier_before[row]
    bag = forest if isinstance(forest, Bag) else Bag((forest,))
    score = bag.keep_score(snapshots.X[row], tier, weight, n_jobs=n_jobs) if len(row) else np.empty(0)
    picked = narrowest(tier, score, snapshots.borrower_row[row], per_tier=per_tier)
    return Peers(snapshots.X[row[picked]], tier[picked])


def narrowest(tier: IntArray, score: FloatArray, borrower: IntArray, *, per_tier: int = PEERS_PER_TIER) -> IntArray:
    """Among decisions (n,) that kept their tier, each tier's peers: positions, tier by tier.

    Parameters
    ----------
    tier : int64 array, (n,)
        In force, and kept.
    score : float64 array, (n,)
        Keep scores.
    borrower : int64 array, (n,)
        Whose each decision is.
    per_tier : int
    """
    chosen: list[IntArray] = []
    for t in np.unique(tier):
        above = np.flatnonzero((tier == t) & (score >= 0))
        nearest = above[np.argsort(score[above], kind="stable")]
        _, first = np.unique(borrower[nearest], return_index=True)
        chosen.append(nearest[np.sort(first)[:per_tier]])
    return np.concatenate(chosen).astype(np.int64) if chosen else np.empty(0, np.int64)


def explain_against_peers(
    forest: Bag | OrdinalForest,
    peers: Peers,
    snapshots: Snapshots,
    row: IntArray,
    *,
    model_version: str,
    weight: FloatArray | None = None,
    n_jobs: int = -1,
) -> ChangeExplanations:
    """Explain rows (n,) of falling limits against the peers of their tier in force.

    ``features_before`` are the peers' means (of yes or no, and of categories, what most of them have);
    ``has_reference`` is False where a tier has no peers.

    Raises
    ------
    HistoryError
        The model holds no peers at all, or ``row`` holds no row numbers.
    """
    row = row_numbers(row, len(snapshots))
    if not len(peers.tier):
        raise HistoryError(
            "reference 'peers' needs borrowers who kept their tier in the training data, found none; "
            "use reference 'last_set'"
        )
    pairs = SnapshotPairs(row, row.copy(), np.zeros(len(row), dtype=bool))
    x = snapshots.X[row]
    result = changes_of_rows(
        forest, snapshots, x, x, pairs, reference="peers", model_version=model_version, weight=weight, n_jobs=n_jobs
    )
    driver = driver_columns(snapshots.catalogue)
    states = np.setdiff1d(np.arange(x.shape[1]), driver)
    before, contributions = result.keep_score_before.copy(), result.contributions.copy()
    coalitions, features = result.coalition_scores.copy(), result.features_before.copy()
    tier = snapshots.tier_before[row]
    for t in np.unique(tier):
        mine, theirs = np.flatnonzero(tier == t), peers.X[peers.tier == t]
        if not len(theirs):
            continue
        own = np.repeat(x[mine], len(theirs), axis=0)
        other = np.tile(theirs, (len(mine), 1))
        other[:, states] = own[:, states]
        own_weight = None if weight is None else np.repeat(weight[mine], len(theirs), axis=0)
        tiers = np.full(len(own), t, dtype=np.int64)
        values = change_values(forest, snapshots.catalogue, own, other, tiers, own_weight, n_jobs=n_jobs)
        shape = (len(mine), len(theirs))
        before[mine] = values.score_before.reshape(shape).mean(axis=1)
        contributions[mine] = values.contributions.reshape(*shape, -1).mean(axis=1)
        coalitions[mine] = values.coalition_scores.reshape(*shape, -1).mean(axis=1)
        features[mine] = typical_values(theirs[:, driver], snapshots.catalogue)
    return replace(
        result,
        keep_score_before=before,
        contributions=contributions,
        coalition_scores=coalitions,
        features_before=features,
        has_reference=np.isin(tier, peers.tier),
    )


def typical_values(values: FloatArray, catalogue: Catalogue) -> FloatArray:
    """What is typical of peers, from their drivers (n_peers, n_drivers): (n_drivers,); NaN where nothing is known.

    The mean of the known values; of yes or no, and of categories, the most frequent one (the lowest of equals).
    """
    typical = np.full(values.shape[1], np.nan)
    for j, feature in enumerate(catalogue.drivers):
        known = values[:, j][np.isfinite(values[:, j])]
        if not len(known):
            continue
        if feature.categorical or feature.unit == "boolean":
            found, count = np.unique(known, return_counts=True)
            typical[j] = found[count.argmax()]
        else:
            typical[j] = known.mean()
    return typical
