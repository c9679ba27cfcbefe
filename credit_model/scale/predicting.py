"""Predictions and an evaluation of a partition, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_model.evaluation import (
    Evaluation,
    Forecasts,
    JudgedDecisions,
    check_any_test,
    evaluation_of,
    forecasts_of,
    judge_decisions,
)
from credit_model.scale.given import Given
from credit_model.scale.panel import Panel, look_at_panel
from credit_model.scale.tables import as_arrow, write_tables
from credit_model.scale.work import Progress, Result, Runner


@dataclass(frozen=True)
class PredictBlock:
    """Predictions for a block: the table of `LimitPredictor.predict`."""

    given: Given
    rows: str = "last"
    name = "predict"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        table = self.given.predictor.predict(self.given.block(number), rows=self.rows)
        chance = table["probability_decrease"].to_numpy()
        known = ~np.isnan(chance)
        summary = {
            "n": len(table),
            "falls": int((table["predicted_tier"] < table["tier_in_force"]).sum()),
            "chance": float(chance[known].sum()),
            "known": int(known.sum()),
        }
        return summary, {"table": as_arrow(table)}


@dataclass(frozen=True)
class Predicted:
    """What was written.

    Attributes
    ----------
    n, n_falls : int
        Predictions, and those of a lower tier.
    mean_chance : float
        Of a decrease; NaN where no limit in force is known.
    """

    n: int
    n_falls: int
    mean_chance: float


def write_predictions(
    given: Given,
    out: str | Path,
    parts: Path,
    runner: Runner,
    *,
    rows: str = "last",
    on_progress: Progress | None = None,
) -> Predicted:
    """Predict block by block into one table, as `files.write_table` writes that of `LimitPredictor.predict`.

    Parameters
    ----------
    given : Given
    out : path
        ``.parquet`` or ``.csv``.
    parts : Path
        Where parts are kept until all stand.
    runner : Runner
    rows : {"last", "decisions"}
    on_progress : callable, optional
    """
    done = list(runner.run(PredictBlock(given, rows), len(given.partition), parts, on_progress=on_progress))
    write_tables((one.table("table") for one in done), out)
    total = {name: sum(one.summary[name] for one in done) for name in ("n", "falls", "chance", "known")}
    mean = total["chance"] / total["known"] if total["known"] else float("nan")
    return Predicted(total["n"], total["falls"], mean)


@dataclass(frozen=True)
class EvaluateBlock:
    """What the trial says of a block's test decisions."""

    given: Given
    panel: Panel | None
    name = "evaluate"

    def __call__(self, number: int) -> Result:
        """Of block ``number``."""
        predictor, history = self.given.predictor, self.given.block(number)
        snapshots = predictor.snapshots(history)
        row, trial = predictor.test_rows(snapshots), predictor.as_trial()
        forecasts = forecasts_of(trial, snapshots, row)
        columns: dict[str, Any] = {"tier": forecasts.tier, "predicted": forecasts.predicted}
        columns |= {f"p{t}": column for t, column in enumerate(forecasts.probability.T)}
        tables = {}
        if self.panel is not None:
            columns["before"] = forecasts.tier_before
            waves = self.panel.waves(history, predictor.ladder)
            judged = judge_decisions(trial, snapshots, row, waves=waves)
            support = pa.array(judged.support.tolist(), pa.string())
            tables["judged"] = pa.table({"support": support, "risk": judged.risk, "fell": judged.fell})
        return {"borrowers": len(np.unique(snapshots.borrower_row[row]))}, {"forecasts": pa.table(columns), **tables}


def evaluate_partition(
    given: Given, parts: Path | None, runner: Runner, *, on_progress: Progress | None = None
) -> Evaluation:
    """`evaluation.evaluate` of a partition; the forecasts of the test decisions are held in memory at the end.

    Parameters
    ----------
    given : Given
    parts : Path or None
        Where parts are kept.
    runner : Runner
    on_progress : callable, optional

    Raises
    ------
    HistoryError
        There is no test decision.
    """
    n_blocks, predictor = len(given.partition), given.predictor
    moves = "tier_in_force" in predictor.fitted.catalogue.state_names

    def advance(done: int) -> None:
        if on_progress is not None:
            on_progress(done, (3 if moves else 1) * n_blocks)

    panel, before = None, 0
    if moves:
        panel = look_at_panel(given, runner, parts, of_trial=True, on_progress=lambda k, _: advance(k))
        before = 2 * n_blocks
    stage = EvaluateBlock(given, panel)
    done = list(runner.run(stage, n_blocks, parts, on_progress=lambda k, _: advance(before + k)))
    table = pa.concat_tables([one.table("forecasts") for one in done])
    check_any_test(len(table))
    probability = np.stack([table.column(f"p{t}").to_numpy() for t in range(predictor.ladder.n_tiers)], axis=1)
    forecasts = Forecasts(
        tier=table.column("tier").to_numpy(),
        tier_before=table.column("before").to_numpy() if moves else None,
        predicted=table.column("predicted").to_numpy(),
        probability=probability,
    )
    judged = _judged(pa.concat_tables([one.table("judged") for one in done])) if moves else None
    n_borrowers = sum(one.summary["borrowers"] for one in done)
    return evaluation_of(predictor.as_trial(), forecasts, judged, n_borrowers=n_borrowers)


def _judged(table: pa.Table) -> JudgedDecisions:
    return JudgedDecisions(
        support=np.array(table.column("support").to_pylist(), dtype=object),
        risk=table.column("risk").to_numpy(),
        fell=pd.Series(table.column("fell").to_numpy()).to_numpy(dtype=np.bool_),
    )
