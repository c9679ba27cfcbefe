"""The kernels behind `trees.leaf_sets`: which intervals values lie in, which leaves are left, and what they add up to.

For the arrays see `leaf_sets.LeafSets`.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.core.cgutils import true_bit
from numba.extending import intrinsic

from credit_model.compiling import kernel
from credit_model.trees.nodes import LEAF, ROWS_AT_ONCE, goes_left

#: Trees that one pass over a row's features takes along: a few vector registers, and a constant for the compiler.
TREES_AT_ONCE = 64


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


@kernel
def find_intervals(  # type: ignore[no-untyped-def]
    X, used, edges, edge_start, interval_start, categorical, out
):
    n_rows = X.shape[0]
    value, low = np.empty(n_rows), np.empty(n_rows, np.int64)
    for u in range(len(used)):
        first, n_edges = edge_start[u], edge_start[u + 1] - edge_start[u]
        missing = interval_start[u] + n_edges + 1
        for n in range(n_rows):
            value[n], low[n] = X[n, used[u]], first
        if categorical[u]:
            for n in range(n_rows):
                known = 0 <= value[n] <= 255  # false of NaN
                out[n, u] = interval_start[u] + np.int64(value[n]) if known else missing
            continue
        # The number of edges below each value, by halving: of all rows at once, which takes vectors and no branches.
        while n_edges > 1:
            half = n_edges >> 1
            for n in range(n_rows):
                low[n] += half if edges[low[n] + half - 1] < value[n] else 0
            n_edges -= half
        for n in range(n_rows):
            below = low[n] + np.int64(n_edges == 1 and edges[low[n]] < value[n]) - first
            out[n, u] = missing if value[n] != value[n] else interval_start[u] + below


@kernel
def fill_sets(  # type: ignore[no-untyped-def]
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


@kernel
def add_steps(alone, feature, interval_start, sets, values, steps):  # type: ignore[no-untyped-def]
    for t in alone:
        for e in range(interval_start[feature[t]], interval_start[feature[t] + 1]):
            steps[e] += values[t, lowest(np.uint64(sets[t // TREES_AT_ONCE, e, t % TREES_AT_ONCE]))]


@kernel
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


@kernel
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


@kernel(inline="always")
def reach(sets, intervals, n, reached):  # type: ignore[no-untyped-def]
    """The leaves of `TREES_AT_ONCE` trees that row ``n`` does not rule out."""
    allowed = sets[sets.shape[0] - 1]
    for i in range(TREES_AT_ONCE):
        reached[i] = allowed[i]
    for u in range(intervals.shape[1]):
        allowed = sets[intervals[n, u]]
        for i in range(TREES_AT_ONCE):
            reached[i] &= allowed[i]
