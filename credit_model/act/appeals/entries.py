"""What people enter at the desk, checked: names, notes, files, outcomes with their limits and reasons."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from credit_model.act.appeals.cases import AS_ASKED, AS_EVALUATED, OVERRIDES, UNSEEN
from credit_model.act.appeals.frozen import Frozen
from credit_model.errors import AppealError

#: Letters of a note, and bytes of a document's file.
MOST_LETTERS, MOST_BYTES = 20_000, 20_000_000
#: Letters of a file's name, as file systems have it.
MOST_FILE_NAME = 255
_MOST_NAME = 80


@dataclass(frozen=True)
class Terms:
    """What the lender's file grants to a case.

    Attributes
    ----------
    channel : str
    due : date
        The day by which the borrower is to be answered.
    open_until : date or None
        The last day on which the channel may be used; None: the notice's day is not known.
    lender : str
        The text of the lender file.
    """

    channel: str
    due: date
    open_until: date | None
    lender: str


def decided_limit(frozen: Frozen, outcome: str, limit: float | None) -> float:
    """The limit that an outcome leaves in force; of "partly" the given one, which must lie between the other two.

    Raises
    ------
    AppealError
        It does not, or is given with another outcome.
    """
    if outcome != "partly":
        if limit is not None:
            raise AppealError(f"a limit is given with 'partly' alone; of {outcome!r} it follows from the case")
        return frozen.limit_asked if outcome == "reinstate" else frozen.limit_after
    low, high = frozen.limit_after, frozen.limit_asked
    if limit is None or not low < limit < high:
        found = "nothing" if limit is None else f"{limit:,.10g}"
        raise AppealError(f"the limit of 'partly' must lie between {low:,.10g} and {high:,.10g}, got {found}")
    return float(limit)


def decided_reason(reason: str | None, outcome: str, advice: str, is_override: bool) -> str:
    """The reason of an outcome, which an override must have, and nothing else.

    Raises
    ------
    AppealError
        It is missing, unknown, or given where there is no override.
    """
    if not is_override:
        if reason is not None:
            raise AppealError(
                f"a reason is given where the outcome departs from the re-evaluation; {outcome!r} does not"
            )
        return AS_ASKED if outcome == "explained" else AS_EVALUATED
    if reason not in OVERRIDES:
        raise AppealError(
            f"{outcome!r} departs from the re-evaluation, which says {advice!r}: the reason must be one of "
            f"{', '.join(OVERRIDES)}, got {reason or 'nothing'}"
        )
    return reason


def one_name(actor: str) -> str:
    """An officer's name on one line.

    Raises
    ------
    AppealError
        It is empty, too long, or holds what cannot be seen.
    """
    name = unicodedata.normalize("NFC", actor.encode("utf-8", "replace").decode()).strip()
    if not name or len(name) > _MOST_NAME or not name.isprintable() or UNSEEN.search(name):
        raise AppealError(f"an officer's name must be 1 to {_MOST_NAME} letters on one line, got {ascii(actor)[:100]}")
    return name


def checked_note(text: str, what: str, most: int = MOST_LETTERS) -> str:
    """A text of bounded length that UTF-8 can hold; ``what`` names it.

    Raises
    ------
    AppealError
        It is too long.
    """
    if len(text) > most:
        raise AppealError(f"{what} may have {most:,} letters, got {len(text):,}; keep it short")
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd").strip()


def read_document(path: str | Path) -> bytes:
    """A document's file.

    Raises
    ------
    AppealError
        It cannot be read, or is too large.
    """
    try:
        if Path(path).stat().st_size > MOST_BYTES:
            raise AppealError(f"{path}: has more than {MOST_BYTES:,} bytes; scan it smaller")
        return Path(path).read_bytes()
    except OSError as error:
        raise AppealError(f"{path}: cannot be read ({error.strerror}); give the document's file") from None
