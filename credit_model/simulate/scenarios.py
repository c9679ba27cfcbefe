"""The scenarios: what the economy, the lender and the market for credit do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from credit_model.errors import CreditModelError


@dataclass(frozen=True)
class Scenario:
    """How a simulated world differs from a calm one.

    Attributes
    ----------
    name, description : str
    downturn_months : int
        Length of a deep downturn that starts at the turning point (a third of the way through the months that
        follow the warm-up); 0: none.
    appetite, funding : float
        Where the lender's appetite and funding drift to from the turning point on; 0 is neutral.
    class_move_hazard : float
        Monthly chance, from the turning point on, that a class of borrowers is cut back as a whole.
    spree_rate : float
        How many times as often borrowers start to borrow from many lenders.
    recession_share : float
        Chance that a slowdown is a recession.
    cautious_appetite, cautious_funding : float
        Where appetite and funding drift to in the lender's cautious spells.
    """

    name: str
    description: str
    downturn_months: int = 0
    appetite: float = 0.0
    funding: float = 0.0
    class_move_hazard: float = 0.006
    spree_rate: float = 1.0
    recession_share: float = 0.0
    cautious_appetite: float = -0.7
    cautious_funding: float = 0.0


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        s.name: s
        for s in (
            Scenario("baseline", "calm years with mild slowdowns"),
            Scenario("downturn", "a deep recession of fifteen months", downturn_months=15, appetite=-0.3, funding=-0.4),
            Scenario(
                "tightening",
                "the lender runs short of funding and cuts back, class by class",
                appetite=-1.0,
                funding=-1.6,
                class_move_hazard=0.03,
            ),
            Scenario(
                "credit_boom",
                "easy credit everywhere: lenders compete, borrowers take on debt",
                appetite=0.8,
                funding=0.6,
                class_move_hazard=0.003,
                spree_rate=2.5,
            ),
            Scenario(
                "cycle",
                "years of ups and downs: recessions and squeezes, at random; the most to learn from",
                class_move_hazard=0.012,
                recession_share=0.5,
                cautious_appetite=-1.2,
                cautious_funding=-1.2,
            ),
        )
    }
)


def scenario_of(name: str) -> Scenario:
    """The scenario with this name.

    Raises
    ------
    CreditModelError
        There is none.

    Examples
    --------
    >>> scenario_of("downturn").downturn_months
    15
    """
    if name not in SCENARIOS:
        raise CreditModelError(f"scenario must be one of {', '.join(SCENARIOS)}, got {name!r}")
    return SCENARIOS[name]
