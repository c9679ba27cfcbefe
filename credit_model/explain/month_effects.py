"""Month effects: how far the cuts of a month exceed what the model expects of the borrowers' own records.

A lender that tightens, with no column that says so, cuts more limits in a month than any of its borrowers' records
account for. The effect of a month is the shift of all its keep scores, in log-odds, at which the model would expect as
many cuts as there were. Effects are shrunk towards none by how little a month tells (empirical Bayes; DerSimonian and
Laird, "Meta-analysis in clinical trials", 1986): where the months differ by no more than chance, all of them are 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from credit_model.arrays import BoolArray, FloatArray, IntArray

#: Fewest months that tell how far months differ.
LEAST_MONTHS = 6
#: Decisions a month that are scored; all cuts are counted.
SAMPLE = 1000
#: A month without a cut has a finite effect: effects are held near 0 by a normal prior of this deviation, log-odds.
_PRIOR_SD = 2.0
_MOST_STEPS = 100


@dataclass(frozen=True)
class MonthEffects:
    """The effect of each month of a panel.

    Attributes
    ----------
    month_number : int64 array, (n_months,)
        In order.
    effect : float64 array, (n_months,)
        Log-odds by which lines are likelier to fall in that month than their records say, less the mean of all months.
    """

    month_number: IntArray
    effect: FloatArray

    def since(self, reference_month: IntArray, month: IntArray) -> FloatArray:
        """By how much more all lines fell in some months (n,) than in others (n,), log-odds, at least 0: (n,).

        0 where a month is not of the panel.
        """
        known = np.append(self.month_number, np.iinfo(np.int64).max)
        effect = np.append(self.effect, 0.0)
        places = [np.searchsorted(self.month_number, months) for months in (reference_month, month)]
        found = np.logical_and(*(known[p] == m for p, m in zip(places, (reference_month, month), strict=True)))
        rise: FloatArray = np.where(found, effect[places[1]] - effect[places[0]], 0.0)
        return np.maximum(rise, 0.0)


#: No month differs from the others.
NO_EFFECTS = MonthEffects(np.empty(0, dtype=np.int64), np.empty(0))


def sampled_rows(month: IntArray, at_risk: BoolArray) -> IntArray:
    """Rows at risk that stand for their months, at most `SAMPLE` of each, evenly spaced: row numbers, by month.

    Parameters
    ----------
    month : int64 array, (n_rows,)
    at_risk : bool array, (n_rows,)
    """
    row = np.flatnonzero(at_risk)
    row = row[np.argsort(month[row], kind="stable")]
    chosen = [np.empty(0, dtype=np.int64)]
    for own in np.split(row, np.flatnonzero(np.diff(month[row])) + 1):
        chosen.append(own[sample_places(len(own))])
    return np.concatenate(chosen).astype(np.int64)


def sample_places(n: int) -> IntArray:
    """The places, among ``n`` rows of a month, of those that stand for it: (at most `SAMPLE`,)."""
    k = min(n, SAMPLE)
    return (np.arange(k) * n) // max(k, 1)


def find_month_effects(keep_score: FloatArray, month: IntArray, all_months: IntArray, fell: BoolArray) -> MonthEffects:
    """The effects of months from the model's scores of a sample of their decisions, and from all their cuts.

    Parameters
    ----------
    keep_score : float64 array, (n_sampled,), log-odds
    month : int64 array, (n_sampled,)
    all_months : int64 array, (n,)
        The month of every decision at risk.
    fell : bool array, (n,)
        Whether it ended in a cut.

    Examples
    --------
    >>> month = np.repeat(np.arange(6), 500)
    >>> fell = np.tile(np.arange(500) % 50 == 0, 6)  # ten of 500 in every month: no month differs
    >>> np.abs(find_month_effects(np.full(3000, 3.9), month, month, fell).effect).max().item()
    0.0
    """
    months, place = np.unique(all_months, return_inverse=True)
    n = np.bincount(place, minlength=len(months))
    n_cut = np.bincount(place, weights=fell, minlength=len(months))
    return month_effects_of_counts(keep_score, month, months, n, n_cut)


def month_effects_of_counts(
    keep_score: FloatArray, month: IntArray, months: IntArray, n: IntArray, n_cut: IntArray | FloatArray
) -> MonthEffects:
    """`find_month_effects` from counts over the whole panel.

    Parameters
    ----------
    keep_score : float64 array, (n_sampled,), log-odds
    month : int64 array, (n_sampled,)
    months : int64 array, (n_months,)
        In order, each once.
    n, n_cut : arrays, (n_months,)
        Decisions at risk in each, and those that ended in a cut.
    """
    if len(months) < LEAST_MONTHS:
        return NO_EFFECTS
    effect, variance = np.empty(len(months)), np.empty(len(months))
    for i, one in enumerate(months.tolist()):
        effect[i], variance[i] = _effect(keep_score[month == one], float(n[i]), float(n_cut[i]))
    return MonthEffects(months.astype(np.int64), _shrunk(effect, variance))


def _effect(keep_score: FloatArray, n: float, n_cut: float) -> tuple[float, float]:
    """The shift at which ``n`` decisions like those scored end in so many cuts, and its variance: Newton's method."""
    weight, prior = n / len(keep_score), 1 / _PRIOR_SD**2
    shift, information = 0.0, prior
    for _ in range(_MOST_STEPS):
        risk = expit(shift - keep_score)
        information = weight * float((risk * (1 - risk)).sum()) + prior
        step = (n_cut - weight * float(risk.sum()) - prior * shift) / information
        shift += min(max(step, -1.0), 1.0)
        if abs(step) < 1e-9:
            break
    return shift, 1 / information


def _shrunk(effect: FloatArray, variance: FloatArray) -> FloatArray:
    """Effects less their mean, shrunk by the share of their spread that chance alone would make."""
    weight = 1 / variance
    mean = float((weight * effect).sum() / weight.sum())
    excess = float((weight * (effect - mean) ** 2).sum()) - (len(effect) - 1)
    between = max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))
    return (effect - mean) * between / (between + variance)
