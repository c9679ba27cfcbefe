"""The cases as rows: which are open, due soon or late, whose borrower it is, and what they come to."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from credit_model.act.appeals.cases import Case
from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.frozen import Frozen
from credit_model.act.appeals.reading import last_events, open_case_about, read_text
from credit_model.documents.letter_content import case_number

#: Views of the inbox.
VIEWS = ("open", "late", "soon", "to_check", "to_answer", "all")
#: Days before a case is due from which on it is due soon.
SOON_DAYS = 5


@dataclass(frozen=True)
class Clock:
    """A case's deadline, seen from a day.

    Attributes
    ----------
    due : date
    days : int
        Left until it is due; negative: so many days late. Of an answered case as it was answered.
    runs : bool
        The borrower is still to be answered.
    is_answered : bool
        The borrower was answered; neither holds of a withdrawn case.
    is_late, is_soon : bool
    """

    due: date
    days: int
    runs: bool
    is_answered: bool
    is_late: bool
    is_soon: bool


def clock_of(case: Case, today: date) -> Clock:
    """The clock of a case; a withdrawn one is never late."""
    due = date.fromisoformat(case.due)
    answered = None if case.answered_on is None else date.fromisoformat(case.answered_on)
    runs = answered is None and case.state != "closed"
    days = (due - (answered or today)).days
    is_late = case.is_late(today.isoformat())
    return Clock(due, days, runs, answered is not None, is_late, runs and not is_late and days <= SOON_DAYS)


@dataclass(frozen=True)
class About:
    """What a case is about, which its sealed record alone tells.

    Attributes
    ----------
    borrower, month : str
    before, after : float
        The limits; of a rise the one in force and the one that is asked for.
    currency : str
    """

    borrower: str
    month: str
    before: float
    after: float
    currency: str


def _about(desk: Desk, case: Case, record: Mapping[str, Any]) -> About:
    frozen, texts = record["frozen"], case.opened.facts["texts"]
    after = frozen["limit_asked"] if case.kind == "rise" else frozen["limit_after"]
    currency = read_text(desk.store.text(texts["catalogue"])).currency
    return About(str(record["about"][0]), str(record["about"][1]), frozen["limit_before"], after, currency)


@dataclass(frozen=True)
class Entry:
    """A case in the register, as of a day.

    Attributes
    ----------
    case : Case
    clock : Clock
    views : frozenset of str
        The views of the inbox that it is in, of `VIEWS`.
    """

    case: Case
    clock: Clock
    views: frozenset[str]


def _entry(case: Case, today: date) -> Entry:
    clock = clock_of(case, today)
    is_in = {
        "open": case.state != "closed",
        "late": clock.runs and clock.is_late,
        "soon": clock.is_soon,
        "to_check": case.state == "proposed",
        "to_answer": case.state == "decided",
        "all": True,
    }
    return Entry(case, clock, frozenset(name for name, holds in is_in.items() if holds))


class Register:
    """The cases of a desk, read again only where something was done.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._turn = desk, threading.Lock()
        self._cases: dict[int, Case] = {}
        self._entries: dict[int, tuple[Case, date, Entry]] = {}
        self._about: dict[int, About | None] = {}

    @property
    def today(self) -> date:
        """The lender's day."""
        return self._desk.day(self._desk.store.now())

    def cases(self) -> list[Case]:
        """All cases, those due first at the front."""
        with self._turn:
            last = last_events(self._desk.store)
            for number, seq in last.items():
                known = self._cases.get(number)
                if known is None or known.events[-1].seq != seq:
                    self._cases[number] = self._desk.store.case(number)
                    if known is not None and self._cases[number].is_erased:
                        self._about.pop(number, None)
            return [self._cases[number] for number in last]

    def entries(self) -> list[Entry]:
        """All cases with their clocks, those due first at the front."""
        today, cases = self.today, self.cases()
        found = []
        for case in cases:
            known = self._entries.get(case.number)
            if known is None or known[0] is not case or known[1] != today:
                known = self._entries[case.number] = (case, today, _entry(case, today))
            found.append(known[2])
        return found

    def about(self, case: Case) -> About | None:
        """What a case is about; None where that was erased."""
        if case.is_erased:
            return None
        with self._turn:
            if case.number not in self._about:
                record = self._desk.store.record(case.opened)
                self._about[case.number] = None if record is None else _about(self._desk, case, record)
            return self._about[case.number]

    def search(self, entries: Iterable[Entry], text: str) -> list[Entry]:
        """The cases whose number or borrower a text names; a borrower also by a part of the id."""
        wanted = text.strip().casefold()
        return [one for one in entries if not wanted or self._is_named(one.case, wanted)]

    def _is_named(self, case: Case, wanted: str) -> bool:
        number = case_number(case.number).casefold()
        if wanted == number or (wanted.startswith("a") and wanted[1:].lstrip("0") == str(case.number)):
            return True
        if wanted.removeprefix("#") == str(case.number):
            return True
        about = self.about(case)
        return about is not None and wanted in about.borrower.casefold()

    def open_about(self, frozen: Frozen) -> int | None:
        """The number of the open case about a decision, of which there may be one."""
        return open_case_about(self._desk.store, frozen)
