"""Home Credit Default Risk: monthly card balances, the client's application, and loans with other lenders.

A line of the history is a card's month: the limit belongs to the card, and a few clients hold two. Months count
back from the client's later loan application (-1 is the last one before it); there is no calendar in the data.

Only what the lender could know in a month stands in its row. The application was filed after all of them, so no
answer of it enters as it is: ages and months of employment are counted back, loans elsewhere appear in the month
in which they were opened and vanish when they were closed, and scores and requests made at the application stay
out. The one exception is income, which is given once only and serves as the yardstick for balances.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import DataFileError
from credit_model.readers.public_data.originals import find_original, numbers, read_original, whole_numbers

DAYS_PER_MONTH = 30.4375
#: How the data say that somebody is not employed.
NOT_EMPLOYED = 365_243

# Column of the history -> column of the originals.
AMOUNTS = {
    "balance_amount": "amt_balance",
    "principal_amount": "amt_receivable_principal",
    "spending_amount": "amt_drawings_current",
    "cash_amount": "amt_drawings_atm_current",
    "purchases_amount": "amt_drawings_pos_current",
    "minimum_due_amount": "amt_inst_min_regularity",
    "paid_amount": "amt_payment_total_current",
}
COUNTS = {
    "spending_count": "cnt_drawings_current",
    "cash_count": "cnt_drawings_atm_current",
    "purchases_count": "cnt_drawings_pos_current",
    "instalments_paid_count": "cnt_instalment_mature_cum",
    "days_past_due": "sk_dpd_def",
    "days_past_due_any_amount": "sk_dpd",
}
KEYS = ("sk_id_prev", "sk_id_curr", "months_balance", "amt_credit_limit_actual", "name_contract_status")
#: Empty in months without any drawing, where they are 0.
DRAWINGS = ("cash_amount", "purchases_amount", "cash_count", "purchases_count")

APPLICATION = ("sk_id_curr", "amt_income_total", "days_employed", "days_birth", "code_gender")
BUREAU = ("sk_id_curr", "days_credit", "days_enddate_fact", "amt_credit_sum")
_MONTHS = 10_000


def convert_home_credit(source: str | Path) -> pd.DataFrame:
    """The history of all cards.

    Parameters
    ----------
    source : path
        The folder with ``credit_card_balance`` and, if they are there, ``application_train``, ``application_test``
        (or ``application``) and ``bureau``; each as CSV, zipped CSV or Parquet.

    Returns
    -------
    DataFrame
        One row a card-month, as the catalogue ``home_credit`` declares; columns of files that are not there are
        absent.

    Raises
    ------
    DataFileError
        The folder or the card file is not there, or a file is not what was published.
    """
    folder = Path(source)
    if not folder.is_dir():
        raise DataFileError(f"{folder}: there is no such folder; give the folder with credit_card_balance.csv")
    path = find_original(folder, "credit_card_balance")
    if path is None:
        raise DataFileError(
            f"{folder}: holds no credit_card_balance.csv, .csv.zip or .parquet; give the folder with the originals"
        )
    history, client = _cards(path)
    month = history["month"].to_numpy()
    applications = [_application(p) for p in _applications(folder)]
    if applications:
        people = pd.concat(applications).drop_duplicates("client").set_index("client").reindex(client)
        history = history.assign(**_circumstances(people, month))
    bureau = find_original(folder, "bureau")
    if bureau is not None:
        history = history.assign(**_loans_elsewhere(bureau, client, month))
    return history.reset_index(drop=True)


def _cards(path: Path) -> tuple[pd.DataFrame, IntArray]:
    table = read_original(path, [*KEYS, *AMOUNTS.values(), *COUNTS.values()])
    card, month = whole_numbers(table, "sk_id_prev", path), whole_numbers(table, "months_balance", path)
    order = np.lexsort((month, card))
    columns = {
        "card_id": card,
        "month": month,
        "limit_amount": numbers(table, "amt_credit_limit_actual", path),
        **{name: numbers(table, original, path) for name, original in (AMOUNTS | COUNTS).items()},
    }
    history = pd.DataFrame(columns).iloc[order]
    idle = history["spending_amount"].to_numpy() == 0
    for name in DRAWINGS:
        history[name] = history[name].mask(history[name].isna() & idle, 0.0)
    history["contract_status"] = table["name_contract_status"].astype(object).iloc[order]
    first = history.groupby("card_id")["month"].transform("min")
    history["months_on_book"] = history["month"] - first
    for name, amount in (("months_idle", "spending_amount"), ("months_without_balance", "balance_amount")):
        history[name] = _months_without(history["card_id"], history["month"], history[amount])
    history = history.assign(**_moves_of_the_book(history))
    return history, whole_numbers(table, "sk_id_curr", path).to_numpy()[order]


def _months_without(card: pd.Series, month: pd.Series, amount: pd.Series) -> pd.Series:
    """Each row's number of months in succession without an amount above 0, counted from the first record on.

    Of a card that never had one the first record is the first such month; before an unknown amount nothing is counted.
    """
    seen = month.where(amount > 0).groupby(card).ffill()
    first = month.groupby(card).transform("min") - 1
    since_unknown = month.where(amount.isna()).groupby(card).ffill()
    start = pd.concat([seen.fillna(first), since_unknown], axis=1).max(axis=1)
    return (month - start).mask(amount.isna())


def _moves_of_the_book(history: pd.DataFrame) -> dict[str, pd.Series]:
    """How often the lender moved limits in each month, over all cards: shares of the cards with a limit above 0.

    The lender cuts and raises in waves that have nothing to do with a single client. Clients applied within some
    months of each other, so that a month of the data's clock mixes a few months of the calendar.
    """
    card = history["card_id"].to_numpy()
    limit = history["limit_amount"].to_numpy()
    before = np.concatenate([[np.nan], np.where(card[1:] == card[:-1], limit[:-1], np.nan)])
    month = history["month"]
    can_move = pd.Series((before > 0) & ~np.isnan(limit), index=history.index)
    n = can_move.groupby(month).transform("sum")
    moved = {"book_cut_share": limit < before, "book_raise_share": limit > before}
    return {name: (can_move & way).groupby(month).transform("sum").div(n.where(n > 0)) for name, way in moved.items()}


def _applications(folder: Path) -> list[Path]:
    found = (find_original(folder, name) for name in ("application_train", "application_test", "application"))
    return [path for path in found if path is not None]


def _application(path: Path) -> pd.DataFrame:
    table = read_original(path, APPLICATION)
    employed = numbers(table, "days_employed", path)
    return pd.DataFrame(
        {
            "client": whole_numbers(table, "sk_id_curr", path),
            "income": numbers(table, "amt_income_total", path),
            "employed": employed.mask(employed == NOT_EMPLOYED) / -DAYS_PER_MONTH,
            "age": numbers(table, "days_birth", path) / -DAYS_PER_MONTH,
            "gender": table["code_gender"].map({"F": "female", "M": "male"}),
        }
    )


def _circumstances(people: pd.DataFrame, month: IntArray) -> dict[str, NDArray[Any]]:
    """What the application says of each row's month; ``people`` (n rows) in the order of the rows."""
    employed = np.floor(people["employed"].to_numpy() + month)
    return {
        "income_amount": people["income"].to_numpy(),
        "months_employed": np.where(employed >= 0, employed, np.nan),  # before the present job nothing is known
        "age_years": np.floor((people["age"].to_numpy() + month) / 12),
        "gender": people["gender"].to_numpy(dtype=object),
    }


