"""How near an explanation comes to the truth: measures on factor contributions, one row a decrease.

Contributions are signed: a factor with a negative one lowered the limit. The leading factor is the one that lowered
it most; where none lowered it there is none, and a method that names none is wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.explain.shares import share_intervals, signed_shares

#: A leading factor leads clearly if the gap to the second is more than this share of the absolute change.
CLEAR_LEAD = 0.10
#: How often borrowers are drawn anew for an interval.
RESAMPLES = 200


def lowering_order(contributions: FloatArray, n_first: int = 2) -> IntArray:
    """The factors that lowered the limit most, the strongest first: (n, n_first); -1 where no further one lowered it.

    Equal contributions keep the order of the factors.

    Examples
    --------
    >>> import numpy as np
    >>> lowering_order(np.array([[-0.2, 0.5, -1.0], [0.0, 0.3, -0.1]])).tolist()
    [[2, 0], [2, -1]]
    """
    order = np.argsort(contributions, axis=1, kind="stable")[:, :n_first]
    lowers = np.take_along_axis(contributions, order, axis=1) < 0
    return np.where(lowers, order, -1).astype(np.int64)


def clearly_led(truth: FloatArray) -> BoolArray:
    """Rows whose leading factor is ahead of the second by more than `CLEAR_LEAD` of the absolute change: (n,)."""
    lowest = np.sort(truth, axis=1)
    change = np.abs(truth.sum(axis=1))
    clear: BoolArray = (lowest[:, 0] < 0) & (lowest[:, 1] - lowest[:, 0] > CLEAR_LEAD * change)
    return clear


def share_errors(truth: FloatArray, named: FloatArray) -> FloatArray:
    """Half the distance between signed shares, per row: 0 equal, 1 nothing in common: (n,)."""
    error: FloatArray = 0.5 * np.abs(signed_shares(truth) - signed_shares(named)).sum(axis=1)
    return error


def shares_held(truth: FloatArray, named: FloatArray, spread: FloatArray) -> FloatArray:
    """Whether the intervals around named shares hold the true ones: 1, 0, or NaN where there is none, (n, n_factors).

    Of a factor that moved neither score there is nothing to hold.

    Parameters
    ----------
    truth, named : float64 arrays, (n, n_factors)
        Contributions.
    spread : float64 array, (n, n_factors)
        How far the fits differ over the named shares (`explain.shares`).
    """
    low, high = share_intervals(named, spread)
    share = signed_shares(truth)
    held = np.where((share >= low) & (share <= high), 1.0, 0.0)
    return np.where(np.isnan(spread) | ((truth == 0) & (named == 0)), np.nan, held)


def rank_correlations(truth: FloatArray, named: FloatArray) -> FloatArray:
    """Spearman's correlation between the factors' contributions, per row; NaN where the truth's are all equal: (n,).

    A method whose contributions are all equal ranks nothing and gets 0.
    """
    if not len(truth):
        return np.empty(0)
    a = rankdata(truth, axis=1) - (truth.shape[1] + 1) / 2
    b = rankdata(named, axis=1) - (truth.shape[1] + 1) / 2
    spread_a, spread_b = (a**2).sum(axis=1), (b**2).sum(axis=1)
    product = np.sqrt(spread_a * spread_b)
    together = np.divide((a * b).sum(axis=1), product, out=np.zeros(len(a)), where=product > 0)
    return np.where(spread_a > 0, together, np.nan)


def fidelity(
    truth: FloatArray,
    named: FloatArray,
    order: IntArray,
    about_borrower: BoolArray,
    *,
    told: BoolArray,
    graded: BoolArray,
    first_reason: IntArray,
) -> dict[str, float | int]:
    """Scorecard *fidelity to the lender's policy*: do the explanations say what the true policy's say?

    Parameters
    ----------
    truth, named : float64 arrays, (n, n_factors)
        The true policy's Owen values, and a method's; every row of the truth has a leading factor.
    order : int64 array, (n, 2)
        The factors that the method names first and second, -1 for none (`lowering_order`).
    about_borrower : bool array, (n_factors,)
        Factors that are the borrower's doing; the others are the economy's or the lender's.
    told : bool array, (n,)
        Where the method tells a reason at all.
    graded : bool array, (n,)
        The cuts that the leader is graded on: those of which our method tells a reason, for all methods alike.
    first_reason : int64 array, (n,)
        The factor of the first reason told, -1 for none.

    Returns
    -------
    dict
        n, n_told, n_clear, n_not_borrowers, n_borrowers, and as shares or means: leading_factor_right and
        first_reason_right (of the graded cuts), leading_factor_right_clear, top_two_right,
        leading_factor_right_all (of all cuts, by the factors in the method's order, told or not), rank_correlation,
        share_error; laid_on_borrower (of the cuts led by the economy or the lender: the method tells a borrower's
        factor first) and excused (of the cuts led by the borrower: it tells the economy's or the lender's).
    """
    leader = lowering_order(truth, 1)[:, 0]
    right = np.asarray(order[:, 0] == leader)
    clear = clearly_led(truth)
    of_borrower = about_borrower[leader]
    names = told & (order[:, 0] >= 0)
    blamed, spared = names & about_borrower[order[:, 0]], names & ~about_borrower[order[:, 0]]
    return {
        "leading_factor_right": mean_of_known(right[graded]),
        "first_reason_right": mean_of_known(np.asarray(first_reason == leader)[graded]),
        "leading_factor_right_clear": mean_of_known(right[graded & clear]),
        "top_two_right": mean_of_known(np.asarray((order == leader[:, None]).any(axis=1))[graded]),
        "leading_factor_right_all": mean_of_known(right),
        "rank_correlation": mean_of_known(rank_correlations(truth, named)[graded]),
        "share_error": mean_of_known(share_errors(truth, named)[graded]),
        "laid_on_borrower": mean_of_known(blamed[~of_borrower]),
        "excused": mean_of_known(spared[of_borrower]),
        "n": len(truth),
        "n_told": int(graded.sum()),
        "n_clear": int((graded & clear).sum()),
        "n_not_borrowers": int((~of_borrower).sum()),
        "n_borrowers": int(of_borrower.sum()),
    }


def causal(order: IntArray, acceptable: BoolArray) -> dict[str, float | int]:
    """Scorecard *causal*: does the explanation name the factor through which the root cause acted?

    Parameters
    ----------
    order : int64 array, (n, 2)
        The factors that a method names first and second, -1 for none.
    acceptable : bool array, (n, n_factors)
        The factors through which the cut's root causes act; rows without one are not graded.

    Returns
    -------
    dict
        root_cause_first, root_cause_in_first_two (shares of the cuts that have a root cause), n_root_cause.
    """
    has_cause = acceptable.any(axis=1)
    order = order[has_cause]
    fits = np.take_along_axis(acceptable[has_cause], np.maximum(order, 0), axis=1) & (order >= 0)
    return {
        "root_cause_first": mean_of_known(np.asarray(fits[:, 0])),
        "root_cause_in_first_two": mean_of_known(np.asarray(fits.any(axis=1))),
        "n_root_cause": int(has_cause.sum()),
    }


def random_naming(acceptable: BoolArray) -> dict[str, float]:
    """What two factors drawn at random would name of the root causes, on average: the baseline of `causal`.

    Parameters
    ----------
    acceptable : bool array, (n, n_factors)
        The factors through which the cut's root causes act; rows without one are not graded.

    Examples
    --------
    >>> import numpy as np
    >>> random_naming(np.array([[True, False, False, False], [False] * 4]))
    {'random_first': 0.25, 'random_in_first_two': 0.5}
    """
    n_factors = acceptable.shape[1]
    right = acceptable.sum(axis=1)[acceptable.any(axis=1)]
    missed = (n_factors - right) * (n_factors - right - 1) / max(1, n_factors * (n_factors - 1))
    return {"random_first": mean_of_known(right / n_factors), "random_in_first_two": mean_of_known(1 - missed)}


def truth_naming(truth: FloatArray, acceptable: BoolArray) -> dict[str, float]:
    """What the true shares themselves name of the root causes: the most that a method true to the policy can.

    Parameters
    ----------
    truth : float64 array, (n, n_factors)
        The true policy's Owen values.
    acceptable : bool array, (n, n_factors)
        The factors through which the cut's root causes act; rows without one are not graded.

    Examples
    --------
    >>> import numpy as np
    >>> truth_naming(np.array([[-1.0, -2.0, 0.5]]), np.array([[True, False, False]]))
    {'truth_first': 0.0, 'truth_in_first_two': 1.0}
    """
    named = causal(lowering_order(truth), acceptable)
    return {
        "truth_first": float(named["root_cause_first"]),
        "truth_in_first_two": float(named["root_cause_in_first_two"]),
    }


def half_width(right: BoolArray, counted: BoolArray, borrower: IntArray, *, seed: int = 0) -> float:
    """Half the width of a 95 % interval of the share of ``right`` among ``counted``: borrowers drawn anew.

    Parameters
    ----------
    right, counted : bool arrays, (n,)
    borrower : int64 array, (n,)
        Whose the rows are: rows of one borrower are drawn together.
    seed : int

    Returns
    -------
    float
        Of `RESAMPLES` resamples, 1.96 standard deviations; NaN where nothing is counted.
    """
    if not counted.any():
        return float("nan")
    of = np.unique(borrower[counted], return_inverse=True)[1]
    n_right, n = np.bincount(of, right[counted]), np.bincount(of)
    drawn = np.random.default_rng(seed).multinomial(len(n), np.full(len(n), 1 / len(n)), size=RESAMPLES)
    return 1.96 * float(np.std((drawn * n_right).sum(axis=1) / (drawn * n).sum(axis=1)))


def lender_recognition(order: IntArray, lender_kind: BoolArray, about_lender: BoolArray) -> dict[str, float | int]:
    """Of the cuts of a lender's kind (n,), the shares that name a lender's factor (n_factors,) first, and in two."""
    order = order[lender_kind]
    fits = (order >= 0) & about_lender[order]
    return {
        "lender_kind_recognised": mean_of_known(np.asarray(fits.any(axis=1))),
        "lender_kind_first": mean_of_known(np.asarray(fits[:, 0])),
        "n_lender_kind": int(lender_kind.sum()),
    }


def mean_of_known(values: NDArray[Any]) -> float:
    """Mean of the known values; NaN if there is none."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else float("nan")
