import numpy as np
import pytest

from credit_model.model.destinations import WEIGHTS, Destinations


def test_shares_are_of_each_side_and_leave_no_tier_impossible():
    share = Destinations.of_moves(np.array([3, 3, 3, 1]), np.array([0, 0, 2, 2]), 5)
    np.testing.assert_allclose(np.tril(share, -1).sum(axis=1), [0, 1, 1, 1, 1])
    np.testing.assert_allclose(np.triu(share, 1).sum(axis=1), [1, 1, 1, 1, 0])
    assert (np.diag(share) == 0).all()
    assert (share[~np.eye(5, dtype=bool)] > 0).all()
    assert share[3, 0] > share[3, 2] > share[3, 1]


def test_the_masses_of_cut_keep_and_raise_stay_and_rows_sum_to_one():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet(np.full(5, 0.2), 200)
    before = rng.integers(-1, 5, 200)
    mixed = Destinations(Destinations.of_moves(rng.integers(0, 5, 50), rng.integers(0, 5, 50), 5), 0.3).mixed(
        probability, before
    )
    np.testing.assert_allclose(mixed.sum(axis=1), 1, rtol=0, atol=1e-12)
    for row, tier in enumerate(before):
        if tier < 0:
            np.testing.assert_array_equal(mixed[row], probability[row])
            continue
        assert mixed[row, tier] == probability[row, tier]
        assert mixed[row, :tier].sum() == pytest.approx(probability[row, :tier].sum(), abs=1e-12)


def test_a_tier_that_the_trees_call_impossible_is_none():
    share = Destinations.of_moves(np.array([2, 2]), np.array([0, 1]), 3)
    mixed = Destinations(share, 0.1).mixed(np.array([[0.0, 0.2, 0.8]]), np.array([2]))
    assert mixed[0, 0] > 0
    assert mixed[0, :2].sum() == pytest.approx(0.2)


def test_the_weight_is_chosen_by_the_held_out_loss():
    share = Destinations.of_moves(np.full(100, 2), np.repeat([0, 1], 50), 3)
    before, after = np.full(100, 2), np.repeat([0, 1, 2], [10, 10, 80])
    wrong = np.tile([0.199, 0.001, 0.8], (100, 1))
    assert Destinations.chosen(share, wrong, before, after).weight == WEIGHTS[-1]
    right = np.where((after == 0)[:, None], [0.199, 0.001, 0.8], [0.001, 0.199, 0.8])
    assert Destinations.chosen(share, right, before, after).weight == WEIGHTS[0]
    nothing = np.empty(0, np.int64)
    assert Destinations.chosen(share, wrong[:0], nothing, nothing).weight in WEIGHTS
