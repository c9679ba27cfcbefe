"""Commands of the documents: notice and report."""

from __future__ import annotations

from pathlib import Path

import click

from credit_model.cli import by_blocks, options
from credit_model.cli.console import progress, say, show_facts, working
from credit_model.cli.history_files import read_economy
from credit_model.cli.outputs import INPUT, File, Folder
from credit_model.cli.plan import plans_of
from credit_model.documents.report import FORMAT as REPORT_FORMAT
from credit_model.errors import HistoryError
from credit_model.files import write_text


@options.command()
@options.model_on_data
@options.borrower(required=True)
@options.month("When it fell, such as 2024-03.", required=True)
@click.option("--effective-date", default=None, metavar="DATE", help="When the new limit takes effect, 2024-03-31.")
@click.option(
    "--lender", default=None, type=INPUT, metavar="FILE", help="TOML with the lender's name, channels and time limits."
)
@click.option(
    "--confirmed-by",
    default=None,
    metavar="NAME",
    help="The person who confirms the notice of a cut whose risk was raised; else it is marked as a draft.",
)
@click.option(
    "--plan/--no-plan", default=True, show_default=True, help="Say what brings the limit back, where that is firm."
)
@options.out(
    "File to write (.html, .md or .json); else Markdown is printed.",
    File(".html", ".md", ".json", is_usage=True),
    required=False,
)
@options.language
def notice_command(
    source: options.ModelOnData,
    borrower: str,
    month: str,
    effective_date: str | None,
    lender: str | None,
    confirmed_by: str | None,
    plan: bool,
    out: str | None,
    lang: str,
) -> None:
    """Write the notice of one limit decrease for the borrower.

    \b
    Example:  credit-model notice --data portfolio --model model --borrower 42 --month 2024-03 --lang zh --out n.html
    """
    from credit_model.documents.notice import build_notice

    suffix = ".md" if out is None else Path(out).suffix.lower()
    source = by_blocks.about(source, borrower)
    explanation, predictor = source.explained(borrower=borrower, month=month), source.predictor
    snapshots = predictor.snapshots(source.history.select(explanation.borrower_id.tolist()))
    plans = plans_of(predictor, snapshots, explanation, wanted=plan)
    notice = build_notice(
        explanation,
        lang=lang,
        lender=lender,
        effective_date=effective_date,
        confirmed_by=confirmed_by,
        plan=None if plans is None else plans[0],
    )
    text = {".html": notice.html, ".md": notice.markdown, ".json": notice.json}[suffix]()
    if out is None:
        click.echo(text)
    else:
        write_text(text, out)
        say(f"Written to {out}")


@options.command()
@options.model_on_data
@options.out("Folder of pages to write.", Folder(REPORT_FORMAT))
@options.reference
@options.borrower(required=False)
@options.month()
@click.option("--most", type=click.IntRange(min=1), default=None, help="Only the latest so many decreases.")
@click.option("--plans/--no-plans", default=True, show_default=True, help="What brings each limit back.")
@options.dask
@options.language
def report_command(
    source: options.ModelOnData,
    out: str,
    reference: str,
    borrower: str | None,
    month: str | None,
    most: int | None,
    plans: bool,
    dask: str | None,
    lang: str,
) -> None:
    """Write a self-contained page for every decrease, and an index to search, sort and filter them.

    \b
    Example:  credit-model report --data portfolio --model model --out report
    """
    from credit_model.documents.report import write_report
    from credit_model.documents.tracks import score_tracks

    with by_blocks.runner_of(source.data, dask, source.jobs) as runner:
        source = by_blocks.involved(source, runner, borrower=borrower, month=month, most=most)
    predictor = source.predictor
    with working("explaining"):
        explanations = source.explained(borrower=borrower, month=month, reference=reference)
        if not len(explanations):
            raise HistoryError(f"{source.data}: there is no limit decrease to report")
        if most is not None and len(explanations) > most:
            latest = explanations.month_number.argsort(kind="stable")[-most:]
            explanations = explanations[latest]
        involved = source.history.select(sorted(set(explanations.borrower_id.tolist())))
        snapshots = predictor.snapshots(involved)
        tracks = score_tracks(predictor.fitted, snapshots, n_jobs=source.jobs)
    with working("planning"):
        planned = plans_of(predictor, snapshots, explanations, wanted=plans)
    with progress("writing pages") as advance:
        files = write_report(
            explanations, tracks, out, economy=read_economy(None, source.data.path), lang=lang, plans=planned,
            on_progress=advance,
        )  # fmt: skip
    show_facts([("decreases", len(files.pages)), ("open", str(files.index))])
