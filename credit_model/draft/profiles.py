"""What the cells of a column are: numbers, true or false, categories, dates or texts; with what stands for a blank."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.draft.vocabulary import Meaning, meaning_of
from credit_model.portfolio.number_texts import Marks, marks_of, read_numbers
from credit_model.portfolio.written_numbers import TRUTHS
from credit_model.readers.source_format import PROVEN_DECIMAL

ProfileKind = Literal["number", "integer", "boolean", "category", "date", "text", "empty"]

#: More values than this are no category.
MOST_CATEGORIES = 30
#: Whole numbers with so few values may be codes, where the name says so.
_MOST_CODES = 10
#: Of a column's cells, those that have to be understood as numbers; and the other words that may stand among them.
_MOSTLY, _MOST_WORDS, _NEARLY_ALL = 0.6, 6, 0.9
_BLANK_WORDS = frozenset({"", ".", "-", "--", "?", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "unknown",
                          "missing", "unk", "nd", "无", "未知", "缺失", "空"})  # fmt: skip
_SENTINELS = (*(float("9" * k) for k in range(3, 11)), *(float("-" + "9" * k) for k in range(1, 11)), -1.0,
              -99999999.0, 1e9, -1e9, 99998.0, -998.0, -997.0, -9998.0, *(9000.0 + k for k in range(1, 10)),
              999.9, 999.99, 9999.9, 9999.99)  # fmt: skip
#: Codes for "no score", which are such only where all other values are 0 or far above.
_CODES, _FAR_FROM_CODES = (-2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0), 100.0
#: What a header may count in, by its sign there.
_CHINESE = {"亿": 1e8, "億": 1e8, "千万": 1e7, "百万": 1e6, "万": 1e4, "萬": 1e4, "千": 1e3, "百": 1e2}
_WORDS = ((r"bn|billions?", 1e9), (r"crores?", 1e7), (r"mm|mio|mln|mn|millions?|millionen|millones", 1e6),
          (r"lakhs?|lacs?", 1e5), (r"'?000'?s?|thousands?|thous|ths|tsd|miles|k", 1e3))  # fmt: skip
#: Those that may mean something else as a header's last word; and those that mean a unit only beside a currency.
_AMBIGUOUS = re.compile(r"mm|mn|bn|k|ths|thous|miles|'?000'?s?")
_BESIDE_CURRENCY = (("t", 1e3), ("m", 1e6))
_CURRENCY = r"(?:us\$|[$€£¥₹元圆]|人民币|美元|港币|rmb|usd|eur|gbp|chf|cny|jpy|hkd|inr|rs\.?)"
_NO_AMOUNT = re.compile(
    r"笔数|次数|户数|人数|家数|个数|天数|月数|标志|标识|评分|占比|比例|\b(flag|count|cnt|num|score|fico|pct|ratio)\b"
)
#: Units of concepts whose numbers are counted one by one.
_UNSCALED = frozenset({"count", "points", "boolean", "days", "months", "share", "percent"})
#: A number with something beside it; but no code, such as KH00017.
_LIKE_NUMBER = re.compile(r"((?:[^\W\d]{1,4} |[^\w\s]{1,4} ?)?)[+-]?(?!0\d)\d[\d.,' ]*(\D{0,12})")
#: Texts that are thousands, if their mark is not the table's; of numbers with three decimals, so many end in no 0.
_EITHER, _THREE_DECIMALS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}"), 0.8
_EITHER_DOUBT = "all its numbers have three digits after the point, as {text}: decimals, or thousands?"
_DATE = re.compile(r"\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?)?([ T]\d.*)?|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}")


@dataclass(frozen=True)
class Profile:
    """A column of a raw table, and what its cells are.

    Attributes
    ----------
    name : str
    meaning : Meaning
        What its name says.
    kind : str
    values : float64 array, (n,)
        In the table's order: numbers, 0 and 1, or codes of categories; NaN is not known. Scaled, if the header says so.
    categories : tuple of str
    scale : float
        What the header says the numbers are counted in ("万元": 10,000); else 1.
    is_percent : bool
        The cells have percent signs, or the header has one.
    missing : tuple of float or str
        Values that seem to mean "not known".
    blank : float or None
        What a blank seems to mean.
    words : tuple of str
        Texts among the numbers that are no numbers.
    currencies : tuple of str
    doubt : str
        What a person should look at in its cells; "" if nothing.
    """

    name: str
    meaning: Meaning
    kind: ProfileKind
    values: FloatArray
    categories: tuple[str, ...] = ()
    scale: float = 1.0
    is_percent: bool = False
    missing: tuple[float | str, ...] = ()
    blank: float | None = None
    currencies: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def is_number(self) -> bool:
        """Whether its values can be summed up over months."""
        return self.kind in ("number", "integer", "boolean")

    @property
    def n_distinct(self) -> int:
        """How many values it has."""
        return len(np.unique(self.values[~np.isnan(self.values)]))


def profiles_of(table: pd.DataFrame, decimal: str) -> dict[str, Profile]:
    """The profiles of all columns of a table, by name."""
    return {str(name): _profile(str(name), table[name], decimal) for name in table.columns}


def decimal_mark(table: pd.DataFrame, declared: str | None = None) -> tuple[str, Marks]:
    """The mark before the decimals in the texts of numbers of a table, and what proves it.

    Where nothing proves it, marks that always stand before three digits are those of thousands.
    """
    marks = Marks()
    for name in table.columns:
        if _is_text(table[name].dtype):
            texts = [text for text in _distinct_texts(table[name])[1] if any(c.isdigit() for c in text)]
            understood = read_numbers(texts, ".").is_understood | read_numbers(texts, ",").is_understood
            if texts and understood.mean() >= _MOSTLY:
                marks |= marks_of([t for t, known in zip(texts, understood, strict=True) if known])
    if declared is not None:
        return declared, marks
    if table.attrs.get(PROVEN_DECIMAL) == ".":
        marks |= Marks(PROVEN_DECIMAL)
    if marks.decimal is not None:
        return marks.decimal, marks
    return ("," if "." in str(marks.doubtful) else "."), marks


def _is_text(dtype: Any) -> bool:
    return bool(
        pd.api.types.is_object_dtype(dtype)
        or pd.api.types.is_string_dtype(dtype)
        or isinstance(dtype, pd.CategoricalDtype)
    )


def _distinct_texts(series: pd.Series) -> tuple[IntArray, list[str]]:
    """Each cell's place among the distinct texts (-1: blank), and the texts."""
    cells = series.astype(object)
    texts = cells.where(cells.isna(), cells.map(str))
    place, distinct = pd.factorize(texts.to_numpy(dtype=object))
    return place.astype(np.int64), [str(text) for text in distinct]


