"""The command partition: histories of any size into blocks of whole borrowers, once."""

from __future__ import annotations

import re

import click

from credit_model.cli import options
from credit_model.cli.console import progress, say, show_facts
from credit_model.cli.outputs import TABLES, Folder
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.readers.databases import without_password
from credit_model.scale.partition import FORMAT

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kMGT]?)B?", re.IGNORECASE)
_LEAST_MEMORY = 16e6


def _bytes(ctx: click.Context, param: click.Parameter, value: str) -> int:
    found = _SIZE.fullmatch(value.strip())
    size = float(found[1]) * 1000 ** " kMGT".upper().index(found[2].upper() or " ") if found else 0.0
    if size < _LEAST_MEMORY:
        raise click.BadParameter(f"must be at least 16MB, such as 500MB or 2GB, got {value!r}")
    return int(size)


@options.command()
@click.argument("data", metavar="DATA", type=TABLES)
@click.option("--query", default=None, metavar="SQL", help="What to read of a database.")
@options.catalogue
@options.out("Folder of the blocks to write.", Folder(FORMAT))
@click.option(
    "--blocks", type=click.IntRange(1, 100_000), default=None, metavar="N", help="How many; else by their size."
)
@click.option(
    "--memory",
    default="1GB",
    show_default=True,
    callback=_bytes,
    metavar="SIZE",
    help="That parts of the data and blocks may take together.",
)
@options.jobs
def partition_command(
    data: str, query: str | None, catalogue: str, out: str, blocks: int | None, memory: int, jobs: int
) -> None:
    """Partition histories (DATA) of any size by borrower.

    The data, rows in any order over any number of files, need not fit into memory: they are read twice, put aside on
    disk by block, checked as 'check' does, and written in order. Other commands take the folder as their --data and go
    block by block; what they write is what they would write of the data themselves.

    \b
    Example:  credit-model partition accounts/ --catalogue cards.toml --out blocks
              credit-model explain --data blocks --model model --out explanations
    """
    from credit_model.scale.partitioning import write_partition

    declared = read_catalogue(catalogue)
    with progress("partitioning") as advance:
        found = write_partition(
            data, declared, out, query=query, blocks=blocks, memory=memory, n_jobs=jobs, on_progress=advance
        )
    show_facts(
        [
            ("of", without_password(data)),
            ("borrowers", found.n_borrowers),
            ("borrower-months", found.n_rows),
            ("months", " to ".join(found.month_span())),
            ("blocks", len(found)),
            ("written to", out),
        ]
    )
    say(f"Next: credit-model check --data {out} --catalogue {catalogue}")
