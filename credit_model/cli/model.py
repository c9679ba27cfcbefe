"""Commands of the model: train, evaluate, predict."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from credit_model.cli import by_blocks, engine_options, options
from credit_model.cli.console import heading, progress, say, show_facts, show_table, working
from credit_model.cli.explain_engine import own_predictor
from credit_model.cli.outputs import File, Folder
from credit_model.errors import HistoryError
from credit_model.evaluation import (
    Evaluation,
    cross_fitted_support,
    evaluate,
    frequency_table,
    refit_stability,
)
from credit_model.explain.support import support_table
from credit_model.files import fresh_folder, write_manifest, write_table
from credit_model.model.artifact import FORMAT as MODEL_FORMAT
from credit_model.model.engines.choosing import DEVICES, ENGINES, check_engine
from credit_model.model.metrics import one_hot, ranked_probability_score
from credit_model.model.structures import STRUCTURES
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.history import History
from credit_model.predictor import LimitPredictor
from credit_model.training_rows import MOST_DECISIONS

if TYPE_CHECKING:
    from credit_model.scale.partition import Partition
    from credit_model.scale.work import Runner

#: Of an evaluation's folder.
FORMAT = "credit_model.evaluation/1"
#: Rows of histories that are looked at together.
ROWS_AT_ONCE = 200_000


@options.command()
@options.data
@options.catalogue
@options.out("Folder of the model to write.", Folder(MODEL_FORMAT, guarded=True))
@click.option("--force", is_flag=True, help="Replace a model that stands there.")
@click.option(
    "--trees", type=click.IntRange(1, 100_000), default=None, help="Most trees (fewer where held-out months say so)."
)
@click.option(
    "--fits",
    type=click.IntRange(1, 100),
    default=8,
    show_default=True,
    help="Deployed fits: several, each on half of the borrowers, so that borrowers are explained by those that did not "
    "see them and it is told how many agree (each costs half a fit); or 1, on all of them, which is faster.",
)
@click.option(
    "--structure",
    type=click.Choice(["auto", *STRUCTURES]),
    default="auto",
    show_default=True,
    help="One additive score with a line for each tier, one joint score whose columns interact, free interactions, or "
    "two heads (is it cut, is it raised); auto takes what does best on the decisions held out.",
)
@click.option(
    "--most-decisions",
    type=click.IntRange(1),
    default=MOST_DECISIONS,
    show_default=True,
    metavar="N",
    help="Decisions to learn from at most: all that changed a limit, and of those that kept it as many as there is "
    "room for, drawn by chance and weighed accordingly.",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="What fits the trees: the package's own booster where it can (auto), scikit-learn, LightGBM or XGBoost. The "
    "model does not need the library any more.",
)
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="cpu",
    show_default=True,
    help="Where XGBoost fits: on processors or on a GPU.",
)
@click.option(
    "--warning/--no-warning",
    default=True,
    show_default=True,
    help="Fit the early warning too, which 'watch' takes.",
)
@engine_options.own_model
@options.seed("Draws the split and the fit.")
@options.jobs
@options.dask
def train_command(
    data: options.DataSource,
    catalogue: str,
    out: str,
    force: bool,
    trees: int | None,
    fits: int,
    structure: str,
    most_decisions: int,
    engine: str,
    device: str,
    warning: bool,
    own: engine_options.OwnModelOptions,
    seed: int,
    jobs: int,
    dask: str | None,
) -> None:
    """Train a limit-tier model on histories.

    Borrowers and months are held out to stop the fit and to test it. With --engine-model nothing is trained: your own
    model decides, as --decide says, and what became of its decisions is learnt.

    \b
    Example:  credit-model train --data portfolio --out model
              credit-model train --data cards.csv --catalogue cards.toml --out model
              credit-model train --engine-model lightgbm.txt --decide decide.toml --data panel.csv --catalogue mine.toml
                                 --out model
    """
    declared = read_catalogue(catalogue)
    if own.engine_model is None:
        engine_options.none_of({"--decide": own.decide, "--class": own.score_class}, "goes with --engine-model")
        check_engine(engine, device)
        booster: dict[str, Any] = {"structure": structure, "engine": engine, "device": device, "max_iter": trees}
        if most_decisions != MOST_DECISIONS:
            booster["most_decisions"] = most_decisions
        predictor = LimitPredictor(declared, seed=seed, n_fits=fits, n_jobs=jobs, **booster)
    else:
        engine_options.none_of(
            {"--engine": engine != "auto", "--device": device != "cpu"},
            "says what trains, and with --engine-model nothing is trained",
        )
        predictor = own_predictor(own, catalogue, jobs=jobs, seed=seed)
    start = time.perf_counter()
    with by_blocks.runner_of(data, dask, jobs) as runner:
        if runner is None or own.engine_model is not None:
            history = data.history(declared)
            with working("training"):
                predictor.fit(history)
            without = add_warning(predictor, history) if warning else "left out"
            tested: Iterable[History] = [history]
        else:
            without, tested = _trained_by_blocks(predictor, data.partition(declared), runner, warning=warning)
    predictor.save(out)
    heading(f"Model {predictor.version}")
    show_facts(
        [
            ("training decisions", predictor.n_training_rows),
            *([] if (n := predictor.fitted.n_decisions) is None else [("drawn from", n)]),
            ("structure", "your own" if own.engine_model else predictor.model_.structure_),
            ("trees", predictor.bag.n_trees),
            ("fits", len(predictor.bag)),
            ("tiers", predictor.ladder.n_tiers),
            ("features", len(declared.driver_names)),
            ("factors", len(declared.factor_ids)),
            ("early warning", without or "yes"),
            ("seconds", round(time.perf_counter() - start, 1)),
            ("written to", out),
        ]
    )
    warn_if_useless(predictor, tested)
    say(f"Next: credit-model evaluate {data.words} --model {out} --out evaluation")


def add_warning(predictor: LimitPredictor, history: History) -> str:
    """Fit the early warning beside a model; "none" where the history does not let it, which is told."""
    try:
        with working("training the early warning"):
            predictor.add_warning(history)
    except HistoryError as reason:
        say(f"Note: no early warning: {reason}")
        return "none"
    return ""


def _trained_by_blocks(
    predictor: LimitPredictor, partition: Partition, runner: Runner, *, warning: bool
) -> tuple[str, Iterable[History]]:
    """Train on a partition; what to say of the early warning, and the panels of the borrowers to test it on."""
    from credit_model.scale.learning import fit_partition, tested_panels, warned_panel

    with progress("training") as advance:
        borrowers = fit_partition(predictor, partition, runner, on_progress=advance)
    without = "left out"
    if warning:
        without = add_warning(predictor, warned_panel(predictor, partition, borrowers))
    return without, tested_panels(predictor, partition)


def warn_if_useless(predictor: LimitPredictor, histories: Iterable[History]) -> None:
    """Say it where the model forecasts worse than "no change" does, on decisions of some panels that it never saw."""
    if "tier_in_force" not in predictor.fitted.catalogue.state_names:
        return
    trial, n, loss = predictor.as_trial(), list[int](), list[tuple[float, float]]()
    tests = predictor.fitted.split.tests
    for block in (
        block for one in histories for block in one.at(np.flatnonzero(tests(one.borrower_ids))).blocks(ROWS_AT_ONCE)
    ):
        snapshots = predictor.snapshots(block)
        row = predictor.test_rows(snapshots)
        row = row[snapshots.tier_before[row] >= 0]
        if not len(row):
            continue
        tier, before = snapshots.tier_after[row], snapshots.tier_before[row]
        n.append(len(row))
        ours = ranked_probability_score(tier, trial.predict_proba(snapshots, row))
        loss.append((ours, ranked_probability_score(tier, one_hot(before, predictor.ladder.n_tiers))))
    if not n:
        return
    ours, no_change = np.average(loss, axis=0, weights=n).tolist()
    if ours >= no_change:
        say(
            f"Warning: on {sum(n):,} decisions never seen, the model is no better than 'no change' (ranked "
            f"probability score {ours:.4f}, no change {no_change:.4f}); give longer histories, or features that tell "
            "more, before you explain anything with it"
        )


@options.command()
@options.model_on_data
@options.out("Folder to write scores and calibration to.", Folder(FORMAT), required=False)
@options.dask
@click.option(
    "--cross-fit",
    type=click.IntRange(2, 1000),
    default=None,
    metavar="K",
    help="Also judge all decisions, each by a model fitted on other borrowers (K fits: slow).",
)
@click.option(
    "--multiclass",
    type=click.IntRange(1, 100_000),
    default=None,
    metavar="ROUNDS",
    help="Also fit scikit-learn's multiclass boosting on the same rows, as a peer (slow).",
)
@click.option(
    "--refits",
    type=click.IntRange(1, 1000),
    default=None,
    metavar="N",
    help="Also fit N more models with other seeds, and say how stable the top reasons are (slow).",
)
def evaluate_command(
    source: options.ModelOnData,
    out: str | None,
    cross_fit: int | None,
    multiclass: int | None,
    refits: int | None,
    dask: str | None,
) -> None:
    """Test a model on borrowers and months that it never saw.

    Prints how good the forecasts are, and how far cuts are supported at what price: the share of decisions that kept
    the limit and of which the model says the same.

    \b
    Example:  credit-model evaluate --data portfolio --model model --out evaluation
    """
    predictor, by_fits = source.predictor, any((cross_fit, multiclass, refits))
    with by_blocks.runner_of(source.data, dask, source.jobs) as runner:
        result = _evaluated(source, None if by_fits else runner, out, multiclass)
    show_scores(result.scores.reset_index(), result.n_test, result.n_borrowers)
    tables = {"scores": result.scores.reset_index(), "calibration": result.calibration}
    if result.support is not None and result.frequencies is not None:
        show_support(result.support, "Cuts supported, and kept decisions of which the model says the same")
        tables |= {"support": result.support.reset_index(), "frequencies": result.frequencies}
    if cross_fit is not None:
        with working(f"fitting {cross_fit} models"):
            judged = cross_fitted_support(predictor, source.history, folds=cross_fit)
        table = support_table(judged.support, judged.fell)
        show_support(table, f"The same over all {len(judged.fell):,} decisions, each by a model of other borrowers")
        frequencies = frequency_table(judged.risk, judged.fell)
        show_table(frequencies, digits=3, title="How often decisions of a risk ended in a cut")
        tables |= {"support_cross_fitted": table.reset_index(), "frequencies_cross_fitted": frequencies}
    if refits is not None:
        with working(f"fitting {refits} more"):
            tables["stability"] = refit_stability(predictor, source.history, refits=refits).reset_index()
        heading("Stability of the top reasons over refits (shares of decreases, means over pairs of fits)")
        show_table(tables["stability"], digits=3)
    if out is not None:
        with fresh_folder(out, format=FORMAT) as partial:
            for name, table in tables.items():
                write_table(table, partial / f"{name}.csv")
            _draw_calibration(result, predictor, partial / "calibration.png")
            write_manifest(partial, FORMAT, {"model": predictor.version, "n_test": result.n_test})
        say(f"Written to {out}: {', '.join(f'{name}.csv' for name in tables)}, calibration.png")


def _evaluated(
    source: options.ModelOnData, runner: Runner | None, out: str | None, multiclass: int | None
) -> Evaluation:
    """The evaluation of histories in memory, or of a partition's blocks; further fits need all of them in memory."""
    if runner is None:
        with working("evaluating"):
            return evaluate(source.predictor, source.history, multiclass_trees=multiclass)
    from credit_model.scale.predicting import evaluate_partition
    from credit_model.scale.work import parts_beside

    given = by_blocks.given_of(source, runner)
    with progress("evaluating") as advance:
        if out is None:
            return evaluate_partition(given, None, runner, on_progress=advance)
        with parts_beside(out, given.work("evaluate")) as parts:
            return evaluate_partition(given, parts, runner, on_progress=advance)


