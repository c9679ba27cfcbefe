"""What came out for a block of borrowers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Block:
    """What came out: rows are borrower-months of the panel, by borrower, then month.

    Attributes
    ----------
    first_id : int
    n_months : int
    traits : float64 array, (n_borrowers, N_TRAITS)
    own : int32 array, (N_OWN, n_rows)
        The ledger's rows that are the borrowers' own.
    tier_before, tier_after : int8 arrays, (n_rows,)
    reviewed : bool array, (n_rows,)
    score : float64 array, (n_rows,)
        The policy's true score where reviewed, else NaN.
    kind : int8 array, (n_rows,)
    overridden : bool array, (n_rows,)
        Somebody decided by hand, in place of the policy.
    row, reference_row : int64 arrays, (n_decreases,)
        Rows of the decreases that can be graded (their windows are filled), and of their references.
    reference_censored : bool array, (n_decreases,)
    score_before : float64 array, (n_decreases,)
        The true score of the reference, with the states and limit of the decrease.
    shares : float64 array, (n_decreases, n_drivers)
    root_causes : bool array, (n_decreases, n_shocks)
    """

    first_id: int
    n_months: int
    traits: FloatArray
    own: NDArray[np.int32]
    tier_before: NDArray[np.int8]
    tier_after: NDArray[np.int8]
    reviewed: NDArray[np.bool_]
    score: FloatArray
    kind: NDArray[np.int8]
    overridden: NDArray[np.bool_]
    row: IntArray
    reference_row: IntArray
    reference_censored: NDArray[np.bool_]
    score_before: FloatArray
    shares: FloatArray
    root_causes: NDArray[np.bool_]
