"""What a block's borrowers are given: their random numbers, and the paths that all share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.simulate import borrowers as b
from credit_model.simulate.economy import BURN_IN, Economy
from credit_model.simulate.kernels import World
from credit_model.simulate.lender import LenderMoves
from credit_model.simulate.streams import HAND_TABLE, NORMALS_TABLE, TRAITS_TABLE, UNIFORMS_TABLE, stream


class Draws(NamedTuple):
    """Random numbers of a block; axis 0 is the borrower, axis 1 of the last three the month, burn-in included.

    Attributes
    ----------
    traits : float64 array, (n, N_TRAITS)
    normals : float32 array, (n, n_months, N_NORMALS)
    uniforms : float32 array, (n, n_months, N_UNIFORMS)
    by_hand : float32 array, (n, n_months, 2)
        No months where no decision is overridden.
    """

    traits: FloatArray
    normals: NDArray[np.float32]
    uniforms: NDArray[np.float32]
    by_hand: NDArray[np.float32]

    def rows(self, start: int, stop: int) -> Draws:
        """Those of some of the borrowers."""
        part = slice(start, stop)
        return Draws(self.traits[part], self.normals[part], self.uniforms[part], self.by_hand[part])

    def of(self, who: IntArray) -> Draws:
        """Copies of those of some of the borrowers, by their places, each as often as it is named."""
        return Draws(self.traits[who], self.normals[who], self.uniforms[who], self.by_hand[who])


def draw(seed: int, block: int, n: int, n_months: int, *, audit_bias: float = 0.0, by_hand: bool = False) -> Draws:
    """Draw a block of ``n`` borrowers for ``n_months`` months, burn-in included."""
    return Draws(
        traits=b.draw_traits(n, stream(seed, TRAITS_TABLE, block), audit_bias=audit_bias),
        normals=stream(seed, NORMALS_TABLE, block).standard_normal((n, n_months, b.N_NORMALS), dtype=np.float32),
        uniforms=stream(seed, UNIFORMS_TABLE, block).random((n, n_months, b.N_UNIFORMS), dtype=np.float32),
        by_hand=stream(seed, HAND_TABLE, block).random((n, n_months if by_hand else 0, 2), dtype=np.float32),
    )


def make_world(
    economy: Economy,
    lender: LenderMoves,
    n_months: int,
    *,
    spree_rate: float = 1.0,
    changes_in: int | None = None,
    overrides: float = 0.0,
) -> World:
    """The paths that all borrowers share, as the kernels take them; ``n_months`` are the panel's."""
    return World(
        unemployment=economy.unemployment,
        activity=economy.activity,
        appetite=lender.appetite,
        funding=lender.funding,
        class_appetite=lender.class_appetite,
        class_move=lender.class_move,
        n_months=BURN_IN + n_months,
        job_loss_hazard=b.JOB_LOSS_HAZARD,
        spree_rate=spree_rate,
        changes_in=BURN_IN + (n_months if changes_in is None else changes_in),
        override_share=overrides,
    )
