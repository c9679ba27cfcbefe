"""The commands of the appeal desk: a case from its opening to its letter, and the log that proves it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from credit_model.cli import appeal_log, by_blocks, options
from credit_model.cli import appeal_options as given
from credit_model.cli.appeal_log import OUTCOMES
from credit_model.cli.appeal_views import show_evaluation, show_flags
from credit_model.cli.console import say, show_facts, working
from credit_model.cli.outputs import INPUT, Command, File
from credit_model.errors import AppealError
from credit_model.files import write_text

KINDS = ("explanation", "dispute", "documents", "review", "rise")
OVERRIDES = ("our_error", "data_cannot_be_corrected", "document_doubtful", "records_contradict", "rule_applies",
             "hardship", "not_in_the_data")  # fmt: skip


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def appeal_command() -> None:
    """Appeals: evidence, re-evaluation, a decision by two persons, a letter, and a log that proves all of it.

    \b
    The line of work:  open -> evidence -> evaluate -> decide -> letter -> decide --close
    The proof:         log, verify, export
    All cases:         log, summary, backup; erase removes what names the borrower of a closed one
    Example:           credit-model appeal log --store desk.sqlite
    """


@appeal_command.command("open", cls=Command)
@given.store
@options.model_on_data
@options.borrower(required=True)
@options.month("When the limit fell, such as 2024-03; of a rise, as of when (else the last month).")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What the borrower asks for.")
@given.officer
@click.option("--claim", default="", metavar="TEXT", help="What the borrower says.")
@click.option("--notice-date", default=None, metavar="DATE", help="The day on which the borrower had the notice.")
@click.option("--late-because", default=None, metavar="TEXT", help="Why it is opened though the channel is closed.")
@click.option(
    "--lender", default=None, type=INPUT, metavar="FILE", help="TOML with the lender's name, channels and time limits."
)
def open_command(
    store: str,
    source: options.ModelOnData,
    borrower: str,
    month: str | None,
    kind: Any,
    officer: str,
    claim: str,
    notice_date: str | None,
    late_because: str | None,
    lender: str | None,
) -> None:
    """Open a case about one limit decrease, or an application for a rise.

    The case keeps the borrower's months, the notice and the texts that the decision rests on, so that it can be
    computed again at any time.

    \b
    Example:  credit-model appeal open --store desk.sqlite --data portfolio --model model --borrower 42
              --month 2024-03 --kind dispute --officer ann --claim "My income is wrong."
    """
    from credit_model.act.appeals.frozen import freeze_cut, freeze_rise
    from credit_model.documents.deadlines import terms_of
    from credit_model.documents.lender_file import read_lender
    from credit_model.documents.letter import notice_contents

    if kind == "rise" and (notice_date is not None or late_because is not None):
        raise click.UsageError("--notice-date and --late-because are about a cut; a rise is asked for at any time.")
    known, day = read_lender(lender), _day(notice_date)
    predictor = source.predictor
    with working("reading the decision"):
        if kind == "rise":
            frozen, notices = freeze_rise(predictor.fitted, predictor.support, source.history, borrower, month), {}
        else:
            if month is None:
                raise click.UsageError("--month is needed: when the limit fell, such as 2024-03.")
            source = by_blocks.about(source, borrower)
            one = source.explained(borrower=borrower, month=month)
            frozen = freeze_cut(predictor.fitted, one, source.history)
            notices = notice_contents(known)(one)
    desk = given.open_desk(store, create=True, lender=known.text)
    case = desk.open(
        kind, frozen, terms_of(known, kind, day), predictor.fitted.catalogue,
        actor=officer, claim=claim, notices=notices, late_because=late_because,
    )  # fmt: skip
    show_facts([("case", case.number), ("answer due", case.due), ("head", desk.store.head)])


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AppealError(f"a day must be a date such as 2024-03-31, got {text!r}") from None


@appeal_command.command("evidence", cls=Command)
@given.store
@given.case
@given.officer
@click.option("--document", required=True, metavar="KIND", help="A [[document]] of the catalogue, such as payslip.")
@click.option(
    "--cell",
    "cells",
    multiple=True,
    required=True,
    metavar="COLUMN@MONTH=VALUE",
    help="What the document states, such as income_amount@2024-03=12000; may be repeated.",
)
@click.option("--file", default=None, type=INPUT, metavar="FILE", help="The scan; it is kept with the case.")
@given.note
@options.language
def evidence_command(
    store: str, number: int, officer: str, document: str, cells: tuple[str, ...], file: str | None, note: str, lang: str
) -> None:
    """Enter what a document says otherwise than the records.

    Only what the catalogue lets this kind of document correct is accepted. What contradicts other records is told, and
    judged by nobody here.

    \b
    Example:  credit-model appeal evidence --store desk.sqlite --case 1 --officer ann --document payslip
              --cell income_amount@2024-02=12000 --cell income_amount@2024-03=12000
    """
    from credit_model.act.appeals.entries import read_document

    desk = given.open_desk(store)
    flags = desk.add_evidence(
        number,
        document,
        [_cell(text) for text in cells],
        actor=officer,
        file=None if file is None else read_document(file),
        file_name="" if file is None else Path(file).name,
        note=note,
    )
    show_flags(desk.file(number), flags, lang)
    show_facts([("case", number), ("cells", len(cells)), ("to be looked at", len(flags)), ("head", desk.store.head)])


def _cell(text: str) -> tuple[str, str, str]:
    place, equals, value = text.partition("=")
    column, at, month = place.partition("@")
    if not (equals and at and column and month):
        raise AppealError(
            f"a cell must be written COLUMN@MONTH=VALUE, such as income_amount@2024-03=12000, got {text!r}"
        )
    return column.strip(), month.strip(), value.strip()


@appeal_command.command("evaluate", cls=Command)
@given.store
@given.case
@given.officer
@options.model
@click.option(
    "--without", multiple=True, type=int, metavar="EVENT", help="A document to set aside, by its event's number."
)
@options.language
def evaluate_command(store: str, number: int, officer: str, model: str, without: tuple[int, ...], lang: str) -> None:
    """Look again: the model of the decision on the borrower's months, with the corrected cells alone replaced.

    \b
    Example:  credit-model appeal evaluate --store desk.sqlite --case 1 --officer ann --model model
    """
    from credit_model.documents.lender_file import parse_lender
    from credit_model.documents.letter import notice_contents
    from credit_model.predictor import LimitPredictor

    desk, predictor = given.open_desk(store), LimitPredictor.load(model, n_jobs=1)
    notices = notice_contents(parse_lender(desk.file(number).lender))
    found = desk.evaluate(number, predictor.fitted, predictor.support, actor=officer, notices=notices, without=without)
    show_evaluation(desk.file(number), found, lang)


@appeal_command.command("decide", cls=Command)
@given.store
@given.case
@given.officer
@click.option("--propose", default=None, type=click.Choice(OUTCOMES), help="Propose this; another person decides.")
@click.option("--confirm", is_flag=True, help="Decide as another person has proposed.")
@click.option("--send-back", is_flag=True, help="Return the proposal; --note says why.")
@click.option("--withdraw", is_flag=True, help="The borrower gives the case up.")
@click.option("--close", is_flag=True, help="Close a case that was answered.")
@click.option("--limit", default=None, type=float, metavar="AMOUNT", help="The new limit, with --propose partly.")
@click.option(
    "--reason",
    default=None,
    type=click.Choice(OVERRIDES),
    help="Why the proposal departs from the re-evaluation; required then.",
)
@given.note
def decide_command(
    store: str,
    number: int,
    officer: str,
    propose: Any,
    confirm: bool,
    send_back: bool,
    withdraw: bool,
    close: bool,
    limit: float | None,
    reason: str | None,
    note: str,
) -> None:
    """Propose a decision, or take one that another person has proposed.

    \b
    Example:  credit-model appeal decide --store desk.sqlite --case 1 --officer ann --propose reinstate
              credit-model appeal decide --store desk.sqlite --case 1 --officer bo --confirm
    """
    if sum([propose is not None, confirm, send_back, withdraw, close]) != 1:
        raise click.UsageError("give one of --propose OUTCOME, --confirm, --send-back, --withdraw and --close.")
    if propose is None and (limit is not None or reason is not None):
        raise click.UsageError("--limit and --reason go with --propose.")
    desk = given.open_desk(store)
    if propose is not None:
        desk.propose(number, propose, actor=officer, limit=limit, reason=reason, note=note)
    elif confirm:
        desk.decide(number, actor=officer, note=note)
    elif send_back:
        desk.send_back(number, actor=officer, note=note)
    elif withdraw:
        desk.withdraw(number, actor=officer, note=note)
    else:
        desk.close(number, actor=officer)
    show_facts([("case", number), ("state", desk.store.case(number).state), ("head", desk.store.head)])


@appeal_command.command("letter", cls=Command)
@given.store
@given.case
@click.option("--officer", default=None, metavar="NAME", help="Who answers; needed for a case not answered yet.")
@options.out(
    "File to write (.html, .md or .json); else Markdown is printed.",
    File(".html", ".md", ".json", is_usage=True),
    required=False,
)
@options.language
def letter_command(store: str, number: int, officer: str | None, out: str | None, lang: str) -> None:
    """Answer the borrower, in all languages at once; of an answered case, show the letter as it was written.

    \b
    Example:  credit-model appeal letter --store desk.sqlite --case 1 --officer bo --lang zh --out letter.html
    """
    from credit_model.documents.letter import letter_of, write_letters

    desk = given.open_desk(store)
    case = desk.store.case(number)
    if not case.letters:
        if officer is None:
            raise click.UsageError("--officer is needed: the case is answered by a person.")
        write_letters(desk, number, actor=officer)
        case = desk.store.case(number)
    letter = letter_of(desk, case.letters[-1], lang)
    text = {".html": letter.html, ".md": letter.markdown, ".json": letter.json}[
        ".md" if out is None else Path(out).suffix.lower()
    ]()
    if out is None:
        click.echo(text)
    else:
        write_text(text, out)
        say(f"Written to {out}")


for _command in (
    appeal_log.log_command,
    appeal_log.verify_command,
    appeal_log.export_command,
    appeal_log.summary_command,
    appeal_log.erase_command,
    appeal_log.backup_command,
):
    appeal_command.add_command(_command)
