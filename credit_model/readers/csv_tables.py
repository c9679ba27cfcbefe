"""CSV files as tables: every line has the header's number of fields, and no word of an id is taken for a blank."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelWarning, DataFileError
from credit_model.inputs import one_line
from credit_model.readers.compressed import read_bytes
from credit_model.readers.encodings import decode, encoding_of
from credit_model.readers.source_format import PROVEN_DECIMAL, SEPARATORS, SourceFormat

#: Words that stand for a blank in columns of numbers; in others only where they are no value of the column.
# fmt: off
BLANKS = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
})
# fmt: on
#: Names of the marks between columns, for messages.
_MARK_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
#: So many characters are looked at to find out the mark between columns.
_MOST_LOOKED_AT = 50_000
#: A number of which only the reading with a comma before the decimals makes sense; with room for a currency.
_DECIMAL_COMMA = r"\D{0,4}(?:\d*,(?:\d{1,2}|\d{4,})|\d{1,3}(?:\.\d{3})+,\d+)\D{0,4}"
#: The same for a point; unquoted numbers have no comma.
DECIMAL_POINT = r"[+-]?(?:\d*\.(?:\d{1,2}|\d{4,})|(?:0\d*|\d{4,}|)\.\d{3}|.*[eE].*)"


def read_csv(
    path: Path,
    *,
    id_columns: Collection[str] = (),
    categories: Mapping[str, Collection[str]] | None = None,
    source: SourceFormat | None = None,
) -> pd.DataFrame:
    """Read a CSV file, which may be compressed.

    In a file separated by commas, one number with a point that can only stand before decimals (0.5, 1234.56) proves
    that all do. Without it, and in files separated otherwise, the mark is not known here, and such cells stay texts,
    unless ``source`` declares a point.

    Parameters
    ----------
    path : Path
    id_columns : collection of str
        Columns of ids: leading zeros are kept, and nothing but an empty cell is a blank.
    categories : mapping of column name to texts, optional
        Columns of text and their values: of the `BLANKS`, those are read as they stand that are a value.
    source : SourceFormat, optional
        Its encoding, separator and decimal mark.

    Raises
    ------
    DataFileError
        The file cannot be read, its encoding or the mark between its columns is not certain, or a line has more or
        fewer fields than the header.
    """
    source = SourceFormat() if source is None else source
    text = decode(read_bytes(path), path, source.encoding)
    if not text or text.isspace():
        raise DataFileError(f"{path}: the file is empty; it must hold a header line and rows")
    text, separator = separated(path, text, source.separator)
    header = check_fields(path, text, separator)
    known: dict[str, Collection[str]] = dict.fromkeys(id_columns, ()) | dict(categories or {})
    blanks = blanks_of(header, known, id_columns)
    by_point = source.decimal == "." or (source.decimal is None and separator == ",")

    def read(texts: Collection[str] | None) -> pd.DataFrame:
        return parse_text(text, separator, blanks, texts)

    try:
        frame = read([name for name in header if name in known] if by_point else None)
        if by_point and source.decimal is None and '"' in text and has_decimal_comma(frame, known):
            frame, by_point = read(None), False
    except (pd.errors.ParserError, ValueError, OverflowError) as error:
        raise DataFileError(f"{path}: cannot be read as CSV ({one_line(error)}); write it again") from None
    for name in id_columns:
        if name in header:
            frame[name] = as_whole_numbers(frame[name])
    floats = [name for name in frame.columns if by_point and pd.api.types.is_float_dtype(frame[name].dtype)]
    if any(proves_point(frame[name].to_numpy()) for name in floats):
        frame.attrs[PROVEN_DECIMAL] = "."
    elif floats and source.decimal is None:
        written = read(None)[floats]
        marked = [name for name in floats if written[name].str.contains(".", regex=False).any()]
        if any(written[name].str.fullmatch(DECIMAL_POINT).any() for name in marked):
            frame.attrs[PROVEN_DECIMAL] = "."
        else:
            frame[marked] = written[marked]
    return frame


def blanks_of(
    header: Collection[str], known: Mapping[str, Collection[str]], id_columns: Collection[str]
) -> dict[str, list[str]]:
    """The texts that stand for a blank in each column; ``known`` are the values of columns of texts."""
    blanks = {name: sorted(BLANKS - set(known.get(name, ()))) for name in header}
    return {name: [""] if name in id_columns else own for name, own in blanks.items()}


def parse_text(
    text: str, separator: str, blanks: Mapping[str, list[str]], texts: Collection[str] | None
) -> pd.DataFrame:
    """The table that a text holds, columns ``texts`` (None: all) as they are written."""
    frame: pd.DataFrame = pd.read_csv(
        io.StringIO(text),
        sep=separator,
        dtype=str if texts is None else dict.fromkeys(texts, str),
        keep_default_na=False,
        na_values=dict(blanks),
        low_memory=False,
    )
    return frame


def how_written(path: Path, source: SourceFormat | None = None) -> tuple[str, str]:
    """The encoding and the mark between columns with which `read_csv` reads a file.

    Raises
    ------
    DataFileError
        As `read_csv`.
    """
    source = SourceFormat() if source is None else source
    content = read_bytes(path)
    text = decode(content, path, source.encoding)
    _, separator = separated(path, text, source.separator)
    return source.encoding or encoding_of(content, text), separator


def proves_point(values: FloatArray) -> bool:
    """Whether numbers (n,) that were read with a point before decimals can have no point between thousands."""
    size = np.abs(values[np.isfinite(values)])
    size = size[size != np.floor(size)]
    thousands = np.round(size * 1000)
    return bool(((size < 1) | (size > 1000) | (np.abs(thousands - size * 1000) > 1e-6)).any())


def has_decimal_comma(frame: pd.DataFrame, known: Collection[str]) -> bool:
    """Whether a text of a table shows that its numbers have commas before decimals."""
    texts = [name for name in frame.columns if name not in known and pd.api.types.is_string_dtype(frame[name].dtype)]
    return any(pd.Series(frame[name].dropna().unique()).str.fullmatch(_DECIMAL_COMMA).any() for name in texts)


def separated(path: Path, text: str, separator: str | None) -> tuple[str, str]:
    """The text without a first line "sep=;", as Excel knows it, and the mark between its columns.

    Raises
    ------
    DataFileError
        The lines are of one length by several marks, or by none though the header holds some.
    """
    if "\r" in text[:10_000]:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.lstrip("\n")
    if hint := re.match('"?sep=([,;|\t])"?\n', text):
        text, separator = text[hint.end() :], separator or hint[1]
    if separator is not None:
        return text, separator
    found = {}
    head = text[:_MOST_LOOKED_AT]
    for mark in SEPARATORS:
        try:
            records = list(csv.reader(io.StringIO(head), delimiter=mark))
            records = records[:-1] if len(text) > len(head) and len(records) > 1 else records  # cut within
        except csv.Error:
            continue
        lengths = [len(record) for record in records if record]
        if lengths and lengths[0] > 1:
            found[mark] = records[0], len(set(lengths)) == 1
    if len(found) > 1 and any(is_even for _, is_even in found.values()):
        found = {mark: (names, is_even) for mark, (names, is_even) in found.items() if is_even}
    if len(found) > 1:
        shown = " or ".join(f"{len(names)} by {_MARK_NAMES[mark]}" for mark, (names, _) in found.items())
        raise DataFileError(
            f"{path}: what stands between the columns must be certain, the header has {shown} of them; declare it as "
            "separator in [source]"
        )
    return text, next(iter(found), ",")


def as_whole_numbers(ids: pd.Series) -> pd.Series:
    """Ids as int64 where every one is a whole number as it would be written; else as they are."""
    number = pd.to_numeric(ids, errors="coerce")
    if len(ids) and number.notna().all() and (number.abs() < 2**53).all():
        whole = number.astype("int64")
        if (whole.astype(str).to_numpy() == ids.to_numpy()).all():
            return whole
    return ids


def check_fields(path: Path, text: str, separator: str, *, lines_before: int = 0) -> list[str]:
    """The names in the header, which all lines below have a field for.

    ``lines_before`` lines of the file were left out below the header.

    Raises
    ------
    DataFileError
        A line has more or fewer fields, or a name stands twice.
    """
    if "\x00" in text:
        raise DataFileError(f"{path}: holds a NUL character, as no text does; write it again as CSV")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        header = next(csv.reader(io.StringIO(text), delimiter=separator))
        n_fields, line = _fields_by_line(text, separator)
    except csv.Error as error:
        raise DataFileError(f"{path}: cannot be read as CSV ({one_line(error)}); write it again") from None
    wrong = np.flatnonzero(n_fields != len(header))
    if len(wrong):
        first = int(wrong[0])
        place, found = int(line[first]) + lines_before, int(n_fields[first])
        raise DataFileError(
            f"{path}: line {place:,} has {found} field{'s' if found > 1 else ''}, the header has {len(header)}; the "
            "file may be cut short or wrongly quoted there, write it again" + _on_other_mark(header, separator)
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


def _on_other_mark(header: list[str], separator: str) -> str:
    """A hint where the header seems to be separated by something else."""
    other = next((mark for mark in SEPARATORS if len(header) == 1 and mark in header[0]), None)
    return "" if other is None else f", or declare separator = {json.dumps(other)} in [source] (now {separator!r})"


def _fields_by_line(text: str, separator: str) -> tuple[IntArray, IntArray]:
    """How many fields each record has, and its line in the file; empty lines are none."""
    if '"' in text:
        reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
        found = [(len(record), reader.line_num) for record in reader if record]
        table = np.array(found, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]
    lines = text.split("\n")
    n_fields = np.fromiter((line.count(separator) + 1 if line else 0 for line in lines), np.int64, len(lines))
    filled = np.flatnonzero(n_fields)
    return n_fields[filled], filled + 1
