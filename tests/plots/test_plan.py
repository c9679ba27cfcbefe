"""The *plan* plot draws the plan's own numbers, in every outcome, language and size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt

from credit_model.errors import CreditModelError
from credit_model.plots import plot_plan
from tests.act.plan_examples import NOTHING
from tests.plots.plot_examples import LANGUAGES, assert_readable, drawn, plan_example, words_on


def path_of(ax, gid):
    return [line.get_ydata() for line in drawn(ax, gid)]


def test_the_paths_are_the_scores_of_the_options() -> None:
    plan = plan_example("by_plan")
    ax = plot_plan(plan)
    (chosen,) = path_of(ax, "chosen")
    np.testing.assert_array_equal(chosen, [plan.score, *plan.cheapest.months["score"]])
    others = path_of(ax, "other")
    np.testing.assert_array_equal(others[0], [plan.score, *plan.fastest.months["score"]])
    np.testing.assert_array_equal(others[1], [plan.score, *plan.ahead["score"]])
    (line,) = path_of(ax, "line")
    assert set(line) == {plan.line}


def test_the_goal_is_marked_in_its_month_and_named() -> None:
    plan = plan_example("by_plan")
    ax = plot_plan(plan, option="fastest")
    (goal,) = drawn(ax, "reached")
    # November is 2024 * 12 + 10; the goal comes two months later.
    assert list(goal.get_xdata()) == [2024 * 12 + 12]
    assert list(goal.get_ydata()) == [plan.fastest.months["score"].iloc[1]]
    assert "January 2025" in words_on(ax.figure)


def test_the_levers_are_said_and_their_bars_are_how_far_they_have_moved() -> None:
    plan = plan_example("by_plan")
    figure = plot_plan(plan, option="fastest").figure
    lower = figure.axes[-1] if figure.axes[-1].patches else figure.axes[1]
    assert lower.patches
    for lever in plan.catalogue.levers:
        bars = drawn(lower, f"lever-{lever.id}")
        heights = np.array([abs(bar.get_height()) for bar in bars])
        path = np.array([plan.levels[lever.column], *plan.fastest.months[lever.column]])
        moved = np.abs(path - path[0])
        np.testing.assert_allclose(heights / heights.max(), moved / moved.max())
    text = words_on(figure)
    assert "Close 2" in text


def test_what_is_had_already_has_no_goal_to_mark() -> None:
    ax = plot_plan(plan_example("already"))
    assert drawn(ax, "reached") == []
    assert "as things stand" in words_on(ax.figure)


def test_what_is_out_of_reach_is_drawn_with_its_proof_and_no_levers() -> None:
    ax = plot_plan(plan_example("impossible"))
    text = words_on(ax.figure)
    assert "no plan brings it back" in text
    assert "all 16 ways" in text
    assert drawn(ax, "reached") == []
    assert len(path_of(ax, "chosen")) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("outcome", NOTHING)
@pytest.mark.parametrize("long_labels", ["", "factors", "features"])
def test_every_outcome_can_be_read(outcome: str, lang: str, long_labels: str) -> None:
    assert_readable(plot_plan(plan_example(outcome, long_labels=long_labels), lang=lang).figure)


@pytest.mark.parametrize("line", [0.0, 2.2])
@pytest.mark.parametrize("size", [(6, 5), (9, 7), (14, 6)])
def test_a_cell_of_any_size_holds_it(size: tuple[float, float], line: float) -> None:
    figure, ax = plt.subplots(figsize=size)
    plot_plan(plan_example("by_plan", line=line), ax=ax, option="fastest")
    assert_readable(figure)


@pytest.mark.parametrize(
    ("month_type", "month", "goal"),
    [("integer", -3, "month 1"), ("quarter", 2024 * 4, "Q1 2025"), ("year", 2020, "2024")],
)
def test_months_of_every_sort_are_drawn(month_type: Any, month: int, goal: str) -> None:
    ax = plot_plan(plan_example("by_plan", month=month, month_type=month_type))
    assert_readable(ax.figure)
    assert goal in words_on(ax.figure)  # four periods on


def test_a_way_that_the_plan_has_not_is_refused() -> None:
    with pytest.raises(CreditModelError, match=r"option must be one that the plan has \(cheapest, fastest, fewest\)"):
        plot_plan(plan_example("by_plan"), option="nothing")
    with pytest.raises(CreditModelError, match=r"\(it has none\), got 'cheapest'"):
        plot_plan(plan_example("impossible"), option="cheapest")
    with pytest.raises(CreditModelError, match="got 'luck'"):
        plot_plan(plan_example("by_plan"), option="luck")
