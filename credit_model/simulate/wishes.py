"""Interventions: what borrowers do in some months in place of what was drawn, as a table and as the kernels take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.portfolio.months import month_numbers_of
from credit_model.simulate.columns import BEHAVIOUR, ONLY_NONE
from credit_model.simulate.economy import BURN_IN, FIRST_MONTH

COLUMNS = ("borrower_id", "month", "column", "value")
#: What a value is to the column: what it is, or the most or least that it may be.
BOUNDS = ("exactly", "at_most", "at_least")


@dataclass(frozen=True)
class Wishes:
    """What some of n borrowers do in place of what was drawn.

    Attributes
    ----------
    whose : int64 array, (n,)
        The place of each borrower in ``values``; -1: everything as drawn.
    values : float64 array, (n_with_wishes, n_months, len(BEHAVIOUR), 2)
        Low and high bounds, burn-in included; minus and plus infinity where nothing is wished for.
    """

    whose: IntArray
    values: FloatArray

    def rows(self, start: int, stop: int) -> Wishes:
        """Those of some of the borrowers."""
        return Wishes(self.whose[start:stop], self.values)


def no_wishes(n: int) -> Wishes:
    """Everything as drawn, for n borrowers."""
    return Wishes(np.full(n, -1, dtype=np.int64), np.empty((0, 0, len(BEHAVIOUR), 2)))


def open_bounds(n: int, n_months: int) -> FloatArray:
    """Bounds that hold nothing back: (n, n_months, len(BEHAVIOUR), 2)."""
    values = np.empty((n, n_months, len(BEHAVIOUR), 2))
    values[..., 0], values[..., 1] = -np.inf, np.inf
    return values


@dataclass(frozen=True)
class Interventions:
    """A table of interventions, checked; rows by borrower.

    Attributes
    ----------
    borrower : int64 array, (n,)
        Ids, ascending.
    month : int64 array, (n,)
        Of the panel, from 0.
    place : int64 array, (n,)
        The column's place in `BEHAVIOUR`.
    low, high : float64 arrays, (n,)
    """

    borrower: IntArray
    month: IntArray
    place: IntArray
    low: FloatArray
    high: FloatArray

    def wishes(self, first_id: int, n: int, n_months: int) -> Wishes:
        """Those of borrowers first_id .. first_id + n - 1 in a panel of ``n_months``."""
        rows = slice(*np.searchsorted(self.borrower, [first_id, first_id + n]))
        ids, whose = np.unique(self.borrower[rows], return_inverse=True)
        if not len(ids):
            return no_wishes(n)
        found = no_wishes(n).whose
        found[ids - first_id] = np.arange(len(ids))
        values = open_bounds(len(ids), BURN_IN + n_months)
        at = (whose, self.month[rows] + BURN_IN, self.place[rows])
        values[(*at, 0)], values[(*at, 1)] = self.low[rows], self.high[rows]
        return Wishes(found, values)

    def record(self) -> list[list[Any]]:
        """As a manifest states them."""
        columns = [BEHAVIOUR[place] for place in self.place.tolist()]
        return [
            list(row)
            for row in zip(
                self.borrower.tolist(), self.month.tolist(), columns, _plain(self.low), _plain(self.high), strict=True
            )
        ]


def _plain(bound: FloatArray) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in bound.tolist()]


def interventions_of(table: pd.DataFrame | None, n_borrowers: int, n_months: int) -> Interventions:
    """A table of interventions, checked.

    Parameters
    ----------
    table : DataFrame, optional
        Columns borrower_id; month, as in the history, or an integer, of which 0 is the panel's first; column, one of
        `BEHAVIOUR`; value, whole units; and optionally bound, one of `BOUNDS`, else "exactly".
    n_borrowers, n_months : int

    Raises
    ------
    CreditModelError
        The table lacks a column, or holds what breaks a rule.
    """
    if table is None:
        table = pd.DataFrame({name: [] for name in COLUMNS}).astype({"borrower_id": "int64", "month": "int64"})
    if not isinstance(table, pd.DataFrame):
        raise CreditModelError(f"interventions must be a DataFrame with columns {', '.join(COLUMNS)}, got {table!r}")
    for name in COLUMNS:
        if name not in table:
            raise CreditModelError(f"interventions must have columns {', '.join(COLUMNS)}, found no {name!r}; add it")
    borrower = _numbers(table["borrower_id"])
    _refuse(table, "borrower_id", ~((borrower >= 1) & (borrower <= n_borrowers)), f"one of 1 .. {n_borrowers}")
    month = _months(table["month"])
    _refuse(table, "month", ~((month >= 0) & (month < n_months)), f"one of the panel's {n_months} months")
    names = table["column"].astype(str)
    place = pd.Index(BEHAVIOUR).get_indexer(pd.Index(names))
    _refuse(table, "column", place < 0, f"something that a borrower does, one of {', '.join(BEHAVIOUR)}")
    value = np.rint(_numbers(table["value"]))
    _refuse(table, "value", ~(np.isfinite(value) & (value >= 0)), "a finite number >= 0")
    of_days = names.isin(ONLY_NONE).to_numpy()
    _refuse(table, "value", of_days & (value != 0), "0 where the column counts days past due: what is due is paid")
    bound = table["bound"].astype(str) if "bound" in table else pd.Series("exactly", index=table.index)
    _refuse(table, "bound", ~bound.isin(BOUNDS).to_numpy(), f"one of {', '.join(BOUNDS)}")
    low = np.where(bound == "at_most", -np.inf, value)
    high = np.where(bound == "at_least", np.inf, value)
    low[of_days] = -np.inf
    order = np.lexsort((place, month, borrower))
    found = Interventions(
        borrower[order].astype(np.int64), month[order].astype(np.int64), place[order].astype(np.int64),
        low[order].astype(np.float64), high[order].astype(np.float64),
    )  # fmt: skip
    _check_once(found)
    return found


def _numbers(column: pd.Series) -> FloatArray:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)


def _months(column: pd.Series) -> FloatArray:
    """Months of the panel, from 0; NaN where it is none."""
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64)
    try:
        return (month_numbers_of(column, "date") - FIRST_MONTH).astype(np.float64)
    except HistoryError as error:
        raise CreditModelError(f"interventions: {error}") from None


def _refuse(table: pd.DataFrame, name: str, wrong: Any, rule: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        found = table[name].iloc[rows[0]]
        raise CreditModelError(
            f"interventions: {name} must be {rule}, found {str(found)!r} in row {rows[0] + 1}; correct it"
        )


def _check_once(found: Interventions) -> None:
    """One row a borrower, month and column."""
    key = np.stack([found.borrower, found.month, found.place])
    twice = np.flatnonzero((key[:, 1:] == key[:, :-1]).all(axis=0))
    if len(twice):
        at = int(twice[0])
        raise CreditModelError(
            "interventions must have one row a borrower, month and column, found two of borrower "
            f"{found.borrower[at]}, month {found.month[at]} of the panel, {BEHAVIOUR[found.place[at]]}; keep one"
        )
