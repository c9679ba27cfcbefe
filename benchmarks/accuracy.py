"""How good are the tier forecasts, beside multiclass boosters at their best number of rounds and simple forecasts?

``python -m benchmarks.accuracy``. Panels: simulated (with the best possible forecast, which only the simulator
knows), Home Credit and UCI Taiwan. All learn from the same decisions; test decisions are of other borrowers and, where
there is time, of later months. Peers get their number of rounds by the RPS of the held-out decisions that stop our fit.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

import lightgbm
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.portfolios import Panel, fitted_predictor, real_panels, synthetic_panel
from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor
from credit_model.arrays import FloatArray, IntArray
from credit_model.model.forest import predicted_tier
from credit_model.model.metrics import decrease_scores, one_hot, ranked_probability_score, scores
from credit_model.portfolio.snapshots import Snapshots

COLUMNS = ("rps", "qwk", "tier_mae", "log_loss", "decrease_auc", "decrease_ap")
#: Rounds between which a peer's best number is sought, and the most it may have.
STEP, MOST_ROUNDS = 10, 400
LEARNING_RATE = 0.06
#: Splits of borrowers to average over, where one split's test decisions hold few decreases (Home Credit: about 70).
SPLITS = {"home_credit": 3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, default=4000, help="simulated borrowers")
    parser.add_argument("--months", type=int, default=48)
    options = parser.parse_args()
    show_machine("lightgbm")
    goals = compare(synthetic_panel(options.borrowers, options.months, seed=1))
    for panel in real_panels():
        goals += compare(panel)
    show_goals(goals)


@dataclass
class Comparison:
    """Everything fitted and scored on one split: scores by name, rounds, seconds, numbers of decisions."""

    found: dict[str, dict[str, float]]
    rounds: dict[str, int]
    seconds: dict[str, float]
    sizes: tuple[int, int, int]


def compare(panel: Panel) -> list[Goal]:
    """Score everything on a panel's splits, print the means, and say which goals hold."""
    splits = [one_split(panel, seed) for seed in range(SPLITS.get(panel.name, 1))]
    names = list(splits[0].found)
    found = {
        name: {
            column: float(np.mean([split.found[name][column] for split in splits]))
            for column in COLUMNS
            if column in splits[0].found[name]
        }
        for name in names
    }
    train, validation, test = (int(np.mean(sizes)) for sizes in zip(*(split.sizes for split in splits), strict=True))
    over = f"; means over {len(splits)} splits" if len(splits) > 1 else ""
    show_table(
        f"{panel.name}: {train:,} decisions to learn from, {validation:,} to stop by, {test:,} to test{over}",
        ["", *COLUMNS, "rps / ours", "rounds", "fit, s"],
        [
            [
                name,
                *(found[name].get(column, np.nan) for column in COLUMNS),
                found[name].get("rps", np.nan) / found["ours"]["rps"],
                "" if name not in splits[0].rounds else int(np.mean([split.rounds[name] for split in splits])),
                "" if name not in splits[0].seconds else float(np.mean([split.seconds[name] for split in splits])),
            ]
            for name in names
        ],
    )
    return goals_of(panel.name, found)


def one_split(panel: Panel, seed: int) -> Comparison:
    """Fit everything on the training borrowers of one split, and score it on its test decisions."""
    start = perf_counter()
    predictor = fitted_predictor(panel, seed=seed)
    seconds = {"ours": perf_counter() - start}
    snapshots = predictor.snapshots(panel.history)
    train, validation = predictor.training_rows(snapshots)
    test = predictor.test_rows(snapshots)
    n_tiers = predictor.ladder.n_tiers
    moves = "tier_in_force" in panel.catalogue.state_names
    before = snapshots.tier_before[test] if moves else None
    tier = snapshots.tier_after[test]
    predictor = predictor.as_trial()  # the deployed fit has seen the test rows
    survival = predictor.forest.survival_scores(snapshots.X[test])
    found = {
        "ours": scores(
            tier, predictor.predict_proba(snapshots, test), tier_before=before, predicted=predicted_tier(survival)
        )
    }
    rounds = {"ours": len(predictor.forest.trees.roots)}
    for name, fit in (("LightGBM multiclass", lightgbm_multiclass), ("HGB multiclass", hgb_multiclass)):
        start = perf_counter()
        probability, rounds[name] = at_best_rounds(fit(predictor, snapshots, train), snapshots, validation, test)
        seconds[name] = perf_counter() - start
        found[name] = scores(tier, probability, tier_before=before)
    if before is not None:
        start = perf_counter()
        risk = lightgbm_decrease(predictor, snapshots, train, validation, test)
        seconds["LightGBM, decreases alone"] = perf_counter() - start
        found["LightGBM, decreases alone"] = decrease_scores((tier < before)[before > 0], risk[before > 0])
        found["no change"] = scores(tier, one_hot(before, n_tiers), tier_before=before)
    found["tier shares"] = scores(tier, np.tile(predictor.tier_shares, (len(test), 1)), tier_before=before)
    if panel.truth is not None:
        best = best_possible(panel, snapshots, test)
        found["best possible"] = scores(tier, best, tier_before=before)
    return Comparison(found, rounds, seconds, (len(train), len(validation), len(test)))


