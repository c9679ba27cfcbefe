"""The early warning as it is kept: trees that score how likely a limit is cut within some months.

Rows are pairs of a line's standing and a lead: "is the limit cut within so many months?". The lead is a feature that
may only raise the risk, so that the risks of longer leads can never be the smaller ones, and the score of every lead is
a sum of trees by itself. A line that is closed before is not cut: closure competes, as in a cumulative incidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.model.categories import coded
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.scoring import scores

#: Months ahead that are looked at, and the one that alerts go by.
LEADS, HEADLINE = 6, 3
#: What a row holds after the catalogue's features; ``lead`` is the last.
FURTHER = (
    "keep_score",
    "keep_change_1",
    "keep_change_3",
    "keep_change_6",
    "keep_ahead_1",
    "keep_ahead_3",
    "keep_ahead_6",
    "months_since_set",
    "months_since_review",
    "months_between_reviews",
    "due_at_most",
    "due_in_all",
    "lead",
)
#: The sign that a higher value of each of these may have on the risk.
SIGNS = (-1, 0, 0, 0, -1, -1, -1, 0, 0, 0, 1, 1, 1)


@dataclass(frozen=True)
class EarlyWarning:
    """Trees and how their score is read.

    Attributes
    ----------
    trees : TreeEnsemble
        Fitted on all months.
    trial : TreeEnsemble
        Fitted on the months before ``first_late_month`` alone: what it says of later months is a forecast.
    categories : mapping of column position to float64 array
        Of the catalogue's categorical features: the values whose places the trees read.
    slope : float
    intercepts : tuple of float, (LEADS,)
        Calibrated log-odds of a lead are its intercept + ``slope`` * score, fitted on the months that the trial did not
        see; intercepts never fall from lead to lead.
    usual : float
        Share of lines that are cut within `HEADLINE` months.
    n_training_rows : int
        Standings that the trees saw.
    """

    trees: TreeEnsemble
    trial: TreeEnsemble
    categories: Mapping[int, FloatArray]
    slope: float
    intercepts: tuple[float, ...]
    usual: float
    n_training_rows: int

    @property
    def width(self) -> int:
        """Number of the catalogue's features."""
        return self.trees.n_features - len(FURTHER)

    @property
    def digest(self) -> str:
        """Names these very trees."""
        digest = hashlib.sha256(np.array([self.slope, *self.intercepts, self.trees.baseline]).tobytes())
        for array in (self.trees.nodes, self.trees.left_categories):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:8]

    def scores(self, rows: FloatArray, *, of_trial: bool = False, n_jobs: int = -1) -> FloatArray:
        """Calibrated log-odds of a cut within each row's lead: (n,).

        Parameters
        ----------
        rows : float64 array, (n, width + len(FURTHER))
            With the values of categories.
        of_trial : bool
            By the trial.
        n_jobs : int
        """
        trees = self.trial if of_trial else self.trees
        lead = rows[:, -1].astype(np.int64)
        raw = scores(trees, coded(rows, self.categories), n_jobs=n_jobs)
        return np.array(self.intercepts)[lead - 1] + self.slope * raw
