"""How good are the tier forecasts, beside boosters and simple forecasts with settings chosen for them?

``python -m benchmarks.accuracy``. Panels: every simulated lender (with the best possible forecast, which only the
simulator knows), Home Credit and UCI Taiwan. All learn from the same decisions; test decisions are of other
borrowers and, where there is time, of later months.
Peers (`benchmarks.peers`) get leaves, rates and rounds by the RPS of the held-out decisions that stop our fit.
Differences have 95 % intervals, by drawing the test borrowers again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.peers import RISKS, Forecast, Task, available
from benchmarks.portfolios import Panel, fitted_predictor, real_panels, synthetic_panel
from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.model.forest import predicted_tier
from credit_model.model.metrics import decrease_probability, decrease_scores, one_hot, scores
from credit_model.portfolio.snapshots import Snapshots
from credit_model.simulate.policies.names import POLICY_NAMES

COLUMNS = ("rps", "qwk", "tier_mae", "log_loss", "decrease_auc", "decrease_ap")
#: Those compared with intervals; True: higher is better.
COMPARED = {"rps": False, "log_loss": False, "decrease_auc": True, "decrease_ap": True}
#: Splits of borrowers to average over, where one split's test decisions hold few decreases (Home Credit: about 70).
SPLITS = {"home_credit": 3}
DRAWS = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, default=4000, help="simulated borrowers")
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--panel", choices=("synthetic", "home_credit", "uci_taiwan"), help="all of them without")
    parser.add_argument("--policy", action="append", choices=POLICY_NAMES, help="simulated lenders; all without")
    options = parser.parse_args()
    show_machine("lightgbm")
    goals = list[Goal]()
    if options.panel in (None, "synthetic"):
        for policy in options.policy or POLICY_NAMES:
            goals += compare(synthetic_panel(options.borrowers, options.months, seed=1, policy=policy))
    for panel in real_panels():
        if options.panel in (None, panel.name):
            goals += compare(panel)
    show_goals(goals)


@dataclass
class Comparison:
    """Everything fitted and scored on one split.

    Attributes
    ----------
    found : dict
        Name -> scores.
    drawn : dict
        Name -> column of `COMPARED` -> that score on each of `DRAWS` samples of the test borrowers (n_draws,).
    chosen : dict
        Name -> the settings that the held-out decisions chose.
    seconds : dict
    sizes : (int, int, int)
        Decisions to learn from, to stop by and to test.
    """

    found: dict[str, dict[str, float]]
    drawn: dict[str, dict[str, FloatArray]]
    chosen: dict[str, str]
    seconds: dict[str, float]
    sizes: tuple[int, int, int]


def compare(panel: Panel) -> list[Goal]:
    """Score everything on a panel's splits, print the means and the differences, and say which goals hold."""
    splits = [one_split(panel, seed) for seed in range(SPLITS.get(panel.name, 1))]
    found = {
        name: {c: float(np.mean([split.found[name][c] for split in splits])) for c in COLUMNS if c in scored}
        for name, scored in splits[0].found.items()
    }
    train, validation, test = (int(np.mean(sizes)) for sizes in zip(*(split.sizes for split in splits), strict=True))
    over = f"; means over {len(splits)} splits" if len(splits) > 1 else ""
    show_table(
        f"{panel.name}: {train:,} decisions to learn from, {validation:,} to stop by, {test:,} to test{over}",
        ["", *COLUMNS, "rps / ours", "all fits, s"],
        [
            [
                name,
                *(found[name].get(column, np.nan) for column in COLUMNS),
                found[name].get("rps", np.nan) / found["ours"]["rps"],
                "" if name not in splits[0].seconds else float(np.mean([split.seconds[name] for split in splits])),
            ]
            for name in found
        ],
    )
    show_differences(panel.name, found, splits)
    for name in splits[0].chosen:
        print(f"  {name}: " + "; ".join(split.chosen[name] for split in splits))
    return goals_of(panel.name, found)


def show_differences(panel: str, found: dict[str, dict[str, float]], splits: list[Comparison]) -> None:
    """Print ours less each peer's, with 95 % intervals over samples of the test borrowers."""
    rows = []
    for name in splits[0].drawn:
        if name == "ours":
            continue
        cells = []
        for column in COMPARED:
            if column not in found[name] or column not in splits[0].drawn[name]:
                cells.append("")
                continue
            drawn = np.mean([s.drawn["ours"][column] - s.drawn[name][column] for s in splits], axis=0)
            low, high = np.nanquantile(drawn, (0.025, 0.975))
            cells.append(f"{found['ours'][column] - found[name][column]:+.4f} [{low:+.4f}, {high:+.4f}]")
        rows.append([name, *cells])
    show_table(f"{panel}: ours less theirs, 95 % intervals (noise where 0 lies inside)", ["", *COMPARED], rows)