def goals_of(name: str, found: dict[str, dict[str, float]]) -> list[Goal]:
    """What our scores on one panel are held to."""
    peer = min(found[p]["rps"] for p in ("LightGBM multiclass", "HGB multiclass"))
    ours = found["ours"]["rps"]
    goals = [at_most(f"{name}: RPS, ours / best multiclass", ours / peer, 1.005)]
    if "best possible" in found:
        best = found["best possible"]["rps"]
        goals.append(
            at_most(f"{name}: excess RPS over the best possible, ours / theirs", (ours - best) / (peer - best), 0.6)
        )
    elif "no change" in found:
        theirs = found["LightGBM multiclass"]["decrease_ap"]
        goals.append(
            at_least(f"{name}: decrease AP, ours / LightGBM multiclass", found["ours"]["decrease_ap"] / theirs, 1)
        )
    return goals


Staged = Callable[[FloatArray], Iterator[tuple[int, FloatArray]]]


def at_best_rounds(
    staged: Staged, snapshots: Snapshots, validation: IntArray, test: IntArray
) -> tuple[FloatArray, int]:
    """A peer's test forecast at the number of rounds that has the lowest RPS on the held-out decisions."""
    tier = snapshots.tier_after[validation]
    rps = {n: ranked_probability_score(tier, p) for n, p in staged(snapshots.X[validation])}
    best = min(rps, key=lambda n: rps[n])
    return next(p for n, p in staged(snapshots.X[test]) if n == best), best


def lightgbm_multiclass(predictor: LimitPredictor, snapshots: Snapshots, train: IntArray) -> Staged:
    """LightGBM with a softmax over the tiers that occur."""
    model = lightgbm.LGBMClassifier(
        n_estimators=MOST_ROUNDS, learning_rate=LEARNING_RATE, random_state=0, n_jobs=-1, verbose=-1
    ).fit(snapshots.X[train], snapshots.tier_after[train], categorical_feature=categorical(predictor) or "auto")
    n_tiers = predictor.ladder.n_tiers

    def staged(X: FloatArray) -> Iterator[tuple[int, FloatArray]]:
        raw = np.zeros((len(X), len(model.classes_)))
        for n in range(STEP, MOST_ROUNDS + 1, STEP):
            part = model.booster_.predict(X, raw_score=True, start_iteration=n - STEP, num_iteration=STEP)
            raw += np.asarray(part).reshape(raw.shape)
            odds = np.exp(raw - raw.max(axis=1, keepdims=True))
            yield n, spread(odds / odds.sum(axis=1, keepdims=True), model.classes_, n_tiers)

    return staged


def hgb_multiclass(predictor: LimitPredictor, snapshots: Snapshots, train: IntArray) -> Staged:
    """scikit-learn's histogram gradient boosting with a softmax over the tiers that occur."""
    model = HistGradientBoostingClassifier(
        max_iter=MOST_ROUNDS // 2,
        learning_rate=LEARNING_RATE,
        early_stopping=False,
        categorical_features=categorical(predictor) or None,
        random_state=0,
    ).fit(snapshots.X[train], snapshots.tier_after[train])
    n_tiers = predictor.ladder.n_tiers

    def staged(X: FloatArray) -> Iterator[tuple[int, FloatArray]]:
        for n, probability in enumerate(model.staged_predict_proba(X), start=1):
            if n % STEP == 0:
                yield n, spread(probability, model.classes_, n_tiers)

    return staged


def lightgbm_decrease(
    predictor: LimitPredictor, snapshots: Snapshots, train: IntArray, validation: IntArray, test: IntArray
) -> FloatArray:
    """P(decrease) of a binary LightGBM that knows nothing of tiers, stopped by the held-out decisions."""
    fell = snapshots.tier_after < snapshots.tier_before
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = lightgbm.LGBMClassifier(
            n_estimators=MOST_ROUNDS, learning_rate=LEARNING_RATE, random_state=0, n_jobs=-1, verbose=-1
        ).fit(
            snapshots.X[train],
            fell[train],
            eval_set=[(snapshots.X[validation], fell[validation])],
            eval_metric="average_precision",
            callbacks=[lightgbm.early_stopping(50, first_metric_only=True, verbose=False)],
            categorical_feature=categorical(predictor) or "auto",
        )
        return np.asarray(model.predict_proba(snapshots.X[test]))[:, 1]


def categorical(predictor: LimitPredictor) -> list[int]:
    """Positions of the categorical features."""
    names = predictor.catalogue.feature_names
    return [names.index(name) for name in predictor.catalogue.categorical_names]


def spread(probability: FloatArray, tiers: IntArray, n_tiers: int) -> FloatArray:
    """Probabilities of some tiers as probabilities of all."""
    out = np.zeros((len(probability), n_tiers))
    out[:, tiers] = probability
    return out


def best_possible(panel: Panel, snapshots: Snapshots, row: IntArray) -> FloatArray:
    """The simulated lender's own tier probabilities of some decisions, from the portfolio's truth."""
    decisions = panel.truth.truth.decisions
    known = decisions.set_index(["borrower_id", "month"]).filter(like="tier_prob_")
    history = snapshots.history
    frame = history.frame.iloc[row]
    wanted = list(zip(frame[panel.catalogue.borrower], frame[panel.catalogue.month], strict=True))
    return np.asarray(known.loc[wanted].to_numpy(), dtype=np.float64)


if __name__ == "__main__":
    main()
