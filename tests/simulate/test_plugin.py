"""A lender's own policy: the same lives and truth as ours where it scores as ours, exact shares, errors in one line."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from credit_model import CreditModelError, check_history, read_catalogue, simulate_portfolio
from credit_model.cli import main
from credit_model.simulate.called_shares import shares_by_calls
from credit_model.simulate.policies.family import table_of
from credit_model.simulate.policies.names import POLICY_NAMES
from credit_model.simulate.policies.plugin import PlugIn, knots_of, on_scale, plug_in_of
from credit_model.simulate.scored import score_all
from credit_model.simulate.settings import Settings
from credit_model.simulate.truth import read_truth
from credit_model.simulate.writing import write_portfolio
from tests.trees.enumeration import enumerated_owen_values

CATALOGUE = read_catalogue("synthetic")
NAMES = list(CATALOGUE.driver_names)


class Ours:
    """One of our policies, in another unit."""

    def __init__(self, name="scorecard", scale=1.0, shift=0.0):
        self.table, self.scale, self.shift = table_of(name), scale, shift

    def score(self, X, names):
        return self.scale * score_all(X, self.table) + self.shift


class Points:
    """A coarse card of points, with interactions and a knock-out of its own."""

    def score(self, X, names):
        value = dict(zip(names, np.nan_to_num(X.T), strict=True))
        points = (value["score_history"] > 130) * 2.0 + (value["score_history"] > 145) + (value["score_network"] > 125)
        points += (value["income_mean_12m"] > 2000) * (1.0 + (value["employed"] > 0))
        points -= (value["other_lenders"] > 2) * (1.0 + (value["utilisation_3m"] > 0.5))
        points -= (value["unemployment_rate_3m"] > 6.5) + 1.0 * (value["class_appetite_index"] < -0.6)
        return points + 0.3 * np.log1p(value["spending_mean_6m"])

    def knock_out(self, X, names):
        return X[:, names.index("days_past_due")] >= 60


@pytest.mark.parametrize("scenario", ["baseline", "tightening"])
def test_a_plug_in_that_scores_as_we_do_makes_the_same_portfolio_and_truth(scenario):
    settings = {"seed": 10_070, "scenario": scenario, "overrides": 0.03, "audit_bias": 1.0}
    settings["planted"] = {3: ("job_loss", 15)}
    ours = simulate_portfolio(400, 36, **settings)
    called = simulate_portfolio(400, 36, policy=Ours(), **settings)
    pd.testing.assert_frame_equal(called.history, ours.history)
    pd.testing.assert_frame_equal(called.truth.decisions, ours.truth.decisions, rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(called.truth.decreases, ours.truth.decreases, rtol=1e-9, atol=1e-9)
    assert ours.truth.root_causes.to_numpy().any()
    assert {"class_wide", "dormancy"} & set(ours.truth.decreases["kind"])


def test_the_unit_of_a_score_does_not_matter():
    one, other = (simulate_portfolio(200, 24, seed=10_071, policy=Ours("rules", *u)) for u in ((1, 0), (0.01, 600)))
    pd.testing.assert_frame_equal(one.history, other.history)
    pd.testing.assert_frame_equal(one.truth.decreases, other.truth.decreases, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", POLICY_NAMES)
def test_called_shares_are_those_of_our_own_kernels(name):
    portfolio = simulate_portfolio(300, 36, seed=10_072, policy=name, root_causes=False)
    snapshots = pytest.importorskip("credit_model.portfolio.snapshots").build_snapshots(
        check_history(portfolio.history, CATALOGUE), CATALOGUE.ladder
    )
    from credit_model.explain.pairs import decrease_rows, pair_with_reference, reference_features

    drivers = [CATALOGUE.feature_names.index(n) for n in NAMES]
    row = decrease_rows(snapshots)
    row = row[snapshots.position[row] >= CATALOGUE.warm_up][:60]
    z = reference_features(snapshots, pair_with_reference(snapshots, row, "last_set"))[:, drivers]
    table = table_of(name)
    shares = shares_by_calls(lambda X: score_all(X, table), snapshots.X[row][:, drivers], z, table.factor)
    np.testing.assert_allclose(shares, portfolio.truth.by_feature.to_numpy()[:60], atol=1e-9)


def test_called_shares_are_the_owen_values_by_their_definition():
    rng = np.random.default_rng(2)
    factor = np.array([0, 0, 0, 1, 1, 2, 3, 3])
    weights = rng.normal(size=(8, 8))

    def value(X):
        X = np.nan_to_num(X, nan=-1.0)
        return np.sin(X @ weights).sum(axis=1) + X[:, 0] * X[:, 3] * X[:, 5] + (X[:, 1] > 0) * (X[:, 6] > 0)

    x, z = rng.normal(size=(20, 8)), rng.normal(size=(20, 8))
    z[:, 4], x[3, 2], z[3, 2] = x[:, 4], np.nan, np.nan  # unchanged: no share
    z[5] = x[5]
    shares = shares_by_calls(value, x, z, factor)
    for i in range(len(x)):
        np.testing.assert_allclose(shares[i], enumerated_owen_values(value, x[i], z[i], factor), atol=1e-10)
    assert (shares[:, 4] == 0).all()
    assert (shares[5] == 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), value(x) - value(z), atol=1e-10)


def test_a_policy_of_ones_own_has_all_of_the_truth():
    portfolio = simulate_portfolio(500, 40, seed=10_073, scenario="downturn", policy=Points())
    check_history(portfolio.history, CATALOGUE)
    truth = portfolio.truth
    change = truth.decreases["score_after"] - truth.decreases["score_before"]
    assert len(change) > 100
    np.testing.assert_allclose(truth.by_factor.sum(axis=1), change, atol=1e-9)
    np.testing.assert_allclose(truth.by_feature.sum(axis=1), change, atol=1e-9)
    unused = truth.by_feature.drop(columns=[n for n in NAMES if np.abs(truth.by_feature[n]).max() > 0])
    assert "provident_fund_mean_6m" in unused
    assert truth.root_causes["downturn"].any()
    keys = ["borrower_id", "month"]
    seen = truth.decisions.merge(portfolio.history, on=keys)
    knocked = seen["days_past_due"] >= 60
    assert (seen.loc[knocked, "kind"] == "knock_out").all()
    assert (seen.loc[knocked & (seen["tier_before"] > 0), "tier_after"] == 0).mean() > 0.5
    assert list(truth.decreases) == list(simulate_portfolio(60, 20, seed=1).truth.decreases)


def test_the_bytes_do_not_depend_on_threads_nor_on_the_number_of_borrowers(tmp_path, monkeypatch):
    from credit_model.simulate import called_blocks

    settings = Settings(4200, 14, seed=10_074, policy=Ours("weakest"), root_causes=False)
    for jobs in (1, 2):
        write_portfolio(tmp_path / str(jobs), settings, n_jobs=jobs)
    one, two = (
        {str(f.relative_to(tmp_path / jobs)): f.read_bytes() for f in sorted((tmp_path / jobs).rglob("*.*"))}
        for jobs in ("1", "2")
    )
    assert one == two
    stated = json.loads(one["manifest.json"])["policy"]
    assert stated["name"] == f"{__name__}:Ours"
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(stated["map"]))
    # In parts, as in long panels, the same comes out.
    whole = simulate_portfolio(90, 20, seed=10_075, policy=Ours("matrix"))
    monkeypatch.setattr(called_blocks, "_MOST_AT_ONCE", 1000)
    monkeypatch.setattr(called_blocks, "_AGAIN_AT_ONCE", 3)
    parts = simulate_portfolio(90, 20, seed=10_075, policy=Ours("matrix"))
    pd.testing.assert_frame_equal(whole.history, parts.history)
    pd.testing.assert_frame_equal(whole.truth.decreases, parts.truth.decreases)


def test_a_score_is_put_on_our_scale_by_a_monotone_map():
    rng = np.random.default_rng(0)
    score = np.sort(rng.normal(0, 8, 5000))
    own = 1 / (1 + np.exp(-score / 4))
    knots = knots_of(own, score, "p")
    mapped = on_scale(own, knots)
    assert (np.diff(mapped) >= 0).all()
    assert np.corrcoef(mapped, score)[0, 1] > 0.95
    np.testing.assert_allclose(on_scale(knots[:, 0], knots), knots[:, 1])
    coarse = knots_of(np.round(own * 3), score, "p")
    assert (np.diff(coarse, axis=0) > 0).all()


def scoring(answer, knock_out=None):
    policy = type("Policy", (), {"score": lambda self, X, names: answer(X)})()
    if knock_out is not None:
        policy.knock_out = lambda X, names: knock_out(X)
    return policy


def first(X):
    return X[:, 0].copy()


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (object(), r"must have a method score\(X, names\)"),
        (scoring(lambda X: X), r"one number a row, shape \(\d+,\), got shape \(\d+, 40\) in the pilot run"),
        (scoring(lambda X: 1.0), r"one number a row"),
        (scoring(lambda X: ["good"] * len(X)), "must give numbers, got list"),
        (scoring(lambda X: X[:, NAMES.index("utilisation_3m")]), r"finite .*nan .*unknown there: .*utilisation_3m"),
        (scoring(lambda X: np.full(len(X), np.inf)), "finite numbers, got inf"),
        (scoring(lambda X: np.zeros(len(X))), "must tell borrowers apart"),
        (scoring(lambda X: X[:, 0] - X[:, 0].mean()), "each row on its own"),
        (scoring(lambda X: 1 / 0), "raised ZeroDivisionError in the pilot run: division by zero"),
        (scoring(first, lambda X: X[:3, 0] > 0), r"knock_out\(X, names\) must give one number a row"),
        ("nowhere_to_be_found:POLICY", "cannot be imported .*give MODULE:OBJECT"),
        ("math:nothing", "cannot be imported"),
        (None, r"must have a method score"),
    ],
)
def test_what_is_no_policy_is_refused_in_one_line(policy, message):
    with pytest.raises(CreditModelError, match=message) as caught:
        Settings(10, 14, seed=1, policy=policy)
    assert "\n" not in str(caught.value)


def test_an_error_in_a_month_names_the_month():
    class Late(Ours):
        n = 0

        def score(self, X, names):
            if len(X) == 30:  # as many as the portfolio's borrowers: a month of it
                self.n += 1
                if self.n == 18:
                    raise KeyError("no such\nbranch")
            return super().score(X, names)

    with pytest.raises(CreditModelError, match=r"raised KeyError in month 2021-06: 'no such"):
        simulate_portfolio(30, 20, seed=1, policy=Late())

    class Blind(Ours):
        def score(self, X, names):
            return np.where(len(X) == 30, np.nan, super().score(X, names))

    with pytest.raises(CreditModelError, match=r"got nan in 30 of 30 rows in month 2020-01 \(before the panel\)"):
        simulate_portfolio(30, 20, seed=1, policy=Blind())


def test_a_plug_in_knows_of_no_change_midway():
    with pytest.raises(CreditModelError, match="changes_in must not be given"):
        Settings(10, 14, seed=1, policy=Ours(), changes_in=3)


def test_a_plug_in_may_change_what_it_is_given():
    class Greedy(Ours):
        def score(self, X, names):
            scores = super().score(X, names)
            X[:] = 0.0
            return scores

    one, two = (simulate_portfolio(80, 20, seed=2, policy=policy) for policy in (Ours(), Greedy()))
    pd.testing.assert_frame_equal(one.truth.decreases, two.truth.decreases)


def test_a_plug_in_is_made_once():
    policy = plug_in_of(Ours())
    assert plug_in_of(policy) is policy
    assert isinstance(Settings(10, 14, seed=1, policy=policy).plug_in, PlugIn)


def test_the_command_takes_a_module_of_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lender_of_mine.py").write_text(
        "import numpy as np\n"
        "class Lender:\n"
        "    def score(self, X, names):\n"
        "        return X[:, names.index('score_history')] + 9 * np.log1p(X[:, names.index('income_mean_12m')])\n"
        "POLICY = Lender()\n"
    )
    arguments = ["simulate", "--borrowers", "60", "--months", "20", "--jobs", "1", "--out", "mine", "--policy"]
    done = CliRunner().invoke(main, [*arguments, "lender_of_mine:POLICY"])
    assert done.exit_code == 0, done.output
    assert len(read_truth("mine").decisions) > 100
    assert json.loads((tmp_path / "mine" / "manifest.json").read_text())["policy"]["name"] == "lender_of_mine:POLICY"
    wrong = CliRunner().invoke(main, [*arguments, "lender_of_mine:NOBODY"])
    assert wrong.exit_code != 0
    assert "cannot be imported" in wrong.output
