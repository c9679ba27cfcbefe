"""The ladder of a drafted catalogue: the amounts that see the cuts which really happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.suspicions import Falls, falls_of, ladder_that_sees

#: Tiers of a ladder, at most; fewer are taken where they see nearly as many cuts.
_MOST_TIERS, _ENOUGH = 20, 0.995
#: Limits of so few amounts are tiers as they stand; else so many tiers tell where a limit stands.
_MOST_AMOUNTS, _LEAST_TIERS = 16, 10
#: Tiers that limits which never move are sorted into.
_QUANTILES = 8


@dataclass(frozen=True)
class LadderFound:
    """A ladder, or quantiles where no limit ever fell.

    Attributes
    ----------
    amounts : tuple of float
        Empty: quantiles are taken.
    quantiles : int
    n_falls : int
    caught : float
        The share of the falls that it sees.
    """

    amounts: tuple[float, ...]
    quantiles: int
    n_falls: int
    caught: float


def find_ladder(history: History) -> LadderFound:
    """The ladder with few tiers that sees nearly all falls of the limit."""
    falls = falls_of(history)
    if not len(falls):
        return LadderFound((), _QUANTILES, 0, 1.0)
    limit = history.values(history.catalogue.limit)
    known, count = np.unique(limit[~np.isnan(limit)], return_counts=True)
    usual = known[count >= max(1, 0.0005 * count.sum())]
    ladder = LimitLadder(tuple(np.unique([0.0, *usual]))) if len(usual) <= _MOST_AMOUNTS else None
    if ladder is None or falls.seen_by(ladder).mean() < _ENOUGH:
        ladder = _seeing(falls, limit)
    return LadderFound(ladder.amounts, 0, len(falls), float(falls.seen_by(ladder).mean()))


def _seeing(falls: Falls, limit: FloatArray) -> LimitLadder:
    """The ladder with few tiers that sees nearly all falls; more amounts, where there are few, see no fewer falls."""
    best = ladder_that_sees(falls, _MOST_TIERS)
    for most in range(3, _MOST_TIERS):
        fewer = ladder_that_sees(falls, most)
        if falls.seen_by(fewer).mean() >= _ENOUGH:
            best = fewer
            break
    amounts, known = set(best.amounts), limit[limit > 0]
    missing = _LEAST_TIERS - len(amounts)
    if missing > 0:
        shares = (np.arange(missing) + 0.5) / missing
        amounts |= {float(amount) for amount in np.quantile(known, shares, method="higher")}
    return LimitLadder(tuple(sorted(amounts)))
