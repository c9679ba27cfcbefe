"""Which features are the principal reasons of a limit decrease, and how much of it they make up.

The rule, stated once:

- A feature can be a reason where its value really moved, in the direction that the catalogue declares adverse, and
  its contribution is negative. Information that appeared or vanished counts as moved.
- Features of one factor that summarise the same quantity (other windows, other summaries) are one reason: their
  contributions are added up, so that what one window gained and another lost is not counted, and the feature that
  lowered the score most speaks for them; a knock-out rule that fired always does.
- Named are, the heaviest first, at most ``max_reasons``: all that make up at least `PRINCIPAL_SHARE` of what lowered
  the score, and further ones until `COVERED_SHARE` of it is covered. A factor that makes up more than
  1 / (max_reasons + 1) of it is never left out.
- A cut that the model does not support, that has no reference, or since whose reference the score did not fall, gets
  no reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_model.errors import CreditModelError
from credit_model.explain.explanations import NEAR_TIE_SHARE, DecreaseExplanations
from credit_model.portfolio.catalogue import Catalogue, Feature

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

Status = Literal["explained", "not_supported", "no_reference", "not_worsened"]

MAX_REASONS = 4
#: A reason that makes up at least this share of what lowered the score is principal.
PRINCIPAL_SHARE = 0.10
#: Lesser reasons are named until this share is covered.
COVERED_SHARE = 0.80
#: A tie also asks that the lesser reason has at least this share of the weight of the other.
_TIE_RATIO = 2 / 3
#: Values closer than this share of their size are the same; the rest is rounding.
_SAME = 1e-9
#: Kinds of rule that notices treat apart, in the order in which they are told.
KINDS = ("knock_out", "delinquency", "inactivity", "class_wide")


@dataclass(frozen=True)
class PrincipalReason:
    """A feature that lowered the score, speaking for all features of the same quantity.

    Attributes
    ----------
    driver : int
        Its place in ``catalogue.driver_names``.
    contribution : float
        Log-odds, negative: the sum over the features it speaks for.
    share : float in (0, 1]
        Of all that lowered the score.
    before, after : float
        The feature's value at the reference and at the decision.
    tied_with_next : bool
        The next reason is about as heavy: their order means little.
    """

    driver: int
    contribution: float
    share: float
    before: float
    after: float
    tied_with_next: bool


@dataclass(frozen=True)
class PrincipalReasons:
    """Why one limit fell, before it is put into words.

    Attributes
    ----------
    status : str
        "explained"; "not_supported" (the model keeps the limit); "no_reference" (nothing earlier is known);
        "not_worsened" (the score did not fall since the reference). Only an explained decrease has reasons.
    reasons : tuple of PrincipalReason
        The heaviest first.
    coverage : float in [0, 1]
        Share of what lowered the score that the reasons make up; 0 without reasons.
    unnamed : int
        Further ones that make up at least `PRINCIPAL_SHARE`, for which there was no room.
    knock_outs : tuple of int
        Causes that stand for a knock-out rule which fired, whatever the model makes of it.
    kinds : tuple of str
        Kinds of rule (`KINDS`) that apply: knock-outs that fired, and those that the features behind the reasons
        stand for (a delinquency only while it lasts).
    restoring : tuple of int
        Factors each of which alone, put back to where it was, keeps the limit.
    """

    status: Status
    reasons: tuple[PrincipalReason, ...]
    coverage: float
    unnamed: int
    knock_outs: tuple[int, ...]
    kinds: tuple[str, ...]
    restoring: tuple[int, ...]


@dataclass(frozen=True)
class _Quantities:
    """A catalogue's drivers, gathered by the quantity that they summarise.

    Attributes
    ----------
    of_cause : int64 array (n_drivers,)
    factor : int64 array (n_quantities,)
    """

    catalogue: Catalogue

    @cached_property
    def of_cause(self) -> IntArray:
        seen: dict[tuple[str, str | None, str | None], int] = {}
        keys = [(feature.factor, feature.column or feature.numerator, feature.denominator) for feature in self.drivers]
        return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)

    @property
    def drivers(self) -> tuple[Feature, ...]:
        return self.catalogue.drivers

    @cached_property
    def factor(self) -> IntArray:
        factor = np.zeros(self.of_cause.max() + 1, dtype=np.int64)
        factor[self.of_cause] = self.catalogue.factor_index
        return factor

    @cached_property
    def stands_for(self) -> dict[str, BoolArray]:
        """For each kind of rule the drivers that stand for it: (n_drivers,)."""
        return {kind: np.array([f.exemption == kind for f in self.drivers], dtype=bool) for kind in KINDS}

    @cached_property
    def trips_above(self) -> FloatArray:
        """The value above which a rule that a cause stands for has fired: (n_drivers,).

        For a count or share one such month is enough; for any other summary it is the feature's ``above``.
        """
        return np.array([0.0 if f.summary in ("share", "count") else f.above for f in self.drivers])


def principal_reasons(explanations: DecreaseExplanations, *, max_reasons: int = MAX_REASONS) -> list[PrincipalReasons]:
    """The principal reasons of each of n decreases, by the rule that this module states.

    Parameters
    ----------
    explanations : DecreaseExplanations
    max_reasons : int, 1 to 4
        More than four reasons tell a borrower less, not more (US Reg B, comment 9(b)(2)-1).

    Raises
    ------
    CreditModelError
        ``max_reasons`` is out of range.
    """
    if not isinstance(max_reasons, int) or not 1 <= max_reasons <= MAX_REASONS:
        raise CreditModelError(f"max_reasons must be between 1 and {MAX_REASONS}, got {max_reasons!r}")
    if not len(explanations):
        return []
    quantities = _Quantities(explanations.catalogue)
    against = moved_against(explanations)
    adverse = against & (explanations.contributions < 0)
    beyond = explanations.features_after > quantities.trips_above
    fired = beyond & quantities.stands_for["knock_out"]
    weight, speaker, total = _weights(explanations, quantities, adverse, fired)
    status = _status(explanations, weight.max(axis=1) > 0)
    change = np.abs(explanations.keep_score_after - explanations.keep_score_before)
    restoring = _restoring_factors(explanations)
    result = []
    for i in range(len(explanations)):
        knock_outs = tuple(np.flatnonzero(fired[i]).tolist())
        reasons: tuple[PrincipalReason, ...] = ()
        behind = np.zeros(against.shape[1], dtype=bool)
        coverage, unnamed = 0.0, 0
        if status[i] == "explained":
            chosen = _choose(weight[i], total[i], quantities.factor, max_reasons)
            tied = _ties(weight[i][chosen], change[i])
            coverage = float(min(weight[i][chosen].sum() / total[i], 1.0))
            named = np.zeros(weight.shape[1], dtype=bool)
            named[chosen] = True
            behind = against[i] & named[quantities.of_cause]
            unnamed = int((~named & (weight[i] >= PRINCIPAL_SHARE * total[i])).sum())
            reasons = tuple(
                _reason(explanations, i, int(speaker[i, q]), float(weight[i, q]), float(total[i]), bool(tie))
                for q, tie in zip(chosen, tied, strict=True)
            )
        kinds = _kinds(quantities, behind, beyond[i])
        result.append(PrincipalReasons(status[i], reasons, coverage, unnamed, knock_outs, kinds, restoring[i]))
    return result


def moved_against(explanations: DecreaseExplanations) -> BoolArray:
    """Features whose value really moved, and not in the borrower's favour: (n, n_drivers).

    A feature with ``effect = "free"`` has no direction of its own; information that appeared or vanished moved.
    """
    before, after = explanations.features_before, explanations.features_after
    with np.errstate(invalid="ignore"):
        step = after - before
        moved = np.abs(step) > _SAME * np.maximum(np.maximum(np.abs(before), np.abs(after)), 1.0)
    appeared = np.isnan(before) != np.isnan(after)
    sign = np.array([feature.sign for feature in explanations.catalogue.drivers])
    return (moved & ((sign == 0) | (sign * step < 0))) | appeared


def _weights(
    explanations: DecreaseExplanations, quantities: _Quantities, adverse: BoolArray, fired: BoolArray
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Weight of each quantity as a reason (n, n_quantities), who speaks for it, and all that lowered the score (n,)."""
    n_quantities = len(quantities.factor)
    values = explanations.contributions
    net = np.zeros((len(values), n_quantities))
    speaker = np.zeros((len(values), n_quantities), dtype=np.int64)
    can_speak = np.zeros((len(values), n_quantities), dtype=bool)
    strength = np.where(adverse, np.where(fired, -np.inf, values), np.inf)
    for q in range(n_quantities):
        members = np.flatnonzero(quantities.of_cause == q)
        net[:, q] = values[:, members].sum(axis=1)
        speaker[:, q] = members[strength[:, members].argmin(axis=1)]
        can_speak[:, q] = adverse[:, members].any(axis=1)
    lowered = np.maximum(-net, 0.0)
    return np.where(can_speak, lowered, 0.0), speaker, lowered.sum(axis=1)


