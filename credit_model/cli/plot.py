"""The command plot: one sub-command a plot, each with its own options only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click
import numpy as np
import pandas as pd

from credit_model.cli import by_blocks, options
from credit_model.cli.console import say, working
from credit_model.cli.history_files import read_economy
from credit_model.cli.outputs import INPUT, Command, File
from credit_model.cli.plan import Asked, asked, panel_of
from credit_model.errors import HistoryError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.portfolio.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More than the numbers of any two months differ by.
_MONTHS = 1 << 24
_picture = options.out("Picture to write (.png, .svg or .pdf).", File(".png", ".svg", ".pdf"))


class _Plots(click.Group):
    """One sub-command a plot."""

    command_class = Command


@click.group(cls=_Plots)
def plot_command() -> None:
    """Draw explained decreases and plans.

    \b
    Example:  credit-model plot change --data portfolio --model model --borrower 42 --out change.svg
              credit-model plot leading --data portfolio --model model --out leading.png
    """


@plot_command.command("change")
@options.model_on_data
@options.borrower(required=True)
@options.month("The month in which the limit fell; else the borrower's last decrease.")
@options.reference
@click.option("--open", "open_factor", default=None, metavar="FACTOR", help="Show this factor's features.")
@_picture
@options.language
def change(
    source: options.ModelOnData,
    borrower: str,
    month: str | None,
    reference: str,
    open_factor: str | None,
    out: str,
    lang: str,
) -> None:
    """One cut, factor by factor: from the score when the limit was set to the score now."""
    from credit_model.plots import plot_change

    _write(plot_change(_last(source, borrower, month, reference), lang=lang, open_factor=open_factor), out)


@plot_command.command("what-if")
@options.model_on_data
@options.borrower(required=True)
@options.month("The month in which the limit fell; else the borrower's last decrease.")
@options.reference
@_picture
@options.language
def what_if(source: options.ModelOnData, borrower: str, month: str | None, reference: str, out: str, lang: str) -> None:
    """The smallest sets of factors that would have kept the limit, and the risk that they reach."""
    from credit_model.plots import plot_what_if

    _write(plot_what_if(_last(source, borrower, month, reference), lang=lang), out)


@plot_command.command("plan")
@options.model_on_data
@options.borrower(required=True)
@options.month("The month in which the limit fell; else the borrower's last decrease.")
@asked
@click.option(
    "--option",
    type=click.Choice(["nothing", "cheapest", "fastest", "fewest"]),
    default=None,
    help="The way whose levers are shown; else nothing done where that is enough, else the cheapest.",
)
@_picture
@options.language
def plan(
    source: options.ModelOnData, borrower: str, month: str | None, asked: Asked, option: str | None, out: str, lang: str
) -> None:
    """What brings a limit back: the risk under each way against the line, and the levers month by month."""
    from credit_model.plots import plot_plan

    history = panel_of(source, borrower, asked)
    with working("planning"):
        found = source.predictor.plan(history, borrower, month, goal=asked.goal, **asked.given)
    _write(plot_plan(found, lang=lang, option=option), out)


@plot_command.command("warning")
@options.model_on_data
@options.month("At whose end the lines are looked at, such as 2024-03; else the last.")
@click.option(
    "--capacity",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.05,
    show_default=True,
    help="Share of the lines that can be alerted.",
)
@click.option("--most", type=click.IntRange(1, 60), default=12, show_default=True, help="Lines to draw.")
@_picture
@options.language
def warning(source: options.ModelOnData, month: str | None, capacity: float, most: int, out: str, lang: str) -> None:
    """The lines most at risk of a cut: the risk when the limit was set, the risk now, and what raised it."""
    from credit_model.plots import plot_warning

    with working("watching"):
        found = source.predictor.watch(source.history, month, capacity=capacity)
    _write(plot_warning(found, most=most, lang=lang), out)


@plot_command.command("timeline")
@options.model_on_data
@options.borrower(required=True)
@options.reference
@_picture
@options.language
def timeline(source: options.ModelOnData, borrower: str, reference: str, out: str, lang: str) -> None:
    """A borrower's limit, keep score and what moved it, month by month."""
    from credit_model.plots import plot_timeline

    track = source.predictor.track(by_blocks.months_of(source, borrower), borrower, reference=reference)
    _write(plot_timeline(track, source.predictor.catalogue, lang=lang, borrower_id=borrower), out)


@plot_command.command("leading")
@options.model_on_data
@options.month()
@options.reference
@click.option("--economy", default=None, type=INPUT, metavar="FILE", help="A table by month to draw beside the cuts.")
@click.option("--by", default=None, metavar="COLUMN", help="A column whose values are segments, instead of months.")
@_picture
@options.language
def leading(
    source: options.ModelOnData,
    month: str | None,
    reference: str,
    economy: str | None,
    by: str | None,
    out: str,
    lang: str,
) -> None:
    """A portfolio's cuts by leading factor, month by month or by segment."""
    from credit_model.plots import plot_leading_factors

    explanations = _all(source, month, reference)
    segments: Literal["month"] | pd.Series = "month"
    if by is not None:
        segments = segments_of(source.history, explanations, by)
    beside = read_economy(economy, source.data.path)
    _write(plot_leading_factors(explanations, beside, by=segments, lang=lang), out)


@plot_command.command("population")
@options.model_on_data
@options.borrower(required=False)
@options.month()
@options.reference
@click.option(
    "--style",
    type=click.Choice(["beeswarm", "bar"]),
    default="beeswarm",
    show_default=True,
    help="Every decrease as a dot, or mean sizes.",
)
@_picture
@options.language
def population(
    source: options.ModelOnData,
    borrower: str | None,
    month: str | None,
    reference: str,
    style: Literal["beeswarm", "bar"],
    out: str,
    lang: str,
) -> None:
    """What moved the scores of many cuts, by feature (shap's own beeswarm and bar)."""
    from credit_model.plots import plot_population

    _write(plot_population(_all(source, month, reference, borrower), kind=style, lang=lang), out)


def _last(source: options.ModelOnData, borrower: str, month: str | None, reference: str) -> DecreaseExplanations:
    source = by_blocks.about(source, borrower)
    with working("explaining"):
        return source.explained(borrower=borrower, month=month, reference=reference)[-1]


def _all(
    source: options.ModelOnData, month: str | None, reference: str, borrower: str | None = None
) -> DecreaseExplanations:
    source = source if borrower is None else by_blocks.about(source, borrower)
    with working("explaining"):
        explanations = source.explained(borrower=borrower, month=month, reference=reference)
    if not len(explanations):
        raise HistoryError(f"{source.data}: there is no limit decrease to draw")
    return explanations


def segments_of(history: History, explanations: DecreaseExplanations, column: str) -> pd.Series:
    """Each decrease's value of a column in the month of the decision."""
    declared = history.catalogue.column(column)
    place = np.array([history.position_of(b) for b in explanations.borrower_id], dtype=np.int64)
    of_month = history.borrower_row * _MONTHS + history.month_number  # sorted, as the history is
    at = np.searchsorted(of_month, place * _MONTHS + explanations.month_number)
    cells = history.values(column)[at]
    if declared.kind == "category":
        return pd.Series([declared.categories[int(c)] if c == c else "?" for c in cells], name=column)
    return pd.Series([f"{c:g}" for c in cells], name=column)


def _write(axes: Axes | Any, out: str) -> None:
    from credit_model.plots import close_plot, save_plot

    save_plot(axes, out)
    close_plot(axes)
    say(f"Written to {out}")
