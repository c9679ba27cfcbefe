"""The scale that keep scores are drawn on: log-odds below, probabilities above, the keep line at 0."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from scipy.special import expit, logit

from credit_model.palette import INK, LOST_TINT, MUTED, RULE
from credit_model.plots import sheet
from credit_model.plots.fonts import Typeface
from credit_model.words.values import format_probability, format_score

#: Room in points for tick labels and names above and below.
TOP_AXIS, BOTTOM_AXIS = 30.0, 34.0
#: Probabilities that may be ticks; those to place first come first.
_PROBABILITIES = (0.5, 0.1, 0.9, 0.01, 0.99, 0.25, 0.75, 0.05, 0.95, 0.001, 0.999, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)


def score_and_probability(score: float) -> str:
    """A keep score with its probability, e.g. "1.70  (85%)"."""
    return f"{format_score(score)}  ({format_probability(float(expit(score)))})"


def limit_scores(ax: Axes, scores: Sequence[float], *, pad: float, drawn: float) -> None:
    """Limit x to scores and the keep line, with ``pad`` points on either side of the ``drawn`` ones of the Axes."""
    low, high = min(0.0, *scores), max(0.0, *scores)
    pad = min(pad, 0.3 * drawn)
    unit = ((high - low) or 1.0) / (drawn - 2 * pad)
    ax.set_xlim(low - pad * unit, high + pad * unit)


def draw_keep_scale(ax: Axes, face: Typeface, drawn: float) -> None:
    """Draw both axes, the keep line, and a tint where the tier is lost; ``drawn``: width of the Axes, points."""
    zh = face.lang == "zh"
    low, high = ax.get_xlim()
    ax.axvspan(low, 0.0, color=LOST_TINT, lw=0, zorder=-1)
    ax.axvline(0.0, color=INK, lw=1.4, zorder=2, gid="keep-line")
    ticks = sheet.nice_ticks(low, high, int(drawn // 45))
    sheet.grid_lines(ax, [t for t in ticks if t != 0], axis="x")
    sheet.label_ticks(ax.xaxis, face, ticks, [sheet.plain(t) for t in ticks])
    ax.tick_params(axis="x", length=3, color=RULE, pad=2)
    name = "保留评分（保住当前档位的对数几率）" if zh else "keep score (log-odds of keeping the tier in force)"
    lower = face.fit(name, size=8.0, width=drawn, lines=1)
    sheet.write(ax, face, lower, x=0.5, y=0, frame="axes", dy=-20.0, colour=MUTED, ha="center", va="top", gid="axis")
    upper = ax.secondary_xaxis("top")
    for spine in upper.spines.values():
        spine.set_visible(False)
    chosen = probability_ticks(low, high, drawn, face)
    sheet.label_ticks(upper.xaxis, face, [float(logit(p)) for p in chosen], [percent(p) for p in chosen])
    upper.tick_params(axis="x", length=3, color=RULE, pad=1)
    name = "保住当前档位的概率" if zh else "probability of keeping the tier in force"
    top = face.fit(name, size=8.0, width=drawn, lines=1)
    sheet.write(ax, face, top, x=0.5, y=1, frame="axes", dy=16.0, colour=MUTED, ha="center", va="bottom", gid="axis")


def probability_ticks(
    low: float, high: float, drawn: float, face: Typeface, *, label_room: float | None = None
) -> list[float]:
    """Round probabilities between two scores whose labels keep clear of each other.

    ``label_room``: points that every label takes along the axis; None: its width.
    """
    chosen: list[tuple[float, float, float]] = []
    for p in _PROBABILITIES:
        score = float(logit(p))
        half = (face.width(percent(p), sheet.TICK_SIZE) + 8.0 if label_room is None else label_room) / 2
        x = (score - low) / (high - low) * drawn
        if low <= score <= high and all(abs(x - other) >= half + wide for _, other, wide in chosen):
            chosen.append((p, x, half))
    return sorted(p for p, _, _ in chosen)


def percent(p: float) -> str:
    """A probability as a tick label."""
    return f"{100 * p:g}%"
