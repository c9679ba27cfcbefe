"""Rows and models that are hard to follow: repeated values, missing ones, categories, values on thresholds."""

import numpy as np
import pandas as pd

from credit_model.model.classifier import LimitTierClassifier

N_FEATURES = 6
CATEGORY = 3
N_TIERS = 5
JOBS = ["gig", "salaried", "self_employed"]


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


def portfolio(seed=0, n=1500):
    """A small portfolio: tier in force, an income that raises and debts that lower the tier, a job."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "tier_in_force": rng.integers(0, N_TIERS, n).astype(float),
            "income": rng.normal(size=n).round(2),
            "debt": rng.exponential(size=n).round(2),
            "noise": rng.normal(size=n),
            "job": rng.choice(JOBS, n),
        }
    )
    pull = frame["income"] - frame["debt"] + (frame["job"] == "salaried") + 0.5 * rng.normal(size=n)
    tier = np.clip(frame["tier_in_force"] + np.digitize(pull, [-1.5, 1.5]) - 1, 0, N_TIERS - 1).astype(int)
    frame.loc[rng.random(n) < 0.05, "income"] = np.nan
    return frame, tier.to_numpy()


def portfolio_model(**changes):
    options = {
        "max_iter": 60,
        "learning_rate": 0.1,
        "l2_regularization": 0.0,
        "n_tiers": N_TIERS,
        "tier_in_force": "tier_in_force",
        "monotonic_cst": {"income": 1, "debt": -1},
        "categorical_features": ["job"],
        "structure": "free",
        "random_state": 0,
    }
    return LimitTierClassifier(**(options | changes))


def as_rows(frame):
    """A portfolio's rows as a forest takes them: each job by its place among all jobs."""
    return frame.assign(job=frame["job"].map(JOBS.index)).to_numpy(dtype=np.float64)
