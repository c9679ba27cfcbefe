"""The lender's true policy: one score of a snapshot, and the tier that follows from it.

The score S, in log-odds, is a sum of one term a feature, each a ramp that saturates at both ends, and of a few
products ("much borrowed from many lenders weighs more on those out of work"). A limit c is kept unless the score,
with the decision's logistic noise, falls well below the line of its tier; then it goes to about the tier that the
score deserves. So small movements change nothing, and cuts are deep (hysteresis):

    P(tier > k | S, c) = 1 / (1 + exp(cut_k(c) - S)),
    cut_k(c) = min(line_k - CUT_GRACE, line_{c-1} - KEEP_MARGIN) for k < c,
               max(line_k, line_c + RAISE_MARGIN)                for c <= k < c + MOST_STEPS_UP, never beyond.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numba import njit

from credit_model.arrays import FloatArray, IntArray
from credit_model.portfolio import window_kernels
from credit_model.portfolio.catalogue import Catalogue, read_catalogue
from credit_model.portfolio.declarations import SUMMARIES
from credit_model.portfolio.ladder import LimitLadder
from credit_model.simulate.columns import LEDGER


class Ramp(NamedTuple):
    """A feature's term: ``weight`` times how far the value has come from ``low`` to ``high``, at most all the way.

    ``scale`` "log" measures the way on the logarithm. ``missing`` is the way come where the value is unknown.
    """

    weight: float
    low: float
    high: float
    scale: str = "linear"
    missing: float = 0.0


#: How strong all terms are beside the decision's noise, whose standard logistic scale is the unit of the score.
STRENGTH = 1.6

#: Each feature's term, before its strength; the catalogue's effect gives the sign.
RAMPS: Mapping[str, Ramp] = MappingProxyType(
    {
        "score_identity": Ramp(8.0, 80, 180),
        "score_ability": Ramp(6.0, 80, 180),
        "score_history": Ramp(8.0, 80, 180),
        "score_network": Ramp(8.0, 80, 180),
        "score_behaviour": Ramp(8.0, 80, 180),
        "spending_mean_6m": Ramp(2.0, 300, 8000, "log"),
        "spending_variability_6m": Ramp(3.0, 0.10, 0.80),
        "gaming_share_6m": Ramp(2.5, 0.02, 0.22),
        "cash_advance_share_6m": Ramp(2.5, 0.02, 0.16),
        "active_days_mean_6m": Ramp(2.0, 8, 24),
        "merchant_count_mean_6m": Ramp(1.5, 3, 20),
        "days_past_due": Ramp(1.5, 0, 60),
        "days_past_due_max_12m": Ramp(2.0, 0, 90),
        "late_months_12m": Ramp(2.0, 0, 5),
        "months_since_late_12m": Ramp(1.2, 0, 12, missing=1.0),
        "paid_share_6m": Ramp(1.5, 0.4, 1.0, missing=1.0),
        "past_due_30": Ramp(2.0, 0, 1),
        "past_due_90": Ramp(20.0, 0, 1),
        "other_days_past_due_max_3m": Ramp(2.5, 0, 60),
        "utilisation_3m": Ramp(2.0, 0.10, 1.10, missing=0.2),
        "other_debt_to_limit_3m": Ramp(1.5, 0, 4.0, missing=0.2),
        "other_lenders": Ramp(3.0, 0, 7),
        "other_lenders_change_6m": Ramp(2.0, 0, 4),
        "inquiries_6m": Ramp(3.0, 1, 12),
        "other_borrowed_to_limit_6m": Ramp(1.0, 0, 3.0, missing=0.1),
        "income_mean_12m": Ramp(9.0, 400, 20_000, "log"),
        "income_change_6m": Ramp(2.5, -0.7, 0.2),
        "income_variability_12m": Ramp(1.5, 0.05, 0.60),
        "employed": Ramp(1.0, 0, 1),
        "employed_share_6m": Ramp(2.0, 0, 1),
        "provident_fund_months_12m": Ramp(1.5, 0, 12),
        "provident_fund_mean_6m": Ramp(1.0, 50, 1500, "log"),
        "unemployment_rate_3m": Ramp(2.4, 4.4, 8.4),
        "unemployment_change_6m": Ramp(0.8, -0.5, 2.0),
        "activity_index_3m": Ramp(1.2, 88, 104),
        "activity_change_6m": Ramp(0.6, -8, 4),
        "policy_appetite_index": Ramp(4.0, -2.0, 2.0),
        "class_appetite_index": Ramp(4.5, -2.5, 0.5),
        "funding_index": Ramp(2.0, -2.0, 1.0),
        "idle_months": Ramp(4.5, 11, 12),
    }
)

#: What weighs more together: weight, and two or three features, each taken as far as it is bad (0 .. 1).
PRODUCTS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (1.0, ("other_lenders", "inquiries_6m")),
    (1.5, ("utilisation_3m", "other_lenders", "employed_share_6m")),
    (0.8, ("unemployment_rate_3m", "income_variability_12m")),
    (1.5, ("days_past_due_max_12m", "score_history")),
)

#: Score lines between the tiers, and how far beyond them a limit is cut or raised, log-odds.
LINES = np.array([-11.5, -8.9, -6.3, -3.9, -1.85, 0.25, 2.45, 4.5, 6.6, 9.0]) * STRENGTH
KEEP_MARGIN, RAISE_MARGIN = 6.1 * STRENGTH, 3.0 * STRENGTH
#: How much better off than the score deserves a limit is left that is cut.
CUT_GRACE = 1.7 * STRENGTH
#: Tiers that one decision may raise a limit by.
MOST_STEPS_UP = 3
#: Months after a change in which the limit is not reviewed on the calendar.
COOL_DOWN = 6
#: The score without any term, so that 0 is about the middle borrower's.
INTERCEPT = -41.9 * STRENGTH


class PolicyTable(NamedTuple):
    """The policy as the kernels take it; one row a feature (drivers only), in the catalogue's order.

    Attributes
    ----------
    measures : int64 array, (n_drivers, 6)
        Ledger row, summary, window, ledger row of the denominator (or a code of `window_kernels`), its summary, and
        1 where a higher value is worse.
    above : float64 array, (n_drivers,)
    ramps : float64 array, (n_drivers, 5)
        Signed weight, low, 1 / (high - low) (of logarithms where so scaled), 1 for the logarithm, way come if missing.
    products : int64 array, (n_products, 3)
        Positions of features; -1 for none. Of three, the first two share a factor, which the third is not of.
    product_weights : float64 array, (n_products,)
    lines : float64 array, (n_tiers - 1,)
    amounts : float64 array, (n_tiers,)
    intercept : float
    knock_out, class_wide, dormancy : int
        Positions of the features that stand for these rules.
    """

    measures: IntArray
    above: FloatArray
    ramps: FloatArray
    products: IntArray
    product_weights: FloatArray
    lines: FloatArray
    amounts: FloatArray
    intercept: float
    knock_out: int
    class_wide: int
    dormancy: int


def synthetic_ladder() -> LimitLadder:
    """The tiers of the simulated lender."""
    ladder = read_catalogue("synthetic").ladder
    assert ladder is not None
    return ladder


@lru_cache(maxsize=1)
def policy_table() -> PolicyTable:
    """The policy on the features of the catalogue "synthetic"."""
    catalogue = read_catalogue("synthetic")
    drivers = catalogue.drivers
    ramps = []
    for feature in drivers:
        ramp = RAMPS[feature.id]
        log = ramp.scale == "log"
        low, high = (math.log(ramp.low), math.log(ramp.high)) if log else (ramp.low, ramp.high)
        ramps.append((STRENGTH * feature.sign * ramp.weight, low, 1.0 / (high - low), float(log), ramp.missing))
    names = catalogue.driver_names
    products = [[names.index(f) for f in features] + [-1] * (3 - len(features)) for _, features in PRODUCTS]
    return PolicyTable(
        measures=_measures(catalogue),
        above=np.array([feature.above for feature in drivers], dtype=np.float64),
        ramps=np.array(ramps, dtype=np.float64),
        products=np.array(products, dtype=np.int64),
        product_weights=np.array([STRENGTH * weight for weight, _ in PRODUCTS], dtype=np.float64),
        lines=LINES,
        amounts=np.array(synthetic_ladder().amounts, dtype=np.float64),
        intercept=INTERCEPT,
        knock_out=names.index("past_due_90"),
        class_wide=names.index("class_appetite_index"),
        dormancy=names.index("idle_months"),
    )


def _measures(catalogue: Catalogue) -> IntArray:
    number = {name: int(getattr(window_kernels, name.upper())) for name in SUMMARIES}
    rows = []
    for feature in catalogue.drivers:
        below = window_kernels.NO_DENOMINATOR
        if feature.denominator == "limit_in_force":
            below = window_kernels.LIMIT_IN_FORCE
        elif feature.denominator is not None:
            below = LEDGER.index(feature.denominator)
        rows.append(
            (
                LEDGER.index(feature.column or feature.numerator or ""),
                number[feature.summary],
                feature.window,
                below,
                number[feature.denominator_summary],
                int(feature.sign < 0),
            )
        )
    return np.array(rows, dtype=np.int64)


@njit(nogil=True)
def measure(t, H, limit, policy, x):  # type: ignore[no-untyped-def]
    """Fill the snapshot ``x`` (n_drivers,) at month t, ratios to the limit with the one given."""
    measures, above = policy.measures, policy.above
    for f in range(len(measures)):
        window, below = measures[f, 2], measures[f, 3]
        lo = max(0, t - window + 1)
        value = summarise_known(measures[f, 1], H, measures[f, 0], lo, t, window, above[f])
        if below == window_kernels.LIMIT_IN_FORCE:
            value = value / limit if limit > 0 else np.nan
        elif below != window_kernels.NO_DENOMINATOR:
            whole = summarise_known(measures[f, 4], H, below, lo, t, window, above[f])
            value = value / whole if whole > 0 else np.nan
        x[f] = value


@njit(nogil=True)
def summarise_known(summary, H, row, lo, t, window, above):  # type: ignore[no-untyped-def]
    """`window_kernels.summarise` of a ledger's months lo .. t, in which nothing is missing: the same bits, sooner."""
    if summary == window_kernels.LAST:
        return H[row, t]
    if summary == window_kernels.CHANGE:
        return H[row, t] - H[row, lo]
    if summary == window_kernels.MAX:
        best = H[row, lo]
        for m in range(lo + 1, t + 1):
            if H[row, m] > best:
                best = H[row, m]
        return best
    if summary == window_kernels.COUNT or summary == window_kernels.SHARE:
        exceeding = 0
        for m in range(lo, t + 1):
            exceeding += H[row, m] > above
        return exceeding / (t + 1 - lo) if summary == window_kernels.SHARE else float(exceeding)
    if summary == window_kernels.MONTHS_SINCE:
        for m in range(t, lo - 1, -1):
            if H[row, m] > above:
                return float(t - m)
        return float(window) if t + 1 - lo == window else np.nan
    total, distance, first = 0.0, 0.0, H[row, lo]
    for m in range(lo, t + 1):
        total += H[row, m]
        distance += H[row, m] - first
    if summary == window_kernels.SUM:
        return total
    mean = first + distance / (t + 1 - lo)
    if summary == window_kernels.MEAN:
        return mean
    squares = 0.0
    for m in range(lo, t + 1):
        squares += (H[row, m] - mean) ** 2
    return math.sqrt(squares / (t + 1 - lo))


