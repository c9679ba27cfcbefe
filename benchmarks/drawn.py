"""What it costs to learn from some of the decisions that kept the limit instead of all.

``python -m benchmarks.drawn``. For each share of the kept decisions a model is fitted (a single fit, of the structure
that held-out decisions choose), judged on decisions of other borrowers, and its explanations of their cuts are graded
against the simulator's truth. Each is the mean over the seeds.
"""

from __future__ import annotations

import argparse
from time import process_time

import numpy as np

from benchmarks.portfolios import Panel, synthetic_panel
from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor, grade_explanations
from credit_model.model.metrics import decrease_scores, ranked_probability_score
from credit_model.training_rows import Census

COLUMNS = (
    "decisions",
    "seconds of CPU",
    "ranked probability score",
    "decrease AUC",
    "mean risk / share cut",
    "leader right",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, default=10_000)
    parser.add_argument("--graded", type=int, default=3_000, help="other borrowers, of the same months")
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--seeds", type=int, nargs="*", default=[950, 952])
    parser.add_argument("--policy", nargs="*", default=["scorecard", "rules"])
    parser.add_argument("--shares", type=float, nargs="*", default=[1.0, 0.3, 0.1])
    options = parser.parse_args()
    show_machine()
    goals = list[Goal]()
    for policy in options.policy:
        found = {share: list[list[float]]() for share in options.shares}
        for seed in options.seeds:
            panel = synthetic_panel(options.borrowers, options.months, seed=seed, policy=policy)
            graded = synthetic_panel(options.graded, options.months, seed=seed + 1, policy=policy)
            for share in options.shares:
                found[share].append(measured(panel, graded, share))
                print(policy, seed, share, found[share][-1], flush=True)
        mean = {share: np.mean(rows, axis=0) for share, rows in found.items()}
        show_table(
            f"{policy}: by the share of kept decisions that are learnt from",
            ["share", *COLUMNS],
            [[share, *row.tolist()] for share, row in mean.items()],
        )
        base, least = mean[max(mean)], mean[min(mean)]
        goals.append(at_most(f"{policy}: ranked probability score, {min(mean):g} / all", least[2] / base[2], 1.02))
        goals.append(at_least(f"{policy}: leader right, {min(mean):g} less all", least[5] - base[5], -0.01))
    show_goals(goals)


def measured(panel: Panel, graded: Panel, share: float) -> list[float]:
    """The figures of `COLUMNS`, for one share of one panel's kept decisions."""
    census = Census.of_history(panel.history)
    kept = census.n_decisions - census.n_changed
    most = census.n_decisions if share == 1 else round(census.n_changed + share * kept)
    start = process_time()
    predictor = LimitPredictor(panel.catalogue, most_decisions=most, seed=1, n_jobs=1).fit(panel.history)
    seconds = process_time() - start
    snapshots = predictor.snapshots(graded.history)
    row = np.flatnonzero(snapshots.is_decision & (snapshots.tier_before > 0))
    before, after = snapshots.tier_before[row], snapshots.tier_after[row]
    probability = predictor.predict_proba(snapshots, row)
    below = np.cumsum(probability, axis=1)[np.arange(len(row)), before - 1]
    fell = after < before
    grade = grade_explanations(predictor, graded.history, graded.truth.truth, methods=["ours"])
    return [
        float(predictor.n_training_rows),
        seconds,
        ranked_probability_score(after, probability),
        decrease_scores(fell, below)["decrease_auc"],
        float(below.mean() / fell.mean()),
        float(grade.overall.loc["ours", "leading_factor_right"]),
    ]


if __name__ == "__main__":
    main()
