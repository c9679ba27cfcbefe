"""The kernel behind `portfolio.standing`: what a borrower's own months say of when its limit is looked at."""

from __future__ import annotations

import math

import numpy as np

from credit_model.compiling import kernel

#: Longest rhythm that is looked for, in months.
LONGEST_RHYTHM = 12
#: Months of either kind that every place of a rhythm counts as seen beforehand.
_BEFOREHAND = 0.2


@kernel
def fill_calendar(month, starts, looked_at, was_set, calendar, due):  # type: ignore[no-untyped-def]
    """Fill what is known at each row's end, from the borrower's rows up to it.

    Parameters
    ----------
    month : int64 array, (n,)
    starts : int64 array, (n_borrowers + 1,)
    looked_at, was_set : bool arrays, (n,)
        Months in which the limit was looked at, and in which it was set anew.
    calendar : float64 array, (n, 3)
        Months since the limit was set, since it was looked at, and between the last two times; NaN where that was
        never seen.
    due : float64 array, (n, n_leads)
        The chance that it is looked at 1, 2, ... months on.

    Notes
    -----
    The rhythm is the number of months p in 1 .. 12 after which the pattern repeats best: each of its p places has its
    own share of months that were looked at, and p costs p/2 log n of the log-likelihood (Schwarz 1978,
    doi:10.1214/aos/1176344136).
    """
    seen = np.zeros((LONGEST_RHYTHM, LONGEST_RHYTHM))
    hits = np.zeros((LONGEST_RHYTHM, LONGEST_RHYTHM))
    for b in range(len(starts) - 1):
        seen[:, :] = 0.0
        hits[:, :] = 0.0
        last_set, last_look, between = -1, -1, np.nan
        for row in range(starts[b], starts[b + 1]):
            t = month[row]
            if was_set[row]:
                last_set = row
            if looked_at[row]:
                if last_look >= 0:
                    between = float(t - month[last_look])
                last_look = row
            calendar[row, 0] = np.nan if last_set < 0 else float(t - month[last_set])
            calendar[row, 1] = np.nan if last_look < 0 else float(t - month[last_look])
            calendar[row, 2] = between
            for p in range(1, LONGEST_RHYTHM + 1):
                seen[p - 1, t % p] += 1.0
                if looked_at[row]:
                    hits[p - 1, t % p] += 1.0
            rhythm = _rhythm(seen, hits, row - starts[b] + 1)
            for lead in range(due.shape[1]):
                place = (t + lead + 1) % rhythm
                due[row, lead] = _share(hits[rhythm - 1, place], seen[rhythm - 1, place])


@kernel
def _rhythm(seen, hits, n):  # type: ignore[no-untyped-def]
    """The months after which the pattern of ``n`` months repeats best; the shortest of equals."""
    best, found = -np.inf, 1
    for p in range(1, LONGEST_RHYTHM + 1):
        likelihood = -0.5 * p * math.log(n + 1.0)
        for place in range(p):
            share = _share(hits[p - 1, place], seen[p - 1, place])
            likelihood += hits[p - 1, place] * math.log(share)
            likelihood += (seen[p - 1, place] - hits[p - 1, place]) * math.log(1.0 - share)
        if likelihood > best + 1e-9:
            best, found = likelihood, p
    return found


@kernel(inline="always")
def _share(hits, seen):  # type: ignore[no-untyped-def]
    return (hits + _BEFOREHAND) / (seen + 2.0 * _BEFOREHAND)
