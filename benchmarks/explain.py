"""Explaining a change between two rows: ours beside shap's ways to do it, and beside just predicting both rows.

``python -m benchmarks.explain [--rows 2000]``. Everything runs on one thread and is
timed by that thread's own processor time. shap's own background game is the
plain Shapley game, so ours is timed on that too (each feature alone), and on the Owen game with everything that an
explained decrease holds: Owen values, what-if table, both scores.

Models of LightGBM, XGBoost, CatBoost and scikit-learn's forests, with shap, woodelf and shapiq beside ours, their rows
that are wrong and their time: `benchmarks.engines`.
"""

from __future__ import annotations

import argparse
import warnings
from math import factorial
from time import thread_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.portfolios import Pairs, decrease_pairs, fitted_predictor, real_panels, synthetic_panel
from benchmarks.tables import at_least, at_most, median_seconds, paired_ratio, show_goals, show_machine, show_table
from credit_model.arrays import FloatArray
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import LEAF
from credit_model.trees.owen import ensemble_changes, ensemble_owen_values
from credit_model.trees.scoring import scores

#: A row is wrong where a value, or the sum of values, is further off than this.
WRONG = 1e-6
ROWS_WITH_OWN_EXPLAINER = 5
REPEATS = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--borrowers", type=int, default=2000, help="simulated borrowers")
    options = parser.parse_args()
    show_machine("shap", "lightgbm")
    panels = [synthetic_panel(options.borrowers, 48, seed=1), *(p for p in real_panels() if p.name == "home_credit")]
    with threadpool_limits(1, "openmp"):
        for panel in panels:
            for structure in ("score", "free"):
                print(f"\nstructure of the model: {structure}", end="")
                compare(
                    decrease_pairs(panel, fitted_predictor(panel, structure=structure, engine="sklearn")), options.rows
                )


def compare(pairs: Pairs, n_rows: int) -> None:
    """Time everything in turn on the same rows, count wrong rows, and print both."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap's import under recent matplotlib
        import shap
    take = np.random.default_rng(0).permutation(len(pairs.x))[:n_rows]
    x, z, booster, trees = pairs.x[take], pairs.z[take], pairs.booster, pairs.predictor.forest.trees
    alone = np.arange(x.shape[1])
    swapping = shap.TreeExplainer(booster, data=z[:1].copy())
    population = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    work = {
        "scikit-learn predicts both": lambda: (booster.decision_function(x), booster.decision_function(z)),
        "ours, plain Shapley": lambda: ensemble_owen_values(trees, x, z, alone, n_jobs=1),
        "ours, Owen by factor": lambda: ensemble_owen_values(trees, x, z, pairs.factor, n_jobs=1),
        "ours, Owen + what-if + scores": lambda: ensemble_changes(trees, x, z, pairs.factor, pairs.n_factors, n_jobs=1),
        "ours, both scores alone": lambda: (scores(trees, x, n_jobs=1), scores(trees, z, n_jobs=1)),
        "shap, background swapped": lambda: swapped(swapping, x, z),
    }
    seconds = median_seconds(work, repeats=REPEATS, clock=thread_time)
    few = min(200, len(x))
    slow = {
        "ours, Owen by factor": lambda: ensemble_owen_values(trees, x, z, pairs.factor, n_jobs=1),
        "shap, path-dependent twice": lambda: path_dependent(population, x[:few], z[:few]),
        "shap, an explainer per row": lambda: explainer_per_row(shap, booster, x, z),
    }
    slow_seconds = median_seconds(slow, repeats=3, clock=thread_time)
    ours = ensemble_owen_values(trees, x, z, alone, n_jobs=1)
    change = booster.decision_function(x) - booster.decision_function(z)
    wrong = {
        "ours, plain Shapley": wrong_rows(ours, ours, change),
        "ours, Owen by factor": wrong_factors(pairs, x, z),
        "shap, background swapped": wrong_rows(swapped(swapping, x, z), ours, change),
        "shap, path-dependent twice": wrong_rows(path_dependent(population, x[:few], z[:few]), None, change[:few]),
        "shap, an explainer per row": wrong_rows(
            explainer_per_row(shap, booster, x, z), ours[:ROWS_WITH_OWN_EXPLAINER], change[:ROWS_WITH_OWN_EXPLAINER]
        ),
    }
    base = seconds["scikit-learn predicts both"]
    per_row = {name: float(np.median(s)) / len(x) for name, s in seconds.items()}
    ratio = {name: paired_ratio(s, base) for name, s in seconds.items()}
    for name, rows in (("shap, path-dependent twice", few), ("shap, an explainer per row", ROWS_WITH_OWN_EXPLAINER)):
        scale = len(x) / rows
        against_ours = paired_ratio(slow_seconds[name], slow_seconds["ours, Owen by factor"]) * scale
        per_row[name] = float(np.median(slow_seconds[name])) / rows
        ratio[name] = against_ours * ratio["ours, Owen by factor"]
    equal = float(np.mean((x == z) | (np.isnan(x) & np.isnan(z))))
    show_table(
        f"{pairs.name}: {len(x):,} decreases, {x.shape[1]} features ({equal:.0%} of values unchanged), "
        f"{len(trees.roots)} trees of up to {most_leaves(trees)} leaves; one thread",
        ["", "us a pair", "pairs/s", "x scikit-learn", "x ours (Owen)", f"rows wrong by > {WRONG:g}"],
        [
            [
                name,
                1e6 * per_row[name],
                1 / per_row[name],
                ratio[name],
                ratio[name] / ratio["ours, Owen by factor"],
                wrong.get(name, ""),
            ]
            for name in per_row
        ],
    )
    # What a borrower is told is the Owen value; shap has no such game, its Shapley values are the nearest it offers.
    ours_ratio = ratio["ours, Owen by factor"]
    show_goals(
        [
            at_least("shap swapping / ours", ratio["shap, background swapped"] / ours_ratio, 4),
            at_least("shap path-dependent twice / ours", ratio["shap, path-dependent twice"] / ours_ratio, 40),
            at_most("ours (everything) / scikit-learn predicting both", ratio["ours, Owen + what-if + scores"], 1),
            at_most("share of our rows wrong", float(wrong["ours, Owen by factor"].split(" of ")[0]), 0),
        ]
    )


def most_leaves(trees: TreeEnsemble) -> int:
    """Leaves of the largest tree."""
    return int(np.add.reduceat(trees.nodes["kind"] == LEAF, trees.roots).max())


def swapped(explainer: Any, x: FloatArray, z: FloatArray) -> FloatArray:
    """One explainer, its background row replaced in place for each pair, as shap's Python interface allows."""
    out = np.empty_like(x)
    for i in range(len(x)):
        explainer.data[0] = z[i]
        explainer.data_missing[0] = np.isnan(z[i])
        out[i] = explainer.shap_values(x[i : i + 1], check_additivity=False)[0]
    return out


