"""Reasons: which are chosen, how they are worded, what is said where there are none."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_model.errors import CreditModelError
from credit_model.explain.principal import (
    COVERED_SHARE,
    MAX_REASONS,
    PRINCIPAL_SHARE,
)
from credit_model.explain.quantities import moved_against
from credit_model.words.reasons import decrease_reasons, reasons_as_records, told_in
from tests.words.reason_examples import CATALOGUE_TEXT, NAN, explained, small_catalogue


def named(explanations, row=0, **options):
    return [reason.feature for reason in decrease_reasons(explanations, **options)[row].reasons]


# ---------------------------------------------------------------------------------------------- which are chosen


def test_reasons_are_ranked_by_their_contribution():
    one = explained({"spending_6m": (4000, 3000, -0.5), "lenders": (2, 5, -1.5), "utilisation_6m": (0.4, 0.8, -1.0)})
    told = decrease_reasons(one)[0]
    assert [(r.rank, r.feature) for r in told.reasons] == [(1, "lenders"), (2, "utilisation_6m"), (3, "spending_6m")]
    # 1.5, 1.0 and 0.5 of 3.0
    assert [r.reason.share for r in told.reasons] == pytest.approx([1 / 2, 1 / 3, 1 / 6])
    assert told.verdict.coverage == pytest.approx(1.0)


def test_a_feature_that_did_not_worsen_is_no_reason():
    # Fewer lenders is better, however the model takes it; spending and utilisation did not move.
    one = explained({"lenders": (5, 2, -1.0), "spending_6m": (3000, 3000, 0.0), "unemployment": (5, 6, -0.2)})
    assert named(one) == ["unemployment"]


def test_a_value_that_moved_by_rounding_alone_is_no_reason():
    one = explained({"utilisation_6m": (0.1 + 0.2, 0.3000000000000001, -1.0), "lenders": (2, 3, -1.0)})
    assert named(one) == ["lenders"]


def test_a_feature_that_raised_the_score_is_no_reason():
    one = explained({"lenders": (2, 5, 0.4), "utilisation_6m": (0.4, 0.8, -1.0)})
    assert named(one) == ["utilisation_6m"]


def test_windows_of_the_same_quantity_are_named_once_with_their_joint_weight():
    # dpd_last and dpd_max_6m summarise the same column: -0.9 - 0.7 = -1.6, ahead of -1.0.
    one = explained({"dpd_last": (0, 34, -0.7), "dpd_max_6m": (0, 40, -0.9), "lenders": (2, 5, -1.0)})
    told = decrease_reasons(one)[0]
    assert [r.feature for r in told.reasons] == ["dpd_max_6m", "lenders"]
    assert told.reasons[0].reason.contribution == pytest.approx(-1.6)
    assert told.reasons[0].reason.share == pytest.approx(1.6 / 2.6)


def test_what_one_window_lost_and_another_gained_is_not_counted():
    # The worst of six months is worse, but the current month is better: -0.5 + 0.6 > 0, on balance no reason.
    one = explained({"dpd_max_6m": (10, 40, -0.5), "dpd_last": (10, 0, 0.6), "lenders": (2, 5, -1.0)})
    assert named(one) == ["lenders"]


def test_at_most_four_reasons_are_named_and_fewer_on_request():
    one = explained(
        {
            "dpd_last": (0, 9, -0.5),
            "lenders": (2, 5, -0.5),
            "utilisation_6m": (0.4, 0.8, -0.5),
            "spending_6m": (4000, 3000, -0.5),
            "unemployment": (5, 6, -0.5),
            "tightness": (0, 1, -0.5),
        }
    )
    told = decrease_reasons(one)[0]
    assert len(told.reasons) == 4
    assert told.verdict.unnamed == 2  # two more with a sixth each, above a tenth
    # Two factors make up more than a third: none does (debt has exactly a third), so the heaviest two, in order.
    assert len(named(one, max_reasons=2)) == 2


@pytest.mark.parametrize("wrong", [0, 5, 2.0, None])
def test_more_than_four_reasons_are_refused(wrong):
    with pytest.raises(CreditModelError, match="max_reasons must be between 1 and 4"):
        decrease_reasons(explained({"lenders": (2, 5, -1.0)}), max_reasons=wrong)


def test_a_reason_is_left_out_only_below_a_tenth_and_above_the_coverage():
    # 0.85, 0.09, 0.06: after the first, 0.85 >= 0.80 is covered and 0.09 < 0.10.
    one = explained({"lenders": (2, 5, -0.85), "spending_6m": (4, 3, -0.09), "unemployment": (5, 6, -0.06)})
    assert named(one) == ["lenders"]
    # 0.79 does not cover enough, so the next is named although it is below a tenth.
    two = explained({"lenders": (2, 5, -0.79), "spending_6m": (4, 3, -0.09), "dpd_last": (0, 6, -0.12)})
    assert named(two) == ["lenders", "dpd_last"]  # 0.91 covered, 0.09 < 0.10
    three = explained({"lenders": (2, 5, -0.7), "spending_6m": (4, 3, -0.09), "dpd_last": (0, 6, -0.09)})
    assert named(three)[:2] == ["lenders", "dpd_last"]  # 0.70 / 0.88 = 0.795 < 0.80


def test_a_factor_of_many_small_reasons_is_not_left_out():
    # consumption: 0.30 + 0.25 = 0.55 of 2.65, more than a fifth (0.53), yet its reasons are ranked 5 and 6.
    one = explained(
        {
            "dpd_last": (0, 9, -0.6),
            "lenders": (2, 5, -0.5),
            "utilisation_6m": (0.4, 0.8, -0.4),
            "unemployment": (5, 6, -0.6),
            "spending_6m": (4000, 3000, -0.3),
            "employment": (0, 2, -0.25),
        }
    )
    # debt leads with 0.9, then repayment and the economy with 0.6 each, then consumption.
    assert named(one) == ["lenders", "dpd_last", "unemployment", "spending_6m"]


values = st.floats(-3, 3).map(lambda v: round(v, 3))
NAMES = small_catalogue().driver_names


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(values, values, values), min_size=len(NAMES), max_size=len(NAMES)),
    st.integers(1, MAX_REASONS),
)
def test_the_rule_holds_for_any_change(changes, max_reasons):
    one = explained(dict(zip(NAMES, changes, strict=True)), score_before=-0.1)
    (told,) = one.told(max_reasons)
    if told.withheld:
        assert told.reasons == ()
        return
    assert 1 <= len(told.reasons) <= max_reasons
    against = moved_against(one.catalogue, one.features_before, one.features_after)[0]
    assert all(against[r.driver] and r.contribution < 0 for r in told.reasons)
    # Factor by factor in the verdict's order, within a factor the heaviest first.
    order = [(told.factors.index(r.factor) if r.factor in told.factors else 99, -r.share) for r in told.reasons]
    assert order == sorted(order)
    assert told.coverage == pytest.approx(sum(r.share for r in told.reasons))
    assert told.coverage <= 1 + 1e-12
    if len(told.reasons) < max_reasons:
        assert told.unnamed == 0
    quantity = {(f.factor, f.column or f.numerator) for f in (one.catalogue.drivers[r.driver] for r in told.reasons)}
    assert len(quantity) == len(told.reasons)


def test_information_that_vanished_or_appeared_is_a_reason_and_says_so():
    one = explained({"lenders": (2, NAN, -1.0), "utilisation_6m": (NAN, 0.8, -0.9)})
    texts = [r.text for r in decrease_reasons(one)[0].reasons]
    assert texts == [
        "number of lenders owed is no longer known (it was 2)",
        "average utilisation in 6 months is now 80%; it was not known before",
    ]
    assert [r.text for r in decrease_reasons(one, lang="zh")[0].reasons] == [
        "未结清贷款机构数现无可用记录（此前为2）",
        "近6个月平均额度使用率现为80%，此前无记录",
    ]


# ------------------------------------------------------------------------------------- where there are no reasons


def test_a_cut_that_the_model_does_not_support_gets_no_reasons_but_a_re_evaluation():
    # lenders rose and lowered the score, but the score stays above 0.
    one = explained({"lenders": (2, 5, -1.0)}, score_before=2.0)
    for lang, words in (("en", "re-evaluation is proposed"), ("zh", "建议重新评估")):
        told = decrease_reasons(one, lang=lang)[0]
        assert told.verdict.withheld == "not_supported"
        assert told.reasons == ()
        assert told.verdict.coverage == 0
        assert words in told.paragraph
        assert words in told.notes[0]
        assert "lenders owed" not in told.paragraph
        assert "贷款机构数" not in told.paragraph


def test_a_cut_without_reference_gets_no_reasons_but_a_re_evaluation():
    one = explained({"lenders": (2, 2, 0.0)}, score_before=-1.0, has_reference=False)
    told = decrease_reasons(one)[0]
    assert told.verdict.withheld == "no_reference"
    assert told.reasons == ()
    assert "Nothing earlier is known" in told.paragraph
    assert told.compared_with == ""


def test_a_score_that_did_not_fall_explains_nothing():
    # Below the line before and after; lenders rose, but days past due fell by more.
    one = explained({"lenders": (2, 5, -0.5), "dpd_last": (30, 0, 0.7)}, score_before=-1.0)
    told = decrease_reasons(one)[0]
    assert told.verdict.withheld == "not_worsened"
    assert told.reasons == ()
    assert "Nothing worsened on balance" in told.paragraph
    assert "fell from 73% to 69%" in told.risk


# ----------------------------------------------------------------------------------------- whose doing, which rule


def test_the_economys_and_the_lenders_reasons_stand_apart_from_the_borrowers():
    one = explained({"lenders": (2, 5, -1.6), "unemployment": (5, 6, -0.9), "tightness": (0, 1, -0.8)})
    told = decrease_reasons(one)[0]
    assert [r.feature for r in told.about("borrower")] == ["lenders"]
    assert [r.feature for r in told.about("economy")] == ["unemployment"]
    assert [r.feature for r in told.about("lender")] == ["tightness"]
    own, apart = told.paragraph.split("From the economy or the lender: ")
    assert "unemployment" not in own
    assert "unemployment rate rose from 5% to 6%" in apart


def test_a_cut_led_by_the_economy_is_not_laid_on_the_borrower():
    one = explained({"unemployment": (5, 6, -2.0), "lenders": (2, 3, -0.5)})
    assert "not of the borrower's doing" in decrease_reasons(one)[0].paragraph
    assert "并非借款人自身原因" in decrease_reasons(one, lang="zh")[0].paragraph


def test_a_knock_out_that_fired_is_named_and_speaks_for_its_quantity():
    # dpd_last is heavier, but the rule that cuts by itself must be disclosed.
    one = explained({"months_90_dpd": (0, 1, -0.4), "dpd_last": (0, 95, -1.6)})
    told = decrease_reasons(one)[0]
    assert [r.feature for r in told.reasons] == ["months_90_dpd"]
    assert told.verdict.rules == ("knock_out", "delinquency")
    # Repayment put back would raise the score above 0, but the rule cuts whatever the score.
    assert "would have been kept" not in told.paragraph
    assert "knock-out rule" in told.paragraph
    assert "一票否决" in decrease_reasons(one, lang="zh")[0].paragraph


def test_a_knock_out_is_disclosed_even_where_the_model_gives_no_reasons():
    one = explained({"months_90_dpd": (1, 1, 0.0), "lenders": (2, 3, -0.2)}, score_before=1.0)
    told = decrease_reasons(one)[0]
    assert told.verdict.withheld == "not_supported"
    assert [rule.code for rule in told.knock_outs] == ["R03"]
    assert any("knock-out" in note for note in told.notes)


def test_a_knock_out_that_did_not_fire_is_not_disclosed():
    one = explained({"dpd_last": (0, 12, -1.0)})
    assert decrease_reasons(one)[0].verdict.rules == ("delinquency",)


def test_dormancy_and_class_wide_moves_are_named_as_such():
    idle, tight = explained({"idle_months": (3, 12, -1.0)}, {"tightness": (0, 1, -1.0)})
    told = decrease_reasons(idle)[0]
    assert told.verdict.rules == ("inactivity",)
    assert "the line was not used: time since the line was last used rose from 3 months to 12 months or more" in (
        told.paragraph
    )
    assert (
        "额度长期未使用：距上次使用额度的时间由3个月延长至12个月或以上"
        in decrease_reasons(idle, lang="zh")[0].paragraph
    )
    told = decrease_reasons(tight)[0]
    assert told.verdict.rules == ("class_wide",)
    assert "a whole class of borrowers" in told.paragraph


def test_a_delinquency_that_is_over_is_not_called_current():
    # The worst of six months rose, and nothing is past due now: dpd_last fell from 5 to 0 without weight.
    one = explained({"dpd_max_6m": (5, 40, -1.0), "dpd_last": (5, 0, 0.0)})
    assert decrease_reasons(one)[0].verdict.rules == ()


def test_a_delinquency_short_of_its_rules_line_is_none():
    text = CATALOGUE_TEXT.replace('exemption = "delinquency"', 'exemption = "delinquency"\nabove = 29')
    short, beyond = explained({"dpd_last": (0, 12, -1.0)}, {"dpd_last": (0, 40, -1.0)}, text=text)
    assert decrease_reasons(short)[0].verdict.rules == ()
    assert decrease_reasons(beyond)[0].verdict.rules == ("delinquency",)


def test_a_current_delinquency_is_named_whichever_of_its_features_the_trees_split_on():
    # The trees used dpd_max_6m alone; dpd_last, which stands for the exemption, rose with it.
    one = explained({"dpd_max_6m": (0, 40, -1.0), "dpd_last": (0, 40, 0.0)})
    told = decrease_reasons(one)[0]
    assert [r.feature for r in told.reasons] == ["dpd_max_6m"]
    assert told.verdict.rules == ("delinquency",)


# --------------------------------------------------------------------------------------------------- many at once


def test_a_reason_does_not_depend_on_what_it_is_told_beside():
    changes = [
        {"lenders": (2, 5, -1.0)},
        {"dpd_last": (0, 9, -1.0), "lenders": (1, 2, -0.9)},
        {"tightness": (0, 1, -2.0)},
    ]
    together = decrease_reasons(explained(*changes))
    apart = [decrease_reasons(explained(change))[0] for change in changes]
    assert [t.paragraph for t in together] == [a.paragraph for a in apart]


def test_no_decreases_have_no_reasons():
    none = explained({"lenders": (2, 5, -1.0)})[np.array([], dtype=np.int64)]
    assert len(decrease_reasons(none)) == 0
    assert reasons_as_records(none) == []
    assert list(decrease_reasons(none).table.columns[:2]) == ["borrower_id", "month"]


def test_the_table_has_one_row_a_reason_and_slices_keep_their_kind():
    many = explained({"lenders": (2, 5, -1.0), "dpd_last": (0, 9, -0.9)}, {"tightness": (0, 1, -2.0)})
    reasons = decrease_reasons(many)
    assert reasons.table["feature"].tolist() == ["lenders", "dpd_last", "tightness"]
    assert reasons.table["borrower_id"].tolist() == ["B0001", "B0001", "B0002"]
    assert len(reasons[1:]) == 1
    assert reasons[1:][0].borrower_id == "B0002"


def test_records_hold_both_languages_and_can_be_json():
    many = explained({"lenders": (2, 5, -1.0), "dpd_last": (0, 9, -0.9)}, {"lenders": (2, 3, -0.1)}, score_before=0.5)
    records = reasons_as_records(many)
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert records[0]["reasons"][0]["text"] == {
        "en": "Number of lenders owed rose from 2 to 5",
        "zh": "未结清贷款机构数由2升至5",
    }
    assert records[0]["reasons"][0]["source"] == {"en": "credit bureau", "zh": "征信机构"}
    assert records[1]["withheld"] == "not_supported"
    assert set(records[1]["notes"][0]) == {"en", "zh"}


def test_reasons_show_as_html_with_ids_escaped():
    one = explained({"lenders": (2, 5, -1.0)}, borrowers=["<script>"])
    assert "<script>" not in decrease_reasons(one)._repr_html_()


def test_a_record_holds_a_text_in_one_language_or_in_those_asked_for():
    (told,) = told_in(explained({"lenders": (2, NAN, -1.0)}), ("zh", "en"))
    reason = told.reasons[0]
    assert reason.as_record()["text"] == "未结清贷款机构数现无可用记录（此前为2）"
    assert reason.as_record("en")["text"] == {"en": "Number of lenders owed is no longer known (it was 2)"}
    assert (reason.as_record()["value_before"], reason.as_record()["value_after"]) == (2.0, None)
    assert told.as_record()["paragraph"] == told.paragraph
    assert set(told.as_record("en", "zh")["paragraph"]) == {"en", "zh"}


def test_a_label_in_one_language_only_is_told_in_it_and_still_says_the_right_direction():
    # The catalogue words idle_months as rising, in English alone; here it fell.
    text = re.sub(r'zh = "[^"]*", (en = "[^"]*")', r"\1", CATALOGUE_TEXT)
    one = explained({"idle_months": (8, 2, -1.0)}, text=text)
    assert decrease_reasons(one, lang="zh")[0].reasons[0].text == "time since the line was last used由8个月变为2个月"


def test_an_unknown_language_is_refused():
    with pytest.raises(CreditModelError, match="lang must be one of en, zh; got 'fr'"):
        decrease_reasons(explained({"lenders": (2, 5, -1.0)}), lang="fr")


def test_what_may_stay_uncovered_is_no_less_than_what_is_principal():
    # Else a reason could be principal by its own weight and yet never be needed for the coverage.
    assert PRINCIPAL_SHARE <= 1 - COVERED_SHARE


def test_a_rule_behind_a_raised_risk_is_never_said_to_be_what_the_cut_rests_on():
    idle = {"idle_months": (0, 8, -2.0)}
    expected = decrease_reasons(explained(idle, usual=0.01))[0]
    raised = decrease_reasons(explained(idle, score_before=4.6, usual=0.01))[0]
    assert (expected.verdict.support, raised.verdict.support) == ("expected", "raised")
    assert "The decrease rests in part on the account's inactivity." in expected.notes
    assert "The account's inactivity is part of what raised the risk." in raised.notes
    assert not any("rests in part" in note for note in raised.notes)
