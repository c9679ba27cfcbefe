"""The place that an output takes on disk: its name, who writes there, what an earlier run left beside it, how it lasts.

Beside an output ``name`` lie, while it is written and hidden by a leading dot, ``.name.partial-…`` (what is being
written), ``.name.old`` (what is being replaced) and ``.name.lock``. A run that dies leaves them; the next that writes
or reads the output puts the old one back where the new one is not there, and removes the rest.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from credit_model.errors import DataFileError

try:
    import fcntl
except ImportError:  # not on Windows: there, runs are not kept apart
    fcntl = None  # type: ignore[assignment]

#: Bytes of a name that leave room for what the hidden names add; file systems end at 255.
_LONGEST_NAME = 200
_HIDDEN = re.compile(r"\..*\.(partial-[0-9a-f]{8,16}(\.\w+)?|old|lock)")
#: What an id may hold to name a file as it stands, on every file system, in addresses and in archives.
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_ID = 64
#: Windows opens a device by these, whatever follows after a dot.
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\..*)?", re.IGNORECASE)
_LIKE_A_DIGEST = re.compile(r"-[0-9a-f]{16}", re.IGNORECASE)
#: Places whose lock is held by a command around all its work.
_entrusted: set[str] = set()


def file_names(ids: Sequence[object], marks: Sequence[str]) -> list[str]:
    """Names of files about borrowers, without a suffix: safe on every file system, no two alike, whatever their case.

    A name is the id and its mark. An id that had to be changed for that, or that differs from another one by case
    alone, gets a digest of itself, and so does one that looks as if it had; the same id and mark again, a number.

    Parameters
    ----------
    ids : n objects
        Their texts may be anything: empty, long, paths, control characters, lone surrogates.
    marks : n texts
        What tells an id's files apart, such as a month: letters, digits and hyphens.

    Examples
    --------
    >>> file_names(["B7", "B7", "a/b"], ["2024-03", "2024-04", "2024-03"])
    ['B7_2024-03', 'B7_2024-04', 'a-b-c14cddc033f64b9d_2024-03']
    """
    texts = [str(one) for one in ids]
    spelled = Counter(text.casefold() for text in set(texts))
    names = [f"{_plain(text, spelled[text.casefold()] == 1)}_{mark}" for text, mark in zip(texts, marks, strict=True)]
    seen: Counter[str] = Counter()
    for i, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[i] = f"{name}-{seen[name]}"
    return names


def _plain(text: str, alone: bool) -> str:
    plain = _NOT_PLAIN.sub("-", text[:_LONGEST_ID]).strip(".-") or "borrower"
    if _DEVICE.fullmatch(plain):
        plain = f"borrower-{plain}"
    if alone and plain == text and not _LIKE_A_DIGEST.fullmatch(text[-17:]):
        return plain
    return f"{plain}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def partial_of(target: Path, work: str | None = None) -> Path:
    """Where ``target`` is written: a new name, or that of a named work; it ends as ``target`` does."""
    suffix = target.suffix if re.fullmatch(r"\.\w{1,10}", target.suffix) and work is None else ""
    return _beside(target, f"partial-{work or uuid.uuid4().hex[:8]}{suffix}")


def aside_of(target: Path) -> Path:
    """Where the old ``target`` waits until the new one stands."""
    return _beside(target, "old")


def _beside(target: Path, mark: str) -> Path:
    """A hidden place beside ``target``; "." and ".." have names of their own."""
    place = target if target.name not in ("", "..") else Path(os.path.abspath(target))
    return place.parent / f".{_short(place.name)}.{mark}"


def _short(name: str) -> str:
    content = os.fsencode(name)
    if len(content) <= _LONGEST_NAME:
        return name
    return content[:40].decode(errors="ignore") + "-" + hashlib.sha256(content).hexdigest()[:16]


def is_temporary(name: str) -> bool:
    """Whether a file's name is one of the hidden ones that this module gives."""
    return _HIDDEN.fullmatch(name) is not None


def partials_of(target: Path, digits: str) -> list[Path]:
    """What runs that died have left of ``target``; ``digits`` are the numbers of digits of their marks."""
    place = _beside(target, "partial-")
    mark = re.compile(rf"{re.escape(place.name)}[0-9a-f]{{{digits}}}(\.\w{{1,10}})?")
    with contextlib.suppress(OSError):
        return [place.with_name(name) for name in os.listdir(place.parent) if mark.fullmatch(name)]
    return []


