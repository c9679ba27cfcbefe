"""How good warnings are: numbers of ranked lines and what became of them. Formulas, nothing else."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from credit_model.act.warning.outcomes import NEVER
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.model.early_warning import HEADLINE


def average_precision(risk: FloatArray, is_cut: BoolArray, weight: FloatArray | None = None) -> float:
    """The mean precision at each cut line, lines ranked by risk (n,), ties together; NaN without any.

    Examples
    --------
    >>> average_precision(np.array([0.9, 0.8, 0.1]), np.array([True, False, True]))  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    weight = np.ones(len(risk)) if weight is None else weight
    order = np.argsort(-risk, kind="stable")
    hit, total = np.cumsum((weight * is_cut)[order]), np.cumsum(weight[order])
    last_of_ties = np.append(np.diff(risk[order]) != 0, True) if len(risk) else np.zeros(0, dtype=np.bool_)
    hit, total = hit[last_of_ties], total[last_of_ties]
    if not len(hit) or hit[-1] <= 0:
        return float("nan")
    gained = np.diff(hit, prepend=0.0)
    precision = np.where(total > 0, hit / np.where(total > 0, total, 1.0), 0.0)
    return float((gained * precision).sum() / hit[-1])


def calibration_error(risk: FloatArray, is_cut: BoolArray, n_bins: int = 10) -> float:
    """The mean distance of a risk from the share that is cut, over ``n_bins`` groups of lines of like risk.

    Examples
    --------
    >>> float(calibration_error(np.array([0.5, 0.5]), np.array([True, False]), n_bins=1))
    0.0
    """
    if not len(risk):
        return float("nan")
    order = np.argsort(risk, kind="stable")
    groups = np.array_split(order, min(n_bins, len(order)))
    return float(sum(abs(float(risk[g].mean()) - float(is_cut[g].mean())) * len(g) for g in groups) / len(risk))


def churn(month: IntArray, borrower: IntArray, alerted: BoolArray) -> float:
    """The share of a month's alerts that were none in the month before, mean over months with one before; else NaN.

    Parameters
    ----------
    month, borrower : int64 arrays, (n,)
    alerted : bool array, (n,)
    """
    months = np.unique(month)
    shares = []
    for before, now in pairwise(months.tolist()):
        old, new = (set(borrower[(month == m) & alerted].tolist()) for m in (before, now))
        if new and now == before + 1:
            shares.append(len(new - old) / len(new))
    return float(np.mean(shares)) if shares else float("nan")


class Caught(NamedTuple):
    """What became of cuts: ``n`` of them, ``n_warned`` alerted in at least one of the months before within reach, and
    ``lead``, the months from each one's first such alert to the cut (n_warned,)."""

    n: int
    n_warned: int
    lead: IntArray

    @property
    def recall(self) -> float:
        """Share of the cuts that were warned of."""
        return self.n_warned / self.n if self.n else float("nan")

    @property
    def median_lead(self) -> float:
        """Months from the first alert to the cut, the median over cuts that were warned of."""
        return float(np.median(self.lead)) if self.n_warned else float("nan")


def cuts_caught(month: IntArray, borrower: IntArray, alerted: BoolArray, to_cut: IntArray, reach: int) -> Caught:
    """Cuts that the lines (n,) of several months were heading for, and whether an alert came before.

    Parameters
    ----------
    month, borrower : int64 arrays, (n,)
    alerted : bool array, (n,)
    to_cut : int64 array, (n,)
        Months to the line's next cut.
    reach : int
        A cut counts as warned of if the line was alerted at most so many months before; cuts whose line was looked at
        in none of them are left out, and so are those within `HEADLINE` months of the first month.
    """
    ahead = (to_cut <= reach) & (month + to_cut >= month.min(initial=NEVER) + HEADLINE)
    key = borrower[ahead] * (1 << 32) + (month[ahead] + to_cut[ahead])
    cuts, event = np.unique(key, return_inverse=True)
    lead = np.zeros(len(cuts), dtype=np.int64)
    np.maximum.at(lead, event, np.where(alerted[ahead], to_cut[ahead], 0))
    return Caught(len(cuts), int((lead > 0).sum()), lead[lead > 0])
