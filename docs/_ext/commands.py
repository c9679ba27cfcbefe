"""The command reference: what ``--help`` says of every command, as Markdown in place of a marker."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click
from sphinx.application import Sphinx

from credit_model.cli import main

MARKER = "<!-- commands -->"


def _insert(app: Sphinx, docname: str, source: list[str]) -> None:
    if MARKER in source[0]:
        source[0] = source[0].replace(MARKER, "\n".join(_command(main, ["credit-model"])))


def _command(command: click.Command, path: list[str]) -> Iterator[str]:
    context = click.Context(command, info_name=path[-1])
    if len(path) > 1:
        yield f"{'#' * len(path)} {' '.join(path[1:])}\n"
    yield from _help(command)
    names = command.list_commands(context) if isinstance(command, click.Group) else []
    if not names:
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"```text\n{' '.join(path)} {usage}\n```\n"
    for parameter in command.get_params(context):
        if len(path) == 1 or "--help" in parameter.opts:
            continue
        yield from _parameter(parameter, context)
    for name in names:
        one = command.get_command(context, name)
        yield from _command(one, [*path, name])


def _help(command: click.Command) -> Iterator[str]:
    """Paragraphs, and what stands as it is written (after a line of backspace) as code."""
    for part in inspect.cleandoc(command.help or "").split("\n\n"):
        if part.startswith("\b"):
            lines = part.removeprefix("\b").strip("\n").split("\n")
            plain = [re.sub(r"^(Example: )? +", "", line) for line in lines]
            yield "```text\n" + "\n".join(plain) + "\n```\n"
        else:
            yield part + "\n"


def _parameter(parameter: click.Parameter, context: click.Context) -> Iterator[str]:
    if isinstance(parameter, click.Argument):
        yield f"`{parameter.make_metavar(context)}`\n: required\n"
        return
    assert isinstance(parameter, click.Option)
    record = parameter.get_help_record(context)
    if record is None:
        return
    names, text = record
    yield f"`{names}`\n: {text}\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Insert the reference where the marker stands."""
    app.connect("source-read", _insert)
    return {"parallel_read_safe": True}
