"""Limit policies of three lenders of revolving lines: a bank's scorecard, an affordability rule, a committee's points.

Each scores every row on its own (higher is better, NaN is unknown); knock_out marks the rows it would lend nothing.
They were written from a list of the features, their units and quantiles alone, without sight of the simulation, its
lenders or the model, and nothing in them was changed after. `python -m benchmarks.lenders --policy
benchmarks.plug_in_lenders:LOG_SCORECARD`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Reader = Callable[[str, float], Array]


def _reader(X: Array, names: Sequence[str], low: float = -np.inf) -> Reader:
    """Return read(name, unknown): the column of that name, NaN replaced by what the lender assumes, at least `low`."""
    position = {name: i for i, name in enumerate(names)}

    def read(name: str, unknown: float) -> Array:
        column = X[:, position[name]]
        return np.maximum(np.where(np.isnan(column), unknown, column), low)

    return read


class LogScorecard:
    """A commercial bank's generalised scorecard: log-odds, scaled so that 40 points double the odds.

    Amounts enter as logs and ratios. Income buys more for a borrower with a good bureau score, leverage hurts more as
    unemployment rises, and lateness fades with time. Moderate use of the line is welcome (it earns interest), full use
    is not. The bank's appetite and funding move its good borrowers more than its weak ones. Unknown means typical.
    """

    def score(self, X: Array, names: Sequence[str]) -> Array:
        read, amount = _reader(X, names), _reader(X, names, low=0.0)
        income = np.log1p(amount("income_mean_12m", 2000.0)) - 7.7
        cover = income + 7.1 - np.log1p(amount("spending_mean_6m", 1200.0))
        parts = {"score_behaviour": 0.35, "score_history": 0.3, "score_ability": 0.2, "score_network": 0.15}
        bureau = (sum(weight * read(name, 125.0) for name, weight in parts.items()) - 132.0) / 12.0
        use = np.clip(read("utilisation_3m", 0.2), 0.0, 1.5)
        leverage = np.log1p(amount("other_debt_to_limit_3m", 0.05)) + 0.2 * np.log1p(amount("inquiries_6m", 1.0))
        slack = read("unemployment_rate_3m", 5.05) - 5.0 + 0.5 * read("unemployment_change_6m", 0.0)
        stress = np.exp(2.0 * np.clip(slack, -1.0, 1.0))
        late = np.log1p(amount("days_past_due_max_12m", 0.0)) * np.exp(-amount("months_since_late_12m", 12.0) / 8.0)
        mood = read("policy_appetite_index", -0.15) + 0.7 * read("class_appetite_index", 0.0)
        mood += 0.4 * read("funding_index", 0.0) + 0.1 * read("activity_change_6m", 0.4)
        logit = 0.5 * income + 0.3 * cover + 0.1 * income * bureau + 0.6 * bureau - 0.5 * late
        logit += 0.7 * use - 1.3 * use**2 * stress - leverage * stress - 2.5 * read("gaming_share_6m", 0.03)
        logit += 0.25 * np.log1p(amount("paid_share_6m", 5.0)) - 0.8 * read("income_variability_12m", 0.1)
        logit += mood * (1.3 + 0.5 * np.tanh(bureau)) - 0.12 * np.sqrt(amount("idle_months", 0.0))
        return 600.0 + 40.0 / np.log(2.0) * logit

    def knock_out(self, X: Array, names: Sequence[str]) -> NDArray[np.bool_]:
        read = _reader(X, names)
        return (read("days_past_due", 0.0) >= 60.0) | (read("past_due_90", 0.0) > 0.0)


class FreeCashFlow:
    """A consumer-finance company's two-stage affordability rule; the score is the affordable limit in yuan.

    Stage one: the income it can prove (a provident fund proves a salary, the rest is cut for swings and broken work)
    less needs and payments to other lenders. Stage two: free cash times a multiple set by economy, appetite and
    funding, under a ceiling in months of income, with a haircut a risk. Unknown is taken at the cautious end.
    """

    def score(self, X: Array, names: Sequence[str]) -> Array:
        read, amount = _reader(X, names), _reader(X, names, low=0.0)
        income = amount("income_mean_12m", 600.0)
        proved = np.minimum(amount("provident_fund_mean_6m", 0.0) / 0.24, income)
        share = 0.7 + 0.2 * read("employed_share_6m", 0.5) - 0.7 * read("income_variability_12m", 0.3)
        income = proved + np.clip(share, 0.2, 0.9) * (income - proved)
        income = income * np.exp(np.clip(0.5 * read("income_change_6m", 0.0), -0.5, 0.05))
        needs = 120.0 + amount("spending_mean_6m", 1500.0) * (0.55 + 0.5 * amount("spending_variability_6m", 0.25))
        owed = 0.3 * amount("other_debt_to_limit_3m", 0.6) + 0.06 * amount("other_lenders", 1.0)
        pad = 50.0 + 0.25 * income  # smooths the floor of no free cash
        free = pad * np.logaddexp(0.0, (income * np.exp(-owed) - needs) / pad)
        outlook = 0.3 * (read("activity_index_3m", 101.0) - 101.4) - 2.0 * (read("unemployment_rate_3m", 5.2) - 5.04)
        outlook += 1.5 * read("policy_appetite_index", -0.3) + 1.2 * read("class_appetite_index", -0.1)
        multiple = 6.0 * np.exp(np.clip(outlook + 0.5 * read("funding_index", -0.3), -2.0, 1.2))
        revolved = np.clip(read("utilisation_3m", 0.8), 0.0, 1.0) * np.exp(-amount("paid_share_6m", 1.0) / 6.0)
        risk = 0.35 * amount("late_months_12m", 0.0) + amount("days_past_due", 0.0) / 40.0 + 0.9 * revolved
        risk += 5.0 * amount("cash_advance_share_6m", 0.05) + np.log1p(amount("idle_months", 3.0)) / 6.0
        points = read("score_ability", 115.0) + read("score_behaviour", 118.0) - 235.0
        haircut = np.exp(-np.minimum(risk, 4.0)) * (0.6 + 0.4 * np.tanh(points / 30.0))
        return haircut / (1.0 / (free * multiple + 1.0) + 1.0 / (6.0 * income + 200.0))

    def knock_out(self, X: Array, names: Sequence[str]) -> NDArray[np.bool_]:
        read = _reader(X, names)
        return (read("income_mean_12m", 0.0) < 200.0) | (read("days_past_due", 0.0) >= 30.0)


# The committee's book: by pillar, each feature, its share of the pillar, the breakpoints and the points at them.
CREDIT_BOOK: dict[str, tuple[tuple[str, float, tuple[float, ...], tuple[float, ...]], ...]] = {
    "conduct": (
        ("paid_share_6m", 0.35, (0.0, 0.5, 1.0, 3.0, 8.0, 10.0), (0, 15, 50, 75, 95, 100)),
        ("late_months_12m", 0.3, (0, 1, 2, 3, 6, 12), (100, 60, 40, 25, 8, 0)),
        ("score_history", 0.35, (90, 115, 135, 150, 180), (0, 30, 65, 85, 100)),
    ),
    "means": (
        ("income_mean_12m", 0.5, (0, 500, 1000, 2500, 6000, 20000, 60000), (0, 15, 30, 55, 80, 95, 100)),
        ("income_variability_12m", 0.2, (0.0, 0.05, 0.1, 0.25, 0.7), (100, 85, 70, 40, 0)),
        ("provident_fund_mean_6m", 0.3, (0, 1, 400, 1000, 3000), (40, 50, 70, 85, 100)),
    ),
    "burden": (
        ("utilisation_3m", 0.4, (0.0, 0.1, 0.3, 0.6, 0.9, 1.0), (90, 100, 85, 60, 25, 5)),
        ("other_debt_to_limit_3m", 0.4, (0.0, 0.1, 0.5, 1.5, 4.0), (100, 90, 65, 30, 0)),
        ("inquiries_6m", 0.2, (0, 1, 3, 6, 10), (100, 90, 60, 25, 0)),
    ),
    "household": (
        ("score_network", 0.25, (75, 110, 130, 150, 180), (0, 35, 60, 85, 100)),
        ("spending_mean_6m", 0.45, (0, 300, 1000, 3000, 10000, 40000), (5, 25, 50, 75, 95, 100)),
        ("merchant_count_mean_6m", 0.15, (0, 5, 12, 20, 40), (0, 30, 60, 85, 100)),
        ("cash_advance_share_6m", 0.15, (0.0, 0.01, 0.03, 0.1, 0.3), (100, 90, 70, 25, 0)),
    ),
}


def _points(values: Array, at: Sequence[float], points: Sequence[float]) -> Array:
    """Read the book's table, straight between its breakpoints; an unknown value scores 35."""
    return np.where(np.isnan(values), 35.0, np.interp(values, at, points))


