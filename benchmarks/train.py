"""How long a fit takes, beside LightGBM multiclass and scikit-learn's booster on (row, threshold) pairs.

``python -m benchmarks.train``. All learn from the same decisions of simulated borrowers and stop by the same held-out
ones, on all cores; the peers with one setting each, the middle one of those that `benchmarks.accuracy` chooses among. A
fit of ours is of one structure; the bag is all that ``train`` does by default without the early warning: snapshots,
structures that are tried, eight fits on half of the borrowers each, and what they say of every decision.

``python -m benchmarks.train --engines`` compares what else fits our structures, LightGBM and XGBoost, with scikit-learn
on the same pairs: seconds of processor on one thread, and test scores with 95 % intervals, by drawing the test
borrowers again; half of the borrowers are kept for the test.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from time import perf_counter, process_time

import lightgbm
import numpy as np
import xgboost

from benchmarks.accuracy import drawn_scores, task_of
from benchmarks.peers import PATIENCE, Task
from benchmarks.portfolios import Panel, synthetic_panel
from benchmarks.tables import Goal, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor
from credit_model.model.classifier import LimitTierClassifier
from credit_model.model.metrics import ranked_probability_score
from credit_model.portfolio.snapshots import Snapshots

#: Structures of each lender that is fitted.
STRUCTURES = {"scorecard": "score", "rules": "joint"}
#: The same where engines are compared.
OF_ENGINES = {"scorecard": ("score",), "rules": ("joint", "free")}
#: What an engine's score may be above scikit-learn's.
_AS_GOOD = 1.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, default=10_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--seed", type=int, default=941)
    parser.add_argument("--policy", nargs="*", choices=list(STRUCTURES), default=list(STRUCTURES))
    parser.add_argument("--without-pairs", action="store_true", help="leave scikit-learn on pairs out, the slowest")
    parser.add_argument("--engines", action="store_true", help="compare the engines that fit pairs")
    options = parser.parse_args()
    show_machine("lightgbm")
    goals = list[Goal]()
    if options.engines:
        print(f"XGBoost {xgboost.__version__}")
        for policy, structures in OF_ENGINES.items():
            goals += compare_engines(policy, structures, options)
        show_goals(goals)
        return
    for policy in options.policy:
        goals += compare(policy, STRUCTURES[policy], options)
    show_goals(goals)


def compare(policy: str, structure: str, options: argparse.Namespace) -> list[Goal]:
    """Fit one lender's decisions by each."""
    panel = synthetic_panel(options.borrowers, options.months, seed=options.seed, policy=policy)
    light = LimitPredictor(panel.catalogue, structure="score", max_iter=4).fit(panel.history)  # for its split
    snapshots = light.snapshots(panel.history)
    task = task_of(light, snapshots)
    ours(light, snapshots, task, structure, "auto", max_iter=4)  # compiles what is not compiled yet
    found = {
        f"ours, {structure}": ours(light, snapshots, task, structure, "auto"),
        "ours, the default bag of eight": bag(panel, task),
        "LightGBM multiclass": multiclass(task),
    }
    if not options.without_pairs:
        found[f"{structure} on pairs, by scikit-learn"] = ours(light, snapshots, task, structure, "sklearn")
    base = found["LightGBM multiclass"][0]
    show_table(
        f"{policy}: {len(task.train):,} decisions to learn from, {len(task.validation):,} that stop a fit",
        ["", "seconds", "/ LightGBM multiclass", "trees", "ranked probability score"],
        [[name, seconds, seconds / base, trees, rps] for name, (seconds, trees, rps) in found.items()],
    )
    one, eight = (found[name][0] for name in (f"ours, {structure}", "ours, the default bag of eight"))
    return [
        at_most(f"{policy}: a fit / LightGBM multiclass", one / base, 4),
        at_most(f"{policy}: the default bag / LightGBM multiclass", eight / base, 16),
    ]


def bag(panel: Panel, task: Task) -> tuple[float, int, float]:
    """Seconds, trees, and the test score of the trial, which has not seen the test decisions."""
    start = perf_counter()
    predictor = LimitPredictor(panel.catalogue, n_fits=8).fit(panel.history)
    seconds = perf_counter() - start
    probability = predictor.as_trial().predict_proba(predictor.snapshots(panel.history), task.test)
    return seconds, predictor.bag.n_trees, ranked_probability_score(task.after[task.test], probability)


