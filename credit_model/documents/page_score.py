"""What the pages of changes of a score embed: plain records, every text in every language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from credit_model.documents.page_axes import round_ticks, score_axis
from credit_model.documents.page_change import FactorsRecord
from credit_model.documents.page_records import count_formats
from credit_model.documents.page_texts import AllWords
from credit_model.explain.score_changes import ScoreChanges
from credit_model.palette import factor_colour
from credit_model.words.language import LANGUAGES
from credit_model.words.score_changes import ChangeReasons, ScoreFigures, moved_sentence, reasons_in
from credit_model.words.values import CatalogueWords, catalogue_words

#: About so many ticks of the score on a wide page, and on a narrow one.
_TICKS = {"wide": 7, "narrow": 3}
#: Features that paper leaves out where a factor is open: less than this share of all that moved.
_MINOR = 0.03


@dataclass(frozen=True)
class ScoreRecords:
    """Makes the records of single changes and of the index.

    Attributes
    ----------
    changes : ScoreChanges
        Of which it has been said which way is worse.
    lang : str
        The language that a page opens in; it holds all of `LANGUAGES`.
    """

    changes: ScoreChanges
    lang: str

    @cached_property
    def words(self) -> AllWords:
        """The catalogue's words in all languages."""
        own = self.changes
        return AllWords(tuple(catalogue_words(own.catalogue, lang, own.month_type) for lang in LANGUAGES))

    @cached_property
    def reasons(self) -> Sequence[ChangeReasons]:
        """What is told of every change, in all languages."""
        return reasons_in(self.changes, LANGUAGES)

    @cached_property
    def figures(self) -> dict[str, ScoreFigures]:
        """Language code -> how it writes scores."""
        return {spoken.language.code: ScoreFigures(self.changes, spoken.language) for spoken in self.words}

    def figure(self, value: float, *, signed: bool = False) -> Any:
        """A score in all languages."""
        return self.words.each(lambda spoken: self.figures[spoken.language.code].text(value, signed=signed))

    @cached_property
    def common(self) -> dict[str, Any]:
        """What every page and the index say alike."""
        catalogue = self.changes.catalogue
        languages = [spoken.language for spoken in self.words]
        return {
            "lang": self.lang,
            "languages": {one.code: one.html_code for one in languages},
            "formats": {one.code: count_formats(one) for one in languages},
            "worse": self.changes.worse,
            "versions": self.words.told(
                "versions",
                model=self.changes.model_version,
                catalogue=f"{catalogue.name} {catalogue.version}",
                report=metadata.version("credit-model"),
            ),
        }

    def page(self, i: int) -> dict[str, Any]:
        """The record of change ``i``."""
        change = _Change(self.changes, i, self.words, self)
        key = str(self.changes.borrower_id[i])
        return {
            **self.common,
            "title": self._say("page_title", name=key),
            "key": key,
            "risk_ticks": [],
            "keep_line": None,
            "verdict": self._verdict(i),
            "reasons": self._reasons(i),
            "factors": change.factors,
            "change": change.change(),
            "what_if": self._what_if(i) if self.changes.has_what_if else None,
        }

    def index(self, files: Sequence[str]) -> dict[str, Any]:
        """The record of the index, whose pages are at the relative addresses ``files``."""
        own = self.changes
        order = np.argsort(-np.abs(own.score_after - own.score_before), kind="stable").tolist()
        return {
            **self.common,
            "title": self._say("document", model=own.catalogue.name),
            "model": own.model_version,
            "compared": self._compared(),
            "rows": [self._row(i, files[i]) for i in order],
        }

    def _row(self, i: int, file: str) -> dict[str, Any]:
        own, moved = self.changes, str(self.changes.summary["moved_most"].iloc[i])
        place = own.catalogue.factor_ids.index(moved) if moved else -1
        return {
            "key": str(own.borrower_id[i]),
            "file": file,
            "before": self.figure(float(own.score_before[i])),
            "after": self.figure(float(own.score_after[i])),
            "change": self.figure(float(own.score_after[i] - own.score_before[i]), signed=True),
            "moved": self.words.label(own.catalogue.factors[place].label) if moved else "",
            "colour": factor_colour(place) if moved else "",
        }

    def _say(self, key: str, **places: Any) -> Any:
        return self.words.say(f"score_report.{key}", **places)

    def _dates(self, k: int) -> Callable[[CatalogueWords], str]:
        return lambda spoken: spoken.language.headed(self.figures[spoken.language.code].dates[k])

    def _compared(self) -> Any:
        return self.words.each(lambda spoken: f"{self._dates(0)(spoken)} → {self._dates(1)(spoken)}")

    def _verdict(self, i: int) -> dict[str, Any]:
        own = self.changes
        name = self.words.each(lambda spoken: spoken.language.headed(self.figures[spoken.language.code].name))
        return {
            "head": self.words.each(lambda spoken: moved_sentence(own, i, spoken.language)),
            "body": self.words.each(lambda spoken: self.reasons[i].because[spoken.language.code]),
            "facts": [
                {
                    "id": "score",
                    "term": name,
                    "was": self.figure(float(own.score_before[i])),
                    "is": self.figure(float(own.score_after[i])),
                },
                {
                    "id": "compared",
                    "term": self._say("compared"),
                    "was": self.words.each(self._dates(0)),
                    "is": self.words.each(self._dates(1)),
                },
                {"id": "worse", "term": self._say("worse"), "was": None, "is": self.words.say(f"score.{own.worse}")},
            ],
        }

    def _reasons(self, i: int) -> dict[str, Any]:
        told = self.reasons[i]
        return {
            "title": self._say("reasons" if told.reasons else "no_reasons"),
            "empty": self.words.say("score.not_worsened"),
            "coverage": self._say("coverage", share=lambda spoken: spoken.language.share(told.coverage))
            if told.reasons
            else None,
            "items": [
                {
                    "rank": reason.rank,
                    "factor_id": reason.factor_id,
                    "code": reason.code,
                    "colour": factor_colour(reason.reason.factor),
                    **{
                        name: self.words.each(
                            lambda spoken, name=name, reason=reason: spoken.language.headed(  # type: ignore[misc]
                                getattr(reason.words[spoken.language.code], name)
                            )
                        )
                        for name in ("text", "factor", "weight")
                    },
                }
                for reason in told.reasons
            ],
        }

    def _what_if(self, i: int) -> dict[str, Any]:
        own = self.changes
        scores = own.coalition_scores[i]
        now = float(own.score_after[i])
        axis = score_axis(scores.tolist())
        return {
            "title": self._say("what_if_title"),
            "lead": self._say("what_if_lead"),
            "risk_label": self._say("difference"),
            "mark_then": self._say("mark_then"),
            "as_then": self._say("as_then"),
            "all_put_back": self._say("all_put_back"),
            "scores": scores.tolist(),
            "score_texts": self._texts(scores.tolist()),
            "risks": (scores - now).tolist(),
            "risk_texts": self._texts((scores - now).tolist(), signed=True),
            "state": ["any"] * len(scores),
            "states": {
                "any": {"tone": "raised", "head": self._say("state"), "words": self._say("with", factors="{factors}")}
            },
            "given": self._say("given"),
            "axis": axis,
            "regions": [{"tone": "plain", "from": axis["low"], "to": axis["high"], "label": ""}],
            "presets_title": self._say("presets_title"),
            "presets_lead": self._say("presets_lead"),
            "presets": [self._preset(g, scores) for g in own.factor_order(i) if own.factor_contributions[i, g] != 0],
        }

    def _preset(self, g: int, scores: Any) -> dict[str, Any]:
        alone = float(scores[(len(scores) - 1) & ~(1 << g)])

        def tell(spoken: CatalogueWords) -> str:
            return spoken.language.say(
                "score_report.preset",
                factor=spoken.language.headed(spoken.factor_labels[g]),
                score=self.figures[spoken.language.code].text(alone),
            )

        return {"put_back": 1 << g, "label": self.words.each(tell)}

    def _texts(self, values: list[float], *, signed: bool = False) -> Any:
        return self.words.figures(
            lambda spoken: [self.figures[spoken.language.code].text(v, signed=signed) for v in values]
        )


