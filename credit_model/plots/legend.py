"""A legend of factors that flows in as many rows as the width asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D, ScaledTranslation, Transform

from credit_model.palette import INK, PAPER
from credit_model.plots import sheet
from credit_model.plots.fonts import FittedText, Typeface

_SIZE, _CHIP, _GAP, _ROW = 8.0, 8.0, 14.0, 14.0


@dataclass(frozen=True)
class Entry:
    """A colour (and pattern, or a marker instead of a chip) and what it stands for."""

    text: str
    colour: str
    hatch: str = ""
    marker: str = ""


@dataclass(frozen=True)
class Legend:
    """Entries with their places: (text, entry, points from the left, row)."""

    places: tuple[tuple[FittedText, Entry, float, int], ...]

    @property
    def height(self) -> float:
        """In points."""
        return _ROW * (1 + max((row for *_, row in self.places), default=-1))


def flow(face: Typeface, entries: Sequence[Entry], width: float) -> Legend:
    """Place entries one after the other, in a new row where one does not fit."""
    places, x, row = [], 0.0, 0
    for entry in entries:
        text = face.fit(entry.text, size=_SIZE, width=width - _CHIP - 6.0, lines=1)
        needed = _CHIP + 4.0 + face.width(text.text, text.size)
        if x and x + needed > width:
            x, row = 0.0, row + 1
        places.append((text, entry, x, row))
        x += needed + _GAP
    return Legend(tuple(places))


def draw_legend(ax: Axes, face: Typeface, legend: Legend, *, left: float, below: float) -> None:
    """Draw it ``below`` points under the Axes, starting ``left`` points left of it."""
    for text, entry, x, row in legend.places:
        y = -below - row * _ROW - _ROW / 2
        sheet.write(ax, face, text, x=0, y=0, frame="axes", dx=x - left + _CHIP + 4.0, dy=y, va="center", gid="legend")
        if entry.marker:
            ax.plot(
                [0.0], [0.0], entry.marker, transform=sheet.moved(ax, "axes", x - left + _CHIP / 2, y), ms=5.5,
                color=PAPER if entry.marker == "o" else entry.colour, mec=entry.colour, mew=0.8, clip_on=False,
            )  # fmt: skip
            continue
        chip = Rectangle(
            (0, 0), 1, 1, facecolor=entry.colour, hatch=entry.hatch, edgecolor=INK, lw=0.3, clip_on=False,
            transform=_box(ax, x - left, y - _CHIP / 2),
        )  # fmt: skip
        ax.add_patch(chip)


def _box(ax: Axes, x: float, y: float) -> Transform:
    """The unit square as a chip at (x, y) points from the Axes' lower left corner."""
    points = ax.figure.dpi_scale_trans
    corner: Any = ScaledTranslation(0, 0, ax.transAxes)  # type: ignore[arg-type]
    box: Transform = Affine2D().scale(_CHIP / 72) + points + ScaledTranslation(x / 72, y / 72, points) + corner
    return box
