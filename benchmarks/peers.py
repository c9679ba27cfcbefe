"""Other ways to forecast the tier, each with its settings chosen on the held-out decisions.

A peer takes a `Task` and returns tier probabilities of the test decisions (n_test, n_tiers), or risks of a decrease
(n_test,), and what was chosen for it.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

from credit_model.arrays import FloatArray, IntArray
from credit_model.model.destinations import Destinations
from credit_model.model.metrics import ranked_probability_score
from credit_model.model.threshold_pairs import threshold_pairs

#: Rounds between which the best number is sought, and the most there may be.
STEP, MOST_ROUNDS = 20, 1000
#: Rounds without a better loss on the held-out decisions after which a LightGBM stops.
PATIENCE = 40
#: Leaves, rates and rows a leaf between which the best are sought.
GRID = ((7, 0.06, 20), (7, 0.06, 100), (31, 0.06, 100), (15, 0.03, 50))
CUT, KEPT, RAISED = 0, 1, 2


@dataclass(frozen=True)
class Task:
    """Decisions to learn from, to choose settings by, and to forecast.

    Attributes
    ----------
    X : float64 array, (n, width)
    before, after : int64 arrays, (n,)
        Tiers; ``before`` is -1 all through where none is in force.
    train, validation, test : int64 arrays
        Rows.
    n_tiers : int
    categorical : list of int
        Columns of codes.
    signs : list of int, (width,)
        Declared directions.
    tier_column : int
        -1: none.
    """

    X: FloatArray
    before: IntArray
    after: IntArray
    train: IntArray
    validation: IntArray
    test: IntArray
    n_tiers: int
    categorical: list[int]
    signs: list[int]
    tier_column: int

    @property
    def moves(self) -> bool:
        """Whether tiers in force are known, so that there are decreases."""
        return self.tier_column >= 0

    @cached_property
    def direction(self) -> IntArray:
        """`CUT`, `KEPT` or `RAISED`: (n,)."""
        return np.sign(self.after - self.before) + 1

    @cached_property
    def destinations(self) -> FloatArray:
        """Shares of the tiers that training moves went to: (n_tiers, n_tiers)."""
        return Destinations.of_moves(self.before[self.train], self.after[self.train], self.n_tiers)

    def rps(self, probability: FloatArray) -> float:
        """Of a forecast of the validation rows."""
        return ranked_probability_score(self.after[self.validation], probability)

    def spread(self, probability: FloatArray, row: IntArray) -> FloatArray:
        """Chances of a cut, of no change and of a raise (n, 3) as tier probabilities, by the counted destinations."""
        before = self.before[row, None]
        tier = np.arange(self.n_tiers)
        share = self.destinations[self.before[row]]
        out = np.where(
            tier < before,
            share * probability[:, [CUT]],
            np.where(tier > before, share * probability[:, [RAISED]], probability[:, [KEPT]]),
        )
        return np.asarray(out / out.sum(axis=1, keepdims=True))


#: A forecast of some rows after ever more rounds: rounds, probabilities.
Staged = Callable[[FloatArray, IntArray], Iterator[tuple[int, FloatArray]]]
Forecast = tuple[FloatArray, str]


def best_of(task: Task, fits: Iterator[tuple[str, Staged]]) -> Forecast:
    """The forecast of the test rows by the settings and rounds with the lowest RPS of the validation rows."""
    best: tuple[float, str, int, Staged] | None = None
    for name, staged in fits:
        losses = {n: task.rps(p) for n, p in staged(task.X[task.validation], task.validation)}
        rounds = min(losses, key=lambda n: losses[n])
        if best is None or losses[rounds] < best[0]:
            best = losses[rounds], name, rounds, staged
    assert best is not None
    _, name, rounds, staged = best
    forecast = next(p for n, p in staged(task.X[task.test], task.test) if n == rounds)
    return forecast, f"{name}, {rounds} rounds"


def lightgbm_multiclass(task: Task) -> Forecast:
    """A softmax over the tiers that occur."""
    return best_of(task, _lightgbm(task, task.X, task.after, (task.train, task.validation), _of_tiers(task)))


def two_stage(task: Task) -> Forecast:
    """A softmax over cut, kept and raised, times the counts of where cuts and raises went."""
    return best_of(task, _lightgbm(task, task.X, task.direction, (task.train, task.validation), _of_directions(task)))


def lightgbm_pairs(task: Task) -> Forecast:
    """A binary booster of our own (row, threshold) pairs, with the declared directions."""
    rows = np.concatenate([task.train, task.validation])
    pairs = threshold_pairs(
        task.X[rows],
        task.after[rows],
        np.ones(len(rows)),
        n_tiers=task.n_tiers,
        tier_column=task.tier_column,
        fraction=1.0,
        rng=np.random.RandomState(0),
    )
    n_train = len(task.train) * (task.n_tiers - 1)
    parts = np.arange(n_train), np.arange(n_train, len(pairs.rows))
    thresholds = np.arange(task.n_tiers - 1)

    def rows_of(X: FloatArray) -> FloatArray:
        k = np.tile(thresholds, len(X)).astype(np.float64)
        repeated = np.repeat(X, len(thresholds), axis=0)
        columns = [repeated, k[:, None]]
        if task.moves:
            columns.append((k - repeated[:, task.tier_column])[:, None])
        return np.hstack(columns)

    def probabilities(raw: FloatArray, row: IntArray) -> FloatArray:
        survival = expit(raw.reshape(len(row), len(thresholds)))
        return -np.diff(np.column_stack([np.ones(len(row)), survival, np.zeros(len(row))]), axis=1)

    signs = [*task.signs, -1, *([-1] if task.moves else [])]
    more = {"rows_of": rows_of, "monotone_constraints": signs}
    return best_of(task, _lightgbm(task, pairs.rows, pairs.above, parts, probabilities, **more))


def lightgbm_decrease(task: Task) -> Forecast:
    """The risk of a decrease by a binary booster that knows nothing of tiers, chosen by average precision."""
    fell = task.after < task.before
    best: tuple[float, str, Any, int] | None = None
    for leaves, rate, rows in GRID:
        model = _model(leaves, rate, rows).fit(
            task.X[task.train], fell[task.train], categorical_feature=task.categorical or "auto"
        )
        for n in range(STEP, MOST_ROUNDS + 1, STEP):
            risk = _raw(model, task.X[task.validation], n)
            found = float(average_precision_score(fell[task.validation], risk))
            if best is None or found > best[0]:
                best = found, f"{leaves} leaves, rate {rate}, {rows} rows a leaf, {n} rounds", model, n
    assert best is not None
    return _raw(best[2], task.X[task.test], best[3]), best[1]


def scikit_learn_multiclass(task: Task) -> Forecast:
    """Histogram gradient boosting with a softmax over the tiers that occur."""

    def fits() -> Iterator[tuple[str, Staged]]:
        for leaves, rate in ((7, 0.06), (31, 0.06)):
            model = HistGradientBoostingClassifier(
                max_iter=MOST_ROUNDS // 2,
                learning_rate=rate,
                max_leaf_nodes=leaves,
                early_stopping=False,
                categorical_features=task.categorical or None,
                random_state=0,
            ).fit(task.X[task.train], task.after[task.train])

            def staged(X: FloatArray, row: IntArray, model: Any = model) -> Iterator[tuple[int, FloatArray]]:
                for n, probability in enumerate(model.staged_predict_proba(X), start=1):
                    if n % (STEP // 2) == 0:
                        yield n, of_all(probability, model.classes_, task.n_tiers)

            yield f"{leaves} leaves, rate {rate}", staged

    return best_of(task, fits())


def catboost_multiclass(task: Task) -> Forecast:
    """CatBoost with a softmax over the tiers that occur."""
    from catboost import CatBoostClassifier

    def with_texts(X: FloatArray) -> Any:
        table = X.astype(object)
        for j in task.categorical:
            table[:, j] = [str(v) for v in X[:, j]]
        return table

    def fits() -> Iterator[tuple[str, Staged]]:
        for depth, rate in ((4, 0.1), (6, 0.1)):
            model = CatBoostClassifier(
                iterations=MOST_ROUNDS,
                depth=depth,
                learning_rate=rate,
                loss_function="MultiClass",
                cat_features=task.categorical,
                random_seed=0,
                verbose=False,
                early_stopping_rounds=PATIENCE,
                allow_writing_files=False,
            )
            seen = task.validation[np.isin(task.after[task.validation], task.after[task.train])]
            model.fit(
                with_texts(task.X[task.train]),
                task.after[task.train],
                eval_set=(with_texts(task.X[seen]), task.after[seen]),
            )

            def staged(X: FloatArray, row: IntArray, model: Any = model) -> Iterator[tuple[int, FloatArray]]:
                stages = model.staged_predict_proba(with_texts(X), eval_period=STEP)
                for i, probability in enumerate(stages, start=1):
                    yield i * STEP, of_all(probability, model.classes_.ravel(), task.n_tiers)

            yield f"depth {depth}, rate {rate}", staged

    return best_of(task, fits())


def logistic_regression(task: Task) -> Forecast:
    """Linear in the ranks of the columns: over tiers, or cut, kept and raised times the counted destinations."""
    numeric = [j for j in range(task.X.shape[1]) if j not in task.categorical]

    def columns(X: FloatArray) -> FloatArray:
        parts = [to_ranks.transform(X[:, numeric])]
        if task.categorical:
            parts.append(to_flags.transform(X[:, task.categorical]))
        return np.hstack(parts)

    to_ranks = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        QuantileTransformer(output_distribution="normal", n_quantiles=200, random_state=0),
    ).fit(task.X[task.train][:, numeric])
    to_flags = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    if task.categorical:
        to_flags.fit(task.X[task.train][:, task.categorical])
    target = task.direction if task.moves else task.after
    probabilities = _of_directions(task) if task.moves else _of_tiers(task)

    def fits() -> Iterator[tuple[str, Staged]]:
        for strength in (0.003, 0.03, 0.3):
            model = LogisticRegression(C=strength, max_iter=300)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(columns(task.X[task.train]), target[task.train])

            def staged(X: FloatArray, row: IntArray, model: Any = model) -> Iterator[tuple[int, FloatArray]]:
                yield 1, probabilities(np.log(np.maximum(model.predict_proba(columns(X)), 1e-300)), row)

            yield f"C {strength}", staged

    forecast, chosen = best_of(task, fits())
    return forecast, chosen.removesuffix(", 1 rounds")


def transition_matrix(task: Task) -> Forecast:
    """How often decisions went from tier to tier, by the tier in force."""
    counts = np.zeros((task.n_tiers, task.n_tiers))
    np.add.at(counts, (task.before[task.train], task.after[task.train]), 1.0)
    direction = np.stack([np.tril(counts, -1).sum(axis=1), np.diag(counts), np.triu(counts, 1).sum(axis=1)], axis=1)
    direction += 0.5
    share = direction / direction.sum(axis=1, keepdims=True)
    return task.spread(share[task.before[task.test]], task.test), "counts"


#: Name -> peer. Those of `MOVES` need tiers in force; CatBoost is left out where it is not installed.
TIERS: dict[str, Callable[[Task], Forecast]] = {
    "LightGBM multiclass": lightgbm_multiclass,
    "LightGBM pairs": lightgbm_pairs,
    "scikit-learn multiclass": scikit_learn_multiclass,
    "CatBoost multiclass": catboost_multiclass,
    "logistic regression": logistic_regression,
}
MOVES: dict[str, Callable[[Task], Forecast]] = {
    "LightGBM two-stage": two_stage,
    "transition matrix": transition_matrix,
}
RISKS: dict[str, Callable[[Task], Forecast]] = {"LightGBM, decreases alone": lightgbm_decrease}


def available(task: Task) -> dict[str, Callable[[Task], Forecast]]:
    """The peers that forecast a task's tiers."""
    peers = {**TIERS, **(MOVES if task.moves else {})}
    if importlib.util.find_spec("catboost") is None:
        print("CatBoost is not installed and is left out; pip install catboost")
        peers.pop("CatBoost multiclass")
    return peers


