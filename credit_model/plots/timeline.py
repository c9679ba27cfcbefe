"""The *timeline* plot: a borrower's limit, keep score and what moved it, month by month."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from credit_model.errors import CreditModelError
from credit_model.palette import (
    INK,
    LOWERS,
    MUTED,
    PROBABILITY_TICKS,
    RAISES,
    factor_colour,
    factor_hatch,
)
from credit_model.plots import sheet
from credit_model.plots.fonts import Typeface, typeface
from credit_model.plots.legend import Entry, Legend, draw_legend, flow
from credit_model.plots.months import label_months, numbers_of
from credit_model.plots.timeline_panels import (
    draw_factors,
    draw_limit,
    draw_score,
    limit_ticks,
    mark_decreases,
    triggers,
)
from credit_model.portfolio.catalogue import Catalogue
from credit_model.words.values import CatalogueWords, catalogue_words

_WIDTH, _HEIGHT = 680.0, 446.0
_GAP, _MONTHS_ROOM = 26.0, 20.0
_SHARES = (0.26, 0.34, 0.40)  # of the height: limit, keep score, factors

_NEEDED = ("month", "limit_amount", "limit_before", "keep_score", "decision", "event")


@sheet.in_own_style
def plot_timeline(
    track: pd.DataFrame,
    catalogue: Catalogue,
    *,
    ax: Axes | None = None,
    lang: str = "en",
    borrower_id: object | None = None,
) -> Axes:
    """Draw one borrower's months: the limit, the keep score, and the factors that moved it since the reference.

    Parameters
    ----------
    track : DataFrame
        From `LimitPredictor.track`: month, limit_amount, limit_before, keep_score, decision, event, and one column
        a factor. An optional column ``trigger`` (text, "" where none) marks rules that were at work in a month.
    catalogue : Catalogue
        Gives the factors' order, labels and colours, and the currency.
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot. It becomes the middle panel (keep score); the panels above
        (limit) and below (factors) are added to its figure, inside its cell.
    lang : str
        One of `words.language.LANGUAGES`.
    borrower_id : optional
        Named in the title.

    Returns
    -------
    Axes
        The panel of the keep score.

    Raises
    ------
    CreditModelError
        ``track`` lacks a column or has no row.

    Examples
    --------
    >>> track = predictor.track(history, "B0012")  # doctest: +SKIP
    >>> ax = plot_timeline(track, predictor.catalogue, borrower_id="B0012")  # doctest: +SKIP
    """
    missing = [name for name in (*_NEEDED, *catalogue.factor_ids) if name not in track.columns]
    if missing or not len(track):
        found = f"lacks {', '.join(missing)}" if missing else "has no rows"
        raise CreditModelError(f"the timeline's table {found}; give what LimitPredictor.track returns")
    face = typeface(lang)
    months, kind = numbers_of(track["month"])
    words = catalogue_words(catalogue, face.lang, kind)
    width = sheet.width_for(ax, _WIDTH)
    head = _heading(track, words, face, width, borrower_id, months)
    legend = flow(face, _entries(track, words, face), width)
    ax, space = sheet.axes_for(ax, _WIDTH, _HEIGHT + head.height + legend.height)
    panels = _panels(ax, space, face, head, legend, track)
    drawn = panels.drawn
    first, last = int(months.min()), int(months.max())
    draw_limit(panels.limit, face, words, track, months, drawn)
    draw_score(ax, face, track, months, panels.heights[1])
    draw_factors(panels.factors, face, catalogue, track, months, panels.heights[2])
    for panel in (panels.limit, ax, panels.factors):
        panel.set_xlim(first - 0.7, last + 0.7)
        mark_decreases(panel, track, months)
    label_months(panels.factors, face, first, last, kind, drawn)
    draw_legend(panels.factors, face, legend, left=panels.left, below=_MONTHS_ROOM + 4.0)
    sheet.draw_heading(panels.limit, face, head, left=panels.left, top=head.height + _GAP - 6.0)
    return ax


class _Panels:
    """The three panels, and their sizes in points."""

    def __init__(
        self,
        ax: Axes,
        space: sheet.Space,
        *,
        left: float,
        right: float,
        top: float,
        bottom: float,
    ) -> None:
        self.limit, self.factors = ax.figure.add_axes((0, 0, 1, 1)), ax.figure.add_axes((0, 0, 1, 1))
        self.left, self.drawn = left, max(space.width - left - right, 10.0)
        usable = max(space.height - top - bottom - 2 * _GAP, 30.0)
        self.heights = [share * usable for share in _SHARES]
        edge = top
        for panel, height in zip((self.limit, ax, self.factors), self.heights, strict=True):
            below = space.height - edge - height
            sheet.place(panel, space, left=left, right=right, top=edge, bottom=below)
            sheet.clear_frame(panel, keep=("left", "bottom"))
            edge += height + _GAP


def _panels(
    ax: Axes,
    space: sheet.Space,
    face: Typeface,
    head: sheet.Heading,
    legend: Legend,
    track: pd.DataFrame,
) -> _Panels:
    widest = max(face.width(face.number(t), sheet.TICK_SIZE) for t in limit_ticks(track, 4))
    left = max(widest, face.width("−00.0", sheet.TICK_SIZE)) + 8.0
    right = max(face.width(text, sheet.TICK_SIZE) for _, text in PROBABILITY_TICKS) + 8.0
    bottom = _MONTHS_ROOM + legend.height + 4.0
    return _Panels(ax, space, left=left, right=right, top=head.height + _GAP - 6.0, bottom=bottom)


def _heading(
    track: pd.DataFrame,
    words: CatalogueWords,
    face: Typeface,
    width: float,
    borrower_id: object | None,
    months: NDArray[np.int64],
) -> sheet.Heading:
    title = face.say("timeline.title")
    if borrower_id is not None:
        title = face.say("timeline.title_of", borrower=borrower_id)
    span = face.say("timeline.span", first=words.month(int(months.min())), last=words.month(int(months.max())))
    counts = [
        face.say("timeline.decisions", count=int(track["decision"].sum())),
        face.say("timeline.cuts", count=int((track["event"] == "decrease").sum())),
        face.say("timeline.increases", count=int((track["event"] == "increase").sum())),
    ]
    return sheet.heading(face, width, title=title, subtitle=f"{span} · {face.language.listed(counts)}")


def _entries(track: pd.DataFrame, words: CatalogueWords, face: Typeface) -> list[Entry]:
    entries = [Entry(label, factor_colour(g), factor_hatch(g)) for g, label in enumerate(words.factor_labels)]
    marks = [("total", INK, "D"), ("cut", LOWERS, "v"), ("increase", RAISES, "^"), ("unchanged", MUTED, "o")]
    if triggers(track).any():
        marks.append(("trigger", INK, "X"))
    return [*entries, *(Entry(face.say(f"timeline.{key}"), colour, marker=marker) for key, colour, marker in marks)]
