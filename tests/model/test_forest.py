import numpy as np
import pytest
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from credit_model.errors import ArtifactError
from credit_model.model.forest import OrdinalForest, predicted_tier, tier_probabilities
from credit_model.trees.engines.sklearn import tree_ensemble

N_TIERS = 4


def ordinal_forest(*, tier_column, max_leaf_nodes=31, max_iter=70):
    """A forest on two features and the threshold, and its booster; the target falls with the threshold."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 2))
    X[:, 1] = rng.integers(0, N_TIERS, 2000)
    k = rng.integers(0, N_TIERS - 1, 2000).astype(float)
    columns = [X, k[:, None]] + ([(k - X[:, 1])[:, None]] if tier_column >= 0 else [])
    pairs = np.hstack(columns)
    above = X[:, 0] + X[:, 1] + rng.logistic(size=2000) > k
    signs = [0, 0, -1] + ([-1] if tier_column >= 0 else [])
    booster = HistGradientBoostingClassifier(
        max_iter=max_iter, max_leaf_nodes=max_leaf_nodes, monotonic_cst=signs, min_samples_leaf=3
    ).fit(pairs, above)
    return OrdinalForest(tree_ensemble(booster), N_TIERS, tier_column, 2), booster


@pytest.mark.parametrize("tier_column", [-1, 1])
@pytest.mark.parametrize("max_leaf_nodes", [31, None])
def test_survival_scores_are_the_boosters_for_every_threshold_bit_for_bit(tier_column, max_leaf_nodes):
    forest, booster = ordinal_forest(tier_column=tier_column, max_leaf_nodes=max_leaf_nodes)
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.normal(size=500), rng.integers(0, N_TIERS, 500)])
    X[rng.random(X.shape) < 0.1] = np.nan
    scores = forest.survival_scores(X)
    for k in range(N_TIERS - 1):
        pairs = np.column_stack([X, np.full(500, k)] + ([k - X[:, 1]] if tier_column >= 0 else []))
        expected = booster.decision_function(pairs)
        assert scores[:, k].tobytes() == expected.tobytes()
        assert forest.keep_score(X, np.full(500, k + 1)).tobytes() == expected.tobytes()
    assert forest.survival_scores(X, n_jobs=1).tobytes() == scores.tobytes()


def test_tier_probabilities_are_the_steps_of_the_survival_curve():
    # P(tier > k) = 0.9, 0.5, 0.2: the tiers have 0.1, 0.4, 0.3, 0.2
    log_odds = np.log(np.array([[0.9, 0.5, 0.2]]) / (1 - np.array([[0.9, 0.5, 0.2]])))
    np.testing.assert_allclose(tier_probabilities(log_odds), [[0.1, 0.4, 0.3, 0.2]], rtol=0, atol=1e-15)


def test_the_predicted_tier_is_the_highest_that_is_at_least_as_likely_as_not():
    # log-odds of tier > 0, > 1, > 2; exactly 0 is a probability of one half and keeps the tier
    scores = np.array([[3.0, 1.0, 0.5], [3.0, 0.0, -0.1], [-1.0, -2.0, -3.0]])
    assert predicted_tier(scores).tolist() == [3, 2, 0]


def test_a_keep_score_needs_a_tier_that_can_be_lost():
    forest, _ = ordinal_forest(tier_column=-1, max_iter=2)
    for tier in (0, N_TIERS):
        with pytest.raises(ValueError, match=f"1 <= tier <= 3, found {tier}"):
            forest.keep_score(np.zeros((1, 2)), np.array([tier]))


def test_trees_read_categories_as_their_place_and_unknown_ones_as_missing():
    forest, _ = ordinal_forest(tier_column=-1, max_iter=2)
    forest = OrdinalForest(forest.trees, N_TIERS, -1, 2, {1: np.array([10.0, 20.0, 40.0])})
    X = np.array([[0.0, 20.0], [0.0, 40.0], [0.0, 30.0], [0.0, np.nan], [0.0, 99.0]])
    read = forest.rows(X, np.full(len(X), 2))
    np.testing.assert_array_equal(read[:, 1], [1, 2, np.nan, np.nan, np.nan])
    assert X[0, 1] == 20.0  # the caller's rows stay as they are


def test_probabilities_follow_from_scores_of_any_size():
    far = np.array([[800.0, -800.0, -900.0]])
    assert tier_probabilities(far).tolist() == [[0.0, 1.0, 0.0, 0.0]]
    assert expit(far[0, 0]) == 1.0


def test_scores_that_rise_along_the_tiers_are_no_models():
    falling = np.array([[2.0, 1.0, 1.0 + 1e-12], [0.5, 0.0, -3.0]])
    assert tier_probabilities(falling).min() > -1e-9
    with pytest.raises(ArtifactError, match="a score must fall from one tier to the next"):
        tier_probabilities(falling + np.array([0.0, 0.0, 0.1]))
