"""The methods that are graded: each gives every decrease's contributions by factor, on the same model.

All explain the same number, the log-odds of keeping the tier in force, and differ only in what the decision's
snapshot is compared with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.explaining import as_decreases
from credit_model.explain.pairs import driver_columns, pair_with_reference, reference_features
from credit_model.grade.scorecard import lowering_order
from credit_model.portfolio.snapshots import Snapshots
from credit_model.predictor import LimitPredictor
from credit_model.trees.owen import ensemble_owen_values

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
    told : bool array, (n,)
        Where the method tells a reason at all; the others always do.
    first_reason : int64 array, (n,)
        The factor of the first reason told, -1: none; of methods that tell no reasons, their first factor.
    seconds : float
        Time to explain them all.
    """

    method: str
    about: str
    contributions: FloatArray
    order: IntArray
    told: BoolArray
    first_reason: IntArray
    seconds: float


def join(parts: Sequence[Attribution]) -> Attribution:
    """What one method says of several portfolios, one after the other."""
    return replace(
        parts[0],
        contributions=np.concatenate([part.contributions for part in parts]),
        order=np.concatenate([part.order for part in parts]),
        told=np.concatenate([part.told for part in parts]),
        first_reason=np.concatenate([part.first_reason for part in parts]),
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


class Named(NamedTuple):
    """Contributions by factor (n, n_factors), the first two factors (n, 2), and what is told (n,), (n,)."""

    contributions: FloatArray
    order: IntArray
    told: BoolArray
    first_reason: IntArray

    @classmethod
    def by_size(cls, contributions: FloatArray) -> Named:
        """The factors that lowered the score most, always told."""
        order = lowering_order(contributions)
        return cls(contributions, order, np.ones(len(order), dtype=bool), order[:, 0])


Explain = Callable[[LimitPredictor, Decreases], Named]


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
    named = explain(predictor, decreases)
    return Attribution(method, about, *named, seconds=time.perf_counter() - start)


def background_rows(snapshots: Snapshots, *, seed: int, n: int = BACKGROUND_ROWS) -> IntArray:
    """Decisions drawn at random as the population: at most ``n`` row numbers, sorted."""
    decision = np.flatnonzero(snapshots.is_decision)
    chosen = np.random.default_rng(seed).choice(decision, size=min(n, len(decision)), replace=False)
    return np.sort(chosen).astype(np.int64)


def _as_told(predictor: LimitPredictor, decreases: Decreases) -> Named:
    """What tables, plots, notices and pages say, taken from the verdicts themselves."""
    verdicts = explained(predictor, decreases).verdicts
    order = np.array([[*verdict.factors, -1, -1][:2] for verdict in verdicts], dtype=np.int64).reshape(-1, 2)
    told = np.array([verdict.leading_factor >= 0 for verdict in verdicts], dtype=bool)
    first = np.array([v.reasons[0].factor if v.reasons else -1 for v in verdicts], dtype=np.int64)
    return Named(explained(predictor, decreases).factor_contributions, order, told, first)


def _against(reference: str) -> Explain:
    def explain(predictor: LimitPredictor, decreases: Decreases) -> Named:
        changes = predictor.explain_rows(decreases.snapshots, decreases.row, reference=reference)
        return Named.by_size(changes.factor_contributions)

    return explain


def explained(predictor: LimitPredictor, decreases: Decreases) -> DecreaseExplanations:
    """The decreases explained as users see them."""
    snapshots = decreases.snapshots
    return as_decreases(
        predictor.explain_rows(snapshots, decreases.row),
        snapshots,
        decreases.row,
        rule=predictor.support,
        held_out=predictor.held_out,
        waves=predictor.waves(snapshots.history),
    )


def _population(predictor: LimitPredictor, decreases: Decreases) -> Named:
    x = decreases.snapshots.X[decreases.row]
    values = population_values(predictor, x, decreases.tier, decreases.snapshots.X[decreases.background])
    return Named.by_size(values)


def _population_difference(predictor: LimitPredictor, decreases: Decreases) -> Named:
    pairs = pair_with_reference(decreases.snapshots, decreases.row, "last_set")
    background = decreases.snapshots.X[decreases.background]
    x, z = decreases.snapshots.X[decreases.row], reference_features(decreases.snapshots, pairs)
    now = population_values(predictor, x, decreases.tier, background)
    then = population_values(predictor, z, decreases.tier, background)
    return Named.by_size(now - then)


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
    rows_x = forest.rows(x, tier - 1)
    rows_z = forest.rows(z, tier - 1)
    driver = driver_columns(catalogue)
    group = np.full(rows_x.shape[1], len(catalogue.factor_ids), dtype=np.int64)
    group[driver] = catalogue.factor_index
    by_feature = ensemble_owen_values(forest.trees, rows_x, rows_z, group, n_jobs=predictor.n_jobs)
    factors = np.arange(len(catalogue.factor_ids))
    return np.stack([by_feature[:, driver][:, catalogue.factor_index == g].sum(axis=1) for g in factors], axis=1)


#: Method -> (what it is, how it explains); ``ours`` first.
METHODS: dict[str, tuple[str, Explain]] = {
    "ours": ("change since the limit was last set, as told", _as_told),
    "ours_largest_first": ("ours, without the rule that doubt is not laid on the borrower", _against("last_set")),
    "last_review": ("change since the last review", _against("last_review")),
    "previous_month": ("change since the month before", _against("previous_month")),
    "population_shap": ("current snapshot against the population", _population),
    "population_shap_difference": ("population SHAP now less then", _population_difference),
}
