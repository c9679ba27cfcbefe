"""Trees as sets of leaves: the layout that makes prediction and explanation fast.

A value of one feature rules out some leaves of a tree, whatever the other features say; what a row reaches is what
no feature rules out. So for every tree and every interval between a feature's thresholds, the leaves that are left
are kept as one unsigned integer, a bit a leaf. A row is then predicted by AND-ing one integer a feature, many trees
in one instruction, and without a branch to guess wrong (the idea of QuickScorer, Lucchese et al., SIGIR 2015,
doi:10.1145/2766462.2767733). For two rows at once, the OR of both rows' integers, AND-ed over features, holds
exactly the leaves that some mixture of the two rows reaches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit, types
from numba.core.cgutils import true_bit
from numba.extending import intrinsic
from numpy.typing import NDArray

from credit_model.trees.nodes import CATEGORICAL, LEAF, goes_left

if TYPE_CHECKING:
    from credit_model.trees.ensemble import TreeEnsemble

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Trees that one pass over a row's features takes along: a few vector registers, and a constant for the compiler.
TREES_AT_ONCE = 64
#: Rows that are taken through `TREES_AT_ONCE` trees before the next trees' sets come into the cache.
ROWS_AT_ONCE = 128
#: Most leaves of a tree, the bits of the widest integer; and most memory for all sets.
MAX_LEAVES = 64
MAX_BYTES = 1 << 28


@dataclass(frozen=True)
class LeafSets:
    """For every tree and every interval of every feature, the leaves that the feature does not rule out.

    Attributes
    ----------
    used : int64 array, (n_used,)
        Features that some tree reads; the other arrays count features in this order.
    edges : float64 array, (n_edges,)
        All features' thresholds, each feature's own sorted.
    edge_start, interval_start : int64 arrays, (n_used + 1,)
        Where a feature's edges and intervals begin. A feature with m edges has m + 2 intervals: one up to each edge,
        one above all, one for NaN. A categorical feature has an interval a code, and one for NaN and other codes.
    categorical : bool array, (n_used,)
    sets : uint16, uint32 or uint64 array, (n_blocks, n_intervals, TREES_AT_ONCE)
        Bit i set: leaf i, counted from the left, is not ruled out. The last interval is no feature's and rules
        out nothing.
    values : float64 array, (n_blocks * TREES_AT_ONCE, n_bits)
        Leaf values.
    parting : int16 array, (n_blocks * TREES_AT_ONCE, n_bits * n_bits)
        The used feature on which leaves a < b part, at ``a * n_bits + b``.
    """

    used: IntArray
    edges: FloatArray
    edge_start: IntArray
    interval_start: IntArray
    categorical: NDArray[np.bool_]
    sets: NDArray[Any]
    values: FloatArray
    parting: NDArray[np.int16]

    def intervals(self, X: FloatArray) -> NDArray[np.int32]:
        """Each value's interval, numbered over all features: (n, n_used), from rows (n, n_features)."""
        out = np.empty((len(X), len(self.used)), dtype=np.int32)
        _intervals(X, self.used, self.edges, self.edge_start, self.interval_start, self.categorical, out)
        return out

    def intervals_of(self, feature: int, values: FloatArray) -> NDArray[np.int32]:
        """Intervals of values (n,) of one feature, by its number among all features; empty (n, 0) if unused."""
        place = np.flatnonzero(self.used == feature)
        out = np.empty((len(values), len(place)), dtype=np.int32)
        for i in place:
            _intervals(
                values[:, None],
                np.zeros(1, dtype=np.int64),
                self.edges,
                self.edge_start[i : i + 2],
                self.interval_start[i : i + 2],
                self.categorical[i : i + 1],
                out,
            )
        return out


