"""Waves of cuts, seen in the panel alone: months, and classes of borrowers, that were cut far above their usual.

When many limits fall at once, the lender has moved, whether or not a column says so; that so many others were cut is
never the borrower's reason. The rule, stated once: the share of lines that are cut in a month is a wave where it is

- at least `TIMES_USUAL` times the usual share of the same lines: their pooled share in all other months;
- of at least `LEAST_CUTS` lines; and
- beyond chance: so many cuts have a probability of at most `CHANCE` at the usual share (Poisson).

Looked at are all lines of a month, the lines of each tier in force, and those of each category of a declared column
(audit columns apart). A cut is told the wave of all lines, unless its class was hit much harder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtrc

from credit_model.arrays import BoolArray, IntArray
from credit_model.explain.month_effects import NO_EFFECTS, MonthEffects
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder

TIMES_USUAL = 3.0
LEAST_CUTS = 10
CHANCE = 1e-6
#: Fewest other months that tell what is usual.
LEAST_MONTHS = 6
#: A class is told instead of the whole month where its rate is so many times the month's.
CLASS_TIMES_MONTH = 1.5
#: The scopes that are no columns.
MONTH, TIER = "month", "tier_in_force"


@dataclass(frozen=True)
class Wave:
    """A month in which a class of lines was cut far above its usual.

    Attributes
    ----------
    scope : str
        "month" (all lines), "tier_in_force", or a column of categories.
    group : int
        The class: a tier, or a category's code; 0 for all lines.
    month_number : int
    n, n_cut : int
        Lines of the class that could fall in that month, and those that did.
    usual : float
        Share of the class that is cut in a usual month.
    """

    scope: str
    group: int
    month_number: int
    n: int
    n_cut: int
    usual: float

    @property
    def rate(self) -> float:
        """Share of the class that was cut."""
        return self.n_cut / self.n

    @property
    def times_usual(self) -> float:
        """How many times the usual share was cut."""
        return self.rate / self.usual


@dataclass(frozen=True)
class Waves:
    """The waves of a panel, and the class that each row belongs to; with a model, also the effects of its months."""

    history: History
    ladder: LimitLadder
    groups: dict[str, IntArray]
    found: dict[tuple[str, int, int], Wave]
    effects: MonthEffects = NO_EFFECTS

    def seen_from(self, history: History) -> Waves:
        """The same waves for the rows of another history, such as that of some of the panel's borrowers."""
        _, before = tiers_of(history, self.ladder)
        return replace(self, history=history, groups=_groups(history, before))

    def of_rows(self, row: IntArray) -> NDArray[np.object_]:
        """The wave that each row (n,) of the history is told; None where there is none."""
        told = np.full(len(row), None, dtype=object)
        if self.found:
            for i, r in enumerate(row.tolist()):
                told[i] = self._of(r)
        return told

    def _of(self, row: int) -> Wave | None:
        month = int(self.history.month_number[row])
        of_all = self.found.get((MONTH, 0, month))
        classes = [self.found.get((scope, int(group[row]), month)) for scope, group in self.groups.items()]
        hardest = max((wave for wave in classes if wave), key=lambda wave: wave.rate, default=None)
        if of_all is None or (hardest is not None and hardest.rate >= CLASS_TIMES_MONTH * of_all.rate):
            return hardest
        return of_all


#: Lines that could fall and lines that were cut, by scope, class and month.
WaveCounts: TypeAlias = dict[tuple[str, int, int], tuple[int, int]]


def find_waves(history: History, ladder: LimitLadder) -> Waves:
    """The waves of cuts in a whole panel.

    Parameters
    ----------
    history : History
        All borrowers: a selection of them shows no wave, or a wrong one.
    ladder : LimitLadder
        A fall of the tier is a cut.
    """
    return waves_of_counts(count_lines(history, ladder), history, ladder)


