"""What the commands print: tables, facts and progress; progress is silent where nobody watches."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Advance = Callable[[int, int], None]


def _console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 120
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=True)


def say(text: str = "") -> None:
    """Print a line of plain text."""
    _console().print(Text(text))


def heading(text: str) -> None:
    """Print a line that stands out."""
    _console().print(Text(text, style="bold"))


def show(what: Table) -> None:
    """Print a table of rich's."""
    _console().print(what)


def show_table(frame: pd.DataFrame, *, digits: int = 4, title: str | None = None) -> None:
    """Print a table; numbers to the right, floats with ``digits`` significant places, NaN as a dash."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        table.add_column(Text(str(name)), justify="right" if pd.api.types.is_numeric_dtype(dtype) else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(Text(_cell(value, digits)) for value in row))
    _console().print(table)


def show_facts(facts: Sequence[tuple[str, Any]]) -> None:
    """Print a list of names and values."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts:
        table.add_row(Text(name, style="dim"), Text(_cell(value, 4)))
    _console().print(table)


def _cell(value: Any, digits: int) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    if isinstance(value, float):
        if math.isnan(value):
            return "-"
        return f"{value:,.{digits}f}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m")
    return str(value)


@contextmanager
def progress(what: str) -> Iterator[Advance]:
    """A progress bar on standard error; call what it gives with (done, total)."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner on standard error, for work whose length is not known."""
    if not sys.stderr.isatty():
        yield
        return
    spinner = Progress(SpinnerColumn(), TextColumn("{task.description}"), console=_console(stderr=True), transient=True)
    with spinner:
        spinner.add_task(what, total=None)
        yield
