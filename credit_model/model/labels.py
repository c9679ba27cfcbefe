"""Tiers and weights as a user gives them: which values are tiers, in which order, and what a row weighs."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight

from credit_model.arrays import FloatArray, IntArray

#: Weights beyond this are taken relative to their mean: boosters add them up in single precision.
LARGEST_WEIGHT = 1e12


class Labels(NamedTuple):
    """Labels of rows (n,), and the tiers in order where an ordered categorical tells it, else None."""

    values: NDArray[Any]
    order: NDArray[Any] | None


def labels_of(y: Any, name: str = "y") -> Labels:
    """Labels as an array, whatever they come in: arrays, lists, pandas' columns of any type.

    Of an ordered categorical the order is kept; categories that no row has are left out.

    Raises
    ------
    ValueError
        One is missing or infinite, they have several columns, or are no classes.
    """
    if y is None:
        raise ValueError(f"requires y to be passed, but the target {name} is None")
    order = None
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        warnings.warn("A column-vector y was passed when a 1d array was expected", DataConversionWarning, stacklevel=3)
        y = y.iloc[:, 0]
    dtype = getattr(y, "dtype", None)
    is_category = isinstance(dtype, pd.CategoricalDtype)
    if isinstance(dtype, pd.api.extensions.ExtensionDtype):
        column = pd.Series(y)
        _check_known(column.isna().to_numpy(), name)
        if is_category:
            used = column.cat.remove_unused_categories().cat
            order = np.asarray(used.categories) if used.ordered else None
            y = np.asarray(column)
        elif pd.api.types.is_numeric_dtype(dtype):  # of pandas' own types: 1, not 1.0
            y = column.to_numpy(dtype=getattr(dtype, "numpy_dtype", np.float64))
        else:
            y = column.to_numpy(dtype=object)
    y = column_or_1d(y, warn=True)
    if y.dtype == object:
        _check_known(pd.isna(y), name)
    assert_all_finite(y, input_name=name)
    if not is_category:  # whose values, such as intervals, are classes whatever they are
        check_classification_targets(y)
    return Labels(y, order)


def tiers_of(labels: Labels, n_tiers: int | None) -> NDArray[Any]:
    """The tiers, lowest first: (n_tiers,).

    Parameters
    ----------
    labels : Labels
    n_tiers : int, optional
        0 .. n_tiers - 1 then; None: the distinct labels, in their own order or sorted.

    Raises
    ------
    ValueError
        ``n_tiers`` is no whole number of at least 2, or the labels' order contradicts it, or there is one tier.
    """
    if n_tiers is None:
        tiers: NDArray[Any] = np.unique(labels.values) if labels.order is None else labels.order
        if len(tiers) < 2:
            raise ValueError("y must hold at least 2 classes, got 1 class")
        return tiers
    if isinstance(n_tiers, bool | np.bool_) or not isinstance(n_tiers, int | np.integer) or n_tiers < 2:
        raise ValueError(f"n_tiers must be a whole number >= 2, so that there are at least 2 classes, got {n_tiers!r}")
    if labels.order is not None and not np.array_equal(labels.order, np.sort(labels.order)):
        raise ValueError(f"with n_tiers, y must be ordered as numbers are, got {labels.order.tolist()}")
    return np.arange(n_tiers)


def tier_numbers(labels: NDArray[Any], tiers: NDArray[Any], name: str) -> IntArray:
    """Each label's place among the tiers: (n,).

    Raises
    ------
    ValueError
        One is no tier.
    """
    sorter = np.argsort(tiers, kind="stable")
    try:
        place = np.searchsorted(tiers, labels, sorter=sorter)
        tier = sorter[np.minimum(place, len(tiers) - 1)]
        known = np.broadcast_to(tiers[tier] == labels, len(labels))
    except TypeError:  # texts beside numbers
        tier, known = np.zeros(len(labels), dtype=np.int64), np.zeros(len(labels), dtype=np.bool_)
    if not known.all():
        found = labels[~known][0]
        found = found.item() if isinstance(found, np.generic) else found
        raise ValueError(f"{name} must hold only the tiers {tiers.tolist()}, found {found!r}")
    return tier.astype(np.int64)


def row_weights(sample_weight: Any, rows: FloatArray) -> FloatArray:
    """Weights of rows (n, width), in proportions that a booster can add up: (n,).

    Weights that sum to 1 or less are shares, and weights beyond `LARGEST_WEIGHT` have no meaning as numbers of rows:
    both are taken relative to their mean.

    Raises
    ------
    ValueError
        One is negative or not finite, none is positive, or there are not as many as rows.

    Examples
    --------
    >>> row_weights([1e300, 1e300, 0.0], np.zeros((3, 1))).tolist()
    [1.0, 1.0, 0.0]
    """
    if sample_weight is None:
        return np.ones(len(rows))
    weight: FloatArray = _check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)
    largest = weight.max(initial=0.0)
    if largest > 0 and (largest > LARGEST_WEIGHT or weight.sum() <= 1 + 1e-9):
        weight = weight / largest
        weight = weight / weight[weight > 0].mean()
    return weight


def _check_known(missing: NDArray[np.bool_], name: str) -> None:
    if missing.any():
        raise ValueError(
            f"Input {name} contains NaN or another missing value in {int(missing.sum()):,} of {len(missing):,} rows "
            f"(first: row {int(np.flatnonzero(missing)[0])}); leave these rows out"
        )
