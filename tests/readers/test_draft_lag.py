"""The decision lag that the data speak for, on the same book shown in two ways."""

import numpy as np
import pandas as pd
import pytest

from credit_model import draft_catalogue
from credit_model.draft.profiles import sentinels_of
from tests.readers.exports import book


@pytest.fixture(scope="module")
def known_at_the_end():
    """The simulator's lender decides at a month's end, knowing it."""
    return book(700, 30, seed=4)


@pytest.fixture(scope="module")
def known_at_the_start(known_at_the_end):
    """The same decisions, each shown as the limit of the month after: its own figures were not known."""
    table = known_at_the_end.sort_values(["borrower_id", "month"])
    limit = table.groupby("borrower_id")["limit_amount"].shift()
    return table.assign(limit_amount=limit).dropna(subset=["limit_amount"]).drop(columns="reviewed")


def test_the_lag_is_found_from_what_the_limit_bounds(known_at_the_end, known_at_the_start):
    for table, lag in ((known_at_the_end, 0), (known_at_the_start, 1)):
        draft = draft_catalogue(table)
        assert draft.catalogue.decision_lag == draft.lag.lag == lag
        assert draft.lag.sure == "sure"
        assert "balance_amount keeps to the limit" in draft.lag.lines[0]


def test_news_of_the_month_tell_where_nothing_is_bounded(known_at_the_end, known_at_the_start):
    kept = ["borrower_id", "month", "limit_amount", "days_past_due", "score_history", "inquiries", "employed"]
    for table, lag in ((known_at_the_end, 0), (known_at_the_start, 1)):
        draft = draft_catalogue(table[kept])
        assert draft.lag.lag == lag
        assert draft.lag.sure == "likely"
        assert "?? 0: decided" in draft.text


def test_where_nothing_tells_the_lag_that_knows_less_is_taken_and_marked():
    random = np.random.default_rng(1)
    n = 60 * 24
    table = pd.DataFrame(
        {
            "id": np.repeat(np.arange(60), 24),
            "month": np.tile(pd.date_range("2022-01-01", periods=24, freq="MS"), 60),
            "limit": 1000.0 * np.repeat(random.integers(1, 9, 60 * 4), 6),
            "score": random.integers(300, 850, n),
        }
    )
    draft = draft_catalogue(table)
    assert draft.lag.lag is None
    assert draft.catalogue.decision_lag == 1
    assert "The data do not tell" in draft.text
    told = draft_catalogue(table, lag=0)
    assert told.catalogue.decision_lag == 0
    assert "As given." in told.text


def test_a_given_lag_is_taken_and_marked_where_the_data_speak_against_it(known_at_the_end):
    draft = draft_catalogue(known_at_the_end, lag=1)
    assert draft.catalogue.decision_lag == 1
    assert "Given as 1, but the data speak for 0." in " ".join(draft.text.replace("#", "").split())


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 5, 3, 2, 4] * 40 + [-999] * 9, (-999,)),
        ([650, 700, 720] * 50 + [9999] * 9, (9999,)),
        ([0, 1, 2, 3] * 50, ()),
        ([-5, -1, 3, 8] * 50, ()),  # numbers below 0 are usual here
        ([100, 5000, 9999, 20000] * 50, ()),  # 9999 is one of many amounts
    ],
)
def test_sentinels_lie_at_the_end_of_all_values_and_far_from_them(values, found):
    assert sentinels_of(np.array(values, dtype=float)) == found
