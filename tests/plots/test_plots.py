"""Plots: nothing clipped or overlapping, the table's own numbers, no trace on matplotlib's settings."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from credit_model.errors import CreditModelError, DataFileError
from credit_model.explain.explanations import DecreaseExplanations
from credit_model.explain.leading import UNEXPLAINED, count_leading_factors
from credit_model.explain.restoring import restoring_scores
from credit_model.model.metrics import calibration_by_threshold
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
from tests.plots.plot_examples import FACTORS, example, example_catalogue

HAS_CHINESE = fonts.chinese_family() is not None
needs_chinese = pytest.mark.skipif(not HAS_CHINESE, reason="no installed font has Chinese characters")
LANGUAGES = [pytest.param("en"), pytest.param("zh", marks=needs_chinese)]


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def contributions(case: str, n_factors: int) -> dict[str, Any]:
    """What `example` makes a decrease of: factor contributions and the score at the reference."""
    tail = [-0.1, 0.0, 0.05, -0.02, 0.0, 0.2, -0.3, 0.1, 0.01, -0.04]
    spread = {
        "clear": ([-0.3, 0.12, -2.6, *tail], 1.7),
        "near tie": ([-1.0, 0.2, -1.05, *tail], 0.9),
        "unexplained": ([-0.2, 0.1, -0.3, *tail], 1.7),
        "knock-out": ([0.0, 0.0, -9.0, *tail], 2.2),
        "both signs": ([-1.9, 1.1, -1.2, 0.8, -0.9, 0.7, -0.6, 0.5, -0.4, 0.3, -0.2, 0.1], 0.3),
        "extreme": ([-30.0, 0.01, 12.0, *tail], 8.0),
        "still below": ([-0.01, 0.002, -0.03, *tail], -4.0),
    }
    values, before = spread[case]
    return {"values": [values[:n_factors]], "before": [before]}


CASES = ("clear", "near tie", "unexplained", "knock-out", "both signs", "extreme", "still below")


def portfolio(n: int = 300, n_factors: int = 7, **kwargs: Any) -> DecreaseExplanations:
    rng = np.random.default_rng(3)
    lean = np.zeros(n_factors)
    lean[:3] = -0.5, 0.0, -0.6
    months = 24280 + rng.integers(0, 30, n)
    return example(rng.normal(-0.2, 0.5, (n, n_factors)) + lean, rng.normal(0.9, 0.5, n), month_number=months, **kwargs)


def economy() -> pd.DataFrame:
    months = np.arange(24270, 24330)
    return pd.DataFrame(
        {
            "month": [f"{m // 12}-{m % 12 + 1:02d}" for m in months],
            "unemployment_rate": 0.05 + 0.01 * np.sin(months / 5),
            "activity_index": 100 + 3 * np.cos(months / 7),
        }
    )


def track(n_factors: int = 7, n_months: int = 40, cuts: tuple[int, ...] = (22, 24)) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    factors = rng.normal(0, 0.4, (n_months, n_factors)).cumsum(axis=0) / 2
    factors[:2] = np.nan
    limit, event = np.full(n_months, 12000.0), np.full(n_months, "", dtype=object)
    for cut, amount in zip(cuts, (5000.0, 0.0), strict=False):
        limit[cut:], event[cut] = amount, "decrease"
    limit[30:], event[30] = 3000.0, "increase"
    table = pd.DataFrame(
        {
            "month": pd.date_range("2021-05-01", periods=n_months, freq="MS"),
            "limit_amount": limit,
            "limit_before": np.r_[np.nan, limit[:-1]],
            "keep_score": 1.0 + factors.sum(axis=1),
            "decision": (np.arange(n_months) % 3 == 0) | (event != ""),
            "event": event,
            "trigger": np.where(event == "decrease", "repayment_0_6m", ""),
        }
    )
    names = [key for key, *_ in FACTORS[:n_factors]]
    return pd.concat([table, pd.DataFrame(factors, columns=names)], axis=1)


def calibration(n_tiers: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    probability = rng.dirichlet(np.ones(n_tiers), 2000)
    tier = (probability.cumsum(axis=1) < rng.uniform(size=(2000, 1))).sum(axis=1)
    return calibration_by_threshold(tier, probability)


#: Every plot there is, on its own example: (ax, lang) -> Axes.
PLOTS: dict[str, Callable[..., Axes]] = {
    "change": lambda **k: plot_change(example(**contributions("clear", 7)), open_factor="repayment", **k),
    "timeline": lambda **k: plot_timeline(track(), example_catalogue(), borrower_id="B000012", **k),
    "what-if": lambda **k: plot_what_if(example(**contributions("clear", 7)), **k),
    "causes": lambda **k: plot_leading_factors(portfolio(), economy(), **k),
    "segments": lambda **k: plot_leading_factors(portfolio(), by=pd.Series(["gig", "salaried", "young"] * 100), **k),
    "beeswarm": lambda **k: plot_population(portfolio(), by="factor", **k),
    "features": lambda **k: plot_population(portfolio(), by="feature", **k),
    "bar": lambda **k: plot_population(portfolio(), kind="bar", **k),
    "calibration": lambda **k: plot_calibration(calibration(), portfolio(1).ladder, **k),
}


def visible_texts(figure: Figure) -> list[tuple[str, Any]]:
    """Texts and their boxes in pixels, as they are drawn."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in found]


