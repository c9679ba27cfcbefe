"""The command plan: what brings a limit back, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from credit_model.cli import by_blocks, options
from credit_model.cli.console import heading, say, show, show_facts, working
from credit_model.cli.outputs import INPUT, File
from credit_model.errors import DataFileError
from credit_model.files import write_table
from credit_model.portfolio.levers import DEFAULT_CHANCE
from credit_model.readers.tables import read_table

if TYPE_CHECKING:
    from credit_model.act.plans.plan import Option, Plan
    from credit_model.act.plans.told import PlanWords
    from credit_model.explain.decreases import DecreaseExplanations
    from credit_model.portfolio.history import History
    from credit_model.portfolio.months import MonthType
    from credit_model.portfolio.snapshots import Snapshots
    from credit_model.predictor import LimitPredictor

MOST_MONTHS = 60


@dataclass(frozen=True)
class Asked:
    """What is asked for: ``--goal``, ``--horizon``, ``--chance``, ``--lever``, ``--scenario``."""

    goal: str | None
    horizon: int
    chance: float
    levers: tuple[str, ...]
    scenario: str | None

    @property
    def given(self) -> dict[str, Any]:
        """The same for `LimitPredictor.plan`, but for the goal."""
        scenario = None if self.scenario is None else _scenario(self.scenario, self.horizon)
        levers = self.levers or None
        return {"horizon": self.horizon, "chance": self.chance, "levers": levers, "scenario": scenario}


def asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `Asked`, which the command takes as ``asked``."""

    @wraps(function)
    def command(**given: Any) -> Any:
        own = {f.name: given.pop(f.name) for f in fields(Asked)}
        return function(asked=Asked(**own), **given)

    found: Callable[..., Any] = command
    for option in (
        click.option(
            "--scenario",
            default=None,
            type=INPUT,
            metavar="FILE",
            help="Another economy or lender: a table with a row a month to come, a column each.",
        ),
        click.option(
            "--chance",
            type=click.FloatRange(0.5, 1, max_open=True),
            default=DEFAULT_CHANCE,
            show_default=True,
            help="Least chance that what is promised holds, as the model sees it.",
        ),
        click.option("--lever", "levers", multiple=True, metavar="ID", help="Only this lever; may be repeated."),
        click.option(
            "--horizon",
            type=click.IntRange(1, MOST_MONTHS),
            default=12,
            show_default=True,
            help="Months to look ahead.",
        ),
        click.option(
            "--goal",
            type=click.Choice(["reinstate", "regain", "keep"]),
            default=None,
            help="The old limit would have been kept; the one in force is raised by a tier; or it is not at risk. "
            "Else: reinstate after a cut, else keep.",
        ),
    ):
        found = option(found)
    return found


@options.command()
@options.model_on_data
@options.borrower(required=False)
@options.month("The month in which the limit fell; else the borrower's last decrease.")
@asked
@options.out("Table of the plans of all borrowers (.parquet or .csv).", File(".parquet", ".csv"), required=False)
@options.language
def plan_command(
    source: options.ModelOnData,
    borrower: str | None,
    month: str | None,
    asked: Asked,
    out: str | None,
    lang: str,
) -> None:
    """What brings a limit back, and when: by itself, by a plan, or not at all.

    The catalogue's levers say what a borrower can move. All their settings are looked at, month by month.

    \b
    Example:  credit-model plan --data portfolio --model model --borrower 42
              credit-model plan --data portfolio --model model --out plans.parquet
    """
    if (borrower is None) == (out is None):
        raise click.UsageError("give --borrower ID for one plan, or --out FILE for those of all borrowers.")
    if month is not None and borrower is None:
        raise click.UsageError("--month is for --borrower; without it each borrower's last decrease is taken.")
    if borrower is not None:
        history = panel_of(source, borrower, asked)
        with working("planning"):
            plan = source.predictor.plan(history, borrower, month, goal=asked.goal, **asked.given)
        show_plan(plan, lang, history.month_type)
        return
    from credit_model.act.plans.planning import plans_table

    with working("planning"):
        plans = source.predictor.plans(source.history, goal=asked.goal or "reinstate", **asked.given)
        table = plans_table(plans)
    assert out is not None
    write_table(table, out)
    outcomes = [plan.outcome for plan in plans]
    show_facts(
        [
            ("plans", len(plans)),
            ("reached by itself", outcomes.count("by_itself")),
            ("reached by a plan", outcomes.count("by_plan")),
            ("out of reach", outcomes.count("impossible")),
            ("written to", out),
        ]
    )


