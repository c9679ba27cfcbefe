"""The command export: an additive model as a scorecard."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from credit_model.cli import options
from credit_model.cli.console import heading, show_facts, working
from credit_model.cli.outputs import File
from credit_model.errors import CreditModelError
from credit_model.export.sql import DIALECTS
from credit_model.files import write_table, write_text
from credit_model.spreadsheets import without_formulas

if TYPE_CHECKING:
    from credit_model.export import Parity, Rounding, Scorecard

#: Form -> how its file may be named.
_SUFFIXES = {"points": (".csv", ".parquet"), "sql": (".sql",), "json": (".json",), "pmml": (".pmml", ".xml")}


@options.command()
@options.model
@click.option(
    "--as",
    "form",
    required=True,
    type=click.Choice(list(_SUFFIXES)),
    help="A table of points (.csv, .parquet), a query (.sql), .json, or a PMML 4.4 Scorecard (.pmml, .xml).",
)
@options.out(
    "File to write; else it is printed.",
    File(*(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)),
    required=False,
)
@click.option(
    "--rounded", is_flag=True, help="In whole points, as a scorecard is printed: another model, however near."
)
@click.option(
    "--points-to-double",
    type=float,
    default=20.0,
    show_default=True,
    help="Points to double the odds of keeping a tier.",
)
@click.option("--base-points", type=float, default=600.0, show_default=True, help="Points at the base odds.")
@click.option("--base-odds", type=float, default=50.0, show_default=True, help="Odds of keeping a tier, to one.")
@click.option("--table", default="snapshots", show_default=True, metavar="NAME", help="The table that the query reads.")
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    default="standard",
    show_default=True,
    help="Of the query: one of the others is quicker in that database; DuckDB takes the standard.",
)
@options.optional_data
@click.option(
    "--snapshots",
    type=File(".parquet", ".csv"),
    default=None,
    metavar="PATH",
    help="Also write the snapshots of --data, the rows that a scorecard reads (.parquet or .csv).",
)
@options.jobs
def export_command(
    model: str,
    form: str,
    out: str | None,
    rounded: bool,
    points_to_double: float,
    base_points: float,
    base_odds: float,
    table: str,
    dialect: str,
    data: options.DataSource | None,
    snapshots: str | None,
    jobs: int,
) -> None:
    """Take an additive model away as a scorecard: points, SQL, JSON, PMML.

    It is held against the model first, on every edge, one ulp beside it, and missing, and is written only if no tier
    differs. With --data also on those, and it is counted which tiers whole points change.

    \b
    Example:  credit-model export --model model --as sql --out scorecard.sql
              credit-model export --model model --as points --rounded --data portfolio --out points.csv
    """
    from credit_model.predictor import LimitPredictor

    if out is not None and Path(out).suffix.lower() not in _SUFFIXES[form]:
        raise click.UsageError(f"--out of --as {form} must end in {' or '.join(_SUFFIXES[form])}, got {out}.")
    if snapshots is not None and data is None:
        raise click.UsageError("--snapshots needs --data.")
    if None not in (out, snapshots) and os.path.realpath(str(out)) == os.path.realpath(str(snapshots)):
        raise click.UsageError("--out and --snapshots must be two files.")
    predictor = LimitPredictor.load(model, n_jobs=jobs)
    card = predictor.scorecard(points_to_double=points_to_double, base_points=base_points, base_odds=base_odds)
    rows = None if data is None else predictor.snapshots(data.history(predictor.catalogue))
    with working("checking every edge"):
        parity = card.check(predictor.bag, None if rows is None else rows.X)
    if not parity.holds:
        raise CreditModelError(
            f"the scorecard must give the tiers of model {card.version}, found {parity.tiers_differing:,} of "
            f"{parity.rows:,} rows that differ, scores by {parity.largest_difference:.3g}; it was not written"
        )
    given = card.rounded() if rounded else card
    write = _writer(given, form, table, dialect)
    if out is None:
        click.echo(write(None), nl=False)
    else:
        write(out)
    if rows is not None and snapshots is not None:
        write_table(rows.table(), snapshots)
    if out is not None:
        _show(
            given, parity, None if rows is None else card.rounding(rows.X), [out, *([snapshots] if snapshots else [])]
        )


def _writer(card: Scorecard, form: str, table: str, dialect: str) -> Callable[[str | None], str]:
    """Writes a form of a scorecard to a path, or gives it as text where there is none."""
    if form == "points":
        frame = card.to_frame()

        def write_frame(path: str | None) -> str:
            if path is None:
                return without_formulas(frame).to_csv(index=False, lineterminator="\n")
            write_table(frame, path)
            return ""

        return write_frame
    text = {"sql": lambda: card.to_sql(table, dialect=dialect), "json": card.to_json, "pmml": card.to_pmml}[form]()

    def write(path: str | None) -> str:
        if path is not None:
            write_text(text, path)
        return text

    return write


def _show(card: Scorecard, parity: Parity, rounding: Rounding | None, written: list[str]) -> None:
    heading(f"Scorecard of model {card.version}")
    facts = [
        ("columns", len(card.columns)),
        ("cells", card.n_cells),
        ("tiers", card.n_tiers),
        ("points to double the odds", card.scaling.points_to_double),
        ("points of the cut-off", card.offset),
        ("edges held against the model", parity.edges),
        ("rows", parity.rows),
        ("tiers that differ", parity.tiers_differing),
        ("largest difference (log-odds)", f"{parity.largest_difference:.2g}, at most {parity.bound:.2g} in any row"),
    ]
    if rounding is not None:
        facts += [
            ("tiers that whole points change", f"{rounding.tiers_changed:,} of {rounding.rows:,} snapshots"),
            *([("limits kept or not", rounding.kept_changed)] if rounding.kept_changed is not None else []),
            ("whole points move points by", f"{rounding.largest_move:.3g} here, at most {rounding.most:.3g}"),
            (
                "of all combinations",
                f"{rounding.share_drawn:.2%} of those drawn change tier, at most {rounding.share_at_most:.2%} of all",
            ),
        ]
    show_facts([*facts, ("written to", ", ".join(written))])
