"""Commands of the explanation: explain, plot, notice, report."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click
import numpy as np
import pandas as pd

from credit_model.cli import options
from credit_model.cli.console import heading, progress, say, show_facts, show_table, working
from credit_model.cli.history_files import read_economy, read_history
from credit_model.errors import HistoryError
from credit_model.explain.explanations import DecreaseExplanations
from credit_model.explain.pairs import count_falls_within_tier
from credit_model.files import fresh_folder, write_text
from credit_model.portfolio.history import History
from credit_model.predictor import LimitPredictor
from credit_model.words.values import check_lang

#: More than the numbers of any two months differ by.
_MONTHS = 1 << 24
PLOT_KINDS = ("change", "timeline", "what-if", "causes", "population")


def _borrower(function: options.F) -> options.F:
    return click.option("--borrower", default=None, metavar="ID", help="Only this borrower.")(function)


def _month(function: options.F) -> options.F:
    return click.option("--month", default=None, metavar="MONTH", help="Only this month, such as 2024-03.")(function)


@click.command()
@options.data
@options.model
@options.expected_catalogue
@options.out("Folder of tables and plots")
@options.reference
@_borrower
@_month
@click.option("--plots", type=click.IntRange(min=0), default=3, show_default=True, help="Decreases to draw.")
@options.language
@options.jobs
def explain_command(
    data: str,
    model: str,
    catalogue: str | None,
    out: str,
    reference: str,
    borrower: str | None,
    month: str | None,
    plots: int,
    lang: str,
    jobs: int,
) -> None:
    """Explain every limit decrease, exactly, by factor.

    Writes summary, by_factor, by_feature, values_before, values_after and what_if (Parquet), and plots.

    \b
    Example:  credit-model explain --data portfolio --model model --out explanations
              credit-model explain --data portfolio --model model --borrower 42 --out one --lang zh
    """
    predictor = LimitPredictor.load(model, catalogue=catalogue, n_jobs=jobs)
    history = read_history(data, predictor.catalogue)
    with working("explaining"):
        explanations, within_tier = _explained(predictor, history, borrower, month, reference)
    with fresh_folder(out) as partial:
        explanations.write_into(partial)
        for i in range(min(plots, len(explanations))):
            draw_change(explanations[i], partial / "plots", lang=lang)
    show_explained(explanations, within_tier, lang=lang)
    say(f"Written to {out}")


def show_explained(explanations: DecreaseExplanations, within_tier: int | None, *, lang: str = "en") -> None:
    """Print how many decreases were explained, by which factors, and how exactly."""
    n = len(explanations)
    agreed = explanations.model_agrees & explanations.has_reference
    exact = (explanations.contributions.sum(axis=1)) - (explanations.keep_score_after - explanations.keep_score_before)
    heading(f"{n:,} limit decreases")
    facts: list[tuple[str, object]] = [
        ("explained by what changed since the reference", int(agreed.sum())),
        ("unexplained: the model would have kept the limit", int((~explanations.model_agrees).sum())),
        ("nothing earlier known to compare with", int((~explanations.has_reference).sum())),
        ("leading reasons nearly tied", int((explanations.near_tie & agreed).sum())),
        ("largest error of a sum of contributions (log-odds)", f"{abs(exact).max(initial=0.0):.1e}"),
    ]
    if within_tier is not None:
        facts.append(("smaller limits within one tier (not explained)", within_tier))
    show_facts(facts)
    if not agreed.any():
        return
    counts = pd.Series(explanations.leading_factor_index[agreed]).value_counts()
    rows = []
    for place, factor in enumerate(explanations.catalogue.factors):
        count = int(counts.get(place, 0))
        rows.append((factor.label.text(check_lang(lang)), factor.about, count, f"{count / agreed.sum():.0%}"))
    table = pd.DataFrame(rows, columns=["leading factor", "about", "decreases", "share"])
    show_table(table.sort_values("decreases", ascending=False, kind="stable"))


def draw_change(explanation: DecreaseExplanations, folder: Path, *, lang: str = "en") -> Path:
    """Draw one decrease's change plot into a folder; returns the file."""
    from credit_model.plots import close_plot, plot_change, save_plot

    row = explanation.summary.iloc[0]
    month = row["month"].strftime("%Y-%m") if hasattr(row["month"], "strftime") else str(row["month"])
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in f"change-{row['borrower_id']}-{month}")
    path = folder / f"{name}.png"
    axes = plot_change(explanation, lang=lang)
    save_plot(axes, path)
    close_plot(axes)
    return path


