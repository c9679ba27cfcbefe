"""(row, threshold) pairs: what a binary booster is fitted on to learn ordered tiers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from credit_model.arrays import FloatArray, IntArray

#: For each structure, up to how many pairs which share of the thresholds is taken; beyond, `LEAST_FRACTION`. A score is
#: the same at all thresholds, so few of them do; free trees suffer from the sampling's noise.
FRACTIONS = {
    "score": ((200_000, 1.0), (1_000_000, 0.3)),
    "pairwise": ((200_000, 1.0), (1_000_000, 0.3)),
    "joint": ((200_000, 1.0), (1_000_000, 0.3)),
    "free": ((500_000, 1.0), (2_000_000, 0.3)),
}
LEAST_FRACTION = 0.1


class ThresholdPairs(NamedTuple):
    """What a booster is fitted on.

    ``rows`` (n_pairs, width + 1 or 2) as the trees read them; ``above`` (n_pairs,), 1 where tier > threshold, else 0;
    ``weight`` (n_pairs,).
    """

    rows: FloatArray
    above: IntArray
    weight: FloatArray


def fraction_of_thresholds(threshold_fraction: float | str, structure: str, n_pairs: int) -> float:
    """The share of thresholds to fit on, out of ``n_pairs`` (row, threshold) pairs in all.

    Raises
    ------
    ValueError
        ``threshold_fraction`` is neither "auto" nor in (0, 1].
    """
    if threshold_fraction == "auto":
        return next((fraction for most, fraction in FRACTIONS[structure] if n_pairs <= most), LEAST_FRACTION)
    fraction = float(threshold_fraction)
    if not 0 < fraction <= 1:
        raise ValueError(f"threshold_fraction must fulfil 0 < threshold_fraction <= 1, got {fraction}")
    return fraction


def threshold_pairs(
    rows: FloatArray,
    tier: IntArray,
    weight: FloatArray,
    *,
    n_tiers: int,
    tier_column: int,
    fraction: float,
    rng: np.random.RandomState,
) -> ThresholdPairs:
    """Each row at the thresholds next to its tiers (new, in force), and at some of the others, drawn by chance.

    Parameters
    ----------
    rows : float64 array, (n, width)
        Categories as codes.
    tier, weight : arrays, (n,)
    n_tiers : int
    tier_column : int
        Position of the tier in force; -1: none. With one, pairs end with the threshold less the tier in force.
    fraction : float in (0, 1]
        Chance of each other threshold; those drawn weigh 1 / fraction.
    rng : RandomState
    """
    thresholds = np.arange(n_tiers - 1)
    adjacent = (thresholds == tier[:, None]) | (thresholds == tier[:, None] - 1)
    if tier_column >= 0:
        in_force = rows[:, tier_column, None]
        adjacent |= (thresholds == in_force) | (thresholds == in_force - 1)
    kept = np.ones_like(adjacent) if fraction == 1.0 else adjacent | (rng.random_sample(adjacent.shape) < fraction)
    row, k = np.nonzero(kept)
    columns = [rows[row], k[:, None].astype(np.float64)]
    if tier_column >= 0:
        columns.append((k - rows[row, tier_column])[:, None])
    above = (tier[row] > k).astype(np.int64)
    return ThresholdPairs(np.hstack(columns), above, weight[row] * np.where(adjacent[row, k], 1.0, 1.0 / fraction))