def _profile(name: str, series: pd.Series, decimal: str) -> Profile:
    meaning = meaning_of(name)
    empty = Profile(name, meaning, "empty", np.full(len(series), np.nan))
    dtype = series.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return replace(empty, kind="date", values=pd.factorize(series)[0].astype(np.float64))
    if pd.api.types.is_bool_dtype(dtype):
        return replace(empty, kind="boolean", values=series.to_numpy(dtype=np.float64, na_value=np.nan))
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        doubt = _doubtful_mark(values) if _is_amount(meaning) else ""
        return _of_numbers(replace(empty, doubt=doubt), values)
    if not _is_text(dtype):
        return replace(empty, kind="text")
    return _of_texts(empty, series, decimal)


def _of_texts(empty: Profile, series: pd.Series, decimal: str) -> Profile:
    place, texts = _distinct_texts(series)
    if not texts:
        return empty
    lower = [unicodedata.normalize("NFKC", text).strip().lower() for text in texts]
    wordy = np.array([text in _BLANK_WORDS for text in lower])
    known = ~wordy
    rows = np.bincount(place[place >= 0], minlength=len(texts))
    if known.any() and all(text in TRUTHS for text, yes in zip(lower, known, strict=True) if yes):
        of_text = np.array([TRUTHS.get(text, np.nan) for text in lower] + [np.nan])
        words = tuple(t for t, low, w in zip(texts, lower, wordy, strict=True) if w and low)
        return replace(empty, kind="boolean", values=of_text[place], missing=words)
    read = read_numbers(texts, decimal)
    number = read.is_understood & known
    others = known & ~number
    if rows[number].sum() >= _MOSTLY * max(rows[known].sum(), 1) and number.any() and others.sum() <= _MOST_WORDS:
        values = np.append(np.where(number, read.values, np.nan), np.nan)[place]
        words = tuple(texts[i] for i in np.flatnonzero(~number) if lower[i])
        found = replace(empty, missing=words, currencies=read.currencies, is_percent=bool(read.is_percent.any()))
        written = [text for text, yes in zip(texts, number, strict=True) if yes]
        if len(written) >= 3 and decimal == "." and all(_EITHER.fullmatch(text.strip()) for text in written):
            found = replace(found, doubt=_EITHER_DOUBT.format(text=written[0]))
        if any(re.fullmatch(r"0\d+", t.strip()) for t in texts) and not read.is_percent.any():
            return _of_categories(found, place, texts)  # leading zeros: codes
        return _of_numbers(found, values, has_units=bool(read.has_unit[number].any()))
    dates = sum(bool(_DATE.fullmatch(unicodedata.normalize("NFKC", t).strip())) for t in texts)
    if dates >= 0.9 * known.sum() and known.any():
        return replace(empty, kind="date", values=np.where(place < 0, np.nan, place))
    return _of_categories(replace(empty, doubt=_like_numbers(texts, known)), place, texts)


