"""Months in and out: a number that counts a panel's periods, its text, and its value in a table.

A panel's ``month_type`` says what its numbers count: "date", months of the calendar, year * 12 + month - 1;
"quarter", year * 4 + quarter - 1; "week", weeks that begin on Monday, from the one of 1970-01-01 on; "year"; or
"integer", months that merely follow each other. How a table's column is read is told in `month_columns`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_model.arrays import IntArray
from credit_model.errors import HistoryError

#: What a history's months are: periods of the calendar, or integers that merely follow each other.
MonthType = Literal["date", "integer", "quarter", "week", "year"]
#: The calendars that a catalogue may declare, and the months that they count.
CALENDARS: dict[str, MonthType] = {"monthly": "date", "quarterly": "quarter", "weekly": "week", "yearly": "year"}
#: Years outside of these are sentinels or typing errors, such as 0001 and 9999.
FIRST_YEAR, LAST_YEAR = 1900, 2199

#: An example of each type, for messages.
EXAMPLES: dict[MonthType, str] = {
    "date": "a month such as 2024-03",
    "integer": "an integer",
    "quarter": "a quarter such as 2024Q1",
    "week": "a week such as 2024-W05, or a day in it",
    "year": "a year such as 2024",
}
#: pandas' periods with the same boundaries.
_FREQUENCIES: dict[MonthType, str] = {"quarter": "Q-DEC", "week": "W-SUN", "year": "Y-DEC"}
_DAY = re.compile(r"(\d{4})([-/.])(\d{1,2})(?:\2(\d{1,2})(?:[ T](.+))?)?")
_PERIOD = re.compile(r"(\d{4})(?:[- ]?Q([1-4])|-?W(\d{1,2})|)", re.IGNORECASE)
_EPOCH = 1970 * 12
_FIRST_MONDAY = date(1969, 12, 29)


def month_numbers_of_days(days: NDArray[np.datetime64], month_type: MonthType) -> IntArray:
    """The numbers of the months in which days lie: (n,) datetime64 to (n,) int64."""
    if month_type == "week":
        return (days.astype("datetime64[D]").astype(np.int64) + 3) // 7
    months = days.astype("datetime64[M]").astype(np.int64) + _EPOCH
    return months // {"quarter": 3, "year": 12}.get(month_type, 1)


def format_month(number: int, month_type: MonthType) -> str:
    """A month number as text: "2024-03", "2024Q1", "2024-W05", "2024", or the integer.

    >>> format_month(2024 * 12 + 2, "date"), format_month(2024 * 4, "quarter")
    ('2024-03', '2024Q1')
    """
    number = int(number)
    if month_type == "week":
        year, week, _ = (_FIRST_MONDAY + timedelta(weeks=number)).isocalendar()
        return f"{year:04d}-W{week:02d}"
    if month_type == "quarter":
        return f"{number // 4:04d}Q{number % 4 + 1}"
    if month_type == "date":
        return f"{number // 12:04d}-{number % 12 + 1:02d}"
    return str(number)


def first_day(number: int, month_type: MonthType) -> date:
    """The first day of a month of the calendar, of any type but "integer"."""
    if month_type == "week":
        return _FIRST_MONDAY + timedelta(weeks=int(number))
    months = int(number) * {"quarter": 3, "year": 12}.get(month_type, 1)
    return date(months // 12, months % 12 + 1, 1)


def months_as_values(number: ArrayLike, month_type: MonthType) -> Any:
    """Month numbers as a table holds them: (n,) datetime64 (first of the month), pandas periods, or integers."""
    number = np.asarray(number, dtype=np.int64)
    if month_type == "integer":
        return number
    if month_type == "date":
        return (number - _EPOCH).astype("datetime64[M]").astype("datetime64[ms]")
    frequency, origin = _FREQUENCIES[month_type], np.array(["1970-01-01"], dtype="datetime64[D]")
    offset = pd.Period("1970-01-01", frequency).ordinal - int(month_numbers_of_days(origin, month_type)[0])
    return pd.arrays.PeriodArray(number + offset, dtype=pd.PeriodDtype(frequency))


def month_type_of(dtype: Any) -> MonthType:
    """What the months of a column count that `months_as_values` gave."""
    if isinstance(dtype, pd.PeriodDtype):
        return next(kind for kind, frequency in _FREQUENCIES.items() if pd.PeriodDtype(frequency) == dtype)
    return "integer" if pd.api.types.is_integer_dtype(dtype) else "date"


def month_number_of(value: Any, month_type: MonthType) -> int:
    """The number of one month, written as a date, as a text such as "2024-03" or "2024Q1", or as an integer.

    Raises
    ------
    HistoryError
        ``value`` is no month of this type.
    """
    try:
        if month_type == "integer":
            return int(str(value))
        if isinstance(value, str):
            return _number_of_text(value.strip(), month_type)
        if isinstance(value, pd.Period):
            value = value.start_time
        stamp = value if hasattr(value, "year") else pd.Timestamp(value) if isinstance(value, np.datetime64) else None
        if stamp is None or pd.isna(stamp):
            raise ValueError
        return _number_of_day(stamp.year, stamp.month, stamp.day, month_type)
    except (ValueError, TypeError, OverflowError):
        raise HistoryError(f"month must be {EXAMPLES[month_type]}, got {value!r}") from None


def _number_of_text(text: str, month_type: MonthType) -> int:
    if match := _DAY.fullmatch(text):
        year, _, month, day, time = match.groups()
        if time is not None:
            datetime.fromisoformat(f"2000-01-01T{time.strip()}")
        if day is None and month_type == "week":
            raise ValueError
        return _number_of_day(int(year), int(month), int(day or 1), month_type)
    if match := _PERIOD.fullmatch(text):
        year, quarter, week = match.groups()
        if quarter and month_type == "quarter":
            return _number_of_day(int(year), 3 * int(quarter) - 2, 1, month_type)
        if week and month_type == "week":
            monday = date.fromisocalendar(int(year), int(week), 1)
            return _number_of_day(monday.year, monday.month, monday.day, month_type)
        if month_type == "year" and not (quarter or week):
            return _number_of_day(int(year), 1, 1, month_type)
    raise ValueError


def _number_of_day(year: int, month: int, day: int, month_type: MonthType) -> int:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError
    moment = np.array([date(year, month, day)], dtype="datetime64[D]")
    return int(month_numbers_of_days(moment, month_type)[0])


def month_numbers_of(months: ArrayLike, month_type: MonthType) -> IntArray:
    """The numbers of many months: (n,), each distinct one read once.

    Raises
    ------
    HistoryError
        One of them is no month of this type.
    """
    place, values = pd.factorize(pd.Series(months), use_na_sentinel=False)
    return np.array([month_number_of(value, month_type) for value in values], dtype=np.int64)[place]
