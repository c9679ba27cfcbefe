"""How far explanations of the same decreases agree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from credit_model.errors import CreditModelError
from credit_model.explain.stability import peer_agreement, rank_correlations, reason_stability
from tests.words.reason_examples import CATALOGUE_TEXT, explained

DEBT = {"lenders": (2, 5, -2.0), "dpd_last": (0, 9, -0.5)}
REPAYMENT = {"lenders": (2, 5, -0.5), "dpd_last": (0, 9, -2.0)}
TIE = {"lenders": (2, 5, -1.02), "dpd_last": (0, 9, -0.98)}
UNSUPPORTED = {"lenders": (2, 5, -0.5), "spending_6m": (1000, 2000, 1.0)}


def test_a_set_agrees_fully_with_itself():
    one = explained(DEBT, REPAYMENT, TIE)
    found = peer_agreement(one, one)
    assert (found.n, found.leading_factor, found.first_reason, found.reasons) == (3, 1.0, 1.0, 1.0)
    assert found.rank_correlation == pytest.approx(1.0)


def test_agreement_counts_leading_factors_and_shared_reasons():
    # First decrease: the same. Second: debt against repayment leads; both name the same two features.
    found = peer_agreement(explained(DEBT, DEBT), explained(DEBT, REPAYMENT))
    assert (found.n, found.leading_factor, found.first_reason, found.reasons) == (2, 0.5, 0.5, 1.0)
    # Ranks of (repayment, debt, three zeros): (2, 1, 4, 4, 4) against (1, 2, 4, 4, 4). From the mean, 3:
    # (-1, -2, 1, 1, 1) and (-2, -1, 1, 1, 1), product 2 + 2 + 3 = 7 of 8.
    assert found.rank_correlation == pytest.approx((1 + 7 / 8) / 2)


def test_the_overlap_of_reasons_is_shared_over_named_by_either():
    # {lenders, dpd_last} against {lenders, spending_6m}: 1 of 3.
    other = {"lenders": (2, 5, -2.0), "spending_6m": (2000, 1000, -0.5)}
    assert peer_agreement(explained(DEBT), explained(other)).reasons == pytest.approx(1 / 3)


def test_windows_of_one_quantity_are_one_reason():
    # Months past due, by their last and by their worst in six months: another window speaks, the reason is the same.
    ours = explained({"dpd_last": (0, 9, -1.0), "dpd_max_6m": (0, 9, -0.8)})
    theirs = explained({"dpd_last": (0, 9, -0.8), "dpd_max_6m": (0, 9, -1.0)})
    assert [one.verdicts[0].reasons[0].driver for one in (ours, theirs)] == [0, 1]
    found = peer_agreement(ours, theirs)
    assert (found.first_reason, found.reasons) == (1.0, 1.0)


def test_only_decreases_that_both_explain_are_compared_whatever_their_order():
    ours = explained(DEBT, REPAYMENT, UNSUPPORTED, borrowers=["a", "b", "c"])
    theirs = explained(REPAYMENT, DEBT, DEBT, DEBT, borrowers=["b", "a", "c", "d"])
    found = peer_agreement(ours, theirs)
    assert (found.n, found.leading_factor) == (2, 1.0)


def test_nothing_in_common_is_no_agreement_and_no_error():
    found = peer_agreement(explained(DEBT, borrowers=["a"]), explained(DEBT, borrowers=["b"]))
    assert found.n == 0
    assert np.isnan([found.leading_factor, found.first_reason, found.reasons, found.rank_correlation]).all()


def test_stability_is_the_mean_over_pairs_of_refits_near_ties_apart():
    # Refits 1 and 2 agree on both; refit 3 turns the tie round: of 3 pairs, 1 agrees on the tie.
    turned = {"lenders": (2, 5, -0.98), "dpd_last": (0, 9, -1.02)}
    table = reason_stability([explained(DEBT, TIE), explained(DEBT, TIE), explained(DEBT, turned)])
    assert table.index.tolist() == ["all", "told", "firm", "firm_reason", "near_tie"]
    assert table["n_decreases"].tolist() == [2, 2, 1, 1, 1]
    assert table["n_refits"].tolist() == [3, 3, 3, 3, 3]
    assert table["leading_factor"].tolist() == pytest.approx([2 / 3, 2 / 3, 1.0, 1.0, 1 / 3])
    assert table["reasons"].tolist() == pytest.approx([1.0] * 5)


def test_stability_counts_cuts_that_the_model_does_not_support_too():
    turned = {"lenders": (2, 5, -0.5), "dpd_last": (0, 9, -0.7), "spending_6m": (1000, 2000, 2.0)}
    table = reason_stability([explained(DEBT, UNSUPPORTED), explained(DEBT, turned)])
    assert table["n_decreases"].tolist() == [2, 1, 1, 1, 0]
    assert table["leading_factor"].tolist()[:3] == [0.5, 1.0, 1.0]
    assert table["first_reason"].tolist()[:3] == [0.5, 1.0, 1.0]


def test_stability_without_decreases_is_not_a_number():
    better = {"lenders": (5, 2, 0.5)}
    table = reason_stability([explained(better), explained(better)])
    assert table["n_decreases"].tolist() == [0, 0, 0, 0, 0]
    assert table["leading_factor"].isna().all()


def test_one_fit_has_no_stability():
    with pytest.raises(CreditModelError, match="needs at least 2 refits, got 1"):
        reason_stability([explained(DEBT)])


def test_different_catalogues_are_not_compared():
    other = explained(DEBT, text=CATALOGUE_TEXT.replace('version = "2.1"', 'version = "2.2"'))
    with pytest.raises(CreditModelError, match="must follow the same catalogue"):
        peer_agreement(explained(DEBT), other)


def test_rank_correlations_are_scipys_row_by_row():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, (20, 7)).astype(float), rng.normal(size=(20, 7))
    expected = [spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)]
    assert rank_correlations(a, b) == pytest.approx(expected)
    assert np.isnan(rank_correlations(np.zeros((1, 3)), np.ones((1, 3)))).all()
