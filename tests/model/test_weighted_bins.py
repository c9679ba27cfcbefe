"""Bins of weighted rows: those of scikit-learn, to the bit, and so the same trees."""

import inspect

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.ensemble._hist_gradient_boosting import binning

from credit_model.model.weighted_bins import binned_at_once, weighted_thresholds

pytestmark = pytest.mark.skipif(
    "sample_weight" not in inspect.signature(binning._find_binning_thresholds).parameters,
    reason="this scikit-learn bins without weights",
)


@pytest.mark.parametrize("max_bins", [2, 17, 255])
@pytest.mark.parametrize("shape", ["smooth", "ties", "few", "constant", "heavy", "infinite"])
def test_thresholds_are_those_of_scikit_learn(shape, max_bins):
    rng = np.random.default_rng(3)
    values = {
        "smooth": rng.normal(size=3000),
        "ties": np.round(rng.exponential(80, size=3000)),
        "few": rng.integers(0, 9, 3000) / 3,
        "constant": np.full(3000, 0.1),
        "heavy": np.where(rng.random(3000) < 0.7, 0.0, rng.lognormal(size=3000)),
        "infinite": np.where(rng.random(3000) < 0.1, np.inf, rng.normal(size=3000)),
    }[shape]
    values[rng.random(3000) < 0.1] = np.nan
    for weight in (np.ones(3000), rng.choice([0.0, 1.0, 2.5], 3000), rng.random(3000)):
        theirs = binning._find_binning_thresholds(values, max_bins, sample_weight=weight)
        assert weighted_thresholds(values, weight, max_bins).tobytes() == np.asarray(theirs, dtype=np.float64).tobytes()


def test_a_fit_grows_the_same_trees_and_leaves_no_trace():
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.normal(size=(2000, 3)), rng.integers(0, 4, 2000)])
    X[rng.random(X.shape) < 0.05] = np.nan
    above, weight = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 3]) + rng.normal(size=2000) > 1, rng.random(2000)
    settings = {"max_iter": 8, "categorical_features": [3], "random_state": 0, "early_stopping": False}
    theirs = HistGradientBoostingClassifier(**settings).fit(X, above, weight)
    ours = HistGradientBoostingClassifier(**settings)
    with binned_at_once(ours):
        ours.fit(X, above, weight)
    for (one,), (other,) in zip(theirs._predictors, ours._predictors, strict=True):
        assert one.nodes.tobytes() == other.nodes.tobytes()
    assert "_bin_data" not in vars(ours)
    assert ours.predict_proba(X).tobytes() == theirs.predict_proba(X).tobytes()
