"""Simulated portfolios on disk, block by block, so that memory does not grow with the number of borrowers.

The work is done in a hidden folder beside the output, named by the arguments. Each block's files appear there whole;
the output appears when all are there. A run that was killed leaves no output, and the next one with the same
arguments goes on with the blocks that are missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_model.files import fresh_folder, write_manifest, write_table
from credit_model.parallel import as_finished, workers_of
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.simulate.blocks import simulate_block
from credit_model.simulate.settings import BLOCK_SIZE, Settings
from credit_model.simulate.tables import CATEGORIES, decisions_table, decreases_table, history_table

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "credit_model.simulated_portfolio/1"
#: Changes when the same arguments give another portfolio.
VERSION = "2"
#: Columns that are written as codes with a dictionary; for all others that would only cost time.
DICTIONARIES = [*CATEGORIES, "kind", "scenario", "leading_factor"]

Progress = Callable[[int, int], object]


def write_portfolio(
    folder: str | Path,
    settings: Settings,
    *,
    n_jobs: int = 1,
    truth: bool = True,
    on_progress: Progress | None = None,
) -> None:
    """Simulate a portfolio of any size into a folder of Parquet files.

    Parameters
    ----------
    folder : path
        Gets ``history/part-*.parquet``, ``truth/decisions/`` and ``truth/decreases/`` likewise, ``economy.parquet``
        and ``manifest.json``. An earlier portfolio there is replaced.
    settings : Settings
        The same histories come out as from `simulate`.
    n_jobs : int, default 1
        Threads; -1: all cores. The bytes do not depend on it.
    truth : bool, default True
        Whether the truth is written; without, no root causes are sought.
    on_progress : callable, optional
        Called with the number of finished blocks and of all blocks.

    Raises
    ------
    CreditModelError
        ``n_jobs`` breaks its rule.
    DataFileError
        The folder cannot be written, or holds other things.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_portfolio(folder + "/portfolio", Settings(50, 14, seed=1))
    ...     len(pd.read_parquet(folder + "/portfolio/history"))
    700
    """
    workers_of(n_jobs)  # refuses a wrong number before anything is written
    settings = replace(settings, root_causes=settings.root_causes and truth)
    arguments = _arguments(settings, truth)
    with fresh_folder(folder, format=FORMAT, resume=arguments["digest"][:16]) as partial:
        for part in ("history", *(("truth/decisions", "truth/decreases") if truth else ())):
            (partial / part).mkdir(parents=True, exist_ok=True)
        written = as_finished(lambda number: _write_block(settings, number, partial, truth), settings.n_blocks, n_jobs)
        for done, _ in enumerate(written, start=1):
            if on_progress is not None:
                on_progress(done, settings.n_blocks)
        write_table(settings.economy_paths.frame(settings.n_months), partial / "economy.parquet")
        write_manifest(partial, FORMAT, arguments)


def _arguments(settings: Settings, truth: bool) -> dict[str, Any]:
    """All that the files depend on, and a digest of it."""
    paths = settings.economy_paths.unemployment.tobytes() + settings.economy_paths.activity.tobytes()
    arguments: dict[str, Any] = {
        "version": VERSION,
        "catalogue": read_catalogue("synthetic").digest,
        "n_borrowers": settings.n_borrowers,
        "n_months": settings.n_months,
        "seed": settings.seed,
        "scenario": settings.scenario,
        "economy": hashlib.sha256(paths).hexdigest(),
        "planted": settings.planted_shocks.tolist(),
        "audit_bias": float(settings.audit_bias),
        "truth": truth,
        "root_causes": settings.root_causes,
        "block_size": BLOCK_SIZE,
    }
    arguments |= settings.lender_arguments
    text = json.dumps(arguments, sort_keys=True)
    return arguments | {"digest": hashlib.sha256(text.encode()).hexdigest()}


def _write_block(settings: Settings, number: int, folder: Path, truth: bool) -> None:
    name = f"part-{number:06d}.parquet"
    places = [folder / "history" / name]
    if truth:
        places += [folder / "truth" / "decisions" / name, folder / "truth" / "decreases" / name]
    if all(place.exists() for place in places):
        return
    block = simulate_block(settings, number)
    _write(history_table(settings, block), places[0])
    if truth:
        _write(decisions_table(settings, block), places[1])
        _write(decreases_table(settings, block), places[2])


def _write(table: pa.Table, place: Path) -> None:
    import pyarrow.parquet as pq

    partial = place.with_name("." + place.name)
    pq.write_table(
        table,
        partial,
        compression="snappy",  # a sixth more time than none, a third of the size; zstd: twice the time
        use_dictionary=[name for name in DICTIONARIES if name in table.column_names],
        write_statistics=False,
        store_schema=True,
    )
    os.replace(partial, place)
