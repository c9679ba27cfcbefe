"""The policy `weakest`: the two worst factors decide, nothing else counts.

level of a factor = span * (standing - par)
score = INTERCEPT + WORST * lowest level + (1 - WORST) * second lowest + rules beside the score
"""

from __future__ import annotations

from credit_model.simulate.policies.tables import RULES_BESIDE, by_factor, make_table, parts_of_standings
from credit_model.simulate.scoring import WEAKEST, PolicyTable

#: A factor's span, log-odds from its worst standing to its best, and the standing that is on a par with the others'.
SPANS = {
    "credit_score": (110.0, 0.58),
    "consumption": (60.0, 0.66),
    "repayment": (44.0, 0.88),
    "debt": (60.0, 0.84),
    "capacity": (70.0, 0.56),
    "economy": (26.0, 0.70),
    "policy": (48.0, 0.60),
}
REVISED_SPANS = SPANS | {"credit_score": (60.0, 0.50), "debt": (46.0, 0.88), "economy": (34.0, 0.74)}
#: Weight of the worst factor; the second worst has the rest.
WORST, REVISED_WORST = 0.6, 0.7
INTERCEPT, REVISED_INTERCEPT = 6.8, 5.1
#: Features that weigh more, or less, in their factor's standing than in the scorecard.
EMPHASIS: dict[str, float] = {}


def weakest_table(*, revised: bool = False) -> PolicyTable:
    """The policy on the features of the catalogue "synthetic"; ``revised``: as it is after a change."""
    return make_table(
        WEAKEST,
        weights=RULES_BESIDE,
        intercept=REVISED_INTERCEPT if revised else INTERCEPT,
        parts=parts_of_standings(EMPHASIS),
        links=by_factor(REVISED_SPANS if revised else SPANS),
        scale=REVISED_WORST if revised else WORST,
    )
