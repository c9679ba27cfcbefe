"""Which rows train the model, which stop its fit and which test it: apart by borrower *and* by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, IntArray


@dataclass(frozen=True)
class SplitRule:
    """A borrower belongs to one side for good, whatever panel it appears in; months from ``first_late_month`` test.

    Attributes
    ----------
    seed : int
        Draws the borrowers' sides.
    validation_share, test_share : float
        Shares of borrowers held out to stop the fit, and to test it.
    first_late_month : int or None
        Training takes earlier months only, held-out rows this month and later; None: one month, no split by time.

    Raises
    ------
    ValueError
        A field is out of its range.
    """

    seed: int
    validation_share: float
    test_share: float
    first_late_month: int | None

    def __post_init__(self) -> None:
        if not _is_whole(self.seed) or not 0 <= self.seed < 1 << 32:
            raise ValueError(f"seed must be a whole number in 0 .. {(1 << 32) - 1}, got {self.seed!r}")
        for name in ("validation_share", "test_share"):
            _check_share(name, getattr(self, name))
        if self.validation_share + self.test_share >= 1:
            raise ValueError(
                f"validation_share + test_share must be below 1, got {self.validation_share} + {self.test_share}"
            )
        if self.first_late_month is not None and not _is_whole(self.first_late_month):
            raise ValueError(f"first_late_month must be a whole number or None, got {self.first_late_month!r}")

    def train(self, borrower_ids: NDArray[Any], borrower_row: IntArray, month_number: IntArray) -> BoolArray:
        """Rows to fit on: (n,)."""
        side = self._place(borrower_ids)[borrower_row]
        rows: BoolArray = side >= self.validation_share + self.test_share
        return rows if self.first_late_month is None else rows & (month_number < self.first_late_month)

    def validation(self, borrower_ids: NDArray[Any], borrower_row: IntArray, month_number: IntArray) -> BoolArray:
        """Rows that stop the fit: (n,)."""
        side = self._place(borrower_ids)[borrower_row]
        rows: BoolArray = (side >= self.test_share) & (side < self.validation_share + self.test_share)
        return rows & self._late(month_number)

    def test(self, borrower_ids: NDArray[Any], borrower_row: IntArray, month_number: IntArray) -> BoolArray:
        """Rows never seen by the fit, of borrowers never seen, in months after all it saw: (n,)."""
        return self.tests(borrower_ids)[borrower_row] & self._late(month_number)

    def tests(self, borrower_ids: NDArray[Any]) -> BoolArray:
        """Borrowers never seen by the fit: (n_borrowers,)."""
        return self._place(borrower_ids) < self.test_share

    def held_out(self, borrower_ids: NDArray[Any], borrower_row: IntArray, month_number: IntArray) -> BoolArray:
        """Rows that are neither fitted on nor tested: (n,)."""
        place = (borrower_ids, borrower_row, month_number)
        return ~self.train(*place) & ~self.test(*place)

    def _late(self, month_number: IntArray) -> BoolArray:
        if self.first_late_month is None:
            return np.ones(len(month_number), dtype=bool)
        return np.asarray(month_number >= self.first_late_month)

    def _place(self, borrower_ids: NDArray[Any]) -> NDArray[np.float64]:
        """A number in [0, 1) drawn from the borrower's id and the seed."""
        names = np.array([f"{self.seed}:{b}" for b in borrower_ids], dtype=object)
        return pd.util.hash_array(names, categorize=False).astype(np.float64) / 2.0**64


def split_rule(
    month_number: IntArray,
    counts: IntArray | None = None,
    *,
    seed: int = 0,
    validation_share: float = 0.15,
    test_share: float = 0.15,
    late_share: float = 0.25,
) -> SplitRule:
    """The rule for decisions in the given months (n,): the last ``late_share`` of them are late.

    ``counts`` (n,) tells how many decisions each month number stands for; None: one.

    Raises
    ------
    ValueError
        A share is outside [0, 1), or nothing is left to train on.
    """
    _check_share("late_share", late_share)
    months, place = np.unique(month_number, return_inverse=True)
    late: int | None = None
    if len(months) > 1 and late_share > 0:
        until = np.cumsum(np.bincount(place, weights=counts, minlength=len(months)).astype(np.int64))
        n = int(until[-1])
        first = min(n - 1, int(np.ceil(n * (1 - late_share))))
        late = int(months[np.searchsorted(until, first, side="right")])
        late = max(late, int(months[1]))
    return SplitRule(seed, validation_share, test_share, late)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _check_share(name: str, share: float) -> None:
    if not 0 <= share < 1:
        raise ValueError(f"{name} must fulfil 0 <= {name} < 1, got {share}")
