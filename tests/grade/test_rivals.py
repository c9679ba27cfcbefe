"""The simple rivals on hand-made cases, and the oracle against the simulator's own truth."""

import numpy as np
import pytest

from credit_model import simulate_portfolio
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.pairs import decrease_rows, driver_columns, pair_with_reference, reference_features
from credit_model.grade.answers import Decreases, background_rows
from credit_model.grade.known import match_truth
from credit_model.grade.methods import attribute
from credit_model.grade.oracle import one_factor_back, plug_in_score, score_of_changes, true_scores
from credit_model.grade.rivals import (
    AdverseRival,
    LinearRival,
    Training,
    adverse_changes,
    fit_hazard,
    fit_logistic_differences,
    fit_logistic_levels,
)
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.simulate.policies.family import POLICIES
from credit_model.simulate.policies.plugin import plug_in_of

CATALOGUE = read_catalogue("synthetic")
DRIVERS = driver_columns(CATALOGUE)
NAMES = list(CATALOGUE.driver_names)
FACTORS = list(CATALOGUE.factor_ids)


def factor_of(name):
    return FACTORS.index(CATALOGUE.feature(name).factor)


@pytest.fixture(scope="module")
def unseen():
    return simulate_portfolio(400, 36, seed=12)


@pytest.fixture(scope="module")
def training(predictor, portfolio):
    return Training.of_snapshots(predictor.snapshots(portfolio.history), n_jobs=1)


@pytest.fixture(scope="module")
def asked(predictor, unseen):
    snapshots = predictor.snapshots(unseen.history)
    known = match_truth(snapshots, decrease_rows(snapshots), unseen.truth.decreases)
    return Decreases(snapshots, known.row, background_rows(snapshots, seed=0)), known


def change(n=1, **moved):
    """A pair x, z that is equal but for some features: name -> (then, now)."""
    x, z = np.zeros((n, len(CATALOGUE.feature_names))), np.zeros((n, len(CATALOGUE.feature_names)))
    for name, (then, now) in moved.items():
        place = CATALOGUE.feature_names.index(name)
        z[:, place], x[:, place] = then, now
    return x, z


def test_a_linear_rival_gives_coefficients_times_differences():
    coefficient, median = np.zeros(len(NAMES)), np.zeros(len(NAMES))
    coefficient[NAMES.index("other_lenders")] = -0.5
    coefficient[NAMES.index("income_mean_12m")] = 0.001
    median[NAMES.index("income_mean_12m")] = 4000
    rival = LinearRival(CATALOGUE, coefficient, median)
    x, z = change(other_lenders=(1, 4), income_mean_12m=(np.nan, 3000))
    given = rival.contributions(x, z)[0]
    assert given[factor_of("other_lenders")] == pytest.approx(-1.5)
    assert given[factor_of("income_mean_12m")] == pytest.approx(-1.0)  # the unknown one was about the median
    assert given.sum() == pytest.approx(-2.5)
    x, z = change(income_mean_12m=(np.nan, np.nan))
    assert not rival.contributions(x, z).any()  # unknown then and now: no change


def test_adverse_changes_count_by_the_declared_direction_alone():
    deviation = np.full(len(NAMES), 2.0)
    deviation[NAMES.index("inquiries_6m")] = 0.0  # does not vary
    rival = AdverseRival(CATALOGUE, deviation)
    x, z = change(
        other_lenders=(1, 4),  # more is worse: 3 / 2
        utilisation_3m=(3, 1),  # less is better: nothing
        income_mean_12m=(5, 1),  # less is worse: 4 / 2
        inquiries_6m=(0, 9),
        employed=(np.nan, 0),  # unknown then: nothing
    )
    given = rival.contributions(x, z)[0]
    assert given[factor_of("other_lenders")] == -1.5
    assert given[factor_of("income_mean_12m")] == -2.0
    assert given.sum() == -3.5


