"""What `LimitPredictor` offers to do: its methods that plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.explain.pairs import decrease_rows
from credit_model.explain.support import SupportRule
from credit_model.fitted_model import FittedModel
from credit_model.portfolio.history import History, Table
from credit_model.portfolio.levers import DEFAULT_CHANCE
from credit_model.portfolio.months import format_month, month_number_of
from credit_model.portfolio.snapshots import Snapshots

if TYPE_CHECKING:
    from credit_model.act.plans.plan import Plan


class Acting:
    """Plans of a fitted model; the predictor has the rest."""

    support: SupportRule
    n_jobs: int

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


def _last_cuts(snapshots: Snapshots) -> IntArray:
    """Each borrower's last decrease: row numbers."""
    cuts = decrease_rows(snapshots)
    whose = snapshots.borrower_row[cuts]
    is_last = np.append(np.diff(whose) != 0, True) if len(cuts) else np.zeros(0, dtype=np.bool_)
    found: IntArray = cuts[is_last]
    return found
