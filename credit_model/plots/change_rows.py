"""The lanes of the *change* plot: labels, and bars from score to score."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from credit_model.explain.explanations import DecreaseExplanations
from credit_model.palette import factor_colour
from credit_model.plots.fonts import FittedText, Typeface
from credit_model.plots.scale import score_and_probability
from credit_model.words.values import Wording, format_score

_MOST_FEATURES = 8


@dataclass(frozen=True)
class Row:
    """One lane of the plot: texts in the label column, and a bar from ``start`` to ``end`` (a dot if equal)."""

    kind: str
    labels: tuple[FittedText, ...]
    start: float
    end: float
    value: str
    size: float
    least_height: float
    chip: str | None = None
    height: float = field(init=False)

    def __post_init__(self) -> None:
        texts = sum(label.height for label in self.labels) + 5.0
        object.__setattr__(self, "height", max(self.least_height, texts))


def change_rows(
    explanation: DecreaseExplanations,
    words: Wording,
    face: Typeface,
    width: float,
    open_factor: str | None,
    scale: float,
) -> list[Row]:
    room = 0.36 * width - 16.0
    values = explanation.factor_contributions[0]
    before, after = float(explanation.keep_score_before[0]), float(explanation.keep_score_after[0])
    rows = [_end_row("before", explanation, words, face, room, scale)]
    score = before
    for g in np.argsort(values, kind="stable"):
        opened = explanation.catalogue.factor_ids[g] == open_factor
        label = face.fit(words.factor_labels[g], size=9.5 * scale, width=room, weight="bold" if opened else "normal")
        value = float(values[g])
        rows.append(
            Row(
                "opened" if opened else "factor",
                (label,),
                score,
                score + value,
                format_score(value, signed=True),
                9.0 * scale,
                23.0 * scale,
                factor_colour(int(g)),
            )
        )
        if opened:
            rows += _feature_rows(explanation, words, face, room, int(g), score, scale)
        score += value
    return [*rows, _end_row("after", explanation, words, face, room, scale, score=after)]


def _end_row(
    kind: str,
    explanation: DecreaseExplanations,
    words: Wording,
    face: Typeface,
    room: float,
    scale: float,
    *,
    score: float | None = None,
) -> Row:
    zh = words.lang == "zh"
    if kind == "before":
        score = float(explanation.keep_score_before[0])
        limit = words.money(float(explanation.limit_before[0]))
        month = words.month(int(explanation.reference_month_number[0]))
        below = f"{month}的评分" if zh else f"score in {month}"
        if explanation.reference == "peers":
            below = "勉强保住同一档位的借款人" if zh else "borrowers who just kept this tier"
    else:
        limit = words.money(float(explanation.limit_after[0]))
        month = words.month(int(explanation.month_number[0]))
        below = f"{month}的评分" if zh else f"score in {month}"
    assert score is not None
    labels = (
        face.fit(limit, size=10.0 * scale, width=room, lines=1, weight="bold"),
        face.fit(below, size=8.0 * scale, width=room),
    )
    return Row(kind, labels, score, score, score_and_probability(score), 9.5 * scale, 32.0 * scale)


def _feature_rows(
    explanation: DecreaseExplanations,
    words: Wording,
    face: Typeface,
    room: float,
    factor: int,
    score: float,
    scale: float,
) -> list[Row]:
    """The features of a factor that moved the score, in the order of their contributions; many: the rest as one."""
    drivers = explanation.catalogue.factor_drivers[factor]
    inside = drivers[explanation.contributions[0, drivers] != 0]
    strongest = inside[np.argsort(-np.abs(explanation.contributions[0, inside]), kind="stable")]
    shown, rest = strongest[:_MOST_FEATURES], strongest[_MOST_FEATURES:]
    shown = shown[np.argsort(explanation.contributions[0, shown], kind="stable")]
    moves: list[tuple[tuple[FittedText, ...], float]] = []
    for j in shown:
        then, now = words.pair(
            words.drivers[j], float(explanation.features_before[0, j]), float(explanation.features_after[0, j])
        )
        label = _feature_label(words, face, words.driver_labels[j], f"{then} → {now}", room, scale)
        moves.append((label, float(explanation.contributions[0, j])))
    if len(rest):
        text = f"其余{len(rest)}项" if words.lang == "zh" else f"{len(rest)} more"
        label = (FittedText(text, 8.0 * scale),)
        moves.append((label, float(explanation.contributions[0, rest].sum())))
    rows = []
    for label, value in moves:
        number = format_score(value, signed=True)
        rows.append(Row("feature", label, score, score + value, number, 8.0 * scale, 18.0 * scale))
        score += value
    return rows


def _feature_label(
    words: Wording, face: Typeface, name: str, values: str, room: float, scale: float
) -> tuple[FittedText, ...]:
    """Name and values on one line if they fit, else the values on a line of their own."""
    together = face.clean(f"{name}：{values}" if words.lang == "zh" else f"{name}: {values}")
    if face.width(together, 8.0 * scale) <= room:
        return (FittedText(together, 8.0 * scale),)
    return (
        face.fit(name, size=8.0 * scale, width=room, lines=2),
        face.fit(values, size=8.0 * scale, width=room, lines=2),
    )
