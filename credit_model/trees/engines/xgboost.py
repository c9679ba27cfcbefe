"""XGBoost's models, from the JSON that it saves them as.

What its predictor does, and these trees therefore do: values are rounded to float32, and one below the split's goes
left; of a split on categories those that it names go right, all others (a negative or very large one, too) left. The
leaves are float32, and XGBoost adds them up in float32, one after the other from the base score on; the package
explains their exact sum, and that of float32 is checked to the bit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.errors import EngineError
from credit_model.trees.engines.classes import class_place, no_classes
from credit_model.trees.engines.flat import CategorySplit, Tree, flat_trees
from credit_model.trees.engines.rows import RowCoder
from credit_model.trees.engines.tree_model import ScoreUnit, TreeModel

_LOG_ODDS = ("binary:logistic", "binary:logitraw", "reg:logistic")
_LOGARITHMS = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft")
_OLDEST = (1, 3)


def read(model: Any, score_class: Any) -> TreeModel:
    """A Booster, or a fitted estimator of XGBoost's scikit-learn interface; not yet checked."""
    import xgboost

    estimator = None if isinstance(model, xgboost.Booster) else model
    booster = model if estimator is None else estimator.get_booster()
    saved = json.loads(booster.save_raw("json"))
    learner = saved["learner"]
    if tuple(saved["version"][:2]) < _OLDEST:
        raise EngineError(f"an XGBoost model must be of version 1.3 or later, found {saved['version']}; train it anew")
    parts = _boosted(learner["gradient_booster"])
    objective = learner["objective"]["name"]
    n_classes = int(learner["learner_model_param"].get("num_class", "0"))
    labels = None if estimator is None else getattr(estimator, "classes_", None)
    unit, place, of_class = _score(objective, n_classes, labels, score_class)
    if int(learner["learner_model_param"].get("num_target", "1")) > 1:
        raise EngineError("the model must predict one thing, found several targets; train one model each")
    rounds = None if estimator is None else _rounds(estimator)
    last = len(parts["trees"])
    if rounds is not None:
        last = int(parts["iteration_indptr"][rounds]) if "iteration_indptr" in parts else rounds * max(n_classes, 1)
    chosen = [t for t in range(last) if not n_classes or parts["tree_info"][t] == place]
    names, types = tuple(booster.feature_names or ()), booster.feature_types
    n_features = int(learner["learner_model_param"]["num_feature"])

    def matrix(rows: FloatArray) -> Any:
        kinds = {"feature_names": list(names) or None, "feature_types": types, "enable_categorical": True}
        return xgboost.DMatrix(rows, missing=np.nan, nthread=1, **kinds)

    def margin(one: Any, rows: FloatArray) -> Any:
        reach = {} if rounds is None or one is not booster else {"iteration_range": (0, rounds)}
        found = one.predict(matrix(rows), output_margin=True, **reach)
        return found.reshape(len(rows), -1)[:, place if n_classes else 0]

    base = margin(_without_trees(saved, xgboost), np.zeros((1, n_features)))
    ensemble, codes = flat_trees(
        [_tree(parts["trees"][t], parts["weight"][t]) for t in chosen],
        baseline=float(base[0]),
        n_features=n_features,
        names=names,
    )
    return TreeModel(
        engine=f"XGBoost {xgboost.__version__}",
        kind=objective,
        trees=ensemble,
        coder=RowCoder(
            n_features=n_features,
            columns=names,
            narrow=True,
            codes=codes,
            negative_is_other=True,
            takes_infinite=False,
            missing_value=float("nan") if estimator is None else float(estimator.missing),
            levels=_levels(booster, types),
            only_known_levels=True,
        ),
        unit=unit,
        native=lambda rows: margin(booster, rows),
        score_class=of_class,
        dtype=np.float32,
    )