def show_support(table: pd.DataFrame, title: str) -> None:
    """Print a support table: cuts and kept decisions by level, with their counts."""
    shown = table.reset_index()
    for name in ("share_of_cuts", "share_of_kept"):
        shown[name] = [f"{share:.1%}" for share in shown[name]]
    heads = {"share_of_cuts": "of all cuts", "kept": "kept decisions", "share_of_kept": "of all kept"}
    show_table(shown.rename(columns=heads), title=title)


def show_scores(scores: pd.DataFrame, n_test: int, n_borrowers: int) -> None:
    """Print an evaluation's scores with what they mean."""
    heading(f"{n_test:,} test decisions of {n_borrowers:,} borrowers, none of them seen in training")
    show_table(scores.drop(columns=["n", "decrease_share"], errors="ignore"))
    say("rps, tier_mae, log_loss: lower is better; qwk, decrease_auc, decrease_ap: higher is better.")


@options.command()
@options.model_on_data
@options.out("Table to write (.parquet or .csv).", File(".parquet", ".csv"))
@click.option(
    "--rows",
    type=click.Choice(["last", "decisions"]),
    default="last",
    show_default=True,
    help="Each borrower's last month, or every decision.",
)
@options.dask
def predict_command(source: options.ModelOnData, out: str, rows: str, dask: str | None) -> None:
    """Predict each borrower's limit tier, and the probability of a decrease.

    \b
    Example:  credit-model predict --data portfolio --model model --out predictions.csv
    """
    with by_blocks.runner_of(source.data, dask, source.jobs) as runner:
        n, n_falls, chance = _predicted(source, runner, out, rows)
    show_facts(
        [
            ("predictions", n),
            ("a lower tier predicted", n_falls),
            ("limits in force", "not known") if math.isnan(chance) else ("mean probability of a decrease", chance),
            ("written to", out),
        ]
    )


def _predicted(source: options.ModelOnData, runner: Runner | None, out: str, rows: str) -> tuple[int, int, float]:
    """Write predictions; their number, that of lower tiers, and the mean chance of a decrease, NaN if unknown."""
    if runner is None:
        with working("predicting"):
            table = source.predictor.predict(source.history, rows=rows)
        write_table(table, out)
        chance = table["probability_decrease"]
        mean = float(np.nanmean(chance)) if chance.notna().any() else math.nan
        return len(table), int((table["predicted_tier"] < table["tier_in_force"]).sum()), mean
    from credit_model.scale.predicting import write_predictions
    from credit_model.scale.work import parts_beside

    given = by_blocks.given_of(source, runner)
    with progress("predicting") as advance, parts_beside(out, given.work("predict", rows=rows)) as parts:
        found = write_predictions(given, out, parts, runner, rows=rows, on_progress=advance)
    return found.n, found.n_falls, found.mean_chance


def _draw_calibration(result: Evaluation, predictor: LimitPredictor, path: Path) -> None:
    from credit_model.plots import close_plot, plot_calibration, save_plot

    axes = plot_calibration(result.calibration, predictor.ladder)
    save_plot(axes, path)
    close_plot(axes)