def panel_of(source: options.ModelOnData, borrower: str, asked: Asked) -> History:
    """What a plan is made from: the borrower's months, and of a rise all borrowers', who tell how often lines are
    reviewed."""
    return source.history if asked.goal == "regain" else by_blocks.months_of(source, borrower)


def plans_of(
    predictor: LimitPredictor, snapshots: Snapshots, explanations: DecreaseExplanations, *, wanted: bool = True
) -> list[Plan] | None:
    """What brings back each limit whose fall is explained; None: it is not wanted, or nothing can be moved."""
    if not wanted or not predictor.catalogue.levers:
        return None
    from credit_model.act.plans.cuts import plan_cuts

    return plan_cuts(predictor.fitted, snapshots, explanations, n_jobs=predictor.n_jobs)


def _scenario(file: str, horizon: int) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """The columns of a scenario's file: (horizon,) each; months, by their name, are left out."""
    table = read_table(file)
    columns = [name for name in table.columns if str(name) != "month"]
    if len(table) < horizon or not columns:
        raise DataFileError(
            f"{file}: a scenario must have a row for each of the {horizon} months to come and columns of numbers, "
            f"found {len(table)} rows and {len(columns)} such columns; give more, or a smaller --horizon"
        )
    found = {}
    for name in columns:
        cells = table[name].iloc[:horizon]
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            cell = cells.iloc[int(wrong[0])]
            shown = "nothing" if pd.isna(cell) else repr(str(cell))
            raise DataFileError(
                f"{file}: {name} must be a number in each of the {horizon} months to come, found {shown} in row "
                f"{wrong[0] + 1}; correct it, or leave the column out"
            )
        found[str(name)] = values
    return found


def show_plan(plan: Plan, lang: str, month_type: MonthType) -> None:
    """Print everything that is told of one plan."""
    from credit_model.act.plans.told import PlanWords

    told = PlanWords(plan, lang, month_type)
    heading(told.title)
    say(told.outcome)
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in told.facts:
        facts.add_row(Text(name, style="dim"), Text(text))
    show(facts)
    shown = plan.cheapest
    if shown is not None and shown.settings:
        heading(told.language.say("plan.month_by_month", option=told.name(shown)))
        show(_months(plan, shown, told))
    for note in told.notes:
        say(note)


def _months(plan: Plan, option: Option, told: PlanWords) -> Table:
    """The months of an option, up to the goal and a few more."""
    language, words = told.language, told.words
    columns = [str(name) for name in option.months if name not in ("month", "score", "risk", "reached")]
    table = Table(box=None, pad_edge=False)
    risk = "plan.chance" if plan.goal == "regain" else "plan.risk"
    names = [language.label(plan.catalogue.column(name).label) for name in columns]
    for place, name in enumerate(
        [language.say("plan.month"), language.say(risk), language.say("plan.reached"), *names]
    ):
        table.add_column(name, justify="right" if place else "left")
    for values in option.months.to_dict("records"):
        cells = [words.measured(plan.catalogue.column(n).unit, float(values[n]), digits=0) for n in columns]
        reached = language.say("plan.yes" if values["reached"] else "plan.no")
        table.add_row(told.month(values["month"]), told.risk(float(values["risk"])), reached, *cells)
    return table
