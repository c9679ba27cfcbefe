"""The truth is about the very features that a model sees: recomputed here from the panel alone."""

import numpy as np
import pytest
from numba import njit

from credit_model import build_snapshots, check_history, read_catalogue, simulate_portfolio
from credit_model.explain.pairs import decrease_rows, pair_with_reference, reference_features
from credit_model.model.metrics import ranked_probability_score
from credit_model.simulate import columns, lines, measuring, scoring
from credit_model.simulate.policies import scorecard
from credit_model.simulate.policies.family import table_of
from credit_model.simulate.shares import share_change
from tests.trees.enumeration import enumerated_owen_values

CATALOGUE = read_catalogue("synthetic")
TABLE = table_of("scorecard")


@njit
def score_of(ways, table):
    return scoring.score_of(ways, table)


@pytest.fixture(scope="module")
def world():
    """A portfolio with many cuts, its snapshots, and the policy's inputs among them."""
    portfolio = simulate_portfolio(1200, 40, seed=5, scenario="downturn")
    snapshots = build_snapshots(check_history(portfolio.history, CATALOGUE), CATALOGUE.ladder)
    drivers = [CATALOGUE.feature_names.index(name) for name in CATALOGUE.driver_names]
    return portfolio, snapshots, drivers


def true_score(X):
    ways = np.empty(X.shape[1])

    def score(x):
        measuring.come(x, TABLE.ramps, ways)
        return score_of(ways, TABLE)

    return np.array([score(x) for x in X])


def test_the_policy_scores_exactly_the_features_that_snapshots_hold(world):
    portfolio, snapshots, drivers = world
    decided = np.flatnonzero(snapshots.is_decision)
    late_enough = portfolio.economy["month"][CATALOGUE.warm_up]
    truth = portfolio.truth.decisions
    truth = truth[truth["month"] >= late_enough]
    assert len(truth) == len(decided)
    np.testing.assert_array_equal(true_score(snapshots.X[decided][:, drivers]), truth["score"])


def test_references_are_those_that_explanations_use(world):
    portfolio, snapshots, drivers = world
    row = decrease_rows(snapshots)
    row = row[snapshots.position[row] >= CATALOGUE.warm_up]
    pairs = pair_with_reference(snapshots, row, "last_set")
    truth = portfolio.truth.decreases
    history = snapshots.history
    np.testing.assert_array_equal(history.borrower_ids[snapshots.borrower_row[row]], truth["borrower_id"])
    reference = history.show_months(snapshots.month_number[pairs.reference_row])
    np.testing.assert_array_equal(reference, truth["reference_month"].to_numpy())
    np.testing.assert_array_equal(pairs.censored, truth["reference_censored"])
    np.testing.assert_array_equal(true_score(reference_features(snapshots, pairs)[:, drivers]), truth["score_before"])
    change = truth["score_after"] - truth["score_before"]
    np.testing.assert_allclose(portfolio.truth.by_factor.sum(axis=1), change, atol=1e-10)
    np.testing.assert_allclose(portfolio.truth.by_feature.sum(axis=1), change, atol=1e-10)


def test_shares_are_the_owen_values_of_the_policy_by_their_definition():
    # Few features at a time may change (all coalitions are enumerated): those of every product, and some others.
    rng = np.random.default_rng(3)
    names = list(CATALOGUE.driver_names)
    products = sorted({f for _, features in scorecard.PRODUCTS for f in features})
    for _ in range(3):
        others = rng.choice([n for n in names if n not in products], size=2, replace=False)
        moving = [names.index(n) for n in [*products, *others]]
        ways_z = rng.uniform(size=len(names))
        ways_x = ways_z.copy()
        ways_x[moving] = rng.uniform(size=len(moving))

        def score(rows, moving=moving, ways_z=ways_z):
            ways = ways_z.copy()
            ways[moving] = rows[0]
            return np.array([score_of(ways, TABLE)])

        factor = CATALOGUE.factor_index[moving]
        group = np.searchsorted(np.unique(factor), factor)
        expected = enumerated_owen_values(score, ways_x[moving], ways_z[moving], group)
        shares = np.empty(len(names))
        share_change(ways_x, ways_z, TABLE, shares)
        np.testing.assert_allclose(shares[moving], expected, atol=1e-12)
        assert (np.delete(shares, moving) == 0.0).all()


