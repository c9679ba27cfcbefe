"""Options that several commands share, one by one and in groups; a group comes to its command as one object."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from credit_model.cli.console import working
from credit_model.cli.outputs import INPUT, TABLES, Command, File, Folder
from credit_model.errors import DataFileError
from credit_model.words.language import LANGUAGES

if TYPE_CHECKING:
    from credit_model.explain.decreases import DecreaseExplanations
    from credit_model.portfolio.declarations import Catalogue
    from credit_model.portfolio.history import History
    from credit_model.predictor import LimitPredictor
    from credit_model.scale.partition import Partition

#: What numpy takes as a seed.
LARGEST_SEED = 2**32 - 1
#: More threads than any machine has cores for.
MOST_JOBS = 1024

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class DataSource:
    """Where the histories are: ``--data``, and ``--query`` of a database or ``--sheet`` of a workbook."""

    path: str
    query: str | None = None
    sheet: str | None = None

    def __str__(self) -> str:
        from credit_model.readers.databases import without_password

        return without_password(self.path)

    @property
    def words(self) -> str:
        """The options as they are given to the next command."""
        more = {"--query": self.query, "--sheet": self.sheet}
        return " ".join([f"--data {self}", *(f"{name} {shlex.quote(own)}" for name, own in more.items() if own)])

    @cached_property
    def is_partition(self) -> bool:
        """Whether they are the folder that ``partition`` wrote."""
        from credit_model.scale.partition import is_partition

        return is_partition(self.path)

    def partition(self, catalogue: Catalogue) -> Partition:
        """The partition that they are, held against a catalogue."""
        from credit_model.scale.partition import Partition

        if self.query is not None or self.sheet is not None:
            raise DataFileError(f"{self}: is a partition, and takes no query or sheet; leave it out")
        return Partition.open(self.path, catalogue)

    def checked(self, catalogue: str) -> tuple[Catalogue, History]:
        """A catalogue by its name or file, and the checked histories; all mistakes of both are told together."""
        from credit_model.cli.history_files import check_all

        self.check_sheet()
        return check_all(self.path, catalogue, query=self.query, sheet=self.sheet)

    def history(self, catalogue: Catalogue) -> History:
        """The checked histories, as a catalogue declares them."""
        from credit_model.cli.history_files import read_history

        if self.is_partition:
            with working(f"reading {self}"):
                return self.partition(catalogue).whole()
        self.check_sheet()
        return read_history(self.path, catalogue, query=self.query, sheet=self.sheet)

    def check_sheet(self) -> None:
        """Refuse ``--sheet`` of a file that has no sheets.

        Raises
        ------
        DataFileError
            It is no workbook.
        """
        from credit_model.readers.workbooks import WORKBOOKS

        if self.sheet is not None and Path(self.path).suffix.lower() not in WORKBOOKS:
            raise DataFileError(f"{self}: is no workbook, and has no sheets; leave --sheet out")


def data(function: F) -> F:
    """``--data``, ``--query``, ``--sheet``: the histories, which come to the command as one `DataSource`."""
    return _data(function, required=True)


def optional_data(function: F) -> F:
    """The same for a command that does without; it is given None then."""
    return _data(function, required=False)


def _data(function: F, *, required: bool) -> F:
    @wraps(function)
    def command(**given: Any) -> Any:
        path, more = given.pop("data"), {name: given.pop(name) for name in ("query", "sheet")}
        if path is None and any(more.values()):
            raise click.UsageError("--query and --sheet say what to read of --data; give it too.")
        return function(data=None if path is None else DataSource(path, **more), **given)

    for option in (
        click.option("--sheet", default=None, metavar="NAME", help="Sheet of an Excel workbook, where it has several."),
        click.option("--query", default=None, metavar="SQL", help="What to read of a database."),
        click.option(
            "--data",
            required=required,
            type=TABLES,
            metavar="PATH|URL",
            help="Histories: a file (CSV, Parquet, Excel, Arrow, DuckDB, SQLite), a folder of them, a URL, or the "
            "folder that 'partition' wrote.",
        ),
    ):
        command = option(command)
    return command  # type: ignore[return-value]


def model(function: F) -> F:
    """``--model``: a trained model."""
    return _model(required=True)(function)


def model_or_none(function: F) -> F:
    """The same, for a command that can do without."""
    return _model(required=False)(function)


def _model(*, required: bool) -> Callable[[F], F]:
    return click.option("--model", required=required, type=INPUT, metavar="DIR", help="The folder that 'train' wrote.")


def catalogue(function: F) -> F:
    """``--catalogue`` with a default, for commands that start from data."""
    return click.option(
        "--catalogue",
        default="synthetic",
        show_default=True,
        type=INPUT,
        metavar="NAME|FILE",
        help="What the data means: synthetic, home_credit, uci_taiwan, or a TOML file.",
    )(function)


def expected_catalogue(function: F) -> F:
    """``--catalogue`` without a default, for commands whose model brings its own."""
    return click.option(
        "--catalogue",
        default=None,
        type=INPUT,
        metavar="NAME|FILE",
        help="What the data means; must be the model's own (the default).",
    )(function)


def out(what: str, kind: Folder | File, *, required: bool = True) -> Callable[[F], F]:
    """``--out``: where the result goes."""
    return click.option("--out", required=required, type=kind, metavar="PATH", help=what)


def command(name: str | None = None) -> Callable[[Callable[..., Any]], Command]:
    """A command whose inputs and outputs are checked before its work."""
    return click.command(name, cls=Command)


def seed(help: str) -> Callable[[F], F]:
    """``--seed``: draws whatever is random."""
    return click.option(
        "--seed", type=click.IntRange(0, LARGEST_SEED), default=0, show_default=True, help=f"{help} (0 .. 2^32 - 1)"
    )


def jobs(function: F) -> F:
    """``--jobs``: threads or processes."""
    return click.option(
        "--jobs",
        type=click.IntRange(-1, MOST_JOBS),
        default=-1,
        show_default=True,
        callback=_no_zero,
        help="Cores to use (-1: all); the result does not depend on it.",
    )(function)


def _no_zero(ctx: click.Context, param: click.Parameter, value: int) -> int:
    if value == 0:
        raise click.BadParameter("must be -1 or at least 1")
    return value


def dask(function: F) -> F:
    """``--dask``: a cluster that works at the blocks of a partition."""
    return click.option(
        "--dask",
        default=None,
        metavar="ADDRESS",
        help="Scheduler of a Dask cluster whose workers take the blocks of a partitioned folder, such as tcp://host:8786.",
    )(function)


def language(function: F) -> F:
    """``--lang``: the language of words for people."""
    return click.option(
        "--lang", type=click.Choice(list(LANGUAGES)), default="en", show_default=True, help="Language."
    )(function)


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


def borrower(*, required: bool) -> Callable[[F], F]:
    """``--borrower``: whose limit fell."""
    text = "Whose limit fell." if required else "Only this borrower."
    return click.option("--borrower", required=required, metavar="ID", help=text)


def month(help: str = "Only this month, such as 2024-03.", *, required: bool = False) -> Callable[[F], F]:
    """``--month``: when it fell."""
    return click.option("--month", required=required, metavar="MONTH", help=help)


@dataclass(frozen=True)
class ModelOnData:
    """A trained model and the histories to use it on: `data`, ``--model``, ``--catalogue``, ``--jobs``."""

    data: DataSource
    model: str
    catalogue: str | None
    jobs: int

    @cached_property
    def predictor(self) -> LimitPredictor:
        """The model."""
        from credit_model.predictor import LimitPredictor

        return LimitPredictor.load(self.model, catalogue=self.catalogue, n_jobs=self.jobs)

    @cached_property
    def history(self) -> History:
        """The checked histories, as the model's catalogue declares them."""
        return self.data.history(self.predictor.catalogue)

    def explained(
        self, *, borrower: str | None = None, month: str | None = None, reference: str = "last_set"
    ) -> DecreaseExplanations:
        """The decreases asked for; waves are seen in the whole panel, also where one borrower is asked for."""
        everybody = self.predictor.snapshots(self.history)
        if borrower is not None:
            history = self.history.select([borrower])
            explanations = self.predictor.explain_snapshots(
                self.predictor.snapshots(history), reference=reference, waves=self.predictor.waves(everybody)
            )
            return explanations.select(history.borrower_ids[0], month)
        explanations = self.predictor.explain_snapshots(everybody, reference=reference)
        return explanations if month is None else explanations.in_month(month)


def model_on_data(function: F) -> F:
    """The options of `ModelOnData`, which the command takes as ``source``."""

    @wraps(function)
    def command(**given: Any) -> Any:
        own = {f.name: given.pop(f.name) for f in fields(ModelOnData)}
        return function(source=ModelOnData(**own), **given)

    for option in (jobs, expected_catalogue, model, data):
        command = option(command)
    return command  # type: ignore[return-value]
