"""Columns that say what a month is: reviewed, closed, or with a change of the limit that is not the lender's.

Of the others, those that are copies of each other are told apart from the one that stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.arrays import BoolArray
from credit_model.draft.leaks import LeftOut
from credit_model.draft.panel import Panel

#: Values of a status that mean that an account has ended.
_ENDED = ("closed", "close", "cancelled", "canceled", "terminated", "cls", "closed account", "paid off", "written off",
          "charged off", "chargeoff", "charge-off", "销户", "已销户", "注销", "已注销", "关闭", "已关闭", "销卡",
          "结清", "已结清", "核销", "终止")  # fmt: skip
#: Rows in which a limit is blank mean closures if so many of them come after all others of their borrower.
_AT_THE_END = 0.8
#: A column that marks reviews is true in so many of the moves, and not in nearly all rows.
_ALL_MOVES, _MOST_ROWS_REVIEWED = 0.995, 0.98


@dataclass(frozen=True)
class Roles:
    """What columns of a panel are for, beside drivers.

    Attributes
    ----------
    reviewed : str or None
    closed : tuple of (column or None, values) or None
        As `Closure`: column None means that a blank limit is a closure.
    not_a_cut : tuple of str
    notes : tuple of (what, decided, how sure, why)
    """

    reviewed: str | None
    closed: tuple[str | None, tuple[str | bool, ...]] | None
    not_a_cut: tuple[str, ...]
    notes: tuple[tuple[str, str, str, str], ...]


def find_roles(panel: Panel, left_out: dict[str, LeftOut]) -> Roles:
    """Find the columns with a role; those that are left out have none."""
    notes: list[tuple[str, str, str, str]] = []
    reviewed = _reviewed(panel, left_out, notes)
    closed, not_a_cut = _closed(panel, left_out, notes), _not_a_cut(panel, reviewed, notes)
    for name in (*not_a_cut, *([reviewed] if reviewed else [])):
        left_out.pop(name, None)
    for name, profile in panel.profiles.items():
        if name not in (reviewed, *not_a_cut, *left_out) and profile.meaning.fit("reviewed") > 0:
            why = "its name says a review, but the limit also moves in months in which it is not true"
            left_out[name] = LeftOut(name, why, "unsure")
    kept = {*not_a_cut, *left_out, reviewed, closed[0] if closed is not None else None}
    for name, of in _copies(panel, [name for name in panel.profiles if name not in kept]).items():
        left_out[name] = LeftOut(name, f"it is a copy of {of!r}: all their cells are the same", "sure")
    return Roles(reviewed, closed, not_a_cut, tuple(notes))


def _copies(panel: Panel, names: list[str]) -> dict[str, str]:
    """Columns whose cells are all those of another one, and which: of several the one that says most stays."""

    def rank(name: str) -> tuple[bool, bool, int]:
        concept = panel.profiles[name].meaning.driver
        return concept is None or concept.role != "audit", concept is None, names.index(name)

    first: dict[tuple[object, ...], str] = {}
    found = {}
    for name in sorted(names, key=rank):
        profile = panel.profiles[name]
        cells = np.where(np.isnan(profile.values), np.nan, profile.values + 0.0).tobytes()
        stays = first.setdefault((cells, profile.categories), name)
        if stays != name:
            found[name] = stays
    return found


def _booleans(panel: Panel) -> list[str]:
    return [name for name, p in panel.profiles.items() if p.kind == "boolean"]


def _reviewed(panel: Panel, left_out: dict[str, LeftOut], notes: list[tuple[str, str, str, str]]) -> str | None:
    moved = np.nan_to_num(panel.move) != 0
    judged = []
    for name in _booleans(panel):
        true = panel.values(name) > 0
        named = panel.profiles[name].meaning.fit("reviewed") > 0
        share = float(true.mean())
        if not 0 < share < _MOST_ROWS_REVIEWED:
            continue
        covers = float(true[moved].mean()) if moved.any() else float(named)
        is_move = bool(moved.any() and moved[true].mean() > 0.9)
        if (
            covers >= _ALL_MOVES
            and not is_move
            and (named or (name not in left_out and moved.sum() >= 30 and share < 0.7))
        ):
            judged.append((named, -share, name))
    if not judged:
        return None
    named, share, name = max(judged)
    why = f"the limit moves only in months in which it is true ({-share:.0%} of all)"
    notes.append((name, "marks the months in which the limit was reviewed", "sure" if named else "unsure", why))
    return name


def _closed(
    panel: Panel, left_out: dict[str, LeftOut], notes: list[tuple[str, str, str, str]]
) -> tuple[str | None, tuple[str | bool, ...]] | None:
    for name, profile in panel.profiles.items():
        concept = profile.meaning.driver
        if concept is None or concept.role != "closed":
            continue
        if profile.kind == "category":
            ended = tuple(c for c in profile.categories if c.strip().lower() in _ENDED)
            if ended:
                notes.append((name, f"{', '.join(ended)}: the account has ended", "likely", "its values say so"))
                return name, ended
        if profile.kind == "boolean" and "closed" in profile.meaning.words:
            notes.append((name, "true: the account has ended", "likely", "its name says so"))
            left_out.pop(name, None)
            return name, (True,)
    blank = np.isnan(panel.limit)
    if not blank.any():
        return None
    at_end = float(_followed_by_none(panel, ~blank)[blank].mean())
    if at_end >= _AT_THE_END:
        notes.append(("closed", "a blank limit means that the account has ended", "likely",
                      f"{at_end:.0%} of the blank limits come after all others of their borrower"))  # fmt: skip
        return None, ()
    notes.append(("closed", "blank limits are taken as not known", "unsure",
                  f"{int(blank.sum()):,} limits are blank, and others of the same borrower follow"))  # fmt: skip
    return None


def _followed_by_none(panel: Panel, known: BoolArray) -> BoolArray:
    """Rows after which the borrower has no row that is ``known``."""
    last = np.full(int(panel.borrower.max()) + 1, -1, dtype=np.int64)
    rows = np.flatnonzero(known)
    np.maximum.at(last, panel.borrower[rows], rows)
    return np.asarray(np.arange(len(panel)) > last[panel.borrower])


def _not_a_cut(panel: Panel, reviewed: str | None, notes: list[tuple[str, str, str, str]]) -> tuple[str, ...]:
    found = []
    for name in _booleans(panel):
        concept = panel.profiles[name].meaning.driver
        if name == reviewed or concept is None or concept.role != "not_a_cut":
            continue
        true = panel.values(name) > 0
        moves = np.nan_to_num(panel.move)
        at_falls = int((true & panel.fell).sum())
        before_falls = int((panel.earlier(np.where(true, 1.0, 0.0)) > 0)[panel.fell].sum())
        found.append(name)
        decided = "changes of the limit in months in which it is true are no cuts"
        if concept.id == "temporary" and before_falls > 2 * at_falls:
            why = (
                f"it is true before {before_falls:,} falls but in the month of only {at_falls:,}: if it marks the "
                "months of a temporary rise, its end still counts as a cut; give a column that is true in the month of "
                "the end"
            )
            notes.append((name, decided, "unsure", why))
        else:
            n_moves = int((true & (moves != 0)).sum())
            why = f"its name says so; it is true in {n_moves:,} moves, {at_falls:,} of them falls"
            notes.append((name, decided, "likely", why))
    return tuple(found)
