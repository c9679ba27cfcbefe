"""A first look through a table that does not fit into memory: what only all of its rows together can tell.

Whose rows there are, what kind of ids and months, which mark stands before decimals: a part of the table alone may say
otherwise ("007" beside "12" is a text, 12 alone is a number). So all parts are looked at first, and then read alike.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import IntArray
from credit_model.errors import CreditModelWarning, DataFileError, HistoryError
from credit_model.portfolio.borrower_ids import read_ids
from credit_model.portfolio.cells import RowNames
from credit_model.portfolio.declarations import Catalogue, Column
from credit_model.portfolio.history_columns import check_columns, named, numbers_read
from credit_model.portfolio.month_columns import read_months
from credit_model.portfolio.months import MonthType
from credit_model.portfolio.number_texts import marks_of, read_numbers
from credit_model.portfolio.written_numbers import Written, read_column, settle_decimal, texts_of
from credit_model.readers.streams import TableParts, proven_by

#: So many distinct ids are gathered before they are counted together.
_AT_ONCE = 2_000_000
#: So many texts of a column stand for all of its texts.
_MOST_KEPT = 40


@dataclass(frozen=True)
class Survey:
    """What a whole table says of itself.

    Attributes
    ----------
    catalogue : Catalogue
    columns : tuple of str
        Names of the table's columns, in its order.
    n_rows : int
    borrower_ids : array, (n_borrowers,)
        As those of `History`.
    rows_of : int64 array, (n_borrowers,)
        How many rows each has.
    month_type : MonthType
    written : Written
        How its numbers are written.
    """

    catalogue: Catalogue
    columns: tuple[str, ...]
    n_rows: int
    borrower_ids: NDArray[Any]
    rows_of: IntArray
    month_type: MonthType
    written: Written
    _id_cells: pd.Index
    _id_codes: IntArray
    _month_cells: pd.Index
    _month_numbers: IntArray

    def codes_of(self, part: pd.DataFrame) -> IntArray:
        """Each row's borrower, as a position in ``borrower_ids``: (n,)."""
        cells = _id_index(part, self.catalogue)
        if cells.dtype == np.int64 and self.borrower_ids.dtype == np.int64 and self._id_cells.dtype == np.int64:
            code = np.searchsorted(self.borrower_ids, cells.to_numpy()).astype(np.int64)
            if (self.borrower_ids[np.minimum(code, len(self.borrower_ids) - 1)] != cells.to_numpy()).any():
                raise _changed()
            return code
        return self._id_codes[_places(self._id_cells, cells)]

    def months_of(self, part: pd.DataFrame) -> IntArray:
        """Each row's month number: (n,)."""
        return self._month_numbers[_places(self._month_cells, _plain_index(part[self.catalogue.month]))]

    def row_names(self, codes: IntArray, number: IntArray) -> RowNames:
        """Names of rows (n,), for messages."""
        return RowNames(self.borrower_ids, codes, number, self.month_type)


def survey(parts: TableParts, catalogue: Catalogue, *, on_part: Callable[[int], object] | None = None) -> Survey:
    """Look through a table once.

    Parameters
    ----------
    parts : TableParts
    catalogue : Catalogue
    on_part : callable, optional
        Called with the number of rows seen.

    Raises
    ------
    DataFileError
        The table cannot be read.
    HistoryError
        Columns are missing, ids or months cannot be read, or its numbers are written in several ways.
    """
    columns: tuple[str, ...] = ()
    counts, months, proven = list[pd.Series](), list[pd.Series](), list[str | None]()
    texts = _Texts(catalogue)
    n_rows = n_gathered = 0
    for part in parts:
        if not columns:
            columns = tuple(str(name) for name in part.columns)
            _check_names(columns, catalogue)
        _check_given(part, catalogue, n_rows)
        n_rows += len(part)
        ids = _id_index(part, catalogue)
        counts.append(_sizes([pd.Series(1, index=ids)]))
        n_gathered += len(counts[-1])
        if n_gathered > _AT_ONCE:
            counts = [_sizes(counts)]
            n_gathered = 0
        months.append(pd.Series(_plain_index(part[catalogue.month])).drop_duplicates())
        months = [_joined(months).drop_duplicates()] if len(months) > 64 else months
        proven.append(proven_by(part))
        texts.see(part)
        if on_part is not None:
            on_part(n_rows)
    if not n_rows:
        raise HistoryError("the history has no rows; give at least one borrower-month")
    size = _sizes(counts)
    codes, borrower_ids = _read_ids(size.index, catalogue)
    month_cells = _joined(months).drop_duplicates().reset_index(drop=True)
    number, month_type = read_months(
        month_cells, catalogue.month, calendar=catalogue.calendar, month_format=catalogue.month_format
    )
    return Survey(
        catalogue=catalogue,
        columns=columns,
        n_rows=n_rows,
        borrower_ids=borrower_ids,
        rows_of=np.bincount(codes, weights=size.to_numpy(), minlength=len(borrower_ids)).astype(np.int64),
        month_type=month_type,
        written=texts.written(parts.proven_decimal(proven)),
        _id_cells=size.index,
        _id_codes=codes,
        _month_cells=pd.Index(month_cells),
        _month_numbers=number,
    )


