"""Summaries of all windows of a whole series: no month left out, no cell missing, the usual case.

Each gives the very bits of `window_kernels.summarise`: every window is summed afresh, from its first cell to its last.
The windows of a series are taken together, cell by cell, since their sums do not depend on each other: processors add
many numbers at once, but not a number that waits for the sum before it.
"""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel
from credit_model.portfolio import window_kernels as windows


@kernel(error_model="numpy")
def summarise_series(summary, cells, window, above, found, spare):  # type: ignore[no-untyped-def]
    """Summarise the windows that end at each month of a series.

    Parameters
    ----------
    summary : int
    cells : float64 array, (n,)
        A value a month, none missing.
    window : int
        Months; windows begin with the series where that is later.
    above : float
        For share, count and months since.
    found : float64 array, (n,)
        What is filled.
    spare : float64 array, (n,) or longer
        Room to calculate in.
    """
    n = len(cells)
    window = min(window, n + 1)
    if summary == windows.LAST:
        for i in range(n):
            found[i] = cells[i]
    elif summary == windows.CHANGE:
        for i in range(n):
            found[i] = cells[i] - cells[max(0, i + 1 - window)]
    elif summary == windows.MAX:
        _largest(cells, window, found)
    elif summary == windows.MIN:
        _smallest(cells, window, found)
    elif summary == windows.SHARE or summary == windows.COUNT:
        _exceeding(cells, window, above, summary == windows.SHARE, found)
    elif summary == windows.MONTHS_SINCE:
        _months_since(cells, window, above, found)
    elif summary == windows.TREND:
        _trend(cells, window, found)
    elif summary == windows.SUM:
        _sum(cells, window, found)
    else:
        _mean(cells, window, found)
        if summary == windows.STD:
            _deviation(cells, window, found, spare[:n])


@kernel(error_model="numpy")
def _largest(cells, window, found):  # type: ignore[no-untyped-def]
    n = len(cells)
    best = cells[0]
    for i in range(min(window, n)):
        if cells[i] > best:
            best = cells[i]
        found[i] = best
    whole = found[window - 1 :]
    for i in range(len(whole)):
        whole[i] = cells[i]
    for k in range(1, window):
        added = cells[k : k + len(whole)]
        for i in range(len(added)):
            whole[i] = added[i] if added[i] > whole[i] else whole[i]


@kernel(error_model="numpy")
def _smallest(cells, window, found):  # type: ignore[no-untyped-def]
    n = len(cells)
    best = cells[0]
    for i in range(min(window, n)):
        if cells[i] < best:
            best = cells[i]
        found[i] = best
    whole = found[window - 1 :]
    for i in range(len(whole)):
        whole[i] = cells[i]
    for k in range(1, window):
        added = cells[k : k + len(whole)]
        for i in range(len(added)):
            whole[i] = added[i] if added[i] < whole[i] else whole[i]


@kernel(error_model="numpy")
def _exceeding(cells, window, above, as_share, found):  # type: ignore[no-untyped-def]
    """Counts are whole, so here a running one is exact."""
    exceeding = 0
    for i in range(len(cells)):
        exceeding += cells[i] > above
        if i >= window:
            exceeding -= cells[i - window] > above
        found[i] = exceeding / min(i + 1, window) if as_share else float(exceeding)


@kernel(error_model="numpy")
def _months_since(cells, window, above, found):  # type: ignore[no-untyped-def]
    last = -1
    for i in range(len(cells)):
        if cells[i] > above:
            last = i
        if last >= 0 and last > i - window:
            found[i] = float(i - last)
        else:
            found[i] = float(window) if i + 1 >= window else np.nan


@kernel(error_model="numpy")
def _sum(cells, window, found):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(min(window, len(cells))):
        total += cells[i]
        found[i] = total
    whole = found[window - 1 :]
    for i in range(len(whole)):
        whole[i] = 0.0
    for k in range(window):
        added = cells[k : k + len(whole)]
        for i in range(len(added)):
            whole[i] += added[i]


@kernel(error_model="numpy")
def _mean(cells, window, found):  # type: ignore[no-untyped-def]
    distance = 0.0
    for i in range(min(window, len(cells))):
        distance += cells[i] - cells[0]
        found[i] = cells[0] + distance / (i + 1)
    whole = found[window - 1 :]
    for i in range(len(whole)):
        whole[i] = 0.0
    for k in range(window):
        added = cells[k : k + len(whole)]
        for i in range(len(added)):
            whole[i] += added[i] - cells[i]
    for i in range(len(whole)):
        whole[i] = cells[i] + whole[i] / window


@kernel(error_model="numpy")
def _deviation(cells, window, found, spare):  # type: ignore[no-untyped-def]
    """Standard deviations in place of means."""
    for i in range(min(window - 1, len(cells))):
        squares = 0.0
        for j in range(i + 1):
            squares += (cells[j] - found[i]) ** 2
        found[i] = np.sqrt(squares / (i + 1))
    whole = found[window - 1 :]
    for i in range(len(whole)):
        spare[i] = 0.0
    for k in range(window):
        added = cells[k : k + len(whole)]
        for i in range(len(added)):
            spare[i] += (added[i] - whole[i]) ** 2
    for i in range(len(whole)):
        whole[i] = np.sqrt(spare[i] / window)


@kernel(error_model="numpy")
def _trend(cells, window, found):  # type: ignore[no-untyped-def]
    for i in range(min(window - 1, len(cells))):
        found[i] = _slope(cells, i + 1)
    if window < 2:
        found[:] = np.nan
        return
    whole = found[window - 1 :]
    for i in range(len(whole)):
        whole[i] = 0.0
    middle = window * (window - 1) / 2.0 / window
    below = 0.0
    for k in range(window):
        distance = k - middle
        below += distance * distance
        added = cells[k : k + len(whole)]
        for i in range(len(added)):
            whole[i] += distance * (added[i] - cells[i])
    for i in range(len(whole)):
        whole[i] /= below


@kernel(error_model="numpy")
def _slope(cells, n):  # type: ignore[no-untyped-def]
    """The trend of the first ``n`` cells."""
    if n < 2:
        return np.nan
    middle = n * (n - 1) / 2.0 / n
    above, below = 0.0, 0.0
    for i in range(n):
        distance = i - middle
        above += distance * (cells[i] - cells[0])
        below += distance * distance
    return above / below
