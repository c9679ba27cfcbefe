"""What the cells of lenders' tables count in, what among them means "not known", and what cannot be read."""

import numpy as np
import pandas as pd
import pytest

from credit_model import HistoryError, check_history, draft_catalogue
from credit_model.draft.keys import find_keys
from credit_model.draft.leaks import find_left_out
from credit_model.draft.panel import Panel
from credit_model.draft.profiles import profiles_of, sentinels_of
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.number_texts import marks_of, read_numbers
from tests.portfolio.examples import CATALOGUE
from tests.portfolio.examples import history as small_history
from tests.readers.exports import book


def profile(cells, name="x", decimal="."):
    return profiles_of(pd.DataFrame({name: cells}), decimal)[name]


def scale_of(name):
    return profile(np.linspace(1.5, 90.5, 60), name).scale


@pytest.fixture(scope="module")
def table():
    return book(150, 18, seed=8)


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("授信额度(万元)", 1e4), ("授信额度（万元）", 1e4), ("余额_万", 1e4), ("贷款余额万元", 1e4),
        ("余额(单位:千元)", 1e3),
        ("余额(人民币万元)", 1e4), ("余额亿元", 1e8), ("余额（百元）", 100), ("额度(w)", 1e4), ("额度(百万)", 1e6),
        ("Credit Line ($000)", 1e3), ("Limit ($000s)", 1e3), ("Limit (€000)", 1e3), ("balance '000", 1e3),
        ("limit_thousand", 1e3), ("limit_thousands", 1e3), ("limit_mm", 1e6), ("LIMIT_MN", 1e6), ("Limit TEUR", 1e3),
        ("LIMIT_TEUR", 1e3), ("Limit (Tsd. EUR)", 1e3), ("LIMITE (miles)", 1e3), ("Limit ($mm)", 1e6), ("bal_k", 1e3),
        ("Limit (in thousands)", 1e3), ("Balance in USD millions", 1e6), ("Limit (kEUR)", 1e3), ("Balance ($M)", 1e6),
        ("Limit (Rs. lakh)", 1e5), ("Limit (lakh)", 1e5), ("余额k", 1e3), ("额度w", 1e4),
        ("资产 Mio", 1e6), ("债务 (in TEUR)", 1e3), ("额度_万", 1e4), ("收入(千元)", 1e3),
        ("shouxin_edu(万元)", 1e4),
    ],
)  # fmt: skip
def test_what_a_header_counts_in(name, scale):
    assert scale_of(name) == scale


@pytest.mark.parametrize(
    "name",
    [
        "万达消费", "万事达卡消费", "万科贷款余额", "万能险保费", "十万元以上笔数", "大于5万交易次数", "亿联余额",
        "亿元客户标志",
        "千元以下消费笔数", "fico_k", "class_k", "ind_k", "top_k", "余额大于5万元", "授信额度(大于5万)", "stmt_mm",
        "mm", "weekly_w",
        "score (k)", "txn_count_k", "spend above 10 000", "limit", "limit_m", "balance_t", "消费金额超十万元", "miles",
        "百万医疗险", "千禧卡",
    ],
)  # fmt: skip
def test_a_word_within_a_name_is_no_scale(name):
    assert scale_of(name) == 1


def test_cells_with_their_own_unit_are_not_scaled_again(table):
    raw = table.assign(limit_amount=[f"{v / 1e4:.4f}万" for v in table["limit_amount"]])
    raw = raw.rename(columns={"limit_amount": "授信额度(万元)"})
    found = profiles_of(raw, ".")["授信额度(万元)"]
    assert found.scale == 1
    assert "its cells have a unit themselves" in found.doubt
    draft = draft_catalogue(raw)
    assert "授信额度(万元)" not in draft.catalogue.source.scale
    history = check_history(raw, draft.catalogue)
    expected = table.sort_values(["borrower_id", "month"])["limit_amount"]
    np.testing.assert_allclose(history.values("授信额度(万元)"), expected, atol=0.51)


@pytest.mark.parametrize("cell", ["2.8万", "3千", "0.1亿"])
def test_a_unit_is_not_applied_twice(cell):
    catalogue = parse_catalogue(CATALOGUE + "[source.scale]\nlimit_amount = 10000\n")
    raw = small_history(limit_amount=[cell, "2.5", "3"])
    with pytest.raises(HistoryError, match=r"limit_amount must be numbers without .* multiplies them by 10000.*scale"):
        check_history(raw, catalogue)


@pytest.mark.parametrize(
    ("cells", "sentinels"),
    [
        ([999] * 40 + [-1] * 40, {999, -1}),
        ([9999] * 40 + [999] * 40, {9999, 999}),
        ([-9, -8, -7] * 20, {-9, -8, -7}),
        ([9001, 9002, 9003] * 20, {9001, 9002, 9003}),
        ([0] * 40 + [999] * 40, {0, 999}),
    ],
)
def test_sentinels_do_not_hide_each_other(cells, sentinels):
    scores = np.round(np.random.default_rng(1).uniform(350, 845, 2000))
    assert set(sentinels_of(np.concatenate([scores, cells]).astype(float), is_score=True)) == sentinels


