"""Warnings made by hand, on any catalogue: three lines, two of them alerted."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logit

from credit_model.act.warning.outcomes import NEVER, Outcomes
from credit_model.act.warning.reasons import WarningReasons
from credit_model.act.warning.replay import Replay
from credit_model.act.warning.watching import Warnings
from credit_model.portfolio.declarations import Catalogue

BORROWERS = ("B10", "B9", "B2")
RISK = np.array(
    [[0.1, 0.4, 0.5, 0.55, 0.6, 0.62], [0.05, 0.1, 0.2, 0.2, 0.25, 0.3], [0.01, 0.01, 0.02, 0.02, 0.03, 0.04]]
)


def example_warnings(catalogue: Catalogue, borrowers: tuple[str, ...] = BORROWERS, **changes: Any) -> Warnings:
    """Of the first line the first factor raised the risk most; the limit of the second was only just set."""
    n_players, n_drivers = len(catalogue.factor_ids) + 1, len(catalogue.drivers)
    by_factor = np.zeros((2, n_players))
    by_factor[0] = np.linspace(2.0, -0.5, n_players)
    now = logit(RISK[:2, 2])
    by_driver = np.zeros((2, n_drivers))
    by_driver[0] = -0.1
    then = np.ones((2, n_drivers))
    features = then.copy()
    features[0] += 1.0
    given: dict[str, Any] = {
        "catalogue": catalogue, "model_version": "made-1-w0", "month_type": "date", "month_number": 2024 * 12 + 3,
        "capacity": 0.7, "usual": 0.03, "borrower_id": np.array(borrowers, dtype=object),
        "limit": np.array([25000.0, 3000.0, 110000.0]), "tier": np.array([6, 2, 9]), "risk": RISK,
        "alerted": np.array([True, True, False]),
        "reasons": WarningReasons(
            reference_row=np.array([0, 1]), censored=np.array([False, False]), score_then=now - by_factor.sum(axis=1),
            score_now=now, by_factor=by_factor, by_driver=by_driver, features_then=then, features_now=features,
        ),
        "set_month_number": np.array([2023 * 12, 2024 * 12 + 3]),
    }  # fmt: skip
    return Warnings(**(given | changes))


def example_replay(borrowers: tuple[str, ...] = ("B1", "B2"), version: str = "made-1-w0") -> Replay:
    """Two borrowers in two months; the first is cut two months after the first."""
    cut = np.array([2, NEVER, 1, NEVER])
    return Replay(
        model_version=version, month_type="date", capacity=0.5, borrower_ids=np.array(borrowers, dtype=object),
        borrower_row=np.array([0, 1, 0, 1]), month_number=np.array([24288, 24288, 24289, 24289]),
        limit=np.full(4, 3000.0), risk=np.tile(RISK[:1], (4, 1)), alerted=np.array([True, False, True, False]),
        outcomes=Outcomes(cut, np.full(4, NEVER), np.array([9, 9, 8, 8]), np.array([9, 9, 8, 8])),
    )  # fmt: skip
