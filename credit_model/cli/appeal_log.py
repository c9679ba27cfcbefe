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
@click.option("--store", default=None, type=INPUT, metavar="FILE", help="The desk's file (SQLite).")
@click.option(
    "--head", "heads", multiple=True, metavar="HEAD", help="As a letter or an export prints it; may be repeated."
)
@click.option("--export", default=None, type=INPUT, metavar="DIR", help="An exported case to be checked.")
@click.option("--key", default=None, type=INPUT, metavar="FILE", help="The key with which the export must be signed.")
def verify_command(store: str | None, heads: tuple[str, ...], export: str | None, key: str | None) -> None:
    """Look for anything in the log that was edited, deleted, put in, moved or cut off, and say where.

    A tail that was cut off, and a log that was written anew, are found by the head of a letter or an export alone: give
    one. Who has no desk checks an export by itself.

    \b
    Example:  credit-model appeal verify --store desk.sqlite --head 7-0123456789abcdef0123456789abcdef
              credit-model appeal verify --export case1 --key export.key
    """
    from credit_model.act.appeals.store import Store
    from credit_model.act.appeals.verifying import verify
    from credit_model.documents.case_folder import check_export, missing_in_log
    from credit_model.documents.signature import read_key

    if store is None and (export is None or heads):
        raise click.UsageError("give --store FILE, or --export DIR alone; a --head is looked for in a store.")
    if key is not None and export is None:
        raise click.UsageError("--key checks the signature of an export; give --export, too.")
    case = None
    if export is not None:
        case = check_export(export, key=None if key is None else read_key(key))
        signed = {"not checked": "not checked; give --key"}.get(case["signed"], case["signed"])
        show_facts([("export of case", case["case"]), ("its events", case["n_events"]), ("its head", case["head"]),
                    ("signed", signed)])  # fmt: skip
    if store is None:
        return
    with Store(store) as opened:
        found = verify(opened, [*heads, *([] if case is None else [str(case["head"])])])
        told = [f"{store}: {finding}" for finding in found.findings]
        if case is not None and found.is_sound:
            told = [f"{export}: {finding}" for finding in missing_in_log(opened, case)]
    show_verification(found)
    if told:
        raise AppealError(*told)


@click.command("export", cls=Command)
@given.store
@given.case
@click.option("--model", default=None, type=INPUT, metavar="DIR", help="The decision's model; adds the cut's page.")
@click.option("--key", default=None, type=INPUT, metavar="FILE", help="A key of 32 bytes or more; signs the export.")
@options.out("Folder to write: the case, its letters and pages, and a seal over them.", Folder(EXPORT))
def export_command(store: str, number: int, model: str | None, key: str | None, out: str) -> None:
    """Write a case into one sealed folder: its events, letters and texts, digests of its files, and the cut's page.

    \b
    Example:  credit-model appeal export --store desk.sqlite --case 1 --model model --key export.key --out case1
    """
    from credit_model.documents.case_folder import export_case
    from credit_model.documents.signature import read_key
    from credit_model.predictor import LimitPredictor

    desk = given.open_desk(store)
    secret = None if key is None else read_key(key)
    made = None
    if model is not None:
        predictor = LimitPredictor.load(model, n_jobs=1)
        made = predictor.fitted, predictor.support
    files = export_case(desk, number, out, model=made, key=secret)
    pages = [name for name in files if name.startswith("page")]
    show_facts([("files", len(files)), ("pages", ", ".join(pages) or "none" + ("" if made else "; give --model")),
                ("signed", secret is not None), ("head", desk.store.head), ("written to", out)])  # fmt: skip


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
    is_late = cases["late"] & (cases["answered"] == "")
    counts = [(name, int((cases["outcome"] == name).sum())) for name in OUTCOMES]
    show_facts([("cases", len(cases)), ("open", int(is_open.sum())), ("late", int(is_late.sum())), *counts])
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
