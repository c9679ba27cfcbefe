"""Plans for rows of a panel: a pure function of blocks of borrowers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.act.plans.blocks import Grid
from credit_model.act.plans.lots import Lot, States
from credit_model.act.plans.paths import Ahead
from credit_model.act.plans.plan import OPTIONS, Option, Plan
from credit_model.act.plans.questions import GOALS, Question, question_of
from credit_model.act.plans.search import Answers, Found, lever_shares, search
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.explaining import change_values
from credit_model.explain.pairs import pair_with_reference, reference_features, row_numbers, sum_by_factor
from credit_model.explain.support import SupportRule
from credit_model.fitted_model import FittedModel
from credit_model.model.bag import Bag
from credit_model.portfolio.levers import DEFAULT_CHANCE
from credit_model.portfolio.months import LAST_YEAR, first_day, format_month
from credit_model.portfolio.snapshots import Snapshots

MOST_MONTHS = 60
#: Borrowers that are planned for at a time.
_AT_ONCE = 48
#: Most by which a score that was added up from tables may miss the model's own, log-odds.
_EXACTNESS = 1e-7
#: Factors that lower the score by less block nothing, log-odds.
_SMALL = 0.05


def plan_rows(
    fitted: FittedModel,
    snapshots: Snapshots,
    row: IntArray,
    *,
    goal: str = "reinstate",
    horizon: int = 12,
    chance: float = DEFAULT_CHANCE,
    levers: tuple[str, ...] | None = None,
    scenario: Mapping[str, FloatArray] | None = None,
    as_of: IntArray | None = None,
    rule: SupportRule | None = None,
    n_jobs: int = -1,
) -> list[Plan]:
    """What brings back limits that fell in some rows, or keeps those in force.

    Parameters
    ----------
    fitted : FittedModel
    snapshots : Snapshots
    row : int64 array, (n,)
        Rows whose tier in force is at least 1: of a cut, or of any month ("keep").
    goal : {"reinstate", "regain", "keep"}
        The limit before the cut would have been kept; the lender raises the one in force by a tier at one of the
        coming reviews; the risk of losing it is not above `SupportRule.times_usual` the usual one.
    horizon : int, 1 to 60
        Months to look ahead.
    chance : float, 0.5 <= chance < 1
        The least chance that what is promised holds, as the model sees it, how far its scores drift by themselves
        (`FittedModel.drift`) counted in.
    levers : tuple of str, optional
        Ids of the levers that may be moved; None: all.
    scenario : mapping of column to float64 array (horizon,), optional
        Columns of the economy or the lender that go another way.
    as_of : int64 array, (n,), optional
        The last row of each borrower that is known, at or after ``row``; None: ``row`` itself.
    rule : SupportRule, optional
        The thresholds of support; None: the defaults.
    n_jobs : int

    Returns
    -------
    list of Plan, one a row

    Raises
    ------
    CatalogueError
        No lever is declared, or one has no such name.
    CreditModelError, HistoryError
        A parameter breaks its rule, or no tier above the lowest is in force in a row.
    """
    fitted.check(snapshots)
    row, rule = row_numbers(row, len(snapshots)), SupportRule() if rule is None else rule
    known = row if as_of is None else row_numbers(as_of, len(snapshots))
    if (
        len(known) != len(row)
        or (snapshots.borrower_row[known] != snapshots.borrower_row[row]).any()
        or (known < row).any()
    ):
        raise CreditModelError("as_of must name for each row one of the same borrower, at or after it")
    if goal not in GOALS:
        raise CreditModelError(f"goal must be one of {', '.join(GOALS)}, got {goal!r}")
    if isinstance(chance, bool) or not isinstance(chance, int | float | np.number) or not 0.5 <= chance < 1:
        raise CreditModelError(f"chance must fulfil 0.5 <= chance < 1, got {chance!r}")
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or not 1 <= horizon <= MOST_MONTHS:
        raise CreditModelError(f"horizon must be a whole number of months in 1 .. {MOST_MONTHS}, got {horizon!r}")
    _check_calendar(snapshots, known, int(horizon))
    grid, given = Grid.of(fitted.catalogue, levers), _checked_scenario(scenario, snapshots, int(horizon))
    lowest = np.flatnonzero(snapshots.tier_before[row] < 1)
    if len(lowest):
        whose = snapshots.history.borrower_ids[snapshots.borrower_row[row[lowest[0]]]]
        raise HistoryError(
            f"a limit that is planned for must be above the lowest tier, found none in force for borrower {whose}; "
            "plan for another borrower or month"
        )
    plans = list[Plan]()
    for start in range(0, len(row), _AT_ONCE):
        some, last = row[start : start + _AT_ONCE], known[start : start + _AT_ONCE]
        lot = Lot(fitted, snapshots, some, Ahead.of(snapshots.history, last, int(horizon), given), grid, n_jobs)
        question = question_of(
            fitted, snapshots, some, last, goal, rule, horizon=int(horizon), chance=chance, n_jobs=n_jobs
        )
        plans += _plans(lot, goal, question)
    return plans


def _check_calendar(snapshots: Snapshots, known: IntArray, horizon: int) -> None:
    """Months to come are months that can be written."""
    month_type = snapshots.history.month_type
    if month_type == "integer" or not len(known):
        return
    last = int(snapshots.month_number[known].max())
    if first_day(last + horizon, month_type).year > LAST_YEAR:
        raise CreditModelError(
            f"horizon must not reach beyond {LAST_YEAR}, the last year that dates may have, got {horizon} months after "
            f"{format_month(last, month_type)}; give fewer, or correct the months of the data"
        )


def _checked_scenario(
    scenario: Mapping[str, FloatArray] | None, snapshots: Snapshots, horizon: int
) -> dict[str, FloatArray] | None:
    if scenario is None:
        return None
    catalogue = snapshots.catalogue
    apart = {factor.id for factor in catalogue.factors if factor.about != "borrower"}
    read = [(f.column, f.numerator, f.denominator) for f in catalogue.drivers if f.factor in apart]
    theirs = {name for names in read for name in names if name is not None}
    found = {}
    for name, values in scenario.items():
        if name not in theirs:
            some = ", ".join(sorted(theirs)) or "of which there are none"
            raise CreditModelError(f"a scenario is of the economy's or the lender's columns, {some}; got {name!r}")
        cells = np.asarray(values, dtype=np.float64)
        if cells.shape != (horizon,) or not np.isfinite(cells).all():
            raise CreditModelError(
                f"a scenario must give {horizon} finite numbers of {name}, one a month to come, got shape {cells.shape}"
            )
        found[name] = cells
    return found


def _plans(lot: Lot, goal: str, question: Question) -> list[Plan]:
    """The plans of one lot."""
    table = lot.scores(question)
    standing = question.standing(table)
    cost, affordable = lot.costs()
    yes = question.reached(standing) & affordable
    changes = (lot.grid.settings > 0).sum(axis=1)
    plans = []
    for i in range(len(lot.row)):
        answers = search(yes[i], cost[i], changes)
        one = _One(lot.one(i), question.of(i), table[i], standing[i])
        plans.append(_plan(one, goal, _options(one, answers, cost[i]), affordable[i]))
    return plans


def _options(one: _One, answers: Answers, cost: FloatArray) -> dict[str, Option | None]:
    """The options by name; what is the same answer is scored once."""
    scored: dict[Found | None, Option | None] = {}
    options = dict[str, Option | None]()
    for name in OPTIONS:
        found = getattr(answers, name)
        if found not in scored:
            scored[found] = _option(one, name, found, cost)
        option = scored[found]
        options[name] = None if option is None else replace(option, name=name)
    return options


class _One:
    """One borrower: the lot alone, the question, and of all mixtures (n_mixtures, horizon) scores and standings."""

    def __init__(self, lot: Lot, question: Question, table: FloatArray, standing: FloatArray) -> None:
        self.lot, self.question, self.table, self.standing = lot, question, table, standing

    def features(self, mixture: int) -> FloatArray:
        """Of the months to come under a mixture, as their history gives them: (horizon, n_features)."""
        found: FloatArray = self.lot.asked(self.lot.under(mixture), self.question)[0]
        return found

    def months(self, standing: FloatArray) -> pd.DataFrame:
        """The months to come, and how they stand (horizon,)."""
        history = self.lot.snapshots.history
        number = history.month_number[self.lot.ahead.row[0]] + np.arange(1, len(standing) + 1)
        reached = self.question.lacking(standing[None])[0] <= 0
        return pd.DataFrame(
            {"month": history.show_months(number), "score": standing, "risk": expit(-standing), "reached": reached}
        )

    def score_now(self) -> float:
        """The score as of the last known month."""
        snapshots, row = self.lot.snapshots, self.lot.ahead.row
        X = self.lot.asked(States(snapshots.X[row], snapshots.numerators[row]), self.question)
        return float(self.lot.exact_scores(X, self.question)[0])


def _plan(one: _One, goal: str, options: Mapping[str, Option | None], affordable: BoolArray) -> Plan:
    lot, row = one.lot, int(one.lot.row[0])
    snapshots, history = lot.snapshots, lot.snapshots.history
    fell = snapshots.tier_after[row] < snapshots.tier_before[row]
    raised = lot.fitted.ladder.amounts[int(one.question.tier[0])]
    own = {lever.column: lot.ahead.cells[lever.column][0] for lever in lot.grid.levers}
    gap, blocked = 0.0, tuple[str, ...]()
    if options["cheapest"] is None:
        lacking = one.question.lacking(one.standing[None])[0]
        lacking = np.maximum.accumulate(lacking[:, ::-1], axis=1)[:, ::-1]  # from a month on to the end
        lacking = np.where(affordable, lacking, np.inf)
        mixture, month = np.unravel_index(int(lacking.argmin()), lacking.shape)
        gap = max(0.0, float(lacking[mixture, month]))
        blocked = _blocked_by(one, one.features(int(mixture))[[int(month)]])
    return Plan(
        catalogue=lot.fitted.catalogue,
        model_version=lot.fitted.version,
        borrower_id=history.borrower_ids[snapshots.borrower_row[row]],
        month=history.show_months(history.month_number[lot.ahead.row])[0],
        cut_month=history.show_months(history.month_number[[row]])[0] if fell else None,
        goal=goal,  # type: ignore[arg-type]
        horizon=lot.ahead.horizon,
        limit=float(raised if goal == "regain" else snapshots.limit_before[row]),
        chance=one.question.chance,
        line=float(one.question.target[0]),
        score=one.score_now(),
        **options,
        levels={lever.column: float(one.lot.ahead.begins(lever.column)[0]) for lever in lot.grid.levers},
        ahead=one.months(one.standing[0]).assign(**own),
        gap=gap,
        blocked_by=blocked,
        steps=lot.grid.steps,
        n_mixtures=lot.grid.n_mixtures,
        covers_all=lot.covers_all,
    )


def _option(one: _One, name: str, found: Found | None, cost: FloatArray) -> Option | None:
    """What was found, scored anew by the model itself."""
    if found is None:
        return None
    lot, grid = one.lot, one.lot.grid
    X = one.features(found.mixture)
    exact, table = lot.exact_scores(X, one.question), one.table[found.mixture]
    if not np.allclose(exact, table, rtol=0, atol=_EXACTNESS):
        raise CreditModelError(
            f"a plan's scores must be the model's own within {_EXACTNESS:g}, found {np.abs(exact - table).max():g}; "
            "the model is damaged"
        )
    months, settings = one.months(one.question.standing(exact[None])[0]), grid.settings[found.mixture]
    used = np.flatnonzero(settings > 0)
    changed = lot.ahead.under(grid.levers, lot.ahead.moved(grid.levers, settings[None, :]))
    for column in dict.fromkeys(grid.levers[j].column for j in used):
        months[column] = changed[column][0, 0]
    fits = _fits(one, X, found.month)
    return Option(
        name=name,
        months_needed=found.month + 1,
        settings={grid.levers[j].id: float(settings[j]) for j in used},
        cost=float(cost[found.mixture, found.month]),
        months=months,
        contributions=_contributions(one, found, used),
        fits=int(fits.sum()),
        n_fits=len(fits),
    )


def _contributions(one: _One, found: Found, used: IntArray) -> dict[str, float]:
    """Shapley values of the levers that are moved, in the month of the goal."""
    grid, level = one.lot.grid, one.lot.grid.level
    values = np.empty(1 << len(used))
    for mask in range(len(values)):
        kept = [int(j) for place_of, j in enumerate(used) if mask >> place_of & 1]
        some = np.zeros_like(level[found.mixture])
        some[kept] = level[found.mixture][kept]
        values[mask] = one.standing[int((level == some).all(axis=1).argmax()), found.month]
    return {grid.levers[j].id: float(share) for j, share in zip(used, lever_shares(values), strict=True)}


def _fits(one: _One, X: FloatArray, month: int) -> BoolArray:
    """Whether each fit that counts, by itself, has the goal in a month of the rows X (horizon, n_features)."""
    weight = one.lot.weight
    counted = [fit for b, fit in enumerate(one.lot.fitted.bag.fits) if weight is None or weight[0, b] > 0]
    tier = np.repeat(one.question.tier, len(X))
    scores = np.stack([Bag((fit,)).keep_score(X, tier, n_jobs=1) for fit in counted])
    standing = [one.question.standing(score[None]) for score in scores]
    return np.array([bool(one.question.lacking(each)[0, month] <= 0) for each in standing])


def _blocked_by(one: _One, x: FloatArray) -> tuple[str, ...]:
    """The factors that still lower the score of the best row x (1, n_features) since the limit was set."""
    lot, question = one.lot, one.question
    pairs = pair_with_reference(lot.snapshots, lot.row, "last_set")
    source = np.where(pairs.reference_row >= 0, pairs.reference_row, pairs.row)
    then = States(reference_features(lot.snapshots, pairs), lot.snapshots.numerators[source])
    z, fitted = lot.asked(then, question), lot.fitted
    values = change_values(fitted.bag, fitted.catalogue, x, z, question.tier, lot.weight, n_jobs=1)
    by_factor = sum_by_factor(fitted.catalogue, values.contributions)[0]
    order = np.argsort(by_factor, kind="stable").tolist()
    return tuple(fitted.catalogue.factor_ids[g] for g in order if by_factor[g] < -_SMALL)


def plans_table(plans: Iterable[Plan]) -> pd.DataFrame:
    """One row a plan.

    Columns: borrower_id, month (the last that is known), valid_until (the next), model_version, goal, outcome,
    months_nothing, months_cheapest, months_fastest, months_fewest (<NA>: none), cost and levers of the cheapest, gap
    (log-odds), blocked_by.
    """
    rows = [
        {
            "borrower_id": plan.borrower_id,
            "month": plan.month,
            "valid_until": plan.valid_until,
            "model_version": plan.model_version,
            "goal": plan.goal,
            "outcome": plan.outcome,
            **{f"months_{name}": _months_of(getattr(plan, name)) for name in OPTIONS},
            "cost": float("nan") if plan.cheapest is None else plan.cheapest.cost,
            "levers": "" if plan.cheapest is None else ", ".join(plan.cheapest.settings),
            "gap": plan.gap,
            "blocked_by": ", ".join(plan.blocked_by),
        }
        for plan in plans
    ]
    table = pd.DataFrame(rows)
    return table.astype({f"months_{name}": "Int64" for name in OPTIONS}) if rows else table


def _months_of(option: Option | None) -> int | None:
    return None if option is None else option.months_needed
