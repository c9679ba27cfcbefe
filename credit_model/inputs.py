"""Files that are read: what may be read, and what is said of one that cannot be."""

from __future__ import annotations

import stat
from pathlib import Path

from credit_model.errors import DataFileError


def check_is_file(path: Path) -> None:
    """That a file lies at ``path``, which may be read from its start more than once.

    Raises
    ------
    DataFileError
        Nothing is there, it cannot be looked at, or it is a folder, a device or a pipe.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise DataFileError(f"{path}: there is no such file or folder; check the name") from None
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError:  # a name that no file can have
        raise DataFileError(f"{str(path)!r}: is no name of a file; check it") from None
    if stat.S_ISDIR(mode):
        raise DataFileError(f"{path}: is a folder; give a file")
    if not stat.S_ISREG(mode):
        raise DataFileError(f"{path}: is a device or a pipe, not a file; write what it gives into a file first")


def unreadable(path: Path, error: OSError) -> DataFileError:
    """The error of a file that the system does not let us read, or that turned out damaged."""
    if error.errno is None:
        return DataFileError(f"{path}: is damaged or cut short ({one_line(error)}); write it again")
    return DataFileError(f"{path}: cannot be read ({error.strerror}); see to it that it can be, or give another file")


def one_line(error: BaseException, most: int = 200) -> str:
    """What an error says, in one line of bounded length; its type where it says nothing."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= most else text[:most] + "..."
