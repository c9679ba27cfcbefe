"""What is asked of the model: which tier, seen from which state, and the score from which on the answer is yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import logit

from credit_model.act.plans.search import MARGIN
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.explain.explaining import as_decreases
from credit_model.explain.support import SupportRule
from credit_model.fitted_model import FittedModel
from credit_model.portfolio.snapshots import Snapshots

Goal = Literal["reinstate", "regain", "keep"]
GOALS: tuple[str, ...] = get_args(Goal)


@dataclass(frozen=True)
class Question:
    """Whether a tier is had, of n borrowers.

    Attributes
    ----------
    asked : bool array, (n,)
        False: of this borrower nothing is asked here, an earlier question was the last.
    tier, state : int64 arrays, (n,)
        The tier that is asked for, and the one that is in force then.
    limit : float64 array, (n,)
        The limit in force then.
    line : float64 array, (n,)
        The score from which on it is had, log-odds.
    """

    asked: BoolArray
    tier: IntArray
    state: IntArray
    limit: FloatArray
    line: FloatArray

    def of(self, i: int) -> Question:
        """The question of one borrower, still with n = 1."""
        return Question(self.asked[[i]], self.tier[[i]], self.state[[i]], self.limit[[i]], self.line[[i]])


def questions_of(
    fitted: FittedModel,
    snapshots: Snapshots,
    row: IntArray,
    as_of: IntArray,
    goal: str,
    rule: SupportRule,
    *,
    n_jobs: int,
) -> list[Question]:
    """The questions behind a goal, one after the other: each is asked once the one before is answered by yes.

    Parameters
    ----------
    fitted : FittedModel
    snapshots : Snapshots
    row, as_of : int64 arrays, (n,)
        Of the cut, and the last that is known.
    goal : str
        "reinstate": would the limit before the cut be kept? "keep": the same, with no risk above the usual. "regain":
        is it raised by a tier, and by the next, up to where it was?
    rule : SupportRule
    n_jobs : int
    """
    before, after = snapshots.tier_before[row], snapshots.tier_after[as_of]
    everybody = np.ones(len(row), dtype=np.bool_)
    if goal != "regain":
        line = _keep_lines(fitted, snapshots, row, goal, rule, n_jobs)
        return [Question(everybody, before, before, snapshots.limit_before[row], line)]
    now = np.where(after >= 0, after, before)
    target = np.where(now < before, before, np.minimum(now + 1, fitted.ladder.n_tiers - 1))
    amounts, questions = np.array(fitted.ladder.amounts), list[Question]()
    for k in range(int((target - now).max(initial=1))):
        state = np.minimum(now + k, np.maximum(target - 1, 0))
        limit = np.where(state == now, snapshots.limit_after[as_of], amounts[state])
        questions.append(Question((now + k < target) | (k == 0), state + 1, state, limit, np.zeros(len(row))))
    return questions


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


def reached(questions: list[Question], tables: list[FloatArray]) -> BoolArray:
    """Whether the last question is answered by yes from a month on: (n, n_mixtures, horizon).

    Parameters
    ----------
    questions : list of Question
    tables : list of float64 arrays, (n, n_mixtures, horizon)
        The scores of each.

    Notes
    -----
    A limit that would come back in one month and be lost in the next has not come back: a single question must be
    answered by yes from a month to the end of the horizon. Of several each waits for a month after the one before was
    answered, and what is raised stays raised.
    """
    yes = [table >= question.line[:, None, None] + MARGIN for question, table in zip(questions, tables, strict=True)]
    if len(questions) == 1:
        return np.asarray(np.logical_and.accumulate(yes[0][..., ::-1], axis=2)[..., ::-1], dtype=np.bool_)
    horizon = tables[0].shape[2]
    month, done = np.arange(horizon), np.full(tables[0].shape[:2], -1, dtype=np.int64)
    for question, over in zip(questions, yes, strict=True):
        late = over & (month > done[..., None])
        first = np.where(late.any(axis=2), late.argmax(axis=2), horizon)
        done = np.where(question.asked[:, None], first, done)
    return np.asarray(month >= done[..., None], dtype=np.bool_)
