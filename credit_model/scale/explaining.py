"""Every decrease of a partition, explained block by block, and written as one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_model.explain.decreases import DecreaseExplanations, wave_table
from credit_model.explain.pairs import count_falls_within_tier
from credit_model.explain.tally import Tally
from credit_model.files import write_table
from credit_model.portfolio.history import History
from credit_model.scale.given import Given
from credit_model.scale.panel import Panel, look_at_panel
from credit_model.scale.tables import as_arrow, write_tables
from credit_model.scale.work import Done, Progress, Result, Runner

#: Where a folder that is being written keeps the parts of its blocks.
PARTS = "parts"


@dataclass(frozen=True)
class ExplainBlock:
    """The decreases of a block.

    Attributes
    ----------
    given : Given
        With a model.
    panel : Panel
    reference : str
    month : str or None
        Only those of this month.
    """

    given: Given
    panel: Panel
    reference: str = "last_set"
    month: str | None = None
    name = "explain"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        history = self.given.block(number)
        explained = self.explained(history)
        falls = count_falls_within_tier(history, self.given.predictor.ladder)
        summary = {"tally": Tally.of(explained).as_record(), "falls": falls, "waves": explained.wave_rows()}
        return summary, {name: as_arrow(table) for name, table in explained.tables().items()}

    def explained(self, history: History) -> DecreaseExplanations:
        """The decreases in the panel of some borrowers."""
        predictor = self.given.predictor
        snapshots = predictor.snapshots(history)
        waves = self.panel.waves(history, predictor.ladder)
        found = predictor.explain_snapshots(snapshots, reference=self.reference, waves=waves)
        return found if self.month is None else found.in_month(self.month)


@dataclass(frozen=True)
class Explained:
    """What was written: counts, falls within a tier, and the first decreases."""

    tally: Tally
    falls_within_tier: int
    first: DecreaseExplanations


def write_explanations(
    given: Given,
    folder: Path,
    runner: Runner,
    *,
    reference: str = "last_set",
    month: str | None = None,
    first: int = 0,
    on_progress: Progress | None = None,
) -> Explained:
    """Explain all decreases of a partition into an existing folder, as `DecreaseExplanations.write_into` does.

    Parameters
    ----------
    given : Given
    folder : Path
        Keeps parts below `PARTS` until all stand.
    runner : Runner
    reference, month
        As those of `ExplainBlock`.
    first : int
        So many decreases are given back, too.
    on_progress : callable, optional
        Called with the number of blocks done, in three passes, and of all.
    """
    n_blocks, parts = len(given.partition), folder / PARTS

    def advance(done: int) -> None:
        if on_progress is not None:
            on_progress(done, 3 * n_blocks)

    panel = look_at_panel(given, runner, parts, on_progress=lambda k, _: advance(k))
    stage = ExplainBlock(given, panel, reference, month)
    done = list(runner.run(stage, n_blocks, parts, on_progress=lambda k, n: advance(2 * n + k)))
    tally, falls, waves = Tally(), 0, list[Any]()
    for one in done:
        waves += [(row + tally.n, *wave) for row, *wave in one.summary["waves"]]
        tally += Tally(**one.summary["tally"])
        falls += one.summary["falls"]
    heads = _first(stage, done, max(first, 0))
    for name in heads.tables():
        write_tables((one.table(name) for one in done), folder / f"{name}.parquet")
    write_table(wave_table(waves), folder / "waves.parquet")
    heads.seal(folder)
    shutil.rmtree(parts, ignore_errors=True)
    return Explained(tally, falls, heads)


def _first(stage: ExplainBlock, done: list[Done], most: int) -> DecreaseExplanations:
    """The first decreases, from the first block that has so many or from all before."""
    found = list[DecreaseExplanations]()
    for number, one in enumerate(done):
        if one.summary["tally"]["n"] or (number == len(done) - 1 and not found):
            found.append(stage.explained(stage.given.block(number))[:most])
        if sum(map(len, found)) >= most and found:
            break
    return DecreaseExplanations.concatenated(found)[:most]
