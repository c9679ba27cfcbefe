"""Explains changes of the keep score between snapshots, exactly, by driver and by factor."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.month_effects import NO_EFFECTS
from credit_model.explain.pairs import SnapshotPairs, driver_columns, reference_features, sum_by_factor
from credit_model.explain.quantities import Quantities, moved_against
from credit_model.explain.seen import Seen
from credit_model.explain.shares import SharesOfFits
from credit_model.explain.support import HeldOutRisk, SupportRule
from credit_model.explain.waves import Waves
from credit_model.model.bag import Bag
from credit_model.model.forest import OrdinalForest
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.snapshots import Snapshots
from credit_model.trees.owen import ensemble_changes

#: Most by which contributions may miss the change of the deployed score, in log-odds.
EXACTNESS = 1e-9


def explain_changes(
    forest: Bag | OrdinalForest,
    snapshots: Snapshots,
    pairs: SnapshotPairs,
    *,
    reference: str,
    model_version: str,
    weight: FloatArray | None = None,
    seen: Seen | None = None,
    n_jobs: int = -1,
) -> ChangeExplanations:
    """Explain why each row's keep score differs from its reference's.

    Parameters
    ----------
    forest : Bag or OrdinalForest
        Fitted on the features of ``snapshots.catalogue``.
    snapshots : Snapshots
    pairs : SnapshotPairs
        Rows whose tier in force is at least 1.
    reference, model_version : str
        Recorded in the result.
    weight : float64 array, (n, n_fits), optional
        Of each fit of a bag in each row's mean; None: all alike.
    seen : Seen, optional
        What the model has seen; None: everything.
    n_jobs : int
        Threads; the result does not depend on it.
    """
    x, z = snapshots.X[pairs.row], reference_features(snapshots, pairs)
    return changes_of_rows(
        forest,
        snapshots,
        x,
        z,
        pairs,
        reference=reference,
        model_version=model_version,
        weight=weight,
        seen=seen,
        n_jobs=n_jobs,
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
    effects = NO_EFFECTS if waves is None else waves.effects
    return DecreaseExplanations(
        **shared,
        ladder=snapshots.ladder,
        limit_after=snapshots.limit_after[row],
        tier_after=snapshots.tier_after[row],
        rule=rule or SupportRule(),
        held_out=held_out,
        waves=np.full(len(row), None, dtype=object) if waves is None else waves.of_rows(row),
        month_effect=effects.since(changes.reference_month_number, changes.month_number),
    )


def changes_of_rows(
    forest: Bag | OrdinalForest,
    snapshots: Snapshots,
    x: FloatArray,
    z: FloatArray,
    pairs: SnapshotPairs,
    *,
    reference: str,
    model_version: str,
    weight: FloatArray | None = None,
    seen: Seen | None = None,
    n_jobs: int = -1,
) -> ChangeExplanations:
    """Explain rows ``x`` (n, n_features) against rows ``z`` of the same shape; `explain_changes` finds z itself."""
    row, history = pairs.row, snapshots.history
    tier = snapshots.tier_before[row]
    values = change_values(forest, snapshots.catalogue, x, z, tier, weight, n_jobs=n_jobs)
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
        fits_led=values.fits_led,
        fits_headed=values.fits_headed,
        fits_lowered=values.fits_lowered,
        n_fits=values.n_fits,
        share_spread=values.share_spread,
        **({} if seen is None else {"unseen": seen.unseen_driver(snapshots.catalogue, x, z, values.contributions)}),
    )


@dataclass(frozen=True)
class ChangeValues:
    """What the trees say of a change from z to x: (n,), (n,), (n, n_drivers), (n, 2**n_factors), all log-odds.

    Attributes
    ----------
    fits_led : int64 array, (n, n_factors)
        In how many of the fits that count a factor lowers the score most.
    fits_headed, fits_lowered : int64 arrays, (n, n_drivers)
        In how many of them a driver's quantity lowers the score most within its factor, and at all.
    n_fits : int64 array, (n,)
        How many fits count.
    share_spread : float64 array, (n, n_factors)
        Standard deviation over them of the factors' shares; NaN where they are too few.
    """

    score_before: FloatArray
    score_after: FloatArray
    contributions: FloatArray
    coalition_scores: FloatArray
    fits_led: IntArray
    fits_headed: IntArray
    fits_lowered: IntArray
    n_fits: IntArray
    share_spread: FloatArray


def change_values(
    forest: Bag | OrdinalForest,
    catalogue: Catalogue,
    x: FloatArray,
    z: FloatArray,
    tier: IntArray,
    weight: FloatArray | None = None,
    *,
    n_jobs: int = -1,
) -> ChangeValues:
    """Owen values and all coalitions of the change in the score of keeping ``tier`` (n,) from z to x.

    Parameters
    ----------
    forest : Bag or OrdinalForest
    catalogue : Catalogue
    x, z : float64 arrays, (n, n_features)
        Finite or NaN, and equal in the states.
    tier : int64 array, (n,)
        Tiers in force, 1 .. n_tiers - 1.
    weight : float64 array, (n, n_fits), optional
        Of each fit of a bag in each row's mean; None: all alike.
    n_jobs : int

    Raises
    ------
    CreditModelError
        A value breaks these rules, or contributions do not sum to the change of the deployed score (checked for
        every row).
    """
    x, z = _checked_features("x", x, catalogue), _checked_features("z", z, catalogue)
    _check_pairs(x, z, catalogue)
    bag = forest if isinstance(forest, Bag) else Bag((forest,))
    tier = _checked_tiers(tier, len(x), bag.n_tiers)
    driver, n_factors = driver_columns(catalogue), len(catalogue.factor_ids)
    fits_led, n_fits = np.zeros((len(x), n_factors), dtype=np.int64), np.zeros(len(x), dtype=np.int64)
    fits_headed, fits_lowered = (np.zeros((len(x), len(driver)), dtype=np.int64) for _ in range(2))
    shares = SharesOfFits(len(x), n_factors)
    quantities, against = Quantities(catalogue), moved_against(catalogue, z[:, driver], x[:, driver])

    def of_fit(fit: OrdinalForest, row: IntArray) -> FloatArray:
        """Of some rows: both scores, the contributions and the coalitions, side by side."""
        rows_x, rows_z = fit.rows(x[row], tier[row] - 1), fit.rows(z[row], tier[row] - 1)
        group = np.full(rows_x.shape[1], -1, dtype=np.int64)  # states and thresholds are equal in both rows
        group[driver] = catalogue.factor_index
        changes = ensemble_changes(fit.trees, rows_x, rows_z, group, n_factors, n_jobs=n_jobs)
        contributions = changes.owen_values[:, driver]
        by_factor = sum_by_factor(catalogue, contributions)
        shares.add(row, by_factor)
        leads = by_factor.argmin(axis=1) if len(row) else np.empty(0, dtype=np.int64)
        lowers = by_factor[np.arange(len(row)), leads] < 0
        fits_led[row[lowers], leads[lowers]] += 1
        heads, lowered = quantities.of_one_fit(contributions, against[row])
        fits_headed[row] += heads
        fits_lowered[row] += lowered
        n_fits[row] += 1
        return np.column_stack([changes.score_z, changes.score_x, contributions, changes.coalition_scores])

    values = bag.mean(len(x), weight, of_fit)
    before, after, contributions = values[:, 0], values[:, 1], np.ascontiguousarray(values[:, 2 : 2 + len(driver)])
    error = np.abs(contributions.sum(axis=1) - (after - before)).max(initial=0.0)
    if error > EXACTNESS:
        raise CreditModelError(
            f"contributions must sum to the change of the deployed score within {EXACTNESS:g}, found {error:g}; "
            "the states differ between the rows that are compared, or the model is damaged"
        )
    coalitions = np.ascontiguousarray(values[:, 2 + len(driver) :])
    counts = (fits_led, fits_headed, fits_lowered, n_fits)
    return ChangeValues(before.copy(), after.copy(), contributions, coalitions, *counts, shares.spread(n_fits))


def one_change(forest: Bag | OrdinalForest, catalogue: Catalogue, x: Any, z: Any, tier: Any) -> dict[str, float]:
    """The change between two rows (n_features,) by factor, as `LimitPredictor.explain_change` says."""
    x, z = (pd.DataFrame([row]) if isinstance(row, pd.Series) else np.atleast_2d(row) for row in (x, z))
    values = change_values(forest, catalogue, x, z, np.asarray([tier]), n_jobs=1)
    ids = catalogue.factor_ids
    factor = np.bincount(catalogue.factor_index, values.contributions[0], minlength=len(ids))
    return {
        "keep_score_before": float(values.score_before[0]),
        "keep_score_after": float(values.score_after[0]),
        **{name: float(v) for name, v in zip(ids, factor, strict=True)},
    }


def _checked_tiers(tier: Any, n: int, n_tiers: int) -> IntArray:
    given = np.asarray(tier)
    fits = given.shape == (n,) and (np.issubdtype(given.dtype, np.integer) or not given.size)
    if not fits or (given.size and not (given.min() >= 1 and given.max() < n_tiers)):
        found = f"{given.min()} .. {given.max()}" if fits else f"{given.dtype} of shape {given.shape}"
        raise CreditModelError(
            f"tier must hold one whole number in 1 .. {n_tiers - 1} for each of {n} rows, got {found}; "
            "give the tiers in force, the lowest of which cannot be lost"
        )
    return given.astype(np.int64)


def _checked_features(name: str, rows: Any, catalogue: Catalogue) -> FloatArray:
    """Rows (n, n_features) as float64; columns with names must have the catalogue's, in its order."""
    names = catalogue.feature_names
    if isinstance(rows, pd.DataFrame) and tuple(rows.columns) != names:
        differs = [f"{i}: {a!r}" for i, (a, b) in enumerate(zip(rows.columns, names, strict=False)) if a != b]
        raise CreditModelError(
            f"{name} must have the catalogue's {len(names)} features in order, got {rows.shape[1]} columns"
            f"{', the first that differs at ' + differs[0] if differs else ''}; "
            f"give {name}[list(catalogue.feature_names)]"
        )
    try:
        given = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CreditModelError(f"{name} must hold numbers, NaN where unknown ({error})") from None
    if given.ndim != 2 or given.shape[1] != len(names):
        raise CreditModelError(
            f"{name} must have a column for each of the catalogue's {len(names)} features, got shape {given.shape}; "
            "give them in the order of catalogue.feature_names"
        )
    if np.isinf(given).any():
        row, column = np.argwhere(np.isinf(given))[0]
        raise CreditModelError(
            f"{name} must be finite, or NaN where unknown, found {given[row, column]} in row {row}, "
            f"feature {names[column]!r}; correct it, or give NaN"
        )
    return np.ascontiguousarray(given)


def _check_pairs(x: FloatArray, z: FloatArray, catalogue: Catalogue) -> None:
    if x.shape != z.shape:
        raise CreditModelError(f"x and z must have the same shape, a row each, got {x.shape} and {z.shape}")
    for state in catalogue.state_names:
        column = catalogue.feature_names.index(state)
        mine, other = x[:, column], z[:, column]
        differs = np.flatnonzero((mine != other) & ~(np.isnan(mine) & np.isnan(other)))
        if len(differs):
            row = int(differs[0])
            raise CreditModelError(
                f"x and z must be equal in the state {state!r}, found {mine[row]:g} and {other[row]:g} in row {row}; "
                "give z the state of x (explain.pairs.reference_features does)"
            )
