"""The file of an appeal desk: one SQLite database, append-only, written by many officers at once.

Every write is one transaction that has the file to itself (BEGIN IMMEDIATE) and is on the disk when it is acknowledged
(WAL with synchronous = FULL): a process that is killed at any moment loses nothing that it has acknowledged.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from credit_model.act.appeals.cases import Case, case_of_events
from credit_model.act.appeals.chain import (
    GENESIS,
    SALT_BYTES,
    Event,
    canonical,
    event_of,
    head_of,
    sealed_digest,
    text_digest,
)
from credit_model.act.appeals.connections import Connections
from credit_model.act.appeals.schema import (
    APPLICATION_ID,
    STEPS,
    SUBJECT_KEY,
    VERSION,
    remedy,
    statements_of,
    version_of,
)
from credit_model.errors import AppealError, CreditModelWarning, StoreError
from credit_model.files import fresh_file

#: Seconds that a write waits for another officer's to end.
PATIENCE = 30.0
_COLUMNS = "seq, at, actor, number, action, facts, sealed, prev, hash"

Clock = Callable[[], datetime]


class Store:
    """An appeal desk's file.

    Parameters
    ----------
    path : path
    create : bool, default False
        Make the file where there is none.
    clock : callable, optional
        Gives the time of events, aware; None: the computer's.
    patience : float, default 30
        Seconds to wait for another process's write.
    draw : callable, default secrets.token_bytes
        Gives so many random bytes, for salts. Any other is for demonstrations that are to give the
        same bytes again: who can draw the salts once more can try out what was erased.

    Raises
    ------
    AppealError
        There is no such file, it is no appeal desk, of a newer version, damaged, locked, or cannot be written.
    """

    def __init__(
        self, path: str | Path, *, create: bool = False, clock: Clock | None = None, patience: float = PATIENCE,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:  # fmt: skip
        self.path, self._draw = Path(path), draw
        self._clock = clock or (lambda: datetime.now(UTC))
        self._connections, self._turn = Connections(self.path, patience), threading.Lock()
        if self.path.is_dir():
            raise AppealError(f"{path}: is a folder; give the file of an appeal desk")
        if not create and not self.path.is_file():
            raise AppealError(f"{path}: there is no such appeal desk; open a first case there, or correct --store")
        with self._told():
            self._bring_up_to_date(create)

    # ---- connections

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection; SQL goes through `writing` and the readers below."""
        return self._connections.own

    def close(self) -> None:
        """Close the connections of all threads."""
        self._connections.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite says, in one line that a user can act on."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path}: {remedy(str(error))}") from None
        except sqlite3.DatabaseError as error:
            reason = " ".join(str(error).split())
            raise AppealError(
                f"{self.path}: is damaged or no appeal desk ({reason}); restore it from a backup"
            ) from None
        except OSError as error:
            raise AppealError(f"{self.path}: cannot be opened ({error.strerror}); give another --store") from None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turn:  # SQLite asks again and again whether it is its turn, and may be passed over for long
            connection = self._connections.for_writing()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _bring_up_to_date(self, create: bool) -> None:
        version = version_of(self.connection, self.path)
        if version == VERSION:
            return
        if not version and not create:
            raise AppealError(
                f"{self.path}: is empty, and no appeal desk; restore it from a backup, or correct --store"
            )
        with self._transaction() as connection:
            have = version_of(connection, self.path)  # another process may have been quicker
            for step in STEPS[have:]:
                for statement in statements_of(step):
                    connection.execute(statement)
            if not have:
                connection.execute("INSERT INTO desk VALUES (?, ?)", (SUBJECT_KEY, self._draw(32).hex()))
            if have < VERSION:
                self._tabulate(connection)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {VERSION}")

    def _tabulate(self, connection: sqlite3.Connection) -> None:
        """The table of cases, from the events of an earlier version's file."""
        for (number,) in connection.execute("SELECT DISTINCT number FROM event WHERE number > 0").fetchall():
            case = case_of_events(self.events(number))
            self._enter(connection, case, self.subject_of(case))

    # ---- reading

    def events(self, case: int | None = None) -> list[Event]:
        """The events of one case, or all (also those of the desk itself), in order."""
        where, given = ("", ()) if case is None else (" WHERE number = ?", (case,))
        with self._told():
            rows = self.connection.execute(f"SELECT {_COLUMNS} FROM event{where} ORDER BY seq", given).fetchall()
        try:
            return [event_of(row) for row in rows]
        except (ValueError, TypeError):
            raise AppealError(
                f"{self.path}: an event cannot be read; 'credit-model appeal verify' tells where the log was edited"
            ) from None

    def now(self) -> datetime:
        """The time by the desk's clock."""
        return self._clock()

    @property
    def head(self) -> str:
        """Names the last event and all before it; printed, it proves later that nothing was cut off."""
        with self._told():
            last = self.connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return head_of(*(last or (0, GENESIS)))

    def case(self, number: int) -> Case:
        """A case as its events tell it.

        Raises
        ------
        AppealError
            There is none of that number.
        """
        events = self.events(number) if number > 0 else []
        if not events:
            raise AppealError(f"{self.path}: there is no case {number}; 'credit-model appeal log' lists them")
        return case_of_events(events)

    def cases(self, *, state: str | None = None) -> list[int]:
        """The numbers of all cases, or of those in one state; those due first come first."""
        where, given = ("", ()) if state is None else (" WHERE state = ?", (state,))
        with self._told():
            rows = self.connection.execute(f"SELECT number FROM appeal{where} ORDER BY due, number", given).fetchall()
        return [number for (number,) in rows]

    def item(self, digest: str) -> bytes | None:
        """A sealed item's content; None where it was erased."""
        found = self.salted(digest)
        return None if found is None else found[1]

    def salted(self, digest: str) -> tuple[bytes, bytes] | None:
        """A sealed item's salt and content; None where it was erased."""
        with self._told():
            row = self.connection.execute("SELECT salt, content FROM sealed WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else (bytes(row[0]), bytes(row[1]))

    def record(self, event: Event, place: int = 0) -> dict[str, Any] | None:
        """A sealed item of an event, read as JSON; None where it was erased."""
        content = self.item(event.sealed[place])
        return None if content is None else json.loads(content)

    def text(self, digest: str) -> str:
        """A kept text by its digest, such as the lender file of a case.

        Raises
        ------
        AppealError
            It is not there.
        """
        with self._told():
            row = self.connection.execute("SELECT content FROM text WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise AppealError(f"{self.path}: lacks the text {digest[:12]}; 'credit-model appeal verify' tells more")
        return str(row[0])

    def subject(self, about: Sequence[str]) -> str:
        """What two open cases may not both be about, under the desk's own key: nobody is named by it."""
        with self._told():
            row = self.connection.execute("SELECT value FROM desk WHERE name = ?", (SUBJECT_KEY,)).fetchone()
        return hashlib.sha256(canonical([row and row[0], *about]).encode()).hexdigest()

    def subject_of(self, case: Case) -> str | None:
        """The subject of a case; None where the borrower's data were erased."""
        record = self.record(case.opened)
        return None if record is None else self.subject(record["about"])

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Inside the block all reads of this thread see the file as it was at the first of them."""
        with self._told():
            connection = self.connection
            connection.execute("BEGIN")
            try:
                yield
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    # ---- writing

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writing]:
        """A transaction: what is appended inside is there when the block has ended, all of it or nothing."""
        with self._told(), self._transaction() as connection:
            yield Writing(self, connection, self._clock())

    def erase(self, number: int, actor: str) -> int:
        """Erase what names or describes the borrower of a closed case; the events and their digests stay.

        Returns
        -------
        int
            The number of items that were erased.

        Raises
        ------
        AppealError
            The case is still open, or there is none.
        """
        with self.writing() as writing:
            case = writing.case(number)
            if case.state != "closed":
                raise AppealError(f"case {number} is {case.state}; close it before its personal data are erased")
            if case.is_erased:
                raise AppealError(f"case {number} is erased already; 'credit-model appeal log' shows what remains")
            items = [
                digest for event in self.events(number) for digest in event.sealed if self.item(digest) is not None
            ]
            writing.append(actor, number, "erased", {"items": items})
            for digest in items:
                writing.connection.execute("DELETE FROM sealed WHERE digest = ?", (digest,))
            writing.connection.execute("UPDATE appeal SET subject = NULL WHERE number = ?", (number,))
        with self._told():
            is_gone = self._connections.empty_log()
        if not is_gone:
            warnings.warn(
                f"{self.path}: others are reading; the erased data leave the disk with what is done after that",
                CreditModelWarning,
                stacklevel=2,
            )
        return len(items)

    def back_up(self, path: str | Path) -> None:
        """Copy the desk into another file, whole or not at all, while officers go on working.

        Raises
        ------
        AppealError, DataFileError
            The copy cannot be written.
        """
        if Path(os.path.realpath(path)) == Path(os.path.realpath(self.path)):
            raise AppealError(f"{path}: is the desk itself; give another file for the backup")
        with self._told(), fresh_file(path) as partial, contextlib.closing(sqlite3.connect(partial)) as copy:
            self.connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    def _enter(self, connection: sqlite3.Connection, case: Case, subject: str | None) -> None:
        """Bring the table of cases up to a case's last event; the subject is entered with the first one."""
        connection.execute(
            "INSERT INTO appeal VALUES (?, ?, ?, ?, ?) ON CONFLICT (number) "
            "DO UPDATE SET state = excluded.state, due = excluded.due, last_seq = excluded.last_seq",
            (case.number, case.state, case.due, subject, case.events[-1].seq),
        )


class Writing:
    """A transaction under way; `Store.writing` gives it."""

    def __init__(self, store: Store, connection: sqlite3.Connection, at: datetime) -> None:
        self._store, self.connection = store, connection
        #: When it began, UTC.
        self.at = at.astimezone(UTC)

    def case(self, number: int) -> Case:
        """A case as it stands in this transaction."""
        return self._store.case(number)

    def next_number(self) -> int:
        """The number of the next case."""
        (last,) = self.connection.execute("SELECT coalesce(max(number), 0) FROM event").fetchone()
        return int(last) + 1

    def seal(self, number: int, content: bytes | Mapping[str, Any]) -> str:
        """Put away what is personal, under a salt of its own: its digest."""
        stored = content if isinstance(content, bytes) else canonical(content).encode()
        salt = self._store._draw(SALT_BYTES)
        digest = sealed_digest(salt, stored)
        self.connection.execute("INSERT INTO sealed VALUES (?, ?, ?, ?)", (digest, number, salt, stored))
        return digest

    def keep(self, text: str) -> str:
        """Keep a text that names nobody, once: its digest."""
        digest = text_digest(text)
        if self.connection.execute("SELECT 1 FROM text WHERE digest = ?", (digest,)).fetchone() is None:
            self.connection.execute("INSERT INTO text VALUES (?, ?)", (digest, text))
        return digest

    def head(self) -> tuple[int, str]:
        """The last event's number and hash."""
        last = self.connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return (int(last[0]), str(last[1])) if last else (0, GENESIS)

    def append(
        self, actor: str, number: int, action: str, facts: Mapping[str, Any], sealed: Sequence[str] = ()
    ) -> Event:
        """Append an event, if the case allows it.

        Raises
        ------
        AppealError
            The case's state does not allow it, or another open case is about the same.
        """
        seq, prev = self.head()
        stamp = self.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        event = Event(seq + 1, stamp, actor, number, action, dict(facts), tuple(sealed), prev)
        event = replace(event, hash=event.own_hash)
        before = self._store.events(number) if number else []
        case = case_of_events([*before, event]) if number else None
        self.connection.execute(
            f"INSERT INTO event ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (event.seq, stamp, actor, number, action, event.facts_text, event.sealed_text, prev, event.hash),
        )
        if case is not None:
            subject = self._subject(case)
            self._store._enter(self.connection, case, subject)
        return event

    def _subject(self, case: Case) -> str | None:
        """The subject of a case that is opened, which no other open one may be about."""
        if len(case.events) > 1:
            return None  # has been entered
        subject = self._store.subject_of(case)
        other = self.connection.execute(
            "SELECT number, state FROM appeal WHERE subject = ? AND state != 'closed'", (subject,)
        ).fetchone()
        if other is not None:
            raise AppealError(
                f"case {other[0]} about the same decision is still {other[1]}; go on with it, or close it first"
            )
        return subject
