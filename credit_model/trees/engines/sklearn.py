"""Reads scikit-learn's histogram gradient boosting; their scores are its ``decision_function`` bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import EngineError
from credit_model.trees.ensemble import TreeEnsemble, layout_fault
from credit_model.trees.nodes import CATEGORICAL, LEAF, MOST_FEATURES, NODE, NUMERIC


def tree_ensemble(model: Any, place: int | None = None) -> TreeEnsemble:
    """The trees of a fitted ``HistGradientBoostingClassifier`` or ``...Regressor``.

    Features keep the order of the data the model was fitted on; categorical features are read as the
    codes that scikit-learn's own encoder gives (see `encoded_rows`).

    Parameters
    ----------
    model : HistGradientBoostingClassifier or HistGradientBoostingRegressor
    place : int, optional
        Of several trees an iteration (multiclass), those of this class.

    Raises
    ------
    EngineError
        The model is no fitted histogram gradient booster, or has several trees an iteration (multiclass) of which
        none is named; or it has more features than a node can tell apart.
    """
    predictors = getattr(model, "_predictors", None)
    if predictors is None or not hasattr(model, "_bin_mapper"):
        raise EngineError(
            "model must be a fitted HistGradientBoostingClassifier or HistGradientBoostingRegressor, "
            f"got {type(model).__name__}"
        )
    if model.n_trees_per_iteration_ != 1 and place is None:
        raise EngineError(
            "model must be binary or a regression (one tree an iteration), "
            f"got {model.n_trees_per_iteration_} trees an iteration"
        )
    if model.n_features_in_ > MOST_FEATURES:
        raise EngineError(
            f"model must have at most {MOST_FEATURES:,} features, got {model.n_features_in_:,}; fit it on fewer"
        )
    known_sets, known_row = model._bin_mapper.make_known_categories_bitsets()
    own = [of_iteration[place or 0] for of_iteration in predictors]
    arrays = [predictor.nodes for predictor in own]
    nodes = np.concatenate(arrays)
    roots = np.cumsum([0, *map(len, arrays)], dtype=np.int64)[:-1]
    categorical = np.flatnonzero(nodes["is_categorical"] == 1)
    tree_of = np.searchsorted(roots, categorical, side="right") - 1
    left = [own[t].raw_left_cat_bitsets[b] for t, b in zip(tree_of, nodes["bitset_idx"][categorical], strict=True)]
    known = [known_sets[known_row[j]] for j in nodes["feature_idx"][categorical]]
    trees = TreeEnsemble(
        nodes=_flat(nodes, roots, categorical, _feature_order(model)),
        roots=roots,
        left_categories=np.array(left, dtype=np.uint32).reshape(-1, 8),
        known_categories=np.array(known, dtype=np.uint32).reshape(-1, 8),
        baseline=float(np.ravel(model._baseline_prediction)[place or 0]),
        n_features=int(model.n_features_in_),
    )
    if fault := layout_fault(trees):
        raise EngineError(f"model's trees cannot be read, {fault}; this release of scikit-learn is not supported")
    return trees


def encoded_rows(model: Any, X: Any) -> FloatArray:
    """Rows as the trees read them: (n, n_features) float64 in the order of the fitted data."""
    inner = np.asarray(model._preprocess_X(X, reset=False), dtype=np.float64)
    rows = np.empty_like(inner, order="C")
    rows[:, _feature_order(model)] = inner
    return rows


def _feature_order(model: Any) -> IntArray:
    """scikit-learn moves categorical features to the front: inner position -> fitted position."""
    categorical = getattr(model, "is_categorical_", None)
    if categorical is None or model._preprocessor is None:
        return np.arange(model.n_features_in_, dtype=np.int64)
    return np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)]).astype(np.int64)


def _flat(nodes: NDArray[Any], roots: IntArray, categorical: IntArray, order: IntArray) -> NDArray[Any]:
    """scikit-learn's trees, one after the other, in the package's layout."""
    tree = np.searchsorted(roots, np.arange(len(nodes)), side="right") - 1
    leaf = nodes["is_leaf"] == 1
    flat = np.zeros(len(nodes), dtype=NODE)
    flat["threshold"] = np.where(leaf, nodes["value"], nodes["num_threshold"])
    flat["threshold"][categorical] = np.arange(len(categorical))
    flat["right"] = np.where(leaf, 0, roots[tree] + nodes["right"])  # scikit-learn stores preorder as well
    flat["feature"] = np.where(leaf, 0, order[np.where(leaf, 0, nodes["feature_idx"])])
    flat["missing_left"] = nodes["missing_go_to_left"]
    flat["kind"] = np.where(leaf, LEAF, np.where(nodes["is_categorical"] == 1, CATEGORICAL, NUMERIC))
    return flat
