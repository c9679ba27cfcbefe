"""The policy `rules`: a decision table of conjunctions over pairs of features, and hard caps.

A rule gives points where both features are good enough, or takes them where both are bad enough; it has a few steps,
each stricter than the one before, and each step that holds counts. How good a feature is runs from 0 to 1
(`ramps`). A hard cap is a step of one condition that no strength elsewhere makes up for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from credit_model.portfolio.catalogue import read_catalogue
from credit_model.simulate.policies.tables import MOST_CONDITIONS, RULES_BESIDE, make_table
from credit_model.simulate.scoring import TERMS, PolicyTable


class Rule(NamedTuple):
    """Points a step, and for each feature its thresholds, one a step: above them points are given, below taken."""

    points: float
    conditions: Mapping[str, tuple[float, ...]]


#: The decision table. Points are relative; `SCALE` makes them log-odds.
RULES = (
    Rule(2.0, {"score_identity": (0.30, 0.45, 0.60, 0.75), "score_ability": (0.30, 0.40, 0.50, 0.60)}),
    Rule(2.0, {"score_history": (0.35, 0.45, 0.58, 0.72), "income_mean_12m": (0.10, 0.28, 0.45, 0.62)}),
    Rule(1.8, {"score_network": (0.25, 0.40, 0.55, 0.70), "score_behaviour": (0.30, 0.42, 0.54, 0.68)}),
    Rule(1.4, {"provident_fund_months_12m": (0.30, 0.60, 0.95), "income_mean_12m": (0.20, 0.40, 0.60)}),
    Rule(1.4, {"active_days_mean_6m": (0.30, 0.50, 0.70), "spending_mean_6m": (0.15, 0.35, 0.60)}),
    Rule(-2.5, {"other_lenders": (0.90, 0.70, 0.45), "income_mean_12m": (0.75, 0.55, 0.45)}),
    Rule(-2.5, {"inquiries_6m": (0.85, 0.70, 0.50), "utilisation_3m": (0.95, 0.75, 0.50)}),
    Rule(-3.0, {"employed_share_6m": (0.95, 0.65, 0.35), "provident_fund_mean_6m": (0.95, 0.80, 0.60)}),
    Rule(-3.0, {"income_change_6m": (0.60, 0.40, 0.20), "income_mean_12m": (0.80, 0.60, 0.50)}),
    Rule(-2.5, {"spending_variability_6m": (0.80, 0.65, 0.50), "cash_advance_share_6m": (0.80, 0.65, 0.45)}),
    Rule(-2.5, {"gaming_share_6m": (0.75, 0.55, 0.35), "score_behaviour": (0.60, 0.50, 0.40)}),
    Rule(-3.0, {"days_past_due_max_12m": (0.99, 0.75, 0.45), "score_history": (0.90, 0.60, 0.50)}),
    Rule(-2.5, {"unemployment_rate_3m": (0.60, 0.40, 0.20), "provident_fund_months_12m": (0.99, 0.99, 0.99)}),
    Rule(-1.2, {"policy_appetite_index": (0.45, 0.35, 0.25), "income_mean_12m": (0.80, 0.65, 0.50)}),
    Rule(-1.8, {"class_appetite_index": (0.65, 0.50, 0.35), "score_network": (0.85, 0.70, 0.60)}),
    Rule(-1.0, {"funding_index": (0.55, 0.40, 0.28), "activity_index_3m": (0.95, 0.85, 0.75)}),
)
#: Hard caps: points, and the one condition.
CAPS = (
    Rule(-9.0, {"days_past_due": (0.51,)}),
    Rule(-7.0, {"other_days_past_due_max_3m": (0.51,)}),
    Rule(-7.0, {"other_lenders": (0.20,)}),
    Rule(-6.0, {"paid_share_6m": (0.50,)}),
)
SCALE, INTERCEPT = 0.84, -8.4
#: After a change of the policy: how many times as many points a rule has by its first feature's factor.
REVISED = {"debt": 1.5, "credit_score": 0.85, "economy": 1.3, "capacity": 0.9}
REVISED_SCALE, REVISED_INTERCEPT = SCALE, -6.5


def rules_table(*, revised: bool = False) -> PolicyTable:
    """The policy on the features of the catalogue "synthetic"; ``revised``: as it is after a change."""
    catalogue = read_catalogue("synthetic")
    terms, thresholds, points = [], [], []
    for rule in (*RULES, *CAPS):
        place = [catalogue.driver_names.index(name) for name in rule.conditions]
        factor = catalogue.feature(next(iter(rule.conditions))).factor or ""
        times = REVISED.get(factor, 1.0) if revised else 1.0
        blank = MOST_CONDITIONS - len(place)
        for step in zip(*rule.conditions.values(), strict=True):
            terms.append([*place, *[-1] * blank])
            thresholds.append([*step, *[0.0] * blank])
            points.append((REVISED_SCALE if revised else SCALE) * times * rule.points)
    return make_table(
        TERMS,
        weights=RULES_BESIDE,
        intercept=REVISED_INTERCEPT if revised else INTERCEPT,
        terms=np.array(terms, dtype=np.int64),
        thresholds=np.array(thresholds, dtype=np.float64),
        term_weights=np.array(points, dtype=np.float64),
    )