def of_all(probability: FloatArray, tiers: Any, n_tiers: int) -> FloatArray:
    """Probabilities of some tiers as probabilities of all."""
    out = np.zeros((len(probability), n_tiers))
    out[:, np.asarray(tiers, dtype=np.int64)] = probability
    return out


def _of_tiers(task: Task) -> Callable[[FloatArray, IntArray], FloatArray]:
    tiers = np.unique(task.after[task.train])
    return lambda raw, row: of_all(_softmax(raw), tiers, task.n_tiers)


def _of_directions(task: Task) -> Callable[[FloatArray, IntArray], FloatArray]:
    seen = np.unique(task.direction[task.train])
    return lambda raw, row: task.spread(of_all(_softmax(raw), seen, 3), row)


def _softmax(raw: FloatArray) -> FloatArray:
    odds = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _model(leaves: int, rate: float, rows: int, **more: Any) -> Any:
    return lightgbm.LGBMClassifier(
        n_estimators=MOST_ROUNDS,
        num_leaves=leaves,
        learning_rate=rate,
        min_child_samples=rows,
        random_state=0,
        n_jobs=-1,
        verbose=-1,
        **more,
    )


def _raw(model: Any, X: FloatArray, rounds: int) -> FloatArray:
    return np.asarray(model.booster_.predict(X, raw_score=True, num_iteration=rounds))


