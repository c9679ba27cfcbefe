"""Whether lives that were lived are histories that could be: the catalogue's rules and the ledgers' sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray
from credit_model.portfolio.declarations import Catalogue
from credit_model.simulate.columns import LEDGER, N_OWN

#: What a balance is: the one before, with what is added, less what is taken off.
SUMS = (
    ("balance_amount", ("interest_amount", "drawn_amount"), "paid_amount"),
    ("other_balance_amount", ("other_borrowed_amount",), "other_repaid_amount"),
)
#: What cannot be more than something else, in the same month.
AT_MOST = (("gaming_amount", "spending_amount"), ("cash_advance_amount", "spending_amount"))


def impossible_histories(catalogue: Catalogue, before: FloatArray, lived: NDArray[np.int32]) -> BoolArray:
    """Lives that break a rule: (n,).

    Parameters
    ----------
    catalogue : Catalogue
        Its bounds on columns, and the most that days and months in a row can rise by, are held against.
    before : float64 array, (n, N_OWN)
        The month before each life; NaN where it is not known.
    lived : int32 array, (n, span, N_OWN)
        The months lived, in the order of `columns.LEDGER`.
    """
    months = np.concatenate([before[:, None], lived.astype(np.float64)], axis=1)
    place = {name: LEDGER.index(name) for name in LEDGER[:N_OWN]}
    wrong = np.zeros(months.shape[:1], dtype=np.bool_)
    for column in catalogue.columns:
        if column.name not in place or column.name == "employed":
            continue
        values = months[:, :, place[column.name]]
        if column.minimum is not None:
            wrong |= (values[:, 1:] < column.minimum).any(axis=1)
        if column.maximum is not None:
            wrong |= (values[:, 1:] > column.maximum).any(axis=1)
        if column.max_rise is not None:
            wrong |= (np.diff(values, axis=1) > column.max_rise).any(axis=1)
    for name, added, taken in SUMS:
        balance = months[:, :, place[name]]
        owed = balance[:, :-1] + sum(months[:, 1:, place[one]] for one in added)
        paid = months[:, 1:, place[taken]]
        wrong |= (np.abs(owed - paid - balance[:, 1:]) > 0).any(axis=1)
        wrong |= (paid > owed).any(axis=1)
    for part, whole in AT_MOST:
        wrong |= (months[:, 1:, place[part]] > months[:, 1:, place[whole]]).any(axis=1)
    return np.asarray(wrong)
