"""The scale that keep scores are drawn on: log-odds below, risks above, and the lines that decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from scipy.special import expit, logit

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.palette import INK, LOST_TINT, MUTED, PROBABILITY_TICKS, RAISED_TINT, RULE
from credit_model.plots import sheet
from credit_model.plots.fonts import FittedText, Typeface

#: Room in points for tick labels and names above and below.
TOP_AXIS, BOTTOM_AXIS = 30.0, 34.0
#: Room for the words beside the line.
KEY_LANE = 18.0


@dataclass(frozen=True)
class Lines:
    """The keep scores that decide about one decrease.

    Attributes
    ----------
    keep : float, log-odds
        From here on the model itself keeps the limit.
    restoring : float, log-odds
        From here on the cut would not be supported: ``keep`` where it is expected, higher where the risk was raised;
        NaN where the cut is not supported.
    """

    keep: float
    restoring: float

    @classmethod
    def of(cls, explanation: DecreaseExplanations) -> Lines:
        """Those of a single decrease, from its verdict."""
        return cls(explanation.rule.expected_line, float(explanation.restoring_line[0]))

    @property
    def main(self) -> float:
        """The line that a plot always shows."""
        return self.restoring if self.raised else self.keep

    @property
    def raised(self) -> bool:
        """The cut is held against the line of a raised risk."""
        return self.restoring > self.keep

    def within(self, low: float, high: float) -> list[float]:
        """The lines between two scores, from the left."""
        return [line for line in dict.fromkeys((self.keep, self.main)) if low < line < high]


def score_and_risk(face: Typeface, score: float) -> str:
    """A keep score with its risk, e.g. "1.70  (risk 15%)"."""
    return face.say("score_risk", score=face.language.score(score), risk=face.language.risk(float(expit(-score))))


def limit_scores(ax: Axes, scores: Sequence[float], *, pad: float, drawn: float) -> None:
    """Limit x to scores, with ``pad`` points on either side of the ``drawn`` ones of the Axes."""
    low, high = min(scores), max(scores)
    pad = min(pad, 0.3 * drawn)
    unit = ((high - low) or 1.0) / (drawn - 2 * pad)
    ax.set_xlim(low - pad * unit, high + pad * unit)


def draw_keep_scale(ax: Axes, face: Typeface, drawn: float, lines: Lines) -> None:
    """Draw both axes, the lines, and tints left of them; ``drawn``: width of the Axes, points."""
    low, high = ax.get_xlim()
    if lines.raised:
        ax.axvspan(max(low, lines.keep), lines.main, color=RAISED_TINT, lw=0, zorder=-1)
    if low < lines.keep:
        ax.axvspan(low, lines.keep, color=LOST_TINT, lw=0, zorder=-1)
    for line in lines.within(low, high):
        main = line == lines.main
        ax.axvline(line, color=INK if main else MUTED, lw=1.4 if main else 0.9, zorder=2, gid="line" if main else None)
    ticks = sheet.nice_ticks(low, high, int(drawn // 45))
    sheet.grid_lines(ax, [t for t in ticks if t != lines.main], axis="x")
    sheet.label_ticks(ax.xaxis, face, ticks, [face.number(t) for t in ticks])
    ax.tick_params(axis="x", length=3, color=RULE, pad=2)
    lower = face.fit(face.say("keep_score"), size=8.0, width=drawn, lines=1)
    sheet.write(ax, face, lower, x=0.5, y=0, frame="axes", dy=-20.0, colour=MUTED, ha="center", va="top", gid="axis")
    upper = ax.secondary_xaxis("top")
    for spine in upper.spines.values():
        spine.set_visible(False)
    risks = risk_ticks(low, high, drawn, face)
    sheet.label_ticks(upper.xaxis, face, [score for score, _ in risks], [text for _, text in risks])
    upper.tick_params(axis="x", length=3, color=RULE, pad=1)
    top = face.fit(face.say("risk_axis"), size=8.0, width=drawn, lines=1)
    sheet.write(ax, face, top, x=0.5, y=1, frame="axes", dy=16.0, colour=MUTED, ha="center", va="bottom", gid="axis")


def beside(
    ax: Axes,
    drawn: float,
    span: tuple[float, float],
    wide: float,
    *,
    gap: float,
    right: bool,
    lines: Lines,
    either: bool = True,
) -> tuple[bool, float]:
    """Where a number ``wide`` points long stands beside a mark from ``span[0]`` to ``span[1]``: (right of it, points).

    It stays within the Axes and crosses no line where it can: on the side wished for, else (``either``) on the other;
    else it crosses the lesser line; else it stands beyond the lines.
    """
    low, high = ax.get_xlim()
    unit, sides = drawn / (high - low), (right, not right) if either else (right,)

    def fits(towards_right: bool, place: float, obstacles: Sequence[float]) -> bool:
        edge, end = (max(span), high) if towards_right else (min(span), low)
        away = [(line - edge if towards_right else edge - line) * unit for line in obstacles]
        return place + wide <= abs(end - edge) * unit + 1.0 and not any(
            place - 4.0 < far < place + wide for far in away
        )

    for obstacles in (lines.within(low, high), [lines.main]):
        for side in sides:
            if fits(side, gap, obstacles):
                return side, gap
    edge = max(span) if right else min(span)
    beyond = [place for line in lines.within(low, high) if (place := abs(line - edge) * unit + 5.0) > gap]
    for place in sorted(beyond):
        if fits(right, place, lines.within(low, high)):
            return right, place
    return right, gap


def draw_line_key(ax: Axes, face: Typeface, y: float, drawn: float, lines: Lines) -> None:
    """Say beside the main line what lies on either side of it; only where there is room."""
    low, high = ax.get_xlim()
    left, right = ("raised", "calm") if lines.raised else ("lost", "kept")
    for key, room, dx, ha in ((left, lines.main - low, -6.0, "right"), (right, high - lines.main, 6.0, "left")):
        text = FittedText(face.clean(face.say(key)), 7.5)
        if face.width(text.text, 7.5) + 10.0 <= room / (high - low) * drawn:
            sheet.write(ax, face, text, x=lines.main, y=y, frame="data", dx=dx, colour=MUTED, ha=ha, gid="key")


def risk_ticks(
    low: float, high: float, drawn: float, face: Typeface, *, label_room: float | None = None
) -> list[tuple[float, str]]:
    """Keep scores between two, in order, where a round risk of losing the tier is ticked, and the risk's text.

    Labels keep clear of each other; ``label_room``: points that every label takes along the axis; None: its width.
    """
    chosen: list[tuple[float, float, float, str]] = []
    for risk, text in PROBABILITY_TICKS:
        score = -float(logit(risk))
        half = (face.width(text, sheet.TICK_SIZE) + 8.0 if label_room is None else label_room) / 2
        x = (score - low) / (high - low) * drawn
        if low <= score <= high and all(abs(x - other) >= half + wide for _, other, wide, _ in chosen):
            chosen.append((score, x, half, text))
    return sorted((score, text) for score, _, _, text in chosen)
