"""scikit-learn's other trees as `TreeModel`: they read float32, and forests take the mean of their trees.

An isolation forest's score is no sum of leaves but 2 to the power of one; what is explained is the mean depth at which
a row is isolated, of which the score is a monotone function.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import EngineError
from credit_model.trees.engines.classes import class_place, no_classes
from credit_model.trees.engines.flat import Tree, flat_trees
from credit_model.trees.engines.rows import RowCoder
from credit_model.trees.engines.tree_model import ScoreUnit, TreeModel

_BOOSTERS = ("GradientBoostingClassifier", "GradientBoostingRegressor")
_ISOLATION = "IsolationForest"
#: The classes of scikit-learn that are read here.
KINDS = (
    *_BOOSTERS,
    *(f"{name}{task}" for name in ("RandomForest", "ExtraTrees") for task in ("Classifier", "Regressor")),
    *(f"{name}{task}" for name in ("DecisionTree", "ExtraTree") for task in ("Classifier", "Regressor")),
    _ISOLATION,
)


def read(model: Any, score_class: Any) -> TreeModel:
    """A fitted tree or ensemble of trees of scikit-learn, not yet checked."""
    import sklearn

    kind = next(cls.__name__ for cls in type(model).__mro__ if cls.__name__ in KINDS)
    if not hasattr(model, "estimators_") and not hasattr(model, "tree_"):
        raise EngineError(f"{kind} must be fitted; call fit first")
    if kind in _BOOSTERS:
        parts = _boosted(model, score_class)
    elif kind == _ISOLATION:
        parts = _isolating(model, score_class)
    else:
        parts = _averaged(model, score_class)
    names = tuple(map(str, getattr(model, "feature_names_in_", ())))
    trees, _ = flat_trees(
        parts.pop("trees"),
        baseline=parts.pop("baseline", 0.0),
        divisor=parts.pop("divisor", 1.0),
        n_features=int(model.n_features_in_),
        names=names,
    )
    native = parts.pop("native")
    coder = RowCoder(
        n_features=int(model.n_features_in_),
        columns=names,
        narrow=True,
        takes_missing=bool(model.__sklearn_tags__().input_tags.allow_nan),
        takes_infinite=False,
    )
    return TreeModel(
        engine=f"scikit-learn {sklearn.__version__}",
        kind=type(model).__name__,
        trees=trees,
        coder=coder,
        native=lambda rows: native(pd.DataFrame(rows, columns=list(names)) if names else rows),
        **parts,
    )


def _boosted(model: Any, score_class: Any) -> dict[str, Any]:
    classes = getattr(model, "classes_", None)
    place, of_class = 0, ""
    unit: ScoreUnit = "value"
    if classes is None:
        no_classes(score_class, "a regression")
    else:
        place = class_place(score_class, classes, one_score=len(classes) == 2)
        of_class = str(classes[place])
        place = 0 if len(classes) == 2 else place
        exponential = model.loss == "exponential"
        unit = "class_score" if len(classes) > 2 else "value" if exponential else "log_odds"
    if model.init is not None and model.init != "zero":
        raise EngineError(
            f"{type(model).__name__} must start from a constant, found init={type(model.init).__name__}, whose "
            "part of the score is no sum of leaves; fit with init=None or 'zero'"
        )
    start = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))
    return {
        "trees": [
            _tree(t[place].tree_, model.learning_rate * t[place].tree_.value[:, 0, 0]) for t in model.estimators_
        ],
        "baseline": float(start[0, place]),
        "unit": unit,
        "score_class": of_class,
        "native": lambda rows: model._raw_predict(np.ascontiguousarray(rows, dtype=np.float32))[:, place],
    }


def _averaged(model: Any, score_class: Any) -> dict[str, Any]:
    if model.n_outputs_ != 1:
        raise EngineError(f"the model must predict one thing, found {model.n_outputs_} outputs; fit one model each")
    several = hasattr(model, "estimators_")
    trees = [one.tree_ for one in model.estimators_] if several else [model.tree_]
    classes = getattr(model, "classes_", None)
    place, of_class = 0, ""
    if classes is None:
        no_classes(score_class, "a regression")
    else:
        place = class_place(score_class, classes, one_score=False)
        of_class = str(classes[place])
    one_core = copy.copy(model)
    if several:
        one_core.n_jobs = 1  # threads add the trees in the order in which they come
    values = [np.ascontiguousarray(tree.value[:, 0, place]) for tree in trees]
    return {
        "trees": [_tree(tree, value) for tree, value in zip(trees, values, strict=True)],
        "divisor": float(len(trees)),
        "unit": "value" if classes is None else "probability",
        "score_class": of_class,
        "native": one_core.predict if classes is None else lambda rows: one_core.predict_proba(rows)[:, place],
    }


def _isolating(model: Any, score_class: Any) -> dict[str, Any]:
    from sklearn.ensemble._iforest import _average_path_length

    no_classes(score_class, "an isolation forest")
    usual = float(_average_path_length([model._max_samples])[0])
    n_trees = len(model.estimators_)
    trees = []
    for t, (one, own) in enumerate(zip(model.estimators_, model.estimators_features_, strict=True)):
        depth = model._decision_path_lengths[t] + model._average_path_length_per_tree[t] - 1.0
        trees.append(_tree(one.tree_, depth, np.asarray(own, dtype=np.int64)))

    def anomaly(depths: NDArray[Any]) -> FloatArray:
        """The score of scikit-learn from the sum of depths."""
        return np.asarray(-(2 ** -(depths / (n_trees * usual))), dtype=np.float64)

    return {
        "trees": trees,
        "divisor": float(n_trees),
        "unit": "depth",
        "native": model.score_samples,
        "finish": anomaly,
    }


def _tree(tree: Any, value: FloatArray, features: IntArray | None = None) -> Tree:
    """A ``tree_`` of scikit-learn; ``features`` are those that it was given, by its own numbers."""
    leaf = tree.children_left < 0
    feature = np.where(leaf, 0, tree.feature).astype(np.int64)
    missing = getattr(tree, "missing_go_to_left", np.zeros(len(leaf)))
    return Tree(
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        feature=feature if features is None else np.where(leaf, 0, features[feature]),
        threshold=np.asarray(tree.threshold, dtype=np.float64),
        missing_left=np.asarray(missing, dtype=np.bool_),
        value=np.asarray(value, dtype=np.float64),
    )
