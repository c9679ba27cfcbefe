"""Commands that write are killed at every step that changes names, and at random times; nothing may be lost by it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults.children import Child, Ended, command, forked, in_process
from tests.faults.counts import LEFTOVER, LOST, TRACEBACK, WRONG, Counts, Fault
from tests.faults.material import Material, clear, copy, tree

#: Calls that change what lies under which name, or that it lasts.
STEPS = ("rename", "replace", "unlink", "remove", "rmdir", "mkdir", "fsync", "chmod", "link", "symlink")


@dataclass(frozen=True)
class Writer:
    """A command that writes ``out``: the words that made the old one, and those that make the new one."""

    name: str
    out: str
    old: tuple[object, ...]
    new: tuple[object, ...]
    #: Words of a command that reads the output, {} its place; what is only under a hidden name is read by it, too.
    reads: tuple[object, ...] = ()

    def run(self, words: tuple[object, ...], folder: Path) -> Callable[[], object]:
        """The command, for a child."""
        return command(*words, "--out" if self.name != "grade" else "--json", folder / self.out)


def writers(material: Material, *, few: bool = False) -> list[Writer]:
    """All commands that write files or folders; or the quickest of each sort."""
    found = _writers(material)
    quick = ("simulate", "train", "explain", "predict csv", "notice html")
    return [writer for writer in found if writer.name in quick] if few else found


def _writers(material: Material) -> list[Writer]:
    on = ("--data", material.portfolio, "--model", material.model, "--jobs", 1)
    other = ("--data", material.portfolio, "--model", material.folder / "other_model", "--jobs", 1)
    who, month = material.cut()
    cut = ("--borrower", who, "--month", month)
    panel = ("simulate", "--borrowers", 40, "--months", 24, "--jobs", 1)
    return [
        Writer("simulate", "p", (*panel, "--seed", 1), (*panel, "--seed", 2), ("check", "--data", "{}")),
        Writer("train", "m", *_two("train", on[:2] + on[4:] + ("--trees", 3, "--force"), ("--seed", 1), ("--seed", 2)),
               ("predict", *on[:2], "--jobs", 1, "--model", "{}", "--out")),
        Writer("explain", "x", *_two("explain", on, ("--plots", 0), ("--plots", 0, "--reference", "last_review"))),
        Writer("explain drawn", "x", *_two("explain", on, ("--plots", 1), ("--plots", 1, "--lang", "zh"))),
        Writer("report", "r", *_two("report", (*on, "--most", 2), ("--lang", "en"), ("--reference", "last_review"))),
        Writer("evaluate", "e", ("evaluate", *on), ("evaluate", *other)),
        Writer("predict csv", "t.csv", *_two("predict", on, ("--rows", "last"), ("--rows", "decisions"))),
        Writer("predict parquet", "t.parquet", *_two("predict", on, ("--rows", "last"), ("--rows", "decisions"))),
        Writer("notice html", "n.html", *_two("notice", on + cut, ("--lang", "en"), ("--lang", "zh"))),
        Writer("notice json", "n.json", *_two("notice", on + cut, ("--lang", "en"), ("--lang", "zh"))),
        Writer("plot", "p.svg", *_two("plot", ("leading", *on), ("--lang", "en"), ("--lang", "zh"))),
        Writer("convert home-credit", "h.parquet", *_two("convert", ("home-credit",),
               (material.folder / "home_credit",),
               (material.folder / "other_home_credit",))),
        Writer("convert uci-taiwan", "u.csv", ("convert", "home-credit", material.folder / "home_credit"),
               ("convert", "uci-taiwan", material.folder / "uci.csv")),
    ]  # fmt: skip


def _two(name: str, shared: tuple[Any, ...], old: tuple[Any, ...], new: tuple[Any, ...]) -> list[tuple[object, ...]]:
    return [(name, *shared, *old), (name, *shared, *new)]


class Bench:
    """One writer's trials: its undisturbed outputs, and the judgement after each kill."""

    def __init__(self, writer: Writer, folder: Path, counts: Counts) -> None:
        self.writer, self.folder, self.counts = writer, folder, counts
        self.place = folder / writer.out
        self.trees: dict[str, Any] = {}
        self.seconds = 0.0
        for which, words in (("old", writer.old), ("new", writer.new)):
            folder.mkdir(parents=True, exist_ok=True)
            in_process(writer.run(words, folder))  # its children then have compiled functions from the start
            self.trees[which] = tree(self.place)
            clear(folder.with_name(folder.name + which))
            copy(self.place, folder.with_name(folder.name + which))
            clear(self.place)

    def prepare(self, before: bool) -> None:
        """An empty folder, or one with the old output."""
        clear(self.folder)
        self.folder.mkdir()
        if before:
            copy(self.folder.with_name(self.folder.name + "old"), self.place)

    def n_steps(self, before: bool) -> int:
        """Number of `STEPS` of an undisturbed run."""
        self.prepare(before)
        log = self.folder.with_name(self.folder.name + "steps")

        def work() -> None:
            count = _at_step(0, lambda: None)
            try:
                self.writer.run(self.writer.new, self.folder)()
            finally:
                log.write_text(str(count[0]))

        self.seconds = forked(work).seconds
        return int(log.read_text())

    def kill_at(self, step: int, number: int, before: bool, again: str) -> None:
        """Kill a run just before one of its steps, then judge."""
        self.prepare(before)

        def work() -> None:
            _at_step(step, lambda: os.kill(os.getpid(), number))
            self.writer.run(self.writer.new, self.folder)()

        self._judge(forked(work), f"killed by {signal.Signals(number).name} at step {step}", before, again)

    def kill_after(self, seconds: float, number: int, before: bool, again: str) -> None:
        """Kill a run at some time, then judge."""
        self.prepare(before)
        child = Child(self.writer.run(self.writer.new, self.folder))
        time.sleep(seconds)
        child.kill(number)
        self._judge(child.wait(), f"killed by {signal.Signals(number).name} after {seconds:.3f} s", before, again)

    def _judge(self, ended: Ended, how: str, before: bool, again: str) -> None:
        case = f"{self.writer.name} {'over an old output' if before else 'to a new place'}, {how}, then again ({again})"
        faults = []
        if ended.hung or "Traceback" in ended.said:
            faults.append(Fault(TRACEBACK, case, ended.said[-300:] or "did not end"))
        found = tree(self.place)
        allowed = [self.trees["new"], self.trees["old"] if before else None]
        if found not in allowed:
            faults += self._only_hidden(case) if found is None else [Fault(LOST, case, f"half: {found}")]
        words = self.writer.new if again == "new" else self.writer.old
        ended = forked(self.writer.run(words, self.folder))
        if ended.code:
            faults.append(Fault(TRACEBACK, case, f"the next run ends with {ended.code}: {ended.said[-300:]}"))
        elif tree(self.place) != self.trees[again]:
            faults.append(Fault(WRONG, case, "the next run's output is not that of an undisturbed run"))
        left = sorted(p.name for p in self.folder.iterdir() if p != self.place)
        if left:
            faults.append(Fault(LEFTOVER, case, f"after the next run there are {left}"))
        self.counts.add(faults)

    def _only_hidden(self, case: str) -> list[Fault]:
        """Between two renames the old output is under a hidden name alone, where the command that reads it looks."""
        hidden = [p for p in self.folder.iterdir() if p.name.endswith(".old") and tree(p) == self.trees["old"]]
        if not hidden:
            return [Fault(LOST, case, f"neither old nor new, there are {[p.name for p in self.folder.iterdir()]}")]
        self.counts.notes.append(f"{case}: only under the hidden name {hidden[0].name}")
        if not self.writer.reads:
            return []
        words = [self.place if word == "{}" else word for word in self.writer.reads]
        if words[-1] == "--out":
            words.append(self.folder.with_name("read.csv"))
        ended = forked(command(*words))
        return [Fault(LOST, case, f"{words[0]} of the output then says: {ended.said.strip()}")] if ended.code else []