def one_split(panel: Panel, seed: int) -> Comparison:
    """Fit everything on the training borrowers of one split, and score it on its test decisions."""
    start = perf_counter()
    predictor = fitted_predictor(panel, seed=seed)
    seconds = {"ours": perf_counter() - start}
    chosen = {"ours": f"{predictor.model_.structure_}, {predictor.model_.rounds_} rounds"}
    snapshots = predictor.snapshots(panel.history)
    task = task_of(predictor, snapshots)
    test, n_tiers = task.test, task.n_tiers
    before = task.before[test] if task.moves else None
    tier = task.after[test]
    predictor = predictor.as_trial()  # the deployed fit has seen the test rows
    survival = predictor.forest.survival_scores(snapshots.X[test])
    ours = predictor.predict_proba(snapshots, test)
    found = {"ours": scores(tier, ours, tier_before=before, predicted=predicted_tier(survival))}
    forecasts, risks = {"ours": ours}, dict[str, FloatArray]()
    for name, peer in available(task).items():
        forecasts[name], chosen[name], seconds[name] = timed(peer, task)
        found[name] = scores(tier, forecasts[name], tier_before=before)
    if before is not None:
        for name, peer in RISKS.items():
            risks[name], chosen[name], seconds[name] = timed(peer, task)
            found[name] = decrease_scores((tier < before)[before > 0], risks[name][before > 0])
        forecasts["no change"] = one_hot(before, n_tiers)
    forecasts["tier shares"] = np.tile(predictor.tier_shares, (len(test), 1))
    if panel.truth is not None:
        forecasts["best possible"] = best_possible(panel, snapshots, test)
    for name in forecasts.keys() - found.keys():
        found[name] = scores(tier, forecasts[name], tier_before=before)
    return Comparison(
        found={name: found[name] for name in [*forecasts, *risks]},
        drawn=drawn_scores(forecasts, risks, tier, before, snapshots.borrower_row[test]),
        chosen=chosen,
        seconds=seconds,
        sizes=(len(task.train), len(task.validation), len(test)),
    )


def timed(peer: Callable[[Task], Forecast], task: Task) -> tuple[FloatArray, str, float]:
    """A peer's forecast, what was chosen, and the seconds that all its fits took."""
    start = perf_counter()
    forecast, chosen = peer(task)
    return forecast, chosen, perf_counter() - start


def task_of(predictor: LimitPredictor, snapshots: Snapshots) -> Task:
    """The decisions that a predictor learnt from, stopped by and did not see."""
    catalogue = predictor.catalogue
    names = catalogue.feature_names
    train, validation = predictor.training_rows(snapshots)
    return Task(
        X=snapshots.X,
        before=snapshots.tier_before,
        after=snapshots.tier_after,
        train=train,
        validation=validation,
        test=predictor.test_rows(snapshots),
        n_tiers=predictor.ladder.n_tiers,
        categorical=[names.index(name) for name in catalogue.categorical_names],
        signs=[catalogue.monotonic_cst.get(name, 0) for name in names],
        tier_column=names.index("tier_in_force") if "tier_in_force" in names else -1,
    )


def drawn_scores(
    forecasts: Mapping[str, FloatArray],
    risks: Mapping[str, FloatArray],
    tier: IntArray,
    before: IntArray | None,
    borrower: IntArray,
) -> dict[str, dict[str, FloatArray]]:
    """The scores of `COMPARED` on samples of the borrowers, the same samples for all forecasts."""
    rng = np.random.default_rng(0)
    own = np.unique(borrower, return_inverse=True)[1]
    n = int(own.max()) + 1
    weights = [np.bincount(rng.integers(0, n, n), minlength=n)[own].astype(np.float64) for _ in range(DRAWS)]
    drawn: dict[str, dict[str, FloatArray]] = {}
    for name, probability in forecasts.items():
        reached = tier[:, None] <= np.arange(probability.shape[1] - 1)
        loss = {
            "rps": ((np.cumsum(probability, axis=1)[:, :-1] - reached) ** 2).sum(axis=1),
            "log_loss": -np.log(np.clip(probability[np.arange(len(tier)), tier], 1e-15, 1.0)),
        }
        drawn[name] = {c: np.array([np.average(each, weights=w) for w in weights]) for c, each in loss.items()}
    if before is None:
        return drawn
    can_fall = before > 0
    fell = (tier < before)[can_fall]
    all_risks = {name: decrease_probability(p, before) for name, p in forecasts.items()} | dict(risks)
    for name, risk in all_risks.items():
        both = [(fell, risk[can_fall], w[can_fall]) for w in weights]
        drawn.setdefault(name, {})["decrease_auc"] = np.array([_weighted(roc_auc_score, *one) for one in both])
        drawn[name]["decrease_ap"] = np.array([_weighted(average_precision_score, *one) for one in both])
    return drawn


def _weighted(score: Callable[..., float], fell: BoolArray, risk: FloatArray, weight: FloatArray) -> float:
    """A score of the rows that were drawn; NaN where they are all alike."""
    if not 0 < weight[fell].sum() < weight.sum():
        return float("nan")
    return float(score(fell, risk, sample_weight=weight))


def goals_of(name: str, found: dict[str, dict[str, float]]) -> list[Goal]:
    """What our scores on one panel are held to: the best of the peers, each score by itself."""
    peers = [peer for peer in found if peer not in ("ours", "best possible")]
    ours = found["ours"]
    best = min(found[peer]["rps"] for peer in peers if "rps" in found[peer])
    goals = [at_most(f"{name}: RPS, ours / best peer", ours["rps"] / best, 1)]
    if "best possible" in found:
        possible = found["best possible"]["rps"]
        return [
            *goals,
            at_most(f"{name}: excess RPS, ours / best peer", (ours["rps"] - possible) / (best - possible), 0.5),
        ]
    if "decrease_ap" in ours:
        loss = min(found[peer]["log_loss"] for peer in peers if "log_loss" in found[peer])
        goals.append(at_most(f"{name}: log loss, ours / best peer", ours["log_loss"] / loss, 1))
        for column in ("decrease_auc", "decrease_ap"):
            theirs = max(found[peer][column] for peer in peers if column in found[peer])
            goals.append(at_least(f"{name}: {column}, ours / best peer", ours[column] / theirs, 1))
    return goals


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
