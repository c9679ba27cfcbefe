"""The monthly step of the borrower's own line, of days past due on every line, and of the platform score.

Each month: interest is charged on the balance, an instalment (and whatever is overdue) falls due, is paid or missed,
and only then is the line drawn on, up to the limit in force. The ledger balances to the yuan:
balance = balance before + interest + drawn - paid, and paid <= balance before + interest.
"""

from __future__ import annotations

import math

from numba import njit

from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c

#: Interest a month (16 % a year), and the part of the balance that falls due each month.
MONTHLY_RATE, INSTALMENT = 0.16 / 12, 0.10
#: A billing cycle, days; days past due are not counted beyond the last number.
CYCLE, MOST_DAYS = 30.0, 720.0


@njit(nogil=True)
def roll(dpd, u, hardship):  # type: ignore[no-untyped-def]
    """Days past due a month later, of a line that is late: cured, back by a month, the same, or a month worse.

    Parameters
    ----------
    dpd : float, > 0
    u : float, uniform
    hardship : float
        0: none; 1: out of work.
    """
    if dpd < 30:
        cure, back, stay = 0.36, 0.0, 0.34
    elif dpd < 60:
        cure, back, stay = 0.30, 0.0, 0.45
    elif dpd < 90:
        cure, back, stay = 0.15, 0.30, 0.17
    else:
        cure, back, stay = 0.026, 0.055, 0.25
    cure *= 1.0 - 0.5 * hardship
    back *= 1.0 - 0.5 * hardship
    if u < cure:
        return 0.0
    if u < cure + back:  # from far behind, an agreed plan leaves two to three months
        return min(dpd, 3 * CYCLE + dpd % CYCLE) - CYCLE
    if u < cure + back + stay or dpd + CYCLE > MOST_DAYS:
        return dpd
    return dpd + CYCLE


@njit(nogil=True, inline="always")
def service_line(t, k, s, H, z, u, limit, control):  # type: ignore[no-untyped-def]
    """Interest, what falls due, what is paid, days past due, new draws, and the balance of the own line."""
    balance, dpd = (H[c.BALANCE, t - 1], H[c.DPD, t - 1]) if t > 0 else (0.0, 0.0)
    hardship = 1.0 - s[b.IN_WORK]
    interest = round(MONTHLY_RATE * balance)
    owed = balance + interest
    instalment = min(owed, round(INSTALMENT * balance) + interest)
    due = min(owed, s[b.OVERDUE] + instalment)
    target = _wanted_balance(t, k, s, z, u, limit)
    paid = due
    if dpd == 0.0:
        if due > 0.0 and _misses(t, s, H, u, hardship, control):
            dpd, paid = CYCLE - k[b.DUE_DAY], 0.0
        else:
            paid = max(due, _voluntary_payment(k, s, owed, target))
    else:
        later = roll(dpd, u[b.U_ROLL], hardship)
        if later > dpd:
            paid = 0.0
        elif later == dpd:
            paid = max(0.0, due - s[b.OVERDUE])
        elif later > 0.0:
            paid = max(0.0, due - math.floor(s[b.OVERDUE] * later / dpd))
        dpd = later if paid < due else 0.0  # nobody is late with nothing: a last yuan rounds to none
    s[b.OVERDUE] = due - paid if dpd > 0.0 else 0.0
    drawn = 0.0
    if dpd == 0.0:
        drawn = max(0.0, min(limit, round(target)) - (owed - paid))
    H[c.INTEREST, t], H[c.DUE, t], H[c.PAID, t], H[c.DRAWN, t], H[c.DPD, t] = interest, due, paid, drawn, dpd
    H[c.BALANCE, t] = owed - paid + drawn
    unused = limit > 0.0 and drawn == 0.0 and H[c.BALANCE, t] == 0.0
    H[c.IDLE_MONTHS, t] = (H[c.IDLE_MONTHS, t - 1] if t > 0 else 0.0) + 1.0 if unused else 0.0


@njit(nogil=True, inline="always")
def _wanted_balance(t, k, s, z, u, limit):  # type: ignore[no-untyped-def]
    use = int(k[b.LINE_USE])
    if s[b.IDLE] > 0.0:
        if u[b.U_IDLE] < 0.05:
            s[b.IDLE] = 0.0
    elif u[b.U_IDLE] > 1.0 - (0.004, 0.001, 0.0, 0.030)[use]:
        s[b.IDLE] = 1.0
    s[b.USE_AR] = 0.9 * s[b.USE_AR] + 0.10 * z[b.Z_USE]
    if s[b.IDLE] > 0.0:
        return 0.0
    share = k[b.TARGET_USE] * math.exp(s[b.USE_AR])
    if use != b.SLEEPER:
        share += 0.15 * (1.0 - s[b.IN_WORK]) + (0.12 if s[b.SPREE_LEFT] > 0.0 else 0.0)
    return limit * min(0.98, share)


