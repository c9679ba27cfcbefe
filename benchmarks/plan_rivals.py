"""Advice on the features of a snapshot, as counterfactual tools give it, held against months that can be lived.

Two rivals of plans: a greedy search that puts one feature after the other to the value that helps most, and DiCE
(``dice_ml``, where it is installed). Both may change the features that levers move, in the directions and the range
that the portfolio shows, until the deployed model's score is at the plans' own line. Neither knows months: its advice
is a snapshot. It is *possible* if some path of the levers has a month in which every changed feature is at least as
good as advised; and what is lived is the path that comes nearest to it.
"""

from __future__ import annotations

import io
import os
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.act.plans.blocks import Grid
from credit_model.act.plans.lots import Lot, States
from credit_model.act.plans.paths import Ahead
from credit_model.act.plans.plan import Option
from credit_model.act.plans.questions import Question, question_of
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.explain.support import SupportRule
from credit_model.grade.lived import GRACE, live_options
from credit_model.portfolio.snapshots import Snapshots
from credit_model.predictor import LimitPredictor
from credit_model.simulate.settings import Settings

#: Values that a feature may be put to: quantiles of the portfolio's.
QUANTILES = np.linspace(0.02, 0.98, 13)
MOST_STEPS = 8
#: A feature is as good as advised within this share of its spread in the portfolio.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Case:
    """One cut as a rival sees it.

    Attributes
    ----------
    lot, question : of this borrower alone
    x : float64 array, (n_features,)
        The snapshot at the cut, with the limit of the cut in force.
    places : int64 array
        The features that levers move.
    sign : int64 array
        1 where more of them raises the score, else -1.
    """

    lot: Lot
    question: Question
    x: FloatArray
    places: IntArray
    sign: IntArray

    @property
    def line(self) -> float:
        """The log-odds to be reached in the next month."""
        return float(self.question.target[0])

    def scores(self, X: FloatArray) -> FloatArray:
        """How snapshots of the next month stand by the deployed model, as plans have it."""
        scores = self.lot.exact_scores(X, self.question)
        found: FloatArray = self.question.standing(scores[None, :, None])[0, :, 0]
        return found


def cases_of(
    predictor: LimitPredictor, snapshots: Snapshots, row: IntArray, *, chance: float, horizon: int
) -> list[Case]:
    """The cuts in some rows, asked for as plans ask."""
    fitted, history = predictor.fitted, snapshots.history
    grid = Grid.of(fitted.catalogue)
    lot = Lot(fitted, snapshots, row, Ahead.of(history, row, horizon), grid, -1)
    question = question_of(
        fitted, snapshots, row, row, "reinstate", SupportRule(), horizon=horizon, chance=chance, n_jobs=-1
    )
    X = lot.asked(States(snapshots.X[row], snapshots.numerators[row]), question)
    places = np.unique(np.concatenate([block.features for block in grid.blocks]))
    sign = np.array([fitted.catalogue.features[f].sign for f in places.tolist()])
    return [Case(lot.one(i), question.of(i), X[i], places[sign != 0], sign[sign != 0]) for i in range(len(row))]


def greedy(case: Case, values: FloatArray) -> FloatArray | None:
    """One feature after the other is put to the value that helps most; ``values`` are (n_places, n_values)."""
    x = case.x.copy()
    for _ in range(MOST_STEPS):
        if float(case.scores(x[None])[0]) >= case.line:
            return x
        tried = np.repeat(x[None], values.size, axis=0)
        of = np.repeat(np.arange(len(case.places)), values.shape[1])
        tried[np.arange(values.size), case.places[of]] = values.ravel()
        better = case.sign[of] * (values.ravel() - x[case.places[of]]) > 0
        found = np.where(better, case.scores(tried), -np.inf)
        if found.max() <= float(case.scores(x[None])[0]):
            return None
        x = tried[int(found.argmax())]
    return None


class _Wrapped:
    """The model as DiCE asks for one: probabilities of a table of the features that may change."""

    def __init__(self, case: Case, names: list[str]) -> None:
        self.case, self.names = case, names

    def predict_proba(self, table: pd.DataFrame) -> FloatArray:
        X = np.repeat(self.case.x[None], len(table), axis=0)
        X[:, self.case.places] = table[self.names].to_numpy(dtype=np.float64)
        # On DiCE's scale of one half: at the line as likely as not.
        p = expit(self.case.scores(X) - self.case.line)
        return np.stack([1 - p, p], axis=1)

    def predict(self, table: pd.DataFrame) -> IntArray:
        return (self.predict_proba(table)[:, 1] >= 0.5).astype(np.int64)


