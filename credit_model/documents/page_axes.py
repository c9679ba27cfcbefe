"""Axes of the pages' drawings: their ends, and the ticks with their texts. The pages' script only places them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from credit_model.palette import PROBABILITY_TICKS

#: Shares of what an axis shows that are left empty on either side, and the least that is, in log-odds.
_SCORE_MARGIN, _LEAST_MARGIN = 0.08, 0.15
_ROUND = (1, 2, 5, 10)


def score_axis(scores: Iterable[float]) -> dict[str, float]:
    """An axis of log-odds that shows ``scores``, with a margin: its low and high end."""
    shown = list(scores)
    low, high = min(shown), max(shown)
    margin = max(_SCORE_MARGIN * (high - low), _LEAST_MARGIN)
    return {"low": low - margin, "high": high + margin}


def round_ticks(low: float, high: float, count: int) -> list[float]:
    """Round values in [low, high], about ``count`` of them.

    >>> round_ticks(-1.3, 4.1, 3)
    [0.0, 2.0, 4.0]
    """
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in _ROUND if m * power >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 9) for i in range(first, last + 1)]


def risk_ticks() -> list[tuple[float, str]]:
    """Risks that an axis of log-odds may mark, as (keep score, text); those to place first come first."""
    return [(round(math.log((1 - risk) / risk), 6), text) for risk, text in PROBABILITY_TICKS]
