"""Who the borrowers are, and the monthly step of their work, income, spending and borrowing elsewhere.

The kernels take one borrower's traits ``k``, state ``s``, ledger ``H`` (`columns.LEDGER` x months) and the month's
random numbers ``z`` (standard normal) and ``u`` (uniform), each with a fixed place. No draw is ever skipped, so two
runs that differ in one shock share all the rest: common random numbers.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from credit_model.arrays import FloatArray
from credit_model.simulate import columns as c
from credit_model.simulate.lender import N_CHANNELS

# Places of a borrower's traits.
(
    SEGMENT,
    LOG_INCOME,
    INCOME_NOISE,
    SPENDING_SHARE,
    SPENDING_NOISE,
    GAMING_SHARE,
    CASH_SHARE,
    USUAL_DAYS,
    USUAL_MERCHANTS,
    APPETITE_FOR_DEBT,
    LINE_USE,
    TARGET_USE,
    DUE_DAY,
    IDENTITY,
    HISTORY,
    NETWORK,
    BEHAVIOUR,
    PROVIDENT_RATE,
    REVIEW_INTERVAL,
    REVIEW_PHASE,
    CLASS,
    BIAS,
    FIRST_TIER_NOISE,
    GENDER,
    AGE_BAND,
    REGION,
) = range(26)
N_TRAITS = 26

# Ways to use the line.
TRANSACTOR, REVOLVER, MAXED, SLEEPER = range(4)

# Places of the state that carries over from month to month.
(
    IN_WORK,
    INCOME_DROP,
    INCOME_AR,
    SMOOTH_INCOME,
    UNSTABLE,
    SPREE_LEFT,
    LENDERS,
    OVERDUE,
    IDLE,
    USE_AR,
    ABILITY_AR,
    HISTORY_AR,
    NETWORK_AR,
    BEHAVIOUR_AR,
    LATE_MEMORY,
    UNSTABLE_MEMORY,
    NETWORK_JUMP,
    IDENTITY_JUMP,
    TIER,
    LAST_CHANGE,
) = range(20)
N_STATES = 20

# Places of the month's normal and uniform random numbers.
N_NORMALS, N_UNIFORMS = 12, 20
Z_INCOME, Z_SPENDING, Z_GAMING, Z_CASH, Z_DAYS, Z_MERCHANTS, Z_USE, Z_BORROWED = range(8)
Z_ABILITY, Z_HISTORY, Z_NETWORK, Z_BEHAVIOUR = range(8, 12)
(
    U_JOB,
    U_FALL,
    U_DEPTH,
    U_UNSTABLE,
    U_CALM_AGAIN,
    U_SPREE,
    U_SPREE_LENGTH,
    U_ENTRY,
    U_EXIT,
    U_INQUIRIES,
    U_MISS,
    U_DISTRESS,
    U_ROLL,
    U_OTHER_MISS,
    U_OTHER_ROLL,
    U_IDLE,
    U_NETWORK,
    U_IDENTITY,
    U_SIZE,
    U_DECISION,
) = range(N_UNIFORMS)

# Places of what a run does to the borrower's own shocks: one planted, one muted between two months.
PLANTED, PLANTED_MONTH, MUTED, MUTED_FROM, MUTED_UNTIL = range(5)

#: By segment: share, shift of log income, its spread, monthly noise of income, chance to lose the work.
SEGMENT_SHARE = np.array([0.55, 0.17, 0.16, 0.12])
INCOME_SHIFT = np.array([0.10, 0.15, -0.22, -0.30])
INCOME_SPREAD = np.array([0.73, 0.90, 0.72, 0.66])
INCOME_SWING = np.array([0.05, 0.15, 0.18, 0.08])
JOB_LOSS_HAZARD = np.array([0.0028, 0.0036, 0.0065, 0.0055])
#: Log of the middle borrower's income, RMB a year (per head).
MIDDLE_INCOME = math.log(30_300.0)
#: Months between reviews, by segment.
REVIEW_MONTHS = np.array([3, 2, 2, 4])


def draw_traits(n: int, rng: np.random.Generator, *, audit_bias: float) -> FloatArray:
    """Draw ``n`` borrowers: float64 array (n, N_TRAITS).

    Parameters
    ----------
    n : int
    rng : Generator
    audit_bias : float
        Log-odds that the lender wrongly takes off the score of women: planted, for testing fairness checks.
    """
    u, z = rng.random((n, 12)), rng.standard_normal((n, 14))
    k = np.zeros((n, N_TRAITS))
    segment = np.searchsorted(np.cumsum(SEGMENT_SHARE)[:-1], u[:, 0], side="right")
    k[:, SEGMENT] = segment
    k[:, LOG_INCOME] = MIDDLE_INCOME - math.log(12) + INCOME_SHIFT[segment] + INCOME_SPREAD[segment] * z[:, 0]
    k[:, INCOME_NOISE] = INCOME_SWING[segment] * np.exp(0.3 * z[:, 1])
    k[:, SPENDING_SHARE] = np.log(0.55) + 0.30 * z[:, 2]
    k[:, SPENDING_NOISE] = 0.14 * np.exp(0.35 * z[:, 3])
    k[:, GAMING_SHARE] = 0.025 * np.exp(0.6 * z[:, 4]) * np.where(segment == 3, 1.8, 1.0)
    k[:, CASH_SHARE] = 0.02 * np.exp(0.6 * z[:, 5])
    k[:, USUAL_DAYS] = np.clip(18 + 3.5 * z[:, 6], 6, 27)
    k[:, USUAL_MERCHANTS] = np.clip(12 * np.exp(0.35 * z[:, 7]), 3, 40)
    k[:, APPETITE_FOR_DEBT] = np.exp(0.8 * z[:, 8])
    use = np.searchsorted(np.array([0.51, 0.81, 0.92]), u[:, 1], side="right")
    k[:, LINE_USE] = use
    revolving = 0.12 + 0.78 * u[:, 2]
    k[:, TARGET_USE] = np.select(
        [use == TRANSACTOR, use == REVOLVER, use == MAXED], [0.004 + 0.12 * u[:, 2] ** 2, revolving, 0.97], 0.05
    )
    k[:, DUE_DAY] = 1 + np.floor(28 * u[:, 3])
    k[:, [IDENTITY, HISTORY, NETWORK, BEHAVIOUR]] = z[:, 9:13]
    contributes = u[:, 4] < np.array([0.92, 0.12, 0.08, 0.55])[segment]
    k[:, PROVIDENT_RATE] = np.where(contributes, 0.10 + 0.14 * u[:, 5], 0.0)
    k[:, REVIEW_INTERVAL] = REVIEW_MONTHS[segment]
    k[:, REVIEW_PHASE] = np.floor(u[:, 6] * 12)
    k[:, CLASS] = segment * N_CHANNELS + np.floor(u[:, 7] * N_CHANNELS)
    k[:, GENDER] = u[:, 8] < 0.52
    k[:, BIAS] = np.where(k[:, GENDER] == 0, audit_bias, 0.0)
    age = np.where(segment == 3, 19 + 7 * u[:, 9], 24 + 38 * u[:, 9] ** 1.2)
    k[:, AGE_BAND] = np.searchsorted(np.array([25, 35, 45, 55]), age, side="right")
    k[:, REGION] = np.searchsorted(np.array([0.42, 0.68, 0.90]), u[:, 10], side="right")
    k[:, FIRST_TIER_NOISE] = z[:, 13]
    return k


@njit(nogil=True)
def start_state(k, s):  # type: ignore[no-untyped-def]
    """The state before the first month."""
    s[:] = 0.0
    s[IN_WORK] = 1.0
    s[SMOOTH_INCOME] = math.exp(k[LOG_INCOME])
    s[LENDERS] = min(8.0, math.floor(0.80 * k[APPETITE_FOR_DEBT]))


@njit(nogil=True, inline="always")
def strikes(shock, chance, u, t, H, control):  # type: ignore[no-untyped-def]
    """Whether a shock of the borrower's own starts in month t; noted in the ledger's last rows."""
    if control[MUTED] == shock and control[MUTED_FROM] <= t <= control[MUTED_UNTIL]:
        return False
    struck = u < chance
    if control[PLANTED] >= 0:  # a planted shock is the only one that such a borrower has
        struck = control[PLANTED] == shock and control[PLANTED_MONTH] == t
    if struck:
        H[c.N_LEDGER + shock, t] = 1.0
    return struck


@njit(nogil=True, inline="always")
def work_and_earn(t, k, s, H, z, u, job_loss_hazard, control):  # type: ignore[no-untyped-def]
    """Work, income and the provident fund."""
    segment = int(k[SEGMENT])
    slack = H[c.UNEMPLOYMENT, t] - 5.0
    if s[IN_WORK] > 0:
        # No more than 30 times as many lose their work in the worst economy: most months need no exponential.
        hazard = job_loss_hazard[segment]
        possible = control[PLANTED] >= 0 or u[U_JOB] < 30.0 * hazard
        if possible and strikes(c.JOB_LOSS, hazard * min(30.0, math.exp(0.45 * slack)), u[U_JOB], t, H, control):
            s[IN_WORK] = 0.0
    elif u[U_JOB] > 1.0 - 0.15 * math.exp(-0.15 * slack):
        s[IN_WORK] = 1.0
    s[INCOME_DROP] *= 0.98
    if strikes(c.INCOME_FALL, 0.0028, u[U_FALL], t, H, control):
        s[INCOME_DROP] -= 0.40 + 0.50 * u[U_DEPTH]
    s[INCOME_AR] = 0.5 * s[INCOME_AR] + 0.87 * k[INCOME_NOISE] * z[Z_INCOME]
    exposure = 0.006 if segment == 1 or segment == 2 else 0.001
    lasting = math.exp(k[LOG_INCOME] + s[INCOME_DROP] + exposure * (H[c.ACTIVITY, t] - 101.0))
    income = round(lasting * math.exp(s[INCOME_AR]) * (1.0 if s[IN_WORK] > 0 else 0.25))
    s[SMOOTH_INCOME] = 0.85 * s[SMOOTH_INCOME] + 0.15 * income
    H[c.EMPLOYED, t] = s[IN_WORK]
    H[c.INCOME, t] = income
    H[c.PROVIDENT_FUND, t] = round(k[PROVIDENT_RATE] * lasting) if s[IN_WORK] > 0 else 0.0


@njit(nogil=True, inline="always")
def spend(t, k, s, H, z, u, control):  # type: ignore[no-untyped-def]
    """How much is spent, on what, and how regularly."""
    if s[UNSTABLE] > 0:
        if u[U_CALM_AGAIN] < 0.10:
            s[UNSTABLE] = 0.0
    elif strikes(c.SPENDING_INSTABILITY, 0.0034, u[U_UNSTABLE], t, H, control):
        s[UNSTABLE] = 1.0
    wild, no_work = s[UNSTABLE], 1.0 - s[IN_WORK]
    swing = k[SPENDING_NOISE] * (1.0 + 3.0 * wild)
    amount = round(math.exp(k[SPENDING_SHARE] + swing * z[Z_SPENDING] - 0.5 * swing * swing) * s[SMOOTH_INCOME])
    gaming = min(0.45, k[GAMING_SHARE] * math.exp(0.30 * z[Z_GAMING]) + 0.16 * wild)
    cash = min(0.45, k[CASH_SHARE] * math.exp(0.40 * z[Z_CASH]) + 0.10 * wild + 0.02 * no_work)
    H[c.SPENDING, t] = amount
    H[c.GAMING, t] = math.floor(gaming * amount)
    H[c.CASH_ADVANCE, t] = math.floor(cash * amount)
    days = k[USUAL_DAYS] + 1.6 * z[Z_DAYS] - 5.0 * wild
    H[c.ACTIVE_DAYS, t] = round(min(28.0, max(1.0, days)))
    H[c.MERCHANTS, t] = round(max(1.0, k[USUAL_MERCHANTS] * math.exp(0.15 * z[Z_MERCHANTS]) * (1.0 - 0.35 * wild)))


@njit(nogil=True)
def poisson(mean, u):  # type: ignore[no-untyped-def]
    """The Poisson count at quantile u, at most 15."""
    if u <= 1.0 - mean:  # below exp(-mean)
        return 0.0
    term = math.exp(-mean)
    below, count = term, 0.0
    while u > below and count < 15:
        count += 1.0
        term *= mean / count
        below += term
    return count


@njit(nogil=True, inline="always")
def borrow_elsewhere(t, k, s, H, z, u, spree_rate, control):  # type: ignore[no-untyped-def]
    """Other lenders, inquiries, and the ledger of the balance with them."""
    if s[SPREE_LEFT] > 0:
        s[SPREE_LEFT] -= 1.0
    elif strikes(c.BORROWING_SPREE, 0.0029 * spree_rate, u[U_SPREE], t, H, control):
        s[SPREE_LEFT] = 3.0 + math.floor(4.0 * u[U_SPREE_LENGTH])
    spree = s[SPREE_LEFT] > 0
    lenders, balance = s[LENDERS], (H[c.OTHER_BALANCE, t - 1] if t > 0 else 0.0)
    enters = u[U_ENTRY] < (0.60 if spree else 0.021 * k[APPETITE_FOR_DEBT] * (0.5 + 0.5 * spree_rate))
    leaves = lenders > 0 and not spree and u[U_EXIT] < 0.045 * lenders
    repaid = float(round(0.07 * balance))
    if leaves:
        repaid = float(round(max(repaid, balance / lenders)))
        lenders -= 1.0
    if lenders == 0.0:
        repaid = balance
    if enters:
        lenders += 1.0
    borrowed = 0.0
    if lenders > 0:
        in_months_of_income = 0.06 * min(lenders, 4.0) + (1.6 if enters else 0.0)
        borrowed = round(in_months_of_income * s[SMOOTH_INCOME] * math.exp(0.4 * z[Z_BORROWED]))
    s[LENDERS] = lenders
    mean = 2.2 if spree else 0.08 + 0.05 * min(k[APPETITE_FOR_DEBT], 4.0) + 0.3 * enters
    H[c.OTHER_LENDERS, t] = lenders
    H[c.INQUIRIES, t] = poisson(mean, u[U_INQUIRIES])
    H[c.OTHER_BORROWED, t] = borrowed
    H[c.OTHER_REPAID, t] = repaid
    H[c.OTHER_BALANCE, t] = balance + borrowed - repaid
