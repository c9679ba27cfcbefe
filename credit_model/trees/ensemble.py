"""Fitted boosted trees as one flat array, and their scores.

A score is ``baseline + tree_0 + tree_1 + ...``, added in that order, so it equals scikit-learn's
``decision_function`` bit for bit. How a value goes down a tree is stated in `model.nodes`.
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

from credit_model.trees.leaf_sets import ROWS_AT_ONCE, ChangeSets, LeafSets, add_scores, change_sets, leaf_sets
from credit_model.trees.nodes import CATEGORICAL, LEAF, NODE, NUMERIC, leaf_value

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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
        return int(_depth(self.nodes))

    @cached_property
    def leaf_sets(self) -> LeafSets | None:
        """The same trees as sets of leaves; None where they are too large for it."""
        return leaf_sets(self)

    @cached_property
    def change_sets(self) -> ChangeSets | None:
        """The leaf sets that explain changes; None where there are none."""
        return None if self.leaf_sets is None else change_sets(self, self.leaf_sets)

    def features_by_tree(self) -> list[set[int]]:
        """The features that each tree reads."""
        inner = np.flatnonzero(self.nodes["kind"] != LEAF)
        tree = np.searchsorted(self.roots, inner, side="right") - 1
        used: list[set[int]] = [set() for _ in self.roots]
        for t, j in np.unique(np.column_stack([tree, self.nodes["feature"][inner]]), axis=0):
            used[int(t)].add(int(j))
        return used

    def scores(self, X: FloatArray, *, n_jobs: int = -1) -> FloatArray:
        """Raw scores of rows ``X`` (n, n_features): (n,), in the loss's link (log-odds for a classifier)."""
        out = np.full(X.shape[0], self.baseline)
        sets = self.leaf_sets

        def work(start: int, stop: int) -> None:
            if sets is None:
                _walk(
                    self.nodes,
                    self.roots,
                    self.left_categories,
                    self.known_categories,
                    X[start:stop],
                    out[start:stop],
                )
            else:
                add_scores(sets.intervals(X[start:stop]), sets.sets, sets.values, out[start:stop])

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
    arrays = [predictor.nodes for (predictor,) in predictors]
    nodes = np.concatenate(arrays)
    roots = np.cumsum([0, *map(len, arrays)], dtype=np.int64)[:-1]
    categorical = np.flatnonzero(nodes["is_categorical"] == 1)
    tree_of = np.searchsorted(roots, categorical, side="right") - 1
    left = [
        predictors[t][0].raw_left_cat_bitsets[b] for t, b in zip(tree_of, nodes["bitset_idx"][categorical], strict=True)
    ]
    known = [known_sets[known_row[j]] for j in nodes["feature_idx"][categorical]]
    trees = TreeEnsemble(
        nodes=_flat(nodes, roots, categorical, _feature_order(model)),
        roots=roots,
        left_categories=np.array(left, dtype=np.uint32).reshape(-1, 8),
        known_categories=np.array(known, dtype=np.uint32).reshape(-1, 8),
        baseline=float(np.ravel(model._baseline_prediction)[0]),
        n_features=int(model.n_features_in_),
    )
    if fault := layout_fault(trees):
        raise TypeError(f"model's trees cannot be read, {fault}; this release of scikit-learn is not supported")
    return trees


def layout_fault(trees: TreeEnsemble) -> str:
    """What keeps arrays from being trees in the package's layout, in a few words; empty if nothing does."""
    nodes, roots = trees.nodes, trees.roots
    if nodes.dtype != NODE or nodes.ndim != 1:
        return "nodes have another layout"
    starts_at_0 = len(roots) > 0 and roots[0] == 0
    if roots.dtype != np.int64 or not (starts_at_0 and (np.diff(roots) > 0).all() and roots[-1] < len(nodes)):
        return "roots are not increasing node numbers from 0"
    if not _preorder(nodes, np.append(roots, len(nodes))):
        return "nodes are not in preorder"
    inner = nodes[nodes["kind"] != LEAF]
    if not ((inner["feature"] >= 0) & (inner["feature"] < trees.n_features)).all():
        return f"a node reads a feature outside 0 .. {trees.n_features - 1}"
    n_sets = len(trees.left_categories)
    split = inner["threshold"][inner["kind"] == CATEGORICAL]
    sets = (trees.left_categories, trees.known_categories)
    if any(bits.shape != (n_sets, 8) or bits.dtype != np.uint32 for bits in sets):
        return "sets of categories have another layout"
    if not ((split >= 0) & (split < n_sets)).all():
        return f"a node reads a set of categories outside 0 .. {n_sets - 1}"
    return ""


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


@njit(cache=True, nogil=True)
def _walk(nodes, roots, left_categories, known_categories, X, out):  # type: ignore[no-untyped-def]
    for start in range(0, X.shape[0], ROWS_AT_ONCE):
        for root in roots:
            for n in range(start, min(start + ROWS_AT_ONCE, X.shape[0])):
                out[n] += leaf_value(nodes, root, left_categories, known_categories, X, n)


@njit(cache=True, nogil=True)
def _depth(nodes):  # type: ignore[no-untyped-def]
    depth = np.zeros(len(nodes), np.int64)
    for i in range(len(nodes)):
        if nodes[i].kind != LEAF:
            depth[i + 1] = depth[nodes[i].right] = depth[i] + 1
    return depth.max()


@njit(cache=True, nogil=True)
def _preorder(nodes, starts):  # type: ignore[no-untyped-def]
    """Whether every tree is exactly its root, its left subtree and its right subtree, in this order, all through."""
    size = np.zeros(len(nodes), np.int64)
    for t in range(len(starts) - 1):
        for i in range(starts[t + 1] - 1, starts[t] - 1, -1):
            if nodes[i].kind > LEAF:
                return False
            size[i] = 1
            if nodes[i].kind != LEAF:
                right = np.int64(nodes[i].right)
                if i + 1 >= starts[t + 1] or right != i + 1 + size[i + 1] or right >= starts[t + 1]:
                    return False
                size[i] += size[i + 1] + size[right]
        if size[starts[t]] != starts[t + 1] - starts[t]:
            return False
    return True
