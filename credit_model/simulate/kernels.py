"""One borrower's months, one after the other; and what is true of the decreases among them.

The order within a month: work and income, spending, borrowing elsewhere, the own line under the limit in force, the
platform score, and at month's end the lender's decision, which knows the month.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.simulate import behaviour, lines
from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c
from credit_model.simulate.economy import BURN_IN, WARM_UP
from credit_model.simulate.measuring import come, measure, way_come
from credit_model.simulate.repayment import rate, service_line, service_other_lines
from credit_model.simulate.scoring import gain_without, score_of
from credit_model.simulate.shares import share_change

#: The month at which every line is granted its limit by the policy, without regard to the one before.
GRANT_MONTH = 6


class World(NamedTuple):
    """What all borrowers share; axis 0 of a path: what happens, and its twin without the downturn or tightening.

    From month ``changes_in`` on the policy is another; a share of the decisions is overridden by hand.
    """

    unemployment: FloatArray
    activity: FloatArray
    appetite: FloatArray
    funding: FloatArray
    class_appetite: FloatArray
    class_move: NDArray[np.bool_]
    n_months: int
    job_loss_hazard: FloatArray
    spree_rate: float
    changes_in: int
    override_share: float


class Desk(NamedTuple):
    """The kernel's working space for one borrower, and what the lender did, by month."""

    H: FloatArray
    states: FloatArray
    tier: IntArray
    reviewed: NDArray[np.bool_]
    score: FloatArray
    kind: IntArray
    overridden: NDArray[np.bool_]
    x: FloatArray
    ways: FloatArray


@njit(nogil=True)
def new_desk(n_months, n_drivers):  # type: ignore[no-untyped-def]
    """Working space for histories of ``n_months`` months, burn-in included."""
    return Desk(
        np.zeros((c.N_LEDGER + c.DOWNTURN, n_months)),
        np.zeros((n_months, b.N_STATES)),
        np.zeros(n_months, np.int64),
        np.zeros(n_months, np.bool_),
        np.zeros(n_months),
        np.zeros(n_months, np.int64),
        np.zeros(n_months, np.bool_),
        np.zeros(n_drivers),
        np.zeros(n_drivers),
    )


@njit(nogil=True)
def live(  # type: ignore[no-untyped-def]
    start, stop, k, normals, uniforms, by_hand, world, policy, later, control, wishes, desk
):
    """Fill a borrower's months start .. stop - 1; those before ``start`` are on the desk already.

    ``wishes`` are (n_months, len(BEHAVIOUR), 2), as `behaviour` takes them; no months where nothing is wished for.
    """
    s, nothing = np.empty(b.N_STATES), np.empty((0, 2))
    if start == 0:
        first_state(k, s)
    else:
        s[:] = desk.states[start - 1]
    H = desk.H
    for t in range(start, stop):
        u = uniforms[t]
        limit = policy.amounts[int(s[b.TIER])]
        look_around(t, k, H, world, control)
        wish = wishes[t] if len(wishes) > 0 else nothing
        pass_month(t, k, s, H, normals[t], u, limit, world.job_loss_hazard, world.spree_rate, control, wish)
        desk.reviewed[t] = False
        if t >= GRANT_MONTH:
            occasion = occasion_of(t, k, s, H, world, control)
            if t == GRANT_MONTH or occasion >= 0:
                hand = overriding(t, world.override_share, by_hand)
                if t < world.changes_in:
                    _review(t, occasion, hand, k, s, u, policy, desk)
                else:
                    _review(t, occasion, hand, k, s, u, later, desk)
        desk.tier[t] = int(s[b.TIER])
        for place in range(b.N_STATES):
            desk.states[t, place] = s[place]


@njit(nogil=True, inline="always")
def pass_month(t, k, s, H, z, u, limit, job_loss_hazard, spree_rate, control, wish):  # type: ignore[no-untyped-def]
    """The borrower's month t in the surroundings entered, under the limit in force, up to the lender's decision.

    ``wish`` is (len(BEHAVIOUR), 2), or has no rows where nothing is wished for.
    """
    wished = len(wish) > 0
    for shock in range(c.DOWNTURN):
        H[c.N_LEDGER + shock, t] = 0.0
    b.work_and_earn(t, k, s, H, z, u, job_loss_hazard, control)
    b.spend(t, k, s, H, z, u, control)
    if wished:
        behaviour.spend_as_wished(t, H, wish)
    b.borrow_elsewhere(t, k, s, H, z, u, spree_rate, control)
    if wished:
        behaviour.borrow_as_wished(t, s, H, wish)
    service_line(t, k, s, H, z, u, limit, control)
    if wished:
        behaviour.service_as_wished(t, s, H, limit, wish)
    service_other_lines(t, k, s, H, u)
    if wished:
        behaviour.service_others_as_wished(t, H, wish)
    rate(t, k, s, H, z, u)


