"""Looks again: the frozen model on the frozen months, with nothing but the corrected cells replaced.

Old and new score go through the same snapshots and the same trees as any decision, and their difference is told
exactly, by factor: pairwise Owen values between the snapshot as decided and the corrected one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

import numpy as np

from credit_model.act.appeals.evidence import months_read
from credit_model.act.appeals.frozen import Cell, Frozen, check_same_model, frozen_snapshots
from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import AppealError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.explaining import as_decreases, change_values, changes_of_rows
from credit_model.explain.pairs import driver_columns, pair_with_reference, reference_features, sum_by_factor
from credit_model.explain.support import SupportRule
from credit_model.fitted_model import FittedModel
from credit_model.model.bag import Bag
from credit_model.model.forest import predicted_tier
from credit_model.portfolio.snapshots import Snapshots

Recommendation = Literal["uphold", "reinstate", "partly"]
#: Cells that are named because further evidence about them would matter most.
MOST_NAMED = 5
#: Smaller gains are none, log-odds.
_LEAST_GAIN = 1e-6


@dataclass(frozen=True)
class Restoring:
    """A cell, or all cells of a column in the decision's windows, and what it would do to have it as it once was.

    Attributes
    ----------
    column : str
    month : int or None
        None: all months of the windows.
    value : float
        The borrower's own, from when the limit was set.
    gain : float
        How much the score would rise, log-odds.
    crosses : bool
        That alone would bring it over the line.
    """

    column: str
    month: int | None
    value: float
    gain: float
    crosses: bool


@dataclass(frozen=True)
class Evaluation:
    """What the frozen model says of the corrected months.

    Attributes
    ----------
    score_before, score_after : float
        Log-odds of having the tier that is asked for: as decided, and corrected.
    line : float
        The score from which on it is had; NaN: the model did not support the cut in the first place.
    by_factor, by_feature : dict of str to float
        What moved the score, log-odds; both sum to ``score_after - score_before``.
    support_before, support_after : str
        Of the cut; "" of a rise.
    tier_before, tier_after : int
        The tier that the model gives, as decided and corrected.
    limit_before, limit_after : float
        The lowest amounts of these tiers.
    n_fits, n_cross : int
        The fits that count, and those that are over the line by themselves.
    further : tuple of Restoring
        What further evidence would matter most, the largest first.
    limit_in_force, limit_asked : float
        Of the decision: the limit after it, and the one that is asked for.
    """

    score_before: float
    score_after: float
    line: float
    by_factor: dict[str, float]
    by_feature: dict[str, float]
    support_before: str
    support_after: str
    tier_before: int
    tier_after: int
    limit_before: float
    limit_after: float
    n_fits: int
    n_cross: int
    further: tuple[Restoring, ...]
    limit_in_force: float = -math.inf
    limit_asked: float = math.inf

    @property
    def crosses(self) -> bool:
        """The corrected score is over the line, or the cut had no support to lose."""
        return math.isnan(self.line) or self.score_after >= self.line

    @property
    def recommendation(self) -> Recommendation:
        """What follows from the numbers alone; a person decides.

        ``reinstate`` over the line; ``partly`` where the correction brings a higher tier whose limit lies between the
        one in force and the one that is asked for.
        """
        if self.crosses:
            return "reinstate"
        is_between = self.limit_in_force < self.limit_after < self.limit_asked
        return "partly" if is_between and self.tier_after > self.tier_before else "uphold"

    @property
    def leading_factor(self) -> str:
        """The factor that the correction moved most; "" for none."""
        name = max(self.by_factor, key=lambda factor: abs(self.by_factor[factor]), default="")
        return name if name and self.by_factor[name] else ""

    def as_record(self) -> dict[str, Any]:
        """Everything, as JSON holds it."""
        return asdict(self) | {
            "line": None if math.isnan(self.line) else self.line,
            "further": [asdict(one) for one in self.further],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """What `as_record` gave."""
        line = (
            math.nan if record["line"] is None else record["line"]
        )  # records of before have no limits of the decision
        return cls(**{**record, "line": line, "further": tuple(Restoring(**one) for one in record["further"])})


def evaluate(
    fitted: FittedModel, rule: SupportRule, frozen: Frozen, cells: Mapping[Cell, float], *, digest: str
) -> Evaluation:
    """Evaluate a decision again with some cells corrected.

    Parameters
    ----------
    fitted : FittedModel
        The model of the decision.
    rule : SupportRule
    frozen : Frozen
    cells : mapping of (column, month) to float
    digest : str
        The model's, from `model_digest`, which takes longer than the evaluation.

    Raises
    ------
    AppealError
        The model or its catalogue is another than at the decision, or no longer gives its score.
    """
    check_same_model(frozen, fitted, digest)
    snapshots = frozen_snapshots(fitted, frozen, [{}, cells])
    row = (snapshots.history.starts[1:] - 1).astype(np.int64)
    tier, weight = np.full(1, frozen.tier, dtype=np.int64), frozen.weights(1)
    X, catalogue = snapshots.X[row], fitted.catalogue
    change = change_values(fitted.bag, catalogue, X[[1]], X[[0]], tier, weight, n_jobs=1)
    score = float(change.score_before[0])
    if score != frozen.score:
        raise AppealError(
            f"the model gives the decision the score {score!r}, and gave it {frozen.score!r} then; "
            "give the folder of the model that decided, on the same kind of machine"
        )
    tiers = predicted_tier(fitted.bag.survival_scores(X, frozen.weights(2), n_jobs=1))
    factors = sum_by_factor(catalogue, change.contributions)[0].tolist()
    corrected = float(change.score_after[0])
    fits = _by_fit(fitted.bag, X[[1]], tier, weight)
    line = -math.inf if math.isnan(frozen.line) else frozen.line
    return Evaluation(
        score_before=score,
        score_after=corrected,
        line=frozen.line,
        by_factor=dict(zip(catalogue.factor_ids, factors, strict=True)),
        by_feature=dict(zip(catalogue.driver_names, change.contributions[0].tolist(), strict=True)),
        support_before=frozen.support,
        support_after="" if frozen.is_rise else str(_cut(fitted, rule, frozen, snapshots, row[[1]]).support[0]),
        tier_before=int(tiers[0]),
        tier_after=int(tiers[1]),
        limit_before=float(fitted.ladder.amount_of(tiers)[0]),
        limit_after=float(fitted.ladder.amount_of(tiers)[1]),
        n_fits=len(fits),
        n_cross=int((fits >= line).sum()),
        further=_further(fitted, frozen, snapshots, row[1], cells, corrected),
        limit_in_force=frozen.limit_after,
        limit_asked=frozen.limit_asked,
    )


def _by_fit(bag: Bag, X: FloatArray, tier: IntArray, weight: FloatArray | None) -> FloatArray:
    """The score of each fit that counts: (n_fits,)."""
    counted = [fit for b, fit in enumerate(bag.fits) if weight is None or weight[0, b] > 0]
    return np.array([fit.keep_score(X, tier, n_jobs=1)[0] for fit in counted])


def corrected_cut(
    fitted: FittedModel, rule: SupportRule, frozen: Frozen, cells: Mapping[Cell, float]
) -> DecreaseExplanations:
    """The explanation of a cut on the corrected months: what a notice would tell of it, had they been on record.

    Parameters
    ----------
    fitted : FittedModel
    rule : SupportRule
    frozen : Frozen
        Of a cut.
    cells : mapping of (column, month) to float
    """
    snapshots = frozen_snapshots(fitted, frozen, [cells])
    row = (snapshots.history.starts[1:] - 1).astype(np.int64)
    ids = np.array([frozen.borrower_id], dtype=object)
    return replace(_cut(fitted, rule, frozen, snapshots, row), borrower_id=ids)


def rise_held_back(
    fitted: FittedModel, rule: SupportRule, frozen: Frozen, cells: Mapping[Cell, float]
) -> DecreaseExplanations:
    """What speaks against the higher tier, compared with the customers whose limit was raised.

    Read as the loss of that tier, so that a notice's machinery tells its reasons. Where too few were raised to compare
    with, what has moved against it since the limit in force was set. (Borrowers who hold that tier are no measure: seen
    from a lower tier in force, their scores are lower still, since limits seldom move.)

    Parameters
    ----------
    fitted : FittedModel
    rule : SupportRule
    frozen : Frozen
        Of a rise.
    cells : mapping of (column, month) to float
    """
    snapshots = frozen_snapshots(fitted, frozen, [cells])
    row = (snapshots.history.starts[1:] - 1).astype(np.int64)
    tier = snapshots.tier_before.copy()
    tier[row] = frozen.tier  # the states in X stay the borrower's own
    compare = _cut if frozen.typical is None else _against_typical
    found = compare(fitted, rule, frozen, replace(snapshots, tier_before=tier), row)
    return replace(found, borrower_id=np.array([frozen.borrower_id], dtype=object))


def _against_typical(
    fitted: FittedModel, rule: SupportRule, frozen: Frozen, snapshots: Snapshots, row: IntArray
) -> DecreaseExplanations:
    """The explanation of a row (1,) against what is typical of those who were raised, the row's states its own."""
    pairs = pair_with_reference(snapshots, row, "last_set")
    pairs = replace(pairs, reference_row=row, censored=np.zeros(1, dtype=bool))
    x = snapshots.X[row]
    z = x.copy()
    z[:, driver_columns(fitted.catalogue)] = frozen.typical
    changes = changes_of_rows(
        fitted.bag, snapshots, x, z, pairs, reference="raised", model_version=fitted.version,
        weight=frozen.weights(1), seen=fitted.seen, n_jobs=1,
    )  # fmt: skip
    return as_decreases(changes, snapshots, row, rule=rule, held_out=fitted.held_out)


