"""Options that settle what a draft cannot find out: the decision lag, the keys, and how a file is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Keys:
    """What a user says of a table before it is drafted; None or empty: to be found out."""

    lag: int | None = None
    borrower: tuple[str, ...] = ()
    month: str | None = None
    limit: str | None = None
    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether anything is said."""
        return self != Keys()


def keys(function: F) -> F:
    """The options of `Keys`, which the command takes as ``keys``."""

    @wraps(function)
    def command(**given: Any) -> Any:
        own = {
            name: given.pop(name) for name in ("lag", "borrower", "month", "limit", "encoding", "separator", "decimal")
        }
        twice = next((name for name in own["borrower"] if own["borrower"].count(name) > 1), None)
        if twice is not None:
            raise click.UsageError(f"--borrower must name different columns, found {twice!r} more than once.")
        own["separator"] = "\t" if own["separator"] == "tab" else own["separator"]
        return function(keys=Keys(**own), **given)

    for option in (
        click.option(
            "--decimal", type=click.Choice([".", ","]), default=None, help="Mark before the decimals in texts."
        ),
        click.option(
            "--separator", type=click.Choice([",", ";", "|", "tab"]), default=None, help="Between a CSV file's columns."
        ),
        click.option(
            "--encoding", default=None, metavar="NAME", help="Of a CSV file's text, such as gb18030 or cp1252."
        ),
        click.option("--limit", default=None, metavar="COLUMN", help="Column of the limits, where it is not found."),
        click.option("--month", default=None, metavar="COLUMN", help="Column of the months, where it is not found."),
        click.option(
            "--borrower",
            multiple=True,
            metavar="COLUMN",
            help="Column of the borrower or account, where it is not found; again for a further part of the key.",
        ),
        click.option(
            "--lag",
            type=click.IntRange(0, 1),
            default=None,
            help="A month's limit is decided at its end, knowing it (0), or at its start (1); else the data are asked.",
        ),
    ):
        command = option(command)
    return command  # type: ignore[return-value]
