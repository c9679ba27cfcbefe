"""Methods that explain the graded model itself: ours, as it is told and as it is computed, and population SHAP.

All explain the same number, the log-odds of keeping the tier in force, and differ only in what the decision's
snapshot is compared with.
"""

from __future__ import annotations

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.explaining import as_decreases
from credit_model.explain.pairs import driver_columns, sum_by_factor
from credit_model.grade.answers import Decreases, Named
from credit_model.model.forest import OrdinalForest
from credit_model.predictor import LimitPredictor
from credit_model.trees.owen import ensemble_owen_values

#: Pairs of rows that are held in memory at a time.
PAIRS_AT_ONCE = 50_000


def explained(predictor: LimitPredictor, decreases: Decreases) -> DecreaseExplanations:
    """The decreases explained as users see them; waves are seen in the whole panel."""
    snapshots = decreases.snapshots
    return as_decreases(
        predictor.explain_rows(snapshots, decreases.row),
        snapshots,
        decreases.row,
        rule=predictor.support,
        held_out=predictor.held_out,
        waves=predictor.waves(snapshots),
    )


def as_told(predictor: LimitPredictor, decreases: Decreases) -> Named:
    """What tables, plots, notices and pages say, taken from the verdicts themselves."""
    explanations = explained(predictor, decreases)
    verdicts = explanations.verdicts
    order = np.array([[*verdict.factors, -1, -1][:2] for verdict in verdicts], dtype=np.int64).reshape(-1, 2)
    told = np.array([verdict.leading_factor >= 0 for verdict in verdicts], dtype=bool)
    first = np.array([v.reasons[0].factor if v.reasons else -1 for v in verdicts], dtype=np.int64)
    return Named(explanations.factor_contributions, order, told, first)


def against(predictor: LimitPredictor, decreases: Decreases, reference: str) -> Named:
    """The change since one of `explain.pairs.REFERENCES`, factors by size."""
    changes = predictor.explain_rows(decreases.snapshots, decreases.row, reference=reference)
    return Named.by_size(changes.factor_contributions)


def population_now(predictor: LimitPredictor, decreases: Decreases) -> Named:
    """The current snapshot against the population."""
    background = decreases.snapshots.X[decreases.background]
    return Named.by_size(population_values(predictor, decreases.x, decreases.tier, background))


def population_difference(predictor: LimitPredictor, decreases: Decreases) -> Named:
    """The current snapshot against the population, less the earlier one against it."""
    background = decreases.snapshots.X[decreases.background]
    now = population_values(predictor, decreases.x, decreases.tier, background)
    then = population_values(predictor, decreases.z, decreases.tier, background)
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
    """Pairwise Owen values by factor, the mean over the fits, (n, n_factors); states are x's in both."""
    catalogue = predictor.fitted.catalogue
    driver = driver_columns(catalogue)

    def of_fit(fit: OrdinalForest, row: IntArray) -> FloatArray:
        rows_x, rows_z = fit.rows(x[row], tier[row] - 1), fit.rows(z[row], tier[row] - 1)
        group = np.full(rows_x.shape[1], len(catalogue.factor_ids), dtype=np.int64)
        group[driver] = catalogue.factor_index
        values = ensemble_owen_values(fit.trees, rows_x, rows_z, group, n_jobs=predictor.n_jobs)
        return sum_by_factor(catalogue, values[:, driver])

    return predictor.bag.mean(len(x), None, of_fit)
