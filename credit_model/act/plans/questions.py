"""What is asked of the model: which tier, seen from which state, and the score from which on the answer is yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import expit, logit

from credit_model.act.plans.reviews import reviews_ahead
from credit_model.act.plans.search import MARGIN
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.explain.explaining import as_decreases
from credit_model.explain.support import SupportRule
from credit_model.fitted_model import FittedModel
from credit_model.model.drift import Drift
from credit_model.portfolio.snapshots import Snapshots

Goal = Literal["reinstate", "regain", "keep"]
GOALS: tuple[str, ...] = get_args(Goal)
#: The most that a chance is taken for.
_SURE = 1 - 1e-12


@dataclass(frozen=True)
class Question:
    """Whether a tier is had, of n borrowers.

    Attributes
    ----------
    tier, state : int64 arrays, (n,)
        The tier that is asked for, and the one that is in force then.
    limit : float64 array, (n,)
        The limit in force then.
    line : float64 array, (n,)
        Log-odds of the least chance that the goal itself asks for; -inf: none.
    chance : float
        The least chance that counts, whatever the goal.
    drift : Drift or None
        How far scores stray from what is foretold; None: not known, as if not at all.
    reviews : float64 array, (n, horizon), or None
        The chance that the lender reviews the limit in each month, of which one must say yes by then; None: it is
        asked of each month by itself.
    """

    tier: IntArray
    state: IntArray
    limit: FloatArray
    line: FloatArray
    chance: float
    drift: Drift | None = None
    reviews: FloatArray | None = None

    def of(self, i: int) -> Question:
        """The question of one borrower, still with n = 1."""
        reviews = None if self.reviews is None else self.reviews[[i]]
        arrays = (self.tier[[i]], self.state[[i]], self.limit[[i]], self.line[[i]])
        return Question(*arrays, self.chance, self.drift, reviews)

    @property
    def target(self) -> FloatArray:
        """Log-odds of the least chance that counts, of each borrower: (n,)."""
        return np.asarray(np.maximum(self.line, logit(self.chance)))

    def standing(self, scores: FloatArray) -> FloatArray:
        """Log-odds of the chance that it is had in each month, of the model's scores (n, ..., horizon): as many.

        Where reviews say so, of the chance that it is had by then.
        """
        months = range(scores.shape[-1])
        if self.reviews is None:
            if self.drift is None:
                return scores
            return np.stack([self.drift.log_odds(scores[..., m], m + 1) for m in months], axis=-1)
        rate = self.reviews.reshape(len(self.reviews), *[1] * (scores.ndim - 2), -1)
        strayed = np.zeros((1, len(months))) if self.drift is None else self.drift.courses(len(months))
        found = np.zeros_like(scores)
        for course in strayed:  # who strays in one month does so in the next
            found -= np.expm1(np.cumsum(np.log1p(-np.minimum(rate * expit(scores + course), _SURE)), axis=-1))
        return np.asarray(logit(np.clip(found / len(strayed), 1 - _SURE, _SURE)))

    def lacking(self, standing: FloatArray) -> FloatArray:
        """What standings (n, ..., horizon) lack to the target, log-odds: as many; at most 0 where nothing."""
        return np.asarray(self.target.reshape(-1, *[1] * (standing.ndim - 1)) - standing)

    def reached(self, standing: FloatArray) -> BoolArray:
        """Whether it is had from a month on to the end of the horizon, by standings (n, ..., horizon): as many.

        A limit that would come back in one month and be lost in the next has not come back.
        """
        yes = self.lacking(standing) <= -MARGIN
        return np.asarray(np.logical_and.accumulate(yes[..., ::-1], axis=-1)[..., ::-1], dtype=np.bool_)


def question_of(
    fitted: FittedModel,
    snapshots: Snapshots,
    row: IntArray,
    as_of: IntArray,
    goal: str,
    rule: SupportRule,
    *,
    horizon: int,
    chance: float,
    n_jobs: int,
) -> Question:
    """The question behind a goal.

    Parameters
    ----------
    fitted : FittedModel
    snapshots : Snapshots
    row, as_of : int64 arrays, (n,)
        Of the cut, and the last that is known.
    goal : str
        "reinstate": would the limit before the cut be kept? "keep": the same, with no risk above the usual. "regain":
        is it raised by a tier at one of the reviews up to a month?
    rule : SupportRule
    horizon : int
    chance : float
        The least chance that counts as yes.
    n_jobs : int
    """
    before, after = snapshots.tier_before[row], snapshots.tier_after[as_of]
    if goal != "regain":
        line = _keep_lines(fitted, snapshots, row, goal, rule, n_jobs)
        return Question(before, before, snapshots.limit_before[row], line, chance, fitted.drift)
    state = np.minimum(np.where(after >= 0, after, before), fitted.ladder.n_tiers - 2)
    reviews = reviews_ahead(snapshots, as_of, horizon)
    line = np.full(len(row), -np.inf)
    return Question(state + 1, state, snapshots.limit_after[as_of], line, chance, fitted.drift, reviews)


def _keep_lines(
    fitted: FittedModel, snapshots: Snapshots, row: IntArray, goal: str, rule: SupportRule, n_jobs: int
) -> FloatArray:
    expected, held_out = np.full(len(row), rule.expected_line), fitted.held_out
    if goal == "keep":
        risk = rule.expected_risk if held_out is None else min(rule.times_usual * held_out.usual, rule.expected_risk)
        return np.full(len(row), max(rule.expected_line, float(-logit(risk))), dtype=np.float64)
    changes = fitted.explained(snapshots, row, "last_set", n_jobs=n_jobs)
    line = as_decreases(changes, snapshots, row, rule=rule, held_out=held_out).restoring_line
    return np.where(np.isnan(line), expected, line)
