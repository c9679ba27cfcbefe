"""The history table's contract, and the only place where raw data is checked.

One row is a borrower's month. Histories may be unbalanced, unsorted, with gaps between months and missing cells;
`check_history` sorts them, or says in one line what is wrong, where, and how to put it right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_model.errors import HistoryError
from credit_model.portfolio.declarations import Catalogue, Column, Label
from credit_model.portfolio.toml_document import near

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MonthType = Literal["date", "integer"]

_MONTH_TEXT = re.compile(r"^\s*(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2}(?:[ T].*)?)?\s*$")
_EPOCH = 1970 * 12


@dataclass(frozen=True)
class History:
    """A checked panel: rows sorted by borrower, then month.

    Attributes
    ----------
    catalogue : Catalogue
    month_type : "date" or "integer"
    borrower_ids : array, (n_borrowers,)
        Sorted; integers or text.
    starts : int64 array, (n_borrowers + 1,)
        Each borrower's first row, and the number of rows.
    month_number : int64 array, (n,)
        Year * 12 + month - 1, or the integer month.
    cells : dict of str to float64 array, (n,)
        The limit, the reviewed flag and every declared column; NaN is missing, categories are codes.
    """

    catalogue: Catalogue
    month_type: MonthType
    borrower_ids: NDArray[Any]
    starts: IntArray
    month_number: IntArray
    cells: dict[str, FloatArray] = field(repr=False)

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
        position = np.sort(np.array([self.position_of(b) for b in borrower_ids], dtype=np.int64))
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

    def position_of(self, borrower_id: Any) -> int:
        """A borrower's position in ``borrower_ids``.

        Raises
        ------
        HistoryError
            The borrower is not in the history.
        """
        wanted: Any = borrower_id
        if np.issubdtype(self.borrower_ids.dtype, np.integer):
            text = str(borrower_id).strip()
            wanted = int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else None
        else:
            wanted = str(borrower_id)
        if wanted is not None:
            place = int(np.searchsorted(self.borrower_ids, wanted))
            if place < len(self.borrower_ids) and self.borrower_ids[place] == wanted:
                return place
        first, last = self.borrower_ids[0], self.borrower_ids[-1]
        raise HistoryError(
            f"borrower {borrower_id!r} is not in the history, which holds {len(self.borrower_ids)} borrowers "
            f"({first} .. {last}){near(str(borrower_id), _some(self.borrower_ids))}"
        )

    def show_months(self, number: IntArray) -> Any:
        """Month numbers as dates (the month's first day) or integers."""
        return months_as_values(number, self.month_type)

    def _repr_html_(self) -> str:
        months = [format_month(int(m), self.month_type) for m in (self.month_number.min(), self.month_number.max())]
        head = (
            f"<p><b>{len(self):,} borrower-months</b>, {len(self.borrower_ids):,} borrowers, "
            f"{months[0]} to {months[1]}</p>"
        )
        return head + str(self.frame.head(5).to_html(index=False, escape=True))


def _some(ids: NDArray[Any], most: int = 2000) -> tuple[str, ...]:
    return tuple(str(b) for b in ids[:most])


def format_month(number: int, kind: MonthType) -> str:
    """A month number as text: "2024-03", or the integer.

    >>> format_month(2024 * 12 + 2, "date")
    '2024-03'
    """
    if kind == "integer":
        return str(int(number))
    return f"{int(number) // 12:04d}-{int(number) % 12 + 1:02d}"


def months_as_values(number: ArrayLike, kind: MonthType) -> Any:
    """Month numbers as datetime64 (first of the month) or as the integers that they are."""
    number = np.asarray(number, dtype=np.int64)
    if kind == "integer":
        return number
    return (number - _EPOCH).astype("datetime64[M]").astype("datetime64[ms]")


def month_number_of(value: Any, kind: MonthType) -> int:
    """The number of one month, written as a date, as "2024-03", or as an integer.

    Raises
    ------
    HistoryError
        ``value`` is no month of this kind.
    """
    try:
        if kind == "integer":
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
        wanted = "an integer" if kind == "integer" else "a month such as 2024-03"
        raise HistoryError(f"month must be {wanted}, got {value!r}") from None


def check_history(raw: pd.DataFrame, catalogue: Catalogue) -> History:
    """Check a raw history table against its catalogue, and sort it.

    Parameters
    ----------
    raw : DataFrame
        One row a borrower-month; columns as the catalogue declares them, in any order, and no others. Months are
        dates, texts such as "2024-03" or "2024-03-01", numbers such as 202403, or consecutive integers.
    catalogue : Catalogue

    Returns
    -------
    History

    Raises
    ------
    HistoryError
        The table breaks a rule; the message says which, the value found, where, and the remedy.
    """
    if not isinstance(raw, pd.DataFrame):
        raise HistoryError(f"history must be a pandas DataFrame, got {type(raw).__name__}")
    _check_columns(raw, catalogue)
    if not len(raw):
        raise HistoryError("the history has no rows; give at least one borrower-month")
    codes, ids = _borrowers(raw[catalogue.borrower])
    number, kind = _months(raw[catalogue.month], catalogue.month)
    order = _order(codes, number)
    if order is not None:
        codes, number = codes[order], number[order]
    row_of = _RowNames(ids, codes, number, kind)
    same = (codes[1:] == codes[:-1]) & (number[1:] == number[:-1])
    if same.any():
        raise HistoryError(
            f"a borrower has one row a month, found {int(same.sum())} duplicate borrower-months "
            f"(first: {row_of(int(np.flatnonzero(same)[0]) + 1)}); remove the duplicates"
        )
    starts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [len(codes)]]).astype(np.int64)
    cells: dict[str, FloatArray] = {}
    series = dict(raw.items())

    def take(name: str, column: Column) -> None:
        values = _numbers(series[name], column, order, row_of) if name in series else np.full(len(raw), np.nan)
        _check_rules(values, column, codes, number, row_of)
        cells[name] = values

    take(catalogue.limit, _plain(catalogue.limit, "number", minimum=0.0))
    if catalogue.reviewed is not None:
        take(catalogue.reviewed, _plain(catalogue.reviewed, "boolean"))
    for column in catalogue.columns:
        take(column.name, column)
    if np.isnan(cells[catalogue.limit]).all():
        raise HistoryError(f"column {catalogue.limit!r} holds no limit at all; give the limit in force of each month")
    return History(
        catalogue=catalogue,
        month_type=kind,
        borrower_ids=ids,
        starts=starts,
        month_number=number,
        cells=cells,
    )


