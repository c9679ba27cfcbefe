"""One number from the months of a window, of which some may be missing.

Every window is summed afresh from its own cells. A running sum would be a little faster, but its rounding errors
depend on months long past, and a feature that has not changed would no longer be equal bit for bit.
"""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel

#: Numbers of the summaries; `snapshots` maps the catalogue's names to them.
LAST, MEAN, MAX, MIN, STD, SUM, SHARE, COUNT, CHANGE, TREND, MONTHS_SINCE = range(11)

# What a measure's denominator is, where it is no column.
NO_DENOMINATOR, LIMIT_IN_FORCE = -1, -2


@kernel
def summarise_rows(summary, cells, month, lag, window, above, found):  # type: ignore[no-untyped-def]
    """Summarise the windows of each row of a borrower.

    Parameters
    ----------
    summary : int
    cells : float64 array, (n,)
    month : int64 array, (n,)
    lag, window : int
        Months.
    above : float
        For share, count and months since.
    found : float64 array, (n,)
        What is filled.
    """
    lo = hi = 0
    for row in range(len(cells)):
        until = month[row] - lag
        while hi < len(cells) and month[hi] <= until:
            hi += 1
        while lo < hi and month[lo] <= until - window:
            lo += 1
        found[row] = summarise(summary, cells, month, lo, hi, until, window, above)


@kernel
def summarise(summary, cells, month, lo, hi, until, window, above):  # type: ignore[no-untyped-def]
    """One summary of the known cells of rows lo .. hi - 1, NaN if there is none.

    Parameters
    ----------
    summary : int
    cells : float64 array, (n,)
    month : int64 array, (n,)
    lo, hi : int
    until : int
        The window's last month, whether or not it has a row.
    window : int
        Months.
    above : float
        For share, count and months since.
    """
    while lo < hi and np.isnan(cells[lo]):
        lo += 1
    while lo < hi and np.isnan(cells[hi - 1]):
        hi -= 1
    if lo == hi:
        return np.nan
    if summary == LAST:
        return cells[hi - 1]
    if summary == CHANGE:
        return cells[hi - 1] - cells[lo]
    if summary in (MAX, MIN):
        return _extreme(cells, lo, hi, summary == MAX)
    if summary in (SHARE, COUNT):
        return _exceeding(cells, lo, hi, above, summary == SHARE)
    if summary == MONTHS_SINCE:
        return _months_since(cells, month, lo, hi, until, window, above)
    if summary == TREND:
        return _trend(cells, month, lo, hi)
    return _moment(cells, lo, hi, summary)


@kernel
def _extreme(cells, lo, hi, largest):  # type: ignore[no-untyped-def]
    best = cells[lo]
    for row in range(lo + 1, hi):
        value = cells[row]
        if (value > best) if largest else (value < best):  # NaN is neither
            best = value
    return best


@kernel
def _exceeding(cells, lo, hi, above, as_share):  # type: ignore[no-untyped-def]
    known, exceeding = 0, 0
    for row in range(lo, hi):
        if not np.isnan(cells[row]):
            known += 1
            exceeding += cells[row] > above
    return exceeding / known if as_share else float(exceeding)


@kernel
def _months_since(cells, month, lo, hi, until, window, above):  # type: ignore[no-untyped-def]
    known = 0
    for row in range(hi - 1, lo - 1, -1):
        if cells[row] > above:
            return float(until - month[row])
        known += not np.isnan(cells[row])
    return float(window) if known == window else np.nan


@kernel
def _trend(cells, month, lo, hi):  # type: ignore[no-untyped-def]
    known, months = 0, 0.0
    for row in range(lo, hi):
        if not np.isnan(cells[row]):
            known += 1
            months += month[row] - month[lo]
    if known < 2:
        return np.nan
    middle = months / known
    above, below = 0.0, 0.0
    for row in range(lo, hi):
        if not np.isnan(cells[row]):
            distance = month[row] - month[lo] - middle
            above += distance * (cells[row] - cells[lo])  # from the first cell: a constant has slope 0 exactly
            below += distance * distance
    return above / below


@kernel
def _moment(cells, lo, hi, summary):  # type: ignore[no-untyped-def]
    known, total, distance = 0, 0.0, 0.0
    for row in range(lo, hi):
        if not np.isnan(cells[row]):
            known += 1
            total += cells[row]
            distance += cells[row] - cells[lo]  # from the first cell: the mean of a constant is that constant
    if summary == SUM:
        return total
    mean = cells[lo] + distance / known
    if summary == MEAN:
        return mean
    squares = 0.0
    for row in range(lo, hi):
        if not np.isnan(cells[row]):
            squares += (cells[row] - mean) ** 2
    return np.sqrt(squares / known)
