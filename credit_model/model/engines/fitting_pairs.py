"""Fits the engine that is asked for."""

from __future__ import annotations

from credit_model.model.engines.pair_task import FittedPairs, PairTask
from credit_model.model.threshold_pairs import ThresholdPairs

#: Those that are fitted here.
OTHER_ENGINES = ("lightgbm", "xgboost")


def fit_pairs(engine: str, task: PairTask, pairs: ThresholdPairs, pairs_val: ThresholdPairs | None) -> FittedPairs:
    """One of `OTHER_ENGINES`, fitted up to its best held-out loss; see `engines.lightgbm`, `engines.xgboost`."""
    if engine == "lightgbm":
        from credit_model.model.engines.lightgbm import fit_lightgbm

        return fit_lightgbm(task, pairs, pairs_val)
    from credit_model.model.engines.xgboost import fit_xgboost

    return fit_xgboost(task, pairs, pairs_val)
