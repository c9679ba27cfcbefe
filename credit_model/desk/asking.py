"""A request as the screens see it: who asks, in which language, what was entered; and how they answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from importlib import resources
from typing import Any
from urllib.parse import quote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from credit_model.act.appeals.cases import Case, is_same_person
from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.entries import MOST_LETTERS
from credit_model.desk.engine import Engine, Kept
from credit_model.desk.register import Register
from credit_model.desk.sessions import Sessions, Visit
from credit_model.desk.users import User
from credit_model.documents.lender_file import Lender
from credit_model.errors import AppealError
from credit_model.portfolio.months import MonthType
from credit_model.words.language import LANGUAGES, Language, language

#: What a page of the desk may do: show itself, its style sheet and frames of the desk, and send forms to it.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: Steps that a page says were done, by the word in its address.
DONE = ("opened", "evidence", "evaluated", "proposed", "returned", "decided", "letter", "closed", "withdrawn", "erased",
        "password")  # fmt: skip


#: Cases are numbered from 1; SQLite knows no numbers beyond 2^63.
_LARGEST = 10**9


@dataclass
class Office:
    """What all requests share.

    Attributes
    ----------
    desk : Desk
    sessions : Sessions
        Of the users who may sign in.
    engine : Engine
    register : Register
    lender : Lender
        Of new cases.
    verified : Verified or None
        When the log was last looked through, and what was found.
    figures : Kept
        The tables of the figures, while nothing is done at the desk.
    is_secure : bool
        The desk is reached by https: cookies are sent over nothing else.
    """

    desk: Desk
    sessions: Sessions
    engine: Engine
    register: Register
    lender: Lender
    is_secure: bool = False
    verified: Any = None
    figures: Kept = field(default_factory=lambda: Kept(4))

    @property
    def cookie_name(self) -> str:
        """The cookie's name, each desk's own, since browsers give all ports of a machine the same cookies.

        Browsers hold one of the prefix to this host and to https.
        """
        return f"{'__Host-' if self.is_secure else ''}desk-{self.sessions.mark}"


class RefusedError(Exception):
    """A request that is answered by an error page.

    Parameters
    ----------
    status : int
    key : str
        Of the text, in the language files' section ``desk.error``.
    told : str
        More about it.
    """

    def __init__(self, status: int, key: str, told: str = "") -> None:
        super().__init__(key)
        self.status, self.key, self.told = status, key, told


@dataclass
class Mistakes:
    """What is wrong with what was entered, by field; "" for the form as a whole."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, *texts: str) -> None:
        """Something is wrong with a field."""
        self.found.setdefault(name, []).extend(texts)

    def __bool__(self) -> bool:
        return bool(self.found)

    def of(self, name: str) -> str:
        """What is wrong with one field; "" for nothing."""
        return " ".join(self.found.get(name, ()))

    def all(self) -> list[tuple[str, str]]:
        """(field, text) of everything."""
        return [(name, text) for name, texts in self.found.items() for text in texts]


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes
    ----------
    office : Office
    request : Request
    visit : Visit
    user : User or None
        Who is signed in.
    form : mapping of str to list of str
        The texts that were entered.
    files : mapping of str to (name, content)
        The files that were handed in.
    """

    office: Office
    request: Request
    visit: Visit
    user: User | None
    form: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)

    # ---- what was asked

    @cached_property
    def lang(self) -> str:
        """The chosen language, else the first that the browser asks for and the desk speaks."""
        if self.visit.lang in LANGUAGES:
            return self.visit.lang
        for part in self.request.headers.get("accept-language", "").split(","):
            code = part.split(";")[0].strip().lower().split("-")[0]
            if code in LANGUAGES:
                return code
        return LANGUAGES[0]

    @cached_property
    def spoken(self) -> Language:
        """The language."""
        return language(self.lang)

    def say(self, key: str, count: float | None = None, **places: object) -> str:
        """A text of the desk."""
        return self.spoken.say(f"desk.{key}", count=count, **places)

    @property
    def actor(self) -> str:
        """Who does what is asked, as the log names it."""
        assert self.user is not None  # routes let nobody else in
        return self.user.name

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client else ""

    @cached_property
    def today(self) -> date:
        """The lender's day."""
        return self.office.register.today

    def entered(self, name: str) -> str:
        """A text of the form, "" where there is none."""
        return self.form.get(name, [""])[0].strip()

    def wanted(self, name: str) -> str:
        """A part of the address after "?", "" where there is none."""
        return self.request.query_params.get(name, "").strip()

    @property
    def page_number(self) -> int:
        """Which page of a list is wanted, from 1."""
        return max(1, whole(self.wanted("page")) or 1)

    def place(self, name: str) -> int:
        """A number in the address."""
        return int(self.request.path_params[name])

    def case(self) -> Case:
        """The case that the address names.

        Raises
        ------
        RefusedError
            There is none.
        """
        number = self.place("number")
        try:
            return self.office.desk.store.case(number if number <= _LARGEST else 0)
        except AppealError:
            raise RefusedError(404, "no_case") from None

    def is_own(self, actor: str | None) -> bool:
        """Whether a name in the log is that of who asks, however it was typed there."""
        return actor is not None and self.user is not None and is_same_person(actor, self.user.name)

    def bound(self, mistakes: Mistakes, name: str, *, at: str = "") -> None:
        """Note a mistake where a text of the form is too long; ``at`` is the field's id if it is not its name."""
        if len(self.entered(name)) > MOST_LETTERS:
            mistakes.add(at or name, self.say("error.too_long", most=MOST_LETTERS))

    # ---- answers

    def page(
        self,
        name: str,
        *,
        status: int = 200,
        mistakes: Mistakes | None = None,
        month_type: MonthType = "date",
        **values: Any,
    ) -> Response:
        """A screen from its template, which speaks of a panel's own periods."""
        spoken = language(self.lang, month_type)

        def say(key: str, count: float | None = None, **places: object) -> str:
            return spoken.say(f"desk.{key}", count=count, **places)

        text = _template(name).render(
            say=say,
            spoken=spoken,
            html=spoken.html_code,
            langs=[language(code) for code in LANGUAGES],
            user=self.user,
            token=self.office.sessions.form_token(self.visit),
            here=self.here,
            style=STYLE_PATH,
            mistakes=mistakes or Mistakes(),
            entered=self.entered,
            form=self.form,
            done=self.wanted("done") if self.wanted("done") in DONE else "",
            today=self.today,
            **values,
        )
        return HTMLResponse(text, status_code=status)

    @property
    def here(self) -> str:
        """The address that a change of language comes back to."""
        if self.request.method == "POST":
            return local_path(self.entered("here"))
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def go(self, path: str) -> Response:
        """On to another screen, asked for by GET."""
        return RedirectResponse(path, status_code=303)


