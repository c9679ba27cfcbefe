"""Fits scikit-learn's booster on (row, threshold) pairs, with no tree reading columns that may not interact."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from credit_model.arrays import FloatArray, IntArray
from credit_model.model.threshold_pairs import ThresholdPairs
from credit_model.model.weighted_bins import binned_at_once
from credit_model.trees.engines.sklearn import tree_ensemble
from credit_model.trees.ensemble import TreeEnsemble

#: Rows by which scikit-learn bins the columns of larger tables.
_BINNED_ROWS = 200_000
#: Fewest of them that must hold a value on average: that none does then has a chance of 1e-13.
_LEAST_SEEN = 30


def fit_booster(
    booster: HistGradientBoostingClassifier,
    pairs: ThresholdPairs,
    pairs_val: ThresholdPairs | None,
    *,
    groups: Sequence[set[int]] | None,
    categorical: Collection[int],
) -> TreeEnsemble:
    """Fit an unfitted booster, up to its best held-out loss, and read its trees.

    Parameters
    ----------
    booster : HistGradientBoostingClassifier
        Fitted in place.
    pairs, pairs_val : ThresholdPairs
        To fit on; and held out, or None: the fit then runs to its end.
    groups : sequence of sets of columns of pairs, optional
        Each path of a tree reads columns of one group alone. None: all columns may interact.
    categorical : collection of int
        Positions of categorical columns.
    """
    rows = _with_values(pairs.rows, pairs.weight)
    held_out = {}
    if pairs_val is not None:
        held_out = {"X_val": pairs_val.rows, "y_val": pairs_val.above, "sample_weight_val": pairs_val.weight}
    # scikit-learn moves categorical columns to the front and (seen in 1.9) reads interaction_cst in that
    # order; should a release read it in the order of the data, the trees show it.
    moved = np.argsort(_as_moved(pairs.rows.shape[1], categorical))
    for position in (moved, np.arange(len(moved))):
        cst = None if groups is None else [{int(position[j]) for j in group} for group in groups]
        with binned_at_once(booster):
            booster.set_params(interaction_cst=cst).fit(rows, pairs.above, pairs.weight, **held_out)
        if held_out:  # scikit-learn keeps the trees after the best held-out loss
            booster._predictors = booster._predictors[: max(1, int(np.argmax(booster.validation_score_)))]
        trees = tree_ensemble(booster)
        if groups is None or all(any(used <= group for group in groups) for used in trees.features_by_path()):
            return trees
    raise RuntimeError("this release of scikit-learn does not keep interaction_cst")


def _as_moved(n_columns: int, categorical: Collection[int]) -> IntArray:
    """The columns of pairs in the order that scikit-learn gives them: categorical ones first."""
    rest = [j for j in range(n_columns) if j not in categorical]
    return np.array([*sorted(categorical), *rest], dtype=np.int64)


def _with_values(rows: FloatArray, weight: FloatArray) -> FloatArray:
    """Rows whose columns without a value, or next to none, are constant: scikit-learn cannot bin what it never sees.

    It bins a column by the values in a sample of rows, drawn by weight. No tree splits a constant column, so what
    such a column holds later does not matter.
    """
    least = _LEAST_SEEN / _BINNED_ROWS * weight.sum() if len(rows) > _BINNED_ROWS else np.finfo(np.float64).tiny
    rare = [j for j in range(rows.shape[1]) if weight[~np.isnan(rows[:, j])].sum() < least]
    if not rare:
        return rows
    filled = rows.copy()
    filled[:, rare] = 0.0
    return filled
