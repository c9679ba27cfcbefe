"""Where the machine refuses: no space, no permission, no memory, nobody who listens: one line, and nothing is lost."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.faults.children import Child, Ended, command, limit_memory, outcome_fault
from tests.faults.counts import LEFTOVER, LOST, TRACEBACK, Counts, Fault
from tests.faults.kills import Bench, writers
from tests.faults.material import Material, clear, copy, tree

Prepare = Callable[[], object]


def without_privileges() -> None:
    """Let this process obey the modes of files, also where it runs as root."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def largest_file(size: int) -> Prepare:
    """No file may be larger (nor what a child prints): a disk that is full, for whom may mount none."""

    def prepare() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return prepare


@contextlib.contextmanager
def small_disk(place: Path, size: int) -> Iterator[bool]:
    """A file system of so many bytes at a place; False where none may be mounted."""
    place.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(words, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(place)], check=True)


def _size(place: Path) -> int:
    files = [place] if place.is_file() else [p for p in place.rglob("*") if p.is_file()]
    return sum(-(-p.stat().st_size // 4096) * 4096 for p in files)


def _judge(bench: Bench, ended: Ended, case: str, *, resumes: bool) -> list[Fault]:
    """After a failure the old output is there and nothing else; after a success the new one."""
    faults = outcome_fault(ended, case)
    wanted = bench.trees["new"] if ended.code == 0 else bench.trees["old"]
    if tree(bench.place) != wanted:
        faults.append(
            Fault(LOST, case, f"exit {ended.code}, and there is not the {'new' if ended.code == 0 else 'old'} output")
        )
    left = sorted(p.name for p in bench.place.parent.iterdir() if p != bench.place)
    if resumes and ended.code:  # what it goes on with
        left = [name for name in left if not name.startswith(f".{bench.place.name}.partial-")]
    if left:
        faults.append(Fault(LEFTOVER, case, f"there are {left}"))
    return faults


def full_disk(bench: Bench, rng: np.random.Generator) -> None:
    """A disk with room for the old output, but not, or just not, for the new one."""
    old, new = (bench.folder.with_name(bench.folder.name + which) for which in ("old", "new"))
    room = int(rng.uniform(0, 1.3) * _size(new)) // 4096 * 4096
    resumes = bench.writer.name == "simulate"
    clear(bench.folder)
    with small_disk(bench.folder, _size(old) + room + 16384) as mounted:
        copy(old, bench.place)
        if mounted:
            case = f"{bench.writer.name}, {room:,} bytes left on the disk"
            ended = Child(bench.writer.run(bench.writer.new, bench.folder)).wait()
            bench.counts.add(_judge(bench, ended, case, resumes=resumes))
    bench.prepare(before=True)
    largest = 8192 + room // 3
    case = f"{bench.writer.name}, no file larger than {largest:,} bytes"
    ended = Child(bench.writer.run(bench.writer.new, bench.folder), largest_file(largest)).wait()
    bench.counts.add(_judge(bench, ended, case, resumes=resumes))


def denied(bench: Bench, rng: np.random.Generator) -> None:
    """The folder around the output, the output itself or a folder in it may not be written."""
    ways: dict[str, Callable[[], object]] = {
        "the folder is read-only": lambda: bench.folder.chmod(0o555),
        "the folder is closed": lambda: bench.folder.chmod(0o000),
        "the output is read-only": lambda: bench.place.chmod(0o444 if bench.place.is_file() else 0o555),
        "the output is closed": lambda: bench.place.chmod(0o000),
    }
    how = list(ways)[int(rng.integers(len(ways)))]
    bench.prepare(before=True)
    ways[how]()
    try:
        ended = Child(bench.writer.run(bench.writer.new, bench.folder), without_privileges).wait()
    finally:
        bench.folder.chmod(0o755)
        bench.place.chmod(0o644 if bench.place.is_file() else 0o755)
    resumes = bench.writer.name == "simulate"
    bench.counts.add(_judge(bench, ended, f"{bench.writer.name}, {how}", resumes=resumes))


def little_memory(bench: Bench, rng: np.random.Generator) -> None:
    """Too little memory for the work, or just enough."""
    more = int(rng.choice([0, 1 << 20, 4 << 20, 16 << 20, 64 << 20, 128 << 20]))
    bench.prepare(before=True)
    ended = Child(bench.writer.run(bench.writer.new, bench.folder), lambda: limit_memory(more)).wait()
    resumes = bench.writer.name == "simulate"
    bench.counts.add(_judge(bench, ended, f"{bench.writer.name}, {more >> 20} MB of memory", resumes=resumes))


def no_listener(bench: Bench, rng: np.random.Generator) -> None:
    """What is printed goes to a full disk, a closed pipe or nowhere; the output is whole, or the old one."""

    def full() -> None:
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)

    def broken() -> None:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        read, write = os.pipe()
        os.close(read)
        os.dup2(write, 1)

    how = {"a full disk": full, "a closed pipe": broken}
    name = list(how)[int(rng.integers(len(how)))]
    bench.prepare(before=True)
    ended = Child(bench.writer.run(bench.writer.new, bench.folder), how[name]).wait()
    case, faults = f"{bench.writer.name}, printing to {name}", list[Fault]()
    if ended.hung or "Traceback" in ended.said or ended.code not in (0, 1):
        faults.append(Fault(TRACEBACK, case, f"exit {ended.code}: {ended.said[-300:]}"))
    if tree(bench.place) not in (bench.trees["new"], bench.trees["old"]):
        faults.append(Fault(LOST, case, "neither the old nor the new output"))
    bench.counts.add(faults)


def closed_inputs(material: Material, folder: Path, counts: Counts) -> None:
    """Inputs that may not be read."""
    for name in (
        "portfolio",
        "model",
        "model/manifest.json",
        "model/arrays.npz",
        "portfolio/history/part-000000.parquet",
    ):
        for part in ("portfolio", "model"):
            clear(folder / part)
            copy(material.folder / part, folder / part)
        (folder / name).chmod(0)
        words = ("predict", "--data", folder / "portfolio", "--model", folder / "model", "--out", folder / "t.csv")
        ended = Child(command(*words, "--jobs", 1), without_privileges).wait()
        (folder / name).chmod(0o755)
        faults = outcome_fault(ended, f"{name} may not be read", codes=(1,))
        if (folder / "t.csv").exists():
            faults.append(Fault(LOST, f"{name} may not be read", "an output is there"))
        counts.add(faults)


def run(n: int, seed: int, material: Material, folder: Path) -> Counts:
    """About ``n`` refusals."""
    counts, rng = Counts("limits"), np.random.default_rng(seed)
    chosen = writers(material, few=n < 30)
    benches = [Bench(writer, folder / str(i), counts) for i, writer in enumerate(chosen)]
    ways = (full_disk, denied, little_memory, no_listener)
    for i in range(n * len(ways) // (len(ways) + 1)):
        ways[i % len(ways)](benches[i // len(ways) % len(benches)], rng)
    closed_inputs(material, folder, counts)
    return counts
