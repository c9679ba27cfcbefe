"""One portfolio, or a fold of it, brought together: the truth of its cuts, and what every method says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from credit_model.arrays import BoolArray
from credit_model.explain.pairs import decrease_rows
from credit_model.grade.answers import Decreases, background_rows
from credit_model.grade.known import match_truth
from credit_model.grade.measures import Lot
from credit_model.grade.methods import answerable, attribute
from credit_model.grade.model_methods import explained
from credit_model.grade.oracle import DEFAULT_POLICY, TrueScore, score_of_changes, true_scores
from credit_model.grade.rivals import Rival
from credit_model.grade.scorecard import shares_held
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots
from credit_model.predictor import LimitPredictor
from credit_model.simulate.truth import Truth


class Portfolio(NamedTuple):
    """A portfolio to grade on.

    Attributes
    ----------
    history : DataFrame or History
    truth : Truth or DataFrame
        What is true of the same borrowers: `SimulatedPortfolio.truth`, or its table ``decreases``.
    policy : str
        The name of the lender's policy.
    true_score : TrueScore, optional
        The lender's true score, for the oracle; the simulator's own policies need none to be given.
    """

    history: pd.DataFrame | History
    truth: pd.DataFrame | Truth
    policy: str = DEFAULT_POLICY
    true_score: TrueScore | None = None

    @property
    def decreases(self) -> pd.DataFrame:
        """The truth of its decreases."""
        return self.truth if isinstance(self.truth, pd.DataFrame) else self.truth.decreases


#: A portfolio, or its parts as a plain tuple.
GivenPortfolio = Portfolio | tuple[pd.DataFrame | History, pd.DataFrame | Truth]


def portfolios_of(given: Iterable[GivenPortfolio]) -> list[Portfolio]:
    """Tuples (history, truth) or (history, truth, policy, ...) as portfolios."""
    return [Portfolio(*one) for one in given]


@dataclass(frozen=True)
class Answered:
    """The cuts with what is said of them, and the methods that could not be asked."""

    lot: Lot
    notes: tuple[str, ...]


def answer(
    predictor: LimitPredictor,
    snapshots: Snapshots,
    portfolio: Portfolio,
    methods: Sequence[str],
    *,
    rivals: Mapping[str, Rival],
    unseen: BoolArray | None = None,
    borrowers: BoolArray | None = None,
    seed: int,
) -> Answered:
    """Ask every method why the limits of a portfolio fell.

    Parameters
    ----------
    predictor : LimitPredictor
    snapshots : Snapshots
        Of the whole panel.
    portfolio : Portfolio
        The snapshots'.
    methods : sequence of str
    rivals : mapping of method to Rival
        Those that have been fitted.
    unseen : bool array, (n_borrowers,), optional
        Borrowers that training never saw: only they are graded, the others are counted as left out.
    borrowers : bool array, (n_borrowers,), optional
        A fold: the others are neither graded nor counted.
    seed : int
        Draws the population that population methods compare with.
    """
    row, truth, policy = decrease_rows(snapshots), portfolio.decreases, portfolio.policy
    if borrowers is not None:
        row = row[borrowers[snapshots.borrower_row[row]]]
        truth = _truth_of(truth, snapshots, borrowers)
    known = match_truth(snapshots, row, truth)
    if unseen is not None:
        kept = unseen[snapshots.borrower_row[known.row]]
        known.left_out["the model was trained on the borrower"] = int(np.sum(~kept))
        known = known[kept]
    decreases = Decreases(snapshots, known.row, background_rows(snapshots, seed=seed))
    scores: tuple[TrueScore, ...] = ()
    if "oracle" in methods:
        given = portfolio.true_score
        scores = true_scores(policy, snapshots.catalogue) if given is None else (given,)
    score = score_of_changes(scores, decreases.x, decreases.z, known.truth.sum(axis=1))
    why = answerable(methods, trained=bool(rivals), scored=score is not None)
    named = {
        method: attribute(predictor, decreases, method, rivals=rivals, true_score=score)
        for method in methods
        if not why[method]
    }
    notes = tuple(f"{method}, policy {policy!r}: {reason}" for method, reason in why.items() if reason)
    ours = explained(predictor, decreases)
    near_tie = np.array([verdict.near_tie for verdict in ours.verdicts], dtype=bool)
    held = shares_held(known.truth, ours.factor_contributions, ours.share_spread)
    return Answered(Lot(policy, known, named, ours.support, near_tie, ours.unseen >= 0, held), notes)


def _truth_of(truth: pd.DataFrame, snapshots: Snapshots, borrowers: BoolArray) -> pd.DataFrame:
    """The truth of a fold's borrowers; of those whom the history does not know, in the fold of its first one alone."""
    if "borrower_id" not in truth:
        return truth  # which is refused where it is read
    ids, given = snapshots.history.borrower_ids.astype(str), truth["borrower_id"].astype(str)
    return truth[given.isin(ids[borrowers]) | (bool(borrowers[0]) & ~given.isin(ids))]
