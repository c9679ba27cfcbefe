"""What a panel itself says against its declaration: falls that the ladder hides, a wrong lag, temporary rises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import ClassVar

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.portfolio.cell_kernels import count_bounded
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder

#: Fewer cases say nothing.
_LEAST_CASES = 20
#: A column of amounts is bounded by the limit where so many of its cells are.
_BOUNDED = 0.98
#: It follows the new limit where so many of the cells that had to fall did.
_FOLLOWS = 0.8
#: A rise that is taken back within so many rows may have been a temporary one.
_TEMPORARY_ROWS = 6


@dataclass(frozen=True)
class Falls:
    """The rows in which a limit became smaller and nothing says that it is no cut.

    Attributes
    ----------
    row : int64 array, (n,)
    before, after : float64 arrays, (n,)
        The limits.
    """

    row: IntArray
    before: FloatArray
    after: FloatArray

    NAMES: ClassVar[tuple[str, ...]] = ("row", "before", "after")

    def __len__(self) -> int:
        return len(self.row)

    def seen_by(self, ladder: LimitLadder) -> BoolArray:
        """Which of them are falls in tier: (n,)."""
        return np.asarray(ladder.tier_of(self.after) < ladder.tier_of(self.before), dtype=np.bool_)


def falls_of(history: History) -> Falls:
    """All falls of the limit, whether or not a ladder sees them."""
    limit = history.values(history.catalogue.limit)
    same = np.concatenate([[False], np.diff(history.borrower_row) == 0])
    before = np.concatenate([[np.nan], limit[:-1]])
    row = np.flatnonzero(same & (limit < before) & ~history.is_no_cut).astype(np.int64)
    return Falls(row, before[row], limit[row])


def ladder_that_sees(falls: Falls, most: int = 24) -> LimitLadder:
    """The ladder with the fewest tiers that sees every fall; of more than ``most`` tiers those that see most falls.

    Parameters
    ----------
    falls : Falls
        At least one.
    most : int, default 24

    Examples
    --------
    >>> import numpy as np
    >>> falls = Falls(np.arange(3), np.array([5000.0, 800.0, 900.0]), np.array([900.0, 500.0, 500.0]))
    >>> ladder_that_sees(falls).amounts
    (0.0, 800.0, 5000.0)
    """
    amounts: list[float] = []
    for end in np.argsort(falls.before, kind="stable"):  # a fall is seen by an amount in (after, before]
        if not amounts or falls.after[end] >= amounts[-1]:
            amounts.append(float(falls.before[end]))
    if len(amounts) > most - 1:
        amounts = _best(falls, np.unique(falls.before), most - 1)
    lowest = min(0.0, float(falls.after.min()))
    return LimitLadder((lowest, *sorted(amounts)))


def _best(falls: Falls, candidates: FloatArray, most: int) -> list[float]:
    """The amounts, chosen one by one, that see most of the falls not seen yet."""
    chosen: list[float] = []
    before, after = falls.before, falls.after
    for _ in range(most):
        seen = np.searchsorted(np.sort(after), candidates) - np.searchsorted(np.sort(before), candidates)
        best = int(seen.argmax())
        if seen[best] <= 0:
            break
        chosen.append(float(candidates[best]))
        left = ~((after < candidates[best]) & (candidates[best] <= before))
        before, after = before[left], after[left]
    return chosen


@dataclass(frozen=True)
class LagDoubt:
    """A column that, in the month of a fall, already keeps to the new limit.

    Attributes
    ----------
    column : str
    n, n_follow : int
        Falls below what the column held the month before, and those after which it is within the new limit.
    """

    column: str
    n: int
    n_follow: int


def lag_doubts(history: History, falls: Falls) -> list[LagDoubt]:
    """Columns of amounts that speak against a lag of 0: a month's figures come after the month's decision.

    A column that the limit bounds (a balance, an amount drawn) cannot follow a decision that is taken at the month's
    end, knowing it; where it does, the decision was taken before, and its month's figures are its effect.
    """
    return lag_doubts_of(lag_counts(history, falls))


@dataclass(frozen=True)
class LagCounts:
    """Of a column of amounts: cells that are known, and within the limit; as `LagDoubt`, falls and those it follows.

    Counts of parts of a panel add up to its own.
    """

    n_known: int
    n_within: int
    n: int
    n_follow: int

    def __add__(self, other: LagCounts) -> LagCounts:
        """Of both parts."""
        sums = (a + b for a, b in zip(astuple(self), astuple(other), strict=True))
        return LagCounts(*sums)


def lag_counts(history: History, falls: Falls) -> dict[str, LagCounts]:
    """The counts of every column of amounts, by its name; none where a lag is declared."""
    catalogue = history.catalogue
    if catalogue.decision_lag != 0:
        return {}
    limit = history.values(catalogue.limit)
    found = {}
    for column in catalogue.columns:
        if column.unit != "money" or column.kind not in ("number", "integer"):
            continue
        cells = history.values(column.name)
        n_known, n_within = count_bounded(cells, limit)
        had_to = falls.row[cells[falls.row - 1] > falls.after]
        found[column.name] = LagCounts(
            n_known=n_known,
            n_within=n_within,
            n=len(had_to),
            n_follow=int((cells[had_to] <= limit[had_to]).sum()),
        )
    return found


def lag_doubts_of(counts: Mapping[str, LagCounts]) -> list[LagDoubt]:
    """The columns that counts over a whole panel speak against."""
    return [
        LagDoubt(name, own.n, own.n_follow)
        for name, own in counts.items()
        if own.n_known
        and own.n_within / own.n_known >= _BOUNDED
        and own.n >= _LEAST_CASES
        and own.n_follow >= _FOLLOWS * own.n
    ]


def returns_from_rises(history: History, falls: Falls) -> int:
    """How many falls bring back the very limit that a rise of the rows before had left: ends of temporary rises?"""
    limit = history.values(history.catalogue.limit)
    start = history.starts[history.borrower_row[falls.row]]
    returns = np.zeros(len(falls), dtype=np.bool_)
    going = np.ones(len(falls), dtype=np.bool_)  # the raised limit still held in the rows looked at
    for back in range(2, _TEMPORARY_ROWS + 2):
        row = falls.row - back
        inside = row >= start
        earlier = limit[np.maximum(row, 0)]
        returns |= going & inside & (earlier == falls.after)
        going &= inside & (earlier == falls.before)
    return int(returns.sum())


def set_before_the_records(history: History, falls: Falls) -> int:
    """How many falls are of a limit that was in force in the borrower's first row: when it was set is not known."""
    limit = history.values(history.catalogue.limit)
    changed = np.concatenate([[0], np.cumsum((np.diff(limit) != 0) & (np.diff(history.borrower_row) == 0))])
    start = history.starts[history.borrower_row[falls.row]]
    return int((changed[falls.row - 1] == changed[start]).sum()) if len(falls) else 0
