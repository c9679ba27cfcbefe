"""A small invented book, and the ways in which people write its names, numbers and months; `BOOK` is what it means."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd

#: Account, month, limit, days past due, balance, rate in per cent, employment; None is not known.
BOOK: list[tuple[str, int, float, int, float | None, float | None, str]] = [
    ("0017", 1, 5000.0, 0, 1234.5, 4.03, "gig"),
    ("0017", 2, 5000.0, 30, 12345.67, 0.5, "gig"),
    ("0017", 3, 2000.0, 60, -250.0, 12.25, "salaried"),
    ("0042", 1, 31000.0, 0, 0.5, None, "salaried"),
    ("0042", 2, 1250000.0, 5, None, 7.125, "gig"),
    ("0042", 3, 1250000.0, 0, 999.99, 100.0, "gig"),
    ("A-7", 2, 800.0, 1, 1234567.0, 0.07, "gig"),
    ("A-7", 3, 800.0, 0, 2000.0, 19.9, "salaried"),
]
EMPLOYMENTS = ("salaried", "gig")
LAST_DAYS = {1: 31, 2: 29, 3: 31}
ENGLISH = ("acct", "month", "limit", "dpd", "balance", "rate", "employment")
CHINESE = ("客户编号", "账期", "授信额度", "逾期天数", "余额", "利率", "就业")
TAIWANESE = ("客戶編號", "月份", "信用額度", "逾期天數", "餘額", "利率", "就業")
GERMAN = ("Kunde", "Monat", "Kreditlimit", "Überziehung", "Saldo (€)", "Zinssatz", "Beschäftigung")


def catalogue(
    names: tuple[str, ...] = ENGLISH,
    *,
    head: str = "",
    source: str = "",
    borrower: str = "",
    rate: str = "percent",
    words: tuple[str, ...] = EMPLOYMENTS,
) -> str:
    """The catalogue of a book with these columns."""
    key = borrower or f'"{names[0]}"'
    columns = "".join(
        f'[[column]]\nname = "{name}"\nkind = "{kind}"\nunit = "{unit}"\nlabel = "{name}"\n'
        for name, kind, unit in zip(names[3:6], ("integer", "number", "number"), ("days", "money", rate), strict=True)
    )
    return f"""\
[portfolio]
name = "book"
version = "1"
borrower = {key}
month = "{names[1]}"
limit = "{names[2]}"
{head}
[source]
{source}
[ladder]
amounts = [0, 1000, 4000]
{columns}
[[column]]
name = "{names[6]}"
kind = "category"
categories = ["{words[0]}", "{words[1]}"]
label = "employment"
[[factor]]
id = "repayment"
about = "borrower"
label = "repayment"
[[feature]]
id = "dpd_max"
factor = "repayment"
column = "{names[3]}"
summary = "max"
window = 3
effect = "lowers"
code = "R01"
label = "longest days past due"
reason = "days past due rose from {{before}} to {{after}}"
"""


# How numbers are written. `repr` of these floats is short and exact.


def plain(value: float) -> str:
    """1234.5"""
    return repr(value).removesuffix(".0")


def grouped(value: float, group: str = ",", mark: str = ".") -> str:
    """1,234.50"""
    sign, (whole, _, rest) = "-" if value < 0 else "", plain(abs(value)).partition(".")
    return sign + f"{int(whole):,}".replace(",", group) + (mark + rest.ljust(2, "0") if rest else "")


def dollars(value: float) -> str:
    """$1,234.50, or ($250)"""
    return f"(${grouped(-value)})" if value < 0 else f"${grouped(value)}"


def european(value: float) -> str:
    """1.234,50"""
    return grouped(value, ".", ",")


def ten_thousands(value: float) -> str:
    """A decimal shift to the left by four: 5000 is 0.5."""
    return format(decimal_of(value).scaleb(-4).normalize(), "f")


def decimal_of(value: float) -> Decimal:
    """The decimal number that a float is written as."""
    return Decimal(repr(value))


def wide(text: str) -> str:
    """Full-width digits and marks."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def iso(month: int) -> str:
    """2024-01"""
    return f"2024-{month:02d}"


def day(pattern: str) -> Callable[[int], str]:
    """The last day of a month, by a pattern of strftime."""
    return lambda month: pd.Timestamp(2024, month, LAST_DAYS[month]).strftime(pattern)


def book(
    *,
    names: tuple[str, ...] = ENGLISH,
    money: Callable[[float], Any] = plain,
    rate: Callable[[float], Any] = plain,
    month: Callable[[int], Any] = iso,
    limit: Callable[[float], Any] | None = None,
    words: tuple[str, ...] = EMPLOYMENTS,
    blank: Any = "",
    split: bool = False,
) -> dict[str, list[Any]]:
    """The book's cells by column, written in these ways; ``split`` gives the account in two columns."""
    keys: dict[str, list[Any]] = {names[0]: [row[0] for row in BOOK]}
    if split:
        keys = {"customer": [row[0][:2] for row in BOOK], "product": [row[0][2:] for row in BOOK]}
    return keys | {
        names[1]: [month(row[1]) for row in BOOK],
        names[2]: [(limit or money)(row[2]) for row in BOOK],
        names[3]: [row[3] for row in BOOK],
        names[4]: [blank if row[4] is None else money(row[4]) for row in BOOK],
        names[5]: [blank if row[5] is None else rate(row[5]) for row in BOOK],
        names[6]: [words[EMPLOYMENTS.index(row[6])] for row in BOOK],
    }


def csv(cells: dict[str, list[Any]], separator: str = ",", line: str = "\n") -> str:
    """The cells as CSV; quoted where they must be."""

    def quoted(cell: Any) -> str:
        text = str(cell)
        return '"' + text.replace('"', '""') + '"' if any(s in text for s in (separator, '"', "\n", "\r")) else text

    rows = zip(*cells.values(), strict=True)
    return line.join(separator.join(map(quoted, row)) for row in [tuple(cells), *rows]) + line


def typed(**ways: Any) -> pd.DataFrame:
    """The cells as numbers and texts, None where not known."""
    return pd.DataFrame(book(money=float, rate=float, blank=None, **ways)).astype({"balance": float, "rate": float})
