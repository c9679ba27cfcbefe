"""What is told of changes of a score: from what to what, and the reasons why it is worse, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, overload

import numpy as np
import pandas as pd

from credit_model.explain.principal import MAX_REASONS, Reason, candidate_reasons, choose_reasons, ranked_factors
from credit_model.explain.score_changes import ScoreChanges
from credit_model.notebook import notebook_html
from credit_model.words.language import Language
from credit_model.words.told import ToldReason, tell_reason
from credit_model.words.values import CatalogueWords, catalogue_words

#: From this share on a reason is the only one.
_ALL = 0.995
_MOST_DIGITS = 8
_COLUMNS = ("key", "rank", "feature", "factor_id", "code", "contribution", "share", "near_tie", "value_before",
            "value_after", "text", "before", "after", "factor")  # fmt: skip


@dataclass(frozen=True)
class ScoreFigures:
    """Scores of some changes as texts: probabilities in per cent, others with as many digits as tell them apart.

    Attributes
    ----------
    changes : ScoreChanges
    language : Language
    """

    changes: ScoreChanges
    language: Language

    @cached_property
    def _digits(self) -> int:
        values = np.abs(self.changes.factor_contributions)
        scale = 100.0 if self.changes.unit == "probability" else 1.0
        largest = float(values.max(initial=0.0)) * scale
        return 2 if largest <= 0 else min(max(2, 1 - math.floor(math.log10(largest))), _MOST_DIGITS)

    def text(self, value: float, *, signed: bool = False) -> str:
        """A score, or with ``signed`` a contribution, e.g. "1.70", "−0.31", "4.20%"."""
        share = self.changes.unit == "probability"
        value = 100 * value if share else value
        text = self.language.number(value, self._digits)
        if signed and float(f"{value:.{self._digits}f}") > 0:
            text = f"+{text}"
        return self.language.percent_sign(text) if share else text

    @property
    def name(self) -> str:
        """What the score is, e.g. "score (log-odds)"."""
        return self.language.say(f"score.{self.changes.unit}")

    @property
    def dates(self) -> tuple[str, str]:
        """What the two dates are called."""
        own = self.changes.dates
        return (own[0] or self.language.say("score.before"), own[1] or self.language.say("score.after"))


@dataclass(frozen=True)
class ChangeReasons:
    """What is told of one change.

    Attributes
    ----------
    key : as in the tables
    worsened : bool
        On balance the score is worse than before; else no reason is given.
    reasons : tuple of ToldReason
        In the order told.
    coverage : float
        Share of all that made it worse that the reasons make up; 0 without any.
    paragraphs : mapping
        Language code -> the whole in a few sentences.
    because : mapping
        Language code -> the same without the first, from what to what the score moved.
    """

    key: Any
    worsened: bool
    reasons: tuple[ToldReason, ...]
    coverage: float
    paragraphs: Mapping[str, str]
    because: Mapping[str, str]

    @property
    def paragraph(self) -> str:
        """The whole in a few sentences, in the first language."""
        return next(iter(self.paragraphs.values()))

    def __str__(self) -> str:
        return self.paragraph


@dataclass(frozen=True)
class ScoreReasons(Sequence[ChangeReasons]):
    """What is told of n changes of a score, in their order; `table` has one row a reason."""

    changes: tuple[ChangeReasons, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[ChangeReasons]:
        return iter(self.changes)

    @overload
    def __getitem__(self, index: int) -> ChangeReasons: ...
    @overload
    def __getitem__(self, index: slice) -> ScoreReasons: ...
    def __getitem__(self, index: int | slice) -> ChangeReasons | ScoreReasons:
        return ScoreReasons(self.changes[index]) if isinstance(index, slice) else self.changes[index]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a reason: key, then what `ToldReason.as_record` gives; contributions are in units of the score."""
        rows = [{"key": told.key} | reason.as_record() for told in self.changes for reason in told.reasons]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def _repr_html_(self) -> str:
        shown = pd.DataFrame([(told.key, told.paragraph) for told in self.changes[:10]], columns=["key", "in words"])
        return notebook_html("<p><b>Reasons of {n} changes of a score</b></p>", shown, n=len(self))


