"""CSV files that are larger than memory: read part by part, each cell as `csv_tables.read_csv` reads the whole file.

How a column is read depends on all of its cells: one text makes a column of texts, one number proves the mark before
the decimals. So the file is gone through once to find that out, and then read as often as asked.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa

from credit_model.errors import DataFileError
from credit_model.inputs import one_line, unreadable
from credit_model.readers.csv_tables import (
    DECIMAL_POINT,
    as_whole_numbers,
    blanks_of,
    check_fields,
    has_decimal_comma,
    parse_text,
    proves_point,
    read_csv,
    separated,
)
from credit_model.readers.source_format import PROVEN_DECIMAL, SourceFormat

#: Files of at most so many bytes, compressed ones of a tenth, are read whole.
WHOLE_BYTES = 64 << 20
#: Characters of a part of a larger one.
PART_LETTERS = 32 << 20


@dataclass(frozen=True)
class _Written:
    """How a file's columns are read: by points before decimals or all as texts, which as texts, and what is proven."""

    by_point: bool
    texts: frozenset[str]
    whole_ids: frozenset[str]
    proven: str | None


@dataclass(frozen=True)
class CsvParts:
    """A CSV file as a table of parts.

    Attributes
    ----------
    path : Path
    id_columns, categories, source
        As those of `csv_tables.read_csv`.
    whole_bytes, part_letters : int
        Files of at most so many bytes are one part; the parts of others have about so many characters.
    """

    path: Path
    id_columns: tuple[str, ...] = ()
    categories: Mapping[str, Collection[str]] | None = None
    source: SourceFormat = field(default_factory=SourceFormat)
    whole_bytes: int = WHOLE_BYTES
    part_letters: int = PART_LETTERS

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """The parts, in the order of the file.

        Raises
        ------
        DataFileError
            As `csv_tables.read_csv`; also of a file that is neither UTF-8 nor declared to be otherwise.
        """
        if self._is_small():
            yield read_csv(self.path, id_columns=self.id_columns, categories=self.categories, source=self.source)
            return
        how = self._how
        for text, separator, header in self._texts():
            frame = self._parsed(text, separator, header, sorted(how.texts & set(header)) if how.by_point else None)
            for name in how.whole_ids & set(header):
                frame[name] = frame[name].astype("int64")
            if how.proven is not None:
                frame.attrs[PROVEN_DECIMAL] = how.proven
            yield frame

    def _is_small(self) -> bool:
        is_packed = self.path.suffix.lower() in _OPENERS
        try:
            return self.path.stat().st_size * (10 if is_packed else 1) <= self.whole_bytes
        except OSError:
            return True  # what is wrong is told where it is read

    @property
    def _known(self) -> dict[str, Collection[str]]:
        return dict.fromkeys(self.id_columns, ()) | dict(self.categories or {})

    def _parsed(self, text: str, separator: str, header: list[str], texts: Collection[str] | None) -> pd.DataFrame:
        blanks = blanks_of(header, self._known, self.id_columns)
        try:
            return parse_text(text, separator, blanks, texts)
        except (pd.errors.ParserError, ValueError, OverflowError) as error:
            raise DataFileError(f"{self.path}: cannot be read as CSV ({one_line(error)}); write it again") from None

    @cached_property
    def _how(self) -> _Written:
        """What the cells of the whole file say about how to read it."""
        kinds: dict[str, set[str]] = {}
        not_whole, marked, has_comma, proven, by_point = set[str](), set[str](), False, False, False
        header: list[str] = []
        for text, separator, header in self._texts():
            by_point = self.source.decimal == "." or (self.source.decimal is None and separator == ",")
            known = [name for name in header if name in self._known]
            frame = self._parsed(text, separator, header, known if by_point else None)
            for name in header:
                kinds.setdefault(name, set()).add(_kind_of(frame[name]))
            not_whole |= {n for n in self.id_columns if n in header and as_whole_numbers(frame[n]).dtype != "int64"}
            if not by_point:
                continue
            if self.source.decimal is None and '"' in text:
                has_comma = has_comma or has_decimal_comma(frame, self._known)
            floats = [name for name in header if pd.api.types.is_float_dtype(frame[name].dtype)]
            if not proven and any(proves_point(frame[name].to_numpy()) for name in floats):
                proven = True
            if not proven and floats and self.source.decimal is None:
                written = self._parsed(text, separator, header, None)[floats]
                here = [name for name in floats if written[name].str.contains(".", regex=False).any()]
                proven = any(bool(written[name].str.fullmatch(DECIMAL_POINT).any()) for name in here)
                marked |= set(here)
        texts = {name for name, found in kinds.items() if "text" in found or {"truth", "number"} <= found}
        texts |= set(self._known) | (set() if proven or self.source.decimal is not None else marked)
        by_point = by_point and not has_comma
        whole = {name for name in self.id_columns if name in header} - not_whole
        return _Written(by_point, frozenset(texts), frozenset(whole), "." if proven and by_point else None)

    def _texts(self) -> Iterator[tuple[str, str, list[str]]]:
        """The header with some of the lines, again and again; the mark between columns, and the header's names."""
        rest, head, separator, n_before = "", "", self.source.separator, 0
        with self._opened() as file:
            while True:
                more = self._read(file)
                text = rest + more
                if not head:
                    if not text.strip():
                        raise DataFileError(f"{self.path}: the file is empty; it must hold a header line and rows")
                    text, separator = separated(self.path, text, self.source.separator)
                    head = text[: _cut(text, first=True)]
                    text = text[len(head) :]
                end = _cut(text) if more else len(text)
                lines, rest = text[:end], text[end:]
                if lines or (not more and not n_before):
                    assert separator is not None
                    yield (
                        head + lines,
                        separator,
                        check_fields(self.path, head + lines, separator, lines_before=n_before),
                    )
                    n_before += lines.count("\n")
                if not more:
                    return

    def _read(self, file: IO[str]) -> str:
        try:
            return file.read(self.part_letters)
        except UnicodeDecodeError as error:
            shown = self.source.encoding or "UTF-8"
            raise DataFileError(
                f"{self.path}: the file is not {shown} text (0x{error.object[error.start]:02x}); declare the encoding "
                "that it has, as encoding in [source], or save it with encoding UTF-8"
            ) from None
        except (gzip.BadGzipFile, lzma.LZMAError, EOFError, ValueError) as error:
            raise DataFileError(f"{self.path}: is damaged or cut short ({one_line(error)}); write it again") from None
        except OSError as error:
            raise unreadable(self.path, error) from None

    @contextmanager
    def _opened(self) -> Iterator[IO[str]]:
        opened = _OPENERS.get(self.path.suffix.lower(), lambda path: path.open("rb"))
        try:
            file = opened(self.path)
        except OSError as error:
            raise unreadable(self.path, error) from None
        with file:
            yield io.TextIOWrapper(io.BufferedReader(_Raw(file)), self._encoding(), newline=None)

    def _encoding(self) -> str:
        if self.source.encoding is not None:
            name = codecs.lookup(self.source.encoding).name
            return "utf-8-sig" if name == "utf-8" else name
        with _OPENERS.get(self.path.suffix.lower(), lambda path: path.open("rb"))(self.path) as file:
            start = file.read(4)
        for mark, name in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
            if start.startswith(mark):
                return name
        return "utf-8-sig"