def test_the_scale_of_adverse_changes_is_the_levels_standard_deviation(asked):
    decreases, _ = asked
    rival = adverse_changes(decreases.snapshots)
    levels = decreases.snapshots.X[decreases.snapshots.is_decision][:, DRIVERS]
    place = NAMES.index("other_lenders")
    assert rival.deviation[place] == pytest.approx(np.nanstd(levels[:, place]))
    assert (rival.contributions(decreases.x, decreases.z) <= 0).all()


def planted(kept_by, n=4000):
    """Training data in which one feature alone decides, by what ``kept_by`` (x, z) -> bool (n,) says of it."""
    rng = np.random.default_rng(0)
    x = np.tile(rng.normal(size=(n, 1)), len(CATALOGUE.feature_names)) * 0
    x[:, DRIVERS] = rng.normal(size=(n, len(DRIVERS)))
    z = x.copy()
    z[:, DRIVERS] = rng.normal(size=(n, len(DRIVERS)))
    place = CATALOGUE.feature_names.index("other_lenders")
    noise = rng.logistic(size=n) / 4
    kept = kept_by(x[:, place], z[:, place]) + noise > 0
    return Training(CATALOGUE, x, z, kept, rng.random(n) < 0.15, n_jobs=1)


@pytest.mark.parametrize(
    ("fit", "kept_by"),
    [
        (fit_logistic_differences, lambda x, z: z - x),
        (fit_logistic_levels, lambda x, z: -x),
        (fit_hazard, lambda x, z: -x),
    ],
)
def test_fitted_rivals_find_the_feature_that_decides(fit, kept_by):
    training = planted(kept_by)
    given = fit(training).contributions(training.x, training.z)
    mine, other = factor_of("other_lenders"), factor_of("employed")
    rose = training.x[:, CATALOGUE.feature_names.index("other_lenders")] > 1
    rose &= training.z[:, CATALOGUE.feature_names.index("other_lenders")] < -1
    assert rose.sum() > 50
    assert (given[rose, mine] < -2).all()
    assert np.abs(given[rose, other]).max() < 1.5


def test_the_coefficient_of_a_logistic_rival_is_that_of_the_plain_unit():
    training = planted(lambda x, z: z - x)  # noise of a quarter: 4 log-odds a unit
    coefficient = fit_logistic_differences(training).coefficient
    assert coefficient[NAMES.index("other_lenders")] == pytest.approx(-4, rel=0.1)
    thousandfold = Training(CATALOGUE, training.x * 1000, training.z * 1000, training.kept, training.held_out, 1)
    np.testing.assert_allclose(fit_logistic_differences(thousandfold).coefficient, coefficient / 1000, rtol=1e-6)


def test_the_hazards_shares_sum_to_the_change_of_its_score_and_move_one_way(training, asked):
    rival = fit_hazard(training)
    decreases, _ = asked
    x, z = decreases.x[:40], decreases.z[:40]
    score = rival.booster.decision_function
    np.testing.assert_allclose(rival.contributions(x, z).sum(axis=1), score(x) - score(z), atol=1e-9)
    worse = x.copy()
    worse[:, CATALOGUE.feature_names.index("other_lenders")] += 3
    assert (score(worse) <= score(x) + 1e-12).all()
    assert 1 <= len(rival.booster._predictors) < len(rival.booster.validation_score_)


def test_training_is_every_decision_that_could_cut_with_its_own_reference(predictor, portfolio, training):
    snapshots = predictor.snapshots(portfolio.history)
    row = np.flatnonzero(snapshots.is_decision & (snapshots.tier_before > 0))
    np.testing.assert_array_equal(training.x, snapshots.X[row])
    np.testing.assert_array_equal(training.z, reference_features(snapshots, pair_with_reference(snapshots, row)))
    np.testing.assert_array_equal(~training.kept, np.isin(row, decrease_rows(snapshots)))
    held_out = set(snapshots.borrower_row[row[training.held_out]])
    assert 0.1 < training.held_out.mean() < 0.2
    assert not held_out & set(snapshots.borrower_row[row[~training.held_out]])


