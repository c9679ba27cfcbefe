"""The ordered limit tiers of a portfolio: from amounts of money to tiers and back."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError


@dataclass(frozen=True)
class LimitLadder:
    """Limit tiers 0 .. n_tiers - 1; tier t holds amounts in [amounts[t], amounts[t + 1]).

    Parameters
    ----------
    amounts : tuple of float
        The lowest amount of each tier, strictly increasing, at least two, finite, in the portfolio's currency.

    Raises
    ------
    CreditModelError
        The amounts break this rule.

    Examples
    --------
    >>> ladder = LimitLadder((0, 1000, 5000))
    >>> ladder.tier_of([0, 999, 1000, 80000]).tolist()
    [0, 0, 1, 2]
    >>> ladder.amount_of([0, 2]).tolist()
    [0.0, 5000.0]
    """

    amounts: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = all(isinstance(a, Real) and not isinstance(a, bool | np.bool_) for a in self.amounts)
        amounts = np.array([float(a) for a in self.amounts] if numbers else [])
        if len(amounts) < 2 or not np.isfinite(amounts).all() or (np.diff(amounts) <= 0).any():
            raise CreditModelError(
                f"ladder amounts must be at least 2 finite, strictly increasing numbers, got {list(self.amounts)}"
            )
        object.__setattr__(self, "amounts", tuple(float(a) for a in amounts))

    @classmethod
    def from_quantiles(cls, amounts: ArrayLike, n: int, *, counts: ArrayLike | None = None) -> LimitLadder:
        """A ladder of at most ``n`` tiers with about equally many of the given limits in each.

        A limit of zero (a closed line) is always a tier of its own; quantiles that coincide become one tier.

        Parameters
        ----------
        amounts : array-like of float; NaN is left out
        n : int, at least 2
        counts : array-like of int, optional
            How often each amount occurs; None: once. The ladder is the same, however the limits are counted.

        Raises
        ------
        CreditModelError
            Fewer than 2 distinct amounts, or ``n`` below 2.
        """
        amount, count = distinct_limits(amounts, counts)
        if n < 2 or len(amount) < 2:
            raise CreditModelError(
                f"a ladder from quantiles needs n >= 2 and 2 distinct limits, got n = {n} and "
                f"{len(amount)} distinct limits"
            )
        positive, times = amount[amount > 0], count[amount > 0]
        has_zero = len(positive) < len(amount)
        steps = n - 1 if has_zero else n
        # Quantiles that occur (the higher neighbour), so that tiers start at limits that the lender really sets.
        place = np.ceil((times.sum() - 1) * (np.arange(steps) / steps)).astype(np.int64)
        edges = np.unique(positive[np.searchsorted(np.cumsum(times), place, side="right")])
        if len(edges) + has_zero < 2:
            edges = positive[[0, -1]]
        return cls(tuple([0.0, *edges] if has_zero else edges))

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return len(self.amounts)

    def tier_of(self, limit_amount: ArrayLike) -> IntArray:
        """The highest tier whose amount is at most ``limit_amount``; 0 below the lowest, -1 where NaN."""
        limit = np.asarray(limit_amount, dtype=np.float64)
        tier = np.maximum(np.searchsorted(np.asarray(self.amounts), limit, side="right") - 1, 0)
        return np.where(np.isnan(limit), -1, tier).astype(np.int64)

    def amount_of(self, tier: ArrayLike) -> FloatArray:
        """The lowest amount of each tier in 0 .. n_tiers - 1."""
        return np.asarray(self.amounts)[np.asarray(tier, dtype=np.int64)]


def distinct_limits(amounts: ArrayLike, counts: ArrayLike | None = None) -> tuple[FloatArray, IntArray]:
    """The known amounts, ascending, each once, and how often it occurs: (n,), (n,).

    Examples
    --------
    >>> [one.tolist() for one in distinct_limits([500, np.nan, 0, 500], [1, 1, 1, 2])]
    [[0.0, 500.0], [1, 3]]
    """
    amount = np.asarray(amounts, dtype=np.float64)
    known = np.isfinite(amount)
    distinct, place = np.unique(amount[known], return_inverse=True)
    times = None if counts is None else np.asarray(counts, dtype=np.int64)[known]
    return distinct, np.bincount(place.reshape(-1), weights=times, minlength=len(distinct)).astype(np.int64)