def _boosted(booster: Mapping[str, Any]) -> dict[str, Any]:
    """Trees with their weights; those of DART count for a part."""
    name = booster["name"]
    if name == "dart":
        model = dict(booster["gbtree"]["model"])
        model["weight"] = [np.float32(w) for w in booster["weight_drop"]]
    elif name == "gbtree":
        model = dict(booster["model"])
        model["weight"] = [np.float32(1)] * len(model["trees"])
    else:
        raise EngineError(
            f"an XGBoost model must be of trees (gbtree, dart), found {name}; it has no leaves to explain"
        )
    return model


def _score(objective: str, n_classes: int, labels: Any, score_class: Any) -> tuple[ScoreUnit, int, str]:
    """What the score is, and of which class."""
    if n_classes > 1:
        classes = list(range(n_classes)) if labels is None else list(labels)
        place = class_place(score_class, classes, one_score=False)
        return "class_score", place, str(classes[place])
    if objective.startswith("binary:"):
        classes = [0, 1] if labels is None else list(labels)
        place = class_place(score_class, classes, one_score=True)
        return "log_odds" if objective in _LOG_ODDS else "value", 0, str(classes[place])
    no_classes(score_class, f"an XGBoost model with the objective {objective}")
    unit: ScoreUnit = "log_odds" if objective in _LOG_ODDS else "log" if objective in _LOGARITHMS else "value"
    return unit, 0, ""


def _rounds(estimator: Any) -> int | None:
    """The rounds that a scikit-learn estimator predicts with, where it stopped early; None: all."""
    try:
        return int(estimator.best_iteration) + 1
    except AttributeError:
        return None


def _without_trees(saved: Mapping[str, Any], xgboost: Any) -> Any:
    """The same model with no tree: what is left is the base score, whatever a release writes it as."""
    copied = json.loads(json.dumps(saved))
    booster = copied["learner"]["gradient_booster"]
    model = booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]
    model.update({"trees": [], "tree_info": []})
    copied["learner"]["learner_model_param"]["boost_from_average"] = (
        "0"  # the base score is known, and not to be learnt
    )
    model["gbtree_model_param"]["num_trees"] = "0"
    if "iteration_indptr" in model:
        model["iteration_indptr"] = [0]
    if "weight_drop" in booster:
        booster["weight_drop"] = []
    empty = xgboost.Booster()
    empty.load_model(bytearray(json.dumps(copied), "utf-8"))
    return empty


def _tree(tree: Mapping[str, Any], weight: np.float32) -> Tree:
    if int(tree["tree_param"].get("size_leaf_vector", "1")) > 1:
        raise EngineError(
            "a leaf must be one number, found one a class (multi_strategy='multi_output_tree'); train with "
            "'one_output_per_tree'"
        )
    left = np.array(tree["left_children"], dtype=np.int64)
    limit = np.array(tree["split_conditions"], dtype=np.float32)
    named = np.array(tree.get("categories", []), dtype=np.int64)
    starts, sizes = tree.get("categories_segments", []), tree.get("categories_sizes", [])
    splits = {
        int(node): CategorySplit(named[start : start + size], go_left=False)
        for node, start, size in zip(tree.get("categories_nodes", []), starts, sizes, strict=True)
    }
    return Tree(
        left=left,
        right=np.array(tree["right_children"], dtype=np.int64),
        feature=np.array(tree["split_indices"], dtype=np.int64),
        # x < limit, of float32 numbers, is x <= the number before limit
        threshold=np.nextafter(limit, np.float32(-np.inf)).astype(np.float64),
        missing_left=np.array(tree["default_left"], dtype=np.bool_),
        value=(weight * limit).astype(np.float64),
        categories=splits,
    )


def _levels(booster: Any, types: Any) -> dict[int, list[Any]]:
    """The values of columns that were pandas categories in training, where the release keeps them (since 3.1)."""
    if not hasattr(booster, "get_categories") or not types:
        return {}
    kept = booster.get_categories(export_to_arrow=True).to_arrow()
    if not kept:
        return {}
    columns = [(name, values) for name, values in kept]
    return {j: values.to_pylist() for j, (_, values) in enumerate(columns) if values is not None}
