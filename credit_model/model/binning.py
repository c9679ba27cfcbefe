"""Columns as bins: at most 255 of them, and one for what is missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray, IntArray

#: The bin of missing values; bins are 0 .. 254 otherwise.
MISSING = 255
#: Rows by which longer columns are binned.
_READ_ROWS = 200_000

BinArray = NDArray[np.uint8]


@dataclass(frozen=True)
class Binning:
    """Where the bins of columns meet.

    Attributes
    ----------
    edges : tuple of float64 arrays, (n_columns,)
        Ascending; bin b of a column holds the values in (edge b - 1, edge b]. Empty for categories, whose code is the
        bin.
    categorical : bool array, (n_columns,)
    """

    edges: tuple[FloatArray, ...]
    categorical: BoolArray

    @classmethod
    def of_rows(
        cls,
        rows: FloatArray,
        categorical: Collection[int],
        max_bins: int,
        *,
        seed: int,
        features: IntArray | None = None,
    ) -> Binning:
        """Bins of the values of ``rows`` (n, n_columns): each its own where they are few, else equally filled ones.

        Parameters
        ----------
        rows : float64 array, (n, n_columns)
            NaN: missing.
        categorical : collection of int
            Columns of codes 0 .. 254.
        max_bins : int
            In 2 .. 255.
        seed : int
            Draws the rows that are read, where there are many.
        features : int64 array, (n_columns,), optional
            The positions of the columns among those of wider rows.

        Examples
        --------
        >>> Binning.of_rows(np.array([[1.0], [2.0], [4.0], [np.nan]]), (), 255, seed=0).edges[0]
        array([1.5, 3. ])
        """
        if len(rows) > _READ_ROWS:
            rows = rows[np.random.default_rng(seed).choice(len(rows), _READ_ROWS, replace=False)]
        rows = rows if features is None else rows[:, features]
        is_category = np.isin(np.arange(rows.shape[1]), list(categorical))
        edges = [np.empty(0) if is_category[j] else _edges(rows[:, j], max_bins) for j in range(rows.shape[1])]
        return cls(tuple(edges), is_category)

    def bins(self, rows: FloatArray, features: IntArray | None = None) -> BinArray:
        """The bins of rows (n, n_columns), a column after the other: (n_columns, n).

        ``features`` (n_columns,): the positions of the columns among those of wider rows.
        """
        out = np.empty((len(self.edges), len(rows)), dtype=np.uint8)
        for j, edges in enumerate(self.edges):
            column = rows[:, j if features is None else features[j]]
            known = ~np.isnan(column)
            out[j] = MISSING
            out[j, known] = column[known] if self.categorical[j] else np.searchsorted(edges, column[known], side="left")
        return out

    def n_bins(self, bins: BinArray) -> IntArray:
        """The number of bins of each column, without that of missing values; of categories, up to the highest code."""
        n = [len(edges) + 1 for edges in self.edges]
        for j in np.flatnonzero(self.categorical):
            known = bins[j][bins[j] != MISSING]
            n[j] = int(known.max(initial=0)) + 1
        return np.array(n, dtype=np.int64)


def _edges(column: FloatArray, max_bins: int) -> FloatArray:
    known = column[~np.isnan(column)]
    values = np.unique(known)
    if len(values) <= max_bins:
        return _between(values[:-1], values[1:])
    # As many rows in each bin; an edge lies between two values, so that rounding moves no value over it.
    at = np.quantile(known, np.linspace(0, 1, max_bins + 1)[1:-1], method="lower")
    place = np.unique(np.searchsorted(values, at))
    place = place[place < len(values) - 1]
    return _between(values[place], values[place + 1])


def _between(low: FloatArray, high: FloatArray) -> FloatArray:
    """Midpoints that are less than ``high``, also of neighbours."""
    middle: FloatArray = low + (high - low) / 2
    return np.where(middle < high, middle, low)
