"""How far each feature has come on its way from bad to good, or back: what the policies have in common."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Ramp(NamedTuple):
    """A feature's term: ``weight`` times how far the value has come from ``low`` to ``high``, at most all the way.

    ``scale`` "log" measures the way on the logarithm. ``missing`` is the way come where the value is unknown.
    """

    weight: float
    low: float
    high: float
    scale: str = "linear"
    missing: float = 0.0


#: Each feature's ramp, with the scorecard's weight before its strength; the catalogue's effect gives the sign.
RAMPS: Mapping[str, Ramp] = MappingProxyType(
    {
        "score_identity": Ramp(8.0, 80, 180),
        "score_ability": Ramp(6.0, 80, 180),
        "score_history": Ramp(8.0, 80, 180),
        "score_network": Ramp(8.0, 80, 180),
        "score_behaviour": Ramp(8.0, 80, 180),
        "spending_mean_6m": Ramp(2.0, 300, 8000, "log"),
        "spending_variability_6m": Ramp(3.0, 0.10, 0.80),
        "gaming_share_6m": Ramp(2.5, 0.02, 0.22),
        "cash_advance_share_6m": Ramp(2.5, 0.02, 0.16),
        "active_days_mean_6m": Ramp(2.0, 8, 24),
        "merchant_count_mean_6m": Ramp(1.5, 3, 20),
        "days_past_due": Ramp(1.5, 0, 60),
        "days_past_due_max_12m": Ramp(2.0, 0, 90),
        "late_months_12m": Ramp(2.0, 0, 5),
        "months_since_late_12m": Ramp(1.2, 0, 12, missing=1.0),
        "paid_share_6m": Ramp(1.5, 0.4, 1.0, missing=1.0),
        "past_due_30": Ramp(2.0, 0, 1),
        "past_due_90": Ramp(20.0, 0, 1),
        "other_days_past_due_max_3m": Ramp(2.5, 0, 60),
        "utilisation_3m": Ramp(2.0, 0.10, 1.10, missing=0.2),
        "other_debt_to_limit_3m": Ramp(1.5, 0, 4.0, missing=0.2),
        "other_lenders": Ramp(3.0, 0, 7),
        "other_lenders_change_6m": Ramp(2.0, 0, 4),
        "inquiries_6m": Ramp(3.0, 1, 12),
        "other_borrowed_to_limit_6m": Ramp(1.0, 0, 3.0, missing=0.1),
        "income_mean_12m": Ramp(9.0, 400, 20_000, "log"),
        "income_change_6m": Ramp(2.5, -0.7, 0.2),
        "income_variability_12m": Ramp(1.5, 0.05, 0.60),
        "employed": Ramp(1.0, 0, 1),
        "employed_share_6m": Ramp(2.0, 0, 1),
        "provident_fund_months_12m": Ramp(1.5, 0, 12),
        "provident_fund_mean_6m": Ramp(1.0, 50, 1500, "log"),
        "unemployment_rate_3m": Ramp(2.4, 4.4, 8.4),
        "unemployment_change_6m": Ramp(0.8, -0.5, 2.0),
        "activity_index_3m": Ramp(1.2, 88, 104),
        "activity_change_6m": Ramp(0.6, -8, 4),
        "policy_appetite_index": Ramp(4.0, -2.0, 2.0),
        "class_appetite_index": Ramp(4.5, -2.5, 0.5),
        "funding_index": Ramp(2.0, -2.0, 1.0),
        "idle_months": Ramp(4.5, 11, 12),
    }
)
