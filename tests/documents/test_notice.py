"""Notices: every line of the checklist, in both languages, in all three formats."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pytest

from credit_model.documents.lender_file import read_lender
from credit_model.documents.notice import FORMATS, build_notice
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.portfolio.forbidden_phrases import forbidden_phrase
from tests.documents.notice_examples import (
    CASES,
    EXPLAINED,
    LANGS,
    WAVE,
    case_of,
    every_text,
    notice,
    parsed,
    visible_text,
)
from tests.portfolio.test_forbidden_phrases import EMPTY
from tests.words.reason_examples import CATALOGUE_TEXT, explained

# ------------------------------------------------------------------------- 1. limits, effective date, 30 days


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", ["RMB 20,000", "RMB 5,000", "1 April 2024", "1 May 2024 (within 30 days of taking effect)"]),
        ("zh", ["20,000元", "5,000元", "2024年4月1日", "2024年5月1日（生效后30日内）"]),
    ],
)
def test_a_notice_states_both_limits_the_effective_date_and_the_deadline(case, lang, told):
    # Decided at the end of March 2024; 30 days after 1 April is 1 May.
    for text in every_text(case, lang).values():
        for words in told:
            assert words in text


def test_the_effective_date_can_be_given():
    limit = notice("clear", effective_date="2024-03-20").content["limit"]
    assert (limit["effective_date"], limit["give_by_date"]) == ("2024-03-20", "2024-04-19")  # 11 days left in March
    assert notice("clear", effective_date=date(2024, 3, 20)).content["limit"] == limit


def test_a_decision_at_the_start_of_a_month_takes_effect_on_its_first_day():
    text = CATALOGUE_TEXT.replace("decision_lag = 0", "decision_lag = 1")
    made = build_notice(explained(CASES["clear"], text=text))
    assert made.content["limit"]["effective_date"] == "2024-03-01"


def test_months_without_a_calendar_give_the_deadline_in_days():
    made = build_notice(explained(CASES["clear"], month_type="integer"))
    limit = made.content["limit"]
    assert limit["effective_date"] is None
    assert limit["effective_text"] == "the end of month −3"
    assert limit["give_by_text"] == "within 30 days of taking effect"


@pytest.mark.parametrize("wrong", ["31.3.2024", "2024-02-30", "soon", 20240331])
def test_an_effective_date_that_is_none_is_refused(wrong):
    with pytest.raises(CreditModelError, match="effective_date must be a date such as 2024-03-31"):
        notice("clear", effective_date=wrong)


@pytest.mark.parametrize("wrong", ["9999-12-31", "2200-01-01", "0001-01-01", "2024-02-29", date(2023, 1, 1)])
def test_an_effective_date_before_the_decision_or_beyond_all_calendars_is_refused(wrong):
    with pytest.raises(
        CreditModelError, match="effective_date must be not before the decision's month, 2024-03-01, nor"
    ):
        notice("clear", effective_date=wrong)
    integers = explained(CASES["clear"], month_type="integer")
    assert build_notice(integers, effective_date="2024-02-29").content["limit"]["effective_date"] == "2024-02-29"
    with pytest.raises(CreditModelError, match="effective_date must be a date from 1900-01-01 on"):
        build_notice(integers, effective_date="9999-12-31")


# --------------------------------------------------------------------------- 2. one to four specific reasons


@pytest.mark.parametrize("case", EXPLAINED)
@pytest.mark.parametrize("lang", LANGS)
def test_a_notice_names_one_to_four_reasons_with_values_then_and_now(case, lang):
    content = notice(case, lang).content
    told = content["reasons"] + content["other_influences"]
    assert 1 <= len(told) <= 4
    assert sorted(reason["rank"] for reason in told) == list(range(1, len(told) + 1))
    for reason in told:
        assert reason["before"] in reason["text"]
        assert reason["after"] in reason["text"]
        assert reason["before"] != reason["after"]


@pytest.mark.parametrize("case", EXPLAINED)
def test_reasons_are_told_in_the_order_of_the_verdict(case):
    (verdict,) = case_of(case).verdicts
    content = notice(case).content
    told = sorted(content["reasons"] + content["other_influences"], key=lambda reason: reason["rank"])
    drivers = case_of(case).catalogue.drivers
    assert [reason["code"] for reason in told] == [drivers[reason.driver].code for reason in verdict.reasons]
    assert told[0]["factor_id"] == case_of(case).catalogue.factor_ids[verdict.leading_factor]


def test_no_principal_reason_is_left_out_and_the_notice_says_so():
    # 1.8, 0.5 and 0.1 of 2.4: the first two cover 96 %, the third is below a tenth.
    content = notice("clear").content
    assert [reason["code"] for reason in content["reasons"]] == ["D01", "D02"]
    assert "make up 96% of everything" in content["why"][-1]
    assert "No principal reason is left out." in content["why"][-1]


def test_where_more_than_four_are_principal_the_notice_says_that_four_are_named():
    # Five reasons, the least with 0.38 of 2.84, more than a tenth.
    content = notice("ties").content
    assert "Only the four most important are named." in content["why"][-1]
    assert "No principal reason is left out" not in content["why"][-1]


def test_near_ties_are_told():
    assert "Items 1 and 2 are about equally heavy; their order means little." in notice("ties").content["remarks"]
    assert "第1、2项的影响大小相近，其先后次序意义不大。" in notice("ties", "zh").content["remarks"]


# ---------------------------------------------------------------------------------------- 3. empty phrases


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", FORMATS)
def test_no_notice_holds_an_empty_phrase_or_a_protected_attribute(case, lang, name):
    text = every_text(case, lang)[name]
    assert forbidden_phrase(text, lang) is None
    for phrase in EMPTY:
        assert phrase not in text.lower()


# ------------------------------------------------------------------- 4. protected attributes, economy, lender


def test_an_audit_column_never_reaches_a_notice():
    # The catalogue declares gender, with role = "audit".
    for case in CASES:
        for text in every_text(case, "en").values():
            assert not re.search(r"gender|female", text)
        for text in every_text(case, "zh").values():
            assert "性别" not in text


@pytest.mark.parametrize("lang", LANGS)
def test_the_economys_and_the_lenders_doing_is_not_among_the_borrowers_reasons(lang):
    content = notice("ties", lang).content
    assert {reason["about"] for reason in content["reasons"]} == {"borrower"}
    assert [reason["about"] for reason in content["other_influences"]] == ["economy"]
    html = notice("ties", lang).html()
    own, apart = html.split("Other influences" if lang == "en" else "其他影响（")
    assert "E01" not in own
    assert "E01" in apart


@pytest.mark.parametrize("lang", LANGS)
def test_a_class_wide_move_is_no_reason_of_the_borrowers(lang):
    content = notice("class_wide", lang).content
    assert content["reasons"] == []
    words = "None of the principal reasons concerns your creditworthiness" if lang == "en" else "均与您的信用状况无关"
    assert words in content["why"][-1]


# ---------------------------------------------------------------------------------------------- 5. knock-outs


@pytest.mark.parametrize(("lang", "words"), [("en", "A knock-out rule applied"), ("zh", "触发了一票否决规则")])
def test_a_knock_out_rule_is_disclosed(lang, words):
    for text in every_text("knock_out", lang).values():
        assert words in text
        assert "R03" in text
    for text in every_text("clear", lang).values():
        assert words not in text


# -------------------------------------------------------------------------------------------- 6. data sources


@pytest.mark.parametrize("lang", LANGS)
def test_every_reason_has_its_data_source(lang):
    content = notice("ties", lang).content
    told = content["reasons"] + content["other_influences"]
    sources = {
        "en": {"bureau": "Credit bureau", "own_records": "Our own records", "public": "Public statistics"},
        "zh": {"bureau": "征信机构", "own_records": "本机构自有记录", "public": "公开统计数据"},
    }[lang]
    assert {reason["source_id"] for reason in told} == set(sources)
    for reason in told:
        assert reason["source"] == sources[reason["source_id"]]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["right to see this report and to dispute", "written answer within 20 days", "People's Bank of China"]),
        ("zh", ["有权查询该信用报告", "有权提出异议", "20日内获得书面答复", "中国人民银行征信中心"]),
    ],
)
@pytest.mark.parametrize("case", ["clear", "unexplained"])
def test_the_right_to_see_and_dispute_the_credit_report_is_told(case, lang, words):
    for text in every_text(case, lang).values():
        for word in words:
            assert word in text


def test_a_catalogue_without_bureau_data_tells_of_no_bureau():
    text = CATALOGUE_TEXT.replace('source = "bureau"', 'source = "partner"')
    data = " ".join(build_notice(explained(CASES["clear"], text=text)).content["data"])
    assert "bureau" not in data
    assert "a partner who provides data" in data


# ------------------------------------------------------------------------------------------------ 7. channels


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lang", LANGS)
def test_all_four_channels_are_offered_with_their_limits_of_time(case, lang):
    made = notice(case, lang)
    channels = {channel["id"]: channel for channel in made.content["channels"]}
    assert list(channels) == ["explanation", "human_review", "dispute", "documents"]
    assert channels["dispute"]["answer_days"] == 20
    for channel in channels.values():
        for text in (visible_text(made.html()), made.markdown()):
            for key in ("text", "contact", "open_text", "answer_text"):
                assert channel[key] in text


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("dormancy", "has not been used may need no notice"),
        ("knock_out", "currently past due may need no notice"),
        ("class_wide", "class of accounts may need no notice"),
        ("clear", None),
    ],
)
def test_an_exemption_that_may_apply_is_named(case, words):
    exemptions = notice(case).content["exemptions"]
    if words is None:
        assert exemptions == []
    else:
        assert [words in text and "12 CFR 1002.2(c)(2)" in text for text in exemptions] == [True]


# ------------------------------------------------------------------------------ 8. versions, byte for byte


@pytest.mark.parametrize("lang", LANGS)
def test_lender_regulator_and_versions_stand_in_every_notice(lang):
    for text in every_text("clear", lang).values():
        assert ("Example Consumer Finance Ltd." if lang == "en" else "示例消费金融有限公司") in text
        assert ("National Financial Regulatory Administration" if lang == "en" else "国家金融监督管理总局") in text
        assert "small-2.1-0123456789ab" in text
        assert "small 2.1" in text
        assert read_lender().digest[:12] in text


@pytest.mark.parametrize("month_type", ["date", "integer"])
def test_a_notice_regenerates_byte_for_byte_from_the_stored_explanations(tmp_path, month_type):
    months = explained(*CASES.values(), month_type=month_type).month_number.tolist()
    waves = [replace(WAVE, month_number=m) if case == "wave" else None for case, m in zip(CASES, months, strict=True)]
    explanations = explained(*CASES.values(), month_type=month_type, usual=0.02, waves=waves)
    explanations.save(tmp_path / "stored")
    stored = DecreaseExplanations.load(tmp_path / "stored")
    for borrower in explanations.borrower_id:
        for lang in LANGS:
            before, after = (build_notice(one.select(borrower), lang=lang) for one in (explanations, stored))
            for name in FORMATS:
                assert before.as_format(name).encode() == after.as_format(name).encode()


def test_a_notice_is_of_a_single_decrease_that_exists():
    explanations = explained(CASES["clear"], CASES["ties"])
    with pytest.raises(CreditModelError, match="a notice is of a single decrease, got 2"):
        build_notice(explanations)
    with pytest.raises(HistoryError, match="has no limit decrease in 2024-04"):
        build_notice(explanations.select("B0001", "2024-04"))


def test_an_unknown_format_or_language_is_refused():
    with pytest.raises(CreditModelError, match="format must be one of html, markdown, json, got 'pdf'"):
        notice("clear").as_format("pdf")
    with pytest.raises(CreditModelError, match="lang must be"):
        notice("clear", "fr")


# ----------------------------------------------------------------------------------------- language and page


@pytest.mark.parametrize("case", CASES)
def test_a_chinese_notice_holds_no_english_but_codes_and_versions(case):
    known = {"B0001", "App", "www.pbccrc.org.cn", "CFR", "B", "c"}  # US《B条例》, 12 CFR 1002.2(c)(2)
    codes = r"(?<![A-Za-z])[A-Z]\d\d(?!\d)|small-2\.1-[0-9a-f]+|摘要[0-9a-f]{12}|small 2\.1"
    text = re.sub(codes, "", visible_text(notice(case, "zh").html()))
    assert set(re.findall(r"[A-Za-z][A-Za-z0-9.]*", text)) <= known


@pytest.mark.parametrize("case", CASES)
def test_an_english_notice_holds_no_chinese(case):
    assert not re.search(r"[\u4e00-\u9fff]", "".join(every_text(case, "en").values()))


@pytest.mark.parametrize(("lang", "tag"), [("en", "en"), ("zh", "zh-Hans")])
def test_the_page_names_its_language_has_ordered_headings_and_tables_with_headers(lang, tag):
    page = parsed(notice("ties", lang).html())
    tags = [name for name, _ in page.tags]
    assert next(attrs for name, attrs in page.tags if name == "html")["lang"] == tag
    assert tags.count("h1") == 1
    assert set(re.findall(r"h\d", " ".join(tags))) == {"h1", "h2"}
    assert tags.count("table") == 5  # limit, two of reasons, channels, versions
    assert all(attrs.get("scope") in ("row", "col") for name, attrs in page.tags if name == "th")
    assert tags.count("main") == 1


def test_the_page_asks_for_nothing_and_runs_nothing():
    html = notice("clear").html()
    policy = next(attrs["content"] for name, attrs in parsed(html).tags if name == "meta" and "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"<script|<link|<img|\bsrc=|@import|url\(", html)
    assert "unsafe-inline" not in policy


HOSTILE = ['<script>alert("1")</script>', "=HYPERLINK(1)", "a|b`c*", "x\ny", "\ud800", "&amp;"]


@pytest.mark.parametrize("borrower", HOSTILE)
def test_text_from_data_is_escaped_everywhere(borrower):
    made = build_notice(explained(CASES["clear"], borrowers=[borrower]))
    html, markdown = made.html(), made.markdown()
    assert "<script>" not in html
    assert "<script>" not in markdown
    shown = " ".join(borrower.encode("utf-8", "replace").decode().split())
    assert shown in visible_text(html)
    assert json.loads(made.json())["borrower_id"] == shown
    line = next(line for line in markdown.splitlines() if line.startswith("Customer "))
    assert not re.search(r"(?<!\\)[`*|]", line)
    made.html().encode("utf-8")


def test_a_notice_shows_in_a_notebook_inside_a_frame_of_its_own():
    shown = notice("clear")._repr_html_()
    assert shown.startswith("<iframe")
    assert "<h1>" in shown.replace("&quot;", '"')
    assert shown.count('"') == 6  # title, srcdoc and style: nothing inside ends an attribute
