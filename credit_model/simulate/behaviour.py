"""What a borrower does in place of what was drawn: a month's wishes, held against its ledger.

A wish is a low and a high bound on a column: the month's value is brought between the two, as far as the ledger allows
(nobody repays more than is owed, or draws beyond the limit), and what belongs to it follows: who owes less than was
drawn has repaid the difference. Everything else stays as drawn.
"""

from __future__ import annotations

from numba import njit

from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c


@njit(nogil=True, inline="always")
def _held(value, place, wish):  # type: ignore[no-untyped-def]
    return min(max(value, wish[place, 0]), wish[place, 1])


@njit(nogil=True)
def spend_as_wished(t, H, wish):  # type: ignore[no-untyped-def]
    """What is spent, and on what: no more on games or as cash than in all."""
    H[c.SPENDING, t] = _held(H[c.SPENDING, t], c.WISHED_SPENDING, wish)
    H[c.GAMING, t] = min(H[c.SPENDING, t], _held(H[c.GAMING, t], c.WISHED_GAMING, wish))
    H[c.CASH_ADVANCE, t] = min(H[c.SPENDING, t], _held(H[c.CASH_ADVANCE, t], c.WISHED_CASH, wish))


@njit(nogil=True)
def borrow_as_wished(t, s, H, wish):  # type: ignore[no-untyped-def]
    """Other lenders, inquiries, and what is owed elsewhere: less is repaid, more is borrowed from those there are."""
    s[b.LENDERS] = H[c.OTHER_LENDERS, t] = _held(H[c.OTHER_LENDERS, t], c.WISHED_LENDERS, wish)
    H[c.INQUIRIES, t] = _held(H[c.INQUIRIES, t], c.WISHED_INQUIRIES, wish)
    owed = H[c.OTHER_BALANCE, t]
    wanted = _held(owed, c.WISHED_OTHER_BALANCE, wish) if s[b.LENDERS] > 0.0 else 0.0
    if wanted < owed:
        H[c.OTHER_REPAID, t] += owed - wanted
    else:
        H[c.OTHER_BORROWED, t] += wanted - owed
    H[c.OTHER_BALANCE, t] = wanted


@njit(nogil=True)
def service_as_wished(t, s, H, limit, wish):  # type: ignore[no-untyped-def]
    """The own line: what is due is paid where no days past due are wished for; then the balance."""
    due, balance = H[c.DUE, t], H[c.BALANCE, t]
    if wish[c.WISHED_DPD, 1] <= 0.0 and H[c.DPD, t] > 0.0:
        balance -= _pay(t, max(0.0, due - H[c.PAID, t]), H)
    wanted = _held(balance, c.WISHED_BALANCE, wish)
    if wanted < balance:
        owed = balance - H[c.DRAWN, t]
        balance -= _pay(t, min(balance - wanted, owed), H)
        undrawn = min(H[c.DRAWN, t], balance - wanted)
        H[c.DRAWN, t] -= undrawn
        balance -= undrawn
    elif H[c.DPD, t] == 0.0 or H[c.PAID, t] >= due:
        drawn = max(0.0, min(wanted, limit) - balance)
        H[c.DRAWN, t] += drawn
        balance += drawn
    if H[c.PAID, t] >= due:
        H[c.DPD, t] = 0.0
    s[b.OVERDUE] = due - H[c.PAID, t] if H[c.DPD, t] > 0.0 else 0.0
    H[c.BALANCE, t] = balance
    unused = limit > 0.0 and H[c.DRAWN, t] == 0.0 and balance == 0.0
    H[c.IDLE_MONTHS, t] = (H[c.IDLE_MONTHS, t - 1] if t > 0 else 0.0) + 1.0 if unused else 0.0


@njit(nogil=True, inline="always")
def _pay(t, amount, H):  # type: ignore[no-untyped-def]
    H[c.PAID, t] += amount
    return amount


@njit(nogil=True)
def service_others_as_wished(t, H, wish):  # type: ignore[no-untyped-def]
    """Days past due with other lenders: none, where none are wished for."""
    if wish[c.WISHED_OTHER_DPD, 1] <= 0.0:
        H[c.OTHER_DPD, t] = 0.0
