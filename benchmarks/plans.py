"""How long do plans take, and are the best of them the best there are? ``python -m benchmarks.plans``.

Plans for the cuts of a simulated portfolio, by an additive model and by one in which everything interacts; milliseconds
are the processor's, of all cores together. Every best is held against a search by hand on a small grid, in which each
mixture of settings is scored by the deployed model. Then plans for cuts of unseen portfolios are lived in the
simulator, beside advice on the features of the snapshot.
"""

from __future__ import annotations

import argparse
from time import process_time

import numpy as np

from benchmarks.plan_rivals import as_row, cases_of, grade_rival, rival_names
from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor, simulate_portfolio
from credit_model.act.plans import Plan, plan_rows
from credit_model.act.plans.blocks import Grid
from credit_model.act.plans.lots import Lot
from credit_model.act.plans.paths import Ahead
from credit_model.act.plans.questions import question_of
from credit_model.arrays import IntArray
from credit_model.explain.pairs import decrease_rows
from credit_model.explain.support import SupportRule
from credit_model.grade.plans import PlansGrade, cuts_to_plan, grade_plans
from credit_model.portfolio.levers import DEFAULT_CHANCE
from credit_model.portfolio.snapshots import Snapshots
from credit_model.simulate.settings import Settings

#: Milliseconds a cut that are allowed, by structure; and minutes for so many cuts.
MOST_MS = {"score": 50.0, "free": 1000.0}
CUTS, MINUTES = 5000, 5.0
SMALL = ("repay_elsewhere", "owe_fewer", "draw_less_cash")
HORIZON = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, default=3000, help="of the portfolio that models are fitted on")
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--rival-cuts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=701)
    parser.add_argument("--unseen", type=int, nargs="+", default=[702, 703], help="seeds that plans are lived on")
    parser.add_argument("--fits", type=int, default=2)
    parser.add_argument("--free-trees", type=int, default=300)
    options = parser.parse_args()
    show_machine()
    size = {"n_borrowers": options.borrowers, "n_months": options.months, "root_causes": False}
    portfolio = simulate_portfolio(**size, seed=options.seed, n_jobs=-1)
    goals, rows = list[Goal](), []
    models: dict[str, LimitPredictor] = {}
    for structure, most in MOST_MS.items():
        trees = {"max_iter": options.free_trees} if structure == "free" else {}
        predictor = LimitPredictor(structure=structure, n_fits=options.fits, **trees).fit(portfolio.history)
        models[structure] = predictor
        snapshots = predictor.snapshots(portfolio.history)
        cuts = decrease_rows(snapshots)
        cuts = cuts[snapshots.position[cuts] >= snapshots.catalogue.warm_up][: options.cuts]
        plan_rows(predictor.fitted, snapshots, cuts[:2])  # parts the trees
        start = process_time()
        plans = plan_rows(predictor.fitted, snapshots, cuts, horizon=HORIZON)
        ms = 1000 * (process_time() - start) / len(cuts)
        agree, by_hand_ms = by_hand(predictor, snapshots, cuts)
        outcomes = [plan.outcome for plan in plans]
        shares = [outcomes.count(name) / len(plans) for name in ("by_itself", "by_plan", "impossible")]
        rows.append([structure, predictor.bag.n_trees, ms, by_hand_ms, *shares, agree])
        goals += [
            at_most(f"{structure}: ms a cut", ms, most),
            at_most(f"{structure}: minutes for {CUTS:,} cuts", ms * CUTS / 60_000, MINUTES),
            at_least(f"{structure}: answers that a search by hand gives too", agree, 1.0),
        ]
        print(f"{structure}: done", flush=True)
    show_table(
        f"{len(plans):,} cuts, {HORIZON} months, {plans[0].n_mixtures:,} mixtures of settings each",
        ["", "trees", "ms a cut", "by hand, small grid", "by itself", "by a plan", "impossible", "same by hand"],
        rows,
    )
    goals += lived(models["score"], options.unseen, options.borrowers, options.months, options.cuts)
    beside_rivals(models["score"], options.unseen[0], options.borrowers, options.months, options.rival_cuts)
    show_goals(goals)


