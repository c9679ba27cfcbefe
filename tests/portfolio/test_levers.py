"""Levers: what cannot be one is refused at load, and what a plan takes for granted runs on as declared."""

import numpy as np
import pytest

from credit_model.act.plans.paths import Ahead
from credit_model.errors import CatalogueError
from credit_model.portfolio.catalogue import parse_catalogue, read_catalogue
from credit_model.portfolio.history import History

LEVER = """
[[lever]]
id = "x"
column = "{column}"
moves = "{moves}"
cost = 1
label = "x"
action = "x {{amount}}"
"""


@pytest.mark.parametrize(
    ("column", "moves", "more", "message"),
    [
        (
            "other_balance_amount",
            "up",
            "ceiling = 1000",
            "against the declared direction of feature 'other_debt_to_limit",
        ),
        ("unemployment_rate", "down", "", "is the economy's, which no borrower can move"),
        ("idle_months", "down", "", "is the lender's, which no borrower can move"),
        ("gender", "up", "ceiling = 1", "is an audit column, which nobody is to change"),
        ("employed", "up", "ceiling = 1", "is a boolean, and a lever moves numbers"),
        ("incomes", "up", "ceiling = 1", "'incomes' is not a declared column; did you mean 'income_amount'"),
        ("inquiries", "sideways", "", "moves must be one of up, down, got 'sideways'"),
        ("income_amount", "up", "", "lacks 'ceiling'"),
        ("inquiries", "down", "ceiling = 3", "a lever that moves down has a floor, not a ceiling"),
        ("inquiries", "down", "floor = -1", "floor must lie within the column's 0 .. inf, got -1"),
        ("inquiries", "down", "a_month = 1\nshare_a_month = 0.5", "give a_month or share_a_month, not both"),
        ("inquiries", "down", "a_month = 0", "a_month must be above 0, got 0"),
        ("inquiries", "down", "cost_a_month = -2", "cost_a_month must be at least 0, got -2"),
        ("inquiries", "down", 'follows = [{ column = "paid_amount" }]', "follows must be a list such as"),
        ("inquiries", "down", "speed = 3", "unknown key 'speed'"),
    ],
)
def test_a_lever_that_cannot_be_is_refused_at_load(column, moves, more, message):
    text = read_catalogue("synthetic").text
    head = text[: text.index("[[lever]]")]
    with pytest.raises(CatalogueError, match=message):
        parse_catalogue(head + LEVER.format(column=column, moves=moves) + more)


def test_counts_run_on_and_columns_follow_by_the_same_share():
    """Home Credit's rules on a made-up card: months in a job run on, cash takes its count along."""
    catalogue = read_catalogue("home_credit")
    n = 12
    cells = {c.name: np.zeros(n) for c in catalogue.columns if c.kind != "category"}
    cells |= {c.name: np.zeros(n) for c in catalogue.columns if c.kind == "category"}
    cells |= {"cash_amount": np.full(n, 600.0), "cash_count": np.full(n, 4.0), "spending_amount": np.full(n, 900.0)}
    cells |= {"months_employed": np.arange(30.0, 30 + n), "credit_history_months": np.full(n, np.nan)}
    cells[catalogue.limit] = np.full(n, 45000.0)
    whole = {"borrower_ids": np.array([1]), "starts": np.array([0, n]), "month_number": np.arange(-n, 0)}
    history = History(catalogue=catalogue, month_type="integer", cells=cells, **whole)
    ahead = Ahead.of(history, np.array([n - 1]), 3)
    assert ahead.cells["months_employed"][0].tolist() == [42, 43, 44]
    assert ahead.cells["months_idle"][0].tolist() == [0, 0, 0]
    assert np.isnan(ahead.cells["credit_history_months"][0]).all()
    lever = next(one for one in catalogue.levers if one.id == "draw_less_cash")
    moved = ahead.under((lever,), ahead.moved((lever,), np.array([[0.0], [0.5], [1.0]])))
    assert moved["cash_amount"][0, :, 2].tolist() == [600, 300, 0]
    assert moved["cash_count"][0, :, 2].tolist() == [4, 2, 0]
    assert moved["spending_amount"][0, :, 2].tolist() == [900, 600, 300]
