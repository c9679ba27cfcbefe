"""A partition: a panel on disk in blocks of whole borrowers, each of them checked and in order.

The blocks one after the other are the panel as it lies in memory. A block holds what a `History` holds, so that nothing
is interpreted again: ids and month numbers, and a column of float64 for each of its cells.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit_model.arrays import FloatArray
from credit_model.errors import DataFileError, HistoryError
from credit_model.files import format_of, read_manifest
from credit_model.inputs import one_line
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.history_columns import columns_read
from credit_model.portfolio.months import MonthType, format_month

FORMAT = "credit_model.partition/1"
#: Columns of a block before its cells.
ID, MONTH = "borrower", "month"
#: Keys of a block's own metadata, which must say the same in all blocks.
SHARED = ("month_type", "catalogue")
_REMEDY = "give the folder that 'credit-model partition' wrote, or partition the data again"


@dataclass(frozen=True)
class Block:
    """What the manifest says of a block.

    Attributes
    ----------
    file : str
    rows, borrowers : int
    first, last : int or str
        The ids at its ends.
    digest : str
        SHA-256 of the file.
    """

    file: str
    rows: int
    borrowers: int
    first: Any
    last: Any
    digest: str


@dataclass(frozen=True)
class Partition:
    """A partitioned panel.

    Attributes
    ----------
    folder : Path
    catalogue : Catalogue
    month_type : MonthType
    months : tuple of int
        The numbers of all months in which there is a row, in order.
    blocks : tuple of Block
    digest : str
        Of all that is in it.
    """

    folder: Path
    catalogue: Catalogue
    month_type: MonthType
    months: tuple[int, ...]
    blocks: tuple[Block, ...]
    digest: str

    @classmethod
    def open(cls, folder: str | Path, catalogue: Catalogue | None = None) -> Partition:
        """Open what `write_partition` wrote; the blocks' schemas and ends are held against each other.

        Parameters
        ----------
        folder : path
        catalogue : Catalogue, optional
            What the caller's model or command follows; must be the one that the data were partitioned by.

        Raises
        ------
        DataFileError
            It is no such folder, a block is missing or has another size or schema than the others.
        HistoryError
            Blocks overlap, or the catalogue is another one.
        """
        manifest = read_manifest(folder, FORMAT, remedy=_REMEDY)
        try:
            own = parse_catalogue(manifest["catalogue"], where=f"{folder}/manifest.json")
            blocks = tuple(Block(**one) for one in manifest["blocks"])
            month_type, months = manifest["month_type"], tuple(int(m) for m in manifest["months"])
            if month_type not in get_args(MonthType) or not blocks or not months:
                raise ValueError("month_type, blocks and months must be given")
        except (KeyError, TypeError, ValueError) as error:
            raise DataFileError(f"{folder}: manifest.json is damaged ({one_line(error)}); {_REMEDY}") from None
        if catalogue is not None and catalogue.digest != own.digest:
            raise HistoryError(
                f"{folder}: was partitioned by catalogue {own.name!r} version {own.version} (digest {own.digest[:12]}),"
                f" but {catalogue.name!r} version {catalogue.version} (digest {catalogue.digest[:12]}) is asked for; "
                "partition the data again by it"
            )
        text = json.dumps(manifest, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        found = cls(Path(folder), catalogue or own, month_type, months, blocks, digest)
        found._check_blocks()
        return found

    def __len__(self) -> int:
        return len(self.blocks)

    @property
    def n_rows(self) -> int:
        """Number of borrower-months."""
        return sum(block.rows for block in self.blocks)

    @property
    def n_borrowers(self) -> int:
        """Number of borrowers."""
        return sum(block.borrowers for block in self.blocks)

    @cached_property
    def rows_before(self) -> tuple[int, ...]:
        """Rows before each block, and all rows: (n_blocks + 1,)."""
        return tuple(np.concatenate([[0], np.cumsum([block.rows for block in self.blocks])]).tolist())

    def block(self, number: int) -> History:
        """The panel of a block's borrowers.

        Raises
        ------
        DataFileError
            The file is not what was written.
        """
        one = self.blocks[number]
        path = self.folder / one.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataFileError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from None
        if hashlib.sha256(content).hexdigest() != one.digest:
            raise DataFileError(f"{path}: is not what was written, its digest is another one; {_REMEDY}")
        return self._history(pq.ParquetFile(io.BytesIO(content)))

    def whole(self) -> History:
        """The panel of all borrowers, in memory."""
        return joined([self.block(number) for number in range(len(self))])

    def block_of(self, borrower_id: Any) -> int:
        """The number of the block that holds a borrower, given as in the data or as text, if there is such a one."""
        last = [block.last for block in self.blocks]
        if isinstance(last[0], str):
            key: Any = str(borrower_id)
        else:
            match = re.fullmatch(r"([+-]?[0-9]{1,19})(?:\.0+)?", str(borrower_id).strip())
            if match is None:
                return 0
            key = int(match[1])
        return min(int(np.searchsorted(np.array(last, dtype=object), key)), len(last) - 1)

    def month_span(self) -> tuple[str, str]:
        """The first and the last month, as they are written."""
        return format_month(self.months[0], self.month_type), format_month(self.months[-1], self.month_type)

    def _history(self, file: pq.ParquetFile) -> History:
        keys = file.read(columns=[ID, MONTH], use_threads=False)
        ids = keys.column(ID)
        values: NDArray[Any] = (
            ids.to_numpy().astype(np.int64)
            if pa.types.is_integer(ids.type)
            else np.asarray(ids.to_pylist(), dtype=object)
        )
        fresh = np.flatnonzero(values[1:] != values[:-1]) + 1
        starts = np.concatenate([[0], fresh, [len(values)]]).astype(np.int64)
        return History(
            catalogue=self.catalogue,
            month_type=self.month_type,
            borrower_ids=values[starts[:-1]],
            starts=starts,
            month_number=keys.column(MONTH).to_numpy().astype(np.int64),
            cells=_CellsOfFile(file),
        )

    def _check_blocks(self) -> None:
        """That all blocks say the same of columns, ids and months, and that no borrower is in two of them."""
        schema: pa.Schema | None = None
        before: Block | None = None
        for block in self.blocks:
            path = self.folder / block.file
            try:
                opened = pq.read_metadata(path)
                own = opened.schema.to_arrow_schema()
            except OSError as error:
                raise DataFileError(
                    f"{path}: cannot be read ({error.strerror or one_line(error)}); {_REMEDY}"
                ) from None
            except pa.ArrowException as error:
                raise DataFileError(f"{path}: cannot be read as Parquet ({one_line(error)}); {_REMEDY}") from None
            self._check_schema(path, own, schema)
            schema = schema or own
            if opened.num_rows != block.rows:
                raise DataFileError(f"{path}: must have {block.rows:,} rows, has {opened.num_rows:,}; {_REMEDY}")
            first, last = _ends(opened)
            if (first, last) != (block.first, block.last):
                raise DataFileError(
                    f"{path}: must hold the borrowers {block.first} to {block.last}, holds {first} to {last}; {_REMEDY}"
                )
            if before is not None and not before.last < block.first:
                raise HistoryError(
                    f"{path}: a borrower must lie in one block, and blocks must follow each other, found borrower "
                    f"{block.first} after {before.last} of {before.file}; {_REMEDY}"
                )
            before = block

    def _check_schema(self, path: Path, own: pa.Schema, first: pa.Schema | None) -> None:
        said = {key: (own.metadata or {}).get(key.encode(), b"").decode() for key in SHARED}
        if said["month_type"] != self.month_type:
            raise DataFileError(
                f"{path}: months must be of one kind, {self.month_type!r} as in the manifest, are "
                f"{said['month_type']!r}; {_REMEDY}"
            )
        if said["catalogue"] != self.catalogue.digest:
            raise DataFileError(f"{path}: was partitioned by another catalogue than the manifest states; {_REMEDY}")
        wanted = [ID, MONTH, *(column.name for column in columns_read(self.catalogue))]
        if first is None:
            if own.names != wanted:
                raise DataFileError(f"{path}: must have the catalogue's columns, has {own.names}; {_REMEDY}")
            return
        if own.names != first.names:
            other = sorted(set(own.names) ^ set(first.names)) or ["their order"]
            raise DataFileError(f"{path}: blocks must have the same columns, differs in {other[0]!r}; {_REMEDY}")
        for mine, theirs in zip(own, first, strict=True):
            if mine.type != theirs.type:
                what = "ids" if mine.name == ID else f"column {mine.name!r}"
                raise DataFileError(
                    f"{path}: {what} must be of one type in all blocks, {theirs.type} in the first, is {mine.type}; "
                    f"{_REMEDY}"
                )


class _CellsOfFile(Mapping[str, FloatArray]):
    """A block's cells, each column read when it is first asked for: a stage that needs few reads few."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self._file = file
        self._read: dict[str, FloatArray | None] = dict.fromkeys(file.schema_arrow.names[2:])

    def __getitem__(self, name: str) -> FloatArray:
        found = self._read[name]
        if found is None:
            found = self._file.read(columns=[name], use_threads=False).column(name).to_numpy()
            self._read[name] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


def _ends(opened: pq.FileMetaData) -> tuple[Any, Any]:
    """The least and the greatest id of a block, as its statistics tell."""
    found = [opened.row_group(group).column(0).statistics for group in range(opened.num_row_groups)]
    if any(one is None or not one.has_min_max for one in found):
        return None, None
    return min(one.min for one in found), max(one.max for one in found)


def is_partition(path: str | Path) -> bool:
    """Whether a folder is a partition."""
    return str(format_of(path)).split("/")[0] == FORMAT.split("/")[0]


def joined(parts: list[History]) -> History:
    """Panels of borrowers that follow each other, as one."""
    if len(parts) == 1:
        return parts[0]
    before = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    starts = [part.starts[:-1] + n for part, n in zip(parts, before[:-1].tolist(), strict=True)]
    return History(
        catalogue=parts[0].catalogue,
        month_type=parts[0].month_type,
        borrower_ids=np.concatenate([part.borrower_ids for part in parts]),
        starts=np.concatenate([*starts, before[-1:]]).astype(np.int64),
        month_number=np.concatenate([part.month_number for part in parts]),
        cells={name: np.concatenate([part.cells[name] for part in parts]) for name in parts[0].cells},
    )
