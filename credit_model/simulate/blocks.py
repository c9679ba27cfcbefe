"""A block of borrowers, simulated at once: a pure function of the settings and the block's number.

A block's random numbers are drawn for all its 4,096 borrowers, even where the last block has fewer.
"""

from __future__ import annotations

import numpy as np

from credit_model.arrays import IntArray
from credit_model.compiling import kernel
from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c
from credit_model.simulate import kernels
from credit_model.simulate.block import Block
from credit_model.simulate.called_blocks import live_block
from credit_model.simulate.draws import draw, make_world
from credit_model.simulate.economy import BURN_IN, WARM_UP
from credit_model.simulate.kernels import World
from credit_model.simulate.settings import BLOCK_SIZE, Settings


def world_of(settings: Settings) -> World:
    """The paths that all borrowers share, as the kernels take them."""
    return make_world(
        settings.economy_paths,
        settings.lender_moves,
        settings.n_months,
        spree_rate=settings.world.spree_rate,
        changes_in=settings.changes_in,
        overrides=settings.overrides,
    )


def simulate_block(settings: Settings, block: int) -> Block:
    """Simulate one block.

    Parameters
    ----------
    settings : Settings
    block : int
        From 0.
    """
    n, n_months = settings.size_of(block), settings.n_months
    total = BURN_IN + n_months
    first_id = block * BLOCK_SIZE + 1
    draws = draw(
        settings.seed, block, BLOCK_SIZE, total, audit_bias=settings.audit_bias, by_hand=settings.overrides > 0
    )
    control, wishes = controls_of(settings, first_id, n), settings.wishes_of(first_id, n)
    if settings.plug_in is not None:
        return live_block(
            draws.rows(0, n), world_of(settings), control, settings.plug_in, first_id, wishes=wishes,
            root_causes=settings.root_causes,
        )  # fmt: skip
    policy, later = settings.policy_table, settings.revised_table
    n_rows = n * n_months
    own = np.empty((c.N_OWN, n_rows), dtype=np.int32)
    tier_before, tier_after = np.empty(n_rows, dtype=np.int8), np.empty(n_rows, dtype=np.int8)
    reviewed, score = np.empty(n_rows, dtype=np.bool_), np.empty(n_rows)
    kind, overridden = np.empty(n_rows, dtype=np.int8), np.empty(n_rows, dtype=np.bool_)
    n_drivers = len(policy.measures)
    most = n_rows // 16 + 64
    while True:  # decreases are few; room for more is made in the rare block that needs it
        row, reference_row = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
        censored, score_before = np.empty(most, dtype=np.bool_), np.empty(most)
        shares, root_causes = np.empty((most, n_drivers)), np.zeros((most, len(c.SHOCKS)), dtype=np.bool_)
        found = _simulate(
            draws.traits[:n], draws.normals, draws.uniforms, draws.by_hand, world_of(settings), policy, later, control,
            wishes.whose, wishes.values, settings.root_causes,
            own, tier_before, tier_after, reviewed, score, kind, overridden,
            row, reference_row, censored, score_before, shares, root_causes,
        )  # fmt: skip
        if found <= most:
            break
        most = found
    return Block(
        first_id=first_id,
        n_months=n_months,
        traits=draws.traits[:n],
        own=own,
        tier_before=tier_before,
        tier_after=tier_after,
        reviewed=reviewed,
        score=score,
        kind=kind,
        overridden=overridden,
        row=row[:found],
        reference_row=reference_row[:found],
        reference_censored=censored[:found],
        score_before=score_before[:found],
        shares=shares[:found],
        root_causes=root_causes[:found],
    )


def controls_of(settings: Settings, first_id: int, n: int) -> IntArray:
    """What is done to each borrower's shocks: (n, 5), places as in `borrowers`."""
    control = np.full((n, 5), -1, dtype=np.int64)
    planted = settings.planted_shocks
    here = planted[(planted[:, 0] >= first_id) & (planted[:, 0] < first_id + n)]
    control[here[:, 0] - first_id, b.PLANTED] = here[:, 1]
    control[here[:, 0] - first_id, b.PLANTED_MONTH] = here[:, 2] + BURN_IN
    return control


@kernel
def _simulate(  # type: ignore[no-untyped-def]
    traits, normals, uniforms, by_hand, world, policy, later, controls, wishes_of, all_wishes, with_root_causes,
    own, tier_before, tier_after, reviewed, score, kind, overridden,
    row, reference_row, censored, score_before, shares, root_causes,
):  # fmt: skip
    """Fill the arrays, and return the number of decreases (beyond their room, they are only counted)."""
    total, n_months = world.n_months, world.n_months - BURN_IN
    n_drivers = len(policy.measures)
    desk, other = kernels.new_desk(total, n_drivers), kernels.new_desk(total, n_drivers)
    ways_z, nothing = np.zeros(n_drivers), np.empty((0, all_wishes.shape[2], 2))
    found = 0
    for i in range(len(traits)):
        k, control = traits[i], controls[i]
        wishes = all_wishes[wishes_of[i]] if wishes_of[i] >= 0 else nothing
        kernels.live(0, total, k, normals[i], uniforms[i], by_hand[i], world, policy, later, control, wishes, desk)
        at = i * n_months
        for column in range(c.N_OWN):
            for m in range(n_months):
                own[column, at + m] = np.int32(desk.H[column, BURN_IN + m])
        for m in range(n_months):
            t = BURN_IN + m
            tier_before[at + m], tier_after[at + m] = desk.tier[t - 1], desk.tier[t]
            reviewed[at + m] = desk.reviewed[t]
            score[at + m] = desk.score[t] if desk.reviewed[t] else np.nan
            kind[at + m] = desk.kind[t] if desk.reviewed[t] else -1
            overridden[at + m] = desk.reviewed[t] and desk.overridden[t]
            if m < WARM_UP or desk.tier[t] >= desk.tier[t - 1]:
                continue
            if found < len(row):
                r, stands_in = kernels.reference_month(t, desk.tier)
                row[found], reference_row[found], censored[found] = at + m, at + r - BURN_IN, stands_in
                limit = policy.amounts[desk.tier[t - 1]]
                if t < world.changes_in:
                    before = kernels.tell_decrease(t, r, limit, policy, desk, ways_z, shares[found])
                else:
                    before = kernels.tell_decrease(t, r, limit, later, desk, ways_z, shares[found])
                score_before[found] = before - k[b.BIAS]
                if with_root_causes:
                    kernels.find_root_causes(
                        t,
                        r,
                        k,
                        normals[i],
                        uniforms[i],
                        by_hand[i],
                        world,
                        policy,
                        later,
                        control,
                        wishes,
                        desk,
                        other,
                        root_causes[found],
                    )
            found += 1
    return found
