"""The web application: routes, who may take them, headers of every answer, and how mistakes and faults are told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from credit_model.act.appeals.entries import MOST_BYTES
from credit_model.desk import account, case, decision, evidence, figures, inbox, log, opening, papers
from credit_model.desk.asking import POLICY, STYLE_PATH, Asked, Handler, Office, RefusedError, source
from credit_model.desk.sessions import Visit
from credit_model.errors import CreditModelError, StoreError

#: Who a route lets in: everybody, who is signed in, who works on cases, who decides.
Who = Literal["all", "users", "workers", "deciders"]
#: Bytes of a form: without, and with a document's file.
_MOST_FORM, _MOST_UPLOAD = 1_000_000, MOST_BYTES + 1_000_000
_MOST_FIELDS = 4000
#: Requests that are worked on at once; more wait their turn.
THREADS = 8
_FAULTS = logging.getLogger("credit_model.desk")
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Screen:
    """A route.

    Attributes
    ----------
    path : str
    get, post : callable or None
    who, who_posts : str
        Whom it lets in, and whom to send a form.
    most : int
        Bytes of a form.
    """

    path: str
    get: Handler | None = None
    post: Handler | None = None
    who: Who = "users"
    who_posts: Who = "workers"
    most: int = _MOST_FORM


SCREENS = (
    Screen("/sign-in", account.show_sign_in, account.sign_in, "all", "all", most=20_000),
    Screen("/sign-out", post=account.sign_out, who_posts="all"),
    Screen("/language", post=account.choose_language, who_posts="all"),
    Screen("/account", account.show_account, account.change_password, who_posts="users"),
    Screen("/", inbox.show),
    Screen("/new", opening.show, opening.open_case, who="workers"),
    Screen("/case/{number:int}", case.show),
    Screen("/case/{number:int}/evaluate", post=case.evaluate),
    Screen("/case/{number:int}/evidence", evidence.show, evidence.enter, most=_MOST_UPLOAD),
    Screen("/case/{number:int}/evidence/{event:int}/file", evidence.give_file),
    Screen("/case/{number:int}/propose", post=decision.propose),
    Screen("/case/{number:int}/decide", post=decision.decide, who_posts="deciders"),
    Screen("/case/{number:int}/return", post=decision.send_back, who_posts="deciders"),
    Screen("/case/{number:int}/withdraw", post=decision.withdraw),
    Screen("/case/{number:int}/close", post=decision.close),
    Screen("/case/{number:int}/erase", post=decision.erase, who_posts="deciders"),
    Screen("/case/{number:int}/cut", papers.show_cut),
    Screen("/case/{number:int}/cut/page", papers.give_page),
    Screen("/case/{number:int}/cut/notice", papers.give_notice),
    Screen("/case/{number:int}/letter", papers.show_letter, papers.write_letter),
    Screen("/case/{number:int}/letter/preview", papers.give_preview),
    Screen("/case/{number:int}/letter/{event:int}", papers.give_letter),
    Screen("/case/{number:int}/history", case.show_history),
    Screen("/case/{number:int}/export.zip", papers.give_export),
    Screen("/log", log.show, log.verify_now, who_posts="users"),
    Screen("/figures", figures.show),
    Screen("/figures/corrections.csv", figures.give_corrections),
)


def make_app(office: Office, *, hosts: tuple[str, ...] = ("*",)) -> Starlette:
    """The application of an office.

    Parameters
    ----------
    office : Office
    hosts : tuple of str
        The names under which browsers may reach it; others are refused (a foreign page could otherwise reach a desk on
        this machine under a name of its own).
    """
    routes = [route for screen in SCREENS for route in _routes(office, screen)]
    routes += [_file(STYLE_PATH, "desk.css", "text/css", keep=True), _file("/icon.svg", "icon.svg", "image/svg+xml")]

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = await run_in_threadpool(_error_page, office, request, error.status_code)
        for name, value in (error.headers or {}).items():
            answer.headers[name] = value
        return answer

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        looking = asyncio.create_task(run_in_threadpool(_look_through, office))
        yield
        await looking

    middleware = [
        Middleware(_Headers, is_secure=office.is_secure),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
    ]
    return Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan,
        max_body_size=_MOST_FORM,
    )


def _look_through(office: Office) -> None:
    """Look through the log at the start; what is wrong with the file is told by the screens."""
    with contextlib.suppress(CreditModelError):
        log.look_through(office)


class _Number(Convertor[int]):
    """A number in an address; one of more digits than Python reads is in no address of ours."""

    regex = "[0-9]{1,19}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", _Number())


def _routes(office: Office, screen: Screen) -> list[Route]:
    methods = [name for name, handler in (("GET", screen.get), ("POST", screen.post)) if handler is not None]
    path = screen.path.replace(":int}", ":number}")
    return [Route(path, _endpoint(office, screen), methods=methods, max_body_size=screen.most)]


def _endpoint(office: Office, screen: Screen) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        is_form = request.method == "POST"
        handler = screen.post if is_form else screen.get
        who = screen.who_posts if is_form else screen.who
        assert handler is not None
        if not is_form:
            return await run_in_threadpool(_shown, office, request, who, handler)
        found = await run_in_threadpool(_let_in, office, request, who)
        if isinstance(found, Response):
            return found
        return await run_in_threadpool(_done, await _with_form(found), who, handler)

    return answer


def _shown(office: Office, request: Request, who: Who, handler: Handler) -> Response:
    """The answer to a request for a page."""
    found = _let_in(office, request, who)
    return found if isinstance(found, Response) else _answered(found, handler)


def _done(asked: Asked, who: Who, handler: Handler) -> Response:
    """The answer to a form, which may have been long under way: who asks is looked up again."""
    try:
        user = None if asked.user is None else asked.office.sessions.user_of(asked.visit)
    except CreditModelError:
        return _unusable()
    now = replace(asked, user=user)
    return _turned_away(now, who) or _answered(now, handler)


def _let_in(office: Office, request: Request, who: Who) -> Asked | Response:
    """Who asks, if a route lets them in; else what they are told."""
    try:
        asked = _identified(office, request)
    except CreditModelError:
        return _unusable()
    return _turned_away(asked, who) or asked


def _identified(office: Office, request: Request) -> Asked:
    """Who asks; whoever has no visit yet is given one."""
    visit = office.sessions.visit(request.cookies.get(office.cookie_name))
    user = None if visit is None else office.sessions.user_of(visit)
    return Asked(office, request, visit or Visit.new(), user)


def _unusable() -> Response:
    """Not even who asks can be told."""
    told = "The desk's file of users cannot be read now. 现在无法读取用户文件。"
    return PlainTextResponse(told, 503, {"retry-after": "10"})


def _turned_away(asked: Asked, who: Who) -> Response | None:
    """The answer to one whom a route does not let in."""
    user = asked.user
    if who == "all":
        return None
    if user is None:
        return asked.go(account.sign_in_path(asked.here if asked.request.method == "GET" else "/"))
    if (who == "workers" and not user.may_work) or (who == "deciders" and not user.may_decide):
        return _refused(asked, RefusedError(403, "role", asked.say(f"role.{user.role}")))
    return None


async def _with_form(asked: Asked) -> Asked:
    """The request with what was entered; fields that are no text or file are left out."""
    texts: dict[str, list[str]] = {}
    files: dict[str, tuple[str, bytes]] = {}
    async with asked.request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_MOST_FORM) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read()
                if content or value.filename:
                    files[name] = (value.filename or "", content)
            else:
                texts.setdefault(name, []).append(value)
    return replace(asked, form=texts, files=files)


def _answered(asked: Asked, handler: Handler) -> Response:
    try:
        is_form, token = asked.request.method == "POST", asked.entered("token")
        if is_form and not asked.office.sessions.is_own_form(asked.visit, token):
            raise RefusedError(403, "form")
        answer = handler(asked)
    except RefusedError as refusal:
        answer = _refused(asked, refusal)
    except StoreError as error:
        answer = _refused(asked, RefusedError(503, "store", " ".join(error.told())))
        answer.headers["retry-after"] = "10"
    except CreditModelError as error:
        answer = _refused(asked, RefusedError(422, "mistake", " ".join(error.told())))
    except Exception as error:
        answer = _faulty(asked, error)
    if "set-cookie" not in answer.headers:
        _give_cookie(asked, answer)
    return answer


def _give_cookie(asked: Asked, answer: Response) -> None:
    """A first visit's cookie, which its forms are made for."""
    if asked.request.cookies.get(asked.office.cookie_name) is None or asked.user is None:
        account.set_cookie(asked.office, answer, asked.visit)


