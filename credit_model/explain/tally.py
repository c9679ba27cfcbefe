"""How many cuts are explained how: counts of any number of explanations, which add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from credit_model.explain.decreases import DecreaseExplanations


@dataclass(frozen=True)
class Tally:
    """Counts over n decreases.

    Attributes
    ----------
    n : int
    support : mapping of support level to int
    withheld : int
        Supported, but with nothing to compare with or nothing that worsened.
    near_ties : int
        Whose first two told factors are nearly tied.
    in_waves : int
    led : mapping of factor id to int
        How many cuts each factor is told to lead.
    largest_error : float
        By which contributions miss the change of score, log-odds.
    """

    n: int = 0
    support: Mapping[str, int] = field(default_factory=dict)
    withheld: int = 0
    near_ties: int = 0
    in_waves: int = 0
    led: Mapping[str, int] = field(default_factory=dict)
    largest_error: float = 0.0

    @classmethod
    def of(cls, explanations: DecreaseExplanations) -> Tally:
        """Of some explanations."""
        verdicts, ids = explanations.verdicts, explanations.catalogue.factor_ids
        change = explanations.keep_score_after - explanations.keep_score_before
        error = abs(explanations.contributions.sum(axis=1) - change).max(initial=0.0)
        return cls(
            n=len(verdicts),
            support=Counter(verdict.support for verdict in verdicts),
            withheld=sum(verdict.withheld in ("no_reference", "not_worsened") for verdict in verdicts),
            near_ties=sum(verdict.near_tie and verdict.leading_factor >= 0 for verdict in verdicts),
            in_waves=sum(verdict.wave is not None for verdict in verdicts),
            led=Counter(ids[verdict.leading_factor] for verdict in verdicts if verdict.leading_factor >= 0),
            largest_error=float(error),
        )

    def __add__(self, other: Tally) -> Tally:
        """Of both together."""
        return Tally(
            self.n + other.n,
            Counter(self.support) + Counter(other.support),
            self.withheld + other.withheld,
            self.near_ties + other.near_ties,
            self.in_waves + other.in_waves,
            Counter(self.led) + Counter(other.led),
            max(self.largest_error, other.largest_error),
        )

    @property
    def told(self) -> int:
        """How many are told what led them."""
        return sum(self.led.values())

    def as_record(self) -> dict[str, Any]:
        """The fields, as JSON holds them."""
        return asdict(self) | {"support": dict(self.support), "led": dict(self.led)}
