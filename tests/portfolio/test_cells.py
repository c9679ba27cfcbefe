"""Cells as numbers: each is what it says, or is refused; nothing is turned into another number on the way."""

import datetime
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from credit_model.errors import HistoryError
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history
from tests.portfolio.examples import CATALOGUE, history

CARDS = parse_catalogue(CATALOGUE)


def checked(column, cells):
    """The column's cells in the order given."""
    table = history(month=["2024-01", "2024-02", "2024-03"], borrower_id=["B"] * 3, **{column: cells})
    return check_history(table, CARDS).values(column)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (pd.Series([1.5, 2, None], dtype="Float64"), [1.5, 2, np.nan]),
        (pd.Series([1, 2, None], dtype="int64[pyarrow]"), [1, 2, np.nan]),
        (pd.Series([Decimal("1.5"), 2, None], dtype=object), [1.5, 2, np.nan]),
        (pd.Series(["1.5", " 2 ", ""], dtype=object), [1.5, 2, np.nan]),
        (pd.Series(["1e3", "-.5", "+2."], dtype=object), [1000, -0.5, 2]),
        (pd.Series([np.float32(1.5), np.int8(2), True], dtype=object), [1.5, 2, 1]),
        (pd.Series(["1.5", "2", "3"], dtype="category"), [1.5, 2, 3]),
        ([2**53, 1, 1], [2**53, 1, 1]),
    ],
)
def test_cells_of_every_kind_of_number_are_read_exactly(cells, numbers):
    table = history(month=["2024-01", "2024-02", "2024-03"], borrower_id=["B"] * 3, balance_amount=cells)
    catalogue = parse_catalogue(CATALOGUE.replace('unit = "money"\nmin = 0', 'unit = "money"'))
    np.testing.assert_array_equal(check_history(table, catalogue).values("balance_amount"), numbers)


NO_NUMBERS = [
    (pd.to_timedelta([1, 2, 3], unit="D"), "must be numbers, got timedelta64"),
    (pd.Series([pd.Timedelta(1), 2, 3], dtype=object), "must be a number, found Timedelta("),
    (pd.Series([np.timedelta64(1, "D"), 2, 3], dtype=object), "must be a number, found"),
    ([1j, 2, 3], "must be numbers, got complex128"),
    (pd.Series([1 + 1j, 2, 3], dtype=object), "must be a number, found (1+1j)"),
    (pd.Series([b"1", 2, 3], dtype=object), "must be a number, found b'1'"),
    (pd.Series([datetime.date(2024, 1, 1), 2, 3], dtype=object), "must be a number, found datetime.date(2024, 1, 1)"),
    (pd.Series([[1], 2, 3], dtype=object), "must be a number, found [1]"),
    (["1,234", "2", "3"], "must be numbers that can be read in one way, found '1,234', which is 1234 or 1.234,"),
    (["1.234", "2", "3"], "must be numbers that can be read in one way, found '1.234', which is 1.234 or 1234,"),
    (["12,34,567", "2", "3"], "must be a number, found '12,34,567' (borrower B, 2024-01)"),
    (["0x10", "2", "3"], "must be a number, found '0x10'"),
    (["1_000", "2", "3"], "must be a number, found '1_000'"),
    (["nan", "2", "3"], "must be a number, found 'nan'"),
    (["1\n2", "2", "3"], "must be a number, found '1\\n2'"),
    (["inf", "2", "3"], "must be finite, found inf"),
    ([2**53 + 1, 2, 3], "must lie within 2^53, beyond which numbers are inexact, found"),
    (pd.Series([2**63, 2, 3], dtype="uint64"), "must lie within 2^53"),
    (pd.Series([10**30, 2, 3], dtype=object), "must be a number, found 1000000000000000000000000000000"),
    (pd.Series([10**400, 2, 3], dtype=object), "must be a number, found 1000"),
]


@pytest.mark.parametrize(("cells", "message"), NO_NUMBERS)
def test_a_cell_that_is_no_number_is_refused(cells, message):
    with pytest.raises(HistoryError, match=re.escape(f"balance_amount {message}")) as caught:
        checked("balance_amount", cells)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


INTEGERS = CATALOGUE.replace('categories = ["salaried", "gig"]', 'categories = ["1", "2", "03"]')


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ([1, 2, None], [0, 1, np.nan]),  # a blank beside integers makes floats of them
        (pd.Series([1, 2, None], dtype="Int64"), [0, 1, np.nan]),
        (["1", "03", None], [0, 2, np.nan]),
        (pd.Series([1.0, "2", None], dtype=object), [0, 1, np.nan]),
        (pd.Series([1, 2, None], dtype="category"), [0, 1, np.nan]),
    ],
)
def test_integer_codes_of_a_category_are_known_beside_a_blank(cells, codes):
    table = history(month=["2024-01", "2024-02", "2024-03"], borrower_id=["B"] * 3, employment=cells)
    found = check_history(table, parse_catalogue(INTEGERS)).values("employment")
    np.testing.assert_array_equal(found, codes)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([1.5, 2, 2], "1.5"),
        ([3, 2, 2], "3"),  # not "03"
        (pd.Series([b"1", 2, 2], dtype=object), "b'1'"),
        (pd.Series(["1 ", "2", "2"]), "'1 '"),
    ],
)
def test_another_code_is_no_category(cells, found):
    table = history(month=["2024-01", "2024-02", "2024-03"], borrower_id=["B"] * 3, employment=cells)
    with pytest.raises(HistoryError, match=re.escape(f"employment must be one of 1, 2, 03, found {found} ")):
        check_history(table, parse_catalogue(INTEGERS))


def test_categories_of_whole_numbers_beside_a_blank_and_the_smallest_integer_are_read_or_refused():
    np.testing.assert_array_equal(checked("balance_amount", pd.Categorical([1, None, 2])), [1, np.nan, 2])
    smallest = pd.Series([-(2**63), 1, 2], dtype="int64[pyarrow]")
    with pytest.raises(HistoryError, match=r"must lie within 2\^53"):
        checked("balance_amount", smallest)