def test_a_product_of_three_has_two_of_one_factor_and_one_of_another():
    # The closed form rests on it.
    for _, features in scorecard.PRODUCTS:
        factors = [CATALOGUE.feature(f).factor for f in features]
        if len(features) == 3:
            assert factors[0] == factors[1] != factors[2]


def test_the_policy_moves_in_the_directions_that_the_catalogue_declares():
    rng = np.random.default_rng(1)
    for f, feature in enumerate(CATALOGUE.drivers):
        ways = rng.uniform(size=len(TABLE.measures))
        scores = []
        for way in (0.0, 0.3, 1.0):
            ways[f] = way
            scores.append(score_of(ways, TABLE))
        assert (np.diff(scores) * feature.sign > 0).all(), feature.id


def test_best_possible_probabilities_are_calibrated_and_beat_every_distortion(world):
    decisions = world[0].truth.decisions
    probabilities = world[0].truth.tier_probabilities.to_numpy()
    after = decisions["tier_after"].to_numpy().astype(int)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-12)
    assert (probabilities >= 0).all()
    assert probabilities[np.arange(len(after)), after].min() > 0
    # About as many stay in their tier as promised: a sum of independent events, so within 4 standard deviations.
    before = decisions["tier_before"].to_numpy().astype(int)
    stay = probabilities[np.arange(len(before)), before]
    assert abs((after == before).sum() - stay.sum()) < 4 * np.sqrt((stay * (1 - stay)).sum())
    best = ranked_probability_score(after, probabilities)
    flatter = probabilities**0.7 / (probabilities**0.7).sum(axis=1, keepdims=True)
    sharper = probabilities**1.4 / (probabilities**1.4).sum(axis=1, keepdims=True)
    assert best < min(ranked_probability_score(after, flatter), ranked_probability_score(after, sharper))


def test_survival_never_crosses_itself_and_a_limit_in_force_is_sticky():
    probabilities = np.empty(len(TABLE.amounts))
    for tier in range(len(TABLE.amounts)):
        for score in np.linspace(-40, 40, 33):
            lines.tier_probabilities(score, tier, TABLE.lines, probabilities)
            assert probabilities.min() >= 0
            assert probabilities.sum() == pytest.approx(1.0)
            # At the line of its own tier, an even chance without hysteresis, a limit is all but kept.
        if tier > 0:
            lines.tier_probabilities(TABLE.lines[tier - 1], tier, TABLE.lines, probabilities)
            assert probabilities[:tier].sum() == pytest.approx(1 / (1 + np.exp(lines.KEEP_MARGIN)))


def test_kinds_follow_the_facts_of_the_month(world):
    portfolio = world[0]
    keys = ["borrower_id", "month"]
    cuts = portfolio.truth.decreases.merge(portfolio.history, on=keys, suffixes=("", "_seen"))
    assert (cuts.loc[cuts["kind"] == "knock_out", "days_past_due"] >= 90).all()
    assert (cuts.loc[cuts["days_past_due"] >= 90, "kind"] == "knock_out").all()
    assert (cuts.loc[cuts["kind"] == "dormancy", "idle_months"] >= 12).all()
    assert (cuts.loc[cuts["kind"] == "trigger", ["days_past_due", "other_days_past_due"]].max(axis=1) >= 30).all()
    assert set(cuts["kind"]) <= set(columns.KINDS)
    assert (cuts["decided_by_noise"] == (cuts["keep_score"] > 0)).all()
