"""The part of the command grade that lives plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from credit_model.cli.console import heading, say, show_facts, show_table
from credit_model.predictor import LimitPredictor

if TYPE_CHECKING:
    from credit_model.grade.answering import Portfolio
    from credit_model.grade.plans import PlansGrade

#: Most cuts of a portfolio that are planned for.
MOST_CUTS = 300


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