def dice(case: Case, values: FloatArray, seed: int) -> FloatArray | None:
    """What DiCE's search at random finds, the sparsest of its answers; None: nothing."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # a bar for each borrower
    import dice_ml

    names = [f"f{j}" for j in range(len(case.places))]
    table = pd.DataFrame(values.T, columns=names)
    table.loc[len(table)] = case.x[case.places]
    model = _Wrapped(case, names)
    table["outcome"] = model.predict(table)
    if table["outcome"].nunique() < 2:
        table.loc[0, "outcome"] = 1 - int(table["outcome"].iloc[0])
    ranges = {}
    for j, name in enumerate(names):
        now = float(case.x[case.places[j]])
        ends = (min(now, float(values[j].min())), now) if case.sign[j] < 0 else (now, max(now, float(values[j].max())))
        ranges[name] = [ends[0], ends[1]]
    vary = [name for name, (low, high) in ranges.items() if high > low]
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        data = dice_ml.Data(dataframe=table, continuous_features=names, outcome_name="outcome")
        search = dice_ml.Dice(data, dice_ml.Model(model=model, backend="sklearn"), method="random")
        query = pd.DataFrame([case.x[case.places]], columns=names)
        try:
            answer = search.generate_counterfactuals(
                query, total_CFs=4, desired_class=1, features_to_vary=vary,
                permitted_range={name: ranges[name] for name in vary}, random_seed=seed, verbose=False,
            )  # fmt: skip
        except Exception as error:  # DiCE raises what it cannot find
            if type(error).__name__ != "UserConfigValidationException":
                raise
            return None
    found = answer.cf_examples_list[0].final_cfs_df
    if found is None or not len(found):
        return None
    moved = found[names].to_numpy(dtype=np.float64)
    X = np.repeat(case.x[None], len(moved), axis=0)
    X[:, case.places] = moved
    reaches = case.scores(X) >= case.line
    changes = (np.abs(moved - case.x[case.places]) > 1e-9).sum(axis=1)
    return X[int(np.lexsort((changes, ~reaches))[0])] if reaches.any() else None


def nearest_path(case: Case, advice: FloatArray, spread: FloatArray) -> tuple[bool, Option]:
    """Whether some path gives at least what is advised, and the path (up to its month) that comes nearest to it."""
    lot, grid = case.lot, case.lot.grid
    X = lot.all_mixtures(case.question)[:, :, case.places]
    wanted = advice[case.places]
    changed = np.abs(wanted - case.x[case.places]) > 1e-9
    short = np.maximum(0.0, case.sign * (wanted - np.nan_to_num(X))) / spread
    short = np.where(changed, short, 0.0)
    cost, affordable = lot.costs()
    lacking = np.where(affordable[0], short.sum(axis=2), np.inf)
    mixture, month = (
        int(v) for v in np.unravel_index(int(np.lexsort((cost[0].ravel(), lacking.ravel()))[0]), lacking.shape)
    )
    settings = grid.settings[mixture]
    columns = lot.ahead.under(grid.levers, lot.ahead.moved(grid.levers, settings[None, :]))
    used = {lever.id: float(s) for lever, s in zip(grid.levers, settings, strict=True) if s > 0}
    months = pd.DataFrame({lever.column: columns[lever.column][0, 0] for lever in grid.levers})
    option = Option("advice", month + 1, used, float(cost[0, mixture, month]), months, {}, 0, 0)
    return bool((short[mixture, month] <= TOLERANCE).all()), option


@dataclass(frozen=True)
class RivalGrade:
    """What came of a rival's advice: shares of the cuts that were asked for, and of the answers."""

    name: str
    n: int
    answered: float
    possible: float
    success: float
    success_within_two: float


def grade_rival(
    name: str,
    cases: list[Case],
    settings: Settings,
    snapshots: Snapshots,
    row: IntArray,
    *,
    horizon: int,
    seed: int = 0,
) -> RivalGrade:
    """Ask a rival ("greedy" or "DiCE") of every case, and live its advice as nearly as possible."""
    places = cases[0].places
    values = np.nanquantile(snapshots.X[:, places], QUANTILES, axis=0).T
    spread = np.maximum(np.nanstd(snapshots.X[:, places], axis=0), 1e-9)
    kept, options, possible = [], list[Option](), list[bool]()
    for i, case in enumerate(cases):
        if not np.isfinite(case.x[places]).all():
            continue
        advice = greedy(case, values) if name == "greedy" else dice(case, values, seed)
        if advice is None:
            continue
        can_be, option = nearest_path(case, advice, spread)
        kept.append(i)
        options.append(option)
        possible.append(can_be)
    if not kept:
        return RivalGrade(name, len(cases), 0.0, float("nan"), float("nan"), float("nan"))
    mine = row[kept]
    lived = live_options(
        settings, snapshots.catalogue, snapshots.history.borrower_ids[snapshots.borrower_row[mine]].astype(np.int64),
        snapshots.month_number[mine] - snapshots.month_number.min(), options, horizon + GRACE,
        tier=snapshots.tier_before[mine].astype(np.int64),
    )  # fmt: skip
    at, needed = np.arange(len(kept)), np.array([option.months_needed for option in options])
    span = np.arange(lived.kept.shape[1])
    near: BoolArray = (span >= needed[:, None] - 1) & (span < needed[:, None] + GRACE)
    return RivalGrade(
        name, len(cases), len(kept) / len(cases), float(np.mean(possible)),
        float(lived.kept[at, needed - 1].mean()), float((lived.kept & near).any(axis=1).mean()),
    )  # fmt: skip


def dice_is_installed() -> bool:
    """Whether DiCE can be asked."""
    from importlib.util import find_spec

    return find_spec("dice_ml") is not None


def rival_names() -> tuple[list[str], list[str]]:
    """The rivals that can be asked, and a line for each that cannot."""
    if dice_is_installed():
        return ["greedy", "DiCE"], []
    return ["greedy"], ["DiCE: dice-ml is not installed; pip install 'credit-model[benchmarks]'"]


def as_row(grade: RivalGrade) -> list[Any]:
    """A line of the table."""
    return [grade.name, grade.n, grade.answered, grade.possible, grade.success, grade.success_within_two]
