"""Months in and out: a month is a number, year * 12 + month - 1 where the data hold dates, else the integer itself."""

from __future__ import annotations

import re
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_model.arrays import IntArray
from credit_model.errors import HistoryError

#: How a history writes its months: as dates, or as integers that merely follow each other.
MonthType = Literal["date", "integer"]

_MONTH_TEXT = re.compile(r"^\s*(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2}(?:[ T].*)?)?\s*$")
_EPOCH = 1970 * 12


def format_month(number: int, month_type: MonthType) -> str:
    """A month number as text: "2024-03", or the integer.

    >>> format_month(2024 * 12 + 2, "date")
    '2024-03'
    """
    if month_type == "integer":
        return str(int(number))
    return f"{int(number) // 12:04d}-{int(number) % 12 + 1:02d}"


def months_as_values(number: ArrayLike, month_type: MonthType) -> Any:
    """Month numbers as datetime64 (first of the month) or as the integers that they are."""
    number = np.asarray(number, dtype=np.int64)
    if month_type == "integer":
        return number
    return (number - _EPOCH).astype("datetime64[M]").astype("datetime64[ms]")


def month_number_of(value: Any, month_type: MonthType) -> int:
    """The number of one month, written as a date, as "2024-03", or as an integer.

    Raises
    ------
    HistoryError
        ``value`` is no month of this type.
    """
    try:
        if month_type == "integer":
            return int(str(value))
        if isinstance(value, str):
            if match := _MONTH_TEXT.match(value):
                year, month = int(match[1]), int(match[2])
                if 1 <= month <= 12:
                    return year * 12 + month - 1
            raise ValueError
        if isinstance(value, np.datetime64 | pd.Timestamp | pd.Period) or hasattr(value, "year"):
            stamp = value if hasattr(value, "year") else pd.Timestamp(value)
            if pd.isna(stamp):
                raise ValueError
            return int(stamp.year) * 12 + int(stamp.month) - 1
        raise ValueError
    except (ValueError, TypeError):
        wanted = "an integer" if month_type == "integer" else "a month such as 2024-03"
        raise HistoryError(f"month must be {wanted}, got {value!r}") from None


def month_numbers_of(months: ArrayLike, month_type: MonthType) -> IntArray:
    """The numbers of many months: (n,), each distinct one read once.

    Raises
    ------
    HistoryError
        One of them is no month of this type.
    """
    place, values = pd.factorize(pd.Series(months), use_na_sentinel=False)
    return np.array([month_number_of(value, month_type) for value in values], dtype=np.int64)[place]


def read_months(column: pd.Series, name: str) -> tuple[IntArray, MonthType]:
    """Read a history's column of months: dates, texts such as "2024-03", numbers such as 202403, or integers.

    Parameters
    ----------
    column : Series
    name : str
        The column's name, for messages.

    Returns
    -------
    number : int64 array, (n,)
    month_type : "date" or "integer"

    Raises
    ------
    HistoryError
        A cell is missing, or is no month.
    """
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise HistoryError(
            f"{name} must be given in every row, found {int(column.isna().sum())} missing (first: data row {row + 1}); "
            "fill or remove them"
        )
    if isinstance(column.dtype, pd.PeriodDtype):
        return (column.dt.year * 12 + column.dt.month - 1).to_numpy(dtype=np.int64), "date"
    if pd.api.types.is_datetime64_any_dtype(column):
        if getattr(column.dt, "tz", None) is not None:
            column = column.dt.tz_localize(None)
        months = column.to_numpy().astype("datetime64[M]").astype(np.int64)
        return months + _EPOCH, "date"
    if pd.api.types.is_bool_dtype(column):
        raise HistoryError(f"{name} must be dates or whole numbers, got {column.dtype}; convert it")
    if pd.api.types.is_numeric_dtype(column):
        return _of_numbers(column.to_numpy(dtype=np.float64), name)
    return _of_texts(column, name), "date"


def _of_numbers(values: NDArray[np.float64], name: str) -> tuple[IntArray, MonthType]:
    wrong = (values != np.floor(values)) | (np.abs(values) > 1e9)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise HistoryError(f"{name} must be a month, found {values[row]:g} (first: data row {row + 1}); correct it")
    number = values.astype(np.int64)
    if (number < 190001).any() or (number > 299912).any():
        return number, "integer"
    year, month = np.divmod(number, 100)  # written as 202403
    wrong = (month < 1) | (month > 12)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise HistoryError(
            f"{name} must be a month such as 202403, found {number[row]} (first: data row {row + 1}); correct it"
        )
    return (year * 12 + month - 1).astype(np.int64), "date"


def _of_texts(column: pd.Series, name: str) -> IntArray:
    number_of = {}
    for value in pd.unique(column):
        try:
            number_of[value] = month_number_of(value, "date")
        except HistoryError:
            row = int(np.flatnonzero((column == value).to_numpy())[0])
            raise HistoryError(
                f"{name} must be a month such as 2024-03, found {value!r} (first: data row {row + 1}); correct it"
            ) from None
    return column.map(number_of).to_numpy(dtype=np.int64)
