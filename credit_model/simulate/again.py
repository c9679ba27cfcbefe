"""Borrowers who live some months again: otherwise than drawn, or with fresh random numbers.

A life begins again from the borrower's own state at a month's end. With the same random numbers and nothing done
otherwise it is the life that was; with fresh ones it is what might have been from there on, of which many tell the
true risk. The economy and the lender's own moves are as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError
from credit_model.parallel import in_order
from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c
from credit_model.simulate.blocks import controls_of, world_of
from credit_model.simulate.draws import Draws, draw
from credit_model.simulate.economy import BURN_IN
from credit_model.simulate.lines import LINES, cut_point
from credit_model.simulate.monthly import N_ROWS, Scorer, live_monthly
from credit_model.simulate.monthly_kernels import ask_all, decide_all, measure_at, pass_month_of_all
from credit_model.simulate.policies.family import table_of
from credit_model.simulate.policies.names import DEFAULT
from credit_model.simulate.scored import TableScorer
from credit_model.simulate.settings import BLOCK_SIZE, Settings
from credit_model.simulate.streams import AGAIN_TABLE, stream
from credit_model.simulate.wishes import open_bounds

#: Lives that are lived at once, so that memory stays bounded.
_AT_ONCE = 1024

Cells = TypeVar("Cells", bound=np.generic)


@dataclass(frozen=True)
class Lived:
    """What came out; axis 0 is the life, axis 1 its months from the first that is lived again.

    Attributes
    ----------
    own : int32 array, (n, span, N_OWN)
        The ledger's columns that are the borrower's own, in the order of `columns.LEDGER`.
    tier_before, tier_after : int64 arrays, (n, span)
    reviewed : bool array, (n, span)
    score : float64 array, (n, span)
        The true score at the month's end if the tier asked for were in force, log-odds.
    keep_score : float64 array, (n, span)
        The true log-odds of keeping it.
    kept : bool array, (n, span)
        Whether a decision of that month, with the month's own chance, would keep it.
    """

    own: NDArray[np.int32]
    tier_before: IntArray
    tier_after: IntArray
    reviewed: BoolArray
    score: FloatArray
    keep_score: FloatArray
    kept: BoolArray

    @property
    def cut(self) -> BoolArray:
        """Whether the limit in force falls: (n, span)."""
        return np.asarray(self.tier_after < self.tier_before)


def live_again(
    settings: Settings,
    borrower: IntArray,
    start: IntArray,
    span: int,
    *,
    bounds: FloatArray | None = None,
    tier: IntArray | None = None,
    seed: int | None = None,
    n_jobs: int = 1,
) -> Lived:
    """Let borrowers live some months of a simulated portfolio again.

    Parameters
    ----------
    settings : Settings
        Of the portfolio.
    borrower : int64 array, (n,)
        Ids; the same one may live again as often as wanted.
    start : int64 array, (n,)
        The first month of the panel (0 is the first) that is lived again.
    span : int
        How many months.
    bounds : float64 array, (n, span, len(BEHAVIOUR), 2), optional
        What each life does otherwise: low and high bounds on the columns `columns.BEHAVIOUR`, as
        `wishes.open_bounds` has them; they replace the settings' own interventions in these months. None: nothing.
    tier : int64 array, (n,), optional
        The tier that each life's ``score``, ``keep_score`` and ``kept`` ask for, 1 or above; None: the one in force
        when the life begins again.
    seed : int, optional
        Draws fresh random numbers for the months lived again, others for each life of a borrower; None: the same as
        in the portfolio.
    n_jobs : int
        The result does not depend on it.

    Raises
    ------
    CreditModelError
        A borrower is none of the portfolio's, or a month lies outside the panel.

    Examples
    --------
    >>> settings = Settings(40, 24, seed=1)
    >>> lived = live_again(settings, np.array([7, 7]), np.array([15, 15]), 3)
    >>> bool((lived.own[0] == lived.own[1]).all()), lived.cut.shape
    (True, (2, 3))
    """
    borrower, start = np.asarray(borrower, dtype=np.int64), np.asarray(start, dtype=np.int64)
    _check(settings, borrower, start, span)
    nth = _which_time(borrower, start)
    order = np.lexsort((start, borrower))
    parts = [
        some[i : i + _AT_ONCE]
        for some in np.split(order, np.flatnonzero(np.diff((borrower[order] - 1) // BLOCK_SIZE)) + 1)
        for i in range(0, len(some), _AT_ONCE)
    ]

    def live(number: int) -> Lived:
        some = parts[number]
        return _live_some(
            settings, borrower[some], start[some], span,
            bounds=None if bounds is None else bounds[some],
            tier=None if tier is None else np.asarray(tier, dtype=np.int64)[some],
            fresh=None if seed is None else (seed, nth[some]),
        )  # fmt: skip

    found = list(in_order(live, len(parts), n_jobs))
    back = np.argsort(np.concatenate(parts), kind="stable")
    names = ("own", "tier_before", "tier_after", "reviewed", "score", "keep_score", "kept")
    return Lived(**{name: np.concatenate([getattr(one, name) for one in found])[back] for name in names})


def _check(settings: Settings, borrower: IntArray, start: IntArray, span: int) -> None:
    if not len(borrower) or len(borrower) != len(start):
        raise CreditModelError(f"lives must have a borrower and a month each, got {len(borrower)} and {len(start)}")
    outside = borrower[(borrower < 1) | (borrower > settings.n_borrowers)]
    if len(outside):
        raise CreditModelError(f"borrowers must be among 1 .. {settings.n_borrowers}, found {outside[0]}")
    if span < 1 or start.min() < 0 or start.max() + span > settings.n_months:
        raise CreditModelError(
            f"months lived again must lie in the panel's {settings.n_months}, found {span} from month "
            f"{start.max() if start.min() >= 0 else start.min()} on"
        )


def _which_time(borrower: IntArray, start: IntArray) -> IntArray:
    """Of each life, how many lives of the same borrower from the same month come before it: (n,)."""
    order = np.lexsort((start, borrower))
    key = np.stack([borrower[order], start[order]])
    first = np.append(True, (key[:, 1:] != key[:, :-1]).any(axis=0))
    begins = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    nth = np.empty(len(order), dtype=np.int64)
    nth[order] = np.arange(len(order)) - begins
    return nth


def scorer_of(settings: Settings) -> Scorer:
    """The lender's policy, to be asked month by month."""
    if settings.plug_in is not None:
        return settings.plug_in
    if settings.changes_in is None:
        return TableScorer(settings.policy_table)
    return TableScorer(settings.policy_table, settings.revised_table, BURN_IN + settings.changes_in)


