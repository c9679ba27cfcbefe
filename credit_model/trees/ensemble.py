"""Fitted trees as one flat array.

A score is ``(baseline + tree_0 + tree_1 + ...) / divisor``, added in that order; `trees.scoring` computes it. How a
value goes down a tree is stated in `trees.nodes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import IntArray
from credit_model.trees.nodes import CATEGORICAL, LEAF, NODE, in_preorder, most_splits_on_a_path


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """A sum of decision trees in the package's flat layout; equal only to itself.

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
    divisor : float
        What the sum is divided by: 1 of boosted trees, the number of trees of a forest that takes their mean.
    """

    nodes: NDArray[Any]
    roots: IntArray
    left_categories: NDArray[np.uint32]
    known_categories: NDArray[np.uint32]
    baseline: float
    n_features: int
    divisor: float = 1.0

    @cached_property
    def depth(self) -> int:
        """Most splits on a path from a root to a leaf."""
        return int(most_splits_on_a_path(self.nodes))

    def features_by_tree(self) -> list[set[int]]:
        """The features that each tree reads."""
        inner = np.flatnonzero(self.nodes["kind"] != LEAF)
        tree = np.searchsorted(self.roots, inner, side="right") - 1
        used: list[set[int]] = [set() for _ in self.roots]
        for t, j in np.unique(np.column_stack([tree, self.nodes["feature"][inner]]), axis=0):
            used[int(t)].add(int(j))
        return used

    def features_by_path(self) -> set[frozenset[int]]:
        """The features that each path from a root to a leaf reads, which are those that interact."""
        found, above = set[frozenset[int]](), [frozenset[int]()] * len(self.nodes)
        for i, (feature, right, kind) in enumerate(self.nodes[["feature", "right", "kind"]].tolist()):
            if kind == LEAF:
                found.add(above[i])
            else:
                above[i + 1] = above[right] = above[i] | {feature}
        return found


def layout_fault(trees: TreeEnsemble) -> str:
    """What keeps arrays from being trees in the package's layout, in a few words; empty if nothing does."""
    nodes, roots = trees.nodes, trees.roots
    if nodes.dtype != NODE or nodes.ndim != 1:
        return "nodes have another layout"
    starts_at_0 = len(roots) > 0 and roots[0] == 0
    if roots.dtype != np.int64 or not (starts_at_0 and (np.diff(roots) > 0).all() and roots[-1] < len(nodes)):
        return "roots are not increasing node numbers from 0"
    if not in_preorder(nodes, np.append(roots, len(nodes))):
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
