"""Who may sign in: names, roles, passwords that are hashed, sessions that end."""

import os
import re
import sqlite3

import pytest

from credit_model.desk.sessions import LONGEST, MOST_BY_ADDRESS, MOST_BY_NAME, WITHIN, Sessions, Visit
from credit_model.desk.users import User, Users, users_path
from credit_model.errors import AppealError, StoreError
from tests.desk.clients import PASSWORD, USERS


@pytest.fixture
def seconds():
    return [1.7e9]


@pytest.fixture
def users(tmp_path, known_users, seconds):
    (tmp_path / "desk.users.sqlite").write_bytes(known_users)
    with Users(tmp_path / "desk.users.sqlite", clock=lambda: seconds[0]) as users:
        yield users


def test_users_lie_beside_the_store():
    assert users_path("a/desk.sqlite").as_posix() == "a/desk.users.sqlite"
    assert users_path("desk").as_posix() == "desk.users.sqlite"


def test_passwords_are_kept_as_argon2id_hashes_with_a_salt_each(users):
    rows = users._connection.execute("SELECT password FROM user").fetchall()
    assert len({row[0] for row in rows}) == len(USERS)
    assert all(row[0].startswith("$argon2id$") for row in rows)
    assert PASSWORD.encode() not in users.path.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_nobody_else_on_the_machine_reads_the_file(tmp_path):
    with Users(tmp_path / "new.sqlite", create=True):
        assert (tmp_path / "new.sqlite").stat().st_mode & 0o077 == 0


def test_a_password_fits_its_user_alone(users):
    assert users.with_password("ann", PASSWORD) == User("ann", "officer")
    assert users.with_password(" ANN", PASSWORD) == User("ann", "officer")
    assert users.with_password("ann", PASSWORD + " ") is None
    assert users.with_password("nobody", PASSWORD) is None
    assert users.with_password("", "") is None


def test_names_that_differ_by_capitals_spaces_or_width_alone_are_one(users):
    with pytest.raises(AppealError, match="there is a user 'ANN' already"):
        users.add("ANN", "checker", PASSWORD)
    with pytest.raises(AppealError, match="already"):
        users.add("ａｎｎ", "checker", PASSWORD)
    assert users.find(" Ann ") == User("ann", "officer")


@pytest.mark.parametrize(
    ("password", "told"),
    [("short", "12 to 256 letters, got 5"), ("x" * 257, "got 257"), ("aaaaaaaaaaaaaaa", "5 different"),
     ("dora dora dora", "the user's name")],
)  # fmt: skip
def test_a_weak_password_is_refused(users, password, told):
    with pytest.raises(AppealError, match=told):
        users.add("dora dora", "officer", password)
    assert users.find("dora dora") is None


def test_a_name_or_role_that_is_none_is_refused(users):
    with pytest.raises(AppealError, match="1 to 80 letters on one line"):
        users.add("two\nlines", "officer", PASSWORD)
    with pytest.raises(AppealError, match="one of officer, checker, auditor, got 'boss'"):
        users.add("dora", "boss", PASSWORD)
    with pytest.raises(AppealError, match="there is no user 'dora'"):
        users.set_role("dora", "checker")


def test_who_left_signs_in_no_more_and_keeps_the_name(users):
    visit = Sessions(users).begin(User("ann", "officer"), "")
    users.set_active("ann", False)
    assert users.with_password("ann", PASSWORD) is None
    assert Sessions(users).user_of(visit) is None
    with pytest.raises(AppealError, match="already"):
        users.add("ann", "officer", PASSWORD)
    users.set_active("ann", True)
    assert users.with_password("ann", PASSWORD) == User("ann", "officer")


def test_another_password_or_role_ends_the_sessions(users):
    sessions = Sessions(users)
    for change in (lambda: users.set_password("ann", "another fine phrase"), lambda: users.set_role("ann", "auditor")):
        visit = sessions.begin(User("ann", "officer"), "")
        assert sessions.user_of(visit) is not None
        change()
        assert sessions.user_of(visit) is None
    assert users.with_password("ann", PASSWORD) is None
    assert users.with_password("ann", "another fine phrase") == User("ann", "auditor")