def document(content: str | bytes, policy: str, kind: str = "text/html") -> Response:
    """A document by itself, with a policy of its own: shown in a frame of the desk or alone."""
    media = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    headers = {"content-security-policy": f"{policy}; frame-ancestors 'self'", "x-frame-options": "SAMEORIGIN"}
    return Response(content, media_type=media, headers=headers)


def download(content: bytes | str, name: str, kind: str) -> Response:
    """A file to be saved, under a name that may hold any letters."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name) or "file"
    shown = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"content-disposition": shown, "content-security-policy": "default-src 'none'; sandbox"}
    return Response(content, media_type=kind, headers=headers)


def whole(text: str) -> int | None:
    """A whole number of few digits; None: the text is none.

    >>> whole("17"), whole("-1"), whole("9" * 5000)
    (17, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def local_path(text: str) -> str:
    """A path of this desk; "/" for an address of anywhere else."""
    is_local = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if is_local and "\\" not in text else "/"


@cache
def source(name: str) -> str:
    """A file of the templates' folder."""
    return (resources.files("credit_model.desk") / "templates" / name).read_text(encoding="utf-8")


#: The style sheet's address changes with its content, so that browsers may keep it.
STYLE_PATH = f"/desk-{hashlib.sha256(source('desk.css').encode()).hexdigest()[:12]}.css"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


Handler = Callable[[Asked], Response]
