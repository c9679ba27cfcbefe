"""Rows and models that are hard to follow: repeated values, missing ones, categories, values on thresholds."""

import numpy as np

N_FEATURES = 6
CATEGORY = 3


def mixed_rows(seed, n=600):
    """Rows (n, 6), column 3 a category of seven codes, and a signal (n,) that depends on all kinds of column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, N_FEATURES)).round(1)  # rounded: values repeat, and thresholds may equal them
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:, CATEGORY] = rng.integers(0, 7, n)
    X[rng.random(n) < 0.05, CATEGORY] = np.nan
    signal = np.nansum(X[:, :3], axis=1)
    signal += np.where(np.isin(X[:, CATEGORY], [1, 4, 6]), 1, -1) * np.nan_to_num(X[:, 4])
    return X, signal + 0.3 * rng.normal(size=n)


def thresholds(model, feature):
    """All numeric thresholds of one feature, in scikit-learn's inner order of features."""
    nodes = np.concatenate([predictor.nodes for (predictor,) in model._predictors])
    inner = nodes[(nodes["is_leaf"] == 0) & (nodes["is_categorical"] == 0) & (nodes["feature_idx"] == feature)]
    return inner["num_threshold"]


def on_thresholds(model, X, *, seed, n):
    """Rows whose numbers lie exactly on thresholds, one ulp above or one ulp below."""
    rng = np.random.default_rng(seed)
    rows = X[rng.integers(0, len(X), n)].copy()
    # scikit-learn moves categorical columns to the front
    inner = {0: 1, 1: 2, 2: 3, 4: 4, 5: 5} if model.is_categorical_ is not None else {j: j for j in range(N_FEATURES)}
    for j, position in inner.items():
        on = thresholds(model, position)
        if len(on) and j != CATEGORY:
            chosen = rng.choice(on, n)
            nudged = np.stack([chosen, np.nextafter(chosen, np.inf), np.nextafter(chosen, -np.inf)])
            rows[:, j] = nudged[rng.integers(0, 3, n), np.arange(n)]
    return rows