@dataclass(frozen=True)
class _Change(FactorsRecord):
    """The chart of one change."""

    explained: ScoreChanges
    records: ScoreRecords

    def figure(self, value: float) -> Any:
        return self.records.figure(value, signed=True)

    def change(self) -> dict[str, Any]:
        """The chart's axis and ends, and the whole change."""
        own = self.explained
        before, after = float(own.score_before[self.row]), float(own.score_after[self.row])
        spans = [part["span"] for factor in self.factors for part in (factor, *factor["moved"])]
        axis = score_axis([before, after, *(end for span in spans for end in span)])
        ends = [(before, self.records._dates(0)), (after, self.records._dates(1))]
        return {
            "axis": axis,
            "ticks": {
                width: [[tick, self.records.figure(tick)] for tick in round_ticks(axis["low"], axis["high"], count)]
                for width, count in _TICKS.items()
            },
            "ends": [
                {
                    "score": score,
                    "kept": None,
                    "label": self.words.each(date),
                    "limit": None,
                    "score_text": self.records.figure(score),
                    "risk": None,
                }
                for score, date in ends
            ],
            "minor": self.words.told("minor_on_paper", share=lambda spoken: spoken.language.percent(_MINOR)),
            "split": [],
            "whole": {"label": self.words.told("whole_change"), "text": self.figure(after - before)},
        }