def _like_numbers(texts: list[str], known: BoolArray) -> str:
    """What is said of texts (n,) of which nearly all begin or end as numbers do, but are not understood."""
    shown = [text.strip() for text, yes in zip(texts, known, strict=True) if yes]
    around = [_LIKE_NUMBER.fullmatch(text) for text in shown]
    beside = sorted({side.strip() for match in around if match for side in match.groups() if side.strip()})
    if len(shown) <= MOST_CATEGORIES or sum(match is not None for match in around) < _NEARLY_ALL * len(shown):
        return ""
    if not beside or len(beside) > _MOST_WORDS:
        return ""
    with_what = " or ".join(repr(side) for side in beside)
    return f"looks like numbers with {with_what}, such as {shown[0]!r}; write them as plain numbers to have them read"


def _doubtful_mark(values: FloatArray) -> str:
    """What is said of amounts (n,) that all have three decimals: thousands, if their mark was taken for a point."""
    known = np.unique(values[np.isfinite(values) & (values != 0)])
    thousandths = np.round(known * 1e3)
    three = (np.abs(known) < 1e3) & (np.abs(known) >= 1) & np.isclose(known * 1e3, thousandths, rtol=0, atol=1e-6)
    if len(known) < 3 or not three.all() or (thousandths % 10 != 0).mean() < _THREE_DECIMALS:
        return ""
    return _EITHER_DOUBT.format(text=f"{known[0]:.3f}")


def _of_categories(found: Profile, place: IntArray, texts: list[str]) -> Profile:
    if len(texts) > MOST_CATEGORIES:
        return replace(found, kind="text", values=np.where(place < 0, np.nan, place), missing=())
    order = np.argsort(np.array(texts, dtype=object), kind="stable")
    rank = np.empty(len(texts) + 1)
    rank[order] = np.arange(len(texts))
    rank[-1] = np.nan
    kept = tuple(texts[i] for i in order)
    return replace(found, kind="category", values=rank[place], categories=kept, missing=())


