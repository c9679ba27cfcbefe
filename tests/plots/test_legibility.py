"""Plots: no text is clipped, and none meets another."""

from __future__ import annotations

import pytest
from matplotlib import pyplot as plt

from credit_model.plots import fonts, plot_change, plot_leading_factors, plot_population, plot_timeline, plot_what_if
from tests.plots.plot_examples import (
    CASES,
    LANGUAGES,
    PLOTS,
    assert_readable,
    contributions,
    drawn,
    economy,
    example,
    example_catalogue,
    portfolio,
    track,
    words_on,
)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n_factors", [3, 7, 12])
def test_no_text_of_the_change_plot_is_clipped_or_overlaps(n_factors: int, case: str, lang: str) -> None:
    assert_readable(plot_change(example(**contributions(case, n_factors)), lang=lang).figure)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_no_text_of_the_what_if_plot_is_clipped_or_overlaps(case: str, lang: str) -> None:
    assert_readable(plot_what_if(example(**contributions(case, 12)), lang=lang).figure)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PLOTS)
def test_no_text_of_any_plot_is_clipped_or_overlaps(name: str, lang: str) -> None:
    assert_readable(PLOTS[name](lang=lang).figure)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("long_labels", ["factors", "features"])
def test_long_labels_are_broken_or_shrunk(long_labels: str, lang: str) -> None:
    decrease = example(**contributions("both signs", 12), long_labels=long_labels, borrower_id=["B" * 90])
    for ax in (
        plot_change(decrease, open_factor="repayment", lang=lang),
        plot_what_if(decrease, lang=lang),
        plot_leading_factors(portfolio(n_factors=12, long_labels=long_labels), lang=lang),
        plot_timeline(track(12), example_catalogue(12, long_labels=long_labels), lang=lang, borrower_id="B" * 90),
        plot_population(portfolio(n_factors=12, long_labels=long_labels), lang=lang),
    ):
        assert_readable(ax.figure)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_plots_keep_to_the_cells_of_a_grid_that_they_are_given(lang: str) -> None:
    figure, axes = plt.subplots(2, 2, figsize=(14, 11))
    decrease = example(**contributions("both signs", 7))
    plot_change(decrease, ax=axes[0, 0], lang=lang)
    plot_what_if(decrease, ax=axes[0, 1], lang=lang)
    plot_leading_factors(portfolio(), economy(), ax=axes[1, 0], lang=lang)
    plot_timeline(track(), example_catalogue(), ax=axes[1, 1], lang=lang)
    assert_readable(figure)


def test_opened_features_stay_readable_in_a_figure_of_matplotlibs_size() -> None:
    figure, ax = plt.subplots(figsize=(6.4, 4.8))
    plot_change(example(**contributions("both signs", 7)), ax=ax, open_factor="debt")
    assert_readable(figure)


def test_a_dollar_sign_is_no_formula() -> None:
    # Two dollar signs in one title, "NT$8,000 to NT$3,000", are mathtext to matplotlib, which then eats them.
    ax = plot_change(example(**contributions("clear", 3), currency="TWD", borrower_id=["$x_1$ \\frac"]))
    title = drawn(ax, "title")[0]
    assert title.get_text() == "Why the limit fell from NT$8,000 to NT$3,000"
    ax.figure.canvas.draw()
    plain_width = fonts.typeface("en").width(title.get_text(), title.get_size(), "bold")
    box = title.get_window_extent(ax.figure.canvas.get_renderer())
    assert box.width * 72 / ax.figure.dpi == pytest.approx(plain_width, rel=0.1)
    assert "$x_1$" in words_on(ax.figure)


def test_characters_that_no_font_has_become_question_marks() -> None:
    # Any missing glyph would make matplotlib warn, and warnings are errors here.
    ax = plot_change(example(**contributions("clear", 3), borrower_id=["B\U0001f9ff\n\t7"]))
    assert "Borrower B?" in words_on(ax.figure)
