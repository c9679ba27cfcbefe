"""The history table's contract, and the only place where raw data is checked.

One row is a borrower's month. Histories may be unbalanced, unsorted, with gaps between months and missing cells;
`check_history` sorts them, or says in one line what is wrong, where, and how to put it right.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelWarning, Gathering, HistoryError
from credit_model.notebook import notebook_html
from credit_model.portfolio.borrower_ids import position_among
from credit_model.portfolio.cells import RowNames, check_rules, read_cells
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history_columns import check_columns, columns_read, named, numbers_read
from credit_model.portfolio.history_keys import Keys, read_keys
from credit_model.portfolio.months import MonthType, format_month, months_as_values
from credit_model.portfolio.written_numbers import Written, settle_decimal, texts_of
from credit_model.readers.databases import without_password
from credit_model.readers.source_format import PROVEN_DECIMAL
from credit_model.readers.tables import as_table

#: What `check_history` reads: a DataFrame of pandas or Polars, a table of PyArrow or DuckDB, or a path.
Table: TypeAlias = Any


@dataclass(frozen=True)
class History:
    """A checked panel: rows sorted by borrower, then month.

    Attributes
    ----------
    catalogue : Catalogue
    month_type : "date", "integer", "quarter", "week" or "year"
        What ``month_number`` counts (`portfolio.months`).
    borrower_ids : array, (n_borrowers,)
        Sorted; integers or text.
    starts : int64 array, (n_borrowers + 1,)
        Each borrower's first row, and the number of rows.
    month_number : int64 array, (n,)
        Year * 12 + month - 1, the integer month, or the period of another calendar.
    cells : mapping of str to float64 array, (n,)
        The limit, the reviewed flag, the flags of what is no cut, and every declared column; NaN is missing,
        categories are codes. The limit is NaN where it is unknown or the account is closed.
    """

    catalogue: Catalogue
    month_type: MonthType
    borrower_ids: NDArray[Any]
    starts: IntArray
    month_number: IntArray
    cells: Mapping[str, FloatArray] = field(repr=False)

    def __len__(self) -> int:
        return len(self.month_number)

    @cached_property
    def borrower_row(self) -> IntArray:
        """Each row's borrower, as a position in ``borrower_ids``: (n,)."""
        return np.repeat(np.arange(len(self.borrower_ids)), np.diff(self.starts))

    def values(self, column: str) -> FloatArray:
        """A column's cells, (n,): float64, NaN missing, categories as codes, booleans as 0 and 1."""
        return self.cells[column]

    @cached_property
    def is_closed(self) -> NDArray[np.bool_]:
        """Rows in which the account has ended, as the catalogue's ``closed`` tells: (n,)."""
        return closed_rows(self.catalogue, self.cells)

    @cached_property
    def is_no_cut(self) -> NDArray[np.bool_]:
        """Rows whose change of the limit, if any, is not the lender's decision: closures, and flagged rows: (n,)."""
        flagged = [self.cells[name] > 0 for name in self.catalogue.not_a_cut]
        return np.asarray(np.any([self.is_closed, *flagged], axis=0), dtype=np.bool_)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The panel as a table: ids and months as people write them, categories as text."""
        catalogue = self.catalogue
        table: dict[str, Any] = {
            catalogue.borrower: self.borrower_ids[self.borrower_row],
            catalogue.month: self.show_months(self.month_number),
        }
        for name, cells in self.cells.items():
            table[name] = cells
        for column in catalogue.columns:
            if column.kind == "category":
                codes = np.nan_to_num(self.cells[column.name], nan=-1).astype(np.int64)
                table[column.name] = pd.Categorical.from_codes(codes, pd.Index(column.categories))
        return pd.DataFrame(table)

    def select(self, borrower_ids: Sequence[Any]) -> History:
        """The panel of some borrowers.

        Parameters
        ----------
        borrower_ids : sequence of ids, as in the data or as text

        Raises
        ------
        HistoryError
            One of them is not in the history.
        """
        return self.at(np.sort(np.array([self.position_of(b) for b in borrower_ids], dtype=np.int64)))

    def at(self, position: IntArray) -> History:
        """The panel of the borrowers at some positions (n,), ascending, in ``borrower_ids``."""
        lengths = np.diff(self.starts)[position]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        rows = np.repeat(self.starts[position] - starts[:-1], lengths) + np.arange(starts[-1])
        return History(
            catalogue=self.catalogue,
            month_type=self.month_type,
            borrower_ids=self.borrower_ids[position],
            starts=starts,
            month_number=self.month_number[rows],
            cells={name: cells[rows] for name, cells in self.cells.items()},
        )

    def blocks(self, rows_at_once: int) -> Iterator[History]:
        """The panel part by part: consecutive borrowers of about so many rows together; cells are not copied."""
        edges = np.searchsorted(self.starts, np.arange(0, self.starts[-1], rows_at_once))
        edges = np.unique(np.append(edges, len(self.borrower_ids)))
        for first, last in pairwise(edges.tolist()):
            start, stop = int(self.starts[first]), int(self.starts[last])
            yield History(
                catalogue=self.catalogue,
                month_type=self.month_type,
                borrower_ids=self.borrower_ids[first:last],
                starts=self.starts[first : last + 1] - start,
                month_number=self.month_number[start:stop],
                cells={name: cells[start:stop] for name, cells in self.cells.items()},
            )

    def position_of(self, borrower_id: Any) -> int:
        """A borrower's position in ``borrower_ids``.

        Raises
        ------
        HistoryError
            The borrower is not in the history.
        """
        return position_among(self.borrower_ids, borrower_id)

    def show_months(self, number: IntArray) -> Any:
        """Month numbers as dates (the month's first day) or integers."""
        return months_as_values(number, self.month_type)

    def _repr_html_(self) -> str:
        first, last = (
            format_month(int(m), self.month_type) for m in (self.month_number.min(), self.month_number.max())
        )
        return notebook_html(
            "<p><b>{rows:,} borrower-months</b>, {borrowers:,} borrowers, {first} to {last}</p>",
            self.frame.head(5),
            rows=len(self),
            borrowers=len(self.borrower_ids),
            first=first,
            last=last,
        )


def check_history(data: Table, catalogue: Catalogue) -> History:
    """Check a raw history table against its catalogue, and sort it.

    Parameters
    ----------
    data : table or path
        As `credit_model.readers.as_table` takes it: of pandas (with an index of key and month, too), Polars, PyArrow or
        DuckDB, or the path of a file. One row a borrower-month; columns as the catalogue declares them, in any order;
        others are left out, with a warning that names them. Months are dates, texts such as "2024-03", "31/03/2024" or
        "Mar-2024", numbers such as 202403 or 20240331, or integers that merely follow each other; anything else is
        declared (``month_format``, ``calendar``). Numbers may be texts (`number_texts`); ``[source]`` is applied.
    catalogue : Catalogue

    Returns
    -------
    History

    Raises
    ------
    DataFileError
        It cannot be read as a table.
    HistoryError
        The table breaks a rule; the message says which, the value found, where, and the remedy.
    """
    raw = read_raw(data, catalogue)
    try:
        return check_table(raw, catalogue)
    except HistoryError as mistake:
        if isinstance(data, str | Path):
            raise HistoryError(*mistake.in_file(without_password(str(data)))) from None
        raise


def read_raw(data: Table, catalogue: Catalogue, *, query: str | None = None, sheet: str | None = None) -> pd.DataFrame:
    """A table as it stands in the data that `check_history` takes, read as the catalogue's ``[source]`` says.

    ``query`` is for a database; ``sheet`` goes before the catalogue's.
    """
    source = catalogue.source if sheet is None else replace(catalogue.source, sheet=sheet)
    categories = {column.name: column.categories for column in catalogue.columns if column.kind == "category"}
    return as_table(data, id_column=catalogue.id_columns, categories=categories, source=source, query=query)


def check_table(raw: pd.DataFrame, catalogue: Catalogue) -> History:
    """`check_history` of a table that `read_raw` has read."""
    mistakes = Gathering()
    with mistakes:
        if undeclared := check_columns([str(c) for c in raw.columns], catalogue):
            warnings.warn(
                f"the history's {named(undeclared)} left out: not declared in catalogue {catalogue.name!r}",
                CreditModelWarning,
                stacklevel=3,
            )
    if not len(raw):
        with mistakes:
            raise HistoryError("the history has no rows; give at least one borrower-month")
        mistakes.tell(HistoryError)
    once = {str(c) for c in raw.columns[~raw.columns.duplicated(keep=False)]}
    series = {str(name): cells for name, cells in raw.items() if str(name) in once}
    keys = read_keys(series, catalogue, mistakes)
    cells = _read_columns(series, len(raw), raw.attrs.get(PROVEN_DECIMAL), catalogue, keys, mistakes)
    mistakes.tell(HistoryError)
    assert keys.month_type is not None
    return History(
        catalogue=catalogue,
        month_type=keys.month_type,
        borrower_ids=keys.ids,
        starts=np.concatenate([[0], np.flatnonzero(np.diff(keys.codes)) + 1, [len(raw)]]).astype(np.int64),
        month_number=keys.number,
        cells=cells,
    )


def _read_columns(
    series: Mapping[str, pd.Series],
    n: int,
    proven: str | None,
    catalogue: Catalogue,
    keys: Keys,
    mistakes: Gathering,
) -> dict[str, FloatArray]:
    """The cells of all columns, (n,) each; of one that breaks a rule there are none."""
    numbers = [(c, series[c.name]) for c in numbers_read(catalogue) if c.name in series]
    written: Written | None = None
    with mistakes:
        written = Written(catalogue.source, settle_decimal(numbers, catalogue.source, proven))
    doubtful = {c.name for c, raw in numbers if texts_of(raw).is_text.any()} if written is None else set[str]()
    cells: dict[str, FloatArray] = {}
    row_of = keys.row_of
    for column in columns_read(catalogue):
        name = column.name
        if name in doubtful:
            continue
        with mistakes:
            given = name in series
            values = read_cells(series[name], column, keys.order, row_of, written) if given else np.full(n, np.nan)
            check_rules(values, column, keys.codes, keys.number, row_of, in_time=keys.are_unique)
            cells[name] = values
    closed = catalogue.closed and catalogue.closed.column
    if catalogue.limit in series and {catalogue.limit, *([closed] if closed else [])} <= cells.keys():
        with mistakes:
            cells[catalogue.limit] = limits_in_force(cells, catalogue, row_of)
            check_any_limit(bool((~np.isnan(cells[catalogue.limit])).any()), catalogue)
    return cells


def limits_in_force(cells: Mapping[str, FloatArray], catalogue: Catalogue, row_of: RowNames) -> FloatArray:
    """The limits (n,) as a history holds them: in whole units, NaN where the account is closed.

    Raises
    ------
    HistoryError
        One would be rounded to 0.
    """
    limit = _limits_in_units(cells[catalogue.limit], catalogue, row_of)
    return np.where(closed_rows(catalogue, cells), np.nan, limit)


def check_any_limit(is_any: bool, catalogue: Catalogue) -> None:
    """Refuse a panel without a single limit."""
    if not is_any:
        raise HistoryError(f"column {catalogue.limit!r} holds no limit at all; give the limit in force of each month")


def in_units(amounts: FloatArray, unit: float) -> FloatArray:
    """Amounts rounded to the currency's smallest unit, so that noise in a float is no move of a limit.

    Amounts too large for a float to hold their units stay as they are.

    >>> in_units(np.array([4999.9999999999, 0.125]), 0.01).tolist()
    [5000.0, 0.12]
    """
    parts = 1.0 if unit >= 1 else float(round(1 / unit))
    rounded = np.round(amounts / unit) * unit if unit >= 1 else np.round(amounts * parts) / parts
    return np.where(np.abs(amounts) * parts < 2.0**52, rounded, amounts)


def _limits_in_units(limit: FloatArray, catalogue: Catalogue, row_of: RowNames) -> FloatArray:
    rounded = in_units(limit, catalogue.unit)
    lost = (limit > 0) & (rounded == 0)
    if lost.any():
        first = int(np.flatnonzero(lost)[0])
        raise HistoryError(
            f"{catalogue.limit} must be given in units of {catalogue.unit:g}, found {limit[first]:g} "
            f"in {int(lost.sum()):,} rows (first: {row_of(first)}), which would round to 0; "
            "give whole amounts of the currency, or declare a smaller unit in [portfolio]"
        )
    return rounded


def closed_rows(catalogue: Catalogue, cells: Mapping[str, FloatArray]) -> NDArray[np.bool_]:
    """Rows in which an account has ended, as the catalogue's ``closed`` tells: (n,)."""
    limit, closed = cells[catalogue.limit], catalogue.closed
    if closed is None:
        return np.zeros(len(limit), dtype=np.bool_)
    return np.isnan(limit) if closed.column is None else np.isin(cells[closed.column], closed.cells)
