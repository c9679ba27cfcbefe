"""Who may work at the desk: names, roles and hashed passwords, in an SQLite file of their own beside the store."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from credit_model.act.appeals.cases import folded
from credit_model.act.appeals.entries import one_name
from credit_model.act.appeals.schema import remedy
from credit_model.errors import AppealError, StoreError

Role = Literal["officer", "checker", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)
#: Letters of a password. A long one is worth more than odd letters (NIST SP 800-63B, 3.1.1.2); no more than can be
#: hashed without making the desk wait.
LEAST_LETTERS, MOST_LETTERS = 12, 256
#: "crUs" as a number: marks the file as ours.
_APPLICATION_ID = 0x63725573
_VERSION = 1
_SCHEMA = """
CREATE TABLE user (
    name TEXT NOT NULL PRIMARY KEY,
    folded TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    active INTEGER NOT NULL,
    added REAL NOT NULL
) STRICT;
CREATE TABLE session (
    digest TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    began REAL NOT NULL,
    seen REAL NOT NULL
) STRICT;
CREATE INDEX session_of_user ON session (name);
CREATE TABLE failure (
    at REAL NOT NULL,
    key TEXT NOT NULL
) STRICT;
CREATE INDEX failure_of_key ON failure (key, at);
CREATE TABLE secret (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
"""
_PATIENCE = 10.0


@dataclass(frozen=True)
class User:
    """Somebody who may sign in.

    Attributes
    ----------
    name : str
        Stands in the log as who did something.
    role : "officer", "checker" or "auditor"
        An officer works on cases and proposes; a checker also decides what others have proposed; an auditor reads.
    active : bool
    """

    name: str
    role: Role
    active: bool = True

    @property
    def may_work(self) -> bool:
        """Open cases, enter evidence, propose, answer."""
        return self.role != "auditor"

    @property
    def may_decide(self) -> bool:
        """Decide what another person has proposed, and erase."""
        return self.role == "checker"


def users_path(store: str | Path) -> Path:
    """Where the users of a store are kept unless another file is named: "desk.users.sqlite" beside "desk.sqlite"."""
    path = Path(store)
    return path.with_name(f"{path.stem}.users{path.suffix or '.sqlite'}")


class Users:
    """The file of users.

    Parameters
    ----------
    path : path
    create : bool, default False
        Make the file where there is none; nobody else on this machine may read it.
    clock : callable, optional
        Gives seconds since 1970; None: the computer's.

    Raises
    ------
    AppealError
        There is no such file, or it is another program's.
    """

    def __init__(self, path: str | Path, *, create: bool = False, clock: Callable[[], float] | None = None) -> None:
        self.path, self.clock = Path(path), clock or time.time
        self._turn = threading.Lock()
        if not create and not self.path.is_file():
            raise AppealError(f"{path}: there are no users yet; add one with 'credit-model desk-user add'")
        with self._told():
            if create and not self.path.exists():
                os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
            self._connection = sqlite3.connect(
                self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._prepare()

    def _prepare(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        empty = not self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not empty and application != _APPLICATION_ID:
            raise AppealError(f"{self.path}: holds no users of a desk, but something else; give another --users")
        if version > _VERSION:
            raise AppealError(f"{self.path}: was written by a newer version of this package; update the package")
        if empty:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {_APPLICATION_ID}; "
                f"PRAGMA user_version = {_VERSION}; INSERT INTO secret VALUES ('key', '{secrets.token_hex(32)}'); "
                "COMMIT;"
            )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path}: {remedy(str(error))}") from None
        except sqlite3.DatabaseError as error:
            raise AppealError(f"{self.path}: is damaged, or holds no users of a desk ({error})") from None
        except OSError as error:
            raise AppealError(f"{self.path}: cannot be opened ({error.strerror}); give another --users") from None

    @contextlib.contextmanager
    def using(self) -> Iterator[sqlite3.Connection]:
        """The connection, one thread at a time."""
        with self._turn, self._told():
            yield self._connection

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Users:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def secret(self) -> str:
        """What cookies and forms are signed with; made with the file."""
        with self.using() as connection:
            return str(connection.execute("SELECT value FROM secret WHERE name = 'key'").fetchone()[0])

    def everybody(self) -> tuple[User, ...]:
        """All users by name."""
        with self.using() as connection:
            rows = connection.execute("SELECT name, role, active FROM user ORDER BY folded").fetchall()
        return tuple(User(name, role, bool(active)) for name, role, active in rows)

    def find(self, name: str) -> User | None:
        """A user by name, however it is capitalised; also one who may not sign in any more."""
        return next((one for one in self.everybody() if folded(one.name) == folded(name)), None)

    def add(self, name: str, role: Role, password: str) -> User:
        """Add a user.

        Raises
        ------
        AppealError
            The name is taken (also by one who may not sign in any more: the log names that one), or the role or the
            password breaks its rule.
        """
        user = User(one_name(name), _known(role))
        check_password(password, user.name)
        if self.find(user.name) is not None:
            raise self._taken(user)
        row = (user.name, folded(user.name), user.role, hashed(password), self.clock())
        with self.using() as connection:
            try:
                connection.execute("INSERT INTO user VALUES (?, ?, ?, ?, 1, ?)", row)
            except sqlite3.IntegrityError:  # another has added that one just now
                raise self._taken(user) from None
        return user

    def _taken(self, user: User) -> AppealError:
        told = f"there is a user {user.name!r} already; names differ by more than capitals and spaces"
        return AppealError(f"{self.path}: {told}")

    def set_password(self, name: str, password: str, *, keep: str = "") -> None:
        """Give a user another password; whoever is signed in by that name is signed out, but the session ``keep``."""
        user = self._known(name)
        check_password(password, user.name)
        self._change(user, "password", hashed(password), keep)

    def set_role(self, name: str, role: Role) -> None:
        """Give a user another role."""
        self._change(self._known(name), "role", _known(role))

    def set_active(self, name: str, active: bool) -> None:
        """Let a user sign in, or not any more."""
        self._change(self._known(name), "active", int(active))

    def _known(self, name: str) -> User:
        user = self.find(name)
        if user is None:
            raise AppealError(f"{self.path}: there is no user {name!r}; 'credit-model desk-user list' names them")
        return user

    def _change(self, user: User, column: str, value: str | int, keep: str = "") -> None:
        with self.using() as connection:
            connection.execute(f"UPDATE user SET {column} = ? WHERE name = ?", (value, user.name))
            connection.execute("DELETE FROM session WHERE name = ? AND digest != ?", (user.name, keep))

    def with_password(self, name: str, password: str) -> User | None:
        """The user of this name and password who may sign in; it takes as long where there is none."""
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        user, hasher = self.find(name), PasswordHasher()
        with self.using() as connection:
            row = connection.execute(
                "SELECT password FROM user WHERE name = ?", ("" if user is None else user.name,)
            ).fetchone()
        try:
            hasher.verify(row[0] if row else _nobodys(), password[: MOST_LETTERS + 1])
        except (VerificationError, InvalidHashError):
            return None
        if user is None or not user.active:
            return None
        if hasher.check_needs_rehash(row[0]):
            with self.using() as connection:
                connection.execute("UPDATE user SET password = ? WHERE name = ?", (hasher.hash(password), user.name))
        return user


def hashed(password: str) -> str:
    """A password as it is kept: argon2id with a salt of its own (RFC 9106, the library's own parameters)."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


_NOBODYS: list[str] = []


def _nobodys() -> str:
    """A hash that no password has, to be looked at where there is no such user."""
    if not _NOBODYS:
        _NOBODYS.append(hashed(secrets.token_urlsafe(32)))
    return _NOBODYS[0]


def check_password(password: str, name: str) -> None:
    """Refuse a password that is too short, too long, or the user's own name.

    Raises
    ------
    AppealError
        It is.
    """
    if not LEAST_LETTERS <= len(password) <= MOST_LETTERS:
        raise AppealError(f"a password must have {LEAST_LETTERS} to {MOST_LETTERS} letters, got {len(password)}")
    if name.casefold() in password.casefold() and len(password) < LEAST_LETTERS + len(name):
        raise AppealError("a password must not be the user's name with little more; take some words instead")
    if len(set(password)) < 5:
        raise AppealError("a password must have at least 5 different letters; take some words instead")


def _known(role: str) -> Role:
    for one in ROLES:
        if one == role:
            return one
    raise AppealError(f"a role must be one of {', '.join(ROLES)}, got {role!r}")
