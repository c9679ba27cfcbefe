"""One verdict for every cut, from which everything that is told of it is derived.

Tables, plots, reasons, notices, pages and the grade take what they say from here: how far the model supports the cut,
both risks and how often such risks ended in a cut, the factors in the order in which they are told, the reasons, the
rules that fired, and whether many others were cut in the same month.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from credit_model.arrays import BoolArray, FloatArray
from credit_model.errors import CreditModelError
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.principal import (
    FIRM_SHARE,
    MAX_REASONS,
    NEAR_TIE_SHARE,
    Candidates,
    Reason,
    candidate_reasons,
    choose_reasons,
    coverage_of,
    ranked_factors,
    rules_at_work,
)
from credit_model.explain.shares import LEAST_FITS
from credit_model.explain.support import Frequency, HeldOutRisk, Shortfall, Support, SupportRule
from credit_model.explain.waves import Wave

#: A month effect counts so many times: it is a mean over all lines, and of some of them what the lender moved is more.
TIMES_MONTH_EFFECT = 2.0

Withheld = Literal["", "not_supported", "no_reference", "not_worsened"]


@dataclass(frozen=True)
class Verdict:
    """What is told of one cut.

    Attributes
    ----------
    support : "expected", "raised" or "unexplained"
        How far the model supports the cut (`support.SupportRule`).
    shortfall : str
        Why it is unexplained (`support.Shortfall`); "" where it is not.
    withheld : str
        Why no reasons are told: "not_supported", "no_reference" (nothing earlier is known), "not_worsened" (the score
        did not fall since the reference); "" where they are told.
    risk_before, risk_after : float in [0, 1]
        Of losing the tier in force, at the reference (NaN without one) and at the decision.
    usual_risk : float
        Share of decisions that end in a cut; NaN if unknown.
    frequency : Frequency or None
        Of cuts among held-out decisions of about the same risk.
    factors : tuple of int
        Factors that lowered the score, in the order in which they are told: a fact also where they are no reasons.
    leading_factor : int
        ``factors[0]`` where reasons are told, and always the factor of the first of them; else -1.
    near_tie : bool
        The first two factors lowered the score about equally; of a bag of fits: too few put the first of them first.
    leader_fits, n_fits : int
        How many fits of the model put ``factors[0]`` first, of how many that count for the borrower.
    apart_share : float in [0, 1]
        Of all that lowered the score, the share of the economy and the lender.
    reasons : tuple of Reason
        Factor by factor in the order of ``factors``, within a factor the heaviest first.
    ties : tuple of tuples of int
        Ranks of neighbouring reasons (1 is the first) that are about equally heavy, a tuple for each group.
    coverage : float in [0, 1]
        Share of what lowered the score that the reasons make up; 0 without reasons.
    unnamed : int
        Further ones that make up at least `PRINCIPAL_SHARE`, for which there was no room.
    knock_outs : tuple of int
        Drivers that stand for a knock-out rule which fired, whatever the model makes of it.
    rules : tuple of str
        Types of rule (`principal.RULES`) that apply.
    restoring : tuple of int
        Factors each of which alone, put back to where it was, brings the score to the restoring line.
    wave : Wave or None
        Many others were cut in the same month: the lender's doing.
    month_effect : float
        By how much more lines fell in that month than at the reference, beyond what the borrowers' own records account
        for; log-odds, at least 0.
    unseen : int
        A driver with a value that the model has never seen, so that what is told is no firm reason; -1: none.
    """

    support: Support
    shortfall: Shortfall
    withheld: Withheld
    risk_before: float
    risk_after: float
    usual_risk: float
    frequency: Frequency | None
    factors: tuple[int, ...]
    leading_factor: int
    near_tie: bool
    apart_share: float
    reasons: tuple[Reason, ...]
    ties: tuple[tuple[int, ...], ...]
    coverage: float
    unnamed: int
    knock_outs: tuple[int, ...]
    rules: tuple[str, ...]
    restoring: tuple[int, ...]
    wave: Wave | None
    month_effect: float = 0.0
    unseen: int = -1
    leader_fits: int = 0
    n_fits: int = 1

    @property
    def needs_confirmation(self) -> bool:
        """A person confirms what is told: the model would have kept the limit, or has never seen such a value."""
        return self.support == "raised" or self.unseen >= 0

    @property
    def mostly_apart(self) -> bool:
        """More than half of what lowered the score is the economy's or the lender's, not the borrower's."""
        return self.apart_share > 0.5


