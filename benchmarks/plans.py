"""How long do plans take, and are the best of them the best there are? ``python -m benchmarks.plans``.

Plans for the cuts of a simulated portfolio, by an additive model and by one in which everything interacts. Every best
is held against a search by hand on a small grid, in which each mixture of settings is scored by the deployed model.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np

from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor, simulate_portfolio
from credit_model.act.plans import Plan, plan_rows
from credit_model.act.plans.blocks import Grid
from credit_model.act.plans.lots import Lot
from credit_model.act.plans.paths import Ahead
from credit_model.act.plans.questions import questions_of
from credit_model.act.plans.search import MARGIN
from credit_model.arrays import IntArray
from credit_model.explain.pairs import decrease_rows
from credit_model.explain.support import SupportRule
from credit_model.portfolio.snapshots import Snapshots

#: Milliseconds a cut that are allowed, by structure; and minutes for so many cuts.
MOST_MS = {"score": 50.0, "free": 1000.0}
CUTS, MINUTES = 5000, 5.0
SMALL = ("repay_elsewhere", "owe_fewer", "draw_less_cash")
HORIZON = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, default=3000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=701)
    options = parser.parse_args()
    show_machine()
    portfolio = simulate_portfolio(options.borrowers, options.months, seed=options.seed, root_causes=False, n_jobs=-1)
    goals, rows = list[Goal](), []
    for structure, most in MOST_MS.items():
        predictor = LimitPredictor(structure=structure).fit(portfolio.history)
        snapshots = predictor.snapshots(portfolio.history)
        cuts = decrease_rows(snapshots)
        cuts = cuts[snapshots.position[cuts] >= snapshots.catalogue.warm_up][: options.cuts]
        plan_rows(predictor.fitted, snapshots, cuts[:2])  # parts the trees
        start = perf_counter()
        plans = plan_rows(predictor.fitted, snapshots, cuts, horizon=HORIZON)
        ms = 1000 * (perf_counter() - start) / len(cuts)
        agree, by_hand_ms = by_hand(predictor, snapshots, cuts)
        outcomes = [plan.outcome for plan in plans]
        rows.append(
            [
                structure,
                predictor.bag.n_trees,
                ms,
                by_hand_ms,
                *(outcomes.count(name) / len(plans) for name in ("by_itself", "by_plan", "impossible")),
                agree,
            ]
        )
        goals += [
            at_most(f"{structure}: ms a cut", ms, most),
            at_most(f"{structure}: minutes for {CUTS:,} cuts", ms * CUTS / 60_000, MINUTES),
            at_least(f"{structure}: answers that a search by hand gives too", agree, 1.0),
        ]
    show_table(
        f"{len(plans):,} cuts, {HORIZON} months, {plans[0].n_mixtures:,} mixtures of settings each",
        ["", "trees", "ms a cut", "by hand, small grid", "by itself", "by a plan", "impossible", "same by hand"],
        rows,
    )
    show_goals(goals)


def by_hand(predictor: LimitPredictor, snapshots: Snapshots, cuts: IntArray) -> tuple[float, float]:
    """Of how many cuts scoring every mixture of a small grid gives the same answers, as a share; and its ms a cut."""
    fitted, rule, spent, same = predictor.fitted, SupportRule(), 0.0, 0
    plans = plan_rows(fitted, snapshots, cuts, levers=SMALL, horizon=HORIZON, rule=rule)
    (question,) = questions_of(fitted, snapshots, cuts, cuts, "reinstate", rule, n_jobs=-1)
    lot = Lot(fitted, snapshots, cuts, Ahead.of(snapshots.history, cuts, HORIZON), Grid.of(fitted.catalogue, SMALL), -1)
    cost, affordable = lot.costs()
    changes = (lot.grid.settings > 0).sum(axis=1)
    for i, plan in enumerate(plans):
        start, one, asked = perf_counter(), lot.one(i), question.of(i)
        X = np.concatenate([one.asked(one.under(mixture), asked)[0] for mixture in range(lot.grid.n_mixtures)])
        over = one.exact_scores(X, asked).reshape(lot.grid.n_mixtures, HORIZON) >= plan.line + MARGIN
        stays = np.logical_and.accumulate(over[:, ::-1], axis=1)[:, ::-1] & affordable[i]
        spent += perf_counter() - start
        same += agrees(plan, stays, cost[i], changes)
    return same / len(plans), 1000 * spent / len(plans)


def agrees(plan: Plan, stays: np.ndarray, cost: np.ndarray, changes: IntArray) -> bool:
    """Whether a plan's best are the best among all mixtures (n_mixtures, horizon)."""
    if not stays.any():
        return plan.outcome == "impossible"
    mixture, month = np.nonzero(stays)
    if plan.cheapest is None or plan.fastest is None or plan.fewest is None:
        return False
    return (
        plan.cheapest.cost == cost[mixture, month].min()
        and plan.fastest.months_needed == month.min() + 1
        and len(plan.fewest.settings) == changes[mixture].min()
        and (plan.nothing is not None) == bool(stays[0].any())
    )


if __name__ == "__main__":
    main()
