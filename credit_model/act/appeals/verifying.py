"""Holds an appeal desk's file against itself: what was edited, deleted, put in, moved or cut off, and where.

An edit that is followed by new hashes for all later events, and a tail that is cut off together with all that belongs
to it, leave a file without a fault in itself: they are found by a head that was printed before, on a letter or an
export.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from credit_model.act.appeals.cases import Case, case_of_events
from credit_model.act.appeals.chain import (
    GENESIS,
    Event,
    event_hash,
    event_of,
    head_of,
    is_sealed,
    read_head,
    text_digest,
)
from credit_model.act.appeals.schema import SUBJECT_KEY, VERSION, expected_schema, schema_of
from credit_model.act.appeals.store import Store
from credit_model.errors import AppealError

_KEY = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Finding:
    """Something that is not as the desk wrote it.

    Attributes
    ----------
    place : str
        "event 12", "case 3", "sealed item 1f0c...", "text ...", "the tables", "the file".
    what : str
    """

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True)
class Verification:
    """What was found, and what was looked at.

    Attributes
    ----------
    findings : tuple of Finding
        Empty: everything is as it was written.
    n_events, n_cases, n_sealed, n_erased : int
    head : str
    """

    findings: tuple[Finding, ...]
    n_events: int
    n_cases: int
    n_sealed: int
    n_erased: int
    head: str

    @property
    def is_sound(self) -> bool:
        """Nothing was found."""
        return not self.findings


def verify(store: Store, heads: Sequence[str] = ()) -> Verification:
    """Look at everything in a desk's file, in one view of it while officers go on working.

    Parameters
    ----------
    store : Store
    heads : sequence of str
        Heads as letters and exports print them: the log must still hold what was done up to there.

    Raises
    ------
    AppealError
        A head is none, or the file cannot be read.
    """
    wanted = [read_head(head) for head in heads]
    connection = store.connection
    with store.reading(), _any_bytes(connection):
        found = [*_file(connection)]
        tables = {}
        for table in _TABLES:
            tables[table], unreadable = _rows(connection, table)
            found += unreadable
        rows = tables["event"]
        found += [*_key(tables["desk"]), *_chain(rows), *_heads(rows, wanted)]
        events = [event for event in map(_readable, rows) if event is not None]
        erased = {digest for event in events if event.action == "erased" for digest in event.facts.get("items", ())}
        found += [*_sealed(events, tables["sealed"], erased), *_texts(events, tables["text"])]
        cases, broken = _cases(events)
        found += [*broken, *_table(store, cases, tables["appeal"])]
    head = head_of(rows[-1][0], rows[-1][-1]) if rows else head_of(0, GENESIS)
    return Verification(tuple(found), len(rows), len(cases), len(tables["sealed"]), len(erased), head)


#: Columns of the tables with the types that their rows have, unless somebody took the tables' own rules away.
_TABLES: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "desk": {"name": str, "value": str},
    "event": {
        "seq": int,
        "at": str,
        "actor": str,
        "number": int,
        "action": str,
        "facts": str,
        "sealed": str,
        "prev": str,
        "hash": str,
    },
    "sealed": {"digest": str, "number": int, "salt": bytes, "content": bytes},
    "text": {"digest": str, "content": str},
    "appeal": {"number": int, "state": str, "due": str, "subject": (str, NoneType), "last_seq": int},
}


@contextlib.contextmanager
def _any_bytes(connection: sqlite3.Connection) -> Iterator[None]:
    """Inside the block text may be no UTF-8, as nothing that the desk wrote."""
    connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = str


def _rows(connection: sqlite3.Connection, table: str) -> tuple[list[tuple[Any, ...]], list[Finding]]:
    """The rows of a table in order, without those whose types nothing that the desk wrote has.

    Of sealed items (digest, number, whether the digest is that of salt and content).
    """
    columns = _TABLES[table]
    sound: list[tuple[Any, ...]] = []
    odd = 0
    try:
        for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1"):
            if not all(map(isinstance, row, columns.values())):
                odd += 1
            elif table == "sealed":  # scans are large: what is asked of them is answered at once
                digest, number, salt, content = row
                sound.append((digest, number, is_sealed(digest, salt, content)))
            else:
                sound.append(row)
    except sqlite3.DatabaseError as error:
        return sound, [Finding("the tables", f"{table!r} cannot be read ({error})")]
    told = (
        f"{table!r} holds {odd} {'row' if odd == 1 else 'rows'} of other types than the desk writes: edited, or put in"
    )
    return sound, [Finding("the tables", told)] if odd else []


def _key(rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
    """The desk's own key, which is all that its table holds."""
    if [row[0] for row in rows] != [SUBJECT_KEY] or not _KEY.fullmatch(rows[0][1]):
        yield Finding("the tables", "'desk' holds something else than the desk's key: edited, or put in")


