"""Reads a checked history for a command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from credit_model.cli.console import working
from credit_model.errors import HistoryError
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.history import History, check_history
from credit_model.readers.tables import read_table


def read_history(path: str, catalogue: Catalogue) -> History:
    """The checked history in a file or folder; errors name the path.

    Raises
    ------
    DataFileError, HistoryError
        The file cannot be read, or breaks the catalogue's rules.
    """
    with working(f"reading {path}"):
        categories = {column.name: column.categories for column in catalogue.columns if column.kind == "category"}
        raw = read_table(path, id_column=catalogue.borrower, categories=categories)
        try:
            return check_history(raw, catalogue)
        except HistoryError as mistake:
            raise HistoryError(f"{path}: {mistake}") from None


def read_economy(path: str | None, data: str) -> pd.DataFrame | None:
    """The economy's table: the file named, or the one that lies in the data's folder; None if there is none."""
    if path is not None:
        return read_table(path)
    beside = Path(data) / "economy.parquet"
    return read_table(beside) if beside.is_file() else None
