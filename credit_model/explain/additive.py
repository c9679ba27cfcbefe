"""`AdditiveScore`: a scorecard, a logistic or linear model, a sum of any functions of one column each.

The game is the same as for trees, and its solution plain: what a column adds does not depend on the others, so each
gets the difference of its own term, whatever the groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray
from credit_model.errors import EngineError
from credit_model.trees.engines.tree_model import ScoreUnit


@dataclass(frozen=True)
class AdditiveScore:
    """A score that is an intercept and one term a column.

    Attributes
    ----------
    terms : mapping of column to callable
        From a column's values (a Series, as the table holds them) to what they add: (n,).
    intercept : float
    unit : {"log_odds", "log", "probability", "value", ...}
        As `TreeModel.unit`.
    name : str
        What the model is called.

    Examples
    --------
    >>> card = AdditiveScore({"late": lambda days: -2.0 * (days > 30), "job": lambda job: job.map({"a": 1.0, "b": 0})})
    >>> card.scores(pd.DataFrame({"late": [0, 60], "job": ["a", "b"]})).tolist()
    [1.0, -2.0]
    """

    terms: Mapping[str, Callable[[pd.Series[Any]], Any]]
    intercept: float = 0.0
    unit: ScoreUnit = "value"
    name: str = "scorecard"

    @classmethod
    def linear(
        cls,
        columns: Sequence[str],
        coefficients: Sequence[float],
        *,
        intercept: float = 0.0,
        unit: ScoreUnit = "log_odds",
        name: str = "linear model",
    ) -> AdditiveScore:
        """A linear or logistic model: a coefficient a column.

        Parameters
        ----------
        columns, coefficients : sequences, (n_features,)
            Such as ``model.feature_names_in_`` and ``model.coef_[0]`` of scikit-learn's.
        intercept : float
        unit, name : str

        Raises
        ------
        EngineError
            There are not as many coefficients as columns.
        """
        weights = np.ravel(np.asarray(coefficients, dtype=np.float64))
        if len(weights) != len(columns):
            raise EngineError(f"a linear model must have a coefficient a column ({len(columns)}), got {len(weights)}")
        terms = {str(c): _times(float(w)) for c, w in zip(columns, weights, strict=True)}
        return cls(terms, float(np.ravel(intercept)[0]), unit, name)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return tuple(self.terms)

    def parts(self, table: pd.DataFrame, name: str = "table") -> FloatArray:
        """What each column adds: (n, n_columns).

        Raises
        ------
        EngineError
            ``table`` is no data frame or lacks a column, or a term is no number somewhere.
        """
        if not isinstance(table, pd.DataFrame):
            raise EngineError(f"{name} must be a DataFrame with the columns {', '.join(self.columns[:5])}, ...")
        if missing := [column for column in self.columns if column not in table.columns]:
            raise EngineError(f"{name} must have the columns of the score, {len(missing)} are missing: {missing[0]}")
        parts = [np.asarray(term(table[column]), dtype=np.float64) for column, term in self.terms.items()]
        for column, part in zip(self.columns, parts, strict=True):
            if part.shape != (len(table),) or not np.isfinite(part).all():
                row = 0 if part.shape != (len(table),) else int(np.flatnonzero(~np.isfinite(part))[0])
                raise EngineError(
                    f"the term of {column!r} must be a finite number for every row of {name}, found "
                    f"{table[column].iloc[row]!r} in row {row} without one; give missing values a term of their own"
                )
        return np.column_stack(parts)

    def scores(self, table: pd.DataFrame) -> FloatArray:
        """Scores (n,)."""
        return np.asarray(self.parts(table).sum(axis=1) + self.intercept)


def _times(weight: float) -> Callable[[pd.Series[Any]], FloatArray]:
    return lambda values: weight * values.to_numpy(dtype=np.float64)
