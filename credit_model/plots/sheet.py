"""The space that a plot may fill, and how headings and axes are set in it.

A plot is laid out in points inside its cell: the whole of a figure of its own, or the cell of the Axes it is given.
Nothing it draws, labels included, leaves that cell.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar

from matplotlib.axes import Axes
from matplotlib.gridspec import SubplotSpec
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox, ScaledTranslation, Transform, blended_transform_factory

from credit_model.palette import ALERT, GRID, INK, MUTED, PAPER, RULE
from credit_model.plots.fonts import LINE_HEIGHT, FittedText, Typeface
from credit_model.plots.pinned import Box, lay_ground, pin
from credit_model.plots.settings import own_settings

P = ParamSpec("P")
R = TypeVar("R")

MARGIN = 12.0
TITLE_SIZE, NOTE_SIZE, SUBTITLE_SIZE, TICK_SIZE = 12.5, 9.5, 8.5, 8.0


def in_own_style(plot: Callable[P, R]) -> Callable[P, R]:
    """Draw with matplotlib's defaults, whatever the caller's rcParams, and leave those as they are."""

    @functools.wraps(plot)
    def styled(*args: P.args, **kwargs: P.kwargs) -> R:
        with own_settings():
            return plot(*args, **kwargs)

    return styled


@dataclass(frozen=True)
class Space:
    """A rectangle in points from the figure's lower left corner, and the Axes whose cell it fills."""

    left: float
    bottom: float
    width: float
    height: float
    owner: Axes | None = None

    def within(self, ax: Axes, *, beyond: float = 0.0) -> Box:
        """The rectangle, larger by ``beyond`` points on every side, in fractions of the figure."""
        across, up = _points_of(ax)
        return (
            (self.left - beyond) / across,
            (self.bottom - beyond) / up,
            (self.width + 2 * beyond) / across,
            (self.height + 2 * beyond) / up,
        )


def _points_of(ax: Axes) -> tuple[float, float]:
    """Width and height of an Axes' figure in points."""
    box, dpi = ax.figure.bbox, ax.figure.dpi
    return box.width * 72.0 / dpi, box.height * 72.0 / dpi


def cell_of(ax: Axes) -> Space:
    """What an Axes was given: its cell in a grid (to the middle of the gutters), else its own rectangle."""
    box = ax.get_position(original=True)
    x0, x1, y0, y1 = box.x0, box.x1, box.y0, box.y1
    spec = ax.get_subplotspec()
    if spec is not None:
        x0, x1, y0, y1 = _cell_in_grid(spec, ax.figure)
    width, height = _points_of(ax)
    return Space(
        x0 * width + MARGIN, y0 * height + MARGIN, (x1 - x0) * width - 2 * MARGIN, (y1 - y0) * height - 2 * MARGIN, ax
    )


def _cell_in_grid(spec: SubplotSpec, figure: Any) -> tuple[float, float, float, float]:
    """Left, right, bottom and top in fractions of the figure; a grid within a cell ends where the cell does."""
    grid = spec.get_gridspec()
    outer = getattr(grid, "_subplot_spec", None)  # of a grid within a grid
    left, right, bottom, top = (0.0, 1.0, 0.0, 1.0) if outer is None else _cell_in_grid(outer, figure)
    bottoms, tops, lefts, rights = (side.tolist() for side in grid.get_grid_positions(figure))
    across = [left, *_middles(rights[:-1], lefts[1:]), right]
    down = [top, *_middles(bottoms[:-1], tops[1:]), bottom]
    return across[spec.colspan.start], across[spec.colspan.stop], down[spec.rowspan.stop], down[spec.rowspan.start]


def _middles(ends: Sequence[float], starts: Sequence[float]) -> list[float]:
    return [(end + start) / 2 for end, start in zip(ends, starts, strict=True)]


def width_for(ax: Axes | None, width: float) -> float:
    """Points across that a plot may fill: in the cell of ``ax``, or in a new figure ``width`` points wide."""
    return width - 2 * MARGIN if ax is None else cell_of(ax).width


def axes_for(ax: Axes | None, width: float, needed: float) -> tuple[Axes, Space]:
    """``ax`` and its cell, with paper below; None: an Axes alone in a new figure of pyplot, never shown here.

    A new figure is ``width`` points wide and leaves ``needed`` points of height within its margins.
    """
    if ax is not None:
        space = cell_of(ax)
        lay_ground(ax, space.within(ax, beyond=MARGIN / 2))  # clear of what a neighbour writes beside the cell
        return ax, space
    from matplotlib import pyplot as plt

    height = needed + 2 * MARGIN
    figure = plt.figure(figsize=(width / 72, height / 72), facecolor=PAPER, layout="none")
    ax = figure.add_subplot()
    lay_ground(ax, (0.0, 0.0, 1.0, 1.0))
    return ax, Space(MARGIN, MARGIN, width - 2 * MARGIN, needed, ax)


def place(ax: Axes, space: Space, *, left: float, right: float, top: float, bottom: float) -> None:
    """Put the Axes into a space with margins in points, and keep it there."""
    inner = Space(
        space.left + left,
        space.bottom + bottom,
        max(space.width - left - right, 10.0),
        max(space.height - top - bottom, 10.0),
    )
    cell = Bbox.from_bounds(*space.within(ax, beyond=MARGIN))
    pin(ax, inner.within(ax), space.owner or ax, cell)


