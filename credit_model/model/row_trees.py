"""Trees of binned columns: grown leaf by leaf, and written in the package's layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.model.binning import BinArray, Binning
from credit_model.model.row_kernels import (
    MISSING,
    N_BINS,
    add_histograms,
    add_histograms_of_all,
    add_values,
    best_splits,
    goes_left_by_bin,
    grow_columns,
    parted,
)
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import CATEGORICAL, LEAF, NODE, NUMERIC

#: Runs work on parts of columns, of so many cells in all.
Spread = Callable[[Callable[[IntArray], None], IntArray, int], None]


class Limits(NamedTuple):
    """How far a tree may grow, as in `model.classifier.LimitTierClassifier`; rows are those of its statistics."""

    max_leaf_nodes: int
    min_samples_leaf: float
    l2_regularization: float


@dataclass(frozen=True)
class Columns:
    """Binned columns that trees are grown on.

    Attributes
    ----------
    bins : uint8 array, (n_columns, n)
    n_bins, signs : int64 arrays, (n_columns,)
    categorical : bool array, (n_columns,)
    n_rows : float64 array, (n_columns, N_BINS)
        Rows of each bin: the third of their statistics, summed.
    """

    bins: BinArray
    n_bins: IntArray
    signs: IntArray
    categorical: BoolArray
    n_rows: FloatArray

    @classmethod
    def of(cls, bins: BinArray, binning: Binning, signs: Sequence[int], rows: FloatArray | None = None) -> Columns:
        """Columns as they were binned; ``rows`` (n,) says how many rows each stands for, None: one."""
        n_rows = np.array([np.bincount(own, weights=rows, minlength=N_BINS) for own in bins], dtype=np.float64)
        return cls(
            bins,
            binning.n_bins(bins),
            np.array(signs, dtype=np.int64),
            binning.categorical,
            n_rows.reshape(len(bins), N_BINS),
        )

    def histograms(
        self, stats: FloatArray, spread: Spread, rows: IntArray | None = None, read: IntArray | None = None
    ) -> FloatArray:
        """The statistics (n, 3) of all rows, or of some, by column and bin: (n_columns, N_BINS, 3).

        Those of columns that are not among ``read`` are 0.
        """
        out = np.zeros((len(self.bins), N_BINS, 3))
        if rows is None:
            out[:, :, 2] = self.n_rows

        def work(columns: IntArray) -> None:
            if rows is None:
                add_histograms_of_all(self.bins, stats, columns, out)
            else:
                add_histograms(self.bins, stats, rows, columns, out)

        n_rows = self.bins.shape[1] if rows is None else len(rows)
        read = np.arange(len(self.bins)) if read is None else read
        spread(work, read, n_rows * len(read))
        return out


@dataclass(frozen=True)
class Tree:
    """A tree of binned columns; node 0 is the root.

    Attributes
    ----------
    gain : float
        By how much it lowers a quadratic model of the loss.
    column : int64 array, (n_nodes,)
        Column that a node reads; -1: a leaf.
    left_bins : bool array, (n_nodes, N_BINS)
        Which bins go left; that of missing values is the last.
    children : int64 array, (n_nodes, 2)
    value : float64 array, (n_nodes,)
    """

    gain: float
    column: IntArray
    left_bins: BoolArray
    children: IntArray
    value: FloatArray

    def scaled(self, factor: float) -> Tree:
        """The tree with all values times a factor."""
        return Tree(self.gain, self.column, self.left_bins, self.children, self.value * factor)

    def values_of(self, bins: BinArray) -> FloatArray:
        """The value of each row of bins (n_columns, n): (n,)."""
        out = np.zeros(bins.shape[1])
        self.add_to(out, bins)
        return out

    def add_to(self, out: FloatArray, bins: BinArray) -> None:
        """Add the value of each row of bins (n_columns, n) to its place (n,)."""
        add_values(bins, self.column, self.left_bins, self.children, self.value, out)

    @cached_property
    def preorder(self) -> IntArray:
        """Its nodes, each before its children, the left before the right."""
        order, waiting = list[int](), [0]
        while waiting:
            node = waiting.pop()
            order.append(node)
            if self.column[node] >= 0:
                waiting += [int(self.children[node, 1]), int(self.children[node, 0])]
        return np.array(order, dtype=np.int64)


class ColumnTrees(NamedTuple):
    """A tree for each column alone, from the same statistics.

    Attributes
    ----------
    gain : float64 array, (n_columns,)
        0: it has no split.
    by_bin : float64 array, (n_columns, N_BINS)
        Each one's value by bin.
    order, nodes, node_values : arrays
        As `row_kernels.grow_column` has them.
    """

    gain: FloatArray
    by_bin: FloatArray
    order: IntArray
    nodes: IntArray
    node_values: FloatArray

    def tree(self, column: int) -> Tree:
        """That of one column."""
        nodes = self.nodes[column]
        n_nodes = int(nodes[:, 2:].max()) + 1
        left_bins = np.zeros((n_nodes, N_BINS), dtype=np.bool_)
        inner = nodes[:n_nodes, 2] >= 0
        seen = self.order[column][self.order[column] >= 0]
        for node in np.flatnonzero(inner):
            goes_left_by_bin(seen, nodes[node, 0], bool(nodes[node, 1]), left_bins[node])
        return Tree(
            float(self.gain[column]),
            np.where(inner, column, -1),
            left_bins,
            nodes[:n_nodes, 2:].copy(),
            self.node_values[column, :n_nodes].copy(),
        )


def grow_trees_of_columns(columns: Columns, stats: FloatArray, limits: Limits, spread: Spread) -> ColumnTrees:
    """A tree for each column alone, from the statistics (n, 3) of its rows."""
    n_columns, most = len(columns.bins), 2 * limits.max_leaf_nodes - 1
    histograms = columns.histograms(stats, spread)
    order = np.full((n_columns, N_BINS), -1, dtype=np.int64)
    nodes = np.empty((n_columns, most, 4), dtype=np.int64)
    values, gain = np.empty((n_columns, N_BINS + most)), np.zeros(n_columns)
    grow_columns(
        histograms,
        np.arange(n_columns),
        columns.n_bins,
        columns.categorical,
        columns.signs,
        limits.l2_regularization,
        limits.min_samples_leaf,
        limits.max_leaf_nodes,
        order,
        nodes,
        values,
        gain,
    )
    return ColumnTrees(gain, values[:, :N_BINS], order, nodes, values[:, N_BINS:])


class _Leaf(NamedTuple):
    """A leaf that may be split: its rows, the columns above it, its histograms, bounds, the best split, its column."""

    node: int
    rows: IntArray
    above: frozenset[int]
    histograms: FloatArray
    low: float
    high: float
    column: int
    split: FloatArray
    order: IntArray


def grow_tree(
    columns: Columns,
    stats: FloatArray,
    limits: Limits,
    spread: Spread,
    *,
    read: IntArray | None = None,
    together: int | None = None,
) -> Tree:
    """A tree of columns that may interact, the leaf whose split helps most first.

    Parameters
    ----------
    columns : Columns
    stats : float64 array, (n, 3)
        Gradient, curvature and rows of each row.
    limits : Limits
    spread : callable
    read : int64 array, optional
        The columns that it may read; None: all.
    together : int, optional
        How many of them may interact: on a path from the root to a leaf there are no more; None: all.
    """
    read = np.arange(len(columns.bins)) if read is None else read
    column, children, value = [-1], [[-1, -1]], [0.0]
    left_bins = [np.zeros(N_BINS, dtype=np.bool_)]
    rows, gain = np.arange(columns.bins.shape[1]), 0.0
    whole = columns.histograms(stats, spread, read=read)
    leaves = [_leaf(0, rows, frozenset(), whole, -np.inf, np.inf, columns, limits, read)]
    for n_leaves in range(1, limits.max_leaf_nodes):
        place = max(range(len(leaves)), key=lambda i: leaves[i].split[0], default=-1)
        if place < 0 or leaves[place].split[0] <= 0.0:
            break
        leaf = leaves.pop(place)
        gain += float(leaf.split[0])
        goes_left = np.zeros(N_BINS, dtype=np.bool_)
        goes_left_by_bin(leaf.order, int(leaf.split[1]), bool(leaf.split[2]), goes_left)
        sides = _parted(columns.bins[leaf.column], leaf.rows, goes_left)
        node = len(column)
        column[leaf.node], left_bins[leaf.node], children[leaf.node] = leaf.column, goes_left, [node, node + 1]
        column += [-1, -1]
        children += [[-1, -1], [-1, -1]]
        left_bins += [np.zeros(N_BINS, dtype=np.bool_) for _ in range(2)]
        left, right = float(leaf.split[3]), float(leaf.split[4])
        value += [left, right]
        if n_leaves == limits.max_leaf_nodes - 1:
            break
        above = leaf.above | {leaf.column}
        may_read = np.array(sorted(above), dtype=np.int64) if len(above) == together else read
        small = int(len(sides[0]) > len(sides[1]))
        of_small = columns.histograms(stats, spread, sides[small], may_read)
        of_sides = [of_small, leaf.histograms - of_small]
        if small:
            of_sides.reverse()
        bounds = _bounds(int(columns.signs[leaf.column]), leaf.low, leaf.high, (left + right) / 2)
        leaves += [
            _leaf(node + side, sides[side], above, of_sides[side], *bounds[side], columns, limits, may_read)
            for side in range(2)
        ]
    return Tree(
        gain,
        np.array(column, dtype=np.int64),
        np.array(left_bins),
        np.array(children, dtype=np.int64),
        np.array(value),
    )


def _bounds(sign: int, low: float, high: float, middle: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """What the leaves below a split may say, left and right: a value in the middle parts them if there is a sign."""
    if sign == 0:
        return (low, high), (low, high)
    below, above = (low, min(high, middle)), (max(low, middle), high)
    return (below, above) if sign > 0 else (above, below)


def _leaf(
    node: int,
    rows: IntArray,
    above: frozenset[int],
    histograms: FloatArray,
    low: float,
    high: float,
    columns: Columns,
    limits: Limits,
    read: IntArray,
) -> _Leaf:
    order, found = np.full((len(columns.bins), N_BINS), -1, dtype=np.int64), np.zeros((len(columns.bins), 6))
    best_splits(
        histograms,
        read,
        columns.n_bins,
        columns.categorical,
        columns.signs,
        limits.l2_regularization,
        limits.min_samples_leaf,
        low,
        high,
        order,
        found,
    )
    best = int(np.argmax(found[:, 0]))
    seen = order[best][order[best] >= 0]
    return _Leaf(node, rows, above, histograms, low, high, best, found[best], seen)


def _parted(bins: NDArray[np.uint8], rows: IntArray, goes_left: BoolArray) -> tuple[IntArray, IntArray]:
    left, right = np.empty_like(rows), np.empty_like(rows)
    n = int(parted(bins, rows, goes_left, left, right))
    return left[:n], right[: len(rows) - n]


class Written(NamedTuple):
    """A tree and how its columns are called: the feature and the edges of each, or none of a category."""

    tree: Tree
    features: IntArray
    binning: Binning


def as_ensemble(
    trees: Sequence[Written], baseline: float, n_features: int, known: Sequence[BoolArray | None]
) -> TreeEnsemble:
    """Trees in the package's layout.

    Parameters
    ----------
    trees : sequence of Written
    baseline : float
    n_features : int
        Width of the rows that they read.
    known : sequence of bool arrays (N_BINS,) or None, (n_features,)
        The codes of a category that were seen.
    """
    nodes, roots = list[NDArray[Any]](), list[int]()
    left_sets, known_sets, start = list[NDArray[np.uint32]](), list[NDArray[np.uint32]](), 0
    for tree, features, binning in trees:
        own = np.zeros(len(tree.column), dtype=NODE)
        place = np.empty(len(tree.column), dtype=np.int64)
        place[tree.preorder] = np.arange(len(own))
        for at, node in enumerate(tree.preorder.tolist()):
            column = int(tree.column[node])
            if column < 0:
                own[at] = (tree.value[node], 0, 0, 0, LEAF)
                continue
            feature, left = int(features[column]), tree.left_bins[node]
            right = start + int(place[tree.children[node, 1]])
            if binning.categorical[column]:
                seen = known[feature]
                assert seen is not None
                threshold, kind = float(len(left_sets)), CATEGORICAL
                left_sets.append(_bits(left & seen))
                known_sets.append(_bits(seen))
            else:
                edges = binning.edges[column]
                last = int(np.flatnonzero(left[: len(edges) + 1])[-1]) if left[: len(edges) + 1].any() else -1
                threshold, kind = _threshold(edges, last), NUMERIC
            own[at] = (threshold, right, feature, left[MISSING], kind)
        nodes.append(own)
        roots.append(start)
        start += len(own)
    return TreeEnsemble(
        nodes=np.concatenate(nodes),
        roots=np.array(roots, dtype=np.int64),
        left_categories=np.array(left_sets, dtype=np.uint32).reshape(-1, 8),
        known_categories=np.array(known_sets, dtype=np.uint32).reshape(-1, 8),
        baseline=baseline,
        n_features=n_features,
    )


def _threshold(edges: FloatArray, last: int) -> float:
    """The value up to and with which rows go left whose bins do so up to and with ``last``."""
    if last < 0:
        return -np.inf
    return float(edges[last]) if last < len(edges) else np.inf


def _bits(codes: BoolArray) -> NDArray[np.uint32]:
    """256 flags as eight words, the lowest bit first."""
    return np.packbits(codes, bitorder="little").view("<u4").astype(np.uint32)
