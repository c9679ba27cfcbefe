"""Tables of databases: a DuckDB or SQLite file, or whatever an SQLAlchemy URL names, by a query."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pyarrow as pa

from credit_model.errors import DataFileError
from credit_model.inputs import check_is_file, one_line
from credit_model.readers.arrow_tables import as_pandas
from credit_model.readers.optional import need

#: Endings of files of databases.
DATABASES = (".duckdb", ".ddb", ".sqlite", ".sqlite3", ".db")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*://")
#: What is reached by them is a file on the network, no database.
_NETWORK = re.compile(r"(?:https?|ftps?|sftp|s3[an]?|gs|gcs|abfss?|wasbs?|az|adl|hdfs|webdavs?)://", re.I)
#: How a statement begins that reads and changes nothing, after remarks.
_READS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:select|with|values|from|table|show|describe)\b", re.I | re.S)
_PASSWORD = re.compile(r"(://[^:/@]*):[^@]*@")


def is_url(path: object) -> bool:
    """Whether a text is the URL of a database, such as "postgresql://host/book"."""
    return isinstance(path, str) and _URL.match(path) is not None


def without_password(text: str) -> str:
    """A URL as it may be shown.

    >>> without_password("postgresql://me:secret@host/book")
    'postgresql://me:***@host/book'
    """
    return _PASSWORD.sub(r"\1:***@", text)


def read_sql(url: str, query: str | None) -> pd.DataFrame:
    """The rows that a query gives.

    Parameters
    ----------
    url : str
        As SQLAlchemy knows it, such as "sqlite:///book.db" or "postgresql://host/book".
    query : str or None
        A statement that gives rows; None: there is a single table, which is read.

    Raises
    ------
    DataFileError
        The database cannot be reached, the query fails or gives no rows, or SQLAlchemy or the database's own library is
        missing.
    """
    shown = without_password(url)
    if _NETWORK.match(url):
        raise DataFileError(f"{shown}: is on the network; nothing is downloaded: save it as a file first")
    _check_query(shown, query)
    sqlalchemy = need("sqlalchemy", "readers", shown, "databases")
    try:
        engine = sqlalchemy.create_engine(url)
    except ImportError as error:
        raise DataFileError(f"{shown}: its library is not installed ({one_line(error)}); install it") from None
    except Exception as error:
        raise DataFileError(f"{shown}: is no URL of a database ({one_line(error)}); correct it") from None
    if engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:"):
        check_is_file(Path(engine.url.database))  # which would be made
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("pragma query_only = 1")
            if query is None:
                tables = sqlalchemy.inspect(connection).get_table_names()
                query = f"select * from {engine.dialect.identifier_preparer.quote(_only(shown, tables))}"
            found = connection.execute(sqlalchemy.text(query))
            if not found.returns_rows:
                raise DataFileError(f"{shown}: the query must give rows, such as select * from a table")
            names, rows = list(found.keys()), [tuple(row) for row in found]
    except DataFileError:
        raise
    except Exception as error:  # each database's library has errors of its own
        raise _failed(shown, getattr(error, "orig", None) or error) from None
    finally:
        engine.dispose()
    return _frame(shown, names, rows)


def read_database(path: Path, query: str | None) -> pd.DataFrame:
    """The rows that a query gives in a DuckDB or SQLite file; without a query its single table.

    Raises
    ------
    DataFileError
        It is no such file, has several tables, the query fails, or DuckDB is missing.
    """
    check_is_file(path)
    _check_query(path, query)
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"SQLite format 3"):
        return _read_sqlite(path, query)
    if head[8:12] != b"DUCK":
        raise DataFileError(f"{path}: is neither a DuckDB nor an SQLite file; it may be damaged, or named wrongly")
    duckdb = need("duckdb", "readers", path, "DuckDB files")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            if query is None:
                names = connection.execute(
                    "select table_name from information_schema.tables where table_schema = current_schema()"
                ).fetchall()
                query = f"select * from {_quoted(_only(path, [name for (name,) in names]))}"
            found = connection.sql(query)
            if found is None:
                raise DataFileError(f"{path}: the query must give rows, such as select * from a table")
            _check_names(path, found.columns)
            return as_pandas(pa.RecordBatchReader.from_stream(found).read_all())
    except DataFileError:
        raise
    except Exception as error:
        raise _failed(path, error) from None


def _read_sqlite(path: Path, query: str | None) -> pd.DataFrame:
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            if query is None:
                names = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
                query = f"select * from {_quoted(_only(path, [name for (name,) in names]))}"
            found = connection.execute(query)
            if found.description is None:
                raise DataFileError(f"{path}: the query must give rows, such as select * from a table")
            return _frame(path, [column[0] for column in found.description], found.fetchall())
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _failed(path, error) from None


def _frame(what: object, names: list[str], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    _check_names(what, names)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=object).infer_objects()
            for name, column in zip(names, columns, strict=True)
        }
    )


def _check_query(what: object, query: str | None) -> None:
    if query is not None and not _READS.match(query):
        raise DataFileError(
            f"{what}: the query must read, such as select * from a table, got {' '.join(query.split())[:60]!r}"
        )


def _check_names(what: object, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataFileError(f"{what}: the query gives column {twice!r} {names.count(twice)} times; name each once")


def _only(what: object, tables: list[str]) -> str:
    if len(tables) == 1:
        return tables[0]
    shown = ", ".join(sorted(tables)[:8]) or "none"
    raise DataFileError(
        f"{what}: must be given a query, since it holds {len(tables)} tables ({shown}); "
        'give query "select * from ..." (--query)'
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _failed(what: object, error: Exception) -> DataFileError:
    return DataFileError(f"{what}: cannot be queried ({without_password(one_line(error))}); correct the query")
