"""The whole line of work in one command."""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np
import pandas as pd

from credit_model.act.warning.told import WarningWords
from credit_model.cli import key_options, options, own_data
from credit_model.cli.console import heading, progress, say, show_facts, working
from credit_model.cli.demo_appeal import show_appeal
from credit_model.cli.explain import draw_changes, show_explained
from credit_model.cli.history_files import read_economy, read_history
from credit_model.cli.model import add_warning, show_scores, show_support
from credit_model.cli.outputs import INPUT, TABLES, Folder
from credit_model.cli.plan import plans_of
from credit_model.documents.notice import build_notice
from credit_model.documents.report import write_report
from credit_model.documents.tracks import score_tracks
from credit_model.documents.warnings import warnings_html
from credit_model.evaluation import evaluate, judge_decisions
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.pairs import count_falls_within_tier
from credit_model.explain.support import SUPPORT_LEVELS, support_table
from credit_model.files import fresh_folder, write_manifest, write_text
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.predictor import LimitPredictor
from credit_model.simulate.settings import MOST_BORROWERS, MOST_MONTHS
from credit_model.words.values import catalogue_words

#: Of a demonstration's folder.
FORMAT = "credit_model.demo/1"
#: The page over the open lines.
WARNINGS = "warnings.html"


@options.command()
@click.option(
    "--out",
    default="demo",
    show_default=True,
    type=Folder(FORMAT),
    metavar="DIR",
    help="Folder to write everything to.",
)
@click.option(
    "--borrowers",
    type=click.IntRange(500, MOST_BORROWERS // 2),
    default=6000,
    show_default=True,
    help="How many to train on; half as many more are explained.",
)
@click.option("--months", type=click.IntRange(24, MOST_MONTHS), default=48, show_default=True, help="How many months.")
@click.option(
    "--seed", type=click.IntRange(0, options.LARGEST_SEED), default=1, show_default=True, help="Of the portfolio."
)
@click.option(
    "--data", default=None, type=TABLES, metavar="PATH|URL", help="Your own histories, in place of simulated ones."
)
@click.option("--query", default=None, metavar="SQL", help="What to read of a database.")
@click.option("--sheet", default=None, metavar="NAME", help="Sheet of an Excel workbook, where it has several.")
@click.option(
    "--catalogue",
    default=None,
    type=INPUT,
    metavar="NAME|FILE",
    help="What your data mean; else it is drafted from them.",
)
@key_options.keys
@options.jobs
@click.pass_context
def demo_command(
    ctx: click.Context,
    out: str,
    borrowers: int,
    months: int,
    seed: int,
    data: str | None,
    query: str | None,
    sheet: str | None,
    catalogue: str | None,
    keys: key_options.Keys,
    jobs: int,
) -> None:
    """Explain your own data, or simulated ones: the whole line of work in a few minutes.

    With --data a catalogue is drafted (unless one is given) and left in the folder, to be looked at and put right.

    \b
    Example:  credit-model demo --out demo
              credit-model demo --data cards.csv --out explained
              credit-model demo --data cards.csv --catalogue cards.toml --out explained
    """
    if data is not None:
        own_data.refuse_simulation_options(ctx)
        if catalogue is not None and keys.is_given:
            raise click.UsageError("--lag, --borrower and the like are for drafting; the catalogue says them.", ctx)
        source = options.DataSource(data, query=query, sheet=sheet)
        with fresh_folder(out, format=FORMAT) as folder:
            own_data.explain_own_data(folder, Path(out), source, catalogue, keys, jobs)
            write_manifest(folder, FORMAT, {"data": str(source)})
        return
    if keys.is_given or any(given is not None for given in (query, sheet, catalogue)):
        raise click.UsageError("--catalogue, --lag and the like are for own data; give --data, too.", ctx)
    start = time.perf_counter()
    with fresh_folder(out, format=FORMAT) as folder:
        pages, appeal = _line_of_work(folder, Path(out), borrowers, months, seed, jobs)
        write_manifest(folder, FORMAT, {"borrowers": borrowers, "months": months, "seed": seed})
    show_facts(
        [
            ("pictures", str(Path(out) / "explanations" / "pictures")),
            ("pages (open in a browser)", str(Path(out) / pages)),
            ("a notice to the borrower", str(Path(out) / "notice.html")),
            *([("who is next", str(Path(out) / WARNINGS))] if (Path(out) / WARNINGS).exists() else []),
            *appeal,
            ("tables", str(Path(out) / "explanations")),
            ("minutes", f"{(time.perf_counter() - start) / 60:.1f}"),
        ]
    )


def _line_of_work(
    folder: Path, shown: Path, borrowers: int, months: int, seed: int, jobs: int
) -> tuple[Path, list[tuple[str, object]]]:
    """Do everything in ``folder``, which will be ``shown``; gives the index of the pages, from there, and the appeal's
    files."""
    more = borrowers // 2
    heading(f"1. Simulating {borrowers + more:,} borrowers over {months} months")
    _simulate(folder / "portfolio", borrowers + more, months, seed, jobs)
    catalogue = read_catalogue("synthetic")

    heading(f"2. Training the limit-tier model on {borrowers:,} of them")
    predictor = LimitPredictor(catalogue, n_jobs=jobs)
    everybody = read_history(str(folder / "portfolio"), catalogue)
    history, others = (everybody.select(ids.tolist()) for ids in np.split(everybody.borrower_ids, [borrowers]))
    with working("training"):
        predictor.fit(history)
    add_warning(predictor, history)
    predictor.save(folder / "model")
    say(f"{predictor.bag.n_trees} trees on {predictor.n_training_rows:,} decisions -> {shown / 'model'}")
    say()

    with working("evaluating"):
        evaluation = evaluate(predictor, history, multiclass_trees=60)
    heading("3. Testing it: 'model' beside scikit-learn's multiclass boosting, no change, and the tiers' shares")
    show_scores(evaluation.scores.reset_index(), evaluation.n_test, evaluation.n_borrowers)
    say()

    # As a lender who refits every month has it: the months are known, the borrowers are not.
    heading(f"4. Explaining every decrease of the other {more:,} borrowers, whom the model has never seen")
    with working("explaining"):
        snapshots, waves = predictor.snapshots(others), predictor.waves(everybody)
        explanations = predictor.explain_snapshots(snapshots, waves=waves)
        decisions = np.flatnonzero(snapshots.is_decision).astype(np.int64)
        judged = judge_decisions(predictor, snapshots, decisions, waves=waves)
    chosen = _clearest(explanations)
    with fresh_folder(folder / "explanations") as partial:
        explanations.write_into(partial)
        draw_changes(chosen, partial / "pictures")
        _draw_portfolio(
            explanations, read_economy(None, str(folder / "portfolio")), partial / "pictures" / "leading_factors.png"
        )
    show_explained(explanations, count_falls_within_tier(others, predictor.ladder))
    table = support_table(judged.support, judged.fell)
    show_support(
        table, f"All {len(judged.fell):,} decisions on those borrowers: what supporting cuts costs in kept limits"
    )
    with progress("writing pages") as advance:
        involved = others.select(sorted(set(chosen.borrower_id.tolist())))
        theirs = predictor.snapshots(involved)
        tracks = score_tracks(predictor.fitted, theirs, n_jobs=jobs)
        plans = plans_of(predictor, theirs, chosen)
        pages = write_report(chosen, tracks, folder / "report", plans=plans, on_progress=advance)
    notice = build_notice(chosen[0], plan=None if plans is None else plans[0])
    write_text(notice.html(), folder / "notice.html")

    if predictor.fitted.warning is not None:
        heading("5. Who is next among their open lines, as of the last month")
        with working("watching"):
            warnings = predictor.watch(others)
        write_text(warnings_html(warnings), folder / WARNINGS)
        show_facts(WarningWords(warnings, "en").facts)
        say()

    heading("6. An appeal: a document, a second look, two persons, an answer in both languages, and its proof")
    appeal = show_appeal(predictor, explanations, others, folder, shown, seed=seed)
    say()

    heading("Summary")
    model, change = evaluation.scores.loc["model"], evaluation.scores.loc["no change"]
    peer = evaluation.scores.loc["multiclass"]
    words = catalogue_words(catalogue, "en", chosen.month_type)
    lead = chosen[0]
    say(
        f"Accuracy: ranked probability score {model['rps']:.4f}, multiclass boosting {peer['rps']:.4f}, "
        f"'no change' {change['rps']:.4f} (lower is better)."
    )
    n = len(explanations)
    counts = {level: int((explanations.support == level).sum()) for level in SUPPORT_LEVELS}
    say(
        f"Explained: of {n:,} decreases the model expected {counts['expected'] / n:.0%}; of {counts['raised'] / n:.0%} "
        f"the risk was raised; {counts['unexplained'] / n:.0%} are unexplained."
    )
    say(
        f"For one: borrower {lead.borrower_id[0]}, {words.money(lead.limit_before[0])} to "
        f"{words.money(lead.limit_after[0])}, led by {words.factor_labels[int(lead.leading_factor_index[0])]}."
    )
    return pages.index.relative_to(folder), appeal


def _simulate(folder: Path, borrowers: int, months: int, seed: int, jobs: int) -> None:
    from credit_model.simulate.settings import Settings
    from credit_model.simulate.writing import write_portfolio

    with progress("simulating") as advance:
        write_portfolio(folder, Settings(borrowers, months, seed=seed), n_jobs=jobs, on_progress=advance)


def _clearest(explanations: DecreaseExplanations) -> DecreaseExplanations:
    """For each factor the decrease that it leads most clearly: the borrower's score fell through the keep line."""
    values = explanations.factor_contributions
    told = explanations.leading_factor_index
    fell_through = (explanations.keep_score_before >= 0) & (explanations.support == "expected") & (told >= 0)
    fell_through &= ~explanations.reference_censored
    if not fell_through.any():
        fell_through = np.ones(len(explanations), dtype=bool)
    total = np.maximum(np.abs(values).sum(axis=1, keepdims=True), 1e-12)
    leads = told[:, None] == np.arange(values.shape[1])
    clearness = np.where(fell_through[:, None] & leads, np.minimum(values, 0.0) ** 2 / total, 0.0)
    first = clearness.argmax(axis=0)
    order = np.argsort(-clearness.max(axis=0), kind="stable")
    order = order[clearness.max(axis=0)[order] > 0]
    return explanations[np.array(list(dict.fromkeys(first[order].tolist())), dtype=np.int64)]


def _draw_portfolio(explanations: DecreaseExplanations, economy: pd.DataFrame | None, path: Path) -> None:
    from credit_model.plots import close_plot, plot_leading_factors, save_plot

    axes = plot_leading_factors(explanations, economy)
    save_plot(axes, path)
    close_plot(axes)
