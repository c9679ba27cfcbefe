"""Any tree model: does it score like its library to the bit, are its values exact, and what do others make of it.

``python -m benchmarks.engines [--seeds 26] [--rows 400]``. Random small models of every engine, with missing values,
categories and repeated thresholds; the rows are made of the models' own thresholds, one ulp beside them, missing values
and unseen categories. Exact is what full enumeration over all coalitions says. shap, woodelf and shapiq are asked for
the same game (interventional, one background row) where they are installed and answer at all; a row is wrong where a
value is further off than 1e-6 of the score's size, which allows for their float32. Times are of one thread.
"""

from __future__ import annotations

import argparse
import importlib
import warnings
from collections.abc import Callable
from functools import partial
from time import thread_time
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from threadpoolctl import threadpool_limits

from benchmarks.tables import at_least, at_most, median_seconds, paired_ratio, show_goals, show_machine, show_table
from credit_model.arrays import FloatArray
from credit_model.trees.engines.parity import probes
from credit_model.trees.engines.reading import read_tree_model
from credit_model.trees.engines.tree_model import TreeModel
from credit_model.trees.owen import ensemble_changes, ensemble_owen_values
from credit_model.trees.scoring import scores
from tests.trees.engines.random_models import ENGINES, N_FEATURES
from tests.trees.enumeration import enumerated_owen_values

#: Pairs of rows of each model on which values are compared.
PAIRS = 4
EXACT, WRONG = 1e-9, 1e-6
#: Of each engine so many models are put to the peers, which make an explainer for every row.
PEER_MODELS = 6
REPEATS = 3
#: Of methods that need an explainer for every row.
FEW_ROWS = 5

Answer = Callable[[Any, TreeModel, FloatArray, FloatArray, Any], FloatArray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=26, help="models of each of the 8 engines")
    parser.add_argument("--rows", type=int, default=400)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # shap's import under recent matplotlib, and what peers deprecate
    show_machine("shap", "lightgbm", "catboost")
    print(f"XGBoost {xgboost.__version__}")
    with threadpool_limits(1, "openmp"):
        exactness(options.seeds)
        speed(options.rows)


def exactness(n_seeds: int) -> None:
    """Count rows that differ, and rows that are wrong, over random models."""
    peers = _peers()
    table, totals = [], np.zeros(4)
    for engine, fit in ENGINES.items():
        checked = differ = wrong = 0
        error = 0.0
        answered = {name: [0, 0] for name in peers}
        for seed in range(n_seeds):
            model, score_class = fit(seed)
            read = read_tree_model(model, score_class=score_class)
            numbers = probes(read)
            checked += len(numbers)
            differ += int((np.asarray(read.native(numbers)) != read.native_scores(numbers)).sum())
            rng = np.random.default_rng(seed)
            x, z = (numbers[rng.integers(0, len(numbers), PAIRS)] for _ in range(2))
            rows_x, rows_z = read.coder.rows(x), read.coder.rows(z)
            alone = np.arange(N_FEATURES)
            ours = ensemble_changes(read.trees, rows_x, rows_z, alone, N_FEATURES, n_jobs=1).owen_values
            exact = np.stack(
                [
                    enumerated_owen_values(partial(scores, read.trees, n_jobs=1), a, b, alone)
                    for a, b in zip(rows_x, rows_z, strict=True)
                ]
            )
            error = max(error, float(np.abs(ours - exact).max()))
            wrong += int((np.abs(ours - exact).max(axis=1) > EXACT).sum())
            for name, ask in peers.items() if seed < PEER_MODELS else ():
                found = _asked(ask, model, read, x, z, score_class)
                if found is not None:
                    size = max(1.0, float(np.abs(exact).max()))
                    answered[name][0] += PAIRS
                    answered[name][1] += int((~(np.abs(found - exact).max(axis=1) <= WRONG * size)).sum())
        table.append(
            [engine, n_seeds, checked, differ, f"{error:.1e}", wrong, *(_told(*answered[name]) for name in peers)]
        )
        totals += [n_seeds, checked, differ, wrong]
    header = ["models", "rows checked", "differ in a bit", "largest error", "rows wrong"]
    show_table(
        "Random models, each engine: parity with its library; values beside full enumeration; peers",
        ["", *header, *(f"{name}: wrong of answered" for name in peers)],
        table,
    )
    show_goals(
        [
            at_least("random models", totals[0], 200),
            at_most("rows that differ from the library in a bit", totals[2], 0),
            at_most("rows whose values differ from full enumeration by more than 1e-9", totals[3], 0),
        ]
    )


