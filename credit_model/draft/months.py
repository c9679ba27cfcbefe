"""The column of months: how it is written, which calendar it follows, and whether that is proven."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.portfolio.month_columns import read_months
from credit_model.portfolio.months import MonthType

#: Ways to write a month that may have to be declared; the first of those that fit equally well is taken.
_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%m/%Y", "%m-%Y",
    "%m.%Y", "%b-%Y", "%b %Y", "%B %Y", "%B-%Y", "%b-%y", "%b %y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y",
    "%b %d, %Y", "%B %d, %Y", "%d%b%Y", "%b%Y", "%b%y", "%Y年%m月", "%Y年%m月%d日", "%Y-%b", "%Y %b", "%Y/%m", "%Y%m",
    "%Y%m%d", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%y-%m", "%d%m%Y",
    "%m%Y", "%Y.%m",
)  # fmt: skip
_CALENDARS = (None, "quarterly", "weekly", "yearly")
#: Numbers that may be a spreadsheet's days: 1990 to 2060.
_FIRST_SERIAL, _LAST_SERIAL = 32_874, 58_805
#: A panel's weeks do not follow each other at so many of them: its rows are months that drift.
_NO_WEEKS = 4


@dataclass(frozen=True)
class MonthsFound:
    """A column read as months.

    Attributes
    ----------
    number : int64 array, (n,)
    month_type : str
    calendar, month_format : str or None
        As a catalogue declares them; None where nothing need be declared.
    others : tuple of str
        Formats that fit as well.
    step : float
        From a borrower's row to the next, typically, in periods.
    """

    number: IntArray
    month_type: MonthType
    calendar: str | None
    month_format: str | None
    others: tuple[str, ...] = ()
    step: float = 1.0

    @property
    def is_told(self) -> bool:
        """The cells say that they are months: they are no plain numbers, which could be anything."""
        return self.month_type != "integer" and self.month_format != "spreadsheet_day"


def readings_of(column: pd.Series, name: str) -> list[MonthsFound]:
    """All ways to read a column as months, those that need no declaration first."""
    found = []
    for calendar in _CALENDARS:
        if (one := _read(column, name, calendar, None)) is not None:
            found.append(one)
    if found and found[0].calendar is None and found[0].is_told:
        return found
    texts = column.astype(str).unique()
    if not found and are_serials(pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(dtype=np.float64)):
        return [one for calendar in _CALENDARS if (one := _read(column, name, calendar, "spreadsheet_day")) is not None]
    if len(texts) > 5000 or not all(any(c.isdigit() for c in text) for text in texts[:50]):
        return found
    sample = pd.Series(texts)
    for pattern in _FORMATS:
        days = pd.to_datetime(sample.str.strip(), format=pattern, errors="coerce")
        if days.notna().all():
            ways = [_read(column, name, way, pattern) for way in _CALENDARS if way != "weekly" or "%d" in pattern]
            found += [way for way in ways if way is not None]
    return found


def are_serials(numbers: FloatArray) -> bool:
    """Whether all numbers (n,) are whole ones that a spreadsheet may have for days."""
    return bool(((numbers >= _FIRST_SERIAL) & (numbers <= _LAST_SERIAL) & (numbers == np.floor(numbers))).all())


def _read(column: pd.Series, name: str, calendar: str | None, pattern: str | None) -> MonthsFound | None:
    try:
        number, month_type = read_months(column, name, calendar=calendar, month_format=pattern)
    except HistoryError:
        return None
    return MonthsFound(number, month_type, calendar, pattern)


def best_reading(readings: list[MonthsFound], borrower: IntArray) -> MonthsFound | None:
    """The reading in which a borrower has one row a month and the rows follow each other; None: there is none.

    Parameters
    ----------
    readings : list
    borrower : int64 array, (n,)
        Each row's borrower as a number.
    """
    are_months = any(reading.month_type == "date" for reading in readings)
    judged = []
    for place, reading in enumerate(readings):
        order = np.lexsort((reading.number, borrower))
        step = np.diff(reading.number[order])[np.diff(borrower[order]) == 0]
        if (step == 0).any() or not len(step):
            continue
        typical = float(np.median(step))
        if are_months and reading.month_type == "week" and typical >= _NO_WEEKS:
            continue
        judged.append((float((step == 1).mean()), -abs(typical - 1), -place, reading, step))
    if not judged:
        return None
    *_, best, step = max(judged, key=lambda one: one[:3])
    share = max(one[0] for one in judged)
    others = tuple(
        one[3].month_format
        for one in judged
        if one[3].month_format and one[3] is not best and one[0] == share and one[3].calendar == best.calendar
        if not np.array_equal(one[3].number, best.number)
    )
    return replace(best, others=others, step=float(np.median(step)))
