"""`Scorecard`: an additive model in every form that it can be taken away in, and what shows that it is the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_model.arrays import FloatArray
from credit_model.export.documents import json_text, pmml_text
from credit_model.export.parity import Parity, Rounding, held_against, what_rounding_changes
from credit_model.export.points import points_table
from credit_model.export.sql import query
from credit_model.export.sums import Sums
from credit_model.model.bag import Bag


@dataclass(frozen=True, eq=False)
class Scorecard(Sums):
    """An additive limit-tier model: points by column, and a line for each tier to keep.

    Its fields are those of `Sums`.

    Examples
    --------
    >>> from credit_model import LimitPredictor, simulate_portfolio
    >>> history = simulate_portfolio(400, 24, seed=1).history
    >>> predictor = LimitPredictor(structure="score", max_iter=30).fit(history)
    >>> card = predictor.scorecard(points_to_double=20, base_points=600, base_odds=50)
    >>> card.check(predictor.bag).tiers_differing
    0
    """

    def check(self, bag: Bag, X: FloatArray | None = None, *, states: str = "drawn", seed: int = 0) -> Parity:
        """Hold the scorecard against its model on every edge, one ulp beside it, and missing.

        Parameters
        ----------
        bag : Bag
            The model that it was made of, such as ``predictor.bag``.
        X : float64 array, (n, n_features), optional
            Further rows, such as a panel's.
        states : {"drawn", "each"}
            Each edge in one state of the line, drawn; or in each: every tier in force, every cell of the limit.
        seed : int
            Draws the other columns of each row from their own edges.

        Raises
        ------
        CreditModelError
            The scorecard has whole points, or ``states`` is unknown.
        """
        return held_against(self, bag, X, states=states, seed=seed)

    def rounding(self, X: Any) -> Rounding:
        """What whole points change in rows, and at most in any row.

        Parameters
        ----------
        X : DataFrame with the columns ``features``, or float64 array (n, n_features)
        """
        return what_rounding_changes(self, X)

    def to_frame(self) -> pd.DataFrame:
        """A row for every constant, line and cell.

        Returns
        -------
        DataFrame
            part ("constant", "line" or "column"), name, label, factor, reason_code, tier, tier_in_force, above, up_to,
            category, is_missing, number, log_odds, points. A cell holds above < x <= up_to (blank: no bound); a line
            has the offset in its points; a constant stands in ``points``.
        """
        return points_table(self)

    def to_sql(self, table: str = "snapshots", *, dialect: str = "standard") -> str:
        """A query over a table of snapshots that gives what `score` gives, behind the keys.

        Parameters
        ----------
        table : str
            The table's name, perhaps with its schema: "risk.snapshots".
        dialect : {"standard", "sqlite", "postgresql"}
            The others than the standard are many times quicker in their database; DuckDB is quick with the standard.

        Raises
        ------
        CreditModelError
            The table has no name, or the dialect is unknown.
        """
        return query(self, table, dialect=dialect)

    def to_json(self) -> str:
        """Everything as JSON: scaling, lines and columns with their cells, numbers and log-odds."""
        return json_text(self)

    def to_pmml(self) -> str:
        """A PMML 4.4 Scorecard with reason codes.

        Beside the snapshot's columns it takes ``tier_to_keep``; it gives the number, the log-odds and the points of
        keeping that tier, and the codes of the four columns that lie furthest below their best cell.
        """
        return pmml_text(self)
