"""What a document says otherwise than the records: cells to be corrected, checked, and what contradicts them.

A cell is corrected only where the catalogue lets this kind of document do so, and only to a value that keeps the
column's own rules. What it contradicts (other months, a ledger, another document) is flagged for the person who
decides, and judged by nobody here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from credit_model.act.appeals.frozen import Cell, Frozen
from credit_model.arrays import FloatArray
from credit_model.errors import AppealError, CreditModelError, Gathering
from credit_model.portfolio.cells import RowNames, check_rules, read_cells
from credit_model.portfolio.declarations import Catalogue, Column
from credit_model.portfolio.evidence import DocumentKind, Ledger
from credit_model.portfolio.months import format_month, month_number_of
from credit_model.portfolio.toml_document import near

FlagKind = Literal["no_influence", "as_recorded", "ledger", "part", "rise", "document"]
#: Sums of floats miss by less, as a share of what is added.
_ROUNDING = 1e-9
#: More cells than a document has a place for.
MOST_CELLS = 400


@dataclass(frozen=True)
class Edit:
    """A cell as it is recorded, and as a document has it.

    Attributes
    ----------
    column : str
    month : int
        The month's number.
    before, after : float
        As a history holds them; ``before`` is NaN where nothing was known.
    """

    column: str
    month: int
    before: float
    after: float

    def as_record(self) -> dict[str, Any]:
        """The edit as JSON holds it."""
        return asdict(self) | {"before": None if math.isnan(self.before) else self.before}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Edit:
        """What `as_record` gave."""
        before = record["before"]
        return cls(record["column"], record["month"], math.nan if before is None else before, record["after"])


@dataclass(frozen=True)
class Flag:
    """Something about corrected cells that a person should look at.

    Attributes
    ----------
    kind : str
        "no_influence": the decision's windows do not hold the month; "as_recorded": nothing changes; "ledger": a sum
        that held before no longer does; "part": more than the whole of which the catalogue declares it a share;
        "rise": more of a rise in a month than the column allows; "document": another document has another value.
    column : str
    month : int
    about : str
        The ledger's id, or the other document's kind; "" else.
    """

    kind: FlagKind
    column: str
    month: int
    about: str = ""


def document_kind(catalogue: Catalogue, name: str) -> DocumentKind:
    """A kind of document that the catalogue declares.

    Raises
    ------
    AppealError
        There is none of that name.
    """
    known = {kind.id: kind for kind in catalogue.documents}
    if name not in known:
        some = ", ".join(known) or "none; declare [[document]] tables"
        hint = near(name, tuple(known)) or f"; it knows: {some}"
        raise AppealError(f"catalogue {catalogue.name!r} knows no document {name!r}{hint}")
    return known[name]


def read_edits(
    catalogue: Catalogue, frozen: Frozen, document: str, given: Sequence[tuple[str, str, str]]
) -> tuple[Edit, ...]:
    """The cells that a document corrects.

    Parameters
    ----------
    catalogue : Catalogue
    frozen : Frozen
    document : str
        A kind of document.
    given : sequence of (column, month, value), all texts
        The value as in a table: a number, true or false, a category.

    Raises
    ------
    AppealError
        A line for each cell that the document may not correct, or whose value breaks the column's rules.
    """
    kind, mistakes = document_kind(catalogue, document), Gathering()
    if not given:
        raise AppealError("a document corrects at least one cell; give the column, the month and the value it states")
    if len(given) > MOST_CELLS:
        raise AppealError(f"a document corrects at most {MOST_CELLS} cells, got {len(given)}; enter it in parts")
    edits: list[Edit] = []
    for column, month, value in given:
        with mistakes:
            edits.append(_read_edit(catalogue, frozen, kind, column, month, value))
    cells = [(edit.column, edit.month) for edit in edits]
    twice = {cell for cell in cells if cells.count(cell) > 1}
    for column, number in sorted(twice):
        month = format_month(number, frozen.month_type)
        mistakes.found.append(f"{column} of {month} is given twice; a document states one value for a cell")
    mistakes.tell(AppealError)
    return tuple(edits)


def _read_edit(catalogue: Catalogue, frozen: Frozen, kind: DocumentKind, name: str, month: str, value: str) -> Edit:
    if name not in kind.columns:
        known = tuple(column.name for column in catalogue.columns)
        hint = near(name, kind.columns) if name not in known else ""
        raise AppealError(
            f"a document of kind {kind.id!r} may not correct {name!r}{hint}; it may correct {', '.join(kind.columns)}"
        )
    try:
        number = month_number_of(month, frozen.month_type)
    except CreditModelError as error:
        raise AppealError(*error.errors) from None
    shown, row = format_month(number, frozen.month_type), frozen.row_of(number)
    if number > frozen.month:
        raise AppealError(
            f"{name} of {shown} has no influence: the decision of {frozen.month_text} knew no later month; "
            "give a month up to then"
        )
    if row is None:
        raise AppealError(f"{name} of {shown} has no influence: the borrower has no record of that month")
    column = catalogue.column(name)
    after = _read_value(column, frozen, number, value)
    return Edit(name, number, float(frozen.cells[name][row]), after)


def _read_value(column: Column, frozen: Frozen, month: int, value: str) -> float:
    ids, zero = np.array([frozen.borrower_id], dtype=object), np.zeros(1, dtype=np.int64)
    names = RowNames(ids, zero, np.array([month]), frozen.month_type)
    try:
        cells = read_cells(pd.Series([value], dtype=object), column, None, names)
        check_rules(cells, column, zero, np.array([month]), names, in_time=False)
    except CreditModelError as error:
        raise AppealError(*error.errors) from None
    if math.isnan(cells[0]):
        raise AppealError(f"{column.name} must be what the document states, got nothing; give the value")
    return float(cells[0])


def months_read(catalogue: Catalogue, column: str, month: int) -> set[int]:
    """The months of a column that a decision's windows hold, whether or not the borrower has them."""
    last = month - catalogue.decision_lag
    windows = [f.window for f in catalogue.drivers if column in (f.column, f.numerator, f.denominator)]
    return set(range(last - max(windows) + 1, last + 1)) if windows else set()