class _RowNames:
    """Names a row as people look for it: the borrower and the month."""

    def __init__(self, ids: NDArray[Any], codes: IntArray, number: IntArray, kind: MonthType) -> None:
        self._parts = ids, codes, number, kind

    def __call__(self, row: int) -> str:
        ids, codes, number, kind = self._parts
        return f"borrower {ids[codes[row]]}, {format_month(int(number[row]), kind)}"


def _plain(name: str, kind: Literal["number", "boolean"], minimum: float | None = None) -> Column:
    return Column(
        name=name,
        kind=kind,
        unit="money" if kind == "number" else "boolean",
        minimum=minimum,
        maximum=None,
        max_rise=None,
        required=True,
        role=None,
        label=Label(name, name),
        source="lender",
        categories=(),
    )


def _check_columns(raw: pd.DataFrame, catalogue: Catalogue) -> None:
    present = [str(c) for c in raw.columns]
    twice = sorted({c for c in present if present.count(c) > 1}) if len(set(present)) < len(present) else []
    if twice:
        raise HistoryError(f"column {twice[0]!r} stands {present.count(twice[0])} times; keep one")
    keys = [catalogue.borrower, catalogue.month, catalogue.limit]
    keys += [catalogue.reviewed] if catalogue.reviewed else []
    needed = [*keys, *(c.name for c in catalogue.columns if c.required)]
    declared = {*needed, *(c.name for c in catalogue.columns)}
    extra = [c for c in present if c not in declared]
    missing = [c for c in needed if c not in set(present)]
    if missing:
        hint = near(missing[0], tuple(extra)).replace("did you mean", "is it the undeclared column")
        raise HistoryError(
            f"the history lacks {_named(missing)}, which catalogue {catalogue.name!r} requires{hint}; "
            "add or rename it, or give the catalogue that fits the data"
        )
    if extra:
        raise HistoryError(
            f"the history has {_named(extra)}, which catalogue {catalogue.name!r} does not declare"
            f"{near(extra[0], tuple(sorted(declared - set(present))))}; drop it, or declare it as [[column]]"
        )


