"""Trees by hand, and the same trees without their leaf sets."""

from dataclasses import replace
from unittest import mock

import numpy as np

from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.leaf_sets import LeafSets, leaf_sets
from credit_model.trees.nodes import NODE
from credit_model.trees.scoring import leaf_sets_of


def one_tree(nodes, *, left=(), known=(), n_features=3):
    """An ensemble of one tree, baseline 0.5, from its nodes and the categories of its one categorical split."""
    bits = [np.array([[sum(1 << c for c in codes)] + [0] * 7], dtype=np.uint32) for codes in (left, known)]
    return TreeEnsemble(np.array(nodes, NODE), np.zeros(1, np.int64), bits[0], bits[1], 0.5, n_features)


def sets_of(trees: TreeEnsemble) -> LeafSets | None:
    """Leaf sets made anew."""
    return leaf_sets(trees.nodes, trees.roots, trees.left_categories, trees.known_categories, trees.n_features)


def walked(trees: TreeEnsemble) -> TreeEnsemble:
    """The same trees, scored and explained from node to node: their leaf sets, they are told, take too much memory."""
    again = replace(trees)
    with mock.patch("credit_model.trees.leaf_sets.MAX_BYTES", 0):
        assert leaf_sets_of(again) is None  # and this is remembered
    return again
