"""Contributions as shares, and how far the fits of a model differ over them: the only numbers told with intervals.

An interval around log-odds would be too narrow, since contributions are shrunk towards nothing in every fit alike.
"""

from __future__ import annotations

import numpy as np

from credit_model.arrays import FloatArray, IntArray

#: The fewest fits of a model that can say how sure it is.
LEAST_FITS = 4
#: Half an interval: so many standard deviations over fits on half of the borrowers each, and what all fits have in
#: common that they do not know. At least 90 % of such intervals hold for each simulated lender (docs, method).
HALF_WIDTH, IN_COMMON = 3.0, 0.04


def signed_shares(contributions: FloatArray) -> FloatArray:
    """Contributions over the sum of their absolute values, so that methods in different units compare: (n, n_factors).

    Examples
    --------
    >>> import numpy as np
    >>> signed_shares(np.array([[-3.0, 1.0], [0.0, 0.0]])).tolist()
    [[-0.75, 0.25], [0.0, 0.0]]
    """
    total = np.abs(contributions).sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(contributions, total, out=np.zeros_like(contributions), where=total > 0)
    return shares


class SharesOfFits:
    """Sums over fits of the factors' shares of n changes, and of their squares.

    Parameters
    ----------
    n, n_factors : int
    """

    def __init__(self, n: int, n_factors: int) -> None:
        self._sum, self._squares = np.zeros((n, n_factors)), np.zeros((n, n_factors))

    def add(self, row: IntArray, by_factor: FloatArray) -> None:
        """One fit's contributions by factor (n_rows, n_factors) to some rows."""
        shares = signed_shares(by_factor)
        self._sum[row] += shares
        self._squares[row] += shares**2

    def spread(self, n_fits: IntArray) -> FloatArray:
        """Standard deviations of the shares over each row's fits: (n, n_factors); NaN where they are too few."""
        n = n_fits[:, None].astype(np.float64)
        enough = n >= LEAST_FITS
        variance = (self._squares - self._sum**2 / np.maximum(n, 1)) / np.maximum(n - 1, 1)
        return np.where(enough, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def share_intervals(contributions: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of the intervals of the shares: (n, n_factors) twice, within -1 and 1.

    Parameters
    ----------
    contributions : float64 array, (n, n_factors)
    spread : float64 array, (n, n_factors)
        From `SharesOfFits.spread`; NaN gives no interval.
    """
    shares, half = signed_shares(contributions), HALF_WIDTH * spread + IN_COMMON
    return np.maximum(shares - half, -1.0), np.minimum(shares + half, 1.0)
