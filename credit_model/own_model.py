"""A lender's own model as a `FittedModel`: its trees stay as they are, what is told of them is learnt from histories.

The model's margin over the line of a tier is turned into log-odds of keeping it by one factor, so that the risk of
losing a limit is how often lines with such a margin really lost it; where the margin is 0 it stays one half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize_scalar

from credit_model.arrays import BoolArray, FloatArray
from credit_model.errors import EngineError, HistoryError
from credit_model.explain.peers import find_peers
from credit_model.explain.seen import Seen
from credit_model.fitted_model import FittedModel
from credit_model.model.bag import Bag, Members
from credit_model.model.deciding import CutOffs, Grid, Worse
from credit_model.model.destinations import Destinations
from credit_model.model.forest import OrdinalForest
from credit_model.model.own_forest import own_forest, scaled
from credit_model.model.split import split_rule
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots, build_snapshots
from credit_model.training import drift_of_model, held_out_risk
from credit_model.trees.engines.parity import check_parity
from credit_model.trees.engines.plain_trees import numbers_of_codes
from credit_model.trees.engines.reading import read_tree_model
from credit_model.trees.engines.tree_model import TreeModel
from credit_model.trees.scoring import scores

#: Least and most that one unit of the margin's spread may be worth, in log-odds.
_LEAST_WORTH, _MOST_WORTH = 1e-3, 50.0
#: Most by which a score may miss the model's own margin, as a share of it (at least 1).
_EXACTNESS = 1e-9


@dataclass(frozen=True)
class OwnModel:
    """A model that decides limits, and how.

    Attributes
    ----------
    trees : TreeModel
    decide : CutOffs or Grid
    worse : {"higher", "lower"}
        Which way the score is worse.
    """

    trees: TreeModel
    decide: CutOffs | Grid
    worse: Worse


class FromModel:
    """What a predictor offers to a lender that decides by a model already."""

    def __init__(self, catalogue: str | Path | Catalogue, **parameters: Any) -> None:
        raise NotImplementedError

    @classmethod
    def from_model(
        cls,
        model: Any,
        catalogue: str | Path | Catalogue,
        *,
        decide: CutOffs | Grid,
        worse: Worse,
        score_class: Any = None,
        **parameters: Any,
    ) -> Self:
        """A predictor by a model that decides limits already; `fit` learns what became of its decisions, and no tree.

        Then cuts, verdicts, plans, warnings and appeals are those of this model: the keep score is its score's distance
        from the line of the tier in force, in log-odds by how often such distances ended in a cut.

        Parameters
        ----------
        model : fitted model, path or TreeModel
            As `read_tree_model` takes it; its columns are features of the catalogue.
        catalogue : str, path or Catalogue
            With a ladder of the tiers that are decided, and the state tier_in_force.
        decide : CutOffs or Grid
            The score's lines, from the lowest tier up.
        worse : {"higher", "lower"}
            Which way the score is worse: higher of a probability of default.
        score_class : label, optional
            Of several classes the one whose score decides.
        **parameters
            Of the predictor: seed, n_jobs, support, warning.

        Raises
        ------
        EngineError
            The model cannot be read exactly.
        """
        return cls(
            catalogue, own_model=OwnModel(read_tree_model(model, score_class=score_class), decide, worse), **parameters
        )


def fit_around(own: OwnModel, history: History, *, seed: int, n_jobs: int, shares: Mapping[str, float]) -> FittedModel:
    """The lender's model with what became of its decisions in a panel: risks, ranges, peers, destinations, drift.

    Parameters
    ----------
    own : OwnModel
    history : History
        Its catalogue declares the model's columns as features, and a ladder of the tiers that it decides.
    seed : int
        Draws the borrowers that `evaluate` looks at.
    n_jobs : int
    shares : mapping
        As of `training.fit_model`.

    Raises
    ------
    CreditModelError
        The model, the cut-offs and the catalogue do not fit each other.
    HistoryError
        There are no decisions about a limit in force.
    EngineError
        A score of the history is not the model's own.
    """
    catalogue = history.catalogue
    if "tier_in_force" not in catalogue.state_names:
        raise HistoryError(
            f"catalogue {catalogue.name!r} must declare the state tier_in_force, so that a model that decides limits "
            "can be asked whether it keeps one"
        )
    forest = own_forest(own.trees, catalogue, own.decide, own.worse)
    assert catalogue.ladder is not None
    ladder = catalogue.ladder
    snapshots = build_snapshots(history, ladder, n_jobs=n_jobs)
    decision = np.flatnonzero(snapshots.is_decision)
    at_risk = decision[snapshots.tier_before[decision] > 0]
    if not len(at_risk):
        raise HistoryError(
            f"decisions about a limit in force are needed after the first {catalogue.warm_up} months of a borrower, "
            "found none; give a longer history"
        )
    fell = snapshots.tier_after[at_risk] < snapshots.tier_before[at_risk]
    margin = forest.keep_score(snapshots.X[at_risk], snapshots.tier_before[at_risk], n_jobs=n_jobs)
    _check_margins(own, catalogue.feature_names, snapshots, forest, n_jobs=n_jobs)
    forest = scaled(forest, worth_of_margin(margin, fell))
    bag = Bag((forest,))
    split = split_rule(snapshots.month_number[decision], None, seed=seed, **shares)
    before, after = snapshots.tier_before, snapshots.tier_after
    fitted = FittedModel(
        catalogue=catalogue,
        bag=bag,
        members=Members(seed, 1, np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0)),
        seen=Seen.in_rows(snapshots.X),
        destinations=Destinations(Destinations.of_moves(before[decision], after[decision], forest.n_tiers), 0.0),
        trial=forest,
        ladder=ladder,
        split=split,
        peers=find_peers(bag, snapshots, decision, None, n_jobs=n_jobs),
        held_out=held_out_risk(
            catalogue,
            bag.keep_score(snapshots.X[at_risk], before[at_risk], n_jobs=n_jobs),
            fell,
            usual=float(fell.mean()),
        ),
        tier_shares=np.bincount(after[decision], minlength=ladder.n_tiers) / len(decision),
        n_training_rows=len(decision),
        month_type=history.month_type,
    )
    return replace(fitted, drift=drift_of_model(fitted, snapshots, n_jobs=n_jobs))


def worth_of_margin(margin: FloatArray, fell: BoolArray) -> float:
    """The log-odds of keeping a limit that one unit of margin is worth, by maximum likelihood without intercept.

    Where a margin tells every cut from every limit kept, the likelihood has no maximum, and the most is taken.

    Parameters
    ----------
    margin : float64 array, (n,)
        Of decisions about limits in force; at least 0 keeps it.
    fell : bool array, (n,)

    Examples
    --------
    >>> margin = np.array([2.0, 2.0, 2.0, 2.0, -2.0, -2.0, -2.0, -2.0])
    >>> fell = np.array([False, False, False, True, True, True, True, False])
    >>> round(worth_of_margin(margin, fell), 3)  # log(3) / 2
    0.549
    """
    near = np.abs(margin)
    spread = float(np.median(near[near > 0])) if (near > 0).any() else 1.0
    signed = np.where(fell, -margin, margin)
    low, high = np.log(_LEAST_WORTH / spread), np.log(_MOST_WORTH / spread)
    found = minimize_scalar(
        lambda x: float(np.logaddexp(0.0, -np.exp(x) * signed).sum()), bounds=(low, high), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return float(np.exp(found.x))


def _check_margins(
    own: OwnModel, names: tuple[str, ...], snapshots: Snapshots, forest: OrdinalForest, *, n_jobs: int
) -> None:
    """The forest's scores are the model's own, on rows of the panel, categories included."""
    place = [names.index(name) for name in own.trees.columns]
    row = np.unique(np.linspace(0, len(snapshots) - 1, 2000).astype(np.int64))
    numbers = np.ascontiguousarray(snapshots.X[row][:, place])
    for j in own.trees.coder.codes:
        texts = snapshots.catalogue.column(snapshots.catalogue.feature(own.trees.columns[j]).column or "").categories
        of_code = np.append(numbers_of_codes(own.trees, j, texts), np.nan)
        codes = numbers[:, j]
        numbers[:, j] = of_code[np.where(np.isnan(codes), len(texts), codes).astype(np.int64)]
    check_parity(own.trees, numbers)
    native = scores(own.trees.trees, own.trees.coder.rows(numbers), n_jobs=n_jobs)
    sign = -1 if own.worse == "higher" else 1
    lines = own.decide.lines(own.worse, own.trees.unit)
    interval = np.zeros(len(row), dtype=np.int64)
    if own.decide.column is not None:
        second = snapshots.X[row, names.index(own.decide.column)]
        interval = np.where(np.isnan(second), 0, np.searchsorted(np.asarray(own.decide.edges), second, side="left"))
    expected = sign * native[:, None] - lines[:, interval].T
    found = forest.survival_scores(snapshots.X[row], n_jobs=n_jobs)
    error = float(np.abs(found - expected).max(initial=0.0))
    if error > _EXACTNESS * max(1.0, float(np.abs(expected).max(initial=0.0))):
        raise EngineError(
            f"scores of the history must be the model's own, and miss them by {error:g}; a category of the catalogue "
            "or a column is not the model's"
        )
