"""What a history table means, row by row in plain Python: slow, and written without looking at the package's reader.

A cell is read to a `Meant`: a value that must be taken (firm) or may be taken or refused (not firm), or to REFUSE.
"""

from __future__ import annotations

import datetime
import decimal
import itertools
import math
import numbers
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

#: A cell that nobody can read as what its column holds.
REFUSE = "refuse"
LADDER = (0.0, 1000.0, 5000.0)
EMPLOYMENTS = ("salaried", "gig")
MOST_RISE = 31
#: Whole numbers nearer to 0 count months; others are written as 202403 or 20240331.
MOST_COUNT = 1200
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DIGITS = re.compile(r"[+-]?[0-9]{1,15}(\.0*)?")
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})([-/.]\d{1,2}([ T].*)?)?")


@dataclass(frozen=True)
class Meant:
    """What a cell says; not firm: a reader may also refuse it."""

    value: Any
    firm: bool = True


@dataclass(frozen=True)
class Expected:
    """What a table means: rows by borrower (as text) in the order of months, or that it must be refused."""

    refuse: str = ""
    firm: bool = True
    rows: dict[str, list[dict[str, Any]]] | None = None

    @property
    def n_decreases(self) -> int:
        """Falls of the tier between neighbouring rows whose limits are known."""
        falls = 0
        for rows in (self.rows or {}).values():
            tiers = [tier_of(row["limit_amount"]) for row in rows]
            falls += sum(b >= 0 and a > 0 and b < a for a, b in itertools.pairwise(tiers))
        return falls


def tier_of(limit: float | None) -> int:
    """The tier of a limit, -1 where it is unknown."""
    return -1 if limit is None else max(bisect_right(LADDER, limit) - 1, 0)


def is_missing(cell: Any) -> bool:
    """None, NaN of any type, NaT or NA."""
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return True
    return isinstance(cell, float | complex | np.inexact | decimal.Decimal) and cell != cell


def number(cell: Any) -> Meant | str:
    """A number as float; None is missing."""
    if is_missing(cell):
        return Meant(None)
    if isinstance(cell, bool | np.bool_):
        return Meant(float(cell), firm=False)
    if isinstance(cell, np.timedelta64 | datetime.timedelta):
        return REFUSE
    if isinstance(cell, numbers.Integral | float | np.floating):
        if isinstance(cell, numbers.Integral) and abs(cell) > 10**300:
            return REFUSE
        return Meant(float(cell), firm=abs(cell) < 2**53) if math.isfinite(cell) else REFUSE
    if isinstance(cell, decimal.Decimal | numbers.Rational):
        try:
            return Meant(float(cell), firm=False) if math.isfinite(cell) else REFUSE
        except (OverflowError, ValueError):
            return REFUSE
    if isinstance(cell, complex | np.complexfloating):
        return Meant(cell.real, firm=False) if cell.imag == 0 and math.isfinite(cell.real) else REFUSE
    if isinstance(cell, bytes):
        return _text_number(cell.decode("latin-1"))
    return _text_number(cell) if isinstance(cell, str) else REFUSE


def _text_number(text: str) -> Meant | str:
    plain = text.strip()
    if plain.lower() in ("", "nan", "na", "n/a", "null", "none", "<na>", "nat"):
        return Meant(None, firm=False)
    if plain.lower() in ("true", "false"):
        return Meant(float(plain.lower() == "true"), firm=False)
    if re.fullmatch(r"0x[0-9a-fA-F]+", plain):
        return Meant(float(int(plain, 16)), firm=False)
    without_groups = re.sub(r"(?<=\d)[,_](?=\d)", "", plain)
    if not _DECIMAL.fullmatch(without_groups) or "\0" in plain:
        return REFUSE
    value = float(without_groups)
    return Meant(value, firm=False) if math.isfinite(value) else REFUSE


def whole(cell: Any) -> Meant | str:
    """A whole number."""
    meant = number(cell)
    if isinstance(meant, Meant) and meant.value is not None and meant.value != math.floor(meant.value):
        return REFUSE
    return meant


def at_least_0(meant: Meant | str) -> Meant | str:
    """Refuse what is negative."""
    return REFUSE if isinstance(meant, Meant) and meant.value is not None and meant.value < 0 else meant


def money(cell: Any) -> Meant | str:
    """A limit in hundredths; an amount that would round to nothing, or whose unit a float cannot hold, is not firm."""
    meant = at_least_0(number(cell))
    if not isinstance(meant, Meant) or meant.value is None:
        return meant
    if meant.value > 2**44:
        return Meant(meant.value, firm=False)
    rounded = float(decimal.Decimal(meant.value).quantize(decimal.Decimal("0.01")))
    if meant.value > 0 and rounded == 0:
        return REFUSE
    return Meant(rounded, meant.firm)


def employment(cell: Any) -> Meant | str:
    """One of two words, as its place."""
    if is_missing(cell):
        return Meant(None)
    if isinstance(cell, str) and cell in EMPLOYMENTS:
        return Meant(float(EMPLOYMENTS.index(cell)))
    if isinstance(cell, str) and cell.strip() in EMPLOYMENTS:
        return Meant(float(EMPLOYMENTS.index(cell.strip())), firm=False)
    if isinstance(cell, str) and cell.strip().lower() in ("", "nan", "na", "none", "null"):
        return Meant(None, firm=False)
    return REFUSE


