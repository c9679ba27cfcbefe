"""The keys of a draft: months in whatever way they are written, beside ids that could be taken for them."""

import numpy as np
import pandas as pd
import pytest

from credit_model import check_history, draft_catalogue
from credit_model.errors import HistoryError
from tests.readers.exports import book

pytestmark = pytest.mark.filterwarnings("ignore:.* left out. not declared")
N_BORROWERS, N_MONTHS = 120, 24
KEPT = ["limit_amount", "score_history", "days_past_due", "balance_amount", "income_amount"]


@pytest.fixture(scope="module")
def simulated():
    return book(N_BORROWERS, N_MONTHS, seed=5).sort_values(["borrower_id", "month"], ignore_index=True)


@pytest.fixture(scope="module")
def period(simulated):
    return simulated["month"].dt.to_period("M").dt


def table_of(simulated, month, header="month", borrower=None, id_header="account_no"):
    ids = simulated["borrower_id"] if borrower is None else borrower
    return pd.concat([pd.DataFrame({id_header: ids, header: month}), simulated[KEPT]], axis=1)


def assert_reads(raw, draft, header, simulated, borrower="account_no"):
    catalogue = draft.catalogue
    assert (catalogue.borrower, catalogue.month, catalogue.calendar) == (borrower, header, None)
    history = check_history(raw, catalogue)
    assert len(history.borrower_ids) == N_BORROWERS
    assert history.frame[header].tolist() == simulated["month"].tolist()


def written(period):
    first, last = period.to_timestamp(), period.to_timestamp("M").dt.normalize()
    serial = (last - pd.Timestamp("1899-12-30")).dt.days
    return {
        "yyyymm": period.strftime("%Y%m").astype(int),
        "yyyymmdd": last.dt.strftime("%Y%m%d").astype(int),
        "serial": serial,
        "serial float": serial.astype(float),
        "serial text": serial.astype(str),
        "us first": first.dt.strftime("%m/%d/%Y"),
        "eu first": first.dt.strftime("%d/%m/%Y"),
        "de first": first.dt.strftime("%d.%m.%Y"),
        "cn": period.strftime("%Y年%m月"),
        "Jan 2023": period.strftime("%b %Y"),
        "Jan-23": period.strftime("%b-%y"),
        "01/2023": period.strftime("%m/%Y"),
        "iso": period.strftime("%Y-%m"),
        "us last": last.dt.strftime("%m/%d/%Y"),
    }


WAYS = ["yyyymm", "yyyymmdd", "serial", "serial float", "serial text", "us first", "eu first", "de first", "cn",
        "Jan 2023", "Jan-23", "01/2023", "iso", "us last"]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("header", ["month", "PERFYYMM"])
def test_months_in_every_writing_beside_small_account_numbers(simulated, period, way, header):
    raw = table_of(simulated, written(period)[way], header)
    assert_reads(raw, draft_catalogue(raw, lag=0), header, simulated)


@pytest.mark.parametrize("way", ["serial", "us first", "eu first", "Jan-23"])
def test_given_keys_are_read_in_every_writing(simulated, period, way):
    raw = table_of(simulated, written(period)[way], "tjyf")
    assert_reads(raw, draft_catalogue(raw, lag=0, month="tjyf", borrower="account_no"), "tjyf", simulated)


@pytest.mark.parametrize("way", ["yyyymm", "serial"])
@pytest.mark.parametrize("id_header", ["account_no", "zz"])
def test_account_numbers_with_leading_zeros_are_no_months(simulated, period, way, id_header, tmp_path):
    ids = simulated["borrower_id"].map("{:08d}".format)
    raw = table_of(simulated, written(period)[way], "perf", ids, id_header)
    raw.to_csv(tmp_path / "book.csv", index=False)
    for data in (raw, tmp_path / "book.csv"):
        assert_reads(data, draft_catalogue(data, lag=0), "perf", simulated, id_header)


@pytest.mark.parametrize("way", ["yyyymm", "serial"])
def test_an_unnamed_counter_of_accounts_is_not_the_month(simulated, period, way):
    raw = table_of(simulated, written(period)[way], "perf", id_header="zz")
    assert_reads(raw, draft_catalogue(raw, lag=0), "perf", simulated, "zz")


def test_a_counter_of_months_is_still_found(simulated):
    raw = table_of(simulated, simulated.groupby("borrower_id").cumcount() + 1, "zz")
    draft = draft_catalogue(raw, lag=0)
    assert (draft.catalogue.borrower, draft.catalogue.month) == ("account_no", "zz")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [("soon", "month must be .*found 'soon' .*data row 8.*--month"), (None, "month must be given in every row.*row 8")],
)
def test_a_column_named_month_that_cannot_be_read_is_told(simulated, period, wrong, message):
    raw = table_of(simulated, period.strftime("%Y-%m")).assign(t=simulated.groupby("borrower_id").cumcount())
    raw.loc[7, "month"] = wrong
    with pytest.raises(HistoryError, match=message):
        draft_catalogue(raw)
    assert draft_catalogue(raw, month="t", lag=0).catalogue.month == "t"


