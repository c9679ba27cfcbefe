"""What a decrease's page says of it, from its verdict: head, sentences, badges, facts and reasons, in all languages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.documents.page_change import reference_label
from credit_model.documents.page_texts import AllWords
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.verdict import Verdict
from credit_model.palette import FLAGS, factor_colour
from credit_model.words.reasons import DecreaseReasons, DecreaseWords
from credit_model.words.sentences import Sentences, rule_keys
from credit_model.words.told import KnockOut, ToldReason
from credit_model.words.values import CatalogueWords

#: How loudly a badge speaks, where it is not just a note.
TONES = {
    "unexplained": "warn",
    "raised": "confirm",
    "knock_out": "alert",
    "delinquency": "alert",
    "wave": "warn",
}


def flags_of(explained: DecreaseExplanations, row: int) -> tuple[str, ...]:
    """What a cut is marked with, of `palette.FLAGS` and in their order."""
    verdict = explained.verdicts[row]
    known = bool(explained.has_reference[row])
    marked = {verdict.support, *verdict.rules}
    marked |= {"near_tie"} if verdict.near_tie and not verdict.withheld else set()
    marked |= {"wave"} if verdict.wave is not None else set()
    marked |= {"censored"} if known and explained.reference_censored[row] else set()
    marked |= set() if known else {"no_reference"}
    return tuple(name for name in FLAGS if name in marked)


def cut_shares(before: FloatArray, after: FloatArray) -> FloatArray:
    """The shares of limits (n,) that were cut, in whole per cent; never all where something is left.

    >>> cut_shares(np.array([2e6, 20000.0, 500.0]), np.array([5000.0, 5000.0, 0.0])).tolist()
    [0.99, 0.75, 1.0]
    """
    cut = np.divide(before - after, before, out=np.zeros(len(before)), where=before > 0)
    return np.where(after > 0, np.minimum(np.round(cut, 2), 0.99), cut)


@dataclass(frozen=True)
class VerdictRecord:
    """Makes what is said of one decrease.

    Attributes
    ----------
    explained : DecreaseExplanations
    row : int
        The decrease among them.
    told : DecreaseReasons
        The same in words, in all languages of ``words``.
    words : AllWords
    """

    explained: DecreaseExplanations
    row: int
    told: DecreaseReasons
    words: AllWords

    @property
    def verdict(self) -> Verdict:
        """What all of it derives from."""
        return self.told.verdict

    def _told(self, spoken: CatalogueWords) -> DecreaseWords:
        return self.told.words[spoken.language.code]

    def record(self) -> dict[str, Any]:
        """The head of the page: how far the model supports the cut, what led, both risks, badges and facts."""
        marks = flags_of(self.explained, self.row)
        return {
            "support": self.verdict.support,
            "head": self.words.each(self._head),
            "body": self._body(),
            "badges": [{"tone": TONES.get(name, "note"), "text": self.words.told(f"badge_{name}")} for name in marks],
            "facts": [self._limit(), self._risk(), self._reference()],
        }

    # ---- the verdict in sentences

    def _head(self, spoken: CatalogueWords) -> str:
        verdict, say = self.verdict, spoken.language.say
        rule = [say("report.head_rule")] if self.told.knock_outs else []
        if verdict.withheld and rule:
            return rule[0]
        if verdict.withheld:
            wave = verdict.withheld == "not_supported" and verdict.wave is not None
            return say(f"report.head_{verdict.withheld}{'_wave' if wave else ''}")
        key = f"report.head_{verdict.support}"
        first, second = (*verdict.factors, verdict.leading_factor)[:2]
        names = {"factor": spoken.language.inside(spoken.factor_labels[first])}
        if verdict.mostly_apart:
            head = say(f"{key}_mostly_apart", where=Sentences(self.explained, spoken).where_apart(self.row))
        elif verdict.near_tie:
            head = say(f"{key}_tie", **names, second=spoken.language.inside(spoken.factor_labels[second]))
        else:
            about = self.explained.catalogue.factors[first].about
            head = say(key if about == "borrower" else f"{key}_apart", **names)
        return spoken.language.headed(spoken.language.clauses([*rule, head]))

    def _body(self) -> list[Any]:
        """Both risks and how far the model supports the cut; how often such a risk came true; the wave; rules."""
        paragraphs = [
            self.words.each(lambda spoken: _both(spoken, self._told(spoken).risk, self._told(spoken).support_sentence)),
            self.words.each(lambda spoken: self._told(spoken).frequency),
            self.words.each(lambda spoken: self._told(spoken).wave),
        ]
        return [text for text in [*paragraphs, *self._rules] if text]

    @cached_property
    def _rules(self) -> list[Any]:
        """The rules that apply, a sentence each: said once, in the page's head."""
        others = [self.words.say(f"note.{key}") for key in rule_keys(self.verdict)]
        return [*map(self._fired, self.told.knock_outs), *others]

    def _fired(self, rule: KnockOut) -> Any:
        return self.words.say("note.knock_out", rule=lambda spoken: rule.texts[spoken.language.code])

    # ---- facts

    def _limit(self) -> dict[str, Any]:
        explained = self.explained
        before, after = float(explained.limit_before[self.row]), float(explained.limit_after[self.row])
        tier_before, tier_after = int(explained.tier_before[self.row]), int(explained.tier_after[self.row])
        places = {"before": str(tier_before), "after": str(tier_after), "most": str(explained.ladder.n_tiers - 1)}

        def note(spoken: CatalogueWords) -> str:
            tiers = spoken.language.say("report.tiers", count=None, **places)
            if before <= 0:
                return tiers
            cut = spoken.language.percent(-float(cut_shares(np.array([before]), np.array([after]))[0]))
            return spoken.language.say("page.separator").join([cut, tiers])

        return {
            "id": "limit",
            "term": self.words.told("limit"),
            "was": self.words.money(before),
            "is": self.words.money(after),
            "note": self.words.each(note),
        }

    def _risk(self) -> dict[str, Any]:
        verdict, usual = self.verdict, self.verdict.usual_risk
        known = verdict.risk_before == verdict.risk_before
        note = self.words.told("usual_risk", usual=lambda spoken: spoken.language.risk(usual))
        return {
            "id": "risk",
            "term": self.words.told("risk_of_losing", tier=str(int(self.explained.tier_before[self.row]))),
            "was": self.words.risk(verdict.risk_before) if known else None,
            "is": self.words.risk(verdict.risk_after),
            "note": note if usual == usual else None,
        }

    def _reference(self) -> dict[str, Any]:
        label = reference_label(self.words, self.explained, self.row)
        return {"id": "reference", "term": self.words.told("compared_with"), "was": None, "is": label, "plain": True}

    # ---- reasons

    def reasons(self) -> dict[str, Any]:
        """The reasons in the order told, those that are not the borrower's apart; or why none are told."""
        verdict, told = self.verdict, self.told
        abouts = list(dict.fromkeys(reason.about for reason in told.reasons))
        title = "no_reasons" if verdict.withheld else f"reasons_{verdict.support}"
        empty = self.words.told(f"no_reasons_{verdict.withheld}") if verdict.withheld else None
        coverage = None
        if told.reasons:
            key = f"coverage_{verdict.support}"
            coverage = self.words.told(key, share=lambda spoken: spoken.language.share(verdict.coverage))
        return {
            "title": self.words.told(title),
            "empty": empty,
            "groups": [
                {
                    "head": None if abouts == ["borrower"] else self.words.told(f"reasons_{about}"),
                    "items": [self._reason(reason) for reason in told.about(about)],
                }
                for about in abouts
            ],
            "coverage": coverage,
            "notes": [note for note in map(self._note, range(len(told.notes))) if note not in self._rules],
            "paragraph": self.words.each(lambda spoken: self._told(spoken).paragraph),
        }

    def _note(self, k: int) -> Any:
        return self.words.each(lambda spoken: self._told(spoken).notes[k])

    def _reason(self, reason: ToldReason) -> dict[str, Any]:
        tags = [name for name in self.verdict.rules if name == reason.exemption]
        tags += ["near_tie"] if reason.reason.near_tie else []
        tags += [] if reason.reason.firm else ["unsteady"]
        return {
            **reason.as_record(*self.words.codes),
            "factor": self.words.label(self.explained.catalogue.factors[reason.reason.factor].label),
            "colour": factor_colour(reason.reason.factor),
            "tags": [self.words.told(f"badge_{name}") for name in tags],
        }


def _both(spoken: CatalogueWords, *sentences: str) -> str:
    return spoken.language.sentences(sentences)
