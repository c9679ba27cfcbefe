"""One verdict for every cut: what is told, in which order, and that everything told agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.principal import DOUBT_SHARE, candidate_reasons
from credit_model.explain.quantities import Quantities
from credit_model.explain.support import HeldOutRisk
from credit_model.explain.waves import Wave
from tests.words.reason_examples import MARCH_2024, explained

#: One decision in a hundred ends in a cut; 5 % of those with a risk above 3 %.
HELD_OUT = HeldOutRisk(0.01, np.array([0.0, 0.03, 1.0]), np.array([900, 100]), np.array([5, 5]))


def cut(change, **more):
    """A single cut with these changes {driver: (then, now, contribution)}."""
    return replace(explained(change, **more), held_out=HELD_OUT)


def only(explanations):
    (verdict,) = explanations.verdicts
    return verdict


def names(explanations, verdict):
    drivers, factors = explanations.catalogue.driver_names, explanations.catalogue.factor_ids
    return [(factors[r.factor], drivers[r.driver]) for r in verdict.reasons]


def with_wave(explanations, n_cut, usual=0.01):
    wave = Wave("month", 0, MARCH_2024, 1000, n_cut, usual)
    return replace(explanations, waves=np.array([wave], dtype=object))


# ---- support ------------------------------------------------------------------------------------------------------


def test_an_expected_cut_has_risks_frequency_and_reasons():
    verdict = only(cut({"lenders": (2, 5, -2.0), "dpd_last": (0, 9, -0.5)}))
    # The score falls from 1.25 to -1.25.
    assert verdict.support == "expected"
    assert verdict.risk_before == pytest.approx(1 / (1 + np.exp(1.25)))
    assert verdict.risk_after == pytest.approx(1 / (1 + np.exp(-1.25)))
    assert (verdict.frequency.n, verdict.frequency.n_cut, verdict.usual_risk) == (100, 5, 0.01)
    assert verdict.withheld == ""
    assert not verdict.needs_confirmation


def test_a_raised_cut_has_reasons_and_waits_for_a_person():
    verdict = only(cut({"lenders": (2, 5, -2.0)}, score_before=4.6))  # risk 1 % -> 6.9 %
    assert (verdict.support, verdict.withheld, verdict.needs_confirmation) == ("raised", "", True)
    assert len(verdict.reasons) == 1


def test_an_unexplained_cut_names_what_moved_but_calls_it_no_reason():
    verdict = only(cut({"lenders": (2, 5, -0.5)}, score_before=4.6))  # risk 1 % -> 1.6 %: not doubled
    assert (verdict.support, verdict.withheld, verdict.leading_factor) == ("unexplained", "not_supported", -1)
    assert verdict.reasons == ()
    assert verdict.factors == (1,)  # debt lowered the score, a fact


def test_without_held_out_decisions_only_expected_cuts_are_supported():
    verdict = only(explained({"lenders": (2, 5, -2.0)}, score_before=4.6))
    assert (verdict.support, verdict.frequency) == ("unexplained", None)
    assert np.isnan(verdict.usual_risk)


def test_an_unexplained_cut_says_what_is_missing():
    # The usual is 1 %, so that a high risk is one of 3 %.
    assert only(cut({"lenders": (2, 5, -0.5)}, score_before=4.6)).shortfall == "not_high"  # 1 % -> 1.6 %
    assert only(cut({"lenders": (2, 5, -0.5)}, score_before=2.2)).shortfall == "not_risen"  # 10 % -> 15 %
    assert only(with_wave(cut({"lenders": (2, 5, -2.0)}, score_before=4.6), 100)).shortfall == "outweighed"
    assert only(cut({"lenders": (2, 5, -2.0)}, score_before=4.6, has_reference=False)).shortfall == "unknown"
    assert only(explained({"lenders": (2, 5, -2.0)}, score_before=4.6)).shortfall == "unknown"
    assert only(cut({"lenders": (2, 5, -2.0)})).shortfall == ""


def test_a_month_effect_outweighs_what_weighs_less_than_twice_as_much():
    def with_effect(change, effect, **more):
        return only(replace(cut(change, **more), month_effect=np.array([effect])))

    raised = {"lenders": (2, 5, -2.0)}
    assert with_effect(raised, 0.9, score_before=4.6).support == "raised"
    outweighed = with_effect(raised, 1.1, score_before=4.6)
    assert (outweighed.support, outweighed.shortfall, outweighed.reasons) == ("unexplained", "month_effect", ())
    assert outweighed.withheld == "not_supported"
    # Also where the model itself would not have kept the limit.
    assert with_effect(raised, 0.9).support == "expected"
    assert (with_effect(raised, 1.1).support, with_effect(raised, 1.1).shortfall) == ("unexplained", "month_effect")
    # What is missing anyway is said first.
    assert with_effect({"lenders": (2, 5, -0.5)}, 1.1, score_before=4.6).shortfall == "not_high"


def test_nothing_earlier_known_and_nothing_worsened_are_told_apart():
    nothing = only(cut({}, score_before=-1.0, has_reference=False))
    assert (nothing.support, nothing.withheld, nothing.leading_factor) == ("expected", "no_reference", -1)
    assert np.isnan(nothing.risk_before)
    better = only(cut({"lenders": (5, 2, 0.5), "dpd_last": (0, 9, -0.2)}, score_before=-1.0))
    assert (better.support, better.withheld, better.leading_factor) == ("expected", "not_worsened", -1)


# ---- the order in which factors and reasons are told --------------------------------------------------------------


def test_the_first_reason_lies_in_the_factor_that_leads_though_a_single_quantity_elsewhere_is_heavier():
    # Consumption: spending -1.5, employment +.9, so -.6 in all. Debt: two quantities of -.5, -1.0 in all: it leads.
    one = cut(
        {
            "spending_6m": (2000, 800, -1.5),
            "employment": (0, 1, 0.9),
            "lenders": (2, 5, -0.5),
            "utilisation_6m": (0.2, 0.8, -0.5),
        }
    )
    verdict = only(one)
    assert [one.catalogue.factor_ids[g] for g in verdict.factors] == ["debt", "consumption"]
    assert names(one, verdict) == [("debt", "lenders"), ("debt", "utilisation_6m"), ("consumption", "spending_6m")]
    assert one.summary.loc[0, "leading_factor"] == one.summary.loc[0, "first_reason_factor"] == "debt"


def test_in_doubt_the_economy_is_told_before_the_borrower():
    change = 2.0
    near = {"lenders": (2, 5, -1.02), "unemployment": (4, 6, -0.98)}  # 2 % of the change apart
    far = {"lenders": (2, 5, -1.1), "unemployment": (4, 6, -0.9)}  # 10 %
    assert 0.04 / change <= DOUBT_SHARE < 0.2 / change
    for changes, leader in ((near, "economy"), (far, "debt")):
        one = cut(changes)
        assert one.summary.loc[0, "leading_factor"] == leader
        assert names(one, only(one))[0][0] == leader


def test_of_two_rivals_in_doubt_the_heavier_is_told_first():
    one = cut({"lenders": (2, 5, -1.00), "unemployment": (4, 6, -0.95), "tightness": (0, 1, -0.98)})
    assert [one.catalogue.factor_ids[g] for g in only(one).factors] == ["policy", "debt", "economy"]


def test_the_leading_factor_is_always_among_the_reasons_even_if_only_one_may_be_told():
    changes = {"dpd_last": (0, 9, -0.8), "lenders": (2, 5, -0.5), "utilisation_6m": (0.2, 0.8, -0.5)}
    one = cut(changes)
    (verdict,) = one.told(max_reasons=1)
    assert names(one, verdict) == [("debt", "lenders")]  # debt leads with -1.0, though its two reasons are lighter
    assert verdict.unnamed == 2


def test_reasons_out_of_range_are_refused():
    for wrong in (0, 5, 1.5, True):
        with pytest.raises(CreditModelError, match="max_reasons must be between 1 and 4"):
            cut({"lenders": (2, 5, -2.0)}).told(max_reasons=wrong)


def test_ties_are_groups_of_neighbouring_ranks():
    verdict = only(cut({"lenders": (2, 5, -1.0), "dpd_last": (0, 9, -0.95), "spending_6m": (2000, 900, -0.3)}))
    assert verdict.ties == ((1, 2),)
    assert [reason.near_tie for reason in verdict.reasons] == [True, True, False]
    assert verdict.near_tie


@pytest.mark.parametrize(
    ("led", "n_fits", "tie"), [(8, 8, False), (7, 8, True), (4, 4, False), (2, 2, True), (1, 1, True)]
)
def test_of_several_fits_those_that_put_the_leader_first_say_whether_it_is_firm(led, n_fits, tie):
    one = cut({"lenders": (2, 5, -1.0), "dpd_last": (0, 9, -0.95)})  # so near that two fits cannot tell
    fits_led = np.zeros((1, len(one.catalogue.factors)), dtype=np.int64)
    fits_led[0, only(one).leading_factor] = led
    verdict = only(replace(one, fits_led=fits_led, n_fits=np.array([n_fits])))
    assert (verdict.leader_fits, verdict.n_fits, verdict.near_tie) == (led, n_fits, tie)


def test_the_share_that_is_not_the_borrowers_is_of_all_that_lowered_the_score():
    verdict = only(cut({"lenders": (2, 5, -1.0), "unemployment": (4, 6, -0.9), "tightness": (0, 1, -0.6)}))
    assert verdict.apart_share == pytest.approx(1.5 / 2.5)


# ---- waves --------------------------------------------------------------------------------------------------------


def test_a_wave_that_weighs_more_than_the_borrowers_change_takes_the_reasons_away():
    one = cut({"lenders": (2, 5, -2.0)}, score_before=4.6)
    # ln 5 = 1.6 is less than debt's 2.0; ln 10 = 2.3 is more.
    assert only(with_wave(one, 50)).support == "raised"
    verdict = only(with_wave(one, 100))
    assert (verdict.support, verdict.withheld, verdict.leading_factor) == ("unexplained", "not_supported", -1)
    assert verdict.wave.times_usual == pytest.approx(10.0)


def test_a_wave_that_the_model_accounts_for_changes_nothing():
    one = cut({"tightness": (0, 1, -1.5), "lenders": (2, 5, -1.0)}, score_before=4.6)
    assert only(with_wave(one, 100)).support == "raised"  # 2.3 less the 1.5 that the model lays on the lender


def test_an_expected_cut_stays_expected_in_a_wave():
    assert only(with_wave(cut({"lenders": (2, 5, -2.0)}), 200)).support == "expected"


# ---- what would have kept it --------------------------------------------------------------------------------------


def test_what_restores_is_measured_against_the_verdicts_own_line():
    expected = cut({"lenders": (2, 5, -2.0), "dpd_last": (0, 9, -0.5)})  # 1.25 -> -1.25
    assert expected.restoring_line.tolist() == [0.0]
    assert expected.restoring_sets == [(("debt",),)]
    assert only(expected).restoring == (1,)
    raised = cut({"lenders": (2, 5, -2.0), "dpd_last": (0, 9, -0.5)}, score_before=4.6)  # risk 1 % -> 10.9 %
    # The line of `raised`: three times the usual 1 %, a score of 3.476. Debt put back gives 4.1; repayment 2.6.
    assert raised.restoring_line[0] == pytest.approx(np.log(0.97 / 0.03))
    assert raised.restoring_sets == [(("debt",),)]
    assert np.isnan(cut({"lenders": (2, 5, -0.1)}, score_before=4.6).restoring_line[0])


# ---- everything told agrees, on cuts as they come -----------------------------------------------------------------


def test_on_every_cut_leading_factor_first_reason_and_rank_agree(explanations):
    summary, verdicts = explanations.summary, explanations.verdicts
    factors = explanations.catalogue.factor_ids
    assert (summary["leading_factor"] == summary["first_reason_factor"]).all()
    assert set(summary["support"]) == {"expected", "raised", "unexplained"}
    for i, verdict in enumerate(verdicts):
        told = verdict.withheld == ""
        assert (verdict.leading_factor >= 0) == told == bool(verdict.reasons)
        assert summary.loc[i, "moved_most"] == (factors[verdict.factors[0]] if verdict.factors else "")
        if told:
            assert verdict.leading_factor == verdict.factors[0] == verdict.reasons[0].factor
            rank = [verdict.factors.index(r.factor) for r in verdict.reasons if r.factor in verdict.factors]
            assert rank == sorted(rank)
            assert len({r.driver for r in verdict.reasons}) == len(verdict.reasons) <= 4
            assert all(r.contribution < 0 < r.share for r in verdict.reasons)


def test_support_is_what_the_rule_says_of_the_two_scores(explanations):
    summary = explanations.summary
    after = expit(-summary["keep_score_after"].to_numpy())
    before = expit(-summary["keep_score_before"].to_numpy())
    assert np.allclose(summary["risk_after"], after)
    expected = summary["keep_score_after"] < 0
    assert (expected == (summary["support"] == "expected")).all()
    high = (after >= 2 * before) & (after >= 3 * explanations.usual_risk) & ~expected
    raised = summary["support"] == "raised"
    assert (high[raised]).all()
    assert summary.loc[high & ~raised, "wave"].notna().all()  # only a wave takes support away


def test_saved_explanations_come_back_with_their_verdicts(explanations, tmp_path):
    explanations.save(tmp_path / "saved")
    again = DecreaseExplanations.load(tmp_path / "saved")
    assert [repr(v) for v in again.verdicts] == [repr(v) for v in explanations.verdicts]  # NaN is not equal to NaN
    assert again.summary.equals(explanations.summary)


def test_some_rows_of_explanations_keep_their_verdicts(explanations):
    rows = np.array([5, 2, 9])
    assert [v.reasons for v in explanations[rows].verdicts] == [explanations.verdicts[i].reasons for i in rows]
    assert explanations[-1].verdicts[0].support == explanations.verdicts[-1].support


# ---- firm reasons -------------------------------------------------------------------------------------------------


def of_fits(one, headed, lowered, n_fits=8):
    """A cut of a bag, with what its fits say of drivers (name -> how many)."""
    known = list(one.catalogue.driver_names)
    counts = [np.zeros((1, len(known)), dtype=np.int64) for _ in range(2)]
    for count, said in zip(counts, (headed, lowered), strict=True):
        for name, n in said.items():
            count[0, known.index(name)] = n
    return replace(one, fits_headed=counts[0], fits_lowered=counts[1], n_fits=np.array([n_fits]))


def test_a_reason_is_firm_where_nearly_all_fits_put_it_first_in_its_factor_or_for_a_further_one_say_its_sign():
    one = cut({"dpd_last": (0, 9, -1.0), "lenders": (2, 5, -2.0), "utilisation_6m": (0.1, 0.9, -0.6)})
    drivers = [one.catalogue.driver_names[reason.driver] for reason in only(one).reasons]
    first, second, third = drivers
    assert all(reason.firm for reason in only(one).reasons)  # of one fit nothing is known
    lowered = dict.fromkeys(drivers, 8)
    bag = of_fits(one, {first: 8, third: 8}, lowered)
    factors = [reason.factor for reason in only(bag).reasons]
    assert factors[0] == factors[1] != factors[2]
    assert [(reason.fits, reason.firm) for reason in only(bag).reasons] == [(8, True)] * 3
    bag = of_fits(one, {first: 5, third: 8}, lowered | {second: 6})
    assert [(reason.fits, reason.firm) for reason in only(bag).reasons] == [(5, False), (6, False), (8, True)]
    assert [reason.firm for reason in only(of_fits(one, {}, {}, n_fits=3)).reasons] == [True] * 3  # too few fits to say


def test_what_a_fit_says_of_a_quantity_counts_for_all_its_drivers():
    catalogue = cut({"lenders": (2, 5, -1.0)}).catalogue
    quantities = Quantities(catalogue)
    place = {name: i for i, name in enumerate(catalogue.driver_names)}
    contributions, against = np.zeros((2, len(place))), np.ones((2, len(place)), dtype=bool)
    contributions[0, place["lenders"]] = -1.0
    contributions[0, place["utilisation_6m"]] = -0.4
    contributions[1, place["lenders"]] = 0.5
    heads, lowers = quantities.of_one_fit(contributions, against)
    assert heads[0, place["lenders"]]
    assert not heads[0, place["utilisation_6m"]]
    assert lowers[0, place["utilisation_6m"]]
    assert not lowers[1].any()
    assert not heads[1].any()
    # months past due are summarised thrice; what one of them says is said of the quantity
    contributions[0, place["dpd_last"]] = -0.2
    heads, _ = quantities.of_one_fit(contributions, against)
    assert [heads[0, place[name]] for name in ("dpd_last", "dpd_max_6m", "months_90_dpd")] == [True] * 3
    none = quantities.of_one_fit(contributions, np.zeros_like(against))
    assert not none[0].any()  # nothing moved adversely, so nothing can be named


def test_what_is_known_of_all_cuts_is_found_once_and_not_again_for_every_cut(explanations):
    candidates = candidate_reasons(explanations)
    assert candidates.knock_outs is candidates.knock_outs
    assert candidates.nameable is candidates.nameable
