"""What a notice says of what brings the limit back: careful, firm, dated, and silent where there is nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from credit_model.documents.notice import build_notice
from credit_model.documents.notice_ahead import firm_option
from credit_model.errors import CreditModelError
from credit_model.portfolio.forbidden_phrases import forbidden_phrase
from tests.act.plan_examples import example_plan, with_levers
from tests.documents.notice_examples import LANGS, WITHHELD, case_of, visible_text
from tests.words.reason_examples import MARCH_2024

PROMISES = ("will be", "guarantee", "shall", "will give", "will restore", "保证", "必将", "一定", "承诺恢复")


def plan_for(case, outcome, **changes):
    explanation = case_of(case)
    catalogue = explanation.catalogue
    columns = [column.name for column in catalogue.columns if column.kind in ("number", "integer")]
    money = next(c.name for c in catalogue.columns if c.unit == "money" and c.role != "audit")
    lenders = next(name for name in columns if "lender" in name)
    levers = with_levers(catalogue, debt=money, lenders=lenders)
    return example_plan(levers, outcome, borrower_id=explanation.borrower_id[0], month=MARCH_2024, **changes)


def made(case, outcome, lang="en", **changes):
    return build_notice(case_of(case), lang=lang, plan=plan_for(case, outcome, **changes))


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["from July 2024 on your records would again meet what your previous limit of RMB 20,000 asks for",
                "(version example-1.0-0123456789ab)", "records as of March 2024", "no promise",
                "until the records of April 2024 are in", "Repay RMB 2,000 a month, from RMB 20,000 to RMB 12,000"]),
        ("zh", ["自2024年7月起", "原额度20,000元", "不构成承诺", "2024年4月的记录入库前有效",
                "每月多还2,000元，由20,000元降至12,000元"]),
    ],
)  # fmt: skip
def test_a_plan_is_told_with_month_model_validity_and_actions(lang, words):
    notice = made("clear", "by_plan", lang)
    for text in (visible_text(notice.html()), notice.markdown(), json.dumps(notice.content, ensure_ascii=False)):
        for one in words:
            assert one in text.replace("\\", "")
    ahead = notice.content["ahead"]
    assert (ahead["outcome"], ahead["from_month"], ahead["valid_until"]) == ("by_plan", "2024-07", "2024-04")


@pytest.mark.parametrize(("lang", "words"), [("en", "change nothing else"), ("zh", "无需另作改变")])
def test_where_it_comes_by_itself_the_month_is_said_and_nothing_is_asked(lang, words):
    ahead = made("clear", "by_itself", lang).content["ahead"]
    assert words in ahead["text"]
    assert ahead["from_month"] == "2024-06"  # the third month after March
    assert ahead["actions"] == []


@pytest.mark.parametrize("lang", LANGS)
def test_where_nothing_brings_it_back_nothing_is_said(lang):
    without = build_notice(case_of("clear"), lang=lang)
    assert made("clear", "impossible", lang).html() == without.html()
    assert without.content["ahead"] is None


@pytest.mark.parametrize("case", WITHHELD)
@pytest.mark.parametrize("outcome", ["by_itself", "by_plan", "already"])
def test_where_no_reasons_are_named_nothing_is_asked_of_the_borrower(case, outcome):
    assert made(case, outcome).content["ahead"] is None


@pytest.mark.parametrize("lang", LANGS)
def test_a_raised_cuts_notice_stays_a_draft_and_never_says_that_the_limit_comes_back(lang):
    notice = made("raised", "by_plan", lang)
    assert notice.is_draft
    text = notice.content["ahead"]["text"]
    assert ("no longer count as raised" if lang == "en" else "不再视为偏高") in text
    assert ("asks for" if lang == "en" else "评估要求") not in text


def test_only_what_most_fits_reach_is_told():
    # The least effort holds in one of four fits, the soonest in all of them.
    plan = plan_for("clear", "by_plan", fits=1)
    assert firm_option(plan).name == "fastest"
    assert made("clear", "by_plan", fits=1).content["ahead"]["from_month"] == "2024-05"
    assert firm_option(replace(plan, fastest=replace(plan.fastest, fits=2))) is None  # a half is not most
    # By itself it comes in two of four: no month is named, and no effort asked for that may not be needed.
    assert made("clear", "by_itself", fits=2).content["ahead"] is None


@pytest.mark.parametrize("case", ["clear", "raised"])
@pytest.mark.parametrize("outcome", ["by_itself", "by_plan"])
@pytest.mark.parametrize("lang", LANGS)
def test_no_word_promises_and_none_is_forbidden(case, outcome, lang):
    notice = made(case, outcome, lang)
    ahead = notice.content["ahead"]
    text = " ".join([ahead["text"], ahead["caution"], *ahead["actions"]])
    assert not [word for word in PROMISES if word in text]
    assert forbidden_phrase(visible_text(notice.html()), lang) is None
    if lang == "en":
        assert not re.search(r"[\u4e00-\u9fff]", text)
    else:
        assert not re.findall(r"[A-Za-z]{2,}", text.replace("example-1.0-0123456789ab", ""))


def test_the_same_plan_gives_the_same_bytes():
    assert made("clear", "by_plan").html() == made("clear", "by_plan").html()
    assert json.loads(made("clear", "by_plan").json())["ahead"]["model"] == "example-1.0-0123456789ab"


def test_a_plan_of_another_decrease_is_refused():
    plan = plan_for("clear", "by_plan")
    for other in (
        replace(plan, borrower_id="somebody"),
        replace(plan, month=plan.ahead["month"].iloc[0]),
        replace(plan, goal="regain"),
    ):
        with pytest.raises(CreditModelError, match="must be that of the decrease, to reinstate the limit of borrower"):
            build_notice(case_of("clear"), plan=other)
