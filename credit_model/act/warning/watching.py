"""Warnings of a month: the risk of every open line, those that stand out, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.act.plans.plan import Plan
from credit_model.act.warning.inputs import Inputs, inputs_of
from credit_model.act.warning.outcomes import open_lines
from credit_model.act.warning.reasons import CALENDAR, WarningReasons, warning_reasons
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.fitted_model import FittedModel
from credit_model.model.early_warning import HEADLINE, LEADS, EarlyWarning
from credit_model.notebook import notebook_html
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.months import MonthType, format_month, month_number_of
from credit_model.portfolio.snapshots import Snapshots, build_snapshots
from credit_model.portfolio.standing import Standing, standing_of

#: Factors are named as reasons until they make up this share of what raised the risk, at most so many.
ENOUGH, MOST_REASONS = 0.8, 3
#: A factor that raises the score by less is no reason, log-odds.
_SMALL = 0.05


@dataclass(frozen=True)
class Warnings:
    """The lines of a month by their risk of being cut, the highest first.

    Attributes
    ----------
    catalogue : Catalogue
    model_version : str
        The model and the early warning by which they were made.
    month_type : MonthType
    month_number : int
        The month at whose end the lines are looked at.
    capacity : float
        Share of the lines that can be alerted.
    usual : float
        Share of lines that are usually cut within `HEADLINE` months.
    borrower_id : array, (n,)
    limit : float64 array, (n,)
        In force after the month.
    tier : int64 array, (n,)
    risk : float64 array, (n, LEADS)
        Of a cut within 1, 2, ... months, calibrated.
    alerted : bool array, (n,)
    reasons : WarningReasons
        Of the alerted lines, in their order.
    set_month_number : int64 array, (n_alerted,)
        In which their limit was set.
    plans : mapping of place among the lines to Plan
        The plans that keep the limit, where they were asked for.
    """

    catalogue: Catalogue
    model_version: str
    month_type: MonthType
    month_number: int
    capacity: float
    usual: float
    borrower_id: np.ndarray[Any, Any]
    limit: FloatArray
    tier: IntArray
    risk: FloatArray
    alerted: BoolArray
    reasons: WarningReasons = field(repr=False)
    set_month_number: IntArray
    plans: Mapping[int, Plan] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.borrower_id)

    @property
    def n_alerted(self) -> int:
        """Number of lines that are alerted."""
        return int(self.alerted.sum())

    @property
    def month(self) -> str:
        """The month as it is written."""
        return format_month(self.month_number, self.month_type)

    @property
    def player_ids(self) -> tuple[str, ...]:
        """Ids of what a risk is laid on: the factors, and the calendar."""
        return (*self.catalogue.factor_ids, CALENDAR)

    @property
    def by_factor(self) -> pd.DataFrame:
        """What each factor, and the calendar, adds to the score since the limit was set: (n_alerted, n_factors + 1)."""
        return pd.DataFrame(self.reasons.by_factor, columns=list(self.player_ids))

    def leading(self, i: int) -> tuple[str, ...]:
        """Ids of what raised the risk of the i-th alerted line, the strongest first; empty where nothing has."""
        return tuple(self.player_ids[g] for g in leading_players(self.reasons.by_factor[i]))

    def table(self) -> pd.DataFrame:
        """One row a line, the highest risk first.

        Returns
        -------
        DataFrame
            borrower_id, month, limit_amount, tier, risk_1m .. risk_6m, rank (from 1), alerted; and of alerted lines
            limit_set_in, risk_then (within 3 months, with everything as when the limit was set), reasons (ids of
            factors, or "calendar", the strongest first), and where plans were asked for plan ("by_itself", "by_plan",
            "impossible", ""), plan_months, plan_levers and plan_cost.
        """
        n, places = len(self), np.flatnonzero(self.alerted)
        reasons, risk_then, when = [""] * n, np.full(n, np.nan), [""] * n
        for i, place in enumerate(places.tolist()):
            reasons[place] = ", ".join(self.leading(i))
            risk_then[place] = expit(self.reasons.score_then[i])
            when[place] = format_month(int(self.set_month_number[i]), self.month_type)
        table = {
            "borrower_id": self.borrower_id,
            "month": self.month,
            "limit_amount": self.limit,
            "tier": self.tier,
            **{f"risk_{lead}m": self.risk[:, lead - 1] for lead in range(1, LEADS + 1)},
            "rank": np.arange(1, n + 1),
            "alerted": self.alerted,
            "limit_set_in": when,
            "risk_then": risk_then,
            "reasons": reasons,
        }
        return pd.DataFrame(table | (self._plan_columns() if self.plans else {}))

    def _plan_columns(self) -> dict[str, Any]:
        plans = [self.plans.get(place) for place in range(len(self))]
        best = [None if plan is None else plan.nothing or plan.cheapest for plan in plans]
        return {
            "plan": ["" if plan is None else plan.outcome for plan in plans],
            "plan_months": pd.array([None if one is None else one.months_needed for one in best], dtype="Int64"),
            "plan_levers": ["" if one is None else ", ".join(one.settings) for one in best],
            "plan_cost": [np.nan if one is None else one.cost for one in best],
        }

    def _repr_html_(self) -> str:
        return notebook_html(
            "<p><b>{n:,} open lines</b> at the end of {month}: {alerted:,} alerted</p>",
            self.table().head(5).round(3),
            n=len(self),
            month=self.month,
            alerted=self.n_alerted,
        )


def leading_players(by_player: FloatArray) -> list[int]:
    """Positions of the players (k,) that raised a score: until `ENOUGH` of all that raised it, at most `MOST_REASONS`.

    Examples
    --------
    >>> leading_players(np.array([0.1, 2.0, -1.0, 0.9]))
    [1, 3]
    """
    order = np.argsort(-by_player, kind="stable")
    raised = by_player[by_player > 0].sum()
    found, told = list[int](), 0.0
    for g in order.tolist():
        if by_player[g] < _SMALL or len(found) == MOST_REASONS or told >= ENOUGH * raised:
            break
        found.append(g)
        told += float(by_player[g])
    return found


def warning_of(fitted: FittedModel) -> EarlyWarning:
    """A model's early warning.

    Raises
    ------
    CreditModelError
        It was left out.
    """
    if fitted.warning is None:
        raise CreditModelError(
            f"model {fitted.version} was trained without the early warning; train again without --no-warning, or fit "
            "LimitPredictor(warning=True)"
        )
    return fitted.warning


def warned_version(fitted: FittedModel) -> str:
    """Names a model and its early warning."""
    return f"{fitted.version}-w{warning_of(fitted).digest}"


def n_alerts(n: int, capacity: float) -> int:
    """How many of n lines can be alerted.

    Raises
    ------
    CreditModelError
        ``capacity`` is no share above 0.
    """
    if isinstance(capacity, bool) or not isinstance(capacity, int | float | np.number) or not 0 < capacity <= 1:
        raise CreditModelError(f"capacity must be a share of the lines, 0 < capacity <= 1, got {capacity!r}")
    return min(n, max(1, int(capacity * n + 1e-9))) if n else 0


def month_of(history: History, month: Any) -> int:
    """The number of a month of a panel; None: its last.

    Raises
    ------
    HistoryError
        No borrower has a row in it.
    """
    return month_among(month, np.unique(history.month_number).tolist(), history.month_type)


def month_among(month: Any, months: Sequence[int], month_type: MonthType) -> int:
    """The number of one of some months, which are sorted; None: the last.

    Raises
    ------
    HistoryError
        It is none of them.
    """
    if month is None:
        return months[-1]
    number = month_number_of(month, month_type)
    if number not in months:
        first, last = (format_month(m, month_type) for m in (months[0], months[-1]))
        raise HistoryError(
            f"the month must be one of the history, {first} to {last}, got {format_month(number, month_type)}; "
            "give another, or leave it out for the last"
        )
    return number


def watch_month(
    fitted: FittedModel,
    snapshots: Snapshots,
    month: int,
    *,
    capacity: float = 0.05,
    standing: Standing | None = None,
    n_jobs: int = -1,
) -> Warnings:
    """The warnings at the end of one month, from what was known by then.

    Parameters
    ----------
    fitted : FittedModel
        With an early warning.
    snapshots : Snapshots
    month : int
        Number of the month.
    capacity : float in (0, 1]
        Share of the open lines that are alerted: those of the highest risk within `HEADLINE` months.
    standing : Standing, optional
        Of the snapshots, where it is made already.
    n_jobs : int

    Raises
    ------
    CreditModelError
        The model has no early warning, or ``capacity`` is no share.
    HistoryError
        No line is open at the end of that month.
    """
    warning = warning_of(fitted)
    fitted.check(snapshots)
    row = np.flatnonzero(open_lines(snapshots) & (snapshots.month_number == month)).astype(np.int64)
    n = n_alerts(len(row), capacity)
    check_any_open(n, fitted, month, snapshots.history.month_type)
    standing = standing_of(snapshots, LEADS, n_jobs=n_jobs) if standing is None else standing
    risk = expit(risk_scores(warning, inputs_of(fitted, standing, row, n_jobs=n_jobs), n_jobs=n_jobs))
    order = np.argsort(-risk[:, HEADLINE - 1], kind="stable")
    row, risk = row[order], risk[order]
    reasons = warning_reasons(fitted, warning, standing, row[:n], n_jobs=n_jobs)
    history = snapshots.history
    return Warnings(
        catalogue=fitted.catalogue,
        model_version=warned_version(fitted),
        month_type=history.month_type,
        month_number=month,
        capacity=float(capacity),
        usual=warning.usual,
        borrower_id=history.borrower_ids[snapshots.borrower_row[row]],
        limit=snapshots.limit_after[row],
        tier=snapshots.tier_after[row],
        risk=risk,
        alerted=np.arange(len(row)) < n,
        reasons=reasons,
        set_month_number=snapshots.month_number[reasons.reference_row],
    )


def check_any_open(n: int, fitted: FittedModel, month: int, month_type: MonthType) -> None:
    """Refuse a month in which no line is open."""
    if not n:
        raise HistoryError(
            f"no line with a limit above the lowest tier and {fitted.catalogue.warm_up} months on record is open in "
            f"{format_month(month, month_type)}; give another month, or a longer history"
        )


def risk_scores(warning: EarlyWarning, inputs: Inputs, *, of_trial: bool = False, n_jobs: int = -1) -> FloatArray:
    """Calibrated log-odds of a cut within 1 .. `LEADS` months, never falling from lead to lead: (n, LEADS)."""
    return np.stack(
        [warning.scores(inputs.rows(lead), of_trial=of_trial, n_jobs=n_jobs) for lead in range(1, LEADS + 1)], axis=1
    )


def known_until(history: History, month: int) -> History:
    """A history as it was known at the end of a month: later rows are left out, and borrowers who had none."""
    kept = history.month_number <= month
    lengths = np.bincount(history.borrower_row[kept], minlength=len(history.borrower_ids))
    some = lengths > 0
    return History(
        catalogue=history.catalogue,
        month_type=history.month_type,
        borrower_ids=history.borrower_ids[some],
        starts=np.concatenate([[0], np.cumsum(lengths[some])]).astype(np.int64),
        month_number=history.month_number[kept],
        cells={name: cells[kept] for name, cells in history.cells.items()},
    )


def snapshots_until(fitted: FittedModel, history: History, month: int, *, n_jobs: int = -1) -> Snapshots:
    """Snapshots of a history as it was known at the end of a month."""
    return build_snapshots(known_until(history, month), fitted.ladder, n_jobs=n_jobs)
