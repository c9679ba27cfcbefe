import numpy as np
import pandas as pd
import pytest

from credit_model.errors import HistoryError
from credit_model.portfolio.months import (
    format_month,
    month_number_of,
    month_numbers_of,
    months_as_values,
    read_months,
)


def test_months_go_to_numbers_and_back():
    for text in ("2024-03", "1999-12", "2000-01"):
        assert format_month(month_number_of(text, "date"), "date") == text
    assert month_number_of("-5", "integer") == -5
    with pytest.raises(HistoryError, match="an integer, got 'x'"):
        month_number_of("x", "integer")
    with pytest.raises(HistoryError, match="a month such as 2024-03, got 7"):
        month_number_of(7, "date")


@pytest.mark.parametrize(
    "months",
    [
        ["2024-03", "2023-12", "2024-03"],
        pd.Series(pd.to_datetime(["2024-03-15", "2023-12-01", "2024-03-01"])),
        pd.PeriodIndex(["2024-03", "2023-12", "2024-03"], freq="M"),
        np.array(["2024-03", "2023-12", "2024-03"], dtype="datetime64[M]").astype("datetime64[ms]"),
    ],
)
def test_many_months_are_read_as_one_is(months):
    assert month_numbers_of(months, "date").tolist() == [24290, 24287, 24290]  # 2024 * 12 + 2, 2023 * 12 + 11


def test_many_integer_months_stay_themselves_and_a_missing_one_is_refused():
    assert month_numbers_of(pd.Series([7, -2, 7]), "integer").tolist() == [7, -2, 7]
    assert month_numbers_of([], "date").tolist() == []
    with pytest.raises(HistoryError, match="a month such as 2024-03, got NaT"):
        month_numbers_of(pd.to_datetime(["2024-03-01", None]), "date")


def test_month_numbers_are_shown_as_first_days_or_as_themselves():
    assert months_as_values([24290], "date").astype(str).tolist() == ["2024-03-01T00:00:00.000"]
    assert months_as_values([7], "integer").tolist() == [7]


@pytest.mark.parametrize(
    ("months", "message"),
    [
        (["2024-03", None], "must be given in every row, found 1 missing (first: data row 2)"),
        ([3, 4.5], "must be a month, found 4.5 (first: data row 2)"),
        ([202403, 202413], "must be a month such as 202403, found 202413 (first: data row 2)"),
        (["2024-03", "March"], "must be a month such as 2024-03, found 'March' (first: data row 2)"),
        ([True, False], "must be dates or whole numbers, got bool"),
    ],
)
def test_a_column_with_a_cell_that_is_no_month_is_refused_in_one_line(months, message):
    with pytest.raises(HistoryError) as caught:
        read_months(pd.Series(months), "period")
    assert str(caught.value).startswith(f"period {message}; ")
    assert "\n" not in str(caught.value)
