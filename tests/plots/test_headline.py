"""What a plot of one decrease says above the picture is its verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from credit_model.plots import plot_change, plot_what_if
from tests.plots.plot_examples import HAS_CHINESE, HELD_OUT, WAVE, contributions, drawn, example, words_on


def said(plot: Callable[..., Any], explanation: Any, lang: str = "en") -> str:
    """The words on a plot, unbroken: lines of English are joined by spaces, of Chinese by nothing."""
    return words_on(plot(explanation, lang=lang).figure).replace("\n", "" if lang == "zh" else " ")


def change(case: str, lang: str = "en") -> str:
    return said(plot_change, example(**contributions(case, 7)), lang)


@pytest.mark.parametrize(
    ("case", "english", "chinese"),
    [
        ("clear", "Lowered most by: repayment history", "主要原因：还款历史"),
        ("near tie", "Near tie: repayment history and credit score", "难分主次：还款历史与信用评分"),
        ("raised", "The risk was raised most by: repayment history", "推高风险最多的因素：还款历史"),
        ("unexplained", "What moved is no reason for the cut; propose a re-evaluation", "不构成下调的理由"),
        ("knock-out", "Knock-out rule: longest days past due in 6 months 0", "一票否决规则：近6个月最长逾期0"),
        ("wave", "In March 2024 the lender cut 9% of all lines, 4.5 times as many as usual", "为平时的4.5倍"),
    ],
)
def test_the_heading_tells_the_finding_and_its_doubts(case: str, english: str, chinese: str) -> None:
    assert english in change(case)
    if HAS_CHINESE:
        assert chinese in change(case, "zh")


@pytest.mark.parametrize(
    ("case", "support", "frequency"),
    [
        # expit(-1.7) = 0.154, expit(1.15) = 0.760
        ("clear", "Expected: the model itself would not have kept the limit (risk of losing it 15% → 76%)",
         "Of 80 decisions with a risk of 20% or more that the model had not seen, 75% ended in a decrease."),
        # expit(-4.2) = 0.0148; 4.2 - 0.3 + 0.12 - 1.6 - 0.1 + 0.05 - 0.02 = 2.35, expit(-2.35) = 0.087
        ("raised", "the model would still have kept the limit, but the risk is high (risk of losing it 1.5% → 8.7%)",
         "Of 412 decisions with a risk of 5% to 20% that the model had not seen, 9.7% ended in a decrease."),
        # 4.2 - 0.3 + 0.12 - 0.2 - 0.1 + 0.05 - 0.02 = 3.75, expit(-3.75) = 0.023
        ("wave", "Unexplained: the model does not support this cut (risk of losing it 1.5% → 2.3%)",
         "Of 9,000 decisions with a risk below 5% that the model had not seen, 1% ended in a decrease."),
    ],
)  # fmt: skip
def test_support_both_risks_and_the_observed_frequency_stand_above_both_plots(
    case: str, support: str, frequency: str
) -> None:
    for plot in (plot_change, plot_what_if):
        text = said(plot, example(**contributions(case, 7)))
        assert support in text
        assert frequency in text


def test_only_of_an_expected_cut_whose_reasons_are_told_the_title_says_why() -> None:
    assert "Why the limit fell from RMB 8,000 to RMB 3,000" in change("clear")
    for case in ("raised", "unexplained", "wave"):
        text = change(case)
        assert "The limit fell from RMB 8,000 to RMB 3,000" in text
        assert "Why" not in text
    not_worsened = said(plot_change, example([[0.5, 0.0, -0.2]], [-1.0]))
    assert "Why" not in not_worsened


def test_what_is_mostly_the_economys_or_the_lenders_is_told_as_that_before_all_else() -> None:
    # Of all that lowered the score 2.0 of 2.5 is the lender's; of what raised the risk 1.9 of 2.0 is both's together.
    lender = [-0.5, 0.0, 0.0, 0.0, 0.0, 0.0, -2.0]
    notes = [line.get_text() for line in drawn(plot_change(example([lender], [1.5])), "note")]
    assert notes[1] == "Most of what lowered the score lies with the lender, not with the borrower"
    raised = plot_change(example([[-0.1, 0.0, 0.0, 0.0, 0.0, -1.0, -0.9]], [4.2], held_out=HELD_OUT))
    notes = [line.get_text() for line in drawn(raised, "note")]
    assert notes[1] == "Most of what raised the risk lies in the economy and with the lender, not with the borrower"


def test_a_leading_factor_that_is_not_the_borrowers_is_told_as_that() -> None:
    # 1.1 of 2.6 is the lender's: less than half.
    ax = plot_change(example([[-0.8, 0.0, -0.7, 0.0, 0.0, 0.0, -1.1]], [1.5]))
    assert "Lowered most by: lender policy; not the borrower's doing" in words_on(ax.figure)


def test_the_lender_cutting_many_at_once_is_told_of_every_cut_in_the_wave() -> None:
    led = example(**contributions("clear", 7) | {"waves": np.array([WAVE], dtype=object)})
    for plot in (plot_change, plot_what_if):
        assert "that is the lender's doing, not the borrower's" in said(plot, led)


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


def test_where_nothing_worsened_no_change_is_said_to_explain_the_cut() -> None:
    ax = plot_change(example([[0.5, 0.0, -0.2]], [-1.0]))
    assert "No change since then explains this cut" in words_on(ax.figure)


def test_where_nothing_moved_against_the_borrower_that_is_told() -> None:
    ax = plot_change(example([[0.5, 0.0, 0.0]], [3.0]))
    assert "Nothing in the records moved against the borrower" in words_on(ax.figure)


def test_a_missing_reference_and_a_censored_one_are_told() -> None:
    unknown = example([[0.0, 0.0, 0.0]], [-1.0], has_reference=np.array([False]))
    for plot in (plot_change, plot_what_if):
        text = said(plot, unknown)
        assert "Nothing earlier is known of this borrower" in text
        assert "(risk of losing it 73%)" in text  # expit(1) = 0.731; there is no risk before
        assert "compared with" not in text
    censored = example(**contributions("clear", 3), reference_censored=np.array([True]))
    assert "the first month on record with that limit (it was set before)" in said(plot_change, censored)


def test_without_a_reference_the_score_is_shown_as_it_is_and_nothing_else() -> None:
    unknown = example([[0.0, 0.0, 0.0]], [-1.0], has_reference=np.array([False]))
    for plot, gid in ((plot_change, "value"), (plot_what_if, "reached")):
        assert len(drawn(plot(unknown), gid)) == 1


def test_a_comparison_with_peers_is_told_as_that() -> None:
    # expit(-0.4) = 0.401; -2.0 now: expit(2.0) = 0.881; the third alone back: -0.5, with the first: 0.3
    peers = example([[-0.8, 0.1, -1.5, -0.2]], [0.4], reference="peers")
    for plot in (plot_change, plot_what_if):
        text = said(plot, peers)
        assert "compared with borrowers who narrowly kept the same limit tier" in text
        assert "(risk of losing it 88%, among them 40%)" in text
    assert "It takes at least 2 factors as among them" in said(plot_what_if, peers)
    nothing = example([[0.0, 0.1, 0.0]], [0.4], reference="peers")
    assert "In nothing does the borrower stand worse than them" in said(plot_change, nothing)
