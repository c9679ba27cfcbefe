"""Scorecards of additive models: is the export the model, what do whole points change, how fast is the query.

``python -m benchmarks.export [BORROWERS [FITS]]``: a model as ``credit-model train --structure score`` makes it, on
simulated borrowers, and held against it: every edge of every column, one ulp beside it, and missing, in every state of
the line, at every tier to keep. Every row is also run through the query in SQLite and in DuckDB. Whole points are
counted on other borrowers. With the folder of real panels (``CREDIT_MODEL_REAL_DATA``) the same on those.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter, process_time

import duckdb
import numpy as np
import pandas as pd

from benchmarks.portfolios import Panel, fitted_predictor, real_panels, synthetic_panel
from benchmarks.tables import Goal, at_most, median_seconds, show_goals, show_machine, show_table
from credit_model import LimitPredictor
from credit_model.arrays import FloatArray
from credit_model.export import Scaling, Scorecard
from credit_model.export.parity import edge_rows, probed_values

#: Settings of this benchmark; none was chosen by it.
SEED, OTHERS, BORROWERS, FITS = 944, 945, 1000, 8
ROWS, REPEATS = 100_000, 3
#: What may be held against the model's own sum of floats.
SAME = 1e-9


def main(n_borrowers: int = BORROWERS, n_fits: int = FITS) -> None:
    """Print the tables."""
    show_machine("duckdb")
    panel, others = (synthetic_panel(n_borrowers, 36, seed=seed) for seed in (SEED, OTHERS))
    goals = []
    for trained, scored in [(panel, others), *((real, real) for real in real_panels())]:
        started = perf_counter()
        predictor = fitted_predictor(trained, structure="score", n_fits=n_fits)
        print(f"\n{trained.name}: {predictor.bag.n_trees:,} trees in {len(predictor.bag)} fits, fitted in "
              f"{perf_counter() - started:.0f} s")  # fmt: skip
        goals += held(trained.name, predictor, scored)
    show_goals(goals)


def held(name: str, predictor: LimitPredictor, panel: Panel) -> list[Goal]:
    """Everything about one model."""
    started = perf_counter()
    card = predictor.scorecard()
    seconds = perf_counter() - started
    snapshots = predictor.snapshots(panel.history)
    goals = parity(name, predictor, card, seconds)
    show_whole_points(name, card, snapshots.X)
    show_speed(name, card, snapshots.X)
    return goals


def parity(name: str, predictor: LimitPredictor, card: Scorecard, seconds: float) -> list[Goal]:
    """The scorecard against its model, and the databases against the scorecard."""
    found = card.check(predictor.bag, states="each")
    differing = dict.fromkeys(("SQLite", "DuckDB"), 0)
    rows = np.vstack(edge_rows(card, probed_values(card, predictor.bag), np.random.default_rng(1), each_state=True))
    for part in np.array_split(rows, max(len(rows) // ROWS, 1)):
        wanted = card.score(part)
        for engine, table in in_databases(card, part):
            same = [same_bits(table[column], wanted[column]) for column in wanted]
            differing[engine] += int((~np.logical_and.reduce(same)).sum())
    show_table(
        f"{name}: {len(card.columns)} columns, {card.n_cells:,} cells; made in {seconds:.2g} s",
        ["", "edges", "rows", "scores", "tiers differ", "signs differ", "largest apart", "at most", "nearest to 0"],
        [
            [
                "model", found.edges, found.rows, found.scores, found.tiers_differing, found.signs_differing,
                found.largest_difference, found.bound, found.nearest,
            ],
            *([engine, found.edges, len(rows), "", n, "", "", "", ""] for engine, n in differing.items()),
        ],
    )  # fmt: skip
    return [
        at_most(f"{name}: tiers that differ from the model's on any edge", found.tiers_differing, 0),
        at_most(f"{name}: scores on the other side of a line", found.signs_differing, 0),
        at_most(f"{name}: largest difference from the model's score, log-odds", found.largest_difference, SAME),
        at_most(f"{name}: what it can be in any row at most", found.bound, SAME),
        at_most(f"{name}: neighbours against the declared direction", found.against_the_sign, 0),
        *(at_most(f"{name}: rows in which {engine} differs in a bit", n, 0) for engine, n in differing.items()),
    ]


def show_whole_points(name: str, card: Scorecard, X: FloatArray) -> None:
    """What rounding changes, by how fine the points are; synthetic snapshots are of borrowers not fitted on."""
    rows = []
    for points_to_double in (10, 20, 40, 100):
        found = replace(card, scaling=Scaling(points_to_double=points_to_double)).rounding(X)
        rows.append(
            [
                str(points_to_double), found.rows, found.tiers_changed,
                np.nan if found.kept_changed is None else found.kept_changed,
                found.largest_move, found.most, found.share_drawn, found.share_at_most,
            ]
        )  # fmt: skip
    show_table(
        f"{name}: whole points on {len(X):,} snapshots",
        [
            "points to double",
            "rows",
            "tiers changed",
            "kept or not",
            "points moved",
            "at most",
            "share drawn",
            "at most",
        ],
        rows,
    )


def show_speed(name: str, card: Scorecard, X: FloatArray) -> None:
    """Seconds of one core for so many rows."""
    frame = keyed(card, X[np.arange(ROWS) % len(X)])
    light = sqlite3.connect(":memory:")
    frame.to_sql("snapshots", light, index=False)
    duck = duckdb.connect()
    duck.execute("SET threads = 1")
    duck.execute("CREATE TABLE snapshots AS SELECT * FROM frame")
    standard, quick = card.to_sql(), card.to_sql(dialect="sqlite")
    part = standard.replace('FROM "snapshots"', f'FROM (SELECT * FROM "snapshots" LIMIT {ROWS // 20}) AS "some"')
    work = {
        "SQLite": lambda: light.execute(quick).fetchall(),
        "SQLite, standard (a twentieth)": lambda: light.execute(part).fetchall(),
        "DuckDB": lambda: duck.execute(standard).fetchnumpy(),
        "Scorecard.score": lambda: card.score(frame),
    }
    seconds = {
        what: float(np.median(own)) for what, own in median_seconds(work, repeats=REPEATS, clock=process_time).items()
    }
    seconds["SQLite, standard (a twentieth)"] *= 20
    names = {"SQLite, standard (a twentieth)": "SQLite, standard (from a twentieth)"}
    show_table(
        f"{name}: {ROWS:,} rows on one core, median of {REPEATS}",
        ["", "seconds", "rows a second"],
        [[names.get(what, what), own, ROWS / own] for what, own in seconds.items()],
    )


def in_databases(card: Scorecard, rows: FloatArray) -> Iterator[tuple[str, pd.DataFrame]]:
    """What each database makes of rows, in their order."""
    frame = keyed(card, rows)
    light = sqlite3.connect(":memory:")
    frame.to_sql("snapshots", light, index=False)
    yield "SQLite", pd.read_sql_query(card.to_sql(dialect="sqlite").rstrip().removesuffix(";"), light)
    duck = duckdb.connect()
    duck.register("snapshots", frame)
    yield "DuckDB", duck.execute(card.to_sql()).df().sort_values(card.keys[0], ignore_index=True)


def same_bits(found: pd.Series, wanted: pd.Series) -> FloatArray:
    """Whether values (n,) are the same, both missing included."""
    a, b = found.to_numpy(np.float64), wanted.to_numpy(np.float64)
    return (a == b) | (np.isnan(a) & np.isnan(b))


def keyed(card: Scorecard, rows: FloatArray) -> pd.DataFrame:
    """Rows as a table of snapshots."""
    frame = pd.DataFrame(rows, columns=list(card.features))
    for place, key in enumerate(card.keys):
        frame.insert(place, key, np.arange(len(rows)))
    return frame


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
