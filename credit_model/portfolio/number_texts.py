"""Numbers as people write them: ``1,234.50``, ``1.234,50``, ``$3,100.00``, ``4.03%``, ``(250)``, ``3.1万``.

A text is read only where all of it is understood. Which mark stands before the decimals is declared, or proven by the
texts of a table: ``0,5`` proves a comma, ``1,234.5`` a point, ``1,234`` alone nothing.

A text is an optional sign, an optional currency, digits, and an optional Chinese unit or percent sign; parentheses or a
minus at the end mean "negative". What is counted may stand behind the digits (``30天``), where it is the same in all
texts. Digits are grouped by threes or not at all, by one kind of mark. Full-width signs are what their plain ones are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from credit_model.arrays import FloatArray

#: Currencies that are understood, and what they are compared as.
CURRENCIES: dict[str, str] = {
    **dict.fromkeys(("RMB", "人民币", "元", "圆"), "CNY"),
    **{sign: sign for sign in ("$", "€", "£", "¥", "₩", "₹", "US$", "HK$", "NT$", "A$", "C$", "S$")},
    **{code: code for code in ("USD", "EUR", "GBP", "CNY", "JPY", "CHF", "HKD", "TWD", "SGD", "AUD", "CAD")},
    **{code: code for code in ("INR", "KRW")},
}
#: Chinese units of counting.
_UNITS = {
    "万亿": 12,
    "萬億": 12,
    "千万": 7,
    "千萬": 7,
    "百万": 6,
    "百萬": 6,
    "亿": 8,
    "億": 8,
    "万": 4,
    "萬": 4,
    "千": 3,
}
_UNIT_SIGNS = "".join(dict.fromkeys("".join(_UNITS)))
#: What is counted, where it stands behind all numbers of a column.
_COUNTED = ("天", "个月", "年", "岁", "次", "家", "笔", "期", "户", "张", "条", "人", "分",
            "days", "day", "months", "month", "mths", "mos", "mo", "years", "year", "yrs", "yr", "times")  # fmt: skip
_SPACES = " \u00a0\u2007\u2009\u202f"
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_WIDE |= {0x3000: ord(" "), 0xFFE5: ord("¥"), 0x2212: ord("-"), 0x2019: ord("'")}

_ANY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_SHAPE = re.compile(
    rf"(?P<sign>[+-])?[{_SPACES}]?(?P<before>{_ANY})?[{_SPACES}]?(?P<inner>[+-])?"
    rf"(?P<digits>[0-9.,'{_SPACES}]*[0-9][.,]?(?:[eE][+-]?[0-9]{{1,3}})?)"
    rf"[{_SPACES}]?(?P<unit>{'|'.join(_UNITS)})?[{_SPACES}]?(?P<after>{_ANY}|%)?(?P<end>-)?"
)
_GROUPS = re.compile(rf"([1-9][0-9]{{0,2}})(?:([.,'{_SPACES}])[0-9]{{3}})((?:\2[0-9]{{3}})*)")
_PLAIN = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
#: Signs that are put aside at once, since they prove nothing and change no digit.
_BEFORE = "$€£¥"
_MARKED_ONLY = r"^[+-]?[0-9.,]*$"
_DOUBTFUL = r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"


def _quick(decimal: str, group: str) -> str:
    """What Arrow reads once the marks are put right; the marks are escaped."""
    return rf"^[+-]?([1-9][0-9]{{0,2}}({group}[0-9]{{3}})+|[0-9]+)({decimal}[0-9]+)?$"


def _proof(decimal: str, group: str) -> str:
    """Digits and marks of which only the reading with this mark before the decimals makes sense."""
    after, groups = rf"{decimal}([0-9]{{1,2}}|[0-9]{{4,}})", rf"[1-9][0-9]{{0,2}}({group}[0-9]{{3}})"
    return rf"^[+-]?([0-9]*{after}|(0[0-9]*|[0-9]{{4,}}|){decimal}[0-9]{{3}}|{groups}+{decimal}[0-9]+|{groups}{{2,}})$"


_QUICK = {".": _quick(r"\.", ","), ",": _quick(",", r"\.")}
_PROOF = {".": _proof(r"\.", ","), ",": _proof(",", r"\.")}


@dataclass(frozen=True)
class Marks:
    """What texts prove of the mark before the decimals: a text that proves a point, a comma; one that fits both."""

    point: str | None = None
    comma: str | None = None
    doubtful: str | None = None

    def __or__(self, other: Marks) -> Marks:
        """What two sets of texts prove together."""
        return Marks(self.point or other.point, self.comma or other.comma, self.doubtful or other.doubtful)

    @property
    def decimal(self) -> str | None:
        """The mark, where it is proven and nothing speaks against it, or where no text depends on it; else None."""
        if self.point and self.comma:
            return None
        return "," if self.comma else None if self.doubtful and not self.point else "."


@dataclass(frozen=True)
class NumbersRead:
    """Texts as numbers.

    Attributes
    ----------
    values : float64 array, (n,)
        NaN where a text is blank, or not understood.
    is_understood : bool array, (n,)
        Blank texts are.
    is_percent, has_unit : bool arrays, (n,)
        Which have a percent sign, and which a Chinese unit such as 万.
    currencies : tuple of str
        The currencies that stand in the texts, each once.
    """

    values: FloatArray
    is_understood: NDArray[np.bool_]
    is_percent: NDArray[np.bool_]
    has_unit: NDArray[np.bool_]
    currencies: tuple[str, ...]


def plain_text(text: str) -> str:
    """A text without spaces around it, its full-width signs as plain ones.

    >>> plain_text(" ￥１，２３４．５０ ")
    '¥1,234.50'
    """
    return text.translate(_WIDE).strip() if not text.isascii() else text.strip()


def marks_of(texts: Sequence[str]) -> Marks:
    """What texts prove of the mark before the decimals.

    >>> marks_of(["1,234", "0,5"])
    Marks(point=None, comma='0,5', doubtful='1,234')
    """
    array = _without_currency(pa.array(_without_counted(texts), type=pa.large_string()))
    found = Marks(*(_first(array, pattern) for pattern in (_PROOF["."], _PROOF[","], _DOUBTFUL)))
    known = pc.match_substring_regex(array, _MARKED_ONLY)
    for text in array.filter(pc.invert(known)).to_pylist():
        found |= _marks_of_one(text)
        if found.point and found.comma:
            break
    return found


def _without_counted(texts: Sequence[str]) -> Sequence[str]:
    """Texts without what is counted behind their numbers, where it is the same in all texts that hold digits."""
    numbers = (text for text in map(plain_text, texts) if re.search("[0-9]", text))
    first = next(numbers, "")
    if re.fullmatch("[0-9]{4}年", first):  # a date
        return texts
    counted = re.sub(r".*\d", "", first).strip()
    if counted.lower() not in _COUNTED or not all(re.sub(r".*\d", "", text).strip() == counted for text in numbers):
        return texts
    return [plain_text(text).removesuffix(counted).strip() for text in texts]


def _without_currency(array: Any) -> Any:
    return pc.replace_substring_regex(array, rf"^([+-]?)[{_BEFORE}]([0-9])", r"\1\2")


def _first(array: Any, pattern: str) -> str | None:
    place = pc.index(pc.match_substring_regex(array, pattern), True).as_py()
    return None if place < 0 else str(array[place].as_py())


def _marks_of_one(text: str) -> Marks:
    match = _SHAPE.fullmatch(plain_text(text).strip("()"))
    if match is None:
        return Marks()
    digits = re.split("[eE]", match["digits"])[0]
    if _numeral(match["digits"], ".") is None:
        return Marks(comma=text) if _numeral(match["digits"], ",") is not None else Marks()
    if _numeral(match["digits"], ",") is None:
        return Marks(point=text)
    if digits.isdigit() or not ("." in digits or "," in digits):
        return Marks()
    if match["unit"] or match["after"] in ("元", "圆"):  # Chinese has points before decimals
        return Marks(point=text)
    return Marks(doubtful=text)


def read_numbers(texts: Sequence[str], decimal: str, *, percent_exponent: int = 0) -> NumbersRead:
    """Texts (n,) as numbers, each the float that is nearest to what is written.

    Parameters
    ----------
    texts : sequence of str
        Distinct ones, since each is looked at.
    decimal : "." or ","
        The mark before the decimals.
    percent_exponent : int, default 0
        The power of ten that a percent sign stands for: 0, ``4.03%`` is 4.03; -2, it is .0403.

    Examples
    --------
    >>> read_numbers(["1.234,50", "(250)", "3,1万", "12 %", "1.23.4"], ",").values.tolist()
    [1234.5, -250.0, 31000.0, 12.0, nan]
    """
    n, texts = len(texts), _without_counted(texts)
    has_unit = np.zeros(n, dtype=np.bool_)
    values, understood = np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
    array = pa.array(texts, type=pa.large_string())
    currencies = {sign: None for sign in _BEFORE if pc.any(pc.match_substring(array, sign)).as_py()}
    percent = np.asarray(pc.ends_with(array, "%"))
    digits = pc.replace_substring_regex(_without_currency(array), "([0-9])%$", r"\1")
    quick = np.asarray(pc.match_substring_regex(digits, _QUICK[decimal]))
    quick &= ~percent | ~np.asarray(pc.match_substring_regex(array, f"[{_BEFORE}]"))
    if quick.any():
        plain = pc.replace_substring(digits.filter(pa.array(quick)), "," if decimal == "." else ".", "")
        plain = pc.utf8_ltrim(pc.replace_substring(plain, ",", "."), "+")
        if percent_exponent and percent.any():
            moved = pc.binary_join_element_wise(
                plain, *(pa.scalar(t, pa.large_string()) for t in (f"e{percent_exponent}", ""))
            )
            plain = pc.if_else(pa.array(percent[quick]), moved, plain)
        values[quick] = plain.cast(pa.float64()).to_numpy(zero_copy_only=False)
        understood |= quick
    for i in np.flatnonzero(~quick).tolist():
        text = plain_text(texts[i])
        if not text:
            understood[i] = True
        elif (found := _read_one(text, decimal, percent_exponent)) is not None:
            values[i], percent[i], currency = found
            understood[i], has_unit[i] = True, any(sign in text for sign in _UNIT_SIGNS)
            currencies |= {currency: None} if currency else {}
    return NumbersRead(values, understood, percent, has_unit, tuple(sorted(currencies)))


def _read_one(text: str, decimal: str, percent_exponent: int) -> tuple[float, bool, str] | None:
    """The number, whether it is a percentage, and its currency; None if the text is not understood."""
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return float(text), False, ""
    in_parentheses = text.startswith("(") and text.endswith(")")
    match = _SHAPE.fullmatch(text[1:-1].strip() if in_parentheses else text)
    if match is None:
        return None
    signs = [sign for sign in (match["sign"], match["inner"], match["end"], "(" if in_parentheses else None) if sign]
    before, after = match["before"], match["after"]
    if len(signs) > 1 or (before and after) or (match["unit"] and after == "%"):
        return None
    numeral = _numeral(match["digits"], decimal)
    if numeral is None:
        return None
    number = Decimal(numeral).scaleb(percent_exponent if after == "%" else _UNITS.get(match["unit"] or "", 0))
    currency = "" if after == "%" else CURRENCIES.get(before or after or "", "")
    return float(-number if signs and signs[0] != "+" else number), after == "%", currency


def _numeral(digits: str, decimal: str) -> str | None:
    """Digits with marks as Python writes them; None where their marks do not fit."""
    whole, mark, rest = digits.partition(decimal)
    if (decimal == "." or "." not in digits) and _PLAIN.fullmatch(f"{whole}{'.' if mark else ''}{rest}"):
        return f"{whole}{'.' if mark else ''}{rest}"
    groups = _GROUPS.fullmatch(whole)
    if groups is None or groups[2] == decimal or (mark and not rest.isdigit()):
        return None
    return re.sub("[^0-9]", "", whole) + (f".{rest}" if mark else "")
