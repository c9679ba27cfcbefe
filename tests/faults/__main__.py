"""``python -m tests.faults``: the whole bench, two kinds at a time; exit code 1 if there is a fault."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from tests.faults.counts import Counts, table

#: Kind -> cases of the small share, and in full; the longest first.
KINDS = {
    "kills": (16, 1100),
    "command_lines": (40, 1200),
    "mutations": (200, 4800),
    "artefacts": (80, 4800),
    "tables": (150, 5000),
    "limits": (8, 120),
    "concurrent": (4, 60),
}


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all by default")
    parser.add_argument("--small", action="store_true", help="the share that `make test` runs")
    parser.add_argument("--n", type=int, help="cases of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)  # one kind, in a child: material lies there
    given = parser.parse_args()
    sizes = {kind: given.n or KINDS[kind][not given.small] for kind in given.kinds or KINDS}
    if given.into is not None:
        return _one(*sizes.items(), seed=given.seed, into=given.into)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        counts = _all(sizes, given.seed, given.processes, Path(folder))
    return report(counts)


def _one(size: tuple[str, int], *, seed: int, into: Path) -> int:
    from tests.faults.material import Material

    kind, n = size
    (into / kind).mkdir()
    start = time.perf_counter()
    counts = import_module(f"tests.faults.{kind}").run(n, seed, Material(into), into / kind)
    counts.notes.append(f"{time.perf_counter() - start:.0f} s")
    (into / f"{kind}.json").write_text(counts.to_json())
    return 0


def _all(sizes: dict[str, int], seed: int, processes: int, folder: Path) -> list[Counts]:
    from tests.faults.material import make_material

    make_material(folder)
    waiting, running = list(sizes), dict[str, subprocess.Popen[bytes]]()
    while waiting or running:
        while waiting and len(running) < processes:
            kind = waiting.pop(0)
            words = [sys.executable, "-m", "tests.faults", kind, "--n", str(sizes[kind]), "--seed", str(seed)]
            running[kind] = subprocess.Popen([*words, "--into", str(folder)])
        for kind, process in list(running.items()):
            if process.poll() is not None:
                del running[kind]
        time.sleep(0.05)
    return [
        Counts.from_json((folder / f"{kind}.json").read_text())
        if (folder / f"{kind}.json").exists()
        else Counts(f"{kind}: the bench itself failed")
        for kind in sizes
    ]


def report(counts: list[Counts]) -> int:
    """Print faults and the table; the exit code."""
    failed = [c for c in counts if not c.tried]
    for count in counts:
        for fault in count.faults:
            print(f"{count.kind}: {fault.sort}: {fault.case}\n    {fault.happened}")
        for note in count.notes:
            print(f"{count.kind}: note: {note}")
    print(table(counts))
    return int(bool(failed) or any(count.faults for count in counts))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a forked child cannot use threads that its parent has started
    sys.exit(main())