class CreditCommittee:
    """A city bank's committee: tables of points in four pillars of 0-100, a cap on the grade, and named exceptions.

    A file is only as good as its weakest pillar, which counts about as much as the other three together, and more in
    a bad season. Lateness and borrowing around cap the grade (nine tenths of the excess are lost); a year of provident
    fund at work, or bills paid in full with one late month at most, raises the cap. Unknown scores 35 of 100.
    """

    def score(self, X: Array, names: Sequence[str]) -> Array:
        read = _reader(X, names)
        pillars = np.stack(
            [
                sum(part * _points(read(name, np.nan), at, points) for name, part, at, points in rows)
                for rows in CREDIT_BOOK.values()
            ]
        )
        worst = pillars.min(axis=0)
        gloom = read("unemployment_change_6m", 0.0) / 0.3 - read("activity_change_6m", 0.0) / 2.0
        weight = 0.5 + 0.2 * np.tanh(gloom)
        grade = weight * worst + (1.0 - weight) * (pillars.sum(axis=0) - worst) / 3.0
        around = read("other_lenders", 1.0) + 2.0 * np.maximum(read("other_lenders_change_6m", 0.0), 0.0)
        cap = np.interp(read("days_past_due_max_12m", 0.0), (0, 7, 30, 90), (100, 60, 40, 20))
        cap = np.minimum(cap, np.interp(around, (1, 3, 6, 10), (100, 65, 45, 25)))
        salaried = (read("provident_fund_months_12m", 0.0) >= 12.0) & (read("employed", 0.0) > 0.5)
        cleared = (read("paid_share_6m", 0.0) >= 5.0) & (read("late_months_12m", 0.0) <= 1.0)
        cap = cap + 15.0 * salaried + 10.0 * cleared
        grade = np.minimum(grade, cap + 0.1 * (grade - cap))
        season = 24.0 * read("policy_appetite_index", -0.2) + 18.0 * read("class_appetite_index", 0.0)
        season += 12.0 * np.minimum(read("funding_index", 0.0), 0.2)
        return grade + season - np.interp(read("idle_months", 0.0), (0, 3, 12, 36), (0, 3, 12, 20))

    def knock_out(self, X: Array, names: Sequence[str]) -> NDArray[np.bool_]:
        read = _reader(X, names)
        return (read("past_due_30", 0.0) > 0.0) | (read("other_days_past_due_max_3m", 0.0) >= 60.0)


LOG_SCORECARD = LogScorecard()
FREE_CASH_FLOW = FreeCashFlow()
CREDIT_COMMITTEE = CreditCommittee()
