"""One digest over everything that was saved: every field of the manifest and every byte of the files beside it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from credit_model import places
from credit_model.errors import ArtifactError, CreditModelError
from credit_model.files import read_manifest, write_manifest

_DIGEST = "digest"


def write_sealed(folder: str | Path, format: str, content: Mapping[str, Any], files: Sequence[str]) -> None:
    """Write a folder's ``manifest.json`` over files that lie there already.

    Parameters
    ----------
    folder : path
        An existing folder.
    format : str
    content : mapping that `plain` can make JSON of
    files : sequence of file names
        What the digest covers besides the manifest; other files of the folder are left out.

    Raises
    ------
    DataFileError
        The manifest cannot be written.
    """
    made = plain(content)
    digests = dict[str, str]()
    for name in files:
        with (Path(folder) / name).open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    write_manifest(folder, format, {**made, _DIGEST: _digest(format, made, digests)})


def plain(value: Any) -> Any:
    """A value as JSON gives it back: numpy's numbers as Python's, sequences as lists.

    Raises
    ------
    TypeError, ValueError
        JSON cannot hold it without loss.

    Examples
    --------
    >>> plain({"max_iter": np.int64(7), "signs": (1, -1)})
    {'max_iter': 7, 'signs': [1, -1]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no finite number")
        return value
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: plain(one) for key, one in value.items()}
    raise TypeError(f"{type(value).__name__} is neither a number, a text, a list nor a mapping by names")


def read_sealed(
    folder: str | Path, format: str, files: Sequence[str], *, what: str, remedy: str
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest, without its digest, and the files of a folder as `write_sealed` left them.

    Parameters
    ----------
    folder : path
    format : str
    files : sequence of file names
        Those that `write_sealed` was given.
    what : str
        What the folder holds, for messages, such as "the saved model".
    remedy : str
        The message's last words.

    Raises
    ------
    ArtifactError
        The manifest or a file is missing or cannot be read, or anything differs from what was saved.
    """
    mistake: ArtifactError | None = None
    for _ in places.while_replaced(Path(folder)):
        try:
            return _read_sealed(folder, format, files, what, remedy)
        except ArtifactError as error:
            mistake = error
    raise mistake or AssertionError("there is at least one try")


def _read_sealed(
    folder: str | Path, format: str, files: Sequence[str], what: str, remedy: str
) -> tuple[dict[str, Any], dict[str, bytes]]:
    manifest = read_manifest(folder, format, error=ArtifactError, remedy=remedy)
    stated = manifest.pop(_DIGEST, None)
    stored = {name: _bytes_of(Path(folder), name, remedy) for name in files}
    try:
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in stored.items()}
        found = _digest(format, manifest, digests)
        json.dumps(manifest, ensure_ascii=False).encode()  # a text that UTF-8 cannot write could not be saved again
    except (RecursionError, UnicodeEncodeError):
        found = None
    if found is None or stated != found:
        raise damaged(folder, what, "what lies there does not have the digest that manifest.json states")
    return manifest, stored


@contextlib.contextmanager
def reading(folder: str | Path, what: str, fault: str = "") -> Iterator[None]:
    """Inside the block what was saved is put together; whatever fails there is the saved content's fault.

    Anybody may have written it, with a right digest, and of any type, so that any error can come of it.
    """
    try:
        yield
    except ArtifactError:
        raise
    except MemoryError:
        raise damaged(folder, what, "or larger than the memory there is") from None
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise damaged(folder, what, f"{fault} ({reason})" if fault else reason) from None


def damaged(folder: str | Path, what: str, why: object) -> CreditModelError:
    """The error that tells, in one line, that something saved is not what was written."""
    reason = " ".join(str(why).split())
    return ArtifactError(f"{folder}: {what} is damaged, {reason}; restore the folder from a copy or make it again")


def _bytes_of(folder: Path, name: str, remedy: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise ArtifactError(f"{folder}: {name} cannot be read ({error.strerror}); {remedy}") from None


def _digest(format: str, manifest: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """The digest of all from those of the files, by their names."""
    text = json.dumps({"format": format, "manifest": manifest}, sort_keys=True)  # ASCII: also of lone surrogates
    digest = hashlib.sha256(text.encode())
    for name, own in sorted(digests.items()):
        digest.update(f"\n{name} {own}".encode())
    return digest.hexdigest()
