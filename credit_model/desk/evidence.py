"""Evidence: the documents of a case, and the form for another one, bound to the cells that its kind may correct."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from credit_model.act.appeals.cases import Case
from credit_model.act.appeals.entries import MOST_BYTES, MOST_FILE_NAME
from credit_model.act.appeals.evidence import MOST_CELLS, Edit, corrected, find_flags, months_read, read_edits
from credit_model.act.appeals.reading import CaseFile, sealed_record
from credit_model.desk.asking import Asked, Mistakes, RefusedError, download
from credit_model.desk.case import file_of, head, needed_file, step, why_not
from credit_model.desk.decision import plain_number
from credit_model.desk.showing import CaseWords, when
from credit_model.errors import AppealError, CreditModelError
from credit_model.portfolio.declarations import Column
from credit_model.portfolio.evidence import DocumentKind
from credit_model.portfolio.months import format_month, month_number_of

#: Units in which people write a share of 1: as a percentage.
_PER_CENT = ("ratio", "share")


def show(asked: Asked) -> Response:
    """The documents, and the form of the kind that was chosen."""
    case = asked.case()
    return _page(asked, case, file_of(asked, case))


def _page(
    asked: Asked,
    case: Case,
    file: CaseFile | None,
    *,
    status: int = 200,
    mistakes: Mistakes | None = None,
    tried: dict[str, Any] | None = None,
) -> Response:
    base = head(asked, case, file, "evidence")
    if file is None:
        return asked.page("erased.html", status=status, mistakes=mistakes, **base)
    words = CaseWords(file, asked.lang)
    kind = _kind(file, asked.entered("document") or asked.wanted("document"))
    documents = words.documents()
    for one in documents:
        one["at"] = when(one["at"], asked.office.desk.zone)
    return asked.page(
        "evidence.html",
        status=status,
        mistakes=mistakes,
        documents=documents,
        kinds=[(one.id, words.document_label(one.id)) for one in words.catalogue.documents],
        chosen=None if kind is None else kind.id,
        chosen_label="" if kind is None else words.document_label(kind.id),
        grid=None if kind is None else _grid(words, kind),
        tried=tried,
        most_megabytes=MOST_BYTES // 1_000_000,
        **base,
    )


def _kind(file: CaseFile, name: str) -> DocumentKind | None:
    return next((one for one in file.declaration.documents if one.id == name), None)


def _grid(words: CaseWords, kind: DocumentKind) -> dict[str, Any]:
    """The months in which the document's columns have influence, newest first, with what is recorded."""
    frozen, catalogue = words.file.frozen, words.catalogue
    read = {name: months_read(catalogue, name, frozen.month) for name in kind.columns}
    known = frozen.month_number.tolist()
    shown = sorted((month for month in known if any(month in months for months in read.values())), reverse=True)
    corrected_now = corrected([one.edits for one in words.file.documents])
    rows = []
    for month in shown:
        row = frozen.row_of(month)
        cells = []
        for name in kind.columns:
            recorded = math.nan if row is None else float(frozen.cells[name][row])
            known_otherwise = corrected_now.get((name, month))
            cells.append(
                {
                    "id": _field(name, format_month(month, frozen.month_type)),
                    "recorded": words.words.cell(name, recorded),
                    "already": "" if known_otherwise is None else words.words.cell(name, known_otherwise),
                    "has_influence": month in read[name],
                }
            )
        rows.append({"month": words.words.month(month), "id": format_month(month, frozen.month_type), "cells": cells})
    columns = [_column(words, catalogue.column(name)) for name in kind.columns]
    other = [
        (format_month(month, frozen.month_type), words.words.month(month))
        for month in sorted(known, reverse=True)
        if month not in shown
    ]
    return {"columns": columns, "rows": rows, "other_months": other}


def _column(words: CaseWords, column: Column) -> dict[str, Any]:
    options: list[tuple[str, str]] = []
    if column.kind == "category":
        options = [(name, name) for name in column.categories]
    elif column.kind == "boolean":
        options = [("true", words.spoken.say("value.yes")), ("false", words.spoken.say("value.no"))]
    suffix = words.spoken.percent_sign("").strip() if column.unit in (*_PER_CENT, "percent") else ""
    return {"name": column.name, "label": words.words.datum(column.name), "options": options, "suffix": suffix}


def _field(column: str, month: str) -> str:
    return f"cell:{column}:{month}"


def _entered_cells(asked: Asked, kind: DocumentKind) -> Iterator[tuple[str, str, str, str]]:
    """(field, column, month, value) of all cells that were filled in."""
    for field, texts in asked.form.items():
        if field.startswith("cell:") and texts[0].strip():
            _, column, month = (*field.split(":", 2), "", "")[:3]
            yield field, column, month, texts[0].strip()
    if asked.entered("other_value"):
        yield "other_value", asked.entered("other_column"), asked.entered("other_month"), asked.entered("other_value")


