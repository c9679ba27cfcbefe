import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit_model.errors import HistoryError
from credit_model.portfolio.month_columns import check_calendar, read_months
from credit_model.portfolio.months import (
    format_month,
    month_number_of,
    month_numbers_of,
    months_as_values,
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


JAN, FEB = 24288, 24289  # 2024 * 12, 2024 * 12 + 1
IN_SHANGHAI = pd.to_datetime(["2024-01-31 16:00", "2024-02-29 16:00"], utc=True)  # midnights of 1 February and 1 March


@pytest.mark.parametrize(
    ("months", "numbers"),
    [
        ([20240131, 20240229], [JAN, FEB]),
        (["20240131", "20240229"], [JAN, FEB]),
        (["202401", "202402"], [JAN, FEB]),
        ([202401.0, 202402.0], [JAN, FEB]),
        (pd.Series([date(2024, 1, 31), date(2024, 2, 29)], dtype=pd.ArrowDtype(pa.date32())), [JAN, FEB]),
        (pd.Series(pd.to_datetime(["2024-01-31", "2024-02-29"]), dtype="timestamp[s][pyarrow]"), [JAN, FEB]),
        (pd.Series(["2024-01", "2024-02"], dtype="category"), [JAN, FEB]),
        (IN_SHANGHAI.tz_convert("Asia/Shanghai"), [FEB, FEB + 1]),
        (pd.to_datetime(["2024-01-01", "2024-02-01"], utc=True), [JAN, FEB]),
        (["2024-01-15T10:00:00Z", "2024-02-15T10:00:00Z"], [JAN, FEB]),  # the same month everywhere
        (["2024-02-01T00:00:00+08:00", "2024-03-01T00:00:00+08:00"], [FEB, FEB + 1]),
        (pd.to_datetime(["2024-01-31 23:59:59", "2024-02-29 23:59:59"]), [JAN, FEB]),  # ends of days
        (pd.to_datetime(["2024-01-31 17:42:08", "2024-02-29 18:03:11"]), [JAN, FEB]),  # no midnight anywhere
        ([datetime(2024, 1, 31), date(2024, 2, 29)], [JAN, FEB]),
    ],
)
def test_a_month_is_read_where_every_cell_proves_it(months, numbers):
    number, month_type = read_months(pd.Series(months), "period")
    assert number.tolist() == numbers
    assert month_type == "date"


NO_MONTHS = [
    ([202401, 202402, 20243], "must be a month such as 202403, found 20243 (first: data row 3); correct it"),
    ([3, 202402], "must be a month such as 202403, found 3 (first: data row 1)"),
    ([20240131, 20240230], "must be a day such as 20240331, found 20240230 (first: data row 2)"),
    ([20240131, 7], "must be a day such as 20240331, found 7 (first: data row 2)"),
    ([45292, 45323], 'a pattern such as "%Y%m" (as a spreadsheet day it is 2024-01-01)'),
    ([19723, 19754], "(as a unix day it is 2024-01-01)"),
    ([1706659200, 1709164800], "found 1706659200"),
    ([2023, 2024], "must be a month such as 2024-03, or a number such as 202403 or 20240331, found 2023"),
    (["2024-01-99", "2024-02-01"], "found '2024-01-99' (first: data row 1)"),
    (["2024-02-30"], "found '2024-02-30'"),
    (["2024-01-31 25:00"], "found '2024-01-31 25:00'"),
    (["2024-01-31 later"], "found '2024-01-31 later'"),
    (["0000-01"], "found '0000-01'"),
    (["9999-12-31"], "found '9999-12-31'"),
    (pd.Series([np.datetime64("9999-12-31", "s")]), "must be a month such as 2024-03, 1900 to 2199, found 9999-12-31"),
    ([date(1, 1, 1)], "found 0001-01-01"),
    (IN_SHANGHAI, "whose month is the same in every time zone, found 2024-01-31 16:00:00+00:00"),
    (IN_SHANGHAI.tz_localize(None), "whose month is the same in every time zone, found 2024-01-31 16:00:00"),
    (["2024-01-31T16:00:00Z"], "whose month is the same in every time zone, found '2024-01-31T16:00:00Z'"),
    ([datetime(2024, 1, 31, 16, tzinfo=UTC)], "whose month is the same in every time zone"),
    (["31/01/24"], 'declare how it is written in [portfolio], such as month_format = "%d/%m/%Y"'),
    (["31/01/2024 23:30"], "declare how it is written in [portfolio]"),
    (["Jan-22"], "say in [portfolio] what the number is, such as month_format"),
    (["2024年1月", "2024-02"], "must be written like '2024年1月' in another row, found '2024-02' (first: data row 2)"),
    (["01/02/2024", "02/02/2024"], "stands first (2024-02 by the former, 2024-01 by the latter), found '01/02/2024'"),
    (["31/01/2024", "01/31/2024"], "must have day and month in the order of '31/01/2024' in another row, found '01/31"),
    (["31/02/2024"], "must be a day of the calendar, found '31/02/2024'"),
    (["Q1 2024"], 'declare calendar = "quarterly" in [portfolio]'),
    (["2024Q1"], 'declare calendar = "quarterly" in [portfolio]'),
    (["2024-W05"], 'declare calendar = "weekly" in [portfolio]'),
    (pd.PeriodIndex(["2024Q1"], freq="Q"), "declare the panel's calendar in [portfolio]"),
    (pd.to_timedelta([1, 2], unit="D"), "must be dates or whole numbers, got timedelta64"),
    ([1 + 2j], "must be dates or whole numbers, got complex128"),
    ([b"2024-01"], "found b'2024-01'"),
    ([[1], [2]], "must be dates or whole numbers, got list"),
    (["2024-01", 3], "found 3 (first: data row 2)"),
    ([True, "2024-01"], "found True (first: data row 1)"),
    ([float("inf"), 3], "must be a month, found inf"),
    (pd.Series(["2024-01\ud800"], dtype=object), "found '2024-01\\ud800'"),
]


@pytest.mark.parametrize(("months", "message"), NO_MONTHS)
def test_what_may_be_another_month_is_refused_with_the_remedy(months, message):
    with pytest.raises(HistoryError, match=re.escape(message)) as caught:
        read_months(pd.Series(months), "period")
    assert str(caught.value).startswith("period must ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("months", "month_format", "numbers", "month_type"),
    [
        ([45322, 45351], "spreadsheet_day", [JAN, FEB], "date"),
        ([45322.75, 45351.5], "spreadsheet_day", [JAN, FEB], "date"),
        ([19753, 19782], "unix_day", [JAN, FEB], "date"),
        ([24290, 24291], "count", [24290, 24291], "integer"),
        (["-3", "-2"], "count", [-3, -2], "integer"),
        (["31/01/2024", "29/02/2024"], "%d/%m/%Y", [JAN, FEB], "date"),
        (["Jan-2024", "Feb-2024"], "%b-%Y", [JAN, FEB], "date"),
        (["2024年1月", "2024年2月"], "%Y年%m月", [JAN, FEB], "date"),
        ([12024, 22024], "%m%Y", [JAN, FEB], "date"),
        (IN_SHANGHAI.tz_localize(None), "date", [JAN, FEB], "date"),
        (["2024-01-31T16:00:00Z", "2024-02-29T16:00:00Z"], "date", [JAN, FEB], "date"),
    ],
)
def test_a_declared_format_is_read_as_declared(months, month_format, numbers, month_type):
    number, found = read_months(pd.Series(months), "period", month_format=month_format)
    assert (number.tolist(), found) == (numbers, month_type)


@pytest.mark.parametrize(
    ("months", "month_format", "message"),
    [
        (["31/01/2024", "01/31/2024"], "%d/%m/%Y", "must be written as %d/%m/%Y, found '01/31/2024'"),
        (["x"], "count", "must be a whole number, found 'x'"),
        ([1e7], "spreadsheet_day", "must be a number of days, found 10000000"),
        ([0, 1], "spreadsheet_day", "1900 to 2199, found 0"),
    ],
)
def test_a_cell_that_breaks_the_declared_format_is_refused(months, month_format, message):
    with pytest.raises(HistoryError, match=re.escape(message)):
        read_months(pd.Series(months), "period", month_format=month_format)


@pytest.mark.parametrize(
    ("calendar", "months", "texts", "month_type"),
    [
        ("quarterly", ["2024Q1", "2024-Q2", "2024-09-30"], ["2024Q1", "2024Q2", "2024Q3"], "quarter"),
        ("quarterly", [202403, 202406], ["2024Q1", "2024Q2"], "quarter"),
        ("quarterly", pd.PeriodIndex(["2024Q1", "2024Q2"], freq="Q"), ["2024Q1", "2024Q2"], "quarter"),
        ("weekly", ["2024-W01", "2024-01-08", "2024W03"], ["2024-W01", "2024-W02", "2024-W03"], "week"),
        ("weekly", pd.to_datetime(["2023-12-31", "2024-01-01"]), ["2023-W52", "2024-W01"], "week"),
        ("weekly", pd.PeriodIndex(["2024-01-07", "2024-01-14"], freq="W"), ["2024-W01", "2024-W02"], "week"),
        ("yearly", [2023, 2024], ["2023", "2024"], "year"),
        ("yearly", ["2023", "2024-12-31"], ["2023", "2024"], "year"),
        ("monthly", ["2024-03"], ["2024-03"], "date"),
    ],
)
def test_a_declared_calendar_counts_its_own_periods(calendar, months, texts, month_type):
    number, found = read_months(pd.Series(months), "period", calendar=calendar)
    assert found == month_type
    assert [format_month(n, found) for n in number] == texts
    assert np.diff(number).tolist() == [1] * (len(number) - 1)
    assert month_numbers_of(months_as_values(number, found), found).tolist() == number.tolist()
    assert month_numbers_of(texts, found).tolist() == number.tolist()


@pytest.mark.parametrize(
    ("calendar", "months"), [("weekly", [202401]), ("weekly", ["2024-01"]), ("quarterly", [1, 2]), ("yearly", [3])]
)
def test_a_month_that_is_no_period_of_the_calendar_is_refused(calendar, months):
    with pytest.raises(HistoryError, match=r"period must be a (week|quarter|year) such as"):
        read_months(pd.Series(months), "period", calendar=calendar)


def test_steps_that_are_all_quarters_or_years_prove_that_a_panel_is_not_monthly():
    number = np.tile(np.arange(0, 21, 3), 2) + JAN
    borrower = np.repeat([0, 1], 7)
    with pytest.raises(HistoryError, match=r"12 steps are multiples of 3 months; declare calendar = \"quarterly\""):
        check_calendar(number, borrower, "period", None, "date")
    with pytest.raises(HistoryError, match='declare calendar = "yearly"'):
        check_calendar(number * 4, borrower, "period", None, "date")
    check_calendar(number, borrower, "period", "monthly", "date")  # declared: months are missing
    check_calendar(number[:8], borrower[:8], "period", None, "date")  # too few to prove anything
    check_calendar(np.append(number, JAN + 19), np.append(borrower, 1), "period", None, "date")
