"""A connection to a desk's file for each thread that works on it, closed once that thread has ended."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path


class Connections:
    """The connections of all threads to one file.

    Parameters
    ----------
    path : path
    patience : float
        Seconds to wait for another process's write.
    """

    def __init__(self, path: Path, patience: float) -> None:
        self._path, self._patience = path, patience
        self._local, self._turn = threading.local(), threading.Lock()
        self._all: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._is_log_left = False

    @property
    def own(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=self._patience, isolation_level=None, check_same_thread=False)
            self._local.connection = found
            self._note(found)
            for pragma in ("synchronous = FULL", "secure_delete = ON"):
                found.execute(f"PRAGMA {pragma}")
        return found

    def _note(self, connection: sqlite3.Connection) -> None:
        """Note a connection to be closed, and close those of threads that have ended: a server has ever new ones."""
        with self._turn:
            ended = [one for one in self._all if not one[0].is_alive()]
            self._all = [one for one in self._all if one not in ended]
            self._all.append((threading.current_thread(), connection))
        for _, left in ended:
            left.close()

    def for_writing(self) -> sqlite3.Connection:
        """This thread's connection, the file in WAL mode: it keeps that, but for backups, which stand by themselves."""
        connection = self.own
        if not getattr(self._local, "is_wal", False):
            with contextlib.suppress(sqlite3.OperationalError):  # another is reading just now; the next one does it
                self._local.is_wal = connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        if self._is_log_left:
            self.empty_log(patience=0.0)
        return connection

    def empty_log(self, *, patience: float | None = None) -> bool:
        """Bring the write-ahead log into the file, so that nothing stays in it that was erased.

        Where others are reading just then, False, and each later write tries again.
        """
        connection, wait = self.own, self._patience if patience is None else patience
        connection.execute(f"PRAGMA busy_timeout = {round(1000 * wait)}")
        try:
            (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:  # another is emptying it
            is_busy = 1
        finally:
            connection.execute(f"PRAGMA busy_timeout = {round(1000 * self._patience)}")
        self._is_log_left = bool(is_busy)
        return not is_busy

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._turn:
            for _, connection in self._all:
                connection.close()
            self._all.clear()
            self._local = threading.local()
