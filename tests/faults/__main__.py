"""``python -m tests.faults``: the whole bench, two kinds at a time; exit code 1 if there is a fault."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.counts import Counts, table

if TYPE_CHECKING:
    from tests.faults.material import Material

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
    given = parser.parse_args()
    sizes = {kind: given.n or KINDS[kind][not given.small] for kind in given.kinds or KINDS}
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        counts = _all(sizes, given.seed, given.processes, Path(folder))
    return report(counts)


def _one(kind: str, n: int, seed: int, material: Material) -> None:
    """Judge one kind, in a child, and leave its counts in the material's folder."""
    folder, start = material.folder / kind, time.perf_counter()
    folder.mkdir()
    counts = import_module(f"tests.faults.{kind}").run(n, seed, material, folder)
    counts.notes.append(f"{time.perf_counter() - start:.0f} s")
    (material.folder / f"{kind}.json").write_text(counts.to_json())


def _all(sizes: dict[str, int], seed: int, processes: int, folder: Path) -> list[Counts]:
    from tests.faults.material import make_material

    material = make_material(folder)
    waiting, running = list(sizes), set[int]()
    while waiting or running:
        if waiting and len(running) < processes:
            kind = waiting.pop(0)
            running.add(_forked(kind, sizes[kind], seed, material))
        else:
            running.discard(os.wait()[0])
    found = {kind: folder / f"{kind}.json" for kind in sizes}
    return [
        Counts.from_json(file.read_text()) if file.exists() else Counts(f"{kind}: the bench itself failed")
        for kind, file in found.items()
    ]


def _forked(kind: str, n: int, seed: int, material: Material) -> int:
    """The number of a child that judges one kind: what is loaded and compiled already it has from the start."""
    pid = os.fork()
    if pid == 0:
        try:
            _one(kind, n, seed, material)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0)
    return pid


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
    os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is loaded: a forked child cannot use its parent's threads
    sys.exit(main())
