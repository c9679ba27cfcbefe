"""The page and the index tell the one verdict on a cut, in every language."""

from __future__ import annotations

import pytest

from credit_model.documents.page_change import ChangeRecord
from credit_model.documents.page_verdict import VerdictRecord
from credit_model.documents.report import (
    index_html,
    page_records,
)
from credit_model.documents.tracks import Tracks
from credit_model.portfolio.history import check_history
from credit_model.words.language import language
from tests.documents.report_examples import (
    CASES,
    KNOCK_OUT_ABOVE,
    TOLD,
    embedded,
    example_cases,
    example_tracks,
)


@pytest.mark.parametrize("case", CASES)
def test_the_page_tells_the_verdict(cases, records, case):
    i = list(CASES).index(case)
    page, (support, leading), verdict = records.page(i), TOLD[case], cases.verdicts[i]
    assert page["verdict"]["support"] == verdict.support == support
    items = [item for group in page["reasons"]["groups"] for item in group["items"]]
    if leading:
        assert page["factors"][0]["id"] == leading
        assert items[0]["factor_id"] == leading
        assert [item["feature"] for item in sorted(items, key=lambda item: item["rank"])] == [
            cases.catalogue.driver_names[reason.driver] for reason in verdict.reasons
        ]
    else:
        assert items == []
        assert page["reasons"]["empty"]


def test_over_all_cuts_the_first_factor_the_first_reason_and_the_verdict_agree(explanations, portfolio):
    records = page_records(explanations, Tracks(check_history(portfolio.history, explanations.catalogue), *[None] * 2))
    data = embedded(index_html(records, ["x.html"] * len(explanations)))
    ids = explanations.catalogue.factor_ids
    supports = set()
    for i, verdict in enumerate(explanations.verdicts):
        supports.add(verdict.support)
        factors = ChangeRecord(explanations, i, records.words).factors
        groups = VerdictRecord(explanations, i, records.reasons[i], records.words).reasons()["groups"]
        told = [ids.index(f["id"]) for f in factors]
        assert told[: len(verdict.factors)] == list(verdict.factors)
        assert data["columns"]["factor"]["place"][i] == verdict.leading_factor
        if not verdict.withheld:
            first = groups[0]["items"][0]
            assert ids.index(first["factor_id"]) == told[0] == verdict.leading_factor == verdict.reasons[0].factor
            assert first["rank"] == 1
        else:
            assert groups == []
    assert supports == {"expected", "raised", "unexplained"}


@pytest.mark.parametrize(
    ("case", "en", "zh"),
    [
        ("clear", "Debt lowered the score most", "拉低分数最多的因素：“负债状况”"),
        ("raised", "Debt raised the risk most", "推高风险最多的因素：“负债状况”"),
        ("unexplained", "Unexplained: the model does not support this decrease", "原因不明：模型不支持此次下调"),
        (
            "wave",
            "Unexplained by the borrower's records: the lender cut many lines at once",
            "借款人的记录无法解释：机构同时下调了大量额度",
        ),
        (
            "tie",
            "Debt and repayment lowered the score most, nearly tied",
            "“负债状况”与“还款历史”拉低分数最多，难分主次",
        ),
        (
            "lender",
            "What lowered the score lies mostly in the economy and with the lender, not with the borrower",
            "拉低分数的因素主要在于经济环境和贷款机构，而非借款人自身",
        ),
        (
            "knock_out",
            "A knock-out rule applies; repayment lowered the score most",
            "触发一票否决规则；拉低分数最多的因素：“还款历史”",
        ),
        ("nothing", "Nothing worsened that would explain the decrease", "没有足以解释下调的恶化"),
    ],
)
def test_the_first_sentence_says_what_the_decrease_is(records, case, en, zh):
    assert records.page(list(CASES).index(case))["verdict"]["head"] == {"en": en, "zh": zh}


@pytest.mark.parametrize("case", CASES)
def test_both_risks_and_the_observed_frequency_are_told_of_every_cut(cases, records, case):
    i = list(CASES).index(case)
    verdict, body = cases.verdicts[i], records.page(i)["verdict"]["body"]
    for lang in ("en", "zh"):
        spoken, text = language(lang), " ".join(paragraph[lang] for paragraph in body)
        assert spoken.risk(verdict.risk_before) in text
        assert spoken.risk(verdict.risk_after) in text
        assert f"{verdict.frequency.n}" in text
        assert spoken.risk(verdict.frequency.share) in text


def test_a_wave_is_told_as_the_lenders_doing(records):
    page = records.page(list(CASES).index("wave"))
    # 110 of 1,200 lines are 9.2 %; 9.17 / 2.2 = 4.2.
    assert page["verdict"]["body"][2] == {
        "en": "In November 2024 the lender cut 9.2% of all lines, 4.2 times as many as usual: that is the lender's "
        "doing, not the borrower's.",
        "zh": "2024年11月，贷款机构下调了9.2%的账户额度，为平时的4.2倍：这属于机构的统一行动，并非借款人所致。",
    }
    assert {"en": "Wave of cuts by the lender", "zh": "机构批量下调"} in [b["text"] for b in page["verdict"]["badges"]]


def test_reasons_of_others_stand_apart_under_their_own_heading(records):
    groups = records.page(list(CASES).index("lender"))["reasons"]["groups"]
    assert [group["head"]["en"] for group in groups] == [
        "From the lender, not the borrower",
        "From the economy, not the borrower",
    ]
    assert [item["rank"] for group in groups for item in group["items"]] == [1, 2]


def test_a_rule_that_fired_is_said_once_and_before_that_the_model_does_not_support_the_cut():
    explained = example_cases()
    driver = explained.catalogue.driver_names.index("days_past_due_last")
    explained.features_after[list(CASES).index("unexplained"), driver] = KNOCK_OUT_ABOVE + 1
    page = page_records(explained, example_tracks(explained)).page(list(CASES).index("unexplained"))
    assert page["verdict"]["head"]["en"] == "A knock-out rule applies"
    rule = "A knock-out rule applies, which by itself can lead to a decrease: latest days past due (31 days)."
    assert [text["en"] for text in page["verdict"]["body"]].count(rule) == 1
    assert rule not in [note["en"] for note in page["reasons"]["notes"]]
    assert "The model does not support this decrease" in page["verdict"]["body"][0]["en"]
