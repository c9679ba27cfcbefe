"""What is said of reasons: every kind of support, ties, waves, windows, references and shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from credit_model.explain.waves import Wave
from credit_model.words.language import LANGUAGES
from credit_model.words.reasons import decrease_reasons
from tests.words.reason_examples import CATALOGUE_TEXT, MARCH_2024, explained


def named(explanations, row=0, **options):
    return [reason.feature for reason in decrease_reasons(explanations, **options)[row].reasons]


def test_near_ties_are_marked_and_named_by_rank():
    # Change 2.0: within 0.2 of each other and at least two thirds as heavy. 0.85/0.8 tie; 0.35 does not.
    one = explained({"lenders": (2, 5, -0.85), "dpd_last": (0, 9, -0.8), "spending_6m": (4000, 3000, -0.35)})
    told = decrease_reasons(one)[0]
    assert [r.reason.near_tie for r in told.reasons] == [True, True, False]
    assert told.verdict.ties == ((1, 2),)
    assert "Reasons 1 and 2 are about equally heavy; their order means little." in told.notes
    assert "第1、2项原因的影响大小相近，其先后次序意义不大。" in decrease_reasons(one, lang="zh")[0].notes


def test_a_small_reason_beside_a_much_heavier_one_is_no_tie():
    # 0.20 and 0.12 of a change of 1.0 differ by less than a tenth of it, but 0.12 is not two thirds of 0.20.
    one = explained({"lenders": (2, 5, -0.68), "dpd_last": (0, 9, -0.2), "spending_6m": (4, 3, -0.12)})
    told = decrease_reasons(one)[0]
    assert len(told.reasons) == 3
    assert told.verdict.ties == ()


def test_an_expected_cut_is_told_with_both_risks_and_its_reasons():
    # Scores 1 and -1: risks of 27% and 73%.
    one = explained({"lenders": (2, 5, -1.6), "spending_6m": (4000, 3000, -0.4)}, usual=0.02)
    assert decrease_reasons(one)[0].paragraph == (
        "In March 2024 the limit was reduced from RMB 20,000 to RMB 5,000. "
        "Compared with June 2023, when the previous limit was set, the risk of losing this limit rose 2.7-fold, "
        "from 27% to 73%. The model itself would not have kept the limit. "
        "Of 100 decisions with a risk of 10% or more that the model had not seen, 60% ended in a decrease. "
        "The main reason lies in debt: "
        "number of lenders owed rose from 2 to 5 (80% of all that spoke against keeping the limit). "
        "Further reasons: average monthly spending in 6 months fell from RMB 4,000 to RMB 3,000 (20%). "
        # 1.0 before; without debt's -1.6 it is 0.6 >= 0: kept. Without consumption's -0.4: -0.6, lost.
        "With debt as before, the limit would have been kept."
    )
    assert decrease_reasons(one, lang="zh")[0].paragraph == (
        "2024年3月，额度由20,000元下调至5,000元。"
        "与2023年6月（原额度确定时）相比，该额度被下调的风险由27%升至73%，为此前的2.7倍。模型本身也不会保留该额度。"
        "在模型未曾见过、风险不低于10%的100次决定中，有60%最终下调了额度。"
        "首要原因在于“负债状况”：未结清贷款机构数由2升至5（占全部不利因素的80%）。"
        "其他原因：近6个月月均支出由4,000元降至3,000元（20%）。"
        "若“负债状况”恢复到此前水平，额度即可保持不变。"
    )


def test_a_raised_cut_is_told_as_what_raised_the_risk_and_never_as_its_cause():
    # Scores 5 and 2: risks of 0.7% and 12%, usual 1%.
    one = explained({"lenders": (2, 5, -2.6), "spending_6m": (4000, 3000, -0.4)}, score_before=5, usual=0.01)
    told = decrease_reasons(one)[0]
    assert told.risk.endswith("the risk of losing this limit rose 18-fold, from 0.7% to 12%.")
    assert told.support_sentence == (
        "The model itself would still have kept the limit, but the risk is high: "
        "usually 1% of decisions end in a decrease."
    )
    assert (
        "What raised the risk most is debt: number of lenders owed rose from 2 to 5 (87% of all that raised it). "
        "What else raised it: average monthly spending" in told.paragraph
    )
    # 2.0 with debt's -2.6 put back is 4.6: a risk of 1%, below three times the usual.
    assert told.paragraph.endswith("With debt as before, the risk would not count as raised.")
    assert "a person has to confirm it" in told.notes[0]
    for word in ("reason lies", "main reason", "would have been kept", "spoke against"):
        assert word not in told.paragraph
    chinese = decrease_reasons(one, lang="zh")[0]
    assert "推高风险最多的是“负债状况”：未结清贷款机构数由2升至5（占全部推高因素的87%）" in chinese.paragraph
    assert "原因" not in chinese.paragraph
    assert "须经人工确认" in chinese.notes[0]


def test_an_unexplained_cut_says_what_is_known():
    still, moved, risen = (
        decrease_reasons(explained(change, score_before=5, usual=0.01))[0].paragraph
        for change in ({}, {"lenders": (2, 5, -0.02)}, {"lenders": (2, 5, -0.5)})
    )
    assert "the risk of losing this limit is as before: 0.7%. The model does not support this decrease: such" in still
    assert "a risk is not high where usually 1% of decisions end in a decrease." in still
    assert "Of 400 decisions with a risk below 10% that the model had not seen, 1% ended in a decrease." in still
    assert "Nothing in the records moved against the borrower." in still
    assert "is as before: 0.7%" in moved
    assert "What has moved since is no reason for the decrease." in moved
    assert "rose from 0.7% to 1.1%" in risen
    for paragraph in (still, moved, risen):
        assert paragraph.endswith("No reasons are given; a re-evaluation is proposed.")


def test_factors_that_weighed_about_equally_are_told_as_such():
    # 0.85 and 0.8 of 2.0; in a change of 2.0 the economy comes first in doubt, though debt's reason is heavier.
    doubt = explained({"lenders": (2, 5, -0.85), "unemployment": (5, 6, -0.8), "dpd_last": (0, 9, -0.35)})
    assert (
        "Economy and debt weighed most, nearly tied. From economy: the unemployment rate rose from 5% to 6% "
        "(40% of all that spoke against keeping the limit). Further reasons: number of lenders owed"
        in str(decrease_reasons(doubt)[0])
    )
    assert "“经济环境”和“负债状况”的影响最大，难分主次。其中“经济环境”：失业率" in str(
        decrease_reasons(doubt, lang="zh")[0]
    )


def test_how_many_fits_put_the_first_factor_first_is_told():
    one = explained({"lenders": (2, 5, -1.0), "dpd_last": (0, 9, -0.2)})
    fits_led = np.zeros((1, len(one.catalogue.factors)), dtype=np.int64)
    fits_led[0, one.verdicts[0].leading_factor] = 7
    bag = replace(one, fits_led=fits_led, n_fits=np.array([8]))
    assert "In 7 of 8 fits of the model, debt comes first." in decrease_reasons(bag)[0].notes
    assert "模型的8次拟合中，有7次以“负债状况”为首。" in decrease_reasons(bag, lang="zh")[0].notes
    assert not any("fits" in note for note in decrease_reasons(one)[0].notes)


def test_a_reason_on_which_the_fits_differ_is_told_as_not_firm():
    one = explained({"lenders": (2, 5, -1.0), "dpd_last": (0, 9, -0.2)})
    shape = one.contributions.shape
    bag = replace(
        one,
        fits_led=np.full_like(one.fits_led, 0),
        fits_headed=np.where(np.array(one.catalogue.driver_names) == "lenders", 4, 8).reshape(shape),
        fits_lowered=np.full(shape, 8),
        n_fits=np.array([8]),
    )
    told = decrease_reasons(bag)
    assert told.table["firm"].tolist() == [False, True]
    assert told.table[["fits", "n_fits"]].to_numpy().tolist() == [[4, 8], [8, 8]]
    assert "Not told as firm, since the fits of the model differ on the weight: 1." in told[0].notes
    assert "第1项并不确定：模型的各次拟合对其分量看法不一。" in decrease_reasons(bag, lang="zh")[0].notes
    assert not any("firm" in note for note in decrease_reasons(one)[0].notes)


def test_a_factor_that_leads_by_several_reasons_together_is_not_said_to_hold_the_heaviest():
    # Debt 0.7 + 0.6 = 1.3 leads repayment's 0.9, though the latter is the heaviest single reason.
    change = {"lenders": (2, 5, -0.7), "utilisation_6m": (0.4, 0.8, -0.6), "dpd_last": (0, 9, -0.9)}
    told = str(decrease_reasons(explained(change))[0])
    assert "Of all factors, debt weighed most; the heaviest part of it: number of lenders owed rose from 2 to 5" in told
    assert "main reason" not in told
    raised = str(decrease_reasons(explained(change, score_before=5, usual=0.01))[0])
    assert "Of all factors, debt raised the risk most; the heaviest part of it: number of lenders owed" in raised


def test_a_small_risk_is_told_without_how_many_times_it_was():
    # Scores 9 and 5: 0.012% and 0.67%, 54 times, of which "<0.1%" says nothing.
    assert "rose from <0.1% to 0.7%" in decrease_reasons(explained({"lenders": (2, 5, -4.0)}, score_before=9))[0].risk


@pytest.mark.parametrize(
    ("score_before", "start"),
    [
        (1, "RMB 5,000, mostly for reasons that lie {where}, not with the borrower."),
        (5, "RMB 5,000; what had raised its risk lies mostly {where}, not with the borrower."),
    ],
)
@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"unemployment": (5, 6, -2.0)}, "in the economy"),
        ({"tightness": (0, 1, -2.0)}, "with the lender"),
        ({"unemployment": (5, 6, -1.1), "tightness": (0, 1, -0.9)}, "in the economy and with the lender"),
    ],
)
def test_a_cut_that_is_mostly_not_the_borrowers_doing_says_so_in_its_first_sentence(
    score_before, start, changes, where
):
    one = explained({**changes, "lenders": (2, 3, -0.9)}, score_before=score_before, usual=0.01)
    first = decrease_reasons(one)[0].paragraph.partition("Compared with")[0]
    assert first.strip() == "In March 2024 the limit was reduced from RMB 20,000 to " + start.format(where=where)
    assert "而非借款人自身" in decrease_reasons(one, lang="zh")[0].paragraph.partition("。")[0]


def test_a_cut_that_is_mostly_the_borrowers_doing_does_not():
    one = explained({"unemployment": (5, 6, -0.9), "lenders": (2, 5, -1.1)})
    assert decrease_reasons(one)[0].paragraph.startswith(
        "In March 2024 the limit was reduced from RMB 20,000 to RMB 5,000. "
    )


@pytest.mark.parametrize(
    ("scope", "group", "english", "chinese"),
    [
        ("month", 0, "the lender cut 9.2% of all lines, 4.6 times", "下调了9.2%的账户额度，为平时的4.6倍"),
        ("tier_in_force", 2, "the lender cut 9.2% of the lines in limit tier 2, 4.6 times", "额度第2档中9.2%的账户"),
        ("employment", 1, "the lender cut 9.2% of the lines with employment status A2", "“就业状态”为A2的账户"),
    ],
)
def test_a_wave_is_told_as_the_lenders_doing(scope, group, english, chinese):
    one = explained({"lenders": (2, 5, -2.0)}, waves=[Wave(scope, group, MARCH_2024, 1000, 92, 0.02)])
    told = decrease_reasons(one)[0]
    assert f"In March 2024 {english}" in told.wave
    assert "the lender's doing, not the borrower's" in told.wave
    assert told.wave in told.paragraph
    wave = decrease_reasons(one, lang="zh")[0].wave
    assert chinese in wave
    assert "并非借款人所致" in wave


def test_without_wave_or_held_out_decisions_nothing_is_said_of_them():
    told = decrease_reasons(explained({"lenders": (2, 5, -2.0)}))[0]
    assert (told.wave, told.frequency) == ("", "")
    assert "  " not in told.paragraph


def test_a_free_feature_that_moved_against_its_wording_is_said_to_have_changed():
    # The catalogue words idle_months as rising; here it fell.
    one = explained({"idle_months": (8, 2, -1.0)})
    assert (
        decrease_reasons(one)[0].reasons[0].text
        == "time since the line was last used changed from 8 months to 2 months"
    )
    assert decrease_reasons(one, lang="zh")[0].reasons[0].text == "距上次使用额度的时间由8个月变为2个月"


def test_values_then_and_now_always_look_different():
    one = explained({"utilisation_6m": (0.83001, 0.83004, -1.0)})
    reason = decrease_reasons(one)[0].reasons[0]
    assert (reason.before, reason.after) == ("83.001%", "83.004%")


def test_a_stand_in_reference_is_told():
    one = explained({"lenders": (2, 5, -1.0)}, censored=True)
    told = decrease_reasons(one)[0]
    assert "the first month on record with that limit" in told.compared_with
    assert any("before the records show it" in note for note in told.notes)


def test_many_small_reasons_are_told_with_how_much_they_cover():
    text = CATALOGUE_TEXT
    for i in range(8):
        text += (
            f'[[column]]\nname = "c{i}"\nkind = "number"\nunit = "count"\nsource = "partner"\n'
            f'label = {{ zh = "项{i}", en = "item {i}" }}\n'
            f'[[feature]]\nid = "f{i}"\nfactor = "consumption"\ncolumn = "c{i}"\neffect = "lowers"\ncode = "X{i}"\n'
            f'label = {{ zh = "项{i}", en = "item {i}" }}\n'
            f'reason = {{ zh = "项{i}由{{before}}升至{{after}}", en = "item {i} rose from {{before}} to {{after}}" }}\n'
        )
    told = decrease_reasons(explained({f"f{i}": (0, 1, -0.5) for i in range(8)}, text=text))[0]
    assert told.verdict.coverage == pytest.approx(0.5)  # four of eight alike
    assert any("50%" in note for note in told.notes)


def test_peers_are_compared_in_words_of_their_own():
    one = explained({"lenders": (2.3, 5, -1.0)}, reference="peers")
    for lang in LANGUAGES:
        told = decrease_reasons(one, lang=lang)[0]
        assert "rose" not in told.reasons[0].text
        assert "升至" not in told.reasons[0].text
    assert decrease_reasons(one)[0].reasons[0].text == (
        "number of lenders owed is 5; among borrowers who narrowly kept the same limit tier it is typically 2.3"
    )


def test_months_that_are_integers_are_worded():
    one = explained({"lenders": (2, 5, -1.0)}, month_type="integer")
    assert "In month −3 the limit" in decrease_reasons(one)[0].paragraph
    assert decrease_reasons(one)[0].month == "-3"
