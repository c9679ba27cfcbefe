"""The measures of both scorecards, on truths small enough to grade by hand."""

import numpy as np
import pytest

from credit_model.grade.hard_cases import hard_cases
from credit_model.grade.root_causes import ACCEPTABLE_FACTORS, acceptable_factors
from credit_model.grade.scorecard import (
    causal,
    clearly_led,
    fidelity,
    half_width,
    lender_recognition,
    lowering_order,
    random_naming,
    rank_correlations,
    share_errors,
)

# Factors: debt, capacity (the borrower's), economy, policy (not the borrower's).
ABOUT_BORROWER = np.array([True, True, False, False])
TRUTH = np.array(
    [
        [-4.0, -1.0, 0.0, 1.0],  # debt leads, gap 3 of a change of |-4|
        [-1.0, -1.2, 0.0, 0.2],  # capacity leads by .2 of a change of |-2|: not more than a tenth, so not clear
        [0.0, -0.5, -2.0, 0.5],  # economy leads clearly
        [-1.0, 0.0, 0.0, -3.0],  # policy leads clearly
    ]
)
NAMED = np.array(
    [
        [-8.0, -2.0, 0.0, 2.0],  # right, and the truth times two
        [-3.0, -1.0, 0.0, 0.0],  # wrong, but the true leader is second
        [-3.0, -1.0, -2.0, 0.0],  # wrong: laid on the borrower; the true leader is second
        [0.0, 0.0, 0.0, 1.0],  # names nothing: wrong
    ]
)


EVERY = np.ones(4, dtype=bool)


def graded(named, told=EVERY, graded=EVERY):
    order = lowering_order(named)
    return fidelity(TRUTH, named, order, ABOUT_BORROWER, told=told, graded=graded, first_reason=order[:, 0])


def test_the_leader_is_the_factor_that_lowered_the_limit_most():
    assert lowering_order(TRUTH, 1)[:, 0].tolist() == [0, 1, 2, 3]


def test_a_factor_that_did_not_lower_the_limit_is_not_named_second():
    assert lowering_order(np.array([[-1.0, 0.0, 2.0]])).tolist() == [[0, -1]]
    assert lowering_order(np.array([[0.0, 0.0, 2.0]])).tolist() == [[-1, -1]]


def test_a_lead_is_clear_beyond_a_tenth_of_the_change():
    # Row 2: gap .2, change -2, a tenth of it .2: the gap is not larger.
    assert clearly_led(TRUTH).tolist() == [True, False, True, True]
    assert clearly_led(np.array([[-1.21, -1.0, 0.21]])).tolist() == [True]  # gap .21, change -2


def test_fidelity_of_a_hand_made_method():
    grade = graded(NAMED)
    assert grade["leading_factor_right"] == 1 / 4
    assert grade["leading_factor_right_clear"] == 1 / 3  # rows 1, 3, 4 are clear; row 1 is right
    assert grade["top_two_right"] == 3 / 4  # rows 1, 2, 3
    assert grade["laid_on_borrower"] == 1 / 2  # rows 3 and 4 are not the borrower's; row 3 is laid on debt
    assert grade["excused"] == 0  # rows 1 and 2 are the borrower's, and are told as the borrower's
    assert (grade["n"], grade["n_told"], grade["n_clear"], grade["n_not_borrowers"], grade["n_borrowers"]) == (
        4, 4, 3, 2, 2,
    )  # fmt: skip


def test_a_borrowers_cut_that_is_told_as_the_lenders_is_excused():
    named = NAMED.copy()
    named[0] = [-1.0, 0.0, 0.0, -3.0]  # row 1 is debt's in truth, and told as policy's
    assert graded(named)["excused"] == 1 / 2


def test_where_no_reason_is_told_none_is_wrong_and_nobody_is_blamed():
    # Row 3, which the method would lay on the borrower, is not told; rows 1, 2 and 4 are graded.
    told = np.array([True, True, False, True])
    grade = graded(NAMED, told=told, graded=told)
    assert grade["leading_factor_right"] == grade["first_reason_right"] == 1 / 3
    assert grade["leading_factor_right_all"] == 1 / 4  # by the factors of every cut, told or not
    assert grade["laid_on_borrower"] == 0
    assert (grade["n"], grade["n_told"], grade["n_not_borrowers"]) == (4, 3, 2)


def test_share_error_is_half_the_distance_of_signed_shares():
    # Row 1: the same shares. Row 2: (-5, -6, 0, 1)/12 against (-9, -3, 0, 0)/12: (4 + 3 + 0 + 1)/12/2 = 1/3.
    # Row 3: (0, -1, -4, 1)/6 against (-3, -1, -2, 0)/6: (3 + 0 + 2 + 1)/6/2 = 1/2.
    # Row 4: (-1, 0, 0, -3)/4 against (0, 0, 0, 4)/4: (1 + 7)/4/2 = 1.
    np.testing.assert_allclose(share_errors(TRUTH, NAMED), [0, 1 / 3, 1 / 2, 1], atol=1e-15)


def test_rank_correlation_is_spearmans():
    # Ranks 1 2 3 4 against 2 1 3 4: 1 - 6 * (1 + 1) / (4 * 15) = 0.8.
    assert rank_correlations(np.array([[-3.0, -2.0, 0.0, 1.0]]), np.array([[-2.0, -3.0, 0.0, 1.0]])) == pytest.approx(
        0.8
    )
    assert rank_correlations(TRUTH[:1], np.zeros((1, 4))).tolist() == [0.0]
    assert np.isnan(rank_correlations(np.zeros((1, 4)), TRUTH[:1])).all()


