"""The lanes of the *change* plot: labels, and bars from score to score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.palette import factor_colour
from credit_model.plots.fonts import FittedText, Typeface
from credit_model.plots.scale import score_and_risk
from credit_model.words.values import CatalogueWords

_MOST_FEATURES = 8
#: Of the width of the plot that labels may fill, and what is left free beside them.
_LABEL_SHARE, _BESIDE = 0.36, 16.0


@dataclass(frozen=True)
class Row:
    """One lane of the plot: texts in the label column, and a bar from ``start`` to ``end`` (a dot if equal).

    A factor's lane has its id as ``factor``, and its colour.
    """

    kind: str
    labels: tuple[FittedText, ...]
    start: float
    end: float
    value: str
    size: float
    least_height: float
    factor: str | None = None
    colour: str = ""
    height: float = field(init=False)

    def __post_init__(self) -> None:
        texts = sum(label.height for label in self.labels) + 5.0
        object.__setattr__(self, "height", max(self.least_height, texts))


@dataclass(frozen=True)
class ChangeRows:
    """Makes the lanes of one decrease, for a plot ``width`` points wide, in letters ``scale`` times their size."""

    explanation: DecreaseExplanations
    words: CatalogueWords
    face: Typeface
    width: float
    open_factor: str | None
    scale: float

    @property
    def room(self) -> float:
        """Points that a label may take."""
        return _LABEL_SHARE * self.width - _BESIDE

    def rows(self) -> list[Row]:
        """From the score at the reference, factor by factor, to the one at the decision; without one, that alone."""
        explanation, scale = self.explanation, self.scale
        if not explanation.has_reference[0]:
            return [self.after()]
        values = explanation.factor_contributions[0]
        rows = [self.before()]
        score = float(explanation.keep_score_before[0])
        for g in explanation.factor_order():
            factor = explanation.catalogue.factor_ids[g]
            opened = factor == self.open_factor
            name, weight = self.words.factor_labels[g], "bold" if opened else "normal"
            label = self.face.fit(name, size=9.5 * scale, width=self.room, weight=weight)
            end = score + float(values[g])
            kind = "opened" if opened else "factor"
            value = self.signed(values[g])
            rows.append(Row(kind, (label,), score, end, value, 9.0 * scale, 23.0 * scale, factor, factor_colour(g)))
            if opened:
                rows += self._features(g, score)
            score = end
        return [*rows, self.after()]

    def signed(self, value: float) -> str:
        """A contribution as it is written."""
        return self.face.language.score(float(value), signed=True)

    def before(self) -> Row:
        """The lane of the score at the reference."""
        explanation = self.explanation
        below = self.face.say("change.peers")
        if explanation.reference != "peers":
            below = self.face.say("change.score_in", month=self.words.month(int(explanation.reference_month_number[0])))
        return self._end("before", explanation.limit_before[0], below, explanation.keep_score_before[0])

    def after(self) -> Row:
        """The lane of the score at the decision."""
        explanation = self.explanation
        below = self.face.say("change.score_in", month=self.words.month(int(explanation.month_number[0])))
        return self._end("after", explanation.limit_after[0], below, explanation.keep_score_after[0])

    def _end(self, kind: str, limit: float, below: str, score: float) -> Row:
        scale, level = self.scale, float(score)
        labels = (
            self.face.fit(self.words.money(float(limit)), size=10.0 * scale, width=self.room, lines=1, weight="bold"),
            self.face.fit(below, size=8.0 * scale, width=self.room),
        )
        return Row(kind, labels, level, level, score_and_risk(self.face, level), 9.5 * scale, 32.0 * scale)

    def _features(self, factor: int, score: float) -> Iterator[Row]:
        """The features of a factor that moved the score, in the order of their contributions; many: the rest as one."""
        values = self.explanation.contributions[0]
        inside = np.array([j for j in self.explanation.catalogue.factor_drivers[factor] if values[j] != 0], dtype=int)
        strongest = inside[np.argsort(-np.abs(values[inside]), kind="stable")]
        shown, rest = strongest[:_MOST_FEATURES], strongest[_MOST_FEATURES:]
        shown = shown[np.argsort(values[shown], kind="stable")]
        moves = [(self._feature_label(int(j)), float(values[j])) for j in shown]
        if len(rest):
            more = FittedText(self.face.clean(self.face.say("change.more", count=len(rest))), 8.0 * self.scale)
            moves.append(((more,), float(values[rest].sum())))
        for label, value in moves:
            number = self.signed(value)
            yield Row("feature", label, score, score + value, number, 8.0 * self.scale, 18.0 * self.scale)
            score += value

    def _feature_label(self, driver: int) -> tuple[FittedText, ...]:
        """Name and values on one line if they fit, else the values on a line of their own."""
        explanation, size, room = self.explanation, 8.0 * self.scale, self.room
        before, after = (float(a[0, driver]) for a in (explanation.features_before, explanation.features_after))
        then, now = self.words.pair(explanation.catalogue.drivers[driver], before, after)
        name, values = self.words.driver_labels[driver], f"{then} → {now}"
        together = self.face.clean(self.face.say("change.values", driver=name, values=values))
        if self.face.width(together, size) <= room:
            return (FittedText(together, size),)
        return (
            self.face.fit(name, size=size, width=room, lines=2),
            self.face.fit(values, size=size, width=room, lines=2),
        )