def test_a_zero_is_unknown_only_among_scores_far_above_it():
    random = np.random.default_rng(1)
    scores = np.concatenate([np.round(random.uniform(350, 845, 2000)), np.zeros(40)])
    assert sentinels_of(scores, is_score=True) == (0.0,)
    assert sentinels_of(np.concatenate([np.arange(200.0), np.zeros(40)]), is_score=True) == ()
    assert profile(scores, "fico").missing == (0.0,)
    assert profile(scores, "balance").missing == ()


def test_a_share_of_999_9_is_unknown_and_ordinary_values_are_not():
    random = np.random.default_rng(1)
    assert sentinels_of(np.concatenate([random.uniform(0, 1.2, 2000), [999.9] * 50])) == (999.9,)
    assert sentinels_of(np.tile(np.arange(-5.0, 6.0), 50)) == ()
    assert sentinels_of(np.tile(np.arange(0.0, 12000.0, 3.0), 5)) == ()
    assert sentinels_of(np.tile(np.arange(850.0, 1300.0), 5)) == ()


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["30天", "0天", "1,060 天"], [30, 0, 1060]), (["2次", "", "１次"], [2, np.nan, 1]),
        (["12个月", "3个月"], [12, 3]),
        (["3家", "1家"], [3, 1]), (["30 days", "1 days"], [30, 1]), (["1.5年", "2年"], [1.5, 2]),
    ],
)  # fmt: skip
def test_what_is_counted_may_stand_behind_all_numbers(texts, numbers):
    found = read_numbers(texts, ".")
    assert found.is_understood.all()
    np.testing.assert_array_equal(found.values, numbers)


@pytest.mark.parametrize(
    "texts", [["30天", "2个月"], ["30天", "5"], ["5k", "6k"], ["2023年", "2024年"], ["天", "12 DR"]]
)
def test_what_is_counted_must_be_one_thing(texts):
    assert not read_numbers(texts, ".").is_understood.all()


def test_the_decimal_mark_is_proven_behind_what_is_counted_too():
    assert marks_of(["1,5天", "2天"]).decimal == ","


@pytest.mark.parametrize("suffix", ["天", "次", "个月", "家"])
def test_a_count_with_what_is_counted_is_a_number(suffix):
    found = profile([f"{n}{suffix}" for n in range(100)], "逾期")
    assert found.kind == "integer"
    assert found.values.tolist() == list(range(100))


@pytest.mark.parametrize("form", ["{}'234.00 DR", "{},595.56 US dollars", "{}.56 US dollars", "abc {}.5"])
def test_texts_that_look_like_numbers_are_doubted(form):
    found = profile([form.format(n) for n in range(1, 60)])
    assert found.kind == "text"
    assert found.doubt.startswith("looks like numbers with")


def test_names_and_notes_are_not_taken_for_numbers():
    assert profile([f"{n} Main Street, flat {n}" for n in range(60)]).doubt == ""
    assert profile([f"KH{n:05}" for n in range(60)]).doubt == ""
    assert profile([f"{n:05}-K" for n in range(60)]).doubt == ""
    assert profile([f"B{n:04}x{n}" for n in range(60)]).doubt == ""


@pytest.mark.parametrize("as_text", [True, False])
def test_amounts_that_all_have_three_decimals_are_doubted(as_text):
    amounts = np.random.default_rng(1).integers(1000, 99999, 300) / 1000
    cells = [f"{v:.3f}" for v in amounts] if as_text else amounts
    found = profile(cells, "balance")
    assert "decimals, or thousands?" in found.doubt
    assert found.values.tolist() == amounts.tolist()
    assert profile(np.round(amounts, 2), "balance").doubt == ""
    assert profile(np.round(amounts), "balance").doubt == ""


def test_an_amount_that_never_changes_does_not_name_the_borrower():
    n, months = 80, 12
    random = np.random.default_rng(1)
    income = np.round(np.exp(random.normal(10, 0.6, n)))
    limit = random.integers(2, 30, n) * 1000.0
    raw = pd.DataFrame({
        "borrower_id": np.repeat(np.arange(n), months),
        "month": np.tile(np.arange(202301, 202301 + months), n),
        "limit_amount": np.repeat(limit, months),
        "ING_ANUAL": np.repeat(income.astype(int), months),
        "zz": np.repeat(10_000 + random.permutation(n), months),
    })  # fmt: skip
    profiles = profiles_of(raw, ".")
    left_out = find_left_out(Panel.of(profiles, find_keys(raw, profiles)))
    assert "zz" in left_out
    assert "ING_ANUAL" not in left_out
