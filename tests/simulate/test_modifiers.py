"""What makes a lender harder to read: decisions by hand, and a policy that changes midway."""

import numpy as np
import pandas as pd
import pytest

from credit_model import CreditModelError, check_history, read_catalogue, simulate_portfolio
from credit_model.model.metrics import ranked_probability_score
from credit_model.simulate.policies.names import POLICY_NAMES
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio

CATALOGUE = read_catalogue("synthetic")


def test_decisions_by_hand_are_as_many_as_asked_for_and_marked():
    portfolio = simulate_portfolio(1500, 40, seed=10_060, overrides=0.05)
    decisions = portfolio.truth.decisions
    n, share = len(decisions), decisions["overridden"].mean()
    assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / n)
    steps = (decisions["tier_after"].astype(int) - decisions["tier_before"])[decisions["overridden"]]
    assert set(steps) <= {-2, -1, 0, 1, 2}
    assert abs((steps < 0).mean() - 0.5) < 0.05
    by_hand = portfolio.truth.decreases["overridden"]
    assert by_hand.any()
    assert not set(portfolio.truth.decreases.loc[by_hand, "kind"]) & {"class_wide", "dormancy"}
    check_history(portfolio.history, CATALOGUE)
    assert "overridden" not in simulate_portfolio(50, 20, seed=1).truth.decisions


def test_best_possible_probabilities_know_of_the_hand():
    truth = simulate_portfolio(3000, 40, seed=10_061, overrides=0.2, root_causes=False).truth
    probabilities, after = truth.tier_probabilities.to_numpy(), truth.decisions["tier_after"].to_numpy().astype(int)
    before = truth.decisions["tier_before"].to_numpy().astype(int)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-12)
    fell = np.array([probabilities[i, : before[i]].sum() for i in range(len(before))])
    assert abs((after < before).sum() - fell.sum()) < 4 * np.sqrt((fell * (1 - fell)).sum())
    ignorant = simulate_portfolio(3000, 40, seed=10_061, root_causes=False).truth.tier_probabilities.to_numpy()
    assert ignorant.shape[1] == probabilities.shape[1]
    for power in (0.7, 1.4):
        other = probabilities**power / (probabilities**power).sum(axis=1, keepdims=True)
        assert ranked_probability_score(after, probabilities) < ranked_probability_score(after, other)


@pytest.mark.parametrize("policy", POLICY_NAMES)
def test_a_policy_that_changes_midway_is_the_same_before_and_another_after(policy):
    settings = {"seed": 10_062, "policy": policy, "root_causes": False}
    steady, changed = (simulate_portfolio(600, 40, changes_in=m, **settings) for m in (None, 24))
    turn = steady.economy["month"][24]
    a, b = (p.history[p.history["month"] < turn] for p in (steady, changed))
    pd.testing.assert_frame_equal(a, b)
    late_a, late_b = (d["score"][d["month"] >= turn] for d in (steady.truth.decisions, changed.truth.decisions))
    assert abs(np.median(late_a) - np.median(late_b)) < 4  # the middle stays about where it was
    assert len(late_a) != len(late_b) or not np.allclose(late_a, late_b)
    truth = changed.truth
    change = truth.decreases["score_after"] - truth.decreases["score_before"]
    np.testing.assert_allclose(truth.by_feature.sum(axis=1), change, atol=1e-9)


def test_the_bytes_do_not_depend_on_the_number_of_threads(tmp_path):
    settings = Settings(4500, 16, seed=10_063, policy="matrix", overrides=0.04, changes_in=8)
    for jobs in (1, 2):
        write_portfolio(tmp_path / str(jobs), settings, n_jobs=jobs)
    one, two = (
        {str(f.relative_to(tmp_path / jobs)): f.read_bytes() for f in sorted((tmp_path / jobs).rglob("*.parquet"))}
        for jobs in ("1", "2")
    )
    assert one == two
    manifest = (tmp_path / "1" / "manifest.json").read_text()
    assert '"overrides": 0.04' in manifest
    assert '"changes_in": 8' in manifest


@pytest.mark.parametrize("overrides", [-0.1, 1.0, float("nan"), True])
def test_a_share_that_is_none_is_refused(overrides):
    with pytest.raises(CreditModelError, match="overrides must be a share"):
        Settings(10, 14, seed=1, overrides=overrides)


@pytest.mark.parametrize("month", [-1, 14, 3.5, True])
def test_a_month_outside_the_panel_is_refused(month):
    with pytest.raises(CreditModelError, match=r"changes_in must be a whole number in 0 \.\. 13"):
        Settings(10, 14, seed=1, changes_in=month)
