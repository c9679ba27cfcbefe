"""A catalogue in one language: labels, and values with their unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Literal, get_args

from credit_model.errors import CreditModelError
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.declarations import Column, Feature
from credit_model.portfolio.months import MonthType, format_month
from credit_model.words.language import Language, language

#: A pair of values is written with at most so many decimals to tell them apart.
_MOST_DIGITS = 6
#: Units that have a word of their own ([units] of the language), and their most decimals.
_COUNTED = ("days", "months", "points", "years")


@dataclass(frozen=True, eq=False)
class CatalogueWords:
    """A catalogue's labels and values in one language; made once by `catalogue_words`, used for many decreases.

    Attributes
    ----------
    catalogue : Catalogue
    language : Language
    month_type : "date" or "integer"
    """

    catalogue: Catalogue
    language: Language
    month_type: MonthType = "date"

    @cached_property
    def factor_labels(self) -> tuple[str, ...]:
        """Labels of the factors, in the order of ``catalogue.factor_ids``."""
        return tuple(self.language.label(factor.label) for factor in self.catalogue.factors)

    @cached_property
    def driver_labels(self) -> tuple[str, ...]:
        """Labels of the drivers, in the order of ``catalogue.driver_names``."""
        return tuple(self.language.label(feature.label) for feature in self.catalogue.drivers)

    def money(self, amount: float) -> str:
        """An amount in the catalogue's currency."""
        return self.language.money(amount, self.catalogue.currency)

    def month(self, number: int) -> str:
        """A month in words."""
        return self.language.month(number, self.month_type)

    def month_short(self, number: int) -> str:
        """A month in figures, the same in all languages: "2024-03", "-5"."""
        return self.language.month_short(number, self.month_type)

    def value(self, feature: Feature, value: float, *, digits: int | None = None) -> str:
        """A feature's value with its unit, e.g. "83%", "RMB 1,200", "34 days", "not known"."""
        if math.isnan(value):
            return self.language.unknown()
        if feature.categorical and feature.column is not None:
            return self.category(self.catalogue.column(feature.column), value)
        text = self.measured(feature.unit, value, digits=digits)
        if feature.summary == "months_since" and value >= feature.window:
            return self.language.say("value.or_more", text=text)
        if feature.summary in ("change", "trend") and value > 0:
            text = f"+{text}"
        return self.language.say("value.a_month", text=text) if feature.summary == "trend" else text

    def pair(self, feature: Feature, before: float, after: float) -> tuple[str, str]:
        """The value then and now, with as many digits as it takes to tell them apart."""
        texts = self.value(feature, before), self.value(feature, after)
        digits = 1
        while texts[0] == texts[1] and before != after and digits <= _MOST_DIGITS and not feature.categorical:
            texts = self.value(feature, before, digits=digits), self.value(feature, after, digits=digits)
            digits += 1
        return texts

    def category(self, column: Column, code: float) -> str:
        """The category that a code stands for; a code without a name stays a code."""
        place = int(code)
        return column.categories[place] if 0 <= place < len(column.categories) else str(place)

    def measured(self, unit: str, value: float, *, digits: int | None = None) -> str:
        """A known number with a unit of the catalogue, e.g. "83.4%", "2 days", "yes"."""
        spoken = self.language
        if unit == "money":
            return spoken.money(value, self.catalogue.currency, digits=digits)
        if unit in ("ratio", "share"):
            return spoken.percent_sign(spoken.number(100 * value, digits, most=1))
        if unit == "percent":
            return spoken.percent_sign(spoken.number(value, digits, most=2))
        if unit in _COUNTED:
            return spoken.say(f"units.{unit}", count=spoken.number(value, digits, most=1))
        if unit == "boolean":
            return spoken.say("value.yes" if value else "value.no")
        return spoken.number(value, digits, most=2)


@lru_cache(maxsize=32)
def catalogue_words(catalogue: Catalogue, lang: str, month_type: MonthType = "date") -> CatalogueWords:
    """The words of a catalogue in the language ``lang``.

    Raises
    ------
    CreditModelError
        There is no such language.

    Examples
    --------
    >>> from credit_model.portfolio.catalogue import read_catalogue
    >>> catalogue_words(read_catalogue("synthetic"), "zh").factor_labels[3]
    '负债状况'
    """
    return CatalogueWords(catalogue, language(lang), month_type)


