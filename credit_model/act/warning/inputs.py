"""What the early warning reads of a line: its standing, the path of its keep score, and its calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.act.plans.paths import Ahead
from credit_model.arrays import FloatArray, IntArray
from credit_model.fitted_model import FittedModel
from credit_model.model.early_warning import FURTHER, LEADS
from credit_model.portfolio.snapshots import build_snapshots
from credit_model.portfolio.standing import Standing

#: Months before and after at which the keep score is read, now first. Those to come are lived as `Ahead` says: nothing
#: is done but what is due.
BEFORE, AFTER = (1, 3, 6), (1, 3, 6)
N_POINTS = 1 + len(BEFORE) + len(AFTER)
#: Lines whose months to come are made up at a time.
AT_ONCE = 4096


@dataclass(frozen=True)
class Inputs:
    """Of n lines at a month's end.

    Attributes
    ----------
    X : float64 array, (n, n_features)
        Features under the limit in force.
    keep : float64 array, (n, N_POINTS)
        The keep score of this limit now, `BEFORE`, and `AFTER` if nothing is done: log-odds.
    calendar : float64 array, (n, 3)
    due : float64 array, (n, LEADS)
    """

    X: FloatArray
    keep: FloatArray
    calendar: FloatArray
    due: FloatArray

    def __len__(self) -> int:
        return len(self.X)

    def rows(self, lead: IntArray | int) -> FloatArray:
        """Rows as `EarlyWarning` reads them, for one lead each, 1 .. `LEADS`: (n, n_features + len(FURTHER))."""
        n, width = self.X.shape
        place = np.broadcast_to(np.asarray(lead) - 1, n)
        each, n_before = np.arange(n), len(BEFORE)
        now, before, after = self.keep[:, :1], self.keep[:, 1 : 1 + n_before], self.keep[:, 1 + n_before :]
        out = np.empty((n, width + len(FURTHER)))
        out[:, :width] = self.X
        out[:, width : width + N_POINTS] = np.hstack([now, now - before, after - now])
        more = width + N_POINTS
        out[:, more : more + 3] = self.calendar
        out[:, more + 3] = np.maximum.accumulate(self.due, axis=1)[each, place]
        out[:, more + 4] = np.cumsum(self.due, axis=1)[each, place]
        out[:, more + 5] = place + 1
        return out

    def take(self, line: IntArray) -> Inputs:
        """Of some lines (k,)."""
        return Inputs(self.X[line], self.keep[line], self.calendar[line], self.due[line])


@dataclass(frozen=True)
class Path:
    """The features of lines (n,) at all points of their path: (N_POINTS, n, n_features), the first as they are now."""

    X: FloatArray

    def keep(self, fitted: FittedModel, tier: IntArray, weight: FloatArray | None, n_jobs: int) -> FloatArray:
        """The keep scores of tiers (n,) along the path: (n, N_POINTS)."""
        points = [fitted.bag.keep_score(X, tier, weight, n_jobs=n_jobs) for X in self.X]
        return np.stack(points, axis=1)


def path_of(standing: Standing, source: IntArray, row: IntArray, *, n_jobs: int = -1) -> Path:
    """The path around rows ``source``, under the tier and limit in force after rows ``row``, (n,) each.

    Nothing later than ``source`` is looked at: the months after are made up from those up to it.
    """
    before = [standing.seen_from(_earlier(standing, source, months), row) for months in (0, *BEFORE)]
    return Path(np.stack([*before, *_ahead(standing, source, row, n_jobs)]))


def inputs_of(
    fitted: FittedModel, standing: Standing, row: IntArray, *, of_trial: bool = False, n_jobs: int = -1
) -> Inputs:
    """What is read of open lines, rows (n,) after which a tier above the lowest is in force.

    Parameters
    ----------
    fitted : FittedModel
    standing : Standing
    row : int64 array, (n,)
    of_trial : bool
        Keep scores by the trial instead of the deployed fits that did not see the borrower.
    n_jobs : int
    """
    model, snapshots = fitted.as_trial() if of_trial else fitted, standing.snapshots
    keep = np.empty((len(row), N_POINTS))
    for start in range(0, len(row), AT_ONCE):
        some = row[start : start + AT_ONCE]
        path, weight = path_of(standing, some, some, n_jobs=n_jobs), model.weights(snapshots, some)
        keep[start : start + AT_ONCE] = path.keep(model, snapshots.tier_after[some], weight, n_jobs)
    return Inputs(standing.seen_from(row, row), keep, standing.calendar[row], standing.due[row, :LEADS])


def _earlier(standing: Standing, row: IntArray, months: int) -> IntArray:
    """The borrower's last row at least ``months`` months before each row, or else its first: (n,)."""
    if months == 0:
        return row
    history = standing.snapshots.history
    span = int(history.month_number.max() - history.month_number.min()) + 1
    at = history.borrower_row * span + (history.month_number - history.month_number.min())
    start = history.starts[history.borrower_row[row]]
    found = np.searchsorted(at, at[row] - months, side="right") - 1
    return np.asarray(np.maximum(found, start), dtype=np.int64)


def _ahead(standing: Standing, source: IntArray, row: IntArray, n_jobs: int) -> list[FloatArray]:
    """Features `AFTER` rows ``source``, if nothing is done, under the limit of rows ``row``: (n, n_features) each."""
    snapshots = standing.snapshots
    catalogue = snapshots.catalogue
    limit = snapshots.limit_after[row][:, None]
    limit = np.where(limit > 0, limit, np.nan)
    states = [catalogue.feature_names.index(name) for name in catalogue.state_names]
    out = [np.empty((len(row), snapshots.X.shape[1])) for _ in AFTER]
    for start in range(0, len(row), AT_ONCE):
        here = slice(start, start + AT_ONCE)
        panel, place = Ahead.of(snapshots.history, source[here], max(AFTER)).histories({}, 1)
        lived = build_snapshots(panel, snapshots.ladder, n_jobs=n_jobs)
        for months, X in zip(AFTER, out, strict=True):
            then = place[:, 0, months - 1]
            X[here] = lived.X[then]
            X[here, states] = standing.X[row[here]][:, states]
            X[here, snapshots.state_ratio_index] = lived.numerators[then] / limit[here]
    return out