def count_lines(history: History, ladder: LimitLadder) -> WaveCounts:
    """The lines of each class that could fall in each month, and those that did; counts of parts of a panel add up.

    Parameters
    ----------
    history : History
    ladder : LimitLadder
    """
    tier, before = tiers_of(history, ladder)
    at_risk = (before > 0) & (tier >= 0) & ~history.is_no_cut
    cut = at_risk & (tier < before)
    scopes = {MONTH: np.zeros(len(tier), dtype=np.int64), **_groups(history, before)}
    found: WaveCounts = {}
    for scope, group in scopes.items():
        found |= _counts_of(scope, group, history.month_number, at_risk & (group >= 0), cut)
    return found


def waves_of_counts(counts: WaveCounts, history: History, ladder: LimitLadder) -> Waves:
    """The waves that counts over a whole panel show, told of the rows of ``history``.

    Parameters
    ----------
    counts : WaveCounts
        Of all parts of the panel together.
    history : History
        Some or all of its borrowers.
    ladder : LimitLadder
    """
    _, before = tiers_of(history, ladder)
    classes: dict[tuple[str, int], list[tuple[int, int, int]]] = {}
    for (scope, group, month), (n, n_cut) in sorted(counts.items()):
        classes.setdefault((scope, group), []).append((month, n, n_cut))
    waves = [
        wave
        for (scope, group), own in classes.items()
        for wave in _waves_of(scope, group, np.array(own, dtype=np.int64).reshape(-1, 3))
    ]
    found = {(w.scope, w.group, w.month_number): w for w in waves}
    return Waves(history, ladder, _groups(history, before), found)


def tiers_of(history: History, ladder: LimitLadder) -> tuple[IntArray, IntArray]:
    """Each row's tier and the one in force before it: (n,), (n,); -1 where unknown."""
    tier = ladder.tier_of(history.values(history.catalogue.limit))
    before = np.concatenate([[-1], tier[:-1]])
    before[history.starts[:-1]] = -1
    return tier, before


def _groups(history: History, before: IntArray) -> dict[str, IntArray]:
    groups = {TIER: before}
    for column in history.catalogue.columns:
        if column.kind == "category" and column.role is None:
            groups[column.name] = np.nan_to_num(history.values(column.name), nan=-1).astype(np.int64)
    return groups


def _counts_of(scope: str, group: IntArray, month: IntArray, at_risk: BoolArray, cut: BoolArray) -> WaveCounts:
    if not at_risk.any():
        return {}
    months, m = np.unique(month[at_risk], return_inverse=True)
    classes, g = np.unique(group[at_risk], return_inverse=True)
    n, n_cut = (np.zeros((len(classes), len(months)), dtype=np.int64) for _ in range(2))
    np.add.at(n, (g, m), 1)
    np.add.at(n_cut, (g, m), cut[at_risk].astype(np.int64))
    return {(scope, int(classes[i]), int(months[k])): (int(n[i, k]), int(n_cut[i, k])) for i, k in np.argwhere(n > 0)}


def _waves_of(scope: str, group: int, counts: IntArray) -> Iterator[Wave]:
    """The waves of one class, of its months (n_months, 3): month, lines, cuts."""
    month, n, n_cut = counts.T
    for k in np.flatnonzero(n_cut >= LEAST_CUTS).tolist():
        usual = _usual_rate(np.delete(n, k), np.delete(n_cut, k))
        lines, cuts = int(n[k]), int(n_cut[k])
        if usual > 0 and cuts >= TIMES_USUAL * usual * lines and pdtrc(cuts - 1, usual * lines) <= CHANCE:
            yield Wave(scope, group, int(month[k]), lines, cuts, usual)


def _usual_rate(n: IntArray, n_cut: IntArray) -> float:
    """Pooled share of the other months; NaN where too few are known, never quite 0.

    Half a cut is added, as where none has been seen a share of 0 would make a wave of anything.
    """
    if (n > 0).sum() < LEAST_MONTHS:
        return float("nan")
    return float((n_cut.sum() + 0.5) / n.sum())
