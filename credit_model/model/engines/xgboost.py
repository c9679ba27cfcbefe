"""Fits XGBoost on (row, threshold) pairs; the same trees on any number of threads.

XGBoost adds gradients up in float64 in an order that depends on the threads. So gradients are rounded to multiples of a
power of two that leaves room for all of them: such sums are exact, in any order.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray
from credit_model.errors import EngineError
from credit_model.model.engines.pair_task import FittedPairs, PairTask, log_loss, own_trees
from credit_model.model.threshold_pairs import ThresholdPairs
from credit_model.parallel import workers_of

#: Bits of a gradient: float32 holds them all, and 2^29 of them are added up without loss.
_BITS = 24
#: Least hessian of a leaf, as a share of what its least number of pairs would have at even odds.
_LEAF_HESSIAN = 0.02


def fit_xgboost(task: PairTask, pairs: ThresholdPairs, pairs_val: ThresholdPairs | None) -> FittedPairs:
    """Fit up to the best held-out loss, and take the trees over.

    Parameters
    ----------
    task : PairTask
        A leaf's least number of rows becomes a least hessian, which is what XGBoost counts.
    pairs, pairs_val : ThresholdPairs
        To fit on; and held out, or None: the fit then runs to its end.

    Raises
    ------
    EngineError
        The trees do not score like XGBoost to the bit.
    """
    import xgboost

    threads, most = workers_of(task.n_jobs), float(np.finfo(np.float32).max)
    pairs = pairs._replace(rows=np.clip(pairs.rows, -most, most))  # XGBoost refuses what float32 cannot hold
    weight, above = pairs.weight, pairs.above
    share = float((weight * above).sum() / weight.sum())
    settings = {
        "objective": "binary:logistic",
        "base_score": share,
        "tree_method": "hist",
        "device": task.device,
        "grow_policy": "lossguide",
        "max_depth": 0,
        "max_leaves": task.max_leaf_nodes,
        "max_bin": task.max_bins,
        "eta": task.learning_rate,
        "lambda": task.l2_regularization,
        "min_child_weight": _LEAF_HESSIAN * task.min_samples_leaf * float(weight.mean()),
        "colsample_bynode": task.max_features,
        "monotone_constraints": f"({','.join(map(str, task.signs))})",
        "seed": task.seed,
        "nthread": threads,
        "verbosity": 0,
    }
    if task.groups is not None:
        settings["interaction_constraints"] = json.dumps([sorted(group) for group in task.groups])
    kinds = ["c" if j in task.categorical else "q" for j in range(pairs.rows.shape[1])]

    def matrix(rows: FloatArray, **given: Any) -> Any:
        narrow = np.clip(rows, -most, most).astype(np.float32)
        return xgboost.QuantileDMatrix(
            narrow, feature_types=kinds, enable_categorical=True, max_bin=task.max_bins, nthread=threads, **given
        )

    train = matrix(pairs.rows, label=above)
    gradients = _Gradients(above, weight)
    booster = xgboost.Booster(settings, [train])
    if pairs_val is None:
        for i in range(task.max_iter):
            booster.update(train, i, fobj=gradients)
        return FittedPairs(task.max_iter, own_trees(booster, task, pairs))
    held_out = matrix(pairs_val.rows, ref=train)
    best, lowest = 0, np.inf
    for i in range(task.max_iter):
        booster.update(train, i, fobj=gradients)
        loss = log_loss(booster.predict(held_out).astype(np.float64), pairs_val.above, pairs_val.weight)
        if loss < lowest:
            best, lowest = i, loss
        elif i - best >= task.n_iter_no_change:
            break
    return FittedPairs(best + 1, own_trees(booster[: best + 1], task, pairs))


class _Gradients:
    """Gradients and hessians of the log loss, rounded so that sums of them are exact."""

    def __init__(self, above: Any, weight: FloatArray) -> None:
        self._above = above.astype(np.float32)
        self._weight = weight.astype(np.float32)
        self._step = np.float32(2.0 ** (np.ceil(np.log2(float(weight.max()))) - _BITS))

    def __call__(self, margin: NDArray[np.float32], _: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Of margins (n,): both (n,)."""
        with np.errstate(over="ignore"):
            chance = 1 / (1 + np.exp(-margin))
        hessian = np.maximum(chance * (1 - chance), np.float32(1e-12)) * self._weight
        return self._rounded((chance - self._above) * self._weight), self._rounded(hessian)

    def _rounded(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        rounded: NDArray[np.float32] = np.rint(values / self._step) * self._step
        return rounded


def check_cuda() -> None:
    """Refuse to fit on a GPU where XGBoost finds none.

    Raises
    ------
    EngineError
        XGBoost is built without CUDA, or there is no GPU that it can use.
    """
    import xgboost

    found = f"XGBoost {xgboost.__version__}"
    if not xgboost.build_info().get("USE_CUDA", False):
        raise EngineError(
            f"device 'cuda' needs XGBoost built with CUDA, found {found} without (as in xgboost-cpu); install xgboost, "
            "or use device 'cpu'"
        )
    try:
        rows = np.array([[0.0], [1.0]], dtype=np.float32)
        settings = {"tree_method": "hist", "device": "cuda", "verbosity": 0}
        tried = xgboost.train(settings, xgboost.DMatrix(rows, rows[:, 0]), 1)
        device = str(json.loads(tried.save_config())["learner"]["generic_param"]["device"])
    except xgboost.core.XGBoostError:
        device = "none"
    if not device.startswith("cuda"):
        raise EngineError(f"device 'cuda' needs a GPU that CUDA can use, {found} finds none; use device 'cpu'")
