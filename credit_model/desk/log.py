"""The log: what was done at the desk, its head, and whether anything in it was changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from credit_model.act.appeals.verifying import Verification, verify
from credit_model.desk.asking import Asked, Mistakes, Office
from credit_model.desk.showing import EventWords, event_words, when
from credit_model.documents.letter_content import case_number
from credit_model.errors import AppealError, StoreError

_ON_A_PAGE = 100


@dataclass(frozen=True)
class Verified:
    """When the log was last looked through, and what was found."""

    at: datetime
    found: Verification
    heads: tuple[str, ...]


def show(asked: Asked, *, status: int = 200, mistakes: Mistakes | None = None) -> Response:
    """The last events, newest first."""
    store, register = asked.office.desk.store, asked.office.register
    cases = {case.number: case for case in register.cases()}
    events = sorted((event for case in cases.values() for event in case.events), key=lambda event: -event.seq)
    words: dict[int, EventWords] = {}
    pages = max(1, -(-len(events) // _ON_A_PAGE))
    page = min(asked.page_number, pages)
    shown = events[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
    verified: Verified | None = asked.office.verified
    rows = []
    for event in shown:
        if event.case not in words:
            words[event.case] = event_words(store, cases[event.case], asked.lang)
        rows.append(
            {
                "seq": event.seq,
                "at": when(event.at, asked.office.desk.zone),
                "by": event.actor,
                "case": event.case,
                "name": case_number(event.case),
                "text": words[event.case].of(event.action, event.facts),
                "hash": event.hash[:12],
            }
        )
    return asked.page(
        "log.html",
        status=status,
        mistakes=mistakes,
        rows=rows,
        head=store.head,
        n=len(events),
        page=page,
        pages=pages,
        verified=verified,
        verified_at="" if verified is None else when(verified.at.isoformat(), asked.office.desk.zone),
        since=0 if verified is None else max(0, len(events) - verified.found.n_events),
    )


def look_through(office: Office, heads: tuple[str, ...] = ()) -> None:
    """Look through the whole log, for the screens to show what was found.

    Raises
    ------
    AppealError
        A head is none, or the file cannot be read.
    """
    found = verify(office.desk.store, heads)
    office.verified = Verified(office.desk.store.now(), found, heads)


def verify_now(asked: Asked) -> Response:
    """Look through the whole log, and hold it against heads that were printed."""
    heads = tuple(asked.entered("heads").split())
    try:
        look_through(asked.office, heads)
    except StoreError:
        raise
    except AppealError:
        return show(asked, status=422, mistakes=Mistakes({"heads": [asked.say("log.head_rule")]}))
    return asked.go("/log#verified")
