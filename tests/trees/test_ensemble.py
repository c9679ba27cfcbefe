from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from credit_model.trees.ensemble import TreeEnsemble, encoded_rows, tree_ensemble
from tests.model.examples import CATEGORY, mixed_rows, on_thresholds


def walked(trees: TreeEnsemble) -> TreeEnsemble:
    """The same trees, without their leaf sets: scored by walking from node to node."""
    again = replace(trees)
    again.__dict__["leaf_sets"] = None
    return again


@pytest.fixture(scope="module", params=["15 leaves", "31 leaves", "64 leaves", "any number of leaves"])
def model(request):
    leaves = {"15 leaves": 15, "31 leaves": 31, "64 leaves": 64}.get(request.param)
    X, signal = mixed_rows(0, n=1500)
    return HistGradientBoostingClassifier(
        max_iter=70, max_leaf_nodes=leaves, min_samples_leaf=3, categorical_features=[CATEGORY]
    ).fit(X, signal > 0)


def test_scores_equal_scikit_learns_bit_for_bit(model):
    trees = tree_ensemble(model)
    X, _ = mixed_rows(1)
    hard = on_thresholds(model, X, seed=2, n=1000)
    for rows in (X, hard):
        encoded = encoded_rows(model, rows)
        expected = model.decision_function(rows)
        assert trees.scores(encoded).tobytes() == expected.tobytes()
        assert walked(trees).scores(encoded).tobytes() == expected.tobytes()


def test_leaf_sets_are_used_up_to_64_leaves_a_tree(model):
    trees = tree_ensemble(model)
    small = model.max_leaf_nodes is not None
    assert (trees.leaf_sets is not None) == small
    if small:
        # the narrowest integers that hold a tree's leaves: 16, 32 or 64 bits
        assert trees.leaf_sets.sets.dtype.itemsize * 8 == {15: 16, 31: 32, 64: 64}[model.max_leaf_nodes]


def test_the_number_of_threads_changes_nothing(model):
    trees = tree_ensemble(model)
    X = encoded_rows(model, mixed_rows(3, n=3000)[0])
    assert trees.scores(X, n_jobs=1).tobytes() == trees.scores(X, n_jobs=3).tobytes()


def test_values_that_leave_float32_keep_their_side():
    # 1 + 2**-40 and 1 are one number in float32; the model tells them apart, so the trees must.
    X = np.repeat([[1.0], [1.0 + 2.0**-40]], 50, axis=0)
    model = HistGradientBoostingRegressor(max_iter=5).fit(X, np.repeat([0.0, 1.0], 50))
    scores = tree_ensemble(model).scores(X)
    assert (scores == model.predict(X)).all()
    assert scores[0] < scores[-1]


def test_infinite_values_go_where_scikit_learn_sends_them(model):
    X, _ = mixed_rows(4, n=100)
    for value in (np.inf, -np.inf):
        rows = X.copy()
        rows[:, [0, 1, 2, 4, 5]] = value
        encoded = encoded_rows(model, rows)
        assert (tree_ensemble(model).scores(encoded) == model.decision_function(rows)).all()


def test_trees_of_a_single_leaf_score_their_baseline():
    model = HistGradientBoostingRegressor(max_iter=3).fit(np.zeros((50, 2)), np.arange(50.0))
    trees = tree_ensemble(model)
    assert trees.depth == 0
    # The mean of 0 .. 49 is 24.5; with nothing to split on, every leaf is the mean residual, 0.
    np.testing.assert_allclose(trees.scores(np.ones((3, 2))), 24.5, rtol=0, atol=1e-12)


def test_depth_is_the_longest_path():
    # Steps at 1, 2, 3 on one feature, a leaf each: whatever split comes first, one path has at least 2 splits,
    # and no path has more than 3.
    X = np.repeat([[0.0], [1.0], [2.0], [3.0]], 30, axis=0)
    model = HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=1).fit(X, np.repeat([0.0, 9.0, 1.0, 5.0], 30))
    expected = max(predictor.get_max_depth() for (predictor,) in model._predictors)
    assert tree_ensemble(model).depth == expected
    assert 2 <= expected <= 3


def test_only_binary_or_regression_boosters_are_read():
    X, signal = mixed_rows(5, n=200)
    with pytest.raises(TypeError, match="got LogisticRegression"):
        tree_ensemble(LogisticRegression())
    with pytest.raises(TypeError, match="fitted"):
        tree_ensemble(HistGradientBoostingRegressor())
    multiclass = HistGradientBoostingClassifier(max_iter=2).fit(X, np.digitize(signal, [-1, 1]))
    with pytest.raises(TypeError, match="got 3 trees an iteration"):
        tree_ensemble(multiclass)