def _status(explanations: DecreaseExplanations, has_candidate: BoolArray) -> list[Status]:
    fell = explanations.keep_score_after < explanations.keep_score_before
    return [
        "not_supported" if not agrees else "no_reference" if not known else "explained" if worse else "not_worsened"
        for agrees, known, worse in zip(
            explanations.model_agrees, explanations.has_reference, fell & has_candidate, strict=True
        )
    ]


def _choose(weight: FloatArray, total: float, factor: IntArray, max_reasons: int) -> IntArray:
    """Quantities to name, the heaviest first."""
    order = [q for q in np.argsort(-weight, kind="stable").tolist() if weight[q] > 0]
    by_factor = np.bincount(factor, weight)
    chosen = [next(q for q in order if factor[q] == g) for g in np.flatnonzero(by_factor > total / (max_reasons + 1))]
    covered = float(weight[chosen].sum())
    for q in order:
        if len(chosen) >= max_reasons or (covered >= COVERED_SHARE * total and weight[q] < PRINCIPAL_SHARE * total):
            break
        if q not in chosen:
            chosen.append(q)
            covered += float(weight[q])
    return np.array(sorted(chosen, key=lambda q: (-weight[q], q)), dtype=np.int64)


def _ties(weights: FloatArray, change: float) -> BoolArray:
    """Reasons, the heaviest first, whose next one is about as heavy."""
    near = (weights[:-1] - weights[1:] <= NEAR_TIE_SHARE * change) & (weights[1:] >= _TIE_RATIO * weights[:-1])
    return np.append(near, np.zeros(min(len(weights), 1), dtype=bool))


def _reason(
    explanations: DecreaseExplanations, row: int, driver: int, weight: float, total: float, tie: bool
) -> PrincipalReason:
    return PrincipalReason(
        driver=driver,
        contribution=-weight,
        share=weight / total,
        before=float(explanations.features_before[row, driver]),
        after=float(explanations.features_after[row, driver]),
        tied_with_next=tie,
    )


def _kinds(quantities: _Quantities, behind: BoolArray, beyond: BoolArray) -> tuple[str, ...]:
    applies = {"knock_out": beyond, "delinquency": behind & beyond, "inactivity": behind, "class_wide": behind}
    return tuple(kind for kind in KINDS if (quantities.stands_for[kind] & applies[kind]).any())


def _restoring_factors(explanations: DecreaseExplanations) -> list[tuple[int, ...]]:
    n_factors = len(explanations.catalogue.factor_ids)
    everything = (1 << n_factors) - 1
    without = np.stack([explanations.coalitions[:, everything & ~(1 << g)] for g in range(n_factors)], axis=1)
    keeps = (without >= 0) & explanations.model_agrees[:, None]
    return [tuple(np.flatnonzero(row).tolist()) for row in keeps]
