"""What a plot of one decrease says above the picture: its verdict in a few lines, and what puts it in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.verdict import Verdict
from credit_model.plots.sheet import Note
from credit_model.words.language import Language
from credit_model.words.sentences import Sentences, frequency_sentence, wave_sentence
from credit_model.words.values import CatalogueWords


def one_decrease(explanation: DecreaseExplanations) -> None:
    """Refuse anything but a single decrease.

    Raises
    ------
    CreditModelError
        ``explanation`` holds none or several.
    """
    if len(explanation) != 1:
        raise CreditModelError(
            f"this plot shows exactly one decrease, got {len(explanation)}; pick one, such as explanations[0] or "
            "explanations.select(borrower_id, month)"
        )


@dataclass(frozen=True)
class Headline:
    """The verdict on a single decrease in the words of plots.

    Attributes
    ----------
    explanation : DecreaseExplanations
        Of this decrease alone.
    words : CatalogueWords
    """

    explanation: DecreaseExplanations
    words: CatalogueWords

    @property
    def verdict(self) -> Verdict:
        """The verdict that all lines derive from."""
        return self.explanation.verdicts[0]

    @property
    def _spoken(self) -> Language:
        return self.words.language

    def _say(self, key: str, **places: Any) -> str:
        return self._spoken.say(f"plot.{key}", **places)

    def _compared(self, key: str, **places: Any) -> str:
        """The same, in the words for a comparison with peers where it is one."""
        return self._say(f"{key}_peers" if self.explanation.reference == "peers" else key, **places)

    # ---- titles

    @property
    def title(self) -> str:
        """From what to what the limit fell; "why" only of an expected cut of which reasons are told."""
        support = "unexplained" if self.verdict.withheld else self.verdict.support
        before, after = (
            self.words.money(float(a[0])) for a in (self.explanation.limit_before, self.explanation.limit_after)
        )
        return self._say(
            "change.title" if support == "expected" else f"change.title_{support}", before=before, after=after
        )

    @property
    def what_if_title(self) -> str:
        """What would have kept the limit, or brought a raised risk back."""
        if self.verdict.support == "raised":
            return self._say("what_if.title_raised")
        return self._say("what_if.title", limit=self.words.money(float(self.explanation.limit_before[0])))

    @property
    def subtitle(self) -> str:
        """Whose limit, when it was decided, and what it is compared with."""
        explanation = self.explanation
        parts = [
            self._say("borrower", borrower=explanation.borrower_id[0]),
            self._say("decided", month=self.words.month(int(explanation.month_number[0]))),
        ]
        if when := Sentences(explanation, self.words).compared_with(0):
            parts.append(self._say("compared", when=when))
        return " · ".join(parts)

    # ---- notes

    def change_notes(self) -> list[Note]:
        """Above the *change* plot: the verdict, what led, rules and waves."""
        return [*self._apart(), *self._support(), *self._led(), *self._rules(), *self._wave()]

    def what_if_notes(self, found: pd.DataFrame, *, not_shown: int) -> list[Note]:
        """Above the *what-if* plot: the verdict, and how much it takes; ``found`` is the restoring table."""
        return [*self._support(), *self._sets(found, not_shown), *self._rules(), *self._wave()]

    def _support(self) -> Iterator[Note]:
        """How far the model supports the cut, both risks, and how often such a risk ended in a cut."""
        verdict, spoken = self.verdict, self._spoken
        before, after = spoken.risk(verdict.risk_before), spoken.risk(verdict.risk_after)
        risk = self._say("risk_now", after=after)
        if self.explanation.has_reference[0]:
            risk = self._compared("risk", before=before, after=after)
        support = self._say(f"support.{verdict.support}", risk=risk)
        yield Note(support, "alert" if verdict.support == "unexplained" else "plain")
        if frequency := frequency_sentence(spoken, verdict.frequency):
            yield Note(frequency, "quiet")

    def _apart(self) -> Iterator[Note]:
        if not self.verdict.withheld and self.verdict.mostly_apart:
            where = Sentences(self.explanation, self.words).where_apart(0)
            key = "mostly_apart_raised" if self.verdict.support == "raised" else "mostly_apart"
            yield Note(self._say(f"change.{key}", where=where))

    def _led(self) -> Iterator[Note]:
        """What led the cut, or why nothing is told."""
        verdict = self.verdict
        if not self.explanation.has_reference[0]:
            yield Note(self._say("change.no_reference"), "alert")
            return
        if verdict.withheld:
            nothing = verdict.withheld == "not_supported" and not verdict.factors
            yield Note(self._compared(f"change.{'nothing_moved' if nothing else verdict.withheld}"), "alert")
            return
        first = self.words.factor_labels[verdict.leading_factor]
        if verdict.near_tie:
            second = self.words.factor_labels[verdict.factors[1]]
            yield Note(self._say("change.near_tie", first=first, second=second), "alert")
            return
        about = self.explanation.catalogue.factors[verdict.leading_factor].about
        apart = about != "borrower" and not verdict.mostly_apart  # which is said already
        yield Note(self._say(f"change.{verdict.support}{'_apart' if apart else ''}", factor=first))

    def _rules(self) -> Iterator[Note]:
        """Rules that applied, with the driver that stands for each where one is told."""
        verdict, drivers = self.verdict, self.explanation.catalogue.drivers
        named = [("knock_out", driver) for driver in verdict.knock_outs]
        for rule in verdict.rules:
            if rule != "knock_out":
                told = [reason.driver for reason in verdict.reasons if drivers[reason.driver].exemption == rule]
                named.append((rule, told[0] if told else -1))
        for rule, driver in named:
            name = self._spoken.headed(self._spoken.say(f"rule.{rule}"))
            text = self._say("rule", rule=name, driver=self.words.driver_labels[driver]) if driver >= 0 else name
            yield Note(text, "alert")

    def _wave(self) -> Iterator[Note]:
        if wave := wave_sentence(self.words, self.verdict.wave):
            yield Note(wave)

    def _sets(self, found: pd.DataFrame, not_shown: int) -> Iterator[Note]:
        raised = "_raised" if self.verdict.support == "raised" else ""
        if not len(found):
            yield Note(self._say("what_if.not_supported"), "alert")
            return
        if not self.explanation.has_reference[0]:
            yield Note(self._say("change.no_reference"), "alert")
            return
        if not found["restores"].iloc[0]:
            yield Note(self._compared(f"what_if.never{raised}"), "alert")
            return
        text = self._compared("what_if.enough", count=int(found["n_factors"].iloc[0]))
        if not_shown > 0:
            text += self._spoken.bracketed(self._say("what_if.not_shown", count=not_shown))
        yield Note(text)
