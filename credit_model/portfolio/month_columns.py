"""How a table's column of months is read: what it holds is declared by the catalogue or proven by every cell.

Undeclared, a column is taken for dates where every cell is one (dates, instants whose month is the same in every time
zone, texts as `month_texts` knows them, numbers such as 202403 or 20240331), and for counts where every cell is a small
whole number. Anything else is an error that names the key of the catalogue which settles it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, IntArray
from credit_model.errors import HistoryError
from credit_model.portfolio.month_texts import MonthTextError, days_of_texts
from credit_model.portfolio.months import (
    CALENDARS,
    EXAMPLES,
    FIRST_YEAR,
    LAST_YEAR,
    MonthType,
    month_number_of,
    month_numbers_of_days,
)

#: Values of the catalogue's ``month_format`` beside a pattern of strptime such as "%d/%m/%Y".
FORMATS = ("date", "count", "spreadsheet_day", "unix_day")
#: Day 0 of the formats that count days.
_DAY_ZERO = {"spreadsheet_day": "1899-12-30", "unix_day": "1970-01-01"}
#: Undeclared, counts of months lie within so much of 0 (a hundred years).
_MOST_COUNT = 1200
#: So many steps between a borrower's rows prove that a panel's periods are longer than a month.
PROVING_STEPS = 12

Days = NDArray[np.datetime64]


def read_months(
    column: pd.Series, name: str, *, calendar: str | None = None, month_format: str | None = None
) -> tuple[IntArray, MonthType]:
    """Read a history's column of months.

    Parameters
    ----------
    column : Series, (n,)
    name : str
        The column's name, for messages.
    calendar, month_format : str, optional
        As the catalogue declares them.

    Returns
    -------
    number : int64 array, (n,)
    month_type : "date", "integer", "quarter", "week" or "year"

    Raises
    ------
    HistoryError
        A cell is missing or is no month, or what the cells are is not proven.
    """
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise HistoryError(
            f"{name} must be given in every row, found {int(column.isna().sum())} missing (first: data row {row + 1}); "
            "fill or remove them"
        )
    return _Reading(name, CALENDARS[calendar or "monthly"], month_format).read(_plain(column))


def check_calendar(
    number: IntArray, borrower: IntArray, name: str, calendar: str | None, month_type: MonthType
) -> None:
    """Hold months (n,), sorted within borrowers (n,), against the calendar, where the catalogue declares none.

    Raises
    ------
    HistoryError
        Every step is a quarter or a year: the windows of the features would hold fewer rows than they say.
    """
    step = np.diff(number)[np.diff(borrower) == 0]
    if calendar is not None or month_type != "date" or len(step) < PROVING_STEPS:
        return
    for months, found in ((12, "yearly"), (3, "quarterly")):
        if (step % months == 0).all():
            raise HistoryError(
                f"{name} must follow the calendar: all {len(step):,} steps are multiples of {months} months; "
                f'declare calendar = "{found}" in [portfolio], or "monthly" if months are missing'
            )


def _plain(column: pd.Series) -> pd.Series:
    """The column without its wrappings: categories and Arrow's dates as what they hold."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if isinstance(column.dtype, pd.ArrowDtype) and not pd.api.types.is_numeric_dtype(column.dtype):
        kind = column.dtype.kind
        column = pd.Series(pd.to_datetime(column) if kind == "M" else column.astype(object), index=column.index)
    return column


