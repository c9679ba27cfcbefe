"""The ordinal model's trees: scores of every threshold, without scikit-learn's estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import expit

from credit_model.model.trees import TreeEnsemble, leaf_value, over_blocks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class OrdinalForest:
    """Trees that score (row, threshold) pairs: log-odds of "tier > threshold".

    Attributes
    ----------
    trees : TreeEnsemble
        They read rows of ``width`` features, then the threshold, then (with a tier in force) the threshold less
        the tier in force.
    n_tiers : int
    tier_column : int
        Position of the tier in force among the features; -1: none.
    width : int
        Number of features.
    categories : dict of column position to float64 array
        The values of numeric categorical features, sorted; a value's place is the code that the trees read.
    """

    trees: TreeEnsemble
    n_tiers: int
    tier_column: int
    width: int
    categories: Mapping[int, FloatArray] = field(default_factory=dict)

    def encode(self, X: FloatArray) -> FloatArray:
        """Rows (n, width) with categorical values as the trees' codes; unknown values become NaN."""
        if not self.categories:
            return X
        X = X.copy()
        for column, values in self.categories.items():
            place = np.minimum(np.searchsorted(values, X[:, column]), len(values) - 1)
            X[:, column] = np.where(values[place] == X[:, column], place, np.nan)
        return X

    def rows(self, X: FloatArray, threshold: IntArray) -> FloatArray:
        """Rows as the trees read them, (n, n_features_of_trees), for one threshold a row (n,)."""
        out = np.empty((len(X), self.trees.n_features))
        out[:, : self.width] = X
        out[:, self.width] = threshold
        if self.tier_column >= 0:
            out[:, self.width + 1] = threshold - X[:, self.tier_column]
        return out

    def keep_score(self, X: FloatArray, tier: IntArray, *, n_jobs: int = -1) -> FloatArray:
        """Log-odds that the tier is at least ``tier`` (n,), each in 1 .. n_tiers - 1: (n,).

        Raises
        ------
        ValueError
            A tier outside 1 .. n_tiers - 1.
        """
        if len(tier) and not (1 <= tier.min() and tier.max() < self.n_tiers):
            raise ValueError(
                f"tier must fulfil 1 <= tier <= {self.n_tiers - 1}, found {tier.min()} .. {tier.max()}"
            )
        return self.trees.scores(self.rows(X, tier - 1), n_jobs=n_jobs)

    def survival_scores(self, X: FloatArray, *, n_jobs: int = -1) -> FloatArray:
        """Log-odds of tier > k for every threshold k: (n, n_tiers - 1), non-increasing along a row."""
        X = np.ascontiguousarray(X, dtype=np.float64)
        out = np.empty((len(X), self.n_tiers - 1))
        t = self.trees

        def work(start: int, stop: int) -> None:
            _survival(
                t.nodes,
                t.roots,
                t.left_categories,
                t.known_categories,
                t.baseline,
                X[start:stop],
                self.tier_column,
                t.n_features,
                out[start:stop],
            )

        over_blocks(work, len(X), n_jobs)
        return out


def tier_probabilities(survival_scores: FloatArray) -> FloatArray:
    """From log-odds of tier > k (n, n_tiers - 1) to probabilities of each tier (n, n_tiers)."""
    n = len(survival_scores)
    survival = np.column_stack([np.ones(n), expit(survival_scores), np.zeros(n)])
    return -np.diff(survival, axis=1)


def predicted_tier(survival_scores: FloatArray) -> IntArray:
    """The highest t with P(tier >= t) >= 1/2 (n,), from log-odds of tier > k (n, n_tiers - 1)."""
    return np.sum(survival_scores >= 0, axis=1).astype(np.int64)


@njit(cache=True, nogil=True)
def _survival(  # type: ignore[no-untyped-def]
    nodes, roots, left_categories, known_categories, baseline, X, tier_column, n_features, out
):
    width = X.shape[1]
    n_thresholds = out.shape[1]
    rows = np.empty((n_thresholds, n_features))
    out[:] = baseline
    for n in range(X.shape[0]):
        for k in range(n_thresholds):
            for j in range(width):
                rows[k, j] = X[n, j]
            rows[k, width] = k
            if tier_column >= 0:
                rows[k, width + 1] = k - X[n, tier_column]
        for root in roots:
            for k in range(n_thresholds):
                out[n, k] += leaf_value(nodes, root, left_categories, known_categories, rows, k)
