"""Fits LightGBM on (row, threshold) pairs; the same trees on any number of threads."""

from __future__ import annotations

from typing import Any

from credit_model.model.engines.pair_task import FittedPairs, PairTask, log_loss, own_trees
from credit_model.model.threshold_pairs import ThresholdPairs
from credit_model.parallel import workers_of


def fit_lightgbm(task: PairTask, pairs: ThresholdPairs, pairs_val: ThresholdPairs | None) -> FittedPairs:
    """Fit up to the best held-out loss, and take the trees over.

    Parameters
    ----------
    task : PairTask
    pairs, pairs_val : ThresholdPairs
        To fit on; and held out, or None: the fit then runs to its end.

    Raises
    ------
    EngineError
        The trees do not score like LightGBM to the bit.
    """
    import lightgbm

    settings = {
        "objective": "binary",
        "metric": "None",
        "learning_rate": task.learning_rate,
        "num_leaves": task.max_leaf_nodes,
        "min_data_in_leaf": task.min_samples_leaf,
        "min_sum_hessian_in_leaf": 1e-3,
        "lambda_l2": task.l2_regularization,
        "feature_fraction_bynode": task.max_features,
        "max_bin": task.max_bins,
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "cat_l2": task.l2_regularization,  # categories are held back no more than numbers are, as in scikit-learn
        "min_data_per_group": task.min_samples_leaf,
        "monotone_constraints": list(task.signs),
        "interaction_constraints": [sorted(group) for group in task.groups or ()],
        "seed": task.seed,
        "num_threads": workers_of(task.n_jobs),
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    if task.groups is None:
        del settings["interaction_constraints"]
    categories: Any = sorted(task.categorical) or "auto"
    train = lightgbm.Dataset(pairs.rows, pairs.above, weight=pairs.weight, categorical_feature=categories)
    stopping: dict[str, Any] = {}
    if pairs_val is not None:
        held_out = lightgbm.Dataset(pairs_val.rows, pairs_val.above, weight=pairs_val.weight, reference=train)
        stopping = {
            "valid_sets": [held_out],
            "feval": lambda p, _: ("log_loss", log_loss(p, pairs_val.above, pairs_val.weight), False),
            "callbacks": [lightgbm.early_stopping(task.n_iter_no_change, verbose=False)],
        }
    booster = lightgbm.train(settings, train, task.max_iter, **stopping)
    best = booster.best_iteration if pairs_val is not None else booster.num_trees()
    return FittedPairs(max(1, int(best)), own_trees(booster, task, pairs))
