"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def data(function: F) -> F:
    """``--data``: the histories."""
    return click.option(
        "--data", required=True, metavar="PATH", help="Histories: a CSV or Parquet file, or a folder of them."
    )(function)


def model(function: F) -> F:
    """``--model``: a trained model."""
    return click.option("--model", required=True, metavar="DIR", help="The folder that 'train' wrote.")(function)


def catalogue(function: F) -> F:
    """``--catalogue`` with a default, for commands that start from data."""
    return click.option(
        "--catalogue",
        default="synthetic",
        show_default=True,
        metavar="NAME|FILE",
        help="What the data means: synthetic, home_credit, uci_taiwan, or a TOML file.",
    )(function)


def expected_catalogue(function: F) -> F:
    """``--catalogue`` without a default, for commands whose model brings its own."""
    return click.option(
        "--catalogue",
        default=None,
        metavar="NAME|FILE",
        help="What the data means; must be the model's own (the default).",
    )(function)


def out(kind: str) -> Callable[[F], F]:
    """``--out``: where the result goes."""
    return click.option("--out", required=True, metavar="PATH", help=f"{kind} to write.")


def jobs(function: F) -> F:
    """``--jobs``: threads or processes."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=-1),
        default=-1,
        show_default=True,
        callback=_no_zero,
        help="Cores to use (-1: all); the result does not depend on it.",
    )(function)


def _no_zero(ctx: click.Context, param: click.Parameter, value: int) -> int:
    if value == 0:
        raise click.BadParameter("must be -1 or at least 1")
    return value


def language(function: F) -> F:
    """``--lang``: the language of words for people."""
    return click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")(
        function
    )


def reference(function: F) -> F:
    """``--reference``: what a decrease is compared with."""
    return click.option(
        "--reference",
        type=click.Choice(["last_set", "last_review", "previous_month", "peers"]),
        default="last_set",
        show_default=True,
        help="Compare with the borrower's own snapshot when the limit was set, at the last review or a month before; "
        "or with borrowers who kept the same tier narrowly.",
    )(function)
