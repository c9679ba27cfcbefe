"""The economy that all borrowers share: unemployment and activity, from regimes or from a user's table.

Each path has a twin without the downturn (the same noise, the regime calm throughout), so that "would the limit
have been cut without the downturn?" can be answered by running the twin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray
from credit_model.errors import CreditModelError
from credit_model.portfolio.months import months_as_values
from credit_model.simulate.scenarios import Scenario

#: Months simulated before the panel starts, so that behaviour and limits are in their steady state.
BURN_IN = 18
#: First panel month at which a scenario may turn: the catalogue's windows are filled.
WARM_UP = 12
#: The panel's first month.
FIRST_MONTH = 2021 * 12

CALM, SLOW, DOWNTURN = range(3)
#: By regime: where unemployment (percent) and activity (index) are pulled to.
UNEMPLOYMENT_LEVEL = np.array([5.0, 5.8, 8.2])
ACTIVITY_LEVEL = np.array([101.0, 97.0, 88.0])
#: Monthly chances of leaving the calm for a slowdown, and of leaving a slowdown.
TO_SLOW, TO_CALM = 0.045, 0.10
#: How much of the gap to the regime's level remains after a month.
PERSISTENCE = 0.80


@dataclass(frozen=True)
class Economy:
    """Paths over the burn-in and the panel's months, each with its twin without a downturn.

    Attributes
    ----------
    unemployment, activity : float64 arrays, (2, n_months)
        Row 0 is what happens, row 1 the twin.
    regime : int64 array, (n_months,)
        0 calm, 1 slow, 2 downturn; -1 where a user gave the path.
    """

    unemployment: FloatArray
    activity: FloatArray
    regime: NDArray[np.int64]

    def frame(self, n_months: int) -> pd.DataFrame:
        """The panel's months: month, unemployment_rate, activity_index, regime."""
        names = np.array(["calm", "slow", "downturn", "given"])
        panel = slice(BURN_IN, BURN_IN + n_months)
        return pd.DataFrame(
            {
                "month": months_as_values(FIRST_MONTH + np.arange(n_months), "date"),
                "unemployment_rate": self.unemployment[0, panel],
                "activity_index": self.activity[0, panel],
                "regime": names[self.regime[panel]],
            }
        )


def turning_point(n_months: int) -> int:
    """The panel month at which a scenario turns.

    >>> turning_point(36)
    20
    """
    return min(WARM_UP, n_months) + max(0, n_months - WARM_UP) // 3


def simulate_economy(n_months: int, scenario: Scenario, rng: np.random.Generator) -> Economy:
    """Draw a path from the scenario's regimes.

    Parameters
    ----------
    n_months : int
        The panel's months; the burn-in comes on top.
    scenario : Scenario
    rng : Generator
    """
    total = BURN_IN + n_months
    chance, depth, noise = rng.random(total), rng.random(total), rng.standard_normal((total, 2))
    regime = np.zeros(total, dtype=np.int64)
    for t in range(1, total):
        leave = TO_SLOW if regime[t - 1] == CALM else TO_CALM
        worse = DOWNTURN if depth[t] < scenario.recession_share else SLOW
        regime[t] = (worse if regime[t - 1] == CALM else CALM) if chance[t] < leave else regime[t - 1]
    if scenario.downturn_months:
        start = BURN_IN + turning_point(n_months)
        regime[start - 6 : start] = CALM
        regime[start : start + scenario.downturn_months] = DOWNTURN
        regime[start + scenario.downturn_months :] = SLOW
    return Economy(
        unemployment=_path(UNEMPLOYMENT_LEVEL, regime, 0.10 * noise[:, 0], decimals=2),
        activity=_path(ACTIVITY_LEVEL, regime, 0.50 * noise[:, 1], decimals=1),
        regime=regime,
    )


def _path(level: FloatArray, regime: NDArray[np.int64], noise: FloatArray, *, decimals: int) -> FloatArray:
    """The level that a variable drifts to under the regimes, and under calm alone: (2, n_months)."""
    target = np.stack([level[regime], np.full(len(regime), level[CALM])])
    path = np.empty_like(target)
    now = target[:, 0]
    for t in range(len(regime)):
        now = PERSISTENCE * now + (1 - PERSISTENCE) * target[:, t] + noise[t]
        path[:, t] = now
    return as_stored(np.maximum(path, 0.1), decimals=decimals)


def as_stored(values: FloatArray, *, decimals: int) -> FloatArray:
    """Rounded, and then exactly what a float32 of a Parquet file holds."""
    return np.round(values, decimals).astype(np.float32).astype(np.float64)


def economy_from_table(table: pd.DataFrame, n_months: int) -> Economy:
    """A user's path.

    Parameters
    ----------
    table : DataFrame
        Columns unemployment_rate (percent) and activity_index, one row a month of the panel, in order; other columns
        are not used.
    n_months : int

    Returns
    -------
    Economy
        The burn-in has the first month's values. The twin without a downturn never has more unemployment, nor less
        activity, than the path's median.

    Raises
    ------
    CreditModelError
        A column lacks, or the table has fewer rows than the panel has months, or a value is no fit one.
    """
    paths = {}
    for name, low, high in (("unemployment_rate", 0.0, 100.0), ("activity_index", 0.0, 1000.0)):
        if name not in table:
            raise CreditModelError(f"the economy table lacks column {name!r}; add it")
        if len(table) < n_months:
            raise CreditModelError(
                f"the economy table must have a row for each of the {n_months} months, found {len(table)}; add the rest"
            )
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)[:n_months]
        wrong = ~((values >= low) & (values <= high))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise CreditModelError(
                f"{name} must be between {low:g} and {high:g}, found {table[name].iloc[row]} in row {row + 1} of the "
                "economy table; correct it"
            )
        paths[name] = as_stored(np.concatenate([np.full(BURN_IN, values[0]), values]), decimals=4)
    unemployment, activity = paths["unemployment_rate"], paths["activity_index"]
    return Economy(
        unemployment=np.stack([unemployment, np.minimum(unemployment, np.median(unemployment[BURN_IN:]))]),
        activity=np.stack([activity, np.maximum(activity, np.median(activity[BURN_IN:]))]),
        regime=np.full(BURN_IN + n_months, -1, dtype=np.int64),
    )
