"""The policy `scorecard`: one additive score, as most lenders have it.

A sum of one term a feature, each a ramp that saturates at both ends, and of a few products ("much borrowed from many
lenders weighs more on those out of work").
"""

from __future__ import annotations

import numpy as np

from credit_model.portfolio.catalogue import read_catalogue
from credit_model.simulate.lines import STRENGTH
from credit_model.simulate.policies.ramps import RAMPS
from credit_model.simulate.policies.tables import make_table
from credit_model.simulate.scoring import SCORECARD, PolicyTable

#: What weighs more together: weight, and two or three features, each taken as far as it is bad (0 .. 1).
PRODUCTS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (1.0, ("other_lenders", "inquiries_6m")),
    (1.5, ("utilisation_3m", "other_lenders", "employed_share_6m")),
    (0.8, ("unemployment_rate_3m", "income_variability_12m")),
    (1.5, ("days_past_due_max_12m", "score_history")),
)

#: The score without any term, so that 0 is about the middle borrower's.
INTERCEPT = -41.9 * STRENGTH
#: After a change of the policy: how many times as heavy a factor's terms are, and what keeps the middle where it was.
REVISED = {"credit_score": 0.8, "consumption": 1.2, "debt": 1.6, "capacity": 0.9, "economy": 1.3}
REVISED_INTERCEPT = INTERCEPT + 8.0


def scorecard_table(*, revised: bool = False) -> PolicyTable:
    """The policy on the features of the catalogue "synthetic".

    Parameters
    ----------
    revised : bool, default False
        As it is after a change: other weights.
    """
    catalogue = read_catalogue("synthetic")
    names = catalogue.driver_names
    times = REVISED if revised else {}
    products = [[names.index(f) for f in features] + [-1] * (3 - len(features)) for _, features in PRODUCTS]
    return make_table(
        SCORECARD,
        weights={name: RAMPS[name].weight * times.get(catalogue.feature(name).factor or "", 1.0) for name in names},
        intercept=REVISED_INTERCEPT if revised else INTERCEPT,
        products=np.array(products, dtype=np.int64),
        product_weights=np.array([STRENGTH * weight for weight, _ in PRODUCTS], dtype=np.float64),
    )