def _at_step(step: int, act: Callable[[], object]) -> list[int]:
    """Let ``act`` come before the step-th of `STEPS` of this process; the list holds how many there were."""
    count = [0]

    def watch(name: str) -> None:
        real = getattr(os, name)

        def counted(*given: Any, **more: Any) -> Any:
            count[0] += 1
            if count[0] == step:
                act()
            return real(*given, **more)

        setattr(os, name, counted)

    for name in STEPS:
        watch(name)
    return count


def run(n: int, seed: int, material: Material, folder: Path) -> Counts:
    """About ``n`` kills: at every step of every command if that is enough; a quarter at random times."""
    counts, rng = Counts("kills"), np.random.default_rng(seed)
    chosen = writers(material, few=n < 100)
    benches = [Bench(writer, folder / str(i), counts) for i, writer in enumerate(chosen)]
    places = (True, False) if n >= 100 else (True,)
    cases = [(b, step, before) for b in benches for before in places for step in range(1, b.n_steps(before) + 1)]
    counts.notes.append(f"{len(cases)} steps of {len(benches)} commands")
    at_steps = n - n // 4
    if len(cases) > at_steps:
        cases = [cases[i] for i in sorted(rng.choice(len(cases), at_steps, replace=False))]
    numbers = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
    for bench, step, before in cases:
        bench.kill_at(step, numbers[int(rng.integers(3))], before, ("new", "old")[int(rng.integers(4) == 0)])
    for _ in range(n // 4):
        bench = benches[int(rng.integers(len(benches)))]
        # Not SIGINT: before a command has begun, a traceback is Python's own.
        number, before = numbers[int(rng.integers(2))], bool(rng.integers(2))
        bench.kill_after(float(rng.uniform(0.01, max(bench.seconds, 0.02))), number, before, "new")
    return counts