def remove(path: Path) -> None:
    """Remove a file or folder as far as that is possible; one that is not there is no error."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def sole_writer(target: Path, *, wait: bool = False, entrust: bool = False) -> Iterator[None]:
    """Inside the block no other run writes to ``target``; folders above it are made, and stay if it comes to be.

    Parameters
    ----------
    target : Path
    wait : bool, default False
        Wait for the other run's end instead of being refused.
    entrust : bool, default False
        What this process writes to ``target`` inside the block is under this lock, and takes none of its own.

    Raises
    ------
    DataFileError
        Another run writes there now, or nobody may.
    """
    key = os.path.realpath(target)
    if key in _entrusted:
        yield
        return
    lock, handle = _beside(target, "lock"), None
    made = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
    try:  # from here on a signal may end the run at any line
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle = _take(lock, wait)
        except OSError as error:
            raise unwritable(target, error) from None
        if handle is None:
            raise DataFileError(f"{target}: another run is writing to it; wait for its end, or give another output")
        if entrust:
            _entrusted.add(key)
        yield
    finally:
        _entrusted.discard(key)
        if handle is not None:
            remove(lock)
            os.close(handle)
        _remove_empty(made)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _take(lock: Path, wait: bool) -> int | None:
    """An open lock file that this run holds; None if another does. Its end, also by a kill, lets go of it."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        if fcntl is None:
            return handle
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:  # a file system without locks
            return handle
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(lock)):
                return handle
        os.close(handle)  # the run before has removed the file while this one waited


def restore(target: Path) -> None:
    """Put back what a run that died between two renames has left aside; while another run is writing, do nothing.

    Called before ``target`` is read.
    """
    if not os.path.lexists(aside_of(target)):
        return
    with contextlib.suppress(DataFileError, OSError), sole_writer(target):
        recover(target)


def while_replaced(target: Path) -> Iterator[None]:
    """One try to read ``target``, and a further one each time that another run replaced it meanwhile, ten at most."""
    for pause in range(10):
        before = _identity(target)
        yield
        if _identity(target) == before and not (before is None and os.path.lexists(aside_of(target))):
            return
        time.sleep(0.01 * (1 + pause))


def _identity(path: Path) -> tuple[int, int, int] | None:
    with contextlib.suppress(OSError):
        found = os.stat(path)
        return found.st_dev, found.st_ino, found.st_ctime_ns  # numbers of what was removed are given again
    return None


def recover(target: Path) -> None:
    """As `restore`, for the `sole_writer`: what is left of work that nobody goes on with is removed, too."""
    aside = aside_of(target)
    if os.path.lexists(aside):
        if os.path.lexists(target):
            remove(aside)
        else:
            os.rename(aside, target)
    for partial in partials_of(target, "8"):
        remove(partial)


def replace_folder(partial: Path, target: Path) -> None:
    """Let ``partial`` take the place of ``target``, for the `sole_writer`; both are folders.

    Modes are kept. At every moment the old or the new folder is whole, under its name or where `restore` finds it.
    """
    _keep_modes(partial, target)
    _sync_tree(partial)
    if not target.exists():
        os.rename(partial, target)
        sync(target.parent)
        return
    aside = aside_of(target)
    try:
        os.rename(target, aside)
        os.rename(partial, target)
    except BaseException:
        if os.path.lexists(aside) and not os.path.lexists(target):
            os.rename(aside, target)
        raise
    sync(target.parent)
    remove(aside)


def replace_file(partial: Path, target: Path) -> None:
    """Let the file ``partial`` take the place of ``target``; its mode and, where possible, its owner are kept."""
    _keep_mode(partial, target)
    sync(partial)
    os.replace(partial, target)
    sync(target.parent)


def _keep_modes(partial: Path, target: Path) -> None:
    _keep_mode(partial, target)
    if target.is_dir():
        for path in partial.rglob("*"):
            _keep_mode(path, target / path.relative_to(partial))


def _keep_mode(new: Path, old: Path) -> None:
    with contextlib.suppress(OSError):
        before, now = os.stat(old), os.stat(new)
        if stat.S_IFMT(before.st_mode) != stat.S_IFMT(now.st_mode):
            return
        if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
            with contextlib.suppress(OSError):
                os.chown(new, before.st_uid, before.st_gid)
        os.chmod(new, stat.S_IMODE(before.st_mode))


def _sync_tree(folder: Path) -> None:
    for place, _, files in os.walk(folder):
        for name in files:
            sync(Path(place) / name)
        sync(Path(place))


def sync(path: Path) -> None:
    """Have what was written to a file or folder on the disk itself, where the system can."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return  # a folder, where the system opens none
    try:
        os.fsync(handle)
    except OSError as error:
        if not path.is_dir():
            raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        os.close(handle)


def check_changeable(folder: Path) -> None:
    """That the files and folders below ``folder`` may be moved and removed.

    Raises
    ------
    PermissionError
        One of the folders may not be changed.
    """
    for place, _, _ in os.walk(folder):
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)


def unwritable(target: Path, error: OSError, partial: Path | None = None) -> DataFileError:
    """The mistake of an output that cannot be written, in the user's terms: never by a hidden name."""
    reason = " ".join((error.strerror or str(error)).split()) or type(error).__name__
    if partial is not None:
        reason = reason.replace(str(partial), str(target))
    return DataFileError(f"{target}: cannot be written ({reason}); choose a place you may write to, with free space")
