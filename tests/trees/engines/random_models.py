"""Small models of every engine on data with missing values, categories and repeated thresholds, by a seed."""

from collections.abc import Callable
from typing import Any

import catboost
import lightgbm
import numpy as np
import xgboost
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

N_FEATURES, CATEGORY = 5, 4
N_CLASSES = 3


def table(seed: int, n: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """Rows with missing values (n, 5), the last column a category, zeros in the first; and a signal (n,)."""
    rng = np.random.default_rng([seed, 77])
    X = rng.normal(size=(n, N_FEATURES)) * [1, 1e3, 1e-3, 1, 1]
    X[:, 3] = rng.integers(-2, 3, n)
    X[:, CATEGORY] = rng.integers(0, 40, n)
    X[rng.random(n) < 0.15, 0] = 0.0
    signal = (
        X[:, 0] + X[:, 1] / 1e3 * (X[:, 3] > 0) + 1e3 * X[:, 2] + (X[:, CATEGORY] % 3 == 0) + rng.normal(size=n) / 2
    )
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, signal


def _binary(signal):
    return (signal > 0.3).astype(int)


def _classes(signal):
    return np.digitize(signal, [-0.5, 1.0])


def _filled(X):
    return np.nan_to_num(X, nan=-1.0)


def _hist(seed):
    X, s = table(seed)
    kw = {"max_iter": 8, "max_leaf_nodes": 6, "min_samples_leaf": 5, "categorical_features": [CATEGORY]}
    if seed % 3 == 0:
        return HistGradientBoostingRegressor(**kw, loss="poisson" if seed % 2 else "squared_error").fit(X, abs(s)), None
    if seed % 3 == 1:
        return HistGradientBoostingClassifier(**kw).fit(X, _binary(s)), None
    return HistGradientBoostingClassifier(**kw).fit(X, _classes(s)), seed % N_CLASSES


def _boosting(seed):
    X, s = table(seed)
    kw = {"n_estimators": 8, "max_depth": 3, "random_state": seed}
    if seed % 3 == 0:
        return GradientBoostingRegressor(**kw, loss="huber").fit(_filled(X), s), None
    if seed % 3 == 1:
        return GradientBoostingClassifier(**kw, init="zero" if seed % 2 else None).fit(_filled(X), _binary(s)), None
    return GradientBoostingClassifier(**kw).fit(_filled(X), _classes(s)), seed % N_CLASSES


def _forest(seed):
    X, s = table(seed)
    kw = {"n_estimators": 6, "max_depth": 5, "random_state": seed}
    kinds = (RandomForestRegressor, ExtraTreesRegressor, RandomForestClassifier, ExtraTreesClassifier)
    kind = kinds[seed % 4]
    if seed % 4 < 2:
        return kind(**kw).fit(X, s), None
    return (kind(**kw).fit(X, _classes(s)), seed % N_CLASSES) if seed % 8 < 4 else (kind(**kw).fit(X, _binary(s)), None)


def _tree(seed):
    X, s = table(seed)
    if seed % 2:
        return DecisionTreeRegressor(max_leaf_nodes=12, random_state=seed).fit(X, s), None
    return DecisionTreeClassifier(max_depth=5, random_state=seed).fit(X, _binary(s)), None


def _isolation(seed):
    X, _ = table(seed)
    part = 1.0 if seed % 2 else 0.6
    return IsolationForest(n_estimators=6, max_samples=60, max_features=part, random_state=seed).fit(_filled(X)), None


def _lightgbm(seed):
    X, s = table(seed)
    more = (
        {},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"boosting": "dart", "drop_rate": 0.4},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        {"objective": "regression"},
        {"objective": "tweedie"},
        {"objective": "multiclass", "num_class": N_CLASSES},
    )[seed % 8]
    objective = more.get("objective", "binary")
    y = {"binary": _binary(s), "multiclass": _classes(s), "regression": s, "tweedie": abs(s)}[objective]
    settings = {"objective": "binary", "num_leaves": 7, "min_data_in_leaf": 5, "verbose": -1, "num_threads": 1,
                "seed": seed, "min_data_per_group": 2, "max_cat_to_onehot": 4 if seed % 2 else 1} | more  # fmt: skip
    data = lightgbm.Dataset(X, y, categorical_feature=[CATEGORY], free_raw_data=False)
    return lightgbm.train(settings, data, 8), seed % N_CLASSES if objective == "multiclass" else None


def _xgboost(seed):
    X, s = table(seed)
    more = (
        {},
        {"max_cat_to_onehot": 1},
        {"booster": "dart", "rate_drop": 0.4},
        {"num_parallel_tree": 3, "subsample": 0.7},
        {"objective": "reg:squarederror"},
        {"objective": "count:poisson"},
        {"objective": "multi:softprob", "num_class": N_CLASSES},
        {"base_score": 0.2, "grow_policy": "lossguide", "max_leaves": 6},
    )[seed % 8]
    objective = more.get("objective", "binary:logistic")
    y = {"binary:logistic": _binary(s), "multi:softprob": _classes(s), "reg:squarederror": s}.get(objective, abs(s))
    settings = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1, "seed": seed} | more
    data = xgboost.DMatrix(X, y, feature_types=["q"] * CATEGORY + ["c"], enable_categorical=True)
    return xgboost.train(settings, data, 6), seed % N_CLASSES if "num_class" in more else None


def _catboost(seed):
    X, s = table(seed)
    kw: dict[str, Any] = {"iterations": 7, "depth": 3, "verbose": 0, "thread_count": 1, "random_seed": seed,
                          "allow_writing_files": False, "nan_mode": "Max" if seed % 2 else "Min",
                          "grow_policy": ("SymmetricTree", "Lossguide", "Depthwise")[seed % 3]}  # fmt: skip
    if seed % 4 == 0:
        return catboost.CatBoostRegressor(**kw).fit(X, s), None
    if seed % 4 == 1:
        return catboost.CatBoostClassifier(**kw).fit(X, _classes(s)), seed % N_CLASSES
    return catboost.CatBoostClassifier(**kw).fit(X, _binary(s)), None


#: Engine -> from a seed to a fitted model and the class whose score is meant.
ENGINES: dict[str, Callable[[int], tuple[Any, Any]]] = {
    "HistGradientBoosting": _hist,
    "GradientBoosting": _boosting,
    "forests": _forest,
    "DecisionTree": _tree,
    "IsolationForest": _isolation,
    "LightGBM": _lightgbm,
    "XGBoost": _xgboost,
    "CatBoost": _catboost,
}
