import numpy as np
import pytest

from credit_model.errors import CreditModelError
from credit_model.portfolio.ladder import LimitLadder

LADDER = LimitLadder((0, 1000, 3000, 10000))


def test_a_tier_holds_amounts_from_its_own_up_to_the_next():
    assert LADDER.tier_of([0, 999.99, 1000, 2999, 3000, 10000, 1e9]).tolist() == [0, 0, 1, 1, 2, 3, 3]


def test_below_the_ladder_is_the_lowest_tier_and_missing_is_minus_one():
    assert LimitLadder((100, 200)).tier_of([5, np.nan]).tolist() == [0, -1]


def test_the_amount_of_every_tier_is_in_that_tier():
    tiers = np.arange(LADDER.n_tiers)
    assert (LADDER.tier_of(LADDER.amount_of(tiers)) == tiers).all()


def test_one_ulp_below_an_amount_is_the_tier_below():
    assert LADDER.tier_of(np.nextafter(3000.0, 0)).item() == 1


def test_quantiles_keep_zero_a_tier_of_its_own_and_fill_the_others_evenly():
    limits = np.concatenate([np.zeros(50), np.repeat([1000.0, 2000, 3000, 4000], 25)])
    ladder = LimitLadder.from_quantiles(limits, 5)
    # 4 tiers for the 100 positive limits: they start at the 0th, 25th, 50th and 75th, which are these amounts.
    assert ladder.amounts == (0.0, 1000.0, 2000.0, 3000.0, 4000.0)
    assert np.bincount(ladder.tier_of(limits)).tolist() == [50, 25, 25, 25, 25]


def test_quantiles_that_coincide_become_one_tier():
    assert LimitLadder.from_quantiles([5.0] * 90 + [7.0] * 10, 8).amounts == (5.0, 7.0)


@pytest.mark.parametrize("amounts", [(), (1,), (1, 1), (2, 1), (0, np.nan), (0, np.inf)])
def test_amounts_that_do_not_increase_are_refused(amounts):
    with pytest.raises(CreditModelError, match="strictly increasing"):
        LimitLadder(amounts)


@pytest.mark.parametrize(("limits", "n"), [([1.0, 1.0], 4), ([1.0, 2.0], 1), ([], 4)])
def test_quantiles_need_two_distinct_limits_and_two_tiers(limits, n):
    with pytest.raises(CreditModelError, match="ladder from quantiles"):
        LimitLadder.from_quantiles(limits, n)