def assert_readable(figure: Figure) -> None:
    """No text leaves the figure, and no two texts meet (a line's box is a little higher than its letters)."""
    texts = visible_texts(figure)
    assert texts
    for text, box in texts:
        assert min(box.x0, box.y0) >= 0, f"{text!r} is clipped: {box}"
        assert box.x1 <= figure.bbox.x1, f"{text!r} is clipped: {box}"
        assert box.y1 <= figure.bbox.y1, f"{text!r} is clipped: {box}"
    for (one, a), (other, b) in itertools.combinations(texts, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        least = 0.15 * min(a.height, b.height)
        assert across <= 1.0 or down <= least, f"{one!r} and {other!r} overlap"


def drawn(ax: Axes, gid: str) -> list[Any]:
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def words_on(figure: Figure) -> str:
    return "\n".join(text for text, _ in visible_texts(figure))


# -- legibility -----------------------------------------------------------------------------------------------------


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


# -- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_bars_of_the_change_plot_are_the_contributions_of_the_table(case: str) -> None:
    decrease = example(**contributions(case, 7))
    ax = plot_change(decrease)
    bars = drawn(ax, "bar")
    ordered = np.sort(decrease.by_factor.iloc[0].to_numpy())
    np.testing.assert_allclose([bar.get_width() for bar in bars], np.abs(ordered), atol=1e-12)
    # Bar k runs from the score at the reference plus the k contributions before it, to that plus its own.
    edges = decrease.summary["keep_score_before"].iloc[0] + np.concatenate([[0], ordered.cumsum()])
    np.testing.assert_allclose([bar.get_x() for bar in bars], np.minimum(edges[:-1], edges[1:]), atol=1e-12)
    np.testing.assert_allclose(edges[-1], decrease.summary["keep_score_after"].iloc[0])


@pytest.mark.parametrize("start", [-0.45, -0.1, 0.1, 0.25, 0.5, 1.0])
def test_no_number_of_the_change_plot_lies_across_the_keep_line(start: float) -> None:
    ax = plot_change(example([[-0.2, 0.15, -0.1, -0.25, 0.12, 0.3, -0.05]], [start]), open_factor="repayment")
    ax.figure.canvas.draw()
    line = ax.transData.transform((0.0, 0.0))[0]
    boxes = {t.get_text(): t.get_window_extent(ax.figure.canvas.get_renderer()) for t in drawn(ax, "value")}
    assert [text for text, box in boxes.items() if box.x0 < line < box.x1] == []


def test_an_opened_factor_shows_its_features_with_values_then_and_now() -> None:
    # Three quarters of -2.6 are the first feature's: -1.95; the rest, -0.65, is the second one's.
    ax = plot_change(example(**contributions("clear", 3)), open_factor="repayment")
    widths = [bar.get_width() for bar in drawn(ax, "feature-bar")]
    np.testing.assert_allclose(widths, [1.95, 0.65])
    text = words_on(ax.figure)
    assert "−1.95" in text
    assert "−0.65" in text
    assert "0 days → 34 days" in text
    assert "35% → 87.6%" in text


def test_the_change_plot_has_both_limits_the_keep_line_and_both_scales() -> None:
    ax = plot_change(example(**contributions("clear", 7)))
    text = words_on(ax.figure)
    assert "RMB 8,000" in text.split("\n")
    assert "RMB 3,000" in text.split("\n")
    assert "1.70  (85%)" in text  # expit(1.7) = 0.8455
    assert drawn(ax, "keep-line")[0].get_xdata()[0] == 0.0
    assert "50%" in text.split("\n")
    (upper,) = ax.child_axes
    # A tick "25%" of the upper axis stands at log(0.25 / 0.75) = -1.0986 of the lower one.
    place = dict(zip([t.get_text() for t in upper.get_xticklabels()], upper.get_xticks(), strict=True))
    assert place["25%"] == pytest.approx(-1.0986, abs=1e-4)
    assert place["50%"] == 0.0


def test_the_what_if_plot_shows_the_smallest_sets_and_the_scores_they_reach() -> None:
    # 1.2 - 0.9 - 0.8 - 0.7 = -1.2: no single one restores it; 1st and 2nd back: 0.5; 1st, 3rd: 0.4; 2nd, 3rd: 0.3.
    decrease = example([[-0.9, -0.8, -0.7]], [1.2])
    table = restoring_scores(decrease)
    assert table["factors"].tolist() == [
        ("credit_score", "consumption"),
        ("credit_score", "repayment"),
        ("consumption", "repayment"),
    ]
    np.testing.assert_allclose(table["keep_score"], [0.5, 0.4, 0.3])
    ax = plot_what_if(decrease)
    reached = [line.get_xdata()[0] for line in drawn(ax, "reached")]
    np.testing.assert_allclose(reached, [-1.2, 0.5, 0.4, 0.3])
    assert "It takes at least 2 factors back where they were" in words_on(ax.figure)


def test_the_what_if_plot_says_where_nothing_restores_the_limit_and_where_nothing_is_needed() -> None:
    lost = plot_what_if(example([[-0.9, -0.8, -0.7]], [-0.1]))
    assert "Not even with all factors back" in words_on(lost.figure)
    assert [line.get_xdata()[0] for line in drawn(lost, "reached")] == [pytest.approx(-2.5), pytest.approx(-0.1)]
    kept = plot_what_if(example([[-0.9, -0.8, -0.7]], [3.0]))
    assert "Nothing: the model would have kept it (65%)" in words_on(kept.figure)  # expit(0.6) = 0.6457


def test_causes_are_counted_by_month_with_unexplained_cuts_apart() -> None:
    # Scores after: -0.5 (second factor leads), 0.5 (unexplained), -1 (first), -0.5 (no factor lowered it).
    values, before = [[0.5, -2.0], [-0.5, 0.0], [-2.0, 0.0], [0.5, 0.0]], [1.0, 1.0, 1.0, -1.0]
    explanations = example(values, before, month_number=[24290, 24290, 24292, 24292])
    table = count_leading_factors(explanations)
    assert table.columns.tolist() == ["credit_score", "consumption", UNEXPLAINED]
    assert table.to_numpy().tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 1]]
    ax = plot_leading_factors(explanations)
    heights = [[bar.get_height() for bar in drawn(ax, f"cause-{name}")] for name in table]
    np.testing.assert_array_equal(np.transpose(heights), table)


