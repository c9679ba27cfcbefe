"""Months to come as raw columns: what they hold if nothing is done, and under every setting of the levers.

Everything that is no lever stays as the catalogue's ``[plan.ahead]`` says, the economy and the lender too unless a
scenario is given. The months to come are added to the borrower's own last months and go through the same code as any
history, so that windows, ratios and counts follow by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.portfolio.declarations import Catalogue, Column
from credit_model.portfolio.history import History
from credit_model.portfolio.levers import Following, Lever

#: Months that a mean of the last ones is over.
MEAN_OF = 6


@dataclass(frozen=True)
class Ahead:
    """Borrowers' months to come, if nothing is done.

    Attributes
    ----------
    history : History
    row : int64 array, (n,)
        The row of each borrower after which the months begin.
    cells : dict of str to float64 array, (n, horizon)
        Every column that the catalogue declares, and the limit.
    """

    history: History
    row: IntArray
    cells: dict[str, FloatArray]

    @property
    def horizon(self) -> int:
        """Number of months."""
        return int(next(iter(self.cells.values())).shape[1])

    @classmethod
    def of(
        cls, history: History, row: IntArray, horizon: int, scenario: Mapping[str, FloatArray] | None = None
    ) -> Ahead:
        """The months after rows (n,).

        Parameters
        ----------
        history : History
        row : int64 array, (n,)
        horizon : int
        scenario : mapping of column to float64 array (horizon,), optional
            Columns that go another way, the same for all borrowers.
        """
        start = history.starts[history.borrower_row[row]]
        cells = {}
        for column in history.catalogue.columns:
            rule = history.catalogue.plan.ahead.get(column.name, "last")
            if scenario is not None and column.name in scenario:
                cells[column.name] = np.tile(scenario[column.name], (len(row), 1))
                continue
            if isinstance(rule, int | float):
                ahead = np.full((len(row), horizon), float(rule))
            elif rule == "mean":
                ahead = _spread(_mean_of_last(history.values(column.name), row, start), horizon, column)
            else:
                last = _last_known(history.values(column.name), row, start)[:, None]
                runs = (last != 0) & (rule == "counts")  # a count that stands at 0 does not run
                ahead = np.where(runs, last + np.arange(1, horizon + 1), last)
            cells[column.name] = ahead
        limit = history.catalogue.limit
        cells[limit] = np.repeat(_last_known(history.values(limit), row, start)[:, None], horizon, axis=1)
        return cls(history, row, cells)

    def begins(self, column: str) -> FloatArray:
        """The column's last known cells: (n,)."""
        history = self.history
        return _last_known(history.values(column), self.row, history.starts[history.borrower_row[self.row]])

    def moved(self, levers: tuple[Lever, ...], settings: FloatArray) -> dict[str, FloatArray]:
        """How far each lever moves its column under settings, in each month: lever id -> (n, n_settings, horizon).

        Parameters
        ----------
        levers : tuple of Lever
        settings : float64 array, (n_settings, n_levers)
            Shares of each lever's most.
        """
        return {lever.id: self._moved(lever, settings[:, j]) for j, lever in enumerate(levers)}

    def _moved(self, lever: Lever, share: FloatArray) -> FloatArray:
        base = self.cells[lever.column]
        room = np.maximum(lever.sign * (lever.end - base), 0.0)[:, None, :]  # nothing where the column is not known
        room = np.nan_to_num(room)
        begins = np.nan_to_num(np.abs(self.begins(lever.column)))[:, None, None]
        share = share[None, :, None]
        month = np.arange(1, self.horizon + 1)[None, None, :]
        if lever.a_month is not None:
            moved = np.minimum(share * lever.a_month * month, room)
        elif lever.share_a_month is not None:
            moved = np.minimum(share * lever.share_a_month * begins * month, room)
        else:
            moved = share * room
        whole = self.history.catalogue.column(lever.column).kind == "integer"
        return np.asarray(np.floor(moved + 1e-9) if whole else moved, dtype=np.float64)

    def under(self, levers: tuple[Lever, ...], moved: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """The columns that levers move, as they then are: column -> (n, n_settings, horizon).

        Parameters
        ----------
        levers : tuple of Lever
        moved : mapping
            From `moved`.
        """
        found: dict[str, FloatArray] = {}

        def add(name: str, by: FloatArray) -> None:
            found[name] = found.get(name, self.cells[name][:, None, :]) + by

        for lever in levers:
            d = moved[lever.id]
            add(lever.column, lever.sign * d)
            for one in lever.follows:
                add(one.column, one.by * self._counted(one, lever, d))
        catalogue = self.history.catalogue
        return {name: _within(values, catalogue.column(name)) for name, values in found.items()}

    def _counted(self, one: Following, lever: Lever, d: FloatArray) -> FloatArray:
        """What a column that follows counts of a lever's moves (n, n_settings, horizon)."""
        if one.how == "share":
            whole = np.abs(self.cells[lever.column])[:, None, :]
            share = np.divide(d, whole, out=np.zeros(d.shape), where=np.nan_to_num(whole) > 0)
            return share * self.cells[one.column][:, None, :]
        counted = {"flow": np.diff(d, axis=2, prepend=0.0), "stock": np.cumsum(d, axis=2), "level": d}
        found: FloatArray = counted[one.how]
        return found

    def histories(self, changed: Mapping[str, FloatArray], n_settings: int) -> tuple[History, IntArray]:
        """The last months and those to come as a panel of n * n_settings made-up borrowers.

        Parameters
        ----------
        changed : mapping of column to float64 array, (n, n_settings, horizon)
        n_settings : int

        Returns
        -------
        history : History
            Borrower i under setting s is number i * n_settings + s.
        rows : int64 array, (n, n_settings, horizon)
            Its months to come.
        """
        history, horizon, n = self.history, self.horizon, len(self.row)
        start = history.starts[history.borrower_row[self.row]]
        first = np.maximum(start, self.row + 1 - _months_needed(history.catalogue))
        length = self.row + 1 - first
        total = length + horizon
        source = np.concatenate([np.arange(a, b + 1) for a, b in zip(first, self.row, strict=True)]) if n else first
        # One borrower's rows, past and to come; -1 stands for those to come.
        one = np.full(int(total.sum()), -1, dtype=np.int64)
        begin = np.concatenate([[0], np.cumsum(total)]).astype(np.int64)
        past = np.concatenate([np.arange(b, b + n_past) for b, n_past in zip(begin[:-1], length, strict=True)])
        one[past] = source
        to_come = (begin[1:] - horizon)[:, None] + np.arange(horizon)  # (n, horizon), within `one`
        order = np.concatenate([np.tile(np.arange(a, b), n_settings) for a, b in pairwise(begin)])
        starts = np.concatenate([[0], np.cumsum(np.repeat(total, n_settings))]).astype(np.int64)
        rows = starts[:-1].reshape(n, n_settings)[:, :, None] + length[:, None, None] + np.arange(horizon)
        month = np.where(one >= 0, history.month_number[np.maximum(one, 0)], 0)
        month[to_come] = history.month_number[self.row][:, None] + np.arange(1, horizon + 1)
        cells = {}
        for name, values in history.cells.items():
            known = np.where(one >= 0, values[np.maximum(one, 0)], np.nan)
            if name in self.cells:
                known[to_come] = self.cells[name]
            cells[name] = known[order]
            if name in changed:
                cells[name][rows] = changed[name]
        panel = History(
            catalogue=history.catalogue,
            month_type=history.month_type,
            borrower_ids=np.arange(n * n_settings),
            starts=starts,
            month_number=month[order],
            cells=cells,
        )
        return panel, rows


def _months_needed(catalogue: Catalogue) -> int:
    return max((feature.window for feature in catalogue.drivers), default=1) + catalogue.decision_lag + 1


def _last_known(values: FloatArray, row: IntArray, start: IntArray) -> FloatArray:
    """The last known cell at or before each row (n,) of its borrower; NaN where there is none."""
    if not len(row):
        return np.empty(0)
    first = int(start.min())
    values = values[first : int(row.max()) + 1]
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))[row - first]
    return np.where(last >= start - first, values[np.maximum(last, 0)], np.nan)


def _mean_of_last(values: FloatArray, row: IntArray, start: IntArray) -> FloatArray:
    back = row[:, None] - np.arange(MEAN_OF)
    cells = np.where(back >= start[:, None], values[np.maximum(back, 0)], np.nan)
    known = ~np.isnan(cells)
    n = known.sum(axis=1)
    mean = np.where(known, cells, 0.0).sum(axis=1) / np.maximum(n, 1)
    return np.where(n > 0, mean, np.nan)


def _spread(mean: FloatArray, horizon: int, column: Column) -> FloatArray:
    """A mean (n,) in each month; of whole numbers such that their sum keeps as near to the means' as can be."""
    if column.kind != "integer":
        return np.repeat(mean[:, None], horizon, axis=1)
    so_far = np.floor(mean[:, None] * np.arange(horizon + 1) + 0.5)
    return np.asarray(np.diff(so_far, axis=1))


def _within(values: FloatArray, column: Column) -> FloatArray:
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    values = np.clip(values, low, high)
    return np.asarray(np.rint(values) if column.kind == "integer" else values)
