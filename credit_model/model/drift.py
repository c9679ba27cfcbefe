"""How far scores stray in the months to come from what was foretold, as learnt from the training portfolio."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit

from credit_model.arrays import FloatArray

#: Quantiles by which the errors of a month are kept.
LEVELS = (np.arange(40) + 0.5) / 40
#: Fewest errors of a month that say something; a month with fewer is as the one before.
LEAST_CASES = 40
#: Scores at which chances are known, log-odds apart.
_APART = 0.05
#: Neighbouring quantiles that are one way to stray.
_TOGETHER = 4


@dataclass(frozen=True)
class Drift:
    """Errors of foretold scores, by the months that they were foretold ahead.

    Attributes
    ----------
    errors : float64 array, (n_months, n_levels)
        Ascending in each row: what the score came to be, less what had been foretold, log-odds.
    """

    errors: FloatArray

    @classmethod
    def of_cases(cls, errors: FloatArray) -> Drift | None:
        """From the errors of cases (n_cases, n_months), NaN where unknown; None where the first month has too few."""
        rows = list[FloatArray]()
        for month in range(errors.shape[1]):
            known = errors[~np.isnan(errors[:, month]), month]
            if len(known) >= LEAST_CASES:
                rows.append(np.quantile(known, LEVELS))
            elif not rows:
                return None
            else:
                rows.append(rows[-1])
        return cls(np.stack(rows)) if rows else None

    def log_odds(self, score: FloatArray, month: int) -> FloatArray:
        """Log-odds of the chance that scores (...) stand for, foretold ``month`` months ahead (1 is the next).

        The chance is the mean over the errors; between scores that lie 0.05 apart its log-odds are interpolated.
        """
        points, log_odds = self._curves[min(month, len(self.errors)) - 1]
        return np.asarray(np.interp(score, points, log_odds))

    @cached_property
    def _curves(self) -> list[tuple[FloatArray, FloatArray]]:
        """Of each month scores, and the log-odds of their chances."""
        curves = []
        for errors in self.errors:
            points = np.arange(-30.0 - errors.max(), 30.0 - errors.min() + _APART, _APART)
            chance = expit(points[:, None] + errors).mean(axis=1)
            curves.append((points, logit(np.clip(chance, 1e-13, 1 - 1e-13))))
        return curves

    def courses(self, n_months: int) -> FloatArray:
        """Ways to stray, each as likely: (n, n_months), log-odds; who is far off in one month is so in the others."""
        month = np.minimum(np.arange(n_months), len(self.errors) - 1)
        every = self.errors[month].T
        found: FloatArray = every.reshape(-1, _TOGETHER, n_months).mean(axis=1) if not len(every) % _TOGETHER else every
        return found