def speed(n_rows: int) -> None:
    """Time per row of larger models, beside the peers that answer."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 40)).astype(np.float32).astype(np.float64)
    y = (X[:, 0] * X[:, 1] + X[:, 2] + X[:, 3:12].sum(axis=1) / 3 + rng.normal(size=4000) > 0).astype(int)
    models = {
        "LightGBM, 300 trees x 15 leaves": lightgbm.train(
            {"objective": "binary", "num_leaves": 15, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, y), 300
        ),
        "XGBoost, 300 trees, depth 4": xgboost.train(
            {"objective": "binary:logistic", "max_depth": 4, "nthread": 1}, xgboost.DMatrix(X, y), 300
        ),
        "HistGradientBoosting, 300 x 15": HistGradientBoostingClassifier(max_iter=300, max_leaf_nodes=15).fit(X, y),
        "random forest, 100 trees, depth 8": RandomForestClassifier(100, max_depth=8, random_state=0).fit(X, y),
    }
    peers = _peers()
    lines = [(name, *timed(model, X, n_rows, peers)) for name, model in models.items()]
    table = [[name, *cells] for name, cells, _ in lines]
    show_table(
        "Microseconds a row, 40 features, plain Shapley of a pair of rows",
        ["", "ours", "ours, all of an explanation", "shap, background swapped", "ratio", "its rows wrong"]
        + [f"{name}, an explainer a row" for name in peers],
        table,
    )
    least = min((ratio for *_, ratio in lines if ratio is not None), default=np.nan)
    show_goals([at_least("times faster than shap's interventional pairwise, the least", least, 4)])


def timed(model: Any, X: FloatArray, n_rows: int, peers: dict[str, Answer]) -> tuple[list[Any], float | None]:
    """The cells of one model, and how many times faster than shap's fastest way it is explained."""
    read = read_tree_model(model)
    x, z = X[:n_rows], X[n_rows : 2 * n_rows]
    rows = read.coder.rows(x), read.coder.rows(z)
    alone, grouped = np.arange(X.shape[1]), np.arange(X.shape[1]) // 6

    def explained() -> FloatArray:
        return ensemble_owen_values(read.trees, *rows, alone, n_jobs=1)

    work: dict[str, Callable[[], Any]] = {
        "ours": explained,
        "all": lambda: ensemble_changes(read.trees, *rows, grouped, int(grouped.max()) + 1, n_jobs=1),
    }
    swapped = _swapping(model, x, z)
    if swapped is not None:
        work["shap"] = swapped
    rounds = median_seconds(work, repeats=REPEATS, clock=thread_time)
    taken = {name: float(np.median(seconds)) / n_rows * 1e6 for name, seconds in rounds.items()}
    exact, ratio = explained(), None
    cells: list[Any] = [taken["ours"], taken["all"]]
    if swapped is None:
        cells += [None, "-", "no answer"]
    else:
        ratio = paired_ratio(rounds["shap"], rounds["ours"])
        wrong = int((np.abs(swapped() - exact).max(axis=1) > WRONG * max(1.0, np.abs(exact).max())).sum())
        cells += [taken["shap"], f"{ratio:.1f}x", f"{wrong} of {n_rows}"]
    for ask in peers.values():
        start = thread_time()
        found = _asked(ask, model, read, x[:FEW_ROWS], z[:FEW_ROWS], None)
        cells.append(None if found is None else (thread_time() - start) / FEW_ROWS * 1e6)
    return cells, ratio


