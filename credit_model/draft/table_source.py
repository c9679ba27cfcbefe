"""The table that a catalogue is drafted from: a file or a table in memory, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import read_raw
from credit_model.readers.compressed import COMPRESSED, TEXTS
from credit_model.readers.csv_tables import how_written
from credit_model.readers.databases import is_url, without_password
from credit_model.readers.source_format import SourceFormat
from credit_model.readers.tables import as_table


@dataclass(frozen=True)
class SourceFound:
    """A table, and how its file is written.

    Attributes
    ----------
    table : DataFrame
    origin : DataFrame, path, or whatever else `as_table` takes
    query : str or None
        Of a database.
    title, name : str
        For people, and for the catalogue.
    declared : mapping
        Keys of ``[source]``: what the file's reader was told, or found.
    """

    table: pd.DataFrame = field(repr=False)
    origin: Any = field(repr=False)
    query: str | None
    title: str
    name: str
    declared: Mapping[str, str]

    def reread(self, catalogue: Catalogue) -> pd.DataFrame:
        """The table as it is read with the catalogue: ids and categories as they stand."""
        origin = self.origin if isinstance(self.origin, str | Path) else self.table
        return read_raw(origin, catalogue, query=self.query)


def read_source(
    data: Any,
    *,
    query: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
) -> SourceFound:
    """Read what a catalogue is to be drafted from.

    Parameters
    ----------
    data : DataFrame, path, or whatever else `as_table` takes
    query : str, optional
        Of a database.
    sheet, encoding, separator, decimal : str, optional
        As in ``[source]``.

    Raises
    ------
    DataFileError
        It cannot be read, or what it is is not certain.
    """
    source = SourceFormat(encoding=encoding, separator=separator, sheet=sheet, decimal=decimal)
    table = _named(as_table(data, source=source, query=query))
    given = {"encoding": encoding, "separator": separator, "sheet": sheet, "decimal": decimal}
    declared = {key: value for key, value in given.items() if value is not None}
    if not isinstance(data, str | Path):
        return SourceFound(table, data, query, "a table in memory", "portfolio", declared)
    if is_url(data):
        return SourceFound(table, data, query, without_password(str(data)), "portfolio", declared)
    path = Path(data)
    if _is_csv(path):
        declared["encoding"], declared["separator"] = how_written(path, source)
    name = re.sub(r"\W+", "_", path.name.split(".")[0]).strip("_").lower() or "portfolio"
    return SourceFound(table, data, query, path.name, name, declared)


def _is_csv(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return (
        path.is_file()
        and bool(suffixes)
        and (suffixes[-1] in TEXTS or (suffixes[-1] in COMPRESSED and suffixes[0] in TEXTS))
    )


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with texts as names of columns."""
    if all(isinstance(name, str) for name in table.columns):
        return table
    attrs, table = table.attrs, table.rename(columns=str)
    table.attrs = attrs
    return table
