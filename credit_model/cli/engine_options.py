"""Options of the commands that take a lender's own model: its file, what it decides, the tables to explain it on."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from credit_model.cli.outputs import INPUT, TABLES
from credit_model.errors import DataFileError
from credit_model.inputs import check_is_file, one_line

if TYPE_CHECKING:
    from credit_model.model.deciding import CutOffs, Grid, Worse
    from credit_model.trees.engines.tree_model import TreeModel

F = TypeVar("F", bound=Callable[..., Any])
_KEYS = {"worse", "of", "cut_offs", "grid"}
_GRID_KEYS = {"at", "column", "edges", "tiers"}


@dataclass(frozen=True)
class OwnModelOptions:
    """A lender's own model: ``--engine-model``, ``--class``, ``--decide``, ``--trust``."""

    engine_model: str | None
    score_class: str | None
    decide: str | None
    trust: bool

    @cached_property
    def trees(self) -> TreeModel:
        """The model, known to score like its own library."""
        from credit_model.trees.engines.reading import read_tree_model

        return read_tree_model(Path(self.engine_model or ""), score_class=self.score_class, trust=self.trust)

    @cached_property
    def deciding(self) -> tuple[CutOffs | Grid, Worse]:
        """How the model decides limits, and which way its score is worse."""
        if self.decide is None:
            raise click.UsageError(
                "Missing option '--decide': a TOML file with the cut-offs by which the model decides limits.",
                click.get_current_context(silent=True),
            )
        return read_deciding(Path(self.decide))


def own_model(function: F) -> F:
    """The options of `OwnModelOptions`, which the command takes as ``own``."""

    @wraps(function)
    def command(**given: Any) -> Any:
        return function(own=OwnModelOptions(**{f.name: given.pop(f.name) for f in fields(OwnModelOptions)}), **given)

    for option in (
        click.option("--trust", is_flag=True, help="Load a pickled model (.joblib, .pkl), which can run any code."),
        click.option(
            "--decide", default=None, type=INPUT, metavar="FILE", help="TOML with the cut-offs that decide limits."
        ),
        click.option(
            "--class", "score_class", default=None, metavar="LABEL", help="Of several classes, whose score is meant."
        ),
        click.option(
            "--engine-model",
            default=None,
            type=INPUT,
            metavar="FILE",
            help="Your own model: LightGBM text, XGBoost JSON or UBJ, CatBoost cbm, or a pickle of scikit-learn's.",
        ),
    ):
        command = option(command)
    return command  # type: ignore[return-value]


@dataclass(frozen=True)
class TwoTables:
    """The tables whose scores are compared: ``--before``, ``--after``, ``--key``, ``--groups``, ``--worse``, dates."""

    before: str | None
    after: str | None
    key: str | None
    groups: str | None
    worse: Worse | None
    dates: tuple[str, str] | None

    @property
    def given(self) -> bool:
        """Whether tables are named at all."""
        return self.before is not None or self.after is not None


def two_tables(function: F) -> F:
    """The options of `TwoTables`, which the command takes as ``tables``."""

    @wraps(function)
    def command(**given: Any) -> Any:
        return function(tables=TwoTables(**{f.name: given.pop(f.name) for f in fields(TwoTables)}), **given)

    for option in (
        click.option("--dates", nargs=2, default=None, metavar="FROM TO", help="What the two dates are called."),
        click.option(
            "--worse", type=click.Choice(["higher", "lower"]), default=None, help="Which way the score is worse."
        ),
        click.option(
            "--groups", default=None, type=INPUT, metavar="FILE", help='TOML of factors: debt = ["balance", "loans"].'
        ),
        click.option("--key", default=None, metavar="COLUMN", help="Column that says whose a row is, in both tables."),
        click.option("--after", default=None, type=TABLES, metavar="FILE", help="The same rows at a later date."),
        click.option(
            "--before", default=None, type=TABLES, metavar="FILE", help="Rows of your model's columns at one date."
        ),
    ):
        command = option(command)
    return command  # type: ignore[return-value]


def read_deciding(path: Path) -> tuple[CutOffs | Grid, Worse]:
    """How a model decides limits, from a TOML file.

    Raises
    ------
    DataFileError
        The file cannot be read, or a key is unknown or missing.
    """
    from credit_model.model.deciding import CutOffs, Grid

    found = _toml(path)
    if unknown := sorted(found.keys() - _KEYS):
        raise DataFileError(f"{path}: must hold the keys {', '.join(sorted(_KEYS))}, found {unknown[0]!r}")
    worse, of = found.get("worse"), found.get("of", "score")
    if worse not in ("higher", "lower"):
        raise DataFileError(
            f'{path}: worse must be "higher" or "lower", found {worse!r}; say which way a score is worse'
        )
    if ("cut_offs" in found) == ("grid" in found):
        raise DataFileError(
            f"{path}: must hold either cut_offs or [grid], found {'both' if 'grid' in found else 'none'}"
        )
    if "cut_offs" in found:
        return CutOffs(_numbers(found["cut_offs"], path, "cut_offs"), of=of), worse
    grid = found["grid"]
    if not isinstance(grid, dict) or grid.keys() != _GRID_KEYS:
        raise DataFileError(f"{path}: [grid] must hold {', '.join(sorted(_GRID_KEYS))}")
    at, edges = _numbers(grid["at"], path, "at"), _numbers(grid["edges"], path, "edges")
    return Grid(at, str(grid["column"]), edges, grid["tiers"], of=of), worse


def read_groups(path: Path) -> dict[str, list[str]]:
    """Factor -> columns, from a TOML file.

    Raises
    ------
    DataFileError
        The file cannot be read, or a factor is no list of columns.
    """
    found = _toml(path)
    for name, columns in found.items():
        if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
            raise DataFileError(f'{path}: a factor must list its columns, {name} = ["a", "b"], found {columns!r}')
    return found


def _toml(path: Path) -> dict[str, Any]:
    check_is_file(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataFileError(f"{path}: cannot be read as TOML ({one_line(error)}); correct it") from None


def _numbers(values: Any, path: Path, name: str) -> list[float]:
    if not isinstance(values, list) or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        raise DataFileError(f"{path}: {name} must be a list of numbers, found {values!r}")
    return [float(value) for value in values]


def needed(value: str | None, name: str, why: str) -> str:
    """An option's value, or wrong usage that says why it is needed."""
    if value is None:
        raise click.UsageError(f"Missing option '{name}'{why}.", click.get_current_context(silent=True))
    return value


def none_of(options: dict[str, object], why: str) -> None:
    """Wrong usage, where an option is given that says nothing here."""
    for name, value in options.items():
        if value:
            raise click.UsageError(f"{name} {why}.", click.get_current_context(silent=True))
