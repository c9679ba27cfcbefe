"""What every policy's table has, so that one compiled kernel takes them all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.ladder import LimitLadder
from credit_model.simulate.lines import LINES, STRENGTH
from credit_model.simulate.measuring import measures_of
from credit_model.simulate.policies.ramps import RAMPS
from credit_model.simulate.scoring import PolicyTable

#: Most conditions of a conjunction.
MOST_CONDITIONS = 4
#: The features whose rules stand beside the score in every policy: nothing makes up for a knock-out, and a line that
#: nobody uses is cut back.
KNOCK_OUT, CLASS_WIDE, DORMANCY = "past_due_90", "class_appetite_index", "idle_months"
RULES_BESIDE = {name: RAMPS[name].weight for name in (KNOCK_OUT, DORMANCY)}


def synthetic_ladder() -> LimitLadder:
    """The tiers of the simulated lender."""
    ladder = read_catalogue("synthetic").ladder
    assert ladder is not None
    return ladder


def make_table(form: int, *, weights: Mapping[str, float], intercept: float, **own: Any) -> PolicyTable:
    """A policy's table on the features of the catalogue "synthetic".

    Parameters
    ----------
    form : int
        As in `scoring`.
    weights : mapping of feature to float
        Of the linear terms, before their strength; features that are not named have none.
    intercept : float
        Log-odds.
    **own
        The form's own arrays, by their names in `PolicyTable`.
    """
    catalogue = read_catalogue("synthetic")
    drivers, names, n_factors = catalogue.drivers, catalogue.driver_names, len(catalogue.factor_ids)
    ramps = []
    for feature in drivers:
        ramp = RAMPS[feature.id]
        log = ramp.scale == "log"
        low, high = (math.log(ramp.low), math.log(ramp.high)) if log else (ramp.low, ramp.high)
        weight = STRENGTH * feature.sign * weights.get(feature.id, 0.0)
        ramps.append((weight, low, 1.0 / (high - low), float(log), ramp.missing))
    arrays: dict[str, Any] = {
        "products": np.empty((0, 3), dtype=np.int64),
        "product_weights": np.empty(0),
        "parts": np.zeros(len(drivers)),
        "links": np.zeros((n_factors, 2)),
        "scale": 0.0,
        "edges": np.zeros((3, 1)),
        "grids": np.zeros((2, 2, 2)),
        "terms": np.empty((0, MOST_CONDITIONS), dtype=np.int64),
        "thresholds": np.empty((0, MOST_CONDITIONS)),
        "term_weights": np.empty(0),
    }
    return PolicyTable(
        form=form,
        measures=measures_of(catalogue),
        above=np.array([feature.above for feature in drivers], dtype=np.float64),
        ramps=np.array(ramps, dtype=np.float64),
        factor=np.array(catalogue.factor_index, dtype=np.int64),
        lines=LINES,
        amounts=np.array(synthetic_ladder().amounts, dtype=np.float64),
        intercept=float(intercept),
        knock_out=names.index(KNOCK_OUT),
        class_wide=names.index(CLASS_WIDE),
        dormancy=names.index(DORMANCY),
        **(arrays | own),
    )


def parts_of_standings(emphasis: Mapping[str, float]) -> FloatArray:
    """Each feature's part in its factor's standing: (n_drivers,); as in the scorecard, unless emphasised.

    Parameters
    ----------
    emphasis : mapping of feature to float
        How many times as heavy as in the scorecard.
    """
    catalogue = read_catalogue("synthetic")
    weight = np.array(
        [
            0.0 if name in RULES_BESIDE else RAMPS[name].weight * emphasis.get(name, 1.0)
            for name in catalogue.driver_names
        ]
    )
    total = np.bincount(catalogue.factor_index, weight)
    parts: FloatArray = weight / total[catalogue.factor_index]
    return parts


def by_factor(values: Mapping[str, tuple[float, float]]) -> FloatArray:
    """A pair of numbers a factor, in the catalogue's order: (n_factors, 2)."""
    return np.array([values[name] for name in read_catalogue("synthetic").factor_ids], dtype=np.float64)
