"""The store under many officers, kills, a full disk and a lock; erasing and backing up."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from credit_model.act.appeals.store import Store
from credit_model.act.appeals.verifying import verify
from credit_model.errors import AppealError, CreditModelWarning
from tests.act.appeals.desks import Ticking, busy_desk, do, open_case

ROOT = Path(__file__).parents[3]
#: Kills in an ordinary run; more by the environment variable.
N_KILLS = int(os.environ.get("CREDIT_MODEL_APPEAL_KILLS", "5"))
#: An officer who opens cases and tells each one once it is acknowledged.
OFFICER = """
import sys
from credit_model.act.appeals.store import Store
from tests.act.appeals.desks import do, open_case
path, name, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Store(path) as store:
    for i in range(n):
        number = open_case(store, f"{name} {i}", actor=name)
        print(number, flush=True)
        do(store, number, name, "evidence")
        print(number, "evidence", flush=True)
"""


def officer(path, name, n):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", OFFICER, str(path), name, str(n)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


def test_two_processes_and_many_threads_lose_nothing(tmp_path):
    path, n = tmp_path / "desk.sqlite", 12
    store = Store(path, create=True)
    others = [officer(path, name, n) for name in ("p1", "p2")]

    def work(name):
        for i in range(n):
            do(store, open_case(store, f"{name} {i}", actor=name), name, "evidence")

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait(timeout=120) for other in others] == [0, 0]
    told = [line for other in others for line in other.stdout.read().split("\n") if "evidence" in line]
    for other in others:
        other.stdout.close()
    assert len(told) == 2 * n
    assert len(store.cases()) == 7 * n
    assert [event.seq for event in store.events()] == list(range(1, 2 * 7 * n + 1))
    assert {event.actor for event in store.events()} == {"p1", "p2", *(f"t{i}" for i in range(5))}
    assert all(store.case(number).state == "evidence" for number in store.cases())
    assert verify(store).findings == ()
    store.close()


@pytest.mark.parametrize("kill", range(N_KILLS))
def test_a_process_that_is_killed_loses_nothing_that_it_acknowledged(tmp_path, kill):
    path = tmp_path / "desk.sqlite"
    Store(path, create=True).close()
    other = officer(path, "p", 100_000)
    told = [other.stdout.readline()]
    time.sleep(0.01 + 0.037 * kill)
    os.kill(other.pid, signal.SIGKILL)
    told += other.stdout.read().split("\n")
    other.stdout.close()
    assert other.wait(timeout=60) == -signal.SIGKILL
    done = [tuple(line.split()) for line in told if line.strip()]
    with Store(path) as store:
        assert verify(store).findings == ()
        for number, *what in done:
            case = store.case(int(number))
            assert [event.action for event in case.events][: 1 + len(what)] == ["opened", *what]
        # of what was not acknowledged, at most the one that was under way is there
        assert len(done) <= len(store.events()) <= len(done) + 1
        do(store, open_case(store, "afterwards"), "ann", "evidence")


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path):
    with busy_desk(tmp_path / "desk.sqlite") as store:
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(AppealError, match="the disk is full; free some space") as told, store.writing() as writing:
            number = writing.next_number()
            for _ in range(50):
                digest = writing.seal(number, bytes(4000))
            facts = {"kind": "review", "channel": "human_review", "due": "2024-05-02"}
            writing.append("ann", number, "opened", facts, [digest])
        assert len(told.value.errors) == 1
        assert len(store.events()) == 19
        store.connection.execute("PRAGMA max_page_count = 1000000")
        assert verify(store).findings == ()
        assert open_case(store, "with space again") == 5


def test_a_locked_file_is_told_and_works_again(tmp_path):
    path = tmp_path / "desk.sqlite"
    busy_desk(path).close()
    with Store(path, patience=0.05) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(AppealError, match="is locked by another program for too long"):
            open_case(store, "B9")
        assert len(store.events()) == 19  # reading goes on meanwhile
        holder.execute("ROLLBACK")
        holder.close()
        assert open_case(store, "B9") == 5


def test_what_is_erased_is_gone_from_the_disk_and_the_log_stays_sound(tmp_path):
    path = tmp_path / "desk.sqlite"
    with Store(path, create=True, clock=Ticking()) as store:
        number = open_case(store, "B1")
        with store.writing() as writing:
            item = writing.seal(number, b"scan of a payslip of Zhang San " * 400)
            writing.append("ann", number, "evidence", {"column": "income_amount"}, [item])
        with pytest.raises(AppealError, match="case 1 is evidence; close it before its personal data are erased"):
            store.erase(number, "ann")
        do(store, number, "ann", "withdrawn")
        head = store.head
        assert store.erase(number, "bo") == 3
        assert store.item(item) is None
        assert verify(store, [head]).is_sound
        assert verify(store).n_erased == 3
    for file in tmp_path.iterdir():
        assert b"Zhang San" not in file.read_bytes()
    with Store(path) as store:
        assert [event.action for event in store.case(number).events] == ["opened", "evidence", "withdrawn", "erased"]
        # nothing about the borrower is left that would tell another case about the same decision
        assert open_case(store, "B1") == 2


def test_a_backup_is_a_desk_by_itself_and_never_the_desk_it_is_of(tmp_path):
    with busy_desk(tmp_path / "desk.sqlite") as store:
        store.back_up(tmp_path / "copy.sqlite")
        with pytest.raises(AppealError, match="is the desk itself"):
            store.back_up(tmp_path / "desk.sqlite")
        open_case(store, "later")
        with Store(tmp_path / "copy.sqlite") as copy:
            assert copy.events() == store.events()[:19]
            assert verify(copy).is_sound
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".sqlite", ".sqlite"]


def test_times_are_utc_and_come_from_the_clock(tmp_path):
    with busy_desk(tmp_path / "desk.sqlite") as store:
        assert store.events()[0].at == "2024-04-02T08:01:00.000000Z"
        assert all(re.fullmatch(r"2024-04-02T\d\d:\d\d:00\.000000Z", event.at) for event in store.events())


def test_a_store_that_is_not_there_is_told(tmp_path):
    with pytest.raises(AppealError, match="there is no such appeal desk"):
        Store(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AppealError, match="is a folder"):
        Store(tmp_path, create=True)
    with pytest.raises(AppealError, match=r"cannot be written \(unable to open"):
        Store(tmp_path / "no" / "folder.sqlite", create=True)
    with busy_desk(tmp_path / "desk.sqlite") as store:
        with pytest.raises(AppealError, match="there is no case 99"):
            store.case(99)
        with pytest.raises(AppealError, match="there is no case 0"):
            store.case(0)


def test_the_connections_of_threads_that_have_ended_are_closed(tmp_path):
    """A server takes new threads all day; each connection holds open files."""
    with busy_desk(tmp_path / "desk.sqlite") as store:
        for _ in range(20):
            thread = threading.Thread(target=store.cases)
            thread.start()
            thread.join()
        assert len(store._connections._all) <= 2
        assert store.cases() == [1, 2, 3, 4]


def test_an_empty_file_is_no_desk_until_a_case_is_opened_there(tmp_path):
    path = tmp_path / "desk.sqlite"
    path.touch()
    with pytest.raises(AppealError, match="is empty, and no appeal desk"):
        Store(path)
    assert path.read_bytes() == b""
    with Store(path, create=True) as store:
        assert verify(store).is_sound


def test_a_backup_that_is_worked_on_is_a_desk_like_any_other(tmp_path):
    with busy_desk(tmp_path / "desk.sqlite") as store:
        store.back_up(tmp_path / "backup.sqlite")
    with Store(tmp_path / "backup.sqlite") as backup:
        assert verify(backup).is_sound
        assert backup.connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        open_case(backup, "B9")
        assert backup.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert verify(backup).is_sound


def test_erased_data_that_a_reader_kept_on_the_disk_leave_it_with_what_is_done_next(tmp_path):
    path = tmp_path / "desk.sqlite"
    with Store(path, create=True, clock=Ticking(), patience=0.05) as store:
        number = open_case(store, "B1")
        with store.writing() as writing:
            writing.append("ann", number, "evidence", {}, [writing.seal(number, {"name": "Zhang San"})])
        do(store, number, "ann", "withdrawn")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM event").fetchone()
        with pytest.warns(CreditModelWarning, match="others are reading"):
            store.erase(number, "bo")
        assert any(b"Zhang San" in file.read_bytes() for file in tmp_path.iterdir())
        do(store, open_case(store, "B2"), "ann", "withdrawn")  # still reading: nobody waits for that
        other.close()
        open_case(store, "B3")
        assert not any(b"Zhang San" in file.read_bytes() for file in tmp_path.iterdir())


def test_verifying_holds_one_scan_at_a_time(tmp_path):
    """A desk has thousands of them, of up to 20 MB each."""
    with Store(tmp_path / "desk.sqlite", create=True) as store:
        number, size = open_case(store, "B1"), 2_000_000
        for _ in range(6):
            with store.writing() as writing:
                writing.append("ann", number, "evidence", {}, [writing.seal(number, bytes(size))])
        tracemalloc.start()
        assert verify(store).is_sound
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3.5 * size
