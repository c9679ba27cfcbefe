"""From a table of features to the rows that a forest takes, and what a table may hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_array

from credit_model.arrays import FloatArray
from credit_model.model.categories import known_categories
from credit_model.trees.nodes import MOST_FEATURES

#: Most values of a categorical column: its codes must fit into a node's 256-bit sets, beside "unknown".
MOST_CATEGORIES = 255


def without_na(X: Any) -> Any:
    """An array of objects with pandas' NA as NaN; anything else as it is."""
    if isinstance(X, pd.DataFrame) or not isinstance(X, np.ndarray | list | tuple):
        return X
    array = np.asarray(X)
    if array.dtype != object or array.ndim != 2:
        return X
    return np.where(pd.isna(array), np.nan, array)


def as_table(X: Any) -> pd.DataFrame:
    """Rows as a table: (n, n_features).

    Raises
    ------
    ValueError
        ``X`` has not two dimensions.
    """
    if isinstance(X, pd.DataFrame):
        return X
    array = np.asarray(X)
    if array.ndim != 2:
        raise ValueError(f"Expected 2D array, got {array.ndim}D array instead; reshape X to (n_samples, n_features)")
    return pd.DataFrame(array)


def known_values(table: pd.DataFrame, categorical: Collection[int]) -> dict[int, NDArray[Any]]:
    """The known values of categorical columns, sorted, by position; none where a column holds no value.

    Parameters
    ----------
    table : DataFrame
    categorical : positions of the categorical columns

    Raises
    ------
    ValueError
        A column has more than `MOST_CATEGORIES` of them, or of types that have no common order.
    """
    found = {}
    for i in categorical:
        column = table.iloc[:, i]
        try:
            values = np.sort(np.asarray(column.dropna().unique()))
        except TypeError:
            types = sorted({type(value).__name__ for value in column.dropna()})
            raise ValueError(
                f"categorical column {table.columns[i]!r} must hold values of one type, found {', '.join(types)}; "
                "convert them to text"
            ) from None
        if len(values) > MOST_CATEGORIES:
            raise ValueError(
                f"categorical column {table.columns[i]!r} must have at most {MOST_CATEGORIES} categories, found "
                f"{len(values):,}; group rare ones, or give it as a number"
            )
        found[i] = values
    return found


def feature_rows(table: pd.DataFrame, categories: dict[int, NDArray[Any]], *, copy: bool = True) -> FloatArray:
    """Rows as a forest takes them, (n, n_features): numeric categories as they are, others by their place.

    A category that is not known, and anything missing (None, NaN, pandas' NA), is NaN. Without ``copy`` they may be the
    table's own numbers, which are only read.

    Raises
    ------
    ValueError
        There is no row, or a column of numbers holds something else, or infinity.
    """
    check_width(table.shape[1])
    if not copy and not categories and (table.dtypes == np.float64).all():
        rows = table.to_numpy()
    else:
        rows = np.empty(table.shape, dtype=np.float64)
        for i, column in enumerate(_columns(table)):
            rows[:, i] = known_categories(column, categories[i]) if i in categories else _numbers(column)
    checked: FloatArray = check_array(rows, dtype=np.float64, order="C", ensure_all_finite="allow-nan", input_name="X")
    return checked


def check_width(n_features: int) -> None:
    """Refuse more columns than a node of a tree can name, the threshold's two among them."""
    if n_features > MOST_FEATURES - 2:
        raise ValueError(f"X must have at most {MOST_FEATURES - 2:,} features, got {n_features:,}; leave some out")


def check_tiers(tier: FloatArray, column: str | int, n_tiers: int) -> None:
    """Refuse a column of tiers in force (n,) that holds anything but tiers, or NaN."""
    wrong = tier[~(np.isnan(tier) | np.isin(tier, np.arange(n_tiers)))]
    if len(wrong):
        raise ValueError(
            f"column {column!r} must hold tiers in 0 .. {n_tiers - 1}, or NaN, found {wrong[0]:g} in {len(wrong):,} of "
            f"{len(tier):,} rows; give the tier before the decision"
        )


def _columns(table: pd.DataFrame) -> Iterator[pd.Series]:
    return (table.iloc[:, i] for i in range(table.shape[1]))


def _numbers(column: pd.Series) -> FloatArray:
    if isinstance(column.dtype, pd.CategoricalDtype):
        kind = column.dtype.categories.dtype
        column = column.astype(object)  # the categories' own type may have no place for a blank
    else:
        kind = column.dtype
    if getattr(kind, "kind", "O") in "mMc" or isinstance(kind, pd.PeriodDtype | pd.IntervalDtype):
        raise ValueError(f"column {column.name!r} must hold numbers, found {kind}; convert it")
    try:
        numbers: FloatArray = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"column {column.name!r} must hold numbers, {error}; convert it") from None
    return numbers