def _segments(history: History, explanations: DecreaseExplanations, column: str) -> pd.Series:
    """Each decrease's value of a column in the month of the decision."""
    declared = history.catalogue.column(column)
    place = np.array([history.position_of(b) for b in explanations.borrower_id], dtype=np.int64)
    of_month = history.borrower_row * _MONTHS + history.month_number  # sorted, as the history is
    at = np.searchsorted(of_month, place * _MONTHS + explanations.month_number)
    cells = history.values(column)[at]
    if declared.kind == "category":
        return pd.Series([declared.categories[int(c)] if c == c else "?" for c in cells], name=column)
    return pd.Series([f"{c:g}" for c in cells], name=column)


def _explained(
    predictor: LimitPredictor, history: History, borrower: str | None, month: str | None, reference: str
) -> tuple[DecreaseExplanations, int | None]:
    """The decreases asked for, and the falls within a tier (None where only some borrowers were asked for)."""
    if borrower is not None:
        history = history.select([borrower])
    snapshots = predictor.snapshots(history)
    explanations = predictor.explain_snapshots(snapshots, reference=reference)
    if borrower is not None:
        explanations = explanations.select(history.borrower_ids[0], month)
    elif month is not None:
        explanations = explanations.in_month(month)
    return explanations, count_falls_within_tier(snapshots) if borrower is None and month is None else None


@click.command()
@click.argument("kind", type=click.Choice(PLOT_KINDS))
@options.data
@options.model
@options.expected_catalogue
@options.out("Picture (.png, .svg or .pdf)")
@options.reference
@_borrower
@_month
@click.option("--open", "open_factor", default=None, metavar="FACTOR", help="change: show this factor's features.")
@click.option("--economy", default=None, metavar="FILE", help="causes: a table to draw beside the cuts.")
@click.option(
    "--by", default=None, metavar="COLUMN", help="causes: a column whose values are segments, instead of months."
)
@click.option(
    "--style",
    type=click.Choice(["beeswarm", "bar"]),
    default="beeswarm",
    show_default=True,
    help="population: every decrease as a dot, or mean sizes.",
)
@options.language
@options.jobs
def plot_command(
    kind: str,
    data: str,
    model: str,
    catalogue: str | None,
    out: str,
    reference: str,
    borrower: str | None,
    month: str | None,
    open_factor: str | None,
    economy: str | None,
    by: str | None,
    style: Literal["beeswarm", "bar"],
    lang: str,
    jobs: int,
) -> None:
    """Draw explained decreases: change, timeline, what-if, causes or population.

    change, timeline and what-if are about one borrower (--borrower; its last decrease, or the one in --month).

    \b
    Example:  credit-model plot change --data portfolio --model model --borrower 42 --out change.svg
              credit-model plot causes --data portfolio --model model --out causes.png
    """
    from credit_model import plots

    if kind in ("change", "timeline", "what-if") and borrower is None:
        raise click.UsageError(f"'plot {kind}' is about one borrower: give --borrower ID.")
    predictor = LimitPredictor.load(model, catalogue=catalogue, n_jobs=jobs)
    history = read_history(data, predictor.catalogue)
    if kind == "timeline":
        track = predictor.track(history, borrower, reference=reference)
        axes = plots.plot_timeline(track, predictor.catalogue, lang=lang, borrower_id=borrower)
    else:
        explanations, _ = _explained(predictor, history, borrower, month, reference)
        if not len(explanations):
            raise HistoryError(f"{data}: there is no limit decrease to draw")
        if kind == "change":
            axes = plots.plot_change(explanations[-1], lang=lang, open_factor=open_factor)
        elif kind == "what-if":
            axes = plots.plot_what_if(explanations[-1], lang=lang)
        elif kind == "causes":
            segments: Literal["month"] | pd.Series = "month" if by is None else _segments(history, explanations, by)
            axes = plots.plot_leading_factors(explanations, read_economy(economy, data), by=segments, lang=lang)
        else:
            axes = plots.plot_population(explanations, kind=style, lang=lang)
    plots.save_plot(axes, out)
    plots.close_plot(axes)
    say(f"Written to {out}")


