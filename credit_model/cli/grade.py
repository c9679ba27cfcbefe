"""The command grade: explanations held against the simulator's truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from credit_model.cli import options
from credit_model.cli.console import heading, progress, say, show_facts, show_table, working
from credit_model.cli.history_files import read_history
from credit_model.cli.outputs import INPUT, TABLES, File
from credit_model.errors import DataFileError
from credit_model.files import write_text
from credit_model.portfolio.catalogue import Catalogue, read_catalogue
from credit_model.portfolio.history import History
from credit_model.predictor import LimitPredictor
from credit_model.simulate.truth import read_truth

if TYPE_CHECKING:
    from credit_model.grade.answering import Portfolio
    from credit_model.grade.oracle import TrueScore
    from credit_model.grade.result import Grade

#: Most parts of a portfolio's borrowers.
MOST_FOLDS = 100


@options.command()
@click.option(
    "--data",
    required=True,
    multiple=True,
    type=TABLES,
    metavar="DIR",
    help="A folder that 'simulate' wrote, with its truth; repeat it to grade several portfolios as one.",
)
@click.option(
    "--model",
    default=None,
    type=INPUT,
    metavar="DIR",
    help="Stale: grade this model, which 'train' wrote long before.",
)
@click.option(
    "--cross-fit",
    type=click.IntRange(2, MOST_FOLDS),
    default=None,
    metavar="K",
    help="In time: part each portfolio's borrowers into K folds, each explained by a model fitted on the others.",
)
@click.option(
    "--earlier",
    multiple=True,
    type=TABLES,
    metavar="DIR",
    help="Earlier data of the lender: models and rivals are fitted on it too (with --model: rivals alone); "
    "repeat it for portfolios of several policies.",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="MODULE:OBJECT",
    help="The policy of your own that --data were simulated with: the oracle asks it.",
)
@click.option(
    "--catalogue",
    default=None,
    type=INPUT,
    metavar="NAME|FILE",
    help="What the data means: with --model its own, else synthetic (the defaults).",
)
@click.option("--held-out", is_flag=True, help="With --model: grade its trial, on borrowers that the trial never saw.")
@click.option(
    "--trees", type=click.IntRange(1, 100_000), default=None, help="With --cross-fit: most trees of each model."
)
@click.option(
    "--plans",
    is_flag=True,
    help="With --model: also live plans for the cuts, and hold the early warning against the true risk.",
)
@click.option("--intervals", is_flag=True, help="Print 95 % intervals (borrowers drawn anew) of the leader.")
@click.option(
    "--json", "json_file", default=None, type=File(".json"), metavar="FILE", help="Also write everything as JSON."
)
@options.seed("Draws the folds, the fits and the population.")
@options.jobs
def grade_command(
    data: tuple[str, ...],
    model: str | None,
    cross_fit: int | None,
    earlier: tuple[str, ...],
    policies: tuple[str, ...],
    catalogue: str | None,
    held_out: bool,
    trees: int | None,
    plans: bool,
    intervals: bool,
    json_file: str | None,
    seed: int,
    jobs: int,
) -> None:
    """Hold explanations against the simulator's truth, beside simple rivals on the same cuts.

    Two protocols: in time (--cross-fit), fitted on other borrowers of the same months, as a lender has it who refits
    every month; and stale (--model), fitted long before, on portfolios of other seeds.

    \b
    Example:  credit-model simulate --borrowers 4000 --months 48 --seed 2 --out unseen
              credit-model grade --data unseen --cross-fit 4 --json grade.json
              credit-model grade --data unseen --model model
    """
    _check_usage(model, cross_fit, held_out=held_out, trees=trees, plans=plans)
    if model is not None:
        predictor = LimitPredictor.load(model, catalogue=catalogue, n_jobs=jobs)
    else:
        most: dict[str, Any] = {} if trees is None else {"max_iter": trees}
        predictor = LimitPredictor(read_catalogue(catalogue or "synthetic"), seed=seed, n_jobs=jobs, **most)
    portfolios, before = _portfolios(data, predictor.catalogue, policies), _earlier(earlier, predictor.catalogue)
    if cross_fit is None:
        from credit_model.grade.grading import grade_portfolios

        with working("grading"):
            rows = "held_out" if held_out else "all"
            grade = grade_portfolios(predictor, portfolios, rows=rows, earlier=before, seed=seed)
    else:
        from credit_model.grade.in_time import grade_in_time

        with progress("fitting and grading") as advance:
            grade = grade_in_time(
                portfolios, before, folds=cross_fit, seed=seed, predictor=predictor, on_progress=advance
            )
    parts: dict[str, dict[str, Any]] = {}
    if plans:
        from credit_model.cli.grade_plans import grade_plans_of, grade_warnings_of, show_plans, show_warnings

        with working("living plans"):
            lived = grade_plans_of(predictor, data, portfolios, policies, jobs=jobs)
        with working("holding warnings against what came"):
            warned = grade_warnings_of(predictor, data, portfolios, policies, jobs=jobs)
        parts["plans"] = lived.summary
        if warned:
            parts["warning"] = warned
    show_grade(grade, intervals=intervals)
    if plans:
        show_plans(lived)
        show_warnings(warned)
    if json_file is not None:
        write_text(grade.to_json(**parts), json_file)
        say(f"Written to {json_file}")


def _check_usage(model: str | None, cross_fit: int | None, *, held_out: bool, trees: int | None, plans: bool) -> None:
    faults = {
        "give --cross-fit K (in time) or --model DIR (stale), got neither.": model is None and cross_fit is None,
        "--model (stale) and --cross-fit (in time) exclude each other; run grade twice.": None
        not in (model, cross_fit),
        "--held-out is for --model; with --cross-fit no graded borrower is ever in training.": held_out
        and model is None,
        "--plans is for --model; with --cross-fit there is no model that is deployed.": plans and model is None,
        "--trees is for --cross-fit; a model that is given has its trees.": trees is not None and model is not None,
    }
    for fault, found in faults.items():
        if found:
            raise click.UsageError(fault, click.get_current_context(silent=True))


def _portfolios(folders: tuple[str, ...], catalogue: Catalogue, policies: tuple[str, ...]) -> list[Portfolio]:
    from credit_model.grade.answering import Portfolio

    lenders = [_lender_of(folder) for folder in folders]
    scores = _own_scores(policies, lenders, catalogue)
    truths = [read_truth(folder) for folder in folders]
    histories = [read_history(folder, catalogue) for folder in folders]
    return [
        Portfolio(history, truth, lender["name"], scores.get(lender["name"]))
        for history, truth, lender in zip(histories, truths, lenders, strict=True)
    ]


def _own_scores(policies: tuple[str, ...], lenders: list[dict[str, Any]], catalogue: Catalogue) -> dict[str, TrueScore]:
    """The true scores of policies of one's own, by name, each checked to be the one that was simulated."""
    if not policies:
        return {}
    from credit_model.grade.oracle import plug_in_score
    from credit_model.simulate.policies.plugin import plug_in_of

    scores: dict[str, TrueScore] = {}
    for name in policies:
        simulated = [lender.get("fingerprint") for lender in lenders if lender["name"] == name]
        if not simulated:
            graded = ", ".join(sorted({repr(lender["name"]) for lender in lenders}))
            raise DataFileError(f"--policy {name}: is the lender of no graded portfolio, those are of {graded}")
        policy = plug_in_of(name)
        if set(simulated) != {policy.fingerprint}:
            raise DataFileError(
                f"--policy {name}: scores otherwise than when the portfolio was simulated; simulate it again, or leave "
                "--policy out"
            )
        scores[name] = plug_in_score(policy, catalogue)
    return scores


