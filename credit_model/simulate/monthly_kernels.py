"""Many lives, one month at a time: where the policy is somebody's own code, which is asked once a month for all."""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel
from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c
from credit_model.simulate import kernels, lines
from credit_model.simulate.measuring import measure


@kernel
def start_all(traits, states):  # type: ignore[no-untyped-def]
    """Fill the states (n, N_STATES) before the first month."""
    for i in range(len(traits)):
        kernels.first_state(traits[i], states[i])


@kernel
def pass_month_of_all(  # type: ignore[no-untyped-def]
    t, alive, who, traits, normals, uniforms, world, controls, wishes_of, wishes, amounts, measures, above,
    states, ledgers, occasions, X,
):  # fmt: skip
    """Live month t up to the lender's decision, and measure the snapshots.

    Parameters
    ----------
    t : int
    alive : bool array, (n,)
        Lives that have this month; the others stay as they are, and their occasion is -1.
    who : int64 array, (n,)
        The borrower of each life: row of ``traits``, ``normals``, ``uniforms``.
    traits, normals, uniforms, world, controls
        As for `kernels.live`; ``controls`` (n, 5) are the lives'.
    wishes_of, wishes : int64 array (n,) and float64 array, (n_with_wishes, n_months, len(BEHAVIOUR), 2)
        The place of each life among the wishes, -1: it has none.
    amounts, measures, above
        As in `scoring.PolicyTable`.
    states, ledgers : float64 arrays, (n, N_STATES) and (n, n_ledger_rows, n_months)
    occasions : int64 array, (n,)
        Filled with why the limit is reviewed, -1: it is not.
    X : float64 array, (n, n_drivers)
        Filled for the lives that have this month.
    """
    nothing = np.empty((0, 2))
    for i in range(len(who)):
        occasions[i] = -1
        if not alive[i]:
            continue
        k, s, H = traits[who[i]], states[i], ledgers[i]
        limit = amounts[int(s[b.TIER])]
        z, u = normals[who[i], t], uniforms[who[i], t]
        kernels.look_around(t, k, H, world, controls[i])
        wish = wishes[wishes_of[i], t] if wishes_of[i] >= 0 else nothing
        kernels.pass_month(t, k, s, H, z, u, limit, world.job_loss_hazard, world.spree_rate, controls[i], wish)
        if t >= kernels.GRANT_MONTH:
            occasions[i] = kernels.occasion_of(t, k, s, H, world, controls[i])
            if t == kernels.GRANT_MONTH:
                occasions[i] = max(occasions[i], c.SCORE)
            measure(t, H, limit, measures, above, X[i])


@kernel
def decide_all(  # type: ignore[no-untyped-def]
    t, who, uniforms, by_hand, override_share, policy_lines, occasions, score, states, noisy, hands
):
    """Take the decisions of month t: changes the tiers in ``states``.

    Parameters
    ----------
    t, who, uniforms, occasions, states
        As above.
    by_hand, override_share
        As for `kernels.overriding`.
    policy_lines : float64 array, (n_tiers - 1,)
    score : float64 array, (n,)
    noisy : float64 array, (n,)
        Filled with the score as the decision took it.
    hands : int64 array, (n,)
        Filled with the steps by hand, 0 where the policy decided.
    """
    for i in range(len(who)):
        hands[i] = 0
        if occasions[i] < 0:
            continue
        s = states[i]
        tier = int(s[b.TIER])
        noisy[i] = score[i] + lines.logistic_noise(uniforms[who[i], t, b.U_DECISION])
        if t == kernels.GRANT_MONTH:
            after = np.searchsorted(policy_lines, noisy[i])
        else:
            after = lines.decide(noisy[i], tier, policy_lines)
        hands[i] = kernels.overriding(t, override_share, by_hand[who[i]])
        if hands[i] != 0:
            after = min(len(policy_lines), max(0, tier + hands[i]))
        if after != tier:
            s[b.TIER], s[b.LAST_CHANGE] = after, t


@kernel
def ask_all(t, alive, uniforms, by_hand, override_share, policy_lines, tier, score, kept):  # type: ignore[no-untyped-def]
    """What the decision of month t would be if another tier were in force: fills ``kept`` (n,).

    Parameters
    ----------
    t, alive, uniforms, by_hand, override_share, policy_lines
        As above.
    tier : int64 array, (n,)
        The tier asked for; 0 is always kept.
    score : float64 array, (n,)
        With its limit in force.
    kept : bool array, (n,)
    """
    for i in range(len(tier)):
        if not alive[i]:
            continue
        after = lines.decide(score[i] + lines.logistic_noise(uniforms[i, t, b.U_DECISION]), tier[i], policy_lines)
        hand = kernels.overriding(t, override_share, by_hand[i])
        kept[i] = (tier[i] + hand if hand != 0 else after) >= tier[i]


@kernel
def find_decreases(tier, first, most, found):  # type: ignore[no-untyped-def]
    """The falls in tier from month ``first`` on: fills ``found`` (most, 4), and returns how many there are.

    Columns: borrower, month, reference month, 1 where the reference stands in for an earlier one; ``tier`` is
    (n, n_months).
    """
    n = 0
    for i in range(len(tier)):
        for t in range(first, tier.shape[1]):
            if tier[i, t] < tier[i, t - 1]:
                if n < most:
                    r, stands_in = kernels.reference_month(t, tier[i])
                    found[n, 0], found[n, 1], found[n, 2], found[n, 3] = i, t, r, int(stands_in)
                n += 1
    return n


@kernel
def measure_at(who, month, limit, ledgers, measures, above, X):  # type: ignore[no-untyped-def]
    """Fill the snapshots ``X`` (n, n_drivers) of borrowers in their months, with the limits given."""
    for j in range(len(who)):
        measure(month[j], ledgers[who[j]], limit[j], measures, above, X[j])


@kernel
def which_could_matter(who, month, reference, traits, world, ledgers, found):  # type: ignore[no-untyped-def]
    """Fill ``found`` (n, n_shocks): whether a shock struck between the reference and the decrease at all."""
    for j in range(len(who)):
        for shock in range(found.shape[1]):
            found[j, shock] = kernels.could_matter(
                shock, month[j], reference[j], traits[who[j]], world, ledgers[who[j]]
            )
