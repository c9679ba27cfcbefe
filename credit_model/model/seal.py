"""One digest over everything that was saved: every field of the manifest and every byte of the files beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
    content : JSON-able mapping without NaN
    files : sequence of file names
        What the digest covers besides the manifest; other files of the folder are left out.

    Raises
    ------
    DataFileError
        The manifest cannot be written.
    """
    # As JSON gives it back: tuples are lists then, and keys are texts.
    plain = json.loads(json.dumps(dict(content), allow_nan=False))
    stored = {name: (Path(folder) / name).read_bytes() for name in files}
    write_manifest(folder, format, {**plain, _DIGEST: _digest(format, plain, stored)})


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
    manifest = read_manifest(folder, format, error=ArtifactError, remedy=remedy)
    stated = manifest.pop(_DIGEST, None)
    stored = {name: _bytes_of(Path(folder), name, remedy) for name in files}
    try:
        found = _digest(format, manifest, stored)
    except RecursionError:
        found = None
    if found is None or stated != found:
        raise damaged(folder, what, "what lies there does not have the digest that manifest.json states")
    return manifest, stored


def damaged(folder: str | Path, what: str, why: object) -> CreditModelError:
    """The error that tells, in one line, that something saved is not what was written."""
    reason = " ".join(str(why).split())
    return ArtifactError(f"{folder}: {what} is damaged, {reason}; restore the folder from a copy or make it again")


def _bytes_of(folder: Path, name: str, remedy: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise ArtifactError(f"{folder}: {name} cannot be read ({error.strerror}); {remedy}") from None


def _digest(format: str, manifest: Mapping[str, Any], stored: Mapping[str, bytes]) -> str:
    text = json.dumps({"format": format, "manifest": manifest}, sort_keys=True)  # ASCII: also of lone surrogates
    digest = hashlib.sha256(text.encode())
    for name, content in sorted(stored.items()):
        digest.update(f"\n{name} {hashlib.sha256(content).hexdigest()}".encode())
    return digest.hexdigest()
