"""A case in words: what its screens print of documents, re-evaluations, decisions and events."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from scipy.special import expit

from credit_model import palette
from credit_model.act.appeals.cases import Case
from credit_model.act.appeals.evaluating import Evaluation
from credit_model.act.appeals.evidence import Flag
from credit_model.act.appeals.reading import CaseFile, read_text, sealed_record
from credit_model.act.appeals.store import Store
from credit_model.portfolio.declarations import Catalogue
from credit_model.words.language import Language, language
from credit_model.words.values import CatalogueWords, catalogue_words

#: Bars are drawn on a line so many units long to either side.
_HALF = 100.0
#: Smaller shares of what a correction changes are not listed.
_LEAST_SHARE = 0.005


@dataclass(frozen=True)
class CaseWords:
    """A case in one language.

    Attributes
    ----------
    file : CaseFile
    lang : str
    """

    file: CaseFile
    lang: str

    @cached_property
    def words(self) -> CatalogueWords:
        """The catalogue's words."""
        return catalogue_words(self.file.declaration, self.lang, self.file.frozen.month_type)

    @property
    def spoken(self) -> Language:
        """The language."""
        return self.words.language

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of the decision."""
        return self.words.catalogue

    def say(self, key: str, count: float | None = None, **places: object) -> str:
        """A text of the desk."""
        return self.spoken.say(f"desk.{key}", count=count, **places)

    # ---- the decision that is appealed

    def facts(self) -> dict[str, str]:
        """What was decided."""
        frozen = self.file.frozen
        return {
            "borrower": str(frozen.borrower_id),
            "month": self.words.month(frozen.month),
            "before": self.words.money(frozen.limit_before),
            "after": self.words.money(frozen.limit_asked if frozen.is_rise else frozen.limit_after),
            "support": self.spoken.say(f"support.{frozen.support}") if frozen.support else "",
            "model": frozen.model_version,
            "digest": frozen.model_digest[:12],
            "catalogue": f"{self.catalogue.name} {self.catalogue.version}",
        }

    def outcome(self, name: str) -> str:
        """An outcome by its name, as the desk calls it."""
        return self.say(f"outcome.rise_{name}" if self.file.frozen.is_rise else f"outcome.{name}")

    # ---- documents

    def document_label(self, kind: str) -> str:
        """What a kind of document is called."""
        labels = {one.id: one.label for one in self.catalogue.documents}
        return self.spoken.headed(self.spoken.label(labels[kind]))

    def documents(self) -> list[dict[str, Any]]:
        """The documents, each with its cells before and after, and what is to be looked at."""
        evaluated = self.file.case.evaluated
        aside = () if evaluated is None else evaluated.facts["without"]
        return [
            {
                "event": one.event.seq,
                "label": self.document_label(one.kind),
                "by": one.event.actor,
                "at": one.event.at,
                "note": one.note,
                "file": one.file_name or (self.say("evidence.unnamed") if one.file_digest else ""),
                "digest": one.file_digest[:12],
                "aside": one.event.seq in aside,
                "flags": self.flags(one.flags),
                "cells": [
                    {
                        "datum": self.words.datum(edit.column),
                        "month": self.words.month(edit.month),
                        "before": self.words.cell(edit.column, edit.before),
                        "after": self.words.cell(edit.column, edit.after),
                        "flagged": any((flag.column, flag.month) == (edit.column, edit.month) for flag in one.flags),
                    }
                    for edit in one.edits
                ],
            }
            for one in self.file.documents
        ]

    def flags(self, flags: Sequence[Flag]) -> list[str]:
        """What a person should look at, a sentence each."""
        labels = {one.id: one.label for one in self.catalogue.documents}
        labels |= {one.id: one.label for one in self.catalogue.ledgers}
        told = []
        for flag in flags:
            about = self.spoken.headed(self.spoken.label(labels[flag.about])) if flag.about else ""
            places = {"datum": self.words.datum(flag.column), "month": self.words.month(flag.month), "ledger": about,
                      "document": about}  # fmt: skip
            told.append(self.spoken.say(f"appeal.{flag.kind}", count=None, **places))
        return list(dict.fromkeys(told))

    # ---- the re-evaluation

    def evaluation(self, found: Evaluation) -> dict[str, Any]:
        """Original beside corrected, what moved, and what else would matter."""
        return {
            "rows": list(self._compared(found)),
            "recommendation": self.outcome(found.recommendation),
            "advice": found.recommendation,
            "crosses": found.crosses,
            "unsupported": math.isnan(found.line),
            "gauge": self._gauge(found),
            "fits": self.say("again.fits", crossing=found.n_cross, n=found.n_fits) if found.n_fits > 1 else "",
            "factors": list(self._factors(found)),
            "total": self.spoken.score(found.score_after - found.score_before, signed=True),
            "further": list(self._further(found)),
        }

    def _compared(self, found: Evaluation) -> Iterator[tuple[str, str, str, bool]]:
        """(what, as decided, corrected, whether they differ)."""
        rise, spoken = self.file.frozen.is_rise, self.spoken
        pairs = [
            (
                self.say("again.chance" if rise else "again.risk"),
                self._risk(found.score_before),
                self._risk(found.score_after),
            ),
            (self.say("again.score"), spoken.score(found.score_before), spoken.score(found.score_after)),
            (self.say("again.tier"), str(found.tier_before), str(found.tier_after)),
            (self.say("again.limit"), self.words.money(found.limit_before), self.words.money(found.limit_after)),
        ]
        if not rise:
            names = [spoken.say(f"support.{name}") for name in (found.support_before, found.support_after)]
            pairs.append((self.say("again.support"), names[0], names[1]))
        for what, before, after in pairs:
            yield what, before, after, before != after

    def _risk(self, score: float) -> str:
        if self.file.frozen.is_rise:
            return self.spoken.probability(float(expit(score)))
        return self.spoken.risk(float(expit(-score)))

    def _gauge(self, found: Evaluation) -> dict[str, Any] | None:
        """Where both scores and the line lie on one axis, per cents of its length."""
        if math.isnan(found.line):
            return None
        marks = (found.score_before, found.score_after, found.line)
        low, high = min(marks), max(marks)
        room = max((high - low) * 0.12, 0.25)
        place = [round(100 * (mark - low + room) / (high - low + 2 * room), 2) for mark in marks]
        return {
            "before": place[0],
            "after": place[1],
            "line": place[2],
            "left": min(place[0], place[1]),
            "width": round(abs(place[1] - place[0]), 2),
            "line_text": self._risk(found.line),
        }

    def _factors(self, found: Evaluation) -> Iterator[dict[str, Any]]:
        total = sum(abs(value) for value in found.by_factor.values())
        largest = max((abs(value) for value in found.by_factor.values()), default=0.0)
        labels = dict(zip(self.catalogue.factor_ids, self.words.factor_labels, strict=True))
        places = {name: place for place, name in enumerate(self.catalogue.factor_ids)}
        for name, value in sorted(found.by_factor.items(), key=lambda one: -abs(one[1])):
            if not total or abs(value) / total < _LEAST_SHARE:
                continue
            width = round(_HALF * abs(value) / largest, 2)
            yield {
                "label": self.spoken.headed(labels[name]),
                "value": self.spoken.score(value, signed=True),
                "share": self.spoken.share(abs(value) / total),
                "helps": value > 0,
                "x": _HALF if value > 0 else round(_HALF - width, 2),
                "width": width,
                "colour": palette.factor_colour(places[name]),
            }

    def _further(self, found: Evaluation) -> Iterator[dict[str, Any]]:
        for one in found.further:
            yield {
                "datum": self.words.datum(one.column),
                "month": self.say("again.all_months") if one.month is None else self.words.month(one.month),
                "value": self.words.cell(one.column, one.value),
                "risk": self._risk(found.score_after + one.gain),
                "gain": self.spoken.score(one.gain, signed=True),
                "crosses": one.crosses,
            }

    # ---- the decision

    def decision(self) -> dict[str, Any] | None:
        """What is proposed or decided."""
        found = self.file.decision
        if found is None:
            return None
        return {
            "outcome": self.outcome(found.outcome),
            "limit": self.words.money(found.limit),
            "is_override": found.is_override,
            "reason": self.say(f"reason.{found.reason}"),
            "note": found.note,
            "proposed_by": found.proposed_by,
            "decided_by": found.decided_by,
        }


def events_told(store: Store, case: Case, words: EventWords) -> Iterator[dict[str, Any]]:
    """What was done in a case, an event each, with its note while that is not erased."""
    for event in case.events:
        note = ""
        if event.sealed and not case.is_erased:
            record = sealed_record(store, case, event)
            said = (record.get(name) for name in ("claim", "late_because", "note"))
            note = "\n".join(str(text) for text in said if text)
        yield {"seq": event.seq, "at": event.at, "by": event.actor, "note": note, "hash": event.hash[:12],
               "text": words.of(event.action, event.facts)}  # fmt: skip


def when(at: str, zone: tzinfo) -> str:
    """A time of the log by the lender's clock, to the minute: "2024-04-02 16:05"."""
    return datetime.fromisoformat(at).astimezone(zone).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class EventWords:
    """Events in words, from their facts alone, which stay when the borrower's data are erased.

    Attributes
    ----------
    spoken : Language
    catalogue : Catalogue
        Of the case.
    is_rise : bool
    """

    spoken: Language
    catalogue: Catalogue
    is_rise: bool

    def of(self, action: str, facts: Mapping[str, Any]) -> str:
        """An event in one sentence."""
        if action == "opened":
            return self._say("opened", kind=self.spoken.say(f"appeal.kind_{facts['kind']}"), due=facts["due"])
        if action == "evidence":
            labels = {one.id: self.spoken.label(one.label) for one in self.catalogue.documents}
            return self._say("evidence", document=labels[facts["document"]], n=facts["n_cells"])
        if action == "evaluated":
            return self._say("evaluated", outcome=self._outcome(facts["recommendation"]))
        if action in ("proposed", "decided"):
            told = self._outcome(facts["outcome"])
            if facts["override"]:
                reason = self.spoken.say(f"desk.reason.{facts['reason']}")
                told = self._say("because", outcome=told, reason=reason)
            return self._say(action, outcome=told)
        if action == "letter":
            return self._say("letter_late" if facts["late"] else "letter")
        return self._say(action)

    def _say(self, key: str, **places: object) -> str:
        return self.spoken.say(f"desk.event.{key}", count=None, **places)

    def _outcome(self, name: str) -> str:
        return self.spoken.say(f"desk.outcome.{'rise_' if self.is_rise else ''}{name}")


def event_words(store: Store, case: Case, lang: str) -> EventWords:
    """What puts the events of a case into words."""
    catalogue = read_text(store.text(case.opened.facts["texts"]["catalogue"]))
    return EventWords(language(lang), catalogue, case.kind == "rise")
