"""Files and folders on disk, written whole or not at all, and the manifest that says what a folder holds."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model.errors import CreditModelError, DataFileError

MANIFEST = "manifest.json"
#: How the formats of this package's folders start.
_OURS = "credit_model."

#: A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@contextlib.contextmanager
def fresh_folder(folder: str | Path, *, resume: str | None = None) -> Iterator[Path]:
    """A new folder that takes the place of ``folder`` when the block ends well, and vanishes when it does not.

    Parameters
    ----------
    folder : path
        Parents are made. An existing folder is replaced if it is empty or holds a manifest of this package (an
        earlier result); anything else is somebody's and stays.
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
    if target.is_dir() and any(target.iterdir()) and not _is_ours(target):
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


def _is_ours(folder: Path) -> bool:
    """Whether a folder's manifest is one of this package: other programs, too, keep a ``manifest.json``."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and str(manifest.get("format")).startswith(_OURS)


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
        The package, the kind of folder and the version of its layout, such as "credit_model.model/1".
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


def _unwritable(target: Path, error: OSError) -> DataFileError:
    reason = error.strerror or str(error)
    return DataFileError(f"{target}: cannot be written ({reason}); choose a place you may write to, with free space")
