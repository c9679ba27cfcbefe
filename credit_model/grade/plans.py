"""Plans held against the simulator's truth: each is lived, and the true lender decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_model.act.plans.plan import Plan
from credit_model.act.plans.planning import plan_rows
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.explain.pairs import decrease_rows
from credit_model.grade.lived import GRACE, live_options, option_lived
from credit_model.grade.oracle import TrueScore, plug_in_score, true_scores
from credit_model.grade.plan_truth import costs_beside, least_costs
from credit_model.grade.possible import impossible_histories
from credit_model.notebook import notebook_html
from credit_model.portfolio.levers import DEFAULT_CHANCE
from credit_model.portfolio.snapshots import Snapshots
from credit_model.predictor import LimitPredictor
from credit_model.simulate.again import Lived
from credit_model.simulate.columns import LEDGER, N_OWN
from credit_model.simulate.portfolio import SimulatedPortfolio
from credit_model.simulate.settings import Settings

#: Months needed that are told together: edges, and their names.
_MONTHS = ((1, "1"), (3, "2-3"), (6, "4-6"), (12, "7-12"), (10**6, "13 and more"))


@dataclass(frozen=True)
class PlansGrade:
    """How often plans come true.

    Attributes
    ----------
    table : DataFrame
        One row a cut: borrower_id, month, goal, outcome, months_needed (<NA>: no plan), success (by the true lender's
        own decision in the promised month), success_within_two (in it or one of the two after), success_as_drawn (the
        borrower follows the levers, and is late as drawn), true_yes (the true policy without its noise), true_chance,
        the true probability then; months_off (until the true policy without its noise says yes, less the months
        promised; NaN: not by then), cost_ratio (over the cheapest path that the true policy admits), impossible_true
        (it admits none), impossible_history, leading_factor.
    chance, horizon : float, int
        What the plans were asked for.
    model_version : str
    """

    table: pd.DataFrame
    chance: float
    horizon: int
    model_version: str

    @classmethod
    def of(cls, parts: Sequence[PlansGrade]) -> PlansGrade:
        """Those of several portfolios as one."""
        first = parts[0]
        table = pd.concat([part.table for part in parts], ignore_index=True)
        return cls(table, first.chance, first.horizon, first.model_version)

    @property
    def summary(self) -> dict[str, Any]:
        """All together, as ``grade --json`` has it under "plans"."""
        table = self.table
        lived, none = table[table["outcome"] != "impossible"], table[table["outcome"] == "impossible"]
        waiting = lived[lived["outcome"] == "by_itself"]
        return {
            "n": len(table),
            "goal": str(table["goal"].iloc[0]),
            "chance": self.chance,
            "horizon": self.horizon,
            "with_a_plan": _share(table["outcome"] != "impossible"),
            "n_lived": len(lived),
            "lived_success": _share(lived["success"]),
            "lived_success_within_two": _share(lived["success_within_two"]),
            "lived_success_as_drawn": _share(lived["success_as_drawn"]),
            "true_yes": _share(lived["true_yes"]),
            "mean_true_chance": _share(lived["true_chance"]),
            "reinstated_by_waiting": _share(waiting["success"]),
            "n_waiting": len(waiting),
            "impossible_proved": _share(none["impossible_true"]),
            "n_impossible": len(none),
            "median_months_off": _median(lived["months_off"]),
            "median_cost_ratio": _median(lived["cost_ratio"]),
            "impossible_histories": int(lived["impossible_history"].sum()),
            "model": self.model_version,
        }

    def by(self, column: str) -> pd.DataFrame:
        """Lived plans by outcome, months or leading_factor: n, success, success_within_two, true_yes, true_chance."""
        lived = self.table[self.table["outcome"] != "impossible"]
        key = _months_told(lived["months_needed"]) if column == "months" else lived[column]
        groups = lived.groupby(key, observed=True, sort=False)
        measures = ["success", "success_within_two", "true_yes", "true_chance"]
        found = groups[measures].mean().astype("float64")
        found.insert(0, "n", groups.size())
        order = [name for _, name in _MONTHS if name in found.index] if column == "months" else sorted(found.index)
        return found.loc[order].rename_axis(column)

    def _repr_html_(self) -> str:
        return notebook_html(
            "<p><b>{n:,} plans</b> lived: {right:.1%} came true in the promised month, {later:.1%} within two more</p>",
            self.by("outcome").round(3),
            index=True,
            n=self.summary["n_lived"],
            right=self.summary["lived_success"],
            later=self.summary["lived_success_within_two"],
        )


def _share(column: pd.Series) -> float:
    return float(column.astype("float64").mean()) if len(column) else float("nan")


def _median(column: pd.Series) -> float:
    known = column.astype("float64").dropna()
    return float(known.median()) if len(known) else float("nan")


def _months_told(months: pd.Series) -> pd.Series:
    edges = np.array([edge for edge, _ in _MONTHS])
    names = np.array([name for _, name in _MONTHS], dtype=object)
    return pd.Series(names[np.searchsorted(edges, months.to_numpy(dtype=np.int64))], index=months.index)


def grade_plans(
    predictor: LimitPredictor,
    portfolio: SimulatedPortfolio | tuple[Any, Any],
    settings: Settings,
    *,
    goal: str = "reinstate",
    horizon: int = 12,
    chance: float = DEFAULT_CHANCE,
    most: int = 500,
    true_costs: bool = True,
    n_jobs: int = -1,
) -> PlansGrade:
    """Plan for the cuts of a simulated portfolio, live the plans, and let the true lender decide.

    Lived is waiting where the limit is promised by waiting, else the cheapest plan, with the portfolio's own random
    numbers: the borrower holds the levers' columns to the plan month by month and pays what is due, and all else comes
    as drawn. Plans know the months up to the cut's and no later one.

    Parameters
    ----------
    predictor : LimitPredictor
        Fitted, best on a portfolio of another seed.
    portfolio : SimulatedPortfolio, or (history, truth)
    settings : Settings
        What the portfolio was simulated with.
    goal : {"reinstate", "regain"}
    horizon, chance
        As `LimitPredictor.plan` takes them.
    most : int
        Most cuts; of more they are taken at equal distances.
    true_costs : bool
        Whether the true policy is asked for its own cheapest paths (goal "reinstate"), which takes longer than the
        plans do.
    n_jobs : int

    Returns
    -------
    PlansGrade

    Raises
    ------
    HistoryError
        No cut has ``horizon`` and two more months after it in the panel.

    Examples
    --------
    >>> from credit_model import LimitPredictor, simulate_portfolio
    >>> from credit_model.simulate import Settings
    >>> model = LimitPredictor(structure="score", max_iter=150)
    >>> predictor = model.fit(simulate_portfolio(600, 30, seed=1).history)
    >>> settings = Settings(300, 30, seed=2)
    >>> portfolio = simulate_portfolio(300, 30, seed=2)
    >>> grade_plans(predictor, portfolio, settings, horizon=3, most=5).summary["impossible_histories"]
    0
    """
    history, truth = portfolio if isinstance(portfolio, tuple) else (portfolio.history, portfolio.truth.decreases)
    snapshots = predictor.snapshots(history)
    row = cuts_to_plan(snapshots, settings, horizon, most)
    plans = plan_rows(
        predictor.fitted, snapshots, row, goal=goal, horizon=horizon, chance=chance, rule=predictor.support,
        n_jobs=n_jobs,
    )  # fmt: skip
    panel = snapshots.history
    table = pd.DataFrame(
        {
            "borrower_id": panel.borrower_ids[snapshots.borrower_row[row]],
            "month": panel.show_months(snapshots.month_number[row]),
            "goal": goal,
            "outcome": [plan.outcome for plan in plans],
        }
    )
    table = table.join(_lived(predictor, settings, snapshots, row, plans, goal, n_jobs))
    least = None
    if true_costs and goal == "reinstate":
        least = _least(predictor, settings, snapshots, row, horizon, chance, n_jobs)
    table["cost_ratio"] = np.nan if least is None else costs_beside(plans, least)
    table["impossible_true"] = np.nan if least is None else np.isinf(least)
    table["leading_factor"] = _leaders(table, getattr(truth, "decreases", truth))
    return PlansGrade(table, chance, horizon, predictor.version)


def cuts_to_plan(snapshots: Snapshots, settings: Settings, horizon: int, most: int) -> IntArray:
    """Rows of cuts that a plan of ``horizon`` months can be lived after, and two more; at most so many."""
    row = decrease_rows(snapshots)
    month = _panel_month(snapshots, row)
    room = settings.n_months - 1 - horizon - GRACE
    row = row[(snapshots.position[row] >= snapshots.catalogue.warm_up) & (month <= room)]
    if not len(row):
        raise HistoryError(
            f"plans are lived after cuts with {horizon + GRACE} months to come, found none in {settings.n_months} "
            "months; simulate more months, or look less far ahead"
        )
    if len(row) > most:
        row = row[np.linspace(0, len(row) - 1, most).astype(np.int64)]
    return np.asarray(row, dtype=np.int64)


def _panel_month(snapshots: Snapshots, row: IntArray) -> IntArray:
    return np.asarray(snapshots.month_number[row] - snapshots.month_number.min(), dtype=np.int64)


def _lived(
    predictor: LimitPredictor,
    settings: Settings,
    snapshots: Snapshots,
    row: IntArray,
    plans: list[Plan],
    goal: str,
    n_jobs: int,
) -> pd.DataFrame:
    """What came of the plans that there are, one row a cut."""
    options = [option_lived(plan) for plan in plans]
    has = np.flatnonzero([option is not None for option in options])
    names = ("success", "success_within_two", "success_as_drawn", "true_yes", "impossible_history")
    found = pd.DataFrame({name: pd.array([pd.NA] * len(row), dtype="boolean") for name in names})
    found["months_needed"] = pd.array([pd.NA] * len(row), dtype="Int64")
    found["true_chance"], found["months_off"] = np.nan, np.nan
    if not len(has):
        return found
    chosen = [option for option in options if option is not None]
    mine, needed = row[has], np.array([option.months_needed for option in chosen])
    borrower = snapshots.history.borrower_ids[snapshots.borrower_row[mine]].astype(np.int64)
    ways = [
        live_options(
            settings, predictor.catalogue, borrower, _panel_month(snapshots, mine), chosen, plans[0].horizon + GRACE,
            tier=snapshots.tier_before[mine].astype(np.int64), dues=dues, n_jobs=n_jobs,
        )
        for dues in (True, False)
    ]  # fmt: skip
    at = np.arange(len(has))
    yes, no_chance = _answers(ways[0], goal), ways[0].keep_score > 0
    first = np.where(no_chance.any(axis=1), no_chance.argmax(axis=1) + 1.0, np.nan)
    span = yes.shape[1]
    near = (np.arange(span) >= needed[:, None] - 1) & (np.arange(span) < needed[:, None] + GRACE)
    values = {
        "months_needed": needed,
        "success": yes[at, needed - 1],
        "success_within_two": (yes & near).any(axis=1),
        "success_as_drawn": _answers(ways[1], goal)[at, needed - 1],
        "true_yes": no_chance[at, needed - 1],
        "true_chance": 1 / (1 + np.exp(-np.clip(ways[0].keep_score[at, needed - 1], -500, 500))),
        "months_off": first - needed,
        "impossible_history": impossible_histories(
            predictor.catalogue, _before(snapshots, mine, settings), ways[0].own
        ),
    }
    for name, value in values.items():
        found.loc[has, name] = value
    return found


def _answers(lived: Lived, goal: str) -> BoolArray:
    """Whether the limit is back in each month: (n, span)."""
    if goal == "regain":
        return np.asarray(np.maximum.accumulate(lived.tier_after, axis=1) > lived.tier_before[:, :1])
    return lived.kept


def _before(snapshots: Snapshots, row: IntArray, settings: Settings) -> FloatArray:
    """The borrowers' own columns in the months of the rows, where the history shows them as they were: (n, N_OWN)."""
    if settings.records.arguments:
        return np.full((len(row), N_OWN), np.nan)
    return np.stack([snapshots.history.values(name)[row] for name in LEDGER[:N_OWN]], axis=1)


