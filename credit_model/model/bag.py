"""A bag of forests, each fitted on some of a portfolio's borrowers: their mean is the model.

Owen values are linear in the model, so the mean of the fits keeps every exact sum. A borrower of the training portfolio
is scored by the fits that did not see it, else its own cut would be part of its own explanation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.model.forest import OrdinalForest
from credit_model.portfolio.history import History

#: More fits than anybody has the time for.
MOST_FITS = 100
#: Marks the draw of a borrower's group apart from the other draws by seed.
_DRAW = "bag"


@dataclass(frozen=True)
class Bag:
    """Forests whose mean score is the model's.

    Attributes
    ----------
    fits : tuple of OrdinalForest
        At least one, of the same features and tiers.
    """

    fits: tuple[OrdinalForest, ...]

    def __len__(self) -> int:
        return len(self.fits)

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return self.fits[0].n_tiers

    @property
    def width(self) -> int:
        """Number of features."""
        return self.fits[0].width

    @property
    def tier_column(self) -> int:
        """Position of the tier in force among the features; -1: none."""
        return self.fits[0].tier_column

    @property
    def n_trees(self) -> int:
        """Number of trees of all fits."""
        return sum(len(fit.trees.roots) for fit in self.fits)

    def keep_score(
        self, X: FloatArray, tier: IntArray, weight: FloatArray | None = None, *, n_jobs: int = -1
    ) -> FloatArray:
        """Mean log-odds that the tier of rows X (n, width) is at least ``tier`` (n,): (n,).

        Parameters
        ----------
        X : float64 array, (n, width)
        tier : int64 array, (n,)
        weight : float64 array, (n, n_fits), optional
            Of each fit in each row's mean; None: all alike.
        n_jobs : int
        """
        return self.mean(len(X), weight, lambda fit, row: fit.keep_score(X[row], tier[row], n_jobs=n_jobs))

    def survival_scores(self, X: FloatArray, weight: FloatArray | None = None, *, n_jobs: int = -1) -> FloatArray:
        """Mean log-odds of tier > k of rows X (n, width), for every threshold k: (n, n_tiers - 1)."""
        return self.mean(len(X), weight, lambda fit, row: fit.survival_scores(X[row], n_jobs=n_jobs))

    def mean(
        self, n: int, weight: FloatArray | None, values_of: Callable[[OrdinalForest, IntArray], FloatArray]
    ) -> FloatArray:
        """The weighted mean over the fits of values (n_rows, ...) that each gives of the row numbers it counts in."""
        total: FloatArray | None = None
        for b, fit in enumerate(self.fits):
            row = np.arange(n) if weight is None else np.flatnonzero(weight[:, b] > 0)
            values = values_of(fit, row)
            if total is None:
                total = np.zeros((n, *values.shape[1:]))
            share = np.full(len(row), 1 / len(self.fits)) if weight is None else weight[row, b]
            total[row] += values * share.reshape(-1, *[1] * (values.ndim - 1))
        assert total is not None
        return total


@dataclass(frozen=True)
class Members:
    """The borrowers that a bag was fitted on, and which fits saw each of them.

    Attributes
    ----------
    seed : int
        Draws the borrowers' groups.
    n_fits : int
        Also the number of groups; fit b sees the groups b, b + 1, ... of half the circle.
    key : uint64 array, (n_members,)
        Digests of the borrowers' ids, ascending.
    month : int64 array, (n_members,)
        Of each one's last row in the training history.
    limit : float64 array, (n_members,)
        Its limit there; NaN where unknown. Another portfolio may use the same ids.
    """

    seed: int
    n_fits: int
    key: NDArray[np.uint64]
    month: IntArray
    limit: FloatArray

    @classmethod
    def of_history(cls, history: History, *, seed: int, n_fits: int) -> Members:
        """All borrowers of a training history."""
        last, limit = history.starts[1:] - 1, history.values(history.catalogue.limit)
        return cls.of_borrowers(history.borrower_ids, history.month_number[last], limit[last], seed=seed, n_fits=n_fits)

    @classmethod
    def of_borrowers(
        cls, borrower_ids: NDArray[Any], month: IntArray, limit: FloatArray, *, seed: int, n_fits: int
    ) -> Members:
        """Borrowers, and the month and the limit of each one's last row, (n,) each."""
        key = digests_of(borrower_ids)
        order = np.argsort(key, kind="stable")
        return cls(seed, n_fits, key[order], month[order], limit[order])

    def sees(self, borrower_ids: NDArray[Any]) -> NDArray[np.bool_]:
        """Which fits see these borrowers, if they are members: (n, n_fits)."""
        if self.n_fits == 1:
            return np.ones((len(borrower_ids), 1), dtype=np.bool_)
        names = np.array([f"{_DRAW}:{self.seed}:{b}" for b in borrower_ids], dtype=object)
        place = pd.util.hash_array(names, categorize=False).astype(np.float64) / 2.0**64
        group = np.minimum((place * self.n_fits).astype(np.int64), self.n_fits - 1)
        behind = (group[:, None] - np.arange(self.n_fits)) % self.n_fits
        return np.asarray(behind < (self.n_fits + 1) // 2, dtype=np.bool_)

    def are_among(self, history: History) -> NDArray[np.bool_]:
        """Which borrowers of a history are members: (n_borrowers,).

        A borrower is one by its id, unless the row that was its last in training has another limit here.
        """
        if not len(self.key):
            return np.zeros(len(history.borrower_ids), dtype=np.bool_)
        key = digests_of(history.borrower_ids)
        place = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        same_id = self.key[place] == key
        month = history.month_number
        span = int(month.max()) - int(month.min()) + 1
        at = np.arange(len(key)) * span + np.clip(self.month[place] - month.min(), 0, span - 1)
        of_row = history.borrower_row * span + (month - month.min())
        row = np.minimum(np.searchsorted(of_row, at), len(of_row) - 1)
        inside = (self.month[place] >= month.min()) & (self.month[place] <= month.max())
        found = inside & (of_row[row] == at)
        limit, known = history.values(history.catalogue.limit)[row], self.limit[place]
        differs = found & (limit != known) & ~(np.isnan(limit) & np.isnan(known))
        return np.asarray(same_id & ~differs, dtype=np.bool_)

    def weights(self, history: History, borrower_row: IntArray) -> FloatArray | None:
        """The weight of each fit for rows of a history: (n, n_fits); None where all fits count alike everywhere.

        Members are left to the fits that did not see them; others to all.
        """
        if self.n_fits == 1:
            return None
        members = self.are_among(history)
        if not members.any():
            return None
        counts = ~self.sees(history.borrower_ids)
        counts[~members] = True
        return _shares(counts)[borrower_row]

    def weights_of_members(self, borrower_ids: NDArray[Any]) -> FloatArray | None:
        """The same for borrowers that are members, by their ids: (n, n_fits)."""
        return None if self.n_fits == 1 else _shares(~self.sees(borrower_ids))


def _shares(counts: NDArray[np.bool_]) -> FloatArray:
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), dtype=np.float64)


def digests_of(borrower_ids: NDArray[Any]) -> NDArray[np.uint64]:
    """A number that stands for each borrower's id, whatever panel it is in: (n,)."""
    names = np.array([str(b) for b in borrower_ids], dtype=object)
    return np.asarray(pd.util.hash_array(names, categorize=False), dtype=np.uint64)


def mixed(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look drawn by chance (SplitMix64; Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195)."""
    z = number + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)
