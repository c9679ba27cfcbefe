"""In which direction each feature moves the limit: what its name says, held against the decisions in the data.

For every feature two standardised measures are taken over the decisions: how its ranks go with the limit's moves within
tiers, and the same beside the features of all other columns. A name's direction stays unless both clearly speak against
it; where the name says nothing, a direction is taken only if both clearly speak for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.draft.features import FeaturePlan, with_effect
from credit_model.draft.panel import ranks
from credit_model.portfolio.snapshots import Snapshots

#: Standard errors that speak against a name, that tell a direction where no name does, and that merely agree.
_CLEAR, _TELLS, _AGREES = 4.0, 2.0, 1.0
#: What speaks against a name that leaves little doubt, such as days past due.
_FIRM = 12.0
#: Decisions looked at, at most; weight of the ridge.
_MOST_ROWS, _RIDGE = 40_000, 0.02
#: A feature that all borrowers of a month share has only as many cases as there are months.
_FEW_VALUES_A_MONTH = 8


@dataclass(frozen=True)
class Evidence:
    """How each feature goes with the moves of the limit: (n_features,) standard errors from none.

    Attributes
    ----------
    alone, beside : float64 arrays
        By itself, and beside the features of all other columns; positive: higher values go with rises.
    """

    alone: FloatArray
    beside: FloatArray


def find_directions(features: Sequence[FeaturePlan], snapshots: Snapshots, lang: str) -> list[FeaturePlan]:
    """The features with directions that names and data agree on; "free", and marked, where they do not."""
    evidence = directions_in_data(snapshots)
    place = {name: i for i, name in enumerate(snapshots.catalogue.feature_names)}
    beside = {feature.id: float(evidence.beside[place[feature.id]]) for feature in features}
    found = [_decided(f, float(evidence.alone[place[f.id]]), beside[f.id], lang) for f in features]
    told = {_kind(f): f for f in found if f.effect != "free" and f.named == "free"}
    return [_as_its_like(feature, told.get(_kind(feature)), beside[feature.id], lang) for feature in found]


def _kind(feature: FeaturePlan) -> tuple[str, str, bool]:
    """Features of one kind say the same of a column: its level over a shorter or a longer window."""
    return feature.main, feature.denominator, feature.summary in ("change", "trend", "std", "months_since")


def _as_its_like(feature: FeaturePlan, like: FeaturePlan | None, beside: float, lang: str) -> FeaturePlan:
    """The feature with the direction of another one of its kind, where its own data do not speak against it."""
    if like is None or feature.effect != "free" or feature.named != "free" or feature.unit == "category":
        return feature
    sign = {"raises": 1, "lowers": -1}[like.effect]
    if feature.doubt or sign * beside < -_AGREES:
        return feature
    return with_effect(feature, like.effect, f"as {like.id}", lang)


def _decided(feature: FeaturePlan, alone: float, beside: float, lang: str) -> FeaturePlan:
    if feature.unit == "category":
        return feature
    sign = {"raises": 1, "lowers": -1, "free": 0}[feature.named]
    shown = f"{alone:+.0f} and {beside:+.0f} standard errors"
    least = _FIRM if feature.is_firm else _CLEAR
    if sign and min(sign * alone, sign * beside) < -least and max(sign * alone, sign * beside) < -least / 2:
        doubt = f'"{feature.named}" by its name, but the data say otherwise ({shown})'
        return with_effect(feature, "free", doubt, lang)
    if sign:
        return feature
    if abs(beside) >= _TELLS and alone * beside > 0 and abs(alone) >= _AGREES:
        effect = "raises" if beside > 0 else "lowers"
        return with_effect(feature, effect, f"from the data alone ({shown})", lang)
    return feature


def directions_in_data(snapshots: Snapshots) -> Evidence:
    """How the features go with the moves of the limit, over the decisions."""
    n_features = len(snapshots.catalogue.feature_names)
    row = np.flatnonzero(snapshots.is_decision & ~np.isnan(snapshots.limit_before)).astype(np.int64)
    move = np.sign(snapshots.limit_after - snapshots.limit_before)
    row = _thinned(row, move)
    if len(row) < 100 or not (move[row] != 0).any():
        return Evidence(np.zeros(n_features), np.zeros(n_features))
    groups = _groups(snapshots, row)
    y = _within(move[row], groups)
    X = np.stack([_within(ranks(snapshots.X[row, j]), groups) for j in range(n_features)], axis=1)
    spread = np.sqrt((X**2).mean(axis=0))
    X = X / np.where(spread > 1e-9, spread, np.inf)
    y = y / max(float(np.sqrt((y**2).mean())), 1e-12)
    n = len(row)
    with_move = (X * y[:, None]).sum(axis=0) / n
    gram = np.einsum("ij,ik->jk", X, X) / n + _RIDGE * np.eye(n_features)
    shrunk = _cases(snapshots, row, n)
    beside = _beside_other_columns(gram, with_move, snapshots)
    return Evidence(with_move * np.sqrt(n) * shrunk, beside * np.sqrt(n) * shrunk)


def _beside_other_columns(gram: FloatArray, with_move: FloatArray, snapshots: Snapshots) -> FloatArray:
    """Partial correlations with the move, each beside the features of all other columns: (n_features,)."""
    columns = [feature.column or feature.numerator or feature.id for feature in snapshots.catalogue.features]
    found = np.zeros(len(columns))
    for column in dict.fromkeys(columns):
        own = [j for j, name in enumerate(columns) if name == column]
        rest = np.array([j for j, name in enumerate(columns) if name != column], dtype=np.int64)
        inverse = _inverse(gram[np.ix_(rest, rest)])
        for j in own:
            weights = (inverse * gram[rest, j][None, :]).sum(axis=1)
            left = with_move[j] - float((weights * with_move[rest]).sum())
            spread = gram[j, j] - float((weights * gram[rest, j]).sum())
            found[j] = left / np.sqrt(max(spread, 1e-9))
    return found


def _thinned(row: IntArray, move: FloatArray) -> IntArray:
    """At most so many rows; those in which the limit moved stay."""
    stays = row[move[row] == 0]
    moves = row[move[row] != 0]
    stays = stays[:: max(1, len(stays) // _MOST_ROWS)]
    return np.sort(np.concatenate([stays, moves[:: max(1, len(moves) // _MOST_ROWS)]]))


def _groups(snapshots: Snapshots, row: IntArray) -> IntArray:
    """Decisions on the same tier: (n,)."""
    return np.asarray(np.maximum(snapshots.tier_before[row], 0), dtype=np.int64)


def _within(values: FloatArray, groups: IntArray) -> FloatArray:
    """Values (n,) less the mean of their group."""
    n = np.maximum(np.bincount(groups), 1)
    return np.asarray(values - (np.bincount(groups, weights=values) / n)[groups])


def _cases(snapshots: Snapshots, row: IntArray, n: int) -> FloatArray:
    """By what standard errors shrink for features that many borrowers of a month share: (n_features,)."""
    month = snapshots.month_number[row]
    n_months = len(np.unique(month))
    factor = np.ones(snapshots.X.shape[1])
    for j in range(len(factor)):
        cells = snapshots.X[row, j]
        known = ~np.isnan(cells)
        if not known.any():
            continue
        pairs = np.unique(np.stack([month[known].astype(np.float64), cells[known]], axis=1), axis=0)
        if len(pairs) <= _FEW_VALUES_A_MONTH * n_months and len(np.unique(pairs[:, 1])) > 0.6 * len(pairs):
            factor[j] = np.sqrt(len(pairs) / n)
    return factor


def _inverse(matrix: FloatArray) -> FloatArray:
    """The inverse of a positive definite matrix (p, p), by Gauss and Jordan, the same on every machine."""
    p = len(matrix)
    work = np.concatenate([matrix, np.eye(p)], axis=1)
    for j in range(p):
        work[j] /= work[j, j]
        factor = work[:, j].copy()
        factor[j] = 0.0
        work -= factor[:, None] * work[j][None, :]
    return work[:, p:]
