"""The columns that the simulation writes month by month, and their rows in a borrower's ledger.

A borrower's ledger is a float64 array (n_columns, n_months): every kernel reads and writes its rows by these
numbers, which numba takes as constants. Amounts are whole RMB, so a ledger and the int32 of a Parquet file agree
exactly.
"""

from __future__ import annotations

#: Written month by month for each borrower, in the order of the ledger's rows.
LEDGER = (
    "score_identity",
    "score_ability",
    "score_history",
    "score_network",
    "score_behaviour",
    "spending_amount",
    "gaming_amount",
    "cash_advance_amount",
    "active_days",
    "merchant_count",
    "days_past_due",
    "due_amount",
    "paid_amount",
    "interest_amount",
    "drawn_amount",
    "balance_amount",
    "other_days_past_due",
    "other_lenders",
    "inquiries",
    "other_borrowed_amount",
    "other_repaid_amount",
    "other_balance_amount",
    "employed",
    "income_amount",
    "provident_fund_amount",
    "idle_months",
    "unemployment_rate",
    "activity_index",
    "policy_appetite_index",
    "class_appetite_index",
    "funding_index",
)

(
    SCORE_IDENTITY,
    SCORE_ABILITY,
    SCORE_HISTORY,
    SCORE_NETWORK,
    SCORE_BEHAVIOUR,
    SPENDING,
    GAMING,
    CASH_ADVANCE,
    ACTIVE_DAYS,
    MERCHANTS,
    DPD,
    DUE,
    PAID,
    INTEREST,
    DRAWN,
    BALANCE,
    OTHER_DPD,
    OTHER_LENDERS,
    INQUIRIES,
    OTHER_BORROWED,
    OTHER_REPAID,
    OTHER_BALANCE,
    EMPLOYED,
    INCOME,
    PROVIDENT_FUND,
    IDLE_MONTHS,
    UNEMPLOYMENT,
    ACTIVITY,
    APPETITE,
    CLASS_APPETITE,
    FUNDING,
) = range(len(LEDGER))

#: Below its columns, a ledger has a row for each shock of the borrower's own: 1 in the months in which it strikes.
N_LEDGER = len(LEDGER)
#: Rows that differ from borrower to borrower; the rest is the month's, or the class's in the month.
N_OWN = UNEMPLOYMENT

#: Columns that a borrower can be made to do otherwise.
BEHAVIOUR = (
    "spending_amount",
    "gaming_amount",
    "cash_advance_amount",
    "other_lenders",
    "inquiries",
    "other_balance_amount",
    "balance_amount",
    "days_past_due",
    "other_days_past_due",
)
(
    WISHED_SPENDING,
    WISHED_GAMING,
    WISHED_CASH,
    WISHED_LENDERS,
    WISHED_INQUIRIES,
    WISHED_OTHER_BALANCE,
    WISHED_BALANCE,
    WISHED_DPD,
    WISHED_OTHER_DPD,
) = range(len(BEHAVIOUR))
#: Of these a borrower can only be made to have none: by paying what is due.
ONLY_NONE = ("days_past_due", "other_days_past_due")

#: Segments of borrowers, in the order of their codes.
SEGMENTS = ("salaried", "self_employed", "gig", "young")
GENDERS = ("female", "male")
AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55+")
REGIONS = ("east", "central", "west", "northeast")

#: Shocks that the simulation can give a borrower, mute, and name as the root cause of a cut.
SHOCKS = (
    "job_loss",
    "income_fall",
    "borrowing_spree",
    "spending_instability",
    "missed_payments",
    "downturn",
    "tightening",
)
JOB_LOSS, INCOME_FALL, BORROWING_SPREE, SPENDING_INSTABILITY, MISSED_PAYMENTS, DOWNTURN, TIGHTENING = range(len(SHOCKS))

#: The shocks that one borrower can have alone; the others befall everybody.
OWN_SHOCKS = SHOCKS[:DOWNTURN]

#: Why the lender's policy cut a limit.
KINDS = ("score", "trigger", "knock_out", "dormancy", "class_wide")
SCORE, TRIGGER, KNOCK_OUT, DORMANCY, CLASS_WIDE = range(len(KINDS))
