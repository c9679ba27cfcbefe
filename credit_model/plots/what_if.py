"""The *what-if* plot: the smallest sets of factors that, put back to where they were, would have kept the limit."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from credit_model.explain.explanations import DecreaseExplanations
from credit_model.explain.restoring import restoring_scores
from credit_model.palette import ALERT, INK, LOWERS, MUTED, PAPER, RAISES, factor_colour
from credit_model.plots import sheet
from credit_model.plots.fonts import FittedText, Typeface, typeface
from credit_model.plots.headline import one_decrease, subtitle_of
from credit_model.plots.scale import (
    BOTTOM_AXIS,
    TOP_AXIS,
    draw_keep_scale,
    limit_scores,
    score_and_probability,
)
from credit_model.words.values import Wording, format_probability, join_words

_WIDTH = 620.0
_MOST_SETS = 8
_CHIP = 9.0
_SCALES = (1.0, 0.92, 0.85, 0.78, 0.7, 0.62)


@sheet.in_own_style
def plot_what_if(explanation: DecreaseExplanations, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw the keep score that each smallest set of factors reaches when put back to where it was.

    Parameters
    ----------
    explanation : DecreaseExplanations
        Of a single decrease, such as ``explanations[0]``; its sets come from `restoring.restoring_scores`.
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot.
    lang : "en" or "zh"

    Returns
    -------
    Axes
        One lane for the score as it is and one a set, at most eight, the smallest sets first.

    Raises
    ------
    CreditModelError
        ``explanation`` holds none or several decreases.

    Examples
    --------
    >>> ax = plot_what_if(explanations[0])  # doctest: +SKIP
    """
    one_decrease(explanation)
    face = typeface(lang)
    words = Wording(explanation.catalogue, face.lang, explanation.month_type)
    table = restoring_scores(explanation)
    width = sheet.width_for(ax, _WIDTH)
    for scale in _SCALES:
        head = sheet.heading(
            face,
            width,
            title=_title(explanation, words),
            subtitle=subtitle_of(explanation, words),
            notes=_notes(explanation, words, table),
            scale=scale,
        )
        lanes = _lanes(explanation, table.head(_MOST_SETS), words, face, width, scale)
        needed = head.height + TOP_AXIS + BOTTOM_AXIS + sum(lane.height for lane in lanes)
        if ax is None or needed <= sheet.cell_of(ax).height:
            break
    ax, space = sheet.axes_for(ax, _WIDTH, needed)
    chips = _CHIP * max(1, *(len(lane.colours) for lane in lanes)) + 10.0
    column = max(face.width(lane.label.text, lane.label.size) for lane in lanes) + chips + 4.0
    sheet.clear_frame(ax, keep=("bottom",))
    sheet.place(ax, space, left=column, right=4.0, top=head.height + TOP_AXIS, bottom=BOTTOM_AXIS)
    drawn = max(space.width - column - 4.0, 10.0)
    widest = max(face.width(lane.value.text, lane.value.size, "bold") for lane in lanes)
    limit_scores(ax, [lane.score for lane in lanes], pad=widest + 16.0, drawn=drawn)
    ax.set_ylim(sum(lane.height for lane in lanes), 0.0)
    draw_keep_scale(ax, face, drawn)
    depth = 0.0
    for lane in lanes:
        _draw_lane(ax, face, lane, depth + lane.height / 2, start=lanes[0].score, chips=chips, drawn=drawn)
        depth += lane.height
    sheet.draw_heading(ax, face, head, left=column, top=head.height + TOP_AXIS)
    return ax


@dataclass(frozen=True)
class _Lane:
    """The score as it is (no colours), or the one reached with the factors of these colours put back."""

    label: FittedText
    score: float
    value: FittedText
    colours: tuple[str, ...]
    height: float