def _check_names(columns: tuple[str, ...], catalogue: Catalogue) -> None:
    if undeclared := check_columns(list(columns), catalogue):
        warnings.warn(
            f"the history's {named(undeclared)} left out: not declared in catalogue {catalogue.name!r}",
            CreditModelWarning,
            stacklevel=4,
        )


def _check_given(part: pd.DataFrame, catalogue: Catalogue, before: int) -> None:
    for name in (*catalogue.id_columns, catalogue.month):
        missing = part[name].isna().to_numpy()
        if missing.any():
            row = before + int(missing.argmax()) + 1
            raise HistoryError(f"{name} must be given in every row, found none in data row {row:,}; fill or remove it")


def _id_index(part: pd.DataFrame, catalogue: Catalogue) -> pd.Index:
    """The ids of a part's rows, as they are written."""
    names = catalogue.id_columns
    own = [_plain_index(part[name]) for name in names]
    return own[0] if len(own) == 1 else pd.MultiIndex.from_arrays(own)


def _plain_index(column: pd.Series) -> pd.Index:
    """A column's cells as an index without a name, categories as what they stand for."""
    found: pd.Index = pd.Index(column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column)
    return found.rename(None)


def _places(known: pd.Index, cells: pd.Index) -> IntArray:
    """Where cells (n,) stand among those that were seen: (n,).

    Raises
    ------
    DataFileError
        One was not seen.
    """
    place = known.get_indexer(cells)
    if (place < 0).any():  # parts may hold the same as texts, dates and objects
        place = known.astype(object).get_indexer(cells.astype(object))
    if (place < 0).any():
        raise _changed()
    return np.asarray(place, dtype=np.int64)


def _changed() -> DataFileError:
    return DataFileError("the data changed while they were read; partition them again")


def _sizes(counts: list[pd.Series]) -> pd.Series:
    """How often each id occurs, the ids as they are written."""
    whole = _joined(counts)
    found: pd.Series = whole.groupby(level=list(range(whole.index.nlevels)), sort=False).sum()
    return found


def _joined(parts: list[pd.Series]) -> pd.Series:
    whole: pd.Series = parts[0] if len(parts) == 1 else pd.concat(parts)
    return whole


def _read_ids(cells: pd.Index, catalogue: Catalogue) -> tuple[IntArray, NDArray[Any]]:
    names = catalogue.id_columns
    columns = [pd.Series(cells.get_level_values(k)) for k in range(len(names))]
    return read_ids(columns, names, catalogue.borrower)


class _Texts:
    """Of each column of numbers, the texts on which it depends how the whole table is read."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.columns = numbers_read(catalogue)
        self.told: dict[str, dict[object, str]] = {column.name: {} for column in self.columns}
        self.has_numbers: set[str] = set()

    def see(self, part: pd.DataFrame) -> None:
        for column in self.columns:
            if column.name in part.columns:
                self._see(column, part[column.name])

    def _see(self, column: Column, cells: pd.Series) -> None:
        texts, kept = texts_of(cells), self.told[column.name]
        others = cells[~texts.is_text]
        if len(others) and bool((others.dropna() != 0).any()):
            self.has_numbers.add(column.name)
        unknown = {text for text in self.catalogue.source.missing.get(column.name, ()) if isinstance(text, str)}
        own = [text for text in texts.distinct if text.strip() not in unknown]
        if not own:
            return
        marks = marks_of(own)
        for name in ("point", "comma", "doubtful"):
            if (text := getattr(marks, name)) is not None:
                kept.setdefault(name, text)
        read = read_numbers(own, ".")
        for currency in read.currencies:
            of_it = (text for text in own if read_numbers([text], ".").currencies == (currency,))
            kept.setdefault(currency, next(of_it, own[0]))
        for counted in {re.sub(r".*\d", "", text).strip() for text in own if re.search(r"\d[^\d%]+$", text)}:
            if len(kept) < _MOST_KEPT:
                kept.setdefault(f"counted {counted}", next(text for text in own if text.strip().endswith(counted)))
        if read.is_percent.any():
            kept.setdefault("percent", own[int(read.is_percent.argmax())])
        bare = ~read.is_percent & np.nan_to_num(read.values).astype(bool)
        if bare.any():
            kept.setdefault("bare", own[int(bare.argmax())])

    def written(self, proven: str | None) -> Written:
        """How all parts write their numbers.

        Raises
        ------
        HistoryError
            They do it in several ways, or it cannot be told in which.
        """
        told = [(column, pd.Series(list(self.told[column.name].values()), dtype=object)) for column in self.columns]
        told = [(column, texts) for column, texts in told if len(texts)]
        written = Written(self.catalogue.source, settle_decimal(told, self.catalogue.source, proven))
        for column, texts in told:
            read = read_column(texts.tolist(), column, written, has_numbers=column.name in self.has_numbers)
            if read.fault is not None:
                found = texts[int(read.fault.is_broken.argmax())]
                raise HistoryError(f"{read.fault.rule}, found {found!r}; {read.fault.remedy}")
            if not read.is_understood.all():
                raise HistoryError(
                    f"{column.name} must be numbers{written.mark_shown}, found "
                    f"{texts[int(read.is_understood.argmin())]!r}; correct the data, or list it in [source.missing] "
                    "where it means that nothing is known"
                )
        return written
