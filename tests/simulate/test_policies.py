"""Every lender of the simulation: exact truth, declared directions, realistic levels, all seven factors at work."""

import numpy as np
import pandas as pd
import pytest
from numba import njit

from credit_model import CreditModelError, build_snapshots, check_history, read_catalogue, simulate_portfolio
from credit_model.explain.pairs import decrease_rows, pair_with_reference, reference_features
from credit_model.model.metrics import ranked_probability_score
from credit_model.simulate import measuring, scoring
from credit_model.simulate.lines import LINES
from credit_model.simulate.policies.family import POLICIES, table_of
from credit_model.simulate.policies.names import POLICY_NAMES
from credit_model.simulate.realism import realism_report
from credit_model.simulate.settings import Settings
from credit_model.simulate.shares import share_change
from credit_model.simulate.writing import write_portfolio
from tests.simulate.digests import digest_of
from tests.trees.enumeration import enumerated_owen_values

CATALOGUE = read_catalogue("synthetic")
every_policy = pytest.mark.parametrize("policy", POLICY_NAMES)
SCENARIOS = ("baseline", "downturn", "tightening", "credit_boom")


@njit
def score_of(ways, table):
    return scoring.score_of(ways, table)


def scores(X, table):
    ways = np.empty(X.shape[1])
    found = np.empty(len(X))
    for i, x in enumerate(X):
        measuring.come(x, table.ramps, ways)
        found[i] = score_of(ways, table)
    return found


@pytest.fixture(scope="module", params=POLICY_NAMES)
def world(request):
    """A portfolio of each lender with many cuts, its snapshots, and the policy's inputs among them."""
    portfolio = simulate_portfolio(700, 40, seed=10_005, scenario="downturn", policy=request.param)
    snapshots = build_snapshots(check_history(portfolio.history, CATALOGUE), CATALOGUE.ladder)
    drivers = [CATALOGUE.feature_names.index(name) for name in CATALOGUE.driver_names]
    return request.param, portfolio, snapshots, drivers


def test_the_family_and_its_names_agree():
    assert tuple(POLICIES) == POLICY_NAMES


def test_the_default_lender_is_byte_for_byte_what_it_was():
    # As made before there was a family of lenders.
    known = {"history": "05590f2b55b54ae5", "decisions": "09ef4ce399ae7ea0", "decreases": "567a66470e2377e0"}
    portfolio = simulate_portfolio(1500, 40, seed=1)
    assert digest_of(portfolio.history) == known["history"]
    assert digest_of(portfolio.truth.decisions) == known["decisions"]
    assert digest_of(portfolio.truth.decreases) == known["decreases"]


def test_truth_is_of_the_very_features_that_snapshots_hold(world):
    policy, portfolio, snapshots, drivers = world
    table = table_of(policy)
    decided = np.flatnonzero(snapshots.is_decision)
    truth = portfolio.truth.decisions
    truth = truth[truth["month"] >= portfolio.economy["month"][CATALOGUE.warm_up]]
    np.testing.assert_array_equal(scores(snapshots.X[decided][:, drivers], table), truth["score"])
    row = decrease_rows(snapshots)
    row = row[snapshots.position[row] >= CATALOGUE.warm_up]
    pairs = pair_with_reference(snapshots, row, "last_set")
    before = scores(reference_features(snapshots, pairs)[:, drivers], table)
    decreases = portfolio.truth.decreases
    np.testing.assert_array_equal(before, decreases["score_before"])


def test_shares_sum_to_the_change_of_the_score(world):
    truth = world[1].truth
    change = truth.decreases["score_after"] - truth.decreases["score_before"]
    assert len(change) > 200
    np.testing.assert_allclose(truth.by_factor.sum(axis=1), change, atol=1e-9)
    np.testing.assert_allclose(truth.by_feature.sum(axis=1), change, atol=1e-9)


def test_shares_of_real_cuts_are_the_owen_values_by_factor_over_all_mixtures(world):
    policy, portfolio, snapshots, drivers = world
    table = table_of(policy)
    row = decrease_rows(snapshots)
    row = row[snapshots.position[row] >= CATALOGUE.warm_up][:200]
    pairs = pair_with_reference(snapshots, row, "last_set")
    x, z = snapshots.X[row][:, drivers], reference_features(snapshots, pairs)[:, drivers]
    n_factors = len(CATALOGUE.factor_ids)
    value = np.empty((len(row), 1 << n_factors))
    for mask in range(1 << n_factors):
        as_x = (mask >> CATALOGUE.factor_index & 1).astype(bool)
        value[:, mask] = scores(np.where(as_x, x, z), table)
    fact = [1.0]
    for k in range(1, n_factors + 1):
        fact.append(fact[-1] * k)
    expected = np.zeros((len(row), n_factors))
    for g in range(n_factors):
        for mask in range(1 << n_factors):
            if not mask >> g & 1:
                size = mask.bit_count()
                weight = fact[size] * fact[n_factors - size - 1] / fact[n_factors]
                expected[:, g] += weight * (value[:, mask | 1 << g] - value[:, mask])
    np.testing.assert_allclose(portfolio.truth.by_factor.to_numpy()[:200], expected, atol=1e-9)


