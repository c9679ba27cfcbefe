"""The reasons of limit decreases in words: ranked, with value then and now, code and source, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, overload

import pandas as pd

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.principal import (
    MAX_REASONS,
    PrincipalReason,
    PrincipalReasons,
    Status,
    principal_reasons,
)
from credit_model.words.sentences import Sentences, reason_text, tied_ranks
from credit_model.words.values import LANGUAGES, Lang, check_lang


@dataclass(frozen=True)
class Reason:
    """One reason, in one language.

    Attributes
    ----------
    rank : int
        1 is the heaviest, over the borrower's, the economy's and the lender's reasons together.
    feature, factor, code, source : str
        Ids of the catalogue.
    about : "borrower", "economy" or "lender"
        Whose doing it is.
    exemption : str or None
        The kind of rule that the feature stands for.
    contribution : float
        Log-odds, negative.
    share : float
        Of all that lowered the score.
    near_tie : bool
        About as heavy as the reason ranked before or after it.
    value_before, value_after : float
    before, after, factor_label, source_label, text : str
        In words.
    """

    rank: int
    feature: str
    factor: str
    about: str
    code: str
    source: str
    exemption: str | None
    contribution: float
    share: float
    near_tie: bool
    value_before: float
    value_after: float
    before: str
    after: str
    factor_label: str
    source_label: str
    text: str


@dataclass(frozen=True)
class KnockOut:
    """A knock-out rule that fired: its feature's id and code, and the rule in words, with the value that fired it."""

    feature: str
    code: str
    text: str


@dataclass(frozen=True)
class DecreaseReasons:
    """Why one limit fell, in words.

    Attributes
    ----------
    borrower_id : as in the history
    month : str
        "2024-03", or an integer.
    lang : "en" or "zh"
    status : str
        "explained", "not_supported", "no_reference" or "not_worsened"; only the first has reasons.
    reasons : tuple of Reason, the heaviest first
    coverage : float
        Share of all that lowered the score which the reasons make up.
    unnamed : int
        Further ones that are principal too (`PRINCIPAL_SHARE`), for which there was no room.
    kinds : tuple of str
        "knock_out", "delinquency", "inactivity", "class_wide": those that apply.
    knock_outs : tuple of KnockOut
        Rules that fired, whatever the model makes of them.
    ties : tuple of tuples of int
        Ranks of reasons that are about equally heavy.
    compared_with : str
        The reference in words, e.g. "June 2023, when the previous limit was set".
    notes : tuple of str
        What else must be said: rules that applied, ties, a re-evaluation proposed.
    paragraph : str
        The whole in a few sentences.
    """

    borrower_id: Any
    month: str
    lang: Lang
    status: Status
    reasons: tuple[Reason, ...]
    coverage: float
    unnamed: int
    kinds: tuple[str, ...]
    knock_outs: tuple[KnockOut, ...]
    ties: tuple[tuple[int, ...], ...]
    compared_with: str
    notes: tuple[str, ...]
    paragraph: str

    @property
    def borrower(self) -> tuple[Reason, ...]:
        """The reasons that are the borrower's doing."""
        return tuple(reason for reason in self.reasons if reason.about == "borrower")

    @property
    def economy(self) -> tuple[Reason, ...]:
        """The reasons that lie in the economy."""
        return tuple(reason for reason in self.reasons if reason.about == "economy")

    @property
    def lender(self) -> tuple[Reason, ...]:
        """The reasons that lie with the lender."""
        return tuple(reason for reason in self.reasons if reason.about == "lender")

    def __str__(self) -> str:
        return self.paragraph


@dataclass(frozen=True)
class Reasons(Sequence[DecreaseReasons]):
    """The reasons of n decreases, in the order of the explanations; `table` has one row a reason."""

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
        """One row a reason: borrower_id, month, then the attributes of `Reason`."""
        columns = ["borrower_id", "month", *(f.name for f in fields(Reason))]
        rows = [
            (told.borrower_id, told.month, *(getattr(reason, f.name) for f in fields(Reason)))
            for told in self.decreases
            for reason in told.reasons
        ]
        return pd.DataFrame(rows, columns=columns)

    def _repr_html_(self) -> str:
        shown = pd.DataFrame(
            [(told.borrower_id, told.month, told.status, told.paragraph) for told in self.decreases[:10]],
            columns=["borrower_id", "month", "status", "in words"],
        )
        with pd.option_context("display.max_colwidth", None):
            return f"<p><b>Reasons of {len(self)} limit decreases</b></p>" + str(
                shown.to_html(index=False, escape=True)
            )


