"""Fits a limit-tier model to a panel, and keeps what became of the decisions that it was not fitted on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError, CreditModelWarning, HistoryError
from credit_model.explain.peers import Peers, narrowest
from credit_model.explain.support import HeldOutRisk
from credit_model.fitted_model import FittedModel
from credit_model.model.bag import MOST_FITS, Bag, Members
from credit_model.model.destinations import Destinations
from credit_model.model.drift import Drift
from credit_model.model.forest import OrdinalForest, tier_probabilities
from credit_model.model.split import SplitRule
from credit_model.parallel import in_order, openmp_limit, workers_of
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots, build_snapshots
from credit_model.training_rows import HELD_OUT, SIDES, TRAIN, Census, Drawing, TrainingRows

if TYPE_CHECKING:
    from credit_model.model.classifier import LimitTierClassifier

#: Rows of a panel, or decisions, whose features are made or scored at a time.
ROWS_AT_ONCE = 500_000
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
                f"LimitPredictor has no parameter {name!r}; it has catalogue, seed, n_fits, n_jobs, support, "
                "most_decisions and those of LimitTierClassifier"
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
    history: History,
    *,
    seed: int,
    n_fits: int,
    n_jobs: int,
    shares: Mapping[str, float],
    booster: Mapping[str, Any],
    most_decisions: int | None = None,
) -> tuple[FittedModel, LimitTierClassifier]:
    """Fit a model to a panel.

    A trial on one side of the split chooses the structure and the number of trees; the deployed fits are then made on
    all decisions, each on half of the borrowers, so that the months that are explained have been seen.

    Parameters
    ----------
    history : History
        Its catalogue declares what the model sees.
    seed : int
        Draws the split of borrowers, the decisions and the booster's samples.
    n_fits : int
        Deployed fits; 1: a single one on all borrowers.
    n_jobs : int
        The result does not depend on it.
    shares : mapping
        validation_share, test_share and late_share (`model.split.split_rule`).
    booster : mapping
        Parameters of `LimitTierClassifier`.
    most_decisions : int, optional
        As of `LimitPredictor`.

    Returns
    -------
    FittedModel, LimitTierClassifier
        The second is the first of the deployed fits.

    Raises
    ------
    CreditModelError
        There are too few decisions to train on, or a parameter is unknown.
    """
    check_booster(booster)
    n_fits, catalogue = check_fits(n_fits), history.catalogue
    census = Census.of_history(history)
    drawing = census.drawing(catalogue, seed=seed, shares=shares, most_decisions=most_decisions)
    blocks = history.blocks(ROWS_AT_ONCE)
    rows = TrainingRows.concatenate([TrainingRows.of_history(block, drawing, n_jobs=n_jobs) for block in blocks])

    return fit_rows(rows, catalogue, drawing, history.select, n_fits=n_fits, n_jobs=n_jobs, booster=booster)


def fit_rows(
    rows: TrainingRows,
    catalogue: Catalogue,
    drawing: Drawing,
    panel_of: Callable[[Sequence[Any]], History],
    *,
    n_fits: int,
    n_jobs: int,
    booster: Mapping[str, Any],
) -> tuple[FittedModel, LimitTierClassifier]:
    """Fit a model to the decisions that were drawn from a panel, which need not be in memory.

    Parameters
    ----------
    rows : TrainingRows
        Of the whole panel.
    catalogue : Catalogue
    drawing : Drawing
        By which they were drawn.
    panel_of : callable
        The panel of some borrowers, by their ids (n,), of which there are at most a few hundred.
    n_fits, n_jobs, booster
        As of `fit_model`, which says what is returned and raised.
    """
    from credit_model.model.classifier import LimitTierClassifier

    check_booster(booster)
    n_fits, seed, split, ladder = check_fits(n_fits), drawing.seed, drawing.split, drawing.ladder
    train, validation = (np.flatnonzero(side(*rows.place)) for side in (split.train, split.validation))
    tiers = np.unique(rows.tier_after[train])
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
    model.fit(
        _frame(rows, train, catalogue),
        rows.tier_after[train],
        rows.weight_of(train),
        X_val=_frame(rows, validation, catalogue) if held_out else None,
        y_val=rows.tier_after[validation] if held_out else None,
        sample_weight_val=rows.weight_of(validation) if held_out else None,
    )
    models, members = _deployed(model, rows, catalogue, seed=seed, n_fits=n_fits)
    bag, trial = Bag(tuple(one.forest_ for one in models)), model.forest_
    at_risk = np.flatnonzero(rows.tier_before > 0)
    score = _keep_scores(bag, rows, at_risk, members, n_jobs=n_jobs)
    fitted = FittedModel(
        catalogue=catalogue,
        bag=bag,
        members=members,
        seen=rows.seen,
        destinations=_destinations(trial, rows, catalogue, validation, n_jobs=n_jobs),
        trial=trial,
        ladder=ladder,
        split=split,
        peers=_peers(rows, at_risk, score),
        held_out=_held_out_risk(trial, rows, catalogue, split, at_risk, score, members, n_jobs=n_jobs),
        tier_shares=rows.tier_shares(),
        n_training_rows=len(rows),
        n_decisions=None if rows.kept_share == 1 else int(rows.counts.sum()),
        month_type=rows.month_type,
    )
    return replace(fitted, drift=_drift(fitted, rows, panel_of, n_jobs=n_jobs)), models[0]


def _frame(rows: TrainingRows, row: IntArray, catalogue: Catalogue) -> pd.DataFrame:
    """The features of decisions (n,), by name."""
    return pd.DataFrame(rows.X[row], columns=list(catalogue.feature_names), copy=False)


def _keep_scores(bag: Bag, rows: TrainingRows, row: IntArray, members: Members, *, n_jobs: int) -> FloatArray:
    """The keep scores of decisions (n,) by the fits that did not see their borrowers, if there are any: (n,)."""
    weight = members.weights_of_members(rows.borrower_ids)
    score = np.empty(len(row))
    for start in range(0, len(row), ROWS_AT_ONCE):
        some = row[start : start + ROWS_AT_ONCE]
        of_fits = None if weight is None else weight[rows.borrower[some]]
        score[start : start + len(some)] = bag.keep_score(rows.X[some], rows.tier_before[some], of_fits, n_jobs=n_jobs)
    return score


def _peers(rows: TrainingRows, at_risk: IntArray, score: FloatArray) -> Peers:
    """Borrowers who kept their tier narrowly, by the scores of decisions ``at_risk``, (n,) each."""
    kept = ~rows.fell[at_risk]
    row = at_risk[kept]
    row = row[narrowest(rows.tier_before[row], score[kept], rows.borrower[row])]
    return Peers(rows.X[row], rows.tier_before[row])


def _held_out_risk(
    trial: OrdinalForest,
    rows: TrainingRows,
    catalogue: Catalogue,
    split: SplitRule,
    at_risk: IntArray,
    score: FloatArray,
    members: Members,
    *,
    n_jobs: int,
) -> HeldOutRisk | None:
    """What became of decisions ``at_risk`` (n,) by the scores (n,) of fits that did not see them.

    A single deployed fit saw all of them; then those count that the trial did not see.
    """
    sides: tuple[int, ...] = SIDES
    if members.n_fits == 1:
        at_risk = at_risk[split.held_out(rows.borrower_ids, rows.borrower[at_risk], rows.month_number[at_risk])]
        nobody = Members(0, 1, np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0))
        score = _keep_scores(Bag((trial,)), rows, at_risk, nobody, n_jobs=n_jobs)
        sides = (TRAIN, HELD_OUT)
    return held_out_risk(
        catalogue, score, rows.fell[at_risk], usual=rows.usual_rate(sides), weight=rows.weight_of(at_risk)
    )


def _drift(
    fitted: FittedModel, rows: TrainingRows, panel_of: Callable[[Sequence[Any]], History], *, n_jobs: int
) -> Drift | None:
    """How far scores stray from what is foretold, by some of the cuts of the panel."""
    catalogue = fitted.catalogue
    if not asks_for_drift(catalogue) or not len(rows.cut_borrower):
        return None
    from credit_model.act.plans.foretold import drift_of_cuts, some_of

    some = some_of(len(rows.cut_borrower))
    whose, place = np.unique(rows.cut_borrower[some], return_inverse=True)
    snapshots = build_snapshots(panel_of(rows.borrower_ids[whose].tolist()), fitted.ladder, n_jobs=n_jobs)
    month, start = rows.cut_month[some], snapshots.history.starts
    of_cut = [
        start[b] + np.searchsorted(snapshots.month_number[start[b] : start[b + 1]], m)
        for b, m in zip(place.tolist(), month.tolist(), strict=True)
    ]
    return drift_of_cuts(fitted, snapshots, np.array(of_cut, dtype=np.int64), n_jobs=n_jobs)


def asks_for_drift(catalogue: Catalogue) -> bool:
    """Whether plans can be made, which alone ask how far scores stray: levers are declared, and limits move."""
    return bool(catalogue.levers) and "tier_in_force" in catalogue.state_names


def drift_of_model(fitted: FittedModel, snapshots: Snapshots, *, n_jobs: int) -> Drift | None:
    """How far scores stray from what is foretold, by the snapshots of a whole panel; None where no plan can be made."""
    if not asks_for_drift(fitted.catalogue):
        return None
    from credit_model.act.plans.foretold import drift_of

    return drift_of(fitted, snapshots, n_jobs=n_jobs)


def _destinations(
    trial: OrdinalForest, rows: TrainingRows, catalogue: Catalogue, validation: IntArray, *, n_jobs: int
) -> Destinations | None:
    """Where the limits of the trial's decisions went, weighed by the validation rows."""
    if "tier_in_force" not in catalogue.state_names:
        return None
    share = Destinations.of_counts(rows.counts[TRAIN, 1:].astype(np.float64))
    probability = tier_probabilities(trial.survival_scores(rows.X[validation], n_jobs=n_jobs))
    before, after = rows.tier_before[validation], rows.tier_after[validation]
    return Destinations.chosen(share, probability, before, after, rows.weight_of(validation))


