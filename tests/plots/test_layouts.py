"""Plots keep to their cell under every layout engine, and are read on figures of every colour."""

from __future__ import annotations

import io
import pickle
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from credit_model.plots import plot_change, plot_leading_factors, plot_timeline, plot_what_if
from tests.plots.plot_examples import (
    CASES,
    LANGUAGES,
    PLOTS,
    assert_readable,
    contributions,
    economy,
    example,
    example_catalogue,
    portfolio,
    track,
    visible_texts,
)

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
DARK = ("dark_background", "black figure", "grayscale", "ggplot")


def lay_out(figure: Any, how: str) -> None:
    if how == "tight_layout":
        plt.figure(figure.number)
        plt.tight_layout()
    elif how == "figure's tight_layout":
        figure.tight_layout(pad=0.1)
    elif how == "subplots_adjust":
        figure.subplots_adjust(0.3, 0.3, 0.5, 0.5)
    else:
        figure.set_layout_engine(how)


def placed(figure: Any) -> list[Any]:
    """Every text and where it is drawn, in hundredths of a pixel; drawn twice, for layouts that settle in steps."""
    visible_texts(figure)
    return [(text, np.round(box.extents, 2).tolist()) for text, box in visible_texts(figure)]


ENGINES = ("tight_layout", "figure's tight_layout", "subplots_adjust", "tight", "constrained", "compressed")


@pytest.mark.parametrize("how", ENGINES)
@pytest.mark.parametrize("name", PLOTS)
def test_a_layout_engine_moves_nothing_of_a_plots_own_figure(name: str, how: str) -> None:
    figure: Any = PLOTS[name]().figure
    before = placed(figure)
    lay_out(figure, how)
    assert placed(figure) == before
    assert_readable(figure)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("how", ["tight", "constrained"])
@pytest.mark.parametrize("name", PLOTS)
def test_an_axes_of_a_figure_with_a_layout_engine_holds_the_plot(name: str, how: Any, lang: str) -> None:
    figure, ax = plt.subplots(figsize=(9, 8), layout=how)
    PLOTS[name](ax=ax, lang=lang)
    before = placed(figure)
    assert_readable(figure)
    plt.tight_layout() if how == "tight" else figure.canvas.draw()
    assert placed(figure) == before


@pytest.mark.parametrize("how", ENGINES)
def test_four_plots_in_one_figure_stay_apart(how: str) -> None:
    figure, axes = plt.subplots(2, 2, figsize=(14, 11))
    decrease = example(**contributions("both signs", 7))
    plot_change(decrease, ax=axes[0, 0])
    plot_what_if(decrease, ax=axes[0, 1])
    plot_leading_factors(portfolio(), economy(), ax=axes[1, 0])
    plot_timeline(track(), example_catalogue(), ax=axes[1, 1])
    lay_out(figure, how)
    assert_readable(figure)
    figure.canvas.draw()
    assert_readable(figure)


@pytest.mark.parametrize("how", [None, "tight", "constrained"])
def test_a_grid_within_a_grid_and_a_figure_within_a_figure_are_cells_too(how: Any) -> None:
    decrease = example(**contributions("both signs", 7))
    figure, axes = plt.subplot_mosaic([["left", [["top"], ["bottom"]]]], figsize=(16, 12), layout=how)
    plot_change(decrease, ax=axes["left"])
    plot_what_if(decrease, ax=axes["top"])
    plot_timeline(track(), example_catalogue(), ax=axes["bottom"])
    assert_readable(figure)
    assert_readable(figure)
    whole = plt.figure(figsize=(16, 8), layout=None if how == "tight" else how)
    for part, plot in zip(whole.subfigures(1, 2), (plot_change, plot_what_if), strict=True):
        plot(decrease, ax=part.subplots())
    assert_readable(whole)


def neighbour(ax: Axes) -> None:
    """What somebody else draws beside a plot."""
    ax.plot([0, 1e6])
    ax.set_xticks([0, 1])
    ax.set_yticks([0, 1e6], ["0", "1,000,000"])
    ax.set(title="A title of one's own", xlabel="months since opening", ylabel="amounts in the currency")


