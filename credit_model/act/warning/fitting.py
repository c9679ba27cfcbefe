"""Fits the early warning beside a tier model: (line, lead) pairs, a trial on early months, calibration on later."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from credit_model.act.warning.inputs import Inputs, inputs_of
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
from credit_model.model.bag import digests_of, mixed
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
#: Rows of a panel that are looked at, at most: of a larger one, those of some borrowers.
MOST_ROWS = 1_000_000
#: Fewest borrowers whose cut must be ahead on either side of the split.
LEAST_CUT = 20


def fit_warning(fitted: FittedModel, history: History, *, seed: int, n_jobs: int = -1) -> EarlyWarning:
    """Fit the early warning of a model to the history that the model was fitted on.

    A trial sees the months before the split's first late one, and of them only what was known before it. Borrowers whom
    it did not see choose its number of trees, the late months calibrate it. The warning's own trees are then fitted on
    all months with as many trees. A panel of more than `MOST_ROWS` rows is learnt from by some of its borrowers.

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
    if len(history) > MOST_ROWS:
        history = history.at(np.flatnonzero(warned_borrowers(history.borrower_ids, np.diff(history.starts), seed=seed)))
    snapshots = build_snapshots(history, fitted.ladder, n_jobs=n_jobs)
    standing, outcomes = standing_of(snapshots, LEADS, n_jobs=n_jobs), outcomes_of(snapshots)
    rng = np.random.default_rng([seed, 9])
    row = np.flatnonzero(open_lines(snapshots)).astype(np.int64)
    refuse_leaks(standing, row, outcomes.of(row))
    is_cut, seen = outcomes.of(row).until(HEADLINE)
    usual, n_rows = float(is_cut[seen].mean()) if seen.any() else 0.0, len(row)
    row, share = _drawn(row, outcomes, rng)
    own = outcomes.of(row)
    early, end, stop, late = _sides(fitted, standing, row, own)
    categories = _categories(fitted, standing, row)
    inputs = inputs_of(fitted, standing, row, n_jobs=n_jobs)  # by fits that did not see the borrower, in a bag
    with openmp_limit(n_jobs):
        fit = _pairs(inputs.take(early), own.of(early, end), share[early], categories, rng)
        held_out = _pairs(inputs.take(stop), own.of(stop), share[stop], categories, rng)
        trial, rounds = _boosted(fitted, fit, held_out, categories, MOST_ROUNDS, seed)
        trees, _ = _boosted(fitted, _pairs(inputs, own, share, categories, rng), None, categories, rounds, seed)
    slope, intercepts = _calibration(trial, inputs.take(late), own.of(late), share[late], categories, n_jobs)
    return EarlyWarning(trees, trial, categories, slope, intercepts, usual, n_rows)


def warned_borrowers(
    borrower_ids: NDArray[Any], n_rows: IntArray, *, seed: int, most_rows: int | None = None
) -> BoolArray:
    """Which borrowers of a panel an early warning is fitted on: all, or of about so many rows, drawn by chance: (n,).

    Parameters
    ----------
    borrower_ids : array, (n,)
    n_rows : int64 array, (n,)
        Rows of each.
    seed : int
        With a borrower's id it says how early its turn comes, whatever the panel.
    most_rows : int, optional
        None: `MOST_ROWS`.
    """
    turn = np.argsort(mixed(digests_of(borrower_ids) ^ np.uint64(seed)), kind="stable")
    drawn = np.zeros(len(turn), dtype=np.bool_)
    drawn[turn] = np.cumsum(n_rows[turn]) <= (MOST_ROWS if most_rows is None else most_rows)
    return drawn


