"""How fast portfolios are simulated to Parquet, beside the floor, and how memory stays with more borrowers.

Run ``python -m benchmarks.simulate`` (``--most 1000000`` for the whole curve). Peers in the same run: numpy drawing as
many random numbers (no simulation of these histories can do with less), and pyarrow writing the same table. Each size
runs in a process of its own, whose peak memory is reported.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.tables import at_least, show_goals, show_machine, show_table
from credit_model.parallel import as_finished
from credit_model.simulate.blocks import simulate_block
from credit_model.simulate.borrowers import N_NORMALS, N_UNIFORMS
from credit_model.simulate.economy import BURN_IN
from credit_model.simulate.policies.family import table_of
from credit_model.simulate.policies.names import DEFAULT, POLICY_NAMES
from credit_model.simulate.scored import score_all
from credit_model.simulate.settings import BLOCK_SIZE, Settings
from credit_model.simulate.streams import NORMALS_TABLE, UNIFORMS_TABLE, stream
from credit_model.simulate.tables import CATEGORIES, history_table
from credit_model.simulate.writing import write_portfolio

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
JOBS = os.cpu_count() or 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--borrowers", type=int, default=40_960, help="borrowers of the comparison")
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--most", type=int, default=100_000, help="largest portfolio of the curve")
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _report_one(options.one, options.months)
        return
    _compare(options.borrowers, options.months)
    _compare_lenders(options.months)
    sizes = [n for n in SIZES if n <= options.most]
    reports = [_run_one(n, options.months) for n in sizes]
    show_table(
        f"More borrowers, {options.months} months, {JOBS} threads; history, truth and root causes to Parquet",
        list(reports[0]),
        [list(report.values()) for report in reports],
    )


def _compare(n: int, months: int) -> None:
    warm = Settings(BLOCK_SIZE, months, seed=0)
    block = simulate_block(warm, 0)  # compiles, or loads what was compiled
    table = history_table(warm, block)
    blocks = -(-n // BLOCK_SIZE)

    def draw(number: int) -> None:
        for name, per_month in ((NORMALS_TABLE, N_NORMALS), (UNIFORMS_TABLE, N_UNIFORMS)):
            rng, size = stream(0, name, number), (BLOCK_SIZE, BURN_IN + months, per_month)
            if name == NORMALS_TABLE:
                rng.standard_normal(size, dtype=np.float32)
            else:
                rng.random(size, dtype=np.float32)

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)

        def write(number: int) -> None:
            pq.write_table(
                table,
                place / f"{number}.parquet",
                compression="snappy",
                use_dictionary=list(CATEGORIES),
                write_statistics=False,
            )

        def simulate(name: str, settings: Settings, **options: bool) -> Callable[[], None]:
            return lambda: write_portfolio(place / name, settings, n_jobs=JOBS, **options)

        def compute(settings: Settings) -> Callable[[], None]:
            return lambda: _on_all_cores(lambda number: simulate_block(settings, number), blocks)

        full, plain = Settings(n, months, seed=0), Settings(n, months, seed=0, root_causes=False)
        works = {
            "simulate to Parquet: history": simulate("history", plain, truth=False),
            "simulate to Parquet: history, truth": simulate("truth", plain),
            "simulate to Parquet: history, truth, root causes": simulate("causes", full),
            "simulate, nothing written": compute(plain),
            "numpy draws as many random numbers": lambda: _on_all_cores(draw, blocks),
            "pyarrow writes the same history": lambda: _on_all_cores(write, blocks),
        }
        best = {name: min(_seconds(work) for _ in range(3)) for name, work in works.items()}
    seconds = {name: wall for name, (wall, _) in best.items()}
    floor = seconds["numpy draws as many random numbers"] + seconds["pyarrow writes the same history"]
    show_machine("pyarrow")
    show_table(
        f"{n:,} borrowers x {months} months, {JOBS} threads",
        ["work", "million borrower-months a second", "time over draw + write", "CPU microseconds a borrower-month"],
        [
            [name, n * months / took / 1e6, took / floor, best[name][1] / (n * months) * 1e6]
            for name, took in seconds.items()
        ],
    )
    rate = n * months / seconds["simulate to Parquet: history"] / 1e6
    show_goals([at_least("history to Parquet, million borrower-months a second", rate, 1.0)])


class _Scorecard:
    """The default lender as a plug-in, to see what the calls cost."""

    def score(self, X: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.float64]:
        return score_all(X, table_of(DEFAULT))


def _compare_lenders(months: int) -> None:
    """One block under each lender, on one thread, nothing written; the plug-in with fewer borrowers."""
    rows = []
    for name, policy, n in [*((name, name, BLOCK_SIZE) for name in POLICY_NAMES), ("plug-in", _Scorecard(), 512)]:
        settings = Settings(n, months, seed=0, policy=policy)
        simulate_block(settings, 0)  # compiles, or loads what was compiled
        cpu, _ = min(_cpu_and_wall(lambda settings=settings: simulate_block(settings, 0)) for _ in range(3))
        rows.append([name, cpu / (n * months) * 1e6, n * months / cpu / 1e6])
    show_table(
        f"The lenders, {months} months, truth and root causes, one thread",
        ["lender", "CPU microseconds a borrower-month", "million borrower-months a CPU second"],
        rows,
    )


def _cpu_and_wall(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = _seconds(work)
    return cpu, wall


def _on_all_cores(work: Callable[[int], object], n: int) -> None:
    for _ in as_finished(work, n, JOBS):
        pass


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds; on a busy machine only the second tells what the work costs."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - cpu


def _run_one(n: int, months: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.simulate", "--one", str(n), "--months", str(months)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(json.loads(out))


def _report_one(n: int, months: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_portfolio(Path(folder) / "warm", Settings(10, months, seed=0))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        settings = Settings(n, months, seed=0)
        took, _ = _seconds(lambda: write_portfolio(Path(folder) / "portfolio", settings, n_jobs=JOBS))
        size = sum(f.stat().st_size for f in (Path(folder) / "portfolio").rglob("*") if f.is_file())
    report = {
        "borrowers": f"{n:,}",
        "million borrower-months a second": round(n * months / took / 1e6, 2),
        "peak memory, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "of it before the run, MB": round(before / 1024),
        "on disk, MB": round(size / 1e6),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
