"""One reason from numbers to page: what `explain` found, with its words in one language or more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from credit_model.explain.principal import Reason
from credit_model.portfolio.declarations import Feature, Label
from credit_model.words.language import LANGUAGES, language
from credit_model.words.values import CatalogueWords

#: Language code -> text.
Texts = Mapping[str, str]


def texts_of(by_language: Mapping[str, Any], tell: Callable[[Any], str], languages: Sequence[str]) -> str | Texts:
    """A text as records hold it: in the first language as a string, or by code in the ``languages`` asked for."""
    if not languages:
        return tell(next(iter(by_language.values())))
    return {lang: tell(by_language[lang]) for lang in languages}


@dataclass(frozen=True)
class ReasonWords:
    """A reason's words in one language.

    Attributes
    ----------
    text : str
        A part of a sentence, e.g. "longest days past due in 6 months rose from 0 days to 34 days".
    before, after : str
        The values with their unit.
    factor, source : str
        Labels.
    weight : str
        The share of all that lowered the score.
    """

    text: str
    before: str
    after: str
    factor: str
    source: str
    weight: str


@dataclass(frozen=True)
class ToldReason:
    """One reason with its words; tables, pages and notices print it by `as_record`.

    Attributes
    ----------
    rank : int
        Its place among the reasons told, from 1.
    reason : principal.Reason
        The numbers.
    feature, factor_id, code, source_id : str
        Ids of the catalogue.
    about : "borrower", "economy" or "lender"
        Whose doing it is.
    exemption : str or None
        The type of rule that the feature stands for.
    words : mapping
        Language code -> ReasonWords.
    """

    rank: int
    reason: Reason
    feature: str
    factor_id: str
    about: str
    code: str
    source_id: str
    exemption: str | None
    words: Mapping[str, ReasonWords]

    @property
    def _first(self) -> ReasonWords:
        return next(iter(self.words.values()))

    @property
    def text(self) -> str:
        """The reason as a part of a sentence, in the first language, as all texts below."""
        return self._first.text

    @property
    def before(self) -> str:
        """The value then, with its unit."""
        return self._first.before

    @property
    def after(self) -> str:
        """The value now, with its unit."""
        return self._first.after

    def as_record(self, *languages: str) -> dict[str, Any]:
        """The reason as tables, pages and notices hold it; JSON can hold it too.

        Parameters
        ----------
        *languages : str
            Texts are given as {code: text} in these; without any, as strings in the first language.

        Returns
        -------
        dict
            rank, feature, factor_id, about, code, source_id, exemption; contribution (log-odds, negative), share,
            near_tie, fits, n_fits, firm, value_before, value_after (None where not known); the texts ``text`` (headed
            as a sentence), ``before``, ``after``, ``factor``, ``source`` and ``weight``.
        """
        reason = self.reason
        numbers = {
            "rank": self.rank,
            "feature": self.feature,
            "factor_id": self.factor_id,
            "about": self.about,
            "code": self.code,
            "source_id": self.source_id,
            "exemption": self.exemption,
            "contribution": reason.contribution,
            "share": reason.share,
            "near_tie": reason.near_tie,
            "fits": reason.fits,
            "n_fits": reason.n_fits,
            "firm": reason.firm,
            "value_before": known_or_none(reason.before),
            "value_after": known_or_none(reason.after),
        }
        headed = {lang: language(lang).headed(words.text) for lang, words in self.words.items()}
        others = ("before", "after", "factor", "source", "weight")
        texts = {name: texts_of(self.words, attrgetter(name), languages) for name in others}
        return numbers | {"text": texts_of(headed, str, languages)} | texts


def known_or_none(value: float) -> float | None:
    """A number as JSON holds it: None where it is NaN."""
    return None if value != value else value


@dataclass(frozen=True)
class KnockOut:
    """A knock-out rule that fired: its feature's id and code, and by language the rule in words, with its value."""

    feature: str
    code: str
    texts: Texts

    @property
    def text(self) -> str:
        """The rule in the first language."""
        return next(iter(self.texts.values()))


def tell_reason(all_words: Sequence[CatalogueWords], rank: int, reason: Reason, *, reference: str) -> ToldReason:
    """Put a reason into words, in each of the languages of ``all_words``; ``reference`` as the explanations have it."""
    catalogue = all_words[0].catalogue
    feature, factor = catalogue.drivers[reason.driver], catalogue.factors[reason.factor]
    return ToldReason(
        rank=rank,
        reason=reason,
        feature=feature.id,
        factor_id=factor.id,
        about=factor.about,
        code=feature.code,
        source_id=feature.source,
        exemption=feature.exemption,
        words={words.language.code: _reason_words(words, feature, reason, reference) for words in all_words},
    )


def tell_knock_out(all_words: Sequence[CatalogueWords], driver: int, value: float) -> KnockOut:
    """Put a rule that fired into words: the label of the driver that stands for it, with its value."""
    feature = all_words[0].catalogue.drivers[driver]
    texts = {}
    for words in all_words:
        text = words.language.label(feature.label)
        if feature.unit != "boolean":
            text += words.language.bracketed(words.value(feature, value))
        texts[words.language.code] = text
    return KnockOut(feature.id, feature.code, texts)


def _reason_words(words: CatalogueWords, feature: Feature, reason: Reason, reference: str) -> ReasonWords:
    before, after = words.pair(feature, reason.before, reason.after)
    return ReasonWords(
        text=_reason_text(words, feature, reason, (before, after), reference),
        before=before,
        after=after,
        factor=words.factor_labels[reason.factor],
        source=words.language.say(f"source.{feature.source}"),
        weight=words.language.share(reason.share),
    )


def _reason_text(
    words: CatalogueWords, feature: Feature, reason: Reason, values: tuple[str, str], reference: str
) -> str:
    """The catalogue's wording is for a value that moved in its direction; a value that appeared or vanished, a free
    feature that moved the other way, and a comparison with others have words of their own."""
    spoken = words.language
    known_before, known_after = reason.before == reason.before, reason.after == reason.after
    key = None
    if reference in ("peers", "raised"):
        key = reference + ("_only" if not known_before else "" if known_after else "_unknown")
    elif not (known_before and known_after):
        key = "vanished" if known_before else "appeared"
    elif feature.reason is None or (
        _says_otherwise(feature.reason, spoken.code, rose=reason.after > reason.before) and not feature.categorical
    ):
        key = "changed"
    places = {"label": spoken.label(feature.label), "before": values[0], "after": values[1]}
    if key is not None:
        return spoken.say(f"reason.{key}", **places)
    assert feature.reason is not None
    return spoken.label(feature.reason).format(**places)


@cache
def _says_otherwise(wording: Label, lang: str, *, rose: bool) -> bool:
    """The wording says that the value rose where it fell, or the other way round."""
    template = wording.text(lang)
    spoken_in = next((code for code, text in wording.texts.items() if text == template and code in LANGUAGES), None)
    abouts = [language(code).about for code in ([spoken_in] if spoken_in else LANGUAGES)]
    up = any(word in template for about in abouts for word in about["rises"])
    down = any(word in template for about in abouts for word in about["falls"])
    return (down and not up) if rose else (up and not down)
