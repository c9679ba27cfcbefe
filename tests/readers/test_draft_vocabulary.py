"""What the name of a column says, in the styles of many lenders."""

import pytest

from credit_model.draft.columns import FACTORS
from credit_model.draft.features import _shapes
from credit_model.draft.vocabulary import _concepts, _spellings, meaning_of


@pytest.mark.parametrize(
    ("name", "concept"),
    [
        ("CUST_ID", "customer"), ("custNo", "customer"), ("客户号", "customer"), ("cardholder_id", "customer"),
        ("AcctNo", "account"), ("account_number", "account"), ("卡号", "account"), ("loan_id", "account"),
        ("yyyymm", "month"), ("As_Of_Date", "month"), ("Statement_Date", "month"), ("数据日期", "month"),
        ("CreditLine", "limit"), ("crlimit", "limit"), ("cur_cr_lmt", "limit"), ("授信额度(万元)", "limit"),
        ("open_to_buy", "available"), ("avail_credit", "available"), ("可用额度", "available"),
        ("new_limit", "after_limit"), ("DecisionReason", "after_limit"), ("降额标志", "after_limit"),
        ("调额原因", "after_limit"), ("prev_limit", "old_limit"), ("调整前额度", "old_limit"),
        ("temp_limit_flag", "temporary"), ("客户申请降额", "requested"), ("review_flag", "reviewed"),
        ("Sex", "gender"), ("marital_status", "marital"), ("民族", "race"), ("dob", "age"), ("zip_code", "region"),
        ("fico_score", "score"), ("bscore", "score"), ("芝麻分", "score"), ("pboc_score", "bureau_score"),
        ("Curr_Bal", "balance"), ("statement_balance", "balance"), ("当前余额", "balance"), ("已用额度", "balance"),
        ("util_pct", "utilisation"), ("额度使用率", "utilisation"), ("ext_debt", "other_balance"),
        ("other_bank_debt", "other_balance"), ("他行负债", "other_balance"), ("n_tradelines", "other_lenders"),
        ("DPD", "days_past_due"), ("days_delinquent", "days_past_due"), ("cycles_past_due", "arrears_bucket"),
        ("ext_dpd", "other_past_due"), ("Min_Pay", "due"), ("PmtAmt", "paid"), ("最低还款额", "due"),
        ("实还金额", "paid"), ("inq_6m", "inquiries"), ("征信查询次数", "inquiries"), ("monthly_salary", "income"),
        ("ext_dti", "debt_to_income"), ("cash_adv_amt", "cash_advance"), ("txn_count", "transactions"),
        ("mths_inactive", "idle_months"), ("连续未使用月数", "idle_months"), ("unemp", "unemployment"),
        ("GDP_growth", "activity"), ("book_cut_share", "book_cuts"), ("MOB", "tenure"), ("公积金", "fund"),
    ],
)  # fmt: skip
def test_a_name_is_understood(name, concept):
    assert meaning_of(name).concept.id == concept


@pytest.mark.parametrize("name", ["c17", "x_3", "Spalte", "字段甲", "zzq"])
def test_a_name_that_says_nothing_is_nothing(name):
    assert meaning_of(name).driver is None


def test_summaries_of_months_are_seen_in_the_name():
    assert meaning_of("avg_bal_6m").is_summary
    assert meaning_of("近3个月查询次数").is_summary
    assert not meaning_of("balance").is_summary


def test_every_word_of_a_phrase_is_a_word_and_every_concept_has_its_shape_and_factor():
    words = set(_spellings().values())
    for concept in _concepts().values():
        assert all(phrase <= words for phrase in concept.phrases), concept.id
        if not concept.role:
            assert concept.shape in _shapes(), concept.id
            assert concept.factor in FACTORS, concept.id
            assert {"en", "zh"} <= concept.label.keys(), concept.id


@pytest.mark.parametrize(
    ("name", "concept", "effect"),
    [
        ("pd_12m", "risk_score", "lowers"), ("riskGradePD", "risk_score", "lowers"),
        ("emi_to_income", "debt_to_income", "lowers"), ("debt/income", "debt_to_income", "lowers"),
        ("BalanceToLimit", "utilisation", "lowers"), ("ltv", "loan_to_value", "lowers"),
        ("fico_drop_3m", "score_drop", "lowers"), ("income_decline", "income_drop", "lowers"),
        ("score_delta", "score_change", "raises"), ("fraud_score", "fraud_score", "lowers"),
        ("closed_tl", "closed_lines", "free"), ("contact_attempts", "collection_contacts", "lowers"),
        ("od_limit", "overdraft_limit", "free"), ("cash_limit", "cash_limit", "free"),
        ("cr_bal", "credit_balance", "free"), ("min_bal", "minimum_balance", "free"),
        ("last_txn_days", "days_since_use", "free"), ("months_on_book", "tenure", "free"),
    ],
)  # fmt: skip
def test_names_that_mislead_have_their_own_meaning(name, concept, effect):
    driver = meaning_of(name).driver
    assert (driver.id, driver.role, driver.effect) == (concept, "", effect)


def test_what_a_name_leaves_open_is_said():
    assert all(
        meaning_of(name).driver.doubt for name in ("od_limit", "cash_limit", "cr_bal", "min_bal", "last_txn_days")
    )
    assert FACTORS[meaning_of("months_on_book").driver.factor][0] == "borrower"


@pytest.mark.parametrize("name", ["open_to_buy", "income_to_date", "promise_to_pay", "cust/acct"])
def test_to_makes_no_ratio_of_other_words(name):
    assert "ratio" not in meaning_of(name).words


@pytest.mark.parametrize("name", ["approved_line", "approved limit", "sanctioned", "Sanctioned_Limit"])
def test_what_was_approved_is_the_limit_where_there_is_no_other(name):
    assert meaning_of(name).concept.id == "limit"
    assert meaning_of(name).fit("limit") < meaning_of("limit").fit("limit")
    assert meaning_of(name).driver.id == "after_limit"  # beside another limit


@pytest.mark.parametrize(
    ("name", "simplified"),
    [
        ("帳單餘額", "账单余额"), ("他行負債", "他行负债"), ("查詢次數", "查询次数"), ("在職", "在职"),
        ("失業率", "失业率"), ("信用額度", "信用额度"), ("調整後額度", "调整后额度"), ("還款筆數", "还款笔数"),
        ("近3個月逾期", "近3个月逾期"), ("客戶編號", "客户编号"),
    ],
)  # fmt: skip
def test_traditional_characters_are_read_as_simplified_ones(name, simplified):
    assert meaning_of(name) == meaning_of(simplified)
    assert meaning_of(name).ranked
