"""Which factor led each cut, counted over a portfolio."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.portfolio.months import months_as_values

#: Counted for cuts of which no reason is told.
UNEXPLAINED = "unexplained"


def count_leading_factors(
    explanations: DecreaseExplanations, *, by: Literal["month"] | pd.Series = "month"
) -> pd.DataFrame:
    """Numbers of decreases by leading factor, for every month or every segment.

    Parameters
    ----------
    explanations : DecreaseExplanations
        n decreases.
    by : "month" or Series of n values
        What to count by; a Series gives each decrease's segment, in the order of ``explanations``. Missing
        segments are counted as "".

    Returns
    -------
    DataFrame
        One row a month (those without a cut included, in order) or segment (sorted), one column a factor id, and
        "unexplained" for cuts of which no reason is told; int64.

    Raises
    ------
    CreditModelError
        ``by`` is another word, or a Series of another length.

    Examples
    --------
    >>> table = count_leading_factors(explanations)  # doctest: +SKIP
    >>> int(table.to_numpy().sum()) == len(explanations)  # doctest: +SKIP
    True
    """
    n, factors = len(explanations), explanations.catalogue.factor_ids
    leading = explanations.leading_factor_index
    place = np.where(leading < 0, len(factors), leading)
    if isinstance(by, pd.Series):
        if len(by) != n:
            raise CreditModelError(
                f"by must hold one segment for each of the {n} decreases, got {len(by)}; "
                "order it as in explanations.summary"
            )
        group, names = pd.factorize(by.astype("object").where(by.notna(), "").astype(str), sort=True)
        index = pd.Index(names, name=by.name if by.name is not None else "segment")
    elif isinstance(by, str) and by == "month":
        first = int(explanations.month_number.min()) if n else 0
        months = np.arange(first, int(explanations.month_number.max()) + 1) if n else np.empty(0, np.int64)
        group = explanations.month_number - first
        index = pd.Index(months_as_values(months, explanations.month_type), name="month")
    else:
        raise CreditModelError(f'by must be "month" or a Series of segments, got {by!r}')
    counts = np.zeros((len(index), len(factors) + 1), dtype=np.int64)
    np.add.at(counts, (group, place), 1)
    return pd.DataFrame(counts, index=index, columns=[*factors, UNEXPLAINED])
