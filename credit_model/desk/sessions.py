"""Who is signed in: signed cookies, sessions that end by themselves or by hand, tokens of forms, failed sign-ins."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Any

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from credit_model.act.appeals.cases import folded
from credit_model.desk.users import Role, User, Users

#: Seconds: without a request, and since it began, after which a session ends.
IDLE, LONGEST = 30 * 60.0, 12 * 3600.0
#: A session's last request is noted no more often, seconds.
_NOTED_EVERY = 60.0
#: So many sign-ins may fail within so many seconds: by one name, and from one address.
WITHIN, MOST_BY_NAME, MOST_BY_ADDRESS = 15 * 60.0, 5, 30


@dataclass(frozen=True)
class Visit:
    """What a browser's cookie says.

    Attributes
    ----------
    token : str
        Random; of a session while somebody is signed in, else of nobody.
    lang : str
        The language that was chosen; "": none yet.
    """

    token: str
    lang: str = ""

    @classmethod
    def new(cls, lang: str = "") -> Visit:
        """One that nobody has had."""
        return cls(secrets.token_urlsafe(32), lang)

    @property
    def digest(self) -> str:
        """How the session is kept: whoever reads the file cannot take it over."""
        return hashlib.sha256(self.token.encode()).hexdigest()

    def speaking(self, lang: str) -> Visit:
        """The same in another language."""
        return replace(self, lang=lang)


class Sessions:
    """Sessions of the users of a file.

    Parameters
    ----------
    users : Users
    idle, longest : float
        Seconds after which a session ends without a request, and in any case.
    """

    def __init__(self, users: Users, *, idle: float = IDLE, longest: float = LONGEST) -> None:
        self.users, self.idle, self.longest = users, idle, longest
        self._cookies = URLSafeTimedSerializer(users.secret, salt="desk.visit")
        self._forms = URLSafeSerializer(users.secret, salt="desk.form")
        #: Tells this file's cookies from another's.
        self.mark = hashlib.sha256(f"desk.cookie {users.secret}".encode()).hexdigest()[:8]

    # ---- cookies and forms

    def cookie(self, visit: Visit) -> str:
        """The cookie's text."""
        return str(self._cookies.dumps({"token": visit.token, "lang": visit.lang}))

    def visit(self, cookie: str | None) -> Visit | None:
        """What a cookie says; None where it is none of ours, or older than any session."""
        if not cookie:
            return None
        try:
            found: Any = self._cookies.loads(cookie, max_age=int(self.longest))
            return Visit(str(found["token"]), str(found["lang"]))
        except (BadData, KeyError, TypeError):
            return None

    def form_token(self, visit: Visit) -> str:
        """What a form of this visit holds, so that no other site can send one in its name."""
        return str(self._forms.dumps(visit.digest))

    def is_own_form(self, visit: Visit, token: str) -> bool:
        """Whether a form was made for this visit."""
        try:
            return secrets.compare_digest(str(self._forms.loads(token)), visit.digest)
        except BadData:
            return False

    # ---- sessions

    def begin(self, user: User, lang: str) -> Visit:
        """Sign a user in: a visit with a token of its own."""
        visit, now = Visit.new(lang), self.users.clock()
        with self.users.using() as connection:
            connection.execute("DELETE FROM session WHERE seen < ? OR began < ?", (now - self.idle, now - self.longest))
            connection.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (visit.digest, user.name, now, now))
        return visit

    def user_of(self, visit: Visit) -> User | None:
        """Who is signed in; None: nobody, or not any more."""
        now = self.users.clock()
        with self.users.using() as connection:
            row = connection.execute(
                "SELECT user.name, role, session.began, session.seen FROM session "
                "JOIN user ON user.name = session.name WHERE digest = ? AND active",
                (visit.digest,),
            ).fetchone()
            if row is None:
                return None
            name, role, began, seen = row
            if now - seen > self.idle or now - began > self.longest:
                connection.execute("DELETE FROM session WHERE digest = ?", (visit.digest,))
                return None
            if now - seen > min(_NOTED_EVERY, self.idle / 2):
                connection.execute("UPDATE session SET seen = ? WHERE digest = ?", (now, visit.digest))
        found: Role = role
        return User(name, found)

    def end(self, visit: Visit) -> None:
        """Sign out."""
        with self.users.using() as connection:
            connection.execute("DELETE FROM session WHERE digest = ?", (visit.digest,))

    # ---- failed sign-ins

    def attempt(self, name: str, address: str) -> float:
        """Seconds until a sign-in may be tried again; 0: now, and it counts as failed until it has `succeeded`.

        So of many who try at the same time no more are let in than one after the other.
        """
        now, longest = self.users.clock(), 0.0
        keys = ((_by_name(name), MOST_BY_NAME), (f"at {address}", MOST_BY_ADDRESS))
        with self.users.using() as connection:
            for key, most in keys:
                rows = connection.execute(
                    "SELECT at FROM failure WHERE key = ? AND at > ? ORDER BY at DESC LIMIT ?",
                    (key, now - WITHIN, most),
                ).fetchall()
                if len(rows) == most:
                    longest = max(longest, rows[-1][0] + WITHIN - now)
            if not longest:
                connection.execute("DELETE FROM failure WHERE at < ?", (now - WITHIN,))
                connection.executemany("INSERT INTO failure VALUES (?, ?)", [(now, key) for key, _ in keys])
        return longest

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name, and that this attempt from an address was one."""
        with self.users.using() as connection:
            connection.execute("DELETE FROM failure WHERE key = ?", (_by_name(name),))
            connection.execute(
                "DELETE FROM failure WHERE rowid = (SELECT max(rowid) FROM failure WHERE key = ?)", (f"at {address}",)
            )


def _by_name(name: str) -> str:
    return "by " + hashlib.sha256(folded(name).encode("utf-8", "replace")).hexdigest()
