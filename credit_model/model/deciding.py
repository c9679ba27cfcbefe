"""How a score decides limits: `CutOffs` of the score alone, or a `Grid` of the score by a second feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import logit

from credit_model.arrays import FloatArray
from credit_model.errors import CreditModelError

Worse = Literal["higher", "lower"]
#: A line that no score reaches, or every one, so many of its own units away: trees hold finite numbers.
FAR = 1e6


@dataclass(frozen=True)
class CutOffs:
    """A tier for every interval of the score.

    Attributes
    ----------
    at : sequence of float, (n_tiers - 1,)
        The score from which on each tier above the lowest is given, in order of the tiers: rising where a higher score
        is better; falling where it is worse, of a probability of default, say. A score on a line has the better tier.
    of : "score" or "probability"
        Of a model in log-odds, whether ``at`` are such scores, or probabilities.

    Examples
    --------
    >>> CutOffs([0.20, 0.08, 0.02], of="probability").n_tiers
    4
    """

    at: Sequence[float]
    of: Literal["score", "probability"] = "score"

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return len(self.at) + 1

    @property
    def column(self) -> str | None:
        """The second feature; there is none."""
        return None

    @property
    def edges(self) -> FloatArray:
        """Edges of the second feature: none."""
        return np.empty(0)

    def lines(self, worse: Worse, unit: str) -> FloatArray:
        """The score at which each tier is just given, as it counts in trees: (n_tiers - 1, 1), rising.

        A model of which more is worse is turned round: its score and its lines are negative.

        Raises
        ------
        CreditModelError
            The lines are not in the order of the tiers, or no scores of such a model.
        """
        lines = _in_units(self.at, self.of, unit)
        sign = -1 if worse == "higher" else 1
        order = "falling" if worse == "higher" else "rising"
        if len(lines) < 1 or not np.isfinite(lines).all() or not (np.diff(sign * lines) > 0).all():
            raise CreditModelError(
                f"cut-offs must be {order} numbers, one a tier above the lowest, since {worse} is worse; got "
                f"{list(self.at)}"
            )
        return np.asarray(sign * lines)[:, None]


@dataclass(frozen=True)
class Grid:
    """A tier for every cell of a table: intervals of the score by intervals of a second feature.

    Attributes
    ----------
    at : sequence of float, (n_rows - 1,)
        Between the rows of ``tiers``: rising scores.
    column : str
        The second feature's id.
    edges : sequence of float, (n_columns - 1,)
        Between the columns of ``tiers``: rising values; one on an edge belongs to the lower interval, as does a missing
        one to the first.
    tiers : sequence of sequences of int, (n_rows, n_columns)
        The rows in the order of rising scores. Down a column the tier only falls where a higher score is worse, and
        only rises where it is better.
    of : "score" or "probability"
        As of `CutOffs`.

    Examples
    --------
    >>> grid = Grid([0.05, 0.15], "income", [3000], [[2, 3], [1, 2], [0, 0]], of="probability")
    >>> grid.n_tiers
    4
    """

    at: Sequence[float]
    column: str
    edges: Sequence[float]
    tiers: Sequence[Sequence[int]]
    of: Literal["score", "probability"] = "score"

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return int(np.max(self.tiers)) + 1

    def lines(self, worse: Worse, unit: str) -> FloatArray:
        """As of `CutOffs`, a column for each interval of the second feature: (n_tiers - 1, n_columns).

        Raises
        ------
        CreditModelError
            The table has another shape, edges do not rise, or a tier goes the wrong way.
        """
        at, edges, tiers = _in_units(self.at, self.of, unit), np.asarray(self.edges, float), np.asarray(self.tiers)
        if tiers.shape != (len(at) + 1, len(edges) + 1) or not np.issubdtype(tiers.dtype, np.integer):
            raise CreditModelError(
                f"a grid must have a row for each of {len(at) + 1} intervals of the score and a column for each of "
                f"{len(edges) + 1} of {self.column}, with whole numbers of tiers; got an array of shape {tiers.shape}"
            )
        rises = all((np.diff(own) > 0).all() and np.isfinite(own).all() for own in (at, edges))
        sign = -1 if worse == "higher" else 1
        if not rises or tiers.min() < 0 or not (sign * np.diff(tiers, axis=0) >= 0).all():
            way = "fall" if worse == "higher" else "rise"
            raise CreditModelError(
                f"a grid's scores and edges must rise, and its tiers only {way} as the score rises, since {worse} is "
                f"worse; got scores {list(self.at)}, edges {list(self.edges)}, tiers {tiers.tolist()}"
            )
        ordered, at = (tiers[::-1], -at[::-1]) if worse == "higher" else (tiers, at)
        bounds = np.concatenate([[-FAR], at])  # where each row of ``ordered`` begins
        lines = np.full((self.n_tiers - 1, tiers.shape[1]), FAR)
        for k in range(len(lines)):
            for c in range(tiers.shape[1]):
                given = np.flatnonzero(ordered[:, c] > k)
                if len(given):
                    lines[k, c] = bounds[given[0]]
        return lines


def _in_units(at: Sequence[float], of: str, unit: str) -> FloatArray:
    values = np.asarray(at, dtype=np.float64)
    if of not in ("score", "probability"):
        raise CreditModelError(f"of must be 'score' or 'probability', got {of!r}")
    if of == "score" or unit == "probability":
        return values
    if unit != "log_odds":
        raise CreditModelError(f"cut-offs of probabilities need a score that is one or log-odds, and it is {unit!r}")
    if not ((values > 0) & (values < 1)).all():
        raise CreditModelError(f"cut-offs of probabilities must lie between 0 and 1, got {values.tolist()}")
    return np.asarray(logit(values))
