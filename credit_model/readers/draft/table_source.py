"""The table that a catalogue is drafted from: a file or a table in memory, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model.portfolio.declarations import Catalogue
from credit_model.readers.draft.profiles import Profile, profiles_of
from credit_model.readers.tables import read_table


@dataclass(frozen=True)
class SourceFound:
    """A table, and how its file is written.

    Attributes
    ----------
    table : DataFrame
    origin : path or whatever `read_table` reads; None for a table in memory
    title, name : str
        For people, and for the catalogue.
    declared : mapping
        Keys of ``[source]`` that the file's reader has to be told.
    remarks : mapping
        What is said of them.
    currencies : tuple of str
    """

    table: pd.DataFrame = field(repr=False)
    origin: Any
    title: str
    name: str
    declared: Mapping[str, object]
    remarks: Mapping[str, str]
    reading: Mapping[str, Any]
    currencies: tuple[str, ...] = ()

    def limit_profile(self, limit: str, decimal: str) -> Profile:
        """The profile of the limit's column."""
        return profiles_of(self.table[[limit]], decimal)[limit]

    def limit_currencies(self, limit: str, decimal: str) -> tuple[str, ...]:
        """The currencies that stand in the limit's cells."""
        return self.limit_profile(limit, decimal).currencies

    def reread(self, catalogue: Catalogue) -> pd.DataFrame:
        """The table as it is read with the catalogue: ids and categories as they stand."""
        if self.origin is None:
            return self.table
        categories = {column.name: column.categories for column in catalogue.columns if column.kind == "category"}
        return read_table(self.origin, id_column=catalogue.borrower, categories=categories, **self.reading)


def read_source(table: Any, key: tuple[str, ...], reading: Mapping[str, Any]) -> SourceFound:
    """Read what a catalogue is to be drafted from.

    Parameters
    ----------
    table : DataFrame, path, or whatever `read_table` reads
    key : tuple of str
        The borrower's columns, where they are given.
    reading : mapping
        As `read_table` takes them.
    """
    if isinstance(table, pd.DataFrame):
        return SourceFound(_named(table), None, "a table in memory", "portfolio", {}, {}, {})
    frame = _named(read_table(table, **reading))
    path = Path(str(table))
    name = re.sub(r"\W+", "_", path.name.split(".")[0]).strip("_").lower() or "portfolio"
    return SourceFound(frame, table, path.name, name, {}, {}, reading)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with texts as names of columns, and keys as columns, not as its index."""
    if table.index.names != [None]:
        table = table.reset_index()
    if not all(isinstance(name, str) for name in table.columns):
        table = table.rename(columns=str)
    return table
