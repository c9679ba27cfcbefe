"""What a panel says against its declaration, on panels that were made so."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_model import simulate_portfolio
from credit_model.portfolio.catalogue import parse_catalogue, read_catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.suspicions import (
    Falls,
    falls_of,
    ladder_that_sees,
    lag_doubts,
    returns_from_rises,
    set_before_the_records,
)
from tests.portfolio.examples import CATALOGUE

CARDS = parse_catalogue(CATALOGUE)


def panel(limits, balances=None, catalogue=CARDS):
    """A history of borrowers' limits (rows of lists), one list a borrower."""
    table = pd.DataFrame(
        [
            {"borrower_id": f"B{b:04d}", "month": m, "limit_amount": limit, "days_past_due": 0, "employment": "gig"}
            | {"balance_amount": 0.0 if balances is None else balances[b][m]}
            for b, own in enumerate(limits)
            for m, limit in enumerate(own)
        ]
    )
    return check_history(table, catalogue)


amounts = st.integers(0, 20).map(lambda k: 500.0 * k)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(amounts, amounts).filter(lambda pair: pair[0] > pair[1]), min_size=1, max_size=30))
def test_the_proposed_ladder_sees_every_fall_with_the_fewest_tiers(pairs):
    before, after = (np.array(side) for side in zip(*pairs, strict=True))
    falls = Falls(np.arange(len(pairs)), before, after)
    ladder = ladder_that_sees(falls)
    assert falls.seen_by(ladder).all()
    # No set of fewer amounts does: as many falls lie apart from each other as there are amounts.
    apart, end = 0, -1.0
    for high, low in sorted(pairs):
        if low >= end:
            apart, end = apart + 1, high
    assert ladder.n_tiers == apart + 1


def test_where_tiers_are_short_those_that_see_most_falls_are_chosen():
    before = np.repeat(1000.0 * np.arange(1, 41), np.arange(1, 41))
    falls = Falls(np.arange(len(before)), before, before - 500)
    ladder = ladder_that_sees(falls, most=11)
    assert ladder.amounts == (0.0, *(1000.0 * np.arange(31, 41)))


def test_falls_within_a_tier_are_falls_and_closures_are_none():
    history = panel([[5000, 4000, np.nan, 3000], [900, 900, 800, 0]])
    falls = falls_of(history)
    assert (falls.before.tolist(), falls.after.tolist()) == ([5000, 900, 800], [4000, 800, 0])
    assert falls.seen_by(LimitLadder((0, 850, 5000))).tolist() == [True, True, False]


def test_a_balance_that_keeps_to_the_new_limit_at_once_speaks_for_a_lag():
    limits = [[6000.0] * 3 + [2000.0] * 3 for _ in range(30)]
    follows = [[4000.0] * 3 + [2000.0, 1500.0, 1500.0] for _ in range(30)]
    stays = [[4000.0] * 4 + [2000.0, 1500.0] for _ in range(30)]
    history = panel(limits, follows)
    (doubt,) = lag_doubts(history, falls_of(history))
    assert (doubt.column, doubt.n, doubt.n_follow) == ("balance_amount", 30, 30)
    history = panel(limits, stays)
    assert lag_doubts(history, falls_of(history)) == []
    lagged = parse_catalogue(CATALOGUE.replace('limit = "limit_amount"', 'limit = "limit_amount"\ndecision_lag = 1'))
    history = panel(limits, follows, lagged)
    assert lag_doubts(history, falls_of(history)) == []


@pytest.mark.parametrize("scenario", ["baseline", "tightening"])
def test_nothing_speaks_against_the_simulators_own_declaration(scenario):
    history = check_history(simulate_portfolio(600, 30, seed=4, scenario=scenario).history, read_catalogue("synthetic"))
    falls = falls_of(history)
    assert len(falls) > 100
    assert lag_doubts(history, falls) == []
    assert returns_from_rises(history, falls) < 0.1 * len(falls)


def test_a_fall_back_to_the_limit_before_a_rise_may_be_the_end_of_a_temporary_one():
    history = panel(
        [
            [1000, 3000, 3000, 1000],  # back after two months
            [1000, 3000, 3000, 2000],  # to another limit
            [1000] + [3000] * 7 + [1000],  # after more than six months
            [3000, 3000, 1000, 1000],  # no rise
            [3000, 1000, 3000, 1000],  # back after a month
        ]
    )
    assert returns_from_rises(history, falls_of(history)) == 2


def test_falls_of_limits_that_were_set_before_the_records_are_counted():
    history = panel([[3000, 3000, 1000], [1000, 3000, 1000], [5000, 3000, 1000]])
    falls = falls_of(history)
    assert len(falls) == 4
    assert set_before_the_records(history, falls) == 2  # the first falls of the first and the third borrower
