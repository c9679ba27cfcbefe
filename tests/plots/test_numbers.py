"""Plots draw the tables' own numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_model.explain.leading import UNEXPLAINED, count_leading_factors
from credit_model.plots import (
    plot_calibration,
    plot_change,
    plot_leading_factors,
    plot_population,
    plot_timeline,
    plot_what_if,
)
from tests.plots.plot_examples import (
    CASES,
    FACTORS,
    HELD_OUT,
    WAVE,
    assert_readable,
    calibration,
    contributions,
    drawn,
    example,
    example_catalogue,
    factors_shown,
    portfolio,
    track,
    words_on,
)


@pytest.mark.parametrize("case", CASES)
def test_bars_of_the_change_plot_are_the_contributions_of_the_table(case: str) -> None:
    decrease = example(**contributions(case, 7))
    ax = plot_change(decrease)
    bars, shown = drawn(ax, "bar"), factors_shown(ax)
    ordered = decrease.by_factor.iloc[0][shown].to_numpy()
    np.testing.assert_allclose([bar.get_width() for bar in bars], np.abs(ordered), atol=1e-12)
    # Bar k runs from the score at the reference plus the k contributions before it, to that plus its own.
    edges = decrease.summary["keep_score_before"].iloc[0] + np.concatenate([[0], ordered.cumsum()])
    np.testing.assert_allclose([bar.get_x() for bar in bars], np.minimum(edges[:-1], edges[1:]), atol=1e-12)
    np.testing.assert_allclose(edges[-1], decrease.summary["keep_score_after"].iloc[0])


def test_factors_stand_in_the_verdicts_order_then_those_that_raised_the_score_then_those_that_did_not_move_it() -> None:
    # The economy (-0.95) is within 4 % of the whole change (2.0) of debt (-1.0): in doubt it is told first.
    values = [0.3, 0.0, -0.4, -1.0, 0.05, -0.95, 0.0]
    ax = plot_change(example([values], [1.5]))
    assert factors_shown(ax) == ["economy", "debt", "repayment", "capacity", "credit_score", "consumption", "policy"]


@pytest.mark.parametrize(
    ("start", "more"),
    [(-0.45, {}), (-0.1, {}), (0.1, {}), (0.25, {}), (0.5, {}), (1.0, {}), (2.9, {"held_out": HELD_OUT})],
)
def test_no_number_of_the_change_plot_lies_across_the_line(start: float, more: dict[str, object]) -> None:
    values = [-0.2, 0.15, -0.1, -0.25, 0.12, 0.3, -0.05] if not more else [-0.2, 0.15, -0.5, -0.25, -0.4, 0.3, -0.05]
    ax = plot_change(example([values], [start], **more), open_factor="repayment")
    ax.figure.canvas.draw()
    line = ax.transData.transform((drawn(ax, "line")[0].get_xdata()[0], 0.0))[0]
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
    assert "1.70  (risk 15%)" in text  # expit(-1.7) = 0.1545
    assert drawn(ax, "line")[0].get_xdata()[0] == 0.0
    (upper,) = ax.child_axes
    # A risk of 25 % is a keep score of log(0.75 / 0.25) = 1.0986.
    place = dict(zip([t.get_text() for t in upper.get_xticklabels()], upper.get_xticks(), strict=True))
    assert place["25%"] == pytest.approx(1.0986, abs=1e-4)
    assert place["50%"] == 0.0


def test_the_line_of_a_raised_risk_is_where_it_would_not_count_as_raised() -> None:
    # Risk 1.48 % then, 8.2 % now: raised from three times the usual 2 % on, which is a score of log(0.94 / 0.06).
    decrease = example([[-0.3, 0.12, -1.6]], [4.2], held_out=HELD_OUT)
    assert decrease.verdicts[0].support == "raised"
    for ax in (plot_change(decrease), plot_what_if(decrease)):
        (line,) = drawn(ax, "line")
        assert line.get_xdata()[0] == pytest.approx(2.7515, abs=1e-4)
        assert "risk counts as raised" in words_on(ax.figure)


def test_the_what_if_plot_shows_the_smallest_sets_and_the_scores_and_risks_they_reach() -> None:
    # 1.2 - 0.9 - 0.8 - 0.7 = -1.2: no single one restores it; 1st and 2nd back: 0.5; 1st, 3rd: 0.4; 2nd, 3rd: 0.3.
    ax = plot_what_if(example([[-0.9, -0.8, -0.7]], [1.2]))
    reached = [line.get_xdata()[0] for line in drawn(ax, "reached")]
    np.testing.assert_allclose(reached, [-1.2, 0.5, 0.4, 0.3])
    assert [text.get_text() for text in drawn(ax, "label")] == [
        "as it is",
        "credit score and spending behaviour",
        "credit score and repayment history",
        "spending behaviour and repayment history",
    ]
    # expit(1.2) = 0.769, expit(-0.5) = 0.378, expit(-0.4) = 0.401, expit(-0.3) = 0.426
    risks = ["−1.20  (risk 77%)", "0.50  (risk 38%)", "0.40  (risk 40%)", "0.30  (risk 43%)"]
    assert [text.get_text() for text in drawn(ax, "value")] == risks
    assert "It takes at least 2 factors back where they were" in words_on(ax.figure)


def test_of_a_raised_risk_the_sets_are_shown_that_bring_it_back() -> None:
    # 4.2 - 0.3 + 0.12 - 1.6 = 2.42; the line is at 2.7515. The third back: 4.02; the first (2.72) is not enough.
    ax = plot_what_if(example([[-0.3, 0.12, -1.6]], [4.2], held_out=HELD_OUT))
    np.testing.assert_allclose([line.get_xdata()[0] for line in drawn(ax, "reached")], [2.42, 4.02])
    text = words_on(ax.figure)
    assert "What would bring the risk back down" in text
    assert "One factor back where it was is enough" in text


def test_the_what_if_plot_says_where_nothing_restores_the_limit_and_where_nothing_is_needed() -> None:
    lost = plot_what_if(example([[-0.9, -0.8, -0.7]], [-0.1]))
    assert "Not even with all factors back" in words_on(lost.figure)
    assert [line.get_xdata()[0] for line in drawn(lost, "reached")] == [pytest.approx(-2.5), pytest.approx(-0.1)]
    # Nothing is sought where the model does not support the cut: the score as it is, and as it was.
    kept = plot_what_if(example([[-0.9, -0.8, -0.7]], [3.0]))
    assert "Nothing to put back: the model keeps the limit as things are" in words_on(kept.figure)
    assert [line.get_xdata()[0] for line in drawn(kept, "reached")] == [pytest.approx(0.6), pytest.approx(3.0)]
    assert "0.60  (risk 35%)" in words_on(kept.figure)  # expit(-0.6) = 0.3543


def test_cuts_are_counted_by_month_with_unexplained_ones_apart() -> None:
    # Scores after: -0.5 (second factor leads), 0.5 (unexplained), -1 (first), -0.5 (no factor lowered it).
    values, before = [[0.5, -2.0], [-0.5, 0.0], [-2.0, 0.0], [0.5, 0.0]], [1.0, 1.0, 1.0, -1.0]
    explanations = example(values, before, month_number=[24290, 24290, 24292, 24292])
    table = count_leading_factors(explanations)
    assert table.columns.tolist() == ["credit_score", "consumption", UNEXPLAINED]
    assert table.to_numpy().tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 1]]
    ax = plot_leading_factors(explanations)
    heights = [[bar.get_height() for bar in drawn(ax, f"leading-{name}")] for name in table]
    np.testing.assert_array_equal(np.transpose(heights), table)
    assert "2 of them (50%) unexplained" in words_on(ax.figure)


def test_months_of_waves_are_marked_above_their_bars() -> None:
    waves = np.array([None, None, WAVE], dtype=object)
    months = [24288, 24290, 24290]
    ax = plot_leading_factors(example([[-2.0, 0.0]] * 3, [1.0] * 3, month_number=months, waves=waves))
    (marks,) = drawn(ax, "wave")
    assert (marks.get_xdata().tolist(), marks.get_ydata().tolist()) == ([24290], [2.0])
    assert "wave of cuts, the lender's doing" in words_on(ax.figure)
    assert_readable(ax.figure)
    calm = plot_leading_factors(example([[-2.0, 0.0]] * 3, [1.0] * 3, month_number=months))
    assert "wave" not in words_on(calm.figure)


def test_cuts_by_segment_are_shares_within_the_segment() -> None:
    values, before = [[0.5, -2.0], [-0.5, 0.0], [-2.0, 0.0], [-3.0, 0.0]], [1.0] * 4
    ax = plot_leading_factors(example(values, before), by=pd.Series(["b", "a", "b", None], name="segment"))
    # Segments "" (one, first factor), "a" (one, unexplained), "b" (one of each factor).
    names = ("credit_score", "consumption", UNEXPLAINED)
    first, second, none = ([bar.get_width() for bar in drawn(ax, f"leading-{name}")] for name in names)
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
