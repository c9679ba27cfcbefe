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
from credit_model.act.appeals.findings import Finding, finding
from credit_model.act.appeals.schema import SUBJECT_KEY, VERSION, expected_schema, schema_of
from credit_model.act.appeals.store import Store
from credit_model.errors import AppealError

_KEY = re.compile("[0-9a-f]{64}")
#: Letters of a digest that name an item.
_SHOWN = 12


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
        return sound, [finding("unreadable", name=table, reason=error)]
    return sound, [finding("types", name=table, n=odd)] if odd else []


def _key(rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
    """The desk's own key, which is all that its table holds."""
    if [row[0] for row in rows] != [SUBJECT_KEY] or not _KEY.fullmatch(rows[0][1]):
        yield finding("own_key", name="desk")


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
        yield finding("damaged", reason=" ".join(str(state).split())[:200])
    version, known = connection.execute("PRAGMA user_version").fetchone()[0], VERSION
    if version != known:
        yield finding("version", stated=version, known=known)
    found, wanted = schema_of(connection), expected_schema()
    for place in sorted({*found, *wanted}):
        name = place[1]
        if place not in found:
            yield finding("lacking", name=name)
        elif place not in wanted:
            yield finding("added", name=name)
        elif found[place] != wanted[place]:
            yield finding("changed", name=name)


def _chain(rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
    prev, expected = GENESIS, 1
    for row in rows:
        seq, stated_prev, stated = row[0], row[-2], row[-1]
        if seq != expected:
            yield finding("missing_all" if seq > expected + 1 else "missing", seq=expected, last=seq - 1)
        elif stated_prev != prev:
            yield finding("not_next", seq=seq)
        if event_hash(*row[:-1]) != stated:
            yield finding("edited", seq=seq)
        prev, expected = stated, seq + 1


def _heads(rows: Sequence[Sequence[Any]], wanted: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    hashes = {0: GENESIS} | {row[0]: row[-1] for row in rows}
    last = max(hashes)
    for seq, start in wanted:
        if seq not in hashes:
            yield finding("cut_after" if seq > last else "cut_at", seq=seq, last=last)
        elif not hashes[seq].startswith(start):
            yield finding("other_hash", seq=seq)


def _sealed(events: Sequence[Event], rows: Sequence[Sequence[Any]], erased: set[str]) -> Iterator[Finding]:
    place = {digest: event for event in events for digest in event.sealed}
    stored = {row[0]: row for row in rows}
    for digest, number, is_sound in rows:
        event, shown = place.get(digest), digest[:_SHOWN]
        if not is_sound:
            yield _edited("item", event, shown)
        elif event is None:
            yield finding("item_alone", digest=shown)
        elif event.case != number:
            yield finding("item_moved", digest=shown, case=event.case, other=number)
        elif digest in erased:
            yield finding("item_back", digest=shown, case=number)
    for digest, event in place.items():
        if digest not in stored and digest not in erased:
            yield finding("item_gone", seq=event.seq, digest=digest[:_SHOWN])


def _edited(what: str, event: Event | None, digest: str) -> Finding:
    if event is None:
        return finding(f"{what}_wrong", digest=digest)
    return finding(f"{what}_edited", digest=digest, seq=event.seq)


def _texts(events: Sequence[Event], rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
    place = {digest: event for event in events for digest in event.facts.get("texts", {}).values()}
    stored = {digest for digest, _ in rows}
    for digest, content in rows:
        if text_digest(content) != digest:
            yield _edited("text", place.get(digest), digest[:_SHOWN])
        elif digest not in place:
            yield finding("text_alone", digest=digest[:_SHOWN])
    for digest, event in place.items():
        if digest not in stored:
            yield finding("text_gone", seq=event.seq, digest=digest[:_SHOWN])


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
            broken.append(finding("case_broken", case=number, reason=error))
    return cases, broken


def _table(store: Store, cases: dict[int, Case], rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
    found = {row[0]: row for row in rows}
    for number, case in cases.items():
        if number not in found:
            yield finding("case_lacking", case=number)
            continue
        try:
            subject = store.subject_of(case)
        except (AppealError, ValueError, KeyError, TypeError, RecursionError):
            continue  # its sealed item is no longer what it was, which is told there
        if found[number] != (number, case.state, case.due, subject, case.events[-1].seq):
            yield finding("case_other", case=number)
    for number in found:
        if number not in cases:
            yield finding("case_alone", case=number)


def facts_as_text(event: Event) -> str:
    """The facts of an event in one line, for people."""
    return json.dumps(event.facts, ensure_ascii=False, sort_keys=True)
