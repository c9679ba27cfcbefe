"""Every decrease of a partition, explained block by block, and written as one."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from credit_model.explain.decreases import DecreaseExplanations, wave_table
from credit_model.explain.pairs import count_falls_within_tier
from credit_model.explain.tally import Tally
from credit_model.files import write_table
from credit_model.portfolio.history import History
from credit_model.scale.given import Given
from credit_model.scale.panel import Panel, look_at_panel
from credit_model.scale.tables import TableFile, as_arrow, table_file
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
    tally, falls, waves, heads = Tally(), 0, list[Any](), list[DecreaseExplanations]()
    with ExitStack() as files:
        written = dict[str, TableFile]()
        for number, one in enumerate(runner.run(stage, n_blocks, parts, on_progress=lambda k, n: advance(2 * n + k))):
            own, known = Tally(**one.summary["tally"]), sum(map(len, heads))
            if not heads or (own.n and known < first):
                heads.append(_first(stage, number, one, max(first - known, 0)))
                for name in () if written else heads[0].tables():
                    written[name] = files.enter_context(table_file(folder / f"{name}.parquet"))
            waves += [(row + tally.n, *wave) for row, *wave in one.summary["waves"]]
            tally += own
            falls += one.summary["falls"]
            for name, file in written.items():
                file.add(one.table(name))
    write_table(wave_table(waves), folder / "waves.parquet")
    of_all = DecreaseExplanations.concatenated(heads)[: max(first, 0)]
    of_all.seal(folder)
    shutil.rmtree(parts, ignore_errors=True)
    return Explained(tally, falls, of_all)


def _first(stage: ExplainBlock, number: int, done: Done, most: int) -> DecreaseExplanations:
    """The first decreases of a block, explained again for what its tables do not hold."""
    history = stage.given.block(number)
    whose = done.table("summary").column("borrower_id").slice(0, max(most, 1)).to_numpy()
    mine = np.flatnonzero(np.isin(history.borrower_ids, whose)) if len(whose) else np.arange(1)
    return stage.explained(history.at(mine))[:most]
