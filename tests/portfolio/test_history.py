import re

import numpy as np
import pandas as pd
import pytest

from credit_model.errors import CreditModelWarning, DataFileError, HistoryError
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history
from tests.portfolio.examples import CATALOGUE, history

CARDS = parse_catalogue(CATALOGUE)


def test_rows_are_sorted_by_borrower_and_month_and_cells_become_numbers():
    checked = check_history(history(), CARDS)
    assert checked.borrower_ids.tolist() == ["B1", "B2"]
    assert checked.starts.tolist() == [0, 2, 3]
    assert checked.borrower_row.tolist() == [0, 0, 1]
    assert checked.month_number.tolist() == [2024 * 12 + 1, 2024 * 12 + 2, 2024 * 12 + 1]
    assert checked.values("limit_amount").tolist() == [6000, 5000, 1000]
    assert np.isnan(checked.values("balance_amount")[0])
    assert checked.values("employment").tolist() == [0, 0, 1]  # places in the categories
    assert np.isnan(checked.values("gender")).all()  # optional, absent
    assert checked.frame["employment"].tolist() == ["salaried", "salaried", "gig"]
    assert checked.frame["month"].tolist() == [pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01")] * 1 + [
        pd.Timestamp("2024-02-01")
    ]


@pytest.mark.parametrize(
    "months",
    [
        ["2024-02-29", "2024-03-01", "2024/02"],
        pd.to_datetime(["2024-02-29", "2024-03-15", "2024-02-01"]),
        pd.PeriodIndex(["2024-02", "2024-03", "2024-02"], freq="M"),
        [202402, 202403, 202402],
        [pd.Timestamp("2024-02-29").date(), pd.Timestamp("2024-03-15").date(), pd.Timestamp("2024-02-01").date()],
    ],
)
def test_a_month_may_be_written_in_every_usual_way(months):
    checked = check_history(history(month=months), CARDS)
    assert checked.month_type == "date"
    assert checked.month_number.tolist() == [24289, 24290, 24289]  # 2024 * 12 + 1 = 24289


def test_integer_months_stay_integers():
    checked = check_history(history(month=[-3, -1, -2]), CARDS)
    assert checked.month_type == "integer"
    assert checked.month_number.tolist() == [-2, -1, -3]


def test_checking_a_checked_table_again_changes_nothing():
    once = check_history(history(), CARDS)
    twice = check_history(once.frame, CARDS)
    assert twice.frame.equals(once.frame)


NAN, INF = float("nan"), float("inf")
MISTAKES = [
    ({"days_past_due": None}, "lacks column 'days_past_due', which catalogue 'cards' requires"),
    ({"days_past_due": None, "days_pastdue": [0, 1, 2]}, "is it the undeclared column 'days_pastdue'?"),
    (
        {"gendr": ["f", "m", "f"]},
        "has column 'gendr', which catalogue 'cards' does not declare; did you mean 'gender'?",
    ),
    ({"borrower_id": ["B1", None, "B1"]}, "must be given in every row, found 1 missing (first: data row 2)"),
    ({"borrower_id": [1.5, 2.0, 3.0]}, "borrower_id must be whole numbers or text, got float64"),
    (
        {"month": ["2024-02", "2024-14", "2024-03"]},
        "must be a month such as 2024-03, found '2024-14' (first: data row 2)",
    ),
    ({"month": ["2024-02", "soon", "2024-03"]}, "found 'soon'"),
    ({"month": [1.5, 2, 3]}, "must be a month, found 1.5"),
    ({"month": [202402, 202413, 202403]}, "must be a month such as 202403, found 202413"),
    ({"month": ["2024-02", None, "2024-03"]}, "month must be given in every row"),
    ({"month": ["2024-02"] * 3}, "found 1 duplicate borrower-months (first: borrower B1, 2024-02)"),
    ({"limit_amount": [1, -5, 2]}, "limit_amount must be >= 0, found -5 (borrower B1, 2024-03)"),
    ({"limit_amount": [1, INF, 2]}, "limit_amount must be finite, found inf (borrower B1, 2024-03)"),
    ({"limit_amount": [NAN, NAN, NAN]}, "holds no limit at all"),
    ({"limit_amount": ["1", "many", "2"]}, "limit_amount must be a number, found 'many' (borrower B1, 2024-03)"),
    ({"balance_amount": [-1, -2, -3]}, "must be >= 0, found -3 in 3 rows (first: borrower B1, 2024-02)"),
    ({"days_past_due": [0, 1.5, 0]}, "days_past_due must be whole numbers, found 1.5"),
    ({"days_past_due": [0, 90, 0]}, "must rise by at most 31 a month, found 0 -> 90 (borrower B1, 2024-03)"),
    ({"employment": ["gig", "retired", "gig"]}, "must be one of salaried, gig, found 'retired' (borrower B1, 2024-03)"),
    ({"days_past_due": pd.to_datetime(["2024-01-01"] * 3)}, "days_past_due must be whole numbers, got datetime64"),
]


