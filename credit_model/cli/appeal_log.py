"""Commands of the appeal desk about all cases: log, verify, export, summary, erase, backup."""

from __future__ import annotations

import click

from credit_model.cli import appeal_options as given
from credit_model.cli import options
from credit_model.cli.appeal_views import show_case, show_cases, show_verification
from credit_model.cli.console import heading, say, show_facts, show_table
from credit_model.cli.outputs import INPUT, Command, File, Folder
from credit_model.errors import AppealError
from credit_model.files import write_table

#: What an export is, for the check that a folder may be replaced.
EXPORT = "credit_model.appeal/1"
OUTCOMES = ("uphold", "reinstate", "partly", "explained")


@click.command("log", cls=Command)
@given.store
@click.option("--case", "number", default=None, type=click.IntRange(1, 10**9), metavar="N", help="Only this case.")
@options.language
def log_command(store: str, number: int | None, lang: str) -> None:
    """The cases, those due first; or all that was done in one case.

    \b
    Example:  credit-model appeal log --store desk.sqlite --case 1
    """
    desk = given.open_desk(store)
    if number is None:
        show_cases(desk, lang)
    else:
        show_case(desk, desk.store.case(number), lang)


@click.command("verify", cls=Command)
@given.store
@click.option(
    "--head", "heads", multiple=True, metavar="HEAD", help="As a letter or an export prints it; may be repeated."
)
@click.option("--export", default=None, type=INPUT, metavar="DIR", help="An exported case to be checked, too.")
def verify_command(store: str, heads: tuple[str, ...], export: str | None) -> None:
    """Look for anything in the log that was edited, deleted, put in, moved or cut off, and say where.

    A tail that was cut off, and a log that was written anew, are found by the head of a letter alone: give one.

    \b
    Example:  credit-model appeal verify --store desk.sqlite --head 7-0123456789abcdef0123456789abcdef
    """
    from credit_model.act.appeals.store import Store
    from credit_model.act.appeals.verifying import verify
    from credit_model.documents.case_folder import check_export

    exported = [] if export is None else [str(check_export(export)["head"])]
    with Store(store) as opened:
        found = verify(opened, [*heads, *exported])
    show_verification(found)
    if not found.is_sound:
        raise AppealError(*(f"{store}: {finding}" for finding in found.findings))


@click.command("export", cls=Command)
@given.store
@given.case
@options.out("Folder to write: the case, its letters, and a seal over them.", Folder(EXPORT))
def export_command(store: str, number: int, out: str) -> None:
    """Write a case into one sealed folder.

    \b
    Example:  credit-model appeal export --store desk.sqlite --case 1 --out case1
    """
    from credit_model.documents.case_folder import export_case

    desk = given.open_desk(store)
    files = export_case(desk, number, out)
    show_facts([("files", len(files)), ("head", desk.store.head), ("written to", out)])


@click.command("summary", cls=Command)
@given.store
@options.out(
    "Table of all corrected cells, for retraining (.parquet or .csv).", File(".parquet", ".csv"), required=False
)
def summary_command(store: str, out: str | None) -> None:
    """What appeals teach: which factors and data sources are wrong most often.

    \b
    Example:  credit-model appeal summary --store desk.sqlite --out corrections.csv
    """
    from credit_model.act.appeals.summary import cases_table, corrections_table, wrong_by_factor, wrong_by_source

    desk = given.open_desk(store)
    cases = cases_table(desk.store, today=desk.day(desk.store.now()).isoformat())
    is_open = cases["state"] != "closed"
    counts = [(name, int((cases["outcome"] == name).sum())) for name in OUTCOMES]
    show_facts([("cases", len(cases)), ("open", int(is_open.sum())), ("late", int(cases["late"].sum())), *counts])
    for title, table in (("By factor", wrong_by_factor(desk.store)), ("By data source", wrong_by_source(desk.store))):
        if len(table):
            heading(title)
            show_table(table)
    if out is not None:
        write_table(corrections_table(desk.store), out)
        say(f"Written to {out}")


@click.command("erase", cls=Command)
@given.store
@given.case
@given.officer
def erase_command(store: str, number: int, officer: str) -> None:
    """Erase what names or describes the borrower of a closed case; the log stays, and stays sound.

    \b
    Example:  credit-model appeal erase --store desk.sqlite --case 1 --officer bo
    """
    desk = given.open_desk(store)
    n = desk.store.erase(number, officer)
    show_facts([("case", number), ("items erased", n), ("head", desk.store.head)])


@click.command("backup", cls=Command)
@given.store
@options.out("File to write: a desk by itself.", File(".sqlite", ".db"))
def backup_command(store: str, out: str) -> None:
    """Copy the desk into another file while officers go on working.

    \b
    Example:  credit-model appeal backup --store desk.sqlite --out backup.sqlite
    """
    desk = given.open_desk(store)
    desk.store.back_up(out)
    show_facts([("head", desk.store.head), ("written to", out)])
