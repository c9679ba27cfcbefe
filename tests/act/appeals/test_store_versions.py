"""Files of other versions of the store, and of other programs."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from credit_model.act.appeals.schema import APPLICATION_ID, VERSION
from credit_model.act.appeals.store import Store
from credit_model.act.appeals.verifying import verify
from credit_model.errors import AppealError
from tests.act.appeals.test_tampering import desk  # noqa: F401


def test_a_store_of_a_newer_version_is_left_alone(desk, tmp_path):  # noqa: F811
    copy = tmp_path / "copy.sqlite"
    shutil.copy(desk[0], copy)
    with sqlite3.connect(copy) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = copy.read_bytes()
    with pytest.raises(AppealError, match=rf"newer version of this package \(store version {VERSION + 1}"):
        Store(copy)
    assert copy.read_bytes() == before


def test_a_store_of_an_earlier_version_is_brought_up_to_date_with_its_log_untouched(desk, tmp_path):  # noqa: F811
    copy = tmp_path / "copy.sqlite"
    shutil.copy(desk[0], copy)
    with sqlite3.connect(copy) as connection:
        connection.execute("DROP TABLE appeal")  # the second version's
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with Store(copy) as store, Store(desk[0]) as newer:
        assert verify(store, [desk[1]]).findings == ()
        assert store.cases() == newer.cases() == [1, 2, 3, 4]


def test_another_programs_file_is_left_as_it_is(tmp_path):
    other_file, text = tmp_path / "other.sqlite", tmp_path / "text.sqlite"
    with sqlite3.connect(other_file) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    text.write_text("no database at all " * 100, encoding="utf-8")
    for path, told in ((other_file, "another program's SQLite file"), (text, "is damaged or no appeal desk")):
        before = path.read_bytes()
        with pytest.raises(AppealError, match=told):
            Store(path, create=True)
        assert path.read_bytes() == before
    assert APPLICATION_ID < 2**31
