"""Commands of the data: simulate, convert, check."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pandas as pd

from credit_model.cli import options
from credit_model.cli.console import heading, say, show_facts, show_table, working
from credit_model.cli.history_files import read_history
from credit_model.errors import DataFileError
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.files import write_table
from credit_model.portfolio.history import History, format_month
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.public_data import CONVERTERS
from credit_model.portfolio.snapshots import build_snapshots


@click.command()
@click.argument("dataset", type=click.Choice(sorted(CONVERTERS)))
@click.argument("source", metavar="SRC")
@options.out("History table (.parquet or .csv)")
def convert_command(dataset: str, source: str, out: str) -> None:
    """Turn a public data set that lies on your disk (folder or file SRC) into a history table.

    \b
    home-credit  Home Credit Default Risk: the folder with credit_card_balance, application, bureau
    uci-taiwan   Default of Credit Card Clients (UCI): the file or its folder
    Example:  credit-model convert home-credit downloads/home-credit --out history.parquet
    """
    if Path(out).suffix.lower() not in (".parquet", ".csv"):
        raise DataFileError(f"{out}: the table's name must end in .parquet or .csv")
    with working(f"converting {source}"):
        table = CONVERTERS[dataset](source)
        write_table(table, out)
    name = dataset.replace("-", "_")
    show_facts([("borrower-months", len(table)), ("columns", table.shape[1]), ("written to", out)])
    say(f"Next: credit-model check --data {out} --catalogue {name}")


@click.command()
@options.data
@options.catalogue
def check_command(data: str, catalogue: str) -> None:
    """Check histories against their catalogue, and say what is in them.

    \b
    Example:  credit-model check --data cards.csv --catalogue cards.toml
    """
    declared = read_catalogue(catalogue)
    history = read_history(data, declared)
    ladder = declared.ladder or LimitLadder.from_quantiles(history.values(declared.limit), declared.quantiles or 8)
    with working("building snapshots"):
        snapshots = build_snapshots(history, ladder)
    fell = (snapshots.tier_before > 0) & (snapshots.tier_after < snapshots.tier_before)
    rose = (snapshots.tier_before >= 0) & (snapshots.tier_after > snapshots.tier_before)
    first, last = (format_month(int(m), history.month_kind) for m in _ends(history))
    heading(f"{data}: fits catalogue {declared.name} {declared.version}")
    show_facts(
        [
            ("borrowers", len(history.borrower_ids)),
            ("borrower-months", len(history)),
            ("months", f"{first} to {last}"),
            ("decisions after warm-up", int(snapshots.is_decision.sum())),
            ("decreases of the tier", int(fell.sum())),
            ("increases of the tier", int(rose.sum())),
            ("tiers from", ", ".join(f"{a:,.0f}" for a in ladder.amounts)),
        ]
    )
    missing = {c.name: float(np.isnan(history.values(c.name)).mean()) for c in declared.columns}
    gaps = pd.DataFrame([(k, f"{v:.1%}") for k, v in missing.items() if v > 0], columns=["column", "missing cells"])
    if len(gaps):
        show_table(gaps)
    say(f"Next: credit-model train --data {data} --catalogue {catalogue} --out model")


def _ends(history: History) -> tuple[int, int]:
    return int(history.month_number.min()), int(history.month_number.max())
