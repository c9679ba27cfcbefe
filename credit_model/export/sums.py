"""`Sums`: whole numbers by column and by line, which add up the same way everywhere.

Sums of floats depend on their order; sums of whole numbers below 2^53 do not. So what a cell gives is kept as a whole
number, of 10^-12 log-odds or, rounded, of points, and every export adds these: Python, a database and a PMML engine
come to the same score, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.export.cells import Cells, Lines
from credit_model.export.scaling import Scaling


@dataclass(frozen=True, eq=False)
class Sums:
    """Columns and lines of a scorecard, and what they add up to; `Scorecard` has the forms that it takes.

    ``number = line + column_1 + column_2 + ...`` in whole numbers; ``log_odds = number / per_log_odds``; a tier is kept
    where the number is at least 0. In every column the worst cell gives 0, so the lines hold what is left.

    Attributes
    ----------
    version : str
        The model's.
    name : str
        The catalogue's.
    features : tuple of str
        Columns of the rows that are scored, in order.
    keys : tuple of str
        Columns that name a snapshot.
    columns : tuple of Cells
        Those that give different numbers at all.
    lines : Lines
    scaling : Scaling
    per_log_odds : float
        Numbers a unit of log-odds.
    is_rounded : bool
        Whether the numbers are whole points.
    """

    version: str
    name: str
    features: tuple[str, ...]
    keys: tuple[str, ...]
    columns: tuple[Cells, ...]
    lines: Lines
    scaling: Scaling
    per_log_odds: float
    is_rounded: bool = False

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return len(self.lines.numbers) + 1

    @property
    def n_cells(self) -> int:
        """Cells of all columns, missing included."""
        return sum(len(column.all_numbers) for column in self.columns)

    @property
    def offset(self) -> float:
        """The points at which a tier is kept: whole ones where points are rounded."""
        return float(round(self.scaling.offset)) if self.is_rounded else self.scaling.offset

    def numbers(self, X: Any) -> IntArray:
        """Sums of rows against the line of each tier to keep: (n, n_tiers - 1), falling along a row.

        Parameters
        ----------
        X : DataFrame with the columns ``features``, or float64 array (n, n_features)
            Snapshots; NaN is missing, categories are codes.

        Raises
        ------
        HistoryError
            A column is not there, or the rows have another width.
        """
        rows = self.rows(X)
        score = np.zeros(len(rows), dtype=np.int64)
        for column in self.columns:
            score += column.numbers_of(rows[:, column.position])
        return self.lines.numbers_of(rows) + score[:, None]

    def survival_scores(self, X: Any) -> FloatArray:
        """Log-odds of keeping each tier 1 .. n_tiers - 1: (n, n_tiers - 1)."""
        return self.numbers(X) / self.per_log_odds

    def score(self, X: Any) -> pd.DataFrame:
        """What the exports say of rows: the same columns as the SQL query gives, without keys.

        Parameters
        ----------
        X : as in `numbers`

        Returns
        -------
        DataFrame
            predicted_tier; with a tier in force keep_score (log-odds) and keep_points, NaN where it is the lowest or
            unknown; log_odds_tier_1 ... log-odds of keeping each tier.
        """
        rows = self.rows(X)
        number = self.numbers(rows)
        table: dict[str, Any] = {"predicted_tier": (number >= 0).sum(axis=1)}
        if self.lines.tier_position >= 0:
            tier = rows[:, self.lines.tier_position]
            known = np.isin(tier, np.arange(1, self.n_tiers))
            place = np.where(known, tier, 1).astype(np.int64) - 1
            kept = number[np.arange(len(rows)), place]
            table["keep_score"] = np.where(known, kept / self.per_log_odds, np.nan)
            table["keep_points"] = np.where(known, self.points(kept), np.nan)
        log_odds = number / self.per_log_odds
        return pd.DataFrame(table | {f"log_odds_tier_{k + 1}": log_odds[:, k] for k in range(number.shape[1])})

    def points(self, number: IntArray) -> FloatArray:
        """Points of sums, any shape."""
        if self.is_rounded:
            return np.asarray(self.offset + number, dtype=np.float64)
        return np.asarray(self.offset + self.scaling.factor * (number / self.per_log_odds), dtype=np.float64)

    def predict(self, X: Any) -> IntArray:
        """The highest tier that is kept: (n,)."""
        return np.asarray((self.numbers(X) >= 0).sum(axis=1), dtype=np.int64)

    def rows(self, X: Any) -> FloatArray:
        """Rows as the columns read them: (n, n_features)."""
        if isinstance(X, pd.DataFrame):
            lacking = [name for name in self.features if name not in X.columns]
            if lacking:
                raise HistoryError(
                    f"the rows must have a column for each feature of model {self.version}, found no "
                    f"{', '.join(lacking)}; make them by predictor.snapshots(history).frame()"
                )
            X = X[list(self.features)].to_numpy(dtype=np.float64, na_value=np.nan)
        rows = np.asarray(X, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.features):
            raise HistoryError(f"rows must be of shape (n, {len(self.features)}), found {rows.shape}")
        return rows

    def rounded(self) -> Self:
        """The same in whole points, as a scorecard is printed: another model, however near (`rounding`).

        Raises
        ------
        CreditModelError
            It is rounded already.
        """
        if self.is_rounded:
            raise CreditModelError("the scorecard has whole points already")
        factor = self.scaling.factor

        def whole(numbers: IntArray) -> IntArray:
            return np.rint(numbers / self.per_log_odds * factor).astype(np.int64)

        columns = [
            replace(c, numbers=whole(c.numbers), missing=int(whole(np.array([c.missing]))[0])).merged()
            for c in self.columns
        ]
        lines = replace(self.lines, numbers=whole(self.lines.numbers))
        used = tuple(c for c in columns if c.all_numbers.any())
        return replace(self, columns=used, lines=lines, per_log_odds=factor, is_rounded=True)
