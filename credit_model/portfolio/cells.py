"""A column's cells as numbers: read, and held against the rules that the catalogue declares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.portfolio import cell_kernels as kernels
from credit_model.portfolio.declarations import Column
from credit_model.portfolio.months import MonthType, format_month
from credit_model.portfolio.written_numbers import Written, read_column, texts_of

_KIND_NAMES = {"number": "a number", "integer": "a whole number", "boolean": "true or false"}
_PLURALS = {"number": "numbers", "integer": "whole numbers", "boolean": "true or false"}
#: Whole numbers beyond this may change when they become floats.
_MOST_EXACT = 2.0**53
#: Bytes of whole numbers that all lie within it.
_ALWAYS_EXACT = 4
#: The code of a category's value that means "not known".
_UNKNOWN = -2


class RowNames:
    """Names a row as people look for it: the borrower and the month, or its place where these cannot be read."""

    def __init__(self, ids: NDArray[Any], codes: IntArray, number: IntArray, month_type: MonthType | None) -> None:
        self._parts = ids, codes, number, month_type

    def __call__(self, row: int) -> str:
        ids, codes, number, month_type = self._parts
        if month_type is None:
            return f"data row {row + 1}"
        return f"borrower {ids[codes[row]]}, {format_month(int(number[row]), month_type)}"


def read_cells(
    raw: pd.Series, column: Column, order: IntArray | None, row_of: RowNames, written: Written | None = None
) -> FloatArray:
    """Read a column's cells as numbers, categories as codes, missing cells as NaN.

    Parameters
    ----------
    raw : Series, (n,)
    column : Column
    order : int64 array, (n,), optional
        The place in ``raw`` of each row of the history; None: they lie in the history's order.
    row_of : RowNames
    written : Written, optional
        How the table's numbers are written; None: with points before decimals, and every cell means what it says.

    Returns
    -------
    float64 array, (n,), in the history's order

    Raises
    ------
    HistoryError
        A cell is not of the column's kind.
    """
    written = Written() if written is None else written
    if column.kind == "category":
        cells = _codes(raw, column, written, order, row_of)
    else:
        cells = _meant(_numbers(raw, column, written, order, row_of), raw, column, written)
    return np.ascontiguousarray(cells if order is None else cells[order])


def _numbers(raw: pd.Series, column: Column, written: Written, order: IntArray | None, row_of: RowNames) -> FloatArray:
    dtype = raw.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _numbers(
            raw.astype(object), column, written, order, row_of
        )  # its own type may have no place for a blank
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        values = raw.to_numpy().astype(np.float64)
    elif pd.api.types.is_complex_dtype(dtype) or not (_is_number_dtype(dtype) or _is_open_dtype(dtype)):
        raise HistoryError(f"{column.name} must be {_PLURALS[column.kind]}, got {dtype}; convert it")
    elif _is_number_dtype(dtype):
        values = raw.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        return _parsed(raw, column, written, order, row_of)
    is_short = isinstance(dtype, np.dtype) and dtype.itemsize <= _ALWAYS_EXACT
    if pd.api.types.is_integer_dtype(dtype) and not is_short:
        wrong = np.abs(values) >= _MOST_EXACT
        wrong[wrong] = [abs(int(cell)) > int(_MOST_EXACT) for cell in raw[wrong]]
        if wrong.any():
            rule = f"{column.name} must lie within 2^53, beyond which numbers are inexact"
            _refuse_cell(wrong, raw, rule, order, row_of)
    return values


def _is_number_dtype(dtype: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype))


def _is_open_dtype(dtype: Any) -> bool:
    """Whether each cell says for itself what it is."""
    return bool(pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype))


def _refuse_cell(
    wrong: NDArray[np.bool_],
    raw: pd.Series,
    rule: str,
    order: IntArray | None,
    row_of: RowNames,
    remedy: str = "correct the data",
) -> NoReturn:
    """Refuse cells of a raw column, (n,) in its own order."""
    first = int(np.flatnonzero(wrong if order is None else wrong[order])[0])
    found = raw.iloc[first if order is None else int(order[first])]
    raise HistoryError(f"{rule}, found {_shown(found)} {_where(wrong, row_of(first))}; {remedy}")


def _shown(cell: Any, most: int = 60) -> str:
    if isinstance(cell, np.generic):
        cell = cell.item()
    text = ascii(cell) if isinstance(cell, str | bytes) and not str(cell).isprintable() else repr(cell)
    return text if len(text) <= most else text[:most] + "..."


def _parsed(raw: pd.Series, column: Column, written: Written, order: IntArray | None, row_of: RowNames) -> FloatArray:
    """Cells that are texts, numbers or a mixture of them; blank texts are missing."""
    values = np.full(len(raw), np.nan)
    wrong = np.zeros(len(raw), dtype=np.bool_)
    texts = texts_of(raw)
    others = np.flatnonzero(raw.notna().to_numpy() & ~texts.is_text)
    for row, cell in zip(others.tolist(), raw.iloc[others].tolist(), strict=True):
        number = _number_of(cell)
        wrong[row] = number is None
        values[row] = math.nan if number is None else number
    read = read_column(texts.distinct, column, written, has_numbers=bool((values[others] != 0).any()))
    if read.fault is not None:
        broken = np.zeros(len(raw), dtype=np.bool_)
        broken[texts.is_text] = read.fault.is_broken[texts.place]
        _refuse_cell(broken, raw, read.fault.rule, order, row_of, read.fault.remedy)
    values[texts.is_text] = read.values[texts.place]
    wrong[texts.is_text] = ~read.is_understood[texts.place]
    if wrong.any():
        _refuse_cell(
            wrong, raw, f"{column.name} must be {_KIND_NAMES[column.kind]}{written.mark_shown}", order, row_of,
            "correct the data, or list it in [source.missing] where it means that nothing is known",
        )  # fmt: skip
    return values


def _number_of(cell: Any) -> float | None:
    """A cell that is no text as a number; None where it is none."""
    if isinstance(cell, bool | np.bool_):
        return float(cell)
    if not isinstance(cell, int | float | Decimal | np.integer | np.floating) or isinstance(cell, np.timedelta64):
        return None
    try:
        number = float(cell)
    except (OverflowError, ValueError):
        return None
    return number if not isinstance(cell, int | np.integer) or abs(int(cell)) <= _MOST_EXACT else None


def _meant(values: FloatArray, raw: pd.Series, column: Column, written: Written) -> FloatArray:
    """Numbers as they stand in the data (n,) as what they mean: missing values, blanks, and the scale."""
    source, name = written.source, column.name
    blank = source.blank.get(name)
    if blank is not None:
        is_blank = np.isnan(values)
        unknown = {value for value in source.missing.get(name, ()) if isinstance(value, str)}
        if unknown and is_blank.any():
            texts = texts_of(raw)
            is_blank[texts.is_text] &= ~np.array([text.strip() in unknown for text in texts.distinct])[texts.place]
        values = np.where(is_blank, blank, values)
    numbers = [value for value in source.missing.get(name, ()) if not isinstance(value, str)]
    if numbers:
        values = np.where(np.isin(values, numbers), np.nan, values)
    return scaled(values, source.scale[name]) if name in source.scale else values


def scaled(values: FloatArray, factor: float) -> FloatArray:
    """Numbers (n,) times a factor, without the noise of floats: 0.57 of ten thousand is 5700.

    >>> scaled(np.array([0.57, 1.13]), 10000.0).tolist()
    [5700.0, 11300.0]
    """
    product = values * factor
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.round(product * 1e6) / 1e6
        is_noise = np.abs(rounded - product) <= 4 * np.finfo(np.float64).eps * np.abs(product)
    return np.where(is_noise, rounded, product)


def _codes(raw: pd.Series, column: Column, written: Written, order: IntArray | None, row_of: RowNames) -> FloatArray:
    place = {category: code for code, category in enumerate(column.categories)}
    place |= {str(value): _UNKNOWN for value in written.source.missing.get(column.name, ())}
    if isinstance(raw.dtype, pd.CategoricalDtype):
        values = raw.array
        missing = values.codes < 0
        of_code = np.array([_code_of(c, place) for c in values.categories] + [-1], dtype=np.int64)
        codes = of_code[values.codes]
    else:
        missing = raw.isna().to_numpy()
        try:
            position, distinct = pd.factorize(raw.to_numpy(dtype=object))
        except TypeError:  # cells that cannot be hashed, such as lists
            raise HistoryError(f"{column.name} must be texts, got lists or the like; convert it") from None
        of_value = np.array([_code_of(cell, place) for cell in distinct] + [-1], dtype=np.int64)
        codes = of_value[position]
    missing = missing | (codes == _UNKNOWN)
    wrong = (codes < 0) & ~missing
    if wrong.any():
        few = ", ".join(column.categories[:8]) + (", ..." if len(column.categories) > 8 else "")
        _refuse_cell(
            wrong, raw, f"{column.name} must be one of {few}", order, row_of,
            "correct the data or add the category to the catalogue",
        )  # fmt: skip
    return np.where(missing, np.nan, codes.astype(np.float64))


def _code_of(cell: Any, place: Mapping[str, int]) -> int:
    """A category's code, -1 if it is none; whole floats are the integers that a blank beside them made floats."""
    if isinstance(cell, float | np.floating) and float(cell).is_integer() and str(cell) not in place:
        cell = int(cell)
    if isinstance(cell, bytes):
        return -1
    return place.get(str(cell), -1)


