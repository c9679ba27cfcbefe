"""Months as people write them: ``31/01/2024``, ``Jan-2022``, ``January 2022``, ``2022年1月``, ``Q1 2024``.

All cells of a column are written in one way. Whether the day or the month stands first is proven by all of them (a 31
is no month), or asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from credit_model.portfolio.months import EXAMPLES, MonthType, format_month, month_numbers_of_days
from credit_model.portfolio.number_texts import plain_text

_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH_OF = {name: i for i, name in enumerate(_NAMES, 1)} | {name[:3]: i for i, name in enumerate(_NAMES, 1)}
_MONTH_OF["sept"] = 9
_NAME = rf"(?P<name>{'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})"
_YEAR, _DAY, _MONTH = r"(?P<year>\d{4})", r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})"
_CHINESE_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}
_NO_TIME = r"(?: +(?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)? ?am))?"
#: Ways to write a month; which is which of a day and a month in the first is for all cells to prove.
_TWO_NUMBERS = re.compile(rf"(?P<one>\d{{1,2}})(?P<mark>[-/.])(?P<two>\d{{1,2}})(?P=mark){_YEAR}{_NO_TIME}", re.I)
_WAYS = tuple(
    re.compile(way, re.I)
    for way in (
        rf"{_MONTH}[-/.]{_YEAR}",
        rf"{_NAME}\.?[-/., ]{{0,2}}{_YEAR}",
        rf"{_YEAR}[-/. ]?{_NAME}",
        rf"{_DAY}[-/. ]?{_NAME}\.?[-/., ]{{0,2}}{_YEAR}{_NO_TIME}",
        rf"{_NAME}\.? {_DAY},? {_YEAR}{_NO_TIME}",
        rf"{_YEAR}年{_MONTH}月份?",
        rf"{_YEAR}年{_MONTH}月{_DAY}[日号]",
        rf"(?:Q(?P<quarter>[1-4])|(?P<quarter_first>[1-4])Q)[-/ ]?{_YEAR}",
        rf"{_YEAR}年第?(?P<quarter>[1-4一二三四])季度?",
        rf"W(?P<week>\d{{1,2}})[-/ ]{_YEAR}",
    )
)
#: What a calendar's months may be told by; a day tells all of them.
_ENOUGH: dict[MonthType, tuple[str, ...]] = {
    "date": ("month",),
    "quarter": ("month", "quarter"),
    "year": ("month", "quarter"),
    "week": ("week",),
}
_CALENDAR_OF = {"quarter": "quarterly", "week": "weekly"}

Days = NDArray[np.datetime64]
Day = np.dtype("datetime64[D]")


@dataclass(frozen=True)
class MonthTextError(Exception):
    """A text that breaks a rule: which one, the rule, and what to do."""

    cell: int
    rule: str
    remedy: str = "correct it"


def days_of_texts(texts: Sequence[str], month_type: MonthType) -> Days | None:
    """The days (n,) on which the months of a column's distinct texts begin, or that they name.

    Parameters
    ----------
    texts : sequence of str
    month_type : MonthType
        What the panel's months count; not "integer".

    Returns
    -------
    datetime64[D] array, (n,); None where the first text is written in none of these ways

    Raises
    ------
    MonthTextError
        A text is not written like the first one, names no day, or may mean two days.
    """
    plain = [plain_text(text) for text in texts]
    for way in (_TWO_NUMBERS, *_WAYS):
        if way.fullmatch(plain[0]):
            break
    else:
        return None
    found = [way.fullmatch(text) for text in plain]
    matches = [match for match in found if match is not None]
    if len(matches) < len(found):
        raise MonthTextError(found.index(None), f"must be written like {plain[0]!r} in another row")
    if way is _TWO_NUMBERS:
        return _in_one_order(matches, month_type)
    return np.array([_checked(i, _day_of(i, match, month_type)) for i, match in enumerate(matches)], dtype=Day)


def _checked(cell: int, make: Callable[[], date]) -> date:
    try:
        return make()
    except ValueError:
        raise MonthTextError(cell, "must be a day of the calendar") from None


def _day_of(cell: int, match: re.Match[str], month_type: MonthType) -> Callable[[], date]:
    """What makes the day; an error where the calendar has other periods."""
    own = {name: text for name, text in match.groupdict().items() if text is not None}
    year = int(own["year"])
    told = "week" if "week" in own else "quarter" if own.keys() & {"quarter", "quarter_first"} else "month"
    if "day" not in own and told not in _ENOUGH[month_type]:
        _refuse_period(cell, told, month_type)
    if told == "week":
        return lambda: date.fromisocalendar(year, int(own["week"]), 1)
    if told == "quarter":
        text = own.get("quarter") or own["quarter_first"]
        quarter = _CHINESE_QUARTERS.get(text) or int(text)
        return lambda: date(year, 3 * quarter - 2, 1)
    month = _MONTH_OF[own["name"].lower()] if "name" in own else int(own["month"])
    return lambda: date(year, month, int(own.get("day", 1)))


def _refuse_period(cell: int, told: str, month_type: MonthType) -> NoReturn:
    remedy = f'declare calendar = "{_CALENDAR_OF[told]}" in [portfolio]' if told in _CALENDAR_OF else "give the days"
    raise MonthTextError(cell, f"must be {EXAMPLES[month_type]}", remedy)


def _in_one_order(matches: Sequence[re.Match[str]], month_type: MonthType) -> Days:
    """Days of texts such as 31/01/2024, in the order that all of them allow."""
    day_first, month_first = ([_date(m, *order) for m in matches] for order in (("two", "one"), ("one", "two")))
    fits = [None not in readings for readings in (day_first, month_first)]
    if not any(fits):
        for i, (one, two) in enumerate(zip(day_first, month_first, strict=True)):
            if one is None and two is None:
                raise MonthTextError(i, "must be a day of the calendar")
        raise MonthTextError(
            day_first.index(None),
            f"must have day and month in the order of {matches[month_first.index(None)][0]!r} in another row",
        )
    first, second = (np.array(readings, dtype=Day) for readings in (day_first, month_first))
    if not all(fits):
        return first if fits[0] else second
    numbers = [month_numbers_of_days(days, month_type) for days in (first, second)]
    different = np.flatnonzero(numbers[0] != numbers[1])
    if not len(different):
        return first
    i = int(different[0])
    mark = matches[i]["mark"]
    shown = [format_month(int(own[i]), month_type) for own in numbers]
    patterns = [mark.join(order) for order in (("%d", "%m", "%Y"), ("%m", "%d", "%Y"))]
    raise MonthTextError(
        i,
        f"must tell whether the day or the month stands first ({shown[0]} by the former, {shown[1]} by the latter)",
        f'declare month_format = "{patterns[0]}" or month_format = "{patterns[1]}" in [portfolio]',
    )


def _date(match: re.Match[str], month: str, day: str) -> date | None:
    try:
        return date(int(match["year"]), int(match[month]), int(match[day]))
    except ValueError:
        return None