@every_policy
@pytest.mark.parametrize("revised", [False, True])
def test_shares_are_the_owen_values_of_the_policy_by_their_definition(policy, revised):
    # Few features at a time may change, so that all coalitions can be enumerated.
    rng = np.random.default_rng(3)
    table = table_of(policy, revised=revised)
    n = len(table.factor)
    for _ in range(25):
        moving = np.sort(rng.choice(n, size=8, replace=False))
        ways_z = rng.uniform(size=n)
        ways_x = ways_z.copy()
        ways_x[moving] = rng.uniform(size=len(moving))

        def score(rows, moving=moving, ways_z=ways_z):
            ways = ways_z.copy()
            ways[moving] = rows[0]
            return np.array([score_of(ways, table)])

        group = np.searchsorted(np.unique(table.factor[moving]), table.factor[moving])
        expected = enumerated_owen_values(score, ways_x[moving], ways_z[moving], group)
        shares = np.empty(n)
        share_change(ways_x, ways_z, table, shares)
        np.testing.assert_allclose(shares[moving], expected, atol=1e-11)
        assert (np.delete(shares, moving) == 0.0).all()


@every_policy
@pytest.mark.parametrize("revised", [False, True])
def test_the_policy_never_moves_against_the_directions_that_the_catalogue_declares(policy, revised):
    rng = np.random.default_rng(1)
    table = table_of(policy, revised=revised)
    for f, feature in enumerate(CATALOGUE.drivers):
        for _ in range(30):
            ways = rng.uniform(size=len(table.factor))
            found = []
            for way in (0.0, 0.2, 0.5, 0.8, 1.0):
                ways[f] = way
                found.append(score_of(ways, table))
            assert (np.diff(found) * feature.sign >= -1e-12).all(), feature.id


def test_best_possible_probabilities_are_calibrated(world):
    decisions, probabilities = world[1].truth.decisions, world[1].truth.tier_probabilities.to_numpy()
    after = decisions["tier_after"].to_numpy().astype(int)
    before = decisions["tier_before"].to_numpy().astype(int)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-12)
    stay = probabilities[np.arange(len(before)), before]
    assert abs((after == before).sum() - stay.sum()) < 4 * np.sqrt((stay * (1 - stay)).sum())
    best = ranked_probability_score(after, probabilities)
    for power in (0.7, 1.4):
        other = probabilities**power / (probabilities**power).sum(axis=1, keepdims=True)
        assert best < ranked_probability_score(after, other)


@every_policy
def test_all_seven_factors_matter_and_levels_are_realistic(policy):
    leads, quarterly = [], {}
    for i, scenario in enumerate(SCENARIOS):
        settings = {"seed": 10_020 + i, "scenario": scenario, "policy": policy, "root_causes": False}
        portfolio = simulate_portfolio(4096, 48, **settings)
        leads.append(portfolio.truth.decreases["leading_factor"].astype(str))
        quarterly[scenario] = realism_report(portfolio.history, economy=portfolio.economy).set_index("row")["value"]
    share = pd.concat(leads).value_counts(normalize=True)
    assert set(share.index) == set(CATALOGUE.factor_ids)
    assert share.min() >= 0.03
    calm = quarterly["baseline"]
    assert 1.0 <= calm["lines cut in a calm quarter (%)"] <= 3.5
    assert 1.8 <= calm["lines raised in a calm quarter (%)"] <= 4.2
    assert 26_000 <= calm["limit, mean of open lines (RMB)"] <= 37_000
    assert 60 <= calm["cuts without lateness in six months (%)"] <= 80
    assert 65 <= calm["size of a cut, median (% of the limit)"] <= 85
    assert 4 <= quarterly["downturn"]["lines cut in a quarter of deep downturn (%)"] <= 14


@every_policy
def test_every_kind_of_cut_and_root_cause_occurs(policy):
    parts = [simulate_portfolio(1500, 40, seed=10_030 + i, scenario=s, policy=policy) for i, s in enumerate(SCENARIOS)]
    kinds = set().union(*(part.truth.decreases["kind"] for part in parts))
    assert kinds == {"score", "trigger", "knock_out", "dormancy", "class_wide"}
    causes = sum(part.truth.root_causes.sum() for part in parts)
    assert (causes > 0).all()
    for part in parts:
        after = part.truth.decreases
        assert (after["limit_after"] < after["limit_before"]).all()


def test_a_manifest_states_the_policy_only_where_it_is_not_the_default(tmp_path):
    for policy in ("scorecard", "rules"):
        write_portfolio(tmp_path / policy, Settings(40, 14, seed=1, policy=policy))
    assert '"policy"' not in (tmp_path / "scorecard" / "manifest.json").read_text()
    assert '"policy": "rules"' in (tmp_path / "rules" / "manifest.json").read_text()


def test_an_unknown_policy_is_refused():
    with pytest.raises(CreditModelError, match="policy must be one of scorecard, matrix"):
        Settings(10, 14, seed=1, policy="oracle")


def test_no_line_lies_beyond_what_a_lender_gives():
    for policy in POLICY_NAMES:
        decisions = simulate_portfolio(3000, 20, seed=10_040, policy=policy, root_causes=False).truth.decisions
        assert decisions["score"].quantile(0.02) < LINES[0] + 8
        assert decisions["tier_after"].nunique() >= 10
