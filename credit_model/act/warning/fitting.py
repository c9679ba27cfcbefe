"""Fits the early warning beside a tier model: (line, lead) pairs, a trial on early months, calibration on later."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from credit_model.act.warning.inputs import Inputs, both_inputs
from credit_model.act.warning.leaks import refuse_leaks
from credit_model.act.warning.outcomes import (
    Outcomes,
    kept_in_sight,
    open_lines,
    outcomes_of,
    weights_until,
)
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.fitted_model import FittedModel
from credit_model.model.categories import coded
from credit_model.model.early_warning import HEADLINE, LEADS, SIGNS, EarlyWarning
from credit_model.model.threshold_pairs import ThresholdPairs
from credit_model.parallel import openmp_limit
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import build_snapshots
from credit_model.portfolio.standing import Standing, standing_of
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.scoring import scores

#: Chosen on validation seeds 920 and 921 (simulated, `scorecard` and `rules`).
SETTINGS = {"learning_rate": 0.06, "max_leaf_nodes": 8, "min_samples_leaf": 100, "max_features": 0.5}
MOST_ROUNDS, PATIENCE = 400, 25
#: Lines that are not cut and pairs that a fit sees at most; they are drawn, and count for those that are not.
MOST_LINES, MOST_PAIRS = 40_000, 150_000
#: Fewest borrowers whose cut must be ahead on either side of the split.
LEAST_CUT = 20


def fit_warning(fitted: FittedModel, history: History, *, seed: int, n_jobs: int = -1) -> EarlyWarning:
    """Fit the early warning of a model to the history that the model was fitted on.

    A trial sees the months before the split's first late one, and of them only what was known before it; the late
    months choose its number of trees and calibrate it. The warning's own trees are then fitted on all months with as
    many trees.

    Parameters
    ----------
    fitted : FittedModel
    history : History
    seed : int
        Draws leads and the booster's samples.
    n_jobs : int
        The result does not depend on it.

    Raises
    ------
    HistoryError
        Limits do not move, cuts or months are too few to learn from, or a feature gives away the cuts to come.
    """
    if "tier_in_force" not in fitted.catalogue.state_names:
        raise HistoryError(
            f"the early warning needs limits that move: catalogue {fitted.catalogue.name!r} declares no state "
            "tier_in_force; train without it (--no-warning, or warning=False)"
        )
    snapshots = build_snapshots(history, fitted.ladder, n_jobs=n_jobs)
    standing, outcomes = standing_of(snapshots, LEADS, n_jobs=n_jobs), outcomes_of(snapshots)
    rng = np.random.default_rng([seed, 9])
    row = np.flatnonzero(open_lines(snapshots)).astype(np.int64)
    refuse_leaks(standing, row, outcomes.of(row))
    is_cut, seen = outcomes.of(row).until(HEADLINE)
    usual, n_rows = float(is_cut[seen].mean()) if seen.any() else 0.0, len(row)
    row, share = _drawn(row, outcomes, rng)
    own = outcomes.of(row)
    early, late, end = _sides(fitted, standing, row)
    for side, known in ((early, own.of(early, end)), (late, own.of(late))):
        _check_enough(standing, row[side], known)
    categories = _categories(fitted, standing, row)
    of_trial, inputs = both_inputs(fitted, standing, row, (True, False), n_jobs=n_jobs)
    calm = of_trial.take(late), own.of(late), share[late], categories
    with openmp_limit(n_jobs):
        fit = _pairs(of_trial.take(early), own.of(early, end), share[early], categories, rng)
        trial, rounds = _boosted(fitted, fit, _pairs(*calm, rng), categories, MOST_ROUNDS, seed)
        trees, _ = _boosted(fitted, _pairs(inputs, own, share, categories, rng), None, categories, rounds, seed)
    slope, intercept = _calibration(trial, *calm, n_jobs)
    return EarlyWarning(trees, trial, categories, slope, intercept, usual, n_rows)


def _drawn(row: IntArray, outcomes: Outcomes, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Rows to learn from, ascending, and the share of rows like it that each stands for.

    All whose line is cut within `LEADS` months, and of the others at most `MOST_LINES`, drawn by chance.
    """
    is_cut, _ = outcomes.of(row).until(LEADS)
    share = np.where(is_cut, 1.0, min(1.0, MOST_LINES / max(int((~is_cut).sum()), 1)))
    drawn = rng.random(len(row)) < share
    return row[drawn], share[drawn]


