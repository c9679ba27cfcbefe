r"""Why a risk of losing the limit has moved since the limit was set: exact shares of the score that raises the alert.

The players are the catalogue's factors and the calendar (how long the limit stands, when it is looked at next). Of
every mixture of "as it is now" and "as it was when the limit was set" the warning's own score is taken: features are
mixed, the keep scores of the mixture (now, before, and in the months ahead if nothing is done) come from the tier
model, and the warning's trees read both. All 2^k mixtures of k players are scored, so that the Shapley values

.. math:: \phi_g = \sum_{S \not\ni g} \frac{|S|! (k - 1 - |S|)!}{k!} \left[v(S \cup g) - v(S)\right]

are exact and sum to the change of the score: for features with the factors as unions these are the Owen values, by
factor. A factor that has not changed gets exactly 0. Tier and limit are those of now in all mixtures.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from credit_model.act.warning.inputs import N_POINTS, Inputs, inputs_of, path_of
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError
from credit_model.explain.explaining import change_values
from credit_model.explain.pairs import driver_columns
from credit_model.fitted_model import FittedModel
from credit_model.model.early_warning import HEADLINE, EarlyWarning
from credit_model.portfolio.standing import Standing, limit_was_set

#: The player that is no factor.
CALENDAR = "calendar"
#: Most by which shares may miss the change of the score, log-odds.
EXACTNESS = 1e-9
#: Mixtures that are scored at a time.
_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class WarningReasons:
    """Of n lines.

    Attributes
    ----------
    reference_row : int64 array, (n,)
        In which the limit in force was set.
    censored : bool array, (n,)
        When it was set is not on record: the first month with filled windows stands in.
    score_then, score_now : float64 arrays, (n,)
        The score of a cut within `HEADLINE` months, calibrated log-odds.
    by_factor : float64 array, (n, n_factors + 1)
        What each factor, and last the calendar, adds to the score since: log-odds, above 0 raises the risk.
    by_driver : float64 array, (n, n_drivers)
        What each feature adds to the *keep score* since: its exact Owen values, by which features are named within a
        factor.
    features_then, features_now : float64 arrays, (n, n_drivers)
    """

    reference_row: IntArray
    censored: BoolArray
    score_then: FloatArray
    score_now: FloatArray
    by_factor: FloatArray
    by_driver: FloatArray
    features_then: FloatArray
    features_now: FloatArray


def reference_rows(standing: Standing, row: IntArray) -> tuple[IntArray, BoolArray]:
    """The row in which each limit in force after rows (n,) was set, and whether another one stands in for it."""
    snapshots = standing.snapshots
    first = max(snapshots.catalogue.warm_up, snapshots.catalogue.decision_lag)
    was_set = limit_was_set(snapshots.history) & (snapshots.position >= first)
    place = np.arange(len(snapshots))
    latest = np.maximum.accumulate(np.where(was_set, place, -1))[row] if len(place) else row
    start = row - snapshots.position[row]
    found = latest >= start
    return np.where(found, latest, np.minimum(start + first, row)).astype(np.int64), ~found


def warning_reasons(
    fitted: FittedModel, warning: EarlyWarning, standing: Standing, row: IntArray, *, n_jobs: int = -1
) -> WarningReasons:
    """Why the risk of open lines, rows (n,), is another one than when their limit was set.

    Raises
    ------
    CreditModelError
        The shares do not sum to the change of the score (checked for every line): the model is damaged.
    """
    catalogue, snapshots = fitted.catalogue, standing.snapshots
    then, censored = reference_rows(standing, row)
    tier, weight = snapshots.tier_after[row], fitted.weights(snapshots, row)
    x, z = (path_of(standing, source, row, n_jobs=n_jobs).X for source in (row, then))
    values = [change_values(fitted.bag, catalogue, x[p], z[p], tier, weight, n_jobs=n_jobs) for p in range(N_POINTS)]
    mixtures = _Mixtures(
        now=inputs_of(fitted, standing, row, n_jobs=n_jobs),
        X_then=z[0],
        calendar_then=standing.calendar[then],
        due_then=standing.due[then],
        keep=np.stack([one.coalition_scores for one in values], axis=2),
        factor=catalogue.factor_index,
        drivers=driver_columns(catalogue),
    )
    table = mixtures.scores(warning, n_jobs)
    by_factor = shapley_values(table)
    score = warning.scores(mixtures.now.rows(HEADLINE), n_jobs=n_jobs)
    error = max(
        np.abs(table[:, -1] - score).max(initial=0.0),
        np.abs(by_factor.sum(axis=1) - (table[:, -1] - table[:, 0])).max(initial=0.0),
    )
    if error > EXACTNESS:
        raise CreditModelError(
            f"shares of a warning must sum to the change of its score within {EXACTNESS:g}, found {error:g}; the model "
            "is damaged"
        )
    driver = mixtures.drivers
    return WarningReasons(
        then, censored, table[:, 0], score, by_factor, values[0].contributions, z[0][:, driver], x[0][:, driver]
    )


@dataclass(frozen=True)
class _Mixtures:
    """n lines now, what they were then, and the keep scores of all mixtures of factors: (n, 2**n_factors, N_POINTS)."""

    now: Inputs
    X_then: FloatArray
    calendar_then: FloatArray
    due_then: FloatArray
    keep: FloatArray
    factor: IntArray
    drivers: IntArray

    def scores(self, warning: EarlyWarning, n_jobs: int) -> FloatArray:
        """The score of every mixture: (n, 2**(n_factors + 1)); bit g set: player g as it is now."""
        n, n_mixtures = len(self.now), 2 * self.keep.shape[1]
        table = np.empty((n, n_mixtures))
        size = max(1, _AT_ONCE // n_mixtures)
        for start in range(0, n, size):
            line = np.repeat(np.arange(start, min(start + size, n)), n_mixtures)
            mixture = np.tile(np.arange(n_mixtures), len(line) // n_mixtures)
            mixed = self._mixed(line, mixture)
            table[start : start + size] = warning.scores(mixed.rows(HEADLINE), n_jobs=n_jobs).reshape(-1, n_mixtures)
        return table

    def _mixed(self, line: IntArray, mixture: IntArray) -> Inputs:
        X = self.now.X[line]
        for column, g in zip(self.drivers, self.factor, strict=True):
            then = (mixture >> g) & 1 == 0
            X[then, column] = self.X_then[line[then], column]
        n_factors = self.keep.shape[1].bit_length() - 1
        as_now = ((mixture >> n_factors) & 1 == 1)[:, None]
        return Inputs(
            X=X,
            keep=self.keep[line, mixture & (self.keep.shape[1] - 1)],
            calendar=np.where(as_now, self.now.calendar[line], self.calendar_then[line]),
            due=np.where(as_now, self.now.due[line], self.due_then[line]),
        )


def shapley_values(table: FloatArray) -> FloatArray:
    """Shapley values of k players from the values of all coalitions (n, 2**k), bit g set: player g is in it: (n, k).

    Examples
    --------
    >>> shapley_values(np.array([[0.0, 1.0, 2.0, 4.0]])).tolist()
    [[1.5, 2.5]]
    """
    k = table.shape[1].bit_length() - 1
    place = np.arange(table.shape[1])
    size = np.array([int(p).bit_count() for p in place])
    weight = np.array([1 / (k * comb(k - 1, s)) for s in range(k)])
    out = np.empty((len(table), k))
    for g in range(k):
        without = place[(place >> g) & 1 == 0]
        gain = table[:, without | 1 << g] - table[:, without]
        out[:, g] = (gain * weight[size[without]]).sum(axis=1)
    return out
