"""Tables and folders on disk: read with one clear message on failure, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model.errors import CreditModelError, DataFileError

MANIFEST = "manifest.json"

#: A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@contextlib.contextmanager
def fresh_folder(folder: str | Path, *, resume: str | None = None) -> Iterator[Path]:
    """A new folder that takes the place of ``folder`` when the block ends well, and vanishes when it does not.

    Parameters
    ----------
    folder : path
        Parents are made. An existing folder is replaced if it is empty or holds a ``manifest.json`` (an earlier
        result); anything else is somebody's and stays.
    resume : str, optional
        Names the work: what a block that did not end well leaves behind stays hidden beside ``folder``, and the next
        call with the same name goes on with it.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    DataFileError
        ``folder`` cannot be written, or holds other things.
    """
    target = Path(folder)
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise DataFileError(f"{target}: exists and is not a folder; give another name for the output folder")
    if target.is_dir() and any(target.iterdir()) and not (target / "manifest.json").exists():
        raise DataFileError(
            f"{target}: the folder holds other files and is not replaced; give a new or empty output folder"
        )
    partial = target.parent / f".{target.name}.partial-{resume or uuid.uuid4().hex[:8]}"
    try:
        partial.mkdir(parents=True, exist_ok=resume is not None)
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        yield partial
        _replace_folder(partial, target)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        if resume is None:
            shutil.rmtree(partial, ignore_errors=True)


def _replace_folder(partial: Path, target: Path) -> None:
    if not target.exists():
        partial.rename(target)
        return
    aside = partial.with_name(f"{partial.name}-old-{uuid.uuid4().hex[:8]}")
    target.rename(aside)
    try:
        partial.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def fresh_file(path: str | Path) -> Iterator[Path]:
    """A new file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    Raises
    ------
    DataFileError
        The file cannot be written.
    """
    target = Path(path)
    if target.is_dir():
        raise DataFileError(f"{target}: is a folder; give a file name for the output")
    partial = target.parent / f".{uuid.uuid4().hex[:8]}.partial-{target.name}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, target)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def write_text(text: str, path: str | Path) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with fresh_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_manifest(folder: str | Path, format: str, content: Mapping[str, Any]) -> None:
    """Write a folder's ``manifest.json``: what the folder holds, in which format.

    Parameters
    ----------
    folder : path
        An existing folder, usually the one that `fresh_folder` yields.
    format : str
        The project, the kind of folder and the version of its layout, such as "credit_model.model/1".
    content : JSON-able mapping without NaN
        Keys besides ``format``.

    Raises
    ------
    DataFileError
        The file cannot be written.
    """
    text = json.dumps({"format": format, **content}, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(text + "\n", Path(folder) / MANIFEST)


def read_manifest(
    folder: str | Path,
    format: str,
    *,
    error: type[CreditModelError] = DataFileError,
    remedy: str = "give the folder as it was written, or write it again",
) -> dict[str, Any]:
    """The content of a folder's ``manifest.json``.

    Parameters
    ----------
    folder : path
    format : str
        What `write_manifest` was given.
    error : type, default DataFileError
        Raised where the manifest is missing, damaged or of another format.
    remedy : str, optional
        What to do about it, the message's last words.

    Returns
    -------
    dict
        The keys besides ``format``.
    """
    place = Path(folder) / MANIFEST
    try:
        manifest = json.loads(place.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise error(f"{folder}: {MANIFEST} is missing, it must have format {format!r}; {remedy}") from None
    except (OSError, ValueError, RecursionError) as fault:  # ValueError: not UTF-8, or no JSON
        reason = " ".join(str(fault).split())
        raise error(f"{folder}: {MANIFEST} is damaged, it cannot be read as JSON ({reason}); {remedy}") from None
    found = manifest.pop("format", None) if isinstance(manifest, dict) else type(manifest).__name__
    if not isinstance(manifest, dict) or found != format:
        raise error(f"{folder}: {MANIFEST} must have format {format!r}, found {found!r}; {remedy}")
    return manifest


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as Parquet or CSV (by suffix), whole or not at all.

    In CSV, text that a spreadsheet would run as a formula gets a leading apostrophe.

    Raises
    ------
    DataFileError
        The suffix is neither, or the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise DataFileError(f"{path}: a table's name must end in .parquet or .csv, got {suffix or 'no suffix'}")
    with fresh_file(path) as partial:
        if suffix == ".parquet":
            frame.to_parquet(partial, index=False)
        else:
            without_formulas(frame).to_csv(partial, index=False, encoding="utf-8", lineterminator="\n")


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before each text cell that a spreadsheet would take for a formula."""
    safe = frame.copy()
    for position, dtype in enumerate(frame.dtypes):
        if pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype):
            safe.isetitem(position, frame.iloc[:, position].map(_without_formula).array)
    safe.columns = pd.Index([_without_formula(name) for name in frame.columns])
    return safe


def _without_formula(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


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


def _unwritable(target: Path, error: OSError) -> DataFileError:
    reason = error.strerror or str(error)
    return DataFileError(f"{target}: cannot be written ({reason}); choose a place you may write to, with free space")
