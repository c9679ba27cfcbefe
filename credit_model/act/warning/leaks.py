"""Features that give away the cuts to come, refused before anything is learnt from them."""

from __future__ import annotations

import numpy as np

from credit_model.act.warning.outcomes import Outcomes
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import Gathering, HistoryError
from credit_model.portfolio.standing import Standing

#: A feature leaks where it ranks the cuts of the next month so well by itself: no record of a month does that.
TELLS = 0.985
#: Cuts that it takes to say so.
LEAST_CUTS = 20


def refuse_leaks(standing: Standing, row: IntArray, outcomes: Outcomes) -> None:
    """Refuse features that know what happens to the limit in the month after.

    The standing of a month holds nothing of a later one, so only a column can that was itself written later: one that
    is set by the cut and dated back, or shifted by a month.

    Parameters
    ----------
    standing : Standing
    row : int64 array, (n,)
        Open lines.
    outcomes : Outcomes
        Of these rows.

    Raises
    ------
    HistoryError
        One or several do; the message names each.
    """
    is_cut, known = outcomes.until(1)
    is_cut, row = is_cut[known], row[known]
    if int(is_cut.sum()) < LEAST_CUTS:
        return
    catalogue, mistakes = standing.snapshots.catalogue, Gathering()
    for feature in catalogue.drivers:
        values = standing.X[row, catalogue.feature_names.index(feature.id)]
        auc = _auc(values, is_cut)
        with mistakes:
            if max(auc, 1.0 - auc) >= TELLS:
                raise HistoryError(
                    f"feature {feature.id!r} must not know the month to come, found that it ranks the cuts of the next "
                    f"month by itself with an area of {max(auc, 1.0 - auc):.3f} (at most {TELLS:g}): its column is set "
                    "by the cut, or shifted in time; declare a greater decision_lag, leave it out, or train without "
                    "the early warning (--no-warning, or warning=False)"
                )
    mistakes.tell(HistoryError)


def _auc(values: FloatArray, is_cut: BoolArray) -> float:
    """The chance that a value of a line that is cut lies above one of a line that is not; unknown ones lie below."""
    order = np.where(np.isnan(values), -np.inf, values)
    _, place, count = np.unique(order, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2.0)[place]
    n = int(is_cut.sum())
    return float((rank[is_cut].sum() - n * (n + 1) / 2.0) / (n * (len(values) - n)))