def test_causes_by_segment_are_shares_within_the_segment() -> None:
    values, before = [[0.5, -2.0], [-0.5, 0.0], [-2.0, 0.0], [-3.0, 0.0]], [1.0] * 4
    ax = plot_leading_factors(example(values, before), by=pd.Series(["b", "a", "b", None], name="segment"))
    # Segments "" (one, first factor), "a" (one, unexplained), "b" (one of each factor).
    first, second, none = ([bar.get_width() for bar in drawn(ax, f"cause-{name}")] for name in
                           ("credit_score", "consumption", UNEXPLAINED))  # fmt: skip
    assert (first, second, none) == ([1.0, 0.0, 0.5], [0.0, 0.0, 0.5], [0.0, 1.0, 0.0])
    assert "not known" in words_on(ax.figure)


def test_the_timeline_draws_the_tracks_limit_score_and_factors() -> None:
    table = track()
    ax = plot_timeline(table, example_catalogue())
    limit, factors = (panel for panel in ax.figure.axes if panel is not ax)
    np.testing.assert_array_equal(drawn(limit, "limit")[0].get_ydata(), table["limit_amount"])
    np.testing.assert_array_equal(drawn(ax, "score")[0].get_ydata(), table["keep_score"])
    for key, *_ in FACTORS[:7]:
        heights = [bar.get_height() for bar in drawn(factors, f"factor-{key}")]
        np.testing.assert_array_equal(heights, table[key].fillna(0.0))
    total = drawn(factors, "total")[0].get_ydata()
    np.testing.assert_allclose(total[2:], table["keep_score"][2:] - 1.0)
    assert len(drawn(limit, "decrease")[0].get_xdata()) == 2
    assert len(drawn(limit, "trigger")[0].get_xdata()) == 2


