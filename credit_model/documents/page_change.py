"""What a decrease's page shows of the change since the reference: its factors and features, and the chart's ends.

Factors stand in the order in which the verdict tells them, then those that raised the score, then those that did not
move it; the same order everywhere on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit

from credit_model.documents.page_axes import round_ticks, score_axis
from credit_model.documents.page_texts import AllWords
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.score_changes import ScoreChanges
from credit_model.palette import factor_colour

#: Features that paper leaves out where a factor is open: less than this share of all that moved.
MINOR_SHARE = 0.03
#: About so many ticks of the keep score on a wide page, and on a narrow one.
_TICKS = {"wide": 7, "narrow": 3}


def reference_label(words: AllWords, explained: DecreaseExplanations, row: int) -> Any:
    """What a decrease is compared with, in all languages."""
    if not explained.has_reference[row]:
        return words.told("reference_unknown")
    censored = explained.reference_censored[row] and explained.reference != "peers"
    month = int(explained.reference_month_number[row])
    key = "reference_censored" if censored else f"reference_{explained.reference}"
    return words.told(key, month=lambda spoken: spoken.month(month))


@dataclass(frozen=True)
class FactorsRecord:
    """Makes the records of the factors and features that moved one score.

    Attributes
    ----------
    explained : DecreaseExplanations or ScoreChanges
    row : int
        The change among them.
    words : AllWords
    """

    explained: DecreaseExplanations | ScoreChanges
    row: int
    words: AllWords

    def figure(self, value: float) -> Any:
        """What a contribution is written as."""
        return self.words.score(value, signed=True)

    @cached_property
    def factors(self) -> list[dict[str, Any]]:
        """The factors in the order told, each with its features: those that moved, the strongest first, and the rest.

        ``span`` is a bar's two ends in log-odds; ``bit`` is the factor's in the index of the table of mixtures.
        """
        records, level = [], float(self.explained.keep_score_before[self.row])
        for g in self.explained.factor_order(self.row):
            value = float(self.explained.factor_contributions[self.row, g])
            records.append(self._factor(g, value, level))
            level += value
        return records

    def _factor(self, g: int, value: float, level: float) -> dict[str, Any]:
        factor = self.explained.catalogue.factors[g]
        moved, still = self._features(g, level)
        return {
            "id": factor.id,
            "bit": 1 << g,
            "label": self.words.label(factor.label),
            "name": self.words.each(lambda spoken: spoken.language.inside(spoken.factor_labels[g])),
            "colour": factor_colour(g),
            "apart": None if factor.about == "borrower" else self.words.told("not_borrower"),
            "value": value,
            "text": self.figure(value),
            "span": [level, level + value],
            "moved": moved,
            "still": still,
        }

    def _features(self, factor: int, level: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        values = self.explained.contributions[self.row]
        own = self.explained.catalogue.factor_drivers[factor].tolist()
        still = [self._values(j) for j in own if values[j] == 0]
        least = MINOR_SHARE * float(np.abs(values).sum())
        moved = []
        for j in sorted((j for j in own if values[j] != 0), key=lambda j: float(values[j])):
            value = float(values[j])
            drawn = {"span": [level, level + value], "minor": abs(value) < least}
            text = self.figure(value)
            moved.append({**self._values(j), "value": value, "text": text, **drawn})
            level += value
        return moved, still

    def _values(self, driver: int) -> dict[str, Any]:
        """A driver's label and its value now, and then where it differed."""
        feature = self.explained.catalogue.drivers[driver]
        then = float(self.explained.features_before[self.row, driver])
        now = float(self.explained.features_after[self.row, driver])
        label = self.words.label(feature.label)
        if then == now or (then != then and now != now):
            return {"label": label, "now": self.words.each(lambda spoken: spoken.value(feature, now))}
        before, after = zip(*(spoken.pair(feature, then, now) for spoken in self.words), strict=True)
        return {"label": label, "then": self.words.joined(before), "now": self.words.joined(after)}


@dataclass(frozen=True)
class ChangeRecord(FactorsRecord):
    """Makes the records of one decrease's change."""

    explained: DecreaseExplanations

    @property
    def _ends(self) -> tuple[float, float]:
        return float(self.explained.keep_score_before[self.row]), float(self.explained.keep_score_after[self.row])

    def change(self) -> dict[str, Any]:
        """The chart's axis and ends, and the change by whose doing it is."""
        explained = self.explained
        before, after = self._ends
        spans = [part["span"] for factor in self.factors for part in (factor, *factor["moved"])]
        axis = score_axis([explained.rule.expected_line, before, after, *(end for span in spans for end in span)])
        month = int(explained.month_number[self.row])
        decided = self.words.told("at_decision", month=lambda spoken: spoken.month(month))
        own = explained.reference != "peers"
        return {
            "axis": axis,
            "ticks": {
                width: self.words.axis(round_ticks(axis["low"], axis["high"], count)) for width, count in _TICKS.items()
            },
            "ends": [
                self._end(
                    before,
                    reference_label(self.words, explained, self.row),
                    float(explained.limit_before[self.row]),
                    own,
                ),
                self._end(after, decided, float(explained.limit_after[self.row]), True),
            ],
            "minor": self.words.told("minor_on_paper", share=lambda spoken: spoken.language.percent(MINOR_SHARE)),
            "split": self._split(),
            "whole": {"label": self.words.told("whole_change"), "text": self.words.score(after - before, signed=True)},
        }

    def _end(self, score: float, label: Any, limit: float, own: bool) -> dict[str, Any]:
        """One end of the chart; peers have no limit of their own."""
        return {
            "score": score,
            "kept": score >= self.explained.rule.expected_line,
            "label": label,
            "limit": self.words.told("limit_of", limit=lambda spoken: spoken.money(limit)) if own else None,
            "score_text": self.words.score(score),
            "risk": self.words.risk(float(expit(-score))),
        }

    def _split(self) -> list[dict[str, Any]]:
        """The change by whose doing it is; the parts sum to the whole."""
        values = self.explained.factor_contributions[self.row]
        abouts = [factor.about for factor in self.explained.catalogue.factors]
        sums = {about: float(values[[a == about for a in abouts]].sum()) for about in abouts}
        return [
            {"label": self.words.told(f"about_{about}"), "text": self.words.score(sums[about], signed=True)}
            for about in ("borrower", "economy", "lender")
            if about in sums
        ]
