"""The *leading factors* plot by segment: shares of the leading factors within each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from credit_model.palette import INK, MUTED, PAPER
from credit_model.plots import sheet
from credit_model.plots.fonts import FittedText, Typeface
from credit_model.plots.leading_key import leading_colours, leading_entries, leading_heading
from credit_model.plots.legend import draw_legend, flow
from credit_model.words.values import CatalogueWords

_WIDTH = 680.0
_BLACK = "#000000"


def plot_segments(table: pd.DataFrame, words: CatalogueWords, face: Typeface, ax: Axes | None) -> Axes:
    """Draw a table of `leading.count_leading_factors` as one bar of shares a segment; ``ax`` None: a new figure."""
    width = sheet.width_for(ax, _WIDTH)
    head = leading_heading(table, face, width, face.say("leading.segments"))
    legend = flow(face, leading_entries(table, words), width)
    labels = [face.fit(str(s) or face.language.unknown(), size=9.0, width=0.3 * width) for s in table.index]
    counts = table.sum(axis=1).to_numpy()
    totals = [face.say("leading.total", count=int(n)) for n in counts]
    heights = [max(26.0, label.height + 6.0) for label in labels]
    bottom = legend.height + 12.0
    ax, space = sheet.axes_for(ax, _WIDTH, head.height + sum(heights) + bottom)
    left = max(face.width(label.text, label.size) for label in labels) + 10.0
    right = max(face.width(text, 8.5) for text in totals) + 8.0
    drawn = max(space.width - left - right, 10.0)
    sheet.clear_frame(ax)
    sheet.place(ax, space, left=left, right=right, top=head.height, bottom=bottom)
    ax.set_xlim(0, 1)
    ax.set_ylim(sum(heights), 0)
    middles = np.cumsum(heights) - np.array(heights) / 2
    shares = table.to_numpy(dtype=np.float64) / counts[:, None]
    base = np.zeros(len(table))
    for k, (name, colour, hatch) in enumerate(leading_colours(words)):
        ax.barh(
            middles, shares[:, k], left=base, height=np.array(heights) * 0.66, color=colour, hatch=hatch,
            edgecolor=PAPER, linewidth=0.6, zorder=3, gid=f"leading-{name}",
        )  # fmt: skip
        for share, start, y in zip(shares[:, k], base, middles, strict=True):
            text = face.language.share(float(share))
            if share > 0 and share * drawn > face.width(text, 7.5) + 6.0:
                sheet.write(
                    ax, face, FittedText(text, 7.5), x=start + share / 2, y=y, frame="data", ha="center",
                    colour=_readable_on(colour), gid="share", halo=colour if hatch else None,
                )  # fmt: skip
        base += shares[:, k]
    for label, text, y in zip(labels, totals, middles, strict=True):
        sheet.write(ax, face, label, x=0, y=y, frame="lane", dx=-6.0, ha="right", gid="label")
        sheet.write(ax, face, FittedText(text, 8.5), x=1, y=y, frame="lane", dx=6.0, colour=MUTED, gid="total")
    draw_legend(ax, face, legend, left=left, below=8.0)
    sheet.draw_heading(ax, face, head, left=left, top=head.height)
    return ax


def _readable_on(colour: str) -> str:
    """Ink or paper, else black: the first that has the contrast that small text needs (WCAG 2.2, 1.4.3)."""
    ground = _luminance(colour)
    for ink in (INK, PAPER):
        dark, light = sorted((ground, _luminance(ink)))
        if (light + 0.05) / (dark + 0.05) >= 4.5:
            return ink
    return _BLACK


def _luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