def compare_engines(policy: str, structures: Sequence[str], options: argparse.Namespace) -> list[Goal]:
    """Fit one lender's decisions by each engine, in some structures."""
    panel = synthetic_panel(options.borrowers, options.months, seed=options.seed, policy=policy)
    light = LimitPredictor(panel.catalogue, structure="score", max_iter=4)
    snapshots = light.fit(panel.history, test_share=0.5).snapshots(panel.history)
    task, table, goals = task_of(light, snapshots), [], list[Goal]()
    for structure in structures:
        fits = {e: fit(light, snapshots, task, structure, e, n_jobs=1) for e in ("sklearn", "lightgbm", "xgboost")}
        frame, tier = snapshots.frame().iloc[task.test], task.after[task.test]
        forecasts = {engine: model.predict_proba(frame) for engine, (_, model) in fits.items()}
        drawn = drawn_scores(forecasts, {}, tier, None, snapshots.borrower_row[task.test])
        base = ranked_probability_score(tier, forecasts["sklearn"])
        for engine, (seconds, model) in fits.items():
            rps = ranked_probability_score(tier, forecasts[engine])
            low, high = np.quantile(drawn[engine]["rps"] / drawn["sklearn"]["rps"], (0.025, 0.975))
            table.append(
                [f"{structure}, {engine}", seconds, model.n_iter_, rps, rps / base, f"{low:.3f} .. {high:.3f}"]
            )
            if engine != "sklearn":
                goals.append(at_most(f"{policy}, {structure}: {engine} / scikit-learn", rps / base, _AS_GOOD))
    show_table(
        f"{policy}: {len(task.train):,} decisions to learn from, {len(task.test):,} to test",
        ["", "seconds of processor", "trees", "ranked probability score", "/ scikit-learn", "95 %"],
        table,
    )
    return goals


def ours(
    predictor: LimitPredictor, snapshots: Snapshots, task: Task, structure: str, engine: str, **given: int
) -> tuple[float, int, float]:
    """Seconds, trees and test score of a fit of one structure."""
    start = perf_counter()
    _, model = fit(predictor, snapshots, task, structure, engine, **given)
    seconds = perf_counter() - start
    forecast = model.predict_proba(snapshots.frame().iloc[task.test])
    return seconds, model.n_iter_, ranked_probability_score(task.after[task.test], forecast)


def fit(
    predictor: LimitPredictor, snapshots: Snapshots, task: Task, structure: str, engine: str, **given: int
) -> tuple[float, LimitTierClassifier]:
    """Seconds of processor of a fit of one structure, and the model."""
    catalogue = predictor.catalogue
    model = LimitTierClassifier(
        structure=structure,
        engine=engine,
        n_tiers=task.n_tiers,
        tier_in_force="tier_in_force",
        state_features=list(catalogue.state_names),
        monotonic_cst=catalogue.monotonic_cst,
        random_state=0,
        **given,
    )
    frame = snapshots.frame()
    train, stop = frame.iloc[task.train], frame.iloc[task.validation]
    start = process_time()
    model.fit(train, task.after[task.train], X_val=stop, y_val=task.after[task.validation])
    return process_time() - start, model


def multiclass(task: Task) -> tuple[float, int, float]:
    """The same of a LightGBM with a softmax over the tiers."""
    present = np.unique(task.after[task.train])
    place = np.full(task.n_tiers, -1)
    place[present] = np.arange(len(present))
    stop = task.validation[place[task.after[task.validation]] >= 0]
    model = lightgbm.LGBMClassifier(
        n_estimators=1000, num_leaves=31, learning_rate=0.06, min_child_samples=100, verbosity=-1, random_state=0
    )
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # eval_set has another name from 4.7 on
        model.fit(
            task.X[task.train],
            place[task.after[task.train]],
            eval_set=[(task.X[stop], place[task.after[stop]])],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
    seconds = perf_counter() - start
    probability = np.zeros((len(task.test), task.n_tiers))
    probability[:, present] = model.predict_proba(task.X[task.test])
    trees = int(model.best_iteration_) * len(present)
    return seconds, trees, ranked_probability_score(task.after[task.test], probability)


if __name__ == "__main__":
    main()
