"""What may be found in a desk's file that is not as the desk wrote it; in English here, else in the language files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Key -> (where, what), with places to be filled; "desk.found" of the language files has the same keys.
TEXTS: Mapping[str, tuple[str, str]] = {
    "damaged": ("the file", "is damaged, {reason}"),
    "version": ("the file", "says that it is of version {stated}, and is of version {known}"),
    "unreadable": ("the tables", "'{name}' cannot be read ({reason})"),
    "types": ("the tables", "'{name}' holds rows of other types than the desk writes ({n}): edited, or put in"),
    "own_key": ("the tables", "'{name}' holds something else than the desk's key: edited, or put in"),
    "lacking": ("the tables", "'{name}' is missing, which guards or holds what is written"),
    "added": ("the tables", "'{name}' was added"),
    "changed": ("the tables", "'{name}' was changed"),
    "missing": ("event {seq}", "missing: deleted, or moved elsewhere"),
    "missing_all": ("events {seq} to {last}", "missing: deleted, or moved elsewhere"),
    "not_next": ("event {seq}", "does not follow the event before it: put in, moved, or written anew"),
    "edited": ("event {seq}", "its content is not what its hash says: edited"),
    "cut_after": ("event {seq}", "was there when its head was printed: the log was cut after event {last}"),
    "cut_at": ("event {seq}", "was there when its head was printed: the log was cut at event {seq}"),
    "other_hash": ("event {seq}", "has another hash than was printed: this or an earlier event was written anew"),
    "item_edited": ("sealed item {digest}", "is not what event {seq} was given: edited"),
    "item_wrong": ("sealed item {digest}", "is not what any event was given: edited"),
    "item_alone": ("sealed item {digest}", "belongs to no event: put in, or its event was cut off"),
    "item_moved": ("sealed item {digest}", "was moved from case {case} to case {other}"),
    "item_back": ("sealed item {digest}", "of case {case} is logged as erased, and is still there"),
    "item_gone": ("event {seq}", "its sealed item {digest} is gone, and no event says it was erased"),
    "text_edited": ("text {digest}", "is not what event {seq} was given: edited"),
    "text_wrong": ("text {digest}", "is not what any event was given: edited"),
    "text_alone": ("text {digest}", "belongs to no event: put in, or its event was cut off"),
    "text_gone": ("event {seq}", "its text {digest} is gone"),
    "case_broken": ("case {case}", "its events do not follow from each other ({reason})"),
    "case_lacking": ("case {case}", "is missing from the table of cases"),
    "case_other": ("case {case}", "the table of cases says otherwise than its events: edited"),
    "case_alone": ("case {case}", "stands in the table of cases without events: put in, or they were cut off"),
    "left_out": ("event {seq}", "belongs to the case, and the export leaves it out"),
    "exported_other": ("event {seq}", "is another in the export than in the log"),
}


@dataclass(frozen=True)
class Finding:
    """Something that is not as the desk wrote it.

    Attributes
    ----------
    key : str
        One of `TEXTS`.
    places : mapping
        What fills its text.
    """

    key: str
    places: Mapping[str, object] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where: "event 12", "case 3", "sealed item 1f0c...", "text ...", "the tables", "the file"."""
        return TEXTS[self.key][0].format(**self.places)

    @property
    def what(self) -> str:
        """What is wrong there."""
        return TEXTS[self.key][1].format(**self.places)

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def finding(key: str, **places: object) -> Finding:
    """A finding with what fills its text."""
    return Finding(key, places)
