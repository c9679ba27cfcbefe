"""What an engine fits on (row, threshold) pairs, and what is kept of it: the package's own trees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import EngineError
from credit_model.model.threshold_pairs import ThresholdPairs
from credit_model.trees.engines.plain_trees import plain_trees
from credit_model.trees.engines.reading import read_tree_model
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.scoring import scores

#: Pairs on which a booster's trees are checked, beside rows made of its own thresholds.
_CHECKED = 5_000
#: A code that columns of categories may hold, and how many there are.
_CODES = [str(code) for code in range(256)]


@dataclass(frozen=True)
class PairTask:
    """What is to be fitted on pairs, in scikit-learn's words.

    Attributes
    ----------
    signs : sequence of int, (n_columns,)
        That a higher value of each column of pairs may have on the log-odds.
    categorical : collection of int
        Columns that hold codes of categories.
    groups : sequence of sets of columns, or None
        Each path of a tree reads columns of one group alone; None: all may interact.
    max_iter, max_leaf_nodes, min_samples_leaf, max_bins, n_iter_no_change : int
    learning_rate, l2_regularization, max_features : float
    seed : int
    n_jobs : int
        Threads; the trees do not depend on it.
    device : {"cpu", "cuda"}
    """

    signs: Sequence[int]
    categorical: Collection[int]
    groups: Sequence[set[int]] | None
    max_iter: int
    max_leaf_nodes: int
    min_samples_leaf: int
    max_bins: int
    n_iter_no_change: int
    learning_rate: float
    l2_regularization: float
    max_features: float
    seed: int
    n_jobs: int
    device: str


class FittedPairs(NamedTuple):
    """Rounds up to the best held-out loss, and the trees of these."""

    rounds: int
    trees: TreeEnsemble


def log_loss(probability: FloatArray, above: IntArray, weight: FloatArray) -> float:
    """Mean of -log of the probability (n,) that was given to what came, by weight; on one thread, so always the same.

    Examples
    --------
    >>> round(log_loss(np.array([0.5, 0.5]), np.array([1, 0]), np.ones(2)), 4)
    0.6931
    """
    given = np.where(above == 1, probability, 1.0 - probability)
    return float(-(weight * np.log(np.maximum(given, 1e-15))).sum() / weight.sum())


def own_trees(booster: Any, task: PairTask, pairs: ThresholdPairs) -> TreeEnsemble:
    """The trees of a fitted booster, on pairs as the package makes them; no path reads columns that may not interact.

    They are accepted only if they score like the booster's library, bit for bit, on rows made of their own thresholds
    and on pairs (`trees.engines.parity`).

    Raises
    ------
    EngineError
        They do not, or a path reads columns that may not interact.
    """
    width = pairs.rows.shape[1]
    some = pairs.rows[np.unique(np.linspace(0, len(pairs.rows) - 1, _CHECKED).astype(np.int64))]
    read = read_tree_model(booster, data=some)
    trees = plain_trees(read, range(width), width, dict.fromkeys(task.categorical, _CODES))
    different = int((scores(trees, some, n_jobs=1) != read.scores(some, n_jobs=1)).sum())
    if different:
        raise EngineError(
            f"trees of {read.engine} must score pairs as they do there, and differ on {different:,} of {len(some):,}; "
            "no model is made of them"
        )
    if task.groups is not None and not all(any(used <= g for g in task.groups) for used in trees.features_by_path()):
        raise EngineError(f"{read.engine} does not keep its interaction constraints, and no model is made of it")
    return trees
