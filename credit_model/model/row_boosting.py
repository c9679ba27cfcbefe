"""Boosts ordered tiers row by row: the gradient of a row is the sum over all its thresholds.

The model is a score that moves all thresholds alike, and lines that it is held against:

    logit P(tier > k | row) = score(row) + line k (tier in force, states of the row),

both sums of trees; trees of the score read the row's columns, trees of lines the threshold, how far it lies above the
tier in force, and the states. A score tree needs no more than the gradient of the row, so the booster reads each row
once where pairs of row and threshold would be read for each of them, and no threshold is sampled. Rows with the same
states and tier in force have the same lines, so trees of lines are grown on the sums of these cells.

Where each tree of the score reads one column (structure "score"), the trees of all columns follow from the same
histograms; a round takes the best of them together, as far along their sum as a quadratic model of the loss says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.model.binning import MISSING, BinArray, Binning
from credit_model.model.row_kernels import LOGISTIC, N_BINS, add_by_bin, loss_of_cells, set_gradients, step_of
from credit_model.model.row_trees import (
    Columns,
    Limits,
    Tree,
    Written,
    as_ensemble,
    grow_tree,
    grow_trees_of_columns,
)
from credit_model.parallel import workers_of
from credit_model.trees.ensemble import TreeEnsemble

#: Trees of columns that a round takes together.
COLUMNS_A_ROUND = 4
#: Share of the best tree's gain that another must have to be taken with it: what helps less may well be noise.
GAIN_SHARE = 0.75
#: Rows of a block: sums over rows are made block by block, so that they do not depend on the number of threads.
BLOCK = 16_384
#: Work on fewer statistics than this is not worth a second thread.
_SPREAD_FROM = 200_000

Result = TypeVar("Result")


class RowSample(NamedTuple):
    """Rows (n, width) with categories as codes, their tiers (n,) and weights (n,)."""

    rows: FloatArray
    tier: IntArray
    weight: FloatArray


@dataclass(frozen=True)
class RowTask:
    """What is to be fitted, and how.

    Attributes
    ----------
    n_tiers : int
    tier_column : int
        Position of the tier in force; -1: none.
    states, categorical : sequences of int
        Positions of columns; states set the lines, beside the tier in force.
    signs : sequence of int, (width,)
        That a higher value of each column may have.
    columns_together : int or None
        How many columns may interact in the score: 1: each of its trees reads one; None: all.
    limits : Limits
        Rows a leaf are those of the sample.
    learning_rate, max_features : float
        The second: share of the columns that a round may read.
    max_iter, n_iter_no_change : int
        Trees.
    max_bins, seed, n_jobs : int
    """

    n_tiers: int
    tier_column: int
    states: Sequence[int]
    categorical: Sequence[int]
    signs: Sequence[int]
    columns_together: int | None
    limits: Limits
    learning_rate: float
    max_features: float
    max_iter: int
    n_iter_no_change: int
    max_bins: int
    seed: int
    n_jobs: int


def boosted(task: RowTask, training: RowSample, held_out: RowSample | None) -> TreeEnsemble:
    """The trees of a sample, up to the best loss of rows held out; without them, as many as ``max_iter``."""
    with ThreadPoolExecutor(workers_of(task.n_jobs)) as pool:
        return _Boosting(task, training, held_out, pool).run()


class _Side:
    """A sample in the order of its cells, with its bins and scores so far."""

    def __init__(self, sample: RowSample, bins: BinArray, cell: IntArray, n_cells: int) -> None:
        order = np.argsort(cell, kind="stable")
        self.tier, self.weight = sample.tier[order].astype(np.int64), sample.weight[order]
        self.bins, self.score = np.ascontiguousarray(bins[:, order]), np.zeros(len(cell))
        self.first = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=n_cells))]).astype(np.int64)
        self.blocks = _blocks_of(self.first)


def _blocks_of(first: IntArray) -> list[tuple[int, int]]:
    """Cells start .. stop - 1 of blocks of about `BLOCK` rows; ``first`` (n_cells + 1,): each cell's first row."""
    at = np.searchsorted(first, np.arange(0, first[-1], BLOCK))
    ends = np.unique(np.append(at, [0, len(first) - 1]))
    return list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))