def find_support(
    changes: ChangeExplanations,
    rule: SupportRule,
    usual_risk: float,
    waves: NDArray[np.object_],
    month_effect: FloatArray,
) -> NDArray[np.object_]:
    """The support of each of n cuts, or of decisions that kept the limit: (n,).

    A wave multiplies the risk of all its lines. Where what the model does not account for of it (its weight in
    log-odds less what the model lays on the economy and the lender) is more than the strongest factor, a raised risk
    does not support the cut: what led it is the wave, and that is not the borrower's. Nor is a cut supported where
    `TIMES_MONTH_EFFECT` times the month effect is more than the strongest factor: the records of all lines together do
    not account for the cuts of that month, and what the data do not show may have led this one.

    Parameters
    ----------
    changes : ChangeExplanations
    rule : SupportRule
    usual_risk : float
    waves : array of Wave or None, (n,)
    month_effect : float64 array, (n,), log-odds
        From `month_effects.MonthEffects.since`.
    """
    support = rule.levels(changes.keep_score_before, changes.keep_score_after, changes.has_reference, usual_risk)
    if not len(changes):
        return support
    apart = np.array([factor.about != "borrower" for factor in changes.catalogue.factors], dtype=bool)
    lowered = -np.minimum(changes.factor_contributions, 0.0)
    accounted, strongest = lowered[:, apart].sum(axis=1), lowered.max(axis=1)
    weight = np.log(np.array([1.0 if wave is None else wave.times_usual for wave in waves]))
    by_wave = (support == "raised") & (weight - accounted > strongest)
    return np.where(by_wave | _outweighed(changes, month_effect), "unexplained", support).astype(object)


def _outweighed(changes: ChangeExplanations, month_effect: FloatArray) -> BoolArray:
    """Whether the month effect may have led, more than any factor: (n,)."""
    lowered = -np.minimum(changes.factor_contributions, 0.0)
    found: BoolArray = TIMES_MONTH_EFFECT * month_effect > lowered.max(axis=1, initial=0.0)
    return found


def find_verdicts(
    changes: ChangeExplanations,
    *,
    rule: SupportRule,
    held_out: HeldOutRisk | None,
    waves: NDArray[np.object_],
    month_effect: FloatArray,
    max_reasons: int = MAX_REASONS,
) -> tuple[Verdict, ...]:
    """The verdict on each of n cuts.

    Parameters
    ----------
    changes : ChangeExplanations
    rule : SupportRule
        The thresholds of support.
    held_out : HeldOutRisk or None
        What became of held-out decisions; without it no risk counts as raised.
    waves : array of Wave or None, (n,)
        From `waves.Waves.of_rows`.
    month_effect : float64 array, (n,), log-odds
        From `month_effects.MonthEffects.since`.
    max_reasons : int, 1 to 4

    Raises
    ------
    CreditModelError
        ``max_reasons`` is out of range.
    """
    if isinstance(max_reasons, bool) or not isinstance(max_reasons, int) or not 1 <= max_reasons <= MAX_REASONS:
        raise CreditModelError(f"max_reasons must be between 1 and {MAX_REASONS}, got {max_reasons!r}")
    if not len(changes):
        return ()
    usual = float("nan") if held_out is None else held_out.usual
    support = find_support(changes, rule, usual, waves, month_effect)
    candidates = candidate_reasons(changes)
    factors = ranked_factors(changes, candidates)
    withheld = _withheld(changes, support, factors, candidates)
    apart = _apart_shares(changes)
    lone = changes.coalitions.score_without_each() >= restoring_lines(changes, support, rule, usual)[:, None]
    led = np.array([changes.fits_led[i, order[0]] if order else 0 for i, order in enumerate(factors)])
    tied = np.where(changes.n_fits >= LEAST_FITS, led < FIRM_SHARE * changes.n_fits, _near_ties(changes, factors))
    risk_before = np.where(changes.has_reference, expit(-changes.keep_score_before), np.nan)
    risk_after = expit(-changes.keep_score_after)
    by_month = _outweighed(changes, month_effect)
    shortfall: list[Shortfall] = [
        _shortfall(rule, float(before), float(after), usual, by_month=bool(other)) if one == "unexplained" else ""
        for before, after, one, other in zip(risk_before, risk_after, support, by_month, strict=True)
    ]
    told: list[tuple[tuple[Reason, ...], tuple[tuple[int, ...], ...]]] = [
        ((), ()) if withheld[i] else choose_reasons(changes, candidates, i, factors[i], max_reasons)
        for i in range(len(changes))
    ]
    rules = rules_at_work(candidates, [reasons for reasons, _ in told])
    frequency = [None] * len(changes) if held_out is None else held_out.frequencies_of(risk_after)
    knock_outs, restoring = _places_true(candidates.knock_outs), _places_true(lone)
    before, after, shares, effect, unseen, n_fits = (
        of_cut.tolist() for of_cut in (risk_before, risk_after, apart, month_effect, changes.unseen, changes.n_fits)
    )
    verdicts = []
    for i, (reasons, ties) in enumerate(told):
        coverage, unnamed = coverage_of(candidates, i, reasons)
        verdicts.append(
            Verdict(
                support=support[i],
                shortfall=shortfall[i],
                withheld=withheld[i],
                risk_before=before[i],
                risk_after=after[i],
                usual_risk=usual,
                frequency=frequency[i],
                factors=factors[i],
                leading_factor=-1 if withheld[i] else factors[i][0],
                near_tie=bool(tied[i]) and len(factors[i]) > 1,
                leader_fits=int(led[i]),
                n_fits=n_fits[i],
                apart_share=shares[i],
                reasons=reasons,
                ties=ties,
                coverage=coverage,
                unnamed=unnamed,
                knock_outs=knock_outs[i],
                rules=rules[i],
                restoring=restoring[i],
                wave=waves[i],
                month_effect=effect[i],
                unseen=unseen[i],
            )
        )
    return tuple(verdicts)


