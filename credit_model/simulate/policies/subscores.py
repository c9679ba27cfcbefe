"""The policy `subscores`: a product of factor scores, so that strength in one factor is worth less beside weakness
in another.

    score = INTERCEPT + SCALE * product over factors of (1 - depth * (1 - standing)) + rules beside the score
"""

from __future__ import annotations

from credit_model.simulate.policies.tables import RULES_BESIDE, by_factor, make_table, parts_of_standings
from credit_model.simulate.scoring import SUBSCORES, PolicyTable

#: How much of the product each factor at its worst takes away: as lenders weigh, and after a change of the policy.
DEPTHS = {
    "credit_score": 0.80,
    "consumption": 0.36,
    "repayment": 0.34,
    "debt": 0.36,
    "capacity": 0.55,
    "economy": 0.22,
    "policy": 0.38,
}
REVISED_DEPTHS = DEPTHS | {"credit_score": 0.65, "debt": 0.55, "consumption": 0.45, "economy": 0.30}
#: Log-odds from a product of 0 to one of 1, and the score at a product of 0: by the pilot.
SCALE, INTERCEPT = 126.0, -46.3
REVISED_SCALE, REVISED_INTERCEPT = SCALE, -48.3
#: Features that weigh more, or less, in their factor's score than in the scorecard.
EMPHASIS: dict[str, float] = {}


def subscores_table(*, revised: bool = False) -> PolicyTable:
    """The policy on the features of the catalogue "synthetic"; ``revised``: as it is after a change."""
    depths = REVISED_DEPTHS if revised else DEPTHS
    return make_table(
        SUBSCORES,
        weights=RULES_BESIDE,
        intercept=REVISED_INTERCEPT if revised else INTERCEPT,
        parts=parts_of_standings(EMPHASIS),
        links=by_factor({name: (depth, 0.0) for name, depth in depths.items()}),
        scale=REVISED_SCALE if revised else SCALE,
    )