class _Raw(io.RawIOBase):
    """A stream of bytes that need not be seekable, as Python's texts want it."""

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _only_member(path: Path) -> Any:
    archive = zipfile.ZipFile(path)
    names = [name for name in archive.namelist() if name.lower().endswith((".csv", ".tsv", ".tab", ".txt"))]
    if len(names) != 1:
        raise DataFileError(f"{path}: must hold exactly one .csv file, found {len(names)}; give them one by one")
    return archive.open(names[0])


#: Ending -> a stream of the bytes that a compressed file holds.
_OPENERS: dict[str, Any] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zip": _only_member,
    ".zst": lambda path: pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"),
}


def _cut(text: str, *, first: bool = False) -> int:
    """Where a line of a text ends that no quotation marks enclose: the last one, or the first."""
    if '"' not in text:
        return (text.find("\n") if first else text.rfind("\n")) + 1
    place = text.find("\n") if first else text.rfind("\n")
    while place >= 0 and text.count('"', 0, place) % 2:
        place = text.find("\n", place + 1) if first else text.rfind("\n", 0, place)
    return place + 1


def _kind_of(column: pd.Series) -> str:
    dtype = column.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return "truth"
    if pd.api.types.is_numeric_dtype(dtype):
        return "nothing" if column.isna().all() else "number"
    if column.isna().all():
        return "nothing"
    return "truth" if pd.api.types.infer_dtype(column, skipna=True) == "boolean" else "text"
