"""What an appeal desk has to be, in a few lines of plain Python: the store is held against this."""

from __future__ import annotations

from dataclasses import dataclass, field

ACTORS = ("ann", "bo", "chen")
#: Action -> (states that allow it, the state after it).
ALLOWED = {
    "evidence": ({"open", "evidence", "evaluated"}, "evidence"),
    "evaluated": ({"open", "evidence", "evaluated"}, "evaluated"),
    "proposed": ({"open", "evidence", "evaluated"}, "proposed"),
    "returned": ({"proposed"}, None),
    "decided": ({"proposed"}, "decided"),
    "letter": ({"decided", "answered"}, "answered"),
    "withdrawn": ({"open", "evidence", "evaluated", "proposed"}, "closed"),
    "closed": ({"answered"}, "closed"),
}


@dataclass
class PlainCase:
    kind: str
    about: str
    state: str = "open"
    log: list[tuple[str, str]] = field(default_factory=list)
    #: What was sealed; None: erased.
    items: list[str | None] = field(default_factory=list)
    is_evaluated: bool = False
    proposer: str = ""


class PlainDesk:
    """Cases in a dict."""

    def __init__(self) -> None:
        self.cases: dict[int, PlainCase] = {}

    def may_open(self, about: str) -> bool:
        return all(case.about != about or case.state == "closed" for case in self.cases.values())

    def open(self, actor: str, kind: str, about: str, item: str) -> None:
        case = PlainCase(kind, about, log=[(actor, "opened")], items=[item])
        self.cases[len(self.cases) + 1] = case

    def may(self, actor: str, number: int, action: str) -> bool:
        case = self.cases[number]
        if case.state not in ALLOWED[action][0]:
            return False
        if action == "proposed":
            return case.is_evaluated or case.kind == "explanation"
        return action not in ("decided", "returned") or actor != case.proposer

    def do(self, actor: str, number: int, action: str, item: str) -> None:
        case = self.cases[number]
        case.log.append((actor, action))
        case.items.append(item)
        if action in ("evidence", "evaluated"):
            case.is_evaluated = action == "evaluated"
        if action == "proposed":
            case.proposer = actor
        after = ALLOWED[action][1]
        case.state = after or ("evaluated" if case.is_evaluated else "evidence")

    def is_erased(self, number: int) -> bool:
        return any(action == "erased" for _, action in self.cases[number].log)

    def erase(self, actor: str, number: int) -> None:
        case = self.cases[number]
        case.log.append((actor, "erased"))
        case.items = [None] * len(case.items)
