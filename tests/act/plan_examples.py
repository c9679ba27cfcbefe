"""Plans made by hand: one that comes by itself, one with levers, one that is out of reach, one that needs nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.act.plans.plan import Option, Plan
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.months import MonthType, months_as_values

HORIZON = 6
NOVEMBER_2024 = 2024 * 12 + 10
LEVERS = """
[[lever]]
id = "repay"
column = "{debt}"
moves = "down"
a_month = 2000
floor = 0
cost = 1
label = {{ zh = "归还其他借款", en = "repay other loans" }}
action = {{ zh = "每月多还{{amount}}，由{{from}}降至{{to}}", en = "repay {{amount}} a month, from {{from}} to {{to}}" }}

[[lever]]
id = "fewer"
column = "{lenders}"
moves = "down"
a_month = 1
floor = 1
cost = 500
label = {{ zh = "减少借款机构", en = "owe fewer lenders" }}
action = {{ zh = "结清{{total}}家", en = "close {{total}} lines" }}
"""
#: Scores after the decision, if nothing is done: by itself in the third month, never, never, and from the start.
NOTHING = {
    "by_itself": (-1.5, -1.0, -0.2, 0.4, 0.9, 1.0, 1.1),
    "by_plan": (-1.5, -1.4, -1.4, -1.3, -1.2, -1.2, -1.2),
    "impossible": (-3.0, -3.0, -3.1, -3.1, -2.9, -2.9, -2.9),
    "already": (0.6, 0.7, 0.7, 0.8, 0.8, 0.9, 0.9),
}


def with_levers(catalogue: Catalogue, *, debt: str = "debt_elsewhere", lenders: str = "n_lenders") -> Catalogue:
    """The same catalogue with two levers, on a column of money and one of whole numbers."""
    return parse_catalogue(catalogue.text + LEVERS.format(debt=debt, lenders=lenders), where="levers.toml")


def example_plan(
    catalogue: Catalogue,
    outcome: str,
    *,
    borrower_id: Any = "B0001",
    month: int = NOVEMBER_2024,
    month_type: MonthType = "date",
    line: float = 0.0,
    fits: int = 3,
    **changes: Any,
) -> Plan:
    """A plan of an outcome of `NOTHING`; the levers are the catalogue's first two.

    With levers the goal is reached in the fourth month with the first alone (at 8,000 less), and in the second with
    both. A step of the first adds 1.5 to the score, one of the second 1.2.
    """
    scores = np.array(NOTHING[outcome]) + line
    months = months_as_values(np.arange(month + 1, month + 1 + HORIZON), month_type)
    repay, fewer = catalogue.levers[:2]
    levels = {repay.column: 20000.0, fewer.column: 4.0}

    def table(values: np.ndarray[Any, Any], needed: int | None, **columns: Any) -> pd.DataFrame:
        over = np.arange(1, HORIZON + 1) >= (HORIZON + 1 if needed is None else needed)
        return pd.DataFrame({"month": months, "score": values, "risk": expit(-values), "reached": over, **columns})

    needed = {"by_itself": 3, "already": 1}.get(outcome)
    nothing = None
    if needed is not None:
        nothing = Option("nothing", needed, {}, 0.0, table(scores[1:], needed), {}, fits, 4)
    cheapest = fastest = fewest = nothing
    k = np.arange(1, HORIZON + 1)
    if outcome in ("by_plan", "by_itself"):
        both = scores[1:] + np.minimum(k * 1.2, 3.6)
        moved = {repay.column: 20000.0 - 2000.0 * k, fewer.column: np.maximum(4.0 - k, 1.0)}
        shares = {repay.id: 1.5, fewer.id: 0.9}
        settings = {repay.id: 1.0, fewer.id: 1.0}
        fastest = Option("fastest", 2, settings, 5000.0, table(both, 2, **moved), shares, 4, 4)
    if outcome == "by_plan":
        alone = scores[1:] + np.where(k >= 4, 1.5, 0.3)
        path = table(alone, 4, **{repay.column: 20000.0 - 2000.0 * k})
        cheapest = Option("cheapest", 4, {repay.id: 1.0}, 8000.0, path, {repay.id: 1.5}, fits, 4)
        fewest = replace(cheapest, name="fewest")
    fields: dict[str, Any] = {
        "catalogue": catalogue,
        "model_version": "example-1.0-0123456789ab",
        "borrower_id": borrower_id,
        "month": months_as_values(np.array([month]), month_type)[0],
        "cut_month": months_as_values(np.array([month]), month_type)[0],
        "goal": "reinstate",
        "horizon": HORIZON,
        "limit": 20000.0,
        "chance": 0.5,
        "line": line,
        "score": float(scores[0]),
        "nothing": nothing,
        "cheapest": cheapest,
        "fastest": fastest,
        "fewest": fewest,
        "levels": levels,
        "ahead": table(scores[1:], needed, **{repay.column: levels[repay.column], fewer.column: levels[fewer.column]}),
        "gap": 1.2 if outcome == "impossible" else 0.0,
        "blocked_by": (catalogue.factor_ids[0],) if outcome == "impossible" else (),
        "steps": 3,
        "n_mixtures": 16,
        "covers_all": True,
    }
    return Plan(**(fields | changes))