@pytest.mark.parametrize(("changes", "message"), MISTAKES)
def test_a_mistake_is_told_with_the_rule_the_value_and_the_place(changes, message):
    with pytest.raises(HistoryError, match=re.escape(message)) as caught:
        check_history(history(**changes), CARDS)
    assert "\n" not in str(caught.value)


def test_days_past_due_may_rise_by_a_cycle_for_every_month_of_a_gap():
    # March is missing: 0 -> 60 in two months is 30 a month
    checked = check_history(history(month=["2024-02", "2024-04", "2024-02"], days_past_due=[0, 60, 0]), CARDS)
    assert checked.values("days_past_due").tolist() == [0, 60, 0]


def test_undeclared_columns_are_left_out_with_a_warning_that_names_them():
    with pytest.warns(CreditModelWarning, match="the history's columns 'colour', 'shape' left out: not declared in"):
        checked = check_history(history(colour=[1, 2, 3], shape=["a", "b", "c"]), CARDS)
    assert "colour" not in checked.frame


def test_a_column_twice_and_an_empty_table_are_refused():
    twice = pd.concat([history(), history()[["limit_amount"]]], axis=1)
    with pytest.raises(HistoryError, match="'limit_amount' stands 2 times"):
        check_history(twice, CARDS)
    with pytest.raises(HistoryError, match="has no rows"):
        check_history(history().iloc[:0], CARDS)
    with pytest.raises(DataFileError, match=r"must be a DataFrame of pandas or Polars, .* got list"):
        check_history([1], CARDS)


def test_text_that_is_a_number_or_a_truth_value_is_read_as_one():
    catalogue = parse_catalogue(
        CATALOGUE.replace('limit = "limit_amount"', 'limit = "limit_amount"\nreviewed = "reviewed"')
    )
    checked = check_history(history(limit_amount=["1", "2.5", "3"], reviewed=["True", "false", None]), catalogue)
    assert checked.values("limit_amount").tolist() == [3, 2.5, 1]
    assert checked.values("reviewed")[[1, 2]].tolist() == [0, 1]
    assert np.isnan(checked.values("reviewed")[0])


def test_selecting_borrowers_keeps_their_rows_alone():
    table = pd.concat([history(), history(borrower_id=["B9", "B7", "B7"])])
    chosen = check_history(table, CARDS).select(["B9", "B1"])
    assert chosen.borrower_ids.tolist() == ["B1", "B9"]
    assert chosen.values("limit_amount").tolist() == [6000, 5000, 1000]
    assert chosen.starts.tolist() == [0, 2, 3]


def test_a_borrower_with_a_number_is_found_by_its_number_or_its_text():
    checked = check_history(history(borrower_id=[20, 7, 7]), CARDS)
    assert checked.select(["7"]).borrower_ids.tolist() == [7]
    assert checked.select([np.int64(20)]).borrower_ids.tolist() == [20]


@pytest.mark.parametrize("borrower", ["B3", "", 1, None, "b1"])
def test_a_borrower_that_is_not_there_is_told(borrower):
    with pytest.raises(HistoryError, match=r"is not in the history, which holds 2 borrowers \(B1 .. B2\)"):
        check_history(history(), CARDS).select([borrower])


def test_a_limit_that_would_round_to_nothing_is_refused_and_a_huge_one_is_left_as_it_is():
    with pytest.raises(HistoryError, match=r"units of 0\.01, found 0\.001 .* declare a smaller unit"):
        check_history(history(limit_amount=[2000.0, 0.001, 2000.0]), parse_catalogue(CATALOGUE))
    huge = 9.0e15 + 1
    kept = check_history(history(limit_amount=[2000.0, huge, 0.0]), parse_catalogue(CATALOGUE))
    assert kept.values("limit_amount").tolist()[1] == huge
