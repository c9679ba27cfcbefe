"""The methods that are graded: each gives every decrease's contributions by factor, on the same model.

All explain the same number, the log-odds of keeping the tier in force, and differ only in what the decision's
snapshot is compared with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from credit_model.errors import CreditModelError
from credit_model.explain.explanations import DecreaseExplanations
from credit_model.explain.pairs import driver_columns, explain_pairs, pair_with_reference, reference_features
from credit_model.grade.scorecard import lowering_order
from credit_model.portfolio.snapshots import Snapshots
from credit_model.predictor import LimitPredictor
from credit_model.trees.owen import ensemble_owen_values

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Snapshots drawn as the population that a decision's snapshot is compared with.
BACKGROUND_ROWS = 50
#: Pairs of rows that are held in memory at a time.
PAIRS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Attribution:
    """What a method says of each decrease.

    Attributes
    ----------
    method : str
    about : str
        The method in a few words.
    contributions : float64 array, (n, n_factors)
        In log-odds of keeping the tier in force; negative lowered it.
    order : int64 array, (n, 2)
        The factors that the method names first and second; -1: none.
    seconds : float
        Time to explain them all.
    """

    method: str
    about: str
    contributions: FloatArray
    order: IntArray
    seconds: float


def join(parts: Sequence[Attribution]) -> Attribution:
    """What one method says of several portfolios, one after the other."""
    return replace(
        parts[0],
        contributions=np.concatenate([part.contributions for part in parts]),
        order=np.concatenate([part.order for part in parts]),
        seconds=sum(part.seconds for part in parts),
    )


@dataclass(frozen=True)
class Decreases:
    """The decreases to explain: rows (n,) of ``snapshots``, and the rows of its population (n_background,)."""

    snapshots: Snapshots
    row: IntArray
    background: IntArray

    @property
    def tier(self) -> IntArray:
        """The tiers in force, (n,)."""
        return self.snapshots.tier_before[self.row]


Explain = Callable[[LimitPredictor, Decreases], tuple[FloatArray, IntArray]]


def attribute(predictor: LimitPredictor, decreases: Decreases, method: str) -> Attribution:
    """Explain ``decreases`` by one of `METHODS`.

    Raises
    ------
    CreditModelError
        There is no such method.
    """
    if method not in METHODS:
        raise CreditModelError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    about, explain = METHODS[method]
    start = time.perf_counter()
    contributions, order = explain(predictor, decreases)
    return Attribution(method, about, contributions, order, time.perf_counter() - start)


def background_rows(snapshots: Snapshots, *, seed: int, n: int = BACKGROUND_ROWS) -> IntArray:
    """Decisions drawn at random as the population: at most ``n`` row numbers, sorted."""
    decision = np.flatnonzero(snapshots.is_decision)
    chosen = np.random.default_rng(seed).choice(decision, size=min(n, len(decision)), replace=False)
    return np.sort(chosen).astype(np.int64)


def _against(reference: str) -> Explain:
    def explain(predictor: LimitPredictor, decreases: Decreases) -> tuple[FloatArray, IntArray]:
        explained = _explained(predictor, decreases, reference)
        return explained.factor_contributions, _as_told(explained)

    return explain


def _ours_largest_first(predictor: LimitPredictor, decreases: Decreases) -> tuple[FloatArray, IntArray]:
    contributions = _explained(predictor, decreases, "last_set").factor_contributions
    return contributions, lowering_order(contributions)


def _explained(predictor: LimitPredictor, decreases: Decreases, reference: str) -> DecreaseExplanations:
    return explain_pairs(
        predictor.forest,
        decreases.snapshots,
        pair_with_reference(decreases.snapshots, decreases.row, reference),
        reference=reference,
        model_version=predictor.version,
        n_jobs=predictor.n_jobs,
    )


def _as_told(explained: DecreaseExplanations) -> IntArray:
    """First the factor that the explanation itself calls the leading one, then the strongest of the others."""
    leading = explained.leading_factor_index
    order = lowering_order(explained.factor_contributions, 2)
    other = np.where(order[:, 0] == leading, order[:, 1], order[:, 0])
    return np.stack([leading, other], axis=1)


def _population(predictor: LimitPredictor, decreases: Decreases) -> tuple[FloatArray, IntArray]:
    x = decreases.snapshots.X[decreases.row]
    values = population_values(predictor, x, decreases.tier, decreases.snapshots.X[decreases.background])
    return values, lowering_order(values)


def _population_difference(predictor: LimitPredictor, decreases: Decreases) -> tuple[FloatArray, IntArray]:
    pairs = pair_with_reference(decreases.snapshots, decreases.row, "last_set")
    background = decreases.snapshots.X[decreases.background]
    x, z = decreases.snapshots.X[decreases.row], reference_features(decreases.snapshots, pairs)
    now = population_values(predictor, x, decreases.tier, background)
    then = population_values(predictor, z, decreases.tier, background)
    return now - then, lowering_order(now - then)


def population_values(predictor: LimitPredictor, x: FloatArray, tier: IntArray, background: FloatArray) -> FloatArray:
    """Interventional Shapley values against a population, exact: the mean over its rows of the pairwise values.

    Parameters
    ----------
    predictor : LimitPredictor
    x : float64 array, (n, n_features)
    tier : int64 array, (n,)
        The tiers that are kept or lost.
    background : float64 array, (n_background, n_features)
        The population; its states (tier and limit in force) are set to those of the row that is explained, as the
        question "why not like them?" is put at the same threshold.

    Returns
    -------
    float64 array, (n, n_factors)
    """
    values = np.zeros((len(x), len(predictor.catalogue.factor_ids)))
    states = np.setdiff1d(np.arange(x.shape[1]), driver_columns(predictor.catalogue))
    at_once = max(1, PAIRS_AT_ONCE // max(1, len(background)))
    for start in range(0, len(x), at_once):
        block = slice(start, start + at_once)
        own = np.repeat(x[block], len(background), axis=0)
        other = np.tile(background, (len(x[block]), 1))
        other[:, states] = own[:, states]
        pairwise = _factor_values(predictor, own, other, np.repeat(tier[block], len(background)))
        values[block] = pairwise.reshape(len(x[block]), len(background), -1).mean(axis=1)
    return values


def _factor_values(predictor: LimitPredictor, x: FloatArray, z: FloatArray, tier: IntArray) -> FloatArray:
    """Pairwise Owen values by factor, (n, n_factors); states are x's in both."""
    forest, catalogue = predictor.forest, predictor.catalogue
    rows_x = forest.rows(forest.encode(x), tier - 1)
    rows_z = forest.rows(forest.encode(z), tier - 1)
    cause = driver_columns(catalogue)
    group = np.full(rows_x.shape[1], len(catalogue.factor_ids), dtype=np.int64)
    group[cause] = catalogue.factor_index
    by_feature = ensemble_owen_values(forest.trees, rows_x, rows_z, group, n_jobs=predictor.n_jobs)
    factors = np.arange(len(catalogue.factor_ids))
    return np.stack([by_feature[:, cause][:, catalogue.factor_index == g].sum(axis=1) for g in factors], axis=1)


#: Method -> (what it is, how it explains); ``ours`` first.
METHODS: dict[str, tuple[str, Explain]] = {
    "ours": ("change since the limit was last set", _against("last_set")),
    "ours_largest_first": ("ours, without the rule that doubt is not laid on the borrower", _ours_largest_first),
    "last_review": ("change since the last review", _against("last_review")),
    "previous_month": ("change since the month before", _against("previous_month")),
    "population_shap": ("current snapshot against the population", _population),
    "population_shap_difference": ("population SHAP now less then", _population_difference),
}
