"""What would have been warned of, month by month, and what came of it.

A month is judged by the trial of the early warning, which has seen neither this month nor what followed; only months
from the split's first late one on are replayed. What it reads of a month was known at its end: the standing of a row
depends on the borrower's rows up to it alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.act.warning.inputs import inputs_of
from credit_model.act.warning.measures import average_precision, calibration_error, churn, cuts_caught
from credit_model.act.warning.outcomes import Outcomes, open_lines, outcomes_of
from credit_model.act.warning.watching import n_alerts, risk_scores, warned_version, warning_of
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.fitted_model import FittedModel
from credit_model.model.early_warning import HEADLINE, LEADS
from credit_model.notebook import notebook_html
from credit_model.portfolio.months import MonthType, format_month
from credit_model.portfolio.snapshots import Snapshots
from credit_model.portfolio.standing import standing_of


@dataclass(frozen=True)
class Replay:
    """The open lines of several months, (n,) in all, and what became of them.

    Attributes
    ----------
    model_version : str
    month_type : MonthType
    capacity : float
    borrower_ids : array, (n_borrowers,)
    borrower_row, month_number : int64 arrays, (n,)
    limit : float64 array, (n,)
    risk : float64 array, (n, LEADS)
    alerted : bool array, (n,)
        Among the ``capacity`` of its month with the highest risk within `HEADLINE` months.
    outcomes : Outcomes
        Of the same lines.
    """

    model_version: str
    month_type: MonthType
    capacity: float
    borrower_ids: np.ndarray[Any, Any] = field(repr=False)
    borrower_row: IntArray
    month_number: IntArray
    limit: FloatArray
    risk: FloatArray
    alerted: BoolArray
    outcomes: Outcomes

    def __len__(self) -> int:
        return len(self.risk)

    def table(self) -> pd.DataFrame:
        """One row a line and month.

        Returns
        -------
        DataFrame
            borrower_id, month, limit_amount, risk_1m .. risk_6m, alerted, months_to_cut (<NA>: no cut seen).
        """
        to_cut = pd.array(self.outcomes.cut, dtype="Int64")
        to_cut[self.outcomes.cut > self.outcomes.panel] = pd.NA
        return pd.DataFrame(
            {
                "borrower_id": self.borrower_ids[self.borrower_row],
                "month": [format_month(int(m), self.month_type) for m in self.month_number],
                "limit_amount": self.limit,
                **{f"risk_{lead}m": self.risk[:, lead - 1] for lead in range(1, LEADS + 1)},
                "alerted": self.alerted,
                "months_to_cut": to_cut,
            }
        )

    def months(self) -> pd.DataFrame:
        """One row a month.

        Returns
        -------
        DataFrame
            month, lines, alerts, cut (lines that were cut within `HEADLINE` months), cut_alerted (of these, alerted),
            new_alerts (not alerted the month before), expected (sum of the risks); cut, cut_alerted and expected are
            <NA> where the months after are not all known.
        """
        is_cut, known = self.outcomes.until(HEADLINE)
        rows, before = [], set[int]()
        for month in np.unique(self.month_number):
            here = self.month_number == month
            alerts = set(self.borrower_row[here & self.alerted].tolist())
            settled = bool(self.outcomes.panel[here].min() >= HEADLINE)
            hit = here & is_cut & known
            rows.append(
                {
                    "month": format_month(int(month), self.month_type),
                    "lines": int(here.sum()),
                    "alerts": len(alerts),
                    "new_alerts": len(alerts - before),
                    "cut": int(hit.sum()) if settled else None,
                    "cut_alerted": int((hit & self.alerted).sum()) if settled else None,
                    "expected": float(self.risk[here, HEADLINE - 1].sum()) if settled else None,
                }
            )
            before = alerts
        return pd.DataFrame(rows).astype({"cut": "Int64", "cut_alerted": "Int64", "expected": "Float64"})

    def scores(self) -> dict[str, float]:
        """How good the warnings were: numbers by name.

        Returns
        -------
        dict
            lines, months, alerts_per_1000, churn; average_precision_{1,3,6}m, base_rate_{1,3,6}m and
            calibration_error_{1,3,6}m over lines whose months after are known; line_recall (of the lines cut within 3
            months, those alerted in that very month); event_recall and median_lead (months) of cuts with an alert in
            the 6 months before.
        """
        found = {
            "lines": float(len(self)),
            "months": float(len(np.unique(self.month_number))),
            "alerts_per_1000": 1000.0 * float(self.alerted.mean()),
            "churn": churn(self.month_number, self.borrower_row, self.alerted),
        }
        for lead in (1, HEADLINE, LEADS):
            is_cut, known = self.outcomes.until(lead)
            risk, fell = self.risk[known, lead - 1], is_cut[known]
            found[f"average_precision_{lead}m"] = average_precision(risk, fell)
            found[f"base_rate_{lead}m"] = float(fell.mean()) if len(fell) else float("nan")
            found[f"calibration_error_{lead}m"] = calibration_error(risk, fell)
        is_cut, known = self.outcomes.until(HEADLINE)
        hit = is_cut & known
        found["line_recall"] = float(self.alerted[hit].mean()) if hit.any() else float("nan")
        caught = cuts_caught(self.month_number, self.borrower_row, self.alerted, self.outcomes.cut, LEADS)
        return found | {"cuts": float(caught.n), "event_recall": caught.recall, "median_lead": caught.median_lead}

    def _repr_html_(self) -> str:
        return notebook_html("<p><b>Replay</b> of {n:,} lines</p>", self.months().round(1), n=len(self))


def replay_months(
    fitted: FittedModel, snapshots: Snapshots, *, first: int | None = None, capacity: float = 0.05, n_jobs: int = -1
) -> Replay:
    """Warn at the end of every month from ``first`` on, as it would have been done then.

    Parameters
    ----------
    fitted : FittedModel
        With an early warning.
    snapshots : Snapshots
    first : int, optional
        Number of the first month; None: the first that the trial has not seen.
    capacity : float in (0, 1]
    n_jobs : int

    Raises
    ------
    CreditModelError
        The model has no early warning, or ``capacity`` is no share.
    HistoryError
        The trial has seen the month, or the history has no open line from there on.
    """
    warning = warning_of(fitted)
    fitted.check(snapshots)
    history, late = snapshots.history, fitted.split.first_late_month
    assert late is not None  # else there is no early warning
    first = late if first is None else first
    if first < late:
        raise HistoryError(
            f"a replay must begin in or after {format_month(late, history.month_type)}, the first month that the trial "
            f"has not seen, got {format_month(first, history.month_type)}; begin later"
        )
    row = np.flatnonzero(open_lines(snapshots) & (snapshots.month_number >= first)).astype(np.int64)
    if not len(row):
        raise HistoryError(
            f"the history has no open line in or after {format_month(first, history.month_type)}; give later months"
        )
    standing = standing_of(snapshots, LEADS, n_jobs=n_jobs)
    inputs = inputs_of(fitted, standing, row, of_trial=True, n_jobs=n_jobs)
    risk = expit(risk_scores(warning, inputs, of_trial=True, n_jobs=n_jobs))
    return Replay(
        model_version=warned_version(fitted),
        month_type=history.month_type,
        capacity=float(capacity),
        borrower_ids=history.borrower_ids,
        borrower_row=snapshots.borrower_row[row],
        month_number=snapshots.month_number[row],
        limit=snapshots.limit_after[row],
        risk=risk,
        alerted=alerted_by_month(snapshots.month_number[row], risk[:, HEADLINE - 1], capacity),
        outcomes=outcomes_of(snapshots).of(row),
    )


def alerted_by_month(month: IntArray, risk: FloatArray, capacity: float) -> BoolArray:
    """The lines (n,) that each month's capacity reaches, by risk: (n,)."""
    alerted = np.zeros(len(risk), dtype=np.bool_)
    for one in np.unique(month):
        here = np.flatnonzero(month == one)
        order = np.argsort(-risk[here], kind="stable")
        alerted[here[order[: n_alerts(len(here), capacity)]]] = True
    return alerted
