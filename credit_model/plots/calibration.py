"""The *calibration* plot: forecast against observed shares of limits above each tier threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from credit_model.errors import CreditModelError
from credit_model.palette import FAINT, MUTED, PAPER, RULE
from credit_model.plots import sheet
from credit_model.plots.fonts import Typeface, typeface
from credit_model.plots.legend import Entry, draw_legend, flow
from credit_model.portfolio.ladder import LimitLadder

_WIDTH, _SQUARE = 460.0, 350.0
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@sheet.in_own_style
def plot_calibration(
    table: pd.DataFrame, ladder: LimitLadder | None = None, *, ax: Axes | None = None, lang: str = "en"
) -> Axes:
    """Draw, for every threshold, the observed share of limits above it against the forecast one.

    Parameters
    ----------
    table : DataFrame
        From `model.metrics.calibration_by_threshold`: threshold, n, forecast, observed.
    ladder : LimitLadder, optional
        Names thresholds by the amount that the limit must reach.
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot.
    lang : str
        One of `words.language.LANGUAGES`.

    Returns
    -------
    Axes
        Dots on the diagonal are calibrated; a dot's area grows with the decisions in its bin.

    Raises
    ------
    CreditModelError
        ``table`` lacks a column or has no row.

    Examples
    --------
    >>> ax = plot_calibration(calibration_by_threshold(tier, probability))  # doctest: +SKIP
    """
    missing = [name for name in ("threshold", "n", "forecast", "observed") if name not in table.columns]
    if missing or not len(table):
        found = f"lacks {', '.join(missing)}" if missing else "has no rows"
        raise CreditModelError(f"the calibration table {found}; give what calibration_by_threshold returns")
    face = typeface(lang)
    thresholds = [int(k) for k in np.unique(table["threshold"])]
    shades = [to_hex(shade) for shade in colormaps["viridis"](np.linspace(0.0, 0.82, len(thresholds)))]
    width = sheet.width_for(ax, _WIDTH)
    n = int(table.loc[table["threshold"] == thresholds[0], "n"].sum())
    head = sheet.heading(
        face,
        width,
        title=face.say("calibration.title"),
        subtitle=face.say("calibration.subtitle", count=n),
    )
    names = [_name(k, ladder, face) for k in thresholds]
    legend = flow(face, [Entry(name, shade) for name, shade in zip(names, shades, strict=True)], width)
    bottom, left = 36.0 + legend.height + 6.0, 42.0
    ax, space = sheet.axes_for(ax, _WIDTH, head.height + _SQUARE + bottom)
    top = head.height + 14.0
    sheet.clear_frame(ax, keep=("left", "bottom"))
    sheet.place(ax, space, left=left, right=10.0, top=top, bottom=bottom)
    drawn = max(space.width - left - 10.0, 10.0)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    sheet.grid_lines(ax, _TICKS, axis="x")
    sheet.grid_lines(ax, _TICKS, axis="y")
    ax.plot([0, 1], [0, 1], "--", color=FAINT, lw=1.0, zorder=1)
    largest = float(table["n"].max())
    for k, shade in zip(thresholds, shades, strict=True):
        part = table[table["threshold"] == k].sort_values("forecast")
        ax.plot(part["forecast"], part["observed"], "-", color=shade, lw=1.2, alpha=0.85, zorder=2)
        ax.scatter(
            part["forecast"], part["observed"], s=8 + 34 * part["n"] / largest, color=shade, edgecolor=PAPER,
            linewidth=0.6, zorder=3, gid=f"threshold-{k}",
        )  # fmt: skip
    for axis in (ax.xaxis, ax.yaxis):
        sheet.label_ticks(axis, face, _TICKS, [face.language.percent(t) for t in _TICKS])
    ax.tick_params(axis="both", length=3, color=RULE, pad=2)
    below = face.fit(face.say("calibration.forecast"), size=8.5, width=drawn, lines=1)
    beside = face.fit(face.say("calibration.observed"), size=8.5, width=drawn, lines=1, weight="bold")
    sheet.write(ax, face, below, x=0.5, y=0, frame="axes", dy=-18.0, colour=MUTED, ha="center", va="top", gid="axis")
    sheet.write(ax, face, beside, x=0, y=1, frame="axes", dx=-left, dy=4.0, colour=MUTED, va="bottom", gid="axis")
    draw_legend(ax, face, legend, left=left, below=38.0)
    sheet.draw_heading(ax, face, head, left=left, top=top)
    return ax


def _name(threshold: int, ladder: LimitLadder | None, face: Typeface) -> str:
    if ladder is None:
        return face.say("calibration.tier", tier=threshold)
    return face.say("calibration.limit", amount=face.number(float(ladder.amounts[threshold + 1])))
