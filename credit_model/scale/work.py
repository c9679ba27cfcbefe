"""Blocks of work: on threads of this machine, or wherever a runner takes them; what is done outlives a kill.

A block's result is a small summary (of what JSON holds) and tables. With a folder for parts they are written there,
whole or not at all, and a later run of the same work takes up what stands.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from credit_model import places
from credit_model.errors import DataFileError
from credit_model.parallel import in_order, workers_of
from credit_model.scale.given import Given

Progress = Callable[[int, int], object]
#: A summary that JSON holds, and tables of Arrow; of blocks whose parts are not kept, anything that can be pickled.
Result = tuple[dict[str, Any], dict[str, Any]]
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_SUMMARY = "summary.json"
#: Blocks that are in memory at a time, at most; further threads work within them.
MOST_AT_ONCE = 4


class Stage(Protocol):
    """A pure function of a block: its summary and its tables.

    It can be pickled, and knows by ``name`` whose parts are whose.
    """

    @property
    def name(self) -> str:
        """Of the stage, for its parts."""

    @property
    def given(self) -> Given:
        """What it works on."""

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""


@dataclass(frozen=True)
class Done:
    """A block's result: its summary, and its tables in memory or on disk."""

    summary: dict[str, Any]
    tables: Mapping[str, Any] = field(default_factory=dict)
    place: str | None = None

    def table(self, name: str) -> pa.Table:
        """One of the tables."""
        return self.tables[name] if self.place is None else _read(Path(self.place) / f"{name}.arrow")


class Runner(Protocol):
    """What takes blocks to where they are worked at."""

    @property
    def n_inside(self) -> int:
        """Threads that work within a block."""

    def run(
        self, stage: Stage, n_blocks: int, parts: Path | None = None, *, on_progress: Progress | None = None
    ) -> Iterator[Done]:
        """The results of all blocks, in their order."""


@dataclass(frozen=True)
class Threads:
    """Runs blocks on threads of this process.

    Attributes
    ----------
    n_jobs : int
        As everywhere; no result depends on it.
    """

    n_jobs: int = -1

    @property
    def n_inside(self) -> int:
        """Threads that work within a block."""
        return max(1, workers_of(self.n_jobs) // MOST_AT_ONCE)

    def run(
        self, stage: Stage, n_blocks: int, parts: Path | None = None, *, on_progress: Progress | None = None
    ) -> Iterator[Done]:
        """The results of all blocks, in their order."""
        folder = None if parts is None else str(parts)
        at_once = min(MOST_AT_ONCE, workers_of(self.n_jobs))
        for k, done in enumerate(in_order(lambda k: run_block(stage, k, folder), n_blocks, at_once)):
            yield done
            if on_progress is not None:
                on_progress(k + 1, n_blocks)


def run_block(stage: Stage, number: int, parts: str | None) -> Done:
    """A block's result, taken up where it stands."""
    if parts is None:
        summary, tables = stage(number)
        return Done(json.loads(json.dumps(summary)), tables)
    place = Path(parts) / f"{stage.name}-{number:06d}"
    if not (place / _SUMMARY).is_file():
        summary, tables = stage(number)
        _write(place, summary, tables)
    return Done(json.loads((place / _SUMMARY).read_text(encoding="utf-8")), place=str(place))


def _write(place: Path, summary: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> None:
    partial = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}")
    try:
        partial.mkdir(parents=True)
        for name, table in tables.items():
            with (
                pa.OSFile(str(partial / f"{name}.arrow"), "wb") as file,
                pa.ipc.new_file(file, table.schema, options=_OPTIONS) as writer,
            ):
                writer.write_table(table)
        (partial / _SUMMARY).write_text(json.dumps(summary), encoding="utf-8")
        try:
            os.rename(partial, place)
        except OSError:
            if not (place / _SUMMARY).is_file():  # else another worker did the same
                raise
    except OSError as error:
        raise DataFileError(
            f"{place.parent}: cannot be written ({error.strerror}); choose a place you may write to, with free space"
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _read(path: Path) -> pa.Table:
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


@contextlib.contextmanager
def parts_beside(path: str | Path, work: str) -> Iterator[Path]:
    """The folder for parts of a work whose result is the file ``path``: it stays if the block does not end well.

    Parameters
    ----------
    path : path
    work : str
        16 hexadecimal digits, from `Given.work`.
    """
    target = Path(os.path.realpath(path))
    folder = places.partial_of(target, work)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise places.unwritable(Path(path), error) from None
    yield folder
    for left in places.partials_of(target, "16"):
        places.remove(left)
