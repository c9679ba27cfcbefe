"""SQLite connections that die at a given statement, leaving the disk as a killed process leaves it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import contextmanager


class Crashed(BaseException):
    """The process is gone: nobody catches this, and nothing of it is told."""


class Dying(sqlite3.Connection):
    """Dies before the n-th statement, or right after a COMMIT, and does nothing from then on, not even roll back."""

    #: Statements until then; "after": the COMMIT is done, and nobody is told.
    left: int | str | None = None
    is_dead = False
    n_committed = 0

    def execute(self, sql, *given):
        if Dying.is_dead:
            raise Crashed
        if Dying.left == 0:
            Dying.is_dead = True
            raise Crashed
        if isinstance(Dying.left, int):
            Dying.left -= 1
        found = super().execute(sql, *given)
        Dying.n_committed += sql == "COMMIT"
        if sql == "COMMIT" and Dying.left == "after":
            Dying.is_dead = True
            raise Crashed
        return found


@contextmanager
def mortal(monkeypatch):
    """Every connection that is made inside may be told to die."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, **{"factory": Dying} | more))
    Dying.left, Dying.is_dead, Dying.n_committed = None, False, 0
    try:
        yield
    finally:
        Dying.left, Dying.is_dead = None, False


def as_on_disk(path, target):
    """The desk's file and its log of writes, as they lie on the disk while the dead process still holds them."""
    shutil.copy(path, target)
    log = path.with_name(path.name + "-wal")
    if log.exists():
        shutil.copy(log, target.with_name(target.name + "-wal"))
