"""CSV files as tables: every line has the header's number of fields, and no word of an id is taken for a blank."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from credit_model.arrays import IntArray
from credit_model.errors import CreditModelWarning, DataFileError
from credit_model.inputs import one_line
from credit_model.readers.compressed import read_bytes

#: Words that stand for a blank in columns of numbers; in others only where they are no value of the column.
# fmt: off
BLANKS = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
})
# fmt: on
#: Marks that other programs put between columns.
_OTHER_MARKS = (";", "\t", "|")


def read_csv(
    path: Path, *, id_column: str | None = None, categories: Mapping[str, Collection[str]] | None = None
) -> pd.DataFrame:
    """Read a CSV file in UTF-8, which may be compressed.

    Parameters
    ----------
    path : Path
    id_column : str, optional
        A column of ids: leading zeros are kept, and nothing but an empty cell is a blank.
    categories : mapping of column name to texts, optional
        Columns of text and their values: of the `BLANKS`, those are read as they stand that are a value.

    Raises
    ------
    DataFileError
        The file cannot be read, is not UTF-8, or a line has more or fewer fields than the header.
    """
    content = read_bytes(path)
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise DataFileError(f"{path}: the file is empty; it must hold a header line and rows")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFileError(
            f"{path}: the file is not UTF-8 text (byte {error.start}: 0x{content[error.start]:02x}); "
            "save it with encoding UTF-8"
        ) from None
    header = _check_fields(path, text)
    known = {id_column: ()} | dict(categories or {})
    blanks = {name: sorted(BLANKS - set(known.get(name, ()))) for name in header}
    if id_column is not None:
        blanks[id_column] = [""]
    texts = {name: str for name in header if name in known}
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            dtype=texts,
            keep_default_na=False,
            na_values={name: blanks[name] for name in header},
            low_memory=False,
        )
    except (pd.errors.ParserError, ValueError, OverflowError) as error:
        raise DataFileError(f"{path}: cannot be read as CSV ({one_line(error)}); write it again") from None
    if id_column in header:
        frame[id_column] = _as_numbers(frame[id_column])
    return frame


def _as_numbers(ids: pd.Series) -> pd.Series:
    """Ids as int64 where every one is a whole number as it would be written; else as they are."""
    number = pd.to_numeric(ids, errors="coerce")
    if len(ids) and number.notna().all() and (number.abs() < 2**53).all():
        whole = number.astype("int64")
        if (whole.astype(str).to_numpy() == ids.to_numpy()).all():
            return whole
    return ids


def _check_fields(path: Path, text: str) -> list[str]:
    """The names in the header, which all lines below have a field for.

    Raises
    ------
    DataFileError
        Columns are separated by another mark, a line has more or fewer fields, or a name stands twice.
    """
    if "\x00" in text:
        raise DataFileError(f"{path}: holds a NUL character, as no text does; write it again as CSV")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.lstrip("\n") if text.startswith("\n") else text
    try:
        header = next(csv.reader(io.StringIO(text)))
        n_fields, line = _fields_by_line(text)
    except csv.Error as error:
        raise DataFileError(f"{path}: cannot be read as CSV ({one_line(error)}); write it again") from None
    other = next((mark for mark in _OTHER_MARKS if len(header) == 1 and mark in header[0]), None)
    if other is not None:
        raise DataFileError(
            f"{path}: columns must be separated by commas, the header has {other!r} between its names; "
            "save it again with commas"
        )
    wrong = np.flatnonzero(n_fields != len(header))
    if len(wrong):
        first = int(wrong[0])
        raise DataFileError(
            f"{path}: line {int(line[first]):,} has {int(n_fields[first])} field{'s' if n_fields[first] > 1 else ''}, "
            f"the header has {len(header)}; the file may be cut short or wrongly quoted there, write it again"
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataFileError(f"{path}: column {twice[0]!r} stands {header.count(twice[0])} times; keep one")
    if not text.endswith("\n") and len(n_fields) > 1:
        warnings.warn(
            f"{path}: the last line has no line end; if the file was cut short there, its last value is not whole",
            CreditModelWarning,
            stacklevel=4,
        )
    return header


def _fields_by_line(text: str) -> tuple[IntArray, IntArray]:
    """How many fields each record has, and its line in the file; empty lines are none."""
    if '"' in text:
        reader = csv.reader(io.StringIO(text), strict=True)
        found = [(len(record), reader.line_num) for record in reader if record]
        table = np.array(found, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]
    content = np.frombuffer(text.encode(), dtype=np.uint8)
    ends = np.flatnonzero(content == ord("\n"))
    if not len(ends) or ends[-1] != len(content) - 1:
        ends = np.append(ends, len(content))
    starts = np.concatenate([[0], ends[:-1] + 1])
    commas = np.flatnonzero(content == ord(","))
    filled = ends > starts
    n_fields = np.searchsorted(commas, ends) - np.searchsorted(commas, starts) + 1
    return n_fields[filled], np.flatnonzero(filled) + 1
