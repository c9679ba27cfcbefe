"""Sheets of Excel workbooks as tables: cells as they are stored, and what they show where that is another number."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model.errors import DataFileError
from credit_model.inputs import one_line, unreadable
from credit_model.readers.optional import need

#: Endings of workbooks.
WORKBOOKS = (".xlsx", ".xlsm")
_BLANK_ERRORS = ("#N/A", "#NULL!")


def read_workbook(path: Path, sheet: str | None = None, *, decimal: str = ".") -> pd.DataFrame:
    """Read a sheet whose first row that is not empty has the columns' names.

    A cell that is shown as a percentage comes back as a text such as "4.03%"; others as what they hold.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Needed where several sheets hold tables.
    decimal : "." or ",", default "."
        Mark before the decimals of such texts.

    Raises
    ------
    DataFileError
        The workbook or its sheet cannot be read, is not certain, or holds no table; or openpyxl is missing.
    """
    openpyxl = need("openpyxl", "readers", path, "Excel workbooks")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that hold no data
            book = openpyxl.load_workbook(path, read_only=True, data_only=False)
            try:
                name, rows = _rows_of(path, book, sheet)
            finally:
                book.close()
            if any(_is_formula(cell) for row in rows for cell in row):
                rows = _with_results(path, openpyxl, name, rows)
    except DataFileError:
        raise
    except OSError as error:
        raise unreadable(path, error) from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged archive or its XML can make the reader fail in any way
        raise DataFileError(
            f"{path}: cannot be read as an Excel workbook ({one_line(error)}); it may be damaged, save it again"
        ) from None
    return _table(path, name, [[_value(cell, decimal) for cell in row] for row in rows])


def _rows_of(path: Path, book: Any, sheet: str | None) -> tuple[str, list[Sequence[Any]]]:
    """The sheet's name and the cells of its rows.

    Raises
    ------
    DataFileError
        There is no such sheet, or several hold a table and none is named.
    """
    sheets = {page.title: page for page in book.worksheets}
    if sheet is not None:
        if sheet not in sheets:
            raise DataFileError(f"{path}: has no sheet {sheet!r}; its sheets: {', '.join(sheets)}")
        return sheet, list(sheets[sheet].iter_rows())
    found = {}
    for name, page in sheets.items():
        rows = list(page.iter_rows())
        if any(cell.value is not None for row in rows for cell in row):
            found[name] = rows
    if not found:
        raise DataFileError(f"{path}: holds no table; its sheets are empty")
    if len(found) > 1:
        raise DataFileError(
            f"{path}: must name the sheet to read, found {', '.join(found)}; declare sheet in [source], or give --sheet"
        )
    return next(iter(found.items()))


def _is_formula(cell: Any) -> bool:
    return getattr(cell, "data_type", "") == "f"


def _with_results(path: Path, openpyxl: Any, name: str, formulas: list[Sequence[Any]]) -> list[Sequence[Any]]:
    """The cells with the results that the workbook stores for its formulas.

    Raises
    ------
    DataFileError
        A formula has no stored result, so that it would be read as a blank.
    """
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        rows = list(book[name].iter_rows())
    finally:
        book.close()
    for row, own in zip_longest(formulas, rows, fillvalue=()):
        for cell, result in zip_longest(row, own):
            if _is_formula(cell) and (result is None or result.value is None):
                raise DataFileError(
                    f"{path}: {name}!{cell.coordinate} has a formula without its result; open and save it in Excel, or "
                    "paste the values"
                )
    return rows


def _value(cell: Any, decimal: str) -> Any:
    value = cell.value
    if isinstance(value, str) and (not value.strip() or (cell.data_type == "e" and value in _BLANK_ERRORS)):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in str(cell.number_format or ""):
        return f"{Decimal(repr(value)).scaleb(2):f}%".replace(".", decimal)
    return value


def _table(path: Path, name: str, rows: list[list[Any]]) -> pd.DataFrame:
    first = next((i for i, row in enumerate(rows) if any(value is not None for value in row)), 0)
    body = [row for row in rows[first + 1 :] if any(value is not None for value in row)]
    width = max((len(row) for row in rows), default=0)
    table = [[*row, *[None] * (width - len(row))] for row in (rows[first] if rows else [], *body)]
    columns = list(zip(*table, strict=True))
    used = [column for column in columns if any(value is not None for value in column)]
    unnamed = next((i for i, column in enumerate(columns) if column[0] is None and column in used), None)
    if unnamed is not None:
        raise DataFileError(
            f"{path}: row {first + 1} of sheet {name!r} must hold the columns' names, column {unnamed + 1} has none; "
            "remove the rows above the names, or name the column"
        )
    names = [str(column[0]) for column in used]
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None:
        raise DataFileError(f"{path}: column {twice!r} stands {names.count(twice)} times; keep one")
    if len(names) < 2:
        raise DataFileError(f"{path}: sheet {name!r} holds no table; its first row must hold the columns' names")
    frame = pd.DataFrame({one: pd.Series(column[1:], dtype=object) for one, column in zip(names, used, strict=True)})
    return frame.infer_objects()
