"""The policy `matrix`: two-way grids, the most usual in the trade.

Factors are read as three grades: risk (credit score, repayment, consumption), capacity (capacity, debt) and conditions
(economy, lender). One grid gives points by risk and capacity, another by risk and conditions; within a cell all are
equal. Being bad on both axes of a grid costs more than the two together:

    points = points of the row + points of the column - JOINT * how bad the row is * how bad the column is
"""

from __future__ import annotations

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.simulate.policies.tables import RULES_BESIDE, by_factor, make_table, parts_of_standings
from credit_model.simulate.scoring import CAPACITY, CONDITIONS, MATRIX, RISK, PolicyTable

#: Each factor's axis, and its part in the axis.
AXES = {
    "credit_score": (RISK, 0.60),
    "consumption": (RISK, 0.20),
    "repayment": (RISK, 0.20),
    "debt": (CAPACITY, 0.40),
    "capacity": (CAPACITY, 0.60),
    "economy": (CONDITIONS, 0.35),
    "policy": (CONDITIONS, 0.65),
}
REVISED_AXES = AXES | {
    "credit_score": (RISK, 0.50),
    "consumption": (RISK, 0.25),
    "repayment": (RISK, 0.25),
    "debt": (CAPACITY, 0.50),
    "capacity": (CAPACITY, 0.50),
}
#: Where the grades of each axis meet, worst first.
EDGES = np.array(
    [
        [0.42, 0.48, 0.53, 0.57, 0.61, 0.64, 0.67, 0.70, 0.74],
        [0.36, 0.44, 0.50, 0.55, 0.60, 0.65, 0.70, 0.76, 0.82],
        [0.30, 0.38, 0.44, 0.50, 0.56, 0.61, 0.66, 0.71, 0.76],
    ]
)
#: Points from an axis's worst grade to its best, and what being bad on both costs, log-odds.
SPAN_RISK, SPAN_CAPACITY, SPAN_CONDITIONS = 25.0, 19.0, 10.5
JOINT_CAPACITY, JOINT_CONDITIONS = 10.0, 6.0
INTERCEPT, REVISED_INTERCEPT = -40.8, -45.9
#: Features that weigh more, or less, in their factor's standing than in the scorecard.
EMPHASIS: dict[str, float] = {}


def grid(span_rows: float, span_columns: float, joint: float) -> FloatArray:
    """Points of a grid, worst row and column first: (n_grades, n_grades).

    >>> grid(18.0, 9.0, 0.0)[0, 0], grid(18.0, 9.0, 0.0)[-1, -1], grid(18.0, 9.0, 3.0)[0, 0]
    (np.float64(0.0), np.float64(27.0), np.float64(-3.0))
    """
    n_grades = EDGES.shape[1] + 1
    good = np.arange(n_grades) / (n_grades - 1)
    points: FloatArray = span_rows * good[:, None] + span_columns * good - joint * (1 - good[:, None]) * (1 - good)
    return points


def matrix_table(*, revised: bool = False) -> PolicyTable:
    """The policy on the features of the catalogue "synthetic"; ``revised``: as it is after a change."""
    by_capacity = grid(SPAN_RISK, SPAN_CAPACITY, JOINT_CAPACITY)
    by_conditions = grid(0.0, SPAN_CONDITIONS, JOINT_CONDITIONS)
    return make_table(
        MATRIX,
        weights=RULES_BESIDE,
        intercept=REVISED_INTERCEPT if revised else INTERCEPT,
        parts=parts_of_standings(EMPHASIS),
        links=by_factor(
            {name: (float(axis), part) for name, (axis, part) in (REVISED_AXES if revised else AXES).items()}
        ),
        edges=EDGES,
        grids=np.stack([by_capacity, by_conditions]),
    )