class _Boosting:
    """One fit."""

    def __init__(
        self, task: RowTask, training: RowSample, held_out: RowSample | None, pool: ThreadPoolExecutor
    ) -> None:
        self.task, self.pool, self.n_threads = task, pool, workers_of(task.n_jobs)
        self.rng = np.random.default_rng(task.seed)
        width, n_thresholds = training.rows.shape[1], task.n_tiers - 1
        lines = sorted({*task.states, *([task.tier_column] if task.tier_column >= 0 else [])})
        self.score_features = np.array([j for j in range(width) if j not in lines], dtype=np.int64)
        self.line_states = np.array(lines, dtype=np.int64)
        samples = [training] if held_out is None else [training, held_out]
        self.binning = self._binning(training.rows, self.score_features)
        self.state_binning = self._binning(training.rows, self.line_states)
        cells = self._cells([sample.rows for sample in samples])
        sides = [
            _Side(sample, self.binning.bins(sample.rows, self.score_features), cell, len(self.cell_states))
            for sample, cell in zip(samples, cells, strict=True)
        ]
        self.training, self.held_out = sides[0], sides[1] if held_out is not None else None
        signs = np.array(task.signs, dtype=np.int64)
        self.columns = Columns.of(self.training.bins, self.binning, signs[self.score_features].tolist())
        self.line_columns = self._line_columns(signs, n_thresholds)
        self.baseline = _log_odds_of_reaching(self.training, n_thresholds)
        self.lines = np.full((len(self.cell_states), n_thresholds), self.baseline)
        self.trees: list[tuple[bool, Tree]] = []

    def _binning(self, rows: FloatArray, features: IntArray) -> Binning:
        categorical = np.flatnonzero(np.isin(features, list(self.task.categorical)))
        task = self.task
        return Binning.of_rows(rows, categorical.tolist(), task.max_bins, seed=task.seed, features=features)

    def _cells(self, samples: Sequence[FloatArray]) -> list[IntArray]:
        """The cell of each row of each sample: rows of a cell have the same states and tier in force."""
        states = [self.state_binning.bins(rows, self.line_states).T.astype(np.int64) for rows in samples]
        if self.task.tier_column >= 0:  # the distance of a threshold from the tier is a column of its own
            tiers = [np.nan_to_num(rows[:, self.task.tier_column], nan=-1.0).astype(np.int64) for rows in samples]
            states = [np.column_stack([own, tier]) for own, tier in zip(states, tiers, strict=True)]
        together = np.concatenate(states)
        if not together.shape[1]:
            self.cell_states = np.empty((1, 0), dtype=np.int64)
            return [np.zeros(len(own), dtype=np.int64) for own in states]
        self.cell_states, cell = np.unique(together, axis=0, return_inverse=True)
        parts: list[IntArray] = np.split(
            cell.reshape(-1).astype(np.int64), np.cumsum([len(own) for own in states])[:-1]
        )
        return parts

    def _line_columns(self, signs: IntArray, n_thresholds: int) -> Columns:
        """The columns of lines, by cell and threshold: the states, the threshold, how far it lies above the tier."""
        n_states = len(self.line_states)
        threshold = np.tile(np.arange(n_thresholds), len(self.cell_states))
        parts = [np.repeat(self.cell_states[:, j], n_thresholds) for j in range(n_states)] + [threshold]
        edges = [*self.state_binning.edges, _halves(0, n_thresholds - 1)]
        categorical = [*self.state_binning.categorical, False]
        line_signs = [*signs[self.line_states].tolist(), -1]
        self.line_features = [*self.line_states.tolist(), len(signs)]
        if self.task.tier_column >= 0:
            tier = np.repeat(self.cell_states[:, -1], n_thresholds)
            above = threshold - tier
            parts.append(np.where(tier < 0, MISSING, above + n_thresholds))  # -n_tiers < above < n_tiers
            edges.append(_halves(-n_thresholds, n_thresholds))
            categorical.append(False)
            line_signs.append(-1)
            self.line_features.append(len(signs) + 1)
        self.line_binning = Binning(tuple(edges), np.array(categorical))
        rows = np.repeat(np.diff(self.training.first), n_thresholds).astype(np.float64)
        return Columns.of(np.array(parts, dtype=np.uint8), self.line_binning, line_signs, rows)

    def run(self) -> TreeEnsemble:
        """Round after round."""
        task, best, kept = self.task, np.inf, 0
        while len(self.trees) < task.max_iter:
            stats, line_stats = self._gradients()
            if not self._round(stats, line_stats, task.max_iter - len(self.trees)):
                break
            if self.held_out is None:
                continue
            loss = self._loss(self.held_out)
            if loss < best:
                best, kept = loss, len(self.trees)
            elif len(self.trees) - kept >= task.n_iter_no_change:
                break
        if self.held_out is not None:
            self.trees = self.trees[:kept]
        return self._ensemble()

    def _round(self, stats: FloatArray, line_stats: FloatArray, most: int) -> bool:
        """Add at most so many trees; False: none helps."""
        limits = self.task.limits
        line_limits = limits._replace(min_samples_leaf=2 * limits.min_samples_leaf)
        line = grow_tree(self.line_columns, line_stats, line_limits, self._spread)
        if len(self.score_features) == 0:
            return self._add_line(line)
        if self.task.columns_together == 1:
            return self._columns_round(stats, line, most)
        tree = grow_tree(
            self.columns, stats, limits, self._spread, read=self._drawn(), together=self.task.columns_together
        )
        if line.gain > tree.gain:
            return self._add_line(line)
        if tree.gain <= 0.0:
            return False
        tree = tree.scaled(self.task.learning_rate)
        for side in self._sides():
            tree.add_to(side.score, side.bins)
        self.trees.append((True, tree))
        return True

    def _columns_round(self, stats: FloatArray, line: Tree, most: int) -> bool:
        """The best trees of columns, or the line where that helps more than the best of them."""
        grown = grow_trees_of_columns(self.columns, stats, self.task.limits, self._spread)
        gain = np.zeros(len(grown.gain))
        drawn = self._drawn()
        gain[drawn] = grown.gain[drawn]
        best = np.argsort(-gain, kind="stable")[: min(COLUMNS_A_ROUND, most)]
        best = best[gain[best] > GAIN_SHARE * gain[best].max(initial=0.0)]
        if line.gain > float(gain.max()):
            return self._add_line(line)
        if not len(best):
            return False
        direction = np.zeros(len(stats))
        for column in best:
            add_by_bin(self.training.bins[column], grown.by_bin[column], direction)
        step = self.task.learning_rate * (step_of(stats, direction) if len(best) > 1 else 1.0)
        if not step > 0.0:
            return False
        for column in best:
            for side in self._sides():
                add_by_bin(side.bins[column], step * grown.by_bin[column], side.score)
            self.trees.append((True, grown.tree(int(column)).scaled(step)))
        return True

    def _add_line(self, line: Tree) -> bool:
        if line.gain <= 0.0:
            return False
        line = line.scaled(self.task.learning_rate)
        self.lines += line.values_of(self.line_columns.bins).reshape(self.lines.shape)
        self.trees.append((False, line))
        return True

    def _drawn(self) -> IntArray:
        """The columns that a round may read."""
        n = len(self.score_features)
        if self.task.max_features >= 1.0:
            return np.arange(n)
        drawn = self.rng.choice(n, max(1, round(self.task.max_features * n)), replace=False)
        return np.sort(drawn).astype(np.int64)

    def _sides(self) -> list[_Side]:
        return [self.training] if self.held_out is None else [self.training, self.held_out]

    def _gradients(self) -> tuple[FloatArray, FloatArray]:
        """Statistics by row (n, 3), and by cell and threshold (n_cells * n_thresholds, 3)."""
        side = self.training
        stats, line_stats = np.empty((len(side.score), 3)), np.empty((*self.lines.shape, 3))

        def work(block: tuple[int, int]) -> None:
            set_gradients(
                side.score, self.lines, side.first, side.tier, side.weight, LOGISTIC, *block, stats, line_stats
            )

        self._each(work, side)
        return stats, line_stats.reshape(-1, 3)

    def _loss(self, side: _Side) -> float:
        """The log loss, summed over rows and thresholds."""

        def work(block: tuple[int, int]) -> float:
            loss: float = loss_of_cells(side.score, self.lines, side.first, side.tier, side.weight, *block)
            return loss

        return float(sum(self._each(work, side)))

    def _each(self, work: Callable[[tuple[int, int]], Result], side: _Side) -> list[Result]:
        """``work`` of each block of cells, in order."""
        if self.n_threads == 1 or len(side.score) * self.lines.shape[1] < _SPREAD_FROM:
            return [work(block) for block in side.blocks]
        return list(self.pool.map(work, side.blocks))

    def _spread(self, work: Callable[[IntArray], None], columns: IntArray, size: int) -> None:
        """``work`` of columns, part by part where they are large."""
        if self.n_threads == 1 or size < _SPREAD_FROM:
            work(columns)
            return
        for _ in self.pool.map(work, np.array_split(columns, self.n_threads)):
            pass

    def _ensemble(self) -> TreeEnsemble:
        """The trees of the score and of lines, in the order in which they were made."""
        width = len(self.task.signs)
        known: list[BoolArray | None] = [None] * (width + 2)
        for features, binning, bins in (
            (self.score_features, self.binning, self.training.bins),
            (self.line_states, self.state_binning, self.line_columns.bins),
        ):
            for column in np.flatnonzero(binning.categorical):
                seen = np.bincount(bins[column], minlength=N_BINS) > 0
                seen[MISSING] = False
                known[int(features[column])] = seen
        kinds = {
            True: (self.score_features, self.binning),
            False: (np.array(self.line_features, dtype=np.int64), self.line_binning),
        }
        written = [Written(tree, *kinds[of_score]) for of_score, tree in self.trees]
        n_features = width + (2 if self.task.tier_column >= 0 else 1)
        return as_ensemble(written, self.baseline, n_features, known)


def _halves(start: int, stop: int) -> FloatArray:
    """Edges between the whole numbers start .. stop."""
    return np.arange(start, stop, dtype=np.float64) + 0.5


def _log_odds_of_reaching(side: _Side, n_thresholds: int) -> float:
    """Of a row at a threshold, whichever."""
    share = float(np.average(np.minimum(side.tier, n_thresholds), weights=side.weight)) / n_thresholds
    return float(np.log(share / (1 - share)))