def corrected(documents: Sequence[Sequence[Edit]]) -> dict[Cell, float]:
    """The corrected cells of several documents; of two that correct the same cell the later one counts."""
    return {(edit.column, edit.month): edit.after for edits in documents for edit in edits}


def find_flags(
    catalogue: Catalogue, frozen: Frozen, earlier: Sequence[tuple[str, Sequence[Edit]]], edits: Sequence[Edit]
) -> tuple[Flag, ...]:
    """What a person should look at before deciding on a document.

    Parameters
    ----------
    catalogue : Catalogue
    frozen : Frozen
    earlier : sequence of (document, edits)
        The documents before it.
    edits : sequence of Edit
        Its own.
    """
    return tuple(_flags(catalogue, frozen, earlier, edits))


def _flags(
    catalogue: Catalogue, frozen: Frozen, earlier: Sequence[tuple[str, Sequence[Edit]]], edits: Sequence[Edit]
) -> Iterator[Flag]:
    for edit in edits:
        if edit.month not in months_read(catalogue, edit.column, frozen.month):
            yield Flag("no_influence", edit.column, edit.month)
        if edit.before == edit.after:
            yield Flag("as_recorded", edit.column, edit.month)
        for document, others in earlier:
            if any((o.column, o.month) == (edit.column, edit.month) and o.after != edit.after for o in others):
                yield Flag("document", edit.column, edit.month, document)
    before, after = frozen.cells, _with(frozen, corrected([*(others for _, others in earlier), edits]))
    number, touched = frozen.month_number, {edit.column for edit in edits}
    for ledger in catalogue.ledgers:
        if touched & set(ledger.columns):
            held, holds = _holds(ledger, before, number), _holds(ledger, after, number)
            for row in np.flatnonzero(held & ~holds).tolist():
                yield Flag("ledger", ledger.stock, int(number[row]), ledger.id)
    for part, whole in _parts(catalogue):
        if touched & {part, whole}:
            over = (after[part] > after[whole]) & ~(before[part] > before[whole])
            for row in np.flatnonzero(over).tolist():
                yield Flag("part", part, int(number[row]))
    for name in sorted(touched):
        most = catalogue.column(name).max_rise
        if most is not None:
            allowed = most * np.diff(number)
            jumps = (np.diff(after[name]) > allowed) & ~(np.diff(before[name]) > allowed)
            for row in np.flatnonzero(jumps).tolist():
                yield Flag("rise", name, int(number[row + 1]))


def _parts(catalogue: Catalogue) -> list[tuple[str, str]]:
    """The columns of which one is a part of the other: those of ratios that the catalogue declares as shares."""
    known = {column.name for column in catalogue.columns}
    ratios = [(f.numerator, f.denominator) for f in catalogue.drivers if f.unit == "share"]
    return sorted({(p, w) for p, w in ratios if p and w and p != w and {p, w} <= known})


def _with(frozen: Frozen, cells: Mapping[Cell, float]) -> dict[str, FloatArray]:
    """The frozen cells with some replaced."""
    found = {name: values.copy() for name, values in frozen.cells.items()}
    for (column, month), value in cells.items():
        row = frozen.row_of(month)
        if row is not None:
            found[column][row] = value
    return found


def _holds(ledger: Ledger, cells: Mapping[str, FloatArray], number: FloatArray | Any) -> Any:
    """In which months a ledger adds up: (n,); not in the first, nor after a gap, nor where a cell is not known."""
    stock = cells[ledger.stock]
    flow = sum((cells[name] for name in ledger.plus), np.zeros(len(stock)))
    flow = flow - sum((cells[name] for name in ledger.minus), np.zeros(len(stock)))
    before = np.concatenate([[np.nan], stock[:-1]])
    before[1:][np.diff(number) != 1] = np.nan
    allowed = ledger.tolerance + _ROUNDING * (np.abs(stock) + np.abs(before) + np.abs(flow))
    with np.errstate(invalid="ignore"):
        return np.abs(stock - (before + flow)) <= allowed