@njit(nogil=True, inline="always")
def _voluntary_payment(k, s, owed, target):  # type: ignore[no-untyped-def]
    """What is paid beyond the amount due by those who could carry the balance on."""
    use = int(k[b.LINE_USE])
    if use == b.TRANSACTOR or use == b.SLEEPER or s[b.IDLE] > 0.0:
        return owed
    return math.floor(0.4 * max(0.0, owed - target))


@njit(nogil=True, inline="always")
def _misses(t, s, H, u, hardship, control):  # type: ignore[no-untyped-def]
    """Whether an instalment is missed: out of the blue (the shock), or out of hardship."""
    chance = 0.0035
    if b.strikes(c.MISSED_PAYMENTS, chance, u[b.U_MISS], t, H, control):
        return True
    if control[b.PLANTED] == c.MISSED_PAYMENTS and control[b.PLANTED_MONTH] < t <= control[b.PLANTED_MONTH] + 3:
        muted = control[b.MUTED] == c.MISSED_PAYMENTS and control[b.MUTED_FROM] <= t <= control[b.MUTED_UNTIL]
        return not muted
    stretched = max(0.0, min(1.0, s[b.LENDERS] - 4.0) * 0.25)
    return u[b.U_DISTRESS] < 0.018 * hardship + 0.004 * stretched


@njit(nogil=True, inline="always")
def service_other_lines(t, k, s, H, u):  # type: ignore[no-untyped-def]
    """Days past due with other lenders."""
    dpd = H[c.OTHER_DPD, t - 1] if t > 0 else 0.0
    hardship = 1.0 - s[b.IN_WORK]
    if H[c.OTHER_BALANCE, t] <= 0.0:
        dpd = 0.0
    elif dpd > 0.0:
        dpd = roll(dpd, u[b.U_OTHER_ROLL], hardship)
    elif u[b.U_OTHER_MISS] < 0.0022 + 0.012 * hardship:
        dpd = CYCLE - k[b.DUE_DAY]
    H[c.OTHER_DPD, t] = dpd


@njit(nogil=True)
def _points(value):  # type: ignore[no-untyped-def]
    return float(round(min(190.0, max(70.0, value))))


@njit(nogil=True, inline="always")
def rate(t, k, s, H, z, u):  # type: ignore[no-untyped-def]
    """The platform score's five components, 70-190 points each, so that their sum is 350-950."""
    s[b.ABILITY_AR] = 0.93 * s[b.ABILITY_AR] + 1.9 * z[b.Z_ABILITY]
    s[b.HISTORY_AR] = 0.93 * s[b.HISTORY_AR] + 1.7 * z[b.Z_HISTORY]
    s[b.NETWORK_AR] = 0.95 * s[b.NETWORK_AR] + 1.7 * z[b.Z_NETWORK]
    s[b.BEHAVIOUR_AR] = 0.93 * s[b.BEHAVIOUR_AR] + 1.7 * z[b.Z_BEHAVIOUR]
    s[b.LATE_MEMORY] = max(0.95 * s[b.LATE_MEMORY], min(1.0, H[c.DPD, t] / 90.0))
    s[b.UNSTABLE_MEMORY] = 0.88 * s[b.UNSTABLE_MEMORY] + 0.12 * s[b.UNSTABLE]
    s[b.NETWORK_JUMP] *= 0.97
    s[b.IDENTITY_JUMP] *= 0.97
    if u[b.U_NETWORK] < 0.004:
        s[b.NETWORK_JUMP] = -30.0 - 30.0 * u[b.U_SIZE]
    if u[b.U_IDENTITY] < 0.004:
        s[b.IDENTITY_JUMP] = -30.0 - 30.0 * u[b.U_SIZE]
    wealth = math.log(max(1.0, s[b.SMOOTH_INCOME])) - (b.MIDDLE_INCOME - math.log(12.0))
    H[c.SCORE_IDENTITY, t] = _points(138.0 + 13.0 * k[b.IDENTITY] + s[b.IDENTITY_JUMP])
    H[c.SCORE_ABILITY, t] = _points(130.0 + 14.0 * wealth + s[b.ABILITY_AR])
    H[c.SCORE_HISTORY, t] = _points(138.0 + 13.0 * k[b.HISTORY] + s[b.HISTORY_AR] - 40.0 * s[b.LATE_MEMORY])
    H[c.SCORE_NETWORK, t] = _points(132.0 + 13.0 * k[b.NETWORK] + s[b.NETWORK_AR] + s[b.NETWORK_JUMP])
    H[c.SCORE_BEHAVIOUR, t] = _points(135.0 + 13.0 * k[b.BEHAVIOUR] + s[b.BEHAVIOUR_AR] - 30.0 * s[b.UNSTABLE_MEMORY])
