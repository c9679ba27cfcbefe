"""Signing in and out, the language, and one's own password."""

from __future__ import annotations

import math
from urllib.parse import quote

from starlette.responses import Response

from credit_model.desk.asking import Asked, Mistakes, Office, local_path
from credit_model.desk.sessions import Visit
from credit_model.desk.users import LEAST_LETTERS, MOST_LETTERS, check_password
from credit_model.errors import AppealError
from credit_model.words.language import LANGUAGES


def set_cookie(office: Office, answer: Response, visit: Visit) -> None:
    """Give the browser its cookie, which no script can read and no other site's form sends along."""
    sessions = office.sessions
    answer.set_cookie(
        office.cookie_name,
        sessions.cookie(visit),
        max_age=int(sessions.longest),
        path="/",
        httponly=True,
        samesite="lax",
        secure=office.is_secure,
    )


def sign_in_path(back: str) -> str:
    """Where to sign in, to come back afterwards."""
    return "/sign-in" if back == "/" else f"/sign-in?back={quote(local_path(back), safe='')}"


def show_sign_in(asked: Asked) -> Response:
    """The form; who is signed in goes on."""
    if asked.user is not None:
        return asked.go(local_path(asked.wanted("back")))
    return _form(asked)


def _form(asked: Asked, *, status: int = 200, mistakes: Mistakes | None = None) -> Response:
    back = asked.wanted("back") or asked.entered("back")
    return asked.page("sign_in.html", status=status, mistakes=mistakes, back=local_path(back or "/"))


def sign_in(asked: Asked) -> Response:
    """Begin a session, under a token that nobody had before."""
    sessions, mistakes = asked.office.sessions, Mistakes()
    name, password = asked.entered("name"), asked.form.get("password", [""])[0]
    wait = sessions.attempt(name, asked.address)
    if wait > 0:
        mistakes.add("name", asked.say("sign_in.wait", math.ceil(wait / 60)))
        return _to_wait(_form(asked, status=429, mistakes=mistakes), wait)
    user = sessions.users.with_password(name, password)
    if user is None:
        mistakes.add("name", asked.say("sign_in.wrong"))
        return _form(asked, status=422, mistakes=mistakes)
    sessions.succeeded(name, asked.address)
    sessions.end(asked.visit)
    answer = asked.go(local_path(asked.entered("back") or "/"))
    set_cookie(asked.office, answer, sessions.begin(user, asked.visit.lang))
    return answer


def _to_wait(answer: Response, seconds: float) -> Response:
    answer.headers["retry-after"] = str(math.ceil(seconds))
    return answer


def sign_out(asked: Asked) -> Response:
    """End the session, here and on the desk's side."""
    asked.office.sessions.end(asked.visit)
    answer = asked.go("/sign-in")
    set_cookie(asked.office, answer, Visit.new(asked.visit.lang))
    return answer


def choose_language(asked: Asked) -> Response:
    """Go on in another language."""
    lang = asked.entered("lang")
    answer = asked.go(local_path(asked.entered("here") or "/"))
    set_cookie(asked.office, answer, asked.visit.speaking(lang if lang in LANGUAGES else ""))
    return answer


def show_account(asked: Asked, *, status: int = 200, mistakes: Mistakes | None = None) -> Response:
    """Who one is, and the form for another password."""
    return asked.page("account.html", status=status, mistakes=mistakes, least=LEAST_LETTERS)


def change_password(asked: Asked) -> Response:
    """Another password; all other sessions of that user end."""
    sessions, mistakes = asked.office.sessions, Mistakes()
    old, new, again = (asked.form.get(name, [""])[0] for name in ("old", "new", "again"))
    wait = sessions.attempt(asked.actor, asked.address)
    if wait > 0:
        mistakes.add("old", asked.say("sign_in.wait", math.ceil(wait / 60)))
        return _to_wait(show_account(asked, status=429, mistakes=mistakes), wait)
    if sessions.users.with_password(asked.actor, old) is None:
        mistakes.add("old", asked.say("account.wrong"))
    else:
        sessions.succeeded(asked.actor, asked.address)
    try:
        check_password(new, asked.actor)
    except AppealError:
        mistakes.add("new", asked.say("account.rule", least=LEAST_LETTERS, most=MOST_LETTERS))
    if new != again:
        mistakes.add("again", asked.say("account.differ"))
    if mistakes:
        return show_account(asked, status=422, mistakes=mistakes)
    sessions.users.set_password(asked.actor, new, keep=asked.visit.digest)
    return asked.go("/account?done=password")
