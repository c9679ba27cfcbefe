"""The ordinal model's trees: scores of every threshold, without scikit-learn's estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.special import expit

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import ArtifactError
from credit_model.model.categories import coded
from credit_model.model.heads import has_heads
from credit_model.parallel import over_blocks
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.leaf_set_kernels import add_survival_scores
from credit_model.trees.leaf_sets import LeafSets
from credit_model.trees.scoring import leaf_sets_of, scores

#: Most by which sums of the same trees' leaves may differ for want of digits, log-odds.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class OrdinalForest:
    """Trees that score (row, threshold) pairs: log-odds of "tier > threshold".

    Rows are given as they are, with the values of categories: what the trees read is made of them here.

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

    def rows(self, X: FloatArray, threshold: IntArray) -> FloatArray:
        """Rows (n, width) as the trees read them, for one threshold a row (n,): (n, n_features_of_trees)."""
        return self._rows(coded(X, self.categories), threshold)

    def _rows(self, codes: FloatArray, threshold: IntArray) -> FloatArray:
        """`rows` whose categories are codes already."""
        out = np.empty((len(codes), self.trees.n_features))
        out[:, : self.width] = codes
        out[:, self.width] = threshold
        if self.tier_column >= 0:
            out[:, self.width + 1] = threshold - codes[:, self.tier_column]
        return out

    def keep_score(self, X: FloatArray, tier: IntArray, *, n_jobs: int = -1) -> FloatArray:
        """Log-odds that the tier of rows X (n, width) is at least ``tier`` (n,), each in 1 .. n_tiers - 1: (n,).

        Raises
        ------
        ValueError
            A tier outside 1 .. n_tiers - 1.
        """
        if len(tier) and not (tier.min() >= 1 and tier.max() < self.n_tiers):
            raise ValueError(f"tier must fulfil 1 <= tier <= {self.n_tiers - 1}, found {tier.min()} .. {tier.max()}")
        score = scores(self.trees, self.rows(X, tier - 1), n_jobs=n_jobs)
        if self.has_heads:  # what is not even kept is not raised
            in_force = X[:, self.tier_column]
            raised = np.flatnonzero((in_force > 0) & (tier > in_force))
            if len(raised):
                below = in_force[raised].astype(np.int64) - 1
                kept = scores(self.trees, self.rows(X[raised], below), n_jobs=n_jobs)
                score[raised] = np.minimum(score[raised], kept)
        return score

    def survival_scores(self, X: FloatArray, *, n_jobs: int = -1) -> FloatArray:
        """Log-odds of tier > k of rows X (n, width), for every threshold k: (n, n_tiers - 1), falling along a row."""
        codes = coded(np.ascontiguousarray(X, dtype=np.float64), self.categories)
        sets = leaf_sets_of(self.trees)
        out = np.full((len(codes), self.n_tiers - 1), self.trees.baseline)

        def work(start: int, stop: int) -> None:
            if sets is None:
                self._walk_survival(codes[start:stop], out[start:stop])
            else:
                self._add_survival(sets, codes[start:stop], out[start:stop])

        over_blocks(work, len(codes), n_jobs)
        if self.has_heads:  # what is not even kept is not raised
            can_fall = np.flatnonzero(codes[:, self.tier_column] > 0)  # false where it is unknown
            tier = codes[can_fall, self.tier_column].astype(np.int64)
            kept = out[can_fall, tier - 1, None]
            out[can_fall] = np.where(
                np.arange(out.shape[1]) >= tier[:, None], np.minimum(out[can_fall], kept), out[can_fall]
            )
        return out

    @cached_property
    def has_heads(self) -> bool:
        """Whether cuts and raises are scored by trees of their own (`model.heads`)."""
        return self.tier_column >= 0 and has_heads(self.trees, self.width + 1)

    def _walk_survival(self, codes: FloatArray, out: FloatArray) -> None:
        for k in range(out.shape[1]):
            out[:, k] = scores(self.trees, self._rows(codes, np.full(len(codes), k)), n_jobs=1)

    def _add_survival(self, sets: LeafSets, codes: FloatArray, out: FloatArray) -> None:
        """A row differs between thresholds only in the threshold and its distance: the rest is looked up once."""
        thresholds = np.arange(out.shape[1], dtype=np.float64)
        varying = [np.tile(sets.intervals_of(self.width, thresholds), (len(codes), 1))]
        if self.tier_column >= 0:
            distance = thresholds - codes[:, [self.tier_column]]
            varying.append(sets.intervals_of(self.width + 1, distance.ravel()))
        fixed = sets.intervals(self._rows(codes, np.zeros(len(codes), dtype=np.int64)))[:, sets.used < self.width]
        add_survival_scores(
            np.ascontiguousarray(fixed),
            np.hstack(varying).reshape(*out.shape, sum(part.shape[1] for part in varying)),
            sets.sets,
            sets.values,
            out,
        )


def tier_probabilities(survival_scores: FloatArray) -> FloatArray:
    """From log-odds of tier > k (n, n_tiers - 1), falling along a row, to probabilities of each tier (n, n_tiers).

    Raises
    ------
    ArtifactError
        They rise somewhere, as a fitted model's never do: the trees are no such model's.
    """
    n = len(survival_scores)
    if (np.diff(survival_scores, axis=1) > _ROUNDING).any():
        raise ArtifactError(
            "a score must fall from one tier to the next, as the fit makes it, and rises in these trees; they were "
            "changed since: restore the model from a copy or train again"
        )
    survival = np.column_stack([np.ones(n), expit(survival_scores), np.zeros(n)])
    return -np.diff(survival, axis=1)


def predicted_tier(survival_scores: FloatArray) -> IntArray:
    """The highest t with P(tier >= t) >= 1/2 (n,), from log-odds of tier > k (n, n_tiers - 1)."""
    return np.asarray(np.sum(survival_scores >= 0, axis=1), dtype=np.int64)
