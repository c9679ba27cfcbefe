"""A catalogue in one language: labels, and values with their unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.declarations import Column, Feature
from credit_model.portfolio.months import MonthType
from credit_model.words.language import Language, language

#: A pair of values is written with at most so many decimals to tell them apart.
_MOST_DIGITS = 6
#: Units that have a word of their own ([units] of the language), and their most decimals.
_COUNTED = ("days", "weeks", "months", "quarters", "points", "years")


@dataclass(frozen=True, eq=False)
class CatalogueWords:
    """A catalogue's labels and values in one language; made once by `catalogue_words`, used for many decreases.

    Attributes
    ----------
    catalogue : Catalogue
    language : Language
    month_type : str
        What the panel's months are (`portfolio.months`).
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
        return self.language.say(f"value.{self._a_period}", text=text) if feature.summary == "trend" else text

    @property
    def _a_period(self) -> str:
        return {"quarter": "a_quarter", "week": "a_week", "year": "a_year"}.get(self.month_type, "a_month")

    def pair(self, feature: Feature, before: float, after: float) -> tuple[str, str]:
        """The value then and now, with as many digits as it takes to tell them apart."""
        texts = self.value(feature, before), self.value(feature, after)
        digits = 1
        while texts[0] == texts[1] and before != after and digits <= _MOST_DIGITS and not feature.categorical:
            texts = self.value(feature, before, digits=digits), self.value(feature, after, digits=digits)
            digits += 1
        return texts

    def datum(self, column: str) -> str:
        """What a raw column holds: its label, as a sentence begins."""
        return self.language.headed(self.language.label(self.catalogue.column(column).label))

    def cell(self, column: str, value: float) -> str:
        """A value of a raw column with its unit; a category by its name."""
        declared = self.catalogue.column(column)
        if math.isnan(value):
            return self.language.unknown()
        return self.category(declared, value) if declared.kind == "category" else self.measured(declared.unit, value)

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
    return CatalogueWords(catalogue, language(lang, month_type), month_type)
