"""What a notice says, gathered from the verdict on a decrease, its words and the lender file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from credit_model.act.plans.plan import Plan
from credit_model.documents.lender_file import CHANNELS, Lender
from credit_model.documents.notice_ahead import ahead_of
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.verdict import Verdict
from credit_model.portfolio.months import first_day
from credit_model.words.language import Language
from credit_model.words.reasons import DecreaseReasons
from credit_model.words.sentences import Sentences, rule_keys, wave_sentence
from credit_model.words.told import ToldReason, known_or_none
from credit_model.words.values import CatalogueWords, catalogue_words

FORMAT = "credit_model.notice/2"
_DIGEST_SHOWN = 12
#: Digits of the numbers beside the words.
_DIGITS = 6
#: How the keys of texts end that count days.
_DAYS = {"calendar": "_days", "working": "_working_days"}
_REVIEW = {"calendar": "", "working": "_working_days"}


def on_one_line(text: str) -> str:
    """A text from outside on one line, without what UTF-8 cannot hold."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


@dataclass(frozen=True)
class NoticeContent:
    """Gathers what a notice says.

    Attributes
    ----------
    explanation : DecreaseExplanations
        Of a single decrease.
    told : DecreaseReasons
        The same in words.
    lender : Lender
    given_date : date or None
        When the new limit takes effect, where it is given.
    confirmed_by : str or None
        Who has confirmed what the notice names.
    lang : str
    plan : Plan or None
        What brings the limit back, as of the decision.
    """

    explanation: DecreaseExplanations
    told: DecreaseReasons
    lender: Lender
    given_date: date | None
    confirmed_by: str | None
    lang: str
    plan: Plan | None = None

    @cached_property
    def words(self) -> CatalogueWords:
        """The catalogue's words in the notice's language."""
        return catalogue_words(self.explanation.catalogue, self.lang, self.explanation.month_type)

    @property
    def spoken(self) -> Language:
        """The notice's language."""
        return self.words.language

    @property
    def verdict(self) -> Verdict:
        """What the notice tells."""
        return self.told.verdict

    @cached_property
    def month(self) -> int:
        """The decision's month."""
        return int(self.explanation.month_number[0])

    @cached_property
    def effective(self) -> date | None:
        """The day that the new limit takes effect; None where months are no dates."""
        if self.given_date is not None or self.explanation.month_type == "integer":
            return self.given_date
        return first_day(self.month + 1 - self.explanation.catalogue.decision_lag, self.explanation.month_type)

    def say(self, key: str, **places: object) -> str:
        """A text of the notice, filled in."""
        return self.spoken.say(f"notice.{key}", count=None, **places)

    def content(self) -> dict[str, Any]:
        """Everything that the notice says; JSON can hold it."""
        explained, verdict, label = self.explanation, self.verdict, self.spoken.label
        reasons = [self._reason(reason) for reason in self.told.reasons]
        return {
            "format": FORMAT,
            "lang": self.lang,
            "sample": self.lender.sample,
            "draft": verdict.needs_confirmation and self.confirmed_by is None,
            "confirmed_by": self.confirmed_by,
            "lender": {"name": label(self.lender.name), "address": label(self.lender.address)},
            "regulator": {"name": label(self.lender.regulator), "contact": label(self.lender.regulator_contact)},
            "borrower_id": on_one_line(str(self.told.borrower_id)),
            "month": self.told.month,
            "month_text": self.words.month(self.month),
            "limit": self._limit(),
            "support": verdict.support,
            "withheld": verdict.withheld,
            "reference": explained.reference,
            "compared_with": self.told.compared_with,
            "risk": self._risk(),
            "coverage": round(verdict.coverage, _DIGITS),
            "why": list(self._why()),
            "reasons": [reason for reason in reasons if reason["about"] == "borrower"],
            "other_influences": [reason for reason in reasons if reason["about"] != "borrower"],
            "wave": wave_sentence(self.words, verdict.wave, section="notice.wave"),
            "remarks": list(self._remarks()),
            "rules": list(self._rules()),
            "exemptions": list(self._exemptions()),
            "data": list(self._data()),
            "ahead": ahead_of(self.plan, verdict, self.words),
            "channels": self._channels(),
            "versions": {
                "model": explained.model_version,
                "catalogue": f"{explained.catalogue.name} {explained.catalogue.version}",
                "catalogue_digest": explained.catalogue.digest[:_DIGEST_SHOWN],
                "lender_file": self.lender.version,
                "lender_file_digest": self.lender.digest[:_DIGEST_SHOWN],
            },
        }

    def _limit(self) -> dict[str, Any]:
        before, after = float(self.explanation.limit_before[0]), float(self.explanation.limit_after[0])
        days = self.lender.notice_days
        if self.effective is None:
            edge = "start" if self.explanation.catalogue.decision_lag else "end"
            effective, due = self.say(f"limit.month_{edge}", month=self.words.month(self.month)), None
            due_text = self.say("limit.give_by_days", days=days)
        else:
            due = self.effective + timedelta(days=days)
            effective = self.spoken.date(self.effective)
            due_text = self.say("limit.give_by_date", date=self.spoken.date(due), days=days)
        return {
            "currency": self.explanation.catalogue.currency,
            "before": before,
            "after": after,
            "before_text": self.words.money(before),
            "after_text": self.words.money(after),
            "effective_date": None if self.effective is None else self.effective.isoformat(),
            "effective_text": effective,
            "give_by_date": None if due is None else due.isoformat(),
            "give_by_text": due_text,
            "notice_days": days,
        }

    def _risk(self) -> dict[str, Any]:
        verdict = self.verdict
        return {
            "before": known_or_none(round(verdict.risk_before, _DIGITS)),
            "after": round(verdict.risk_after, _DIGITS),
            "usual": known_or_none(round(verdict.usual_risk, _DIGITS)),
            "frequency": None if verdict.frequency is None else asdict(verdict.frequency),
        }

    def _reason(self, reason: ToldReason) -> dict[str, Any]:
        """A reason as `ToldReason.as_record` gives it; the factor's label is left out, as no notice says it."""
        record = reason.as_record()
        del record["factor"]
        return record | {
            "contribution": round(record["contribution"], _DIGITS),
            "share": round(record["share"], _DIGITS),
            "source": self.spoken.headed(record["source"]),
        }

    def _why(self) -> Iterator[str]:
        """What the decrease rests on: whose doing, both risks, how often such a risk came true, then the reasons."""
        verdict, told = self.verdict, self.told
        raised = "_raised" if verdict.support == "raised" else ""
        if not verdict.withheld and verdict.mostly_apart:
            where = Sentences(self.explanation, self.words).where_apart(0, section="notice.apart")
            yield self.say(f"reasons.mostly_apart{raised}", where=where)
        yield self.spoken.sentences([told.risk, "" if verdict.withheld == "not_supported" else told.support_sentence])
        if told.frequency:
            yield told.frequency
        if verdict.withheld:
            yield from self._withheld()
            return
        own, others = bool(told.about("borrower")), bool(told.about("economy") or told.about("lender"))
        key = "none" if not own else "opening_both" if others else "opening"
        coverage = self.spoken.share(verdict.coverage)
        opening = self.say(f"reasons.{key}{raised}", when=told.compared_with, coverage=coverage)
        complete = "weightiest" if verdict.unnamed else f"complete{raised}"
        yield self.spoken.sentences([opening, self.say(f"reasons.{complete}")])

    def _withheld(self) -> Iterator[str]:
        """Why no reasons are named, what is known all the same, and that a person looks at it again."""
        verdict, compared = self.verdict, "_peers" if self.explanation.reference == "peers" else ""
        not_worsened = verdict.withheld == "not_worsened"
        key = f"unexplained.{verdict.withheld}{compared if not_worsened else ''}"
        yield self.say(key, when=self.told.compared_with)
        if verdict.withheld == "not_supported" and self.explanation.has_reference[0]:
            yield self.say(f"unexplained.{'moved' if verdict.factors else 'nothing_moved'}{compared}")
        review = self.lender.channel("human_review")
        yield self.say("unexplained.review" + _REVIEW[review.counted], days=review.answer_days)

    def _remarks(self) -> Iterator[str]:
        for ranks in self.verdict.ties:
            yield self.say("reasons.near_tie", ranks=self.spoken.ranks(ranks))
        if self.told.reasons and self.explanation.reference_censored[0]:
            yield self.say("reasons.censored")

    def _rules(self) -> Iterator[str]:
        for rule in self.told.knock_outs:
            yield self.say("rules.knock_out", rule=rule.text, code=rule.code)
        for key in rule_keys(self.verdict):
            yield self.say(f"rules.{key}")

    def _exemptions(self) -> Iterator[str]:
        for name in self.verdict.rules:
            if name != "knock_out":
                yield self.say(f"exemption.{name}", rules=self.spoken.label(self.lender.exemption_rules))

    def _data(self) -> Iterator[str]:
        label = self.spoken.label
        bureau = {"bureau": label(self.lender.bureau.name), "contact": label(self.lender.bureau.contact)}
        used: dict[str, list[int]] = {}
        for reason in self.told.reasons:
            used.setdefault(reason.source_id, []).append(reason.rank)
        for source, ranks in used.items():
            yield self.say(f"data.{source}", ranks=self.spoken.listed(map(str, ranks)), **bureau)
        consulted = any(feature.source == "bureau" for feature in self.explanation.catalogue.drivers)
        if "bureau" not in used and consulted:
            yield self.say("data.bureau_used", **bureau)
        if consulted:
            yield self.say("data.bureau_rights", days=self.lender.bureau.dispute_days)

    def _channels(self) -> list[dict[str, Any]]:
        channels = [self.lender.channel(name) for name in CHANNELS]
        return [
            {
                "id": channel.id,
                "text": self.say(f"channels.{channel.id}"),
                "contact": self.spoken.label(channel.contact),
                "open_days": channel.open_days,
                "open_text": self.say(f"channels.open{_DAYS[channel.counted]}", days=channel.open_days),
                "answer_days": channel.answer_days,
                "answer_text": self.say(f"channels.answer{_DAYS[channel.counted]}", days=channel.answer_days),
            }
            for channel in channels
        ]
