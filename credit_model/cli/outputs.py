"""What a command reads and writes, checked before the work: no output that cannot be written, none over an input.

`Command` is the class of all commands. It looks at the parameters whose type is `INPUT`, `Folder` or `File`, and holds
the lock of each output while the command runs, so that a second run into the same place is refused at its start.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from credit_model import places
from credit_model.errors import DataFileError
from credit_model.files import check_file_replaceable, check_replaceable, format_of
from credit_model.parallel import process_limit


class Input(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A file or folder that is read; names of built-in catalogues too.

    Parameters
    ----------
    of_tables : bool, default False
        Every table in a folder is read.
    """

    name = "path"

    def __init__(self, *, of_tables: bool = False) -> None:
        self.of_tables = of_tables


INPUT, TABLES = Input(), Input(of_tables=True)


class Folder(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A folder to write.

    Parameters
    ----------
    format : str
        What is written there: folders of other kinds are not replaced.
    guarded : bool, default False
        One of its own kind is replaced only with ``--force``.
    also : tuple of str
        Further kinds of folders that are replaced.
    """

    name = "dir"

    def __init__(self, format: str, *, guarded: bool = False, also: tuple[str, ...] = ()) -> None:
        self.format, self.guarded, self.also = format, guarded, also

    def check(self, path: str, *, force: bool) -> None:
        """That the folder may be written."""
        places.restore(Path(path))
        found = format_of(path)
        check_replaceable(path, found if found in self.also else self.format)
        if self.guarded and not force and format_of(path) is not None:
            raise DataFileError(f"{path}: holds a model already; give --force to replace it, or another output")


class File(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A file to write.

    Parameters
    ----------
    *suffixes : str
        How its name must end.
    is_usage : bool, default False
        Another ending is wrong usage, since it chooses what is written.
    """

    name = "file"

    def __init__(self, *suffixes: str, is_usage: bool = False) -> None:
        self.suffixes, self.is_usage = suffixes, is_usage

    def check(self, path: str, *, force: bool) -> None:
        """That the file may be written."""
        if Path(path).suffix.lower() not in self.suffixes:
            *most, last = self.suffixes
            rule = f"{path}: the name must end in {', '.join(most)}{' or ' if most else ''}{last}"
            if self.is_usage:
                raise click.UsageError(f"--out {rule}.", click.get_current_context(silent=True))
            raise DataFileError(rule)
        check_file_replaceable(path)


class Command(click.Command):
    """A command whose inputs and outputs are checked before its work."""

    def invoke(self, ctx: click.Context) -> Any:
        """Check, hold the outputs' locks, and do the work."""
        given = [(param, path) for param in self.params for path in _paths(ctx.params.get(str(param.name)))]
        inputs = [(param, path) for param, path in given if isinstance(param.type, Input)]
        with ExitStack() as held:
            for param, path in given:
                kind = param.type
                if isinstance(kind, Folder | File):
                    _check_apart(path, inputs)
                    kind.check(path, force=bool(ctx.params.get("force")))
                    is_file = isinstance(kind, File)
                    target = Path(os.path.realpath(path)) if is_file else Path(path)
                    held.enter_context(places.sole_writer(target, wait=is_file, entrust=True))
            held.enter_context(process_limit(ctx.params.get("jobs", -1)))
            return super().invoke(ctx)


def _shown(param: click.Parameter) -> str:
    return param.opts[-1] if isinstance(param, click.Option) else str(param.metavar)


def _paths(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(v for v in values if isinstance(v, str))


def _check_apart(output: str, inputs: list[tuple[click.Parameter, str]]) -> None:
    """That writing an output leaves every input as it is, and adds nothing to what is read the next time."""
    out = Path(os.path.realpath(output))
    for param, path in inputs:
        option = _shown(param)
        if not os.path.lexists(path):
            continue  # the name of a built-in catalogue; what is missing is told where it is read
        source = Path(os.path.realpath(path))
        if out == source:
            raise DataFileError(f"{output}: is what {option} reads; give another output")
        if out in source.parents:
            raise DataFileError(f"{output}: holds {path}, which {option} reads; give another output")
        is_read = param.type.of_tables and _would_be_read(out, source)  # type: ignore[attr-defined]
        if source in out.parents and (format_of(source) is not None or is_read):
            raise DataFileError(f"{output}: lies in {path}, which {option} reads; give another output")


def _would_be_read(out: Path, folder: Path) -> bool:
    return out.parent in (folder, folder / "history") and out.suffix.lower() in (".parquet", ".csv")
