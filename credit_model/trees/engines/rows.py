"""From a user's table to rows as the trees of a library read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray
from credit_model.errors import EngineError
from credit_model.trees.engines.flat import Codes

#: LightGBM takes a value for zero up to here (its ``kZeroThreshold``, a float32).
ALMOST_ZERO = float(np.float32(1e-35))


@dataclass(frozen=True)
class RowCoder:
    """How a library narrows, fills and codes the values of a table before its trees see them.

    Attributes
    ----------
    n_features : int
    columns : tuple of str
        Names of the features; empty where the model knows none.
    narrow : bool
        Values are rounded to float32 first.
    tiny_is_zero : bool
        A value within 1e-35 of zero is read as zero.
    zero_is_missing : bool array, (n_features,), optional
        Features whose zeros are read as missing; None: of none.
    missing_value : float
        A number that stands for missing; NaN: none does.
    codes : mapping of feature to Codes
        Of the categorical features.
    negative_is_other : bool
        A category between -1 and 0 is one that no split names; else it is cut to 0, as any fraction is.
    takes_missing, takes_infinite : bool
        What the library itself lets in.
    levels : mapping of feature to sequence
        Of features that data frames hold as texts or other categories: the values, whose places are the categories.
    only_known_levels : bool
        The library refuses other values there; else they are a category that no split names.
    """

    n_features: int
    columns: tuple[str, ...] = ()
    narrow: bool = False
    tiny_is_zero: bool = False
    missing_value: float = float("nan")
    zero_is_missing: BoolArray | None = None
    codes: Mapping[int, Codes] = field(default_factory=dict)
    negative_is_other: bool = False
    takes_missing: bool = True
    takes_infinite: bool = True
    levels: Mapping[int, Sequence[Any]] = field(default_factory=dict)
    only_known_levels: bool = False

    def numbers(self, table: Any, name: str = "X") -> FloatArray:
        """The model's columns of a table as float64 (n, n_features), categories as the library numbers them.

        Parameters
        ----------
        table : DataFrame or array-like
            A data frame is read by the features' names, where the model has them; other columns are ignored.
        name : str
            Of the table, for messages.

        Raises
        ------
        EngineError
            Columns are missing, there are more or fewer than features, or a value is one that the library refuses.
        """
        rows = self._of_frame(table, name) if isinstance(table, pd.DataFrame) else _as_numbers(table, name)
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            found = f"{rows.shape[1]} columns" if rows.ndim == 2 else f"an array of shape {rows.shape}"
            raise EngineError(
                f"{name} must have a column for each of the model's {self.n_features} features, found {found}"
            )
        if self.missing_value == self.missing_value:
            rows[rows == self.missing_value] = np.nan
        self._check_values(rows, name)
        return rows

    def rows(self, numbers: FloatArray) -> FloatArray:
        """Rows as the trees read them: float64 (n, n_features), from `numbers`."""
        rows = numbers.astype(np.float32).astype(np.float64) if self.narrow else numbers.copy()
        if self.tiny_is_zero:
            rows[np.abs(rows) <= ALMOST_ZERO] = 0.0
        if self.zero_is_missing is not None:
            rows[(rows == 0) & self.zero_is_missing] = np.nan
        for j, codes in self.codes.items():
            whole = np.trunc(rows[:, j])
            if self.negative_is_other:
                whole = np.where(rows[:, j] < 0, -1.0, whole)
            rows[:, j] = codes.of(whole)
        return np.ascontiguousarray(rows)

    def _of_frame(self, table: pd.DataFrame, name: str) -> FloatArray:
        wanted = list(self.columns) if self.columns else list(table.columns)
        if missing := [column for column in wanted if column not in table.columns]:
            some = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
            raise EngineError(
                f"{name} must have a column for each of the model's {len(wanted)} features, "
                f"{len(missing)} are missing: {some}"
            )
        if table.columns.has_duplicates:
            twice = str(table.columns[table.columns.duplicated()][0])
            raise EngineError(f"{name} must have each column once, found {twice!r} more than once")
        parts = [self._of_column(j, table[column], name) for j, column in enumerate(wanted)]
        return np.column_stack(parts) if parts else np.empty((len(table), 0))

    def _of_column(self, j: int, column: pd.Series[Any], name: str) -> FloatArray:
        if j in self.levels:
            return self._of_levels(j, column, name)
        if isinstance(column.dtype, pd.CategoricalDtype):
            raise EngineError(
                f"{name} must hold in {column.name!r} the numbers that the model was trained on, found pandas "
                "categories, whose numbers in training it does not know; give the numbers"
            )
        try:
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            cell = next((value for value in column if not _is_number(value)), None)
            raise EngineError(
                f"{name} must hold numbers in {column.name!r}, which the model reads as one, found {cell!r}"
            ) from None

    def _of_levels(self, j: int, column: pd.Series[Any], name: str) -> FloatArray:
        """The places of a column's values among those that the model knows."""
        levels = list(self.levels[j])
        place = {level: float(code) for code, level in enumerate(levels)}
        given = column.to_numpy(dtype=object)
        known = ~np.asarray(column.isna())
        found = np.array([place.get(v, -1.0) if k else np.nan for v, k in zip(given, known, strict=True)], np.float64)
        unknown = found == -1.0
        if (unknown.all() or self.only_known_levels) and unknown.any():
            value = given[np.flatnonzero(unknown)[0]]
            some = ", ".join(map(repr, levels[:5])) + (", ..." if len(levels) > 5 else "")
            raise EngineError(
                f"{name} must hold in {column.name!r} categories that the model knows ({some}), found {value!r}; "
                "give them as in training, or leave them blank"
            )
        found[unknown] = len(levels)
        return found

    def _check_values(self, rows: FloatArray, name: str) -> None:
        rules: list[tuple[bool, Callable[[FloatArray], Any], str]] = [
            (not self.takes_missing, np.isnan, "no missing value, as the model itself refuses them"),
            (not self.takes_infinite, lambda x: np.abs(x) > np.finfo(np.float32).max, "finite float32 numbers"),
        ]
        for applies, breaks, rule in rules:
            if not applies:
                continue
            bad = np.argwhere(breaks(rows))
            if len(bad):
                row, j = (int(place) for place in bad[0])
                where = self.columns[j] if j < len(self.columns) else j
                raise EngineError(
                    f"{name} must hold {rule}; found {rows[row, j]} in row {row}, feature {where!r} "
                    f"({len(bad):,} such cells); correct them"
                )


def _as_numbers(table: Any, name: str) -> FloatArray:
    try:
        return np.array(table, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise EngineError(f"{name} must hold numbers, NaN where unknown ({error})") from None


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return value is None or value is pd.NA
    return True


def exact_sum(leaves: FloatArray, baseline: float, dtype: Any, *, baseline_last: bool = False) -> NDArray[Any]:
    """Leaf values (n, n_trees) added one by one in a precision, as a library adds them: (n,)."""
    total = np.full(len(leaves), 0.0 if baseline_last else baseline, dtype=dtype)
    for t in range(leaves.shape[1]):
        total += leaves[:, t].astype(dtype)
    return total + np.asarray(baseline, dtype=dtype) if baseline_last else total