def month_of(days: FloatArray) -> FloatArray:
    """The month, as the card file counts them, of a day before the application.

    >>> month_of(np.array([-1.0, -30.0, -31.0, -366.0])).tolist()
    [-1.0, -1.0, -2.0, -13.0]
    """
    return np.asarray(np.floor(days / DAYS_PER_MONTH), dtype=np.float64)


def _loans_elsewhere(path: Path, client: IntArray, month: IntArray) -> dict[str, FloatArray]:
    """Each row's loans with other lenders, counted at the end of its month."""
    table = read_original(path, BUREAU)
    opened = month_of(numbers(table, "days_credit", path).to_numpy())
    closed = month_of(numbers(table, "days_enddate_fact", path).to_numpy())
    # Hundredths as whole numbers: sums are exact, and no client's depends on the others'.
    cents = np.rint(np.nan_to_num(numbers(table, "amt_credit_sum", path).to_numpy()) * 100).astype(np.int64)
    ids, owner = np.unique(client, return_inverse=True)
    who = np.searchsorted(ids, whole_numbers(table, "sk_id_curr", path).to_numpy())
    ours = np.isin(table["sk_id_curr"].to_numpy(dtype=np.int64), ids) & ~np.isnan(opened)
    ended = ours & ~np.isnan(closed)
    closed = np.maximum(closed, opened)

    def until(months: IntArray, event: FloatArray, rows: NDArray[np.bool_], weight: IntArray) -> FloatArray:
        return _total_until(owner, months, who[rows], event[rows], weight[rows])

    one = np.ones(len(table), dtype=np.int64)
    n_opened, n_closed = until(month, opened, ours, one), until(month, closed, ended, one)
    first = np.full(len(ids), np.inf)
    np.minimum.at(first, who[ours], opened[ours])
    return {
        "loans_elsewhere_count": n_opened - n_closed,
        "loans_elsewhere_amount": (until(month, opened, ours, cents) - until(month, closed, ended, cents)) / 100,
        "loans_elsewhere_opened_count": n_opened - until(month - 1, opened, ours, one),
        "loans_elsewhere_repaid_count": n_closed,
        "credit_history_months": np.maximum(month - first[owner], 0.0),
    }


def _total_until(
    owner: IntArray, month: IntArray, event_owner: IntArray, event_month: FloatArray, weight: IntArray
) -> FloatArray:
    """For each (owner, month) the weight of the owner's events up to and with that month: (n,)."""
    key = event_owner * _MONTHS + event_month.astype(np.int64) + _MONTHS // 2
    order = np.argsort(key, kind="stable")
    running = np.concatenate([[0], np.cumsum(weight[order])])
    upto = np.searchsorted(key[order], owner * _MONTHS + month + _MONTHS // 2, side="right")
    before = np.searchsorted(key[order], owner * _MONTHS, side="left")
    return np.asarray(running[upto] - running[before], dtype=np.float64)
