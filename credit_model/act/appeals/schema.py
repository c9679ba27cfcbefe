"""The tables of an appeal desk's file, their guards, and how a file of an earlier version is brought up to date.

Traps that the guards close: INSERT OR REPLACE deletes rows without firing triggers of DELETE, so an INSERT has a guard,
too; that guard would be of no use if a column beside the key were UNIQUE, by which REPLACE finds other rows to delete.
"""

from __future__ import annotations

import contextlib
import sqlite3

from credit_model.errors import AppealError

#: "crAp" as a number: marks the file as ours.
APPLICATION_ID = 0x63724170
#: The one row of the table ``desk``.
SUBJECT_KEY = "subject_key"

_LOG = """
CREATE TABLE desk (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    number INTEGER NOT NULL,
    action TEXT NOT NULL,
    facts TEXT NOT NULL,
    sealed TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX event_of_case ON event (number, seq);
CREATE TRIGGER event_follows BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
  OR NEW.prev IS NOT coalesce((SELECT hash FROM event ORDER BY seq DESC LIMIT 1), '{genesis}')
BEGIN SELECT RAISE(ABORT, 'an event is appended to the head of the log'); END;
CREATE TRIGGER event_stays BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;
CREATE TRIGGER event_is_kept BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;

CREATE TABLE sealed (
    digest TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    salt BLOB NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX sealed_of_case ON sealed (number);
CREATE TRIGGER sealed_is_new BEFORE INSERT ON sealed
WHEN EXISTS (SELECT 1 FROM sealed WHERE digest = NEW.digest OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'a sealed item is never replaced'); END;
CREATE TRIGGER sealed_stays BEFORE UPDATE ON sealed
BEGIN SELECT RAISE(ABORT, 'a sealed item is never changed, only erased'); END;

CREATE TABLE text (
    digest TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
) STRICT;
CREATE TRIGGER text_is_new BEFORE INSERT ON text
WHEN EXISTS (SELECT 1 FROM text WHERE digest = NEW.digest OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'a text is never replaced'); END;
CREATE TRIGGER text_stays BEFORE UPDATE ON text
BEGIN SELECT RAISE(ABORT, 'a text is never changed'); END;
CREATE TRIGGER text_is_kept BEFORE DELETE ON text
BEGIN SELECT RAISE(ABORT, 'a text is never deleted'); END;
"""

#: What the cases have come to: follows from the events, and is held against them when the log is verified.
_CASES = """
CREATE TABLE appeal (
    number INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    due TEXT NOT NULL,
    subject TEXT,
    last_seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_open_case ON appeal (subject) WHERE subject IS NOT NULL AND state != 'closed';
CREATE INDEX appeal_by_due ON appeal (state, due);
"""

#: The steps from an empty file to the newest version; a file of version n has had the first n.
STEPS = (_LOG.replace("{genesis}", "0" * 64), _CASES)
VERSION = len(STEPS)


def version_of(connection: sqlite3.Connection, path: object) -> int:
    """The version of a desk's file; 0 of an empty one.

    Raises
    ------
    AppealError
        The file is another program's, or of a newer version than this package knows.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if empty and not version and not application:
        return 0
    if application != APPLICATION_ID:
        raise AppealError(f"{path}: is no appeal desk, but another program's SQLite file; give another --store")
    if version > VERSION:
        raise AppealError(
            f"{path}: was written by a newer version of this package (store version {version}, known up to {VERSION}); "
            "update the package"
        )
    return int(version)


def statements_of(script: str) -> list[str]:
    """The statements of a step, one by one: a trigger's body has semicolons of its own."""
    found, part = [], ""
    for line in script.strip().splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part.strip())
            part = ""
    return found


def schema_of(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[str, str | None]]:
    """The tables, indexes, triggers and views of a file: (type, name) -> (table, SQL).

    A trigger may have the name of a table.
    """
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return {(type_, name): (table, sql) for type_, name, table, sql in rows}


def expected_schema(version: int = VERSION) -> dict[tuple[str, str], tuple[str, str | None]]:
    """What `schema_of` has to find in a file of a version."""
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        for step in STEPS[:version]:
            memory.executescript(step)
        return schema_of(memory)


def remedy(reason: str) -> str:
    """What to do about an error that SQLite tells."""
    if "locked" in reason or "busy" in reason:
        return "is locked by another program for too long; close that, and try again (nothing was written)"
    if "full" in reason:
        return "cannot be written, the disk is full; free some space, and try again (nothing was written)"
    if "readonly" in reason or "read-only" in reason or "unable to open" in reason:
        return f"cannot be written ({reason}); give a file in a folder that you may write to"
    return f"cannot be used ({reason}); restore it from a backup"