def _earlier(folders: tuple[str, ...], catalogue: Catalogue) -> dict[str, History] | None:
    """Policy -> its earlier data."""
    found: dict[str, History] = {}
    for folder in folders:
        policy = _lender_of(folder)["name"]
        if policy in found:
            raise DataFileError(
                f"{folder}: --earlier must be one folder a policy, found a second one of {policy!r}; give the longest"
            )
        found[policy] = read_history(folder, catalogue)
    return found or None


def _lender_of(folder: str) -> dict[str, Any]:
    """What a simulated portfolio's manifest states of the lender's policy; its name at least."""
    from credit_model.grade.oracle import DEFAULT_POLICY

    try:
        manifest = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = None  # tables alone: nothing names it
    stated = manifest.get("policy", DEFAULT_POLICY) if isinstance(manifest, dict) else DEFAULT_POLICY
    return stated if isinstance(stated, dict) and "name" in stated else {"name": str(stated)}


def show_grade(grade: Grade, *, intervals: bool = False) -> None:
    """Print the protocol, both scorecards of each policy, the groups of our method, and what is not graded."""
    from credit_model.grade.result import PROTOCOLS

    n, told = int(grade.overall["n"].iloc[0]), int(grade.overall["n_told"].iloc[0])
    protocol = grade.protocol.replace("_", " ")
    heading(f"{n:,} limit decreases held against the truth, protocol {protocol}; model {grade.model_version}")
    say(f"{protocol.capitalize()}: {PROTOCOLS[grade.protocol]}.")
    say(f"The leader is graded on the {told:,} of them of which a reason is told, for all methods alike.")
    show_facts([(f"not graded: {reason}", count) for reason, count in grade.left_out.items() if count])
    for note in grade.notes:
        say(f"Left out: {note}")
    for policy in grade.policy_names:
        table = grade.of_policy(policy)
        say()
        heading(f"Policy {policy}: {int(table['n'].iloc[0]):,} decreases")
        show_table(_methods(table, FIDELITY_HEADS, intervals), digits=3, title="Fidelity to the lender's policy")
        show_table(_methods(table, ERROR_HEADS), digits=3, title="Both errors of blame, and the shares")
        if (held := float(table["share_interval_holds"].iloc[0])) >= 0:
            say(f"Of the 90 % intervals of our shares, {held:.1%} hold the true share.")
        show_table(_causal(table), digits=3, title="Causal")
        for split in SIDE_BY_SIDE:
            show_table(_leaders(grade, policy, split), digits=3, title=f"Leader right, by {split}")
        show_table(_groups(grade, policy), digits=3, title=f"{_first(grade)}, by group")
        show_table(_single_causes(grade, policy), digits=3, title=f"{_first(grade)}, one root cause alone")
    say(
        "all cuts: by the strongest factor of every cut, told or not; laid on borrower: of the cuts led by the economy "
        "or the lender; excused: of the cuts led by the borrower, those told as the economy's or the lender's; "
        "random: what factors drawn at random would name; truth: what the true shares do."
    )


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
#: Splits in which all methods are shown side by side.
SIDE_BY_SIDE = ("scenario", "segment", "kind")
SINGLE_CAUSE_HEADS = {
    "group": "cause",
    "n": "cuts",
    "root_cause_first": "first",
    "random_first": "random",
    "root_cause_in_first_two": "in first two",
    "random_in_first_two": "random in two",
    "truth_first": "truth",
    "truth_in_first_two": "truth in two",
}