def check_rules(
    values: FloatArray, column: Column, codes: IntArray, number: IntArray, row_of: RowNames, *, in_time: bool = True
) -> None:
    """Hold a column's cells against its declared range, kind and largest rise.

    Parameters
    ----------
    values : float64 array, (n,)
    column : Column
    codes, number : int64 arrays, (n,)
        Each row's borrower and month number.
    row_of : RowNames
    in_time : bool
        False: the rows do not follow each other in time, and the largest rise is not judged.

    Raises
    ------
    HistoryError
        Cells break rules: a line for each rule.
    """
    name = column.name
    told: list[str] = []

    def refuse(broken: NDArray[np.bool_], rule: str, *, rise: bool = False) -> None:
        first = int(np.flatnonzero(broken)[0])
        found = f"{values[first - 1]:g} -> {values[first]:g}" if rise else f"{values[first]:g}"
        told.append(f"{name} must {rule}, found {found} {_where(broken, row_of(first))}; correct the data")

    low, high = np.fmin.reduce(values), np.fmax.reduce(values)
    if np.isinf(low) or np.isinf(high):
        refuse(np.isinf(values), "be finite")
    if column.minimum is not None and low < column.minimum:
        refuse(values < column.minimum, f"be >= {column.minimum:g}")
    if column.maximum is not None and high > column.maximum:
        refuse(values > column.maximum, f"be <= {column.maximum:g}")
    if column.kind == "integer" and kernels.count_parts(values):
        refuse((values != np.floor(values)) & ~np.isnan(values), "be whole numbers")
    if column.kind == "boolean" and kernels.count_untrue(values):
        refuse((values != 0) & (values != 1) & ~np.isnan(values), "be true or false")
    if (
        column.max_rise is not None
        and in_time
        and not told
        and kernels.count_rises(values, codes, number, float(column.max_rise))
    ):
        is_high = np.diff(values) > column.max_rise * np.diff(number)
        jumps = np.concatenate([[False], (np.diff(codes) == 0) & is_high])
        refuse(jumps, f"rise by at most {column.max_rise:g} a month", rise=True)
    if told:
        raise HistoryError(*told)


def _where(broken: NDArray[np.bool_], first: str) -> str:
    count = int(broken.sum())
    return f"({first})" if count == 1 else f"in {count:,} rows (first: {first})"