def path_dependent(explainer: Any, x: FloatArray, z: FloatArray) -> FloatArray:
    """Population SHAP of x less that of z."""
    return np.asarray(explainer.shap_values(x, check_additivity=False)) - np.asarray(
        explainer.shap_values(z, check_additivity=False)
    )


def explainer_per_row(shap: Any, booster: Any, x: FloatArray, z: FloatArray) -> FloatArray:
    """A new explainer for each of the first few pairs."""
    return np.stack(
        [
            shap.TreeExplainer(booster, data=z[i : i + 1]).shap_values(x[i : i + 1], check_additivity=False)[0]
            for i in range(ROWS_WITH_OWN_EXPLAINER)
        ]
    )


def wrong_rows(values: FloatArray, expected: FloatArray | None, change: FloatArray) -> str:
    """Rows whose values do not sum to the change in the deployed score, or are not the expected ones."""
    wrong = np.abs(values.sum(axis=1) - change) > WRONG
    if expected is not None:
        wrong |= (np.abs(values - expected) > WRONG).any(axis=1)
    return f"{int(wrong.sum())} of {len(values)}"


def wrong_factors(pairs: Pairs, x: FloatArray, z: FloatArray, *, n_rows: int = 300) -> str:
    """Rows whose factors differ from the Shapley values enumerated with scikit-learn's own predictions."""
    x, z, n = x[:n_rows], z[:n_rows], pairs.n_factors
    held = pairs.factor < 0
    coalitions = np.arange(1 << n)
    from_x = held | ((coalitions[:, None] >> np.maximum(pairs.factor, 0)) & 1 == 1)
    mixed = np.where(from_x[None], x[:, None], z[:, None]).reshape(-1, x.shape[1])
    score = pairs.booster.decision_function(mixed).reshape(len(x), -1)
    expected = np.zeros((len(x), n))
    size = np.bitwise_count(coalitions.astype(np.uint64)).astype(int)
    for g in range(n):
        without = coalitions[(coalitions >> g) & 1 == 0]
        weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in size[without]])
        expected[:, g] = (score[:, without | 1 << g] - score[:, without]) @ weight
    ours = ensemble_owen_values(pairs.predictor.forest.trees, x, z, pairs.factor, n_jobs=1)
    by_factor = np.stack([ours[:, pairs.factor == g].sum(axis=1) for g in range(n)], axis=1)
    return wrong_rows(by_factor, expected, score[:, -1] - score[:, 0])


if __name__ == "__main__":
    main()
