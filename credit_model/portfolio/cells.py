"""A column's cells as numbers: read, and held against the rules that the catalogue declares."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.portfolio.declarations import Column
from credit_model.portfolio.months import MonthType, format_month

_KIND_NAMES = {"number": "a number", "integer": "a whole number", "boolean": "true or false"}


class RowNames:
    """Names a row as people look for it: the borrower and the month."""

    def __init__(self, ids: NDArray[Any], codes: IntArray, number: IntArray, month_type: MonthType) -> None:
        self._parts = ids, codes, number, month_type

    def __call__(self, row: int) -> str:
        ids, codes, number, month_type = self._parts
        return f"borrower {ids[codes[row]]}, {format_month(int(number[row]), month_type)}"


def read_cells(raw: pd.Series, column: Column, order: IntArray | None, row_of: RowNames) -> FloatArray:
    """Read a column's cells as numbers, categories as codes, missing cells as NaN.

    Parameters
    ----------
    raw : Series, (n,)
    column : Column
    order : int64 array, (n,), optional
        The place in ``raw`` of each row of the history; None: they lie in the history's order.
    row_of : RowNames

    Returns
    -------
    float64 array, (n,), in the history's order

    Raises
    ------
    HistoryError
        A cell is not of the column's kind.
    """
    if column.kind == "category":
        return _codes(raw, column, order, row_of)
    dtype = raw.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        values = raw.to_numpy().astype(np.float64)
    elif pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        values = raw.to_numpy(dtype=np.float64, na_value=np.nan)
    elif pd.api.types.is_datetime64_any_dtype(dtype):
        raise HistoryError(f"{column.name} must be numbers, got {dtype}; convert it")
    else:
        values = _parsed(raw, column, order, row_of)
    return np.ascontiguousarray(values if order is None else values[order])


def _parsed(raw: pd.Series, column: Column, order: IntArray | None, row_of: RowNames) -> FloatArray:
    if column.kind == "boolean":
        raw = raw.map(lambda v: {"true": 1.0, "false": 0.0}.get(v.strip().lower(), v) if isinstance(v, str) else v)
    values = pd.to_numeric(raw, errors="coerce")
    wrong = (values.isna() & raw.notna()).to_numpy()
    if wrong.any():
        first = int(np.flatnonzero(wrong if order is None else wrong[order])[0])
        found = raw.iloc[first if order is None else int(order[first])]
        raise HistoryError(
            f"{column.name} must be {_KIND_NAMES[column.kind]}, found {found!r} {_where(wrong, row_of(first))}; "
            "correct the data"
        )
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _codes(raw: pd.Series, column: Column, order: IntArray | None, row_of: RowNames) -> FloatArray:
    place = {category: code for code, category in enumerate(column.categories)}
    if isinstance(raw.dtype, pd.CategoricalDtype):
        values = raw.array
        missing = values.codes < 0
        of_code = np.array([place.get(str(c), -1) for c in values.categories] + [-1], dtype=np.int64)
        codes = of_code[values.codes]
    else:
        missing = raw.isna().to_numpy()
        codes = raw.map({c: place.get(str(c), -1) for c in raw.unique()}).fillna(-1).to_numpy(dtype=np.int64)
    wrong = (codes < 0) & ~missing
    if wrong.any():
        first = int(np.flatnonzero(wrong if order is None else wrong[order])[0])
        found = raw.iloc[first if order is None else int(order[first])]
        raise HistoryError(
            f"{column.name} must be one of {', '.join(column.categories[:8])}"
            f"{', ...' if len(column.categories) > 8 else ''}; found {found!r} {_where(wrong, row_of(first))}; "
            "correct the data or add the category to the catalogue"
        )
    cells = np.where(missing, np.nan, codes.astype(np.float64))
    return np.ascontiguousarray(cells if order is None else cells[order])


def check_rules(values: FloatArray, column: Column, codes: IntArray, number: IntArray, row_of: RowNames) -> None:
    """Hold a column's cells against its declared range, kind and largest rise.

    Parameters
    ----------
    values : float64 array, (n,)
    column : Column
    codes, number : int64 arrays, (n,)
        Each row's borrower and month number.
    row_of : RowNames

    Raises
    ------
    HistoryError
        A cell breaks a rule.
    """
    name = column.name
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)
    if np.isinf(low) or np.isinf(high):
        _refuse(np.isinf(values), f"{name} must be finite", values, row_of)
    if column.minimum is not None and low < column.minimum:
        _refuse(values < column.minimum, f"{name} must be >= {column.minimum:g}", values, row_of)
    if column.maximum is not None and high > column.maximum:
        _refuse(values > column.maximum, f"{name} must be <= {column.maximum:g}", values, row_of)
    if column.kind == "integer":
        broken = (values != np.floor(values)) & ~np.isnan(values)
        if broken.any():
            _refuse(broken, f"{name} must be whole numbers", values, row_of)
    if column.kind == "boolean" and (low < 0 or high > 1 or ((values != 0) & (values != 1) & ~np.isnan(values)).any()):
        _refuse((values != 0) & (values != 1) & ~np.isnan(values), f"{name} must be true or false", values, row_of)
    if column.max_rise is not None:
        rise = np.diff(values)
        months = np.diff(number)
        jumps = np.concatenate([[False], (np.diff(codes) == 0) & (rise > column.max_rise * months)])
        if jumps.any():
            _refuse(jumps, f"{name} must rise by at most {column.max_rise:g} a month", values, row_of, rise=True)


def _refuse(
    broken: NDArray[np.bool_], rule: str, values: FloatArray, row_of: RowNames, *, rise: bool = False
) -> NoReturn:
    first = int(np.flatnonzero(broken)[0])
    found = f"{values[first - 1]:g} -> {values[first]:g}" if rise else f"{values[first]:g}"
    raise HistoryError(f"{rule}, found {found} {_where(broken, row_of(first))}; correct the data")


def _where(broken: NDArray[np.bool_], first: str) -> str:
    count = int(broken.sum())
    return f"({first})" if count == 1 else f"in {count:,} rows (first: {first})"