def enter(asked: Asked) -> Response:
    """Enter a document, or try what it would change."""
    case, file, mistakes = asked.case(), needed_file(asked), Mistakes()
    kind = _kind(file, asked.entered("document"))
    if kind is None:
        raise RefusedError(422, "document")
    words = CaseWords(file, asked.lang)
    cells, edits = _read(asked, words, kind, mistakes)
    name, content = asked.files.get("file", ("", b""))
    if content and len(content) > MOST_BYTES:
        mistakes.add("file", asked.say("evidence.file_rule", most=MOST_BYTES // 1_000_000))
    if len(name) > MOST_FILE_NAME:
        mistakes.add("file", asked.say("evidence.file_name", most=MOST_FILE_NAME))
    if name and not content:
        mistakes.add("file", asked.say("evidence.file_empty"))
    asked.bound(mistakes, "note")
    if mistakes:
        return _page(asked, case, file, status=422, mistakes=_with_scan(asked, mistakes))
    if asked.entered("do") == "try":
        return _page(asked, case, file, tried=_tried(asked, words, kind, edits))
    status = step(asked, case, mistakes, lambda: asked.office.desk.add_evidence(
        case.number, kind.id, cells, actor=asked.actor, file=content or None, file_name=name,
        note=asked.entered("note"),
    ))  # fmt: skip
    if not status:
        return asked.go(f"/case/{case.number}/evidence?done=evidence")
    now = asked.case()
    return _page(asked, now, file_of(asked, now), status=status, mistakes=_with_scan(asked, mistakes))


def _with_scan(asked: Asked, mistakes: Mistakes) -> Mistakes:
    """Mistakes of a form, and that no page can hold on to the scan that came with it."""
    if asked.files.get("file", ("", b""))[1] and "file" not in mistakes.found:
        mistakes.add("file", asked.say("evidence.file_lost"))
    return mistakes


def _read(
    asked: Asked, words: CaseWords, kind: DocumentKind, mistakes: Mistakes
) -> tuple[list[tuple[str, str, str]], tuple[Edit, ...]]:
    """The cells as the desk's core takes them; a mistake is told at its field."""
    file, cells, edits = words.file, [], list[Edit]()
    for field, column, month, text in _entered_cells(asked, kind):
        cell = (column, month, _value(words, kind, column, text))
        try:
            edits += read_edits(file.declaration, file.frozen, kind.id, [cell])
            cells.append(cell)
        except AppealError as error:
            mistakes.add(field, _why(words, kind, column, month) or " ".join(error.told()))
    if not cells and not mistakes:
        mistakes.add("cells", asked.say("evidence.nothing"))
    places = [(edit.column, edit.month) for edit in edits]
    for column, number in dict.fromkeys(place for place in places if places.count(place) > 1):
        month = words.words.month(number)
        mistakes.add("cells", asked.say("evidence.twice", datum=words.words.datum(column), month=month))
    if len(cells) > MOST_CELLS:
        mistakes.add("cells", asked.say("evidence.too_many", most=MOST_CELLS))
    return cells, tuple(edits)


def _why(words: CaseWords, kind: DocumentKind, column: str, month: str) -> str:
    """What a refused cell has to keep to, in the officer's language; "" where that is not known here."""
    frozen = words.file.frozen
    if column not in kind.columns:
        allowed = words.spoken.listed(words.words.datum(name) for name in kind.columns)
        return words.say("evidence.not_allowed", document=words.document_label(kind.id), allowed=allowed)
    datum = words.words.datum(column)
    try:
        number = month_number_of(month, frozen.month_type)
    except CreditModelError:
        return words.say("evidence.no_month", month=month)
    if frozen.row_of(number) is None:
        return words.say("evidence.outside", datum=datum, month=words.words.month(number))
    return words.say("evidence.rule", datum=datum, month=words.words.month(number), rule=_rule(words, column))


def _rule(words: CaseWords, name: str) -> str:
    column, show = words.catalogue.column(name), words.words.cell
    if column.kind == "category":
        return words.say("evidence.one_of", list=words.spoken.listed(column.categories))
    if column.kind == "boolean":
        return words.say(
            "evidence.one_of", list=words.spoken.listed(words.spoken.say(f"value.{v}") for v in ("yes", "no"))
        )
    what = words.say("evidence.whole" if column.kind == "integer" else "evidence.number")
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        return words.say("evidence.from_to", what=what, low=show(name, low), high=show(name, high))
    if low is not None:
        return words.say("evidence.at_least", what=what, low=show(name, low))
    return what if high is None else words.say("evidence.at_most", what=what, high=show(name, high))


def _value(words: CaseWords, kind: DocumentKind, column: str, text: str) -> str:
    """What was entered, as a table would hold it."""
    if column not in kind.columns:
        return text
    declared = words.catalogue.column(column)
    if declared.kind not in ("number", "integer"):
        return text
    plain = plain_number(text.removesuffix("%").removesuffix("％"))
    if declared.unit in _PER_CENT:
        try:
            return str(Decimal(plain) / 100)
        except ArithmeticError:  # no number, or one beyond all bounds
            return text
    return plain


def _tried(asked: Asked, words: CaseWords, kind: DocumentKind, edits: tuple[Edit, ...]) -> dict[str, Any]:
    """What a document would change, with those that are there; nothing is entered."""
    file = words.file
    earlier = [(one.kind, one.edits) for one in file.documents]
    flags = find_flags(file.declaration, file.frozen, earlier, edits)
    cells = corrected([*(own for _, own in earlier), edits])
    try:
        found = words.evaluation(asked.office.engine.evaluation(file, cells))
        cannot = ""
    except AppealError:
        found, cannot = None, why_not(asked, file)
    return {"flags": words.flags(flags), "again": found, "cannot": cannot}


def give_file(asked: Asked) -> Response:
    """A document's file as it was handed in; it is saved, never shown by the desk."""
    case, store = asked.case(), asked.office.desk.store
    event = next((one for one in case.evidence if one.seq == asked.place("event")), None)
    if event is None or len(event.sealed) < 2:
        raise RefusedError(404, "no_file")
    content = store.item(event.sealed[1])
    if content is None:
        raise RefusedError(410, "erased")
    name = str(sealed_record(store, case, event)["file_name"]) or f"document_{event.seq}"
    return download(content, name, "application/octet-stream")
