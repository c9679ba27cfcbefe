"""Sentences about one decrease, made of the catalogue's wording and ``templates/reason_words.toml``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.principal import PrincipalReasons
from credit_model.portfolio.catalogue import Feature
from credit_model.words.texts import texts
from credit_model.words.values import Lang, Wording, format_share, join_words

if TYPE_CHECKING:
    from credit_model.words.reasons import KnockOut, Reason

#: Below this coverage a note says that the rest is many small changes.
_LOW_COVERAGE = 0.60
#: From this share on a reason is the only one.
_ALL = 0.995
_RISES = {
    "en": ("rose", "risen", "increased", "grew", "climbed", "went up", "lengthened"),
    "zh": ("升至", "上升", "升高", "增至", "增加到", "增加至", "提高", "延长"),
}
_FALLS = {
    "en": ("fell", "fallen", "decreased", "dropped", "declined", "shrank", "went down", "shortened"),
    "zh": ("降至", "下降", "减至", "减少到", "减少至", "降低", "缩短"),
}
#: Kinds of rule with a first sentence of their own.
_NAMED_KINDS = ("inactivity", "class_wide")


def reason_text(
    wording: Wording, feature: Feature, before: float, after: float, texts_of_both: tuple[str, str], *, reference: str
) -> str:
    """One reason as a clause, e.g. "longest days past due in 6 months rose from 0 days to 34 days".

    ``texts_of_both`` are the values in words, as `Wording.pair` gives them. The catalogue's wording is for a value
    that moved in its direction; a value that appeared or vanished, a free feature that moved the other way, and a
    comparison with peers have words of their own.
    """
    say = texts("reason_words", wording.lang)
    then, now = texts_of_both
    label = feature.label.text(wording.lang)
    known_before, known_after = before == before, after == after
    if reference == "peers":
        key = "peers_only" if not known_before else "peers" if known_after else "peers_unknown"
        return say[f"reason.{key}"].format(label=label, before=then, after=now)
    if not (known_before and known_after):
        return say[f"reason.{'vanished' if known_before else 'appeared'}"].format(label=label, before=then, after=now)
    template = feature.reason.text(wording.lang) if feature.reason else say["reason.changed"]
    if _says_otherwise(template, wording.lang, rose=after > before) and not feature.categorical:
        template = say["reason.changed"]
    return template.format(label=label, before=then, after=now)


@cache
def _says_otherwise(template: str, lang: Lang, *, rose: bool) -> bool:
    up = any(word in template for word in _RISES[lang])
    down = any(word in template for word in _FALLS[lang])
    return (down and not up) if rose else (up and not down)


def tied_ranks(chosen: PrincipalReasons) -> tuple[tuple[int, ...], ...]:
    """Ranks of reasons that are about equally heavy, a tuple for each group."""
    groups: list[tuple[int, ...]] = []
    rank = 1
    while rank <= len(chosen.reasons):
        last = rank
        while chosen.reasons[last - 1].tied_with_next:
            last += 1
        if last > rank:
            groups.append(tuple(range(rank, last + 1)))
        rank = last + 1
    return tuple(groups)


def join_ranks(ranks: Sequence[int], lang: Lang) -> str:
    """Ranks in a sentence: "1, 2 and 3", "1、2、3"."""
    numbers = [str(rank) for rank in ranks]
    return "、".join(numbers) if lang == "zh" else join_words(numbers, lang)


@dataclass(frozen=True)
class Sentences:
    """Sentences about the decreases of one set of explanations, in one language."""

    explanations: DecreaseExplanations
    lang: Lang

    @cached_property
    def wording(self) -> Wording:
        """The catalogue's labels and values."""
        return Wording(self.explanations.catalogue, self.lang, self.explanations.month_type)

    def say(self, key: str, **places: str) -> str:
        """A sentence of ``reason_words.toml``, filled in."""
        return texts("reason_words", self.lang)[key].format(**places)

    def compared_with(self, row: int) -> str:
        """The reference in words, e.g. "June 2023, when the previous limit was set"; "" where there is none."""
        explained = self.explanations
        if not explained.has_reference[row]:
            return ""
        key = explained.reference
        if explained.reference_censored[row] and key != "peers":
            key = "censored"
        return self.say(f"when.{key}", month=self.wording.month(int(explained.reference_month_number[row])))

    def notes(self, row: int, chosen: PrincipalReasons, rules: Sequence[KnockOut]) -> Iterator[str]:
        """What must be said beside the reasons."""
        if chosen.status != "explained":
            yield self._status(row, chosen)
        for rule in rules:
            yield self.say("note.knock_out", rule=rule.text)
        for kind in chosen.kinds:
            if kind != "knock_out":
                yield self.say(f"note.{kind}")
        for ranks in tied_ranks(chosen):
            yield self.say("note.near_tie", ranks=join_ranks(ranks, self.lang))
        if self.explanations.reference_censored[row] and chosen.reasons:
            yield self.say("note.censored")
        if chosen.reasons and chosen.coverage < _LOW_COVERAGE:
            yield self.say("note.coverage", coverage=format_share(chosen.coverage))

    def paragraph(
        self, row: int, chosen: PrincipalReasons, reasons: Sequence[Reason], rules: Sequence[KnockOut]
    ) -> str:
        """The whole in a few sentences."""
        explained = self.explanations
        sentences = [
            self.say(
                "paragraph.cut",
                month=self.wording.month(int(explained.month_number[row])),
                limit_before=self.wording.money(float(explained.limit_before[row])),
                limit_after=self.wording.money(float(explained.limit_after[row])),
            )
        ]
        if chosen.status == "explained":
            sentences += [self._first(row, reasons), *self._further(reasons[1:])]
            sentences += [self.say("note.near_tie", ranks=join_ranks(r, self.lang)) for r in tied_ranks(chosen)]
        else:
            sentences.append(self._status(row, chosen))
        sentences += [self.say("note.knock_out", rule=rule.text) for rule in rules]
        # A rule that cuts by itself makes any talk of what else would have kept the limit idle.
        if chosen.restoring and chosen.reasons and not rules and explained.reference != "peers":
            sentences.append(self._restoring(chosen))
        return (" " if self.lang == "en" else "").join(sentences)

    def _status(self, row: int, chosen: PrincipalReasons) -> str:
        key = f"note.{chosen.status}"
        if chosen.status == "not_worsened" and self.explanations.reference == "peers":
            key += "_peers"
        return self.say(key, when=self.compared_with(row))

    def _first(self, row: int, reasons: Sequence[Reason]) -> str:
        first = reasons[0]
        key = "paragraph.first"
        if first.exemption in _NAMED_KINDS:
            key += f"_{first.exemption}"
        elif first.about != "borrower":
            key += "_apart"
        if len(reasons) == 1 and first.share >= _ALL:
            key += "_only"
        return self.say(
            key,
            when=self.compared_with(row),
            factor=self._factor(first.factor_label),
            reason=first.text,
            share=format_share(first.share),
        )

    def _further(self, reasons: Sequence[Reason]) -> Iterator[str]:
        for key, own in (("others", True), ("apart", False)):
            named = [
                self.say("paragraph.weighed", reason=reason.text, share=format_share(reason.share))
                for reason in reasons
                if (reason.about == "borrower") == own
            ]
            if named:
                yield self.say(f"paragraph.{key}", reasons=("; " if self.lang == "en" else "；").join(named))

    def _restoring(self, chosen: PrincipalReasons) -> str:
        labels = [self._factor(self.wording.factor_labels[g]) for g in chosen.restoring]
        key = "paragraph.restoring" if len(labels) == 1 else "paragraph.restoring_any"
        return self.say(key, factors=("、" if self.lang == "zh" else ", ").join(labels))

    def _factor(self, label: str) -> str:
        """A factor's label as it stands inside a sentence."""
        if self.lang == "zh":
            return f"“{label}”"
        return label[:1].lower() + label[1:] if label[1:2].islower() else label
