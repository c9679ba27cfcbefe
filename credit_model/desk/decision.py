"""The decision: one person proposes, another decides or sends it back; and how a case ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from credit_model.act.appeals.cases import OVERRIDES, Case
from credit_model.desk.asking import Asked, Mistakes
from credit_model.desk.case import needed_file, page, step
from credit_model.desk.showing import CaseWords


def propose(asked: Asked) -> Response:
    """Propose an outcome, with its limit, and the reason where it departs from the re-evaluation."""
    case, file, mistakes = asked.case(), needed_file(asked), Mistakes()
    words, frozen = CaseWords(file, asked.lang), file.frozen
    outcome: Any = asked.entered("outcome")
    allowed = ("explained",) if case.kind == "explanation" else ("uphold", "reinstate", "partly")
    advice = "" if case.evaluated is None else case.evaluated.facts["recommendation"]
    limit, reason = None, asked.entered("reason") or None
    if outcome not in allowed:
        mistakes.add("outcome", asked.say("decide.choose"))
    elif outcome == "partly":
        limit = amount(asked.entered("limit"))
        if limit is None or not frozen.limit_after < limit < frozen.limit_asked:
            low, high = words.words.money(frozen.limit_after), words.words.money(frozen.limit_asked)
            mistakes.add("limit", asked.say("decide.limit_rule", low=low, high=high))
    if outcome in ("explained", advice):
        reason = None  # none is kept where the outcome is what the re-evaluation says
    elif outcome in allowed and reason not in OVERRIDES:
        mistakes.add("reason", asked.say("decide.reason_needed", outcome=words.outcome(advice or "uphold")))

    def do() -> None:
        asked.office.desk.propose(
            case.number, outcome, actor=asked.actor, limit=limit, reason=reason, note=asked.entered("note")
        )

    return _done(asked, case, mistakes, do, "proposed", "propose")


def amount(text: str) -> float | None:
    """A number as people write it, "12,000" or "12000.50"; None: it is none.

    >>> amount("12,000"), amount("1,20"), amount("")
    (12000.0, None, None)
    """
    try:
        found = float(plain_number(text))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def plain_number(text: str) -> str:
    """A number without the commas between its groups of three digits; other text as it is.

    >>> plain_number("1,234,567.5"), plain_number("12,34")
    ('1234567.5', '12,34')
    """
    whole, point, rest = text.strip().replace("，", ",").partition(".")
    first, *groups = whole.split(",")
    grouped = 0 < len(first.lstrip("+-")) <= 3 and all(len(group) == 3 and group.isdigit() for group in groups)
    return (first + "".join(groups) if groups and grouped else whole) + point + rest


def decide(asked: Asked) -> Response:
    """Take the decision that another person has proposed."""
    case, mistakes = asked.case(), Mistakes()
    _by_another(asked, case, mistakes)

    def do() -> None:
        asked.office.desk.decide(case.number, actor=asked.actor, note=asked.entered("note"))

    return _done(asked, case, mistakes, do, "decided", "decide")


def _by_another(asked: Asked, case: Case, mistakes: Mistakes) -> None:
    """Note a mistake where who asks has proposed what is to be decided."""
    if case.proposed is not None and asked.is_own(case.proposed.actor):
        mistakes.add("", asked.say("decide.own"))


def send_back(asked: Asked) -> Response:
    """Return a proposal; the note says what is to be looked at again."""
    case, mistakes = asked.case(), Mistakes()
    _by_another(asked, case, mistakes)
    if not asked.entered("why"):
        mistakes.add("why", asked.say("decide.why_needed"))

    def do() -> None:
        asked.office.desk.send_back(case.number, actor=asked.actor, note=asked.entered("why"))

    return _done(asked, case, mistakes, do, "returned", "return")


def withdraw(asked: Asked) -> Response:
    """The borrower gives the case up."""
    case, mistakes = asked.case(), Mistakes()

    def do() -> None:
        asked.office.desk.withdraw(case.number, actor=asked.actor, note=asked.entered("note"))

    return _done(asked, case, mistakes, do, "withdrawn", "withdraw")


def close(asked: Asked) -> Response:
    """End an answered case."""
    case, mistakes = asked.case(), Mistakes()
    return _done(
        asked, case, mistakes, lambda: asked.office.desk.close(case.number, actor=asked.actor), "closed", "close"
    )


def erase(asked: Asked) -> Response:
    """Erase what names or describes the borrower of a closed case."""
    case, mistakes = asked.case(), Mistakes()
    if asked.entered("sure") != "yes":
        mistakes.add("sure", asked.say("erase.confirm_needed"))

    def do() -> None:
        asked.office.desk.store.erase(case.number, asked.actor)

    return _done(asked, case, mistakes, do, "erased", "erase")


def _done(asked: Asked, case: Case, mistakes: Mistakes, do: Callable[[], None], done: str, form_of: str) -> Response:
    """Do it, unless something is wrong, which the screen of the case tells."""
    status = 422
    asked.bound(mistakes, "why")
    asked.bound(mistakes, "note", at="withdraw-note" if form_of == "withdraw" else "note")
    if not mistakes:
        status = step(asked, case, mistakes, do)
    if not status:
        return asked.go(f"/case/{case.number}?done={done}")
    return page(asked, asked.case(), status=status, mistakes=mistakes, form_of=form_of)
