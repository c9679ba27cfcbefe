"""What the answer to an appeal says, gathered from the case alone, so that the same case gives the same bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from scipy.special import expit

from credit_model.act.appeals.evaluating import Evaluation
from credit_model.act.appeals.reading import CaseFile, Decision, Document
from credit_model.documents.lender_file import Lender
from credit_model.documents.notice_content import on_one_line
from credit_model.errors import AppealError
from credit_model.portfolio.declarations import Catalogue
from credit_model.words.language import Language
from credit_model.words.values import CatalogueWords, catalogue_words

FORMAT = "credit_model.letter/1"
_DIGEST_SHOWN = 12
_DIGITS = 6
#: Smaller shares of what a correction changes are not listed.
_LEAST_SHARE = 0.005


def case_number(number: int) -> str:
    """How a case's number is written: "A000017"."""
    return f"A{number:06d}"


@dataclass(frozen=True)
class LetterContent:
    """Gathers what a letter says.

    Attributes
    ----------
    file : CaseFile
        Of a decided case.
    catalogue : Catalogue
    lender : Lender
    day : date
    lang : str
    """

    file: CaseFile
    catalogue: Catalogue
    lender: Lender
    day: date
    lang: str

    @cached_property
    def words(self) -> CatalogueWords:
        """The catalogue's words in the letter's language."""
        return catalogue_words(self.catalogue, self.lang, self.file.frozen.month_type)

    @property
    def spoken(self) -> Language:
        """The letter's language."""
        return self.words.language

    @property
    def decision(self) -> Decision:
        """What was decided."""
        if self.file.decision is None:
            raise AppealError(f"case {self.file.case.number} is not decided; there is nothing to answer yet")
        return self.file.decision

    def say(self, key: str, **places: object) -> str:
        """A text of the letter, filled in."""
        return self.spoken.say(f"letter.{key}", count=None, **places)

    def content(self) -> dict[str, Any]:
        """Everything that the letter says but the head of the log; JSON can hold it."""
        case, frozen, label = self.file.case, self.file.frozen, self.spoken.label
        after = self.decision.limit if frozen.is_rise else frozen.limit_after
        return {
            "format": FORMAT,
            "lang": self.lang,
            "sample": self.lender.sample,
            "lender": {"name": label(self.lender.name), "address": label(self.lender.address)},
            "regulator": {"name": label(self.lender.regulator), "contact": label(self.lender.regulator_contact)},
            "case": case_number(case.number),
            "kind": case.kind,
            "borrower_id": on_one_line(str(frozen.borrower_id)),
            "month": frozen.month_text,
            "month_text": self.words.month(frozen.month),
            "opened": case.opened.facts["day"],
            "due": case.due,
            "day": self.day.isoformat(),
            "date": self.spoken.date(self.day),
            "late": self.day.isoformat() > case.due,
            "opening": list(self._opening()),
            "outcome": self.decision.outcome,
            "limit": {
                "before": frozen.limit_before,
                "after": after,
                "decided": self.decision.limit,
                "before_text": self.words.money(frozen.limit_before),
                "after_text": self.words.money(after),
                "decided_text": self.words.money(self.decision.limit),
                "rows": list(self._limits()),
            },
            "decision": list(self._decision()),
            "evidence": [row for document in self.documents for row in self._cells(document)],
            "evidence_notes": list(self._evidence_notes()),
            "again": list(self._again()),
            "changes": list(self._changes()),
            **self._reasons(),
            "further": list(self._further()),
            "rights": list(self._rights()),
            "decided_by": self.decision.decided_by,
            "versions": {
                "model": frozen.model_version,
                "model_digest": frozen.model_digest[:_DIGEST_SHOWN],
                "catalogue": f"{self.catalogue.name} {self.catalogue.version}",
                "catalogue_digest": self.catalogue.digest[:_DIGEST_SHOWN],
                "lender_file": self.lender.version,
                "lender_file_digest": self.lender.digest[:_DIGEST_SHOWN],
            },
        }

    @property
    def set_aside(self) -> tuple[int, ...]:
        """The numbers of the events whose documents the evaluation left out."""
        evaluated = self.file.case.evaluated
        return () if evaluated is None else tuple(evaluated.facts["without"])

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents that count."""
        return tuple(one for one in self.file.documents if one.event.seq not in self.set_aside)

    def _opening(self) -> Iterator[str]:
        case, frozen = self.file.case, self.file.frozen
        opened = self.spoken.date(date.fromisoformat(case.opened.facts["day"]))
        yield self.say(f"head.opening_{case.kind}", opened=opened, month=self.words.month(frozen.month))
        yield self.say("head.persons")
        if self.day.isoformat() > case.due:
            yield self.say("head.late", due=self.spoken.date(date.fromisoformat(case.due)))

    def _limits(self) -> Iterator[dict[str, str]]:
        """The limits in the order in which they were in force; of a rise, the one that is asked for between them."""
        frozen = self.file.frozen
        keys = ("present", "asked") if frozen.is_rise else ("before", "reduced")
        amounts = (frozen.limit_before, frozen.limit_asked if frozen.is_rise else frozen.limit_after)
        for key, amount in zip((*keys, "decided"), (*amounts, self.decision.limit), strict=True):
            yield {"label": self.say(f"limit.{key}"), "text": self.words.money(amount)}

    def _decision(self) -> Iterator[str]:
        decision, frozen = self.decision, self.file.frozen
        key = f"rise_{decision.outcome}" if frozen.is_rise else decision.outcome
        places = {"limit": self.words.money(decision.limit), "asked": self.words.money(frozen.limit_asked)}
        yield self.say(f"outcome.{key}", **places)
        is_named = decision.reason != "rule_applies" or self._reasons()["rules"]
        yield self.say(f"outcome.{decision.reason}" + ("" if is_named else "_unnamed"))

    def _document_label(self, kind: str) -> str:
        labels = {one.id: one.label for one in self.catalogue.documents}
        return self.spoken.headed(self.spoken.label(labels[kind]))

    def _cells(self, document: Document) -> Iterator[dict[str, Any]]:
        for edit in document.edits:
            yield {
                "document": self._document_label(document.kind),
                "column": edit.column,
                "datum": self.words.datum(edit.column),
                "month": self.words.month(edit.month),
                "before": self.words.cell(edit.column, edit.before),
                "after": self.words.cell(edit.column, edit.after),
            }

    def _evidence_notes(self) -> Iterator[str]:
        if not self.file.documents:
            yield self.say("evidence.none")
        for document in self.documents:
            for flag in document.flags:
                if flag.kind == "no_influence":
                    datum = self.words.datum(flag.column)
                    yield self.say("evidence.no_influence", datum=datum, month=self.words.month(flag.month))
        for document in self.file.documents:
            if document.event.seq in self.set_aside:
                yield self.say("evidence.set_aside", document=self._document_label(document.kind))

    def _again(self) -> Iterator[str]:
        found = self.file.evaluation
        if found is None:
            return
        rise = self.file.frozen.is_rise
        before, after = (self._risk(score, rise) for score in (found.score_before, found.score_after))
        key = "chance" if rise else "risk"
        is_corrected = any(document.edits for document in self.documents)
        ending = "" if before != after else "_same" if is_corrected else "_found"
        yield self.say(f"again.{key}{ending}", before=before, after=after)
        if math.isnan(found.line):
            yield self.say("again.unsupported")
        else:
            key = "line" if not rise else "chance_raised" if self.file.frozen.n_raised else "chance_line"
            yield self.say(f"again.{key}", line=self._risk(found.line, rise))

    def _risk(self, score: float, rise: bool) -> str:
        return self.spoken.probability(float(expit(score))) if rise else self.spoken.risk(float(expit(-score)))

    def _changes(self) -> Iterator[dict[str, Any]]:
        """What the corrections change, by factor, the largest first."""
        found: Evaluation | None = self.file.evaluation
        if found is None:
            return
        total = sum(abs(value) for value in found.by_factor.values())
        labels = dict(zip(self.catalogue.factor_ids, self.words.factor_labels, strict=True))
        for name, value in sorted(found.by_factor.items(), key=lambda one: -abs(one[1])):
            if total and abs(value) / total >= _LEAST_SHARE:
                yield {
                    "factor": name,
                    "subject": self.spoken.headed(labels[name]),
                    "effect": self.say("again.for" if value > 0 else "again.against"),
                    "contribution": round(value, _DIGITS),
                    "share": self.spoken.share(abs(value) / total),
                }

    def _reasons(self) -> dict[str, Any]:
        """The reasons of the cut, on the corrected records, where it stands; else none."""
        told = self.decision.outcome in ("uphold", "partly", "explained")
        if told and self.file.notices and self.lang not in self.file.notices:
            raise AppealError(
                f"case {self.file.case.number} keeps no notice in {self.lang!r}, which its letter has to tell"
            )
        notice = self.file.notices.get(self.lang, {}) if told else {}
        found = {name: notice.get(name, []) for name in ("reasons", "other_influences", "rules", "data")}
        if self.file.frozen.is_rise:
            found["rules"] = []  # they speak of a decrease
        return found | {
            "told": bool(notice),
            "reasons_opening": self._reasons_opening(bool(notice.get("withheld"))),
            "withheld": bool(notice.get("withheld")),
            "wave": notice.get("wave", ""),
        }

    def _reasons_opening(self, withheld: bool) -> str:
        if self.file.frozen.is_rise:
            compared = "raised" if self.file.frozen.typical is not None else "rise"
            return self.say(f"reasons.{'withheld' if withheld else 'opening'}_{compared}")
        if withheld:
            return self.say("reasons.withheld")
        corrected = any(document.edits for document in self.documents)
        return self.say("reasons.opening" if corrected else "reasons.opening_explained")

    def _further(self) -> Iterator[str]:
        found = self.file.evaluation
        if found is None or self.decision.outcome in ("reinstate", "explained"):
            return
        for one in found.further:
            datum = self.words.datum(one.column)
            if one.month is None:
                yield self.say("further.column", datum=datum)
            else:
                yield self.say("further.cell", datum=datum, month=self.words.month(one.month))

    def _rights(self) -> Iterator[str]:
        label, lender = self.spoken.label, self.lender
        yield self.say("rights.documents", contact=label(lender.channel("documents").contact))
        yield self.say("rights.see")
        consulted = any(feature.source == "bureau" for feature in self.catalogue.drivers)
        if consulted and not self._reasons()["data"]:  # they say so already
            bureau = {"bureau": label(lender.bureau.name), "contact": label(lender.bureau.contact)}
            yield self.spoken.sentences(
                [
                    self.spoken.say("notice.data.bureau_used", count=None, **bureau),
                    self.spoken.say("notice.data.bureau_rights", count=None, days=lender.bureau.dispute_days),
                ]
            )
        step = lender.next_instance
        places = {"name": label(step.name), "contact": label(step.contact)}
        if step.days is None:
            yield self.say("rights.next", **places)
        else:
            yield self.say("rights.next_days", days=step.days, **places)
        if step.name != lender.regulator:
            yield self.say("rights.regulator", name=label(lender.regulator), contact=label(lender.regulator_contact))
        yield self.say("rights.court")
