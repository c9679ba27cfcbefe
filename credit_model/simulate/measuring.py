"""What a policy looks at: the catalogue's features of a borrower's ledger, and how far each has come on its ramp."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from credit_model.arrays import IntArray
from credit_model.portfolio import window_kernels
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.declarations import SUMMARIES
from credit_model.simulate.columns import LEDGER


def measures_of(catalogue: Catalogue) -> IntArray:
    """How the kernels measure a catalogue's drivers: `scoring.PolicyTable.measures`."""
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
def measure(t, H, limit, measures, above, x):  # type: ignore[no-untyped-def]
    """Fill the snapshot ``x`` (n_drivers,) at month t, ratios to the limit with the one given."""
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
def come(x, ramps, ways):  # type: ignore[no-untyped-def]
    """`way_come` of every feature."""
    for f in range(len(x)):
        ways[f] = way_come(x[f], ramps[f])


@njit(nogil=True)
def badness(ways, f, measures):  # type: ignore[no-untyped-def]
    """How bad feature f is, 0 .. 1."""
    return ways[f] if measures[f, 5] == 1 else 1.0 - ways[f]
