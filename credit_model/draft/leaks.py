"""Columns that cannot be drivers: known only after the decision, constant, naming somebody, or of no number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.arrays import BoolArray, FloatArray
from credit_model.draft.panel import Panel, auc, correlation
from credit_model.draft.profiles import MOST_CATEGORIES, Profile

#: A column repeats the limit, or gives it with another one, if it does in so many of the rows.
_SAME = 0.97
#: It tells a move if it ranks the moved limits so well in their own month, and so much better than the month before.
_TELLS, _BETTER = 0.9, 0.2
#: Its values of the month before tell the move all by themselves.
_TELLS_BEFORE = 0.985
_LEAST_MOVES = 20
#: It jumps with the limit if its relative change goes with the limit's so closely.
_JUMPS = 0.7
#: Roles that a name alone gives.
_BY_NAME = {
    "after": "its name says that it is known only after the decision",
    "old_limit": "the limit of the month before is known as the limit in force",
    "left_out": "it names or describes somebody or the export, and is no driver",
}


@dataclass(frozen=True)
class LeftOut:
    """A column that is left out, why, and how sure that is.

    Attributes
    ----------
    name, why : str
    sure : "sure", "likely" or "unsure"
    is_leak : bool
        It would give the decision away.
    only_at_lag_0 : bool
        It does so only where a month's decision knows the month.
    """

    name: str
    why: str
    sure: str
    is_leak: bool = False
    only_at_lag_0: bool = False


def find_left_out(panel: Panel) -> dict[str, LeftOut]:
    """The columns of a panel that can be no drivers, by name."""
    found: dict[str, LeftOut] = {}
    for name, profile in panel.profiles.items():
        if (reason := _of_no_use(panel, profile) or _repeats_the_limit(panel, profile)) is not None:
            found[name] = reason
    amounts = [n for n, p in panel.profiles.items() if p.kind in ("number", "integer") and n not in found]
    for name, why in _limit_from_two(panel, amounts).items():
        found[name] = LeftOut(name, why, "sure", is_leak=True)
    for name, profile in panel.profiles.items():
        if name not in found and (reason := _tells_the_move(panel, profile) or _jumps(panel, profile)) is not None:
            found[name] = reason
    return {name: found[name] for name in panel.profiles if name in found}


def _of_no_use(panel: Panel, profile: Profile) -> LeftOut | None:
    name, concept = profile.name, profile.meaning.driver
    role = concept.role if concept is not None else ""
    if profile.kind == "empty":
        return LeftOut(name, "all its cells are blank", "sure")
    if profile.n_distinct <= 1 and not np.isnan(profile.values).any():
        return LeftOut(name, "it holds one value in all rows", "sure")
    if role in _BY_NAME:
        return LeftOut(name, _BY_NAME[role], "likely" if role == "after" else "sure", is_leak=role == "after")
    if role == "audit" and profile.kind in ("category", "integer", "number", "boolean"):
        return None
    if profile.kind == "date":
        return LeftOut(name, "it holds dates, and features are made of numbers", "sure")
    if profile.kind == "text" and profile.doubt:
        return LeftOut(name, profile.doubt, "unsure")
    if profile.kind == "text":
        return LeftOut(name, f"it holds texts of more than {MOST_CATEGORIES} kinds, such as names or notes", "sure")
    top = profile.meaning.concept
    if top is not None and top.role in ("customer", "account"):
        return LeftOut(name, "it names a borrower or an account", "sure")
    if profile.kind == "integer" and concept is None:
        if profile.n_distinct == len(panel):
            return LeftOut(name, "each row has its own value: it numbers the rows", "sure")
        if (
            panel.n_borrowers >= 50
            and profile.n_distinct >= 0.98 * panel.n_borrowers
            and panel.is_constant_within(name)
            and np.nanmax(profile.values) < 2.5 * np.nanmedian(profile.values)  # an amount has a long tail
        ):
            return LeftOut(
                name, "each borrower has its own value, which never changes: it names the borrower", "likely"
            )
    return None


def _repeats_the_limit(panel: Panel, profile: Profile) -> LeftOut | None:
    if profile.kind not in ("number", "integer"):
        return None
    values, name = panel.values(profile.name), profile.name
    meant = {
        "it repeats the limit": panel.limit,
        "it holds the limit of the month before, which is known as the limit in force": panel.before,
        "it holds the limit of the month after, which nobody knows yet": panel.later(panel.limit),
        "it holds the change of the limit": panel.limit - panel.before,
        "it holds the relative change of the limit": panel.limit / np.where(panel.before > 0, panel.before, np.nan) - 1,
    }
    moves = np.nan_to_num(panel.move) != 0
    next_moves = np.nan_to_num(panel.later(panel.move)) != 0
    rows = moves | next_moves
    for why, limit in meant.items():
        if _agree(values, limit, rows):
            return LeftOut(name, why, "sure", is_leak="before" not in why)
    return None


def _agree(values: FloatArray, other: FloatArray, rows: BoolArray) -> bool:
    """Whether two columns are equal nearly everywhere, also in the rows that matter."""
    known = ~np.isnan(values) & ~np.isnan(other)
    if known.sum() < 20 or (known & rows).sum() < 5:
        return False
    close = np.isclose(values, other, rtol=2e-3, atol=1e-6)
    return bool(close[known].mean() >= 0.9 and close[known & rows].mean() >= _SAME)


def _limit_from_two(panel: Panel, names: list[str]) -> dict[str, str]:
    """Columns that give the new limit together with another one: what is available, a share that is used."""
    moves = np.flatnonzero(np.nan_to_num(panel.move) != 0)
    if len(moves) < 5:
        return {}
    limit, step = panel.limit[moves], (panel.limit - panel.before)[moves]
    cells = {name: panel.values(name)[moves] for name in names}
    found: dict[str, str] = {}
    for one in names:
        if _is_known_driver(panel.profiles[one], {"available", "utilisation"}) or one in found:
            continue
        for two in names:
            if two in (one, *found) or panel.profiles[two].n_distinct < 10:
                continue
            why = _gives(cells[one], cells[two], limit)
            if why is None or _is_balance(panel.profiles[one]):
                continue
            follows = [abs(correlation((v - panel.earlier(v))[moves], step)) for v in map(panel.values, (one, two))]
            if "less" not in why or follows[0] >= follows[1] or _is_balance(panel.profiles[two]):
                found[one] = f"{why.format(two=repr(two))}, so it moves with the new limit in the month of the decision"
                break
    return found


def _is_balance(profile: Profile) -> bool:
    concept = profile.meaning.driver
    return concept is not None and concept.shape == "balance"


def _is_known_driver(profile: Profile, but: set[str]) -> bool:
    """Whether the name says that a column is a driver, other than one that follows from the limit."""
    concept = profile.meaning.driver
    return concept is not None and not concept.role and concept.id not in but


def _gives(one: FloatArray, two: FloatArray, limit: FloatArray) -> str | None:
    known = ~np.isnan(one) & ~np.isnan(two) & (limit > 0) & (two != 0) & (one != 0)
    if known.sum() < max(20, 0.2 * len(limit)):
        return None
    a, b, c = one[known], two[known], limit[known]
    if np.isclose(a + b, c, rtol=5e-3, atol=1.0).mean() >= _SAME:
        return "it is the limit less {two}"
    if (a > 0).all() and len(np.unique(a)) > 10:
        for unit in (1.0, 100.0):
            if np.isclose(a, unit * b / c, rtol=2e-2, atol=0.006 * unit).mean() >= _SAME and np.std(a) > 0.02 * unit:
                return "it is {two} as a share of the limit"
    return None


def _tells_the_move(panel: Panel, profile: Profile) -> LeftOut | None:
    """Whether a column ranks the limits that moved too well in the month of the move."""
    concept = profile.meaning.driver
    if profile.kind in ("text", "date") or (concept is not None and concept.role in ("audit", "reviewed", "not_a_cut")):
        return None
    row = panel.sample
    values = panel.values(profile.name)
    for moved, what in ((panel.fell[row], "falls"), (panel.rose[row], "rises")):
        if moved.sum() < _LEAST_MOVES:
            continue
        now, before = (_best_auc(panel, v, moved, profile) for v in (values, panel.earlier(values)))
        known = _is_known_driver(profile, {"available", "utilisation"})
        if now >= _TELLS and now - before >= _BETTER and not known:
            why = f"it tells the {what} of the limit in their own month (AUC {now:.2f}) and not before ({before:.2f})"
            return LeftOut(profile.name, why, "likely", is_leak=True)
        if before >= _TELLS_BEFORE and not known:
            why = f"it all but gives the next {what} of the limit away (AUC {before:.3f})"
            return LeftOut(profile.name, why, "unsure", is_leak=True)
    return None


def _jumps(panel: Panel, profile: Profile) -> LeftOut | None:
    """Whether a column jumps with the limit in the month of its move, as a share of the new limit does."""
    concept = profile.meaning.driver
    if profile.kind not in ("number", "integer") or _is_known_driver(profile, {"available", "utilisation"}):
        return None
    if concept is not None and concept.role == "audit":
        return None
    values, before = panel.values(profile.name), panel.earlier(panel.values(profile.name))
    rows = (np.nan_to_num(panel.move) != 0) & (values > 0) & (before > 0) & (panel.limit > 0) & (panel.before > 0)
    if rows.sum() < _LEAST_MOVES:
        return None
    with_limit = correlation(np.log(values[rows] / before[rows]), np.log(panel.limit[rows] / panel.before[rows]))
    if abs(with_limit) < _JUMPS:
        return None
    how = f"it jumps with the limit in the month of its move (correlation {with_limit:+.2f})"
    why = f"{how}, so it is reckoned with the new one"
    return LeftOut(profile.name, why, "likely", is_leak=True, only_at_lag_0=True)


def _best_auc(panel: Panel, values: FloatArray, moved: BoolArray, profile: Profile) -> float:
    row = panel.sample
    cells = values[row]
    if profile.kind == "category":
        codes = np.nan_to_num(cells, nan=len(profile.categories)).astype(np.int64)
        n = np.bincount(codes, minlength=len(profile.categories) + 1)
        rate = np.bincount(codes, weights=moved, minlength=len(n)) / np.maximum(n, 1)
        return auc(rate[codes], moved)
    step = (values - panel.earlier(values))[row]
    found = [auc(cells, moved), auc(step, moved), auc(np.where(np.isnan(cells), 1.0, 0.0), moved)]
    return max(max(one, 1 - one) for one in found)
