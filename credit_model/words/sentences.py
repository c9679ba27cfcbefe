"""Sentences about one cut, from its verdict and its told reasons, in one language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.support import Frequency
from credit_model.explain.verdict import Verdict
from credit_model.explain.waves import MONTH, TIER, Wave
from credit_model.words.language import LEAST_RISK, Language
from credit_model.words.told import KnockOut, ToldReason
from credit_model.words.values import CatalogueWords

#: Below this coverage a note says that the rest is many small changes.
_LOW_COVERAGE = 0.60
#: From this share on a reason is the only one.
_ALL = 0.995
#: A risk that is at least so many times the earlier one is told with how many times it is.
_TIMES = 2.0
#: Types of rule with a first sentence of their own.
_NAMED_RULES = ("inactivity", "class_wide")


def frequency_sentence(spoken: Language, frequency: Frequency | None) -> str:
    """How often held-out decisions of about the same risk ended in a decrease; "" where it is not known."""
    if frequency is None:
        return ""
    below, above = frequency.low <= 0, frequency.high >= 1
    return spoken.say(
        "frequency." + ("all" if below and above else "below" if below else "above" if above else "between"),
        count=frequency.n,
        low=spoken.risk(frequency.low),
        high=spoken.risk(frequency.high),
        share=spoken.risk(frequency.share) if 0 < frequency.n_cut < frequency.n else spoken.percent(frequency.share),
    )


def wave_sentence(words: CatalogueWords, wave: Wave | None, *, section: str = "wave") -> str:
    """That many others were cut at once, as the lender's doing; "" where there is no wave.

    ``section`` is "wave", or "notice.wave" for the lender's own voice.
    """
    if wave is None:
        return ""
    spoken = words.language
    places = {
        "month": words.month(wave.month_number),
        "rate": spoken.risk(wave.rate),
        "times": spoken.times(wave.times_usual),
    }
    if wave.scope == MONTH:
        return spoken.say(f"{section}.month", **places)
    if wave.scope == TIER:
        return spoken.say(f"{section}.tier_in_force", group=str(wave.group), **places)
    column = words.catalogue.column(wave.scope)
    group = words.category(column, wave.group)
    return spoken.say(f"{section}.column", column=spoken.label(column.label), group=group, **places)


def rule_keys(verdict: Verdict) -> list[str]:
    """Keys of the sentences about the rules that apply, knock-outs apart: of a raised cut none says why it was cut."""
    ending = "_raised" if verdict.support == "raised" else ""
    return [f"{rule}{ending}" for rule in verdict.rules if rule != "knock_out"]


def _support_key(verdict: Verdict) -> str:
    """The sentence that says how far a cut is supported, and if it is not, what is missing."""
    if verdict.shortfall in ("not_high", "not_risen", "outweighed", "month_effect"):
        return f"{verdict.support}_{verdict.shortfall}"
    return f"{verdict.support}_sentence"


@dataclass(frozen=True)
class Facts:
    """What is said of every cut, whether or not it has reasons; each a sentence, "" where there is nothing to say.

    Attributes
    ----------
    risk : str
        Both risks of losing the limit.
    support : str
        How far the model supports the cut.
    frequency : str
        How often held-out decisions of about that risk ended in a cut.
    wave : str
        That many others were cut at once.
    """

    risk: str
    support: str
    frequency: str
    wave: str


@dataclass(frozen=True)
class Sentences:
    """Sentences about the decreases of one set of explanations, in one language."""

    explanations: DecreaseExplanations
    words: CatalogueWords

    @property
    def _spoken(self) -> Language:
        return self.words.language

    def compared_with(self, row: int) -> str:
        """The reference in words, e.g. "June 2023, when the previous limit was set"; "" where there is none."""
        explained = self.explanations
        if not explained.has_reference[row]:
            return ""
        key = explained.reference
        if explained.reference_censored[row] and key != "peers":
            key = "censored"
        return self._spoken.say(f"when.{key}", month=self.words.month(int(explained.reference_month_number[row])))

    def facts(self, row: int, verdict: Verdict) -> Facts:
        """What is said of every cut."""
        spoken = self._spoken
        return Facts(
            risk=self._risk(row, verdict),
            support=spoken.say(f"support.{_support_key(verdict)}", usual=spoken.risk(verdict.usual_risk)),
            frequency=frequency_sentence(spoken, verdict.frequency),
            wave=wave_sentence(self.words, verdict.wave),
        )

    def _risk(self, row: int, verdict: Verdict) -> str:
        spoken, before, after = self._spoken, verdict.risk_before, verdict.risk_after
        if before != before:
            return spoken.say("risk.alone", after=spoken.risk(after))
        texts = {"when": self.compared_with(row), "before": spoken.risk(before), "after": spoken.risk(after)}
        if self.explanations.reference == "peers":
            return spoken.say("risk.peers", **texts)
        if texts["before"] == texts["after"]:
            return spoken.say("risk.same", **texts)
        if after < before:
            return spoken.say("risk.fell", **texts)
        if before < LEAST_RISK or after < _TIMES * before:
            return spoken.say("risk.rose", **texts)
        return spoken.say("risk.rose_times", times=spoken.times(after / before), **texts)

    def notes(self, row: int, verdict: Verdict, rules: Sequence[KnockOut]) -> Iterator[str]:
        """What must be said beside the reasons."""
        if verdict.withheld:
            yield self._spoken.sentences(self._withheld(row, verdict))
        elif verdict.support == "raised":
            yield self._spoken.say("note.confirm")
        for rule in rules:
            yield self._spoken.say("note.knock_out", rule=rule.texts[self._spoken.code])
        for key in rule_keys(verdict):
            yield self._spoken.say(f"note.{key}")
        yield from self._ties(verdict)
        if verdict.n_fits > 1 and verdict.reasons:
            factor = self._spoken.inside(self.words.factor_labels[verdict.leading_factor])
            fits, n_fits = (self._spoken.number(n) for n in (verdict.leader_fits, verdict.n_fits))
            yield self._spoken.say("note.fits", factor=factor, fits=fits, number=n_fits)
        if unsteady := [rank for rank, reason in enumerate(verdict.reasons, start=1) if not reason.firm]:
            key = "note.unsteady_raised" if verdict.support == "raised" else "note.unsteady"
            yield self._spoken.say(key, ranks=self._spoken.ranks(unsteady))
        if verdict.unseen >= 0 and verdict.reasons:
            feature = self._spoken.inside(self.words.driver_labels[verdict.unseen])
            yield self._spoken.say("note.unseen", feature=feature)
        if self.explanations.reference_censored[row] and verdict.reasons:
            yield self._spoken.say("note.censored")
        if verdict.reasons and verdict.coverage < _LOW_COVERAGE:
            key = "note.coverage_raised" if verdict.support == "raised" else "note.coverage"
            yield self._spoken.say(key, coverage=self._spoken.share(verdict.coverage))

    def paragraph(
        self, row: int, verdict: Verdict, facts: Facts, reasons: Sequence[ToldReason], rules: Sequence[KnockOut]
    ) -> str:
        """The whole in a few sentences."""
        spoken = self._spoken
        said = [self._cut(row, verdict), facts.wave, facts.risk, facts.support, facts.frequency]
        if reasons:
            said += [self._first(verdict, reasons), *self._further(verdict, reasons[1:]), *self._ties(verdict)]
        else:
            said += self._withheld(row, verdict)
        said += [spoken.say("note.knock_out", rule=rule.texts[spoken.code]) for rule in rules]
        # A rule that cuts by itself makes any talk of what else would have kept the limit idle.
        if verdict.restoring and reasons and not rules and self.explanations.reference != "peers":
            said.append(self._restoring(verdict))
        return spoken.sentences(said)

    def _cut(self, row: int, verdict: Verdict) -> str:
        """From what to what the limit fell; where it lies mostly apart from the borrower, this says so."""
        explained, key, where = self.explanations, "cut", ""
        told_as_cause = verdict.support == "expected" and not verdict.withheld
        if verdict.mostly_apart and (told_as_cause or verdict.risk_after > verdict.risk_before):
            key = "cut_apart" if told_as_cause else "cut_after_rise_apart"
            where = self.where_apart(row)
        return self._spoken.say(
            f"paragraph.{key}",
            month=self.words.month(int(explained.month_number[row])),
            limit_before=self.words.money(float(explained.limit_before[row])),
            limit_after=self.words.money(float(explained.limit_after[row])),
            where=where,
        )

    def where_apart(self, row: int, *, section: str = "apart") -> str:
        """Where it lies that is not the borrower's: "in the economy", "with the lender", or both.

        ``section`` is "apart", or "notice.apart" for the lender's own voice.
        """
        lowered = self.explanations.factor_contributions[row] < 0
        factors = self.explanations.catalogue.factors
        abouts = {f.about for f, low in zip(factors, lowered, strict=True) if low and f.about != "borrower"}
        return self._spoken.say(f"{section}.{abouts.pop() if len(abouts) == 1 else 'both'}")

    def _withheld(self, row: int, verdict: Verdict) -> list[str]:
        """Why no reasons are given, and what is known all the same."""
        spoken, peers = self._spoken, self.explanations.reference == "peers"
        if verdict.withheld == "not_supported":
            moved = "moved_peers" if peers else "moved" if verdict.factors else "nothing_moved"
            known = [spoken.say(f"note.{moved}")] if self.explanations.has_reference[row] else []
            return [*known, spoken.say("note.not_supported")]
        key = f"note.{verdict.withheld}" + ("_peers" if peers and verdict.withheld == "not_worsened" else "")
        return [spoken.say(key, when=self.compared_with(row))]

    def _first(self, verdict: Verdict, reasons: Sequence[ToldReason]) -> str:
        """The first reason, and that its factor led: beside another, or only by several reasons taken together."""
        first, base = reasons[0], "raised" if verdict.support == "raised" else "first"
        apart = "" if first.about == "borrower" else "_apart"
        alone = "_only" if len(reasons) == 1 and first.reason.share >= _ALL else ""
        if verdict.near_tie:
            key = f"{base}_tie"
        elif any(other.reason.share > first.reason.share for other in reasons[1:]):
            key = f"{base}{apart}_together"
        elif first.exemption in _NAMED_RULES:
            key = f"{base}_{first.exemption}{alone}"
        else:
            key = f"{base}{apart}{alone}"
        words, spoken = first.words[self._spoken.code], self._spoken
        tied = [spoken.inside(self.words.factor_labels[g]) for g in verdict.factors[:2]]
        return spoken.say(
            f"paragraph.{key}",
            factor=spoken.inside(words.factor),
            factors=spoken.headed(spoken.join(tied)),
            reason=words.text,
            share=words.weight,
        )

    def _further(self, verdict: Verdict, reasons: Sequence[ToldReason]) -> Iterator[str]:
        others = "raised_others" if verdict.support == "raised" else "others"
        for key, own in ((others, True), ("apart", False)):
            told = [reason.words[self._spoken.code] for reason in reasons if (reason.about == "borrower") == own]
            named = [self._spoken.say("paragraph.weighed", reason=w.text, share=w.weight) for w in told]
            if named:
                yield self._spoken.say(f"paragraph.{key}", reasons=self._spoken.clauses(named))

    def _ties(self, verdict: Verdict) -> Iterator[str]:
        key = "note.near_tie_raised" if verdict.support == "raised" else "note.near_tie"
        for ranks in verdict.ties:
            yield self._spoken.say(key, ranks=self._spoken.ranks(ranks))

    def _restoring(self, verdict: Verdict) -> str:
        labels = [self._spoken.inside(self.words.factor_labels[g]) for g in verdict.restoring]
        key = "raised_restoring" if verdict.support == "raised" else "restoring"
        return self._spoken.say(
            f"paragraph.{key}{'' if len(labels) == 1 else '_any'}", factors=self._spoken.listed(labels)
        )