def leaf_sets(trees: TreeEnsemble) -> LeafSets | None:
    """The leaf sets of an ensemble; None where a tree has too many leaves, or they would take too much memory."""
    ends = np.append(trees.roots[1:], len(trees.nodes))
    leaves = np.add.reduceat(trees.nodes["kind"] == LEAF, trees.roots) if len(trees.roots) else np.zeros(1)
    n_bits = next((bits for bits in (16, 32, 64) if leaves.max() <= bits), 0)
    inner = trees.nodes[trees.nodes["kind"] != LEAF]
    used = np.unique(inner["feature"]).astype(np.int64)
    own = [inner[inner["feature"] == j] for j in used]
    categorical = np.array([bool((splits["kind"] == CATEGORICAL).any()) for splits in own], dtype=np.bool_)
    # A category's edges are its codes.
    edges = [
        np.arange(256.0) if c else np.unique(splits["threshold"]) for c, splits in zip(categorical, own, strict=True)
    ]
    edge_start = np.cumsum([0, *map(len, edges)], dtype=np.int64)
    interval_start = edge_start + 2 * np.arange(len(used) + 1)
    n_blocks = -(-len(trees.roots) // TREES_AT_ONCE)
    shape = (n_blocks, int(interval_start[-1]) + 1, TREES_AT_ONCE)
    if not n_bits or np.prod(shape) * n_bits // 8 > MAX_BYTES:
        return None
    sets = np.ones(shape, dtype=f"uint{n_bits}")
    values = np.zeros((n_blocks * TREES_AT_ONCE, n_bits))
    parting = np.zeros((n_blocks * TREES_AT_ONCE, n_bits * n_bits), dtype=np.int16)
    place = np.zeros(trees.n_features, dtype=np.int64)
    place[used] = np.arange(len(used))
    all_edges = np.concatenate(edges) if edges else np.empty(0)
    _fill(
        trees.nodes,
        trees.roots,
        ends,
        trees.left_categories,
        trees.known_categories,
        place,
        all_edges,
        edge_start,
        interval_start,
        sets,
        values,
        parting,
    )
    return LeafSets(used, all_edges, edge_start, interval_start, categorical, sets, values, parting)


@dataclass(frozen=True)
class ChangeSets:
    """The same trees for changes from row to row: those that read one feature alone are added up beforehand.

    Attributes
    ----------
    steps : float64 array, (n_intervals,)
        For every interval of a feature, the sum over the trees that read this feature alone.
    shared : LeafSets
        The trees that read several features, with the intervals of all.
    """

    steps: FloatArray
    shared: LeafSets


def change_sets(trees: TreeEnsemble, sets: LeafSets) -> ChangeSets:
    """Split an ensemble's leaf sets; trees without any split change nothing and are left out."""
    used = trees.features_by_tree()
    alone = np.array([len(features) == 1 for features in used], dtype=np.bool_)
    place = {int(j): u for u, j in enumerate(sets.used)}
    feature = np.array([place[next(iter(f))] if len(f) == 1 else 0 for f in used], dtype=np.int64)
    steps = np.zeros(sets.sets.shape[1])
    _add_steps(np.flatnonzero(alone), feature, sets.interval_start, sets.sets, sets.values, steps)
    several = np.flatnonzero([len(features) > 1 for features in used])
    if len(several) == len(used):
        return ChangeSets(steps, sets)
    n_blocks = -(-len(several) // TREES_AT_ONCE)
    chosen = np.ones((n_blocks, sets.sets.shape[1], TREES_AT_ONCE), dtype=sets.sets.dtype)
    for place_now, t in enumerate(several):
        chosen[place_now // TREES_AT_ONCE, :, place_now % TREES_AT_ONCE] = sets.sets[
            t // TREES_AT_ONCE, :, t % TREES_AT_ONCE
        ]
    filled = np.zeros((n_blocks * TREES_AT_ONCE, sets.values.shape[1]))
    filled[: len(several)] = sets.values[several]
    parting = np.zeros((len(filled), sets.parting.shape[1]), dtype=np.int16)
    parting[: len(several)] = sets.parting[several]
    return ChangeSets(steps, replace(sets, sets=chosen, values=filled, parting=parting))


@intrinsic
def lowest(_context, _bits):  # type: ignore[no-untyped-def]
    """Number of the lowest bit set (of a uint64 that is not 0): the first leaf of a set."""

    def generate(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], true_bit)

    return types.uint64(types.uint64), generate


@intrinsic
def n_ones(_context, _bits):  # type: ignore[no-untyped-def]
    """Number of bits set (of a uint64)."""

    def generate(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
def _intervals(  # type: ignore[no-untyped-def]
    X, used, edges, edge_start, interval_start, categorical, out
):
    for n in range(X.shape[0]):
        for u in range(len(used)):
            value = X[n, used[u]]
            first = edge_start[u]
            n_edges = edge_start[u + 1] - first
            if value != value or (categorical[u] and not 0 <= value <= 255):
                out[n, u] = interval_start[u] + n_edges + 1
            elif categorical[u]:
                out[n, u] = interval_start[u] + np.int64(value)
            else:
                # The number of edges below the value, by halving without branches.
                low = first
                while n_edges > 1:
                    half = n_edges >> 1
                    low += half if edges[low + half - 1] < value else 0
                    n_edges -= half
                if n_edges == 1 and edges[low] < value:
                    low += 1
                out[n, u] = interval_start[u] + low - first


@njit(cache=True, nogil=True)
def _fill(  # type: ignore[no-untyped-def]
    nodes,
    roots,
    ends,
    left_categories,
    known_categories,
    place,
    edges,
    edge_start,
    interval_start,
    sets,
    values,
    parting,
):
    n_bits = values.shape[1]
    first_leaf = np.zeros(len(nodes), np.int64)  # of the leaves below a node
    end_leaf = np.zeros(len(nodes), np.int64)
    for t in range(len(roots)):
        block, column = t // TREES_AT_ONCE, t % TREES_AT_ONCE
        n_leaves = 0
        for i in range(roots[t], ends[t]):
            first_leaf[i] = n_leaves
            if nodes[i].kind == LEAF:
                values[t, n_leaves] = nodes[i].threshold
                n_leaves += 1
                end_leaf[i] = n_leaves
        for i in range(ends[t] - 1, roots[t] - 1, -1):
            if nodes[i].kind != LEAF:
                end_leaf[i] = end_leaf[nodes[i].right]
        for interval in range(sets.shape[1]):
            sets[block, interval, column] = ~np.uint64(0) >> np.uint64(64 - n_leaves)
        for i in range(roots[t], ends[t]):
            node = nodes[i]
            if node.kind == LEAF:
                continue
            u = place[node.feature]
            middle = end_leaf[i + 1]
            below_left = ((~np.uint64(0)) >> np.uint64(64 - (middle - first_leaf[i]))) << np.uint64(first_leaf[i])
            below_right = ((~np.uint64(0)) >> np.uint64(64 - (end_leaf[i] - middle))) << np.uint64(middle)
            n_edges = edge_start[u + 1] - edge_start[u]
            for e in range(n_edges + 2):
                # Any value inside the interval will do; above all edges there is infinity, and then NaN.
                inside = edges[edge_start[u] + e] if e < n_edges else (np.inf if e == n_edges else np.nan)
                left = goes_left(node, inside, left_categories, known_categories)
                sets[block, interval_start[u] + e, column] &= ~(below_right if left else below_left)
            for a in range(first_leaf[i], middle):
                for b in range(middle, end_leaf[i]):
                    parting[t, a * n_bits + b] = u


@njit(cache=True, nogil=True)
def _add_steps(alone, feature, interval_start, sets, values, steps):  # type: ignore[no-untyped-def]
    for t in alone:
        for e in range(interval_start[feature[t]], interval_start[feature[t] + 1]):
            steps[e] += values[t, lowest(np.uint64(sets[t // TREES_AT_ONCE, e, t % TREES_AT_ONCE]))]


@njit(cache=True, nogil=True)
def add_scores(intervals, sets, values, out):  # type: ignore[no-untyped-def]
    """Add every tree's leaf value to ``out`` (n,), in the order of the trees."""
    reached = np.empty(TREES_AT_ONCE, sets.dtype)
    for start in range(0, intervals.shape[0], ROWS_AT_ONCE):
        for block in range(sets.shape[0]):
            for n in range(start, min(start + ROWS_AT_ONCE, intervals.shape[0])):
                reach(sets[block], intervals, n, reached)
                score = out[n]
                for i in range(TREES_AT_ONCE):
                    score += values[block * TREES_AT_ONCE + i, lowest(np.uint64(reached[i]))]
                out[n] = score


@njit(cache=True, nogil=True)
def add_survival_scores(intervals, threshold_intervals, sets, values, out):  # type: ignore[no-untyped-def]
    """`add_scores` for rows that are the same but for some features: out (n, k), threshold_intervals (n, k, m)."""
    reached = np.empty(TREES_AT_ONCE, sets.dtype)
    here = np.empty(TREES_AT_ONCE, sets.dtype)
    for start in range(0, intervals.shape[0], ROWS_AT_ONCE):
        for block in range(sets.shape[0]):
            for n in range(start, min(start + ROWS_AT_ONCE, intervals.shape[0])):
                reach(sets[block], intervals, n, reached)
                for k in range(out.shape[1]):
                    for i in range(TREES_AT_ONCE):
                        here[i] = reached[i]
                    for m in range(threshold_intervals.shape[2]):
                        allowed = sets[block, threshold_intervals[n, k, m]]
                        for i in range(TREES_AT_ONCE):
                            here[i] &= allowed[i]
                    score = out[n, k]
                    for i in range(TREES_AT_ONCE):
                        score += values[block * TREES_AT_ONCE + i, lowest(np.uint64(here[i]))]
                    out[n, k] = score


@njit(cache=True, nogil=True, inline="always")
def reach(sets, intervals, n, reached):  # type: ignore[no-untyped-def]
    """The leaves of `TREES_AT_ONCE` trees that row ``n`` does not rule out."""
    allowed = sets[sets.shape[0] - 1]
    for i in range(TREES_AT_ONCE):
        reached[i] = allowed[i]
    for u in range(intervals.shape[1]):
        allowed = sets[intervals[n, u]]
        for i in range(TREES_AT_ONCE):
            reached[i] &= allowed[i]