def flag(cell: Any) -> Meant | str:
    """True or false; words and numbers may be taken."""
    if isinstance(cell, bool | np.bool_):
        return Meant(float(cell))
    if isinstance(cell, str) and cell.strip().lower() in ("yes", "no", "y", "n", "t", "f"):
        return Meant(float(cell.strip().lower() in ("yes", "y", "t")), firm=False)
    meant = number(cell)
    if isinstance(meant, str) or meant.value not in (0.0, 1.0, None):
        return REFUSE
    return Meant(meant.value, firm=False)


def month(cell: Any) -> Meant | str:
    """Year * 12 + month - 1 of a date, or a small integer as it is."""
    if is_missing(cell) or isinstance(cell, bool | np.bool_ | bytes | datetime.timedelta | np.timedelta64):
        return REFUSE
    if isinstance(cell, str):
        text = cell.strip()
        if _DIGITS.fullmatch(text):
            meant = month(int(float(text)))
            return meant if isinstance(meant, str) else Meant(meant.value, firm=False)
        if other := re.fullmatch(r"(\d{1,2})[-/.](\d{4})", text):
            return _year_month(int(other[2]), int(other[1]), firm=False)
        found = _MONTH.fullmatch(text)
        if not found:
            return REFUSE
        plain = re.fullmatch(r"[0-9]{4}-[0-9]{2}(-01)?", cell) is not None and 1900 <= int(found[1]) < 2200
        return _year_month(int(found[1]), int(found[2]), firm=plain)
    if isinstance(cell, datetime.date | pd.Period):
        plain = isinstance(cell, pd.Period) or (isinstance(cell, pd.Timestamp) and cell == cell.normalize())
        return _year_month(cell.year, cell.month, firm=plain and not _zone(cell))
    if isinstance(cell, numbers.Integral | float | np.floating):
        if abs(cell) > 10**9 or not math.isfinite(cell) or cell != math.floor(cell):
            return REFUSE
        if 190000 <= cell < 220000:
            return _year_month(int(cell) // 100, int(cell) % 100, firm=isinstance(cell, numbers.Integral))
        if 19000000 <= cell < 22000000:
            return _year_month(int(cell) // 10000, int(cell) // 100 % 100, firm=False)
        return Meant(int(cell), firm=isinstance(cell, numbers.Integral)) if abs(cell) <= MOST_COUNT else REFUSE
    return REFUSE


def _zone(cell: Any) -> bool:
    return getattr(cell, "tzinfo", None) is not None


def _year_month(year: int, of_year: int, *, firm: bool) -> Meant | str:
    return Meant(year * 12 + of_year - 1, firm) if 1 <= of_year <= 12 and 1900 <= year < 2200 else REFUSE


def borrower(cell: Any) -> Meant | str:
    """An id as text; whole numbers and texts are ids."""
    if is_missing(cell) or isinstance(cell, bool | np.bool_ | float | np.floating | bytes | complex):
        return REFUSE
    if isinstance(cell, numbers.Integral):
        return Meant(str(int(cell)), firm=-(2**63) <= cell < 2**63)
    if isinstance(cell, str):
        plain = cell.isprintable() and cell == cell.strip() and cell != ""
        return Meant(cell, firm=plain and cell.lower() not in ("nan", "na", "none", "null"))
    return Meant(str(cell), firm=False)


READ = {
    "borrower_id": borrower,
    "month": month,
    "limit_amount": money,
    "days_past_due": lambda cell: at_least_0(whole(cell)),
    "balance_amount": lambda cell: at_least_0(number(cell)),
    "employment": employment,
    "reviewed": flag,
}


def expected(table: dict[str, list[Any]], optional: tuple[str, ...] = ("balance_amount", "gender")) -> Expected:
    """What a table of columns of cells means."""
    needed = [name for name in READ if name not in optional]
    if lacking := [name for name in needed if name not in table]:
        return Expected(refuse=f"lacks columns {lacking}")
    undeclared = [name for name in table if name not in READ]  # left out, or refused where they look like a slip
    table = {name: cells for name, cells in table.items() if name in READ}
    n = len(next(iter(table.values())))
    meant = {name: [READ[name](cell) for cell in cells] for name, cells in table.items()}
    for name, cells in meant.items():
        for i, cell in enumerate(cells):
            if isinstance(cell, str):
                return Expected(refuse=f"{name} in row {i}: {table[name][i]!r}")
    firm = not undeclared and all(cell.firm for cells in meant.values() for cell in cells)
    rows = [{name: cells[i].value for name, cells in meant.items()} for i in range(n)]
    if not n or all(row["limit_amount"] is None for row in rows):
        return Expected(refuse="no rows, or no limit at all")
    firm &= len({isinstance(cell, str) for cell in table["borrower_id"]}) == 1
    kinds = {_looks_like_a_date(cell) for cell in table["month"]}
    if len(kinds) > 1:
        return Expected(refuse="months of two kinds")
    firm &= len({type(cell) for cell in table["month"]}) == 1
    return _by_borrower(rows, firm)


def _looks_like_a_date(cell: Any) -> bool:
    if isinstance(cell, str) and _DIGITS.fullmatch(cell.strip()):
        cell = float(cell)
    return not isinstance(cell, numbers.Real) or abs(cell) > MOST_COUNT


def _by_borrower(rows: list[dict[str, Any]], firm: bool) -> Expected:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["month"]):
        found.setdefault(row["borrower_id"], []).append(row)
    for who, own in found.items():
        for before, now in itertools.pairwise(own):
            months = now["month"] - before["month"]
            if months == 0:
                return Expected(refuse=f"borrower {who} has two rows of a month")
            late = before["days_past_due"], now["days_past_due"]
            if None not in late and late[1] - late[0] > MOST_RISE * months:
                return Expected(refuse=f"days past due of borrower {who} rise too fast")
    return Expected(rows=found, firm=firm)
