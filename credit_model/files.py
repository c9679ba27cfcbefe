"""Files and folders on disk, written whole or not at all, and the manifest that says what a folder holds."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model import places
from credit_model.errors import CreditModelError, DataFileError
from credit_model.spreadsheets import without_formulas

MANIFEST = "manifest.json"
#: Rows of a group in Parquet files, so that a table can be written and read part by part.
ROW_GROUP = 1 << 16
#: How the formats of this package's folders start.
_OURS = "credit_model."
#: The manifest's key for the files beside it.
_FILES = "files"
#: So deep below its manifest a file of ours lies at most.
_DEPTH = 4
#: Operating systems put these into folders that somebody looks at.
_STREWN = {".DS_Store", "Thumbs.db", "desktop.ini"}


@contextlib.contextmanager
def fresh_folder(folder: str | Path, *, format: str | None = None, resume: str | None = None) -> Iterator[Path]:
    """A new folder that takes the place of ``folder`` when the block ends well, and vanishes when it does not.

    Its manifest then lists the files in it, so that what somebody lays beside them is told from them.

    Parameters
    ----------
    folder : path
        Parents are made. An existing folder is replaced if it is empty or this package wrote all that is in it;
        anything else is somebody's and stays.
    format : str, optional
        What is written: a folder of another kind stays, too. None: of any kind.
    resume : str, optional
        Names the work by 16 hexadecimal digits: what a block that did not end well leaves behind stays hidden beside
        ``folder``, and the next call with the same name goes on with it.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    DataFileError
        ``folder`` cannot be written, holds other things, or another run is writing to it.
    """
    target = Path(folder)
    check_replaceable(target, format)
    with places.sole_writer(target):
        partial = places.partial_of(target, resume)
        try:
            places.recover(target)
            check_replaceable(target, format)
            partial.mkdir(exist_ok=resume is not None)
            yield partial
            _list_files(partial)
            check_replaceable(target, format)
            places.replace_folder(partial, target)
        except OSError as error:
            raise _at_fault(target, error, partial) from None
        except CreditModelError as error:
            raise _as_shown(error, partial, target) from None
        finally:
            if resume is None:
                places.remove(partial)
        for left in places.partials_of(target, "16"):
            places.remove(left)


def format_of(folder: str | Path) -> str | None:
    """The format that a folder's manifest states, if this package wrote it; other programs, too, keep manifests."""
    manifest = _manifest_of(Path(folder))
    return None if manifest is None else str(manifest["format"])


def _manifest_of(folder: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) and str(manifest.get("format")).startswith(_OURS) else None


def check_replaceable(folder: str | Path, format: str | None = None) -> None:
    """That ``folder`` may be replaced: it is not there, is empty, or holds only what this package wrote.

    Parameters
    ----------
    folder : path
    format : str, optional
        What is to be written: a folder of another kind is not replaced.

    Raises
    ------
    DataFileError
        It holds something else, is no folder, or may not be looked into or changed.
    """
    target = Path(folder)
    try:
        if target.is_symlink() or (target.exists() and not target.is_dir()):
            raise DataFileError(f"{target}: exists and is not a folder; give another name for the output folder")
        if not target.is_dir() or not any(target.iterdir()):
            return
        manifest = _manifest_of(target)
        if manifest is None:
            raise DataFileError(
                f"{target}: the folder holds other files and is not replaced; give a new or empty output folder"
            )
        if format is not None and _kind(str(manifest["format"])) != _kind(format):
            raise DataFileError(
                f"{target}: holds {_a(_kind(str(manifest['format'])))}, not {_a(_kind(format))}, and is not replaced; "
                "give another output folder"
            )
        places.check_changeable(target)
        listed = manifest.get(_FILES)
        beside = sorted(_files_in(target) - {MANIFEST, *(map(str, listed) if isinstance(listed, list) else ())})
    except OSError as error:
        raise places.unwritable(target, error) from None
    if beside:
        more = f" and {len(beside) - 1:,} more" if len(beside) > 1 else ""
        raise DataFileError(
            f"{target}: the folder holds {beside[0]!r}{more}, which its manifest does not list, and is not replaced; "
            "move that elsewhere, or give another output folder"
        )


def _kind(format: str) -> str:
    """What a folder holds, in words: "credit_model.simulated_portfolio/1" is a simulated portfolio."""
    return format.removeprefix(_OURS).split("/")[0].replace("_", " ")


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def _files_in(folder: Path) -> set[str]:
    """The files and links below a folder, by their paths from there; not what operating systems strew."""
    found = set()
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found |= {
            (Path(place) / name).relative_to(folder).as_posix() for name in [*files, *links] if name not in _STREWN
        }
    return found


