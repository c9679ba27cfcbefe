"""Fits a limit-tier model to a panel, and keeps what became of the decisions that it was not fitted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from credit_model.arrays import IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.peers import find_peers
from credit_model.explain.support import HeldOutRisk
from credit_model.fitted_model import FittedModel
from credit_model.model.forest import OrdinalForest
from credit_model.model.split import split_rule
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import Snapshots, build_snapshots

if TYPE_CHECKING:
    from credit_model.model.classifier import LimitTierClassifier

#: Parameters of `LimitTierClassifier` that follow from the catalogue, the seed and n_jobs.
_FOLLOW = frozenset({"categorical_features", "monotonic_cst", "n_jobs", "n_tiers", "random_state", "state_features",
                     "tier_in_force"})  # fmt: skip


def check_booster(names: Iterable[str]) -> None:
    """Refuse names that are no parameters of the booster for a predictor's user to set.

    Raises
    ------
    CreditModelError
        One of them is unknown, or follows from the catalogue or the seed.
    """
    from credit_model.model.classifier import LimitTierClassifier

    known = LimitTierClassifier().get_params().keys()
    for name in names:
        if name in _FOLLOW:
            raise CreditModelError(
                f"LimitPredictor takes {name} from its catalogue, seed and n_jobs, it cannot be set; "
                "declare it in the catalogue, or use LimitTierClassifier"
            )
        if name not in known:
            raise CreditModelError(
                f"LimitPredictor has no parameter {name!r}; it has catalogue, seed, n_jobs, support and those of "
                "LimitTierClassifier"
            )


def fit_model(
    history: History, *, seed: int, n_jobs: int, shares: Mapping[str, float], booster: Mapping[str, Any]
) -> tuple[FittedModel, LimitTierClassifier]:
    """Fit a model to a panel.

    Parameters
    ----------
    history : History
        Its catalogue declares what the model sees.
    seed : int
        Draws the split of borrowers and the booster's samples.
    n_jobs : int
        The result does not depend on it.
    shares : mapping
        validation_share, test_share and late_share (`model.split.split_rule`).
    booster : mapping
        Parameters of `LimitTierClassifier`.

    Returns
    -------
    FittedModel, LimitTierClassifier

    Raises
    ------
    CreditModelError
        There are too few decisions to train on, or a parameter is unknown.
    """
    from credit_model.model.classifier import LimitTierClassifier

    check_booster(booster)
    catalogue = history.catalogue
    ladder = catalogue.ladder or LimitLadder.from_quantiles(history.values(catalogue.limit), catalogue.quantiles or 8)
    snapshots = build_snapshots(history, ladder, n_jobs=n_jobs)
    decision = np.flatnonzero(snapshots.is_decision)
    if not len(decision):
        raise HistoryError(
            f"training needs decisions after the first {catalogue.warm_up} months of a borrower, "
            "found none; give a longer history"
        )
    split = split_rule(snapshots.month_number[decision], seed=seed, **shares)
    place = (history.borrower_ids, snapshots.borrower_row[decision], snapshots.month_number[decision])
    train, validation = decision[split.train(*place)], decision[split.validation(*place)]
    tiers = np.unique(snapshots.tier_after[train])
    if len(tiers) < 2:
        raise HistoryError(
            f"training needs decisions in at least 2 tiers, found {len(tiers)} in {len(train)} training rows; "
            "give a longer or larger history, or a finer [ladder] in the catalogue"
        )
    model = LimitTierClassifier(
        n_tiers=ladder.n_tiers,
        tier_in_force="tier_in_force" if "tier_in_force" in catalogue.state_names else None,
        state_features=list(catalogue.state_names) or None,
        monotonic_cst=catalogue.monotonic_cst,
        categorical_features=list(catalogue.categorical_names) or None,
        random_state=seed,
        n_jobs=n_jobs,
        **booster,
    )
    held_out = len(validation) > 0
    frame = snapshots.frame()
    model.fit(
        frame.iloc[train],
        snapshots.tier_after[train],
        X_val=frame.iloc[validation] if held_out else None,
        y_val=snapshots.tier_after[validation] if held_out else None,
    )
    forest: OrdinalForest = model.forest_
    fitted = FittedModel(
        catalogue=catalogue,
        forest=forest,
        ladder=ladder,
        split=split,
        peers=find_peers(forest, snapshots, train, n_jobs=n_jobs),
        held_out=held_out_risk(forest, snapshots, train, decision[split.held_out(*place)], n_jobs=n_jobs),
        tier_shares=np.bincount(snapshots.tier_after[train], minlength=ladder.n_tiers) / len(train),
        n_training_rows=len(train),
        month_type=history.month_type,
    )
    return fitted, model


def held_out_risk(
    forest: OrdinalForest, snapshots: Snapshots, train: IntArray, held_out: IntArray, *, n_jobs: int
) -> HeldOutRisk | None:
    """What became of held-out decisions by their risk; None where no tier is in force.

    Parameters
    ----------
    forest : OrdinalForest
    snapshots : Snapshots
    train, held_out : int64 arrays, row numbers
        The usual rate of cuts counts both.
    n_jobs : int
    """
    if "tier_in_force" not in snapshots.catalogue.state_names:
        return None
    known = np.concatenate([train, held_out])
    known = known[snapshots.tier_before[known] > 0]
    if not len(known):
        return None
    row = held_out[snapshots.tier_before[held_out] > 0]
    fell = snapshots.tier_after < snapshots.tier_before
    score = forest.keep_score(snapshots.X[row], snapshots.tier_before[row], n_jobs=n_jobs)
    return HeldOutRisk.of_decisions(expit(-score), fell[row], usual=float(fell[known].mean()))
