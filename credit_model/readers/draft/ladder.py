"""The ladder of a drafted catalogue: the amounts that see the cuts which really happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.suspicions import Falls, falls_of, ladder_that_sees

#: Tiers of a ladder; fewer are taken where they see nearly as many cuts.
_MOST_TIERS, _ENOUGH = 20, 0.995
#: Tiers that limits which never move are sorted into.
_QUANTILES = 8
#: Fewer tiers than this tell little of where a limit stands.
_LEAST_TIERS = 6


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
    best = ladder_that_sees(falls, _MOST_TIERS)
    for most in range(_LEAST_TIERS, _MOST_TIERS):
        fewer = ladder_that_sees(falls, most)
        if falls.seen_by(fewer).mean() >= _ENOUGH:
            best = fewer
            break
    amounts = _filled(best, falls, history.values(history.catalogue.limit))
    ladder = LimitLadder(amounts)
    return LadderFound(ladder.amounts, 0, len(falls), float(falls.seen_by(ladder).mean()))


def _filled(ladder: LimitLadder, falls: Falls, limit: np.ndarray) -> tuple[float, ...]:  # type: ignore[type-arg]
    """The amounts, and quantiles of the limits where there are few: more amounts see no fewer falls."""
    amounts = set(ladder.amounts)
    if len(amounts) < _LEAST_TIERS:
        known = limit[~np.isnan(limit) & (limit > 0)]
        amounts |= {float(a) for a in np.quantile(known, np.linspace(0.15, 0.85, _LEAST_TIERS), method="higher")}
    return tuple(sorted(amounts))