def test_a_history_without_a_cut_has_no_rivals(predictor, portfolio):
    calm = portfolio.history.assign(limit_amount=25_000)
    with pytest.raises(HistoryError, match="kept and that cut"):
        Training.of_snapshots(predictor.snapshots(calm))


@pytest.mark.parametrize("method", ["hazard", "oracle"])
def test_a_method_without_what_it_needs_is_refused(predictor, asked, method):
    with pytest.raises(CreditModelError, match=f"method '{method}' .*; leave it out"):
        attribute(predictor, asked[0], method)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_true_score_gives_the_truths_changes(predictor, policy):
    portfolio = simulate_portfolio(150, 30, seed=12, policy=policy)
    snapshots = predictor.snapshots(portfolio.history)
    known = match_truth(snapshots, decrease_rows(snapshots), portfolio.truth.decreases)
    decreases = Decreases(snapshots, known.row, background_rows(snapshots, seed=0))
    score, _ = true_scores(policy, CATALOGUE)
    np.testing.assert_allclose(score(decreases.x) - score(decreases.z), known.truth.sum(axis=1), atol=1e-4)


def test_the_score_behind_changes_is_found_row_by_row_or_not_at_all(asked):
    decreases, known = asked
    x, z, change = decreases.x, decreases.z, known.truth.sum(axis=1)
    scores = true_scores("scorecard", CATALOGUE)
    found = score_of_changes(scores, x, z, change)
    np.testing.assert_array_equal(found(x), scores[0](x))
    revised = np.arange(len(x)) % 2 == 1  # as if the policy had changed midway
    change = np.where(revised, scores[1](x) - scores[1](z), change)
    found = score_of_changes(scores, x, z, change)
    np.testing.assert_array_equal(found(x), np.where(revised, scores[1](x), scores[0](x)))
    assert score_of_changes(scores, x, z, change + 1) is None
    assert score_of_changes((), x, z, change) is None
    assert true_scores("nobody's", CATALOGUE) == ()


def test_the_oracle_puts_one_factor_back_at_a_time():
    def score(X):
        """Debt and capacity together: their product, and debt alone."""
        debt = X[:, CATALOGUE.feature_names.index("other_lenders")]
        return -debt * X[:, CATALOGUE.feature_names.index("income_variability_12m")] - debt

    x, z = change(other_lenders=(1, 3), income_variability_12m=(1, 2))
    given = one_factor_back(score, CATALOGUE, x, z)[0]
    # Now -3 * 2 - 3 = -9. With debt back: -1 * 2 - 1 = -3; with capacity back: -3 * 1 - 3 = -6.
    assert given[factor_of("other_lenders")] == -6
    assert given[factor_of("income_variability_12m")] == -3
    assert np.count_nonzero(given) == 2


def test_a_policy_of_ones_own_is_asked_in_the_simulators_order():
    class Own:
        def score(self, X, names):
            return X[:, names.index("score_history")] - 5 * X[:, names.index("other_lenders")]

    policy = plug_in_of(Own())
    score = plug_in_score(policy, CATALOGUE)
    x, z = change(other_lenders=(1, 3), score_history=(120, 110))
    by_factor = one_factor_back(score, CATALOGUE, x, z)[0]
    assert by_factor.argmin() in (factor_of("other_lenders"), factor_of("score_history"))
    assert np.count_nonzero(by_factor) == 2
    assert (by_factor <= 0).all()
    with pytest.raises(CreditModelError, match="; grade it with that catalogue"):
        plug_in_score(policy, read_catalogue("uci_taiwan"))


def test_a_column_that_nobody_knows_says_nothing(training):
    x, z = training.x.copy(), training.z.copy()
    place = CATALOGUE.feature_names.index("other_lenders")
    x[:, place] = z[:, place] = np.nan
    blind = Training(CATALOGUE, x, z, training.kept, training.held_out, n_jobs=1)
    for fit in (fit_hazard, fit_logistic_differences, fit_logistic_levels):
        given, asked_too = (fit(blind).contributions(rows[:50], training.z[:50]) for rows in (x, training.x))
        np.testing.assert_array_equal(given, asked_too)
        assert np.isfinite(given).all()
