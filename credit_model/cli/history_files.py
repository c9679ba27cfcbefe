"""Reads a checked history for a command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from credit_model.cli.console import working
from credit_model.errors import CatalogueError, CreditModelError, Gathering, HistoryError
from credit_model.portfolio.catalogue import Catalogue, readable_part
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
        return _checked(path, _table(path, catalogue), catalogue)


def check_all(path: str, source: str) -> tuple[Catalogue, History]:
    """A catalogue and the history in a file or folder; the mistakes of both are told together.

    Parameters
    ----------
    path : str
    source : str
        The catalogue's name or file.

    Raises
    ------
    CreditModelError
        A line for each mistake.
    """
    with working(f"reading {path}"):
        read = readable_part(source)
        if read.catalogue is None:
            raise CatalogueError(*read.mistakes)
        mistakes = Gathering()
        mistakes.found.extend(read.mistakes)
        with mistakes:
            raw = _table(path, read.catalogue)
            history = _checked(path, raw.drop(columns=list(read.unread), errors="ignore"), read.catalogue)
        mistakes.tell(CreditModelError)
        return read.catalogue, history


def _table(path: str, catalogue: Catalogue) -> pd.DataFrame:
    categories = {column.name: column.categories for column in catalogue.columns if column.kind == "category"}
    return read_table(path, id_column=catalogue.borrower, categories=categories)


def _checked(path: str, raw: pd.DataFrame, catalogue: Catalogue) -> History:
    try:
        return check_history(raw, catalogue)
    except HistoryError as mistake:
        raise HistoryError(*mistake.in_file(path)) from None


def read_economy(path: str | None, data: str) -> pd.DataFrame | None:
    """The economy's table: the file named, or the one that lies in the data's folder; None if there is none."""
    if path is not None:
        return read_table(path)
    beside = Path(data) / "economy.parquet"
    return read_table(beside) if beside.is_file() else None
