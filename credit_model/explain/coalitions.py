"""Scores of all mixtures of factors then and now: what would have kept the limit, exactly.

A coalition is a set of factors taken as they are at the decision; the others are as they were at the reference. All
2**n_factors of them are tabulated, so that every "what if this factor were as before?" is looked up, not searched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.arrays import FloatArray
from credit_model.errors import CreditModelError

RestoringSets = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Coalitions:
    """Keep scores of n decisions for every mixture of factors then and now.

    Attributes
    ----------
    factor_ids : tuple of str
    scores : float64 array, (n, 2**n_factors), log-odds
        Bit g of the column set: factor g is as it is now; else as it was.

    Examples
    --------
    >>> both = Coalitions(("debt", "income"), np.array([[1.0, -0.5, 0.5, -1.0]]))
    >>> both.score(["debt"]).tolist()
    [0.5]
    >>> both.restoring_sets(np.array([0.0]))
    [(('debt',),)]
    """

    factor_ids: tuple[str, ...]
    scores: FloatArray

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def everything(self) -> int:
        """The column in which all factors are as they are now."""
        return (1 << len(self.factor_ids)) - 1

    def column(self, put_back: Iterable[str]) -> int:
        """The column in which these factors are as they were, and all others as they are now.

        Raises
        ------
        CreditModelError
            One of them is no factor.
        """
        column = self.everything
        for factor in put_back:
            if factor not in self.factor_ids:
                raise CreditModelError(f"put_back must name factors of {', '.join(self.factor_ids)}; got {factor!r}")
            column &= ~(1 << self.factor_ids.index(factor))
        return column

    def score(self, put_back: Iterable[str]) -> FloatArray:
        """Keep scores with these factors as they were: (n,), log-odds."""
        return self.scores[:, self.column(put_back)]

    def score_without_each(self) -> FloatArray:
        """Keep scores with one factor alone put back, for each factor: (n, n_factors), log-odds."""
        return np.stack([self.score([factor]) for factor in self.factor_ids], axis=1)

    def restoring_sets(self, line: FloatArray) -> list[RestoringSets]:
        """For each decision the minimal sets of factors that, put back, bring the score to its line or above.

        Parameters
        ----------
        line : float64 array, (n,), log-odds
            NaN: nothing is sought, and the result is empty.

        Returns
        -------
        list of tuples of factor ids
            The smallest sets first. Empty where the score is on its line already, and where not even all factors
            together bring it there.
        """
        return [self._restoring_sets_of(scores, at) for scores, at in zip(self.scores, line, strict=True)]

    def _restoring_sets_of(self, scores: FloatArray, line: float) -> RestoringSets:
        if not scores[self.everything] < line:
            return ()
        minimal: list[int] = []
        n = len(self.factor_ids)
        by_size = (sum(1 << g for g in chosen) for size in range(1, n + 1) for chosen in combinations(range(n), size))
        for put_back in by_size:
            if scores[self.everything & ~put_back] >= line and not any(m & put_back == m for m in minimal):
                minimal.append(put_back)
        return tuple(tuple(self.factor_ids[g] for g in range(n) if put_back >> g & 1) for put_back in minimal)

    def restoring_table(self, row: int, line: float) -> pd.DataFrame:
        """The minimal restoring sets of one decision, with the scores and risks that they reach.

        Parameters
        ----------
        row : int
        line : float, log-odds
            NaN gives no row.

        Returns
        -------
        DataFrame
            factors (tuple of ids), n_factors, keep_score (log-odds with those factors put back), risk (of losing the
            tier in force), restores (bool); the smallest sets first, among equals the highest score. Where no set
            reaches the line, one row with all factors, which does not restore.
        """
        sets = self._restoring_sets_of(self.scores[row], line)
        if not sets and self.scores[row, self.everything] < line:
            sets = (self.factor_ids,)
        reached = [float(self.scores[row, self.column(chosen)]) for chosen in sets]
        table = pd.DataFrame(
            {
                "factors": pd.Series(list(sets), dtype="object"),
                "n_factors": pd.Series([len(chosen) for chosen in sets], dtype="int64"),
                "keep_score": pd.Series(reached, dtype="float64"),
            }
        )
        table["risk"] = expit(-table["keep_score"])
        table["restores"] = table["keep_score"] >= line
        ordered = table.sort_values(["n_factors", "keep_score"], ascending=[True, False], kind="stable")
        return ordered.reset_index(drop=True)
