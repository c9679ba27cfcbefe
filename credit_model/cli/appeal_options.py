"""Options that the commands of the appeal desk share, and the desk itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from credit_model.cli.outputs import INPUT

if TYPE_CHECKING:
    from credit_model.act.appeals.desk import Desk

F = TypeVar("F", bound=Callable[..., Any])


def store(function: F) -> F:
    """``--store``: the desk\'s file."""
    return click.option("--store", required=True, type=INPUT, metavar="FILE", help="The desk's file (SQLite).")(
        function
    )


def case(function: F) -> F:
    """``--case``: the number of a case."""
    return click.option("--case", "number", required=True, type=click.IntRange(1, 10**9), metavar="N",
                        help="The case's number.")(function)  # fmt: skip


def officer(function: F) -> F:
    """``--officer``: who does it."""
    return click.option("--officer", required=True, metavar="NAME", help="Who does this; it stands in the log.")(
        function
    )


def note(function: F) -> F:
    """``--note``: what is kept with it."""
    return click.option("--note", default="", metavar="TEXT", help="Something to be kept with it.")(function)


def open_desk(path: str, *, create: bool = False, lender: str | None = None) -> Desk:
    """The desk; its days are the lender's where its file is known."""
    from credit_model.act.appeals.desk import Desk
    from credit_model.act.appeals.store import Store
    from credit_model.documents.lender_file import parse_lender

    store = Store(path, create=create)
    click.get_current_context().call_on_close(store.close)
    zone = None
    if lender is None and store.cases():
        known = store.case(store.cases()[-1]).opened.facts["texts"]["lender"]
        lender = store.text(known)
    if lender is not None:
        zone = parse_lender(lender).calendar.zone
    return Desk(store, zone=zone)
