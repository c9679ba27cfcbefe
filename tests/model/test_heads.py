"""Two heads, is the limit cut and is it raised, as one sum of trees."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from credit_model.model.classifier import LimitTierClassifier
from credit_model.model.forest import OrdinalForest, tier_probabilities
from credit_model.model.heads import constant_head, joined, side_pairs
from credit_model.model.metrics import ranked_probability_score
from credit_model.trees.engines.sklearn import tree_ensemble
from credit_model.trees.scoring import scores
from tests.model.examples import N_TIERS, as_rows, portfolio, portfolio_model


def seldom_moved(seed, n=6000):
    """Limits that seldom move: cut where x0 is low, raised where x1 is high, and then to any tier alike."""
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 6, n)
    x = rng.normal(size=(n, 4))
    cut = (x[:, 0] < -1.6) & (x[:, 2] < 0) & (rng.random(n) < 0.8) & (before > 0)
    raised = (x[:, 1] > 1.8) & (x[:, 2] > 0) & (rng.random(n) < 0.6) & (before < 5) & ~cut
    after = np.where(cut, rng.integers(0, np.maximum(before, 1)), before)
    after = np.where(raised, before + 1 + rng.integers(0, np.maximum(5 - before, 1)), after)
    return np.column_stack([before, x]), after


def heads_model(**changes):
    return LimitTierClassifier(
        **({"structure": "heads", "n_tiers": 6, "tier_in_force": 0, "random_state": 0} | changes)
    )


@pytest.fixture(scope="module")
def fitted():
    return heads_model(max_iter=150).fit(*seldom_moved(0))


def test_at_the_tier_in_force_the_score_is_the_cut_heads_bit_for_bit(fitted):
    X, _ = seldom_moved(1, n=500)
    X = X[X[:, 0] > 0]
    pairs = np.column_stack([X, X[:, 0] - 1, np.full(len(X), -1.0)])
    tier = X[:, 0].astype(int)
    assert fitted.keep_score(X, tier).tobytes() == fitted.booster_.decision_function(pairs).tobytes()


def test_survival_falls_from_tier_to_tier_and_keep_scores_are_its_log_odds(fitted):
    X, _ = seldom_moved(2, n=500)
    survival = fitted.forest_.survival_scores(X)
    assert (np.diff(survival, axis=1) <= 0).all()
    for tier in range(1, 6):
        assert fitted.keep_score(X, tier).tobytes() == np.ascontiguousarray(survival[:, tier - 1]).tobytes()
        assert ((fitted.keep_score(X, tier) >= 0) == (fitted.predict(X) >= tier)).all()
    probability = fitted.predict_proba(X)
    assert (probability > 0).all()  # no tier that a limit could go to is impossible
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=0, atol=1e-14)


def test_what_is_not_even_kept_is_not_raised():
    # The raise head alone would say that every limit is all but surely raised.
    pairs = side_pairs(np.array([[1.0], [1.0]]), np.array([0, 0]), np.ones(2), n_tiers=4, tier_column=0, side=-1)
    cut = constant_head(pairs)
    raised = constant_head(pairs._replace(above=1 - pairs.above))
    assert cut.baseline < 0 < raised.baseline
    share = np.tril(np.full((4, 4), 1 / 3), -1) + np.triu(np.full((4, 4), 1 / 3), 1)
    forest = OrdinalForest(joined(cut, raised, share, np.arange(4), 0), n_tiers=4, tier_column=0, width=1)
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    survival = forest.survival_scores(X)
    assert (np.diff(survival, axis=1) <= 1e-12).all()
    assert (survival[1:] < 0).all()  # more likely cut than kept, so no higher tier is likely
    for tier in range(1, 4):
        kept = forest.keep_score(X, np.full(4, tier))
        assert kept.tolist() == survival[:, tier - 1].tolist()


def test_where_limits_go_is_counted():
    after = np.full(400, 3)
    after[:40], after[40:50], after[50:100], after[100:110] = 0, 2, 4, 5
    model = heads_model(max_iter=5).fit(np.column_stack([np.full(400, 3.0), np.zeros(400)]), after)
    probability = model.predict_proba([[3.0, 0.0]])[0]
    np.testing.assert_allclose(probability[[0, 2, 3, 4, 5]], [0.1, 0.025, 0.725, 0.125, 0.025], atol=0.01)
    assert 0 < probability[1] < 0.01


def test_joined_heads_score_as_each_head_does_categories_and_missing_values_included():
    frame, tier = portfolio(3)
    rows = as_rows(frame)
    heads = []
    for side in (-1, 0):
        pairs = side_pairs(rows, tier, np.ones(len(rows)), n_tiers=N_TIERS, tier_column=0, side=side)
        booster = HistGradientBoostingClassifier(
            max_iter=20, max_leaf_nodes=40, categorical_features=[4], random_state=0
        )
        booster.fit(pairs.rows, pairs.above)
        heads.append((pairs, tree_ensemble(booster)))
    (cut_pairs, cut), (raised_pairs, raised) = heads
    assert len(cut.left_categories)
    assert len(raised.left_categories)
    share = np.full((N_TIERS, N_TIERS), 1 / N_TIERS)
    share = np.tril(share, -1) / np.maximum(np.tril(share, -1).sum(axis=1, keepdims=True), 1e-9) + np.triu(
        share, 1
    ) / np.maximum(np.triu(share, 1).sum(axis=1, keepdims=True), 1e-9)
    both = joined(cut, raised, share, tier, 0)
    assert scores(both, cut_pairs.rows).tobytes() == scores(cut, cut_pairs.rows).tobytes()
    np.testing.assert_allclose(scores(both, raised_pairs.rows), scores(raised, raised_pairs.rows), rtol=0, atol=1e-12)
    # further below, a cut that goes so far is as likely as cuts go so far: odds times the share
    low = cut_pairs.rows[cut_pairs.rows[:, 0] == 3].copy()
    further = low.copy()
    further[:, -2:] = [0, -3]
    np.testing.assert_allclose(scores(both, further), scores(both, low) - np.log(1 / 3), rtol=0, atol=1e-12)


def test_a_lender_that_never_raises_is_learnt_too():
    X, after = seldom_moved(4)
    after = np.minimum(after, X[:, 0]).astype(int)
    model = heads_model(max_iter=100).fit(X, after)
    probability = model.predict_proba(X)
    raised = (probability * (np.arange(6) > X[:, [0]])).sum(axis=1)
    assert raised.max() < 0.001
    assert model.keep_score(X[(X[:, 0] > 0) & (X[:, 1] < -2)], 1).mean() < model.keep_score(X[X[:, 0] > 0], 1).mean()
    never_cut = heads_model(max_iter=5).fit(X, np.maximum(after, X[:, 0]).astype(int))
    assert never_cut.booster_ is None


def rare_and_noisy(seed, n):
    """Cuts and raises for reasons of their own, one decision in fifty, and then to any tier alike."""
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 6, n)
    x = rng.normal(size=(n, 16))
    risk = 0.02 * np.exp(-0.8 * x[:, 0] - 0.5 * x[:, 2] - 0.5 * x[:, 4] * (x[:, 5] > 0))
    cut = (rng.random(n) < risk) & (before > 0)
    raised = (rng.random(n) < 0.005 * np.exp(0.8 * x[:, 1] + 0.5 * x[:, 3])) & (before < 5) & ~cut
    lower = (before * rng.random(n)).astype(int)
    higher = before + 1 + ((5 - before) * rng.random(n)).astype(int)
    return np.column_stack([before, x]), np.where(cut, lower, np.where(raised, higher, before))


def test_heads_forecast_rare_moves_better_and_are_chosen_for_them():
    (X, after), (X_val, y_val), (X_test, y_test) = (
        rare_and_noisy(seed, n) for seed, n in ((1, 8000), (2, 8000), (3, 30_000))
    )
    loss, model = {}, {}
    for structure in ("free", "heads", "auto"):
        model[structure] = heads_model(structure=structure).fit(X, after, X_val=X_val, y_val=y_val)
        loss[structure] = ranked_probability_score(y_test, model[structure].predict_proba(X_test))
    assert loss["heads"] < loss["free"]
    assert model["auto"].structure_ == "heads"
    assert model["auto"].n_iter_ == sum(model["auto"].rounds_)
    assert loss["auto"] == loss["heads"]


def test_heads_are_not_tried_where_moves_are_well_forecast(monkeypatch):
    tried = []
    fit = LimitTierClassifier._fit_structure

    def noted(self, structure, *args):
        tried.append(structure)
        return fit(self, structure, *args)

    monkeypatch.setattr(LimitTierClassifier, "_fit_structure", noted)
    frame, tier = portfolio(6, n=3000)
    portfolio_model(structure="auto").fit(frame[:2000], tier[:2000], X_val=frame[2000:], y_val=tier[2000:])
    assert tried[0] == "score"
    assert "heads" not in tried


def test_the_rounds_that_held_out_rows_chose_make_the_same_trees_again():
    X, after = seldom_moved(8)
    stopped = heads_model(n_iter_no_change=10).fit(X[:4000], after[:4000], X_val=X[4000:], y_val=after[4000:])
    again = heads_model(max_iter=stopped.rounds_).fit(X[:4000], after[:4000])
    assert again.predict_proba(X).tobytes() == stopped.predict_proba(X).tobytes()
    assert again.rounds_ == stopped.rounds_


def test_probabilities_follow_the_lines_of_every_tier_in_force(fitted):
    X, after = seldom_moved(9, n=20_000)
    probability = fitted.predict_proba(X)
    for tier in range(6):
        own = X[:, 0] == tier
        found = np.bincount(after[own], minlength=6) / own.sum()
        np.testing.assert_allclose(probability[own].mean(axis=0), found, atol=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tier_in_force": None}, "structure 'heads' needs tier_in_force"),
        ({"max_iter": (5, 5, 5)}, r"max_iter must be one number, or for heads two, got \(5, 5, 5\)"),
        ({"max_iter": (5, 5), "structure": "free"}, "max_iter must be one number unless the structure is 'heads'"),
    ],
)
def test_what_heads_cannot_do_is_said(changes, message):
    with pytest.raises(ValueError, match=message):
        heads_model(**changes).fit(*seldom_moved(10, n=300))


def test_scores_that_rise_are_still_no_models():
    with pytest.raises(Exception, match="a score must fall"):
        tier_probabilities(np.array([[0.0, 1.0]]))


def test_a_row_whose_tier_in_force_is_unknown_is_forecast_by_how_often_tiers_come(fitted):
    X, after = seldom_moved(0)
    unknown = X[:50].copy()
    unknown[:, 0] = np.nan
    shares = (np.bincount(after) + 0.5) / (len(after) + 3)
    np.testing.assert_allclose(fitted.predict_proba(unknown), np.tile(shares, (50, 1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("unknown", [0.3, 1.0])
def test_rows_held_out_whose_tier_in_force_is_unknown_do_not_keep_a_structure_from_being_chosen(unknown):
    X, after = rare_and_noisy(11, 1500)
    X[np.random.default_rng(0).random(len(X)) < unknown, 0] = np.nan
    model = heads_model(structure="auto", max_iter=20)
    model.fit(X[:900], after[:900], X_val=X[900:], y_val=after[900:])
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=0, atol=1e-12)