def _refused(asked: Asked, refusal: RefusedError) -> Response:
    return asked.page("error.html", status=refusal.status, key=refusal.key, told=refusal.told, code=refusal.status)


def _faulty(asked: Asked, error: Exception) -> Response:
    """A fault of the program: a few lines for whoever runs the desk, none of it for the browser."""
    frames = traceback.extract_tb(error.__traceback__)
    trail = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    told = " ".join(str(error).split())[:300]
    request = asked.request
    _FAULTS.error("fault at %s %s: %s: %s, at %s", request.method, request.url.path, type(error).__name__, told, trail)
    return asked.page("error.html", status=500, key="fault", told="", code=500)


_TEXTS: Mapping[int, str] = {404: "no_page", 405: "method", 413: "too_large", 400: "request"}


def _error_page(office: Office, request: Request, status: int) -> Response:
    """The page of what the framework itself refuses."""
    try:
        asked = _identified(office, request)
    except CreditModelError:
        return _unusable()
    return _refused(asked, RefusedError(status, _TEXTS.get(status, "request")))


def _file(path: str, name: str, kind: str, *, keep: bool = False) -> Route:
    content = source(name)

    async def give(request: Request) -> Response:
        headers = {"cache-control": "public, max-age=31536000, immutable" if keep else "public, max-age=3600"}
        return Response(content, media_type=kind, headers=headers)

    return Route(path, give)


class _Headers:
    """The headers of every answer, unless it brings its own."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if is_secure:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)
