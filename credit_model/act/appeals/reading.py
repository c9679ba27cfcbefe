"""What a case holds, read back from its events and their sealed items."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from credit_model.act.appeals.cases import Case, case_of_events
from credit_model.act.appeals.chain import Event
from credit_model.act.appeals.evaluating import Evaluation
from credit_model.act.appeals.evidence import Edit, Flag, corrected
from credit_model.act.appeals.frozen import Cell, Frozen
from credit_model.act.appeals.store import Store
from credit_model.errors import AppealError
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import Catalogue


@dataclass(frozen=True)
class Document:
    """A document of a case.

    Attributes
    ----------
    event : Event
    kind : str
        One of the catalogue's documents.
    edits : tuple of Edit
    flags : tuple of Flag
    note, file_name : str
    file_digest : str
        SHA-256 of the file; "" where only paper was seen.
    """

    event: Event
    kind: str
    edits: tuple[Edit, ...]
    flags: tuple[Flag, ...]
    note: str
    file_name: str
    file_digest: str


@dataclass(frozen=True)
class Decision:
    """A proposal, or the decision on it.

    Attributes
    ----------
    outcome, reason : str
    is_override : bool
        It departs from what the re-evaluation says.
    limit : float
        The limit that is to be in force.
    note : str
    proposed_by, decided_by : str
        ``decided_by`` is "" of a proposal.
    """

    outcome: str
    reason: str
    is_override: bool
    limit: float
    note: str
    proposed_by: str
    decided_by: str


@dataclass(frozen=True)
class CaseFile:
    """Everything of a case that was not erased.

    Attributes
    ----------
    case : Case
    frozen : Frozen
    claim : str
        What the borrower says, in the officer's words.
    notices : mapping of str to dict
        The content of the notice of the cut, by language, on the months that were evaluated last: as decided, or
        corrected. Of a rise what holds it back, once it was evaluated.
    documents : tuple of Document
    evaluation : Evaluation or None
    decision : Decision or None
        What was decided, else what is proposed.
    lender, catalogue : str
        The texts of the lender file and of the catalogue.
    """

    case: Case
    frozen: Frozen
    claim: str
    notices: Mapping[str, Any]
    documents: tuple[Document, ...]
    evaluation: Evaluation | None
    decision: Decision | None
    lender: str
    catalogue: str

    @property
    def declaration(self) -> Catalogue:
        """The catalogue, read."""
        return read_text(self.catalogue)


@lru_cache(maxsize=16)
def read_text(catalogue: str) -> Catalogue:
    """A kept catalogue, read once for all cases that rest on it."""
    return parse_catalogue(catalogue)


def read_case(store: Store, case: Case) -> CaseFile:
    """A case with its sealed items.

    Raises
    ------
    AppealError
        They were erased.
    """
    opened = sealed_record(store, case, case.opened)
    texts = case.opened.facts["texts"]
    decision = case.decided or case.proposed
    evaluated = None if case.evaluated is None else sealed_record(store, case, case.evaluated)
    return CaseFile(
        case=case,
        frozen=Frozen.from_record(opened["frozen"]),
        claim=opened["claim"],
        notices=(evaluated and evaluated["notices"]) or opened["notices"],
        documents=tuple(_document(store, case, event) for event in case.evidence),
        evaluation=None if evaluated is None else Evaluation.from_record(evaluated["evaluation"]),
        decision=None if decision is None else _decision(store, case, decision),
        lender=store.text(texts["lender"]),
        catalogue=store.text(texts["catalogue"]),
    )


def sealed_record(store: Store, case: Case, event: Event) -> dict[str, Any]:
    """The first sealed item of an event.

    Raises
    ------
    AppealError
        It was erased.
    """
    record = store.record(event)
    if record is None:
        raise AppealError(
            f"the borrower's data of case {case.number} were erased; 'credit-model appeal log' shows what remains"
        )
    return record


def corrected_cells(documents: tuple[Document, ...], without: Collection[int] = ()) -> dict[Cell, float]:
    """The cells that documents correct, those of some events (their numbers) set aside."""
    return corrected([one.edits for one in documents if one.event.seq not in without])


def last_events(store: Store) -> dict[int, int]:
    """The number of each case's last event; the cases that are due first come first."""
    with store.reading():
        rows = store.connection.execute("SELECT number, last_seq FROM appeal ORDER BY due, number").fetchall()
    return dict(rows)


def open_case_about(store: Store, frozen: Frozen) -> int | None:
    """The number of the open case about a decision; None: there is none."""
    with store.reading():
        row = store.connection.execute(
            "SELECT number FROM appeal WHERE subject = ? AND state != 'closed'", (store.subject(frozen.about),)
        ).fetchone()
    return None if row is None else int(row[0])


#: What makes letters: from a case and the day, the content by language.
Build = Callable[[CaseFile, date], Mapping[str, Mapping[str, Any]]]


def headed(contents: Mapping[str, Mapping[str, Any]], event: Event) -> dict[str, dict[str, Any]]:
    """The contents of letters with the head of the log, which is that of their own event."""
    return {lang: {**content, "head": event.head} for lang, content in contents.items()}


def letter_written(store: Store, event: Event, lang: str) -> dict[str, Any]:
    """The content of a letter as it was written.

    Raises
    ------
    AppealError
        It was not written in this language, or was erased.
    """
    langs = event.facts["langs"]
    if lang not in langs:
        raise AppealError(f"the letter of event {event.seq} was written in {', '.join(langs)}, not in {lang!r}")
    found = store.record(event, langs.index(lang))
    if found is None:
        raise AppealError(f"the letter of event {event.seq} was erased")
    return headed({lang: found}, event)[lang]


def letters_again(store: Store, event: Event, build: Build) -> dict[str, dict[str, Any]]:
    """The letters of an event, made again from what the case held then."""
    events = [one for one in store.case(event.case).events if one.seq < event.seq]
    known = read_case(store, case_of_events(events))
    return headed(build(known, date.fromisoformat(event.facts["day"])), event)


def _document(store: Store, case: Case, event: Event) -> Document:
    record = sealed_record(store, case, event)
    return Document(
        event=event,
        kind=event.facts["document"],
        edits=tuple(Edit.from_record(edit) for edit in record["edits"]),
        flags=tuple(Flag(**flag) for flag in record["flags"]),
        note=record["note"],
        file_name=record["file_name"],
        file_digest=record["file_digest"],
    )


def _decision(store: Store, case: Case, event: Event) -> Decision:
    record, facts = sealed_record(store, case, event), event.facts
    proposed = case.proposed or event
    return Decision(
        outcome=facts["outcome"],
        reason=facts["reason"],
        is_override=facts["override"],
        limit=record["limit"],
        note=record["note"],
        proposed_by=proposed.actor,
        decided_by=event.actor if event.action == "decided" else "",
    )