def _told(answered: int, wrong: int) -> str:
    return f"{wrong} of {answered}" if answered else "no answer"


def _asked(
    ask: Answer, model: Any, read: TreeModel, x: FloatArray, z: FloatArray, score_class: Any
) -> FloatArray | None:
    """What a peer answers (n, n_features), in the score's units; None where it refuses, whatever it raises."""
    try:
        found = np.asarray(ask(model, read, x, z, score_class), dtype=np.float64)
    except Exception:
        return None
    return found if found.shape == x.shape else None


def _peers() -> dict[str, Answer]:
    """The peers that are installed; the others are said to be missing."""
    found: dict[str, Answer] = {}
    for name, ask in {"shap": _ask_shap, "woodelf": _ask_woodelf, "shapiq": _ask_shapiq}.items():
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            print(f"{name}: missing ({error})")
            continue
        if name == "shapiq" and getattr(module, "InterventionalTreeExplainer", None) is None:
            print(f"shapiq {getattr(module, '__version__', '')}: has no interventional game of trees; left out")
            continue
        found[name] = ask
    return found


def _of_class(values: Any, score_class: Any) -> FloatArray:
    """Of a value a class, those of the one meant; of two, the second."""
    values = np.asarray(values[score_class or 1]) if isinstance(values, list) else np.asarray(values)
    if values.ndim == 3:
        return np.asarray(values[..., 1 if score_class is None else score_class])
    return values


def _ask_shap(model: Any, read: TreeModel, x: FloatArray, z: FloatArray, score_class: Any) -> FloatArray:
    import shap

    rows = []
    for a, b in zip(x, z, strict=True):
        explainer = shap.TreeExplainer(model, data=b[None])
        rows.append(_of_class(explainer.shap_values(a[None], check_additivity=False), score_class)[0])
    return np.array(rows)


def _ask_woodelf(model: Any, read: TreeModel, x: FloatArray, z: FloatArray, score_class: Any) -> FloatArray:
    from woodelf import WoodelfExplainer
    from woodelf.core.trees.parse_models import load_decision_tree_ensemble_model

    names = [f"Column_{j}" for j in range(x.shape[1])] if "LightGBM" in read.engine else list(range(x.shape[1]))
    named = score_class if score_class is not None else 1 if read.unit == "probability" else None
    parsed = load_decision_tree_ensemble_model(model, names, **({} if named is None else {"class_index": named}))
    rows = []
    for a, b in zip(x, z, strict=True):
        background = pd.DataFrame(b[None], columns=names)
        explainer = WoodelfExplainer(parsed, background, feature_perturbation="interventional")
        found = explainer.shap_values(pd.DataFrame(a[None], columns=names), verbose=False)
        rows.append(_of_class(found, score_class)[0])
    return np.array(rows)


def _ask_shapiq(model: Any, read: TreeModel, x: FloatArray, z: FloatArray, score_class: Any) -> FloatArray:
    import shapiq

    rows = []
    for a, b in zip(x, z, strict=True):
        explainer = shapiq.InterventionalTreeExplainer(model, b[None], class_index=score_class, index="SV", max_order=1)
        found = explainer.explain(a)
        rows.append([found[(j,)] for j in range(len(a))])
    return np.array(rows)


def _swapping(model: Any, x: FloatArray, z: FloatArray) -> Callable[[], FloatArray] | None:
    """shap with one explainer, whose background row is exchanged before each row: the fastest way to ask it."""
    import shap

    def swapped() -> FloatArray:
        rows = []
        for a, b in zip(x, z, strict=True):
            explainer.data[0], explainer.data_missing[0] = b, np.isnan(b)
            rows.append(_of_class(explainer.shap_values(a[None], check_additivity=False), None)[0])
        return np.array(rows)

    try:
        explainer = shap.TreeExplainer(model, data=z[:1].copy())
        swapped()
    except Exception:
        return None
    return swapped


if __name__ == "__main__":
    main()
