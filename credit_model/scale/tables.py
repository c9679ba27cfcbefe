"""One table from those of many blocks, group by group of rows: the bytes are those of `files.write_table`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from credit_model.files import ROW_GROUP, fresh_file, table_suffix
from credit_model.spreadsheets import without_formulas


def as_arrow(frame: pd.DataFrame) -> pa.Table:
    """A table as `files.write_table` hands it to Parquet."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def write_tables(tables: Iterable[pa.Table], path: str | Path) -> int:
    """Write tables, one below the other, as Parquet or CSV (by suffix), whole or not at all; the number of rows.

    Parameters
    ----------
    tables : iterable of Arrow tables
        As those of `TableFile.add`.
    path : path

    Raises
    ------
    DataFileError
        The suffix is neither, or the file cannot be written.
    """
    with table_file(path) as file:
        for table in tables:
            file.add(table)
    return file.n_rows


@contextmanager
def table_file(path: str | Path) -> Iterator[TableFile]:
    """A table to add to while the block lasts, Parquet or CSV (by suffix): it is there whole, or not at all.

    Raises
    ------
    DataFileError
        The suffix is neither, or the file cannot be written.
    """
    suffix = table_suffix(path)
    with fresh_file(path) as partial, _parquet(partial) if suffix == ".parquet" else _csv(partial) as write:
        file = TableFile(write)
        yield file
        file.end()


class TableFile:
    """Takes tables, one below the other, and has them written in groups of `ROW_GROUP` rows.

    Attributes
    ----------
    n_rows : int
        Written so far.
    """

    def __init__(self, write: Callable[[pa.Table], object]) -> None:
        self.n_rows = 0
        self._write_group = write
        self._waiting: list[pa.Table] = []
        self._empty: pa.Table | None = None

    def add(self, table: pa.Table) -> None:
        """Add a table from `as_arrow`; one without rows may have other types."""
        if not len(table):
            self._empty = table if self._empty is None else self._empty
            return
        self._waiting.append(table)
        while (n := sum(map(len, self._waiting))) >= ROW_GROUP:
            whole = pa.concat_tables(self._waiting)
            self._write(whole.slice(0, ROW_GROUP).combine_chunks())
            self._waiting = [whole.slice(ROW_GROUP)] if n > ROW_GROUP else []

    def end(self) -> None:
        """Write what waits; the columns alone where nothing was added that has rows."""
        if self._waiting:
            self._write(pa.concat_tables(self._waiting).combine_chunks())
        elif not self.n_rows and self._empty is not None:
            self._write(self._empty)
        self._waiting = []

    def _write(self, group: pa.Table) -> None:
        self._write_group(group)
        self.n_rows += len(group)


@contextmanager
def _parquet(path: Path) -> Iterator[Callable[[pa.Table], object]]:
    writer: pq.ParquetWriter | None = None

    def write(group: pa.Table) -> None:
        nonlocal writer
        writer = writer or pq.ParquetWriter(path, group.schema, compression="snappy")
        writer.write_table(group, row_group_size=ROW_GROUP)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


@contextmanager
def _csv(path: Path) -> Iterator[Callable[[pa.Table], object]]:
    with path.open("w", encoding="utf-8", newline="") as file:

        def write(group: pa.Table) -> None:
            frame = without_formulas(group.to_pandas())
            frame.to_csv(file, index=False, header=not file.tell(), lineterminator="\n")

        yield write
