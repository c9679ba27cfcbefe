"""Explains changes of the keep score between snapshots, exactly, by driver and by factor."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.pairs import SnapshotPairs, driver_columns, reference_features
from credit_model.explain.support import HeldOutRisk, SupportRule
from credit_model.explain.waves import Waves
from credit_model.model.forest import OrdinalForest
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.snapshots import Snapshots
from credit_model.trees.owen import ensemble_changes

#: Most by which contributions may miss the change of the deployed score, in log-odds.
EXACTNESS = 1e-9


def explain_changes(
    forest: OrdinalForest,
    snapshots: Snapshots,
    pairs: SnapshotPairs,
    *,
    reference: str,
    model_version: str,
    n_jobs: int = -1,
) -> ChangeExplanations:
    """Explain why each row's keep score differs from its reference's.

    Parameters
    ----------
    forest : OrdinalForest
        Fitted on the features of ``snapshots.catalogue``.
    snapshots : Snapshots
    pairs : SnapshotPairs
        Rows whose tier in force is at least 1.
    reference, model_version : str
        Recorded in the result.
    n_jobs : int
        Threads; the result does not depend on it.
    """
    x, z = snapshots.X[pairs.row], reference_features(snapshots, pairs)
    return changes_of_rows(
        forest, snapshots, x, z, pairs, reference=reference, model_version=model_version, n_jobs=n_jobs
    )


def as_decreases(
    changes: ChangeExplanations,
    snapshots: Snapshots,
    row: IntArray,
    *,
    rule: SupportRule | None = None,
    held_out: HeldOutRisk | None = None,
    waves: Waves | None = None,
) -> DecreaseExplanations:
    """Explained changes of rows (n,) whose limit fell, with what is needed for a verdict.

    Parameters
    ----------
    changes : ChangeExplanations
    snapshots : Snapshots
    row : int64 array, (n,)
    rule : SupportRule, optional
        Thresholds of support; None: the defaults.
    held_out : HeldOutRisk, optional
        What became of held-out decisions; without it no risk counts as raised.
    waves : Waves, optional
        Of the whole panel; None: none are told.
    """
    shared: dict[str, Any] = {f.name: getattr(changes, f.name) for f in fields(ChangeExplanations)}
    return DecreaseExplanations(
        **shared,
        ladder=snapshots.ladder,
        limit_after=snapshots.limit_after[row],
        tier_after=snapshots.tier_after[row],
        rule=rule or SupportRule(),
        held_out=held_out,
        waves=np.full(len(row), None, dtype=object) if waves is None else waves.of_rows(row),
    )


def changes_of_rows(
    forest: OrdinalForest,
    snapshots: Snapshots,
    x: FloatArray,
    z: FloatArray,
    pairs: SnapshotPairs,
    *,
    reference: str,
    model_version: str,
    n_jobs: int = -1,
) -> ChangeExplanations:
    """Explain rows ``x`` (n, n_features) against rows ``z`` of the same shape; `explain_changes` finds z itself."""
    row, history = pairs.row, snapshots.history
    tier = snapshots.tier_before[row]
    values = change_values(forest, snapshots.catalogue, x, z, tier, n_jobs=n_jobs)
    driver = driver_columns(snapshots.catalogue)
    reference_row = np.where(pairs.reference_row >= 0, pairs.reference_row, row)
    return ChangeExplanations(
        catalogue=snapshots.catalogue,
        reference=reference,
        model_version=model_version,
        month_type=history.month_type,
        borrower_id=history.borrower_ids[snapshots.borrower_row[row]],
        month_number=snapshots.month_number[row],
        reference_month_number=snapshots.month_number[reference_row],
        reference_censored=pairs.censored,
        has_reference=pairs.reference_row >= 0,
        limit_before=snapshots.limit_before[row],
        tier_before=tier,
        features_before=z[:, driver],
        features_after=x[:, driver],
        keep_score_before=values.score_before,
        keep_score_after=values.score_after,
        contributions=values.contributions,
        coalition_scores=values.coalition_scores,
    )


@dataclass(frozen=True)
class ChangeValues:
    """What the trees say of a change from z to x: (n,), (n,), (n, n_drivers), (n, 2**n_factors), all log-odds."""

    score_before: FloatArray
    score_after: FloatArray
    contributions: FloatArray
    coalition_scores: FloatArray


def change_values(
    forest: OrdinalForest, catalogue: Catalogue, x: FloatArray, z: FloatArray, tier: IntArray, *, n_jobs: int = -1
) -> ChangeValues:
    """Owen values and all coalitions of the change in the score of keeping ``tier`` (n,) from z to x.

    Parameters
    ----------
    forest : OrdinalForest
    catalogue : Catalogue
    x, z : float64 arrays, (n, n_features)
        Equal in the states.
    tier : int64 array, (n,)
        Tiers in force, at least 1.

    Raises
    ------
    CreditModelError
        Contributions do not sum to the change of the deployed score (checked for every row).
    """
    rows_x, rows_z = forest.rows(x, tier - 1), forest.rows(z, tier - 1)
    driver = driver_columns(catalogue)
    group = np.full(rows_x.shape[1], -1, dtype=np.int64)  # states and thresholds are equal in both rows
    group[driver] = catalogue.factor_index
    changes = ensemble_changes(forest.trees, rows_x, rows_z, group, len(catalogue.factor_ids), n_jobs=n_jobs)
    contributions = np.ascontiguousarray(changes.owen_values[:, driver])
    error = np.abs(contributions.sum(axis=1) - (changes.score_x - changes.score_z)).max(initial=0.0)
    if error > EXACTNESS:
        raise CreditModelError(
            f"contributions must sum to the change of the deployed score within {EXACTNESS:g}, found {error:g}; "
            "the states differ between the rows that are compared, or the model is damaged"
        )
    return ChangeValues(changes.score_z, changes.score_x, contributions, changes.coalition_scores)
