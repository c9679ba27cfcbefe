"""Categories: from a table's column to numbers, and from numbers to the codes that the trees read.

A code 0, 1, ... is a value's place among the values known. Columns of numbers stay numbers until a forest makes codes
of them; other columns, such as text, become codes at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray


def coded(X: FloatArray, categories: Mapping[int, FloatArray]) -> FloatArray:
    """Rows (n, width) with the values of categorical columns as codes; unknown values become NaN.

    Parameters
    ----------
    X : float64 array, (n, width)
        Left as it is.
    categories : mapping of column position to float64 array
        The values of a column, sorted, each once.

    Examples
    --------
    >>> import numpy as np
    >>> coded(np.array([[20.0, 1.5], [30.0, 2.5]]), {0: np.array([10.0, 20.0])}).tolist()
    [[1.0, 1.5], [nan, 2.5]]
    """
    if not categories:
        return X
    out = X.copy()
    for column, values in categories.items():
        if not len(values):  # no value was ever known
            out[:, column] = np.nan
            continue
        place = np.minimum(np.searchsorted(values, X[:, column]), len(values) - 1)
        out[:, column] = np.where(values[place] == X[:, column], place, np.nan)
    return out


def known_categories(column: pd.Series, values: NDArray[Any]) -> FloatArray:
    """A column (n,) as a forest takes it: numbers as they are, others as their place among ``values``; unknown NaN."""
    place = pd.Index(values).get_indexer(pd.Index(column.to_numpy()))
    known = (place >= 0) & ~column.isna().to_numpy()
    shown = values.astype(np.float64) if _is_numeric(values) else np.arange(len(values), dtype=np.float64)
    out = np.full(len(column), np.nan)
    out[known] = shown[place[known]]
    return out


def numeric_values(categories: Mapping[int, NDArray[Any]]) -> dict[int, FloatArray]:
    """Those of the columns' known values that are numbers: of these columns a forest makes codes (`coded`)."""
    return {column: values.astype(np.float64) for column, values in categories.items() if _is_numeric(values)}


def _is_numeric(values: NDArray[Any]) -> bool:
    return bool(np.issubdtype(values.dtype, np.number))
