"""Trees as sets of leaves: the layout that makes prediction and explanation fast.

A value of one feature rules out some leaves of a tree, whatever the other features say; what a row reaches is what
no feature rules out. So for every tree and every interval between a feature's thresholds, the leaves that are left
are kept as one unsigned integer, a bit a leaf. A row is then predicted by AND-ing one integer a feature, many trees
in one instruction, and without a branch to guess wrong (the idea of QuickScorer, Lucchese et al., SIGIR 2015,
doi:10.1145/2766462.2767733). For two rows at once, the OR of both rows' integers, AND-ed over features, holds
exactly the leaves that some mixture of the two rows reaches.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.trees.leaf_set_kernels import TREES_AT_ONCE, add_steps, fill_sets, find_intervals
from credit_model.trees.nodes import CATEGORICAL, LEAF

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
    categorical: BoolArray
    sets: NDArray[Any]
    values: FloatArray
    parting: NDArray[np.int16]

    def intervals(self, X: FloatArray) -> NDArray[np.int32]:
        """Each value's interval, numbered over all features: (n, n_used), from rows (n, n_features)."""
        out = np.empty((len(X), len(self.used)), dtype=np.int32)
        find_intervals(X, self.used, self.edges, self.edge_start, self.interval_start, self.categorical, out)
        return out

    def intervals_of(self, feature: int, values: FloatArray) -> NDArray[np.int32]:
        """Intervals of values (n,) of one feature, by its number among all features; empty (n, 0) if unused."""
        place = np.flatnonzero(self.used == feature)
        out = np.empty((len(values), len(place)), dtype=np.int32)
        for i in place:
            find_intervals(
                values[:, None],
                np.zeros(1, dtype=np.int64),
                self.edges,
                self.edge_start[i : i + 2],
                self.interval_start[i : i + 2],
                self.categorical[i : i + 1],
                out,
            )
        return out


def leaf_sets(
    nodes: NDArray[Any],
    roots: IntArray,
    left_categories: NDArray[np.uint32],
    known_categories: NDArray[np.uint32],
    n_features: int,
) -> LeafSets | None:
    """The leaf sets of trees; None where a tree has too many leaves, or they would take too much memory.

    Parameters
    ----------
    nodes, roots, left_categories, known_categories, n_features
        Trees in the package's layout, as `ensemble.TreeEnsemble` holds them.
    """
    ends = np.append(roots[1:], len(nodes))
    leaves = np.add.reduceat(nodes["kind"] == LEAF, roots) if len(roots) else np.zeros(1)
    n_bits = next((bits for bits in (16, 32, 64) if leaves.max() <= bits), 0)
    inner = nodes[nodes["kind"] != LEAF]
    used = np.unique(inner["feature"]).astype(np.int64)
    own = [inner[inner["feature"] == j] for j in used]
    categorical = np.array([bool((splits["kind"] == CATEGORICAL).any()) for splits in own], dtype=np.bool_)
    # A category's edges are its codes.
    edges = [
        np.arange(256.0) if c else np.unique(splits["threshold"]) for c, splits in zip(categorical, own, strict=True)
    ]
    edge_start = np.cumsum([0, *map(len, edges)], dtype=np.int64)
    interval_start = edge_start + 2 * np.arange(len(used) + 1)
    n_blocks = -(-len(roots) // TREES_AT_ONCE)
    shape = (n_blocks, int(interval_start[-1]) + 1, TREES_AT_ONCE)
    if not n_bits or np.prod(shape) * n_bits // 8 > MAX_BYTES:
        return None
    sets = np.ones(shape, dtype=f"uint{n_bits}")
    values = np.zeros((n_blocks * TREES_AT_ONCE, n_bits))
    parting = np.zeros((n_blocks * TREES_AT_ONCE, n_bits * n_bits), dtype=np.int16)
    place = np.zeros(n_features, dtype=np.int64)
    place[used] = np.arange(len(used))
    all_edges = np.concatenate(edges) if edges else np.empty(0)
    fill_sets(
        nodes,
        roots,
        ends,
        left_categories,
        known_categories,
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


def change_sets(sets: LeafSets, used: Sequence[Set[int]]) -> ChangeSets:
    """Split leaf sets by how many features each tree reads; trees that read none change nothing and are left out.

    Parameters
    ----------
    sets : LeafSets
    used : sequence of sets of int, (n_trees,)
        The features that each tree reads.
    """
    alone = np.array([len(features) == 1 for features in used], dtype=np.bool_)
    place = {int(j): u for u, j in enumerate(sets.used)}
    feature = np.array([place[next(iter(f))] if len(f) == 1 else 0 for f in used], dtype=np.int64)
    steps = np.zeros(sets.sets.shape[1])
    add_steps(np.flatnonzero(alone), feature, sets.interval_start, sets.sets, sets.values, steps)
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
