"""The pilot run: snapshots of a fixed portfolio under the scorecard, by which other policies are put on its scale."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.simulate.draws import draw, make_world
from credit_model.simulate.economy import BURN_IN, simulate_economy
from credit_model.simulate.lender import simulate_lender
from credit_model.simulate.monthly import live_monthly
from credit_model.simulate.monthly_kernels import measure_at
from credit_model.simulate.policies.family import table_of
from credit_model.simulate.policies.names import DEFAULT
from credit_model.simulate.scenarios import scenario_of
from credit_model.simulate.scored import TableScorer, score_all
from credit_model.simulate.streams import ECONOMY_TABLE, LENDER_TABLE, stream

#: The pilot's portfolio; its seed is none that results are reported on.
PILOT_SEED, PILOT_BORROWERS, PILOT_MONTHS, PILOT_SCENARIO = 10_000, 512, 36, "baseline"


@lru_cache(maxsize=1)
def pilot() -> tuple[FloatArray, FloatArray]:
    """Snapshots of every borrower in every month, (n, n_drivers), and the scorecard's scores of them, (n,)."""
    scenario = scenario_of(PILOT_SCENARIO)
    world = make_world(
        simulate_economy(PILOT_MONTHS, scenario, stream(PILOT_SEED, ECONOMY_TABLE)),
        simulate_lender(PILOT_MONTHS, scenario, stream(PILOT_SEED, LENDER_TABLE)),
        PILOT_MONTHS,
        spree_rate=scenario.spree_rate,
    )
    draws = draw(PILOT_SEED, 0, PILOT_BORROWERS, BURN_IN + PILOT_MONTHS)
    table = table_of(DEFAULT)
    lives = live_monthly(draws, world, np.full((PILOT_BORROWERS, 5), -1, dtype=np.int64), TableScorer(table))
    who = np.repeat(np.arange(PILOT_BORROWERS), PILOT_MONTHS)
    month = np.tile(np.arange(BURN_IN, BURN_IN + PILOT_MONTHS), PILOT_BORROWERS)
    X = np.empty((len(who), len(table.measures)))
    limit = table.amounts[lives.tier[who, month - 1]]
    measure_at(who, month, limit, lives.ledgers, table.measures, table.above, X)
    return X, score_all(X, table)
