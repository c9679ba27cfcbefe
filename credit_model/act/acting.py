"""What `LimitPredictor` offers to do: its methods that plan and warn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.explain.pairs import decrease_rows
from credit_model.explain.support import SupportRule
from credit_model.fitted_model import FittedModel, OfFitted
from credit_model.portfolio.history import History, Table
from credit_model.portfolio.levers import DEFAULT_CHANCE
from credit_model.portfolio.months import format_month, month_number_of
from credit_model.portfolio.snapshots import Snapshots

if TYPE_CHECKING:
    from credit_model.act.plans.plan import Plan
    from credit_model.act.warning.replay import Replay
    from credit_model.act.warning.watching import Warnings


class Acting(OfFitted):
    """Plans and warnings of a fitted model; the predictor has the rest."""

    support: SupportRule
    seed: int
    n_jobs: int
    warning: bool
    _fitted: FittedModel | None

    @property
    def fitted(self) -> FittedModel:
        """The fitted model."""
        raise NotImplementedError

    def snapshots(self, history: Table | History) -> Snapshots:
        """Feature rows of a history."""
        raise NotImplementedError

    def plan(
        self,
        history: Table | History,
        borrower_id: Any,
        month: Any = None,
        *,
        goal: str | None = None,
        horizon: int = 12,
        chance: float = DEFAULT_CHANCE,
        levers: Sequence[str] | None = None,
        scenario: Mapping[str, FloatArray] | None = None,
    ) -> Plan:
        """What brings one borrower's limit back, and when, as of the last month that the history knows.

        Every setting of the catalogue's levers is looked at, month by month; the months to come go through the same
        features and the same model as any history, and every answer is scored anew.

        Parameters
        ----------
        history : DataFrame or History
        borrower_id : as in the history
        month : a date, "2024-03" or an integer month, optional
            In which the limit fell; None: the borrower's last cut.
        goal : {"reinstate", "regain", "keep"}, optional
            The limit before the cut would have been kept; the lender raises the one in force by a tier at one of the
            coming reviews; the limit in force is not at risk. None: "reinstate" after a cut, else "keep".
        horizon : int, 1 to 60
            Months to look ahead.
        chance : float, 0.5 <= chance < 1
            The least chance that what is promised holds, as the model sees it, how far its scores drift by themselves
            counted in: the higher, the surer the promise, and the fewer limits that have a plan.
        levers : sequence of str, optional
            Ids of the levers that may be moved; None: all.
        scenario : mapping of column to float64 array (horizon,), optional
            Columns of the economy or the lender that go another way than staying as they are.

        Raises
        ------
        CatalogueError
            The catalogue declares no lever, or none of that name.
        HistoryError
            There is no such borrower or cut, or no tier above the lowest is in force.
        CreditModelError
            A parameter breaks its rule.
        """
        from credit_model.act.plans.planning import plan_rows

        whole = self.fitted.panel(history)
        panel = whole.select([borrower_id])
        snapshots = self.snapshots(panel)
        cuts, last = decrease_rows(snapshots), np.array([len(snapshots) - 1])
        if month is not None:
            number = month_number_of(month, panel.month_type)
            cuts = cuts[snapshots.month_number[cuts] == number]
        if not len(cuts) and (month is not None or goal not in (None, "keep")):
            when = "" if month is None else f" in {format_month(number, panel.month_type)}"
            raise HistoryError(
                f"borrower {borrower_id!r} has no limit decrease{when} to be undone; ask for goal 'keep', or give the "
                "month of a decrease"
            )
        goal = ("reinstate" if len(cuts) else "keep") if goal is None else goal
        row = last if goal == "keep" else cuts[-1:]
        if goal == "regain":  # how often the lender reviews, all borrowers tell
            first = whole.starts[whole.position_of(borrower_id)]
            snapshots, row, last = self.snapshots(whole), row + first, last + first
        return plan_rows(
            self.fitted, snapshots, row, goal=goal, horizon=horizon, chance=chance, as_of=last, scenario=scenario,
            rule=self.support, levers=None if levers is None else tuple(levers), n_jobs=self.n_jobs,
        )[0]  # fmt: skip

    def plans(
        self,
        history: Table | History,
        *,
        goal: str = "reinstate",
        horizon: int = 12,
        chance: float = DEFAULT_CHANCE,
        levers: Sequence[str] | None = None,
        scenario: Mapping[str, FloatArray] | None = None,
    ) -> list[Plan]:
        """`plan` for many borrowers at once: for each its last cut ("keep": all who have a limit to lose).

        Parameters
        ----------
        history : DataFrame or History
        goal, horizon, chance, levers, scenario
            As in `plan`.
        """
        from credit_model.act.plans.planning import plan_rows

        snapshots = self.snapshots(history)
        last = (snapshots.history.starts[1:] - 1).astype(np.int64)
        row = last[snapshots.tier_before[last] > 0] if goal == "keep" else _last_cuts(snapshots)
        return plan_rows(
            self.fitted, snapshots, row, goal=goal, horizon=horizon, chance=chance,
            as_of=last[snapshots.borrower_row[row]], levers=None if levers is None else tuple(levers),
            scenario=scenario, rule=self.support, n_jobs=self.n_jobs,
        )  # fmt: skip

    def watch(
        self,
        history: Table | History,
        month: Any = None,
        *,
        capacity: float = 0.05,
        plans: bool = False,
        horizon: int = 6,
    ) -> Warnings:
        """Which open lines are likely to be cut in the months after ``month``, and why.

        Every line above the lowest tier is looked at as it stands at the end of the month, under the limit in force
        after it. The risk is that of a cut within 1 .. 6 months; the lines with the highest within 3 months are
        alerted, as many as the capacity reaches, and what raised their risk since the limit was set is told in exact
        shares of the score.

        Parameters
        ----------
        history : DataFrame or History
        month : a date, "2024-03" or an integer month, optional
            Nothing later is looked at; None: the history's last.
        capacity : float in (0, 1], default 0.05
            Share of the lines that can be alerted.
        plans : bool, default False
            Also the plan that keeps the limit of every alerted line (`plan` with goal "keep"), where the catalogue
            declares levers and the limit was not set in this very month.
        horizon : int, 1 to 60
            Months that plans look ahead.

        Raises
        ------
        CreditModelError
            The model was trained without the early warning, or a parameter breaks its rule.
        HistoryError
            The month is not in the history, or no line is open in it.
        """
        from credit_model.act.warning.watching import month_of, snapshots_until, warning_of, watch_month

        warning_of(self.fitted)
        panel = self.fitted.panel(history)
        number = month_of(panel, month)
        snapshots = snapshots_until(self.fitted, panel, number, n_jobs=self.n_jobs)
        warnings = watch_month(self.fitted, snapshots, number, capacity=capacity, n_jobs=self.n_jobs)
        return replace(warnings, plans=self._keep_plans(snapshots, warnings, horizon)) if plans else warnings

    def _keep_plans(self, snapshots: Snapshots, warnings: Warnings, horizon: int) -> dict[int, Plan]:
        """Plans that keep the limits of the alerted lines, by the line's place."""
        from credit_model.act.plans.planning import plan_rows

        history = snapshots.history
        whose = [history.position_of(b) for b in warnings.borrower_id[warnings.alerted]]
        row = history.starts[1:][np.array(whose, dtype=np.int64)] - 1
        place = np.flatnonzero(snapshots.tier_before[row] == snapshots.tier_after[row])
        found = plan_rows(
            self.fitted, snapshots, row[place], goal="keep", horizon=horizon, rule=self.support, n_jobs=self.n_jobs
        )
        return dict(zip(place.tolist(), found, strict=True))

    def replay(self, history: Table | History, first: Any = None, *, capacity: float = 0.05) -> Replay:
        """What would have been warned of, month by month, in months that the early warning's trial has not seen.

        Parameters
        ----------
        history : DataFrame or History
        first : a date, "2024-03" or an integer month, optional
            The first month to warn in; None: the first that the trial has not seen.
        capacity : float in (0, 1], default 0.05
            Share of the lines that can be alerted in a month.

        Raises
        ------
        CreditModelError
            The model was trained without the early warning, or ``capacity`` is no share.
        HistoryError
            The trial has seen ``first``, or no line is open from there on.
        """
        from credit_model.act.warning.replay import replay_months

        panel = self.fitted.panel(history)
        number = None if first is None else month_number_of(first, panel.month_type)
        return replay_months(self.fitted, self.snapshots(panel), first=number, capacity=capacity, n_jobs=self.n_jobs)

    def add_warning(self, history: Table | History) -> None:
        """Fit the early warning beside the fitted model, as ``fit`` does with ``warning=True``.

        Parameters
        ----------
        history : DataFrame or History
            That the model was fitted on.

        Raises
        ------
        HistoryError
            Limits do not move, cuts or months are too few to learn from, or a feature gives away the cuts to come. The
            model stays as it is.
        """
        from credit_model.act.warning.fitting import fit_warning

        fitted = self.fitted
        warning = fit_warning(fitted, fitted.panel(history), seed=self.seed, n_jobs=self.n_jobs)
        self._fitted, self.warning = replace(fitted, warning=warning), True


def _last_cuts(snapshots: Snapshots) -> IntArray:
    """Each borrower's last decrease: row numbers."""
    cuts = decrease_rows(snapshots)
    whose = snapshots.borrower_row[cuts]
    is_last = np.append(np.diff(whose) != 0, True) if len(cuts) else np.zeros(0, dtype=np.bool_)
    found: IntArray = cuts[is_last]
    return found
