"""Which drivers are the principal reasons of a change, and in which order they are told.

The rule, stated once:

- A driver can be a reason where its value really moved, in the direction that the catalogue declares adverse, and its
  contribution is negative. Information that appeared or vanished counts as moved.
- Drivers of one factor that summarise the same quantity (other windows, other summaries) are one reason: their
  contributions are added up, so that what one window gained and another lost is not counted, and the driver that
  lowered the score most speaks for them; a knock-out rule that fired always does.
- Factors are ranked by what they lowered the score, the strongest first. In doubt the borrower is not blamed: a factor
  of the economy's or the lender's that comes within `DOUBT_SHARE` of the whole change is ranked before a borrower's.
- Named are at most ``max_reasons``: the heaviest of the factor that leads; all that make up at least
  `PRINCIPAL_SHARE` of what lowered the score, and further ones until `COVERED_SHARE` of it is covered. A factor that
  makes up more than 1 / (max_reasons + 1) of it is never left out.
- They are told factor by factor, in the factors' rank, and within a factor the heaviest first.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.quantities import RULES, Quantities, moved_against
from credit_model.explain.shares import LEAST_FITS

#: More than four reasons tell a borrower less, not more (US Reg B, comment 9(b)(2)-1).
MAX_REASONS = 4
#: A reason that makes up at least this share of what lowered the score is principal.
PRINCIPAL_SHARE = 0.10
#: Lesser reasons are named until this share is covered.
COVERED_SHARE = 0.80
#: Within this share of the whole change, a factor that is not the borrower's is ranked before one that is. Chosen
#: on simulated cuts in time: more costs right leaders and excuses borrowers of most lenders, less lays more on them.
DOUBT_SHARE = 0.04
#: Two that are within this share of the whole change of each other are nearly tied.
NEAR_TIE_SHARE = 0.10
#: A tie of reasons also asks that the lesser one has at least this share of the weight of the other.
_TIE_RATIO = 2 / 3
#: Share of several fits that must say the same, or it is not firm. Of eight fits, a leading factor with this share is
#: right in .963 to .995 of simulated cuts, with less in .480 to .722 (three lenders).
FIRM_SHARE = 0.9


@dataclass(frozen=True)
class Reason:
    """A driver that lowered the score, speaking for all drivers of the same quantity.

    Attributes
    ----------
    driver, factor : int
        Places in ``catalogue.drivers`` and ``catalogue.factors``.
    contribution : float
        Log-odds, negative: the sum over the drivers it speaks for.
    share : float in (0, 1]
        Of all that lowered the score.
    before, after : float
        The driver's value at the reference and at the decision.
    near_tie : bool
        About as heavy as the reason told before or after it: their order means little.
    fits, n_fits : int
        Of the first reason of a factor, in how many of the model's fits it lowered the score most within its factor; of
        a further one, in how many it lowered the score at all; of how many that count for the borrower.
    """

    driver: int
    factor: int
    contribution: float
    share: float
    before: float
    after: float
    near_tie: bool
    fits: int = 1
    n_fits: int = 1

    @property
    def firm(self) -> bool:
        """Not known to hang on the fit: of several fits, nearly all say the same of it."""
        return self.n_fits < LEAST_FITS or self.fits >= FIRM_SHARE * self.n_fits


@dataclass(frozen=True)
class Candidates:
    """What could be named for each of n changes.

    Attributes
    ----------
    quantities : Quantities
    weight : float64 array, (n, n_quantities)
        Of each quantity as a reason, log-odds, at least 0.
    speaker : int64 array, (n, n_quantities)
        The driver that speaks for it.
    total : float64 array, (n,)
        All that lowered the score, by quantity.
    against : bool array, (n, n_drivers)
        Drivers that moved, and not in the borrower's favour.
    beyond : bool array, (n, n_drivers)
        Drivers at a value at which a rule that they may stand for has fired.
    """

    quantities: Quantities
    weight: FloatArray
    speaker: IntArray
    total: FloatArray
    against: BoolArray
    beyond: BoolArray

    @cached_property
    def knock_outs(self) -> BoolArray:
        """Drivers that stand for a knock-out rule which fired, whatever the model makes of it: (n, n_drivers)."""
        return self.beyond & self.quantities.stands_for["knock_out"]

    @cached_property
    def nameable(self) -> BoolArray:
        """Factors of which a driver can be named: (n, n_factors)."""
        n_factors = len(self.quantities.catalogue.factors)
        found = np.zeros((len(self.weight), n_factors), dtype=bool)
        for g in range(n_factors):
            found[:, g] = (self.weight[:, self.quantities.factor == g] > 0).any(axis=1)
        return found


def candidate_reasons(changes: ChangeExplanations) -> Candidates:
    """What could be named as a reason of each of n changes."""
    quantities = Quantities(changes.catalogue)
    against = moved_against(changes.catalogue, changes.features_before, changes.features_after)
    with np.errstate(invalid="ignore"):
        beyond = changes.features_after > quantities.trips_above
    values = changes.contributions
    fired = beyond & quantities.stands_for["knock_out"]
    strength = np.where(against & (values < 0), np.where(fired, -np.inf, values), np.inf)
    speaker = np.zeros((len(values), len(quantities.factor)), dtype=np.int64)
    for q in range(speaker.shape[1]):
        members = np.flatnonzero(quantities.of_driver == q)
        speaker[:, q] = members[strength[:, members].argmin(axis=1)]
    lowered, weight = quantities.weights(values, against)
    return Candidates(quantities, weight, speaker, lowered.sum(axis=1), against, beyond)


def ranked_factors(changes: ChangeExplanations, candidates: Candidates) -> list[tuple[int, ...]]:
    """For each of n changes the factors that lowered the score, in the order in which they are told.

    A factor none of whose drivers can be named (rounding alone moved it) comes last, so that it never leads.
    """
    others = [factor.about != "borrower" for factor in changes.catalogue.factors]
    doubt = DOUBT_SHARE * np.abs(changes.keep_score_after - changes.keep_score_before)
    rows = (changes.factor_contributions, candidates.nameable, doubt)
    ranked = []
    for value, named, width in zip(*(of_row.tolist() for of_row in rows), strict=True):
        lowered = [g for g, own in enumerate(value) if own < 0]
        order = sorted(lowered, key=lambda g: (not named[g], value[g], g))
        if order and named[order[0]] and not others[order[0]]:
            rival = next((g for g in order if others[g] and named[g]), None)
            if rival is not None and value[rival] - value[order[0]] <= width:
                order.remove(rival)
                order.insert(0, rival)
        ranked.append(tuple(order))
    return ranked


def choose_reasons(
    changes: ChangeExplanations, candidates: Candidates, row: int, factors: tuple[int, ...], max_reasons: int
) -> tuple[tuple[Reason, ...], tuple[tuple[int, ...], ...]]:
    """The reasons of one change that has any, factor by factor in the order of ``factors``, and their ties.

    A tie is a group of ranks (1 is the first reason told) whose neighbours are about equally heavy.
    """
    weight, total = candidates.weight[row].tolist(), float(candidates.total[row])
    factor = candidates.quantities.factor_of
    chosen = _principal(weight, total, factor, factors[0], max_reasons)
    rank = {g: place for place, g in enumerate(factors)}
    told = sorted(chosen, key=lambda q: (rank.get(factor[q], len(rank)), -weight[q], q))
    change = abs(float(changes.keep_score_after[row] - changes.keep_score_before[row]))
    tied = [_tied(weight[a], weight[b], change) for a, b in itertools.pairwise(told)]
    first = {factor[q]: q for q in reversed(told)}
    n_fits = int(changes.n_fits[row])
    reasons = tuple(
        Reason(
            driver=(driver := int(candidates.speaker[row, q])),
            factor=factor[q],
            contribution=-weight[q],
            share=weight[q] / total,
            before=float(changes.features_before[row, driver]),
            after=float(changes.features_after[row, driver]),
            near_tie=(place > 0 and tied[place - 1]) or (place < len(tied) and tied[place]),
            fits=int((changes.fits_headed if first[factor[q]] == q else changes.fits_lowered)[row, driver]),
            n_fits=n_fits,
        )
        for place, q in enumerate(told)
    )
    return reasons, _tied_ranks(tied)


def _tied_ranks(tied: list[bool]) -> tuple[tuple[int, ...], ...]:
    """Groups of ranks from whether each is tied with the next.

    >>> _tied_ranks([True, True, False, True])
    ((1, 2, 3), (4, 5))
    """
    groups: list[tuple[int, ...]] = []
    for rank, tie in enumerate(tied, start=1):
        if tie and groups and groups[-1][-1] == rank:
            groups[-1] = (*groups[-1], rank + 1)
        elif tie:
            groups.append((rank, rank + 1))
    return tuple(groups)


def _principal(weight: list[float], total: float, factor: list[int], leader: int, max_reasons: int) -> list[int]:
    """Quantities to name."""
    order = sorted((q for q, own in enumerate(weight) if own > 0), key=lambda q: -weight[q])
    by_factor = [0.0] * (max(factor) + 1)
    for own, g in zip(weight, factor, strict=True):
        by_factor[g] += own
    heavy = [g for g, own in enumerate(by_factor) if own > total / (max_reasons + 1)]
    heavy.sort(key=lambda g: -by_factor[g])
    chosen: list[int] = []
    for g in [leader, *heavy]:
        first = next(q for q in order if factor[q] == g)
        if first not in chosen and len(chosen) < max_reasons:
            chosen.append(first)
    covered = sum(weight[q] for q in chosen)
    for q in order:
        if len(chosen) >= max_reasons or (covered >= COVERED_SHARE * total and weight[q] < PRINCIPAL_SHARE * total):
            break
        if q not in chosen:
            chosen.append(q)
            covered += weight[q]
    return chosen


def _tied(weight: float, other: float, change: float) -> bool:
    low, high = min(weight, other), max(weight, other)
    return bool(high - low <= NEAR_TIE_SHARE * change and low >= _TIE_RATIO * high)


def coverage_of(candidates: Candidates, row: int, reasons: tuple[Reason, ...]) -> tuple[float, int]:
    """The share of what lowered the score that the reasons make up, and how many further principal ones there are."""
    if not reasons:
        return 0.0, 0
    weight, total = candidates.weight[row].tolist(), float(candidates.total[row])
    named = {candidates.quantities.quantity_of[reason.driver] for reason in reasons}
    covered = sum(weight[q] for q in sorted(named))
    unnamed = sum(q not in named and own >= PRINCIPAL_SHARE * total for q, own in enumerate(weight))
    return min(covered / total, 1.0), unnamed


def rules_at_work(candidates: Candidates, reasons: Sequence[tuple[Reason, ...]]) -> list[tuple[str, ...]]:
    """Types of rule (`RULES`) that apply to each of n changes, by its reasons: knock-outs that fired, and those that
    the drivers behind the reasons stand for (a delinquency only while it lasts)."""
    quantities, named = candidates.quantities, np.zeros(candidates.weight.shape, dtype=bool)
    for row, told in enumerate(reasons):
        for reason in told:
            named[row, quantities.quantity_of[reason.driver]] = True
    behind, beyond = candidates.against & named[:, quantities.of_driver], candidates.beyond
    applies = {"knock_out": beyond, "delinquency": behind & beyond, "inactivity": behind, "class_wide": behind}
    found = [(applies[rule][:, quantities.stands_for[rule]]).any(axis=1).tolist() for rule in RULES]
    return [tuple(itertools.compress(RULES, applied)) for applied in zip(*found, strict=True)]
