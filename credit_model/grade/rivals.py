"""Simple rivals: what a lender would try first. Each is held to the same cuts and the same pairs of snapshots.

=========================  =========================================================================================
``hazard``                 a monotone gradient-boosting hazard of the cut, explained by the same exact game
``logistic_differences``   logistic regression of the cut on how the borrower differs from the snapshot when the limit
                           was set
``logistic_levels``        logistic regression of the cut on the current snapshot, coefficients times differences
``adverse_z``              sums of standardised adverse changes; nothing is fitted
=========================  =========================================================================================

Their settings are fixed here, the same for every lender, and are chosen on no graded portfolio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from credit_model.arrays import BoolArray, FloatArray
from credit_model.errors import HistoryError
from credit_model.explain.pairs import driver_columns, pair_with_reference, reference_features, sum_by_factor
from credit_model.parallel import openmp_limit
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.snapshots import Snapshots
from credit_model.trees.engines.sklearn import encoded_rows, tree_ensemble
from credit_model.trees.owen import ensemble_owen_values

#: Share of the training borrowers whose decisions stop the hazard's fit.
HELD_OUT_SHARE = 0.15
#: Settings of the hazard.
HAZARD: Mapping[str, float] = MappingProxyType(
    {"max_leaf_nodes": 16, "learning_rate": 0.1, "max_iter": 1500, "min_samples_leaf": 20, "n_iter_no_change": 30}
)
#: Known cells of a column, as a share, below which the hazard does not read it.
RARE = 1.5e-4
#: Inverse strength of the logistic regressions' ridge, on standardised columns.
RIDGE = 1.0


class Rival(Protocol):
    """Explains changes from z to x, float64 (n, n_features) each, by factor: (n, n_factors); negative lowered."""

    def contributions(self, x: FloatArray, z: FloatArray) -> FloatArray:
        """Contributions by factor of each change."""
        ...


@dataclass(frozen=True)
class Training:
    """The decisions that rivals are fitted on, each with the borrower's snapshot when its limit in force was set.

    Attributes
    ----------
    catalogue : Catalogue
    x, z : float64 arrays, (n, n_features)
        At the decision, and when the limit in force was set (states as in x).
    kept : bool array, (n,)
        The tier in force was not lost.
    held_out : bool array, (n,)
        Of borrowers whose decisions stop a fit.
    n_jobs : int
    """

    catalogue: Catalogue
    x: FloatArray
    z: FloatArray
    kept: BoolArray
    held_out: BoolArray
    n_jobs: int = -1

    @classmethod
    def of_snapshots(cls, snapshots: Snapshots, *, seed: int = 0, n_jobs: int = -1) -> Training:
        """All decisions on limits that can fall.

        Raises
        ------
        HistoryError
            There is no cut among them, or nothing but cuts.
        """
        decision = np.flatnonzero(snapshots.is_decision & (snapshots.tier_before > 0))
        pairs = pair_with_reference(snapshots, decision, "last_set")
        kept = snapshots.tier_after[decision] >= snapshots.tier_before[decision]
        if len(np.unique(kept)) < 2:
            raise HistoryError(
                f"rivals are fitted on decisions that kept and that cut a limit, found {int(kept.sum())} and "
                f"{int((~kept).sum())}; give a longer or larger history"
            )
        place = np.random.default_rng(seed).random(len(snapshots.history.borrower_ids))
        return cls(
            catalogue=snapshots.catalogue,
            x=snapshots.X[decision],
            z=reference_features(snapshots, pairs),
            kept=kept,
            held_out=place[snapshots.borrower_row[decision]] < HELD_OUT_SHARE,
            n_jobs=n_jobs,
        )


@dataclass(frozen=True)
class LinearRival:
    """Coefficients times differences.

    Attributes
    ----------
    catalogue : Catalogue
    coefficient : float64 array, (n_drivers,)
        Log-odds of keeping the limit a unit of each driver.
    median : float64 array, (n_drivers,)
        Stands in for unknown values, then and now.
    """

    catalogue: Catalogue
    coefficient: FloatArray
    median: FloatArray

    def contributions(self, x: FloatArray, z: FloatArray) -> FloatArray:
        """By factor, (n, n_factors)."""
        driver = driver_columns(self.catalogue)
        change = _known(x[:, driver], self.median) - _known(z[:, driver], self.median)
        return sum_by_factor(self.catalogue, self.coefficient * change)


@dataclass(frozen=True)
class AdverseRival:
    """Sums of what moved against the borrower, in standard deviations of each driver's level.

    Attributes
    ----------
    catalogue : Catalogue
        Declares which direction is adverse; a driver without a direction counts for nothing.
    deviation : float64 array, (n_drivers,)
        0 where a driver does not vary; it then counts for nothing.
    """

    catalogue: Catalogue
    deviation: FloatArray

    def contributions(self, x: FloatArray, z: FloatArray) -> FloatArray:
        """By factor, (n, n_factors)."""
        driver = driver_columns(self.catalogue)
        sign = np.array([feature.sign for feature in self.catalogue.drivers], dtype=np.float64)
        change = np.nan_to_num(x[:, driver] - z[:, driver])
        scaled = np.divide(change, self.deviation, out=np.zeros_like(change), where=self.deviation > 0)
        return sum_by_factor(self.catalogue, np.minimum(0.0, sign * scaled))


@dataclass(frozen=True)
class HazardRival:
    """A booster of the cut, whose score, the log-odds of keeping the limit, is shared by the exact Owen game.

    Attributes
    ----------
    catalogue : Catalogue
    booster : sklearn.ensemble.HistGradientBoostingClassifier
    n_jobs : int
    """

    catalogue: Catalogue
    booster: object
    n_jobs: int = -1

    def contributions(self, x: FloatArray, z: FloatArray) -> FloatArray:
        """By factor, (n, n_factors), log-odds of keeping the limit."""
        driver = driver_columns(self.catalogue)
        group = np.full(x.shape[1], -1, dtype=np.int64)  # states are equal in both rows
        group[driver] = self.catalogue.factor_index
        rows_x, rows_z = (encoded_rows(self.booster, rows) for rows in (x, z))
        values = ensemble_owen_values(tree_ensemble(self.booster), rows_x, rows_z, group, n_jobs=self.n_jobs)
        return sum_by_factor(self.catalogue, values[:, driver])


def fit_hazard(training: Training) -> HazardRival:
    """Fit the booster, up to its best loss on held-out borrowers."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    catalogue, held_out = training.catalogue, training.held_out
    names = catalogue.feature_names
    stops = bool(held_out.any() and (~held_out).any() and len(np.unique(training.kept[~held_out])) == 2)
    fitted = ~held_out if stops else np.ones(len(held_out), dtype=bool)
    rows = training.x[fitted]
    rows[:, np.mean(~np.isnan(rows), axis=0) < RARE] = 0.0  # scikit-learn cannot bin what it hardly ever sees
    booster = HistGradientBoostingClassifier(
        **HAZARD,
        monotonic_cst=[catalogue.monotonic_cst[name] for name in names],
        categorical_features=[names.index(name) for name in catalogue.categorical_names] or None,
        early_stopping=stops,
        tol=0.0,
        random_state=0,
    )
    with openmp_limit(training.n_jobs):
        if stops:
            booster.fit(rows, training.kept[fitted], X_val=training.x[held_out], y_val=training.kept[held_out])
            # scikit-learn keeps the trees after the best held-out loss
            booster._predictors = booster._predictors[: max(1, int(np.argmax(booster.validation_score_)))]
        else:
            booster.fit(rows, training.kept[fitted])
    return HazardRival(catalogue, booster, training.n_jobs)


