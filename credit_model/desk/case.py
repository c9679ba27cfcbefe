"""A case: what is claimed and decided, the re-evaluation, the proposal, the next step; and its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from credit_model.act.appeals.cases import OVERRIDES, Case
from credit_model.act.appeals.evaluating import Evaluation
from credit_model.act.appeals.reading import CaseFile, corrected_cells, read_case
from credit_model.desk.asking import Asked, Mistakes, RefusedError, whole
from credit_model.desk.inbox import turn_of
from credit_model.desk.register import clock_of
from credit_model.desk.showing import CaseWords, event_words, events_told, when
from credit_model.documents.lender_file import parse_lender
from credit_model.documents.letter import notice_contents
from credit_model.documents.letter_content import case_number
from credit_model.errors import AppealError, StoreError

#: States in which evidence may be entered and a decision proposed.
_AT_WORK = ("open", "evidence", "evaluated")


def file_of(asked: Asked, case: Case) -> CaseFile | None:
    """All that a case holds; None where it was erased."""
    return None if case.is_erased else read_case(asked.office.desk.store, case)


def needed_file(asked: Asked) -> CaseFile:
    """All that the case of the address holds.

    Raises
    ------
    RefusedError
        It was erased.
    """
    found = file_of(asked, asked.case())
    if found is None:
        raise RefusedError(410, "erased")
    return found


def head(asked: Asked, case: Case, file: CaseFile | None, tab: str) -> dict[str, Any]:
    """What stands at the head of all screens of a case."""
    words = None if file is None else CaseWords(file, asked.lang)
    return {
        "case": case,
        "month_type": "date" if file is None else file.frozen.month_type,
        "number": case_number(case.number),
        "tab": tab,
        "kind": asked.spoken.say(f"appeal.kind_{case.kind}"),
        "clock": clock_of(case, asked.today),
        "facts": None if words is None else words.facts(),
        "turn": turn_of(asked, case),
        "is_rise": case.kind == "rise",
        "n_documents": len(case.evidence),
        "n_flags": sum(len(event.facts["flags"]) for event in case.evidence),
        "at_work": case.state in _AT_WORK,
        "may_work": asked.user is not None and asked.user.may_work,
        "may_decide": asked.user is not None and asked.user.may_decide,
        "seen": case.events[-1].seq,
        "last_by": case.events[-1].actor,
    }


def check_seen(asked: Asked, case: Case, mistakes: Mistakes) -> None:
    """Note a mistake where another officer did something in the case since the form was made."""
    seen = asked.entered("seen")
    if seen and seen != str(case.events[-1].seq):
        mistakes.add("", asked.say("error.changed", name=case.events[-1].actor))


def step(asked: Asked, case: Case, mistakes: Mistakes, do: Callable[[], object]) -> int:
    """Take a step in a case as its form was made for; 0, or the status of what is noted as a mistake.

    Where it is refused, that another officer was quicker is told, or that the file cannot be used, or the reason as it
    is.
    """
    check_seen(asked, case, mistakes)
    if mistakes:
        return 409
    try:
        do()
    except StoreError as error:
        mistakes.add("", asked.say("error.store"), *error.told())
        return 503
    except AppealError as error:
        last = asked.case().events[-1]
        is_slower = last.seq != case.events[-1].seq
        mistakes.add("", *([asked.say("error.changed", name=last.actor)] if is_slower else error.told()))
        return 409
    return 0


def show(asked: Asked) -> Response:
    """The screen of a case."""
    return page(asked, asked.case())


def page(
    asked: Asked,
    case: Case,
    *,
    status: int = 200,
    mistakes: Mistakes | None = None,
    without: tuple[int, ...] | None = None,
    form_of: str = "",
) -> Response:
    """The screen of a case, also with what was entered wrongly in the form ``form_of``."""
    file = file_of(asked, case)
    base = head(asked, case, file, "case")
    if file is None:
        return asked.page("erased.html", status=status, mistakes=mistakes, **base)
    words = CaseWords(file, asked.lang)
    live, cannot = _live(asked, file, without)
    opened = case.opened.facts
    decision = words.decision()
    return asked.page(
        "case.html",
        status=status,
        mistakes=mistakes,
        claim=file.claim,
        opened_by=case.opened.actor,
        opened=opened,
        documents=words.documents(),
        again=None if live is None else words.evaluation(live),
        cannot=cannot,
        entered_again=case.evaluated is not None and without is None,
        evaluated=case.evaluated,
        without=_aside(case) if without is None else without,
        decision=decision,
        is_own=decision is not None and asked.is_own(decision["proposed_by"]),
        outcomes=_outcomes(words, live),
        overrides=[(name, asked.say(f"reason.{name}")) for name in OVERRIDES],
        may_propose=case.kind == "explanation" or (case.evaluated is not None and without is None),
        form_of=form_of,
        **base,
    )


def _aside(case: Case) -> tuple[int, ...]:
    return () if case.evaluated is None else tuple(case.evaluated.facts["without"])


def _live(asked: Asked, file: CaseFile, without: tuple[int, ...] | None) -> tuple[Evaluation | None, str]:
    """The re-evaluation as entered, else as it would be; and why there is none."""
    if file.evaluation is not None and without is None:
        return file.evaluation, ""
    cells = corrected_cells(file.documents, without or ())
    try:
        return asked.office.engine.evaluation(file, cells), ""
    except AppealError:
        return None, why_not(asked, file)


def why_not(asked: Asked, file: CaseFile) -> str:
    """Why a case cannot be evaluated here."""
    frozen = file.frozen
    if asked.office.engine.find(frozen) is None:
        return asked.say("error.model", version=frozen.model_version, digest=frozen.model_digest[:12])
    return asked.say("error.score")


def _outcomes(words: CaseWords, live: Evaluation | None) -> list[dict[str, Any]]:
    frozen, money = words.file.frozen, words.words.money
    if words.file.case.kind == "explanation":
        return [{"id": "explained", "label": words.outcome("explained"), "limit": money(frozen.limit_after),
                 "advised": True}]  # fmt: skip
    advice = "" if live is None else live.recommendation
    limits = {
        "uphold": money(frozen.limit_after),
        "reinstate": money(frozen.limit_asked),
        "partly": words.say("decide.between", low=money(frozen.limit_after), high=money(frozen.limit_asked)),
    }
    return [
        {"id": name, "label": words.outcome(name), "limit": limit, "advised": name == advice}
        for name, limit in limits.items()
    ]


def evaluate(asked: Asked) -> Response:
    """Enter a re-evaluation, or show what it would be with some documents set aside."""
    case, mistakes = asked.case(), Mistakes()
    file = needed_file(asked)
    known = {one.event.seq for one in file.documents}
    without = tuple(sorted({whole(text) or 0 for text in asked.form.get("without", [])} & known))
    if asked.entered("do") == "show":
        return page(asked, case, without=without)
    model, status = asked.office.engine.find(file.frozen), 409
    if model is None:
        mistakes.add("", why_not(asked, file))
    else:
        notices = notice_contents(parse_lender(file.lender))
        status = step(asked, case, mistakes, lambda: asked.office.desk.evaluate(
            case.number, model.fitted, model.support, actor=asked.actor, notices=notices, without=without
        ))  # fmt: skip
    if not mistakes:
        return asked.go(f"/case/{case.number}?done=evaluated#again")
    return page(asked, asked.case(), status=status, mistakes=mistakes, form_of="evaluate")


def show_history(asked: Asked) -> Response:
    """All that was done in a case."""
    case, store = asked.case(), asked.office.desk.store
    file = file_of(asked, case)
    told = list(events_told(store, case, event_words(store, case, asked.lang)))
    for event in told:
        event["at"] = when(event["at"], asked.office.desk.zone)
    return asked.page("history.html", events=told, printed=case.events[-1].head, **head(asked, case, file, "history"))
