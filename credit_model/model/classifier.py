"""The limit-tier model: extended binary ordinal boosting as a scikit-learn classifier.

Tiers are ordered. What is fitted is the likelihood of "tier > k" at every threshold k (Li & Lin, NIPS 2006; Cardoso &
Pinto da Costa, JMLR 2007): a score is boosted row by row (`model.row_boosting`), what may interact with the threshold
by scikit-learn on (row, threshold) pairs. The threshold is a feature with a negative monotone constraint, so the
survival curve P(tier > k) cannot cross itself and no tier probability can be negative.

What may interact is the model's structure (`model.structures`): an additive score, one score of columns that interact,
or everything with everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from credit_model.arrays import FloatArray, IntArray
from credit_model.model.categories import coded, numeric_values
from credit_model.model.columns import Columns
from credit_model.model.engines.choosing import check_engine
from credit_model.model.features import as_table, check_tiers, check_width, feature_rows, known_values, without_na
from credit_model.model.fitting import FitTask, Sample, fit_trees
from credit_model.model.forest import OrdinalForest, predicted_tier, tier_probabilities
from credit_model.model.labels import labels_of, row_weights, tier_numbers, tiers_of
from credit_model.model.metrics import one_hot, ranked_probability_score
from credit_model.model.structures import HEADS, Defaults, candidates
from credit_model.parallel import openmp_limit, workers_of

#: Two heads are tried where the best forecast so far is no better than this share of the loss of "no change": where
#: limits seldom move, and little is known of where to.
LITTLE_KNOWN = 0.75


class _Fit(NamedTuple):
    """A structure as fitted; ``rounds`` and ``booster`` as `LimitTierClassifier` has them."""

    structure: str
    rounds: int | tuple[int, int]
    booster: HistGradientBoostingClassifier | None
    forest: OrdinalForest


class LimitTierClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Gradient boosting for ordered classes, with the log-odds of keeping a tier as its decision value.

    The predicted tier is the highest t with P(tier >= t) >= 1/2, so "tier c is kept" is exactly
    ``keep_score(X, c) >= 0``.

    Parameters
    ----------
    structure : {"auto", "score", "pairwise", "joint", "free", "heads"}, default "auto"
        What may interact (`model.structures`). "auto": "free" without a tier in force; with one, the three kinds of
        score are tried, "free" where a joint one has the lowest RPS on ``X_val`` so far, and "heads", unless the RPS is
        well below that of "no change" already; "score" where there is no ``X_val``.
    engine : {"auto", "sklearn", "lightgbm", "xgboost"}, default "auto"
        "auto": the package's own booster by rows (`model.row_boosting`) for scores of all kinds, scikit-learn's
        histogram gradient boosting for the others; else that library, on (row, threshold) pairs, for all. The fitted
        model does not need it any more.
    device : {"cpu", "cuda"}, default "cpu"
        Where XGBoost fits. On a GPU the trees can differ from those of a processor in their last digits.
    max_iter, learning_rate, max_leaf_nodes, l2_regularization, max_features : optional
        As in `sklearn.ensemble.HistGradientBoostingClassifier`; ``max_iter`` counts trees at most, fewer when
        ``X_val`` stops the fit early, and may be two numbers for heads. None: 3000, 0.5, 4, 0, 1 for a score (a score
        whose trees are fewer or slower is shrunk: most decisions keep the tier, so log-odds converge late), 3000,
        0.15, 8, 0, 1 for a pairwise and 1500, 0.15, 8, 0, 1 for a joint one (by scikit-learn 1500 trees of a score, and
        a rate of 0.1 where columns interact), 1500, 0.02, 31, 0, 0.3 for heads;
        if free, 400, 0.1, 8, 0, 1 with a tier in force and 600, 0.05, 31, 1, 1 without.
    min_samples_leaf : int, optional
        Rows of ``X``. None: 20 with a tier in force, 60 for a score of columns that interact; for heads one row in
        140, but at least 20 and at most 100; without a tier the same, but at most 150.
    max_bins
        As in `sklearn.ensemble.HistGradientBoostingClassifier`.
    threshold_fraction : float in (0, 1] or "auto", default "auto"
        Of (row, threshold) pairs, which scikit-learn is fitted on: the share of the other thresholds that a row is
        fitted on, besides those next to its tier and to its tier in force, which always are; those sampled weigh
        1 / fraction. "auto": all of them up to 200,000 pairs of a score and 500,000 of a free model, 0.3 up to a
        million and two million, else 0.1. What is boosted by rows reads all thresholds.
    n_tiers : int, optional
        Number of tiers; ``y`` then holds integers 0 .. n_tiers - 1, some of which may not occur. None: the distinct
        values of ``y`` are the tiers, lowest first: in the order of an ordered categorical, else sorted.
    tier_in_force : str or int, optional
        The column (name or position) with the tier before the decision, 0 .. n_tiers - 1; the booster then also
        sees how far each threshold lies above it. Needs ``n_tiers``.
    state_features : sequence of column names or positions, optional
        Columns that set the lines of a score, beside the threshold and the tier in force, and are no part of it.
    monotonic_cst : mapping of column name to -1, 0, 1, or sequence of n_features, optional
        The sign a higher value may have on the tier.
    categorical_features : sequence of column names or positions, optional
        Columns whose values are unordered; numbers or strings, at most 255 distinct ones each.
    n_iter_no_change : int, optional
        With ``X_val``: stop after so many trees without a better loss. None: 300 for a score (held-out months can
        lie in another economy; 200 by scikit-learn), 50 where its columns interact, else 30, 100 for heads.
    n_jobs : int, optional
        Threads for fitting and predicting. None or -1: all cores; the model and its forecasts do not depend on it.
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : array, (n_tiers,)
    categories_ : dict of column position to array
        The values of categorical columns, sorted.
    n_features_in_ : int
    feature_names_in_ : array of str, only after fitting on a DataFrame
    structure_ : {"score", "pairwise", "joint", "free", "heads"}
        The structure of the fitted model.
    n_iter_ : int
        Trees kept, of both heads where there are two.
    rounds_ : int or (int, int)
        The ``max_iter`` that makes the same trees again: of both heads by itself.
    booster_ : HistGradientBoostingClassifier or None
        Scikit-learn's booster of (row, threshold) pairs; of two heads, the one of cuts, None where no training row was
        cut. None where rows were boosted, or another engine fitted.
    forest_ : OrdinalForest
        The fitted trees; all predictions come from it.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 2))
    >>> y = np.digitize(X[:, 0] + 0.2 * rng.normal(size=500), [-1, 0, 1])
    >>> model = LimitTierClassifier(max_iter=50, random_state=0).fit(X, y)
    >>> model.predict([[-2.0, 0.0], [0.5, 0.0]]).tolist()
    [0, 2]
    """

    def __init__(
        self,
        *,
        structure: str = "auto",
        engine: str = "auto",
        device: str = "cpu",
        max_iter: int | Sequence[int] | None = None,
        learning_rate: float | None = None,
        max_leaf_nodes: int | None = None,
        min_samples_leaf: int | None = None,
        l2_regularization: float | None = None,
        max_bins: int = 255,
        max_features: float | None = None,
        threshold_fraction: float | str = "auto",
        n_tiers: int | None = None,
        tier_in_force: str | int | None = None,
        state_features: Sequence[str | int] | None = None,
        monotonic_cst: Mapping[str, int] | Sequence[int] | None = None,
        categorical_features: Sequence[str | int] | None = None,
        n_iter_no_change: int | None = None,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.structure = structure
        self.engine = engine
        self.device = device
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_bins = max_bins
        self.max_features = max_features
        self.threshold_fraction = threshold_fraction
        self.n_tiers = n_tiers
        self.tier_in_force = tier_in_force
        self.state_features = state_features
        self.monotonic_cst = monotonic_cst
        self.categorical_features = categorical_features
        self.n_iter_no_change = n_iter_no_change
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:  # fmt: skip
        """Fit on rows ``X`` (n, n_features) with tiers ``y`` (n,).

        Parameters
        ----------
        X : array-like or DataFrame; NaN means missing.
        y : array-like of tiers.
        sample_weight : array-like (n,), optional
            What each row counts for, not negative; ``min_samples_leaf`` counts rows all the same. Weights that sum to
            1 or less, or exceed 1e12, are taken relative to their mean.
        X_val, y_val : rows held out, optional
            Their loss stops the fit early; split them by time *and* by borrower.
        sample_weight_val : array-like, optional
            What each row held out counts for, as ``sample_weight``.

        Raises
        ------
        ValueError
            A parameter, a column, a tier or a weight breaks its rule, or ``y`` holds fewer than two tiers.
        EngineError
            The engine's library is not installed, the device is not there, or the trees, as read, do not score like
            that library to the bit.
        """
        n_jobs = self._n_jobs()
        check_engine(self.engine, self.device)
        rows, tier = self._checked_training_data(X, y)
        training = Sample(rows, tier, row_weights(sample_weight, rows)).counted()
        if len(np.unique(training.tier)) < 2:
            raise ValueError(
                f"y must hold at least 2 classes with positive weight, got {len(np.unique(training.tier))}"
            )
        held_out = self._checked_held_out(X_val, y_val, sample_weight_val)
        rng = check_random_state(self.random_state)
        seed = rng.randint(np.iinfo(np.int32).max)
        first, *others = candidates(
            self.structure, tier_in_force=self.tier_in_force is not None, held_out=held_out is not None
        )
        with openmp_limit(n_jobs):
            best = self._fit_structure(first, training, held_out, seed, rng)
            if others and held_out is not None:
                best = self._best_of(best, others, training, held_out, seed, rng)
        self.structure_, self.rounds_, self.booster_, self.forest_ = best
        self.n_iter_ = int(np.sum(self.rounds_))
        return self

    def _best_of(
        self,
        first: _Fit,
        others: Sequence[str],
        training: Sample,
        held_out: Sample,
        seed: int,
        rng: np.random.RandomState,
    ) -> _Fit:
        """The fit with the lowest held-out loss; nothing is freed further where columns that interact do not help."""
        n_jobs = self._n_jobs()
        best, loss, helped = first, _held_out_loss(first.forest, held_out, n_jobs), True
        for structure in others:
            if structure == HEADS:
                if loss < LITTLE_KNOWN * self._loss_of_no_change(held_out):
                    break
            elif structure == "free" and not helped:
                continue
            fit = self._fit_structure(structure, training, held_out, seed, rng)
            own = _held_out_loss(fit.forest, held_out, n_jobs)
            helped = own < loss
            if helped:
                best, loss = fit, own
        return best

    def _loss_of_no_change(self, held_out: Sample) -> float:
        """The loss of "no change" on the held-out rows whose tier in force is known; infinite if none is."""
        assert self.tier_in_force is not None
        before = held_out.rows[:, self._columns().position(self.tier_in_force)]
        known = ~np.isnan(before)
        if not known.any():
            return float("inf")
        forecast = one_hot(before[known].astype(np.int64), len(self.classes_))
        return ranked_probability_score(held_out.tier[known], forecast, held_out.weight[known])

    def _n_jobs(self) -> int:
        """Threads as the package counts them, checked."""
        n_jobs = -1 if self.n_jobs is None else self.n_jobs
        workers_of(n_jobs)
        return n_jobs

    def _fit_structure(
        self,
        structure: str,
        training: Sample,
        held_out: Sample | None,
        seed: int,
        rng: np.random.RandomState,
    ) -> _Fit:
        """One structure's booster and forest."""
        columns, values = self._columns(), numeric_values(self.categories_)
        tier_column = columns.position(self.tier_in_force) if self.tier_in_force is not None else -1
        task = FitTask(
            structure=structure,
            n_tiers=len(self.classes_),
            tier_column=tier_column,
            states=columns.positions(self.state_features),
            signs=columns.signs(self.monotonic_cst),
            categorical=columns.positions(self.categorical_features),
            max_bins=self.max_bins,
            given={name: getattr(self, name) for name in Defaults._fields},
            threshold_fraction=self.threshold_fraction,
            engine=self.engine,
            device=self.device,
            seed=seed,
            n_jobs=self._n_jobs(),
        )
        training = training._replace(rows=coded(training.rows, values))
        held_out = None if held_out is None else held_out._replace(rows=coded(held_out.rows, values))
        rounds, booster, trees = fit_trees(task, training, held_out, rng)
        forest = OrdinalForest(trees, task.n_tiers, tier_column, training.rows.shape[1], values)
        return _Fit(structure, rounds, booster, forest)

    def keep_score(self, X: Any, tier: Any) -> FloatArray:
        """Log-odds that a row's tier is at least ``tier``; >= 0 keeps it.

        Parameters
        ----------
        X : array-like or DataFrame, (n, n_features)
        tier : int or int array (n,)
            In 1 .. n_tiers - 1 (the lowest tier cannot be lost).

        Returns
        -------
        float64 array, (n,)
        """
        check_is_fitted(self)
        rows, tiers = self._rows(X, reset=False), np.asarray(tier)
        if not np.issubdtype(tiers.dtype, np.integer) or tiers.shape not in ((), (len(rows),)):
            got = f"{tiers.dtype} of shape {tiers.shape}"
            raise ValueError(f"tier must be a whole number, or one for each of {len(rows)} rows, got {got}")
        return self.forest_.keep_score(rows, np.broadcast_to(tiers.astype(np.int64), len(rows)), n_jobs=self._n_jobs())

    def predict_proba(self, X: Any) -> FloatArray:
        """Tier probabilities, (n, n_tiers); rows sum to 1, none is negative."""
        check_is_fitted(self)
        return tier_probabilities(self._survival_scores(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """The highest tier t with P(tier >= t) >= 1/2, as a value of ``classes_``: (n,)."""
        check_is_fitted(self)
        predicted: NDArray[Any] = self.classes_[predicted_tier(self._survival_scores(X))]
        return predicted

    def _survival_scores(self, X: Any) -> FloatArray:
        return self.forest_.survival_scores(self._rows(X, reset=False), n_jobs=self._n_jobs())

    def _checked_training_data(self, X: Any, y: Any) -> tuple[FloatArray, IntArray]:
        if self.tier_in_force is not None and self.n_tiers is None:
            raise ValueError("tier_in_force needs n_tiers, so that tiers and the tier in force share one scale")
        rows = self._rows(X, reset=True)
        labels = labels_of(y)
        if len(labels.values) != len(rows):
            raise ValueError(f"X and y must have the same number of rows, got {len(rows)} and {len(labels.values)}")
        self.classes_ = tiers_of(labels, self.n_tiers)
        tier = tier_numbers(labels.values, self.classes_, "y")
        self._check_tiers_in_force(rows)
        return rows, tier

    def _checked_held_out(self, X_val: Any, y_val: Any, sample_weight_val: Any) -> Sample | None:
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val must be given together, got one of them alone")
        if X_val is None:
            return None
        rows, labels = self._rows(X_val, reset=False), labels_of(y_val, "y_val").values
        if len(labels) != len(rows):
            raise ValueError(f"X_val and y_val must have the same number of rows, got {len(rows)} and {len(labels)}")
        held_out = Sample(rows, tier_numbers(labels, self.classes_, "y_val"), row_weights(sample_weight_val, rows))
        return held_out.counted()

    def _rows(self, X: Any, *, reset: bool) -> FloatArray:
        """Rows as a forest takes them: float64, with numeric categories as they are and others by their place.

        A category that is not among ``categories_`` is NaN.
        """
        X = without_na(X)
        table = as_table(X) if self.categorical_features or isinstance(X, pd.DataFrame) else None
        if table is None:
            rows: FloatArray = validate_data(
                self, X, reset=reset, dtype=np.float64, order="C", ensure_all_finite="allow-nan"
            )
            check_width(rows.shape[1])
        else:
            named = X if isinstance(X, pd.DataFrame) else table.to_numpy()
            validate_data(self, named, reset=reset, skip_check_array=True)
        columns = self._columns()
        if reset:
            categorical = columns.positions(self.categorical_features)
            self.categories_ = {} if table is None else known_values(table, categorical)
        if table is not None:
            rows = feature_rows(table, self.categories_, copy=not reset)
        if not reset:
            self._check_tiers_in_force(rows)
        return rows

    def _check_tiers_in_force(self, rows: FloatArray) -> None:
        if self.tier_in_force is not None:
            column = self._columns().position(self.tier_in_force)
            if column in self.categories_:
                raise ValueError(f"column {self.tier_in_force!r}, the tier in force, must not be categorical")
            check_tiers(rows[:, column], self.tier_in_force, len(self.classes_))

    def _columns(self) -> Columns:
        return Columns(tuple(getattr(self, "feature_names_in_", ())), self.n_features_in_)


def _held_out_loss(forest: OrdinalForest, held_out: Sample, n_jobs: int) -> float:
    """The ranked probability score of held-out rows."""
    probability = tier_probabilities(forest.survival_scores(held_out.rows, n_jobs=n_jobs))
    return ranked_probability_score(held_out.tier, probability, held_out.weight)
