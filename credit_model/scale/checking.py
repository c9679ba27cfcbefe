"""What a partition says of itself: the findings of its blocks, added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyarrow as pa

from credit_model.portfolio.findings import Findings, ladder_of, limit_counts
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.suspicions import Falls, LagCounts
from credit_model.scale.given import Given
from credit_model.scale.partition import Partition
from credit_model.scale.work import Done, Progress, Result, Runner

#: Fields of `Findings` that go by themselves.
_APART = ("ladder", "falls", "decided_tiers", "lags", "missing")


@dataclass(frozen=True)
class CountLimits:
    """The distinct limits of a block, and how often each occurs."""

    given: Given
    name = "limits"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        distinct, counts = limit_counts(self.given.block(number))
        return {}, {"limits": pa.table({"limit": distinct, "n": counts})}


@dataclass(frozen=True)
class CheckBlock:
    """The findings in a block."""

    given: Given
    amounts: tuple[float, ...]
    name = "check"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        found = Findings.of(self.given.block(number), LimitLadder(self.amounts))
        summary: dict[str, Any] = {name: value for name, value in vars(found).items() if name not in _APART}
        summary |= {"decided_tiers": sorted(found.decided_tiers), "missing": dict(found.missing)}
        summary["lags"] = {name: asdict(own) for name, own in found.lags.items()}
        return summary, {"falls": pa.table({name: getattr(found.falls, name) for name in Falls.NAMES})}


def check_partition(partition: Partition, runner: Runner, *, on_progress: Progress | None = None) -> Findings:
    """The findings in a whole partition.

    Parameters
    ----------
    partition : Partition
    runner : Runner
    on_progress : callable, optional

    Raises
    ------
    CreditModelError
        A ladder cannot be made of the limits.
    """
    given, ladder = Given.of(partition, n_jobs=runner.n_inside), ladder_of_partition(partition, runner)
    done = runner.run(CheckBlock(given, ladder.amounts), len(partition), on_progress=on_progress)
    return reduce(add, (_findings(one, ladder) for one in done))


def ladder_of_partition(partition: Partition, runner: Runner) -> LimitLadder:
    """The catalogue's ladder, or that of all limits of a partition."""
    catalogue = partition.catalogue
    if catalogue.ladder is not None:
        return catalogue.ladder
    total = Counter[float]()
    for one in runner.run(CountLimits(Given.of(partition)), len(partition)):
        table = one.table("limits")
        total.update(dict(zip(table["limit"].to_pylist(), table["n"].to_pylist(), strict=True)))
    distinct = np.array(sorted(total), dtype=np.float64)
    counts = np.array([total[amount] for amount in distinct.tolist()], dtype=np.int64)
    return ladder_of(distinct, counts, catalogue.quantiles)


def _findings(done: Done, ladder: LimitLadder) -> Findings:
    told, falls = dict(done.summary), done.table("falls")
    told["decided_tiers"] = frozenset(told["decided_tiers"])
    told["lags"] = {name: LagCounts(**own) for name, own in told["lags"].items()}
    columns = (falls.column(name).to_numpy() for name in Falls.NAMES)
    return Findings(ladder=ladder, falls=Falls(*columns), **told)
