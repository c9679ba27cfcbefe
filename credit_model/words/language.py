"""A language: its words, from one TOML file, and how it writes money, numbers, months, dates and lists.

All words of the package that people read stand in ``locale/<code>.toml``: reasons, notices, pages and plots. A further
language is one more such file, here or in the folder that the environment variable CREDIT_MODEL_LOCALES names.

A text has ``{places}`` that are filled in. Where a count decides between forms it is a table of them, named as CLDR
names them, such as ``{ one = "{count} day", other = "{count} days" }``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import NumberPattern, format_compact_decimal, format_currency, format_percent, parse_pattern

from credit_model.errors import CreditModelError
from credit_model.portfolio.declarations import Label
from credit_model.portfolio.months import MonthType, first_day, format_month
from credit_model.words.language_file import Text, language_files, read_language_file

#: A smaller risk is written as "<0.1%".
LEAST_RISK = 0.0005

_FILES = language_files()
#: The codes of the languages that are spoken, "en" first.
LANGUAGES: tuple[str, ...] = tuple(_FILES)


@cache
def language(code: str, month_type: MonthType = "date") -> Language:
    """The language with this code, as it speaks of a panel's months.

    Parameters
    ----------
    code : str
        One of `LANGUAGES`.
    month_type : str
        What the panel's months are; where they are weeks, quarters or years of a declared calendar, the texts of the
        file's section ``periods`` stand in for those that speak of months.

    Raises
    ------
    CreditModelError
        There is none, or its file breaks the rules of `language_file.read_language_file`.

    Examples
    --------
    >>> language("zh").say("source.bureau")
    '征信机构'
    >>> language("en", "week").say("when.previous_month", month="week 5 of 2024")
    'the period before (week 5 of 2024)'
    """
    if code not in _FILES:
        raise CreditModelError(f"lang must be one of {', '.join(LANGUAGES)}; got {code!r}")
    file = read_language_file(_FILES[code])
    words = file.words
    if month_type not in ("date", "integer"):
        start = "periods."
        words = {**words, **{key.removeprefix(start): text for key, text in words.items() if key.startswith(start)}}
    return Language(code, file.about["html"], file.locale, file.about, file.currencies, words)


@dataclass(frozen=True, eq=False)
class Language:
    """A language's words and ways of writing.

    Attributes
    ----------
    code : str
        "en".
    html_code : str
        For ``lang=`` in HTML, "zh-Hans".
    locale : babel.Locale
        How money, numbers, dates, lists and plurals are written.
    about : mapping
        The file's [language]: ``name`` (in the language itself), the marks between words and sentences, and the
        words by which a catalogue's wording says that something rises or falls.
    currencies : mapping
        Currency code -> pattern with ``{amount}``, where Babel's is not the one that readers know.
    words : mapping
        "section.key" -> text.
    """

    code: str
    html_code: str
    locale: Locale
    about: Mapping[str, Any]
    currencies: Mapping[str, str]
    words: Mapping[str, Text]
    _money_patterns: dict[str, str] = field(default_factory=dict, repr=False)
    _months: dict[tuple[MonthType, int], str] = field(default_factory=dict, repr=False)

    # ---- words

    def say(self, key: str, *, count: float | str | Decimal | None = None, **places: object) -> str:
        """The text of "section.key", filled in.

        Parameters
        ----------
        count : number, optional
            Decides between the forms of a text that has them, and fills its place ``{count}``; a text is taken to be
            a number as it is written.
        **places
            The text's further ``{places}``.

        Raises
        ------
        KeyError
            There is no such text, or a place is not filled.
        """
        text = self.words[key]
        if count is not None:
            places["count"] = count if isinstance(count, str) else self.number(float(count))
        if not isinstance(text, str):
            text = text.get(self._form(count), text["other"])
        return text.format(**places) if "{" in text else text

    def _form(self, count: float | str | Decimal | None) -> str:
        if count is None:
            return "other"
        if isinstance(count, str):
            digits = count.replace(self._group, "").replace(self._decimal, ".").replace("−", "-")
            try:
                return self.locale.plural_form(abs(Decimal(digits)))
            except ArithmeticError:
                return "other"
        number = Decimal(str(count))
        return self.locale.plural_form(abs(number.to_integral() if number == number.to_integral() else number))

    def texts(self, section: str) -> Mapping[str, str]:
        """All texts of a section that have no plural forms, by their keys without the section."""
        start = f"{section}."
        return MappingProxyType(
            {
                key.removeprefix(start): text
                for key, text in self.words.items()
                if key.startswith(start) and isinstance(text, str)
            }
        )

    def label(self, label: Label) -> str:
        """A label in this language."""
        return label.text(self.code)

    def headed(self, text: str) -> str:
        """A text with its first letter as a sentence has it."""
        return text[:1].upper() + text[1:]

    def inside(self, label: str) -> str:
        """A factor's label as it stands inside a sentence: "debt", "“负债状况”"; "GDP growth" stays as it is."""
        if self.about["lower_inside"] and label[1:2].islower():
            label = label[:1].lower() + label[1:]
        return str(self.about["inside"]).format(text=label)

    def bracketed(self, text: str) -> str:
        """A text in brackets, to be put behind a word: " (text)", "（text）"."""
        return str(self.about["brackets"]).format(text=text)

    @property
    def colon(self) -> str:
        """The colon with the gap after it."""
        return str(self.about["colon"])

    # ---- lists

    def join(self, words: Sequence[str]) -> str:
        """Words as a list inside a sentence: "a, b and c", "a、b和c"."""
        return str(format_list(list(words), locale=self.locale))

    def listed(self, words: Iterable[str]) -> str:
        """Words one after the other: "a, b, c", "a、b、c"."""
        return str(self.about["comma"]).join(words)

    def clauses(self, parts: Iterable[str]) -> str:
        """Longer parts of a sentence one after the other: "a; b"."""
        return str(self.about["semicolon"]).join(parts)

    def ranks(self, numbers: Iterable[int]) -> str:
        """Numbers of a list: "1, 2 and 3", "1、2、3"."""
        *first, last = [str(number) for number in numbers]
        return str(self.about["last"]).join([self.listed(first), last]) if first else last

    def sentences(self, parts: Iterable[str]) -> str:
        """Sentences one after the other; empty ones are left out."""
        return str(self.about["gap"]).join(part for part in parts if part)

    # ---- numbers

    @cached_property
    def _group(self) -> str:
        return str(self.locale.number_symbols["latn"]["group"])

    @cached_property
    def _decimal(self) -> str:
        return str(self.locale.number_symbols["latn"]["decimal"])

    @cached_property
    def _percent(self) -> str:
        return format_percent(0, locale=self.locale).replace("0", "{number}")

    @cached_property
    def _marks(self) -> dict[int, str] | None:
        """The language's marks for Python's own; None where digits are not grouped by threes, as in India."""
        by_threes = self.locale.decimal_formats[None].grouping == (3, 3)
        return str.maketrans({",": self._group, ".": self._decimal, "-": "−"}) if by_threes else None

    def _digits(self, value: float, least: int, most: int) -> str:
        """A number with ``least`` to ``most`` decimals, the language's marks, a true minus and no negative zero."""
        if self._marks is None:
            text = str(_number_pattern(least, most).apply(value, self.locale)).replace("-", "−")
        else:
            text = f"{value:,.{most}f}"
            if most > least:
                text = text[: len(text) - most + least] + text[len(text) - most + least :].rstrip("0")
                text = text.removesuffix(".")
            text = text.translate(self._marks)
        return text.removeprefix("−") if not any(c in "123456789" for c in text) else text

    def number(self, value: float, digits: int | None = None, *, most: int = 2) -> str:
        """A plain number with a true minus; without ``digits`` as many (at most ``most``) as its size asks for.

        >>> [language("en").number(v) for v in (1234.5, 12.34, 1.234, -0.001)]
        ['1,234', '12.3', '1.23', '0']
        """
        if math.isnan(value):
            return self.unknown()
        if digits is not None:
            return self._digits(value, digits, digits)
        size = abs(value)
        return self._digits(value, 0, 0 if size >= 100 else min(most, 1) if size >= 10 else most)

    def compact(self, value: float) -> str:
        """A large number in few letters, for axes: "20K", "2万"; at most one decimal."""
        return str(format_compact_decimal(value, locale=self.locale, fraction_digits=1)).replace("-", "−")

    def percent(self, share: float, digits: int = 0) -> str:
        """A share of 1 as a percentage, rounded: "37%"."""
        return self.unknown() if math.isnan(share) else self.percent_sign(self._digits(100 * share, digits, digits))

    def percent_sign(self, number: str) -> str:
        """A number with the sign of per cent, as the language places it."""
        return self._percent.format(number=number)

    def probability(self, probability: float) -> str:
        """A probability as a percentage that never rounds to certainty: "<1%", "37%", ">99%"."""
        if probability < 0.01:
            return "<" + self.percent(0.01)
        return ">" + self.percent(0.99) if probability > 0.99 else self.percent(probability)

    def risk(self, risk: float) -> str:
        """A risk of losing the limit, also a small one: "<0.1%", "0.1%", "3.4%", "12%", ">99%"."""
        if risk < LEAST_RISK:
            return "<" + self.percent(0.001, 1)
        if risk < 0.0995:
            return self.percent_sign(self._digits(100 * risk, 0, 1))
        return ">" + self.percent(0.99) if risk > 0.99 else self.percent(risk)

    def times(self, times: float) -> str:
        """How many times as much: "2.7", "44"."""
        return self.number(times, most=1 if times < 10 else 0)

    def share(self, share: float) -> str:
        """A share of a whole that never rounds to all or nothing: "<1%", "38%", ">99%"."""
        return self.probability(share) if 0 < share < 0.01 or 0.99 < share < 1 else self.percent(share)

    def score(self, score: float, *, signed: bool = False) -> str:
        """A keep score or a contribution in log-odds: two decimals, a true minus, no negative zero."""
        text = self.number(score, 2)
        return f"+{text}" if signed and not text.startswith("−") and float(f"{score:.2f}") > 0 else text

    def unknown(self) -> str:
        """What is written where a value is missing."""
        return self.say("value.unknown")

    # ---- money

    def money(self, amount: float, currency: str, *, digits: int | None = None) -> str:
        """An amount of money; without ``digits`` no decimals where it is whole or at least 100.

        >>> language("en").money(12000, "CNY"), language("zh").money(12000, "CNY")
        ('RMB 12,000', '12,000元')
        """
        if math.isnan(amount):
            return self.unknown()
        if digits is None:
            digits = 0 if amount == round(amount) or abs(amount) >= 100 else 2
        number = self._digits(abs(amount), digits, digits)
        text = self.money_pattern(currency).format(amount=number)
        return f"−{text}" if amount < 0 and any(c in "123456789" for c in number) else text

    def money_pattern(self, currency: str) -> str:
        """How an amount of a currency is written, with ``{amount}`` for the number: "RMB {amount}", "{amount}元"."""
        if currency not in self._money_patterns:
            self._money_patterns[currency] = self.currencies.get(currency) or self._babel_money(currency)
        return self._money_patterns[currency]

    def _babel_money(self, currency: str) -> str:
        whole = self.locale.currency_formats["standard"].pattern.split(";")[0].replace(".00", "")
        text = format_currency(0, currency, whole, locale=self.locale, currency_digits=False)
        before, _, after = text.partition("0")
        # Letters are set apart from the number, as CLDR's currencySpacing has it.
        before += " " if before[-1:].isalpha() else ""
        after = (" " if after[:1].isalpha() else "") + after
        return f"{before}{{amount}}{after}"

    # ---- time

    def month(self, number: int, month_type: MonthType) -> str:
        """A month: "March 2024", "2024年3月"; "Q1 2024", "week 5 of 2024", "2024"; of integer months "month −5"."""
        if month_type == "integer":
            return self.say("value.month_number", number=str(int(number)).replace("-", "−"))
        if (month_type, number) not in self._months:
            self._months[month_type, number] = self._month_of_calendar(int(number), month_type)
        return self._months[month_type, number]

    def _month_of_calendar(self, number: int, month_type: MonthType) -> str:
        if month_type == "week":
            year, week = format_month(number, month_type).split("-W")
            return self.say("value.week", year=year, week=str(int(week)))
        skeleton = {"quarter": "yQQQ", "year": "y"}.get(month_type, "yMMMM")
        return str(format_skeleton(skeleton, first_day(number, month_type), locale=self.locale))

    def month_short(self, number: int, month_type: MonthType) -> str:
        """A month in figures, the same in all languages: "2024-03", "-5"."""
        return format_month(int(number), month_type)

    def date(self, day: date) -> str:
        """A day: "31 March 2024", "2024年3月31日"."""
        return format_date(day, format="long", locale=self.locale)


@cache
def _number_pattern(least: int, most: int) -> NumberPattern:
    decimals = "0" * least + "#" * (most - least)
    return parse_pattern("#,##0." + decimals if decimals else "#,##0")
