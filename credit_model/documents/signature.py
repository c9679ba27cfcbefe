"""A key's signature under a sealed folder: HMAC-SHA256 over the digest that its manifest states.

A seal tells that a folder is as somebody sealed it; whoever may write there can seal it anew. A signature tells that
it was somebody who has the key. It convinces those who trust the holders of the key, since they all can sign.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

from credit_model.errors import ArtifactError, DataFileError
from credit_model.files import read_manifest, write_text

SIGNATURE = "signature.json"
ALGORITHM = "HMAC-SHA256"
LEAST_KEY, MOST_KEY = 32, 4096
_NAMED = 16


def read_key(path: str | Path) -> bytes:
    """The key in a file, all of its bytes.

    Raises
    ------
    DataFileError
        It cannot be read, or has not 32 to 4,096 bytes.
    """
    try:
        with Path(path).open("rb") as file:
            key = file.read(MOST_KEY + 1)
    except OSError as error:
        raise DataFileError(f"{path}: the key cannot be read ({error.strerror}); give the file that holds it") from None
    if not LEAST_KEY <= len(key) <= MOST_KEY:
        found = f"{len(key):,}" if len(key) <= MOST_KEY else "more"
        raise DataFileError(
            f"{path}: a key must have {LEAST_KEY} to {MOST_KEY:,} bytes, found {found}; "
            "make one with: openssl rand -out FILE 32"
        )
    return key


def key_name(key: bytes) -> str:
    """Names a key and does not tell it: 16 hexadecimal digits.

    >>> key_name(bytes(32))
    '1ac2d2619fc57277'
    """
    return hmac.new(key, b"credit_model key", hashlib.sha256).hexdigest()[:_NAMED]


def sign(folder: str | Path, format: str, key: bytes) -> None:
    """Write ``signature.json`` beside the manifest of a sealed folder."""
    signed = {"algorithm": ALGORITHM, "key": key_name(key), "signature": _signature(folder, format, key)}
    write_text(json.dumps(signed, indent=2) + "\n", Path(folder) / SIGNATURE)


def check_signature(folder: str | Path, format: str, key: bytes) -> None:
    """Hold a folder's signature against a key; that the folder has its digest, `read_sealed` tells.

    Raises
    ------
    ArtifactError
        It is not signed, or not with this key.
    """
    try:
        found = json.loads((Path(folder) / SIGNATURE).read_text(encoding="utf-8"))
        stated = {name: str(found[name]) for name in ("algorithm", "key", "signature")}
    except FileNotFoundError:
        raise ArtifactError(f"{folder}: is not signed; export the case again with --key") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise ArtifactError(f"{folder}: {SIGNATURE} cannot be read; export the case again with --key") from None
    if stated["key"] != key_name(key):
        name = ascii(stated["key"])[1:-1][:40]
        raise ArtifactError(f"{folder}: is signed with key {name}, not with {key_name(key)}; give that key's file")
    right = _signature(folder, format, key)
    if stated["algorithm"] != ALGORITHM or not hmac.compare_digest(stated["signature"].encode(), right.encode()):
        raise ArtifactError(f"{folder}: the signature is not of this content, which somebody without the key sealed")


def _signature(folder: str | Path, format: str, key: bytes) -> str:
    manifest = read_manifest(folder, format, error=ArtifactError)
    return hmac.new(key, f"{format}\n{manifest.get('digest')}".encode(), hashlib.sha256).hexdigest()