@dataclass(frozen=True)
class Note:
    """A line above a plot: a finding, one that puts it in doubt ("alert"), or what stands beside it ("quiet")."""

    text: str
    tone: Literal["plain", "alert", "quiet"] = "plain"


#: tone -> colour, size and weight.
_TONES = {
    "plain": (INK, NOTE_SIZE, "bold"),
    "alert": (ALERT, NOTE_SIZE, "bold"),
    "quiet": (MUTED, SUBTITLE_SIZE, "normal"),
}


@dataclass(frozen=True)
class Heading:
    """Title, subtitle and notes above a plot, broken to its width: (text, colour) from the top."""

    lines: tuple[tuple[FittedText, str], ...]

    @property
    def height(self) -> float:
        """In points, with the gap below."""
        return sum(text.height + 2.0 for text, _ in self.lines) + 6.0


def heading(
    face: Typeface,
    width: float,
    *,
    title: str,
    subtitle: str = "",
    notes: Sequence[Note] = (),
    scale: float = 1.0,
) -> Heading:
    """Fit a heading to a width."""
    lines = [(face.fit(title, size=TITLE_SIZE * scale, width=width, lines=2, least=8.0, weight="bold"), INK)]
    if subtitle:
        lines.append((face.fit(subtitle, size=SUBTITLE_SIZE * scale, width=width, lines=2), MUTED))
    for note in notes:
        colour, size, weight = _TONES[note.tone]
        lines.append((face.fit(note.text, size=size * scale, width=width, lines=2, weight=weight), colour))
    return Heading(tuple(lines))


def draw_heading(ax: Axes, face: Typeface, text: Heading, *, left: float, top: float) -> None:
    """Draw a heading whose top left corner lies ``left`` and ``top`` points outside the Axes' top left corner."""
    for place_in_heading, (line, colour) in enumerate(text.lines):
        gid = "title" if place_in_heading == 0 else "note"
        write(ax, face, line, x=0, y=1, dx=-left, dy=top, frame="axes", colour=colour, va="top", gid=gid)
        top -= line.height + 2.0


Frame = Literal["axes", "data", "lane", "column"]


def write(
    ax: Axes,
    face: Typeface,
    text: FittedText,
    *,
    x: float,
    y: float,
    frame: Frame,
    dx: float = 0.0,
    dy: float = 0.0,
    colour: str = INK,
    ha: str = "left",
    va: str = "center",
    gid: str | None = None,
    halo: str | None = None,
) -> Any:
    """Write a fitted text at (x, y) of a frame, moved by (dx, dy) points; never read as a formula, never clipped."""
    artist = ax.text(
        x,
        y,
        text.text,
        transform=moved(ax, frame, dx, dy),
        fontproperties=face.font(text.size, text.weight),
        color=colour,
        ha=ha,
        va=va,
        multialignment=ha if ha in ("left", "right") else "center",
        linespacing=LINE_HEIGHT * 0.92,
        parse_math=False,
        clip_on=False,
        gid=gid,
        zorder=6,
    )
    if halo is not None:
        artist.set_path_effects([withStroke(linewidth=2.2, foreground=halo)])
    return artist


def moved(ax: Axes, frame: Frame, dx: float = 0.0, dy: float = 0.0) -> Transform:
    """A coordinate frame, moved by points.

    "axes" are fractions of the Axes and "data" its data; "lane" has x as a fraction and y as data, "column" x as
    data and y as a fraction.
    """
    base: Transform = {
        "axes": ax.transAxes,
        "data": ax.transData,
        "lane": blended_transform_factory(ax.transAxes, ax.transData),
        "column": blended_transform_factory(ax.transData, ax.transAxes),
    }[frame]
    if not dx and not dy:
        return base
    return base + ScaledTranslation(dx / 72, dy / 72, ax.figure.dpi_scale_trans)


def clear_frame(ax: Axes, *, keep: Sequence[str] = ()) -> None:
    """Paper-coloured ground, no grid, only the spines named in ``keep``, no ticks."""
    ax.set_facecolor(PAPER)
    ax.grid(visible=False, which="both")
    ax.set_axisbelow(True)
    for side, spine in ax.spines.items():
        spine.set_visible(side in keep)
        spine.set_color(RULE)
        spine.set_linewidth(0.8)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(NullLocator())
        axis.set_minor_locator(NullLocator())


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """At most about ``most`` round numbers from ``low`` to ``high``."""
    ticks = MaxNLocator(nbins=max(most, 1), steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(t) + 0.0 for t in ticks if low <= t <= high]


def label_ticks(
    axis: Any, face: Typeface, ticks: Sequence[float], labels: Sequence[str], *, size: float = TICK_SIZE, **kwargs: Any
) -> None:
    """Fixed ticks with fixed labels in the plot's own font."""
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_ticklabels([face.clean(label) for label in labels], fontproperties=face.font(size), **kwargs)
    for label in axis.get_ticklabels():
        label.set_parse_math(False)
        label.set_color(MUTED)


def grid_lines(ax: Axes, ticks: Sequence[float], *, axis: Literal["x", "y"]) -> None:
    """Pale lines at ticks, behind everything."""
    draw = ax.axvline if axis == "x" else ax.axhline
    for tick in ticks:
        draw(tick, color=GRID, lw=0.8, zorder=0)
