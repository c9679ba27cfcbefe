"""The oracle: it knows the lender's true policy, but not the game.

It puts one factor alone back to where it was and reads off by how much the true score would be higher. What no model
can know better, it still shares otherwise than the game does wherever factors work together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.errors import CreditModelError
from credit_model.explain.pairs import driver_columns
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.simulate.policies.family import POLICIES, table_of
from credit_model.simulate.policies.plugin import PlugIn
from credit_model.simulate.scored import score_all
from credit_model.simulate.scoring import PolicyTable

#: The true score, log-odds, of snapshots (n, n_features) in the catalogue's order: (n,).
TrueScore = Callable[[FloatArray], FloatArray]
#: The policy of portfolios whose manifest names none.
DEFAULT_POLICY = "scorecard"
#: A score is the lender's if it gives the truth's changes, within so many log-odds, in all but this share of cuts.
SAME, MAY_DIFFER = 0.01, 0.02


def true_scores(policy: str, catalogue: Catalogue) -> tuple[TrueScore, ...]:
    """A policy's true score of snapshots, and the one after its change; none where it reads what the catalogue lacks.

    Parameters
    ----------
    policy : str
        As the portfolio's manifest names it.
    catalogue : Catalogue
        Of the snapshots.
    """
    known = read_catalogue("synthetic").driver_names
    if policy not in POLICIES or set(known) - set(catalogue.feature_names):
        return ()
    place = np.array([catalogue.feature_names.index(name) for name in known], dtype=np.int64)

    def scored_by(table: PolicyTable) -> TrueScore:
        return lambda X: score_all(X[:, place], table)

    return tuple(scored_by(table_of(policy, revised=revised)) for revised in (False, True))


def plug_in_score(policy: PlugIn, catalogue: Catalogue) -> TrueScore:
    """The true score of a policy of one's own, on the simulator's scale.

    Raises
    ------
    CreditModelError
        The catalogue lacks a feature that the policy is asked with; or, when it is called, the policy fails.
    """
    lacking = set(policy.names) - set(catalogue.feature_names)
    if lacking:
        raise CreditModelError(
            f"policy {policy.name} is asked with the features of catalogue 'synthetic', of which "
            f"{catalogue.name!r} lacks {min(lacking)!r} ({len(lacking)} in all); grade it with that catalogue"
        )
    place = np.array([catalogue.feature_names.index(name) for name in policy.names], dtype=np.int64)
    return lambda X: policy.value(np.ascontiguousarray(X[:, place]))


def score_of_changes(scores: Sequence[TrueScore], x: FloatArray, z: FloatArray, change: FloatArray) -> TrueScore | None:
    """The true score behind given changes: of each row, the one of ``scores`` that gives it.

    Parameters
    ----------
    scores : sequence of TrueScore
        Those that the lender may have used; the first where several fit.
    x, z : float64 arrays, (n, n_features)
    change : float64 array, (n,)
        The true score of x less that of z, log-odds.

    Returns
    -------
    TrueScore or None
        Of n rows that stand for the same cuts. None where more than `MAY_DIFFER` of the changes are given by none of
        them: the lender scores otherwise, or sees other values than the history holds.
    """
    if not scores:
        return None
    fits = np.array([np.abs(score(x) - score(z) - change) <= SAME for score in scores])
    if fits.shape[1] and np.mean(~fits.any(axis=0)) > MAY_DIFFER:
        return None
    which = fits.argmax(axis=0)
    return lambda X: np.choose(which, [score(X) for score in scores])


def one_factor_back(score: TrueScore, catalogue: Catalogue, x: FloatArray, z: FloatArray) -> FloatArray:
    """By how much the score of x lies above that of x with one factor as in z: (n, n_factors); negative lowered.

    Parameters
    ----------
    score : TrueScore
    catalogue : Catalogue
    x, z : float64 arrays, (n, n_features)
    """
    driver, now = driver_columns(catalogue), score(x)
    contributions = np.empty((len(x), len(catalogue.factor_ids)))
    for g in range(len(catalogue.factor_ids)):
        columns = driver[catalogue.factor_index == g]
        mixed = x.copy()
        mixed[:, columns] = z[:, columns]
        contributions[:, g] = now - score(mixed)
    return contributions
