"""Where limits go that move: no tier that a decision could end in is left impossible.

The trees say how likely a limit is cut, kept or raised; where to is seen in few decisions, and between neighbouring
thresholds no tree may split, so that a tier gets a probability of exactly 0. The three masses are kept as the trees
give them (the risk of a cut is the one that is explained); within a cut and a raise the trees' shares of the tiers are
mixed with the shares that such moves had in training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.arrays import FloatArray, IntArray

#: Weights of the counts that are tried on held-out decisions.
WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
#: Moves that every possible destination is thought to have had.
_PRIOR = 0.5


@dataclass(frozen=True)
class Destinations:
    """Shares of the tiers that limits went to, by the tier in force.

    Attributes
    ----------
    share : float64 array, (n_tiers, n_tiers)
        Row: the tier in force. Left of the diagonal the shares of cuts, right of it those of raises; each side sums
        to 1 where it has any tier. 0 on the diagonal.
    weight : float in [0, 1]
        Of these shares against the trees'.
    """

    share: FloatArray
    weight: float

    @classmethod
    def of_moves(cls, before: IntArray, after: IntArray, n_tiers: int, weight: FloatArray | None = None) -> FloatArray:
        """The shares, from tiers before and after decisions (n,), which count by their weights (n,) or all alike."""
        counts = np.zeros((n_tiers, n_tiers))
        np.add.at(counts, (before, after), 1.0 if weight is None else weight)
        return cls.of_counts(counts)

    @classmethod
    def of_counts(cls, counts: FloatArray) -> FloatArray:
        """The shares, from how many decisions went from each tier (row) to each other: (n_tiers, n_tiers)."""
        n_tiers = len(counts)
        # Tiers that few limits go to from here borrow from how far limits move elsewhere.
        steps = np.arange(n_tiers)[None, :] - np.arange(n_tiers)[:, None]
        by_step = np.bincount((steps + n_tiers - 1).ravel(), weights=counts.ravel(), minlength=2 * n_tiers - 1)
        likely = by_step[steps + n_tiers - 1] + _PRIOR
        share = np.zeros_like(counts)
        for side in (np.tri(n_tiers, k=-1, dtype=np.bool_), ~np.tri(n_tiers, dtype=np.bool_)):
            prior = np.where(side, likely, 0.0)
            total = prior.sum(axis=1, keepdims=True)
            prior = np.divide(prior, total, out=np.zeros_like(prior), where=total > 0)
            seen = np.where(side, counts, 0.0) + 2 * prior
            total = seen.sum(axis=1, keepdims=True)
            share += np.divide(seen, total, out=np.zeros_like(seen), where=total > 0)
        return share

    @classmethod
    def chosen(
        cls,
        share: FloatArray,
        probability: FloatArray,
        before: IntArray,
        after: IntArray,
        sample_weight: FloatArray | None = None,
    ) -> Destinations:
        """The weight with the lowest ranked probability score on held-out decisions (n,).

        Parameters
        ----------
        share : float64 array, (n_tiers, n_tiers)
        probability : float64 array, (n, n_tiers)
            The trees'.
        before, after : int64 arrays, (n,)
        sample_weight : float64 array, (n,), optional
            What each decision counts for; None: all alike.
        """
        from credit_model.model.metrics import ranked_probability_score

        if not len(before):
            return cls(share, WEIGHTS[2])
        losses = [
            ranked_probability_score(after, cls(share, w).mixed(probability, before), sample_weight) for w in WEIGHTS
        ]
        return cls(share, WEIGHTS[int(np.argmin(losses))])

    def mixed(self, probability: FloatArray, before: IntArray) -> FloatArray:
        """Probabilities (n, n_tiers) with the destinations mixed; rows whose tier in force is unknown (-1) stay."""
        known = before >= 0
        tier = np.maximum(before, 0)
        tiers = np.arange(probability.shape[1])[None, :]
        out = probability.copy()
        for side in (tiers < tier[:, None], tiers > tier[:, None]):
            own = np.where(side, probability, 0.0)
            mass = own.sum(axis=1, keepdims=True)
            wanted = (1 - self.weight) * own + self.weight * mass * np.where(side, self.share[tier], 0.0)
            # What the trees leave no share of the side to at all goes by the counts alone.
            out = np.where(side & known[:, None], wanted, out)
        return out
