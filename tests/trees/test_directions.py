import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from credit_model.trees.directions import goes_one_way
from credit_model.trees.engines.sklearn import encoded_rows, tree_ensemble
from credit_model.trees.scoring import scores
from tests.model.examples import CATEGORY, N_FEATURES, mixed_rows


def fitted(**given):
    X, signal = mixed_rows(0)
    return X, HistGradientBoostingRegressor(max_iter=40, categorical_features=[CATEGORY], **given).fit(X, signal)


def test_a_model_under_monotone_constraints_goes_one_way_and_not_the_other():
    _, model = fitted(monotonic_cst=[1, 0, 1, 0, -1, 0])
    trees = tree_ensemble(model)
    assert goes_one_way(trees, 0, 1)
    assert goes_one_way(trees, 2, 1)
    assert goes_one_way(trees, 4, -1)
    assert not goes_one_way(trees, 0, -1)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_proven_holds_on_sweeps_and_a_score_that_turns_is_never_proven(seed):
    rng = np.random.default_rng(seed)
    signs = rng.integers(-1, 2, N_FEATURES)
    signs[CATEGORY] = 0
    X, model = fitted(monotonic_cst=signs.tolist())
    trees = tree_ensemble(model)
    rows = encoded_rows(model, X[:40])
    values = np.linspace(-4, 4, 201)
    for j in range(N_FEATURES):
        if j == CATEGORY:
            continue
        sweep = np.repeat(rows, len(values), axis=0)
        sweep[:, j] = np.tile(values, len(rows))
        steps = np.diff(scores(trees, sweep, n_jobs=1).reshape(len(rows), -1), axis=1)
        for sign in (-1, 1):
            turns = (sign * steps < -1e-12).any()
            assert not (turns and goes_one_way(trees, j, sign))
        if signs[j]:
            assert goes_one_way(trees, j, int(signs[j]))


def test_a_split_on_categories_has_no_direction():
    _, model = fitted()
    assert not goes_one_way(tree_ensemble(model), CATEGORY, 1)
    assert not goes_one_way(tree_ensemble(model), CATEGORY, -1)
