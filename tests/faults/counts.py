"""What the bench counts: how many cases were tried, and every fault with what it takes to see it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from credit_model.errors import CreditModelError

#: Sorts of fault, the columns of the table that is printed at the end.
WRONG, TRACEBACK, LOST, LEFTOVER = "wrong numbers", "tracebacks, hangs", "lost or half-written", "leftovers"
SORTS = (WRONG, TRACEBACK, LOST, LEFTOVER)
#: The longest message that still reads as one line.
LONGEST_MESSAGE = 600


@dataclass(frozen=True)
class Fault:
    """One fault: its sort, the case (enough to repeat it), and what happened."""

    sort: str
    case: str
    happened: str


@dataclass
class Counts:
    """Cases tried of one kind, and the faults among them."""

    kind: str
    tried: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, faults: Iterable[Fault], tried: int = 1) -> None:
        """Count cases and their faults."""
        self.tried += tried
        self.faults += faults

    def number(self, sort: str) -> int:
        """Faults of one sort."""
        return sum(fault.sort == sort for fault in self.faults)

    def to_json(self) -> str:
        """As one line, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Counts:
        """Undo `to_json`."""
        content = json.loads(text)
        return cls(**{**content, "faults": [Fault(**fault) for fault in content["faults"]]})


def table(counts: Iterable[Counts]) -> str:
    """The table of kinds, cases and faults."""
    rows = [("kind", "tried", *SORTS)]
    rows += [(c.kind, f"{c.tried:,}", *(str(c.number(sort)) for sort in SORTS)) for c in counts]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def message_fault(told: str | CreditModelError, *, names: str | None = None) -> str | None:
    """What is wrong with the message of a refusal, or with that of the command line; None if nothing is."""
    if isinstance(told, CreditModelError):
        lines = told.told()
    else:
        text = "\n".join(line for line in told.splitlines() if not line.startswith("Note: "))
        first, *more = text.strip().split("\n")
        several = re.fullmatch(r"Error: [\d,]+ mistakes", first) and all(
            re.match(r"  (\d+\. |\.\.\.)", m) for m in more
        )
        lines = more if several else [text.strip()]
    for line in lines:
        if not line.strip():
            return "the message is empty"
        if "\n" in line:
            return f"the message has several lines: {line[:200]!r}"
        if len(line) > LONGEST_MESSAGE:
            return f"the message has {len(line):,} characters: {line[:200]!r}"
    if names is not None and not any(names in line for line in lines):
        return f"the message does not name {names}: {lines[0][:300]!r}"
    return None
