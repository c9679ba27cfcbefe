"""Lives under a policy that is asked once a month for all borrowers: somebody's own code, or one of ours.

The same months, decisions and kinds come out as from the kernels that live borrower by borrower, if the same policy
is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c
from credit_model.simulate.draws import Draws
from credit_model.simulate.kernels import GRANT_MONTH, World
from credit_model.simulate.lines import LINES, cut_point
from credit_model.simulate.monthly_kernels import decide_all, pass_month_of_all, start_all
from credit_model.simulate.policies.family import table_of
from credit_model.simulate.policies.names import DEFAULT
from credit_model.simulate.wishes import Wishes, no_wishes

#: Idle months beyond which a line is dormant: the start of the ramp that all policies of ours share.
DORMANT_AFTER = 11
#: Rows of a ledger: its columns, and the shocks of the borrower's own.
N_ROWS = c.N_LEDGER + c.DOWNTURN


class Scorer(Protocol):
    """What lives are decided by."""

    def score(self, X: FloatArray, t: int) -> FloatArray:
        """Log-odds of standing on the simulator's scale: (n,), of snapshots (n, n_drivers) in month t."""

    def knocked_out(self, X: FloatArray, t: int) -> BoolArray:
        """Snapshots that a rule of the policy's own knocks out, whatever else speaks for them: (n,)."""


@dataclass(frozen=True)
class Lives:
    """What came out; axis 0 is the borrower, the last but one or last the month, burn-in included.

    Attributes
    ----------
    ledgers : float64 array, (n, N_ROWS, n_months)
    states : float64 array, (n, n_months, N_STATES)
    tier, kind : int64 arrays, (n, n_months)
        The tier after the month's decision; kind is -1 where none was taken.
    score : float64 array, (n, n_months)
        NaN where no decision was taken.
    overridden : bool array, (n, n_months)
    """

    ledgers: FloatArray
    states: FloatArray
    tier: IntArray
    kind: IntArray
    score: FloatArray
    overridden: BoolArray


def live_monthly(draws: Draws, world: World, controls: IntArray, scorer: Scorer, wishes: Wishes | None = None) -> Lives:
    """Live all months of all borrowers of a block.

    Parameters
    ----------
    draws : Draws
    world : World
    controls : int64 array, (n, 5)
        As in `borrowers`.
    scorer : Scorer
        Asked once a month from the first review on, for all borrowers.
    wishes : Wishes, optional
        What they do in place of what was drawn.
    """
    table = table_of(DEFAULT)
    wishes = no_wishes(len(draws.traits)) if wishes is None else wishes
    n, total = len(draws.traits), world.n_months
    ledgers, states = np.zeros((n, N_ROWS, total)), np.zeros((n, total, b.N_STATES))
    tier, kind = np.zeros((n, total), dtype=np.int64), np.full((n, total), -1, dtype=np.int64)
    score, overridden = np.full((n, total), np.nan), np.zeros((n, total), dtype=np.bool_)
    now, X = np.zeros((n, b.N_STATES)), np.empty((n, len(table.measures)))
    occasions, hands = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    alive, who, noisy = np.ones(n, dtype=np.bool_), np.arange(n), np.empty(n)
    start_all(draws.traits, now)
    for t in range(total):
        pass_month_of_all(
            t, alive, who, draws.traits, draws.normals, draws.uniforms, world, controls, wishes.whose, wishes.values,
            table.amounts, table.measures, table.above, now, ledgers, occasions, X,
        )  # fmt: skip
        if t >= GRANT_MONTH:
            found = scorer.score(X, t) - draws.traits[:, b.BIAS]
            before = now[:, b.TIER].astype(np.int64)
            decide_all(
                t, who, draws.uniforms, draws.by_hand, world.override_share, LINES, occasions, found, now, noisy, hands
            )
            decided = np.flatnonzero(occasions >= 0)
            score[decided, t], overridden[decided, t] = found[decided], hands[decided] != 0
            kind[decided, t] = _kinds(
                t, X[decided], found[decided] + draws.traits[decided, b.BIAS], noisy[decided], occasions[decided],
                hands[decided], before[decided], now[decided, b.TIER].astype(np.int64), scorer,
            )  # fmt: skip
        tier[:, t] = now[:, b.TIER]
        states[:, t] = now
    return Lives(ledgers, states, tier, kind, score, overridden)


def _kinds(
    t: int,
    X: FloatArray,
    score: FloatArray,
    noisy: FloatArray,
    occasion: IntArray,
    hand: IntArray,
    before: IntArray,
    after: IntArray,
    scorer: Scorer,
) -> IntArray:
    """The kinds of decisions; a cut is class-wide or for dormancy only if it would not have happened without."""
    table = table_of(DEFAULT)
    cut = after < before
    kind = np.where(occasion == c.TRIGGER, c.TRIGGER, c.SCORE)
    ruled = hand == 0
    dormant = ruled & (X[:, table.dormancy] > DORMANT_AFTER)
    class_wide = ruled & (occasion == c.CLASS_WIDE)
    for rule, feature, name in ((dormant, table.dormancy, c.DORMANCY), (class_wide, table.class_wide, c.CLASS_WIDE)):
        kind[rule & ~cut] = name
        rows = np.flatnonzero(rule & cut)
        if len(rows):
            without = X[rows].copy()
            without[:, feature] = 0.0
            gain = scorer.score(without, t) - score[rows]
            kept_from = np.array([cut_point(tier - 1, tier, LINES) for tier in before[rows]])
            kind[rows[noisy[rows] + gain > kept_from]] = name
    kind[(X[:, table.knock_out] > 0) | scorer.knocked_out(X, t)] = c.KNOCK_OUT
    found: IntArray = kind.astype(np.int64)
    return found
