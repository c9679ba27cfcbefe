"""One borrower in a warm process: how long until the tier is predicted and the change explained; and how long to start.

``python -m benchmarks.latency``. Peers in the same run: scikit-learn's estimators predicting the same rows, and shap
explaining them, without the tier forecast.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from time import perf_counter

import numpy as np

from benchmarks.portfolios import Panel, fitted_predictor, real_panels, synthetic_panel
from benchmarks.tables import Goal, at_most, median_seconds, show_goals, show_machine, show_table
from credit_model import LimitPredictor
from credit_model.explain.pairs import decrease_rows, pair_with_reference, reference_features
from credit_model.portfolio.history import check_history

REPEATS = 200
STARTS = 7


def main() -> None:
    show_machine("shap", "pandas")
    goals = []
    for panel in (synthetic_panel(3000, 36, seed=1), *(p for p in real_panels() if p.name == "home_credit")):
        goals += one_borrower(panel, fitted_predictor(panel, engine="sklearn"))  # which shap can read
    goals += start()
    show_goals(goals)


def one_borrower(panel: Panel, predictor: LimitPredictor) -> list[Goal]:
    """Time a decrease of one borrower, drawn anew for every repeat."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap's import under recent matplotlib
        import shap
    snapshots = predictor.snapshots(panel.history)
    rng = np.random.default_rng(0)
    row = rng.permutation(decrease_rows(snapshots))[: REPEATS + 1]
    x, z = snapshots.X[row], reference_features(snapshots, pair_with_reference(snapshots, row))
    tier = snapshots.tier_before[row]
    raw = panel.history.frame
    borrower = raw[panel.catalogue.borrower].to_numpy()
    ids = panel.history.borrower_ids[snapshots.borrower_row[row]]
    histories = [raw[borrower == b].reset_index(drop=True) for b in ids]
    forest, model = predictor.forest, predictor.model_
    read_x, read_z = (forest.rows(rows, tier - 1) for rows in (x, z))
    names = list(panel.catalogue.feature_names)
    frames = [snapshots.frame().iloc[[r]][names] for r in row]
    explainer = shap.TreeExplainer(model.booster_, data=read_z[:1].copy())
    turn = {"i": 0}

    def here() -> int:
        return turn["i"] % len(row)

    def two_snapshots() -> None:
        i = here()
        forest.survival_scores(x[i : i + 1], n_jobs=1)
        predictor.explain_change(x[i], z[i], int(tier[i]))

    def raw_history() -> None:
        history = check_history(histories[here()], panel.catalogue)
        predictor.predict(history)
        predictor.explain_decreases(history)

    def scikit_learn() -> None:
        i = here()
        model.predict_proba(frames[i])
        model.booster_.decision_function(read_x[i : i + 1])
        model.booster_.decision_function(read_z[i : i + 1])

    def shap_swapping() -> None:
        i = here()
        explainer.data[0], explainer.data_missing[0] = read_z[i], np.isnan(read_z[i])
        explainer.shap_values(read_x[i : i + 1], check_additivity=False)

    def next_borrower() -> None:
        turn["i"] += 1

    work = {
        "predict + explain from two snapshots": two_snapshots,
        "predict + explain from the raw history": raw_history,
        "scikit-learn: predict, both keep scores": scikit_learn,
        "shap, background swapped: explain": shap_swapping,
        "": next_borrower,
    }
    seconds = {name: s for name, s in median_seconds(work, repeats=REPEATS).items() if name}
    i = here()
    start = perf_counter()
    shap.TreeExplainer(model.booster_, data=read_z[i : i + 1]).shap_values(read_x[i : i + 1])
    seconds["shap, a new explainer: explain"] = [perf_counter() - start]
    ours = float(np.median(seconds["predict + explain from two snapshots"]))
    show_table(
        f"{panel.name}: one borrower, {len(forest.trees.roots)} trees, histories of "
        f"{np.median([len(h) for h in histories]):.0f} months; milliseconds",
        ["", "median", "90 %", "x ours"],
        [
            [name, 1e3 * np.median(s), 1e3 * np.quantile(s, 0.9), float(np.median(s)) / ours]
            for name, s in seconds.items()
        ],
    )
    raw_median = float(np.median(seconds["predict + explain from the raw history"]))
    return [
        at_most(f"{panel.name}: from two snapshots, ms", 1e3 * ours, 1),
        at_most(f"{panel.name}: from the raw history, ms", 1e3 * raw_median, 10),
    ]


def start() -> list[Goal]:
    """Time a new interpreter importing the package, its main class, and peers."""
    statements = [
        "pass",
        "import credit_model",
        "from credit_model import LimitPredictor",
        "import sklearn.ensemble",
        "import shap",
    ]
    work = {s: lambda s=s: subprocess.run([sys.executable, "-W", "ignore", "-c", s], check=True) for s in statements}
    median = {s: float(np.median(t)) for s, t in median_seconds(work, repeats=STARTS).items()}
    show_table(
        "a new interpreter; seconds",
        ["", "median", "without Python's own"],
        [[s, t, t - median["pass"]] for s, t in median.items()],
    )
    return [at_most("import credit_model, s", median["import credit_model"], 1)]


if __name__ == "__main__":
    main()