@click.command()
@options.data
@options.model
@options.expected_catalogue
@click.option("--borrower", required=True, metavar="ID", help="Whose limit fell.")
@click.option("--month", required=True, metavar="MONTH", help="When it fell, such as 2024-03.")
@click.option("--effective-date", default=None, metavar="DATE", help="When the new limit takes effect, 2024-03-31.")
@click.option("--lender", default=None, metavar="FILE", help="TOML with the lender's name, channels and time limits.")
@click.option(
    "--out", default=None, metavar="FILE", help="File to write (.html, .md or .json); else Markdown is printed."
)
@options.language
@options.jobs
def notice_command(
    data: str,
    model: str,
    catalogue: str | None,
    borrower: str,
    month: str,
    effective_date: str | None,
    lender: str | None,
    out: str | None,
    lang: str,
    jobs: int,
) -> None:
    """Write the notice of one limit decrease for the borrower.

    \b
    Example:  credit-model notice --data portfolio --model model --borrower 42 --month 2024-03 --lang zh --out n.html
    """
    suffix = ".md" if out is None else Path(out).suffix.lower()
    if suffix not in (".html", ".md", ".json"):
        raise click.UsageError(f"--out must end in .html, .md or .json, got {out!r}.")
    predictor = LimitPredictor.load(model, catalogue=catalogue, n_jobs=jobs)
    history = read_history(data, predictor.catalogue)
    explanations, _ = _explained(predictor, history, borrower, month, "last_set")
    notice = explanations.notice(
        explanations.borrower_id[0], month, lang=lang, lender=lender, effective_date=effective_date
    )
    text = {".html": notice.html, ".md": notice.markdown, ".json": notice.json}[suffix]()
    if out is None:
        click.echo(text)
    else:
        write_text(text, out)
        say(f"Written to {out}")


@click.command()
@options.data
@options.model
@options.expected_catalogue
@options.out("Folder of pages")
@options.reference
@_borrower
@_month
@click.option("--most", type=click.IntRange(min=1), default=None, help="Only the latest so many decreases.")
@options.language
@options.jobs
def report_command(
    data: str,
    model: str,
    catalogue: str | None,
    out: str,
    reference: str,
    borrower: str | None,
    month: str | None,
    most: int | None,
    lang: str,
    jobs: int,
) -> None:
    """Write a self-contained page for every decrease, and an index to search, sort and filter them.

    \b
    Example:  credit-model report --data portfolio --model model --out report
    """
    from credit_model.documents.page_records import score_tracks
    from credit_model.documents.report import write_report

    predictor = LimitPredictor.load(model, catalogue=catalogue, n_jobs=jobs)
    history = read_history(data, predictor.catalogue)
    with working("explaining"):
        explanations, _ = _explained(predictor, history, borrower, month, reference)
        if not len(explanations):
            raise HistoryError(f"{data}: there is no limit decrease to report")
        if most is not None and len(explanations) > most:
            latest = explanations.month_number.argsort(kind="stable")[-most:]
            explanations = explanations[latest]
        involved = history.select(sorted(set(explanations.borrower_id.tolist())))
        tracks = score_tracks(predictor.forest, predictor.snapshots(involved), n_jobs=jobs)
    with progress("writing pages") as advance:
        files = write_report(
            explanations, tracks, out, economy=read_economy(None, data), lang=lang, on_progress=advance
        )
    show_facts([("decreases", len(files.pages)), ("open", str(files.index))])
