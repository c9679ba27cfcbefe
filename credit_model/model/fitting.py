"""Fits the trees of one structure: a score by rows, one booster of (row, threshold) pairs, or two heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from credit_model.arrays import FloatArray, IntArray
from credit_model.model.booster import fit_booster
from credit_model.model.destinations import Destinations
from credit_model.model.engines.fitting_pairs import OTHER_ENGINES, fit_pairs
from credit_model.model.engines.pair_task import PairTask
from credit_model.model.heads import SIDES, constant_head, joined, side_pairs
from credit_model.model.row_boosting import RowSample, RowTask, boosted
from credit_model.model.row_trees import Limits
from credit_model.model.structures import BY_ROWS, COLUMNS_TOGETHER, HEADS, Defaults, defaults_of, interaction_groups
from credit_model.model.threshold_pairs import ThresholdPairs, fraction_of_thresholds, threshold_pairs
from credit_model.trees.ensemble import TreeEnsemble


class Sample(NamedTuple):
    """Rows (n, width) as a forest takes them, their tiers (n,) and weights (n,)."""

    rows: FloatArray
    tier: IntArray
    weight: FloatArray

    def counted(self) -> Sample:
        """The rows that count for something."""
        used = self.weight > 0
        return self if used.all() else Sample(self.rows[used], self.tier[used], self.weight[used])


@dataclass(frozen=True)
class FitTask:
    """What is to be fitted, and how.

    Attributes
    ----------
    structure : str
        One of `model.structures.STRUCTURES`.
    n_tiers : int
    tier_column : int
        Position of the tier in force; -1: none.
    states, categorical : sequences of int
        Positions of columns.
    signs : sequence of int, (width,)
        That a higher value of each column may have.
    max_bins : int
    given : mapping
        The fields of `model.structures.Defaults`; None: what suits the structure.
    threshold_fraction : float or "auto"
    engine, device : str
        As of `model.engines.choosing`, and there.
    seed, n_jobs : int
    """

    structure: str
    n_tiers: int
    tier_column: int
    states: Sequence[int]
    signs: Sequence[int]
    categorical: Sequence[int]
    max_bins: int
    given: Mapping[str, Any]
    threshold_fraction: float | str
    engine: str
    device: str
    seed: int
    n_jobs: int


class Fitted(NamedTuple):
    """The ``max_iter`` that makes the same trees again, scikit-learn's booster (of heads, that of cuts), the trees."""

    rounds: int | tuple[int, int]
    booster: HistGradientBoostingClassifier | None
    trees: TreeEnsemble


def fit_trees(task: FitTask, training: Sample, held_out: Sample | None, rng: np.random.RandomState) -> Fitted:
    """The trees of a structure; categories of the rows are codes.

    Parameters
    ----------
    task : FitTask
    training, held_out : Sample
        The second stops the fit; None: it runs to its end.
    rng : RandomState
        Draws thresholds.

    Raises
    ------
    ValueError
        The structure needs a tier in force, or ``max_iter`` does not fit it.
    """
    if task.structure == HEADS:
        return _heads(task, training, held_out)
    most = task.given["max_iter"]
    if isinstance(most, Sequence):
        raise ValueError(f"max_iter must be one number unless the structure is {HEADS!r}, got {most!r}")
    n_rows = len(training.rows)
    fraction = fraction_of_thresholds(task.threshold_fraction, task.structure, n_rows * (task.n_tiers - 1))
    if task.engine == "auto" and task.structure in BY_ROWS:
        return _by_rows(task, training, held_out)
    pairs, pairs_val = (
        sample
        and threshold_pairs(*sample, n_tiers=task.n_tiers, tier_column=task.tier_column, fraction=fraction, rng=rng)
        for sample in (training, held_out)
    )
    assert pairs is not None
    return _boosted(task, pairs, pairs_val, n_rows, most)


def _by_rows(task: FitTask, training: Sample, held_out: Sample | None) -> Fitted:
    """A score, boosted row by row."""
    suits = _suiting(task, task.given["max_iter"], BY_ROWS[task.structure])
    leaf = suits["min_samples_leaf"]
    row_task = RowTask(
        n_tiers=task.n_tiers,
        tier_column=task.tier_column,
        states=task.states,
        categorical=task.categorical,
        signs=task.signs,
        columns_together=COLUMNS_TOGETHER.get(task.structure),
        limits=Limits(int(suits["max_leaf_nodes"]), max(1, leaf), float(suits["l2_regularization"])),
        learning_rate=float(suits["learning_rate"]),
        max_features=float(suits["max_features"]),
        max_iter=int(suits["max_iter"]),
        n_iter_no_change=int(suits["n_iter_no_change"]),
        max_bins=task.max_bins,
        seed=task.seed,
        n_jobs=task.n_jobs,
    )
    trees = boosted(row_task, RowSample(*training), None if held_out is None else RowSample(*held_out))
    return Fitted(len(trees.roots), None, trees)


