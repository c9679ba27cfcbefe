"""The lender's days: where a day begins, which days are worked, and when a time allowed ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from credit_model.portfolio.toml_document import TomlTable

Counted = Literal["calendar", "working"]
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Calendar:
    """Which days are worked.

    Attributes
    ----------
    zone : tzinfo
        In which days begin.
    week : tuple of str
        The days of the week that are worked.
    holidays : tuple of date
        Days of the week that are not.
    working_days : tuple of date
        Days at weekends that are, to make up for holidays.
    """

    zone: tzinfo = UTC
    week: tuple[str, ...] = WEEK[:5]
    holidays: tuple[date, ...] = ()
    working_days: tuple[date, ...] = ()

    def after(self, day: date, n: int, counted: Counted) -> date:
        """The n-th day after a day, all days counted or the working days alone.

        >>> Calendar(holidays=(date(2024, 5, 1),)).after(date(2024, 4, 30), 2, "working")
        datetime.date(2024, 5, 3)
        """
        if counted == "calendar":
            return day + timedelta(days=n)
        weekmask = "".join(str(int(name in self.week)) for name in WEEK)
        made_up = np.array(self.working_days, dtype="datetime64[D]")
        holidays = np.array(self.holidays, dtype="datetime64[D]")
        span = 2 * n + 14
        while True:
            days = np.datetime64(day, "D") + np.arange(1, span + 1)
            worked = np.is_busday(days, weekmask=weekmask, holidays=holidays) | np.isin(days, made_up)
            found = np.flatnonzero(worked)
            if len(found) >= n:
                end: date = days[found[n - 1]].astype(object)
                return end
            span *= 2


def read_calendar(table: TomlTable) -> Calendar:
    """The table ``[calendar]`` of a lender file, which may be absent."""
    zone = _zone(table)
    week = table.get("week", list, list(WEEK[:5]), rule='a list of days such as ["mon", "tue"]') or []
    if not week or any(day not in WEEK for day in week) or len(set(week)) < len(week):
        table.note(f"[calendar]: week must list different days of {', '.join(WEEK)}, got {week!r}", "week")
    holidays, made_up = _days(table, "holidays"), _days(table, "working_days")
    if both := sorted(set(holidays) & set(made_up)):
        table.note(f"[calendar]: {both[0]} is among the holidays and the working days; keep one", "working_days")
    return Calendar(zone, tuple(day for day in WEEK if day in week) or WEEK[:5], holidays, made_up)


def _zone(table: TomlTable) -> tzinfo:
    name = table.text("timezone", "UTC")
    try:
        return ZoneInfo(name) if name and name != "UTC" else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        table.note(f"[calendar]: timezone must be one such as Asia/Shanghai or UTC, got {name!r}", "timezone")
        return UTC


def _days(table: TomlTable, key: str) -> tuple[date, ...]:
    given = table.get(key, list, [], rule="a list of dates such as [2024-05-01]") or []
    days = [day for day in given if type(day) is date]
    if len(days) < len(given):
        wrong = next(day for day in given if type(day) is not date)
        table.note(f"[calendar]: {key} must list dates such as 2024-05-01, without quotes, got {wrong!r}", key)
    return tuple(sorted(set(days)))
