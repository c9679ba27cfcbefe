"""The parts of the command grade that act: plans are lived, warnings held against what came and the true risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from credit_model.cli.console import heading, say, show_facts, show_table
from credit_model.predictor import LimitPredictor

if TYPE_CHECKING:
    from credit_model.grade.answering import Portfolio
    from credit_model.grade.plans import PlansGrade

#: Most cuts of a portfolio that are planned for.
MOST_CUTS = 300
#: Most lines of a portfolio whose true risk is counted by living on.
MOST_LINES = 1000


def grade_plans_of(
    predictor: LimitPredictor,
    folders: Sequence[str],
    portfolios: Sequence[Portfolio],
    policies: Sequence[str],
    *,
    jobs: int,
) -> PlansGrade:
    """Plans for the cuts of portfolios in folders that `simulate` wrote, lived."""
    from credit_model.grade.plans import PlansGrade, grade_plans
    from credit_model.simulate.manifests import read_settings

    settings = [read_settings(folder, policies=policies) for folder in folders]
    return PlansGrade.of(
        [
            grade_plans(predictor, (one.history, one.truth), of, most=MOST_CUTS, n_jobs=jobs)
            for one, of in zip(portfolios, settings, strict=True)
        ]
    )


def grade_warnings_of(
    predictor: LimitPredictor,
    folders: Sequence[str],
    portfolios: Sequence[Portfolio],
    policies: Sequence[str],
    *,
    jobs: int,
) -> dict[str, float]:
    """Early warnings on portfolios in folders that `simulate` wrote, beside the true risk; {} without a warning."""
    from credit_model.grade.warnings import grade_warnings, mean_of_grades, true_risk_of
    from credit_model.simulate.manifests import read_settings

    if predictor.fitted.warning is None:
        return {}
    grades = []
    for folder, one in zip(folders, portfolios, strict=True):
        snapshots = predictor.snapshots(one.history)
        truth = true_risk_of(read_settings(folder, policies=policies), snapshots, n_jobs=jobs)
        grades.append(grade_warnings(predictor.fitted, snapshots, true_risk=truth, most=MOST_LINES, n_jobs=jobs))
    return mean_of_grades(grades)


def show_warnings(found: dict[str, float]) -> None:
    """Print how good the early warning is, and how near to the true risk."""
    say()
    if not found:
        say("The model was trained without the early warning (train --no-warning): there is none to grade.")
        return
    heading(f"Early warning on {found['n']:,.0f} lines, {found['cuts']:,.0f} cuts")
    show_facts(
        [
            ("cuts with an alert in the six months before", f"{found['event_recall']:.1%}"),
            ("median months from the first alert", f"{found['median_lead']:g}"),
            ("alerts a month for 1,000 lines", f"{found['alerts_per_1000']:.0f}"),
            ("new among them", f"{found['churn']:.0%}"),
        ]
    )
    columns = {
        "average precision": "average_precision",
        "base rate": "base_rate",
        "calibration error": "calibration_error",
        "warning, beside the truth": "average_precision_of_warning",
        "true risk": "average_precision_of_truth",
        "mean distance from it": "risk_error",
    }
    rows = [
        {"cut within": "1 month" if k == 1 else f"{k} months", **{t: found[f"{c}_{k}m"] for t, c in columns.items()}}
        for k in (1, 3, 6)
    ]
    show_table(pd.DataFrame(rows), digits=3, title=f"Beside the true risk on {found['n_true']:,.0f} of the lines")


def show_plans(grade: PlansGrade) -> None:
    """Print how often plans came true, and of which."""
    found = grade.summary
    say()
    heading(
        f"{found['n']:,} plans, {found['n_lived']:,} of them lived; {grade.horizon} months, chance {grade.chance:g}"
    )
    show_facts(
        [
            ("cuts with a plan", f"{found['with_a_plan']:.1%}"),
            ("came true in the promised month", f"{found['lived_success']:.1%}"),
            ("or in one of the two after", f"{found['lived_success_within_two']:.1%}"),
            ("promised by waiting, and came true", f"{found['reinstated_by_waiting']:.1%}"),
            ("impossible, and so by the true policy", f"{found['impossible_proved']:.1%}"),
            ("true policy, without its noise", f"{found['true_yes']:.1%}"),
            ("who is late as drawn", f"{found['lived_success_as_drawn']:.1%}"),
            ("cost over the true cheapest, median", f"{found['median_cost_ratio']:.2f}"),
            ("impossible histories", found["impossible_histories"]),
        ]
    )
    heads = {"success": "promised month", "success_within_two": "within two", "true_yes": "no noise"}
    for name in ("outcome", "months", "leading_factor"):
        table = grade.by(name).reset_index().rename(columns={**heads, "true_chance": "true chance"})
        show_table(table, digits=3, title=f"Plans lived, by {name.replace('_', ' ')}")
