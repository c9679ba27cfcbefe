"""Reads a checked history for a command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from credit_model.cli.console import working
from credit_model.errors import CatalogueError, CreditModelError, Gathering, HistoryError
from credit_model.portfolio.catalogue import Catalogue, readable_part
from credit_model.portfolio.history import History, check_table, read_raw
from credit_model.readers.arrow_tables import release_memory
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
    with working(f"reading {without_password(path)}"):
        history = _checked(path, read_raw(path, catalogue, query=query, sheet=sheet), catalogue)
        release_memory()
        return history


def check_all(
    path: str, declared: str, *, query: str | None = None, sheet: str | None = None
) -> tuple[Catalogue, History]:
    """A catalogue and the history that `read_history` reads; the mistakes of both are told together.

    Parameters
    ----------
    path : str
    declared : str
        The catalogue's name or file.
    query, sheet : str, optional

    Raises
    ------
    CreditModelError
        A line for each mistake.
    """
    with working(f"reading {without_password(path)}"):
        read = readable_part(declared)
        if read.catalogue is None:
            raise CatalogueError(*read.mistakes)
        mistakes = Gathering()
        mistakes.found.extend(read.mistakes)
        with mistakes:
            raw = read_raw(path, read.catalogue, query=query, sheet=sheet)
            history = _checked(path, raw.drop(columns=list(read.unread), errors="ignore"), read.catalogue)
            del raw
            release_memory()
        mistakes.tell(CreditModelError)
        return read.catalogue, history


def _checked(path: str, raw: pd.DataFrame, catalogue: Catalogue) -> History:
    try:
        return check_table(raw, catalogue)
    except HistoryError as mistake:
        raise HistoryError(*mistake.in_file(without_password(path))) from None


def read_economy(path: str | None, data: str) -> pd.DataFrame | None:
    """The economy's table: the file named, or the one that lies in the data's folder; None if there is none."""
    if path is not None:
        return read_table(path, source=SourceFormat(decimal="."))
    beside = Path(data) / "economy.parquet"
    return read_table(beside) if beside.is_file() else None