def test_the_timeline_of_integer_months_and_a_single_row_is_drawn() -> None:
    table = track().assign(month=np.arange(-40, 0))
    assert "−24" in words_on(plot_timeline(table, example_catalogue()).figure)
    assert_readable(plot_timeline(track().iloc[:1], example_catalogue()).figure)


def test_the_calibration_plot_draws_the_table() -> None:
    table = calibration()
    ax = plot_calibration(table)
    for k in range(5):
        points = drawn(ax, f"threshold-{k}")[0].get_offsets()
        np.testing.assert_allclose(points, table.loc[table["threshold"] == k, ["forecast", "observed"]])


def test_the_bar_plot_shows_mean_sizes_of_contributions() -> None:
    explanations = portfolio()
    ax = plot_population(explanations, kind="bar", by="factor")
    widths = sorted(bar.get_width() for bar in ax.patches)
    np.testing.assert_allclose(widths, np.sort(explanations.by_factor.abs().mean()))


def test_features_beyond_max_display_are_summed_up() -> None:
    assert "10 others together" in words_on(plot_population(portfolio(), max_display=5).figure)


# -- what puts a finding in doubt -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "english", "chinese"),
    [
        ("clear", "Lowered most by: repayment history", "主要原因：还款历史"),
        ("near tie", "Near tie: repayment history and credit score", "难分主次：还款历史与信用评分"),
        ("unexplained", "Unexplained: the model would have kept the limit", "模型不支持此次降额"),
        ("knock-out", "Knock-out rule: longest days past due in 6 months 0", "一票否决规则：近6个月最长逾期0"),
    ],
)
def test_the_heading_tells_the_finding_and_its_doubts(case: str, english: str, chinese: str) -> None:
    decrease = example(**contributions(case, 7))
    assert english in words_on(plot_change(decrease).figure).replace("\n", " ")
    if HAS_CHINESE:
        assert chinese in words_on(plot_change(decrease, lang="zh").figure).replace("\n", "")


def test_dormancy_is_named_where_it_leads() -> None:
    # The second feature of "consumption" stands for dormancy and has all of its factor.
    ax = plot_change(example([[0.0, -3.0, -0.1]], [1.0], split=0.0))
    assert "Dormancy: mean utilisation over 6 months 1" in words_on(ax.figure)


def test_an_unexplained_cut_is_given_no_dormancy_as_its_reason_but_a_fired_knock_out_is_disclosed() -> None:
    dormant = example([[0.0, -1.0, 0.0]], [3.0], split=0.0)  # 2.0 is left: the model keeps the limit
    assert "Dormancy" not in words_on(plot_change(dormant).figure)
    knocked_out = words_on(plot_change(example([[0.0, 0.0, -1.0]], [3.0])).figure)
    assert "Unexplained" in knocked_out
    assert "Knock-out rule" in knocked_out


def test_a_score_that_was_already_below_the_line_is_told() -> None:
    ax = plot_change(example([[0.5, 0.0, -0.2]], [-1.0]))
    assert "The score did not fall since then" in words_on(ax.figure)


def test_a_missing_reference_and_a_censored_one_are_told() -> None:
    unknown = example([[0.0, 0.0, 0.0]], [-1.0], has_reference=np.array([False]))
    assert "Nothing earlier is known of this borrower" in words_on(plot_change(unknown).figure)
    censored = example(**contributions("clear", 3), reference_censored=np.array([True]))
    assert "the limit was set earlier" in words_on(plot_change(censored).figure)


# -- manners --------------------------------------------------------------------------------------------------------


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
    assert "no installed font has Chinese characters" in str(caught[0].message)
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
    assert drawn(months, "cause-repayment")[0].get_facecolor() == blue
    assert drawn(timeline.figure.axes[2], "factor-repayment")[0].get_facecolor() == blue
    assert bar.patches[0].get_facecolor() == blue  # it leads this portfolio


# -- files ----------------------------------------------------------------------------------------------------------


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


# -- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_change(portfolio(3)), "exactly one decrease, got 3"),
        (lambda: plot_what_if(portfolio(3)[:0]), "exactly one decrease, got 0"),
        (lambda: plot_change(portfolio(1), open_factor="debts"), "open_factor must be one of .* got 'debts'"),
        (lambda: plot_change(portfolio(1), lang="fr"), 'lang must be "en" or "zh"'),
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
