"""Tables from files: Parquet or CSV, one file or a folder of them, with one clear message where they cannot be read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from credit_model import places
from credit_model.errors import DataFileError
from credit_model.inputs import check_is_file, one_line, unreadable
from credit_model.readers.compressed import COMPRESSED
from credit_model.readers.csv_tables import read_csv

_PARQUET = (".parquet", ".pq")


def read_table(
    path: str | Path, *, id_column: str | None = None, categories: Mapping[str, Collection[str]] | None = None
) -> pd.DataFrame:
    """Read a table from a Parquet or CSV file, or from a folder of them.

    Parameters
    ----------
    path : path
        A ``.parquet`` or ``.csv`` file (also compressed: ``.csv.gz``, ``.bz2``, ``.xz``, ``.zip``, ``.zst``); or a
        folder: its ``history`` subfolder if it has one, else its Parquet files in the order of their names, else its
        CSV files.
    id_column : str, optional
        A column of ids: in CSV its leading zeros are kept, and nothing but an empty cell is a blank.
    categories : mapping of column name to texts, optional
        Columns of text and their values, so that in CSV a value such as "NA" or "01" is read as it stands.

    Raises
    ------
    DataFileError
        There is no such file, or it cannot be read as what its suffix says.
    """
    path = Path(path)
    places.restore(path)
    try:
        is_folder = path.is_dir()
    except (OSError, ValueError):
        is_folder = False
    if is_folder:
        return _read_folder(path, id_column, categories)
    check_is_file(path)
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in _PARQUET:
        return _read_parquet(path)
    if suffixes[-1:] == [".csv"] or (suffixes[:1] == [".csv"] and suffixes[-1] in COMPRESSED):
        return read_csv(path, id_column=id_column, categories=categories)
    raise DataFileError(f"{path}: a table's name must end in .parquet or .csv, got {path.suffix or 'no suffix'}")


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except OSError as error:
        if error.errno is not None:
            raise unreadable(path, error) from None
        raise _no_parquet(path, error) from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can make its reader fail in any way
        raise _no_parquet(path, error) from None
    return frame if frame.index.names == [None] else frame.reset_index()


def _no_parquet(path: Path, error: Exception) -> DataFileError:
    return DataFileError(
        f"{path}: cannot be read as Parquet ({one_line(error)}); it may be cut short or damaged, write it again"
    )


def _read_folder(folder: Path, id_column: str | None, categories: Mapping[str, Collection[str]] | None) -> pd.DataFrame:
    try:
        if (folder / "history").is_dir():
            return _read_folder(folder / "history", id_column, categories)
        if (folder / "history.parquet").exists():
            return read_table(folder / "history.parquet")
        names = sorted(f.name for f in folder.iterdir() if not f.name.startswith("."))
    except OSError as error:
        raise unreadable(folder, error) from None
    for suffix in (".parquet", ".csv"):
        files = [folder / name for name in names if name.lower().endswith(suffix)]
        if files:
            return _joined({file: read_table(file, id_column=id_column, categories=categories) for file in files})
    raise DataFileError(f"{folder}: the folder holds no .parquet or .csv file; give the folder with the histories")


def _joined(parts: Mapping[Path, pd.DataFrame]) -> pd.DataFrame:
    tables = list(parts.values())
    if len(tables) == 1:
        return tables[0]
    first = set(tables[0].columns)
    for file, table in parts.items():
        if other := sorted(map(str, first ^ set(table.columns))):
            raise DataFileError(
                f"{file}: must have the columns of the other files in its folder, but column {other[0]!r} stands only "
                f"{'there' if other[0] in first else 'here'}; give tables of one kind"
            )
    return pd.concat(tables, ignore_index=True)