@pytest.mark.parametrize("how", ["tight_layout", "tight", "constrained"])
@pytest.mark.parametrize("shape", [(1, 2), (2, 1)])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("name", ["change", "timeline", "beeswarm"])
def test_a_neighbours_labels_are_not_moved_into_a_plot(name: str, first: bool, shape: Any, how: str) -> None:
    figure, axes = plt.subplots(*shape, figsize=(15, 8) if shape == (1, 2) else (9, 15))
    plt.subplots_adjust(wspace=0.35, hspace=0.35)
    mine, theirs = (axes[0], axes[1]) if first else (axes[1], axes[0])
    neighbour(theirs)
    PLOTS[name](ax=mine)
    assert_readable(figure)
    lay_out(figure, how)
    for _ in range(3):
        assert_readable(figure)


def test_a_figure_cropped_to_what_it_shows_keeps_every_text() -> None:
    _, ax = plt.subplots(figsize=(9, 8), layout="constrained")
    plot_change(example(**contributions("clear", 7)), ax=ax)
    cropped = io.BytesIO()
    ax.figure.savefig(cropped, format="svg", bbox_inches="tight")
    whole = io.BytesIO()
    ax.figure.savefig(whole, format="svg")
    assert cropped.getvalue().count(b"<!-- ") == whole.getvalue().count(b"<!-- ")
    assert_readable(ax.figure)  # and it is put back as it was


def test_a_plot_can_be_drawn_again_and_pickled() -> None:
    _, ax = plt.subplots(figsize=(9, 8))
    decrease = example(**contributions("clear", 7))
    plot_change(decrease, ax=ax)
    before = placed(ax.figure)
    ax.clear()
    plot_change(decrease, ax=ax)
    assert placed(ax.figure) == before
    assert len([one for one in ax.figure.artists if one.get_gid() == "ground"]) == 1
    figure: Any = plot_leading_factors(portfolio()).figure
    assert placed(pickle.loads(pickle.dumps(figure))) == placed(figure)


def luminance(rgb: Any) -> Any:
    linear = np.where(np.asarray(rgb) <= 0.04045, np.asarray(rgb) / 12.92, ((np.asarray(rgb) + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrasts(figure: Any) -> dict[str, float]:
    """Each text's contrast with what is drawn below it (most of its box)."""
    texts = [(t, box) for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() for box in [None]]
    figure.canvas.draw()
    boxes = [t.get_window_extent(figure.canvas.get_renderer()) for t, _ in texts]
    for text, _ in texts:
        text.set_visible(False)
    figure.canvas.draw()
    ground = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3] / 255
    found = {}
    for (text, _), box in zip(texts, boxes, strict=True):
        text.set_visible(True)
        below = ground[int(box.y0) : int(np.ceil(box.y1)), int(box.x0) : int(np.ceil(box.x1))].reshape(-1, 3)
        dark, light = sorted([luminance(to_rgb(text.get_color())), luminance(np.median(below, axis=0))])
        found[text.get_text()] = float((light + 0.05) / (dark + 0.05))
    return found


def dark_axes(style: str) -> Axes:
    if style == "black figure":
        return plt.subplots(figsize=(9, 8), facecolor="black")[1]
    with plt.style.context(style):
        return plt.subplots(figsize=(9, 8))[1]


@pytest.mark.parametrize("style", ["own", *DARK])
@pytest.mark.parametrize("name", PLOTS)
def test_texts_stand_out_on_figures_of_every_colour(name: str, style: str) -> None:
    ax = PLOTS[name]() if style == "own" else PLOTS[name](ax=dark_axes(style))
    found = contrasts(ax.figure)
    assert min(found.values()) >= LEAST_CONTRAST, found
    ax.figure.set_facecolor("#101010")  # as savefig(facecolor=...) does
    assert min(contrasts(ax.figure).values()) >= LEAST_CONTRAST


@pytest.mark.parametrize("case", CASES)
def test_texts_stand_out_in_every_case(case: str) -> None:
    with mpl.rc_context(), plt.style.context("dark_background"):
        for plot in (plot_change, plot_what_if):
            found = contrasts(plot(example(**contributions(case, 7))).figure)
            assert min(found.values()) >= LEAST_CONTRAST, found
