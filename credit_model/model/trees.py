"""Fitted boosted trees as one flat array, and the kernels that predict from it.

The conventions, stated once for every kernel of the package:

- all values are float64, exactly as scikit-learn's histogram gradient boosting keeps them;
- ``x <= threshold`` goes left;
- NaN follows the node's ``missing_left``;
- a categorical value is a code 0..255; codes the node does not know follow ``missing_left``;
- trees lie in preorder, so a node's left child is the next node;
- a score is ``baseline + tree_0 + tree_1 + ...``, added in that order, so it equals scikit-learn's
  ``decision_function`` bit for bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NUMERIC, CATEGORICAL, LEAF = 0, 1, 2

#: One node, 16 bytes. ``threshold`` holds a leaf's value, and a categorical split's row of bitsets.
NODE = np.dtype(
    [("threshold", "<f8"), ("right", "<i4"), ("feature", "<i2"), ("missing_left", "u1"), ("kind", "u1")]
)

#: Rows that a kernel takes through one tree before it goes on to the next, so that both stay in the cache.
ROWS_AT_ONCE = 32


@dataclass(frozen=True)
class TreeEnsemble:
    """A sum of decision trees in the package's flat layout.

    Attributes
    ----------
    nodes : structured array of `NODE`, (n_nodes,)
        All trees, one after the other, each in preorder.
    roots : int64 array, (n_trees,)
        Index of each tree's first node.
    left_categories, known_categories : uint32 arrays, (n_categorical_splits, 8)
        256-bit sets: the codes that go left, and the codes the split knows.
    baseline : float
        The score before the first tree.
    n_features : int
        Width of the rows that the trees read.
    """

    nodes: NDArray[Any]
    roots: IntArray
    left_categories: NDArray[np.uint32]
    known_categories: NDArray[np.uint32]
    baseline: float
    n_features: int

    @cached_property
    def depth(self) -> int:
        """Most splits on a path from a root to a leaf."""
        depth = np.zeros(len(self.nodes), dtype=np.int64)
        for i in np.flatnonzero(self.nodes["kind"] != LEAF):
            depth[i + 1] = depth[self.nodes["right"][i]] = depth[i] + 1
        return int(depth.max(initial=0))

    def scores(self, X: FloatArray, *, n_jobs: int = -1) -> FloatArray:
        """Raw scores of rows ``X`` (n, n_features): (n,), in the loss's link (log-odds for a classifier)."""
        out = np.empty(X.shape[0])

        def work(start: int, stop: int) -> None:
            _scores(
                self.nodes,
                self.roots,
                self.left_categories,
                self.known_categories,
                self.baseline,
                X[start:stop],
                out[start:stop],
            )

        over_blocks(work, len(X), n_jobs)
        return out


def tree_ensemble(model: Any) -> TreeEnsemble:
    """The trees of a fitted ``HistGradientBoostingClassifier`` (binary) or ``...Regressor``.

    Features keep the order of the data the model was fitted on; categorical features are read as the
    codes that scikit-learn's own encoder gives (see `encoded_rows`).

    Raises
    ------
    TypeError
        The model is no fitted histogram gradient booster, or has several trees an iteration (multiclass).
    """
    predictors = getattr(model, "_predictors", None)
    if predictors is None or not hasattr(model, "_bin_mapper"):
        raise TypeError(
            "model must be a fitted HistGradientBoostingClassifier or HistGradientBoostingRegressor, "
            f"got {type(model).__name__}"
        )
    if model.n_trees_per_iteration_ != 1:
        raise TypeError(
            "model must be binary or a regression (one tree an iteration), "
            f"got {model.n_trees_per_iteration_} trees an iteration"
        )
    known_sets, known_row = model._bin_mapper.make_known_categories_bitsets()
    order = _feature_order(model)
    trees: list[NDArray[Any]] = []
    left: list[NDArray[np.uint32]] = []
    known: list[NDArray[np.uint32]] = []
    roots: list[int] = []
    offset = 0
    for (predictor,) in predictors:
        tree = _flatten(predictor.nodes, offset, len(left), order)
        for node in predictor.nodes[predictor.nodes["is_categorical"] == 1]:
            left.append(predictor.raw_left_cat_bitsets[node["bitset_idx"]])
            known.append(known_sets[known_row[node["feature_idx"]]])
        roots.append(offset)
        trees.append(tree)
        offset += len(tree)
    return TreeEnsemble(
        nodes=np.concatenate(trees) if trees else np.empty(0, NODE),
        roots=np.array(roots, dtype=np.int64),
        left_categories=np.array(left, dtype=np.uint32).reshape(-1, 8),
        known_categories=np.array(known, dtype=np.uint32).reshape(-1, 8),
        baseline=float(np.ravel(model._baseline_prediction)[0]),
        n_features=int(model.n_features_in_),
    )


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