def _deployed(
    trial: LimitTierClassifier, rows: TrainingRows, catalogue: Catalogue, *, seed: int, n_fits: int
) -> tuple[list[LimitTierClassifier], Members]:
    """Fits on all decisions, with the trial's structure and number of trees."""
    from sklearn.base import clone

    members = Members.of_borrowers(rows.borrower_ids, rows.last_month, rows.last_limit, seed=seed, n_fits=n_fits)
    sees = members.sees(rows.borrower_ids)
    sides = [np.flatnonzero(sees[rows.borrower, b]) for b in range(n_fits)]
    if n_fits > 1 and min(len(np.unique(rows.tier_after[side])) for side in sides) < 2:
        warnings.warn(
            f"half of the {len(rows.borrower_ids):,} borrowers is too little for a bag of {n_fits} fits; one is "
            "made on all of them, which has seen the borrowers that it explains",
            CreditModelWarning,
            stacklevel=5,
        )
        return _deployed(trial, rows, catalogue, seed=seed, n_fits=1)
    # Fits side by side keep cores busier than the threads of one fit do.
    cores = workers_of(-1 if trial.n_jobs is None else trial.n_jobs)
    together = min(cores, n_fits)
    n_jobs = trial.n_jobs if together == 1 else cores // together

    def fit_of(b: int) -> LimitTierClassifier:
        model: LimitTierClassifier = clone(trial).set_params(
            structure=trial.structure_, max_iter=trial.rounds_, random_state=(seed + b) % (1 << 32), n_jobs=n_jobs
        )
        model.fit(_frame(rows, sides[b], catalogue), rows.tier_after[sides[b]], rows.weight_of(sides[b]))
        model.n_jobs = trial.n_jobs
        return model

    # Set here once: a fit that sets it, and puts it back, then changes nothing for those beside it.
    with openmp_limit(-1 if n_jobs is None else n_jobs):
        return list(in_order(fit_of, n_fits, together)), members


def held_out_risk(
    catalogue: Catalogue, keep_score: FloatArray, fell: BoolArray, *, usual: float, weight: FloatArray | None = None
) -> HeldOutRisk | None:
    """What became of decisions by the risk that fits which did not see them gave; None where no tier is in force.

    Parameters
    ----------
    catalogue : Catalogue
    keep_score : float64 array, (n,)
        Of decisions that were held out from these fits, about limits that could fall.
    fell : bool array, (n,)
    usual : float
        Share of all such decisions that end in a cut; NaN where there is none, and nothing is known then.
    weight : float64 array, (n,), optional
        What each stands for; None: itself.
    """
    if "tier_in_force" not in catalogue.state_names or np.isnan(usual):
        return None
    return HeldOutRisk.of_decisions(expit(-keep_score), fell, usual=usual, weight=weight)