def _places_true(flags: BoolArray) -> list[tuple[int, ...]]:
    """Where each row (n, m) is true."""
    row, place = np.nonzero(flags)
    ends = np.searchsorted(row, np.arange(len(flags) + 1)).tolist()
    found: list[int] = place.tolist()
    return [tuple(found[start:end]) for start, end in itertools.pairwise(ends)]


def _shortfall(rule: SupportRule, before: float, after: float, usual: float, *, by_month: bool) -> Shortfall:
    """Why a cut is unexplained."""
    if by_month and after >= rule.expected_risk:
        return "month_effect"
    return rule.shortfall(before, after, usual) or ("month_effect" if by_month else "outweighed")


def restoring_lines(
    changes: ChangeExplanations, support: NDArray[np.object_], rule: SupportRule, usual_risk: float
) -> FloatArray:
    """The keep score at which each cut would not be supported: (n,), log-odds; NaN where it is not.

    Of an expected cut the score at which the limit is kept; of a raised one that at which the risk would not count as
    raised.
    """
    raised = rule.raised_line(changes.keep_score_before, usual_risk)
    return np.where(support == "expected", rule.expected_line, np.where(support == "raised", raised, np.nan))


def _withheld(
    changes: ChangeExplanations,
    support: NDArray[np.object_],
    factors: list[tuple[int, ...]],
    candidates: Candidates,
) -> list[Withheld]:
    fell = changes.keep_score_after < changes.keep_score_before
    leads = [bool(order) and bool(candidates.nameable[i, order[0]]) for i, order in enumerate(factors)]
    result: list[Withheld] = []
    for i in range(len(changes)):
        if support[i] == "unexplained":
            result.append("not_supported")
        elif not changes.has_reference[i]:
            result.append("no_reference")
        else:
            result.append("" if fell[i] and leads[i] else "not_worsened")
    return result


def _apart_shares(changes: ChangeExplanations) -> FloatArray:
    lowered = -np.minimum(changes.factor_contributions, 0.0)
    apart = np.array([factor.about != "borrower" for factor in changes.catalogue.factors], dtype=bool)
    total = lowered.sum(axis=1)
    shares: FloatArray = np.divide(lowered[:, apart].sum(axis=1), total, out=np.zeros(len(lowered)), where=total > 0)
    return shares


def _near_ties(changes: ChangeExplanations, factors: list[tuple[int, ...]]) -> NDArray[np.bool_]:
    width = NEAR_TIE_SHARE * np.abs(changes.keep_score_after - changes.keep_score_before)
    values = changes.factor_contributions
    return np.array(
        [
            len(order) > 1 and abs(values[i, order[1]] - values[i, order[0]]) <= width[i]
            for i, order in enumerate(factors)
        ],
        dtype=bool,
    )