def lived(predictor: LimitPredictor, seeds: list[int], n_borrowers: int, n_months: int, cuts: int) -> list[Goal]:
    """Plans for cuts of unseen portfolios, lived: a row a goal and chance; the goals of the default."""
    rows, goals = [], list[Goal]()
    for goal, chances in (("reinstate", (0.5, 0.8, DEFAULT_CHANCE, 0.95)), ("regain", (0.5, 0.7, DEFAULT_CHANCE))):
        for chance in chances:
            default = (goal, chance) == ("reinstate", DEFAULT_CHANCE)
            parts = []
            for seed in seeds:
                settings = Settings(n_borrowers, n_months, seed=seed, root_causes=False)
                unseen = simulate_portfolio(n_borrowers, n_months, seed=seed, root_causes=False, n_jobs=-1)
                most = cuts // len(seeds)
                parts.append(
                    grade_plans(predictor, unseen, settings, goal=goal, chance=chance, most=most, true_costs=default)
                )
            grade = PlansGrade.of(parts)
            found = grade.summary
            names = ("n", "with_a_plan", "lived_success", "lived_success_within_two", "lived_success_as_drawn")
            more = ("true_yes", "reinstated_by_waiting", "median_cost_ratio", "impossible_proved")
            rows.append([f"{goal}, chance {chance:g}", *(found[name] for name in (*names, *more))])
            if default:
                by = [
                    grade.by(name).reset_index().to_numpy().tolist() for name in ("outcome", "months", "leading_factor")
                ]
                goals = [
                    at_least("lived success in the promised month", found["lived_success"], 0.8),
                    at_least("lived success within two more", found["lived_success_within_two"], 0.9),
                    at_most("impossible histories among those lived", found["impossible_histories"], 0),
                ]
    head = ["", "cuts", "with a plan", "promised month", "within two", "late as drawn", "no noise", "by waiting"]
    show_table(f"Plans lived, seeds {seeds}", [*head, "cost over true", "impossible, true"], rows)
    for table in by:
        show_table("By group", ["", "n", "promised month", "within two", "no noise", "true chance"], table)
    return goals


def beside_rivals(predictor: LimitPredictor, seed: int, n_borrowers: int, n_months: int, cuts: int) -> None:
    """Advice on features of the snapshot, for the same cuts, lived as nearly as possible."""
    settings = Settings(n_borrowers, n_months, seed=seed, root_causes=False)
    unseen = simulate_portfolio(n_borrowers, n_months, seed=seed, root_causes=False, n_jobs=-1)
    snapshots = predictor.snapshots(unseen.history)
    row = cuts_to_plan(snapshots, settings, HORIZON, cuts)
    ours = grade_plans(predictor, unseen, settings, horizon=HORIZON, most=cuts, true_costs=False).summary
    names = ("n", "with_a_plan", "lived_success", "lived_success_within_two")
    found = [ours[name] for name in names]
    rows = [["ours", *found[:2], 1.0 - ours["impossible_histories"] / max(1, ours["n_lived"]), *found[2:]]]
    cases = cases_of(predictor, snapshots, row, chance=DEFAULT_CHANCE, horizon=HORIZON)
    rivals, left_out = rival_names()
    for name in rivals:
        rows.append(as_row(grade_rival(name, cases, settings, snapshots, row, horizon=HORIZON)))
    head = ["", "cuts", "with advice", "possible", "success", "within two"]
    show_table("Beside advice on the features of the snapshot", head, rows)
    for line in left_out:
        print(f"Left out: {line}")


def by_hand(predictor: LimitPredictor, snapshots: Snapshots, cuts: IntArray) -> tuple[float, float]:
    """Of how many cuts scoring every mixture of a small grid gives the same answers, as a share; and its ms a cut."""
    fitted, rule, spent, same = predictor.fitted, SupportRule(), 0.0, 0
    plans = plan_rows(fitted, snapshots, cuts, levers=SMALL, horizon=HORIZON, rule=rule)
    question = question_of(
        fitted, snapshots, cuts, cuts, "reinstate", rule, horizon=HORIZON, chance=DEFAULT_CHANCE, n_jobs=-1
    )
    lot = Lot(fitted, snapshots, cuts, Ahead.of(snapshots.history, cuts, HORIZON), Grid.of(fitted.catalogue, SMALL), -1)
    cost, affordable = lot.costs()
    changes = (lot.grid.settings > 0).sum(axis=1)
    for i, plan in enumerate(plans):
        start, one, asked = process_time(), lot.one(i), question.of(i)
        X = np.concatenate([one.asked(one.under(mixture), asked)[0] for mixture in range(lot.grid.n_mixtures)])
        scores = one.exact_scores(X, asked).reshape(1, -1, HORIZON)
        stays = asked.reached(asked.standing(scores))[0] & affordable[i]
        spent += process_time() - start
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