def decrease_reasons(
    explanations: DecreaseExplanations, *, lang: str = "en", max_reasons: int = MAX_REASONS
) -> Reasons:
    """The principal reasons of every decrease, in words; `principal` states the rule by which they are chosen.

    Parameters
    ----------
    explanations : DecreaseExplanations
        Of one decrease or many.
    lang : {"en", "zh"}
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
    chosen = principal_reasons(explanations, max_reasons=max_reasons)
    teller = _Teller(Sentences(explanations, check_lang(lang)))
    return Reasons(tuple(teller.tell(i, one) for i, one in enumerate(chosen)))


def reasons_as_records(explanations: DecreaseExplanations, *, max_reasons: int = MAX_REASONS) -> list[dict[str, Any]]:
    """The reasons of every decrease as plain records, every text in both languages.

    Returns
    -------
    list of dict, one a decrease
        ``status``, ``coverage``, ``kinds``; ``reasons``, a list of dicts with the ids and numbers of `Reason` and
        ``text``, ``factor``, ``source``, ``before``, ``after`` as {"en": ..., "zh": ...}; ``notes`` and
        ``paragraph`` likewise. JSON can hold them.
    """
    chosen = principal_reasons(explanations, max_reasons=max_reasons)
    tellers = {lang: _Teller(Sentences(explanations, lang)) for lang in LANGUAGES}
    return [_record({lang: tellers[lang].tell(i, one) for lang in LANGUAGES}) for i, one in enumerate(chosen)]


def _record(told: dict[Lang, DecreaseReasons]) -> dict[str, Any]:
    one = told["en"]
    return {
        "status": one.status,
        "coverage": one.coverage,
        "kinds": list(one.kinds),
        "reasons": [
            _reason_record({"en": en, "zh": zh}) for en, zh in zip(one.reasons, told["zh"].reasons, strict=True)
        ],
        "notes": [{"en": en, "zh": zh} for en, zh in zip(one.notes, told["zh"].notes, strict=True)],
        "paragraph": {lang: told[lang].paragraph for lang in told},
    }


def _reason_record(told: dict[Lang, Reason]) -> dict[str, Any]:
    one = told["en"]
    return {
        "rank": one.rank,
        "feature": one.feature,
        "factor_id": one.factor,
        "about": one.about,
        "code": one.code,
        "source_id": one.source,
        "exemption": one.exemption,
        "contribution": one.contribution,
        "share": one.share,
        "near_tie": one.near_tie,
        "factor": {lang: reason.factor_label for lang, reason in told.items()},
        "source": {lang: reason.source_label for lang, reason in told.items()},
        "before": {lang: reason.before for lang, reason in told.items()},
        "after": {lang: reason.after for lang, reason in told.items()},
        "text": {lang: capitalised(reason.text) for lang, reason in told.items()},
    }


def capitalised(text: str) -> str:
    """A text with its first letter as a sentence has it."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class _Teller:
    """Gathers what is told of single decreases."""

    sentences: Sentences

    def tell(self, row: int, chosen: PrincipalReasons) -> DecreaseReasons:
        explained, sentences = self.sentences.explanations, self.sentences
        reasons = tuple(
            self._reason(rank, reason, rank > 1 and chosen.reasons[rank - 2].tied_with_next)
            for rank, reason in enumerate(chosen.reasons, start=1)
        )
        rules = tuple(self._fired(row, driver) for driver in chosen.knock_outs)
        return DecreaseReasons(
            borrower_id=explained.borrower_id[row],
            month=sentences.wording.month_short(int(explained.month_number[row])),
            lang=sentences.lang,
            status=chosen.status,
            reasons=reasons,
            coverage=chosen.coverage,
            unnamed=chosen.unnamed,
            kinds=chosen.kinds,
            knock_outs=rules,
            ties=tied_ranks(chosen),
            compared_with=sentences.compared_with(row),
            notes=tuple(sentences.notes(row, chosen, rules)),
            paragraph=sentences.paragraph(row, chosen, reasons, rules),
        )

    def _reason(self, rank: int, chosen: PrincipalReason, tied_with_last: bool) -> Reason:
        wording, lang = self.sentences.wording, self.sentences.lang
        feature = wording.drivers[chosen.driver]
        factor = wording.catalogue.factor(feature.factor)
        before, after = wording.pair(feature, chosen.before, chosen.after)
        reference = self.sentences.explanations.reference
        return Reason(
            rank=rank,
            feature=feature.id,
            factor=factor.id,
            about=factor.about,
            code=feature.code,
            source=feature.source,
            exemption=feature.exemption,
            contribution=chosen.contribution,
            share=chosen.share,
            near_tie=chosen.tied_with_next or tied_with_last,
            value_before=chosen.before,
            value_after=chosen.after,
            before=before,
            after=after,
            factor_label=factor.label.text(lang),
            source_label=self.sentences.say(f"source.{feature.source}"),
            text=reason_text(wording, feature, chosen.before, chosen.after, (before, after), reference=reference),
        )

    def _fired(self, row: int, driver: int) -> KnockOut:
        wording, lang = self.sentences.wording, self.sentences.lang
        feature = wording.drivers[driver]
        text = feature.label.text(lang)
        if feature.unit != "boolean":
            value = wording.value(feature, float(self.sentences.explanations.features_after[row, driver]))
            text += f"（{value}）" if lang == "zh" else f" ({value})"
        return KnockOut(feature.id, feature.code, text)