def true_score_of(settings: Settings, snapshots: Snapshots) -> TrueScore | None:
    """The lender's score of the snapshots, where they show all that it reads; of one that changes, that before."""
    if settings.records.arguments:
        return None
    if settings.plug_in is not None:
        return plug_in_score(settings.plug_in, snapshots.catalogue)
    scores = true_scores(str(settings.policy), snapshots.catalogue)
    return scores[0] if scores and settings.changes_in is None else None


def _least(
    predictor: LimitPredictor,
    settings: Settings,
    snapshots: Snapshots,
    row: IntArray,
    horizon: int,
    chance: float,
    n_jobs: int,
) -> FloatArray | None:
    score = true_score_of(settings, snapshots)
    if score is None:
        return None
    women = snapshots.history.values("gender")[row] == 0
    bias = np.where(women, settings.audit_bias, 0.0)
    return least_costs(
        predictor.fitted, snapshots, row, score, horizon=horizon, chance=chance, bias=bias, n_jobs=n_jobs
    )


def _leaders(table: pd.DataFrame, truth: pd.DataFrame) -> pd.Series:
    """The factor that truly led each cut."""
    known = truth[["borrower_id", "month", "leading_factor"]].astype({"leading_factor": str})
    known = known.assign(borrower_id=known["borrower_id"].astype(str), month=pd.to_datetime(known["month"]))
    mine = table[["borrower_id", "month"]].assign(
        borrower_id=table["borrower_id"].astype(str), month=pd.to_datetime(table["month"])
    )
    return mine.merge(known, on=["borrower_id", "month"], how="left")["leading_factor"]
