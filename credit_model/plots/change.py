"""The *change* plot: from the keep score when the limit was set to now, factor by factor."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.palette import FAINT, INK, LOWERS, MUTED, PAPER, RAISES, RULE
from credit_model.plots import sheet
from credit_model.plots.change_rows import ChangeRows, Row
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
)
from credit_model.words.values import catalogue_words

_WIDTH = 620.0
_SCALES = (1.0, 0.92, 0.85, 0.78, 0.7, 0.62)


@sheet.in_own_style
def plot_change(
    explanation: DecreaseExplanations, *, ax: Axes | None = None, lang: str = "en", open_factor: str | None = None
) -> Axes:
    """Draw how each factor moved one borrower's keep score from where it was to where it is.

    The lower axis is the keep score (log-odds of keeping the tier in force), the upper one the risk of losing it. The
    line is the verdict's: where the model itself keeps the limit, or, of a raised risk, where it would not count as
    raised. Factors stand in the verdict's order; those that did not lower the score follow.

    Parameters
    ----------
    explanation : DecreaseExplanations
        Of a single decrease, such as ``explanations[0]``.
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot.
    lang : str
        One of `words.language.LANGUAGES`.
    open_factor : str, optional
        Id of a factor to show feature by feature, with the values then and now.

    Returns
    -------
    Axes

    Raises
    ------
    CreditModelError
        ``explanation`` holds none or several decreases, or ``open_factor`` is no factor.

    Examples
    --------
    >>> ax = plot_change(explanations[0], open_factor="repayment")  # doctest: +SKIP
    """
    one_decrease(explanation)
    if open_factor is not None and open_factor not in explanation.catalogue.factor_ids:
        raise CreditModelError(
            f"open_factor must be one of {', '.join(explanation.catalogue.factor_ids)}; got {open_factor!r}"
        )
    face = typeface(lang)
    words = catalogue_words(explanation.catalogue, face.lang, explanation.month_type)
    told = Headline(explanation, words)
    width = sheet.width_for(ax, _WIDTH)
    for scale in _SCALES:
        head = sheet.heading(
            face, width, title=told.title, subtitle=told.subtitle, notes=told.change_notes(), scale=scale
        )
        rows = ChangeRows(explanation, words, face, width, open_factor, scale).rows()
        needed = head.height + TOP_AXIS + BOTTOM_AXIS + KEY_LANE + sum(row.height for row in rows)
        if ax is None or needed <= sheet.cell_of(ax).height:
            break
    ax, space = sheet.axes_for(ax, _WIDTH, needed)
    _draw(ax, space, face, head, rows, Lines.of(explanation))
    return ax


def _draw(ax: Axes, space: sheet.Space, face: Typeface, head: sheet.Heading, rows: Sequence[Row], lines: Lines) -> None:
    column = max(face.width(label.text, label.size, label.weight) for row in rows for label in row.labels) + 18.0
    top = head.height + TOP_AXIS
    sheet.clear_frame(ax, keep=("bottom",))
    sheet.place(ax, space, left=column, right=4.0, top=top, bottom=BOTTOM_AXIS)
    drawn = max(space.width - column - 4.0, 10.0)
    widest = max(face.width(row.value, row.size, "bold") for row in rows)
    ends = [score for row in rows for score in (row.start, row.end)]
    limit_scores(ax, [*ends, lines.main], pad=widest + 14.0, drawn=drawn)
    total = sum(row.height for row in rows) + KEY_LANE
    ax.set_ylim(total, 0.0)
    depth, middles = 0.0, []
    for row in rows:
        middles.append(depth + row.height / 2)
        depth += row.height
    draw_connectors(ax, rows, middles)
    draw_keep_scale(ax, face, drawn, lines)
    for row, middle in zip(rows, middles, strict=True):
        draw_row(ax, face, row, middle, drawn, lines)
    draw_line_key(ax, face, total - KEY_LANE / 2, drawn, lines)
    sheet.draw_heading(ax, face, head, left=column, top=top)


def draw_connectors(ax: Axes, rows: Sequence[Row], middles: Sequence[float]) -> None:
    """Draw thin lines that lead from the end of one bar to the start of the next one of the same level."""
    main = [(row, y) for row, y in zip(rows, middles, strict=True) if row.kind != "feature"]
    for (row, y), (_, below) in pairwise(main):
        ax.plot([row.end, row.end], [y, below], color=RULE, lw=0.9, zorder=1, solid_capstyle="butt")


def draw_row(
    ax: Axes,
    face: Typeface,
    row: Row,
    middle: float,
    drawn: float,
    lines: Lines,
    colours: tuple[str, str] = (LOWERS, RAISES),
) -> None:
    """Draw one lane; ``colours`` are those of what lowers the score, and of what raises it."""
    heights = [label.height for label in row.labels]
    y = middle - sum(heights) / 2
    for k, (label, height) in enumerate(zip(row.labels, heights, strict=True)):
        quiet = row.kind == "feature" or k > 0
        colour = MUTED if quiet else INK
        sheet.write(
            ax, face, label, x=0, y=y + height / 2, frame="lane", dx=-14.0, colour=colour, ha="right", gid="label"
        )
        y += height
    if row.factor is not None:
        _draw_chip(ax, middle, row)
    if row.kind in ("before", "after"):
        ax.plot([row.start], [middle], "o", ms=8.5, color=INK, mec=PAPER, mew=1.2, zorder=5)
        _write_value(ax, face, row, middle, drawn, lines)
        return
    value = row.end - row.start
    colour = colours[0] if value < 0 else colours[1] if value > 0 else FAINT
    share = 0.42 if row.kind == "feature" else 0.58
    thick = share * (row.least_height if row.kind != "feature" else 18.0)
    bar = Rectangle(
        (min(row.start, row.end), middle - thick / 2),
        abs(value),
        thick,
        facecolor=PAPER if row.kind == "opened" else colour,
        edgecolor=colour,
        lw=1.2 if row.kind == "opened" else 0.5,
        alpha=0.75 if row.kind == "feature" else 1.0,
        zorder=3,
        gid="bar" if row.kind != "feature" else "feature-bar",
    )
    ax.add_patch(bar)
    _write_value(ax, face, row, middle, drawn, lines)


def _draw_chip(ax: Axes, middle: float, row: Row) -> None:
    """A small square in the factor's colour, the same as in the timeline and the portfolio's plots."""
    ax.plot(
        [0.0],
        [middle],
        "s",
        transform=sheet.moved(ax, "lane", dx=-7.0),
        ms=row.size * 0.62,
        color=row.colour,
        mec=INK,
        mew=0.3,
        clip_on=False,
        zorder=4,
        gid=f"factor-{row.factor}",
    )


def _write_value(ax: Axes, face: Typeface, row: Row, middle: float, drawn: float, lines: Lines) -> None:
    ends = row.kind in ("before", "after")
    weight = "bold" if ends or row.kind == "opened" else "normal"
    span = (min(row.start, row.end), max(row.start, row.end))
    wide = face.width(row.value, row.size, weight) + 3.0
    wished = row.start >= lines.main if ends else row.end > row.start
    right, gap = beside(ax, drawn, span, wide, gap=9.0 if ends else 4.0, right=wished, lines=lines)
    sheet.write(
        ax,
        face,
        FittedText(row.value, row.size, weight),
        x=span[1] if right else span[0],
        y=middle,
        frame="data",
        dx=gap if right else -gap,
        colour=MUTED if not ends and abs(row.end - row.start) < 0.005 else INK,
        ha="left" if right else "right",
        gid="value",
        halo=PAPER,
    )
