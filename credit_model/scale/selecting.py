"""Some borrowers of a partition, in memory: one that is asked for, or those whose limit fell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from credit_model.arrays import IntArray
from credit_model.errors import HistoryError
from credit_model.explain.waves import tiers_of
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import month_number_of
from credit_model.scale.given import Given
from credit_model.scale.partition import joined
from credit_model.scale.work import Progress, Result, Runner


@dataclass(frozen=True)
class FindDecreases:
    """The decreases of a block: the borrower's place in it, and the month."""

    given: Given
    month: int | None
    name = "decreases"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        history = self.given.block(number)
        row = _fallen(history, self.given.predictor.ladder)
        row = row if self.month is None else row[history.month_number[row] == self.month]
        return {}, {"decreases": pa.table({"place": history.borrower_row[row], "month": history.month_number[row]})}


def with_decreases(
    given: Given, runner: Runner, *, month: str | None, most: int | None, on_progress: Progress | None = None
) -> History:
    """The panel of the borrowers of the latest ``most`` decreases, or of all; of one month where it is given.

    Parameters
    ----------
    given : Given
        With a model, whose ladder tells what a decrease is.
    runner : Runner
    month : str or None
    most : int or None
    on_progress : callable, optional

    Raises
    ------
    HistoryError
        No limit fell.
    """
    partition = given.partition
    number = None if month is None else month_number_of(month, partition.month_type)
    tables = [
        done.table("decreases")
        for done in runner.run(FindDecreases(given, number), len(partition), on_progress=on_progress)
    ]
    block = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    whole = pa.concat_tables(tables)
    if not len(whole):
        raise HistoryError(f"{given.data}: there is no limit decrease to report")
    latest = np.argsort(whole.column("month").to_numpy(), kind="stable")
    latest = latest if most is None else latest[-most:]
    place = whole.column("place").to_numpy()
    parts = []
    for k in np.unique(block[latest]).tolist():
        whose = np.unique(place[latest[block[latest] == k]])
        parts.append(given.block(k).at(whose))
    return joined(parts)


def borrower_of(given: Given, borrower_id: str) -> History:
    """The panel of one borrower.

    Raises
    ------
    HistoryError
        There is no such borrower.
    """
    partition = given.partition
    history = given.block(partition.block_of(borrower_id))
    try:
        place = history.position_of(borrower_id)
    except HistoryError:
        first, last = partition.blocks[0].first, partition.blocks[-1].last
        raise HistoryError(
            f"borrower {borrower_id!r} is not in the history, which holds {partition.n_borrowers} borrowers "
            f"({first} .. {last})"
        ) from None
    return history.at(np.array([place], dtype=np.int64))


def _fallen(history: History, ladder: LimitLadder) -> IntArray:
    tier, before = tiers_of(history, ladder)
    fell = (before > 0) & (tier >= 0) & (tier < before) & ~history.is_no_cut
    return np.flatnonzero(fell).astype(np.int64)
