"""The panels that the benchmarks run on: the simulator's, and two real ones where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from credit_model import LimitPredictor, read_catalogue, simulate_portfolio
from credit_model.arrays import FloatArray, IntArray
from credit_model.explain.pairs import decrease_rows, driver_columns, pair_with_reference, reference_features
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.history import History, check_history
from credit_model.readers.public_data import CONVERTERS

#: Environment variable with the folder that holds ``home_credit`` and ``uci_taiwan``.
REAL_DATA = "CREDIT_MODEL_REAL_DATA"


@dataclass(frozen=True)
class Panel:
    """A history, its catalogue, and the simulator's truth about its decisions where there is one."""

    name: str
    catalogue: Catalogue
    history: History
    truth: Any = field(default=None, repr=False)


def synthetic_panel(n_borrowers: int, n_months: int, *, seed: int, policy: str = "scorecard", **options: Any) -> Panel:
    """A simulated panel, named by its lender where that is not the usual one."""
    portfolio = simulate_portfolio(n_borrowers, n_months, seed=seed, policy=policy, n_jobs=-1, **options)
    catalogue = read_catalogue("synthetic")
    name = "synthetic" if policy == "scorecard" else f"synthetic, {policy}"
    return Panel(name, catalogue, check_history(portfolio.history, catalogue), portfolio)


def real_panels() -> Iterator[Panel]:
    """Home Credit and UCI Taiwan, if the environment says where they lie."""
    folder = os.environ.get(REAL_DATA)
    if not folder:
        print(f"{REAL_DATA} is not set: the real panels are left out")
        return
    for name, convert in CONVERTERS.items():
        catalogue = read_catalogue(name.replace("-", "_"))
        source = Path(folder) / catalogue.name
        if source.exists():
            yield Panel(catalogue.name, catalogue, check_history(convert(source), catalogue))


def fitted_predictor(panel: Panel, *, seed: int = 0, **booster: Any) -> LimitPredictor:
    """The package's model of a panel."""
    return LimitPredictor(panel.catalogue, seed=seed, **booster).fit(panel.history)


@dataclass(frozen=True)
class Pairs:
    """Decreases as the trees read them: the decision's rows x, the references' rows z, and the groups of features."""

    name: str
    booster: Any
    predictor: LimitPredictor
    x: FloatArray
    z: FloatArray
    factor: IntArray
    n_factors: int


def decrease_pairs(panel: Panel, predictor: LimitPredictor) -> Pairs:
    """Every decrease of the panel beside its reference."""
    snapshots = predictor.snapshots(panel.history)
    row = decrease_rows(snapshots)
    pairs = pair_with_reference(snapshots, row)
    forest = predictor.forest
    tier = snapshots.tier_before[row]
    factor = np.full(forest.trees.n_features, -1, dtype=np.int64)
    factor[driver_columns(panel.catalogue)] = panel.catalogue.factor_index
    return Pairs(
        panel.name,
        predictor.model_.booster_,
        predictor,
        forest.rows(snapshots.X[row], tier - 1),
        forest.rows(reference_features(snapshots, pairs), tier - 1),
        factor,
        len(panel.catalogue.factor_ids),
    )
