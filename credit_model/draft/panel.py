"""A table as a panel: rows by borrower and month, moves of the limit, and simple measures of what goes with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import rankdata

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.draft.keys import Keys
from credit_model.draft.profiles import Profile
from credit_model.portfolio.months import MonthType

#: Rows that a measure looks at, at most; they are taken at even distances.
_MOST_ROWS = 60_000
#: Of the change of a limit, what is rounding.
_LEAST_MOVE = 1e-9


@dataclass(frozen=True)
class Panel:
    """A raw table, sorted by borrower and month.

    Attributes
    ----------
    keys : Keys
    order : int64 array, (n,)
        The place of each row in the table.
    borrower, number : int64 arrays, (n,)
    limit, before : float64 arrays, (n,)
        The limit of the row and of the borrower's row before; NaN where unknown.
    profiles : mapping
        All columns but the keys; values in the table's order.
    """

    keys: Keys
    order: IntArray
    borrower: IntArray
    number: IntArray
    limit: FloatArray
    before: FloatArray
    profiles: Mapping[str, Profile]

    @classmethod
    def of(cls, profiles: Mapping[str, Profile], keys: Keys) -> Panel:
        """The panel of a table's profiles."""
        order = np.lexsort((keys.months.number, keys.codes)).astype(np.int64)
        borrower, number = keys.codes[order], keys.months.number[order]
        limit = profiles[keys.limit].values[order]
        before = np.concatenate([[np.nan], limit[:-1]])
        before[np.concatenate([[True], np.diff(borrower) != 0])] = np.nan
        own = {*keys.borrower, keys.month, keys.limit}
        others = {name: profile for name, profile in profiles.items() if name not in own}
        return cls(keys, order, borrower, number, limit, before, others)

    def __len__(self) -> int:
        return len(self.borrower)

    @property
    def month_type(self) -> MonthType:
        """What the months count."""
        return self.keys.months.month_type

    def values(self, name: str) -> FloatArray:
        """A column's values, (n,)."""
        return self.profiles[name].values[self.order]

    def earlier(self, values: FloatArray, rows: int = 1) -> FloatArray:
        """Values (n,) of the borrower's row some rows before; NaN where there is none."""
        found = np.full(len(values), np.nan)
        found[rows:] = values[:-rows]
        found[rows:][self.borrower[rows:] != self.borrower[:-rows]] = np.nan
        return found

    def later(self, values: FloatArray) -> FloatArray:
        """Values (n,) of the borrower's next row; NaN where there is none."""
        found = np.full(len(values), np.nan)
        found[:-1] = values[1:]
        found[:-1][self.borrower[1:] != self.borrower[:-1]] = np.nan
        return found

    @cached_property
    def move(self) -> FloatArray:
        """-1 where the limit fell, 1 where it rose, 0 where it stayed; NaN where that is not known: (n,)."""
        step = self.limit - self.before
        moved = np.abs(step) > _LEAST_MOVE * np.maximum(np.abs(self.before), 1.0)
        return np.where(np.isnan(step), np.nan, np.sign(step) * moved)

    @property
    def fell(self) -> BoolArray:
        """Rows in which the limit fell: (n,)."""
        return np.asarray(self.move < 0)

    @property
    def rose(self) -> BoolArray:
        """Rows in which the limit rose: (n,)."""
        return np.asarray(self.move > 0)

    @cached_property
    def n_borrowers(self) -> int:
        """How many borrowers."""
        return len(np.unique(self.borrower))

    @cached_property
    def typical_length(self) -> int:
        """The median number of rows of a borrower."""
        return int(np.median(np.unique(self.borrower, return_counts=True)[1]))

    @cached_property
    def sample(self) -> IntArray:
        """Rows with a known move, at even distances, and all in which the limit moved: ascending."""
        known = np.flatnonzero(~np.isnan(self.move))
        stays = known[self.move[known] == 0]
        moves = known[self.move[known] != 0]
        step = max(1, len(stays) // _MOST_ROWS)
        return np.sort(np.concatenate([stays[::step], moves[:: max(1, len(moves) // _MOST_ROWS)]])).astype(np.int64)

    def is_constant_within(self, name: str, share: float = 1.0) -> bool:
        """Whether a column keeps one value a borrower, in so many of the steps, at least."""
        values = self.values(name)
        before = self.earlier(values)
        known = ~np.isnan(values) & ~np.isnan(before)
        return bool(known.any() and (values[known] == before[known]).mean() >= share)

    def is_common(self, name: str) -> bool:
        """Whether a column has one value a month, for all borrowers."""
        values, (month, of) = self.values(name), np.unique(self.number, return_inverse=True)
        known = ~np.isnan(values)
        if known.sum() <= len(month) or len(month) < 2:
            return False
        order = np.lexsort((values, ~known, of))  # within a month by value, unknown ones last
        first = np.searchsorted(of[order], np.arange(len(month)))
        n = np.bincount(of, weights=known, minlength=len(month)).astype(np.int64)
        middle = values[order][np.minimum(first + n // 2, len(values) - 1)]
        equal = np.isclose(values[known], middle[of[known]], rtol=1e-9, atol=0)
        return bool(equal.mean() > 0.999) and not self.is_constant_within(name)

    def is_common_in_groups(self, name: str) -> bool:
        """Whether a column has few values a month, of which many borrowers share each, and moves as one."""
        values = self.values(name)
        known = ~np.isnan(values)
        if known.mean() < 0.5 or len(np.unique(self.number)) < 6:
            return False
        pairs = np.unique(np.stack([self.number[known].astype(np.float64), values[known]], axis=1), axis=0)
        months = len(np.unique(pairs[:, 0]))
        distinct = len(np.unique(pairs[:, 1]))
        return bool(len(pairs) <= 8 * months and distinct > 0.6 * len(pairs) and self.n_borrowers >= 50)


def auc(values: FloatArray, positive: BoolArray) -> float:
    """How well values (n,) rank the positive rows above the others: in [0, 1]; a blank ranks below all.

    >>> auc(np.array([1.0, 2.0, 3.0]), np.array([False, False, True]))
    1.0
    """
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return 0.5
    low = np.nanmin(values) - 1 if not np.isnan(values).all() else 0.0
    rank = rankdata(np.nan_to_num(values, nan=low))
    return float((rank[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def ranks(values: FloatArray) -> FloatArray:
    """Ranks of values (n,), from -1/2 to 1/2; 0 where not known."""
    known = ~np.isnan(values)
    found = np.zeros(len(values))
    if known.sum() > 1:
        found[known] = (rankdata(values[known]) - 0.5) / known.sum() - 0.5
    return found


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Pearson's correlation of two columns (n,) over the rows in which both are known; 0 where one is constant."""
    known = ~np.isnan(one) & ~np.isnan(other)
    if known.sum() < 3:
        return 0.0
    a, b = one[known] - one[known].mean(), other[known] - other[known].mean()
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / scale) if scale > 0 else 0.0
