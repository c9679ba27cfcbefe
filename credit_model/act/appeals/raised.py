"""The customers whose limit was raised: what an application for a rise is held against.

Limits seldom rise, so an even chance of the next tier is a line that most of those who get it are below. The panel says
better which chance suffices, and where an applicant stands worse than those to whom it was given, as the averages of
accepted applicants do for a score (US Reg B, comment 9(b)(2)-5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.explain.pairs import driver_columns
from credit_model.fitted_model import FittedModel
from credit_model.portfolio.snapshots import Snapshots

#: Periods before the application whose rises count, and how many are needed.
PERIODS, LEAST = 24, 20
#: Of those who were raised, the share whose chance lay below the line.
SHARE_BELOW = 0.25


@dataclass(frozen=True)
class Raised:
    """Those whose limit was raised.

    Attributes
    ----------
    n : int
    line : float
        Log-odds of the next tier that three in four of them reached, at most those of an even chance.
    typical : float64 array, (n_drivers,)
        The median of each driver among them, of a category the most frequent: nobody in particular.
    """

    n: int
    line: float
    typical: FloatArray


def raised_customers(fitted: FittedModel, snapshots: Snapshots, applicant: int, month: int, tier: int) -> Raised | None:
    """The customers who were raised in the two years before, from the applicant's tier where they are enough.

    Parameters
    ----------
    fitted : FittedModel
    snapshots : Snapshots
        Of the whole panel.
    applicant : int
        The borrower who does not count: a position in the panel.
    month, tier : int
        Of the application; the tier in force.

    Returns
    -------
    Raised or None
        None: fewer than 20 were raised.
    """
    when = snapshots.month_number
    counts = snapshots.is_decision & (snapshots.tier_before >= 0) & (snapshots.tier_after > snapshots.tier_before)
    counts &= (when <= month) & (when > month - PERIODS) & (snapshots.borrower_row != applicant)
    alike = counts & (snapshots.tier_before == tier)
    row = np.flatnonzero(alike if alike.sum() >= LEAST else counts).astype(np.int64)
    if len(row) < LEAST:
        return None
    history = snapshots.history
    weight = fitted.members.weights(history, snapshots.borrower_row[row])
    score = fitted.bag.keep_score(snapshots.X[row], snapshots.tier_before[row] + 1, weight, n_jobs=1)
    drivers = snapshots.X[np.ix_(row, driver_columns(fitted.catalogue))]
    typical = [
        _most_frequent(values) if feature.categorical else _median(values)
        for feature, values in zip(fitted.catalogue.drivers, drivers.T, strict=True)
    ]
    return Raised(len(row), min(0.0, float(np.quantile(score, SHARE_BELOW))), np.array(typical))


def _median(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if 2 * len(known) >= len(values) else np.nan


def _most_frequent(values: FloatArray) -> float:
    found, n = np.unique(values, return_counts=True)  # NaN is counted as one value
    return float(found[n.argmax()])
