"""The command watch: which limits are likely to be cut next, and why; or what would have been warned of."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from credit_model.cli import by_blocks, options
from credit_model.cli.console import heading, progress, say, show, show_facts, show_table, working
from credit_model.cli.outputs import File
from credit_model.files import write_table, write_text
from credit_model.portfolio.months import format_month

if TYPE_CHECKING:
    from credit_model.act.warning.replay import Replay
    from credit_model.act.warning.told import WarningWords
    from credit_model.act.warning.watching import Warnings
    from credit_model.scale.work import Runner

#: Lines that are printed.
_PRINTED = 10


@options.command()
@options.model_on_data
@options.month("At whose end the lines are looked at, such as 2024-03; else the last. With --replay: the first.")
@click.option(
    "--capacity",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.05,
    show_default=True,
    help="Share of the lines that can be alerted.",
)
@click.option("--plans", is_flag=True, help="Also what keeps the limit of every alerted line, where there are levers.")
@click.option(
    "--replay",
    is_flag=True,
    help="What would have been warned of, month by month, in the months that training left out; and what came of it.",
)
@options.out(
    "Table of all lines (.parquet or .csv), or a page over them (.html).",
    File(".parquet", ".csv", ".html"),
    required=False,
)
@options.dask
@options.language
def watch_command(
    source: options.ModelOnData,
    month: str | None,
    capacity: float,
    plans: bool,
    replay: bool,
    out: str | None,
    dask: str | None,
    lang: str,
) -> None:
    """Which limits are likely to be cut next, and why.

    Every open line is given the risk of a cut within 1 to 6 months; those of the highest within 3 are alerted.

    \b
    Example:  credit-model watch --data portfolio --model model --out warnings.html
              credit-model watch --data portfolio --model model --replay --out replay.csv
    """
    is_page = out is not None and Path(out).suffix.lower() == ".html"
    if replay:
        if plans or is_page:
            raise click.UsageError("--replay makes a table (.parquet or .csv), without plans or pages.")
        with working("warning month by month"):
            found = source.predictor.replay(source.history, month, capacity=capacity)
        if out is not None:
            write_table(found.table(), out)
        _show_replay(found, lang, out)
        return
    from credit_model.act.warning.told import WarningWords

    with by_blocks.runner_of(source.data, dask, source.jobs) as runner:
        warnings = _watched(source, runner, month, capacity=capacity, plans=plans, out=out)
    told = WarningWords(warnings, lang)
    if out is not None and is_page:
        from credit_model.documents.warnings import warnings_html

        write_text(warnings_html(warnings, lang=lang), out)
    elif out is not None:
        write_table(warnings.table(), out)
    heading(told.title)
    show_facts(told.facts + ([("written to", out)] if out is not None else []))
    show(_lines(told))
    say(told.valid)


def _watched(
    source: options.ModelOnData,
    runner: Runner | None,
    month: str | None,
    *,
    capacity: float,
    plans: bool,
    out: str | None,
) -> Warnings:
    """The warnings of a month, of histories in memory or of a partition's blocks."""
    if runner is None:
        with working("watching"):
            return source.predictor.watch(source.history, month, capacity=capacity, plans=plans)
    from credit_model.scale.watching import watch_partition
    from credit_model.scale.work import parts_beside

    given = by_blocks.given_of(source, runner)
    with progress("watching") as advance, ExitStack() as held:
        work = given.work("watch", month=month, capacity=capacity)
        parts = None if out is None else held.enter_context(parts_beside(out, work))
        return watch_partition(given, parts, runner, month=month, capacity=capacity, plans=plans, on_progress=advance)


def _lines(told: WarningWords) -> Table:
    """The first alerted lines, with what raised their risk."""
    spoken, warnings = told.language, told.warnings
    names = [spoken.say("watch.borrower"), spoken.say("watch.limit"), told.within]
    names.append(spoken.say("watch.reasons"))
    if warnings.plans:
        names.append(spoken.say("watch.plan"))
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place in (1, 2) else "left", overflow="fold")
    for i in range(min(warnings.n_alerted, _PRINTED)):
        cells = [str(warnings.borrower_id[i]), told.words.money(float(warnings.limit[i])), told.then_now(i)]
        cells.append(spoken.clauses(told.reasons(i)))
        if warnings.plans:
            cells.append(told.plan(warnings.plans.get(i)))
        table.add_row(*[Text(cell) for cell in cells])
    return table


def _show_replay(replay: Replay, lang: str, out: str | None) -> None:
    from credit_model.words.language import language

    spoken = language(lang, replay.month_type)
    first, last = (
        format_month(int(month), replay.month_type) for month in (replay.month_number.min(), replay.month_number.max())
    )
    heading(spoken.say("watch.replay_title", **{"from": first, "to": last}))
    say(spoken.say("watch.replay_lead"))
    show_table(replay.months(), digits=1)
    facts = [(name.replace("_", " "), round(value, 4)) for name, value in replay.scores().items()]
    show_facts([*facts, *([("written to", out)] if out is not None else [])])
