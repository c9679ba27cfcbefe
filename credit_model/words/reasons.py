"""What is told of limit decreases, in words: both risks, the reasons with values then and now, what else matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any, overload

import pandas as pd

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.principal import MAX_REASONS
from credit_model.explain.verdict import Verdict
from credit_model.notebook import notebook_html
from credit_model.words.language import LANGUAGES
from credit_model.words.sentences import Sentences
from credit_model.words.told import KnockOut, ToldReason, known_or_none, tell_knock_out, tell_reason, texts_of
from credit_model.words.values import catalogue_words

#: Columns of `Reasons.table`: whose reason it is, and what `ToldReason.as_record` gives.
_COLUMNS = (
    "borrower_id", "month", "support", "rank", "feature", "factor_id", "about", "code", "source_id", "exemption",
    "contribution", "share", "near_tie", "fits", "n_fits", "firm", "value_before", "value_after",
    "text", "before", "after", "factor", "source", "weight",
)  # fmt: skip


@dataclass(frozen=True)
class DecreaseWords:
    """What is told of one cut in one language.

    Attributes
    ----------
    compared_with : str
        The reference, e.g. "June 2023, when the previous limit was set"; "" without one.
    risk, support_sentence : str
        Sentences: both risks of losing the limit, and how far the model supports the cut.
    frequency, wave : str
        Sentences: how often held-out decisions of that risk ended in a cut, and that many others were cut at once;
        "" where there is nothing to say.
    notes : tuple of str
        What else must be said: why no reasons are given, rules that applied, ties, a re-evaluation proposed.
    paragraph : str
        The whole in a few sentences.
    """

    compared_with: str
    risk: str
    support_sentence: str
    frequency: str
    wave: str
    notes: tuple[str, ...]
    paragraph: str


@dataclass(frozen=True)
class DecreaseReasons:
    """What is told of one cut.

    Attributes
    ----------
    borrower_id : as in the history
    month : str
        "2024-03", or an integer.
    verdict : Verdict
        What all of it derives from.
    reasons : tuple of ToldReason
        In the order told; empty where the verdict withholds them.
    knock_outs : tuple of KnockOut
        Rules that fired, whatever the model makes of them.
    words : mapping
        Language code -> DecreaseWords.
    """

    borrower_id: Any
    month: str
    verdict: Verdict
    reasons: tuple[ToldReason, ...]
    knock_outs: tuple[KnockOut, ...]
    words: Mapping[str, DecreaseWords]

    @property
    def _first(self) -> DecreaseWords:
        return next(iter(self.words.values()))

    @property
    def compared_with(self) -> str:
        """The reference in words, in the first language, as all texts below."""
        return self._first.compared_with

    @property
    def risk(self) -> str:
        """Both risks of losing the limit, as a sentence."""
        return self._first.risk

    @property
    def support_sentence(self) -> str:
        """How far the model supports the cut, as a sentence."""
        return self._first.support_sentence

    @property
    def frequency(self) -> str:
        """How often held-out decisions of that risk ended in a cut; "" where it is not known."""
        return self._first.frequency

    @property
    def wave(self) -> str:
        """That many others were cut at once; "" where there is no wave."""
        return self._first.wave

    @property
    def notes(self) -> tuple[str, ...]:
        """What else must be said."""
        return self._first.notes

    @property
    def paragraph(self) -> str:
        """The whole in a few sentences."""
        return self._first.paragraph

    def about(self, who: str) -> tuple[ToldReason, ...]:
        """The reasons that are the doing of the "borrower", the "economy" or the "lender"."""
        return tuple(reason for reason in self.reasons if reason.about == who)

    def as_record(self, *languages: str) -> dict[str, Any]:
        """The cut as pages and notices hold it; JSON can hold it too.

        Parameters
        ----------
        *languages : str
            Texts are given as {code: text} in these; without any, as strings in the first language.

        Returns
        -------
        dict
            support, withheld, needs_confirmation, rules, coverage, risk_before (None without a reference), risk_after;
            ``reasons``, a list of `ToldReason.as_record`; and the texts of `DecreaseWords`, ``notes`` as a list.
        """
        verdict = self.verdict
        texts = {
            name: texts_of(self.words, attrgetter(name), languages)
            for name in ("compared_with", "risk", "support_sentence", "frequency", "wave", "paragraph")
        }
        notes = [{lang: words.notes[k] for lang, words in self.words.items()} for k in range(len(self.notes))]
        return {
            "support": verdict.support,
            "withheld": verdict.withheld,
            "needs_confirmation": verdict.needs_confirmation,
            "rules": list(verdict.rules),
            "coverage": verdict.coverage,
            "risk_before": known_or_none(verdict.risk_before),
            "risk_after": verdict.risk_after,
            "reasons": [reason.as_record(*languages) for reason in self.reasons],
            **texts,
            "notes": [texts_of(note, str, languages) for note in notes],
        }

    def __str__(self) -> str:
        return self.paragraph


@dataclass(frozen=True)
class Reasons(Sequence[DecreaseReasons]):
    """What is told of n decreases, in the order of the explanations; `table` has one row a reason."""

    decreases: tuple[DecreaseReasons, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.decreases)

    def __iter__(self) -> Iterator[DecreaseReasons]:
        return iter(self.decreases)

    @overload
    def __getitem__(self, index: int) -> DecreaseReasons: ...
    @overload
    def __getitem__(self, index: slice) -> Reasons: ...
    def __getitem__(self, index: int | slice) -> DecreaseReasons | Reasons:
        return Reasons(self.decreases[index]) if isinstance(index, slice) else self.decreases[index]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a reason: borrower_id, month, support, then what `ToldReason.as_record` gives."""
        rows = [
            {"borrower_id": told.borrower_id, "month": told.month, "support": told.verdict.support} | reason.as_record()
            for told in self.decreases
            for reason in told.reasons
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def _repr_html_(self) -> str:
        shown = pd.DataFrame(
            [(told.borrower_id, told.month, told.verdict.support, told.paragraph) for told in self.decreases[:10]],
            columns=["borrower_id", "month", "support", "in words"],
        )
        return notebook_html("<p><b>Reasons of {n} limit decreases</b></p>", shown, n=len(self))


def decrease_reasons(
    explanations: DecreaseExplanations, *, lang: str = "en", max_reasons: int = MAX_REASONS
) -> Reasons:
    """What is told of every decrease, in words; `explain.verdict` says how it is found.

    Parameters
    ----------
    explanations : DecreaseExplanations
        Of one decrease or many.
    lang : str
        One of `language.LANGUAGES`, such as "en" or "zh".
    max_reasons : int, 1 to 4

    Raises
    ------
    CreditModelError
        ``lang`` or ``max_reasons`` is out of range.

    Examples
    --------
    >>> from credit_model import LimitPredictor, simulate_portfolio  # doctest: +SKIP
    >>> explanations = LimitPredictor.load("model").explain_decreases(history)  # doctest: +SKIP
    >>> print(decrease_reasons(explanations, lang="en")[0].paragraph)  # doctest: +SKIP
    """
    return told_in(explanations, (lang,), max_reasons=max_reasons)


def told_in(
    explanations: DecreaseExplanations, languages: Sequence[str] = LANGUAGES, *, max_reasons: int = MAX_REASONS
) -> Reasons:
    """What is told of every decrease, in several languages at once; parameters as in `decrease_reasons`."""
    all_words = [catalogue_words(explanations.catalogue, lang, explanations.month_type) for lang in languages]
    verdicts = explanations.verdicts if max_reasons == MAX_REASONS else explanations.told(max_reasons)
    sentences = [Sentences(explanations, words) for words in all_words]
    return Reasons(tuple(_tell(sentences, row, verdict) for row, verdict in enumerate(verdicts)))


def reasons_as_records(explanations: DecreaseExplanations, *, max_reasons: int = MAX_REASONS) -> list[dict[str, Any]]:
    """What is told of every decrease as plain records, every text in all languages (`DecreaseReasons.as_record`)."""
    return [told.as_record(*LANGUAGES) for told in told_in(explanations, max_reasons=max_reasons)]


def _tell(sentences: Sequence[Sentences], row: int, verdict: Verdict) -> DecreaseReasons:
    explained, all_words = sentences[0].explanations, [one.words for one in sentences]
    reasons = tuple(
        tell_reason(all_words, rank, reason, reference=explained.reference)
        for rank, reason in enumerate(verdict.reasons, start=1)
    )
    rules = tuple(
        tell_knock_out(all_words, driver, float(explained.features_after[row, driver])) for driver in verdict.knock_outs
    )
    return DecreaseReasons(
        borrower_id=explained.borrower_id[row],
        month=all_words[0].month_short(int(explained.month_number[row])),
        verdict=verdict,
        reasons=reasons,
        knock_outs=rules,
        words={one.words.language.code: _words(one, row, verdict, reasons, rules) for one in sentences},
    )


def _words(
    sentences: Sentences,
    row: int,
    verdict: Verdict,
    reasons: tuple[ToldReason, ...],
    rules: tuple[KnockOut, ...],
) -> DecreaseWords:
    facts = sentences.facts(row, verdict)
    return DecreaseWords(
        compared_with=sentences.compared_with(row),
        risk=facts.risk,
        support_sentence=facts.support,
        frequency=facts.frequency,
        wave=facts.wave,
        notes=tuple(sentences.notes(row, verdict, rules)),
        paragraph=sentences.paragraph(row, verdict, facts, reasons, rules),
    )
