import gc
import pickle
import weakref

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from credit_model.trees.engines.sklearn import encoded_rows, tree_ensemble
from credit_model.trees.scoring import change_sets_of, leaf_sets_of, scores
from tests.model.examples import CATEGORY, mixed_rows, on_thresholds
from tests.trees.examples import walked


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
        assert scores(trees, encoded).tobytes() == expected.tobytes()
        assert scores(walked(trees), encoded).tobytes() == expected.tobytes()


def test_leaf_sets_are_used_up_to_64_leaves_a_tree(model):
    trees = tree_ensemble(model)
    small = model.max_leaf_nodes is not None
    assert (leaf_sets_of(trees) is not None) == small
    if small:
        # the narrowest integers that hold a tree's leaves: 16, 32 or 64 bits
        assert leaf_sets_of(trees).sets.dtype.itemsize * 8 == {15: 16, 31: 32, 64: 64}[model.max_leaf_nodes]


def test_the_number_of_threads_changes_nothing(model):
    trees = tree_ensemble(model)
    X = encoded_rows(model, mixed_rows(3, n=3000)[0])
    assert scores(trees, X, n_jobs=1).tobytes() == scores(trees, X, n_jobs=3).tobytes()


def test_values_that_leave_float32_keep_their_side():
    # 1 + 2**-40 and 1 are one number in float32; the model tells them apart, so the trees must.
    X = np.repeat([[1.0], [1.0 + 2.0**-40]], 50, axis=0)
    model = HistGradientBoostingRegressor(max_iter=5).fit(X, np.repeat([0.0, 1.0], 50))
    score = scores(tree_ensemble(model), X)
    assert (score == model.predict(X)).all()
    assert score[0] < score[-1]


def test_infinite_values_go_where_scikit_learn_sends_them(model):
    X, _ = mixed_rows(4, n=100)
    for value in (np.inf, -np.inf):
        rows = X.copy()
        rows[:, [0, 1, 2, 4, 5]] = value
        encoded = encoded_rows(model, rows)
        assert (scores(tree_ensemble(model), encoded) == model.decision_function(rows)).all()


def test_trees_of_a_single_leaf_score_their_baseline():
    model = HistGradientBoostingRegressor(max_iter=3).fit(np.zeros((50, 2)), np.arange(50.0))
    trees = tree_ensemble(model)
    assert trees.depth == 0
    # The mean of 0 .. 49 is 24.5; with nothing to split on, every leaf is the mean residual, 0.
    np.testing.assert_allclose(scores(trees, np.ones((3, 2))), 24.5, rtol=0, atol=1e-12)


def test_leaf_sets_are_made_once_and_go_with_their_trees():
    X, signal = mixed_rows(6, n=200)
    trees = tree_ensemble(HistGradientBoostingRegressor(max_iter=3).fit(X, signal))
    sets, changes = leaf_sets_of(trees), change_sets_of(trees)
    assert leaf_sets_of(trees) is sets
    assert change_sets_of(trees) is changes
    gone = weakref.ref(sets)
    del trees, sets, changes
    gc.collect()
    assert gone() is None


def test_trees_are_pickled_without_what_is_made_of_them():
    X, signal = mixed_rows(7, n=200)
    trees = tree_ensemble(HistGradientBoostingRegressor(max_iter=3).fit(X, signal))
    before = len(pickle.dumps(trees))
    expected = scores(trees, X)
    assert len(pickle.dumps(trees)) == before
    assert scores(pickle.loads(pickle.dumps(trees)), X).tobytes() == expected.tobytes()
