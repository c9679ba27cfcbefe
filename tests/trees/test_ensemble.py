import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from credit_model.trees.engines.sklearn import tree_ensemble


def test_depth_is_the_longest_path():
    # Steps at 1, 2, 3 on one feature, a leaf each: whatever split comes first, one path has at least 2 splits,
    # and no path has more than 3.
    X = np.repeat([[0.0], [1.0], [2.0], [3.0]], 30, axis=0)
    model = HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=1).fit(X, np.repeat([0.0, 9.0, 1.0, 5.0], 30))
    expected = max(predictor.get_max_depth() for (predictor,) in model._predictors)
    assert tree_ensemble(model).depth == expected
    assert 2 <= expected <= 3
