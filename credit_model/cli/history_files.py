"""Reads a checked history for a command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from credit_model.cli.console import working
from credit_model.errors import HistoryError
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.history import History, check_table, read_raw
from credit_model.readers.databases import without_password
from credit_model.readers.source_format import SourceFormat
from credit_model.readers.tables import read_table


def read_history(path: str, catalogue: Catalogue, *, query: str | None = None, sheet: str | None = None) -> History:
    """The checked history in a file, folder or database; errors name the path.

    ``query`` is for a database; ``sheet`` is of an Excel workbook, and goes before the catalogue's.

    Raises
    ------
    DataFileError, HistoryError
        The file cannot be read, or breaks the catalogue's rules.
    """
    shown = without_password(path)
    with working(f"reading {shown}"):
        raw = read_raw(path, catalogue, query=query, sheet=sheet)
        try:
            return check_table(raw, catalogue)
        except HistoryError as mistake:
            raise HistoryError(f"{shown}: {mistake}") from None


def read_economy(path: str | None, data: str) -> pd.DataFrame | None:
    """The economy's table: the file named, or the one that lies in the data's folder; None if there is none."""
    if path is not None:
        return read_table(path, source=SourceFormat(decimal="."))
    beside = Path(data) / "economy.parquet"
    return read_table(beside) if beside.is_file() else None