def _lanes(
    explanation: DecreaseExplanations, table: pd.DataFrame, words: Wording, face: Typeface, width: float, scale: float
) -> list[_Lane]:
    ids = explanation.catalogue.factor_ids
    now = face.fit("实际情况" if words.lang == "zh" else "as it is", size=9.5 * scale, width=0.4 * width)
    found: list[tuple[FittedText, float, tuple[str, ...]]] = [(now, float(explanation.keep_score_after[0]), ())]
    for chosen, score in zip(table["factors"], table["keep_score"], strict=True):
        colours = tuple(factor_colour(ids.index(factor)) for factor in chosen)
        found.append((_label(chosen, words, face, 0.4 * width, scale), float(score), colours))
    return [
        _Lane(
            label,
            score,
            FittedText(score_and_probability(score), 9.0 * scale, "bold"),
            colours,
            max(26.0 * scale, label.height + 6.0),
        )
        for label, score, colours in found
    ]


def _title(explanation: DecreaseExplanations, words: Wording) -> str:
    limit = words.money(float(explanation.limit_before[0]))
    return f"怎样才能保住{limit}的额度" if words.lang == "zh" else f"What would have kept the limit of {limit}"


def _notes(explanation: DecreaseExplanations, words: Wording, table: pd.DataFrame) -> list[tuple[str, str]]:
    zh = words.lang == "zh"
    if not len(table):
        chance = format_probability(float(explanation.summary["probability_after"].iloc[0]))
        if zh:
            return [(f"模型本就会保住该额度（{chance}），无需还原任何因素：建议重新评估", ALERT)]
        return [(f"Nothing: the model would have kept it ({chance}); propose a re-evaluation", ALERT)]
    if table["keep_score"].iloc[0] < 0:
        if zh:
            return [("即使全部因素还原，模型也不会保住该额度", ALERT)]
        return [("Not even with all factors back where they were would the model have kept it", ALERT)]
    least, more = int(table["n_factors"].iloc[0]), len(table) - _MOST_SETS
    if least == 1:
        text = "还原其中一项因素即可" if zh else "One factor back where it was is enough"
    else:
        text = f"至少需要还原{least}项因素" if zh else f"It takes at least {least} factors back where they were"
    if more > 0:
        text += f"（另有{more}种组合未列出）" if zh else f" ({more} more sets are not shown)"
    return [(text, INK)]


def _label(factors: tuple[str, ...], words: Wording, face: Typeface, width: float, scale: float) -> FittedText:
    ids = words.catalogue.factor_ids
    names = [words.factor_labels[ids.index(factor)] for factor in factors]
    if len(names) == len(ids):
        text = "全部因素" if words.lang == "zh" else "all factors"
    else:
        text = join_words(names, words.lang)
    return face.fit(text, size=9.5 * scale, width=width - _CHIP * len(names), lines=3)


def _draw_lane(
    ax: Axes, face: Typeface, lane: _Lane, middle: float, *, start: float, chips: float, drawn: float
) -> None:
    """A line from the score as it is to the one reached, and the colours of the factors put back."""
    end = lane.score
    sheet.write(ax, face, lane.label, x=0, y=middle, frame="lane", dx=-chips, ha="right", gid="label")
    for k, chip in enumerate(reversed(lane.colours)):
        ax.plot(
            [0.0], [middle], "s", transform=sheet.moved(ax, "lane", dx=-7.0 - k * _CHIP), ms=6.0, color=chip,
            mec=INK, mew=0.3, clip_on=False, zorder=4,
        )  # fmt: skip
    if lane.colours:
        ax.plot([start, end], [middle, middle], "-", color=MUTED, lw=1.1, zorder=2)
        ax.plot([start], [middle], "o", ms=4.5, color=PAPER, mec=MUTED, mew=1.0, zorder=4)
    colour = INK if not lane.colours else RAISES if end >= 0 else LOWERS
    ax.plot([end], [middle], "o", ms=8.0, color=colour, mec=PAPER, mew=1.0, zorder=5, gid="reached")
    right, gap = end >= start and bool(lane.colours), 8.0
    low, high = ax.get_xlim()
    to_keep_line = -end * drawn / (high - low)
    if right and 0 < to_keep_line < gap + face.width(lane.value.text, lane.value.size, "bold"):
        gap = to_keep_line + 6.0
    sheet.write(
        ax, face, lane.value, x=end, y=middle, frame="data", dx=gap if right else -gap,
        ha="left" if right else "right", gid="value", halo=PAPER,
    )  # fmt: skip