# ---- the old names, until plots and documents have moved

Lang = Literal["en", "zh"]
LANGUAGES: tuple[Lang, ...] = get_args(Lang)


_ENGLISH_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
#: currency -> (English prefix, Chinese prefix, Chinese suffix)
_CURRENCIES = {
    "CNY": ("RMB ", "", "元"),
    "RMB": ("RMB ", "", "元"),
    "TWD": ("NT$", "新台币", "元"),
    "NTD": ("NT$", "新台币", "元"),
    "HKD": ("HK$", "", "港元"),
    "USD": ("USD ", "", "美元"),
    "EUR": ("EUR ", "", "欧元"),
    "GBP": ("GBP ", "", "英镑"),
    "JPY": ("JPY ", "", "日元"),
    "CU": ("CU ", "", "货币单位"),
    "CZK": ("CZK ", "", "捷克克朗"),
}
_COUNTED = {  # unit -> (English singular, English plural, Chinese)
    "days": ("day", "days", "天"),
    "months": ("month", "months", "个月"),
    "points": ("point", "points", "分"),
    "years": ("year", "years", "年"),
}


def check_lang(lang: str) -> Lang:
    """The language, if it is one that is spoken here.

    Raises
    ------
    CreditModelError
        ``lang`` is neither "en" nor "zh".
    """
    if lang == "en":
        return "en"
    if lang == "zh":
        return "zh"
    raise CreditModelError(f'lang must be "en" or "zh", got {lang!r}')


def join_words(words: list[str] | tuple[str, ...], lang: Lang) -> str:
    """Words as a list inside a sentence: "a, b and c"; "a、b和c"."""
    comma, last = ("、", "和") if lang == "zh" else (", ", " and ")
    if len(words) < 2:
        return "".join(words)
    return comma.join(words[:-1]) + last + words[-1]


def format_money(amount: float, currency: str, lang: Lang, *, digits: int | None = None) -> str:
    """An amount of money, e.g. "RMB 12,000" or "12,000元".

    >>> format_money(12000, "CNY", "en"), format_money(12000, "CNY", "zh")
    ('RMB 12,000', '12,000元')
    """
    if math.isnan(amount):
        return unknown(lang)
    if digits is None:
        digits = 0 if amount == round(amount) or abs(amount) >= 100 else 2
    number = _minus(f"{amount:,.{digits}f}")
    english, before, after = _CURRENCIES.get(currency, (f"{currency} ", "", f" {currency}"))
    if lang == "zh":
        return f"{before}{number}{after}"
    return f"−{english}{number[1:]}" if number.startswith("−") else f"{english}{number}"


def format_probability(probability: float) -> str:
    """A probability as a percentage that never rounds to certainty: "<1%", "37%", ">99%"."""
    if probability < 0.01:
        return "<1%"
    if probability > 0.99:
        return ">99%"
    return f"{100 * probability:.0f}%"


def format_score(score: float, *, signed: bool = False) -> str:
    """A keep score or a contribution in log-odds, two decimals, with a true minus sign."""
    text = f"{score:+.2f}" if signed else f"{score:.2f}"
    return _minus("0.00" if text in ("-0.00", "+0.00") else text)


