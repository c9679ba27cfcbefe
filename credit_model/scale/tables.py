"""One table from those of many blocks, group by group of rows: the bytes are those of `files.write_table`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        At least one, from `as_arrow`; tables without rows may have other types.
    path : path

    Raises
    ------
    DataFileError
        The suffix is neither, or the file cannot be written.
    """
    suffix = table_suffix(path)
    with fresh_file(path) as partial:
        return _write_parquet(tables, partial) if suffix == ".parquet" else _write_csv(tables, partial)


def _write_parquet(tables: Iterable[pa.Table], path: Path) -> int:
    writer, rows = None, 0
    try:
        for group in _groups(tables):
            writer = writer or pq.ParquetWriter(path, group.schema, compression="snappy")
            if len(group) or not rows:
                writer.write_table(group, row_group_size=ROW_GROUP)
            rows += len(group)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _write_csv(tables: Iterable[pa.Table], path: Path) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for k, group in enumerate(_groups(tables)):
            frame = without_formulas(group.to_pandas())
            frame.to_csv(file, index=False, header=not k, lineterminator="\n")
            rows += len(group)
    return rows


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows in groups of `ROW_GROUP`; one without rows where there is none."""
    waiting, n, empty = list[pa.Table](), 0, None
    for table in tables:
        if not len(table):
            empty = table if empty is None else empty
            continue
        waiting.append(table)
        n += len(table)
        while n >= ROW_GROUP:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, ROW_GROUP).combine_chunks()
            waiting, n = [whole.slice(ROW_GROUP)], n - ROW_GROUP
            empty = waiting[0].slice(0, 0)
    if n:
        yield pa.concat_tables(waiting).combine_chunks()
    elif empty is not None and not waiting:
        yield empty
