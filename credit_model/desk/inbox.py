"""The inbox: which cases are open, due soon or late, whose turn it is, and a search over all of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from credit_model.act.appeals.cases import KINDS, STATES, Case
from credit_model.desk.asking import Asked
from credit_model.desk.register import Clock, clock_of
from credit_model.documents.letter_content import case_number

#: Cases on one page.
_ON_A_PAGE = 50
#: The tiles above the list; each is a view of it.
VIEWS = ("open", "late", "soon", "to_check", "to_answer", "all")


def show(asked: Asked) -> Response:
    """The list, those due first at the front."""
    cases = asked.office.register.cases()
    clocks = {case.number: clock_of(case, asked.today) for case in cases}
    view = asked.wanted("view") if asked.wanted("view") in VIEWS else "open"
    kind, state, text = asked.wanted("kind"), asked.wanted("state"), asked.wanted("q")
    if state in STATES or text:
        view = asked.wanted("view") if asked.wanted("view") in VIEWS else "all"
    found = [case for case in cases if _is_in(view, case, clocks[case.number])]
    found = [case for case in found if kind in ("", case.kind) and state in ("", case.state)]
    found = asked.office.register.search(found, text)
    pages = max(1, -(-len(found) // _ON_A_PAGE))
    page = min(asked.page_number, pages)
    shown = found[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
    query = {"view": view, "kind": kind, "state": state, "q": text}

    def at(number: int) -> str:
        return "/?" + urlencode({name: value for name, value in {**query, "page": str(number)}.items() if value})

    return asked.page(
        "inbox.html",
        tiles=[(name, sum(_is_in(name, case, clocks[case.number]) for case in cases)) for name in VIEWS],
        view=view,
        rows=[_row(asked, case, clocks[case.number]) for case in shown],
        n=len(found),
        n_cases=len(cases),
        query=query,
        kinds=KINDS,
        states=STATES,
        page=page,
        pages=pages,
        before=at(page - 1) if page > 1 else "",
        after=at(page + 1) if page < pages else "",
        may_open=asked.office.engine.book is not None and asked.user is not None and asked.user.may_work,
    )


def _is_in(view: str, case: Case, clock: Clock) -> bool:
    return {
        "open": case.state != "closed",
        "late": clock.runs and clock.is_late,
        "soon": clock.is_soon,
        "to_check": case.state == "proposed",
        "to_answer": case.state == "decided",
        "all": True,
    }[view]


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
        own = asked.user is not None and case.proposed.actor == asked.user.name
        return asked.say("turn.own" if own else "turn.proposed", name=case.proposed.actor)
    if case.state == "open" and case.kind == "explanation":
        return asked.say("turn.explanation")
    return asked.say(f"turn.{case.state}")