def _of_numbers(found: Profile, values: FloatArray, *, has_units: bool = False) -> Profile:
    values = np.where(np.isinf(values), np.nan, values)
    known = values[~np.isnan(values)]
    if not len(known):
        return replace(found, kind="empty")
    distinct = np.unique(known)
    whole = bool((distinct == np.floor(distinct)).all())
    concept = found.meaning.concept
    codes = whole and len(distinct) <= _MOST_CODES and concept is not None
    if codes and concept is not None and (concept.shape == "category" or concept.role == "audit"):
        return _of_codes(found, values, distinct)
    if np.isin(distinct, (0.0, 1.0)).all() and (concept is None or concept.unit in ("", "boolean")):
        return replace(found, kind="boolean", values=values)
    missing = sentinels_of(values, is_score=concept is not None and concept.shape == "score")
    values = np.where(np.isin(values, missing), np.nan, values)
    blank = _meaning_of_blanks(values, found.meaning)
    if blank is not None and not missing and not found.missing:
        values = np.where(np.isnan(values), blank, values)
    else:
        blank = None
    plain = unicodedata.normalize("NFKC", found.name).lower()
    scale = _scale_of(found.name, found.meaning) if not found.is_percent else 1.0
    if has_units and scale != 1.0:
        scale, doubt = (
            1.0,
            f"its header counts in {scale:,.0f}, but its cells have a unit themselves and are read as such",
        )
        found = replace(found, doubt=doubt)
    return replace(
        found,
        kind="integer" if whole and scale == 1.0 else "number",
        values=values * scale,
        scale=scale,
        is_percent=found.is_percent or "%" in plain,
        missing=(*found.missing, *missing),
        blank=blank,
    )


def _of_codes(found: Profile, values: FloatArray, distinct: FloatArray) -> Profile:
    place = np.searchsorted(distinct, np.nan_to_num(values, nan=distinct[0]))
    categories = tuple(str(int(value)) for value in distinct)
    return replace(
        found, kind="category", values=np.where(np.isnan(values), np.nan, place), categories=categories, missing=()
    )


def sentinels_of(values: FloatArray, *, is_score: bool = False) -> tuple[float, ...]:
    """Values that seem to mean "not known": such as -999 and 9999, at the end of all values and far from the others.

    Of scores, 0 is one where all others lie far above it.

    >>> sentinels_of(np.array([1.0, 5.0, 3.0, 2.0, 4.0] * 40 + [-999.0] * 9))
    (-999.0,)
    """
    known = values[~np.isnan(values)]
    distinct, count = np.unique(known, return_counts=True)
    candidates = _SENTINELS
    positive = distinct[(distinct > 0) & ~np.isin(distinct, _SENTINELS)]
    has_gap = len(positive) > 0 and float(positive[0]) >= _FAR_FROM_CODES
    if has_gap:
        candidates += _CODES
        candidates += (0.0,) if is_score and positive[-1] - positive[0] < 3 * positive[0] else ()
    rest = distinct[~np.isin(distinct, candidates)]  # all of them out, or one would hide the other
    if len(rest) < 3:
        return ()
    low, high = float(rest[0]), float(rest[-1])
    spread = max(high - low, 1.0)
    found: list[float] = []
    for sentinel in candidates:
        place = int(np.searchsorted(distinct, sentinel))
        n = int(count[place]) if place < len(distinct) and distinct[place] == sentinel else 0
        if n < 3 or n < 0.0005 * len(known):
            continue
        if sentinel <= 0:
            far = low >= 0 and (sentinel <= -9 or has_gap or n >= 0.001 * len(known))
        else:
            far = sentinel > high + max(1.0 * spread, 100.0) or (
                sentinel > high + 0.3 * spread and n > 0.01 * len(known)
            )
        if far:
            found.append(sentinel)
    return tuple(found)


