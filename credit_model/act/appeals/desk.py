"""Work at the desk: each step of a case checked, and entered as one event."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, tzinfo
from typing import Any, get_args

from credit_model.act.appeals.cases import KINDS, Case, Kind, Outcome, check_evaluated, check_step
from credit_model.act.appeals.entries import (
    MOST_BYTES,
    MOST_FILE_NAME,
    Terms,
    checked_note,
    decided_limit,
    decided_reason,
    one_name,
)
from credit_model.act.appeals.evaluating import Evaluation, corrected_cut, evaluate, rise_held_back
from credit_model.act.appeals.evidence import Flag, find_flags, read_edits
from credit_model.act.appeals.frozen import Frozen, model_digest
from credit_model.act.appeals.reading import Build, CaseFile, corrected_cells, headed, read_case
from credit_model.act.appeals.store import Store
from credit_model.errors import AppealError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.support import SupportRule
from credit_model.fitted_model import FittedModel
from credit_model.portfolio.declarations import Catalogue


class Desk:
    """Officers' work on a store.

    Parameters
    ----------
    store : Store
    zone : tzinfo, optional
        Of the days on which something is done or due; None: UTC.
    """

    def __init__(self, store: Store, *, zone: tzinfo | None = None) -> None:
        self.store, self.zone = store, zone or UTC
        self._models: dict[tuple[int, SupportRule], tuple[FittedModel, str]] = {}

    def day(self, at: datetime) -> date:
        """The lender's day of a time."""
        return at.astimezone(self.zone).date()

    def file(self, number: int) -> CaseFile:
        """Everything of a case.

        Raises
        ------
        AppealError
            There is none of that number, or its data were erased.
        """
        return read_case(self.store, self.store.case(number))

    def open(
        self,
        kind: Kind,
        frozen: Frozen,
        terms: Callable[[date], Terms],
        catalogue: Catalogue,
        *,
        actor: str,
        claim: str = "",
        notices: Mapping[str, Any] | None = None,
        late_because: str | None = None,
    ) -> Case:
        """Open a case.

        Parameters
        ----------
        kind : Kind
        frozen : Frozen
            The decision.
        terms : callable
            From the day on which the case is opened.
        catalogue : Catalogue
            The decision's.
        actor : str
            The officer.
        claim : str
            What the borrower says.
        notices : mapping of str to dict, optional
            The notice's content by language, `documents.notice_contents` gives it; needed of a cut.
        late_because : str, optional
            Why a case is opened though the channel is closed.

        Raises
        ------
        AppealError
            Another open case is about the same decision, the channel is closed, or a text or the kind breaks its rule.
        """
        actor, claim = one_name(actor), checked_note(claim, "the claim")
        if kind not in KINDS:
            raise AppealError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
        if (kind == "rise") != frozen.is_rise:
            wanted = (
                "a rise is applied for without a cut" if kind == "rise" else f"a case of kind {kind!r} is about a cut"
            )
            raise AppealError(f"{wanted}; give the right --kind")
        if not notices and not frozen.is_rise:
            raise AppealError("a case about a cut keeps its notice, which its letter tells again; give notices=")
        with self.store.writing() as writing:
            day = self.day(writing.at)
            given = terms(day)
            is_late = given.open_until is not None and day > given.open_until
            if is_late and not (late_because or "").strip():
                raise AppealError(
                    f"the channel {given.channel!r} was open until {given.open_until}, today is {day}; "
                    "give --late-because REASON to open the case all the same"
                )
            number = writing.next_number()
            facts = {
                "kind": kind,
                "channel": given.channel,
                "day": day.isoformat(),
                "due": given.due.isoformat(),
                "open_until": None if given.open_until is None else given.open_until.isoformat(),
                "opened_late": is_late,
                "model": frozen.model_version,
                "model_digest": frozen.model_digest,
                "catalogue": f"{catalogue.name} {catalogue.version}",
                "support": frozen.support,
                "texts": {"lender": writing.keep(given.lender), "catalogue": writing.keep(catalogue.text)},
            }
            record = {
                "about": frozen.about,
                "claim": claim,
                "late_because": checked_note(late_because or "", "the reason"),
                "notices": dict(notices or {}),
                "frozen": frozen.as_record(),
            }
            writing.append(actor, number, "opened", facts, [writing.seal(number, record)])
        return self.store.case(number)

    def add_evidence(
        self,
        number: int,
        document: str,
        cells: Sequence[tuple[str, str, str]],
        *,
        actor: str,
        file: bytes | None = None,
        file_name: str = "",
        note: str = "",
    ) -> tuple[Flag, ...]:
        """Enter what a document says.

        Parameters
        ----------
        number : int
        document : str
            A kind of the catalogue.
        cells : sequence of (column, month, value), all texts
        actor : str
        file : bytes, optional
            The scan; None: paper that was seen.
        file_name, note : str

        Returns
        -------
        tuple of Flag
            What a person should look at before deciding.

        Raises
        ------
        AppealError
            The document may not correct a cell, a value breaks its column's rule, or the case takes no evidence now.
        """
        actor, note = one_name(actor), checked_note(note, "the note")
        if file is not None and not 0 < len(file) <= MOST_BYTES:
            raise AppealError(f"a document's file must hold 1 to {MOST_BYTES:,} bytes, got {len(file):,}")
        with self.store.writing() as writing:
            known = read_case(self.store, writing.case(number))
            check_step(known.case, "evidence")
            catalogue = known.declaration
            edits = read_edits(catalogue, known.frozen, document, cells)
            flags = find_flags(catalogue, known.frozen, [(one.kind, one.edits) for one in known.documents], edits)
            facts = {
                "document": document,
                "columns": sorted({edit.column for edit in edits}),
                "n_cells": len(edits),
                "flags": sorted({flag.kind for flag in flags}),
                "has_file": file is not None,
            }
            record = {
                "edits": [edit.as_record() for edit in edits],
                "flags": [asdict(flag) for flag in flags],
                "note": note,
                "file_name": checked_note(file_name, "the file's name", MOST_FILE_NAME),
                "file_digest": "" if file is None else hashlib.sha256(file).hexdigest(),
            }
            items = [writing.seal(number, record), *([] if file is None else [writing.seal(number, file)])]
            writing.append(actor, number, "evidence", facts, items)
        return flags

    def evaluate(
        self,
        number: int,
        fitted: FittedModel,
        rule: SupportRule,
        *,
        actor: str,
        notices: Callable[[DecreaseExplanations], Mapping[str, Any]] | None = None,
        without: Collection[int] = (),
    ) -> Evaluation:
        """Look at a decision again, with the cells that its documents correct.

        Parameters
        ----------
        number : int
        fitted : FittedModel
            The model of the decision.
        rule : SupportRule
        actor : str
        notices : callable, optional
            From the explanation of the cut on the corrected months, the notice's content by language: what a letter
            tells where the cut stands; of a rise, from what holds it back. Needed where cells are corrected, and the
            case was opened with notices.
        without : collection of int
            Documents that are set aside, by the numbers of their events.

        Raises
        ------
        AppealError
            The model is another one, or the case cannot be evaluated now.
        """
        actor, known = one_name(actor), self.file(number)
        check_step(known.case, "evaluated")
        unknown = set(without) - {one.event.seq for one in known.documents}
        if unknown:
            some = ", ".join(str(one.event.seq) for one in known.documents) or "none"
            raise AppealError(f"case {number} has no document {min(unknown)} to set aside; its documents: {some}")
        cells = corrected_cells(known.documents, without)
        if cells and known.notices and notices is None:
            raise AppealError("what a letter tells has to follow from the corrected months, too; give notices=")
        found = evaluate(fitted, rule, known.frozen, cells, digest=self._digest(fitted, rule))
        told = {}
        if notices is not None and (cells or known.frozen.is_rise):
            explain = rise_held_back if known.frozen.is_rise else corrected_cut
            told = dict(notices(explain(fitted, rule, known.frozen, cells)))
        facts = {
            "model": fitted.version,
            "recommendation": found.recommendation,
            "crosses": found.crosses,
            "leading_factor": found.leading_factor,
            "columns": sorted({column for column, _ in cells}),
            "support_after": found.support_after,
            "without": sorted(without),
        }
        record = {
            "evaluation": found.as_record(),
            "notices": told,
            "cells": [[column, month, value] for (column, month), value in sorted(cells.items())],
        }
        with self.store.writing() as writing:
            if writing.case(number).events[-1].seq != known.case.events[-1].seq:
                raise AppealError(f"case {number} was changed by another officer meanwhile; evaluate it again")
            writing.append(actor, number, "evaluated", facts, [writing.seal(number, record)])
        return found

    def _digest(self, fitted: FittedModel, rule: SupportRule) -> str:
        """The model's digest, computed once for each model that is kept."""
        key = (id(fitted), rule)
        if key not in self._models:
            self._models[key] = (fitted, model_digest(fitted, rule))  # kept, so that no other model has its id
        return self._models[key][1]

    def propose(
        self, number: int, outcome: Outcome, *, actor: str, limit: float | None = None, reason: str | None = None,
        note: str = "",
    ) -> None:  # fmt: skip
        """Propose a decision, which another person then takes.

        Parameters
        ----------
        number : int
        outcome : {"uphold", "reinstate", "partly", "explained"}
            "explained" of a case in which an explanation was asked for, else one of the others.
        actor : str
        limit : float, optional
            The limit of "partly", between the one after the cut and the one that is asked for.
        reason : str, optional
            Required where the outcome departs from what the re-evaluation says, one of `OVERRIDES`; only there.
        note : str

        Raises
        ------
        AppealError
            One of these breaks its rule, or the case is not there yet.
        """
        actor, note = one_name(actor), checked_note(note, "the note")
        with self.store.writing() as writing:
            known = read_case(self.store, writing.case(number))
            check_step(known.case, "proposed")
            allowed = ("explained",) if known.case.kind == "explanation" else get_args(Outcome)[:3]
            if outcome not in allowed:
                raise AppealError(
                    f"the outcome of a case of kind {known.case.kind!r} must be one of {', '.join(allowed)}, "
                    f"got {outcome!r}"
                )
            amount = decided_limit(known.frozen, outcome, limit)
            check_evaluated(known.case)
            advice = "" if known.case.evaluated is None else known.case.evaluated.facts["recommendation"]
            is_override = outcome not in ("explained", advice)
            facts = {"outcome": outcome, "reason": decided_reason(reason, outcome, advice, is_override),
                     "override": is_override, "recommendation": advice}  # fmt: skip
            writing.append(actor, number, "proposed", facts, [writing.seal(number, {"limit": amount, "note": note})])

    def decide(self, number: int, *, actor: str, note: str = "") -> None:
        """Take the decision that another person has proposed.

        Raises
        ------
        AppealError
            Nothing is proposed, or the same person has proposed it.
        """
        actor, note = one_name(actor), checked_note(note, "the note")
        with self.store.writing() as writing:
            case = writing.case(number)
            known = read_case(self.store, case)
            facts = {} if case.proposed is None else dict(case.proposed.facts)
            limit = math.nan if known.decision is None else known.decision.limit
            record = {"limit": None if math.isnan(limit) else limit, "note": note}
            writing.append(actor, number, "decided", facts, [writing.seal(number, record)])

    def send_back(self, number: int, *, actor: str, note: str) -> None:
        """Return a proposal to be worked on, with a reason."""
        self._noted(number, "returned", actor, note, needed="say what is to be looked at again")

    def withdraw(self, number: int, *, actor: str, note: str = "") -> None:
        """Close a case that the borrower gives up before it is decided."""
        self._noted(number, "withdrawn", actor, note)

    def close(self, number: int, *, actor: str) -> None:
        """Close a case that was answered."""
        self._noted(number, "closed", actor, "")

    def _noted(self, number: int, action: str, actor: str, note: str, *, needed: str = "") -> None:
        actor, note = one_name(actor), checked_note(note, "the note")
        if needed and not note:
            raise AppealError(f"a note is needed here: {needed}")
        with self.store.writing() as writing:
            writing.case(number)
            writing.append(actor, number, action, {}, [writing.seal(number, {"note": note})])

    def answer(self, number: int, build: Build, *, actor: str) -> dict[str, dict[str, Any]]:
        """Enter the letters with which the borrower is answered.

        Parameters
        ----------
        number : int
        build : callable
            From the case and the day: the content of the letter by language, as JSON holds it.
        actor : str

        Returns
        -------
        dict of str to dict
            The contents, each with the ``head`` of the log: the number and hash of the letter's own event, so that a
            log that was cut before it, or written anew, can be told from it.

        Raises
        ------
        AppealError
            The case is not decided.
        """
        actor = one_name(actor)
        with self.store.writing() as writing:
            case = writing.case(number)
            if case.decided is None:
                raise AppealError(f"case {number} is {case.state}; it is decided by two persons before it is answered")
            day = self.day(writing.at)
            contents = build(read_case(self.store, case), day)
            facts = {"day": day.isoformat(), "late": day.isoformat() > case.due, "langs": list(contents)}
            items = [writing.seal(number, one) for one in contents.values()]
            event = writing.append(actor, number, "letter", facts, items)
        return headed(contents, event)
