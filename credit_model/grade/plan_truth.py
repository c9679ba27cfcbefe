"""What the true policy admits: the cheapest path by the lender's own score, on the same grid of lever settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from credit_model.act.plans.blocks import Grid
from credit_model.act.plans.lots import Lot
from credit_model.act.plans.paths import Ahead
from credit_model.act.plans.plan import Plan
from credit_model.act.plans.questions import Question
from credit_model.arrays import FloatArray, IntArray
from credit_model.fitted_model import FittedModel
from credit_model.grade.oracle import TrueScore
from credit_model.portfolio.snapshots import Snapshots
from credit_model.simulate.lines import LINES, cut_point

#: Borrowers whose months to come are built at a time.
_AT_ONCE = 24


def least_costs(
    fitted: FittedModel,
    snapshots: Snapshots,
    row: IntArray,
    score: TrueScore,
    *,
    horizon: int,
    chance: float,
    bias: FloatArray,
    n_jobs: int = 1,
) -> FloatArray:
    """What the cheapest path costs by which the true policy would keep the limit before each cut: (n,); inf: none.

    Parameters
    ----------
    fitted : FittedModel
        Whose catalogue has the levers.
    snapshots : Snapshots
    row : int64 array, (n,)
        The cuts, which are also the last that is known.
    score : TrueScore
        The lender's true score of snapshots, log-odds.
    horizon : int
    chance : float
        The least chance, by the true policy, that counts.
    bias : float64 array, (n,)
        What the lender takes off the score.
    n_jobs : int
    """
    grid = Grid.of(fitted.catalogue)
    least = np.full(len(row), np.inf)
    for begin in range(0, len(row), _AT_ONCE):
        some = row[begin : begin + _AT_ONCE]
        lot = Lot(fitted, snapshots, some, Ahead.of(snapshots.history, some, horizon), grid, n_jobs)
        cost, affordable = lot.costs()
        tier = snapshots.tier_before[some].astype(np.int64)
        line = np.array([cut_point(k - 1, k, LINES) for k in tier.tolist()])
        question = Question(tier, tier, snapshots.limit_before[some], np.full(len(some), -np.inf), chance)
        for i in range(len(some)):
            X = _one(lot, i).all_mixtures(question.of(i))
            table = score(X.reshape(-1, X.shape[2])).reshape(1, *X.shape[:2]) - bias[begin + i] - line[i]
            yes = question.of(i).reached(table)[0] & affordable[i]
            if yes.any():
                least[begin + i] = float(cost[i][yes].min())
    return least


def _one(lot: Lot, i: int) -> Lot:
    """One of the borrowers, with what was built for all."""
    one = lot.one(i)
    base, variants = lot.base, lot.variants
    one.__dict__["base"] = replace(base, X=base.X[[i]], numerators=base.numerators[[i]])
    one.__dict__["variants"] = tuple(replace(v, X=v.X[[i]], numerators=v.numerators[[i]]) for v in variants)
    return one


def costs_beside(plans: list[Plan], least: FloatArray) -> FloatArray:
    """What each plan's cheapest path costs over the cheapest that the true policy admits; NaN where either has none.

    Paths that cost nothing have the ratio 1.
    """
    own = np.array([np.inf if plan.cheapest is None else plan.cheapest.cost for plan in plans])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(own == least, 1.0, own / least)
    return np.where(np.isfinite(own) & np.isfinite(least), ratio, np.nan)
