"""From a table of any size, its rows in any order, to blocks of whole borrowers: once, before all other stages.

The table is gone through twice. First it is looked at (`survey`). Then its cells are read as those of the whole table
are, and each row is put aside on disk with those of its block; last, each block is put in order and held against the
rules. Memory holds a part of the table, a few blocks, and some ten bytes a borrower.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit_model.arrays import IntArray
from credit_model.errors import DataFileError, Gathering, HistoryError
from credit_model.files import fresh_folder, write_manifest
from credit_model.parallel import in_order, workers_of
from credit_model.portfolio.cells import check_rules, read_cells
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import check_any_limit, limits_in_force
from credit_model.portfolio.history_columns import columns_read
from credit_model.portfolio.month_columns import PROVING_STEPS, check_calendar
from credit_model.readers.csv_streams import PART_LETTERS, WHOLE_BYTES
from credit_model.readers.streams import TableParts
from credit_model.scale.partition import FORMAT, ID, MONTH, Block, Partition
from credit_model.scale.survey import Survey, survey

#: Rows of a block, where their number is not asked for.
BLOCK_ROWS = 250_000
#: Most bytes of memory that parts and blocks take together, where it is not asked for.
MEMORY = 1 << 30
#: Copies of a part or block that are in memory at a time, as numbers of eight bytes a cell.
_COPIES = 6
#: What is asked for beyond the disk space that a sample foretells.
_SPARE = 1.2
_SPILL = pa.ipc.IpcWriteOptions(compression="lz4")

Progress = Callable[[int, int], object]


def write_partition(
    data: str | Path,
    catalogue: Catalogue,
    folder: str | Path,
    *,
    query: str | None = None,
    blocks: int | None = None,
    memory: int = MEMORY,
    n_jobs: int = 1,
    on_progress: Progress | None = None,
) -> Partition:
    """Partition a table by borrower.

    Parameters
    ----------
    data : path or URL
        As `readers.read_table` takes it. Parquet, Arrow and CSV files and folders of them need not fit into memory.
    catalogue : Catalogue
    folder : path
        Gets ``blocks/*.parquet`` and ``manifest.json``, whole or not at all.
    query : str, optional
        Of a database.
    blocks : int, optional
        How many; None: as many as make about `BLOCK_ROWS` rows each.
    memory : int, default `MEMORY`
        Bytes that parts of the table and blocks may take together.
    n_jobs : int, default 1
        Threads that put blocks in order, as far as the memory goes; the bytes do not depend on it.
    on_progress : callable, optional
        Called with the number of rows done, of all passes, and their total.

    Returns
    -------
    Partition

    Raises
    ------
    DataFileError
        The table cannot be read, the folder cannot be written, or the disk has too little room.
    HistoryError
        The table breaks the catalogue's rules, as in `check_history`.
    """
    width = len(columns_read(catalogue)) + 2
    rows_at_once = max(1_000, memory // (8 * width * _COPIES * 2))
    parts = TableParts(
        str(data),
        catalogue.id_columns,
        {column.name: column.categories for column in catalogue.columns if column.kind == "category"},
        catalogue.source,
        query,
        rows=rows_at_once,
        whole_bytes=min(WHOLE_BYTES, memory // 16),
        part_letters=min(PART_LETTERS, max(1 << 16, memory // 32)),
    )
    try:
        seen = survey(parts, catalogue)
    except HistoryError as mistake:
        raise HistoryError(*mistake.in_file(parts)) from None
    edges = block_edges(seen.rows_of, blocks)
    n_blocks = len(edges) - 1
    largest = int(np.add.reduceat(seen.rows_of, edges[:-1]).max())
    at_once = max(1, min(workers_of(n_jobs), memory // (8 * width * _COPIES * largest)))
    total = 3 * seen.n_rows

    def advance(done: int) -> None:
        if on_progress is not None:
            on_progress(done, total)

    with fresh_folder(folder, format=FORMAT) as partial:
        try:
            advance(seen.n_rows)
            _spill(parts, seen, edges, partial, lambda rows: advance(seen.n_rows + rows))
            done, found = 2 * seen.n_rows, list[_Made]()
            (partial / "blocks").mkdir()
            for one in in_order(lambda k: _make_block(seen, edges, k, partial), n_blocks, at_once):
                found.append(one)
                done += one.block.rows
                advance(done)
            _check_whole(found, seen)
        except HistoryError as mistake:
            raise HistoryError(*mistake.in_file(parts)) from None
        months = sorted(set().union(*(one.months for one in found)))
        content = {
            "catalogue": catalogue.text,
            "month_type": seen.month_type,
            "id_type": "integer" if seen.borrower_ids.dtype == np.int64 else "text",
            "columns": [column.name for column in columns_read(catalogue)],
            "rows": seen.n_rows,
            "borrowers": len(seen.borrower_ids),
            "months": months,
            "blocks": [asdict(one.block) for one in found],
        }
        (partial / "spill").rmdir()
        economy = Path(data) / "economy.parquet"
        if economy.is_file():  # what 'simulate' lays beside the histories, and 'report' draws
            shutil.copyfile(economy, partial / economy.name)
        write_manifest(partial, FORMAT, content)
    return Partition.open(folder, catalogue)


def block_edges(rows_of: IntArray, blocks: int | None) -> IntArray:
    """Where at most so many blocks of about as many rows begin among borrowers of ``rows_of`` rows: (n_blocks + 1,).

    Examples
    --------
    >>> block_edges(np.array([3, 3, 3, 3, 12]), 3).tolist()
    [0, 3, 5]
    """
    n_rows = int(rows_of.sum())
    wanted = max(1, -(-n_rows // BLOCK_ROWS)) if blocks is None else blocks
    wanted = min(wanted, len(rows_of))
    before = np.concatenate([[0], np.cumsum(rows_of)])
    aims = n_rows * np.arange(1, wanted) / wanted
    inner = np.searchsorted(before, aims)
    return np.unique(np.concatenate([[0], inner, [len(rows_of)]])).astype(np.int64)


@dataclass(frozen=True)
class _Made:
    """A block that stands, and what only all blocks together can tell."""

    block: Block
    months: frozenset[int]
    has_limit: bool
    steps: tuple[IntArray, IntArray]


def _spill(parts: TableParts, seen: Survey, edges: IntArray, folder: Path, advance: Callable[[int], None]) -> None:
    """Put each row aside with those of its block."""
    (folder / "spill").mkdir()
    columns, rows = columns_read(seen.catalogue), 0
    for part in parts:
        codes, number = seen.codes_of(part), seen.months_of(part)
        row_of = seen.row_names(codes, number)
        cells, mistakes = {}, Gathering()
        for column in columns:
            with mistakes:
                cells[column.name] = (
                    read_cells(part[column.name], column, None, row_of, seen.written)
                    if column.name in part.columns
                    else np.full(len(part), np.nan)
                )
        mistakes.tell(HistoryError)
        table = pa.table({ID: codes, MONTH: number, **cells})
        if not rows:
            _check_room(table, seen.n_rows, folder)
        block = np.searchsorted(edges, codes, side="right") - 1
        for k, piece in _by_block(table, block):
            with (
                (folder / "spill" / f"{k}.arrows").open("ab") as file,
                pa.ipc.new_stream(file, piece.schema, options=_SPILL) as stream,
            ):
                stream.write_table(piece)
        rows += len(part)
        advance(rows)
    if rows != seen.n_rows:
        raise DataFileError(f"{parts}: changed while it was read; partition it again")


def _by_block(table: pa.Table, block: IntArray) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each block."""
    order = np.argsort(block, kind="stable")
    sorted_block = block[order]
    table = table if (np.diff(block) >= 0).all() else table.take(pa.array(order))
    starts = np.concatenate([[0], np.flatnonzero(np.diff(sorted_block)) + 1, [len(block)]])
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if stop > start:
            yield int(sorted_block[start]), table.slice(start, stop - start)


def _check_room(table: pa.Table, n_rows: int, folder: Path) -> None:
    """That the disk has room for what is put aside and for the blocks, as a part of the table foretells."""
    spilled, block = pa.BufferOutputStream(), pa.BufferOutputStream()
    with pa.ipc.new_stream(spilled, table.schema, options=_SPILL) as stream:
        stream.write_table(table)
    pq.write_table(table, block, compression="zstd", use_dictionary=False)
    needed = int(_SPARE * n_rows / max(len(table), 1) * (spilled.tell() + block.tell()))
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataFileError(
            f"{folder}: partitioning {n_rows:,} rows needs about {_bytes(needed)} on this disk, which has "
            f"{_bytes(free)} free; choose another place, or make room"
        )


def _bytes(n: int) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 1e8 else f"{n / 1e6:,.1f} MB"


def _make_block(seen: Survey, edges: IntArray, k: int, folder: Path) -> _Made:
    """Put a block's rows in order, hold them against the rules, and write them."""
    spill = folder / "spill" / f"{k}.arrows"
    table = _read_spill(spill)
    codes, number = (table.column(name).to_numpy() for name in (ID, MONTH))
    order = np.lexsort((number, codes))
    codes, number = codes[order], number[order]
    row_of = seen.row_names(codes, number)
    catalogue, mistakes = seen.catalogue, Gathering()
    with mistakes:
        _check_one_row_a_month(codes, number, row_of)
    is_unique = not mistakes.found
    cells = {}
    for column in columns_read(catalogue):
        values = table.column(column.name).to_numpy()[order]
        with mistakes:
            check_rules(values, column, codes, number, row_of, in_time=is_unique)
            cells[column.name] = values
    del table
    if len(cells) == len(columns_read(catalogue)):
        with mistakes:
            cells[catalogue.limit] = limits_in_force(cells, catalogue, row_of)
    mistakes.tell(HistoryError)
    file = f"blocks/block-{k:06d}.parquet"
    block = _write_block(seen, codes, number, cells, folder, file)
    spill.unlink()
    return _Made(
        block=block,
        months=frozenset(np.unique(number).tolist()),
        has_limit=bool((~np.isnan(cells[catalogue.limit])).any()),
        steps=np.unique(np.diff(number)[np.diff(codes) == 0], return_counts=True),
    )


def _read_spill(path: Path) -> pa.Table:
    found = []
    with pa.OSFile(str(path)) as file:
        size = file.size()
        while file.tell() < size:
            found.append(pa.ipc.open_stream(file).read_all())
    return pa.concat_tables(found)


def _check_one_row_a_month(codes: IntArray, number: IntArray, row_of: Callable[[int], str]) -> None:
    same = np.flatnonzero((codes[1:] == codes[:-1]) & (number[1:] == number[:-1])) + 1
    if len(same):
        raise HistoryError(
            f"a borrower has one row a month, found {len(same)} duplicate borrower-months "
            f"(first: {row_of(int(same[0]))}); remove the duplicates, or declare the panel's calendar in [portfolio]"
        )


def _write_block(
    seen: Survey, codes: IntArray, number: IntArray, cells: dict[str, Any], folder: Path, file: str
) -> Block:
    ids = seen.borrower_ids[codes]
    own = pa.array(ids, pa.int64() if ids.dtype == np.int64 else pa.string())
    table = pa.table({ID: own, MONTH: number.astype(np.int32), **cells})
    table = table.replace_schema_metadata({"month_type": seen.month_type, "catalogue": seen.catalogue.digest})
    few = [c.name for c in columns_read(seen.catalogue) if c.kind != "number" or c.name == seen.catalogue.limit]
    path = folder / file
    pq.write_table(
        table, path, compression="zstd", compression_level=1, use_dictionary=[ID, MONTH, *few],
        write_statistics=[ID], row_group_size=len(table),
    )  # fmt: skip
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
        os.fsync(written.fileno())
    first, last = (one.item() if isinstance(one, np.generic) else one for one in (ids[0], ids[-1]))
    return Block(file, len(table), int(codes[-1] - codes[0]) + 1, first, last, digest)


def _check_whole(found: list[_Made], seen: Survey) -> None:
    """Rules that only all blocks together can break."""
    catalogue = seen.catalogue
    check_any_limit(any(one.has_limit for one in found), catalogue)
    sizes, counts = (np.concatenate([one.steps[k] for one in found]) for k in (0, 1))
    number = np.concatenate([[0], np.cumsum(np.repeat(sizes, np.minimum(counts, PROVING_STEPS)))])
    nobody = np.zeros(len(number), dtype=np.int64)
    check_calendar(number, nobody, catalogue.month, catalogue.calendar, seen.month_type)