def _live_some(
    settings: Settings,
    borrower: IntArray,
    start: IntArray,
    span: int,
    *,
    bounds: FloatArray | None,
    tier: IntArray | None,
    fresh: tuple[int, IntArray] | None,
) -> Lived:
    """Lives of borrowers of one block."""
    block, n = int(borrower[0] - 1) // BLOCK_SIZE, len(borrower)
    first_id, size = block * BLOCK_SIZE + 1, settings.size_of(block)
    ids, whose = np.unique(borrower, return_inverse=True)
    place = ids - first_id
    world, scorer = world_of(settings), scorer_of(settings)
    drawn = draw(
        settings.seed, block, BLOCK_SIZE, world.n_months, audit_bias=settings.audit_bias, by_hand=settings.overrides > 0
    )
    mine = drawn.of(place)
    controls = controls_of(settings, first_id, size)[place]
    wishes = settings.wishes_of(first_id, size)
    before = live_monthly(
        mine, world._replace(n_months=BURN_IN + int(start.max())), controls, scorer,
        type(wishes)(wishes.whose[place], wishes.values),
    )  # fmt: skip
    begin = BURN_IN + start
    own = mine.of(whose)
    if fresh is not None:
        own = _drawn_anew(own, borrower, start, span, *fresh)
    ledgers, now = np.zeros((n, N_ROWS, world.n_months)), before.states[whose, begin - 1]
    for i in range(n):
        ledgers[i, :, : begin[i]] = before.ledgers[whose[i], :, : begin[i]]
    asked = np.maximum(now[:, b.TIER].astype(np.int64) if tier is None else tier, 1)
    wished = np.full(n, -1 if bounds is None else 0, dtype=np.int64)
    values = open_bounds(0 if bounds is None else n, world.n_months if bounds is not None else 0)
    if bounds is not None:
        wished = np.arange(n)
        for i in range(n):
            values[i, begin[i] : begin[i] + span] = bounds[i]
    return _go_on(own, world, controls[whose], scorer, begin, span, ledgers, now, (wished, values), asked)


