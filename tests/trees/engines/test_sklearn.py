import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from credit_model.trees.engines.sklearn import tree_ensemble
from tests.model.examples import mixed_rows


def test_only_binary_or_regression_boosters_are_read():
    X, signal = mixed_rows(5, n=200)
    with pytest.raises(TypeError, match="got LogisticRegression"):
        tree_ensemble(LogisticRegression())
    with pytest.raises(TypeError, match="fitted"):
        tree_ensemble(HistGradientBoostingRegressor())
    multiclass = HistGradientBoostingClassifier(max_iter=2).fit(X, np.digitize(signal, [-1, 1]))
    with pytest.raises(TypeError, match="got 3 trees an iteration"):
        tree_ensemble(multiclass)