def format_share(share: float) -> str:
    """A share of a whole as a percentage that never rounds to all or nothing: "<1%", "38%", ">99%"."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{100 * share:.0f}%"


def unknown(lang: Lang) -> str:
    """What is written where a value is missing."""
    return "未知" if lang == "zh" else "not known"


def month_in_words(number: int, kind: Literal["date", "integer"], lang: Lang) -> str:
    """A month, e.g. "March 2024", "2024年3月"; for integer months "month −5", "第−5个月"."""
    if kind == "integer":
        shown = _minus(str(number))
        return f"第{shown}个月" if lang == "zh" else f"month {shown}"
    year, month = divmod(number, 12)
    return f"{year}年{month + 1}月" if lang == "zh" else f"{_ENGLISH_MONTHS[month]} {year}"


def date_in_words(day: date, lang: Lang) -> str:
    """A day, e.g. "31 March 2024", "2024年3月31日"."""
    if lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}"


@dataclass(frozen=True)
class Wording:
    """A catalogue's labels and values in one language; made once, used for many decreases.

    Attributes
    ----------
    catalogue : Catalogue
    lang : "en" or "zh"
    month_type : "date" or "integer"
    """

    catalogue: Catalogue
    lang: Lang
    month_type: Literal["date", "integer"] = "date"

    @cached_property
    def factor_labels(self) -> tuple[str, ...]:
        """Labels of the factors, in the order of ``catalogue.factor_ids``."""
        return tuple(factor.label.text(self.lang) for factor in self.catalogue.factors)

    @cached_property
    def drivers(self) -> tuple[Feature, ...]:
        """The features that can drive a decision, in the order of ``catalogue.driver_names``."""
        return tuple(self.catalogue.feature(name) for name in self.catalogue.driver_names)

    @cached_property
    def driver_labels(self) -> tuple[str, ...]:
        """Labels of the drivers, in the order of ``catalogue.driver_names``."""
        return tuple(feature.label.text(self.lang) for feature in self.drivers)

    @cached_property
    def _categories(self) -> dict[str, tuple[str, ...]]:
        return {
            feature.id: self.catalogue.column(feature.column).categories
            for feature in self.drivers
            if feature.categorical and feature.column is not None
        }

    def money(self, amount: float) -> str:
        """An amount in the catalogue's currency."""
        return format_money(amount, self.catalogue.currency, self.lang)

    def month(self, number: int) -> str:
        """A month in words."""
        return month_in_words(int(number), self.month_type, self.lang)

    def month_short(self, number: int) -> str:
        """A month in figures, the same in both languages: "2024-03", "-5"."""
        return format_month(int(number), self.month_type)

    def value(self, feature: Feature, value: float, *, digits: int | None = None) -> str:
        """A feature's value with its unit, e.g. "83%", "RMB 1,200", "34 days", "not known"."""
        if math.isnan(value):
            return unknown(self.lang)
        if feature.categorical:
            names = self._categories.get(feature.id, ())
            code = int(value)
            return names[code] if 0 <= code < len(names) else str(code)
        text = self._measured(feature, value, digits)
        if feature.summary == "months_since" and value >= feature.window:
            return f"{text}或以上" if self.lang == "zh" else f"{text} or more"
        if feature.summary in ("change", "trend") and value > 0:
            text = f"+{text}"
        if feature.summary == "trend":
            return f"每月{text}" if self.lang == "zh" else f"{text} a month"
        return text

    def pair(self, feature: Feature, before: float, after: float) -> tuple[str, str]:
        """The value then and now, with as many digits as it takes to tell them apart."""
        texts = self.value(feature, before), self.value(feature, after)
        digits = 1
        while texts[0] == texts[1] and before != after and digits <= _MOST_DIGITS and not feature.categorical:
            texts = self.value(feature, before, digits=digits), self.value(feature, after, digits=digits)
            digits += 1
        return texts

    def _measured(self, feature: Feature, value: float, digits: int | None) -> str:
        unit = feature.unit
        if unit == "money":
            return format_money(value, self.catalogue.currency, self.lang, digits=digits)
        if unit in ("ratio", "share"):
            return _number(100 * value, digits, most=1) + "%"
        if unit in ("percent", "%"):
            return _number(value, digits, most=2) + "%"
        if unit in _COUNTED:
            one, many, chinese = _COUNTED[unit]
            number = _number(value, digits, most=1)
            return f"{number}{chinese}" if self.lang == "zh" else f"{number} {one if number == '1' else many}"
        if unit in ("boolean", "yes_no"):
            return ("是" if value else "否") if self.lang == "zh" else ("yes" if value else "no")
        return _number(value, digits, most=2)


def _number(value: float, digits: int | None, *, most: int) -> str:
    """A plain number; without ``digits`` as many (at most ``most``) as its size asks for, zeros trimmed."""
    if digits is not None:
        return _minus(f"{value:,.{digits}f}")
    size = abs(value)
    places = 0 if size >= 100 else min(most, 1) if size >= 10 else most
    text = f"{value:,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return _minus("0" if text == "-0" else text)


def _minus(number: str) -> str:
    return number.replace("-", "−")