def _sides(fitted: FittedModel, standing: Standing, row: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Positions in ``row`` of what the trial is fitted on and of what calibrates it, and the months the first knows."""
    snapshots, split = standing.snapshots, fitted.split
    first_late = split.first_late_month
    if first_late is None:
        raise HistoryError(
            "the early warning needs several months to learn from, found one with decisions; give a longer history, "
            "or train without it (--no-warning, or warning=False)"
        )
    month = snapshots.month_number[row]
    place = (snapshots.history.borrower_ids, snapshots.borrower_row[row], month)
    early = np.flatnonzero(split.train(*place))
    late = np.flatnonzero((month >= first_late) & ~split.test(*place))
    return early, late, first_late - 1 - month[early]


def _check_enough(standing: Standing, row: IntArray, known: Outcomes) -> None:
    is_cut, seen = known.until(HEADLINE)
    borrowers = len(np.unique(standing.snapshots.borrower_row[row[is_cut & seen]]))
    if borrowers < LEAST_CUT:
        raise HistoryError(
            f"the early warning needs at least {LEAST_CUT} borrowers who are cut within {HEADLINE} months on either "
            f"side of the split by time, found {borrowers}; "
            "give a longer or larger history, or train without it (--no-warning, or warning=False)"
        )


def _categories(fitted: FittedModel, standing: Standing, row: IntArray) -> dict[int, FloatArray]:
    """The known values of categorical features, by position."""
    names = fitted.catalogue.feature_names
    found = {}
    for name in fitted.catalogue.categorical_names:
        values = standing.X[row, names.index(name)]
        found[names.index(name)] = np.unique(values[~np.isnan(values)])
    return found


def _pairs(
    inputs: Inputs,
    outcomes: Outcomes,
    share_drawn: FloatArray,
    categories: dict[int, FloatArray],
    rng: np.random.Generator,
) -> ThresholdPairs:
    """(line, lead) pairs of what is known, "is it cut by then?", and what each counts for."""
    in_sight = kept_in_sight(outcomes, LEADS)
    weight = np.stack([weights_until(outcomes, lead, in_sight) for lead in range(1, LEADS + 1)], axis=1)
    above = np.stack([outcomes.until(lead)[0] for lead in range(1, LEADS + 1)], axis=1)
    share = _share_drawn(weight, above)
    drawn = rng.random(weight.shape) < share[:, None]
    line, place = np.nonzero((weight > 0) & drawn)
    return ThresholdPairs(
        coded(inputs.take(line).rows(place + 1), categories),
        above[line, place].astype(np.int64),
        weight[line, place] / (share * share_drawn)[line],
    )


def _share_drawn(weight: FloatArray, above: BoolArray) -> FloatArray:
    """The share of its leads that each line is fitted on: all of those that are cut, of the others as many as fit."""
    is_cut = above.any(axis=1)
    known = (weight > 0).sum(axis=1)
    room = max(MOST_PAIRS - int(known[is_cut].sum()), MOST_PAIRS // 4)
    others = int(known[~is_cut].sum())
    return np.where(is_cut, 1.0, min(1.0, room / max(others, 1)))


def _boosted(
    fitted: FittedModel,
    pairs: ThresholdPairs,
    held_out: ThresholdPairs | None,
    categories: dict[int, FloatArray],
    rounds: int,
    seed: int,
) -> tuple[TreeEnsemble, int]:
    """The trees of some pairs and their number."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    from credit_model.model.booster import fit_booster

    catalogue = fitted.catalogue
    signs = [-catalogue.monotonic_cst.get(name, 0) for name in catalogue.feature_names]
    booster = HistGradientBoostingClassifier(
        **SETTINGS,
        max_iter=rounds,
        monotonic_cst=[*signs, *SIGNS],
        categorical_features=sorted(categories) or None,
        early_stopping=held_out is not None,
        n_iter_no_change=PATIENCE,
        tol=0.0,
        random_state=seed % (1 << 32),
    )
    trees = fit_booster(booster, pairs, held_out, groups=None, categorical=sorted(categories))
    return trees, len(trees.roots)


def _calibration(
    trees: TreeEnsemble,
    inputs: Inputs,
    outcomes: Outcomes,
    share_drawn: FloatArray,
    categories: dict[int, FloatArray],
    n_jobs: int,
) -> tuple[float, float]:
    """Slope and intercept of log-odds by score, over all that is known of some lines (Platt 1999), slope above 0."""
    in_sight = kept_in_sight(outcomes, LEADS)
    score, above, weight = list[FloatArray](), list[BoolArray](), list[FloatArray]()
    for lead in range(1, LEADS + 1):
        counts = weights_until(outcomes, lead, in_sight)
        known = np.flatnonzero(counts > 0)
        score.append(scores(trees, coded(inputs.take(known).rows(lead), categories), n_jobs=n_jobs))
        above.append(outcomes.until(lead)[0][known])
        weight.append(counts[known] / share_drawn[known])
    return logistic_line(np.concatenate(score), np.concatenate(above), np.concatenate(weight))


def logistic_line(score: FloatArray, above: BoolArray, weight: FloatArray) -> tuple[float, float]:
    """Slope and intercept of the log-odds of ``above`` by ``score``, (n,) each, by Newton's method.

    The slope is kept within 1/4 .. 4: a calibration stretches a score and never turns it.

    Examples
    --------
    >>> score = np.repeat([-1.0, 1.0], 100)
    >>> above = np.concatenate([np.arange(100) < 12, np.arange(100) < 88])  # log-odds of -2 and 2
    >>> slope, intercept = logistic_line(score, above, np.ones(200))
    >>> round(slope, 2), round(abs(intercept), 2)
    (1.99, 0.0)
    """
    slope, intercept = 1.0, 0.0
    for _ in range(50):
        risk = expit(intercept + slope * score)
        spread = weight * risk * (1.0 - risk) + 1e-12
        miss = weight * (above - risk)
        a, b, c = spread.sum(), (spread * score).sum(), (spread * score * score).sum()
        determinant = a * c - b * b
        if determinant <= 1e-9 * a * c:  # all scores are alike: only the level can be told
            intercept += float(miss.sum() / a)
            continue
        by_intercept = (c * miss.sum() - b * (miss * score).sum()) / determinant
        by_slope = (a * (miss * score).sum() - b * miss.sum()) / determinant
        intercept += float(by_intercept)
        slope = float(np.clip(slope + by_slope, 0.25, 4.0))
        if abs(by_intercept) + abs(by_slope) < 1e-10:
            break
    return slope, intercept
