"""The lender's own moves: appetite, funding, and the classes of borrowers that are cut back as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray
from credit_model.simulate.columns import SEGMENTS
from credit_model.simulate.economy import BURN_IN, as_stored, turning_point
from credit_model.simulate.scenarios import Scenario

#: A class is a segment and the channel through which the borrower came.
N_CHANNELS = 3
N_CLASSES = len(SEGMENTS) * N_CHANNELS

#: How much of a gap remains after a month: of appetite and funding, and of a class's cut-back.
PERSISTENCE, CLASS_PERSISTENCE = 0.85, 0.95
#: In all scenarios the lender has cautious spells: monthly chances to start and to end one.
TO_CAUTIOUS, TO_NEUTRAL = 0.02, 0.12


@dataclass(frozen=True)
class LenderMoves:
    """Paths over the burn-in and the panel's months; [0] is what happens, [1] the twin without tightening.

    Attributes
    ----------
    appetite, funding : float64 arrays, (2, n_months)
    class_appetite : float64 array, (2, N_CLASSES, n_months)
    class_move : bool array, (2, N_CLASSES, n_months)
        The class is cut back in this month, and all its lines are reviewed at once.
    """

    appetite: FloatArray
    funding: FloatArray
    class_appetite: FloatArray
    class_move: NDArray[np.bool_]


def simulate_lender(n_months: int, scenario: Scenario, rng: np.random.Generator) -> LenderMoves:
    """Draw the lender's moves; arguments as for `simulate_economy`."""
    total = BURN_IN + n_months
    noise, chance = rng.standard_normal((total, 2)), rng.random(total)
    class_noise, class_chance = rng.standard_normal((total, N_CLASSES)), rng.random((total, N_CLASSES))
    depth = 0.9 + 1.1 * rng.random((total, N_CLASSES))
    turned = np.arange(total) >= BURN_IN + turning_point(n_months)

    cautious = np.zeros(total, dtype=bool)
    for t in range(1, total):
        cautious[t] = chance[t] >= TO_NEUTRAL if cautious[t - 1] else chance[t] < TO_CAUTIOUS
    target = np.where(turned, scenario.appetite, 0.0) + np.where(cautious, scenario.cautious_appetite, 0.0)
    appetite = _drift(target, 0.08 * noise[:, 0])
    squeezed = np.where(cautious, scenario.cautious_funding, 0.0)
    funding = _drift(np.where(turned, scenario.funding, 0.0) + squeezed, 0.15 * noise[:, 1])

    hazard = np.where(turned, scenario.class_move_hazard, Scenario.class_move_hazard)
    move = class_chance < hazard[:, None]
    # A year before the panel, so that none starts in the middle of the burn-in's own settling.
    move[:6] = False
    class_appetite = np.zeros((2, N_CLASSES, total))
    now = np.zeros((2, N_CLASSES))
    for t in range(total):
        now = CLASS_PERSISTENCE * now + 0.04 * class_noise[t]
        now[0] -= np.where(move[t], depth[t], 0.0)
        class_appetite[:, :, t] = now
    return LenderMoves(
        appetite=as_stored(appetite, decimals=3),
        funding=as_stored(funding, decimals=3),
        class_appetite=as_stored(class_appetite, decimals=3),
        class_move=np.stack([move.T, np.zeros_like(move.T)]),
    )


def _drift(target: FloatArray, noise: FloatArray) -> FloatArray:
    """A path drawn to a target, and its twin drawn to 0 wherever the target is below it: (2, n_months)."""
    targets = np.stack([target, np.maximum(target, 0.0)])
    path = np.zeros_like(targets)
    now = np.zeros(2)
    for t in range(targets.shape[1]):
        now = PERSISTENCE * now + (1 - PERSISTENCE) * targets[:, t] + noise[t]
        path[:, t] = now
    return path
