"""How fast a panel is checked and its snapshots are built, apart from reading its file, and in how much memory.

``python -m benchmarks.panel``. A simulated panel, on all cores. What is timed is what ``credit-model check`` does with
the table that it has read: the catalogue's rules, the snapshots, and what the panel says against its declaration.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import read_catalogue, simulate_portfolio
from credit_model.cli.data import doubts
from credit_model.cli.history_files import read_history
from credit_model.portfolio.findings import Findings
from credit_model.portfolio.history import check_table, read_raw
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import build_snapshots

REPEATS = 5
FORMATS = ("parquet", "csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--seed", type=int, default=901)
    parser.add_argument("--peak-of", nargs=2, metavar=("SMALL", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak_of:
        print(json.dumps(peak_bytes(*options.peak_of)))
        return
    show_machine("pandas", "pyarrow")
    with tempfile.TemporaryDirectory() as folder:
        portfolio = simulate_portfolio(
            options.borrowers, options.months, seed=options.seed, root_causes=False, n_jobs=-1
        )
        paths = [Path(folder) / f"panel.{suffix}" for suffix in FORMATS]
        portfolio.history.to_parquet(paths[0], index=False)
        portfolio.history.to_csv(paths[1], index=False)
        small = paths[0].with_stem("small")
        portfolio.history.iloc[: 100 * options.months].to_parquet(small, index=False)
        del portfolio
        show_goals([*speed(paths), *memory(small, paths[0])])


def speed(paths: list[Path]) -> list[Goal]:
    """Time each stage; the quickest of some rounds, since whatever else the machine does only adds to it."""
    catalogue = read_catalogue("synthetic")
    wall: dict[str, list[float]] = {}
    busy: dict[str, list[float]] = {}
    n_rows = 0
    for repeat in range(REPEATS + 1):  # the first warms up
        for path in paths:
            times = [(perf_counter(), process_time())]

            def told(stage: str, times: list[tuple[float, float]] = times, repeat: int = repeat) -> None:
                times.append((perf_counter(), process_time()))
                if repeat:
                    wall.setdefault(stage, []).append(times[-1][0] - times[-2][0])
                    busy.setdefault(stage, []).append(times[-1][1] - times[-2][1])

            raw = read_raw(path, catalogue)
            told(f"reading {path.suffix[1:]}")
            if path.suffix == ".csv":
                continue  # its table is the same
            n_rows = len(raw)
            history = check_table(raw, catalogue)
            told("the catalogue's rules")
            ladder = catalogue.ladder or LimitLadder.from_quantiles(history.values(catalogue.limit), 8)
            build_snapshots(history, ladder)
            told("snapshots")
            doubts(Findings.of(history))
            told("the declaration's doubts")
            del raw, history
    of_panel = [stage for stage in wall if not stage.startswith("reading")]
    rows = [(stage, min(wall[stage]), min(busy[stage])) for stage in wall]
    total = sum(min(wall[stage]) for stage in of_panel)
    rows.append(("check + snapshots", total, sum(min(busy[stage]) for stage in of_panel)))
    show_table(
        f"{n_rows:,} borrower-months",
        ["", "seconds", "of a processor", "borrower-months a second"],
        [[name, seconds, used, n_rows / seconds] for name, seconds, used in rows],
    )
    return [at_least("check + snapshots, borrower-months a second", n_rows / total, 1e6)]


def memory(small: Path, path: Path) -> list[Goal]:
    """The largest memory of a process that reads, checks and builds snapshots, less what it holds for a small panel."""
    command = [sys.executable, "-m", "benchmarks.panel", "--peak-of", str(small), str(path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    start, peak, n_rows = json.loads(printed.splitlines()[-1])
    print(f"\nlargest memory: {peak / 1e6:,.0f} MB, of which {start / 1e6:,.0f} MB for a panel of no size")
    return [at_most("bytes a borrower-month", (peak - start) / n_rows, 800)]


def peak_bytes(small: str, path: str) -> tuple[int, int, int]:
    """The most memory of this process after a small panel and after a large one, and the rows of this."""
    peaks = []
    for file in (small, path):
        catalogue = read_catalogue("synthetic")
        history = read_history(file, catalogue)
        ladder = catalogue.ladder or LimitLadder.from_quantiles(history.values(catalogue.limit), 8)
        snapshots = build_snapshots(history, ladder)
        doubts(Findings.of(history))
        peaks.append(_most_memory())
    return peaks[0], peaks[1], len(snapshots)


def _most_memory() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
