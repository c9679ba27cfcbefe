"""Tables that Arrow reads: Parquet and Feather files, and other libraries' tables that give their data as Arrow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from credit_model.errors import DataFileError
from credit_model.inputs import one_line, unreadable

PARQUET = (".parquet", ".pq")
ARROW = (".feather", ".arrow", ".arrows", ".ipc")


def read_parquet(path: Path) -> pd.DataFrame:
    """The table of one Parquet file; a named index comes back as columns."""
    return _read(path, pd.read_parquet, "Parquet")


def read_arrow(path: Path) -> pd.DataFrame:
    """The table of a Feather file, or of an Arrow file or stream."""

    def read(path: Path) -> pd.DataFrame:
        with pa.OSFile(str(path)) as file:
            is_file = file.read(6) == b"ARROW1"
            file.seek(0)
            if is_file:
                return as_pandas(pa.ipc.open_file(file).read_all())
            if file.read(4) == b"FEA1":
                file.seek(0)
                return pd.read_feather(path)
            file.seek(0)
            return as_pandas(pa.ipc.open_stream(file).read_all())

    return _read(path, read, "Arrow")


def _read(path: Path, read: Callable[[Path], pd.DataFrame], what: str) -> pd.DataFrame:
    try:
        return with_index_as_columns(read(path))
    except OSError as error:
        if error.errno is not None:
            raise unreadable(path, error) from None
        raise _damaged(path, error, what) from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can make its reader fail in any way
        raise _damaged(path, error, what) from None
    finally:
        release_memory()  # what was read was held twice for a while


def release_memory() -> None:
    """Give back to the system what Arrow keeps of tables that are gone, for the next ones."""
    pa.default_memory_pool().release_unused()


def _damaged(path: Path, error: Exception, what: str) -> DataFileError:
    return DataFileError(
        f"{path}: cannot be read as {what} ({one_line(error)}); it may be cut short or damaged, write it again"
    )


def as_pandas(table: Any) -> pd.DataFrame:
    """An Arrow table as pandas holds it."""
    frame: pd.DataFrame = table.to_pandas()
    return frame


def with_index_as_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose named index, such as one of key and month, stands among its columns; a column goes before it."""
    names = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(names) if names else frame


def from_arrow(data: Any) -> pd.DataFrame | None:
    """The table of an object that gives its data as an Arrow stream (Polars, PyArrow, DuckDB); None if it does not.

    Raises
    ------
    DataFileError
        The stream breaks off.
    """
    if not hasattr(data, "__arrow_c_stream__"):
        return None
    try:
        return as_pandas(pa.RecordBatchReader.from_stream(data).read_all())
    except MemoryError:
        raise
    except Exception as error:
        raise DataFileError(f"the {type(data).__name__} cannot be read as a table ({one_line(error)})") from None