def _cut(
    fitted: FittedModel, rule: SupportRule, frozen: Frozen, snapshots: Snapshots, row: IntArray
) -> DecreaseExplanations:
    """The explanation of a cut at a row (1,), with the wave and the month effect that the whole panel showed."""
    pairs = pair_with_reference(snapshots, row, "last_set" if frozen.reference == "peers" else frozen.reference)
    changes = changes_of_rows(
        fitted.bag, snapshots, snapshots.X[row], reference_features(snapshots, pairs), pairs,
        reference=frozen.reference, model_version=fitted.version, weight=frozen.weights(1), seen=fitted.seen, n_jobs=1,
    )  # fmt: skip
    decrease = as_decreases(changes, snapshots, row, rule=rule, held_out=fitted.held_out)
    waves = np.full(1, None, dtype=object)
    waves[0] = frozen.wave
    return replace(decrease, waves=waves, month_effect=np.array([frozen.month_effect]))


def _further(
    fitted: FittedModel, frozen: Frozen, snapshots: Snapshots, row: int, cells: Mapping[Cell, float], score: float
) -> tuple[Restoring, ...]:
    """The cells that would raise the corrected score most, had they the value of when the limit was set."""
    pairs = pair_with_reference(snapshots, np.array([row]), "last_set")
    reference = int(pairs.reference_row[0])
    if reference < 0:
        return ()
    at = reference - int(snapshots.history.starts[1])
    then = last_known_row(frozen.month_number, at, fitted.catalogue.decision_lag)
    tried = list(_candidates(fitted, frozen, then, cells))
    if not tried:
        return ()
    longest = max(feature.window for feature in fitted.catalogue.drivers) + fitted.catalogue.decision_lag + 1
    versions = [{**cells, **dict.fromkeys(own, value)} for _, _, value, own in tried]
    found = frozen_snapshots(fitted, frozen, versions, last=longest)
    X = found.X[found.history.starts[1:] - 1]
    tier = np.full(len(tried), frozen.tier, dtype=np.int64)
    gain = fitted.bag.keep_score(X, tier, frozen.weights(len(tried)), n_jobs=1) - score
    order = np.argsort(-gain, kind="stable")[:MOST_NAMED]
    return tuple(
        Restoring(tried[i][0], tried[i][1], tried[i][2], float(gain[i]), bool(score + gain[i] >= frozen.line))
        for i in order.tolist()
        if gain[i] > _LEAST_GAIN
    )