def test_a_session_ends_when_nobody_asks_for_long_and_at_last_in_any_case(users, seconds):
    sessions = Sessions(users, idle=600)
    visit = sessions.begin(User("ann", "officer"), "")
    for _ in range(5):
        seconds[0] += 590
        assert sessions.user_of(visit) == User("ann", "officer")
    seconds[0] += 601
    assert sessions.user_of(visit) is None
    visit = sessions.begin(User("ann", "officer"), "")
    for _ in range(int(LONGEST / 590) - 1):
        seconds[0] += 590
        assert sessions.user_of(visit) is not None
    seconds[0] += 590 + 600
    assert sessions.user_of(visit) is None


def test_the_file_holds_no_token_that_could_be_taken_over(users):
    visit = Sessions(users).begin(User("ann", "officer"), "")
    users._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert visit.token.encode() not in users.path.read_bytes()


def test_cookies_and_forms_are_signed_and_belong_to_one_visit(users):
    sessions, one, other = Sessions(users), Visit.new("zh"), Visit.new()
    assert sessions.visit(sessions.cookie(one)) == one
    cookie = sessions.cookie(one)
    forged = (
        cookie[:-5] + ("A" if cookie[-5] != "A" else "B") + cookie[-4:]
    )  # the last letter has bits that count nothing
    for wrong in (None, "", "x", forged, cookie.split(".")[0]):
        assert sessions.visit(wrong) is None
    assert sessions.is_own_form(one, sessions.form_token(one))
    assert not sessions.is_own_form(one, sessions.form_token(other))
    assert not sessions.is_own_form(one, "")
    assert not sessions.is_own_form(one, sessions.cookie(one))


def test_failures_are_counted_by_name_and_by_address(users, seconds):
    sessions = Sessions(users)
    for _ in range(MOST_BY_NAME):
        assert sessions.attempt("ann", "1.2.3.4") == 0
        seconds[0] += 1
    for name in ("ANN ", "Ａｎｎ", "ann\ufe0f"):
        assert sessions.attempt(name, "5.6.7.8") == pytest.approx(WITHIN - MOST_BY_NAME)
    for _ in range(2 * MOST_BY_ADDRESS):  # who signs in is no failure
        assert sessions.attempt("bo", "1.2.3.4") == 0
        sessions.succeeded("bo", "1.2.3.4")
    for i in range(MOST_BY_ADDRESS - MOST_BY_NAME):
        assert sessions.attempt(f"guess {i}", "1.2.3.4") == 0
    assert sessions.attempt("bo", "1.2.3.4") > 0
    assert sessions.attempt("bo", "5.6.7.8") == 0
    seconds[0] += WITHIN + 1
    assert sessions.attempt("ann", "1.2.3.4") == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"no database at all" * 90, "damaged, or holds no users"), ("CREATE TABLE x (y)", "something else"),
     ("newer", "newer version")],
)  # fmt: skip
def test_a_file_that_holds_no_users_is_refused_and_left_as_it_is(tmp_path, content, told):
    path = tmp_path / "other.sqlite"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "newer":
        with Users(path, create=True) as users:
            users._connection.execute("PRAGMA user_version = 9")
    else:
        with sqlite3.connect(path) as connection:
            connection.execute(content)
        connection.close()
    before = path.read_bytes()
    with pytest.raises(AppealError, match=told):
        Users(path)
    assert path.read_bytes() == before


def test_without_a_file_the_command_that_makes_one_is_named(tmp_path):
    with pytest.raises(AppealError, match="add one with 'credit-model desk-user add'"):
        Users(tmp_path / "none.sqlite")
    with pytest.raises(AppealError, match=re.escape("cannot be opened")):
        Users(tmp_path / "no folder" / "none.sqlite", create=True)


def test_a_locked_file_is_told_as_such(users, monkeypatch):
    other = sqlite3.connect(users.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    users._connection.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(StoreError, match="locked by another program"):
        users.set_role("ann", "checker")
    other.close()


def test_of_two_who_add_one_name_at_once_the_second_is_told_that_it_is_taken(users, monkeypatch):
    monkeypatch.setattr(users, "find", lambda name: None)
    with pytest.raises(AppealError, match="there is a user 'ANN' already"):
        users.add("ANN", "checker", "correct horse battery")
    monkeypatch.undo()
    assert users.find("ann").role != "checker"
