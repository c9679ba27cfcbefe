"""Two heads: is the limit cut, is it raised, and then where to.

Where hardly any decision moves a limit, most (row, threshold) pairs say nothing that the two next to the tier in force
do not say. So one booster learns from the thresholds just below the tiers in force (is it kept or cut?), another from
those just above (is it raised?), and how far a limit then moves is counted. All of it is one sum of trees: each of the
two boosters' trees hangs below a split on the side that it speaks of, and a line shifts it by how often such moves
went as far:

    score(k) = cut head - log(share of cuts from here that end at k or below)       thresholds below the tier in force
               raise head + log(share of raises from here that end above k)         thresholds above it

Where the tier in force is unknown, all that is said is how often decisions end above k.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.model.threshold_pairs import ThresholdPairs
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import CATEGORICAL, LEAF, NODE, NUMERIC

#: Whether it is cut, and whether it is raised: how far the threshold asked for lies above the tier in force.
SIDES = (-1, 0)
#: Between them.
_MIDDLE = -0.5


def side_pairs(
    rows: FloatArray, tier: IntArray, weight: FloatArray, *, n_tiers: int, tier_column: int, side: int
) -> ThresholdPairs:
    """Each row at the one threshold that a head asks for; rows that cannot move to that side are left out.

    Parameters
    ----------
    rows : float64 array, (n, width)
        Categories as codes.
    tier, weight : arrays, (n,)
    n_tiers : int
    tier_column : int
        Position of the tier in force.
    side : int
        One of `SIDES`.
    """
    threshold = rows[:, tier_column] + side
    can_move = (threshold >= 0) & (threshold <= n_tiers - 2)
    k = threshold[can_move]
    columns = [rows[can_move], k[:, None], np.full((len(k), 1), float(side))]
    return ThresholdPairs(np.hstack(columns), (tier[can_move] > k).astype(np.int64), weight[can_move])


def constant_head(pairs: ThresholdPairs) -> TreeEnsemble:
    """A head of no trees, for pairs that are all alike: the log-odds of their shares, half a pair added to each."""
    above = float((pairs.weight * pairs.above).sum())
    odds = (above + 0.5) / (float(pairs.weight.sum()) - above + 0.5)
    none = np.empty((0, 8), dtype=np.uint32)
    return TreeEnsemble(
        np.empty(0, dtype=NODE), np.empty(0, dtype=np.int64), none, none, float(np.log(odds)), pairs.rows.shape[1]
    )


def joined(
    cut: TreeEnsemble, raised: TreeEnsemble, share: FloatArray, count: FloatArray, tier_column: int
) -> TreeEnsemble:
    """Both heads and the lines as one ensemble; just below the tier in force it scores as the cut head, bit for bit.

    Parameters
    ----------
    cut, raised : TreeEnsemble
        They read rows that end with the threshold and how far it lies above the tier in force.
    share : float64 array, (n_tiers, n_tiers)
        Of the tiers that limits went to (`model.destinations.Destinations.of_moves`).
    count : float64 array, (n_tiers,)
        Decisions that ended in each tier.
    tier_column : int
    """
    distance = cut.n_features - 1
    gap = raised.baseline - cut.baseline
    lines = [
        _line_of_unknown(count, tier_column, distance, cut.baseline),
        *(_line(share, t, tier_column, distance, gap) for t in range(len(share))),
    ]
    parts = [
        *(_hung(tree, distance, left=True) for tree in _trees(cut, first_set=0)),
        *(_hung(tree, distance, left=False) for tree in _trees(raised, first_set=len(cut.left_categories))),
        *lines,
    ]
    roots = np.cumsum([0, *map(len, parts)], dtype=np.int64)[:-1]
    for part, root in zip(parts, roots, strict=True):
        part["right"][part["kind"] != LEAF] += root
    return TreeEnsemble(
        nodes=np.concatenate(parts),
        roots=roots,
        left_categories=np.concatenate([cut.left_categories, raised.left_categories]),
        known_categories=np.concatenate([cut.known_categories, raised.known_categories]),
        baseline=cut.baseline,
        n_features=cut.n_features,
    )


def has_heads(trees: TreeEnsemble, distance: int) -> bool:
    """Whether an ensemble is two heads: every tree begins by asking for the side.

    ``distance`` is the column with how far the threshold lies above the tier in force.
    """
    roots = trees.nodes[trees.roots]
    first = (roots["kind"] == NUMERIC) & (roots["feature"] == distance) & (roots["threshold"] == _MIDDLE)
    return bool(first.all())


def _trees(trees: TreeEnsemble, *, first_set: int) -> list[NDArray[Any]]:
    """Each tree's nodes, with its own first node as number 0 and its sets of categories counted from ``first_set``."""
    parts = []
    for start, stop in pairwise([*trees.roots, len(trees.nodes)]):
        nodes = trees.nodes[start:stop].copy()
        nodes["right"][nodes["kind"] != LEAF] -= start
        nodes["threshold"][nodes["kind"] == CATEGORICAL] += first_set
        parts.append(nodes)
    return parts