def fit_logistic_differences(training: Training) -> LinearRival:
    """Fit the cut on the differences of the drivers."""
    driver = driver_columns(training.catalogue)
    median = _medians(training.x[:, driver])
    change = _known(training.x[:, driver], median) - _known(training.z[:, driver], median)
    return LinearRival(training.catalogue, _coefficients(training, change), median)


def fit_logistic_levels(training: Training) -> LinearRival:
    """Fit the cut on the current values of drivers and states."""
    driver = driver_columns(training.catalogue)
    levels = _known(training.x, _medians(training.x))
    order = np.concatenate([driver, np.setdiff1d(np.arange(levels.shape[1]), driver)])
    coefficient = _coefficients(training, levels[:, order])[: len(driver)]
    return LinearRival(training.catalogue, coefficient, _medians(training.x[:, driver]))


def adverse_changes(snapshots: Snapshots) -> AdverseRival:
    """The scale of each driver among the decisions of a panel; nothing is fitted."""
    levels = snapshots.X[snapshots.is_decision][:, driver_columns(snapshots.catalogue)]
    return AdverseRival(snapshots.catalogue, _deviations(levels) * _is_ordered(snapshots.catalogue))


def _coefficients(training: Training, columns: FloatArray) -> FloatArray:
    """Coefficients a unit of each column (n, n_columns), drivers first, of the log-odds of keeping: (n_columns,)."""
    from sklearn.linear_model import LogisticRegression

    deviation = columns.std(axis=0)
    used = deviation > 0
    ordered = _is_ordered(training.catalogue)
    used[: len(ordered)] &= ordered
    scaled = (columns[:, used] - columns[:, used].mean(axis=0)) / deviation[used]
    # Few columns, many rows, a ridge: Newton's method converges in a handful of steps.
    model = LogisticRegression(C=RIDGE, solver="newton-cholesky").fit(scaled, training.kept)
    coefficient = np.zeros(columns.shape[1])
    coefficient[used] = model.coef_[0] / deviation[used]
    return coefficient


def _is_ordered(catalogue: Catalogue) -> BoolArray:
    """Drivers whose values are amounts; codes of categories have no difference: (n_drivers,)."""
    return np.array([name not in catalogue.categorical_names for name in catalogue.driver_names], dtype=bool)


def _medians(columns: FloatArray) -> FloatArray:
    """Each column's median of known values, 0 where there is none: (n_columns,)."""
    known = ~np.isnan(columns).all(axis=0)
    medians = np.zeros(columns.shape[1])
    medians[known] = np.nanmedian(columns[:, known], axis=0)
    return medians


def _deviations(columns: FloatArray) -> FloatArray:
    """Each column's standard deviation of known values, 0 where there is none: (n_columns,)."""
    known = ~np.isnan(columns).all(axis=0)
    deviations = np.zeros(columns.shape[1])
    deviations[known] = np.nanstd(columns[:, known], axis=0)
    return deviations


def _known(columns: FloatArray, median: FloatArray) -> FloatArray:
    return np.where(np.isnan(columns), median, columns)


#: Rival -> what fits it.
FITS: Mapping[str, Callable[[Training], Rival]] = MappingProxyType(
    {
        "hazard": fit_hazard,
        "logistic_differences": fit_logistic_differences,
        "logistic_levels": fit_logistic_levels,
    }
)


def fit_rivals(training: Training, methods: Iterable[str]) -> dict[str, Rival]:
    """Those of ``methods`` that are fitted to data, fitted: method -> rival."""
    return {method: FITS[method](training) for method in methods if method in FITS}
