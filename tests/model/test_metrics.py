import math

import numpy as np
import pytest

from credit_model.model.metrics import (
    calibration_by_threshold,
    decrease_probability,
    decrease_scores,
    log_loss,
    median_tier,
    one_hot,
    ranked_probability_score,
    scores,
)

# Two rows over three tiers.
PROBABILITY = np.array([[0.2, 0.5, 0.3], [0.6, 0.4, 0.0]])
TIER = np.array([1, 2])


def test_ranked_probability_score_is_the_squared_distance_of_the_cumulative_forecast():
    # Row 1: cumulative .2, .7 against 0, 1: .04 + .09 = .13.  Row 2: .6, 1 against 0, 0: .36 + 1 = 1.36.
    assert ranked_probability_score(TIER, PROBABILITY) == pytest.approx((0.13 + 1.36) / 2, abs=1e-15)


def test_a_certain_and_right_forecast_scores_zero_and_a_far_miss_costs_more_than_a_near_one():
    certain = one_hot(np.array([0]), 4)
    assert ranked_probability_score(np.array([0]), certain) == 0.0
    # a miss by d tiers costs d: d thresholds are wrong by 1
    assert [ranked_probability_score(np.array([d]), certain) for d in (1, 2, 3)] == [1.0, 2.0, 3.0]


def test_ranked_probability_score_is_proper():
    # If the tier is drawn from p, no other forecast q has a lower expected score.
    rng = np.random.default_rng(0)
    p = np.array([0.1, 0.2, 0.3, 0.4])

    def expected(q):
        return sum(p[t] * ranked_probability_score(np.array([t]), q[None]) for t in range(4))

    assert all(expected(q) >= expected(p) for q in rng.dirichlet(np.ones(4), 200))


def test_log_loss_is_the_mean_surprise_and_finite_for_the_impossible():
    # -log .5 and -log of a tier given no chance, counted as 1e-15
    assert log_loss(TIER, PROBABILITY) == pytest.approx((math.log(2) + 15 * math.log(10)) / 2, rel=1e-12)


def test_median_tier_is_the_highest_with_half_of_the_chance_at_or_above_it():
    # at or above tier 1: .8 and .4; at or above 2: .3 and 0.  A tie at one half counts.
    tie = np.array([[0.25, 0.25, 0.5]])
    assert median_tier(PROBABILITY).tolist() == [1, 0]
    assert median_tier(tie).tolist() == [2]


def test_decrease_probability_is_the_chance_below_the_tier_in_force():
    assert decrease_probability(PROBABILITY, np.array([2, 1])).tolist() == pytest.approx([0.7, 0.6])
    assert decrease_probability(PROBABILITY, np.array([0, 0])).tolist() == [0.0, 0.0]


def test_decrease_scores_by_hand():
    # Risks .9 .8 .3 .1, falls at the 1st and 3rd. Of the 4 (fell, kept) pairs, .9 wins two, .3 wins one of two: 3/4.
    # Average precision: 1/1 at the first fall, 2/3 at the second: (1 + 2/3) / 2.
    result = decrease_scores(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.3, 0.1]))
    assert result["decrease_auc"] == pytest.approx(3 / 4)
    assert result["decrease_ap"] == pytest.approx(5 / 6)
    assert result["decrease_share"] == 0.5


def test_decrease_scores_are_unknown_where_nothing_fell():
    result = decrease_scores(np.zeros(3, dtype=bool), np.array([0.1, 0.2, 0.3]))
    assert math.isnan(result["decrease_auc"])
    assert math.isnan(result["decrease_ap"])
    assert result["decrease_share"] == 0.0


def test_all_scores_of_one_forecast():
    result = scores(TIER, PROBABILITY, tier_before=np.array([2, 0]))
    # decided tiers 1 and 0, true ones 1 and 2: distances 0 and 2
    assert result["tier_mae"] == 1.0
    assert result["n"] == 2
    # Quadratic kappa: observed disagreement (0 + 4) / 2 = 2; by the margins, true {1, 2} x decided {1, 0}: the mean of
    # 0, 1, 1, 4 = 1.5. kappa = 1 - 2 / 1.5 = -1/3.
    assert result["qwk"] == pytest.approx(-1 / 3)
    # only the first row can fall, and it did
    assert result["decrease_share"] == 1.0
    assert math.isnan(result["decrease_auc"])
    assert "decrease_auc" not in scores(TIER, PROBABILITY)


def test_a_decided_tier_may_be_given():
    assert scores(TIER, PROBABILITY, predicted=TIER)["tier_mae"] == 0.0


def test_calibration_compares_forecast_and_observed_shares_in_each_bin():
    # Two tiers; forecasts .2 (5 rows, 1 above) and .8 (5 rows, 4 above): calibrated, two bins.
    above = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 0])
    forecast = np.repeat([0.2, 0.8], 5)
    table = calibration_by_threshold(above, np.column_stack([1 - forecast, forecast]), n_bins=2)
    assert table["n"].tolist() == [5, 5]
    assert table["forecast"].tolist() == pytest.approx([0.2, 0.8])
    assert table["observed"].tolist() == pytest.approx([0.2, 0.8])
    # 5 above, 5 below: of 25 pairs 4 * 4 are won and 4 * 1 + 1 * 4 tie, so (16 + 4) / 25
    assert table["auc"].tolist() == pytest.approx([0.8, 0.8])


def test_calibration_of_one_single_forecast_has_one_bin():
    table = calibration_by_threshold(np.array([0, 1, 1]), np.full((3, 2), 0.5))
    assert table["n"].tolist() == [3]
    assert table["observed"].tolist() == pytest.approx([2 / 3])


def test_rows_count_in_the_ranked_probability_score_by_their_weights():
    # Losses 0.25 and 1: (3 * 0.25 + 1) / 4.
    tier, probability = np.array([1, 0]), np.array([[0.5, 0.5], [0.0, 1.0]])
    assert ranked_probability_score(tier, probability, np.array([3.0, 1.0])) == pytest.approx(0.4375)
    assert ranked_probability_score(tier, probability, np.full(2, 7.0)) == ranked_probability_score(tier, probability)
