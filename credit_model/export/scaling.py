"""From log-odds to points, as scorecards are scaled in the trade."""

from __future__ import annotations

import math
from dataclasses import dataclass

from credit_model.errors import CreditModelError


@dataclass(frozen=True)
class Scaling:
    """``points = offset + factor * log_odds``: so many points double the odds, and so many stand for the base odds.

    The usual scaling of a scorecard (Siddiqi 2006, *Credit Risk Scorecards*, ch. 6).

    Parameters
    ----------
    points_to_double : float, > 0
        Points to double the odds of keeping a tier.
    base_points : float
        Points at the base odds.
    base_odds : float, > 0
        Odds of keeping a tier, to one.

    Raises
    ------
    CreditModelError
        A constant breaks its rule.

    Examples
    --------
    >>> scaling = Scaling(points_to_double=20, base_points=600, base_odds=50)
    >>> round(scaling.factor, 4), round(scaling.offset, 4)
    (28.8539, 487.1229)
    """

    points_to_double: float = 20.0
    base_points: float = 600.0
    base_odds: float = 50.0

    def __post_init__(self) -> None:
        rules = {"points_to_double": "> 0", "base_odds": "> 0", "base_points": "a number"}
        for name, rule in rules.items():
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if not is_number or (rule == "> 0" and value <= 0):
                raise CreditModelError(f"{name} must be finite and {rule}, got {value!r}")
            object.__setattr__(self, name, float(value))

    @property
    def factor(self) -> float:
        """Points a unit of log-odds."""
        return self.points_to_double / math.log(2.0)

    @property
    def offset(self) -> float:
        """Points at even odds, the cut-off: at or above it a tier is kept."""
        return self.base_points - self.factor * math.log(self.base_odds)

    def constants(self) -> dict[str, float]:
        """Every constant by its name."""
        names = ("points_to_double", "base_points", "base_odds", "factor", "offset")
        return {name: getattr(self, name) for name in names}
