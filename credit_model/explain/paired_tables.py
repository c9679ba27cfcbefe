"""Two tables of the same borrowers at two dates, row beside row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.errors import CreditModelError


@dataclass(frozen=True)
class PairedTables:
    """Tables whose rows belong together.

    Attributes
    ----------
    before, after : tables, (n, ...)
        Without the column that they were matched by.
    keys : array, (n,)
        Names of the rows.
    note : str
        What was left out; "" if nothing.
    """

    before: Any
    after: Any
    keys: NDArray[Any]
    note: str = ""


def paired_tables(before: Any, after: Any, keys: Any) -> PairedTables:
    """Match two tables by a key column, or as they stand.

    Parameters
    ----------
    before, after : DataFrame or array-like
    keys : column name, array (n,) or None

    Raises
    ------
    CreditModelError
        A key column is missing or not unique, no key is in both tables, or there are not as many rows or keys.
    """
    if isinstance(keys, str):
        return _by_column(before, after, keys)
    if len(before) != len(after):
        raise CreditModelError(
            f"before and after must have as many rows, got {len(before):,} and {len(after):,}; name the column that "
            "tells whose they are as keys"
        )
    if keys is None:
        own = after.index.to_numpy() if isinstance(after, pd.DataFrame) else np.arange(len(after))
        return PairedTables(before, after, own)
    given = np.asarray(keys)
    if given.shape != (len(after),):
        raise CreditModelError(f"keys must be one a row ({len(after):,}), got shape {given.shape}")
    return PairedTables(before, after, given)


def _by_column(before: Any, after: Any, column: str) -> PairedTables:
    for name, table in (("before", before), ("after", after)):
        if not isinstance(table, pd.DataFrame) or column not in table.columns:
            raise CreditModelError(f"{name} must be a DataFrame with the key column {column!r}")
        own = table[column]
        if own.isna().any():
            raise CreditModelError(f"{name} must have a key in every row of {column!r}, found {own.isna().sum()} blank")
        if own.duplicated().any():
            twice = own[own.duplicated()].iloc[0]
            raise CreditModelError(f"{name} must have each key of {column!r} once, found {twice!r} more than once")
    shared = after[column].isin(before[column]).to_numpy()
    if not shared.any():
        raise CreditModelError(f"before and after must share keys in {column!r}, found none in both")
    later = after[shared].reset_index(drop=True)
    place = pd.Index(before[column]).get_indexer(later[column])
    earlier = before.iloc[place].reset_index(drop=True)
    only = len(after) - len(later), len(before) - len(earlier)
    note = ""
    if any(only):
        note = (
            f"{only[0]:,} rows of after and {only[1]:,} of before have a key in {column!r} that the other lacks, and "
            "were left out"
        )
    keys = later[column].to_numpy()
    return PairedTables(earlier.drop(columns=column), later.drop(columns=column), keys, note)
