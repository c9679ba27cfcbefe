"""The record of the page of warnings: every text in every language, every number that is drawn, every order and colour.

A line is a place in lists that are in order of risk; the script sorts by numbers and prints texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np
from scipy.special import logit

from credit_model.act.warning.told import WarningWords
from credit_model.act.warning.watching import Warnings
from credit_model.documents.page_records import count_formats
from credit_model.documents.page_texts import AllWords
from credit_model.model.early_warning import HEADLINE, LEADS
from credit_model.palette import factor_colour
from credit_model.words.language import LANGUAGES, language
from credit_model.words.values import catalogue_words

#: The colour of the calendar, and of lines that no factor leads.
_CALENDAR_COLOUR, _NO_COLOUR = "var(--muted)", "var(--unexplained)"
#: Outcomes of plans, as the page tells them.
_OUTCOMES = ("by_itself", "by_plan", "impossible")


@dataclass(frozen=True)
class WarningsRecord:
    """Makes the record of a month's warnings.

    Attributes
    ----------
    warnings : Warnings
    lang : str
        The language that the page opens in; it holds all of `LANGUAGES`.
    """

    warnings: Warnings
    lang: str

    @cached_property
    def words(self) -> AllWords:
        """The catalogue's words in all languages."""
        told = self.warnings
        return AllWords(tuple(catalogue_words(told.catalogue, lang, told.month_type) for lang in LANGUAGES))

    @cached_property
    def told(self) -> dict[str, WarningWords]:
        """Language code -> the words of the warnings."""
        return {lang: WarningWords(self.warnings, lang) for lang in LANGUAGES}

    def record(self) -> dict[str, Any]:
        """Everything that the page shows."""
        warnings, spoken = self.warnings, [one.language for one in self.words]
        catalogue = warnings.catalogue
        name = self.words.say("watch.document", catalogue=catalogue.name, month=lambda one: self._of(one).month)
        return {
            "lang": language(self.lang).code,
            "languages": {one.code: one.html_code for one in spoken},
            "formats": {one.code: count_formats(one) for one in spoken},
            "versions": self.words.told(
                "versions",
                model=warnings.model_version,
                catalogue=f"{catalogue.name} {catalogue.version}",
                report=metadata.version("credit-model"),
            ),
            "title": name,
            "month": self._each(lambda told: told.month),
            "valid": self._each(lambda told: told.valid),
            "tiles": [
                {
                    "term": self._each(lambda told, k=k: told.facts[k][0]),  # type: ignore[misc]
                    "value": self._each(lambda told, k=k: told.facts[k][1]),  # type: ignore[misc]
                }
                for k in range(len(next(iter(self.told.values())).facts))
            ],
            "players": self._players(),
            "no_player": {"label": self.words.told("no_factor"), "colour": _NO_COLOUR},
            "headline": self._each(lambda told: told.within),
            "leads": [self._each(lambda told, k=k: told.language.say("watch.short", count=k)) for k in self._leads],  # type: ignore[misc]
            "outcomes": [{"id": name, "label": self._outcome(name)} for name in _OUTCOMES] if warnings.plans else [],
            "columns": self._columns(),
            "alerts": [self._alert(i) for i in range(warnings.n_alerted)],
        }

    @property
    def _leads(self) -> range:
        return range(1, LEADS + 1)

    def _of(self, spoken: Any) -> WarningWords:
        return self.told[spoken.language.code]

    def _each(self, tell: Callable[[WarningWords], Any]) -> Any:
        return self.words.joined([tell(self.told[code]) for code in self.words.codes])

    def _players(self) -> list[dict[str, Any]]:
        warnings = self.warnings
        n_factors = len(warnings.catalogue.factor_ids)
        return [
            {
                "id": player,
                "label": self._each(lambda told, p=player: told.language.headed(told.player(p))),  # type: ignore[misc]
                "colour": factor_colour(g) if g < n_factors else _CALENDAR_COLOUR,
            }
            for g, player in enumerate(warnings.player_ids)
        ]

    def _outcome(self, name: str) -> Any:
        return self.words.say(f"watch.outcome_{name}")

    def _columns(self) -> dict[str, Any]:
        warnings = self.warnings
        names = [str(borrower) for borrower in warnings.borrower_id]
        ordered = sorted(range(len(names)), key=lambda i: _natural(names[i]))
        place = np.empty(len(names), dtype=np.int64)
        place[ordered] = np.arange(len(names))
        risk = warnings.risk
        return {
            "borrower": {"order": place.tolist(), "texts": names},
            "limit": {"order": warnings.limit.tolist(), "texts": self._texts(warnings.limit, "number")},
            **{
                f"risk_{lead}": {
                    "order": risk[:, lead - 1].tolist(),
                    "texts": self._texts(risk[:, lead - 1], "risk"),
                }
                for lead in (1, HEADLINE, LEADS)
            },
        }

    def _texts(self, values: np.ndarray[Any, Any], how: str) -> Any:
        """Numbers (n,) as texts; languages that write them alike share one list."""
        return self.words.figures(lambda spoken: [getattr(spoken.language, how)(float(v)) for v in values])

    def _alert(self, i: int) -> dict[str, Any]:
        """What is told of the i-th alerted line."""
        warnings = self.warnings
        reasons = warnings.reasons
        by_player, lead = reasons.by_factor[i], warnings.leading(i)
        plan = warnings.plans.get(i)
        return {
            "since": self._each(lambda told: told.language.headed(told.since(i))),
            "then_now": self._each(lambda told: told.then_now(i)),
            "reasons": self._each(lambda told: [told.language.headed(text) for text in told.reasons(i)]),
            "lead": warnings.player_ids.index(lead[0]) if lead else -1,
            "shares": [round(float(value), 6) for value in by_player],
            "share_texts": [self.words.score(float(value), signed=True) for value in by_player],
            "curve": [round(float(logit(value)), 6) for value in warnings.risk[i]],
            "curve_texts": [self.words.risk(float(value)) for value in warnings.risk[i]],
            "outcome": -1 if plan is None else _OUTCOMES.index(plan.outcome),
            "plan": self._each(lambda told: told.plan(plan)) if warnings.plans else None,
        }


def _natural(name: str) -> str:
    """A key by which numbers inside names count as numbers: B2 before B10."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(18), name.casefold())
