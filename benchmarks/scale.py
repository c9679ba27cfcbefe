"""How time and memory grow with the number of borrowers, on one machine and on a Dask cluster of two workers on it.

``python -m benchmarks.scale``. Panels are simulated to disk block by block, partitioned, and go through check, train,
explain and watch by the commands themselves, each a process of its own whose peak of memory the system keeps. With
``--dask`` the largest panel is explained once more by one core, by threads, and by two workers, in 64 blocks; the
bytes are held against each other. ``--work`` keeps the panels, so that a later run goes on with them.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table

COMMAND = [sys.executable, "-c", "from credit_model.cli import main; main()"]
#: Of the larger sizes that are extrapolated to.
ON_PAPER = 10_000_000
MOST_GIGABYTES = 4.0
STAGES = ("simulate", "partition", "check", "train", "explain", "watch")


@dataclass(frozen=True)
class Cost:
    """Of a process: seconds of the clock, of all cores together, and the most memory in bytes."""

    seconds: float
    core_seconds: float
    peak: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--seed", type=int, default=951)
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--train", default="", help="Further options of 'train', such as '--structure score --fits 2'.")
    parser.add_argument("--dask", action="store_true", help="Also on two workers of a Dask cluster.")
    parser.add_argument("--work", default=None, help="Folder for panels, which are kept there.")
    options = parser.parse_args()
    show_machine("pyarrow", "distributed")
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(options.work or temporary)
        work.mkdir(parents=True, exist_ok=True)
        sizes = sorted(options.borrowers)
        costs = {n: through(n, work, options) for n in sizes}
        show_costs(costs, options.months)
        goals = list[Goal]()
        for n in sizes:
            peak = max(cost.peak for stage, cost in costs[n].items() if stage != "simulate") / 1e9
            goals.append(at_most(f"{n:,} borrowers x {options.months} months: peak GB", peak, MOST_GIGABYTES))
        if options.dask:
            goals += on_dask(work / str(sizes[-1]), work)
        show_goals(goals)


def through(n: int, work: Path, options: argparse.Namespace) -> dict[str, Cost]:
    """A panel of ``n`` borrowers through all stages: what each costs."""
    folder = work / str(n)
    folder.mkdir(exist_ok=True)
    panel, blocks, model = (str(folder / name) for name in ("panel", "blocks", "model"))
    jobs = ("--jobs", str(options.jobs))
    used = ("--data", blocks, "--model", model, *jobs)
    given = {
        "simulate": ("--borrowers", n, "--months", options.months, "--seed", options.seed, "--no-root-causes", "--out",
                     panel, *jobs),
        "partition": (panel, "--out", blocks, *jobs),
        "check": ("--data", blocks),
        "train": ("--data", blocks, "--out", model, "--force", *jobs, *shlex.split(options.train)),
        "explain": (*used, "--plots", "0", "--out", str(folder / "explanations")),
        "watch": (*used, "--out", str(folder / "warnings.parquet")),
    }  # fmt: skip
    costs = {}
    for stage in STAGES:
        if stage == "simulate" and (folder / "panel" / "manifest.json").exists():
            continue
        costs[stage] = cost_of(stage, *map(str, given[stage]))
        print(f"{n:,} borrowers: {stage} {costs[stage].seconds:,.1f} s", file=sys.stderr, flush=True)
    return costs


def cost_of(*args: str) -> Cost:
    """What a command costs; it must end well."""
    start = time.perf_counter()
    process = subprocess.Popen([*COMMAND, *args], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"credit-model {' '.join(args)}: ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


def show_costs(costs: dict[int, dict[str, Cost]], months: int) -> None:
    """Print what the stages cost at every size, and what the slope between the largest two foretells."""
    sizes = list(costs)
    rows = []
    for stage in STAGES:
        for n in sizes:
            if stage in costs[n]:
                cost = costs[n][stage]
                per = cost.core_seconds / (n * months) * 1e6
                rows.append([stage, n, cost.seconds, cost.core_seconds, per, cost.peak / 1e6])
    header = ["stage", "borrowers", "seconds", "core seconds", "core s / M borrower-months", "peak MB"]
    show_table(f"Of {months} months each", header, rows)
    if len(sizes) < 2:
        return
    small, large = sizes[-2:]
    paper = []
    for stage in STAGES[1:]:
        one, two = costs[small][stage], costs[large][stage]
        slope = {
            name: (getattr(two, name) - getattr(one, name)) / (large - small)
            for name in ("seconds", "core_seconds", "peak")
        }
        foretold = [getattr(two, name) + by * (ON_PAPER - large) for name, by in slope.items()]
        paper.append([stage, slope["seconds"] * 1e6, slope["peak"], foretold[0] / 3600, foretold[2] / 1e9])
    show_table(
        f"The slope from {small:,} to {large:,} borrowers, and {ON_PAPER:,} on paper",
        ["stage", "seconds a million borrowers", "bytes a borrower", "hours", "peak GB"],
        paper,
    )


def on_dask(folder: Path, work: Path) -> list[Goal]:
    """Explanations by one core, by threads, and by two workers of one core each: seconds, and the same bytes."""
    blocks = str(folder / "many-blocks")
    if not Path(blocks).exists():
        cost_of("partition", str(folder / "panel"), "--out", blocks, "--blocks", "64")
    used = ("explain", "--data", blocks, "--model", str(folder / "model"), "--plots", "0")
    outs = {name: folder / f"explained-{name}" for name in ("one", "threads", "dask")}
    for out in outs.values():
        shutil.rmtree(out, ignore_errors=True)
    costs = {
        "one": cost_of(*used, "--out", str(outs["one"]), "--jobs", "1"),
        "threads": cost_of(*used, "--out", str(outs["threads"]), "--jobs", "2"),
    }
    with two_workers(work) as (address, workers):
        for _ in range(2):  # the first time workers load the package and the model
            shutil.rmtree(outs["dask"], ignore_errors=True)
            before = _core_seconds(workers)
            own = cost_of(*used, "--out", str(outs["dask"]), "--dask", address)
            costs["dask"] = replace(own, core_seconds=own.core_seconds + _core_seconds(workers) - before)
    names = sorted(path.name for path in outs["one"].iterdir())
    for name in ("threads", "dask"):
        same, different, missing = filecmp.cmpfiles(outs["one"], outs[name], names, shallow=False)
        if different or missing:
            raise SystemExit(f"{name}: other bytes in {different + missing}, the same in {same}")
    titles = {"one": "one core", "threads": "threads on two cores", "dask": "two Dask workers of one core"}
    one = costs["one"]
    show_table(
        "The largest panel explained, the same bytes",
        ["by", "seconds", "speed a core / that of one core", "core seconds"],
        [
            [
                name,
                costs[key].seconds,
                one.seconds / costs[key].seconds / (1 if key == "one" else 2),
                costs[key].core_seconds,
            ]
            for key, name in titles.items()
        ],
    )
    speed = one.seconds / costs["dask"].seconds / 2
    return [at_least("two Dask workers: speed a core / that of one core", speed, 0.85)]


def _core_seconds(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    """What processes that run have used of cores so far."""
    import psutil

    used = [psutil.Process(process.pid).cpu_times() for process in processes]
    return sum(one.user + one.system for one in used)


@contextmanager
def two_workers(work: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler with two workers of one thread, all on this machine: the address, and the processes."""
    import distributed

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--local-directory", str(work))
    processes = [_dask("scheduler", "--port", str(port))] + [_dask(*worker) for _ in range(2)]
    try:
        with distributed.Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _dask(name: str, *args: str) -> subprocess.Popen[bytes]:
    command: Sequence[str] = [sys.executable, "-m", f"distributed.cli.dask_{name}", *args]
    return subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--no-dashboard"],
        env=os.environ | {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    main()
