"""A new case: the borrower, what is asked for, and the decrease that it is about."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response

from credit_model.act.appeals.cases import KINDS, Kind
from credit_model.act.appeals.frozen import Frozen, NoRiseError, freeze_cut, freeze_rise
from credit_model.desk.asking import Asked, Mistakes
from credit_model.desk.engine import Book
from credit_model.documents.deadlines import terms_of
from credit_model.documents.letter import notice_contents
from credit_model.documents.letter_content import case_number
from credit_model.errors import CreditModelError, HistoryError, StoreError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.portfolio.months import format_month
from credit_model.words.values import catalogue_words


def show(asked: Asked, *, status: int = 200, mistakes: Mistakes | None = None, other: int | None = None) -> Response:
    """First the borrower, then what the case is about."""
    mistakes = mistakes or Mistakes()
    borrower = asked.entered("borrower") or asked.wanted("borrower")
    book, found = asked.office.engine.book, None
    if book is not None and borrower:
        try:
            found = book.decreases(borrower)
        except HistoryError:
            mistakes.add("borrower", asked.say("open.no_borrower", borrower=borrower))
            status = max(status, 422)
    return asked.page(
        "open.html",
        status=status,
        mistakes=mistakes,
        has_book=book is not None,
        borrower=borrower,
        known=found is not None,
        other=None if other is None else (other, case_number(other)),
        cuts=[] if found is None else _cuts(asked, found),
        kinds=[
            {"id": kind, "label": asked.spoken.headed(asked.spoken.say(f"appeal.kind_{kind}")),
             "hint": asked.say(f"open.hint_{kind}")} for kind in KINDS
        ],
        is_late="late_because" in mistakes.found or bool(asked.entered("late_because")),
    )  # fmt: skip


def _cuts(asked: Asked, found: DecreaseExplanations) -> list[dict[str, Any]]:
    """The decreases of a borrower, the newest first."""
    words = catalogue_words(found.catalogue, asked.lang, found.month_type)
    rows = []
    for i in reversed(range(len(found))):
        verdict, number = found.verdicts[i], int(found.month_number[i])
        leader = verdict.leading_factor
        rows.append(
            {
                "id": format_month(number, found.month_type),
                "month": words.month(number),
                "before": words.money(float(found.limit_before[i])),
                "after": words.money(float(found.limit_after[i])),
                "support": asked.spoken.say(f"support.{verdict.support}"),
                "factor": words.language.headed(words.factor_labels[leader]) if leader >= 0 else "",
            }
        )
    return rows


def open_case(asked: Asked) -> Response:
    """Open a case about a cut, or an application for a rise."""
    book, mistakes = asked.office.engine.book, Mistakes()
    borrower, kind, month = asked.entered("borrower"), asked.entered("kind"), asked.entered("month")
    day = _day(asked, mistakes)
    if book is None or not borrower:
        return show(asked, status=422, mistakes=mistakes)
    if kind not in KINDS:
        mistakes.add("kind", asked.say("open.choose_kind"))
    if kind in KINDS and kind != "rise" and not month:
        mistakes.add("month", asked.say("open.choose_cut"))
    for name in ("claim", "late_because"):
        asked.bound(mistakes, name)
    if mistakes:
        return show(asked, status=422, mistakes=mistakes)
    known: Kind = next(one for one in KINDS if one == kind)
    try:
        frozen, notices = _frozen(asked, book, known, borrower, month)
    except HistoryError:
        mistakes.add("month", asked.say("open.no_cut", borrower=borrower, month=month))
        return show(asked, status=422, mistakes=mistakes)
    except NoRiseError as error:
        mistakes.add("kind", asked.say(f"open.no_rise_{error.why}"))
        return show(asked, status=422, mistakes=mistakes)
    return _enter(asked, book, known, frozen, notices, day, mistakes)


def _day(asked: Asked, mistakes: Mistakes) -> date | None:
    text = asked.entered("notice_date")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        mistakes.add("notice_date", asked.say("open.date_rule"))
        return None
    if day > asked.today:
        mistakes.add("notice_date", asked.say("open.date_to_come", day=asked.spoken.date(asked.today)))
    return day


def _frozen(asked: Asked, book: Book, kind: Kind, borrower: str, month: str) -> tuple[Frozen, dict[str, Any]]:
    predictor = book.predictor
    if kind == "rise":
        return freeze_rise(predictor.fitted, predictor.support, book.history, borrower), {}
    found = book.decreases(borrower)
    one = found.select(found.borrower_id[0] if len(found) else borrower, month)
    return freeze_cut(predictor.fitted, one, book.history), notice_contents(asked.office.lender)(one)


def _enter(
    asked: Asked,
    book: Book,
    kind: Kind,
    frozen: Frozen,
    notices: dict[str, Any],
    day: date | None,
    mistakes: Mistakes,
) -> Response:
    office, status = asked.office, 409
    other = office.register.open_about(frozen)
    terms = terms_of(office.lender, kind, day)
    late_because = asked.entered("late_because")
    until = terms(asked.today).open_until
    if other is not None:
        mistakes.add("month", asked.say("open.second", case=case_number(other)))
    elif until is not None and asked.today > until and not late_because:
        mistakes.add("late_because", asked.say("open.channel_closed", day=asked.spoken.date(until)))
        status = 422
    if not mistakes:
        try:
            case = office.desk.open(
                kind, frozen, terms, book.predictor.catalogue, actor=asked.actor, claim=asked.entered("claim"),
                notices=notices, late_because=late_because or None,
            )  # fmt: skip
            return asked.go(f"/case/{case.number}?done=opened")
        except StoreError as error:
            mistakes.add("", asked.say("error.store"), *error.told())
            status = 503
        except CreditModelError as error:
            other = office.register.open_about(frozen)  # of a colleague who was quicker
            told = error.told() if other is None else [asked.say("open.second", case=case_number(other))]
            mistakes.add("month", *told)
    return show(asked, status=status, mistakes=mistakes, other=other)
