"""Cuts whose cause is hard to tell, from the truth alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray
from credit_model.grade.scorecard import lowering_order

#: The second factor lowered the score at least by this part of what the first did: they changed together.
TOGETHER = 0.5


def hard_cases(truth: FloatArray, root_causes: BoolArray, about: NDArray[np.object_]) -> dict[str, BoolArray]:
    """Which rows are hard, by the reason why; a row may be hard for several.

    Parameters
    ----------
    truth : float64 array, (n, n_factors)
        True contributions; every row has a factor that lowered the score.
    root_causes : bool array, (n, n_root_causes)
    about : str array, (n_factors,)
        Whose doing a factor is: borrower, economy or lender.

    Returns
    -------
    dict of bool arrays, (n,)
        factors together: the second factor lowered the score at least half as much as the first;
        two shocks at once: each of two root causes alone was needed for the cut;
        economy against borrower: the first two factors are one of the economy's and one of the borrower's.

    Examples
    --------
    >>> import numpy as np
    >>> about = np.array(["borrower", "economy"], dtype=object)
    >>> cases = hard_cases(np.array([[-1.0, -0.6]]), np.array([[True, False]]), about)
    >>> {name: bool(rows[0]) for name, rows in cases.items()}
    {'factors together': True, 'two shocks at once': False, 'economy against borrower': True}
    """
    first, second = lowering_order(truth, 2).T
    rows = np.arange(len(truth))
    has_second = second >= 0
    together = has_second & (truth[rows, second] <= TOGETHER * truth[rows, first])
    whose = {(a, b): has_second & (about[first] == a) & (about[second] == b) for a, b in _RIVALS}
    return {
        "factors together": together,
        "two shocks at once": root_causes.sum(axis=1) >= 2,
        "economy against borrower": whose[_RIVALS[0]] | whose[_RIVALS[1]],
    }


_RIVALS = (("economy", "borrower"), ("borrower", "economy"))
