"""CatBoost's models, from the JSON that it saves them as: symmetric trees, and trees of any shape.

What its predictor does, and these trees therefore do: values are rounded to float32, and one above a border goes right;
a missing value goes where the feature's treatment says. Counters of categories are made of the training data row by row
and are no split of the row itself: models that use them are refused.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.errors import EngineError
from credit_model.trees.engines.classes import class_place, no_classes
from credit_model.trees.engines.flat import Tree, flat_trees
from credit_model.trees.engines.rows import RowCoder
from credit_model.trees.engines.tree_model import ScoreUnit, TreeModel

_LOG_ODDS = ("Logloss", "CrossEntropy")
_LOGARITHMS = ("Poisson", "Tweedie")


def read(model: Any, score_class: Any) -> TreeModel:
    """A fitted CatBoost, CatBoostClassifier or CatBoostRegressor; not yet checked."""
    import catboost

    if not model.is_fitted():
        raise EngineError(f"{type(model).__name__} must be fitted; call fit first")
    saved = _saved(model)
    features = saved["features_info"]
    for kind, what in (
        ("categorical_features", "categorical counters"),
        ("text_features", "texts"),
        ("embedding_features", "embeddings"),
    ):
        if features.get(kind):
            raise EngineError(
                f"a CatBoost model must split numbers, found {what}: they are made of the training data and the order "
                "of its rows, and no split of the row itself; train on numbers, or on categories with LightGBM or "
                "XGBoost"
            )
    scale, bias = saved["scale_and_bias"]
    bias = bias if isinstance(bias, list) else [bias]
    loss = str(model.get_all_params().get("loss_function", "")).split(":")[0]
    n_scores = len(bias)
    unit, place, of_class = _score(loss, n_scores, list(model.classes_), score_class)
    inputs = features["float_features"]
    flat = {one["feature_index"]: one["flat_feature_index"] for one in inputs}
    missing_left = {one["flat_feature_index"]: one["nan_value_treatment"] != "AsTrue" for one in inputs}
    n_features = len(model.feature_names_)
    sides = np.array([missing_left.get(j, True) for j in range(n_features)], dtype=np.bool_)
    if "oblivious_trees" in saved:
        trees = [_symmetric(tree, flat, sides, n_scores, place, scale) for tree in saved["oblivious_trees"]]
    else:
        trees = [_of_any_shape(tree, flat, sides, place, scale) for tree in saved["trees"]]
    names = tuple(model.feature_names_)
    ensemble, _ = flat_trees(trees, baseline=float(bias[place]), n_features=n_features, names=names)

    def native(rows: FloatArray) -> FloatArray:
        raw = model.predict(rows, prediction_type="RawFormulaVal", thread_count=1)
        return np.asarray(raw).reshape(len(rows), -1)[:, place]

    return TreeModel(
        engine=f"CatBoost {catboost.__version__}",
        kind=loss or type(model).__name__,
        trees=ensemble,
        coder=RowCoder(
            n_features=n_features,
            columns=() if names == tuple(map(str, range(n_features))) else names,
            narrow=True,
            takes_infinite=False,
        ),
        unit=unit,
        native=native,
        score_class=of_class,
        baseline_last=True,
    )


def _saved(model: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        try:
            model.save_model(str(path), format="json")
        except Exception as error:  # catboost has an error type of its own for what its JSON cannot hold
            text = " ".join(str(error).split())[:200]
            raise EngineError(
                f"a CatBoost model must be one that it can write as JSON, with numbers alone; it says: {text}"
            ) from None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


def _score(loss: str, n_scores: int, classes: list[Any], score_class: Any) -> tuple[ScoreUnit, int, str]:
    if n_scores > 1:
        place = class_place(score_class, classes or list(range(n_scores)), one_score=False)
        return "class_score", place, str(classes[place]) if classes else str(place)
    if classes:
        place = class_place(score_class, classes, one_score=True)
        return "log_odds" if loss in _LOG_ODDS else "value", 0, str(classes[place])
    no_classes(score_class, f"a CatBoost model with the loss {loss}")
    return "log_odds" if loss in _LOG_ODDS else "log" if loss in _LOGARITHMS else "value", 0, ""


def _split(split: Mapping[str, Any], flat: Mapping[int, int]) -> tuple[int, float]:
    if split.get("split_type", "FloatFeature") != "FloatFeature":
        raise EngineError(f"a CatBoost model must split numbers, found {split['split_type']}; train on numbers alone")
    return flat[split["float_feature_index"]], float(np.float32(split["border"]))


def _symmetric(
    tree: Mapping[str, Any], flat: Mapping[int, int], sides: Any, n_scores: int, place: int, scale: float
) -> Tree:
    """All nodes of a level ask the same; the first split is a leaf's lowest bit, and so asked last."""
    splits = [_split(split, flat) for split in tree["splits"] or []][::-1]
    depth = len(splits)
    leaves = np.array(tree["leaf_values"], dtype=np.float64)[place::n_scores] * scale
    n = (1 << depth + 1) - 1  # a heap: the children of i are 2 i + 1 and 2 i + 2
    node = np.arange(n, dtype=np.int64)
    inner = node < (1 << depth) - 1
    level = np.floor(np.log2(node + 1)).astype(np.int64)
    feature, border = np.zeros(depth + 1, dtype=np.int64), np.zeros(depth + 1)
    for k, (j, limit) in enumerate(splits):
        feature[k], border[k] = j, limit
    value = np.zeros(n)
    value[~inner] = leaves
    return Tree(
        left=np.where(inner, 2 * node + 1, -1),
        right=np.where(inner, 2 * node + 2, -1),
        feature=feature[level],
        threshold=border[level],
        missing_left=sides[feature[level]],
        value=value,
    )


def _of_any_shape(tree: Mapping[str, Any], flat: Mapping[int, int], sides: Any, place: int, scale: float) -> Tree:
    left, right, feature = list[int](), list[int](), list[int]()
    threshold, value = list[float](), list[float]()
    waiting: list[tuple[Mapping[str, Any], list[int] | None, int]] = [(tree, None, 0)]
    while waiting:
        one, above, at = waiting.pop()
        if above is not None:
            above[at] = len(left)
        i = len(left)
        for numbers in (left, right):
            numbers.append(-1)
        if "split" in one:
            j, border = _split(one["split"], flat)
            waiting += [(one["right"], right, i), (one["left"], left, i)]
            leaf = 0.0
        else:
            j, border = 0, 0.0
            own = one["value"]
            leaf = float(own[place] if isinstance(own, list) else own) * scale
        feature.append(j)
        threshold.append(border)
        value.append(leaf)
    places = np.array(feature, dtype=np.int64)
    return Tree(
        left=np.array(left, dtype=np.int64),
        right=np.array(right, dtype=np.int64),
        feature=places,
        threshold=np.array(threshold),
        missing_left=sides[places],
        value=np.array(value),
    )
