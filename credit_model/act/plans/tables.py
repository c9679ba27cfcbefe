"""Scores of all mixtures of lever settings, exact: each tree is summed once for the settings that it can tell apart.

A tree reads the features of few blocks. What it adds to the score is tabulated over the variants of these blocks
alone, and the tables are added up over all mixtures. That is the model's own score of every mixture, without scoring
each: of additive trees the tables have one dimension, and of any others as many as the tree reads blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from credit_model.act.plans.blocks import Grid
from credit_model.arrays import FloatArray, IntArray
from credit_model.model.bag import Bag
from credit_model.model.forest import OrdinalForest
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import LEAF
from credit_model.trees.scoring import scores

#: Blocks (places in the grid) -> the trees that read features of exactly these.
Parts = dict[tuple[int, ...], TreeEnsemble]
_PARTS: WeakKeyDictionary[TreeEnsemble, dict[tuple[tuple[int, ...], ...], Parts]] = WeakKeyDictionary()


def parts_of(trees: TreeEnsemble, touched: Sequence[IntArray]) -> Parts:
    """Trees parted by the blocks whose features they read; kept as long as the trees live.

    Parameters
    ----------
    trees : TreeEnsemble
    touched : sequence of int64 arrays
        Of each block the columns that the trees read it by.

    Returns
    -------
    dict
        The first has the trees that read none, and the baseline.
    """
    key = tuple(tuple(columns.tolist()) for columns in touched)
    known = _PARTS.setdefault(trees, {})
    if key not in known:
        block_of = {column: b for b, columns in enumerate(key) for column in columns}
        by_blocks: dict[tuple[int, ...], list[int]] = {(): []}
        for t, features in enumerate(trees.features_by_tree()):
            by_blocks.setdefault(tuple(sorted({block_of[f] for f in features if f in block_of})), []).append(t)
        known[key] = {blocks: _some_trees(trees, chosen, first=not blocks) for blocks, chosen in by_blocks.items()}
    return known[key]


def _some_trees(trees: TreeEnsemble, chosen: Sequence[int], *, first: bool) -> TreeEnsemble:
    ends = np.append(trees.roots[1:], len(trees.nodes))
    nodes, roots, length = [], [], 0
    for t in chosen:
        own = trees.nodes[trees.roots[t] : ends[t]].copy()
        inner = own["kind"] != LEAF
        own["right"][inner] += length - trees.roots[t]
        nodes.append(own)
        roots.append(length)
        length += len(own)
    return TreeEnsemble(
        nodes=np.concatenate(nodes) if nodes else trees.nodes[:0],
        roots=np.array(roots, dtype=np.int64),
        left_categories=trees.left_categories,
        known_categories=trees.known_categories,
        baseline=trees.baseline if first else 0.0,
        n_features=trees.n_features,
    )


@dataclass(frozen=True)
class Futures:
    """Features of months to come.

    Attributes
    ----------
    base : float64 array, (n, horizon, n_features)
        If nothing is done.
    variants : tuple of float64 arrays, (n, n_variants, horizon, n_features of the block)
        The features of each block under its variants.
    """

    base: FloatArray
    variants: tuple[FloatArray, ...]

    def __getitem__(self, rows: slice) -> Futures:
        """Some of the borrowers."""
        return Futures(self.base[rows], tuple(variant[rows] for variant in self.variants))


def mixture_scores(
    bag: Bag, grid: Grid, futures: Futures, tier: IntArray, weight: FloatArray | None, *, n_jobs: int = -1
) -> FloatArray:
    """Mean log-odds that the tier is at least ``tier`` (n,), of all mixtures in all months: (n, n_mixtures, horizon).

    Parameters
    ----------
    bag : Bag
    grid : Grid
    futures : Futures
        States as the question puts them.
    tier : int64 array, (n,)
    weight : float64 array, (n, n_fits), optional
        Of each fit in each borrower's mean; None: all alike.
    n_jobs : int
    """
    total = np.zeros((len(tier), grid.n_mixtures, futures.base.shape[1]))
    for b, fit in enumerate(bag.fits):
        share = np.full(len(tier), 1 / len(bag.fits)) if weight is None else weight[:, b]
        total += share[:, None, None] * _of_fit(fit, grid, futures, tier, n_jobs)
    return total


def _of_fit(fit: OrdinalForest, grid: Grid, futures: Futures, tier: IntArray, n_jobs: int) -> FloatArray:
    table = _table(fit, grid, futures, tier, n_jobs)
    if fit.has_heads:  # what is not even kept is not raised
        state = futures.base[:, 0, fit.tier_column].astype(np.int64)
        raised = np.flatnonzero((state > 0) & (tier > state))
        if len(raised):
            some = Futures(futures.base[raised], tuple(variant[raised] for variant in futures.variants))
            table[raised] = np.minimum(table[raised], _table(fit, grid, some, state[raised], n_jobs))
    return table


def _table(fit: OrdinalForest, grid: Grid, futures: Futures, tier: IntArray, n_jobs: int) -> FloatArray:
    n, horizon, width = futures.base.shape
    out = np.zeros((n, *grid.shape, horizon))
    for blocks, trees in parts_of(fit.trees, [block.features for block in grid.blocks]).items():
        if not len(trees.roots) and not trees.baseline:
            continue
        shape = tuple(grid.shape[b] for b in blocks)
        rows = np.empty((n, *shape, horizon, width))
        rows[:] = futures.base.reshape(n, *[1] * len(blocks), horizon, width)
        for place, b in enumerate(blocks):
            features = grid.blocks[b].features
            ones = [1] * len(blocks)
            ones[place] = shape[place]
            rows[..., features] = futures.variants[b].reshape(n, *ones, horizon, len(features))
        flat = rows.reshape(-1, width)
        threshold = np.repeat(tier - 1, len(flat) // max(1, n))
        if len(trees.roots):
            found = scores(trees, fit.rows(flat, threshold), n_jobs=n_jobs)
        else:
            found = np.full(len(flat), trees.baseline)
        spread = tuple(grid.shape[b] if b in blocks else 1 for b in range(len(grid.shape)))
        out += found.reshape(n, *spread, horizon)
    return out.reshape(n, grid.n_mixtures, horizon)