@njit(nogil=True)
def way_come(value, ramp):  # type: ignore[no-untyped-def]
    """How far a value is up its ramp, 0 .. 1."""
    if np.isnan(value):
        return ramp[4]
    if ramp[3] > 0:
        if value <= 0:
            return 0.0
        value = math.log(value)
    way = (value - ramp[1]) * ramp[2]
    if way <= 0.0:
        return 0.0
    return way if way < 1.0 else 1.0


@njit(nogil=True)
def come(x, policy, ways):  # type: ignore[no-untyped-def]
    """`way_come` of every feature."""
    for f in range(len(x)):
        ways[f] = way_come(x[f], policy.ramps[f])


@njit(nogil=True)
def badness(ways, f, policy):  # type: ignore[no-untyped-def]
    """How bad feature f is, 0 .. 1."""
    return ways[f] if policy.measures[f, 5] == 1 else 1.0 - ways[f]


@njit(nogil=True)
def score_of(ways, policy):  # type: ignore[no-untyped-def]
    """The policy's score of a snapshot, log-odds."""
    total = policy.intercept
    for f in range(len(ways)):
        total += policy.ramps[f, 0] * ways[f]
    for p in range(len(policy.products)):
        together = policy.product_weights[p]
        for place in range(3):
            f = policy.products[p, place]
            if f >= 0:
                together *= badness(ways, f, policy)
        total -= together
    return total


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
