"""The best among all mixtures of settings: cheapest, soonest, fewest changes; every one of them has been looked at."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray

#: A score that is nearer to its line than this is on the wrong side of it: sums of leaves differ in their last digits.
MARGIN = 1e-9


@dataclass(frozen=True)
class Found:
    """A mixture and the month in which it brings the limit back.

    Attributes
    ----------
    mixture : int
    month : int
        Counted from 0, the first month to come.
    """

    mixture: int
    month: int


@dataclass(frozen=True)
class Answers:
    """What one borrower can do; None where nothing does.

    Attributes
    ----------
    nothing, cheapest, fastest, fewest : Found or None
    """

    nothing: Found | None
    cheapest: Found | None
    fastest: Found | None
    fewest: Found | None


def search(reached: BoolArray, cost: FloatArray, changes: IntArray) -> Answers:
    """The answers among mixtures, the first of which is nothing.

    Parameters
    ----------
    reached : bool array, (n_mixtures, horizon)
        The goal is reached, and what it takes is affordable up to then.
    cost : float64 array, (n_mixtures, horizon)
        What a mixture costs up to a month.
    changes : int64 array, (n_mixtures,)
        Levers that are moved at all.

    Returns
    -------
    Answers
        Cheapest: of equal costs the soonest, then the fewest changes. Fastest: of the soonest the cheapest. Fewest: of
        the fewest changes the cheapest.
    """
    if not reached.any():
        return Answers(None, None, None, None)
    mixture, month = np.nonzero(reached)
    price, moved = cost[mixture, month], changes[mixture]

    def first(*keys: FloatArray | IntArray) -> Found:
        place = int(np.lexsort((mixture, *reversed(keys)))[0])
        return Found(int(mixture[place]), int(month[place]))

    alone = np.flatnonzero(reached[0])
    return Answers(
        nothing=Found(0, int(alone[0])) if len(alone) else None,
        cheapest=first(price, month, moved),
        fastest=first(month, price, moved),
        fewest=first(moved, price, month),
    )


def lever_shares(value_of: FloatArray) -> FloatArray:
    """Shapley values of the levers of a plan, from the scores of all ways to leave some of them out: (k,).

    Parameters
    ----------
    value_of : float64 array, (2**k,)
        Bit j of the place set: the j-th lever is moved.

    Examples
    --------
    >>> lever_shares(np.array([0.0, 1.0, 2.0, 4.0])).tolist()
    [1.5, 2.5]
    """
    k = len(value_of).bit_length() - 1
    place = np.arange(len(value_of))
    size = np.array([int(p).bit_count() for p in place])
    shares = np.zeros(k)
    for j in range(k):
        without = place[(place >> j) & 1 == 0]
        weight = _weights(k)[size[without]]
        shares[j] = float(np.sum(weight * (value_of[without | 1 << j] - value_of[without])))
    return shares


def _weights(k: int) -> FloatArray:
    """Of a coalition of each size without the lever: (k,)."""
    return np.array([1 / (k * comb(k - 1, s)) for s in range(k)])
