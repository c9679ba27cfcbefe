"""One of our policies asked for many snapshots at once."""

from __future__ import annotations

import numpy as np

from credit_model.arrays import BoolArray, FloatArray
from credit_model.compiling import kernel
from credit_model.simulate.measuring import come
from credit_model.simulate.scoring import PolicyTable, score_of


def score_all(X: FloatArray, table: PolicyTable) -> FloatArray:
    """The policy's scores of snapshots (n, n_drivers), log-odds: (n,)."""
    scores = np.empty(len(X))
    _fill(np.ascontiguousarray(X), table, scores)
    return scores


@kernel
def _fill(X, table, scores):  # type: ignore[no-untyped-def]
    ways = np.empty(X.shape[1])
    for i in range(len(X)):
        come(X[i], table.ramps, ways)
        scores[i] = score_of(ways, table)


class TableScorer:
    """One of our policies, to be asked month by month; from a month on it may be another."""

    def __init__(self, table: PolicyTable, later: PolicyTable | None = None, changes_in: int = 0) -> None:
        self.table, self.later, self.changes_in = table, later, changes_in

    def score(self, X: FloatArray, t: int) -> FloatArray:
        """As `monthly.Scorer` asks for it."""
        changed = self.later is not None and t >= self.changes_in
        return score_all(X, self.later if changed and self.later is not None else self.table)

    def knocked_out(self, X: FloatArray, t: int) -> BoolArray:
        """None beside those that the table's own features tell."""
        return np.zeros(len(X), dtype=np.bool_)
