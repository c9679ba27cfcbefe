"""A small catalogue and hand-made explanations whose reasons can be worked out by thought."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.support import HeldOutRisk
from credit_model.explain.waves import Wave
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue
from credit_model.portfolio.ladder import LimitLadder

CATALOGUE_TEXT = (Path(__file__).parent / "reasons.toml").read_text(encoding="utf-8")

#: (value at the reference, value at the decision, contribution)
Change = tuple[float, float, float]
MARCH_2024 = 2024 * 12 + 2
JUNE_2023 = 2023 * 12 + 5
NAN = float("nan")


def small_catalogue() -> Catalogue:
    return parse_catalogue(CATALOGUE_TEXT, where="small.toml")


def explained(
    *changes: Mapping[str, Change],
    score_before: float | None = None,
    borrowers: list[Any] | None = None,
    reference: str = "last_set",
    usual: float | None = None,
    waves: list[Wave | None] | None = None,
    has_reference: bool = True,
    censored: bool = False,
    month_type: str = "date",
    text: str = CATALOGUE_TEXT,
) -> DecreaseExplanations:
    """Decreases from tier 2 to tier 1; features that a mapping does not name stay 0 (the category: A1).

    ``usual``: the usual risk, with which held-out decisions are known: of 400 with a risk of at most 0.1 four ended in
    a cut, of 100 above it sixty.
    """
    catalogue = parse_catalogue(text, where="small.toml")
    names, n = list(catalogue.driver_names), len(changes)
    before, after, contributions = (np.zeros((n, len(names))) for _ in range(3))
    for row, change in enumerate(changes):
        for name, (then, now, contribution) in change.items():
            j = names.index(name)
            before[row, j], after[row, j], contributions[row, j] = then, now, contribution
    total = contributions.sum(axis=1)
    # Half of the fall above the line, half below it, unless told otherwise.
    start = -total / 2 if score_before is None else np.full(n, float(score_before))
    n_factors = len(catalogue.factor_ids)
    by_factor = np.stack([contributions[:, drivers].sum(axis=1) for drivers in catalogue.factor_drivers], axis=1)
    bits = (np.arange(1 << n_factors)[:, None] >> np.arange(n_factors)) & 1
    month, since = (MARCH_2024, JUNE_2023) if month_type == "date" else (-3, -12)
    return DecreaseExplanations(
        catalogue=catalogue,
        ladder=LimitLadder(catalogue.ladder.amounts if catalogue.ladder else (0.0, 1.0)),
        reference=reference,
        model_version="small-2.1-0123456789ab",
        month_type=month_type,  # type: ignore[arg-type]
        borrower_id=np.array(borrowers or [f"B{i:04d}" for i in range(1, n + 1)], dtype=object),
        month_number=np.full(n, month),
        reference_month_number=np.full(n, since if has_reference else month),
        reference_censored=np.full(n, censored),
        has_reference=np.full(n, has_reference),
        limit_before=np.full(n, 20000.0),
        limit_after=np.full(n, 5000.0),
        tier_before=np.full(n, 2),
        tier_after=np.full(n, 1),
        keep_score_before=start,
        keep_score_after=start + total,
        contributions=contributions,
        features_before=before,
        features_after=after,
        coalition_scores=start[:, None] + by_factor @ bits.T,
        held_out=None
        if usual is None
        else HeldOutRisk(usual, np.array([0, 0.1, 1]), np.array([400, 100]), np.array([4, 60])),
        waves=np.array(waves or [None] * n, dtype=object),
    )