class _Reading:
    """One reading of a column: its name, the type of its months, and the format that the catalogue declares."""

    def __init__(self, name: str, month_type: MonthType, month_format: str | None) -> None:
        self.name, self.month_type, self.format = name, month_type, month_format

    def read(self, column: pd.Series) -> tuple[IntArray, MonthType]:
        if isinstance(column.dtype, pd.PeriodDtype):
            return self._of_periods(column), self.month_type
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return self._of_instants(column), self.month_type
        if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
            if pd.api.types.is_complex_dtype(column.dtype):
                self._must_be_dates(column.dtype)
            return self._of_numbers(column.to_numpy(dtype=np.float64))
        if not (pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)):
            self._must_be_dates(column.dtype)
        return self._of_cells(column)

    def _must_be_dates(self, dtype: Any) -> NoReturn:
        raise HistoryError(f"{self.name} must be dates or whole numbers, got {dtype}; convert it")

    def _of_periods(self, column: pd.Series) -> IntArray:
        length = {"Y": 12, "Q": 3, "M": 1, "W": 0}.get(str(column.dtype)[len("period[")], 0)
        wanted = {"year": 12, "quarter": 3, "date": 1, "week": 0}[self.month_type]
        if length > wanted:
            raise HistoryError(
                f"{self.name} must be {EXAMPLES[self.month_type]}, got {column.dtype}; "
                "declare the panel's calendar in [portfolio]"
            )
        return self._of_days(column.dt.start_time.to_numpy().astype("datetime64[D]"), _cells_of(column))

    def _of_days(self, days: Days, shown: Callable[[int], str]) -> IntArray:
        years = days.astype("datetime64[Y]").astype(np.int64) + 1970
        wrong = np.isnat(days) | (years < FIRST_YEAR) | (years > LAST_YEAR)
        if wrong.any():
            self._refuse(wrong, shown, f"must be {EXAMPLES[self.month_type]}, {FIRST_YEAR} to {LAST_YEAR}")
        return month_numbers_of_days(days, self.month_type)

    def _refuse(self, wrong: BoolArray, shown: Callable[[int], str], rule: str, remedy: str = "correct it") -> NoReturn:
        row = int(np.flatnonzero(wrong)[0])
        raise HistoryError(f"{self.name} {rule}, found {shown(row)} (first: data row {row + 1}); {remedy}")

    def _of_instants(self, column: pd.Series) -> IntArray:
        zone = getattr(column.dt, "tz", None)
        wall = (column.dt.tz_localize(None) if zone is not None else column).to_numpy()
        is_utc = zone is not None and _is_utc(zone)
        place, distinct = pd.factorize(wall)
        try:
            return self._of_wall_times(distinct, is_utc=is_utc, shown=str)[place]
        except HistoryError:  # told of the first row that is wrong, not of the first distinct time
            return self._of_wall_times(wall, is_utc=is_utc, shown=_cells_of(column))

    def _of_wall_times(self, wall: Days, *, is_utc: bool, shown: Callable[[int], str]) -> IntArray:
        """Months of times as a clock shows them; times that another zone would put into another month are refused.

        An instant in UTC may be a midnight or an evening elsewhere. Without a zone it is taken as it is written,
        unless it looks like such a midnight: a full quarter of an hour in the last hours of a month.
        """
        seconds = wall.astype("datetime64[s]")
        number = self._of_days(seconds.astype("datetime64[D]"), shown)
        time = (seconds - seconds.astype("datetime64[D]")).astype(np.int64)
        if self.format == "date" or not (time != 0).any():
            return number
        hour = 3600
        later = month_numbers_of_days(_moved(seconds, 14 * hour), self.month_type) != number
        earlier = month_numbers_of_days(_moved(seconds, -12 * hour), self.month_type) != number
        doubtful = (later | earlier) if is_utc else later & (time % 900 == 0)
        doubtful = np.asarray(doubtful & (time != 0), dtype=np.bool_)
        if doubtful.any():
            self._refuse(
                doubtful,
                shown,
                "must be a date, or an instant whose month is the same in every time zone",
                'give the date as the lender\'s clock shows it, or declare month_format = "date" in [portfolio] to '
                "take the dates as they are written",
            )
        return number

    def _of_numbers(self, values: NDArray[np.float64]) -> tuple[IntArray, MonthType]:
        def shown(row: int) -> str:
            return f"{values[row]:.15g}"

        if self.format in _DAY_ZERO:
            wrong = ~(np.abs(values) < 1e6)
            if wrong.any():
                self._refuse(wrong, shown, "must be a number of days")
            days = np.datetime64(_DAY_ZERO[self.format], "D") + np.floor(values).astype("timedelta64[D]")
            return self._of_days(days, shown), self.month_type
        wrong = ~((values == np.floor(values)) & (np.abs(values) <= (1e9 if self.format == "count" else 1e15)))
        if wrong.any():
            self._refuse(wrong, shown, "must be a month")
        number = values.astype(np.int64)
        if self.format == "count":
            return number, "integer"
        if self.format is not None and self.format != "date":
            return self._of_pattern(pd.Series(number).astype(str), self.format), self.month_type
        return self._of_undeclared_numbers(number, shown)

    def _of_undeclared_numbers(self, number: IntArray, shown: Callable[[int], str]) -> tuple[IntArray, MonthType]:
        year, month = np.divmod(number, 100)
        of_month = (year >= FIRST_YEAR) & (year <= LAST_YEAR)  # written as 202403
        of_day = (number // 10_000 >= FIRST_YEAR) & (number // 10_000 <= LAST_YEAR)  # written as 20240331
        if self.month_type == "year" and ((number >= FIRST_YEAR) & (number <= LAST_YEAR)).all():
            return number, "year"
        if of_month.any() and self.month_type != "week":
            wrong = ~of_month | (month < 1) | (month > 12)
            if wrong.any():
                self._refuse(wrong, shown, "must be a month such as 202403")
            days = ((year - 1970) * 12 + month - 1).astype("datetime64[M]").astype("datetime64[D]")
            return self._of_days(days, shown), self.month_type
        if of_day.any() and not of_month.any():
            texts = pd.Series(number).astype(str)
            days = pd.to_datetime(texts, format="%Y%m%d", errors="coerce").to_numpy().astype("datetime64[D]")
            wrong = ~of_day | np.isnat(days)
            if wrong.any():
                self._refuse(wrong, shown, "must be a day such as 20240331")
            return self._of_days(days, shown), self.month_type
        wrong = np.abs(number) > _MOST_COUNT
        if wrong.any() or self.month_type != "date":
            first = int(number[wrong.argmax()])
            self._refuse(
                wrong if wrong.any() else np.ones(len(number), dtype=np.bool_),
                shown,
                f"must be {EXAMPLES[self.month_type]}, or a number such as 202403 or 20240331",
                'give dates, or say in [portfolio] what the numbers are: month_format = "count", "spreadsheet_day", '
                f'"unix_day" or a pattern such as "%Y%m"{_meaning(first)}',
            )
        return number, "integer"

    def _of_pattern(self, texts: pd.Series, pattern: str) -> IntArray:
        place, distinct = pd.factorize(texts)
        days = pd.Series(pd.to_datetime(pd.Series(distinct).str.strip(), format=pattern, errors="coerce"))
        if getattr(days.dt, "tz", None) is not None:
            days = days.dt.tz_localize(None)
        wrong = days.isna().to_numpy()[place]
        if wrong.any():
            self._refuse(wrong, _cells_of(texts), f"must be written as {pattern}")
        return self._of_days(days.to_numpy().astype("datetime64[D]")[place], _cells_of(texts))

    def _of_cells(self, column: pd.Series) -> tuple[IntArray, MonthType]:
        """Months of texts, dates, or a mixture of them; each distinct cell is read once."""
        try:
            place, distinct = pd.factorize(column.to_numpy(dtype=object))
        except TypeError:  # cells that cannot be hashed, such as lists
            self._must_be_dates(type(column.iloc[0]).__name__)
        cells = list(distinct)
        first = np.full(len(cells), len(column))
        np.minimum.at(first, place, np.arange(len(column)))

        def refuse(cell: int, rule: str, remedy: str = "correct it") -> NoReturn:
            at = np.zeros(len(column), dtype=np.bool_)
            at[first[cell]] = True
            self._refuse(at, _cells_of(column), rule, remedy)

        numbers = [_number(cell) for cell in cells]
        if all(number is not None for number in numbers):
            return self._of_numbers(np.array(numbers, dtype=np.float64)[place])
        if self.format == "count" or self.format in _DAY_ZERO:
            refuse(next(i for i, number in enumerate(numbers) if number is None), "must be a whole number")
        if self.format is not None and self.format != "date":
            return self._of_pattern(column.map(str), self.format), self.month_type
        if self.format is None and all(isinstance(cell, str) for cell in cells):
            try:
                days = days_of_texts(cells, self.month_type)
            except MonthTextError as mistake:
                refuse(mistake.cell, mistake.rule, mistake.remedy)
            if days is not None:
                return self._of_days(days[place], _cells_of(column)), self.month_type
        of_cell = np.empty(len(cells), dtype=np.int64)
        for i, cell in enumerate(cells):
            try:
                of_cell[i] = self._of_cell(cell)
            except _DoubtfulTimeError:
                refuse(
                    i,
                    "must be a date, or an instant whose month is the same in every time zone",
                    'give the date alone, or declare month_format = "date" in [portfolio] to take it as it is written',
                )
            except HistoryError:
                refuse(i, f"must be {EXAMPLES[self.month_type]}", _remedy(cell))
        return of_cell[place], self.month_type

    def _of_cell(self, cell: Any) -> int:
        if isinstance(cell, str) and (match := _TIMED.fullmatch(cell.strip())):
            try:
                moment = datetime.fromisoformat(f"{match[1].replace('/', '-').replace('.', '-')}T{match[2]}")
            except ValueError:
                raise HistoryError("no time") from None
            return self._of_moment(moment)
        if isinstance(cell, datetime) and not pd.isna(cell):
            return self._of_moment(cell)
        if isinstance(cell, str | date | np.datetime64 | pd.Period):
            return month_number_of(cell, self.month_type)
        raise HistoryError("no month")

    def _of_moment(self, moment: datetime) -> int:
        number = month_number_of(moment.date(), self.month_type)
        wall = np.array([moment.replace(tzinfo=None)], dtype="datetime64[s]")
        try:
            self._of_wall_times(wall, is_utc=moment.tzinfo is not None and _is_utc(moment.tzinfo), shown=str)
        except HistoryError:
            raise _DoubtfulTimeError from None
        return number


def _moved(times: Days, seconds: int) -> Days:
    return (times.astype("datetime64[s]").astype(np.int64) + seconds).astype("datetime64[s]")


def _cells_of(column: pd.Series) -> Callable[[int], str]:
    """How a row's cell is shown in messages."""

    def shown(row: int) -> str:
        cell = column.iloc[row]
        text = ascii(cell) if isinstance(cell, bytes) or not str(cell).isprintable() else str(cell)
        text = f"'{text}'" if isinstance(cell, str) and text == cell else text
        return text if len(text) <= 60 else text[:60] + "..."

    return shown


class _DoubtfulTimeError(Exception):
    """A time whose month depends on the time zone."""


_TIMED = re.compile(r"(\d{4}[-/.]\d{2}[-/.]\d{2})[ T](.+)")
#: Dates written in other ways, which the catalogue has to declare.
_OTHER_DATE = re.compile(
    r"\d{1,2}([-/. ])(\d{1,2}|[A-Za-z]{3,9})\1\d{2,4}( .+)?|[A-Za-z]{3,9}[-/ ]\d{4}|\d{4}年\d{1,2}月(\d{1,2}日)?"
)
_SHORT_YEAR = re.compile(r"[A-Za-z]{3,9}[-/ ]\d{2}")
_WHOLE = re.compile(r"[+-]?\d{1,15}(\.0*)?")


def _is_utc(zone: Any) -> bool:
    return str(zone).upper() in ("UTC", "GMT", "ETC/UTC", "ETC/GMT", "UTC+00:00", "+00:00", "ZULU", "TZUTC()")


def _number(cell: Any) -> float | None:
    """A cell that is a number, or a text of digits; else None."""
    if isinstance(cell, str):
        return float(cell) if _WHOLE.fullmatch(cell.strip()) else None
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, int | float | np.integer | np.floating):
        return None
    return float(cell)


def _remedy(cell: Any) -> str:
    text = str(cell).strip()
    if re.fullmatch(r"\d{4}[- ]?Q[1-4]", text, re.IGNORECASE):
        return 'declare calendar = "quarterly" in [portfolio]'
    if re.fullmatch(r"\d{4}-?W\d{1,2}", text, re.IGNORECASE):
        return 'declare calendar = "weekly" in [portfolio]'
    if _SHORT_YEAR.fullmatch(text):
        return 'say in [portfolio] what the number is, such as month_format = "%b-%y" for a year'
    if _OTHER_DATE.fullmatch(text):
        return 'correct it, or declare how it is written in [portfolio], such as month_format = "%d/%m/%Y"'
    return "correct it"


def _meaning(number: int) -> str:
    """What a number that is no month may stand for, as a hint."""
    for name, zero in _DAY_ZERO.items():
        if 0 < number < 80_000:
            day = np.datetime64(zero, "D") + number
            if 1990 <= day.astype(object).year <= 2060:
                return f" (as a {name.replace('_', ' ')} it is {day})"
    return ""