def _suiting(task: FitTask, most: int | None, default: Defaults) -> dict[str, Any]:
    """The parameters that are given, and where none is, those that suit."""
    given = {**task.given, "max_iter": most}
    return {name: value if given[name] is None else given[name] for name, value in default._asdict().items()}


def _heads(task: FitTask, training: Sample, held_out: Sample | None) -> Fitted:
    """One booster for cuts and one for raises, and the lines between."""
    if task.tier_column < 0:
        raise ValueError(f"structure {HEADS!r} needs tier_in_force: cuts and raises are told from it")
    given = task.given["max_iter"]
    most = tuple(given) if isinstance(given, Sequence) else (given,) * len(SIDES)
    if len(most) != len(SIDES):
        raise ValueError(f"max_iter must be one number, or for heads two, got {given!r}")
    heads = [_head(task, training, held_out, side, own_most) for side, own_most in zip(SIDES, most, strict=True)]
    before = training.rows[:, task.tier_column]
    known = ~np.isnan(before)
    tier, weight = training.tier, training.weight
    share = Destinations.of_moves(before[known].astype(np.int64), tier[known], task.n_tiers, weight[known])
    count = np.bincount(tier, weights=weight, minlength=task.n_tiers).astype(np.float64)
    cut, raised = heads
    trees = joined(cut.trees, raised.trees, share, count, task.tier_column)
    return Fitted((int(np.sum(cut.rounds)), int(np.sum(raised.rounds))), cut.booster, trees)


def _head(task: FitTask, training: Sample, held_out: Sample | None, side: int, most: int | None) -> Fitted:
    """The booster of one side."""
    pairs, pairs_val = (
        None if sample is None else side_pairs(*sample, n_tiers=task.n_tiers, tier_column=task.tier_column, side=side)
        for sample in (training, held_out)
    )
    assert pairs is not None
    if len(np.unique(pairs.above)) < 2:
        return Fitted(1, None, constant_head(pairs))
    return _boosted(
        task, pairs, pairs_val if pairs_val is not None and len(pairs_val.above) else None, len(pairs.rows), most
    )


def _boosted(
    task: FitTask, pairs: ThresholdPairs, pairs_val: ThresholdPairs | None, n_rows: int, most: int | None
) -> Fitted:
    """A booster of the pairs of ``n_rows`` rows, of at most so many rounds."""
    has_tier = task.tier_column >= 0
    suits = _suiting(task, most, defaults_of(task.structure, tier_in_force=has_tier))
    leaf = suits.pop("min_samples_leaf")
    if isinstance(leaf, tuple):
        leaf = min(leaf[1], max(leaf[0], n_rows // 140))
    pair_task = PairTask(
        **suits,
        min_samples_leaf=max(1, round(leaf * min(len(pairs.rows) / n_rows, 2))),
        max_bins=task.max_bins,
        signs=[*task.signs, -1, *([-1] if has_tier else [])],
        categorical=task.categorical,
        groups=interaction_groups(
            task.structure, width=len(task.signs), tier_column=task.tier_column, states=task.states
        ),
        seed=task.seed,
        n_jobs=task.n_jobs,
        device=task.device,
    )
    if task.engine in OTHER_ENGINES:
        rounds, trees = fit_pairs(task.engine, pair_task, pairs, pairs_val)
        return Fitted(rounds, None, trees)
    booster = HistGradientBoostingClassifier(
        **suits,
        min_samples_leaf=pair_task.min_samples_leaf,
        max_bins=task.max_bins,
        monotonic_cst=list(pair_task.signs),
        categorical_features=list(task.categorical) or None,
        early_stopping=pairs_val is not None,
        tol=0.0,
        random_state=task.seed,
    )
    trees = fit_booster(booster, pairs, pairs_val, groups=pair_task.groups, categorical=task.categorical)
    return Fitted(int(booster.n_iter_), booster, trees)
