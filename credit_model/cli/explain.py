"""The command explain: every decrease, exactly, by factor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pandas as pd

from credit_model.cli import by_blocks, engine_options, options
from credit_model.cli.console import heading, progress, say, show_facts, show_table, working
from credit_model.cli.engine_options import needed, none_of
from credit_model.cli.explain_engine import OwnOnData, explain_tables, write_pages
from credit_model.cli.outputs import Folder
from credit_model.cli.why import show_why
from credit_model.documents.score_report import FORMAT as SCORE_FORMAT
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.pairs import count_falls_within_tier
from credit_model.explain.saved import FORMAT
from credit_model.explain.support import SUPPORT_LEVELS
from credit_model.explain.tally import Tally
from credit_model.files import fresh_folder
from credit_model.places import file_names
from credit_model.portfolio.catalogue import Catalogue

if TYPE_CHECKING:
    from credit_model.scale.work import Runner


@options.command()
@options.optional_data
@options.model_or_none
@engine_options.own_model
@engine_options.two_tables
@options.expected_catalogue
@options.jobs
@options.out("Folder of tables, plots and pages to write.", Folder(FORMAT, also=(SCORE_FORMAT,)))
@options.reference
@options.borrower(required=False)
@options.month()
@click.option("--plots", type=click.IntRange(min=0), default=3, show_default=True, help="Decreases to draw.")
@click.option(
    "--pages", type=click.IntRange(min=0), default=50, show_default=True, help="Pages to write with --engine-model."
)
@options.dask
@options.language
def explain_command(
    data: options.DataSource | None,
    model: str | None,
    own: engine_options.OwnModelOptions,
    tables: engine_options.TwoTables,
    catalogue: str | None,
    jobs: int,
    out: str,
    reference: str,
    borrower: str | None,
    month: str | None,
    plots: int,
    pages: int,
    dask: str | None,
    lang: str,
) -> None:
    """Explain every limit decrease, exactly, by factor; or the scores of your own model.

    Writes summary, by_factor, by_feature, values_before, values_after, what_if and waves (Parquet), and plots. Of one
    borrower it prints the whole answer about each cut, as 'credit-model why' does. With --engine-model the model is
    yours: of two tables it explains why its scores differ; of histories, with --decide, why the limits that it decided
    fell, with pages that say what brings them back.

    \b
    Example:  credit-model explain --data portfolio --model model --out explanations
              credit-model explain --data portfolio --model model --borrower 42 --out one --lang zh
              credit-model explain --engine-model lightgbm.txt --before june.csv --after today.csv --key borrower
                                   --groups groups.toml --worse higher --out changes
              credit-model explain --engine-model lightgbm.txt --decide decide.toml --data panel.csv
                                   --catalogue mine.toml --out explanations
    """
    if own.engine_model is not None and tables.given:
        why = "says nothing of two tables of rows; leave it out"
        none_of(
            {"--data": data, "--model": model, "--decide": own.decide, "--borrower": borrower, "--month": month}, why
        )
        explain_tables(own, tables, catalogue=catalogue, out=out, plots=plots, pages=pages, lang=lang, jobs=jobs)
        return
    more = {f"--{name}": getattr(tables, name) for name in ("before", "after", "key", "groups", "worse", "dates")}
    none_of(more, "is of two tables, and goes with --engine-model, --before and --after")
    if data is None:
        needed(None, "--data", "" if own.engine_model is None else " (histories), or '--before' and '--after'")
    assert data is not None
    if own.engine_model is None:
        none_of({"--decide": own.decide, "--class": own.score_class, "--trust": own.trust}, "goes with --engine-model")
        source: options.ModelOnData = options.ModelOnData(data, needed(model, "--model", ""), catalogue, jobs)
    else:
        none_of({"--model": model}, "and --engine-model are two models; give one")
        source = OwnOnData(data, "", needed(catalogue, "--catalogue", " of the histories"), jobs, own)
    with by_blocks.runner_of(source.data, dask, jobs) as runner:
        if runner is not None and own.engine_model is None:
            if borrower is None:
                _explain_blocks(source, runner, out, reference=reference, month=month, plots=plots, lang=lang)
                return
            source = by_blocks.involved(source, runner, borrower=borrower, month=month, most=None)
    with working("explaining"):
        explanations = source.explained(borrower=borrower, month=month, reference=reference)
        within_tier = None
        if borrower is None and month is None:
            within_tier = count_falls_within_tier(source.history, source.predictor.ladder)
    with fresh_folder(out, format=FORMAT) as partial:
        explanations.write_into(partial)
        draw_changes(explanations, partial / "plots", most=plots, lang=lang)
        if own.engine_model is not None and pages and len(explanations):
            write_pages(source, explanations, partial / "pages", most=pages, lang=lang)
    if borrower is None:
        show_explained(explanations, within_tier, lang=lang)
    else:
        for one in explanations:
            show_why(one, lang)
    say(f"Written to {out}")


def _explain_blocks(
    source: options.ModelOnData,
    runner: Runner,
    out: str,
    *,
    reference: str,
    month: str | None,
    plots: int,
    lang: str,
) -> None:
    """Explain the decreases of a partition, block by block."""
    from credit_model.scale.explaining import write_explanations

    given = by_blocks.given_of(source, runner)
    work = given.work("explain", reference=reference, month=month)
    with progress("explaining") as advance, fresh_folder(out, format=FORMAT, resume=work) as partial:
        found = write_explanations(
            given, partial, runner, reference=reference, month=month, first=plots, on_progress=advance
        )
        draw_changes(found.first, partial / "plots", most=plots, lang=lang)
    within_tier = found.falls_within_tier if month is None else None
    show_tally(found.tally, source.predictor.catalogue, within_tier, lang=lang)
    say(f"Written to {out}")


def show_explained(explanations: DecreaseExplanations, within_tier: int | None, *, lang: str = "en") -> None:
    """Print how far the decreases are supported, which factors led them, and how exactly they are explained."""
    show_tally(Tally.of(explanations), explanations.catalogue, within_tier, lang=lang)


def show_tally(tally: Tally, catalogue: Catalogue, within_tier: int | None, *, lang: str = "en") -> None:
    """Print the counts of `show_explained`."""
    heading(f"{tally.n:,} limit decreases")
    meaning = {
        "expected": "expected: the model itself would not have kept the limit",
        "raised": "raised: the risk at least doubled since the reference, and is high for the portfolio",
        "unexplained": "unexplained: candidates for re-evaluation",
    }
    facts: list[tuple[str, object]] = [(meaning[level], tally.support.get(level, 0)) for level in SUPPORT_LEVELS]
    facts += [
        ("supported, but nothing to compare with or nothing worsened", tally.withheld),
        ("leading factors nearly tied", tally.near_ties),
        ("in a wave of cuts", tally.in_waves),
        ("largest error of a sum of contributions (log-odds)", f"{tally.largest_error:.1e}"),
    ]
    if within_tier is not None:
        facts.append(("smaller limits within one tier (not explained)", within_tier))
    show_facts(facts)
    if not tally.told:
        return
    rows = []
    for factor in catalogue.factors:
        count = tally.led.get(factor.id, 0)
        rows.append((factor.label.text(lang), factor.about, count, f"{count / tally.told:.0%}"))
    table = pd.DataFrame(rows, columns=["leading factor", "about", "decreases", "share"])
    show_table(table.sort_values("decreases", ascending=False, kind="stable"))


def draw_changes(
    explanations: DecreaseExplanations, folder: Path, *, most: int | None = None, lang: str = "en"
) -> None:
    """Draw the change plots of the first ``most`` decreases into a folder, one file each."""
    if most == 0:
        return
    from credit_model.plots import close_plot, plot_change, save_plot
    from credit_model.portfolio.months import format_month

    months = [format_month(int(m), explanations.month_type) for m in explanations.month_number]
    names = file_names(list(explanations.borrower_id), months)
    for i, name in enumerate(names[:most]):
        axes = plot_change(explanations[i], lang=lang)
        save_plot(axes, folder / f"change-{name}.png")
        close_plot(axes)
