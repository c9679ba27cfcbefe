"""Notices of expected, raised and unexplained cuts: what each says, and never says."""

from __future__ import annotations

import json

import pytest

from credit_model.documents.notice import build_notice
from credit_model.errors import CreditModelError
from credit_model.words.language import language
from tests.documents.notice_examples import (
    CASES,
    EXPLAINED,
    LANGS,
    WITHHELD,
    case_of,
    every_text,
    notice,
    visible_text,
)
from tests.words.reason_examples import explained


@pytest.mark.parametrize("case", [case for case in EXPLAINED if case != "raised"])
def test_the_notice_of_an_expected_cut_stands_by_itself(case):
    made = notice(case)
    assert made.content["support"] == "expected"
    assert not made.is_draft
    assert "Draft" not in made.html() + made.markdown()


@pytest.mark.parametrize(
    ("lang", "draft", "told"),
    [
        (
            "en",
            "Draft: a person has to confirm what it names before it is sent.",
            ["rose 8.6-fold, from 1.8% to 15%", "usually 2% of decisions end in a decrease", "What raised the risk",
             "These changes raised the risk; they make up 100% of everything that did."],
        ),
        (
            "zh",
            "草稿：所列内容须经人工确认后方可发出。",
            ["由1.8%升至15%，为此前的8.6倍", "2%的决定会下调额度", "推高风险的因素", "合计占全部推高因素的100%"],
        ),
    ],
)  # fmt: skip
def test_the_notice_of_a_raised_cut_is_a_draft_that_tells_what_raised_the_risk(lang, draft, told):
    # 4.0 - 2.3 = 1.7, a risk of 1 / (1 + e^1.7) = 15.4 %, 8.6 times 1.8 %: at least twice, and above 3 x 2 %.
    made = notice("raised", lang)
    assert made.is_draft
    for text in (visible_text(made.html()), made.markdown()):
        for words in (draft, *told):
            assert words in text
    assert json.loads(made.json())["draft"] is True


@pytest.mark.parametrize(
    ("lang", "reasons"),
    [
        ("en", ["principal reason", "spoke against", "Why we reduced it", "how much, why,"]),
        ("zh", ["主要原因", "不利因素", "下调原因"]),
    ],
)
def test_a_raised_cuts_notice_never_calls_what_raised_the_risk_why_the_limit_fell(lang, reasons):
    raised, expected = (visible_text(notice(case, lang).html()) for case in ("raised", "clear"))
    for words in reasons:
        assert words not in raised
        assert words in expected


@pytest.mark.parametrize(("lang", "named"), [("en", "Confirmed by"), ("zh", "确认人")])
def test_a_confirmed_notice_is_no_draft_and_says_who_confirmed_it(lang, named):
    made = notice("raised", lang, confirmed_by="A. Chen,\ncredit officer")
    assert not made.is_draft
    for text in (visible_text(made.html()), made.markdown()):
        assert named in text
        assert "A. Chen, credit officer" in text
        assert ("Draft" if lang == "en" else "草稿") not in text
    assert json.loads(made.json())["confirmed_by"] == "A. Chen, credit officer"


@pytest.mark.parametrize("nobody", ["", "  ", 7])
def test_nobody_cannot_confirm_a_notice(nobody):
    with pytest.raises(CreditModelError, match="confirmed_by must name who confirmed the notice"):
        notice("raised", confirmed_by=nobody)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lang", LANGS)
def test_both_risks_and_the_observed_frequency_are_told(case, lang):
    (verdict,) = case_of(case).verdicts
    spoken = language(lang)
    for text in every_text(case, lang).values():
        assert spoken.risk(verdict.risk_before) in text
        assert spoken.risk(verdict.risk_after) in text
        assert str(verdict.frequency.n) in text
    assert notice(case, lang).content["risk"]["after"] == round(verdict.risk_after, 6)


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "In March 2024 we reduced 9.2% of all lines, 4.2 times as many as usual. That is our own doing"),
        ("zh", "2024年3月，我们下调了9.2%的账户额度，为平时的4.2倍。这是本机构的统一行动，与您个人无关。"),
    ],
)
def test_a_wave_is_told_as_the_lenders_own_doing(lang, told):
    for text in every_text("wave", lang).values():
        assert told in text
    for text in every_text("clear", lang).values():
        assert ("than usual" if lang == "en" else "平时") not in text


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "Most of what spoke against keeping your limit lies with us, not with you."),
        ("zh", "对保持您额度不利的因素主要在于本机构，而非您本人。"),
    ],
)
def test_a_cut_that_is_mostly_not_the_borrowers_doing_says_so_in_its_first_sentence(lang, told):
    assert notice("class_wide", lang).content["why"][0] == told
    assert notice("clear", lang).content["why"][0].startswith("Compared with" if lang == "en" else "与")


@pytest.mark.parametrize("case", WITHHELD)
@pytest.mark.parametrize("lang", LANGS)
def test_an_unexplained_cut_names_no_reason_and_announces_a_re_evaluation(case, lang):
    made = notice(case, lang)
    assert made.content["reasons"] == made.content["other_influences"] == []
    for text in every_text(case, lang).values():
        assert ("re-evaluation" if lang == "en" else "重新评估") in text
        assert "D01" not in text
        assert ("lenders owed" if lang == "en" else "贷款机构数") not in text


def test_an_unexplained_cut_says_what_is_known():
    # No contribution: the risk stays 1 / (1 + e^4) = 1.8 %. Four, 1 %, of 400 decisions with at most 10 % fell.
    assert notice("same").content["why"][:4] == [
        "Compared with June 2023, when the previous limit was set, the risk of losing this limit is as before: 1.8%.",
        "Of 400 decisions with a risk below 10% that the model had not seen, 1% ended in a decrease.",
        "Our model does not support this decrease: on your records it keeps your previous limit. We therefore name no "
        "reasons.",
        "Nothing in your records moved against you.",
    ]
    assert notice("same", "zh").content["why"][3] == "您的记录中没有任何对您不利的变化。"
    assert "What has moved in your records since is no reason for the decrease." in notice("wave").content["why"]
    assert "您的记录此后发生的变化并不构成下调的理由。" in notice("wave", "zh").content["why"]


@pytest.mark.parametrize("options", [{"has_reference": False, "score_before": -1.0}, {"score_before": -3.0}])
def test_a_cut_that_no_change_explains_announces_a_re_evaluation(options):
    change = {"lenders": (2, 2, 0.0)} if "has_reference" in options else {"lenders": (5, 2, 0.5)}
    made = build_notice(explained(change, **options))
    assert made.content["withheld"] in ("no_reference", "not_worsened")
    assert made.content["reasons"] == []
    assert "re-evaluation by a person" in made.content["why"][-1]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("change", "score_before", "told"),
    [
        ({"lenders": (2, 3, -0.1)}, 3.0, {"en": "In what you differ from them is no reason", "zh": "您与其不同之处"}),
        ({}, 3.0, {"en": "In nothing do you stand worse than they do.", "zh": "您在任何方面都不比其更差。"}),
        ({"lenders": (5, 2, 0.5)}, -3.0, {"en": "on balance you do not stand worse", "zh": "您的总体情况并不更差"}),
    ],
)
def test_beside_peers_nothing_is_said_to_have_moved(lang, change, score_before, told):
    made = build_notice(explained(change, score_before=score_before, reference="peers"), lang=lang)
    why = " ".join(made.content["why"])
    assert told[lang] in why
    assert ("moved" if lang == "en" else "此后发生的变化") not in why
