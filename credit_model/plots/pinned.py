"""Keeps a plot in its cell: where layout engines move Axes about, and on figures of any colour."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.gridspec import SubplotSpec
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

from credit_model.palette import PAPER

#: Left, bottom, width and height, in fractions of the figure.
Box = tuple[float, float, float, float]


def pin(ax: Axes, box: Box, owner: Axes, cell: Bbox) -> None:
    """Keep an Axes at ``box``, whatever a layout engine does.

    Parameters
    ----------
    ax : Axes
        A panel of a plot.
    box : Box
    owner : Axes
        The plot's Axes that has a place in the figure's grid: ``ax`` itself, or the one that the panel was added to.
    cell : Bbox
        What the plot fills, in fractions of the figure. Layout engines are told that it is taken, so that they move
        no neighbour's labels into it.
    """
    ax.set_position(box, which="active")
    ax.set_axes_locator(_Place(box, owner.get_subplotspec()))
    given = owner.get_position(original=True)
    around = (given.x0 - cell.x0, given.y0 - cell.y0, cell.x1 - given.x1, cell.y1 - given.y1)
    ax.get_tightbbox = _Extent(ax, owner, around)  # type: ignore[method-assign]
    ax.set_in_layout(True)  # to set a position has taken it out


class _Place:
    """An Axes locator that always says the same; layout engines ask it for the place in the grid."""

    def __init__(self, box: Box, spec: SubplotSpec | None) -> None:
        self.box, self.spec = box, spec

    def __call__(self, ax: Any, renderer: Any) -> Bbox:
        return Bbox.from_bounds(*self.box)

    def get_subplotspec(self) -> SubplotSpec | None:
        return self.spec


class _Extent:
    """In place of an Axes' ``get_tightbbox``: layout engines hear of the plot's cell, all others what is drawn.

    The cell is told by its distances from where the engine has put the owner; it would else move on with every draw.
    """

    def __init__(self, ax: Axes, owner: Axes, around: Box) -> None:
        self.ax, self.owner, self.around = ax, owner, around

    def __call__(self, renderer: Any = None, **options: Any) -> Any:
        if not options.get("for_layout_only"):
            return type(self.ax).get_tightbbox(self.ax, renderer, **options)
        box, (left, bottom, right, top) = self.owner.get_position(original=True), self.around
        grown = Bbox.from_extents(box.x0 - left, box.y0 - bottom, box.x1 + right, box.y1 + top)
        figure: Any = self.ax.figure
        return grown.transformed(figure.transSubfigure)


def lay_ground(ax: Axes, box: Box) -> None:
    """Paper below a plot, so that its ink is read on figures of any colour; once for a place."""
    figure: Any = ax.figure
    if any(
        one.get_gid() == "ground" and one.get_bbox().bounds == Bbox.from_bounds(*box).bounds for one in figure.artists
    ):
        return
    ground = Rectangle(
        box[:2], *box[2:], facecolor=PAPER, lw=0, zorder=-1, transform=figure.transSubfigure, gid="ground"
    )
    ground.set_in_layout(False)
    figure.add_artist(ground)