def _drawn_anew(draws: Draws, borrower: IntArray, start: IntArray, span: int, seed: int, nth: IntArray) -> Draws:
    """Fresh random numbers in the months lived again; the k-th life of a borrower from a month has its own."""
    for i in range(len(borrower)):
        rng = stream(seed, AGAIN_TABLE, int(borrower[i]), int(start[i]), int(nth[i]))
        months = slice(BURN_IN + int(start[i]), BURN_IN + int(start[i]) + span)
        draws.normals[i, months] = rng.standard_normal((span, b.N_NORMALS), dtype=np.float32)
        draws.uniforms[i, months] = rng.random((span, b.N_UNIFORMS), dtype=np.float32)
        if draws.by_hand.shape[1]:
            draws.by_hand[i, months] = rng.random((span, 2), dtype=np.float32)
    return draws


def _go_on(  # type: ignore[no-untyped-def]
    draws, world, controls, scorer, begin, span, ledgers, now, wishes, asked
) -> Lived:
    """Live on from the states given, month by month, all lives together."""
    table, n = table_of(DEFAULT), len(begin)
    who, tiers = np.arange(n), np.zeros((2, n, span), dtype=np.int64)
    X, occasions, hands = np.empty((n, len(table.measures))), np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    noisy, found, would_keep = np.empty(n), np.empty(n), np.zeros(n, dtype=np.bool_)
    score, kept, reviewed = np.empty((n, span)), np.zeros((n, span), dtype=np.bool_), np.zeros((n, span), np.bool_)
    for t in range(int(begin.min()), int(begin.max()) + span):
        alive = (begin <= t) & (t < begin + span)
        some = np.flatnonzero(alive)
        at = t - begin[some]
        tiers[0, some, at] = now[some, b.TIER]
        pass_month_of_all(
            t, alive, who, draws.traits, draws.normals, draws.uniforms, world, controls, *wishes,
            table.amounts, table.measures, table.above, now, ledgers, occasions, X,
        )  # fmt: skip
        bias, decided = draws.traits[:, b.BIAS], np.flatnonzero(occasions >= 0)
        if len(decided):
            found[decided] = scorer.score(X[decided], t) - bias[decided]
        decide_all(
            t, who, draws.uniforms, draws.by_hand, world.override_share, LINES, occasions, found, now, noisy, hands
        )
        tiers[1, some, at], reviewed[some, at] = now[some, b.TIER], occasions[some] >= 0
        if len(some):
            other = np.empty((len(some), len(table.measures)))
            measure_at(
                some, np.full(len(some), t), table.amounts[asked[some]], ledgers, table.measures, table.above, other
            )
            noisy[some] = scorer.score(other, t) - bias[some]
            score[some, at] = noisy[some]
            ask_all(t, alive, draws.uniforms, draws.by_hand, world.override_share, LINES, asked, noisy, would_keep)
            kept[some, at] = would_keep[some]
    own = np.stack([ledgers[i, : c.N_OWN, begin[i] : begin[i] + span].T for i in range(n)]).astype(np.int32)
    line = np.array([cut_point(k - 1, k, LINES) for k in asked.tolist()])
    return Lived(own, tiers[0], tiers[1], reviewed, score, score - line[:, None], kept)
