"""What the benchmarks share: interleaved timing, and printing of rows, ratios and goals."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np


def median_seconds(
    work: Mapping[str, Callable[[], Any]], *, repeats: int, clock: Callable[[], float] = perf_counter
) -> dict[str, list[float]]:
    """Time every piece of work ``repeats`` times, in turn, so that a busy machine is busy for all of them.

    Work that stays on one thread is timed best by ``time.thread_time``, which does not count waiting for a core.

    Returns
    -------
    dict of lists
        Seconds of each repeat; element i of all lists was measured in the same round. A first round warms up.
    """
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for repeat in range(repeats + 1):
        for name, run in work.items():
            start = clock()
            run()
            if repeat:
                seconds[name].append(clock() - start)
    return seconds


def paired_ratio(seconds: Sequence[float], base: Sequence[float]) -> float:
    """Median over rounds of the ratio of two pieces of work."""
    return float(np.median(np.asarray(seconds) / np.asarray(base)))


@dataclass(frozen=True)
class Goal:
    """A number to hold: ``found`` must be at most (or at least) ``limit``."""

    what: str
    found: float
    limit: float
    at_most: bool

    @property
    def holds(self) -> bool:
        """Whether the goal is met."""
        return self.found <= self.limit if self.at_most else self.found >= self.limit

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        return f"{'holds ' if self.holds else 'MISSED'}  {self.what}: {self.found:.4g} {sign} {self.limit:g}"


def at_most(what: str, found: float, limit: float) -> Goal:
    """The goal ``found <= limit``."""
    return Goal(what, found, limit, True)


def at_least(what: str, found: float, limit: float) -> Goal:
    """The goal ``found >= limit``."""
    return Goal(what, found, limit, False)


def show_table(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under a header; the first column is a name, numbers get four significant digits."""
    texts = [[cell if isinstance(cell, str) else _number(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(header), *texts]) for i in range(len(header))]
    print(f"\n{title}")
    for line in [list(header), ["-" * w for w in widths], *texts]:
        print("  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]))
    sys.stdout.flush()


def show_goals(goals: Sequence[Goal]) -> None:
    """Print whether each goal holds."""
    print()
    for goal in goals:
        print(goal)
    sys.stdout.flush()


def show_machine(*packages: str) -> None:
    """Print what the figures depend on: processor, Python and versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "numba", *packages))
    print(f"{_processor()}, Python {platform.python_version()}, {versions}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "?")


def _number(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "-"
    if isinstance(value, int | np.integer):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
