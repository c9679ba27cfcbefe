"""Plots leave no trace on matplotlib's settings, fall back where a font is missing, and refuse what does not fit."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from credit_model.errors import CreditModelError, DataFileError
from credit_model.palette import FACTOR_COLOURS
from credit_model.plots import (
    fonts,
    plot_calibration,
    plot_change,
    plot_leading_factors,
    plot_population,
    plot_timeline,
    plot_what_if,
    save_plot,
)
from tests.plots.plot_examples import (
    LANGUAGES,
    PLOTS,
    assert_readable,
    calibration,
    contributions,
    drawn,
    economy,
    example,
    example_catalogue,
    needs_chinese,
    portfolio,
    track,
    words_on,
)


@pytest.mark.parametrize("name", PLOTS)
def test_the_axes_given_is_returned_and_no_figure_is_made_or_shown(name: str, monkeypatch: Any) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("show() was called")

    monkeypatch.setattr(plt, "show", refuse)
    _, ax = plt.subplots(figsize=(9, 8))
    assert PLOTS[name](ax=ax) is ax
    assert len(plt.get_fignums()) == 1
    assert_readable(ax.figure)


@pytest.mark.parametrize("name", PLOTS)
def test_settings_and_random_state_are_left_alone_and_do_not_matter(name: str, tmp_path: Path) -> None:
    save_plot(PLOTS[name](), tmp_path / "plain.png", dpi=60)
    odd = {
        "font.family": "serif",
        "font.size": 20.0,
        "axes.facecolor": "black",
        "axes.grid": True,
        "text.color": "red",
        "figure.constrained_layout.use": True,
        "axes.unicode_minus": False,
    }
    with mpl.rc_context(odd):
        np.random.seed(97)  # noqa: NPY002
        before, state = dict(mpl.rcParams), np.random.get_state()[1].copy()  # noqa: NPY002
        ax = PLOTS[name]()
        assert dict(mpl.rcParams) == before
        assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
        save_plot(ax, tmp_path / "odd.png", dpi=60)
        assert dict(mpl.rcParams) == before
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "odd.png").read_bytes()


def test_without_a_chinese_font_labels_are_english_and_one_warning_says_so(monkeypatch: Any) -> None:
    monkeypatch.setattr(fonts, "chinese_family", lambda: None)
    monkeypatch.setattr(fonts, "_fallback_was_announced", False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        first = plot_change(example(**contributions("clear", 7)), lang="zh")
        second = plot_what_if(example(**contributions("clear", 7)), lang="zh")
        first.figure.canvas.draw()
        second.figure.canvas.draw()
    assert [w.category for w in caught] == [UserWarning]
    assert "no installed font has the letters that lang='zh' is written in" in str(caught[0].message)
    assert words_on(first.figure) == words_on(plot_change(example(**contributions("clear", 7))).figure)


@needs_chinese
def test_every_chinese_character_drawn_is_in_a_font() -> None:
    # A missing glyph is a warning in matplotlib, and warnings are errors here.
    for name, plot in PLOTS.items():
        ax = plot(lang="zh")
        ax.figure.canvas.draw()
        assert any("\u4e00" <= c <= "\u9fff" for c in words_on(ax.figure)), name


def test_fonts_installed_after_matplotlib_listed_its_own_are_found(monkeypatch: Any, tmp_path: Path) -> None:
    from matplotlib import font_manager

    asked: list[str] = []
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: ["/fonts/wqy-zenhei.ttc", "/fonts/other.ttf"])
    monkeypatch.setattr(font_manager.fontManager, "addfont", asked.append)
    assert fonts.chinese_family.__wrapped__() is None
    assert asked == ["/fonts/wqy-zenhei.ttc"]


def test_colours_of_factors_stay_apart_for_colour_blind_readers() -> None:
    """Smallest CIE76 difference under normal sight, protanopia and deuteranopia (Machado et al. 2009)."""
    protan = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    deutan = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip

    def lab(colour: str, sight: Any) -> np.ndarray[Any, Any]:
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        xyz = to_xyz @ np.clip(np.array(sight) @ linear, 0, 1) / [0.95047, 1.0, 1.08883]
        f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
        return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])

    for sight in (np.eye(3), protan, deutan):
        for a, b in itertools.combinations(FACTOR_COLOURS, 2):
            assert np.linalg.norm(lab(a, sight) - lab(b, sight)) > 15, (a, b)


def test_a_factor_has_the_same_colour_in_every_plot() -> None:
    blue = mpl.colors.to_rgba(FACTOR_COLOURS[2])
    months = plot_leading_factors(portfolio())
    timeline = plot_timeline(track(), example_catalogue())
    bar = plot_population(portfolio(), kind="bar", by="factor")
    assert drawn(months, "leading-repayment")[0].get_facecolor() == blue
    assert drawn(timeline.figure.axes[2], "factor-repayment")[0].get_facecolor() == blue
    assert bar.patches[0].get_facecolor() == blue  # it leads this portfolio


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_same_plot_gives_the_same_bytes_and_no_date(tmp_path: Path, suffix: str, lang: str) -> None:
    for name in ("one", "two"):
        ax = plot_change(example(**contributions("clear", 7)), open_factor="repayment", lang=lang)
        save_plot(ax, tmp_path / f"{name}{suffix}")
    one, two = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert b"dc:date" not in one
    assert b"CreationDate" not in one
    assert b"matplotlib.org" not in one
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"one{suffix}", f"two{suffix}"]


def test_an_unknown_suffix_or_folder_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    ax = plot_what_if(example(**contributions("clear", 3)))
    with pytest.raises(DataFileError, match=r"plot\.bmp: a plot is written as \.png, \.svg, \.pdf"):
        save_plot(ax, tmp_path / "plot.bmp")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFileError):
        save_plot(ax, tmp_path / "file" / "plot.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_change(portfolio(3)), "exactly one decrease, got 3"),
        (lambda: plot_what_if(portfolio(3)[:0]), "exactly one decrease, got 0"),
        (lambda: plot_change(portfolio(1), open_factor="debts"), "open_factor must be one of .* got 'debts'"),
        (lambda: plot_change(portfolio(1), lang="fr"), "lang must be one of en, zh; got 'fr'"),
        (lambda: plot_timeline(track().drop(columns="debt"), example_catalogue()), "lacks debt"),
        (lambda: plot_timeline(track().iloc[:0], example_catalogue()), "has no rows"),
        (lambda: plot_leading_factors(portfolio(3)[:0]), "no decrease to count"),
        (lambda: plot_leading_factors(portfolio(3), by=pd.Series(["a"])), "each of the 3 decreases, got 1"),
        (lambda: plot_leading_factors(portfolio(3), by="segment"), "by must be"),
        (lambda: plot_leading_factors(portfolio(3), economy().drop(columns="month")), "must have a column month"),
        (lambda: plot_population(portfolio(3), kind="violin"), "kind must be"),
        (lambda: plot_population(portfolio(3), by="month"), "by must be"),
        (lambda: plot_calibration(calibration().drop(columns="n")), "lacks n"),
    ],
)
def test_mistakes_are_told_in_one_line(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(CreditModelError, match=message):
        call()