@pytest.mark.parametrize("header", ["cycle", "statement_flag"])
def test_flags_and_grades_are_no_months_whatever_their_name(simulated, period, header):
    raw = table_of(simulated, period.strftime("%Y-%m"), "zz").assign(
        **{header: np.where(simulated.index % 3, "A", "B")}
    )
    assert draft_catalogue(raw, lag=0).catalogue.month == "zz"


def test_a_given_month_that_cannot_be_read_is_told(simulated, period):
    raw = table_of(simulated, period.strftime("%Y-%m"), "zz")
    raw.loc[7, "zz"] = "2023-13"
    with pytest.raises(HistoryError, match=r"zz must be a month such as 2024-03, found '2023-13' .*data row 8"):
        draft_catalogue(raw, month="zz")


def test_a_given_key_with_blanks_or_duplicates_is_told(simulated, period):
    raw = table_of(simulated, period.strftime("%Y-%m"), id_header="zz")
    blank = raw.assign(zz=raw["zz"].where(raw.index != 4))
    with pytest.raises(HistoryError, match=r"zz must be given in every row, found 1 missing \(first: data row 5\)"):
        draft_catalogue(blank, borrower="zz")
    with pytest.raises(HistoryError, match=r"found 1,440 duplicates of zz and month \(first: data row 25"):
        draft_catalogue(raw.assign(zz=(raw["zz"] + 1) // 2), borrower="zz")


def test_blanks_in_the_only_column_that_is_named_as_the_key_are_told(simulated, period):
    raw = table_of(simulated, period.strftime("%Y-%m"))
    raw["account_no"] = raw["account_no"].where(raw.index != 4)
    with pytest.raises(HistoryError, match=r"account_no must be given in every row, found 1 missing .*data row 5"):
        draft_catalogue(raw)


def test_a_given_counter_with_duplicates_is_told(simulated):
    raw = table_of(simulated, simulated.groupby("borrower_id").cumcount() // 2, "zz")
    with pytest.raises(HistoryError, match=r"found 1,440 duplicates of account_no and zz \(first: data row 2"):
        draft_catalogue(raw, month="zz", borrower="account_no")


@pytest.mark.parametrize("header", ["month", "cutoff"])
@pytest.mark.parametrize("how", ["%Y-%m-%d", "%d/%m/%Y", None])
def test_a_cut_off_date_that_drifts_makes_no_weeks(simulated, header, how):
    row = simulated.groupby("borrower_id").cumcount()
    days = pd.Timestamp("2022-01-31") + pd.to_timedelta(30 * row, unit="D")
    raw = table_of(simulated, days if how is None else days.dt.strftime(how), header)
    with pytest.raises(HistoryError, match=f"duplicates of account_no and {header} .* are one month"):
        draft_catalogue(raw)


def test_many_duplicates_are_told(simulated, period):
    raw = table_of(simulated, period.strftime("%Y-%m"))
    with pytest.raises(HistoryError, match=r"found 864 duplicates of account_no and month .*remove them.*--month"):
        draft_catalogue(pd.concat([raw, raw.sample(frac=0.3, random_state=1)]))


def test_weeks_that_follow_each_other_are_weeks(simulated):
    days = pd.Timestamp("2022-01-31") + pd.to_timedelta(7 * simulated.groupby("borrower_id").cumcount(), unit="D")
    catalogue = draft_catalogue(table_of(simulated, days), lag=0).catalogue
    assert catalogue.calendar == "weekly"


@pytest.mark.parametrize("days", [14, 182.625])
def test_rows_that_are_not_one_period_apart_are_marked(simulated, days):
    row = simulated.groupby("borrower_id").cumcount()
    raw = table_of(simulated, pd.Timestamp("2000-01-07") + pd.to_timedelta(days * row, unit="D"))
    draft = draft_catalogue(raw, lag=0)
    assert draft.findings.set_index("what").loc["month", "how sure"] == "unsure"
    assert "?? a borrower's rows are typically 2 periods apart, not 1" in draft.text


@pytest.mark.parametrize("how", ["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y"])
def test_quarters_written_as_days(simulated, how):
    row = simulated.groupby("borrower_id").cumcount()
    days = pd.Series(pd.PeriodIndex(pd.Period("2018Q1") + row.to_numpy()).to_timestamp())
    catalogue = draft_catalogue(table_of(simulated, days.dt.strftime(how)), lag=0).catalogue
    assert catalogue.calendar == "quarterly"


def test_ids_that_are_whole_floats(simulated, period):
    raw = table_of(simulated, period.strftime("%Y-%m"), borrower=simulated["borrower_id"] + 1000.0)
    draft = draft_catalogue(raw, lag=0)
    assert_reads(raw, draft, "month", simulated)
    assert check_history(raw, draft.catalogue).borrower_ids.dtype == np.int64
