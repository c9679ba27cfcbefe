"""Reads the published files of a data set: Parquet, CSV or zipped CSV, column names in any case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from credit_model.errors import DataFileError
from credit_model.readers.source_format import SourceFormat
from credit_model.readers.tables import read_table

#: Endings of an original's file name, the first that exists is taken.
ENDINGS = (".parquet", ".csv", ".csv.zip", ".zip", ".csv.gz")


def find_original(folder: Path, name: str) -> Path | None:
    """The file of the table ``name`` in a folder, whatever its case and ending; None if there is none."""
    files = {file.name.lower(): file for file in sorted(folder.iterdir()) if file.is_file()}
    return next((files[name + ending] for ending in ENDINGS if name + ending in files), None)


def read_original(path: Path, columns: Sequence[str], *, optional: Sequence[str] = ()) -> pd.DataFrame:
    """Some columns of a published file, names in lower case.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Columns that must be there.
    optional : sequence of str
        Columns that are taken if they are there.

    Raises
    ------
    DataFileError
        The file cannot be read, holds no rows, or lacks a column.
    """
    table = read_table(path, source=SourceFormat(encoding="utf-8", decimal="."))
    table.columns = pd.Index([str(name).strip().lower() for name in table.columns])
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataFileError(
            f"{path}: lacks column{'s' if len(missing) > 1 else ''} {', '.join(missing[:5])}"
            f"{f' and {len(missing) - 5} more' if len(missing) > 5 else ''}; give the file as it was published"
        )
    if table.columns.duplicated().any():
        twice = table.columns[table.columns.duplicated()][0]
        raise DataFileError(f"{path}: column {twice} stands more than once; give the file as it was published")
    if not len(table):
        raise DataFileError(f"{path}: the file has a header but no rows; give the file as it was published")
    return table[[*columns, *(name for name in optional if name in table.columns)]]


def whole_numbers(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    """A key column as int64.

    Raises
    ------
    DataFileError
        A cell is missing or no whole number.
    """
    numbers = _as_floats(table[column]).astype("Float64")
    wrong = (numbers.isna() | (numbers % 1 != 0).fillna(True)).to_numpy(dtype=bool)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataFileError(
            f"{path}: {column} must be a whole number, found {table[column].iloc[row]!r} in {int(wrong.sum())} rows "
            f"(first: data row {row + 1}); give the file as it was published"
        )
    return numbers.astype("int64")


def _as_floats(cells: pd.Series) -> pd.Series:
    """Cells as float64, NaN where they are no number; also of whole numbers that are too large for one."""
    try:
        return pd.to_numeric(cells, errors="coerce").astype("Float64")
    except OverflowError:
        return pd.to_numeric(cells.astype(str), errors="coerce").astype("Float64")


def numbers(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    """A column as float64, NaN where it is missing or not in the file.

    Raises
    ------
    DataFileError
        A cell is text.
    """
    if column not in table:
        return pd.Series(float("nan"), index=table.index)
    values = _as_floats(table[column])
    wrong = (values.isna() & table[column].notna()).to_numpy(dtype=bool)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataFileError(
            f"{path}: {column} must be a number, found {table[column].iloc[row]!r} in {int(wrong.sum())} rows "
            f"(first: data row {row + 1}); give the file as it was published"
        )
    return pd.Series(values.to_numpy(dtype="float64", na_value=float("nan")), index=table.index)
