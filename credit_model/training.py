"""Fits a limit-tier model to a panel, and keeps what became of the decisions that it was not fitted on."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError, CreditModelWarning, HistoryError
from credit_model.explain.peers import find_peers
from credit_model.explain.seen import Seen
from credit_model.explain.support import HeldOutRisk
from credit_model.fitted_model import FittedModel
from credit_model.model.bag import MOST_FITS, Bag, Members
from credit_model.model.destinations import Destinations
from credit_model.model.drift import Drift
from credit_model.model.forest import OrdinalForest, tier_probabilities
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
                f"LimitPredictor has no parameter {name!r}; it has catalogue, seed, n_fits, n_jobs, support and "
                "those of LimitTierClassifier"
            )


def check_fits(n_fits: int) -> int:
    """The number of fits, if it can be one.

    Raises
    ------
    CreditModelError
        It is no whole number in 1 .. `MOST_FITS`.
    """
    if isinstance(n_fits, bool) or not isinstance(n_fits, int | np.integer) or not 1 <= n_fits <= MOST_FITS:
        raise CreditModelError(f"n_fits must be a whole number in 1 .. {MOST_FITS}, got {n_fits!r}")
    return int(n_fits)


def fit_model(
    history: History, *, seed: int, n_fits: int, n_jobs: int, shares: Mapping[str, float], booster: Mapping[str, Any]
) -> tuple[FittedModel, LimitTierClassifier]:
    """Fit a model to a panel.

    A trial on one side of the split chooses the structure and the number of trees; the deployed fits are then made on
    all decisions, each on half of the borrowers, so that the months that are explained have been seen.

    Parameters
    ----------
    history : History
        Its catalogue declares what the model sees.
    seed : int
        Draws the split of borrowers and the booster's samples.
    n_fits : int
        Deployed fits; 1: a single one on all borrowers.
    n_jobs : int
        The result does not depend on it.
    shares : mapping
        validation_share, test_share and late_share (`model.split.split_rule`).
    booster : mapping
        Parameters of `LimitTierClassifier`.

    Returns
    -------
    FittedModel, LimitTierClassifier
        The second is the first of the deployed fits.

    Raises
    ------
    CreditModelError
        There are too few decisions to train on, or a parameter is unknown.
    """
    from credit_model.model.classifier import LimitTierClassifier

    check_booster(booster)
    n_fits = check_fits(n_fits)
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
    models, members = _deployed(model, snapshots, decision, seed=seed, n_fits=n_fits)
    bag = Bag(tuple(one.forest_ for one in models))
    weight = members.weights(history, snapshots.borrower_row[decision])
    held_out_rows = decision[split.held_out(*place)]
    fitted = FittedModel(
        catalogue=catalogue,
        bag=bag,
        members=members,
        seen=Seen.in_rows(snapshots.X),
        destinations=_destinations(model.forest_, snapshots, train, validation, n_jobs=n_jobs),
        trial=model.forest_,
        ladder=ladder,
        split=split,
        peers=find_peers(bag, snapshots, decision, weight, n_jobs=n_jobs),
        held_out=held_out_risk(bag, snapshots, decision, weight, n_jobs=n_jobs)
        if weight is not None
        else held_out_risk(Bag((model.forest_,)), snapshots, held_out_rows, None, others=train, n_jobs=n_jobs),
        tier_shares=np.bincount(snapshots.tier_after[train], minlength=ladder.n_tiers) / len(train),
        n_training_rows=len(decision),
        month_type=history.month_type,
    )
    return replace(fitted, drift=drift_of_model(fitted, snapshots, n_jobs=n_jobs)), models[0]


def drift_of_model(fitted: FittedModel, snapshots: Snapshots, *, n_jobs: int) -> Drift | None:
    """How far scores stray from what is foretold; plans alone ask for it, so None where the catalogue has no levers."""
    catalogue = fitted.catalogue
    if not catalogue.levers or "tier_in_force" not in catalogue.state_names:
        return None
    from credit_model.act.plans.foretold import drift_of

    return drift_of(fitted, snapshots, n_jobs=n_jobs)


def _destinations(
    trial: OrdinalForest, snapshots: Snapshots, train: IntArray, validation: IntArray, *, n_jobs: int
) -> Destinations | None:
    """Where the limits of the training rows went, weighed by the validation rows."""
    if "tier_in_force" not in snapshots.catalogue.state_names:
        return None
    before, after = snapshots.tier_before, snapshots.tier_after
    share = Destinations.of_moves(before[train], after[train], trial.n_tiers)
    probability = tier_probabilities(trial.survival_scores(snapshots.X[validation], n_jobs=n_jobs))
    return Destinations.chosen(share, probability, before[validation], after[validation])


def _deployed(
    trial: LimitTierClassifier, snapshots: Snapshots, decision: IntArray, *, seed: int, n_fits: int
) -> tuple[list[LimitTierClassifier], Members]:
    """Fits on all decisions (n,), with the trial's structure and number of trees."""
    from sklearn.base import clone

    history, frame = snapshots.history, snapshots.frame()
    members = Members.of_history(history, seed=seed, n_fits=n_fits)
    sees = members.sees(history.borrower_ids)[snapshots.borrower_row[decision]]
    sides = [decision[sees[:, b]] for b in range(n_fits)]
    if n_fits > 1 and min(len(np.unique(snapshots.tier_after[side])) for side in sides) < 2:
        warnings.warn(
            f"half of the {len(history.borrower_ids):,} borrowers is too little for a bag of {n_fits} fits; one is "
            "made on all of them, which has seen the borrowers that it explains",
            CreditModelWarning,
            stacklevel=4,
        )
        return _deployed(trial, snapshots, decision, seed=seed, n_fits=1)
    models = []
    for b, side in enumerate(sides):
        model = clone(trial).set_params(
            structure=trial.structure_, max_iter=trial.rounds_, random_state=(seed + b) % (1 << 32)
        )
        models.append(model.fit(frame.iloc[side], snapshots.tier_after[side]))
    return models, members


def held_out_risk(
    bag: Bag,
    snapshots: Snapshots,
    row: IntArray,
    weight: FloatArray | None,
    *,
    others: IntArray | None = None,
    n_jobs: int,
) -> HeldOutRisk | None:
    """What became of decisions by the risk that fits which did not see them gave; None where no tier is in force.

    Parameters
    ----------
    bag : Bag
    snapshots : Snapshots
    row : int64 array, (n,)
        Decisions held out from the fits that ``weight`` counts.
    weight : float64 array, (n, n_fits), or None: all alike
    others : int64 array, optional
        Further decisions that the usual rate of cuts counts.
    n_jobs : int
    """
    if "tier_in_force" not in snapshots.catalogue.state_names:
        return None
    fell = snapshots.tier_after < snapshots.tier_before
    known = row if others is None else np.concatenate([row, others])
    known = known[snapshots.tier_before[known] > 0]
    if not len(known):
        return None
    can_fall = snapshots.tier_before[row] > 0
    row, weight = row[can_fall], None if weight is None else weight[can_fall]
    score = bag.keep_score(snapshots.X[row], snapshots.tier_before[row], weight, n_jobs=n_jobs)
    return HeldOutRisk.of_decisions(expit(-score), fell[row], usual=float(fell[known].mean()))