def change_reasons(changes: ScoreChanges, *, lang: str = "en", max_reasons: int = MAX_REASONS) -> ScoreReasons:
    """The principal reasons why scores are worse than before, in words; `explain.principal` has the rule.

    Parameters
    ----------
    changes : ScoreChanges
        Of which it has been said which way is worse.
    lang : str
        One of `language.LANGUAGES`.
    max_reasons : int, 1 to 4

    Raises
    ------
    CreditModelError
        ``lang`` is unknown, or which way is worse has not been said.

    Examples
    --------
    >>> changes = explain_changes(model, before, after, worse="higher")  # doctest: +SKIP
    >>> print(change_reasons(changes)[0])  # doctest: +SKIP
    """
    return reasons_in(changes, (lang,), max_reasons=max_reasons)


def reasons_in(changes: ScoreChanges, languages: Sequence[str], *, max_reasons: int = MAX_REASONS) -> ScoreReasons:
    """`change_reasons` in several languages at once."""
    better = changes.as_better()
    words = [catalogue_words(changes.catalogue, lang, changes.month_type) for lang in languages]
    candidates = candidate_reasons(better)
    ranked = ranked_factors(better, candidates)
    told = []
    for row in range(len(changes)):
        worsened = bool(better.score_after[row] < better.score_before[row])
        chosen, ties = tuple[Reason, ...](), tuple[tuple[int, ...], ...]()
        if worsened and ranked[row] and candidates.weight[row].max() > 0:
            chosen, ties = choose_reasons(better, candidates, row, ranked[row], max_reasons)
        reasons = tuple(tell_reason(words, k, one, reference="before") for k, one in enumerate(chosen, start=1))
        because = {one.language.code: _because(one, reasons, ties) for one in words}
        paragraphs = {
            one.language.code: one.language.sentences(
                [moved_sentence(changes, row, one.language), because[one.language.code]]
            )
            for one in words
        }
        coverage = sum(one.share for one in chosen)
        told.append(ChangeReasons(changes.borrower_id[row], worsened, reasons, coverage, paragraphs, because))
    return ScoreReasons(tuple(told))


def moved_sentence(changes: ScoreChanges, row: int, spoken: Language) -> str:
    """From what to what a score moved, as a sentence."""
    before, after = float(changes.score_before[row]), float(changes.score_after[row])
    figures = ScoreFigures(changes, spoken)
    key = "fell" if after < before else "rose" if after > before else "same"
    dated = "_dated" if all(changes.dates) else ""
    return spoken.say(
        f"score.{key}{dated}",
        **{"from": figures.dates[0], "to": figures.dates[1]},
        change=figures.text(abs(after - before)),
        before=figures.text(before),
        after=figures.text(after),
    )


def _because(words: CatalogueWords, reasons: Sequence[ToldReason], ties: Sequence[Sequence[int]]) -> str:
    spoken = words.language
    if not reasons:
        return spoken.say("score.not_worsened")
    first, code = reasons[0], spoken.code
    alone = len(reasons) == 1 and first.reason.share >= _ALL
    together = any(other.reason.share > first.reason.share for other in reasons[1:])
    key = "first_only" if alone else "first_together" if together else "first"
    parts = [
        spoken.say(
            f"score.{key}",
            factor=spoken.inside(words.factor_labels[first.reason.factor]),
            reason=first.words[code].text,
            share=first.words[code].weight,
        )
    ]
    rest = [
        spoken.say("paragraph.weighed", reason=one.words[code].text, share=one.words[code].weight)
        for one in reasons[1:]
    ]
    if rest:
        parts.append(spoken.say("score.others", reasons=spoken.clauses(rest)))
    parts += [spoken.say("score.near_tie", ranks=spoken.ranks(ranks)) for ranks in ties]
    return spoken.sentences(parts)
