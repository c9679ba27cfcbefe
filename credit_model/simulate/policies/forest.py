"""The policy `forest`: random monotone trees, each a conjunction of two or three features of any factor.

Half of the trees give points where all their features are good, half take points where all are bad. Features are
drawn by `PULL`, thresholds where most decisions lie (`USUAL`), all with one fixed seed: the lender is always the same.
"""

from __future__ import annotations

import numpy as np

from credit_model.portfolio.catalogue import read_catalogue
from credit_model.simulate.policies.tables import MOST_CONDITIONS, RULES_BESIDE, make_table
from credit_model.simulate.scoring import TERMS, PolicyTable

N_TREES, SEED = 120, 20_260
#: After a change of the policy the trees from this one on are others, drawn with another seed.
KEPT_TREES, REVISED_SEED = 80, 20_261
#: How often each feature is drawn, relative to the others, and where its threshold may lie, on how good it is (0 .. 1).
USUAL: dict[str, tuple[float, float, float]] = {
    "score_identity": (5.0, 0.25, 0.80),
    "score_ability": (4.0, 0.28, 0.68),
    "score_history": (5.0, 0.30, 0.80),
    "score_network": (5.0, 0.18, 0.74),
    "score_behaviour": (5.0, 0.30, 0.76),
    "spending_mean_6m": (2.0, 0.05, 0.85),
    "spending_variability_6m": (3.0, 0.30, 0.90),
    "gaming_share_6m": (3.0, 0.15, 0.85),
    "cash_advance_share_6m": (3.0, 0.20, 0.85),
    "active_days_mean_6m": (3.0, 0.20, 0.80),
    "merchant_count_mean_6m": (2.0, 0.20, 0.80),
    "days_past_due": (2.0, 0.05, 0.95),
    "days_past_due_max_12m": (3.0, 0.20, 0.95),
    "late_months_12m": (3.0, 0.15, 0.95),
    "months_since_late_12m": (2.0, 0.10, 0.95),
    "paid_share_6m": (2.0, 0.10, 0.95),
    "past_due_30": (2.0, 0.50, 0.50),
    "other_days_past_due_max_3m": (2.0, 0.10, 0.95),
    "utilisation_3m": (3.0, 0.15, 0.95),
    "other_debt_to_limit_3m": (1.5, 0.40, 0.98),
    "other_lenders": (4.0, 0.20, 0.95),
    "other_lenders_change_6m": (2.0, 0.30, 0.95),
    "inquiries_6m": (4.0, 0.20, 0.90),
    "other_borrowed_to_limit_6m": (1.5, 0.30, 0.95),
    "income_mean_12m": (6.0, 0.10, 0.80),
    "income_change_6m": (4.0, 0.10, 0.80),
    "income_variability_12m": (2.0, 0.20, 0.95),
    "employed": (2.0, 0.50, 0.50),
    "employed_share_6m": (3.0, 0.10, 0.95),
    "provident_fund_months_12m": (2.0, 0.10, 0.95),
    "provident_fund_mean_6m": (1.5, 0.10, 0.80),
    "unemployment_rate_3m": (1.4, 0.15, 0.85),
    "unemployment_change_6m": (0.6, 0.20, 0.70),
    "activity_index_3m": (1.2, 0.15, 0.80),
    "activity_change_6m": (0.6, 0.20, 0.70),
    "policy_appetite_index": (2.0, 0.15, 0.65),
    "class_appetite_index": (2.5, 0.30, 0.85),
    "funding_index": (1.2, 0.30, 0.80),
}
#: Log-odds of a tree of mean weight, and the score without any tree: by the pilot.
SCALE, INTERCEPT = 0.96, -28.6
REVISED_SCALE, REVISED_INTERCEPT = SCALE, -29.8


def forest_table(*, revised: bool = False) -> PolicyTable:
    """The policy on the features of the catalogue "synthetic"; ``revised``: a third of the trees are others."""
    catalogue = read_catalogue("synthetic")
    rng = np.random.Generator(np.random.PCG64(SEED))
    names = list(USUAL)
    pull = np.array([USUAL[name][0] for name in names])
    terms = np.full((N_TREES, MOST_CONDITIONS), -1, dtype=np.int64)
    thresholds, points = np.zeros((N_TREES, MOST_CONDITIONS)), np.empty(N_TREES)
    for tree in range(N_TREES):
        if revised and tree == KEPT_TREES:
            rng = np.random.Generator(np.random.PCG64(REVISED_SEED))
        n = int(rng.integers(2, 4))
        drawn = rng.choice(len(names), size=n, replace=False, p=pull / pull.sum())
        for place, i in enumerate(drawn):
            _, low, high = USUAL[names[i]]
            terms[tree, place] = catalogue.driver_names.index(names[i])
            thresholds[tree, place] = low + (high - low) * rng.random()
        points[tree] = (1 if tree % 2 else -1) * (0.5 + rng.random())
    return make_table(
        TERMS,
        weights=RULES_BESIDE,
        intercept=REVISED_INTERCEPT if revised else INTERCEPT,
        terms=terms,
        thresholds=thresholds,
        term_weights=(REVISED_SCALE if revised else SCALE) * points,
    )
