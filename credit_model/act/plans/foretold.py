"""What the model foretold after earlier cuts, held against what came: how far scores drift by themselves."""

from __future__ import annotations

import numpy as np

from credit_model.act.plans.paths import Ahead
from credit_model.arrays import FloatArray, IntArray
from credit_model.explain.pairs import decrease_rows
from credit_model.fitted_model import FittedModel
from credit_model.model.drift import Drift
from credit_model.portfolio.snapshots import Snapshots, build_snapshots

#: Months that are foretold, and the most cuts that it is done for.
MONTHS, MOST_CASES = 12, 800


def drift_of(fitted: FittedModel, snapshots: Snapshots, *, n_jobs: int = -1) -> Drift | None:
    """How far the scores after cuts strayed from what was foretold if nothing is done but what is due.

    What came is scored with what ``[plan.ahead]`` takes for granted, such as that nobody is late: plans hold on that
    condition, and those who were late would have had their other troubles all the same.

    Parameters
    ----------
    fitted : FittedModel
        Borrowers that it was fitted on are scored by the fits that did not see them.
    snapshots : Snapshots
        Of the training portfolio.
    n_jobs : int

    Returns
    -------
    Drift or None
        None where there are too few cuts.
    """
    cut = cuts_followed(snapshots)
    return drift_of_cuts(fitted, snapshots, cut[some_of(len(cut))], n_jobs=n_jobs)


def cuts_followed(snapshots: Snapshots) -> IntArray:
    """Cuts after which the borrower has more months: row numbers."""
    row = decrease_rows(snapshots)
    row = row[(snapshots.position[row] >= snapshots.catalogue.warm_up) & (snapshots.tier_before[row] > 0)]
    return row[row < _last(snapshots, row)]


def some_of(n: int) -> IntArray:
    """At most `MOST_CASES` of n cuts, evenly spaced: their numbers."""
    return np.linspace(0, n - 1, min(n, MOST_CASES)).astype(np.int64)


def drift_of_cuts(fitted: FittedModel, snapshots: Snapshots, row: IntArray, *, n_jobs: int = -1) -> Drift | None:
    """`drift_of` by some of the cuts that are followed, rows (n,) of a portfolio or of some of its borrowers."""
    if not len(row):
        return None
    return Drift.of_cases(foretold_errors(fitted, snapshots, row, _last(snapshots, row), n_jobs=n_jobs))


def _last(snapshots: Snapshots, row: IntArray) -> IntArray:
    """The last row of each row's borrower: (n,)."""
    return np.asarray(snapshots.history.starts[1:][snapshots.borrower_row[row]] - 1, dtype=np.int64)


def foretold_errors(
    fitted: FittedModel, snapshots: Snapshots, row: IntArray, last: IntArray, *, n_jobs: int
) -> FloatArray:
    """What scores came to be, with what plans take for granted, less what was foretold: (n, MONTHS); NaN: not known.

    Parameters
    ----------
    fitted, snapshots
        As for `drift_of`.
    row, last : int64 arrays, (n,)
        Cuts, and the last row of each borrower.
    n_jobs : int
    """
    history = snapshots.history
    ahead = Ahead.of(history, row, MONTHS)
    month = row[:, None] + np.arange(1, MONTHS + 1)
    known = month <= last[:, None]
    month = np.where(known, month, row[:, None])
    passed = history.month_number[month] - history.month_number[row][:, None]
    known &= passed == np.arange(1, MONTHS + 1)  # no month is missing in between
    granted = {name for name, rule in fitted.catalogue.plan.ahead.items() if isinstance(rule, int | float)}
    came = {name: history.values(name)[month][:, None] for name in ahead.cells if name not in granted}
    built = []
    for changed in (came, {}):
        panel, rows = ahead.histories(changed, 1)
        found = build_snapshots(panel, fitted.ladder, n_jobs=n_jobs)
        built.append((found.X[rows[:, 0]], found.numerators[rows[:, 0]]))
    tier, limit = snapshots.tier_before[row], snapshots.limit_before[row]
    weight = fitted.weights(snapshots, row)

    def scores(X: FloatArray, numerators: FloatArray) -> FloatArray:
        X = X.copy()
        values = {"tier_in_force": tier, "limit_in_force": limit}
        for name in fitted.catalogue.state_names:
            X[..., fitted.catalogue.feature_names.index(name)] = values[name][:, None]
        X[..., snapshots.state_ratio_index] = numerators / np.where(limit > 0, limit, np.nan)[:, None, None]
        flat = None if weight is None else np.repeat(weight, MONTHS, axis=0)
        found = fitted.bag.keep_score(X.reshape(-1, X.shape[2]), np.repeat(tier, MONTHS), flat, n_jobs=n_jobs)
        return np.asarray(found.reshape(len(row), MONTHS))

    return np.where(known, scores(*built[0]) - scores(*built[1]), np.nan)
