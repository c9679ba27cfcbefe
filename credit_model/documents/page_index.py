"""The record of the portfolio's index: a column is the place of each row's text in a list that is in order.

So the page sorts by places, prints texts, and formats nothing but counts of rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.act.plans.plan import Plan
from credit_model.arrays import FloatArray
from credit_model.documents.page_months import plain_list
from credit_model.documents.page_plan import OUTLOOKS, outlook_of
from credit_model.documents.page_texts import AllWords, Place
from credit_model.documents.page_verdict import TONES, cut_shares, flags_of
from credit_model.errors import HistoryError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.support import SUPPORT_LEVELS, Support
from credit_model.palette import FLAGS, factor_colour
from credit_model.portfolio.months import month_numbers_of
from credit_model.words.values import CatalogueWords

#: Series of the economy that are drawn under the months.
_MOST_SERIES = 2
#: The colour of what no factor is said to lead: the page's own, light or dark.
_NO_FACTOR_COLOUR = "var(--unexplained)"


@dataclass(frozen=True)
class IndexRecord:
    """Makes the record of the index over explained decreases.

    Attributes
    ----------
    explanations : DecreaseExplanations
    words : AllWords
    plans : tuple of Plan, (n,), or None
        What brings each limit back; None: the index says nothing of it.
    """

    explanations: DecreaseExplanations
    words: AllWords
    plans: tuple[Plan, ...] | None = None

    def record(self, files: Sequence[str], economy: pd.DataFrame | None) -> dict[str, Any]:
        """Everything that the index shows; pages are at the relative addresses ``files``."""
        explained, span, told = self.explanations, self._span, self.words.told
        return {
            "title": told("index_document", catalogue=explained.catalogue.name),
            "span": self._span_text(),
            "tiles": self._tiles(),
            "compared": told(
                "index_compared",
                reference=lambda spoken: spoken.language.say(f"report.index_reference_{explained.reference}"),
            ),
            "factors": [
                {"id": factor.id, "label": self.words.label(factor.label), "colour": factor_colour(g)}
                for g, factor in enumerate(explained.catalogue.factors)
            ],
            "no_factor": {"label": told("no_factor"), "colour": _NO_FACTOR_COLOUR},
            "supports": [{"name": name, "label": self._support(name)} for name in SUPPORT_LEVELS],
            "flags": [self._flag(k, name) for k, name in enumerate(FLAGS)],
            "months": span,
            "month_names": self.words.each(lambda spoken: [spoken.month(m) for m in span]),
            "months_label": told("months_label", **self._ends()) if span else None,
            "economy": economy_series(economy, span, explained, self.words) if economy is not None and span else [],
            "outlooks": [{"name": name, "label": told(f"outlook_{name}")} for name in OUTLOOKS] if self.plans else [],
            "columns": self._columns() | ({"outlook": self._outlook(self.plans)} if self.plans else {}),
            "outlook": [OUTLOOKS.index(outlook_of(plan)) for plan in self.plans or ()],
            "files": list(files),
            "support": [SUPPORT_LEVELS.index(verdict.support) for verdict in explained.verdicts],
            "row_flags": [
                sum(1 << FLAGS.index(name) for name in flags_of(explained, i)) for i in range(len(explained))
            ],
        }

    def _flag(self, k: int, name: str) -> dict[str, Any]:
        label, short = self.words.told(f"badge_{name}"), self.words.told(f"short_{name}")
        return {"name": name, "bit": 1 << k, "tone": TONES.get(name, "note"), "label": label, "short": short}

    @cached_property
    def _span(self) -> list[int]:
        """All months from the first decrease to the last."""
        months = self.explanations.month_number
        return list(range(int(months.min()), int(months.max()) + 1)) if len(months) else []

    def _span_text(self) -> Any:
        span = self._span
        if len(span) > 1:
            return self.words.told("from_to", **self._ends())
        return self.words.each(lambda spoken: spoken.month(span[0])) if span else None

    def _ends(self) -> dict[str, Place]:
        first, last = self._span[0], self._span[-1]
        return {"from": lambda spoken: spoken.month(first), "to": lambda spoken: spoken.month(last)}

    @cached_property
    def _cut(self) -> FloatArray:
        return cut_shares(self.explanations.limit_before, self.explanations.limit_after)

    def _tiles(self) -> list[dict[str, Any]]:
        n, told = len(self.explanations), self.words.told
        borrowers = len({str(b) for b in self.explanations.borrower_id})
        of_borrowers = told("of_borrowers", number=lambda spoken: spoken.language.number(borrowers))
        middle = float(np.sort(self._cut)[n // 2]) if n else float("nan")
        return [
            _tile("decreases", told("decreases"), self.words.number(n), of_borrowers),
            *(self._tile_of_support(name) for name in SUPPORT_LEVELS),
            _tile(
                "median_cut",
                told("median_cut"),
                self.words.each(lambda spoken: spoken.language.percent(-middle) if n else "–"),
                told("of_limit"),
            ),
        ]

    def _tile_of_support(self, name: Support) -> dict[str, Any]:
        n, count = len(self.explanations), int((self.explanations.support == name).sum())
        share = count / n if n else 0.0
        note = self.words.told(f"tile_{name}", share=lambda spoken: spoken.language.share(share))
        return _tile(name, self._support(name), self.words.number(count), note)

    def _support(self, name: Support) -> Any:
        return self.words.say(f"support.{name}")

    def _columns(self) -> dict[str, Any]:
        explained, span = self.explanations, self._span
        first = span[0] if span else 0
        risk_before = np.where(explained.has_reference, expit(-explained.keep_score_before), np.nan)
        return {
            "borrower": _names_in_order([str(b) for b in explained.borrower_id]),
            "month": {
                "place": (explained.month_number - first).tolist(),
                "texts": self.words.each(lambda spoken: [spoken.month_short(m) for m in span]),
            },
            "before": self._column(explained.limit_before, lambda spoken, value: spoken.language.number(value)),
            "after": self._column(explained.limit_after, lambda spoken, value: spoken.language.number(value)),
            "cut": self._column(self._cut, lambda spoken, value: spoken.language.percent(-value)),
            "factor": {"place": [verdict.leading_factor for verdict in explained.verdicts]},
            "risk_before": self._column(risk_before, lambda spoken, value: spoken.language.risk(value)),
            "risk": self._column(expit(-explained.keep_score_after), lambda spoken, value: spoken.language.risk(value)),
        }

    def _outlook(self, plans: tuple[Plan, ...]) -> dict[str, Any]:
        """How and after how many months each limit comes back, those first that come back soonest by themselves."""
        ways = [(OUTLOOKS.index(outlook_of(plan)), _months_needed(plan)) for plan in plans]
        distinct = sorted(set(ways))

        def told(spoken: CatalogueWords) -> list[str]:
            short = [f"report.outlook_short_{OUTLOOKS[k]}" for k, _ in distinct]
            return [spoken.language.say(key, count=n) for key, (_, n) in zip(short, distinct, strict=True)]

        return {"place": [distinct.index(way) for way in ways], "texts": self.words.each(told)}

    def _column(self, values: FloatArray, tell: Callable[[CatalogueWords, float], str]) -> dict[str, Any]:
        """Numbers (n,) as places in the list of their texts, -1 where unknown; what is told alike is one text."""
        known = ~np.isnan(values)
        distinct, inverse = np.unique(values[known], return_inverse=True)
        told = [tuple(tell(spoken, v) for spoken in self.words) for v in distinct.tolist()]
        first_of_its_text = np.array([k == 0 or text != told[k - 1] for k, text in enumerate(told)], dtype=bool)
        place = np.full(len(values), -1)
        place[known] = (np.cumsum(first_of_its_text) - 1)[inverse]
        kept = [text for text, first in zip(told, first_of_its_text, strict=True) if first]
        by_language = dict(zip(self.words.codes, zip(*kept, strict=True), strict=True)) if kept else {}
        return {
            "place": place.tolist(),
            "texts": self.words.each(lambda spoken: list(by_language.get(spoken.language.code, ()))),
        }


def _months_needed(plan: Plan) -> int:
    """Months until it comes back, by itself or else soonest; where it does not, those that were looked at."""
    option = plan.nothing or plan.fastest
    return plan.horizon if option is None else option.months_needed


def _tile(name: str, term: Any, value: Any, note: Any) -> dict[str, Any]:
    return {"id": name, "term": term, "value": value, "note": note}


def _names_in_order(names: list[str]) -> dict[str, Any]:
    """Names as places in their order, in which numbers inside names count as numbers: B2 before B10."""
    ordered = sorted(set(names), key=_natural)
    place = {name: k for k, name in enumerate(ordered)}
    return {"place": [place[name] for name in names], "texts": ordered}


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    parts = re.split(r"0*([0-9]+)", name.casefold())
    return [(len(part) if k % 2 else 0, part) for k, part in enumerate(parts)], name


def economy_series(
    economy: pd.DataFrame, months: Sequence[int], explained: DecreaseExplanations, words: AllWords
) -> list[dict[str, Any]]:
    """The economy's first numeric columns, a value for each of ``months`` (None where unknown), with both ends.

    Raises
    ------
    HistoryError
        ``economy`` has no column for the month, or more than one row a month.
    """
    catalogue = explained.catalogue
    month = next((c for c in (catalogue.month, "month") if c in economy), None)
    if month is None:
        raise HistoryError(f"the economy table must have a column {catalogue.month!r}, found {list(economy.columns)}")
    numbers = month_numbers_of(economy[month], explained.month_type).tolist()
    if len(set(numbers)) < len(numbers):
        raise HistoryError("the economy table must have one row a month, found more; keep one")
    declared = {column.name: column.label for column in catalogue.columns}
    series = []
    for column in economy.drop(columns=[month]).select_dtypes("number"):
        found = dict(zip(numbers, plain_list(economy[column].to_numpy(dtype=np.float64)), strict=True))
        values = [found.get(number) for number in months]
        known = [value for value in values if value is not None]
        if known:
            name = str(column)
            label = words.label(declared[name]) if name in declared else name
            ends = {
                name: {"value": end, "text": words.number(end)}
                for name, end in (("low", min(known)), ("high", max(known)))
            }
            series.append({"label": label, "values": values, **ends})
    return series[:_MOST_SERIES]
