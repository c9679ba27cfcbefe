"""Tables from files, folders, databases and other libraries, with one clear message where they cannot be read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model import places
from credit_model.errors import DataFileError
from credit_model.inputs import check_is_file
from credit_model.readers.arrow_tables import (
    ARROW,
    PARQUET,
    from_arrow,
    read_arrow,
    read_parquet,
    with_index_as_columns,
)
from credit_model.readers.compressed import COMPRESSED, TEXTS
from credit_model.readers.csv_tables import read_csv
from credit_model.readers.databases import DATABASES, is_url, read_database, read_sql
from credit_model.readers.folders import read_folder
from credit_model.readers.source_format import SourceFormat
from credit_model.readers.workbooks import WORKBOOKS, read_workbook

#: Endings of the files of a folder that are read together, the first kind that is there.
IN_FOLDERS = (PARQUET, (".csv",), tuple(f".csv{packed}" for packed in COMPRESSED), (".tsv", ".tab"), ARROW)


def read_table(
    path: str | Path,
    *,
    id_column: str | Sequence[str] | None = None,
    categories: Mapping[str, Collection[str]] | None = None,
    source: SourceFormat | None = None,
    query: str | None = None,
) -> pd.DataFrame:
    """Read a table from a file, a folder of files, or a database.

    Parameters
    ----------
    path : path or URL
        By its ending: CSV (``.csv``, ``.tsv``, ``.txt``; also compressed: ``.csv.gz``, ``.bz2``, ``.xz``, ``.zip``,
        ``.zst``), Parquet, Feather or Arrow, an Excel workbook (``.xlsx``), a DuckDB or SQLite file; or the URL of a
        database as SQLAlchemy knows it. Of a folder its ``history`` subfolder if it has one, else its files of one kind
        (Parquet first) in the order of their names; folders such as ``month=2024-01`` in it give a column.
    id_column : str or sequence of str, optional
        Columns of ids: in CSV their leading zeros are kept, and nothing but an empty cell is a blank.
    categories : mapping of column name to texts, optional
        Columns of text and their values, so that in CSV a value such as "NA" or "01" is read as it stands.
    source : SourceFormat, optional
        Encoding, separator, decimal mark of CSV, sheet of a workbook, where the file does not tell.
    query : str, optional
        Of a database.

    Raises
    ------
    DataFileError
        There is no such file, it cannot be read as what its suffix says, or what it is is not certain; the message then
        names the key of ``[source]`` that settles it.
    """
    source = SourceFormat() if source is None else source
    if is_url(path):
        return read_sql(str(path), query)
    path = Path(path)
    places.restore(path)
    ids = (id_column,) if isinstance(id_column, str) else tuple(id_column or ())
    if query is not None and path.suffix.lower() not in DATABASES:
        raise DataFileError(f"{path}: is no database, and takes no query; leave it out")

    def read(file: Path) -> pd.DataFrame:
        return read_file(file, id_columns=ids, categories=categories, source=source, query=query)

    try:
        is_folder = path.is_dir()
    except (OSError, ValueError):
        is_folder = False
    return read_folder(path, IN_FOLDERS, read) if is_folder else read(path)


def read_file(
    file: Path,
    *,
    id_columns: tuple[str, ...],
    categories: Mapping[str, Collection[str]] | None,
    source: SourceFormat,
    query: str | None,
) -> pd.DataFrame:
    """The table of one file, by the ending of its name; as `read_table`."""
    check_is_file(file)
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    last = suffixes[-1] if suffixes else ""
    if last in PARQUET:
        return read_parquet(file)
    if is_text(file):
        return read_csv(file, id_columns=id_columns, categories=categories, source=source)
    if last in ARROW:
        return read_arrow(file)
    if last in WORKBOOKS:
        return read_workbook(file, source.sheet, decimal=source.decimal or ".")
    if last in DATABASES:
        return read_database(file, query)
    raise DataFileError(
        f"{file}: a table's name must end in .parquet or .csv, .xlsx, .feather, .arrow, .duckdb or .sqlite, "
        f"got {file.suffix or 'no suffix'}"
    )


def is_text(file: Path) -> bool:
    """Whether a file is CSV by its name, which may tell that it is compressed, too."""
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    last = suffixes[-1] if suffixes else ""
    return last in TEXTS or last == ".zip" or (last in COMPRESSED and suffixes[0] in TEXTS)


def as_table(
    data: Any,
    *,
    id_column: str | Sequence[str] | None = None,
    categories: Mapping[str, Collection[str]] | None = None,
    source: SourceFormat | None = None,
    query: str | None = None,
) -> pd.DataFrame:
    """A table as pandas holds it: of pandas, Polars, PyArrow, DuckDB or another library, or of a path.

    Parameters
    ----------
    data : DataFrame, path, URL, or an object that gives its data as an Arrow stream
        A named index of a pandas table, such as one of key and month, comes back as columns.
    id_column, categories, source, query
        As in `read_table`, of a path.

    Raises
    ------
    DataFileError
        It is nothing of this, or cannot be read.
    """
    if isinstance(data, pd.DataFrame):
        return with_index_as_columns(data)
    if isinstance(data, str | Path):
        return read_table(data, id_column=id_column, categories=categories, source=source, query=query)
    if (table := from_arrow(data)) is not None:
        return table
    hint = "; call its collect() first" if hasattr(data, "collect") else ""
    raise DataFileError(
        f"a table must be a DataFrame of pandas or Polars, a table of PyArrow or DuckDB, or a path, got "
        f"{type(data).__name__}{hint}"
    )
