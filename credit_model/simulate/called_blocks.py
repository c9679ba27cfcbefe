"""A block of borrowers under a policy that can only be called, with the same truth as from the kernels."""

from __future__ import annotations

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c
from credit_model.simulate.block import Block
from credit_model.simulate.called_shares import shares_by_calls
from credit_model.simulate.draws import Draws
from credit_model.simulate.economy import BURN_IN, WARM_UP
from credit_model.simulate.kernels import World
from credit_model.simulate.lines import LINES
from credit_model.simulate.monthly import N_ROWS, Lives, live_monthly
from credit_model.simulate.monthly_kernels import (
    decide_all,
    find_decreases,
    measure_at,
    pass_month_of_all,
    which_could_matter,
)
from credit_model.simulate.policies.family import table_of
from credit_model.simulate.policies.names import DEFAULT
from credit_model.simulate.policies.plugin import PlugIn
from credit_model.simulate.wishes import Wishes

#: Borrower-months that are lived at once, so that memory stays bounded in long panels (each has 500 bytes).
_MOST_AT_ONCE = 600_000
#: Lives that are lived again at once, each without one shock.
_AGAIN_AT_ONCE = 1024


def live_block(
    draws: Draws,
    world: World,
    controls: IntArray,
    policy: PlugIn,
    first_id: int,
    *,
    wishes: Wishes,
    root_causes: bool,
) -> Block:
    """Simulate one block; arguments as for `monthly.live_monthly`, and as in `blocks`."""
    n = len(draws.traits)
    size = max(1, min(n, _MOST_AT_ONCE // world.n_months))
    parts = [
        _live_part(
            draws.rows(i, i + size),
            world,
            controls[i : i + size],
            policy,
            wishes.rows(i, i + size),
            root_causes=root_causes,
        )
        for i in range(0, n, size)
    ]
    n_months, offset = world.n_months - BURN_IN, 0
    for part in parts:
        part["row"] += offset
        part["reference_row"] += offset
        offset += len(part["score"])
    joined = {name: np.concatenate([part[name] for part in parts], axis=1 if name == "own" else 0) for name in parts[0]}
    return Block(first_id=first_id, n_months=n_months, traits=draws.traits, **joined)


def _live_part(
    draws: Draws, world: World, controls: IntArray, policy: PlugIn, wishes: Wishes, *, root_causes: bool
) -> dict[str, np.ndarray]:
    """The fields of a `Block` for some of its borrowers."""
    lives = live_monthly(draws, world, controls, policy, wishes)
    panel = slice(BURN_IN, world.n_months)
    n_months = world.n_months - BURN_IN
    found = _decreases(lives.tier)
    who, month, reference = found[:, 0], found[:, 1], found[:, 2]
    x, z = _snapshots(lives, who, month, reference)
    causes = np.zeros((len(found), len(c.SHOCKS)), dtype=np.bool_)
    if root_causes and len(found):
        causes = _root_causes(lives, draws, world, controls, policy, wishes, who, month, reference)
    return {
        "own": lives.ledgers[:, : c.N_OWN, panel].swapaxes(0, 1).reshape(c.N_OWN, -1).astype(np.int32),
        "tier_before": lives.tier[:, BURN_IN - 1 : -1].reshape(-1).astype(np.int8),
        "tier_after": lives.tier[:, panel].reshape(-1).astype(np.int8),
        "reviewed": lives.kind[:, panel].reshape(-1) >= 0,
        "score": lives.score[:, panel].reshape(-1),
        "kind": lives.kind[:, panel].reshape(-1).astype(np.int8),
        "overridden": lives.overridden[:, panel].reshape(-1),
        "row": who * n_months + month - BURN_IN,
        "reference_row": who * n_months + reference - BURN_IN,
        "reference_censored": found[:, 3] > 0,
        "score_before": policy.value(z) - draws.traits[who, b.BIAS],
        "shares": shares_by_calls(policy.value, x, z, table_of(DEFAULT).factor),
        "root_causes": causes,
    }


def _decreases(tier: IntArray) -> IntArray:
    """Borrower, month, reference month, and whether it stands in: (n, 4)."""
    found = np.empty((0, 4), dtype=np.int64)
    n = find_decreases(tier, BURN_IN + WARM_UP, 0, found)
    found = np.empty((n, 4), dtype=np.int64)
    find_decreases(tier, BURN_IN + WARM_UP, n, found)
    return found


def _snapshots(lives: Lives, who: IntArray, month: IntArray, reference: IntArray) -> tuple[FloatArray, FloatArray]:
    """The decreases' snapshots and their references', both with the limit in force at the decrease."""
    table = table_of(DEFAULT)
    limit = table.amounts[lives.tier[who, month - 1]]
    x, z = (np.empty((len(who), len(table.measures))) for _ in range(2))
    measure_at(who, month, limit, lives.ledgers, table.measures, table.above, x)
    measure_at(who, reference, limit, lives.ledgers, table.measures, table.above, z)
    return x, z


def _root_causes(
    lives: Lives,
    draws: Draws,
    world: World,
    controls: IntArray,
    policy: PlugIn,
    wishes: Wishes,
    who: IntArray,
    month: IntArray,
    reference: IntArray,
) -> BoolArray:
    """Live the months after each reference again with one shock off: (n, n_shocks).

    A shock is a cause if the limit is then not cut by the decrease's month.
    """
    matters = np.zeros((len(who), len(c.SHOCKS)), dtype=np.bool_)
    which_could_matter(who, month, reference, draws.traits, world, lives.ledgers, matters)
    decrease, shock = np.nonzero(matters)
    order = np.argsort(month[decrease], kind="stable")  # lives of the same months together: fewer calls
    causes = np.zeros_like(matters)
    for start in range(0, len(order), _AGAIN_AT_ONCE):
        j, s = decrease[order[start : start + _AGAIN_AT_ONCE]], shock[order[start : start + _AGAIN_AT_ONCE]]
        control = controls[who[j]].copy()
        control[:, b.MUTED], control[:, b.MUTED_FROM], control[:, b.MUTED_UNTIL] = s, reference[j] + 1, month[j]
        after = _live_again(lives, draws, world, control, policy, wishes, who[j], reference[j], month[j])
        causes[j, s] = after >= lives.tier[who[j], month[j] - 1]
    return causes


def _live_again(
    lives: Lives,
    draws: Draws,
    world: World,
    controls: IntArray,
    policy: PlugIn,
    wishes: Wishes,
    who: IntArray,
    after: IntArray,
    until: IntArray,
) -> IntArray:
    """The tiers (n,) in months ``until`` of borrowers who live the months after ``after`` again."""
    table = table_of(DEFAULT)
    n = len(who)
    ledgers, now = np.zeros((n, N_ROWS, world.n_months)), lives.states[who, after]
    for j in range(n):
        ledgers[j, :, : after[j] + 1] = lives.ledgers[who[j], :, : after[j] + 1]
    X = np.empty((n, len(table.measures)))
    occasions, hands, noisy, score = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.empty(n), np.empty(n)
    for t in range(int(after.min()) + 1, int(until.max()) + 1):
        alive = (after < t) & (t <= until)
        pass_month_of_all(
            t, alive, who, draws.traits, draws.normals, draws.uniforms, world, controls, wishes.whose[who],
            wishes.values, table.amounts, table.measures, table.above, now, ledgers, occasions, X,
        )  # fmt: skip
        decided = np.flatnonzero(occasions >= 0)
        score[decided] = policy.score(X[decided], t) - draws.traits[who[decided], b.BIAS]
        decide_all(
            t, who, draws.uniforms, draws.by_hand, world.override_share, LINES, occasions, score, now, noisy, hands
        )
    tiers: IntArray = now[:, b.TIER].astype(np.int64)
    return tiers
