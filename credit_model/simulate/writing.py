"""Simulated portfolios on disk, block by block, so that memory does not grow with the number of borrowers.

The work is done in a hidden folder beside the output, named by the arguments. Each block's files appear there whole;
the output appears when all are there. A run that was killed leaves no output, and the next one with the same
arguments goes on with the blocks that are missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from credit_model.files import fresh_folder, write_table, write_text
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.simulate.blocks import BLOCK_SIZE, Settings, simulate_block
from credit_model.simulate.portfolio import Planted, settings_of, workers_of
from credit_model.simulate.tables import CATEGORIES, decisions_table, decreases_table, history_table

if TYPE_CHECKING:
    import pyarrow as pa

#: Changes when the same arguments give another portfolio.
VERSION = "1"
#: Columns that are written as codes with a dictionary; for all others that would only cost time.
DICTIONARIES = [*CATEGORIES, "kind", "scenario", "leading_factor"]

Progress = Callable[[int, int], object]


def write_portfolio(
    folder: str | Path,
    n_borrowers: int,
    n_months: int,
    *,
    seed: int,
    n_jobs: int = 1,
    scenario: str = "baseline",
    economy: pd.DataFrame | None = None,
    planted: Planted | None = None,
    audit_bias: float = 0.0,
    root_causes: bool = True,
    truth: bool = True,
    on_progress: Progress | None = None,
) -> None:
    """Simulate a portfolio of any size into a folder of Parquet files.

    Parameters
    ----------
    folder : path
        Gets ``history/part-*.parquet``, ``truth/decisions/`` and ``truth/decreases/`` likewise, ``economy.parquet``
        and ``manifest.json``. An earlier portfolio there is replaced.
    n_borrowers, n_months, seed, n_jobs, scenario, economy, planted, audit_bias, root_causes
        As in `simulate_portfolio`, and the same histories come out. The bytes do not depend on ``n_jobs``.
    truth : bool, default True
        Whether the truth is written.
    on_progress : callable, optional
        Called with the number of finished blocks and of all blocks.

    Raises
    ------
    CreditModelError
        An argument breaks its rule.
    DataFileError
        The folder cannot be written, or holds other things.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_portfolio(folder + "/portfolio", 50, 14, seed=1)
    ...     len(pd.read_parquet(folder + "/portfolio/history"))
    700
    """
    settings = settings_of(
        n_borrowers,
        n_months,
        seed=seed,
        scenario=scenario,
        economy=economy,
        planted=planted,
        audit_bias=audit_bias,
        root_causes=root_causes and truth,
    )
    workers = workers_of(n_jobs)
    arguments = _arguments(settings, truth)
    with fresh_folder(folder, resume=arguments["digest"][:16]) as partial:
        for part in ("history", *(("truth/decisions", "truth/decreases") if truth else ())):
            (partial / part).mkdir(parents=True, exist_ok=True)
        for done, _ in enumerate(_as_finished(settings, partial, truth, workers), start=1):
            if on_progress is not None:
                on_progress(done, settings.n_blocks)
        write_table(settings.economy.frame(n_months), partial / "economy.parquet")
        write_text(json.dumps(arguments, indent=2, ensure_ascii=False) + "\n", partial / "manifest.json")


def _arguments(settings: Settings, truth: bool) -> dict[str, Any]:
    """All that the files depend on, and a digest of it."""
    paths = settings.economy.unemployment.tobytes() + settings.economy.activity.tobytes()
    arguments: dict[str, Any] = {
        "what": "simulated portfolio",
        "version": VERSION,
        "catalogue": read_catalogue("synthetic").digest,
        "n_borrowers": settings.n_borrowers,
        "n_months": settings.n_months,
        "seed": settings.seed,
        "scenario": settings.scenario.name,
        "economy": hashlib.sha256(paths).hexdigest(),
        "planted": settings.planted.tolist(),
        "audit_bias": settings.audit_bias,
        "truth": truth,
        "root_causes": settings.with_root_causes,
        "block_size": BLOCK_SIZE,
    }
    text = json.dumps(arguments, sort_keys=True)
    return arguments | {"digest": hashlib.sha256(text.encode()).hexdigest()}


def _as_finished(settings: Settings, folder: Path, truth: bool, workers: int) -> Iterator[int]:
    """Write the blocks, at most ``workers`` at a time; yields their numbers as they are finished."""

    def work(block: int) -> int:
        _write_block(settings, block, folder, truth)
        return block

    blocks = iter(range(settings.n_blocks))
    if workers == 1:
        yield from map(work, blocks)
        return
    with ThreadPoolExecutor(workers) as pool:
        under_way: set[Future[int]] = {pool.submit(work, block) for block in islice(blocks, workers)}
        while under_way:
            finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            under_way |= {pool.submit(work, block) for block in islice(blocks, len(finished))}
            for future in finished:
                yield future.result()


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
        _write(decisions_table(block), places[1])
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