def _readable(row: Sequence[Any]) -> Event | None:
    """An event whose fields are of the right types; one that was edited may hold anything, which its hash tells."""
    try:
        event = event_of(row)
    except (ValueError, TypeError, RecursionError):
        return None
    facts = event.facts
    sound = isinstance(facts, dict) and isinstance(facts.get("texts", {}), dict)
    named = [*event.sealed, *facts.get("texts", {}).values(), *_listed(facts.get("items", []))] if sound else [0]
    return event if all(isinstance(name, str) for name in named) else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _file(connection: sqlite3.Connection) -> Iterator[Finding]:
    """The file as SQLite sees it, and the guards of the tables."""
    (state,) = connection.execute("PRAGMA integrity_check").fetchone()
    if state != "ok":
        yield Finding("the file", f"is damaged, {' '.join(str(state).split())[:200]}")
    version, known = connection.execute("PRAGMA user_version").fetchone()[0], VERSION
    if version != known:
        yield Finding("the file", f"says that it is of version {version}, and is of version {known}")
    found, wanted = schema_of(connection), expected_schema()
    for place in sorted({*found, *wanted}):
        name = place[1]
        if place not in found:
            yield Finding("the tables", f"{name!r} is missing, which guards or holds what is written")
        elif place not in wanted:
            yield Finding("the tables", f"{name!r} was added")
        elif found[place] != wanted[place]:
            yield Finding("the tables", f"{name!r} was changed")


def _chain(rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
    prev, expected = GENESIS, 1
    for row in rows:
        seq, stated_prev, stated = row[0], row[-2], row[-1]
        if seq != expected:
            missing = f"event {expected}" if seq <= expected + 1 else f"events {expected} to {seq - 1}"
            yield Finding(missing, "missing: deleted, or moved elsewhere")
        elif stated_prev != prev:
            yield Finding(f"event {seq}", "does not follow the event before it: put in, moved, or written anew")
        if event_hash(*row[:-1]) != stated:
            yield Finding(f"event {seq}", "its content is not what its hash says: edited")
        prev, expected = stated, seq + 1


def _heads(rows: Sequence[Sequence[Any]], wanted: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    hashes = {0: GENESIS} | {row[0]: row[-1] for row in rows}
    last = max(hashes)
    for seq, start in wanted:
        if seq not in hashes:
            where = f"after event {last}" if seq > last else f"at event {seq}"
            yield Finding(f"event {seq}", f"was there when its head was printed: the log was cut {where}")
        elif not hashes[seq].startswith(start):
            yield Finding(
                f"event {seq}", "has another hash than was printed: this or an earlier event was written anew"
            )


def _sealed(events: Sequence[Event], rows: Sequence[Sequence[Any]], erased: set[str]) -> Iterator[Finding]:
    place = {digest: event for event in events for digest in event.sealed}
    stored = {row[0]: row for row in rows}
    for digest, number, is_sound in rows:
        where = f"sealed item {digest[:12]}"
        if not is_sound:
            yield Finding(where, f"is not what {_of(place.get(digest))} was given: edited")
        elif digest not in place:
            yield Finding(where, "belongs to no event: put in, or its event was cut off")
        elif place[digest].case != number:
            yield Finding(where, f"was moved from case {place[digest].case} to case {number}")
        elif digest in erased:
            yield Finding(where, f"of case {number} is logged as erased, and is still there")
    for digest, event in place.items():
        if digest not in stored and digest not in erased:
            yield Finding(
                f"event {event.seq}", f"its sealed item {digest[:12]} is gone, and no event says it was erased"
            )


def _of(event: Event | None) -> str:
    return "any event" if event is None else f"event {event.seq}"


def _texts(events: Sequence[Event], rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
    place = {digest: event for event in events for digest in event.facts.get("texts", {}).values()}
    stored = {digest for digest, _ in rows}
    for digest, content in rows:
        if text_digest(content) != digest:
            yield Finding(f"text {digest[:12]}", f"is not what {_of(place.get(digest))} was given: edited")
        elif digest not in place:
            yield Finding(f"text {digest[:12]}", "belongs to no event: put in, or its event was cut off")
    for digest, event in place.items():
        if digest not in stored:
            yield Finding(f"event {event.seq}", f"its text {digest[:12]} is gone")


def _cases(events: Sequence[Event]) -> tuple[dict[int, Case], list[Finding]]:
    of_case: dict[int, list[Event]] = {}
    for event in events:
        if event.case:
            of_case.setdefault(event.case, []).append(event)
    cases, broken = {}, []
    for number, own in sorted(of_case.items()):
        try:
            cases[number] = case_of_events(own)
        except (AppealError, KeyError, TypeError) as error:
            broken.append(Finding(f"case {number}", f"its events do not follow from each other ({error})"))
    return cases, broken


def _table(store: Store, cases: dict[int, Case], rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
    found = {row[0]: row for row in rows}
    for number, case in cases.items():
        if number not in found:
            yield Finding(f"case {number}", "is missing from the table of cases")
            continue
        try:
            subject = store.subject_of(case)
        except (AppealError, ValueError, KeyError, TypeError, RecursionError):
            continue  # its sealed item is no longer what it was, which is told there
        if found[number] != (number, case.state, case.due, subject, case.events[-1].seq):
            yield Finding(f"case {number}", "the table of cases says otherwise than its events: edited")
    for number in found:
        if number not in cases:
            yield Finding(f"case {number}", "stands in the table of cases without events: put in, or they were cut off")


def facts_as_text(event: Event) -> str:
    """The facts of an event in one line, for people."""
    return json.dumps(event.facts, ensure_ascii=False, sort_keys=True)