def _lightgbm(
    task: Task,
    X: FloatArray,
    y: IntArray,
    parts: tuple[IntArray, IntArray],
    probabilities: Callable[[FloatArray, IntArray], FloatArray],
    *,
    rows_of: Callable[[FloatArray], FloatArray] = lambda X: X,
    **more: Any,
) -> Iterator[tuple[str, Staged]]:
    """LightGBM at every point of the grid, on some rows and stopped by others (``parts``).

    ``probabilities`` makes tier probabilities of raw scores and rows.
    """
    train, held_out = parts
    held_out = held_out[np.isin(y[held_out], y[train])]  # LightGBM knows no tier that it has not seen
    for leaves, rate, rows in GRID:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # eval_set has another name from 4.7 on
            model = _model(leaves, rate, rows, **more).fit(
                X[train],
                y[train],
                eval_set=[(X[held_out], y[held_out])],
                callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
                categorical_feature=task.categorical or "auto",
            )
        most = model.booster_.current_iteration()

        def staged(
            X: FloatArray, row: IntArray, model: Any = model, most: int = most
        ) -> Iterator[tuple[int, FloatArray]]:
            read, raw = rows_of(X), np.zeros(())
            for n in range(0, most, STEP):
                raw = raw + np.asarray(
                    model.booster_.predict(read, raw_score=True, start_iteration=n, num_iteration=STEP)
                )
                yield min(n + STEP, most), probabilities(raw, row)

        yield f"{leaves} leaves, rate {rate}, {rows} rows a leaf", staged