def _drawn(row: IntArray, outcomes: Outcomes, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Rows to learn from, ascending, and the share of rows like it that each stands for.

    All whose line is cut within `LEADS` months, and of the others at most `MOST_LINES`, drawn by chance.
    """
    is_cut, _ = outcomes.of(row).until(LEADS)
    share = np.where(is_cut, 1.0, min(1.0, MOST_LINES / max(int((~is_cut).sum()), 1)))
    drawn = rng.random(len(row)) < share
    return row[drawn], share[drawn]


def _sides(
    fitted: FittedModel, standing: Standing, row: IntArray, own: Outcomes
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Positions in ``row``: what the trial is fitted on, and how many months after each are known to it; what stops it,
    and what calibrates it.

    Borrowers of the split's test side are in none of them.
    """
    snapshots, split = standing.snapshots, fitted.split
    first_late = split.first_late_month
    if first_late is None:
        raise HistoryError(
            "the early warning needs several months to learn from, found one with decisions; give a longer history, "
            "or train without it (--no-warning, or warning=False)"
        )
    month, whose = snapshots.month_number[row], snapshots.borrower_row[row]
    at = np.full(len(row), first_late)
    ids = snapshots.history.borrower_ids
    to_fit, to_test = split.train(ids, whose, at - 1), split.test(ids, whose, at)  # sides of the borrowers
    early, late = np.flatnonzero(to_fit & (month < first_late)), np.flatnonzero(~to_test & (month >= first_late))
    end = first_late - 1 - month[early]
    for side, known in ((early, own.of(early, end)), (late, own.of(late))):
        n_cut = _borrowers_cut(whose[side], known)
        if n_cut < LEAST_CUT:
            raise HistoryError(
                f"the early warning needs at least {LEAST_CUT} borrowers cut within {HEADLINE} months on either "
                f"side of the split by time, found {n_cut}; give a longer or larger history, or train without it "
                "(--no-warning, or warning=False)"
            )
    stop = np.flatnonzero(~to_fit & ~to_test)
    if _borrowers_cut(whose[stop], own.of(stop)) < LEAST_CUT:
        stop = np.union1d(stop, late)
    return early, end, stop, late


def _borrowers_cut(whose: IntArray, known: Outcomes) -> int:
    is_cut, seen = known.until(HEADLINE)
    return len(np.unique(whose[is_cut & seen]))


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
) -> tuple[float, tuple[float, ...]]:
    """Slope, and an intercept a lead, of log-odds by score over all that is known of some lines (Platt 1999)."""
    in_sight = kept_in_sight(outcomes, LEADS)
    score, above, weight, group = list[FloatArray](), list[BoolArray](), list[FloatArray](), list[IntArray]()
    for lead in range(1, LEADS + 1):
        counts = weights_until(outcomes, lead, in_sight)
        known = np.flatnonzero(counts > 0)
        score.append(scores(trees, coded(inputs.take(known).rows(lead), categories), n_jobs=n_jobs))
        above.append(outcomes.until(lead)[0][known])
        weight.append(counts[known] / share_drawn[known])
        group.append(np.full(len(known), lead - 1))
    slope, intercepts = logistic_lines(
        np.concatenate(score), np.concatenate(above), np.concatenate(weight), np.concatenate(group), LEADS
    )
    return slope, tuple(float(one) for one in np.maximum.accumulate(intercepts))


def logistic_lines(
    score: FloatArray, above: BoolArray, weight: FloatArray, group: IntArray, n_groups: int
) -> tuple[float, FloatArray]:
    """One slope, and an intercept a group, of the log-odds of ``above`` by ``score``, (n,) each, by Newton's method.

    The slope is kept within 1/4 .. 4: a calibration stretches a score and never turns it. A group that is empty, or all
    alike, is held near 0 by a hair.

    Examples
    --------
    >>> score = np.repeat([-1.0, 1.0], 100)
    >>> above = np.concatenate([np.arange(100) < 12, np.arange(100) < 88])  # log-odds of -2 and 2
    >>> slope, intercepts = logistic_lines(score, above, np.ones(200), np.zeros(200, dtype=np.int64), 1)
    >>> round(slope, 2), np.abs(intercepts).round(2).tolist()
    (1.99, [0.0])
    """
    slope, intercepts = 1.0, np.zeros(n_groups)
    for _ in range(50):
        risk = expit(intercepts[group] + slope * score)
        spread, miss = weight * risk * (1.0 - risk), weight * (above - risk)
        in_group = [np.bincount(group, part, minlength=n_groups) for part in (spread, spread * score, miss)]
        by_group, across = in_group[0] + 1e-6, in_group[1]
        gain = in_group[2] - 1e-6 * intercepts
        # The slope's own step, with the intercepts solved out (Schur complement).
        rest = float((spread * score * score).sum() - (across * across / by_group).sum()) + 1e-9
        step = float((miss * score).sum() - (across * gain / by_group).sum()) / rest
        kept = float(np.clip(slope + step, 0.25, 4.0)) - slope
        moved = (gain - across * kept) / by_group
        slope, intercepts = slope + kept, intercepts + np.clip(moved, -4.0, 4.0)
        if abs(kept) + float(np.abs(moved).max()) < 1e-9:
            break
    return slope, intercepts