@njit(nogil=True)
def first_state(k, s):  # type: ignore[no-untyped-def]
    """The state before the first month, with a tier by income that the first review replaces."""
    b.start_state(k, s)
    s[b.TIER] = min(8.0, max(1.0, np.floor(5.0 + 1.6 * (k[b.LOG_INCOME] - 7.8 + 0.4 * k[b.FIRST_TIER_NOISE]))))


@njit(nogil=True, inline="always")
def _muted(shock, t, control):  # type: ignore[no-untyped-def]
    return control[b.MUTED] == shock and control[b.MUTED_FROM] <= t <= control[b.MUTED_UNTIL]


@njit(nogil=True, inline="always")
def look_around(t, k, H, world, control):  # type: ignore[no-untyped-def]
    """Enter the month's economy and lender into the ledger."""
    twin = 1 if _muted(c.DOWNTURN, t, control) else 0
    H[c.UNEMPLOYMENT, t] = world.unemployment[twin, t]
    H[c.ACTIVITY, t] = world.activity[twin, t]
    twin = 1 if _muted(c.TIGHTENING, t, control) else 0
    H[c.APPETITE, t] = world.appetite[twin, t]
    H[c.FUNDING, t] = world.funding[twin, t]
    H[c.CLASS_APPETITE, t] = world.class_appetite[twin, int(k[b.CLASS]), t]


@njit(nogil=True, inline="always")
def occasion_of(t, k, s, H, world, control):  # type: ignore[no-untyped-def]
    """Why the limit is reviewed this month: a kind of `columns.KINDS`, or -1: it is not."""
    twin = 1 if _muted(c.TIGHTENING, t, control) else 0
    dpd, before = H[c.DPD, t], H[c.DPD, t - 1]
    if dpd >= 90 and before < 90:
        return c.KNOCK_OUT
    if world.class_move[twin, int(k[b.CLASS]), t]:
        return c.CLASS_WIDE
    if (dpd >= 30 and before < 30) or (H[c.OTHER_DPD, t] >= 30 and H[c.OTHER_DPD, t - 1] < 30):
        return c.TRIGGER
    on_calendar = (t + int(k[b.REVIEW_PHASE])) % int(k[b.REVIEW_INTERVAL]) == 0
    if on_calendar and t - s[b.LAST_CHANGE] >= lines.COOL_DOWN:
        return c.SCORE
    return -1


@njit(nogil=True, inline="always")
def overriding(t, share, by_hand):  # type: ignore[no-untyped-def]
    """The steps that somebody moves the limit by in place of the policy; 0: the policy decides."""
    if share == 0.0 or t <= GRANT_MONTH or by_hand[t, 0] >= share:
        return 0
    return lines.HAND_STEPS[int(by_hand[t, 1] * len(lines.HAND_STEPS))]


@njit(nogil=True)
def _review(t, occasion, hand, k, s, u, policy, desk):  # type: ignore[no-untyped-def]
    """The lender's decision at the end of month t."""
    tier = int(s[b.TIER])
    measure(t, desk.H, policy.amounts[tier], policy.measures, policy.above, desk.x)
    come(desk.x, policy.ramps, desk.ways)
    score = score_of(desk.ways, policy) - k[b.BIAS]
    noisy = score + lines.logistic_noise(u[b.U_DECISION])
    after = np.searchsorted(policy.lines, noisy) if t == GRANT_MONTH else lines.decide(noisy, tier, policy.lines)
    desk.reviewed[t] = True
    desk.score[t] = score
    desk.overridden[t] = hand != 0
    if hand != 0:
        after = min(len(policy.lines), max(0, tier + hand))
        desk.kind[t] = plain_kind(occasion, desk.ways[policy.knock_out] > 0)
    else:
        desk.kind[t] = _kind(occasion, noisy, tier, after, policy, desk)
    if after != tier:
        s[b.TIER], s[b.LAST_CHANGE] = after, t


