"""What a model has seen: a change that lies outside of it is extrapolated, and no reason is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.explain.pairs import driver_columns
from credit_model.portfolio.declarations import Catalogue


@dataclass(frozen=True)
class Seen:
    """The range of every feature in the snapshots that a model was fitted on, or could have been.

    Attributes
    ----------
    low, high : float64 arrays, (n_features,)
        The least and the greatest known value; NaN where none is known.
    """

    low: FloatArray
    high: FloatArray

    @classmethod
    def in_rows(cls, X: FloatArray) -> Seen:
        """The ranges over feature rows (n, n_features)."""
        known = ~np.isnan(X)
        low, high = np.where(known, X, np.inf).min(axis=0), np.where(known, X, -np.inf).max(axis=0)
        return cls(np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan))

    @classmethod
    def together(cls, parts: Sequence[Seen]) -> Seen:
        """The ranges over all parts of a portfolio."""
        low, high = (np.stack([getattr(part, side) for part in parts]) for side in ("low", "high"))
        return cls(np.fmin.reduce(low), np.fmax.reduce(high))

    def unseen_driver(self, catalogue: Catalogue, x: FloatArray, z: FloatArray, contributions: FloatArray) -> IntArray:
        """Of each change the driver with a value that was never seen, in either row; -1 where all were: (n,).

        Parameters
        ----------
        catalogue : Catalogue
        x, z : float64 arrays, (n, n_features)
        contributions : float64 array, (n, n_drivers)
            Of several such drivers the one that moved the score most is named.
        """
        driver = driver_columns(catalogue)
        low, high = self.low[driver], self.high[driver]
        outside = np.zeros(contributions.shape, dtype=np.bool_)
        for rows in (x[:, driver], z[:, driver]):
            known = ~np.isnan(rows)
            outside |= known & ~((rows >= low) & (rows <= high))
        moved = np.where(outside, np.abs(contributions), -1.0)
        first = moved.argmax(axis=1) if len(moved) else np.empty(0, dtype=np.int64)
        return np.where(outside.any(axis=1), first, -1).astype(np.int64)
