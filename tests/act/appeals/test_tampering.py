"""Whatever is changed in a desk's file behind its back is found, and the place is told."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest

from credit_model.act.appeals.chain import event_hash, sealed_digest, text_digest
from credit_model.act.appeals.schema import VERSION
from credit_model.act.appeals.store import Store
from credit_model.act.appeals.verifying import verify
from credit_model.errors import AppealError
from tests.act.appeals.desks import busy_desk

N_EVENTS = 19
FIELDS = ("at", "actor", "number", "action", "facts", "sealed", "prev", "hash")
GUARDS = ("event_follows", "event_stays", "event_is_kept", "sealed_is_new", "sealed_stays", "text_is_new", "text_stays",
          "text_is_kept")  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """The file of a desk, and its head as a letter has it."""
    path = tmp_path_factory.mktemp("desk") / "desk.sqlite"
    store = busy_desk(path)
    head = store.head
    assert head.startswith(f"{N_EVENTS}-")
    assert verify(store, [head]).findings == ()
    store.close()
    return path, head


def forged(desk, tmp_path, forge):
    """What is found in a copy that ``forge`` had its hands on, with all guards away and put back."""
    path, head = desk
    copy = tmp_path / "copy.sqlite"
    shutil.copy(path, copy)
    with sqlite3.connect(copy) as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        forge(connection)
        for _, sql in guards:
            connection.execute(sql)
    connection.close()
    with Store(copy) as store:
        return [str(finding) for finding in verify(store, [head]).findings]


def rehash(connection, start=1):
    """Write the hashes of all events anew, as one would who knows how."""
    rows = connection.execute("SELECT seq, at, actor, number, action, facts, sealed FROM event ORDER BY seq").fetchall()
    prev = "0" * 64
    for seq, *fields in rows:
        own = event_hash(seq, *fields, prev)
        connection.execute("UPDATE event SET prev = ?, hash = ? WHERE seq = ?", (prev, own, seq))
        prev = own


def other(value):
    return value + 1 if isinstance(value, int) else value[:-1] + ("y" if value[-1] == "x" else "x")


@pytest.mark.parametrize("seq", range(1, N_EVENTS + 1))
@pytest.mark.parametrize("field", FIELDS)
def test_an_edited_event_is_found(desk, tmp_path, seq, field):
    def forge(connection):
        (value,) = connection.execute(f"SELECT {field} FROM event WHERE seq = ?", (seq,)).fetchone()
        if field in ("facts", "sealed"):  # still JSON
            value = {**json.loads(value), "more": 1} if field == "facts" else ["0" * 64, *json.loads(value)]
            connection.execute(f"UPDATE event SET {field} = ? WHERE seq = ?", (json.dumps(value), seq))
        else:
            connection.execute(f"UPDATE event SET {field} = ? WHERE seq = ?", (other(value), seq))

    assert any(told.startswith(f"event {seq}: ") and "edited" in told for told in forged(desk, tmp_path, forge))


@pytest.mark.parametrize("seq", range(1, N_EVENTS + 1))
def test_an_event_that_was_written_anew_with_all_later_hashes_is_found_by_a_printed_head(desk, tmp_path, seq):
    def forge(connection):
        connection.execute("UPDATE event SET actor = 'mallory' WHERE seq = ?", (seq,))
        rehash(connection)

    found = forged(desk, tmp_path, forge)
    assert any(told.startswith(f"event {N_EVENTS}: has another hash than was printed") for told in found)


@pytest.mark.parametrize("seq", range(1, N_EVENTS + 1))
def test_a_deleted_event_is_found(desk, tmp_path, seq):
    found = forged(desk, tmp_path, lambda c: c.execute("DELETE FROM event WHERE seq = ?", (seq,)))
    told = f"event {seq}: was there when" if seq == N_EVENTS else f"event {seq}: missing"
    assert any(line.startswith(told) for line in found)


@pytest.mark.parametrize("seq", range(1, N_EVENTS))
def test_two_events_that_changed_places_are_found(desk, tmp_path, seq):
    def forge(connection):
        for old, new in ((seq, -1), (seq + 1, seq), (-1, seq + 1)):
            connection.execute("UPDATE event SET seq = ? WHERE seq = ?", (new, old))

    found = forged(desk, tmp_path, forge)
    assert any(line.startswith((f"event {seq}: ", f"event {seq + 1}: ")) for line in found)


@pytest.mark.parametrize("seq", range(1, N_EVENTS + 1, 3))
def test_an_event_that_was_put_in_is_found(desk, tmp_path, seq):
    def forge(connection):
        for last in range(N_EVENTS, seq - 1, -1):
            connection.execute("UPDATE event SET seq = ? WHERE seq = ?", (last + 1, last))
        row = connection.execute(
            "SELECT at, actor, number, action, facts, sealed, prev FROM event WHERE seq = ?", (seq + 1,)
        ).fetchone()
        own = event_hash(seq, *row)
        connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (seq, *row, own))

    assert any(line.startswith(f"event {seq + 1}: does not follow") for line in forged(desk, tmp_path, forge))


@pytest.mark.parametrize("kept", range(0, N_EVENTS, 2))
def test_a_tail_that_was_cut_off_with_all_that_belongs_to_it_is_found_by_a_printed_head(desk, tmp_path, kept):
    def forge(connection):
        gone = connection.execute("SELECT number, sealed, facts FROM event WHERE seq > ?", (kept,)).fetchall()
        connection.execute("DELETE FROM event WHERE seq > ?", (kept,))
        for _, sealed, _ in gone:
            connection.executemany("DELETE FROM sealed WHERE digest = ?", [(d,) for d in json.loads(sealed)])
        connection.execute("DELETE FROM appeal")
        connection.execute("DELETE FROM text")

    told = f"event {N_EVENTS}: was there when its head was printed: the log was cut after event {kept}"
    assert told in forged(desk, tmp_path, forge)


@pytest.mark.parametrize("place", range(11))
@pytest.mark.parametrize("how", ["edited", "salted anew", "deleted", "moved", "swapped"])
def test_a_sealed_item_that_was_touched_is_found(desk, tmp_path, place, how):
    def forge(connection):
        rows = connection.execute("SELECT digest, number, salt, content FROM sealed ORDER BY digest").fetchall()
        digest, number, _, content = rows[place]
        if how == "edited":
            connection.execute("UPDATE sealed SET content = ? WHERE digest = ?", (content + b" ", digest))
        elif how == "salted anew":
            other_salt = bytes(16)
            new = sealed_digest(other_salt, content)
            connection.execute("UPDATE sealed SET digest = ?, salt = ? WHERE digest = ?", (new, other_salt, digest))
        elif how == "deleted":
            connection.execute("DELETE FROM sealed WHERE digest = ?", (digest,))
        elif how == "moved":
            connection.execute("UPDATE sealed SET number = ? WHERE digest = ?", (number % 4 + 1, digest))
        else:
            second = rows[(place + 1) % len(rows)][0]
            for old, new in ((digest, "-"), (second, digest), ("-", second)):
                connection.execute("UPDATE sealed SET digest = ? WHERE digest = ?", (new, old))

    found = forged(desk, tmp_path, forge)
    assert any(line.startswith("sealed item ") or ("its sealed item" in line) for line in found)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("how", ["edited", "deleted", "renamed"])
def test_a_text_that_was_touched_is_found(desk, tmp_path, place, how):
    def forge(connection):
        digest = connection.execute("SELECT digest FROM text ORDER BY digest").fetchall()[place][0]
        if how == "deleted":
            connection.execute("DELETE FROM text WHERE digest = ?", (digest,))
        elif how == "edited":
            connection.execute("UPDATE text SET content = 'other' WHERE digest = ?", (digest,))
        else:
            connection.execute(
                "UPDATE text SET content = 'other', digest = ? WHERE digest = ?", (text_digest("other"), digest)
            )

    assert any("text " in line for line in forged(desk, tmp_path, forge))


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize(
    "change",
    ["state = 'closed'", "due = '2030-01-01'", "subject = 'other'", "last_seq = last_seq + 1", "number = number + 90"],
)
def test_a_table_of_cases_that_says_otherwise_is_found(desk, tmp_path, number, change):
    if number == 1 and "closed" in change:
        change = "state = 'open'"  # it is closed
    found = forged(desk, tmp_path, lambda c: c.execute(f"UPDATE appeal SET {change} WHERE number = ?", (number,)))
    assert any(line.startswith(f"case {number}: ") for line in found)


@pytest.mark.parametrize("name", GUARDS)
@pytest.mark.parametrize("how", ["gone", "another"])
def test_a_guard_that_is_gone_or_guards_nothing_is_found(desk, tmp_path, name, how):
    copy = tmp_path / "copy.sqlite"
    shutil.copy(desk[0], copy)
    with sqlite3.connect(copy) as connection:
        connection.execute(f"DROP TRIGGER {name}")
        if how == "another":
            connection.execute(f"CREATE TRIGGER {name} BEFORE DELETE ON desk BEGIN SELECT 1; END")
    connection.close()
    with Store(copy) as store:
        (finding,) = verify(store).findings
    assert str(finding).startswith(f"the tables: '{name}' was" if how == "another" else f"the tables: '{name}' is")


@pytest.mark.parametrize("facts", ["[]", "{", "7", '{"texts": 7}', '{"texts": {"a": [1]}}', '{"items": [[1]]}', ""])
@pytest.mark.parametrize("seq", [1, 5, 19])
def test_facts_that_are_no_facts_are_found_and_told_to_officers(desk, tmp_path, seq, facts):
    def forge(connection):
        connection.execute("UPDATE event SET facts = ? WHERE seq = ?", (facts, seq))

    assert any(line.startswith(f"event {seq}: ") and "edited" in line for line in forged(desk, tmp_path, forge))
    if facts in ("{", ""):
        with Store(tmp_path / "copy.sqlite") as store, pytest.raises(AppealError, match="an event cannot be read"):
            store.events()


def test_an_erased_item_that_comes_back_is_found(desk, tmp_path):
    def forge(connection):
        facts = connection.execute("SELECT facts FROM event WHERE action = 'erased'").fetchone()[0]
        connection.execute("INSERT INTO sealed VALUES (?, 1, x'00', x'00')", (json.loads(facts)["items"][0],))

    assert any(line.startswith("sealed item ") for line in forged(desk, tmp_path, forge))


@pytest.mark.parametrize("place", range(11))
def test_a_border_between_salt_and_content_that_was_moved_is_found(desk, tmp_path, place):
    """The digest of both together stays the same: what was given would begin with another letter."""

    def forge(connection):
        digest, salt, content = connection.execute("SELECT digest, salt, content FROM sealed").fetchall()[place]
        moved = (salt + content[:3], content[3:]) if place % 2 else (salt[:-3], salt[-3:] + content)
        assert sealed_digest(*moved) == digest
        connection.execute("UPDATE sealed SET salt = ?, content = ? WHERE digest = ?", (*moved, digest))

    assert any(line.startswith("sealed item ") and "edited" in line for line in forged(desk, tmp_path, forge))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO desk VALUES ('more', 'x')",
        "DELETE FROM desk",
        "UPDATE desk SET value = '0'",
        "UPDATE desk SET name = 'key'",
    ],
)
def test_a_desks_key_that_was_touched_is_found(desk, tmp_path, statement):
    found = forged(desk, tmp_path, lambda connection: connection.execute(statement))
    assert "the tables: 'desk' holds something else than the desk's key: edited, or put in" in found


@pytest.mark.parametrize(
    ("table", "column", "told"),
    [
        ("event", "facts", "event 2: "),
        ("event", "at", "event 2: "),
        ("sealed", "digest", "event 2: "),
        ("text", "content", "text "),
        ("appeal", "subject", "case 2: "),
        ("appeal", "due", "case 2: "),
    ],
)
def test_text_that_is_no_text_is_found_where_it_stands(desk, tmp_path, table, column, told):
    """SQLite takes any bytes for text; no reader does."""
    of = {"event": "seq = 2", "appeal": "number = 2"}.get(table, f"rowid = (SELECT min(rowid) FROM {table})")

    def forge(connection):
        connection.execute(f"UPDATE {table} SET {column} = CAST(x'7bff7d' AS TEXT) WHERE {of}")

    assert any(line.startswith(told) for line in forged(desk, tmp_path, forge))


@pytest.mark.parametrize("value", ["x'00'", "NULL", "1.5"])
@pytest.mark.parametrize(
    ("table", "column"),
    [("event", "facts"), ("event", "hash"), ("event", "number"), ("sealed", "salt"), ("sealed", "digest"),
     ("text", "content"), ("appeal", "state"), ("desk", "value")],
)  # fmt: skip
def test_values_of_other_types_in_tables_without_rules_are_found(desk, tmp_path, table, column, value):
    def forge(connection):
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"CREATE TABLE {table} ({', '.join(names)})")
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
        connection.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = 2 OR '{table}' = 'desk'")

    found = forged(desk, tmp_path, forge)
    assert f"the tables: '{table}' was changed" in found
    if (column, value) != ("salt", "x'00'"):  # of its type, but no salt
        assert f"the tables: '{table}' holds rows of other types than the desk writes (1): edited, or put in" in found


@pytest.mark.parametrize("column", ["facts", "seq"])
def test_a_table_that_lacks_a_column_is_found(desk, tmp_path, column):
    found = forged(desk, tmp_path, lambda c: c.execute(f"ALTER TABLE event RENAME COLUMN {column} TO other"))
    assert "the tables: 'event' was changed" in found


@pytest.mark.parametrize("name", ["appeal", "text", "event_of_case"])
def test_a_trigger_by_the_name_of_a_table_or_an_index_is_found(desk, tmp_path, name):
    """Both may have one name, and the table may have been made again after the trigger."""

    def forge(connection):
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        table = name if name != "event_of_case" else "event"
        others = connection.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = 'index' AND name != ? AND sql IS NOT NULL",
            (table, name),
        ).fetchall()
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        connection.execute(f"DROP {'INDEX' if name != table else 'TABLE'} {name}")
        connection.execute(f"CREATE TRIGGER {name} AFTER INSERT ON sealed BEGIN DELETE FROM sealed; END")
        connection.execute(sql)
        if name == table:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            for (other_sql,) in others:
                connection.execute(other_sql)

    assert forged(desk, tmp_path, forge) == [f"the tables: '{name}' was added"]


def test_a_version_that_the_file_is_not_of_is_found(desk, tmp_path):
    copy = tmp_path / "copy.sqlite"
    shutil.copy(desk[0], copy)
    with Store(copy) as store:
        store.connection.execute("PRAGMA user_version = 7")
        found = [str(finding) for finding in verify(store).findings]
    assert found == [f"the file: says that it is of version 7, and is of version {VERSION}"]


def test_bytes_that_were_changed_in_the_file_are_found(desk, tmp_path):
    copy = tmp_path / "copy.sqlite"
    content = bytearray(desk[0].read_bytes())
    place = content.index(b"income_amount")
    content[place : place + 6] = b"outgoo"
    copy.write_bytes(bytes(content))
    with Store(copy) as store:
        assert any("edited" in str(finding) for finding in verify(store).findings)


# ------------------------------------------------------------------------------------------- through the front door


@pytest.mark.parametrize("mode", ["", "OR REPLACE", "OR IGNORE", "OR ABORT", "OR ROLLBACK", "OR FAIL"])
@pytest.mark.parametrize("seq", ["1", "19", "21", "NULL", "-1", "9223372036854775807"])
def test_no_statement_puts_an_event_anywhere_but_behind_the_last_one(desk, tmp_path, mode, seq):
    copy = tmp_path / "copy.sqlite"
    shutil.copy(desk[0], copy)
    with Store(copy) as store:
        head = store.connection.execute("SELECT hash FROM event WHERE seq = 19").fetchone()[0]
        fields = f"{seq}, 'a', 'b', 1, 'closed', '{{}}', '[]', '{head}', 'h'"
        with pytest.raises(sqlite3.DatabaseError):
            store.connection.execute(f"INSERT {mode} INTO event VALUES ({fields})")
        assert verify(store, [desk[1]]).findings == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'x'",
        "UPDATE OR REPLACE event SET seq = 2 WHERE seq = 1",
        "DELETE FROM event",
        "INSERT OR REPLACE INTO event SELECT 20, at, actor, number, action, facts, sealed, prev, hash FROM event",
        "INSERT OR REPLACE INTO sealed SELECT digest, number, salt, x'00' FROM sealed",
        "INSERT OR REPLACE INTO sealed (rowid, digest, number, salt, content) SELECT rowid, 'd', 1, x'', x'' FROM text",
        "UPDATE sealed SET content = x'00'",
        "INSERT OR REPLACE INTO text SELECT digest, 'other' FROM text",
        "UPDATE text SET content = 'other'",
        "DELETE FROM text",
    ],
)
def test_no_statement_changes_what_is_there(desk, tmp_path, statement):
    copy = tmp_path / "copy.sqlite"
    shutil.copy(desk[0], copy)
    with Store(copy) as store:
        with pytest.raises(sqlite3.IntegrityError):
            store.connection.execute(statement)
        assert verify(store, [desk[1]]).findings == ()


def test_a_head_is_read_as_letters_print_it(desk):
    with Store(desk[0]) as store:
        assert verify(store, [desk[1].upper()]).is_sound
        assert verify(store, ["0-" + "0" * 32]).is_sound
        assert not verify(store, ["0-" + "f" * 32]).is_sound
        for wrong in ("", "19", "19-abc", "x" * 40, "19-" + "g" * 32):
            with pytest.raises(AppealError, match="a head must be an event's number"):
                verify(store, [wrong])
