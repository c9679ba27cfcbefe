"""What the drivers of a catalogue summarise: the quantities that reasons are about, and which moved adversely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.portfolio.declarations import Catalogue

#: Types of rule that notices treat apart, in the order in which they are told.
RULES = ("knock_out", "delinquency", "inactivity", "class_wide")
#: Values closer than this share of their size are the same; the rest is rounding.
_SAME = 1e-9


@dataclass(frozen=True)
class Quantities:
    """A catalogue's drivers, gathered by the quantity that they summarise.

    Attributes
    ----------
    of_driver : int64 array (n_drivers,)
    factor : int64 array (n_quantities,)
    """

    catalogue: Catalogue

    @cached_property
    def of_driver(self) -> IntArray:
        """Each driver's quantity, (n_drivers,)."""
        seen: dict[tuple[str, str | None, str | None], int] = {}
        keys = [(d.factor, d.column or d.numerator, d.denominator) for d in self.catalogue.drivers]
        return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)

    @cached_property
    def factor(self) -> IntArray:
        """Each quantity's factor, (n_quantities,)."""
        factor = np.zeros(self.of_driver.max() + 1, dtype=np.int64)
        factor[self.of_driver] = self.catalogue.factor_index
        return factor

    @cached_property
    def quantity_of(self) -> list[int]:
        """`of_driver`, for work on single changes."""
        found: list[int] = self.of_driver.tolist()
        return found

    @cached_property
    def factor_of(self) -> list[int]:
        """`factor`, for work on single changes."""
        found: list[int] = self.factor.tolist()
        return found

    def weights(self, contributions: FloatArray, against: BoolArray) -> tuple[FloatArray, FloatArray]:
        """What each quantity lowered the score, and of that what can be named as a reason: (n, n_quantities) twice.

        Parameters
        ----------
        contributions : float64 array, (n, n_drivers)
        against : bool array, (n, n_drivers)
            From `moved_against`; a quantity can be named if one of its drivers moved so and lowered the score.
        """
        order, starts = self._members
        net = np.add.reduceat(contributions[:, order], starts, axis=1)
        can_speak = np.logical_or.reduceat((against & (contributions < 0))[:, order], starts, axis=1)
        lowered = np.maximum(-net, 0.0)
        return lowered, np.where(can_speak, lowered, 0.0)

    def of_one_fit(self, contributions: FloatArray, against: BoolArray) -> tuple[BoolArray, BoolArray]:
        """Whether a fit puts a driver's quantity first within its factor, and whether it lowers the score at all.

        Parameters
        ----------
        contributions, against : arrays, (n, n_drivers)

        Returns
        -------
        bool arrays, (n, n_drivers) twice
        """
        _, weight = self.weights(contributions, against)
        order, starts, place = self._of_factors
        heaviest = np.maximum.reduceat(weight[:, order], starts, axis=1)[:, place]
        lowers = weight > 0
        return ((weight >= heaviest) & lowers)[:, self.of_driver], lowers[:, self.of_driver]

    @cached_property
    def _members(self) -> tuple[IntArray, IntArray]:
        """Drivers in the order of their quantities, and where each quantity's begin."""
        order = np.argsort(self.of_driver, kind="stable")
        return order, np.searchsorted(self.of_driver[order], np.arange(len(self.factor)))

    @cached_property
    def _of_factors(self) -> tuple[IntArray, IntArray, IntArray]:
        """Quantities in the order of their factors, where each factor's begin, and each quantity's among these."""
        order = np.argsort(self.factor, kind="stable")
        known, place = np.unique(self.factor, return_inverse=True)
        return order, np.searchsorted(self.factor[order], known), place

    @cached_property
    def stands_for(self) -> dict[str, BoolArray]:
        """For each type of rule the drivers that stand for it: (n_drivers,)."""
        return {rule: np.array([d.exemption == rule for d in self.catalogue.drivers], dtype=bool) for rule in RULES}

    @cached_property
    def trips_above(self) -> FloatArray:
        """The value above which a rule that a driver stands for has fired: (n_drivers,).

        For a count or share one such month is enough; for any other summary it is the driver's ``above``.
        """
        return np.array([0.0 if d.summary in ("share", "count") else d.above for d in self.catalogue.drivers])


def moved_against(catalogue: Catalogue, before: FloatArray, after: FloatArray) -> BoolArray:
    """Drivers whose value really moved, and not in the borrower's favour: (n, n_drivers).

    A driver with ``effect = "free"`` has no direction of its own; information that appeared or vanished moved.

    Parameters
    ----------
    catalogue : Catalogue
    before, after : float64 arrays, (n, n_drivers)
    """
    with np.errstate(invalid="ignore"):
        step = after - before
        moved = np.abs(step) > _SAME * np.maximum(np.maximum(np.abs(before), np.abs(after)), 1.0)
    appeared = np.isnan(before) != np.isnan(after)
    sign = np.array([driver.sign for driver in catalogue.drivers])
    return np.asarray((moved & ((sign == 0) | (sign * step < 0))) | appeared)
