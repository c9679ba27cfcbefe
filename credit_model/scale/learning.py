"""A model trained on a partition: its decisions are drawn block by block, and fitted on together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.act.warning.fitting import MOST_ROWS, warned_borrowers
from credit_model.arrays import IntArray
from credit_model.portfolio.history import History
from credit_model.predictor import LimitPredictor
from credit_model.scale.given import Given
from credit_model.scale.partition import Partition, joined
from credit_model.scale.work import Progress, Result, Runner
from credit_model.training_rows import Census, Drawing, TrainingRows

#: Shares of borrowers and decisions that a trial is not fitted on, as `LimitPredictor.fit` has them.
SHARES = {"validation_share": 0.15, "test_share": 0.15, "late_share": 0.25}


@dataclass(frozen=True)
class CountBlock:
    """What must be known of a block before decisions are drawn from the partition."""

    given: Given
    name = "census"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        return {}, {"census": Census.of_history(self.given.block(number))}


@dataclass(frozen=True)
class DrawBlock:
    """The decisions of a block to learn from, and how many rows each borrower has."""

    given: Given
    drawing: Drawing
    name = "draw"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        history = self.given.block(number)
        rows = TrainingRows.of_history(history, self.drawing, n_jobs=self.given.n_jobs)
        return {}, {"rows": rows, "n_rows": np.diff(history.starts)}


def fit_partition(
    predictor: LimitPredictor, partition: Partition, runner: Runner, *, on_progress: Progress | None = None
) -> Borrowers:
    """Train on a partition, as `LimitPredictor.fit` trains on the panel in memory; without the early warning.

    The decisions that are learnt from are in memory together; the runner's workers draw them, and this process fits.

    Parameters
    ----------
    predictor : LimitPredictor
        Without a model of the lender's own.
    partition : Partition
    runner : Runner
    on_progress : callable, optional
        Called with the number of blocks done, in two passes, and of all.

    Returns
    -------
    Borrowers

    Raises
    ------
    CreditModelError
        As `LimitPredictor.fit`.
    """
    given, n_blocks = Given.of(partition, n_jobs=runner.n_inside), len(partition)

    def advance(done: int) -> None:
        if on_progress is not None:
            on_progress(done, 2 * n_blocks)

    counted = [
        done.tables["census"] for done in runner.run(CountBlock(given), n_blocks, on_progress=lambda k, _: advance(k))
    ]
    drawing = Census.together(counted).drawing(
        partition.catalogue, seed=predictor.seed, shares=SHARES, most_decisions=predictor.most_decisions
    )
    parts, n_rows = list[TrainingRows](), list[IntArray]()
    for done in runner.run(DrawBlock(given, drawing), n_blocks, on_progress=lambda k, n: advance(n + k)):
        parts.append(done.tables["rows"])
        n_rows.append(done.tables["n_rows"])
    rows = TrainingRows.concatenate(parts)
    del parts
    predictor.fit_drawn(rows, drawing, lambda ids: borrowers_of(partition, ids))
    return Borrowers(rows.borrower_ids, np.concatenate(n_rows))


@dataclass(frozen=True)
class Borrowers:
    """All borrowers of a partition, and how many rows each has: (n,), (n,)."""

    borrower_ids: NDArray[Any]
    n_rows: IntArray


def warned_panel(predictor: LimitPredictor, partition: Partition, borrowers: Borrowers) -> History:
    """The panel that an early warning is fitted on: all borrowers, or those that are drawn where they are many.

    Parameters
    ----------
    predictor : LimitPredictor
    partition : Partition
    borrowers : Borrowers
        From `fit_partition`.
    """
    drawn = np.ones(len(borrowers.n_rows), dtype=np.bool_)
    if borrowers.n_rows.sum() > MOST_ROWS:
        drawn = warned_borrowers(borrowers.borrower_ids, borrowers.n_rows, seed=predictor.seed)
    parts, before = list[History](), 0
    for k, block in enumerate(partition.blocks):
        own = np.flatnonzero(drawn[before : before + block.borrowers])
        before += block.borrowers
        if len(own):
            parts.append(partition.block(k).at(own))
    return joined(parts)


def tested_panels(predictor: LimitPredictor, partition: Partition) -> Iterator[History]:
    """The panels of the borrowers that a trial never saw, block by block."""
    for k in range(len(partition)):
        history = partition.block(k)
        yield history.at(np.flatnonzero(predictor.fitted.split.tests(history.borrower_ids)))


def borrowers_of(partition: Partition, borrower_ids: Sequence[Any]) -> History:
    """The panel of some borrowers, by their ids."""
    ids = sorted(borrower_ids)
    block = [partition.block_of(one) for one in ids]
    return joined(
        [
            partition.block(k).select([one for one, own in zip(ids, block, strict=True) if own == k])
            for k in sorted(set(block))
        ]
    )
