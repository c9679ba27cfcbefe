"""The *what-if* plot: the smallest sets of factors that, put back to where they were, would have kept the limit."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.palette import INK, LOWERS, MUTED, PAPER, RAISES, factor_colour
from credit_model.plots import sheet
from credit_model.plots.fonts import FittedText, Typeface, typeface
from credit_model.plots.headline import Headline, one_decrease
from credit_model.plots.scale import (
    BOTTOM_AXIS,
    KEY_LANE,
    TOP_AXIS,
    Lines,
    beside,
    draw_keep_scale,
    draw_line_key,
    limit_scores,
    score_and_risk,
)
from credit_model.words.values import CatalogueWords, catalogue_words

_WIDTH = 620.0
_MOST_SETS = 8
_CHIP = 9.0
_SCALES = (1.0, 0.92, 0.85, 0.78, 0.7, 0.62)


@sheet.in_own_style
def plot_what_if(explanation: DecreaseExplanations, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw the keep score, and with it the risk, that each smallest set of factors reaches when put back.

    The line is the verdict's: where the model itself keeps the limit, or, of a raised risk, where it would not count
    as raised. Of a cut that the model does not support the score is shown as it is and as it was, and nothing sought.

    Parameters
    ----------
    explanation : DecreaseExplanations
        Of a single decrease, such as ``explanations[0]``; its sets come from ``restoring_table``.
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot.
    lang : str
        One of `words.language.LANGUAGES`.

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
    words = catalogue_words(explanation.catalogue, face.lang, explanation.month_type)
    told, found = Headline(explanation, words), explanation.restoring_table()
    width = sheet.width_for(ax, _WIDTH)
    for scale in _SCALES:
        head = sheet.heading(
            face,
            width,
            title=told.what_if_title,
            subtitle=told.subtitle,
            notes=told.what_if_notes(found, not_shown=len(found) - _MOST_SETS),
            scale=scale,
        )
        lanes = _lanes(explanation, words, face, width, scale)
        needed = head.height + TOP_AXIS + BOTTOM_AXIS + KEY_LANE + sum(lane.height for lane in lanes)
        if ax is None or needed <= sheet.cell_of(ax).height:
            break
    ax, space = sheet.axes_for(ax, _WIDTH, needed)
    _draw(ax, space, face, head, lanes, Lines.of(explanation))
    return ax


@dataclass(frozen=True)
class _Lane:
    """The score as it is (no chips), or the one reached with the factors of these colours put back."""

    label: FittedText
    score: float
    value: FittedText
    chips: tuple[str, ...]
    colour: str
    height: float


def _lanes(
    explanation: DecreaseExplanations, words: CatalogueWords, face: Typeface, width: float, scale: float
) -> list[_Lane]:
    ids, found = explanation.catalogue.factor_ids, explanation.restoring_table().head(_MOST_SETS)
    sets = [
        (chosen, float(score), RAISES if restores else LOWERS)
        for chosen, score, restores in zip(found["factors"], found["keep_score"], found["restores"], strict=True)
    ]
    if not explanation.has_reference[0]:
        sets = []
    elif not sets:
        sets = [(ids, float(explanation.keep_score_before[0]), MUTED)]
    lanes = []
    for chosen, score, colour in [((), float(explanation.keep_score_after[0]), INK), *sets]:
        chips = tuple(factor_colour(ids.index(factor)) for factor in chosen)
        label = face.fit(
            _names(chosen, words, face), size=9.5 * scale, width=0.4 * width - _CHIP * len(chosen), lines=3
        )
        value = FittedText(score_and_risk(face, score), 9.0 * scale, "bold")
        lanes.append(_Lane(label, score, value, chips, colour, max(26.0 * scale, label.height + 6.0)))
    return lanes


def _names(chosen: tuple[str, ...], words: CatalogueWords, face: Typeface) -> str:
    ids = words.catalogue.factor_ids
    if not chosen:
        return face.say("what_if.now")
    if len(chosen) == len(ids):
        return face.say("what_if.all")
    return words.language.join([words.factor_labels[ids.index(factor)] for factor in chosen])


def _draw(ax: Axes, space: sheet.Space, face: Typeface, head: sheet.Heading, lanes: list[_Lane], lines: Lines) -> None:
    chips = _CHIP * max(1, *(len(lane.chips) for lane in lanes)) + 10.0
    column = max(face.width(lane.label.text, lane.label.size) for lane in lanes) + chips + 4.0
    top = head.height + TOP_AXIS
    sheet.clear_frame(ax, keep=("bottom",))
    sheet.place(ax, space, left=column, right=4.0, top=top, bottom=BOTTOM_AXIS)
    drawn = max(space.width - column - 4.0, 10.0)
    widest = max(face.width(lane.value.text, lane.value.size, "bold") for lane in lanes)
    limit_scores(ax, [lines.main, *(lane.score for lane in lanes)], pad=widest + 16.0, drawn=drawn)
    total = sum(lane.height for lane in lanes) + KEY_LANE
    ax.set_ylim(total, 0.0)
    draw_keep_scale(ax, face, drawn, lines)
    depth = 0.0
    for lane in lanes:
        middle, start = depth + lane.height / 2, lanes[0].score
        _draw_lane(ax, face, lane, middle, start=start, chips=chips, drawn=drawn, lines=lines)
        depth += lane.height
    draw_line_key(ax, face, total - KEY_LANE / 2, drawn, lines)
    sheet.draw_heading(ax, face, head, left=column, top=top)


def _draw_lane(
    ax: Axes, face: Typeface, lane: _Lane, middle: float, *, start: float, chips: float, drawn: float, lines: Lines
) -> None:
    """A line from the score as it is to the one reached, and the colours of the factors put back."""
    end = lane.score
    sheet.write(ax, face, lane.label, x=0, y=middle, frame="lane", dx=-chips, ha="right", gid="label")
    for k, chip in enumerate(reversed(lane.chips)):
        ax.plot(
            [0.0], [middle], "s", transform=sheet.moved(ax, "lane", dx=-7.0 - k * _CHIP), ms=6.0, color=chip,
            mec=INK, mew=0.3, clip_on=False, zorder=4,
        )  # fmt: skip
    if lane.chips:
        ax.plot([start, end], [middle, middle], "-", color=MUTED, lw=1.1, zorder=2)
        ax.plot([start], [middle], "o", ms=4.5, color=PAPER, mec=MUTED, mew=1.0, zorder=4)
    ax.plot([end], [middle], "o", ms=8.0, color=lane.colour, mec=PAPER, mew=1.0, zorder=5, gid="reached")
    wide, wished = face.width(lane.value.text, lane.value.size, "bold"), end >= start and bool(lane.chips)
    right, gap = beside(ax, drawn, (end, end), wide, gap=8.0, right=wished, lines=lines, either=not lane.chips)
    sheet.write(
        ax, face, lane.value, x=end, y=middle, frame="data", dx=gap if right else -gap,
        ha="left" if right else "right", gid="value", halo=PAPER,
    )  # fmt: skip
