"""Counts over a column's cells, in one pass and without a copy of them: most columns break no rule."""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel


@kernel
def count_parts(values):  # type: ignore[no-untyped-def]
    """How many of the known values (n,) are no whole numbers."""
    found = 0
    for i in range(len(values)):
        found += (values[i] != np.floor(values[i])) & (values[i] == values[i])
    return found


@kernel
def count_untrue(values):  # type: ignore[no-untyped-def]
    """How many of the known values (n,) are neither 0 nor 1."""
    found = 0
    for i in range(len(values)):
        found += (values[i] != 0.0) & (values[i] != 1.0) & (values[i] == values[i])
    return found


@kernel
def count_rises(values, borrower, month, most):  # type: ignore[no-untyped-def]
    """How many values (n,) are more than ``most`` a month above the borrower's value before."""
    found = 0
    for i in range(1, len(values)):
        months = month[i] - month[i - 1]
        found += (borrower[i] == borrower[i - 1]) & (values[i] - values[i - 1] > most * months)
    return found


@kernel
def count_bounded(values, limit):  # type: ignore[no-untyped-def]
    """How many values (n,) above 0 stand beside a limit (n,) above 0, and how many of them are within it."""
    known, within = 0, 0
    for i in range(len(values)):
        beside = (limit[i] > 0.0) & (values[i] > 0.0)
        known += beside
        within += beside & (values[i] <= limit[i])
    return known, within
