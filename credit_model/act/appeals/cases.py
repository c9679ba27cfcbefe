"""A case: what its events make of it, and which event may follow which.

A case is opened, evidence is entered, the frozen model looks again, one person proposes, another decides, the borrower
is answered, and the case is closed. A state is never stored by itself: it is what the events come to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from credit_model.act.appeals.chain import Event
from credit_model.errors import AppealError

Kind = Literal["explanation", "dispute", "documents", "review", "rise"]
KINDS: tuple[Kind, ...] = get_args(Kind)
State = Literal["open", "evidence", "evaluated", "proposed", "decided", "answered", "closed"]
STATES: tuple[State, ...] = get_args(State)
Outcome = Literal["uphold", "reinstate", "partly", "explained"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
#: Why a decision departs from what the re-evaluation says; the words for people are in the language files.
OVERRIDES = (
    "our_error",
    "data_cannot_be_corrected",
    "document_doubtful",
    "records_contradict",
    "rule_applies",
    "hardship",
    "not_in_the_data",
)
#: The reason where it does not.
AS_EVALUATED, AS_ASKED = "as_evaluated", "as_asked"

#: Letters and marks that nobody sees, though Python calls them printable (Unicode's default ignorables, blanks).
UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0100-\U000e01ef]"
)
_BEFORE_A_PROPOSAL: tuple[State, ...] = ("open", "evidence", "evaluated")
#: Action -> the states in which it is allowed, and the state that follows (None: the same).
_STEPS: Mapping[str, tuple[tuple[State, ...], State | None]] = {
    "evidence": (_BEFORE_A_PROPOSAL, "evidence"),
    "evaluated": (_BEFORE_A_PROPOSAL, "evaluated"),
    "proposed": (_BEFORE_A_PROPOSAL, "proposed"),
    "returned": (("proposed",), "evidence"),
    "decided": (("proposed",), "decided"),
    "letter": (("decided", "answered"), "answered"),
    "withdrawn": ((*_BEFORE_A_PROPOSAL, "proposed"), "closed"),
    "closed": (("answered",), "closed"),
    "erased": (("closed",), None),
}
#: What is to be done first where an action is refused.
_REMEDIES = {
    "evidence": "the second person may return a proposal; a decided case takes no more evidence",
    "evaluated": "a proposal is looked at by the second person, who may return it",
    "proposed": "it has been proposed or decided already",
    "returned": "only a proposal is returned",
    "decided": "one person proposes first, then another decides",
    "letter": "a case is decided before it is answered",
    "withdrawn": "a decided case is answered, not withdrawn",
    "closed": "the borrower is answered first",
    "erased": "close it first",
}


@dataclass(frozen=True)
class Case:
    """A case as its events tell it; `case_of_events` makes it.

    Attributes
    ----------
    number : int
    kind : Kind
    channel : str
        The lender's channel through which it came.
    due : str
        The day by which the borrower is to be answered, ISO 8601.
    state : State
    events : tuple of Event
    evaluated, proposed, decided : Event or None
        The re-evaluation of all evidence there is; the proposal that stands; the decision.
    """

    number: int
    kind: Kind
    channel: str
    due: str
    state: State
    events: tuple[Event, ...]
    evaluated: Event | None = None
    proposed: Event | None = None
    decided: Event | None = None

    @property
    def opened(self) -> Event:
        """The first event."""
        return self.events[0]

    @property
    def evidence(self) -> tuple[Event, ...]:
        """The documents, in the order in which they were entered."""
        return tuple(event for event in self.events if event.action == "evidence")

    @property
    def letters(self) -> tuple[Event, ...]:
        """The letters that were written."""
        return tuple(event for event in self.events if event.action == "letter")

    @property
    def answered_on(self) -> str | None:
        """The day of the first letter; None: not answered yet."""
        return self.letters[0].facts["day"] if self.letters else None

    @property
    def is_erased(self) -> bool:
        """The borrower's data were erased."""
        return any(event.action == "erased" for event in self.events)

    def is_late(self, day: str) -> bool:
        """Whether the answer came, or on ``day`` (ISO 8601) still would come, after it was due."""
        if self.answered_on is None and self.state == "closed":
            return False  # withdrawn
        return (self.answered_on or day) > self.due


def case_of_events(events: Sequence[Event]) -> Case:
    """The case that events, in order, come to.

    Raises
    ------
    AppealError
        An event does not follow from those before it.
    """
    case = _opened(events[0])
    for place, event in enumerate(events[1:], start=2):
        case = _next(case, event, tuple(events[:place]))
    return case


def _opened(event: Event) -> Case:
    facts = event.facts
    if event.action != "opened":
        raise AppealError(f"case {event.case} must begin with 'opened', found {event.action!r} in event {event.seq}")
    return Case(event.case, facts["kind"], facts["channel"], facts["due"], "open", (event,))


def _next(case: Case, event: Event, events: tuple[Event, ...]) -> Case:
    action = event.action
    if action not in _STEPS:
        raise AppealError(f"case {case.number} cannot be {action!r} once it is open, found in event {event.seq}")
    check_step(case, action)
    state = _STEPS[action][1]
    known: dict[str, Event | None] = {name: getattr(case, name) for name in ("evaluated", "proposed", "decided")}
    if action in ("evaluated", "proposed", "decided"):
        known[action] = event
    if action == "evidence":
        known["evaluated"] = None  # it has not looked at this document
    if action == "returned":
        known["proposed"] = None
    if action == "proposed":
        check_evaluated(case)
    if (
        action in ("decided", "returned")
        and case.proposed is not None
        and is_same_person(event.actor, case.proposed.actor)
    ):
        raise AppealError(
            f"case {case.number} was proposed by {event.actor!r}, who cannot decide it, too; "
            "another person has to look at it"
        )
    if action == "returned" and case.evaluated is not None:
        state = "evaluated"
    return Case(case.number, case.kind, case.channel, case.due, state or case.state, events, **known)


def check_step(case: Case, action: str) -> None:
    """Refuse what may not be done in the state that a case is in.

    Raises
    ------
    AppealError
        It may not, and what is to be done first.
    """
    if case.state not in _STEPS[action][0]:
        raise AppealError(f"case {case.number} is {case.state} and cannot be {_done(action)} now: {_REMEDIES[action]}")


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one, however they are typed.

    >>> is_same_person("Ann  Lee", "ann lee")
    True
    """
    return folded(one) == folded(other)


def folded(name: str) -> str:
    """A name as it is told from others: capitals, widths, spaces and letters that cannot be seen make no other one.

    >>> folded(" Ann  Lee"), folded("Ａｎｎ"), folded("ann\ufe0f")
    ('ann lee', 'ann', 'ann')
    """
    return " ".join(UNSEEN.sub("", unicodedata.normalize("NFKC", name)).casefold().split())


def check_evaluated(case: Case) -> None:
    """Refuse a proposal before the case was evaluated with all its evidence; an explanation needs none.

    Raises
    ------
    AppealError
        It was not.
    """
    if case.state in _BEFORE_A_PROPOSAL and case.evaluated is None and case.kind != "explanation":
        raise AppealError(f"case {case.number} must be evaluated with all its evidence before a decision is proposed")


def _done(action: str) -> str:
    return {"letter": "answered", "evidence": "given evidence"}.get(action, action)
