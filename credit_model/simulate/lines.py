"""The lines between the tiers, and what a decision makes of a score: the same whichever policy gave the score.

The score S is in log-odds of standing. A limit c is kept unless the score, with the decision's logistic noise, falls
well below the line of its tier; then it goes to about the tier that the score deserves. So small movements change
nothing, and cuts are deep (hysteresis):

    P(tier > k | S, c) = 1 / (1 + exp(cut_k(c) - S)),
    cut_k(c) = min(line_k - CUT_GRACE, line_{c-1} - KEEP_MARGIN) for k < c,
               max(line_k, line_c + RAISE_MARGIN)                for c <= k < c + MOST_STEPS_UP, never beyond.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: How strong all terms are beside the decision's noise, whose standard logistic scale is the unit of the score.
STRENGTH = 1.6
#: Score lines between the tiers, and how far beyond them a limit is cut or raised, log-odds.
LINES = np.array([-11.5, -8.9, -6.3, -3.9, -1.85, 0.25, 2.45, 4.5, 6.6, 9.0]) * STRENGTH
KEEP_MARGIN, RAISE_MARGIN = 6.1 * STRENGTH, 3.0 * STRENGTH
#: How much better off than the score deserves a limit is left that is cut.
CUT_GRACE = 1.7 * STRENGTH
#: Tiers that one decision may raise a limit by.
MOST_STEPS_UP = 3
#: By how many tiers a hand that overrides the policy moves a limit, each as often.
HAND_STEPS = np.array([-2, -1, 1, 2])
#: Months after a change in which the limit is not reviewed on the calendar.
COOL_DOWN = 6


@njit(nogil=True)
def cut_point(k, tier, lines):  # type: ignore[no-untyped-def]
    """The score at which "tier > k" is as likely as not, given the tier in force."""
    if k < tier:
        return min(lines[k] - CUT_GRACE, lines[tier - 1] - KEEP_MARGIN)
    if k >= tier + MOST_STEPS_UP:
        return np.inf
    return max(lines[k], lines[tier] + RAISE_MARGIN)


@njit(nogil=True)
def decide(noisy_score, tier, lines):  # type: ignore[no-untyped-def]
    """The tier after a decision."""
    after = 0
    while after < len(lines) and noisy_score > cut_point(after, tier, lines):
        after += 1
    return after


@njit(nogil=True)
def tier_probabilities(score, tier, lines, out):  # type: ignore[no-untyped-def]
    """The probabilities of all tiers after a decision, exact: fills ``out`` (n_tiers,)."""
    above = 1.0
    for k in range(len(lines)):
        beyond = 1.0 / (1.0 + math.exp(min(700.0, cut_point(k, tier, lines) - score)))
        if k >= tier + MOST_STEPS_UP:
            beyond = 0.0
        out[k] = above - beyond
        above = beyond
    out[len(lines)] = above


@njit(nogil=True)
def logistic_noise(u):  # type: ignore[no-untyped-def]
    """A standard logistic number from a uniform one in [0, 1)."""
    u = min(1.0 - 1e-9, u + 1.5e-8)
    return math.log(u / (1.0 - u))