def _list_files(folder: Path) -> None:
    """Write into a folder's manifest, if it has one, which files are in it; remove what dead runs left among them."""
    for path in list(folder.rglob(".*")):
        if places.is_temporary(path.name):
            places.remove(path)
    manifest = _manifest_of(folder)
    if manifest is not None:
        content = {key: value for key, value in manifest.items() if key not in ("format", _FILES)}
        _write_manifest(folder, manifest["format"], content | {_FILES: sorted(_files_in(folder) - {MANIFEST})})


@contextlib.contextmanager
def fresh_file(path: str | Path) -> Iterator[Path]:
    """A new file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    Through a link, the file that it names is replaced.

    Raises
    ------
    DataFileError
        The file cannot be written, or is a folder, a device or a pipe.
    """
    check_file_replaceable(path)
    shown, target = Path(path), Path(os.path.realpath(path))
    with places.sole_writer(target, wait=True):
        partial = places.partial_of(target)
        try:
            places.recover(target)
            yield partial
            places.replace_file(partial, target)
        except OSError as error:
            raise _at_fault(shown, error, partial) from None
        except CreditModelError as error:
            raise _as_shown(error, partial, shown) from None
        finally:
            places.remove(partial)


def check_file_replaceable(path: str | Path) -> None:
    """That a file may be written at ``path``: nothing is there, or a file that is no part of a folder of ours.

    Raises
    ------
    DataFileError
        A folder, a device or a pipe is there, or a file that a manifest above it lists.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return  # what is wrong is told where it is written
    if stat.S_ISDIR(mode):
        raise DataFileError(f"{path}: is a folder; give a file name for the output")
    if not stat.S_ISREG(mode):
        raise DataFileError(f"{path}: is a device or a pipe, not a file; give a file name for the output")
    target = Path(os.path.realpath(path))
    for folder in list(target.parents)[:_DEPTH]:
        if places.is_temporary(folder.name):
            break  # what is being written is nobody's yet
        manifest = _manifest_of(folder)
        listed = None if manifest is None else manifest.get(_FILES)
        if isinstance(listed, list) and target.relative_to(folder).as_posix() in listed:
            kind = _kind(str(manifest["format"]))  # type: ignore[index]
            raise DataFileError(f"{path}: is a part of the {kind} in {folder}; give another output")


def _at_fault(target: Path, error: OSError, partial: Path) -> Exception:
    """The error of writing ``target``; one of other files stays as it is."""
    at = None if error.filename is None else Path(os.fsdecode(error.filename))
    if at is None or at == target or at in target.parents or partial == at or partial in at.parents:
        return places.unwritable(target, error, partial)
    return error


def _as_shown(error: CreditModelError, partial: Path, target: Path) -> CreditModelError:
    """The error with the user's path where it names the hidden one."""
    text = str(error)
    return type(error)(text.replace(str(partial), str(target))) if str(partial) in text else error


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
    _write_manifest(folder, format, content)


def _write_manifest(folder: str | Path, format: str, content: Mapping[str, Any]) -> None:
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
        The keys besides ``format`` and the list of files.
    """
    places.restore(Path(folder))
    place = Path(folder) / MANIFEST
    try:
        manifest = json.loads(place.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise error(f"{folder}: {MANIFEST} is missing, it must have format {format!r}; {remedy}") from None
    except OSError as fault:
        raise error(f"{folder}: {MANIFEST} cannot be read ({fault.strerror}); {remedy}") from None
    except (ValueError, RecursionError) as fault:  # ValueError: not UTF-8, or no JSON
        reason = " ".join(str(fault).split())
        raise error(f"{folder}: {MANIFEST} is damaged, it cannot be read as JSON ({reason}); {remedy}") from None
    found = manifest.pop("format", None) if isinstance(manifest, dict) else type(manifest).__name__
    if not isinstance(manifest, dict) or found != format:
        raise error(f"{folder}: {MANIFEST} must have format {format!r}, found {found!r}; {remedy}")
    manifest.pop(_FILES, None)
    return manifest


def table_suffix(path: str | Path) -> str:
    """The suffix by which a table is written, ".parquet" or ".csv".

    Raises
    ------
    DataFileError
        It is neither.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise DataFileError(f"{path}: a table's name must end in .parquet or .csv, got {suffix or 'no suffix'}")
    return suffix


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as Parquet or CSV (by suffix), whole or not at all.

    In CSV, text that a spreadsheet would run as a formula gets a leading apostrophe.

    Raises
    ------
    DataFileError
        The suffix is neither, or the file cannot be written.
    """
    suffix = table_suffix(path)
    with fresh_file(path) as partial:
        if suffix == ".parquet":
            frame.to_parquet(partial, index=False, row_group_size=ROW_GROUP)
        else:
            without_formulas(frame).to_csv(partial, index=False, encoding="utf-8", lineterminator="\n")
