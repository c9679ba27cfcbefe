"""The lines of a partition that are likely to be cut next: looked at block by block, ranked together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.special import expit

from credit_model.act.plans.plan import Plan
from credit_model.act.plans.planning import plan_rows
from credit_model.act.warning.inputs import inputs_of
from credit_model.act.warning.outcomes import open_lines
from credit_model.act.warning.reasons import WarningReasons, warning_reasons
from credit_model.act.warning.watching import (
    Warnings,
    check_any_open,
    known_until,
    month_among,
    n_alerts,
    risk_scores,
    warned_version,
    warning_of,
)
from credit_model.arrays import IntArray
from credit_model.model.early_warning import HEADLINE, LEADS
from credit_model.portfolio.snapshots import Snapshots, build_snapshots
from credit_model.portfolio.standing import standing_of
from credit_model.scale.given import Given
from credit_model.scale.work import Progress, Result, Runner


@dataclass(frozen=True)
class WatchBlock:
    """The open lines of a block, at the end of a month, and their risks."""

    given: Given
    month: int
    name = "watch"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        history = known_until(self.given.block(number), self.month)
        fitted, jobs = self.given.predictor.fitted, self.given.n_jobs
        snapshots, row, risk = None, np.empty(0, dtype=np.int64), np.empty((0, LEADS))
        if len(history):
            snapshots = build_snapshots(history, fitted.ladder, n_jobs=jobs)
            row = np.flatnonzero(open_lines(snapshots) & (snapshots.month_number == self.month)).astype(np.int64)
        if snapshots is not None and len(row):
            inputs = inputs_of(fitted, standing_of(snapshots, LEADS, n_jobs=jobs), row, n_jobs=jobs)
            risk = expit(risk_scores(warning_of(fitted), inputs, n_jobs=jobs))
        whose = history.borrower_row[row]
        limit = history.values(history.catalogue.limit)[row]
        columns = {"place": whose, "limit": limit, "tier": fitted.ladder.tier_of(limit)}
        columns |= {f"risk{lead}": column for lead, column in enumerate(risk.T)}
        ids = history.borrower_ids[whose]
        own = pa.array(ids, pa.int64() if ids.dtype == np.int64 else pa.string())
        return {"n": len(row)}, {"lines": pa.table({"borrower": own, **columns})}


@dataclass(frozen=True)
class WhyBlock:
    """Why the alerted lines of a block are at risk.

    Attributes
    ----------
    given : Given
    month : int
    alerted : tuple of tuples
        Of each block the alerted lines, by their borrowers' places among those of `known_until`.
    """

    given: Given
    month: int
    alerted: tuple[tuple[int, ...], ...]
    name = "why"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        fitted, jobs = self.given.predictor.fitted, self.given.n_jobs
        if not self.alerted[number]:
            return {"n": 0}, {}
        snapshots, row = self.lines(number)
        standing = standing_of(snapshots, LEADS, n_jobs=jobs)
        reasons = warning_reasons(fitted, warning_of(fitted), standing, row, n_jobs=jobs)
        columns = {}
        for one in fields(WarningReasons):
            values = getattr(reasons, one.name)
            if values.ndim == 1:
                columns[one.name] = values
            else:
                columns |= {f"{one.name}.{k}": column for k, column in enumerate(values.T)}
        columns["set_month"] = snapshots.month_number[reasons.reference_row]
        return {"n": len(row)}, {"reasons": pa.table(columns)}

    def lines(self, number: int) -> tuple[Snapshots, IntArray]:
        """Snapshots of the borrowers of a block's alerted lines, and the lines' rows."""
        history = known_until(self.given.block(number), self.month)
        some = history.at(np.array(self.alerted[number], dtype=np.int64))
        snapshots = build_snapshots(some, self.given.predictor.ladder, n_jobs=self.given.n_jobs)
        return snapshots, (some.starts[1:] - 1).astype(np.int64)


def watch_partition(
    given: Given,
    parts: Path | None,
    runner: Runner,
    *,
    month: str | None = None,
    capacity: float = 0.05,
    plans: bool = False,
    horizon: int = 6,
    on_progress: Progress | None = None,
) -> Warnings:
    """`LimitPredictor.watch` of a partition; a row a line is held in memory.

    Parameters
    ----------
    given : Given
        With a model that has the early warning.
    parts : Path or None
        Where parts are kept.
    runner : Runner
    month, capacity, plans, horizon
        As those of `LimitPredictor.watch`.
    on_progress : callable, optional

    Raises
    ------
    CreditModelError, HistoryError
        As `LimitPredictor.watch`.
    """
    fitted, partition = given.predictor.fitted, given.partition
    warning, number, n_blocks = (
        warning_of(fitted),
        month_among(month, partition.months, partition.month_type),
        len(partition),
    )
    n_alerts(1, capacity)  # refuses what is no share before any work

    def advance(done: int) -> None:
        if on_progress is not None:
            on_progress(done, 2 * n_blocks)

    stage = WatchBlock(given, number)
    lines = [done.table("lines") for done in runner.run(stage, n_blocks, parts, on_progress=lambda k, _: advance(k))]
    block = np.repeat(np.arange(n_blocks), [len(own) for own in lines])
    table = pa.concat_tables(lines)
    n = n_alerts(len(table), capacity)
    check_any_open(n, fitted, number, partition.month_type)
    risk = np.stack([table.column(f"risk{lead}").to_numpy() for lead in range(LEADS)], axis=1)
    order = np.argsort(-risk[:, HEADLINE - 1], kind="stable")
    first = np.sort(order[:n])  # the alerted lines in the order of the blocks
    place = table.column("place").to_numpy()
    own = tuple(tuple(place[first[block[first] == k]].tolist()) for k in range(n_blocks))
    why = WhyBlock(given, number, own)
    done = list(runner.run(why, n_blocks, parts, on_progress=lambda k, n: advance(n + k)))
    found = pa.concat_tables([one.table("reasons") for one in done if one.summary["n"]])
    back = np.searchsorted(first, order[:n])
    ids = table.column("borrower")
    borrower = ids.to_numpy() if pa.types.is_integer(ids.type) else np.array(ids.to_pylist(), dtype=object)
    keeping = dict(_plans(why, first, order[:n], horizon)) if plans else {}
    return Warnings(
        catalogue=fitted.catalogue,
        model_version=warned_version(fitted),
        month_type=partition.month_type,
        month_number=number,
        capacity=float(capacity),
        usual=warning.usual,
        borrower_id=borrower[order],
        limit=table.column("limit").to_numpy()[order],
        tier=table.column("tier").to_numpy()[order],
        risk=risk[order],
        alerted=np.arange(len(order)) < n,
        reasons=_reasons(found, back),
        set_month_number=found.column("set_month").to_numpy()[back],
        plans=keeping,
    )


def _reasons(table: pa.Table, order: IntArray) -> WarningReasons:
    values = {}
    for one in fields(WarningReasons):
        names = [one.name] if one.name in table.column_names else None
        if names is not None:
            values[one.name] = np.asarray(table.column(one.name).to_numpy())[order]
        else:
            wide = [name for name in table.column_names if name.startswith(f"{one.name}.")]
            values[one.name] = np.stack([table.column(name).to_numpy() for name in wide], axis=1)[order]
    return WarningReasons(**values)


def _plans(why: WhyBlock, first: IntArray, ranked: IntArray, horizon: int) -> Iterator[tuple[int, Plan]]:
    """Plans that keep the limits of the alerted lines, by the line's rank, as `LimitPredictor.watch` makes them."""
    rank = dict(zip(ranked.tolist(), range(len(ranked)), strict=True))
    before, predictor = 0, why.given.predictor
    for number, own in enumerate(why.alerted):
        if not own:
            continue
        snapshots, row = why.lines(number)
        place = np.flatnonzero(snapshots.tier_before[row] == snapshots.tier_after[row])
        found = plan_rows(
            predictor.fitted, snapshots, row[place], goal="keep", horizon=horizon, rule=predictor.support,
            n_jobs=why.given.n_jobs,
        )  # fmt: skip
        for one, plan in zip(place.tolist(), found, strict=True):
            yield rank[int(first[before + one])], plan
        before += len(own)