def _named(names: list[str], most: int = 5) -> str:
    shown = ", ".join(repr(n) for n in names[:most])
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"


def _borrowers(column: pd.Series) -> tuple[IntArray, NDArray[Any]]:
    name = column.name
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise HistoryError(
            f"{name} must be given in every row, found {int(column.isna().sum())} missing "
            f"(first: data row {row + 1}); fill or remove them"
        )
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_float_dtype(column):
        raise HistoryError(f"{name} must be whole numbers or text, got {column.dtype}; convert it")
    if pd.api.types.is_integer_dtype(column):
        values = column.to_numpy(dtype=np.int64)
        if len(values) and (np.diff(values) >= 0).all():  # sorted already, the usual case: no hashing
            fresh = np.concatenate([[True], values[1:] != values[:-1]])
            return (np.cumsum(fresh) - 1).astype(np.int64), values[fresh]
    else:
        column = column.astype(str)
    codes, ids = pd.factorize(column, sort=True)
    return codes.astype(np.int64), np.asarray(ids, dtype=np.int64 if pd.api.types.is_integer_dtype(column) else object)


def _order(codes: IntArray, number: IntArray) -> IntArray | None:
    step = np.diff(codes)
    if ((step > 0) | ((step == 0) & (np.diff(number) >= 0))).all():
        return None
    return np.lexsort((number, codes)).astype(np.int64)


def _months(column: pd.Series, name: str) -> tuple[IntArray, MonthType]:
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise HistoryError(
            f"{name} must be given in every row, found {int(column.isna().sum())} missing (first: data row {row + 1})"
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
        values = column.to_numpy(dtype=np.float64)
        whole = values == np.floor(values)
        if not whole.all() or (np.abs(values) > 1e9).any():
            row = int(np.flatnonzero(~whole | (np.abs(values) > 1e9))[0])
            raise HistoryError(f"{name} must be a month, found {values[row]:g} (first: data row {row + 1}); correct it")
        number = values.astype(np.int64)
        if (number >= 190001).all() and (number <= 299912).all():  # written as 202403
            year, month = np.divmod(number, 100)
            wrong = (month < 1) | (month > 12)
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise HistoryError(
                    f"{name} must be a month such as 202403, found {number[row]} (first: data row {row + 1})"
                )
            return (year * 12 + month - 1).astype(np.int64), "date"
        return number, "integer"
    values_of = {}
    for value in pd.unique(column):
        try:
            values_of[value] = month_number_of(value, "date")
        except HistoryError:
            row = int(np.flatnonzero((column == value).to_numpy())[0])
            raise HistoryError(
                f"{name} must be a month such as 2024-03, found {value!r} (first: data row {row + 1}); correct it"
            ) from None
    return column.map(values_of).to_numpy(dtype=np.int64), "date"


def _numbers(raw: pd.Series, column: Column, order: IntArray | None, row_of: _RowNames) -> FloatArray:
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


def _parsed(raw: pd.Series, column: Column, order: IntArray | None, row_of: _RowNames) -> FloatArray:
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


_KIND_NAMES = {"number": "a number", "integer": "a whole number", "boolean": "true or false"}


def _codes(raw: pd.Series, column: Column, order: IntArray | None, row_of: _RowNames) -> FloatArray:
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


def _check_rules(values: FloatArray, column: Column, codes: IntArray, number: IntArray, row_of: _RowNames) -> None:
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
    broken: NDArray[np.bool_], rule: str, values: FloatArray, row_of: _RowNames, *, rise: bool = False
) -> NoReturn:
    first = int(np.flatnonzero(broken)[0])
    found = f"{values[first - 1]:g} -> {values[first]:g}" if rise else f"{values[first]:g}"
    raise HistoryError(f"{rule}, found {found} {_where(broken, row_of(first))}; correct the data")


def _where(broken: NDArray[np.bool_], first: str) -> str:
    count = int(broken.sum())
    return f"({first})" if count == 1 else f"in {count:,} rows (first: {first})"
