"""Tables from files: Parquet or CSV, one file or a folder of them, with one clear message where they cannot be read."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import pandas as pd

from credit_model.errors import DataFileError


def read_table(path: str | Path, *, id_column: str | None = None) -> pd.DataFrame:
    """Read a table from a Parquet or CSV file, or from a folder of them.

    Parameters
    ----------
    path : path
        A ``.parquet`` or ``.csv`` file (also compressed, ``.csv.gz`` or ``.csv.zip``); or a folder: its
        ``history`` subfolder if it has one, else its Parquet files in the order of their names, else its CSV files.
    id_column : str, optional
        A column of ids: in CSV its leading zeros are kept.

    Raises
    ------
    DataFileError
        There is no such file, or it cannot be read as what its suffix says.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, id_column)
    if not path.exists():
        raise DataFileError(f"{path}: there is no such file or folder; check the name")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(path)
        if ".csv" in [s.lower() for s in path.suffixes]:
            return _read_csv(path, id_column)
    except UnicodeDecodeError as error:
        raise DataFileError(
            f"{path}: the file is not UTF-8 text (byte {error.start}: 0x{error.object[error.start]:02x}); "
            "save it with encoding UTF-8"
        ) from None
    except pd.errors.EmptyDataError:
        raise DataFileError(f"{path}: the file is empty; it must hold a header line and rows") from None
    except (pd.errors.ParserError, OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        what = "Parquet" if path.suffix.lower() in (".parquet", ".pq") else "CSV"
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataFileError(
            f"{path}: cannot be read as {what} ({reason}); it may be cut short, write it again"
        ) from None
    raise DataFileError(f"{path}: a table's name must end in .parquet or .csv, got {path.suffix or 'no suffix'}")


def _read_folder(folder: Path, id_column: str | None) -> pd.DataFrame:
    if (folder / "history").is_dir():
        return _read_folder(folder / "history", id_column)
    if (folder / "history.parquet").exists():
        return read_table(folder / "history.parquet")
    for pattern in ("*.parquet", "*.csv"):
        files = sorted(f for f in folder.glob(pattern) if not f.name.startswith("."))
        if files:
            parts = [read_table(f, id_column=id_column) for f in files]
            return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    raise DataFileError(f"{folder}: the folder holds no .parquet or .csv file; give the folder with the histories")


def _read_csv(path: Path, id_column: str | None) -> pd.DataFrame:
    header = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
    text = {id_column: str} if id_column is not None and id_column in header else {}
    frame = pd.read_csv(path, encoding="utf-8-sig", dtype=text, low_memory=False)
    if text and len(frame):
        ids = frame[id_column]
        number = pd.to_numeric(ids, errors="coerce")
        if number.notna().all() and (number.abs() < 2**53).all():
            whole = number.astype("int64")
            if (whole.astype(str).to_numpy() == ids.to_numpy()).all():
                frame[id_column] = whole
    return frame