def test_the_unit_of_contributions_does_not_matter():
    assert graded(7.0 * NAMED) == pytest.approx(graded(NAMED))


def test_the_truth_itself_gets_full_marks():
    grade = graded(TRUTH)
    assert grade["leading_factor_right"] == grade["leading_factor_right_clear"] == grade["top_two_right"] == 1
    assert grade["rank_correlation"] == pytest.approx(1)
    assert grade["share_error"] == grade["laid_on_borrower"] == grade["excused"] == 0


def test_the_root_cause_may_be_named_by_its_own_factor_only():
    root_causes = np.zeros((4, len(ACCEPTABLE_FACTORS)), dtype=bool)
    names = list(ACCEPTABLE_FACTORS)
    root_causes[0, names.index("borrowing_spree")] = True  # debt is named first
    root_causes[1, names.index("job_loss")] = True  # debt first, capacity second
    root_causes[2, names.index("tightening")] = True  # policy is not named
    acceptable = acceptable_factors(root_causes, names, ["debt", "capacity", "economy", "policy"])
    assert acceptable.sum(axis=1).tolist() == [1, 1, 1, 0]
    assert causal(lowering_order(NAMED), acceptable) == {
        "root_cause_first": 1 / 3,
        "root_cause_in_first_two": 2 / 3,
        "n_root_cause": 3,
    }


def test_every_shock_of_the_simulator_has_a_factor_of_the_catalogue():
    from credit_model.portfolio.catalogue import read_catalogue
    from credit_model.simulate.columns import SHOCKS

    assert set(ACCEPTABLE_FACTORS) == set(SHOCKS)
    named = {factor for factors in ACCEPTABLE_FACTORS.values() for factor in factors}
    assert named <= set(read_catalogue("synthetic").factor_ids)
    assert all(len(factors) == 1 for factors in ACCEPTABLE_FACTORS.values())  # narrow


def test_lenders_kinds_are_recognised_by_the_first_two_factors():
    about_lender = np.array([False, False, False, True])
    named = np.array([[-1.0, 0, 0, -2.0], [-2.0, 0, 0, -1.0], [0.0, 0, 0, 0], [0, 0, 0, -1.0]])
    kind = np.array([True, True, True, False])
    assert lender_recognition(lowering_order(named), kind, about_lender) == {
        "lender_kind_recognised": 2 / 3,  # rows 1 and 2
        "lender_kind_first": 1 / 3,  # row 1
        "n_lender_kind": 3,
    }


def test_nothing_to_grade_gives_unknown_not_nought():
    order = lowering_order(NAMED[:2])
    both = {"told": EVERY[:2], "graded": ~EVERY[:2], "first_reason": order[:, 0]}
    grade = fidelity(TRUTH[:2], NAMED[:2], order, ABOUT_BORROWER, **both)  # both led by the borrower's factors
    assert np.isnan(grade["laid_on_borrower"])
    assert np.isnan(grade["leading_factor_right"])
    assert np.isnan(causal(lowering_order(NAMED), np.zeros((4, 4), dtype=bool))["root_cause_first"])


def test_hard_cases_are_told_from_the_truth():
    about = np.array(["borrower", "borrower", "economy", "lender"], dtype=object)
    root_causes = np.array([[True, True], [True, False], [False, False], [False, False]])
    cases = hard_cases(TRUTH, root_causes, about)
    assert cases["factors together"].tolist() == [False, True, False, False]  # 1.0 is at least half of 1.2
    assert cases["two shocks at once"].tolist() == [True, False, False, False]
    assert cases["economy against borrower"].tolist() == [False, False, True, False]  # row 4: lender and borrower


def test_two_random_factors_name_a_cause_as_often_as_counting_says():
    acceptable = np.array([[True, False, False, False], [True, True, False, False], [False] * 4])
    # One of 4: first 1/4, in two 2/4. Two of 4: first 2/4, in two 1 - (2/4)(1/3) = 5/6. The third has no cause.
    assert random_naming(acceptable) == pytest.approx({"random_first": 3 / 8, "random_in_first_two": 2 / 3})
    assert np.isnan(random_naming(acceptable[2:])["random_first"])


def test_an_interval_counts_borrowers_not_cuts():
    right = np.tile([True, False], 50)
    each_its_own, two_cuts_each = np.arange(100), np.repeat(np.arange(50), 2)
    every = np.ones(100, dtype=bool)
    # Of 100 independent cuts, half right: 1.96 * sqrt(.25 / 100) = .098.
    assert half_width(right, every, each_its_own) == pytest.approx(0.098, rel=0.15)
    assert half_width(right, every, two_cuts_each) == pytest.approx(0, abs=1e-12)  # each has one right, one wrong
    same = np.repeat(right[:50], 2)  # both cuts of a borrower alike: half as much is known
    assert half_width(same, every, two_cuts_each) == pytest.approx(0.098 * np.sqrt(2), rel=0.15)
    assert half_width(right, every, each_its_own) == half_width(right, every, each_its_own)
    assert np.isnan(half_width(right, ~every, each_its_own))