def last_known_row(month_number: IntArray, row: int, lag: int) -> int:
    """The row of the last month that a decision at a row knew, of a borrower whose months may have gaps.

    >>> last_known_row(np.array([1, 2, 3, 7]), 3, 2), last_known_row(np.array([4, 5]), 0, 1)
    (2, 0)
    """
    return max(int(np.searchsorted(month_number, month_number[row] - lag, side="right")) - 1, 0)


def _candidates(
    fitted: FittedModel, frozen: Frozen, then: int, cells: Mapping[Cell, float]
) -> Iterator[tuple[str, int | None, float, list[Cell]]]:
    """Each cell of the windows that a document may correct, and each column's cells together, with its value then."""
    catalogue = fitted.catalogue
    known = set(frozen.month_number.tolist())
    for column in dict.fromkeys(name for kind in catalogue.documents for name in kind.columns):
        at_then = (column, int(frozen.month_number[then]))
        value = float(cells.get(at_then, frozen.cells[column][then]))
        months = sorted(months_read(catalogue, column, frozen.month) & known)
        if math.isnan(value):
            continue
        open_cells = [(column, month) for month in months if (column, month) not in cells]
        differ = [cell for cell in open_cells if frozen.cells[column][frozen.row_of(cell[1]) or 0] != value]
        for cell in differ:
            yield column, cell[1], value, [cell]
        if len(differ) > 1:
            yield column, None, value, differ