def _meaning_of_blanks(values: FloatArray, meaning: Meaning) -> float | None:
    """0 where blanks stand in for it: many cells are blank, none of the others is 0, and the name says an amount."""
    blank = np.isnan(values)
    known = values[~blank]
    concept = meaning.driver
    if (
        concept is None
        or concept.unit not in ("money", "count", "days")
        or concept.shape in ("score", "income", "level")
    ):
        return None
    if 0.1 <= blank.mean() <= 0.98 and len(known) >= 20 and known.min() > 0:
        return 0.0
    return None


def _is_amount(meaning: Meaning) -> bool:
    concept = meaning.concept
    return concept is not None and (concept.unit == "money" or concept.role in ("limit", "old_limit", "available"))


def _scale_of(name: str, meaning: Meaning) -> float:
    """What a header says that its amounts are counted in: in brackets, or as its last word; never within a word.

    >>> [_scale_of(name, meaning_of(name)) for name in ("Limit ($000)", "limit_mn", "余额(万元)", "万达消费", "top_k")]
    [1000.0, 1000000.0, 10000.0, 1.0, 1.0]
    """
    plain = unicodedata.normalize("NFKC", name).lower().replace("_", " ").replace("’", "'").strip()
    concept, amount = meaning.concept, _is_amount(meaning)
    counted = concept is not None and (
        concept.unit in _UNSCALED or concept.shape == "score" or concept.role in ("audit", "month")
    )
    if _NO_AMOUNT.search(plain):
        return 1.0
    for inner in re.findall(r"[(\[{【]([^)\]}】]*)[)\]}】]", plain):
        scale = _unit_scale(inner, amount, in_brackets=True)
        if scale is not None and (not counted or re.search(_CURRENCY, inner)):  # a currency says more than the name
            return scale
    if counted:
        return 1.0
    if match := re.search(rf"(?:^|[^\d一二两三四五六七八九十百千万亿几])({'|'.join(_CHINESE)})元$", plain):
        return _CHINESE[match[1]]
    if amount and (match := re.search(r"[\u3400-\u9fff]([kw])$", plain)):
        return 1e4 if match[1] == "w" else 1e3
    words = plain.split(" in ")[-1:] if " in " in plain else []
    last = re.split(r"[\s\-/:.]+", plain)
    words += [" ".join(last[-k:]) for k in (2, 1) if len(last) > k and not (len(last) > k and last[-k - 1].isdigit())]
    return next((scale for word in words if (scale := _unit_scale(word, amount, in_brackets=False)) is not None), 1.0)


def _unit_scale(text: str, amount: bool, *, in_brackets: bool) -> float | None:
    """The scale that a bracket's text, or a header's last words, are the name of; None if they are none.

    A sign that may mean something else ("mm", "k") is one only in the header of an amount, or beside a currency.
    """
    text = re.sub(r"^(?:in|单位|unit)[\s:]*", "", text.strip())
    bare = re.sub(rf"^{_CURRENCY}|{_CURRENCY}$", "", text).strip(" .")
    bare = re.sub(rf"^{_CURRENCY}|{_CURRENCY}$", "", bare).strip(" .") if bare == text else bare
    beside = bare != text.strip(" .")
    if bare in _CHINESE:
        return _CHINESE[bare] if amount or beside or in_brackets else None
    if bare == "w":
        return 1e4 if in_brackets and (amount or beside) else None
    for pattern, scale in _WORDS:
        if re.fullmatch(pattern, bare) and (amount or beside or in_brackets or not _AMBIGUOUS.fullmatch(bare)):
            return scale
    return next((scale for sign, scale in _BESIDE_CURRENCY if beside and bare == sign), None)


def known_texts(table: pd.DataFrame, profiles: Mapping[str, Profile]) -> dict[str, tuple[str, ...]]:
    """The values of all columns of categories, as `read_table` takes them."""
    return {name: profile.categories for name, profile in profiles.items() if profile.kind == "category"}