@njit(nogil=True, inline="always")
def plain_kind(occasion, knocked_out):  # type: ignore[no-untyped-def]
    """The kind of a decision that neither a class nor idleness explains."""
    if knocked_out:
        return c.KNOCK_OUT
    return c.TRIGGER if occasion == c.TRIGGER else c.SCORE


@njit(nogil=True)
def _kind(occasion, noisy, tier, after, policy, desk):  # type: ignore[no-untyped-def]
    """The kind of a decision; a cut is class-wide or for dormancy only if it would not have happened without."""
    ways, ramps = desk.ways, policy.ramps
    class_wide, dormancy = policy.class_wide, policy.dormancy
    cut = after < tier
    kept_from = lines.cut_point(tier - 1, tier, policy.lines) if cut else np.inf
    if ways[policy.knock_out] > 0:
        return c.KNOCK_OUT
    if occasion == c.CLASS_WIDE:
        neutral = way_come(0.0, ramps[class_wide])
        without = noisy + gain_without(class_wide, neutral, ways, policy)
        if not cut or without > kept_from:
            return c.CLASS_WIDE
    if ways[dormancy] > 0 and (not cut or noisy - ramps[dormancy, 0] * ways[dormancy] > kept_from):
        return c.DORMANCY
    return plain_kind(occasion, False)


@njit(nogil=True)
def reference_month(t, tier):  # type: ignore[no-untyped-def]
    """The month whose snapshot a decrease in month t is compared with, and whether it stands in for an earlier one.

    As the explanations do: the last month, from the first with filled windows on, in which the limit was set; the
    first such month if none; the month before if that is the decrease's own.
    """
    first = BURN_IN + WARM_UP
    for r in range(t - 1, first - 1, -1):
        if tier[r] != tier[r - 1]:
            return r, False
    return (first if first < t else t - 1), True


@njit(nogil=True)
def tell_decrease(t, r, limit, policy, desk, ways_z, shares):  # type: ignore[no-untyped-def]
    """Owen values of the change in score from month r to month t, both measured with the limit in force at t."""
    measure(r, desk.H, limit, policy.measures, policy.above, desk.x)
    come(desk.x, policy.ramps, ways_z)
    measure(t, desk.H, limit, policy.measures, policy.above, desk.x)
    come(desk.x, policy.ramps, desk.ways)
    share_change(desk.ways, ways_z, policy, shares)
    return score_of(ways_z, policy)


@njit(nogil=True)
def could_matter(shock, t, r, k, world, H):  # type: ignore[no-untyped-def]
    """Whether muting a shock in the months after r up to t changes anything at all."""
    for m in range(r + 1, t + 1):
        if shock < c.DOWNTURN:
            if H[c.N_LEDGER + shock, m] > 0:
                return True
        elif shock == c.DOWNTURN:
            if world.unemployment[0, m] != world.unemployment[1, m] or world.activity[0, m] != world.activity[1, m]:
                return True
        elif (
            world.appetite[0, m] != world.appetite[1, m]
            or world.funding[0, m] != world.funding[1, m]
            or world.class_appetite[0, int(k[b.CLASS]), m] != world.class_appetite[1, int(k[b.CLASS]), m]
        ):
            return True
    return False


@njit(nogil=True)
def find_root_causes(  # type: ignore[no-untyped-def]
    t, r, k, normals, uniforms, by_hand, world, policy, later, control, wishes, desk, other, root_causes
):
    """Live the months after r again with one shock off; a shock is a cause if the limit is then not cut by t."""
    before = desk.tier[t - 1]
    for shock in range(len(root_causes)):
        root_causes[shock] = False
        if not could_matter(shock, t, r, k, world, desk.H):
            continue
        control[b.MUTED], control[b.MUTED_FROM], control[b.MUTED_UNTIL] = shock, r + 1, t
        other.H[:, : r + 1] = desk.H[:, : r + 1]
        other.states[r] = desk.states[r]
        live(r + 1, t + 1, k, normals, uniforms, by_hand, world, policy, later, control, wishes, other)
        root_causes[shock] = other.tier[t] >= before
    control[b.MUTED] = -1
