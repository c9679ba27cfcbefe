"""Which factors may be named for which root cause: the key of the causal scorecard, open and narrow.

A shock may be named by the factor in which it shows at once, and by no other. What it does later through other
doors (who lost the work may miss payments, and the score follows) is not accepted, although it is true: an
explanation that names only the consequence sends the borrower to the wrong door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from credit_model.arrays import BoolArray

#: Root cause -> the factors that may be named for it.
ACCEPTABLE_FACTORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "job_loss": ("capacity",),
        "income_fall": ("capacity",),
        "borrowing_spree": ("debt",),
        "spending_instability": ("consumption",),
        "missed_payments": ("repayment",),
        "downturn": ("economy",),
        "tightening": ("policy",),
    }
)


def acceptable_factors(root_causes: BoolArray, cause_names: Sequence[str], factor_ids: Sequence[str]) -> BoolArray:
    """The factors that may be named for each decrease: bool (n, n_factors).

    Parameters
    ----------
    root_causes : bool array, (n, n_shocks)
        True where the decrease would not have happened without the shock.
    cause_names, factor_ids : sequences of str
        The columns of ``root_causes`` and of the result.

    Examples
    --------
    >>> import numpy as np
    >>> causes = np.array([[True, False], [False, False]])
    >>> acceptable_factors(causes, ["job_loss", "downturn"], ["debt", "capacity", "economy"]).tolist()
    [[False, True, False], [False, False, False]]
    """
    key = np.array([[f in ACCEPTABLE_FACTORS[c] for f in factor_ids] for c in cause_names], dtype=bool)
    named: BoolArray = (root_causes[:, :, None] & key.reshape(len(cause_names), len(factor_ids))).any(axis=1)
    return named
