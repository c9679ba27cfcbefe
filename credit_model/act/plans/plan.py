"""`Plan`: what brings one limit back, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from credit_model.act.plans.questions import Goal
from credit_model.notebook import notebook_html
from credit_model.portfolio.declarations import Catalogue

Outcome = Literal["by_itself", "by_plan", "impossible"]
#: The options of a plan.
OPTIONS = ("nothing", "cheapest", "fastest", "fewest")


@dataclass(frozen=True)
class Option:
    """One way to the goal.

    Attributes
    ----------
    name : "nothing", "cheapest", "fastest" or "fewest"
    months_needed : int
        Months until the goal is reached and stays so to the horizon, 1 is the next.
    settings : mapping of lever id to float
        The share of each lever's most; only levers that are moved.
    cost : float
        In the unit of the levers' costs, up to that month.
    months : DataFrame
        One row a month of the horizon: month, score (log-odds of the chance to have the tier then, or by then where it
        is to be raised, drift counted in), risk (of not having it), reached, and the raw columns that are moved. After
        the month of the goal the levers go on alike.
    contributions : mapping of lever id to float
        What each lever adds to the score in the month of the goal, log-odds: their Shapley values, which sum to the
        score less that of nothing done.
    fits, n_fits : int
        How many of the model's fits, each by itself, reach the goal by then too, of how many that count.
    """

    name: str
    months_needed: int
    settings: Mapping[str, float]
    cost: float
    months: pd.DataFrame
    contributions: Mapping[str, float]
    fits: int
    n_fits: int


@dataclass(frozen=True)
class Plan:
    """What brings one borrower's limit back.

    Attributes
    ----------
    catalogue : Catalogue
    model_version : str
        The model that the plan holds for.
    borrower_id : as in the history
    month : value as in the history
        The last month that is known: the plan begins after it.
    cut_month : value as in the history, or None
        In which the limit fell that is to come back.
    goal : "reinstate", "regain" or "keep"
        The limit as before the cut would have been kept; the lender raises the one in force by a tier; or it is not at
        risk.
    horizon : int
        Months looked ahead.
    limit : float
        The limit that is aimed at.
    chance : float
        The least chance that counts.
    line : float
        The score of a month from which on it is reached, log-odds: of ``chance``, or what more the goal asks for.
    score : float
        The model's score as of the last known month (of a rise: at a review), log-odds.
    nothing, cheapest, fastest, fewest : Option or None
        Without doing anything but what is due; and the best of all settings.
    levels : mapping of column to float
        Where the levers' columns stand as of the last known month.
    ahead : DataFrame
        The months to come if nothing is done but what is due: month, score, risk, reached, and the levers' columns.
    gap : float
        Where the goal is out of reach: what the best of all settings still lacks, log-odds; else 0.
    blocked_by : tuple of str
        Ids of the factors that then still lower the score since the limit was set, the strongest first.
    steps : int
        Settings of each lever between nothing and its most; a setting is the same in all months.
    n_mixtures : int
        Settings that were looked at: all there are on the grid.
    covers_all : bool
        That none reaches the goal holds for all settings in between, too: more of any lever can only help.
    """

    catalogue: Catalogue
    model_version: str
    borrower_id: Any
    month: Any
    cut_month: Any
    goal: Goal
    horizon: int
    limit: float
    chance: float
    line: float
    score: float
    nothing: Option | None
    cheapest: Option | None
    fastest: Option | None
    fewest: Option | None
    levels: Mapping[str, float]
    ahead: pd.DataFrame
    gap: float
    blocked_by: tuple[str, ...]
    steps: int
    n_mixtures: int
    covers_all: bool

    @property
    def outcome(self) -> Outcome:
        """Whether the goal is reached by itself, by a plan, or not at all."""
        if self.nothing is not None:
            return "by_itself"
        return "impossible" if self.cheapest is None else "by_plan"

    @property
    def holds_already(self) -> bool:
        """The score is above the line as things stand, and stays there if nothing is done but what is due."""
        if self.goal == "regain":  # a rise takes a review
            return False
        return self.score >= self.line and self.nothing is not None and self.nothing.months_needed == 1

    @property
    def valid_until(self) -> Any:
        """The first month to come, as in the history: once its data are known, the plan is to be asked for anew."""
        return self.ahead["month"].iloc[0]

    @property
    def options(self) -> tuple[Option, ...]:
        """The ways there are; ways that are the same settings are told once."""
        found: dict[tuple[Any, ...], Option] = {}
        for option in (getattr(self, name) for name in OPTIONS):
            if option is not None:
                found.setdefault((tuple(option.settings.items()), option.months_needed), option)
        return tuple(found.values())

    def table(self) -> pd.DataFrame:
        """One row an option: months_needed, cost, fits, n_fits, and the settings of its levers (NaN: not moved)."""
        rows = [
            {"option": o.name, "months_needed": o.months_needed, "cost": o.cost, "fits": o.fits, "n_fits": o.n_fits}
            | {lever.id: o.settings.get(lever.id, float("nan")) for lever in self.catalogue.levers}
            for o in self.options
        ]
        columns = ["option", "months_needed", "cost", "fits", "n_fits", *(lever.id for lever in self.catalogue.levers)]
        return pd.DataFrame(rows, columns=columns).set_index("option")

    def _repr_html_(self) -> str:
        return notebook_html(
            "<p><b>Borrower {borrower}</b>, goal {goal}: {outcome}</p>",
            self.table().round(3),
            index=True,
            borrower=self.borrower_id,
            goal=self.goal,
            outcome=self.outcome.replace("_", " "),
        )