def _first(grade: Grade) -> str:
    return str(grade.overall.index[0]).capitalize()


def _methods(table: pd.DataFrame, heads: dict[str, str], intervals: bool = False) -> pd.DataFrame:
    shown = table.rename_axis("method").reset_index()[["method", *heads]]
    for name in ("n_root_cause", "n_lender_kind"):
        if name in shown:
            shown[name] = shown[name].astype("int64")
    if "seconds_per_decrease" in shown:
        shown["seconds_per_decrease"] *= 1000
    if intervals:
        half = table["leading_factor_right_interval"]
        shown["leading_factor_right"] = [
            f"{right:.3f} ± {width:.3f}" for right, width in zip(shown["leading_factor_right"], half, strict=True)
        ]
    return shown.rename(columns=heads)


def _causal(table: pd.DataFrame) -> pd.DataFrame:
    """The causal card, last what two factors drawn at random would name, and what the true shares do."""
    shown, first = _methods(table, CAUSAL_HEADS), table.iloc[0]
    for title, of in (("(two random factors)", "random"), ("(the true shares)", "truth")):
        names = (f"{of}_first", f"{of}_in_first_two", "n_root_cause", "", "", "n_lender_kind")
        shown.loc[len(shown)] = [title, *(first.get(name, float("nan")) for name in names)]
    counts = [CAUSAL_HEADS["n_root_cause"], CAUSAL_HEADS["n_lender_kind"]]
    return shown.astype(dict.fromkeys(counts, "int64"))


def _rows_of(grade: Grade, policy: str) -> pd.DataFrame:
    """The groups of the first method, ours."""
    groups = grade.groups
    mine: pd.DataFrame = groups[(groups["method"] == grade.overall.index[0]) & (groups["policy"] == policy)]
    return mine


def _groups(grade: Grade, policy: str) -> pd.DataFrame:
    ours = _rows_of(grade, policy)
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
    shown: pd.DataFrame = ours.loc[ours["split"] != "single cause", list(heads)].rename(columns=heads)
    return shown


def _leaders(grade: Grade, policy: str, split: str) -> pd.DataFrame:
    """Whether the leader is right: a row a method, a column a group."""
    table = {
        str(method): grade.by(split, str(method), policy)["leading_factor_right"]
        for method in grade.of_policy(policy).index
    }
    return pd.DataFrame(table).T.rename_axis("method").reset_index()


def _single_causes(grade: Grade, policy: str) -> pd.DataFrame:
    ours = _rows_of(grade, policy)
    shown: pd.DataFrame = ours.loc[ours["split"] == "single cause", list(SINGLE_CAUSE_HEADS)]
    shown.columns = pd.Index(list(SINGLE_CAUSE_HEADS.values()))
    return shown
