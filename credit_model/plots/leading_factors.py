"""The *leading factors* plot: cuts by leading factor, month by month beside the economy, or by segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.leading import count_leading_factors
from credit_model.palette import (
    INK,
    PAPER,
)
from credit_model.plots import sheet
from credit_model.plots.fonts import Typeface, typeface
from credit_model.plots.leading_key import leading_colours, leading_entries, leading_heading
from credit_model.plots.legend import Entry, draw_legend, flow
from credit_model.plots.months import label_months, numbers_of
from credit_model.plots.segments import plot_segments
from credit_model.words.values import CatalogueWords, catalogue_words

_WIDTH, _PLOT_HEIGHT, _PANEL_HEIGHT = 680.0, 230.0, 62.0
_GAP, _MONTHS_ROOM = 24.0, 20.0
_MOST_SERIES = 3
_WAVE_MARK, _WAVE_ROOM = "d", 14.0


@sheet.in_own_style
def plot_leading_factors(
    explanations: DecreaseExplanations,
    economy: pd.DataFrame | None = None,
    *,
    by: Literal["month"] | pd.Series = "month",
    ax: Axes | None = None,
    lang: str = "en",
) -> Axes:
    """Draw a portfolio's cuts by the factor that led each of them.

    Cuts of which no reason is told are counted apart. A month in which many more than usual were cut, a wave of the
    lender's, is marked above its bar.

    Parameters
    ----------
    explanations : DecreaseExplanations
        Counted by `leading.count_leading_factors`.
    economy : DataFrame, optional
        A column ``month`` and up to three columns of numbers, drawn below the months, each on a scale of its own.
    by : "month" or Series
        Numbers of cuts a month; or shares within segments, given for each decrease in the order of
        ``explanations`` (the economy is then left out).
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot. Panels for the economy are added inside its cell.
    lang : str
        One of `words.language.LANGUAGES`.

    Returns
    -------
    Axes
        The panel of the cuts.

    Raises
    ------
    CreditModelError
        There is no decrease, ``by`` does not fit, or ``economy`` has no column ``month``.

    Examples
    --------
    >>> ax = plot_leading_factors(explanations, portfolio.economy)  # doctest: +SKIP
    >>> ax = plot_leading_factors(explanations, by=segment_of_decrease)  # doctest: +SKIP
    """
    if not len(explanations):
        raise CreditModelError("there is no decrease to count; give explanations of at least one")
    table = count_leading_factors(explanations, by=by)
    face = typeface(lang)
    words = catalogue_words(explanations.catalogue, face.lang, explanations.month_type)
    if isinstance(by, pd.Series):
        return plot_segments(table, words, face, ax)
    return _plot_months(table, words, face, ax, _economy_in(economy), _months_of_waves(explanations))


def _months_of_waves(explanations: DecreaseExplanations) -> NDArray[np.int64]:
    """The months in which a cut was told a wave."""
    in_wave = np.array([verdict.wave is not None for verdict in explanations.verdicts], dtype=bool)
    return np.unique(explanations.month_number[in_wave])


def _economy_in(economy: pd.DataFrame | None) -> pd.DataFrame | None:
    if economy is None:
        return None
    if "month" not in economy.columns:
        raise CreditModelError(f"economy must have a column month, found {', '.join(map(str, economy.columns))}")
    numbers = [c for c in economy.columns if c != "month" and pd.api.types.is_numeric_dtype(economy[c].dtype)]
    return economy[["month", *numbers[:_MOST_SERIES]]]


def _plot_months(
    table: pd.DataFrame,
    words: CatalogueWords,
    face: Typeface,
    ax: Axes | None,
    economy: pd.DataFrame | None,
    waves: NDArray[np.int64],
) -> Axes:
    width = sheet.width_for(ax, _WIDTH)
    head = leading_heading(table, face, width, words.language.say("plot.leading.months"))
    marks = [Entry(face.say("leading.wave"), INK, marker=_WAVE_MARK)] if len(waves) else []
    legend = flow(face, [*leading_entries(table, words), *marks], width)
    series = [] if economy is None else [economy[["month", name]] for name in economy if name != "month"]
    top, bottom = head.height + 18.0, _MONTHS_ROOM + legend.height + 6.0
    needed = top + _PLOT_HEIGHT + len(series) * (_PANEL_HEIGHT + _GAP) + bottom
    ax, space = sheet.axes_for(ax, _WIDTH, needed)
    inner = max(space.height - top - bottom - len(series) * _GAP, 20.0)
    share = _PANEL_HEIGHT / (_PLOT_HEIGHT + len(series) * _PANEL_HEIGHT)
    small, main = share * inner, inner - len(series) * share * inner
    scales = [
        _count_scale(table, main, room_above=_WAVE_ROOM if len(waves) else 0.0),
        *(_series_scale(one, small) for one in series),
    ]
    left = max(face.width(face.number(t), sheet.TICK_SIZE) for scale in scales for t in scale.ticks) + 8.0
    drawn = max(space.width - left - 4.0, 10.0)
    months, kind = numbers_of(table.index)
    first, last = int(months.min()), int(months.max())
    panels, edge = [ax, *(ax.figure.add_axes((0, 0, 1, 1)) for _ in series)], top
    for panel, scale, height in zip(panels, scales, [main, *[small] * len(series)], strict=True):
        sheet.clear_frame(panel, keep=("bottom",))
        sheet.place(panel, space, left=left, right=4.0, top=edge, bottom=space.height - edge - height)
        _draw_scale(panel, face, scale)
        panel.set_xlim(first - 0.7, last + 0.7)
        edge += height + _GAP
    _draw_counts(ax, table, words, months)
    _mark_waves(ax, table, months, waves)
    _name(ax, face, face.say("leading.count"), drawn)
    for panel, one in zip(panels[1:], series, strict=True):
        _draw_series(panel, one, first, last)
        _name(panel, face, _series_label(str(one.columns[1]), words), drawn)
    label_months(panels[-1], face, first, last, kind, drawn)
    draw_legend(panels[-1], face, legend, left=left, below=_MONTHS_ROOM + 6.0)
    sheet.draw_heading(ax, face, head, left=left, top=top)
    return ax


@dataclass(frozen=True)
class _Scale:
    """Limits and ticks of a vertical axis."""

    low: float
    high: float
    ticks: list[float]


def _count_scale(table: pd.DataFrame, height: float, *, room_above: float) -> _Scale:
    """From 0 to the highest bar, with points left free above it."""
    high = 1.05 * float(table.sum(axis=1).max()) * height / max(height - room_above, 0.5 * height)
    ticks = sheet.nice_ticks(0, high, max(int(height // 30), 1))
    return _Scale(0.0, high, [t for t in ticks if t == round(t)])


def _series_scale(series: pd.DataFrame, height: float) -> _Scale:
    known = series.iloc[:, 1].dropna()
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    pad = 0.12 * ((high - low) or abs(high) or 1.0)
    low, high = low - pad, high + pad
    return _Scale(low, high, sheet.nice_ticks(low, high, max(int(height // 22), 1)) or [low])


def _draw_scale(ax: Axes, face: Typeface, scale: _Scale) -> None:
    ax.set_ylim(scale.low, scale.high)
    sheet.grid_lines(ax, scale.ticks, axis="y")
    sheet.label_ticks(ax.yaxis, face, scale.ticks, [face.number(t) for t in scale.ticks])
    ax.tick_params(axis="both", length=0, pad=4)


def _draw_counts(ax: Axes, table: pd.DataFrame, words: CatalogueWords, months: NDArray[np.int64]) -> None:
    base = np.zeros(len(table))
    for name, colour, hatch in leading_colours(words):
        counts = table[name].to_numpy(dtype=np.float64)
        ax.bar(
            months, counts, bottom=base, width=0.86, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.5,
            zorder=3, gid=f"leading-{name}",
        )  # fmt: skip
        base += counts


def _mark_waves(ax: Axes, table: pd.DataFrame, months: NDArray[np.int64], waves: NDArray[np.int64]) -> None:
    at = np.isin(months, waves)
    tops = table.sum(axis=1).to_numpy(dtype=np.float64)
    ax.plot(
        months[at], tops[at], _WAVE_MARK, transform=sheet.moved(ax, "data", dy=6.0), ms=5.5, color=INK, mec=INK,
        mew=0.8, zorder=4, gid="wave",
    )  # fmt: skip


def _draw_series(ax: Axes, series: pd.DataFrame, first: int, last: int) -> None:
    months, _ = numbers_of(series["month"])
    inside = (months >= first) & (months <= last)
    values = series.iloc[:, 1].to_numpy(dtype=np.float64)
    ax.plot(months[inside], values[inside], "-", color=INK, lw=1.4, zorder=3, gid=f"economy-{series.columns[1]}")


def _name(ax: Axes, face: Typeface, text: str, drawn: float) -> None:
    name = face.fit(text, size=8.5, width=drawn, lines=1, weight="bold")
    sheet.write(ax, face, name, x=0, y=1, frame="axes", dy=4.0, va="bottom", gid="panel")


def _series_label(name: str, words: CatalogueWords) -> str:
    """The catalogue's label of a column, else its name with spaces."""
    for column in words.catalogue.columns:
        if column.name == name:
            return words.language.label(column.label)
    return name.replace("_", " ")
