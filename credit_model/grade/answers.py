"""What methods are asked, the decreases to explain, and what they answer: contributions by factor, in an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.explain.pairs import pair_with_reference, reference_features
from credit_model.grade.scorecard import lowering_order
from credit_model.portfolio.snapshots import Snapshots

#: Snapshots drawn as the population that a decision's snapshot is compared with.
BACKGROUND_ROWS = 50


@dataclass(frozen=True)
class Decreases:
    """The decreases to explain: rows (n,) of ``snapshots``, and the rows of its population (n_background,)."""

    snapshots: Snapshots
    row: IntArray
    background: IntArray

    @property
    def tier(self) -> IntArray:
        """The tiers in force, (n,)."""
        return self.snapshots.tier_before[self.row]

    @cached_property
    def x(self) -> FloatArray:
        """The snapshots at the decisions: (n, n_features)."""
        return self.snapshots.X[self.row]

    @cached_property
    def z(self) -> FloatArray:
        """The borrowers' own snapshots when the limits in force were set, states as in ``x``: (n, n_features)."""
        return reference_features(self.snapshots, pair_with_reference(self.snapshots, self.row, "last_set"))


def background_rows(snapshots: Snapshots, *, seed: int, n: int = BACKGROUND_ROWS) -> IntArray:
    """Decisions drawn at random as the population: at most ``n`` row numbers, sorted."""
    decision = np.flatnonzero(snapshots.is_decision)
    chosen = np.random.default_rng(seed).choice(decision, size=min(n, len(decision)), replace=False)
    return np.sort(chosen).astype(np.int64)


class Named(NamedTuple):
    """Contributions by factor (n, n_factors), the first two factors (n, 2), and what is told (n,), (n,)."""

    contributions: FloatArray
    order: IntArray
    told: BoolArray
    first_reason: IntArray

    @classmethod
    def by_size(cls, contributions: FloatArray) -> Named:
        """The factors that lowered the score most, always told."""
        order = lowering_order(contributions)
        return cls(contributions, order, np.ones(len(order), dtype=bool), order[:, 0])


@dataclass(frozen=True)
class Attribution:
    """What a method says of each decrease.

    Attributes
    ----------
    method : str
    about : str
        The method in a few words.
    contributions : float64 array, (n, n_factors)
        In log-odds of keeping the tier in force, or in the method's own unit; negative lowered it.
    order : int64 array, (n, 2)
        The factors that the method names first and second; -1: none.
    told : bool array, (n,)
        Where the method tells a reason at all; all but ours always do.
    first_reason : int64 array, (n,)
        The factor of the first reason told, -1: none; of methods that tell no reasons, their first factor.
    seconds : float
        Time to explain them all, without any fit.
    """

    method: str
    about: str
    contributions: FloatArray
    order: IntArray
    told: BoolArray
    first_reason: IntArray
    seconds: float


def join(parts: Sequence[Attribution]) -> Attribution:
    """What one method says of several lots of decreases, one after the other."""
    return replace(
        parts[0],
        contributions=np.concatenate([part.contributions for part in parts]),
        order=np.concatenate([part.order for part in parts]),
        told=np.concatenate([part.told for part in parts]),
        first_reason=np.concatenate([part.first_reason for part in parts]),
        seconds=sum(part.seconds for part in parts),
    )