def _hung(tree: NDArray[Any], distance: int, *, left: bool) -> NDArray[Any]:
    """A tree below a split on the side, with nothing on the other side, nor where the side is unknown."""
    return _joined_below(
        _split(distance, _MIDDLE, missing_left=not left), *((tree, _leaf(0.0)) if left else (_leaf(0.0), tree))
    )


def _line(share: FloatArray, tier: int, tier_column: int, distance: int, gap: float) -> NDArray[Any]:
    """How far moves from one tier went, as a tree; ``gap``: of the raise head's baseline above the cut head's."""
    at_most = np.cumsum(share[tier, :tier])[:-1]  # by threshold 0 .. tier - 2; at tier - 1 all cuts end so low
    above = np.cumsum(share[tier, :tier:-1])[::-1][1:]  # by threshold tier + 1 .. n_tiers - 2; above tier all raises do
    cuts = np.append(np.maximum(-np.log(at_most), 0.0), 0.0)
    raises = gap + np.append(0.0, np.minimum(np.log(above), 0.0))
    return _joined_below(
        _split(distance, _MIDDLE),
        _of_tier(_steps(cuts, -len(cuts), distance), tier, tier_column),
        _of_tier(_steps(raises, 0, distance), tier, tier_column),
    )


def _line_of_unknown(count: FloatArray, tier_column: int, distance: int, baseline: float) -> NDArray[Any]:
    """The log-odds of ending above each threshold, by how often tiers (n_tiers,) came, for rows of no known tier."""
    below = np.cumsum(count + 0.5)[:-1]  # half a decision more in each, so that none is impossible
    steps = _steps(np.log(count.sum() + 0.5 * len(count) - below) - np.log(below) - baseline, 0, distance - 1)
    unknown = _joined_below(_split(tier_column, float(len(count)), missing_left=False), _leaf(0.0), steps)
    return _joined_below(_split(distance, _MIDDLE), unknown, _leaf(0.0))


def _of_tier(inside: NDArray[Any], tier: int, tier_column: int) -> NDArray[Any]:
    """A tree for rows of one tier in force; 0 for others."""
    upper = _joined_below(_split(tier_column, tier + 0.5), inside, _leaf(0.0))
    return _joined_below(_split(tier_column, tier - 0.5), _leaf(0.0), upper)


def _steps(values: FloatArray, first: int, column: int) -> NDArray[Any]:
    """A tree of steps of a column: values[0] up to ``first``, values[1] up to the next, ..., the last beyond."""
    tree = _leaf(float(values[-1]))
    for i in range(len(values) - 2, -1, -1):
        tree = _joined_below(_split(column, first + i + 0.5), _leaf(float(values[i])), tree)
    return tree


def _joined_below(split: NDArray[Any], left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """A split with two trees below it, in preorder."""
    out = np.concatenate([split, left, right])
    second = 1 + len(left)
    out["right"][0] = second
    out["right"][1:second][left["kind"] != LEAF] += 1
    out["right"][second:][right["kind"] != LEAF] += second
    return out


def _split(feature: int, threshold: float, *, missing_left: bool = True) -> NDArray[Any]:
    return np.array([(threshold, 0, feature, missing_left, NUMERIC)], dtype=NODE)


def _leaf(value: float) -> NDArray[Any]:
    return np.array([(value, 0, 0, 0, LEAF)], dtype=NODE)
