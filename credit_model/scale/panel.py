"""What a stage needs to know of the whole panel before it works on blocks: waves of cuts, and effects of months.

Both come of counts that add up over blocks; for the effects of months a few decisions of each are scored, the same ones
that are scored where the panel lies in memory.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from credit_model.arrays import IntArray
from credit_model.explain.month_effects import MonthEffects, month_effects_of_counts, sample_places
from credit_model.explain.waves import WaveCounts, Waves, count_lines, tiers_of, waves_of_counts
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import build_snapshots, decisions_of
from credit_model.scale.given import Given
from credit_model.scale.work import Progress, Result, Runner


@dataclass(frozen=True)
class Panel:
    """Of a whole panel: how many lines of each class were cut in each month, and the months' effects."""

    lines: WaveCounts
    effects: MonthEffects

    def waves(self, history: History, ladder: LimitLadder) -> Waves:
        """The waves of the panel, told of the rows of some of its borrowers."""
        return replace(waves_of_counts(self.lines, history, ladder), effects=self.effects)


@dataclass(frozen=True)
class CountLines:
    """Counts of a block: lines and cuts by class and month, and decisions at risk and their cuts by month."""

    given: Given
    name = "count"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        history, ladder = self.given.block(number), self.given.predictor.ladder
        row, fell = decisions_at_risk(history, ladder)
        months, place = np.unique(history.month_number[row], return_inverse=True)
        n = np.bincount(place, minlength=len(months))
        n_cut = np.bincount(place, weights=fell, minlength=len(months)).astype(np.int64)
        lines = [[*key, *counts] for key, counts in count_lines(history, ladder).items()]
        return {"lines": lines, "months": np.stack([months, n, n_cut], axis=1).tolist()}, {}


@dataclass(frozen=True)
class ScoreSample:
    """Keep scores of those of a block's decisions that stand for their months.

    Attributes
    ----------
    given : Given
    totals : tuple of (month, decisions of the whole panel)
    before : tuple of tuples, (n_blocks, n_months)
        Decisions of each month in the blocks before.
    of_trial : bool
        By the trial instead of the deployed fits.
    """

    given: Given
    totals: tuple[tuple[int, int], ...]
    before: tuple[tuple[int, ...], ...]
    of_trial: bool = False

    @property
    def name(self) -> str:
        """Of the stage, for its parts."""
        return "score-trial" if self.of_trial else "score"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        history, predictor = self.given.block(number), self.given.predictor
        fitted = predictor.fitted.as_trial() if self.of_trial else predictor.fitted
        at_risk, _ = decisions_at_risk(history, fitted.ladder)
        month, chosen = history.month_number[at_risk], list[IntArray]()
        for (one, total), before in zip(self.totals, self.before[number], strict=True):
            own, places = at_risk[month == one], sample_places(total)
            chosen.append(own[places[(places >= before) & (places < before + len(own))] - before])
        row = np.concatenate(chosen).astype(np.int64)
        if not len(row):
            return {"scores": [[] for _ in self.totals]}, {}
        whose, mine = np.unique(history.borrower_row[row], return_inverse=True)
        some = history.at(whose)
        place = some.starts[:-1][mine] + row - history.starts[:-1][whose[mine]]
        snapshots = build_snapshots(some, fitted.ladder, n_jobs=self.given.n_jobs)
        score = fitted.keep_scores(snapshots, place, n_jobs=self.given.n_jobs)
        ends = np.cumsum([len(own) for own in chosen])[:-1]
        return {"scores": [own.tolist() for own in np.split(score, ends)]}, {}


def decisions_at_risk(history: History, ladder: LimitLadder) -> tuple[IntArray, IntArray]:
    """Rows (n,) whose decision could lower the tier, and whether each did, 0 or 1."""
    tier, before = tiers_of(history, ladder)
    row = np.flatnonzero(decisions_of(history) & (before > 0)).astype(np.int64)
    return row, (tier[row] < before[row]).astype(np.int64)


def look_at_panel(
    given: Given, runner: Runner, parts: Path | None, *, of_trial: bool = False, on_progress: Progress | None = None
) -> Panel:
    """Go through all blocks for what only the whole panel shows.

    Parameters
    ----------
    given : Given
        With a model.
    runner : Runner
    parts : Path or None
        Where parts are kept.
    of_trial : bool, default False
        Effects of months as the trial sees them instead of the deployed fits.
    on_progress : callable, optional
        Called with the number of blocks done, in two passes, and of all.
    """
    n_blocks = len(given.partition)
    lines, months = Counter[tuple[str, int, int]](), list[dict[int, tuple[int, int]]]()
    cuts = Counter[tuple[str, int, int]]()

    def advance(done: int, _: int) -> None:
        if on_progress is not None:
            on_progress(done, 2 * n_blocks)

    for done in runner.run(CountLines(given), n_blocks, parts, on_progress=advance):
        for scope, group, month, n, n_cut in done.summary["lines"]:
            lines[scope, group, month] += n
            cuts[scope, group, month] += n_cut
        months.append({month: (n, n_cut) for month, n, n_cut in done.summary["months"]})
    known = sorted(set().union(*months))
    counts = np.array([[own.get(month, (0, 0)) for month in known] for own in months], dtype=np.int64)
    counts = counts.reshape(n_blocks, len(known), 2)
    before = np.cumsum(counts[:, :, 0], axis=0) - counts[:, :, 0]
    total, n_cut = counts.sum(axis=0).T
    stage = ScoreSample(
        given, tuple(zip(known, total.tolist(), strict=True)), tuple(map(tuple, before.tolist())), of_trial
    )
    scores: list[list[float]] = [[] for _ in known]
    for done in runner.run(stage, n_blocks, parts, on_progress=lambda k, n: advance(n + k, n)):
        for own, more in zip(scores, done.summary["scores"], strict=True):
            own.extend(more)
    score = np.array([one for own in scores for one in own], dtype=np.float64)
    number = np.array(known, dtype=np.int64)
    month = np.repeat(number, [len(own) for own in scores])
    effects = month_effects_of_counts(score, month, number, total, n_cut)
    return Panel({key: (n, cuts[key]) for key, n in lines.items()}, effects)
