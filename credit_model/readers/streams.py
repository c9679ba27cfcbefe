"""Tables that need not fit into memory: part by part, as often as asked, the cells that `tables.read_table` gives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from credit_model import places
from credit_model.errors import DataFileError
from credit_model.inputs import check_is_file, one_line, unreadable
from credit_model.readers.arrow_tables import ARROW, PARQUET, as_pandas, with_index_as_columns
from credit_model.readers.csv_streams import PART_LETTERS, WHOLE_BYTES, CsvParts
from credit_model.readers.csv_tables import as_whole_numbers
from credit_model.readers.databases import DATABASES, is_url, without_password
from credit_model.readers.folders import check_same_columns, files_of_table, with_partitions
from credit_model.readers.source_format import PROVEN_DECIMAL, SourceFormat
from credit_model.readers.tables import IN_FOLDERS, is_text, read_file, read_table

#: Rows of a part, where the rows are counted.
PART_ROWS = 250_000


@dataclass(frozen=True)
class TableParts:
    """A table on disk as a sequence of parts.

    Parquet, Arrow and CSV files (compressed ones, too) and folders of them come part by part, each of which has
    about ``rows`` rows; workbooks, databases and URLs as one part.

    Attributes
    ----------
    path : str
    id_columns, categories, source, query
        As those of `tables.read_table`.
    rows : int
    whole_bytes, part_letters : int
        As those of `csv_streams.CsvParts`.
    """

    path: str
    id_columns: tuple[str, ...] = ()
    categories: Mapping[str, Collection[str]] | None = None
    source: SourceFormat = field(default_factory=SourceFormat)
    query: str | None = None
    rows: int = PART_ROWS
    whole_bytes: int = WHOLE_BYTES
    part_letters: int = PART_LETTERS

    def __str__(self) -> str:
        return without_password(self.path)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """The parts, in the order of `tables.read_table`; the index of each counts its rows from 0.

        Raises
        ------
        DataFileError
            As `tables.read_table`.
        """
        path = Path(self.path)
        if is_url(self.path) or path.suffix.lower() in DATABASES:
            yield read_table(
                self.path, id_column=self.id_columns, categories=self.categories, source=self.source, query=self.query
            )
            return
        places.restore(path)
        if self.query is not None:
            raise DataFileError(f"{path}: is no database, and takes no query; leave it out")
        if not path.is_dir():
            yield from self._of_file(path)
            return
        files = files_of_table(path, IN_FOLDERS)
        whole = {name: _is_whole([own[name] for own in files.values()]) for name in next(iter(files.values()))}
        first: set[Any] = set()
        for file, own in files.items():
            for part in self._of_file(file):
                columns = set[Any](part.columns)
                first = first or columns
                check_same_columns(file, first, columns)
                joined = with_partitions(file, part, own)
                for name, is_whole in whole.items():
                    joined[name] = joined[name].astype("int64") if is_whole else joined[name]
                yield joined

    def proven_decimal(self, found: list[str | None]) -> str | None:
        """What the files say together of the mark before decimals, of what each part said: as `read_folder` does."""
        return found[0] if found and all(one == found[0] for one in found) else None

    def _of_file(self, file: Path) -> Iterator[pd.DataFrame]:
        suffix = file.suffix.lower()
        if is_text(file):
            check_is_file(file)
            yield from CsvParts(
                file, self.id_columns, self.categories, self.source, self.whole_bytes, self.part_letters
            )
        elif suffix in PARQUET:
            yield from self._of_parquet(file)
        elif suffix in ARROW and (batches := _batches_of_arrow(file)) is not None:
            yield from (with_index_as_columns(as_pandas(pa.Table.from_batches([batch]))) for batch in batches)
        else:
            yield read_file(
                file, id_columns=self.id_columns, categories=self.categories, source=self.source, query=None
            )

    def _of_parquet(self, file: Path) -> Iterator[pd.DataFrame]:
        import pyarrow.parquet as pq

        check_is_file(file)
        try:
            with pq.ParquetFile(file) as opened:
                if not opened.metadata.num_rows:
                    yield with_index_as_columns(as_pandas(opened.schema_arrow.empty_table()))
                for batch in opened.iter_batches(self.rows):
                    frame = as_pandas(pa.Table.from_batches([batch]))
                    yield with_index_as_columns(frame).reset_index(drop=True)
        except (MemoryError, DataFileError):
            raise
        except Exception as error:  # a damaged file can make its reader fail in any way
            if isinstance(error, OSError) and error.errno is not None:
                raise unreadable(file, error) from None
            raise DataFileError(
                f"{file}: cannot be read as Parquet ({one_line(error)}); it may be cut short or damaged, write it again"
            ) from None


def proven_by(part: pd.DataFrame) -> str | None:
    """What a part of a table says of the mark before decimals."""
    found = part.attrs.get(PROVEN_DECIMAL)
    return None if found is None else str(found)


def _is_whole(values: list[str | None]) -> bool:
    """Whether a column that the names of folders give holds whole numbers, as they would be written."""
    return bool(as_whole_numbers(pd.Series(values, dtype=object)).dtype == "int64")


def _batches_of_arrow(file: Path) -> Iterator[pa.RecordBatch] | None:
    """The batches of an Arrow file; None of other formats by these names, which are read whole."""
    check_is_file(file)
    try:
        opened = pa.ipc.open_file(pa.memory_map(str(file)))
    except (pa.ArrowInvalid, OSError):
        return None
    return (opened.get_batch(i) for i in range(opened.num_record_batches))
