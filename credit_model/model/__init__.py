"""The limit-tier model: which tier a lender's policy gives, with the log-odds of keeping the tier in force.

====================  ============================================================================================
``classifier``        `LimitTierClassifier`: ordered tiers, as a scikit-learn estimator
``structures``        what may interact: an additive score, a joint one, or everything
``fitting``           fits the trees of a structure, by rows or by pairs
``row_boosting``      boosts a score row by row; ``row_trees`` grows its trees, ``row_kernels`` compiles what is slow,
                      ``binning`` makes bins of columns
``threshold_pairs``   what other boosters are fitted on: each row at several thresholds
``booster``           fits scikit-learn's booster on these pairs; ``engines``: LightGBM and XGBoost
``labels``            tiers and weights as they are given, in any type; ``features``: the same of rows
``columns``           what is declared of columns; ``categories`` turns their values into the codes that trees read
``forest``            `OrdinalForest`: the fitted trees, and all scores of rows; needs no scikit-learn
``metrics``           how good forecasts of tiers are
``split``             which rows train, which test: apart by borrower and by time
``artifact``          a saved model: a folder without code
====================  ============================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.model.artifact import load_artifact, save_artifact
    from credit_model.model.classifier import LimitTierClassifier
    from credit_model.model.forest import OrdinalForest, predicted_tier, tier_probabilities
    from credit_model.model.split import SplitRule, split_rule

#: Public name -> the module that holds it; loaded at first use, so that a saved model needs no scikit-learn.
_HOME = {
    "LimitTierClassifier": "classifier",
    "OrdinalForest": "forest",
    "SplitRule": "split",
    "load_artifact": "artifact",
    "predicted_tier": "forest",
    "save_artifact": "artifact",
    "split_rule": "split",
    "tier_probabilities": "forest",
}

__all__ = [
    "LimitTierClassifier",
    "OrdinalForest",
    "SplitRule",
    "load_artifact",
    "predicted_tier",
    "save_artifact",
    "split_rule",
    "tier_probabilities",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
