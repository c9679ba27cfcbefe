"""The command draft: a catalogue from the data, and what was decided for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import pandas as pd

from credit_model.cli import key_options, options
from credit_model.cli.console import heading, say, show_facts, show_table, working
from credit_model.cli.outputs import File
from credit_model.draft import Draft, draft_catalogue
from credit_model.draft.write_toml import DOUBT
from credit_model.errors import CatalogueError, CreditModelError

_LAGS = {0: "at its end, knowing it", 1: "at its start, knowing the month before"}


@options.command()
@options.data
@options.out("Catalogue to write (.toml).", File(".toml"))
@click.option("--force", is_flag=True, help="Replace a catalogue that stands there.")
@key_options.keys
def draft_command(data: options.DataSource, out: str, force: bool, keys: key_options.Keys) -> None:
    """Draft a catalogue from a table of histories: one row a borrower's month.

    Finds the keys, the limit, what each column is, which columns give the decision away, and the decision lag that the
    data speak for. What it writes can be trained on as it is; what is unsure is marked in it with '# ??'.

    \b
    Example:  credit-model draft --data cards.csv --out cards.toml
              credit-model draft --data cards.csv --out cards.toml --lag 1 --borrower account_no
    """
    if Path(out).exists() and not force:
        raise CatalogueError(f"{out}: holds a file already, which may be edited; give --force to replace it")
    draft = drafted(data, keys)
    draft.write(out)
    show_draft(draft, out)
    say(f"Next: credit-model check {data.words} --catalogue {out}")
    say(f"  or: credit-model demo {data.words} --catalogue {out} --out explained")


def drafted(data: options.DataSource, keys: key_options.Keys) -> Draft:
    """The draft of a table; the decision lag is asked for at a terminal, where it is not given."""
    given: dict[str, Any] = {"borrower": keys.borrower, "month": keys.month, "limit": keys.limit}
    given |= {"query": data.query, "sheet": data.sheet, "encoding": keys.encoding}
    given |= {"separator": keys.separator, "decimal": keys.decimal}
    data.check_sheet()
    with working(f"reading {data}"):
        draft = _draft(data.path, lag=keys.lag, **given)
    if keys.lag is not None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return draft
    heading("When is a month's limit decided?")
    for line in draft.lag.lines or ("Nothing in the data tells.",):
        say(f"  {line}")
    for lag, when in _LAGS.items():
        mark = "   <- the data speak for it" if draft.lag.lag == lag else ""
        say(f"  {lag}: {when}{mark}")
    answer = click.prompt("Decision lag", type=click.IntRange(0, 1), default=draft.catalogue.decision_lag)
    with working("drafting"):
        return _draft(data.path, lag=answer, **given)


def _draft(path: str, **given: Any) -> Draft:
    """The draft; what a mistake asks to be declared in a catalogue, which there is none of yet, has an option."""
    try:
        return draft_catalogue(path, **given)
    except CreditModelError as error:
        raise type(error)(*map(_with_option, error.errors)) from None


def _with_option(message: str) -> str:
    before, mark, after = message.rpartition("in [source]")
    named = next((name for name in ("encoding", "separator", "decimal", "sheet") if name in before), None)
    return f"{before}{mark} or as --{named}{after}" if mark and named else message


def show_draft(draft: Draft, out: str) -> None:
    """Print what was decided, and what a person should look at."""
    catalogue, findings = draft.catalogue, draft.findings
    heading(f"Drafted {out}")
    lag, reviewed = catalogue.decision_lag, catalogue.reviewed
    left_out = findings[findings["decided"] == "left out"]
    ladder = findings[findings["what"] == "ladder"]["why"].tolist()
    show_facts(
        [
            ("borrower, month, limit", f"{catalogue.borrower}, {catalogue.month}, {catalogue.limit}"),
            ("a month's limit is decided", f"{_LAGS[lag]} (decision_lag = {lag})"),
            ("decisions", f"months in which {reviewed} is true" if reviewed else "every month"),
            ("tiers", ladder[0] if ladder else "equal shares of all limits, which never fall"),
            ("columns", f"{len(catalogue.columns)} declared, {len(left_out)} left out"),
            ("features", f"{len(catalogue.drivers)} in {len(catalogue.factors)} factors"),
        ]
    )
    if len(left_out):
        show_table(left_out[["what", "why"]].rename(columns={"what": "left out"}))
    doubts = marked(draft)
    if doubts:
        table = pd.DataFrame(doubts, columns=["what", "decided", "why"])
        show_table(table, title=f"Unsure: marked '# {DOUBT}' in the file, look at each")


def marked(draft: Draft) -> list[tuple[str, str, str]]:
    """What each mark of a drafted file is about, what was decided, and the remark, in the order of the file."""
    found: list[tuple[str, str, str]] = []
    decided = draft.findings.drop_duplicates("what").set_index("what")["decided"].to_dict()
    table, remarks = "", []
    for line in draft.text[draft.text.index("[portfolio]") :].splitlines():
        if line.startswith("#"):
            said = line.removeprefix("#").strip()
            if line.startswith(f"# {DOUBT}"):
                remarks.append(said.removeprefix(DOUBT).strip())
            elif remarks:
                remarks[-1] += f" {said}"
            continue
        key, _, value = line.partition(" = ")
        if line.startswith("["):
            table, name = line.strip("[]"), ""
        elif key in ("name", "id") and table in ("column", "feature"):
            name = json.loads(value)
        for i, remark in enumerate(remarks):
            what = name if table in ("column", "feature") else table if table.startswith("source.") else key
            if i < len(remarks) - 1:  # of a key that is left out, and stands in the remark
                what, _, remark = remark.partition(": ")
            shown = decided.get(what, "") if table != "feature" else value.strip('"')
            found.append((what, shown or value, remark))
        remarks = []
    return found
