"""What the report's pages embed: plain records of a decrease and of the portfolio.

The pages draw from these records alone: every text in every language, every number that is drawn, every order, colour
and judgement is made here from the one verdict on the cut. Numbers stay numbers (the keep scores to the last bit), and
nothing here is markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from credit_model.act.plans.plan import Plan
from credit_model.documents.page_axes import risk_ticks
from credit_model.documents.page_change import ChangeRecord
from credit_model.documents.page_index import IndexRecord
from credit_model.documents.page_months import MonthsRecord
from credit_model.documents.page_plan import PlanRecord
from credit_model.documents.page_texts import AllWords
from credit_model.documents.page_verdict import VerdictRecord
from credit_model.documents.page_what_if import WhatIfRecord
from credit_model.documents.tracks import Tracks
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.words.language import LANGUAGES, Language
from credit_model.words.reasons import Reasons, told_in
from credit_model.words.values import catalogue_words


@dataclass(frozen=True)
class PageRecords:
    """Makes the records of single decreases and of the index; what they share is worked out once.

    Attributes
    ----------
    explanations : DecreaseExplanations
    tracks : Tracks
    lang : str
        The language that a page opens in; it holds all of `LANGUAGES`.
    version : str
        Of the package.
    plans : tuple of Plan, (n,), or None
        What brings each limit back; None: pages say nothing of it.
    """

    explanations: DecreaseExplanations
    tracks: Tracks
    lang: str
    version: str
    plans: tuple[Plan, ...] | None = None

    @cached_property
    def words(self) -> AllWords:
        """The catalogue's words in all languages."""
        explained = self.explanations
        return AllWords(tuple(catalogue_words(explained.catalogue, lang, explained.month_type) for lang in LANGUAGES))

    @cached_property
    def reasons(self) -> Reasons:
        """What is told of every decrease, in all languages."""
        return told_in(self.explanations, LANGUAGES)

    @cached_property
    def common(self) -> dict[str, Any]:
        """What every page and the index say alike."""
        explained, catalogue = self.explanations, self.explanations.catalogue
        languages = [spoken.language for spoken in self.words]
        return {
            "lang": self.lang,
            "languages": {one.code: one.html_code for one in languages},
            "formats": {one.code: count_formats(one) for one in languages},
            "versions": self.words.told(
                "versions",
                model=explained.model_version,
                catalogue=f"{catalogue.name} {catalogue.version}",
                report=self.version,
            ),
        }

    def page(self, i: int) -> dict[str, Any]:
        """The record of decrease ``i``."""
        explained = self.explanations
        borrower, month = str(explained.borrower_id[i]), int(explained.month_number[i])
        known = bool(explained.has_reference[i])
        verdict = VerdictRecord(explained, i, self.reasons[i], self.words)
        change, months = ChangeRecord(explained, i, self.words), self._months(i)
        return {
            **self.common,
            "title": self.words.told("page_title", borrower=borrower, month=lambda spoken: spoken.month_short(month)),
            "borrower": borrower,
            "when": self.words.each(lambda spoken: spoken.month(month)),
            "risk_ticks": risk_ticks(),
            "keep_line": explained.rule.expected_line,
            "verdict": verdict.record(),
            "reasons": verdict.reasons(),
            "factors": change.factors if known else [],
            "change": change.change() if known else None,
            "what_if": WhatIfRecord(explained, i, self.words).record() if known else None,
            "plan": self._plan(i),
            "track": months.track(),
            "history": months.history(),
        }

    def _plan(self, i: int) -> dict[str, Any] | None:
        if self.plans is None:
            return None
        return PlanRecord(self.plans[i], self.words, self.tracks.last_month(self.explanations.borrower_id[i])).record()

    def _months(self, i: int) -> MonthsRecord:
        explained = self.explanations
        month, reference_month = int(explained.month_number[i]), int(explained.reference_month_number[i])
        own = bool(explained.has_reference[i]) and explained.reference != "peers"
        return MonthsRecord(
            self.words,
            self.tracks,
            self.tracks.rows_of(explained.borrower_id[i], month, reference_month),
            month,
            reference_month if own else None,
            explained.rule.expected_line,
        )

    def index(self, files: Sequence[str], economy: pd.DataFrame | None) -> dict[str, Any]:
        """The record of the index, whose pages are at the relative addresses ``files``."""
        return {**self.common, **IndexRecord(self.explanations, self.words, self.plans).record(files, economy)}


def count_formats(language: Language) -> dict[str, Any]:
    """How a page writes what it counts by itself: groups of digits, shares in per cent, and lists of names."""
    symbols, lists = language.locale.number_symbols["latn"], language.locale.list_patterns["standard"]
    return {
        "group": symbols["group"],
        "minus": "−",
        "percent": language.percent_sign("0"),
        "least": language.share(1e-9),
        "most": language.share(1 - 1e-9),
        "list": {"two": lists["2"], **{name: lists[name] for name in ("start", "middle", "end")}},
    }
