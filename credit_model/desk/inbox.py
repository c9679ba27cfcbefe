"""The inbox: which cases are open, due soon or late, whose turn it is, and a search over all of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from credit_model.act.appeals.cases import KINDS, STATES, Case
from credit_model.desk.asking import Asked
from credit_model.desk.register import VIEWS, Clock
from credit_model.documents.letter_content import case_number

#: Cases on one page.
_ON_A_PAGE = 50


def show(asked: Asked) -> Response:
    """The list, those due first at the front."""
    entries = asked.office.register.entries()
    view = asked.wanted("view") if asked.wanted("view") in VIEWS else ""
    kind, state, text = asked.wanted("kind"), asked.wanted("state"), asked.wanted("q")
    view = view or ("all" if state in STATES or text else "open")
    found = [one for one in entries if view in one.views and kind in ("", one.case.kind)]
    found = asked.office.register.search((one for one in found if state in ("", one.case.state)), text)
    pages = max(1, -(-len(found) // _ON_A_PAGE))
    page = min(asked.page_number, pages)
    shown = found[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
    query = {"view": view, "kind": kind, "state": state, "q": text}

    def at(number: int) -> str:
        return "/?" + urlencode({name: value for name, value in {**query, "page": str(number)}.items() if value})

    return asked.page(
        "inbox.html",
        tiles=[(name, sum(name in one.views for one in entries)) for name in VIEWS],
        view=view,
        rows=[_row(asked, one.case, one.clock) for one in shown],
        n=len(found),
        n_cases=len(entries),
        query=query,
        kinds=KINDS,
        states=STATES,
        page=page,
        pages=pages,
        before=at(page - 1) if page > 1 else "",
        after=at(page + 1) if page < pages else "",
        may_open=asked.office.engine.book is not None and asked.user is not None and asked.user.may_work,
    )


def _row(asked: Asked, case: Case, clock: Clock) -> dict[str, Any]:
    about = asked.office.register.about(case)
    return {
        "number": case.number,
        "name": case_number(case.number),
        "clock": clock,
        "about": about,
        "kind": asked.spoken.say(f"appeal.kind_{case.kind}"),
        "state": case.state,
        "turn": turn_of(asked, case),
        "opened": case.opened.facts["day"],
    }


def turn_of(asked: Asked, case: Case) -> str:
    """What is to be done next, and by whom."""
    if case.state == "proposed" and case.proposed is not None:
        return asked.say("turn.own" if asked.is_own(case.proposed.actor) else "turn.proposed", name=case.proposed.actor)
    if case.state == "open" and case.kind == "explanation":
        return asked.say("turn.explanation")
    return asked.say(f"turn.{case.state}")
