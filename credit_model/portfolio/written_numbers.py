"""A column of texts as the numbers that its catalogue declares: one decimal mark a table, one currency a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.portfolio.declarations import Column
from credit_model.portfolio.number_texts import Marks, marks_of, plain_text, read_numbers
from credit_model.readers.source_format import PROVEN_DECIMAL, SourceFormat

#: Texts of columns that are true or false, in small letters.
TRUTHS = {"true": 1.0, "yes": 1.0, "y": 1.0, "是": 1.0, "false": 0.0, "no": 0.0, "n": 0.0, "否": 0.0}
#: Units of numbers that may be written with a percent sign, and the power of ten that it then stands for.
_PERCENT = {"percent": 0, "share": -2, "ratio": -2}


@dataclass(frozen=True)
class Written:
    """How a table's numbers are written: what the catalogue declares, and the mark before the decimals."""

    source: SourceFormat = field(default_factory=SourceFormat)
    decimal: str = "."

    @property
    def mark_shown(self) -> str:
        """The mark for messages, where it is not the usual one."""
        return "" if self.decimal == "." else f" with the decimal mark {self.decimal!r}"


@dataclass(frozen=True)
class Texts:
    """The texts among a column's cells (n,).

    Attributes
    ----------
    is_text : bool array, (n,)
    place : int64 array, (n_texts,)
        Each text as a position in ``distinct``.
    distinct : list of str
    """

    is_text: NDArray[np.bool_]
    place: IntArray
    distinct: list[str]


@dataclass(frozen=True)
class Fault:
    """A rule that a column's texts break: which of the distinct ones, the rule, and what to do."""

    is_broken: NDArray[np.bool_]
    rule: str
    remedy: str


@dataclass(frozen=True)
class ColumnRead:
    """Distinct texts as numbers: NaN where blank, where they mean "not known", or where not understood."""

    values: FloatArray
    is_understood: NDArray[np.bool_]
    fault: Fault | None = None


def texts_of(raw: pd.Series) -> Texts:
    """The texts among a column's cells, each distinct one once."""
    if isinstance(raw.dtype, pd.CategoricalDtype):
        raw = raw.astype(object)
    if pd.api.types.is_object_dtype(raw.dtype):
        is_text = np.fromiter((isinstance(cell, str) for cell in raw), dtype=np.bool_, count=len(raw))
    elif pd.api.types.is_string_dtype(raw.dtype):
        is_text = raw.notna().to_numpy()
    else:
        return Texts(np.zeros(len(raw), dtype=np.bool_), np.zeros(0, dtype=np.int64), [])
    place, distinct = pd.factorize(raw[is_text])
    texts = [str(text).encode(errors="replace").decode() for text in distinct]  # no half of a surrogate pair
    return Texts(is_text, place.astype(np.int64), texts)


def settle_decimal(columns: Iterable[tuple[Column, pd.Series]], source: SourceFormat, proven: str | None) -> str:
    """The mark before the decimals of a table: declared, or proven by its columns of numbers.

    Parameters
    ----------
    columns : iterable of (Column, Series)
        Those of numbers.
    source : SourceFormat
    proven : "." or None
        What the reader of the file knows.

    Raises
    ------
    HistoryError
        It depends on the mark what a number is, and nothing tells which it is; or columns contradict each other.
    """
    if source.decimal is not None:
        return source.decimal
    found, of = Marks(PROVEN_DECIMAL if proven == "." else None), {PROVEN_DECIMAL: "the file"}
    for column, raw in columns:
        unknown = {text for text in source.missing.get(column.name, ()) if isinstance(text, str)}
        texts = [text for text in texts_of(raw).distinct if text.strip() not in unknown]
        marks = marks_of(texts) if texts else Marks()
        of |= {text: column.name for text in (marks.point, marks.comma, marks.doubtful) if text}
        found |= marks
    if found.decimal is not None:
        return found.decimal
    if found.point and found.comma:
        raise HistoryError(
            f"numbers must have one decimal mark, found {found.point} ({of[found.point]}) beside {found.comma} "
            f"({of[found.comma]}); write them in one way, or declare the mark as decimal in [source] to see others told"
        )
    text = found.doubtful or ""
    point, comma = (f"{read_numbers([text], mark).values[0]:.15g}" for mark in (".", ","))
    raise HistoryError(
        f"{of[text]} must be numbers that can be read in one way, found {text!r}, which is {point} or {comma}, and "
        f'nothing in the table tells which; declare decimal = "." ({point}) or decimal = "," ({comma}) in [source]'
    )


def read_column(texts: Sequence[str], column: Column, written: Written, *, has_numbers: bool = False) -> ColumnRead:
    """A column's distinct texts (n,) as numbers, by its unit.

    Parameters
    ----------
    texts : sequence of str
    column : Column
    written : Written
    has_numbers : bool, default False
        Other cells of the column are numbers.
    """
    unknown = {text for text in written.source.missing.get(column.name, ()) if isinstance(text, str)}
    means_nothing = np.array([text in unknown or text.strip() in unknown for text in texts], dtype=np.bool_)
    if column.kind == "boolean":
        truths = [TRUTHS.get(plain_text(text).lower()) for text in texts]
    else:
        truths = [None] * len(texts)
    is_truth = np.array([truth is not None for truth in truths], dtype=np.bool_)
    exponent = _PERCENT.get(column.unit)
    read = read_numbers(texts, written.decimal, percent_exponent=exponent or 0)
    values = np.where(is_truth, np.array([truth or 0.0 for truth in truths]), read.values)
    values[means_nothing] = np.nan
    understood = read.is_understood | is_truth | means_nothing
    percent = read.is_percent & ~means_nothing
    numbers = [value for value in written.source.missing.get(column.name, ()) if not isinstance(value, str)]
    told = np.where(np.isin(values, numbers) & ~percent, np.nan, values)
    scale, twice = written.source.scale.get(column.name, 1.0), read.has_unit & ~means_nothing
    if scale != 1.0 and twice.any():
        rule = (
            f"{column.name} must be numbers without 万 or the like, since [source.scale] multiplies them by {scale:g}"
        )
        remedy = "take its scale out of [source.scale], or take the unit out of its cells"
        return ColumnRead(values, understood, Fault(twice, rule, remedy))
    return ColumnRead(values, understood, _fault(texts, column, told, percent, read.currencies, has_numbers))


def _fault(
    texts: Sequence[str],
    column: Column,
    values: FloatArray,
    percent: NDArray[np.bool_],
    currencies: tuple[str, ...],
    has_numbers: bool,
) -> Fault | None:
    if percent.any() and column.unit not in _PERCENT:
        return Fault(
            percent,
            f"{column.name} must be numbers of unit {column.unit!r}, which has no percent sign",
            'correct the data, or declare unit = "percent" or unit = "share"',
        )
    bare = ~percent & ~np.isnan(values) & (values != 0)
    if percent.any() and (bare.any() or has_numbers):
        return Fault(
            percent, f"{column.name} must have a percent sign in all cells or in none", "write them in one way"
        )
    if not currencies or (len(currencies) == 1 and column.unit == "money"):
        return None
    shown = " and ".join(currencies)
    broken = np.array([any(sign in plain_text(text).upper() for sign in currencies) for text in texts], dtype=np.bool_)
    broken = broken if broken.any() else ~np.isnan(values)
    if column.unit == "money":
        return Fault(broken, f"{column.name} must be amounts of one currency, has {shown}", "convert them to one")
    rule = f"{column.name} must be numbers of unit {column.unit!r}, which has no currency ({shown})"
    return Fault(broken, rule, 'correct the data, or declare unit = "money"')
