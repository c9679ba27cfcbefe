"""A history's keys: whose row each is and of which month, and the order of the rows that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import IntArray
from credit_model.errors import Gathering, HistoryError
from credit_model.portfolio.borrower_ids import read_ids
from credit_model.portfolio.cells import RowNames
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.month_columns import check_calendar, read_months
from credit_model.portfolio.months import MonthType


@dataclass(frozen=True)
class Keys:
    """Whose row each is, and of which month: (n,) in the history's order; in the table's where they cannot be read.

    Attributes
    ----------
    order : int64 array or None
        The place in the table of each row; None: they lie in the history's order.
    month_type : str or None
        None: borrowers or months cannot be read.
    are_unique : bool
        A borrower has one row a month.
    """

    ids: NDArray[Any]
    codes: IntArray
    number: IntArray
    order: IntArray | None
    month_type: MonthType | None
    are_unique: bool

    @property
    def row_of(self) -> RowNames:
        """Names of the rows, for messages."""
        return RowNames(self.ids, self.codes, self.number, self.month_type)


def read_keys(series: Mapping[str, pd.Series], catalogue: Catalogue, mistakes: Gathering) -> Keys:
    """Read the borrowers and the months of a table, and put its rows in order; ``mistakes`` takes what is wrong.

    Parameters
    ----------
    series : mapping of str to Series, (n,)
        The table's columns by name; of the keys, one may be absent.
    catalogue : Catalogue
    mistakes : Gathering
    """
    names, months = catalogue.id_columns, series.get(catalogue.month)
    found: list[Any] = [None, None]
    with mistakes:
        if series.keys() >= set(names):
            found[0] = read_ids([series[name] for name in names], names, catalogue.borrower)
    with mistakes:
        if months is not None:
            found[1] = read_months(
                months, catalogue.month, calendar=catalogue.calendar, month_format=catalogue.month_format
            )
    if months is None or None in found:
        nothing = np.zeros(0, dtype=np.int64)
        return Keys(nothing, nothing, nothing, None, None, False)
    (codes, ids), (number, month_type) = found
    order = _order(codes, number)
    if order is not None:
        codes, number = codes[order], number[order]
    row_of = RowNames(ids, codes, number, month_type)
    n_before = len(mistakes.found)
    with mistakes:
        _check_one_row_a_month(months, catalogue, codes, number, order, row_of)
        check_calendar(number, codes, catalogue.month, catalogue.calendar, month_type)
    return Keys(ids, codes, number, order, month_type, n_before == len(mistakes.found))


def _check_one_row_a_month(
    months: pd.Series, catalogue: Catalogue, codes: IntArray, number: IntArray, order: IntArray | None, row_of: RowNames
) -> None:
    same = np.flatnonzero((codes[1:] == codes[:-1]) & (number[1:] == number[:-1])) + 1
    if not len(same):
        return
    row = int(same[0])
    rows = [row - 1, row] if order is None else [int(order[row - 1]), int(order[row])]
    days = months.iloc[rows].astype(str).tolist()
    remedy = "remove the duplicates"
    if days[0] != days[1] and catalogue.calendar is None:
        remedy = f'{days[0]} and {days[1]} are one month: for a panel of weeks, declare calendar = "weekly"'
    raise HistoryError(
        f"a borrower has one row a month, found {len(same)} duplicate borrower-months (first: {row_of(row)}); {remedy}"
    )


def _order(codes: IntArray, number: IntArray) -> IntArray | None:
    step = np.diff(codes)
    if ((step > 0) | ((step == 0) & (np.diff(number) >= 0))).all():
        return None
    return np.lexsort((number, codes)).astype(np.int64)
