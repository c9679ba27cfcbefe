"""Scores of tree ensembles, by their leaf sets where they have them, else from node to node.

Leaf sets are made at an ensemble's first use and kept as long as the ensemble lives.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.parallel import over_blocks
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.leaf_set_kernels import add_scores
from credit_model.trees.leaf_sets import ChangeSets, LeafSets, change_sets, leaf_sets
from credit_model.trees.nodes import add_scores_by_walk

_LEAF_SETS: WeakKeyDictionary[TreeEnsemble, LeafSets | None] = WeakKeyDictionary()
_CHANGE_SETS: WeakKeyDictionary[TreeEnsemble, ChangeSets | None] = WeakKeyDictionary()


def leaf_sets_of(trees: TreeEnsemble) -> LeafSets | None:
    """The same trees as sets of leaves; None where they are too large for it."""
    if trees not in _LEAF_SETS:
        _LEAF_SETS[trees] = leaf_sets(
            trees.nodes, trees.roots, trees.left_categories, trees.known_categories, trees.n_features
        )
    return _LEAF_SETS[trees]


def change_sets_of(trees: TreeEnsemble) -> ChangeSets | None:
    """The leaf sets that explain changes; None where there are none."""
    if trees not in _CHANGE_SETS:
        sets = leaf_sets_of(trees)
        _CHANGE_SETS[trees] = None if sets is None else change_sets(sets, trees.features_by_tree())
    return _CHANGE_SETS[trees]


def scores(trees: TreeEnsemble, X: FloatArray, *, n_jobs: int = -1) -> FloatArray:
    """Raw scores of rows: (n,), in the loss's link (log-odds for a boosted classifier).

    Parameters
    ----------
    trees : TreeEnsemble
    X : float64 array, (n, n_features)
        Rows as the trees read them.
    n_jobs : int, default -1
        Threads (-1: all cores); the scores do not depend on it.

    Raises
    ------
    CreditModelError
        ``n_jobs`` is neither -1 nor at least 1.
    """
    out = np.full(X.shape[0], trees.baseline)
    sets = leaf_sets_of(trees)

    def work(start: int, stop: int) -> None:
        if sets is None:
            add_scores_by_walk(
                trees.nodes,
                trees.roots,
                trees.left_categories,
                trees.known_categories,
                X[start:stop],
                out[start:stop],
            )
        else:
            add_scores(sets.intervals(X[start:stop]), sets.sets, sets.values, out[start:stop])
        if trees.divisor != 1:
            out[start:stop] /= trees.divisor

    over_blocks(work, len(X), n_jobs)
    return out
