"""Two runs into the same output at once, and a reader beside a writer: in the end one of the two is there, whole."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from credit_model import DecreaseExplanations, LimitPredictor
from credit_model.errors import CreditModelError
from tests.faults.children import Child, Ended, outcome_fault
from tests.faults.counts import LEFTOVER, LOST, Counts, Fault
from tests.faults.kills import Bench, writers
from tests.faults.material import Material, clear, copy, tree

_REFUSED = "another run is writing"


def _pair(bench: Bench, delay: float, before: bool, same: bool) -> None:
    bench.prepare(before)
    writer = bench.writer
    words = writer.new if same else writer.old
    first = Child(writer.run(words, bench.folder))
    time.sleep(delay)
    second = Child(writer.run(writer.new, bench.folder))
    ended = [first.wait(), second.wait()]
    case = f"{writer.name}, two at once, {delay:.3f} s apart, {'over an old output' if before else 'to a new place'}"
    faults = [fault for one in ended for fault in outcome_fault(one, case)]
    if not any(one.code == 0 for one in ended):
        faults.append(Fault(LOST, case, f"both failed: {ended[0].said} {ended[1].said}"))
    faults += [Fault(LOST, case, one.said) for one in ended if one.code == 1 and _REFUSED not in one.said]
    if (found := tree(bench.place)) not in (bench.trees["new"], None if same else bench.trees["old"]):
        faults.append(Fault(LOST, case, f"neither of the two is there: {found}"))
    if left := sorted(p.name for p in bench.folder.iterdir() if p != bench.place):
        faults.append(Fault(LEFTOVER, case, f"there are {left}"))
    bench.counts.add(faults)


def _read_beside(counts: Counts, kind: str, folder: Path, sources: tuple[Path, Path], seconds: float) -> None:
    """Read what another process replaces again and again: what is read is one of the two, whole."""
    place = folder / kind
    copy(sources[0], place)

    def write() -> None:
        until = time.perf_counter() + seconds
        loaded = [LimitPredictor.load(s) if kind == "model" else DecreaseExplanations.load(s) for s in sources]
        while time.perf_counter() < until:
            for one in loaded:
                one.save(place)

    def read() -> str:
        return (
            LimitPredictor.load(place).version if kind == "model" else str(DecreaseExplanations.load(place).reference)
        )

    allowed = {
        LimitPredictor.load(s).version if kind == "model" else DecreaseExplanations.load(s).reference for s in sources
    }
    child, n, refused = Child(write), 0, list[str]()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        n += 1
        try:
            if (found := read()) not in allowed:
                counts.add([Fault(LOST, f"{kind} read while it is replaced", f"read {found}")], tried=0)
        except CreditModelError as error:
            refused.append(str(error))
            if "damaged" in refused[-1]:  # a user would restore a sound folder from a copy
                counts.add([Fault(LOST, f"{kind} read while it is replaced", refused[-1])], tried=0)
    ended: Ended = child.wait()
    counts.add(outcome_fault(ended, f"{kind} replaced while it is read"))
    if refused:
        counts.notes.append(
            f"{kind} read while it is replaced: {len(refused)} of {n} refused, such as: {refused[0][:300]}"
        )
    clear(place)


def run(n: int, seed: int, material: Material, folder: Path) -> Counts:
    """Judge ``n`` pairs of runs, and readers beside writers."""
    counts, rng = Counts("concurrent"), np.random.default_rng(seed)
    chosen = writers(material, few=n < 20)
    benches = [Bench(writer, folder / str(i), counts) for i, writer in enumerate(chosen)]
    for bench in benches:
        bench.n_steps(before=False)  # also how long a run takes
    for i in range(n):
        bench = benches[i % len(benches)]
        delay = float(rng.choice([0.0, rng.uniform(0, bench.seconds)]))
        _pair(bench, delay, bool(rng.integers(2)), not rng.integers(4))
    seconds = min(n / 10, 5.0)
    _read_beside(counts, "model", folder, (material.model, material.folder / "other_model"), seconds)
    _read_beside(counts, "explanations", folder, (material.explanations, material.explanations), seconds)
    return counts
