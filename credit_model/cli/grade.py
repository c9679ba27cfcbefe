"""The command grade: explanations held against the simulator's truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pandas as pd

from credit_model.cli import options
from credit_model.cli.console import heading, say, show_facts, show_table, working
from credit_model.cli.history_files import read_history
from credit_model.cli.outputs import TABLES, File
from credit_model.files import write_text
from credit_model.predictor import LimitPredictor
from credit_model.simulate.truth import read_truth

if TYPE_CHECKING:
    from credit_model.grade.grading import Grade


@options.command()
@options.model
@click.option(
    "--data",
    required=True,
    multiple=True,
    type=TABLES,
    metavar="DIR",
    help="A folder that 'simulate' wrote, with its truth; repeat it to grade several portfolios as one.",
)
@options.expected_catalogue
@click.option("--held-out", is_flag=True, help="Grade only borrowers that training never saw.")
@click.option(
    "--json", "json_file", default=None, type=File(".json"), metavar="FILE", help="Also write everything as JSON."
)
@options.jobs
def grade_command(
    model: str, data: tuple[str, ...], catalogue: str | None, held_out: bool, json_file: str | None, jobs: int
) -> None:
    """Hold explanations against the simulator's truth, beside other methods on the same model.

    Grade portfolios of other seeds than the model was trained on, or give --held-out.

    \b
    Example:  credit-model simulate --borrowers 4000 --months 48 --seed 2 --out unseen
              credit-model grade --model model --data unseen --json grade.json
    """
    from credit_model.grade.grading import grade_portfolios

    predictor = LimitPredictor.load(model, catalogue=catalogue, n_jobs=jobs)
    truths = [read_truth(folder) for folder in data]
    histories = [read_history(folder, predictor.catalogue) for folder in data]
    with working("grading"):
        grade = grade_portfolios(predictor, zip(histories, truths, strict=True), rows="held_out" if held_out else "all")
    show_grade(grade)
    if json_file is not None:
        write_text(grade.to_json(), json_file)
        say(f"Written to {json_file}")


def show_grade(grade: Grade) -> None:
    """Print both scorecards, the groups of our method, and what is not graded."""
    n, told = int(grade.overall["n"].iloc[0]), int(grade.overall["n_told"].iloc[0])
    heading(f"{n:,} limit decreases held against the truth; model {grade.model_version}")
    say(f"The leader is graded on the {told:,} of them of which a reason is told, for all methods alike.")
    show_facts([(f"not graded: {reason}", count) for reason, count in grade.left_out.items() if count])
    say()
    show_table(_methods(grade.fidelity, FIDELITY_HEADS), digits=3, title="Fidelity to the lender's policy")
    show_table(_methods(grade.fidelity, ERROR_HEADS), digits=3, title="Both errors of blame, and the shares")
    show_table(_methods(grade.causal, CAUSAL_HEADS), digits=3, title="Causal")
    say(
        "all cuts: by the strongest factor of every cut, told or not; laid on borrower: of the cuts led by the economy "
        "or the lender; excused: of the cuts led by the borrower, those told as the economy's or the lender's."
    )
    say()
    show_table(_groups(grade), digits=3, title="Ours, by group")


FIDELITY_HEADS = {
    "leading_factor_right": "leader right",
    "first_reason_right": "first reason",
    "leading_factor_right_clear": "where clear",
    "top_two_right": "in first two",
    "leading_factor_right_all": "all cuts",
    "seconds_per_decrease": "ms each",
}
ERROR_HEADS = {
    "laid_on_borrower": "laid on borrower",
    "excused": "excused",
    "rank_correlation": "rank corr.",
    "share_error": "share error",
}
CAUSAL_HEADS = {
    "root_cause_first": "root cause first",
    "root_cause_in_first_two": "in first two",
    "n_root_cause": "cuts",
    "lender_kind_recognised": "lender's kinds in first two",
    "lender_kind_first": "first",
    "n_lender_kind": "such cuts",
}


def _methods(table: pd.DataFrame, heads: dict[str, str]) -> pd.DataFrame:
    shown = table.reset_index()[["method", *heads]]
    for name in ("n_root_cause", "n_lender_kind"):
        if name in shown:
            shown[name] = shown[name].astype("int64")
    if "seconds_per_decrease" in shown:
        shown["seconds_per_decrease"] *= 1000
    return shown.rename(columns=heads)


def _groups(grade: Grade) -> pd.DataFrame:
    ours = grade.groups[grade.groups["method"] == grade.overall.index[0]]
    heads = {
        "split": "by",
        "group": "group",
        "n": "cuts",
        "n_told": "told",
        "leading_factor_right": "leader right",
        "leading_factor_right_clear": "where clear",
        "laid_on_borrower": "laid on",
        "excused": "excused",
        "root_cause_in_first_two": "root in two",
    }
    shown: pd.DataFrame = ours[list(heads)].rename(columns=heads)
    return shown