def _flatten(nodes: NDArray[Any], offset: int, first_split: int, order: IntArray) -> NDArray[Any]:
    """One scikit-learn tree in preorder, its indices counted from the start of the whole forest."""
    split_of = np.full(len(nodes), -1)
    categorical = np.flatnonzero(nodes["is_categorical"] == 1)
    split_of[categorical] = first_split + np.arange(len(categorical))
    flat = np.zeros(len(nodes), dtype=NODE)
    stack = [(0, -1)]  # (node, the flat parent whose right child it is)
    size = 0
    while stack:
        index, parent = stack.pop()
        node = nodes[index]
        here = size
        size += 1
        if parent >= 0:
            flat[parent]["right"] = offset + here
        if node["is_leaf"]:
            flat[here]["threshold"] = node["value"]
            flat[here]["kind"] = LEAF
            continue
        flat[here]["threshold"] = node["num_threshold"]
        flat[here]["feature"] = order[node["feature_idx"]]
        flat[here]["missing_left"] = node["missing_go_to_left"]
        flat[here]["kind"] = CATEGORICAL if node["is_categorical"] else NUMERIC
        if node["is_categorical"]:
            flat[here]["threshold"] = split_of[index]
        stack.append((int(node["right"]), here))
        stack.append((int(node["left"]), -1))
    return flat[:size]


def over_blocks(work: Callable[[int, int], None], n_rows: int, n_jobs: int) -> None:
    """Run ``work(start, stop)`` over blocks of rows on threads; the kernels release the GIL."""
    workers = (os.cpu_count() or 1) if n_jobs == -1 else max(1, n_jobs)
    size = max(64, -(-n_rows // (workers * 8)))
    if workers == 1 or n_rows <= size:
        work(0, n_rows)
        return
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, i, min(i + size, n_rows)) for i in range(0, n_rows, size)]:
            done.result()


@njit(cache=True, nogil=True, inline="always")
def goes_left(node, value, left_categories, known_categories):  # type: ignore[no-untyped-def]
    """Whether ``value`` goes left at an inner node."""
    if node.kind == NUMERIC:
        return value <= node.threshold or (value != value and node.missing_left == 1)
    if not 0 <= value <= 255:
        return node.missing_left == 1
    split, code = np.int64(node.threshold), np.int64(value)
    word, bit = code >> 5, np.uint32(1) << np.uint32(code & 31)
    if left_categories[split, word] & bit:
        return True
    if known_categories[split, word] & bit:
        return False
    return node.missing_left == 1


@njit(cache=True, nogil=True, inline="always")
def leaf_value(nodes, root, left_categories, known_categories, X, n):  # type: ignore[no-untyped-def]
    """The value of the leaf that row ``n`` of ``X`` reaches in the tree at ``root``."""
    i = root
    node = nodes[i]
    while node.kind != LEAF:
        i = i + 1 if goes_left(node, X[n, node.feature], left_categories, known_categories) else node.right
        node = nodes[i]
    return node.threshold


@njit(cache=True, nogil=True)
def _scores(nodes, roots, left_categories, known_categories, baseline, X, out):  # type: ignore[no-untyped-def]
    out[:] = baseline
    for start in range(0, X.shape[0], ROWS_AT_ONCE):
        for root in roots:
            for n in range(start, min(start + ROWS_AT_ONCE, X.shape[0])):
                out[n] += leaf_value(nodes, root, left_categories, known_categories, X, n)
