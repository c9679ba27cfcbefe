"""Events of an appeal desk, each bound to the one before it by its hash; and salted digests of what may be erased.

An event's hash covers all its fields and the hash of the event before it, so that none can be changed, taken out, put
in or moved without all later hashes changing. What names or describes a person is not in the chain but in sealed items,
which can be erased: the chain holds their digests, of a random salt and the content, which tell nothing by themselves.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from credit_model.errors import AppealError

#: The hash before the first event.
GENESIS = "0" * 64
SALT_BYTES = 16
#: Hexadecimal digits of a hash that letters and exports print, 128 bits.
_SHOWN = 32
_HEAD = re.compile(r"(\d{1,15})-([0-9a-f]{16,64})")


@dataclass(frozen=True)
class Event:
    """One thing that was done.

    Attributes
    ----------
    seq : int
        From 1, without gaps.
    at : str
        When, UTC, ISO 8601 with microseconds and "Z".
    actor : str
        Who did it: an officer's name at the desk.
    case : int
        The case's number; 0: the desk itself.
    action : str
    facts : mapping
        JSON; nothing in it names or describes the borrower.
    sealed : tuple of str
        Digests of the sealed items that belong to it.
    prev, hash : str
        64 hexadecimal digits.
    """

    seq: int
    at: str
    actor: str
    case: int
    action: str
    facts: Mapping[str, Any]
    sealed: tuple[str, ...]
    prev: str
    hash: str = field(default="")

    @cached_property
    def facts_text(self) -> str:
        """The facts as they are stored and hashed."""
        return canonical(self.facts)

    @cached_property
    def sealed_text(self) -> str:
        """The digests as they are stored and hashed."""
        return canonical(list(self.sealed))

    @property
    def own_hash(self) -> str:
        """The hash that the fields ask for."""
        fields = (self.seq, self.at, self.actor, self.case, self.action, self.facts_text, self.sealed_text, self.prev)
        return event_hash(*fields)

    @property
    def head(self) -> str:
        """Names the event and all before it: its number and the start of its hash, as letters print it."""
        return head_of(self.seq, self.hash)


def event_of(row: Sequence[Any]) -> Event:
    """An event from a row of the table."""
    seq, at, actor, number, action, facts, sealed, prev, hash = row
    return Event(seq, at, actor, number, action, json.loads(facts), tuple(json.loads(sealed)), prev, hash)


def event_hash(seq: int, at: str, actor: str, case: int, action: str, facts: str, sealed: str, prev: str) -> str:
    """SHA-256 over the fields of an event as they are stored."""
    return hashlib.sha256(canonical([seq, at, actor, case, action, facts, sealed, prev]).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON that is the same for the same value: keys sorted, no spaces, ASCII.

    Raises
    ------
    TypeError, ValueError
        The value is none of JSON's, or holds NaN.

    Examples
    --------
    >>> canonical({"b": 1, "a": [0.1, None]})
    '{"a":[0.1,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sealed_digest(salt: bytes, content: bytes) -> str:
    """SHA-256 over a salt and the content."""
    return hashlib.sha256(salt + content).hexdigest()


def is_sealed(digest: str, salt: bytes, content: bytes) -> bool:
    """Whether a digest is that of a salt and a content.

    The salt's length counts: the digest alone does not tell where it ends and the content begins.
    """
    return len(salt) == SALT_BYTES and sealed_digest(salt, content) == digest


def text_digest(text: str) -> str:
    """SHA-256 of a text; of one that is no UTF-8 (``surrogateescape``), of its bytes."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def head_of(seq: int, hash: str) -> str:
    """A place in the chain as it is printed.

    >>> head_of(0, GENESIS)
    '0-00000000000000000000000000000000'
    """
    return f"{seq}-{hash[:_SHOWN]}"


def read_head(text: str) -> tuple[int, str]:
    """The number and the start of the hash of a printed head.

    Raises
    ------
    AppealError
        The text is no head.
    """
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise AppealError(
            f"a head must be an event's number, a dash and at least 16 hexadecimal digits of its hash, got {text!r}; "
            "copy it from a letter or an export"
        )
    return int(found[1]), found[2]
