"""What the cells of a column are: numbers, true or false, categories, dates or texts; with what stands for a blank."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray, IntArray
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
_MOSTLY, _MOST_WORDS = 0.6, 6
_BLANK_WORDS = frozenset({"", ".", "-", "--", "?", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "unknown",
                          "missing", "unk", "nd", "无", "未知", "缺失", "空"})  # fmt: skip
_SENTINELS = (*(float("9" * k) for k in range(3, 11)), *(float("-" + "9" * k) for k in range(1, 11)), -1.0,
              -99999999.0, 1e9, -1e9, 99998.0, -998.0, -997.0, -9998.0)  # fmt: skip
_SCALES = ((r"百万|\bmm\b|\bmio\b|\bmillions?\b|\bmn\b", 1e6), (r"亿", 1e8), (r"万", 1e4),
           (r"千元|\(千\)|'000|\bthousands?\b|\(k\)|[_\s]k$|\bin k\b|[_\s(]000s?\)?$|\bths\b", 1e3))  # fmt: skip
_DATE = re.compile(r"\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?)?([ T].*)?|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}")


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
        return _of_numbers(empty, series.to_numpy(dtype=np.float64, na_value=np.nan))
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
        if any(re.fullmatch(r"0\d+", t.strip()) for t in texts) and not read.is_percent.any():
            return _of_categories(found, place, texts)  # leading zeros: codes
        return _of_numbers(found, values)
    dates = sum(bool(_DATE.fullmatch(unicodedata.normalize("NFKC", t).strip())) for t in texts)
    if dates >= 0.9 * known.sum() and known.any():
        return replace(empty, kind="date", values=np.where(place < 0, np.nan, place))
    return _of_categories(empty, place, texts)


def _of_categories(found: Profile, place: IntArray, texts: list[str]) -> Profile:
    if len(texts) > MOST_CATEGORIES:
        return replace(found, kind="text", values=np.where(place < 0, np.nan, place), missing=())
    order = np.argsort(np.array(texts, dtype=object), kind="stable")
    rank = np.empty(len(texts) + 1)
    rank[order] = np.arange(len(texts))
    rank[-1] = np.nan
    kept = tuple(texts[i] for i in order)
    return replace(found, kind="category", values=rank[place], categories=kept, missing=())


def _of_numbers(found: Profile, values: FloatArray) -> Profile:
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
    missing = sentinels_of(values)
    values = np.where(np.isin(values, missing), np.nan, values)
    blank = _meaning_of_blanks(values, found.meaning)
    if blank is not None and not missing and not found.missing:
        values = np.where(np.isnan(values), blank, values)
    else:
        blank = None
    plain = unicodedata.normalize("NFKC", found.name).lower()
    scale = _scale_of(plain) if not found.is_percent else 1.0
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


def sentinels_of(values: FloatArray) -> tuple[float, ...]:
    """Values that seem to mean "not known": such as -999 and 9999, at the end of all values and far from the others.

    >>> sentinels_of(np.array([1.0, 5.0, 3.0, 2.0, 4.0] * 40 + [-999.0] * 9))
    (-999.0,)
    """
    known = values[~np.isnan(values)]
    found: list[float] = []
    for sentinel in _SENTINELS:
        n = int((known == sentinel).sum())
        rest = known[~np.isin(known, [sentinel, *found])]
        if n < 3 or n < 0.0005 * len(known) or len(np.unique(rest)) < 3:
            continue
        low, high = float(rest.min()), float(rest.max())
        spread = max(high - low, 1.0)
        if sentinel < 0:
            other = rest[~np.isin(rest, _SENTINELS)]
            far = len(other) > 0 and other.min() >= 0 and (sentinel <= -9 or n >= 0.001 * len(known))
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


def _scale_of(plain: str) -> float:
    return next((scale for pattern, scale in _SCALES if re.search(pattern, plain)), 1.0)


def known_texts(table: pd.DataFrame, profiles: Mapping[str, Profile]) -> dict[str, tuple[str, ...]]:
    """The values of all columns of categories, as `read_table` takes them."""
    return {name: profile.categories for name, profile in profiles.items() if profile.kind == "category"}
