"""The kernel behind `portfolio.snapshots`: the features of borrowers, one after the other."""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel
from credit_model.portfolio.series_kernels import summarise_series
from credit_model.portfolio.window_kernels import LIMIT_IN_FORCE, NO_DENOMINATOR, summarise_rows


@kernel(error_model="numpy")
def fill_features(  # type: ignore[no-untyped-def]
    cells, month, starts, lag, limit_before, summaries, above, ratios, X, numerators
):
    """Fill the features of some borrowers' rows.

    Parameters
    ----------
    cells : float64 array, (n_columns, n)
        The columns, rows sorted by borrower and month; NaN is missing.
    month : int64 array, (n,)
    starts : int64 array, (n_borrowers + 1,)
        Each borrower's first row, and n.
    lag : int
    limit_before : float64 array, (n,)
    summaries : int64 array, (n_summaries, 3)
        Row of ``cells``; summary; window in months.
    above : float64 array, (n_summaries,)
        For share, count and months since.
    ratios : int64 array, (n_measures, 4)
        Column of ``X`` to fill; row of ``summaries``; that of the denominator, or one of the codes above; column of
        ``numerators`` or -1.
    X : float64 array, (n, n_features)
    numerators : float64 array, (n, n_state_ratios)
    """
    longest = 0
    for b in range(len(starts) - 1):
        longest = max(longest, starts[b + 1] - starts[b])
    found, values = np.empty((len(summaries), longest)), np.empty((len(ratios), longest))
    spare = np.empty(longest)
    is_series = np.empty(len(cells), dtype=np.bool_)
    for b in range(len(starts) - 1):
        start, end = starts[b], starts[b + 1]
        has_all_months = month[end - 1] - month[start] == end - 1 - start
        for c in range(len(cells)):
            is_series[c] = has_all_months and _is_known(cells[c, start:end])
        for s in range(len(summaries)):
            source, summary, window = summaries[s]
            if is_series[source]:
                found[s, :lag] = np.nan
                if lag < end - start:
                    summarise_series(
                        summary, cells[source, start : end - lag], window, above[s], found[s, lag : end - start], spare
                    )
            else:
                summarise_rows(
                    summary, cells[source, start:end], month[start:end], lag, window, above[s], found[s, : end - start]
                )
        for f in range(len(ratios)):
            _, upper, lower, kept = ratios[f]
            if kept >= 0:
                for row in range(start, end):
                    numerators[row, kept] = found[upper, row - start]
            if lower == NO_DENOMINATOR:
                _copy(found[upper], values[f, : end - start])
            elif lower == LIMIT_IN_FORCE:
                _divide(found[upper], limit_before[start:end], values[f, : end - start])
            else:
                _divide(found[upper], found[lower], values[f, : end - start])
        for row in range(start, end):
            for f in range(len(ratios)):
                X[row, ratios[f, 0]] = values[f, row - start]


@kernel
def _is_known(cells):  # type: ignore[no-untyped-def]
    missing = 0
    for i in range(len(cells)):
        missing += np.isnan(cells[i])
    return missing == 0


@kernel
def _copy(values, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        found[i] = values[i]


@kernel(error_model="numpy")
def _divide(numerators, denominators, found):  # type: ignore[no-untyped-def]
    """Quotients, NaN where the denominator is not above 0."""
    for i in range(len(found)):
        found[i] = numerators[i] / denominators[i] if denominators[i] > 0 else np.nan
