"""How far the model supports a cut: expected, raised or unexplained; the thresholds are stated here and nowhere else.

The risk is the probability of losing the tier in force. A cut is

- **expected** where the model itself would not have kept the limit: its risk is at least `SupportRule.expected_risk`;
- **raised** where the risk has at least doubled since the reference, so that more likely than not the change is behind
  it (the attributable fraction 1 - before/after is at least one half), *and* is high beside what the portfolio is used
  to: at least `SupportRule.times_usual` times the share of all decisions that end in a cut;
- **unexplained** otherwise.

"Doubled" alone would flag a quarter to a third of the decisions that keep the limit, and the line at one half next to
no cut of a portfolio in which cuts are rare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError

Support = Literal["expected", "raised", "unexplained"]
#: Why a cut is unexplained: its risk is not high beside the usual, has not risen enough, a wave or a month effect
#: outweighs it, or what it takes to tell is not known.
Shortfall = Literal["", "not_high", "not_risen", "outweighed", "month_effect", "unknown"]
SUPPORT_LEVELS: tuple[Support, ...] = get_args(Support)

#: Edges between the risks whose decisions are counted together.
_RISK_EDGES = np.array([0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
                        0.8, 0.9, 1.0])  # fmt: skip
#: Fewest decisions that are counted together, so that a frequency says something.
LEAST_DECISIONS = 50


#: Beyond this a threshold is never reached.
_MOST_TIMES = 1e9


@dataclass(frozen=True)
class SupportRule:
    """The thresholds of the support levels.

    Parameters
    ----------
    expected_risk : float in (0, 1), default 0.5
        From this risk on a cut is expected.
    times_reference : float >= 1, default 2
        A raised risk is at least so many times the one at the reference.
    times_usual : float >= 1, default 3
        A raised risk is at least so many times the portfolio's usual rate of cuts.

    Raises
    ------
    CreditModelError
        A threshold is out of its range.
    """

    expected_risk: float = 0.5
    times_reference: float = 2.0
    times_usual: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.expected_risk < 1:
            raise CreditModelError(f"expected_risk must fulfil 0 < expected_risk < 1, got {self.expected_risk!r}")
        for name in ("times_reference", "times_usual"):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.number) or not 1 <= value <= _MOST_TIMES:
                raise CreditModelError(f"{name} must be a finite number >= 1, got {value!r}")

    def levels(
        self, keep_score_before: FloatArray, keep_score_after: FloatArray, has_reference: BoolArray, usual_risk: float
    ) -> NDArray[np.object_]:
        """The support of each of n cuts, or of decisions that kept the limit: (n,) of `SUPPORT_LEVELS`.

        Parameters
        ----------
        keep_score_before, keep_score_after : float64 arrays, (n,), log-odds
            At the reference and at the decision.
        has_reference : bool array, (n,)
            Without one nothing can be raised.
        usual_risk : float
            Share of decisions that end in a cut; NaN: not known, and nothing is raised.
        """
        expected = keep_score_after < self.expected_line
        raised = has_reference & (keep_score_after < self.raised_line(keep_score_before, usual_risk))
        return np.where(expected, "expected", np.where(raised, "raised", "unexplained")).astype(object)

    def shortfall(self, risk_before: float, risk_after: float, usual_risk: float) -> Shortfall:
        """What keeps a cut that is not expected from counting as raised; "" where nothing does.

        Parameters
        ----------
        risk_before, risk_after : float
            ``risk_before`` is NaN without a reference.
        usual_risk : float
            NaN: not known.
        """
        if usual_risk != usual_risk or risk_before != risk_before:
            return "unknown"
        if risk_after < self.times_usual * usual_risk:
            return "not_high"
        return "not_risen" if risk_after < self.times_reference * risk_before else ""

    @property
    def expected_line(self) -> float:
        """The keep score below which a cut is expected, log-odds."""
        return float(-logit(self.expected_risk))

    def raised_line(self, keep_score_before: FloatArray, usual_risk: float) -> FloatArray:
        """The keep score below which a risk counts as raised: (n,), log-odds; -inf where none can, or is unknown."""
        least = np.maximum(self.times_reference * expit(-keep_score_before), self.times_usual * usual_risk)
        with np.errstate(invalid="ignore", divide="ignore"):
            line = np.where(least < 1, -logit(np.minimum(least, 1.0)), -np.inf)
        # A risk that is exactly so many times the other one counts as raised.
        return np.where(np.isfinite(line), np.nextafter(line, np.inf), -np.inf)


@dataclass(frozen=True)
class Frequency:
    """How often held-out decisions of about the same risk ended in a cut.

    Attributes
    ----------
    low, high : float
        The risks of these decisions lie in [low, high].
    n, n_cut : int
        These decisions, and those of them that ended in a cut.
    """

    low: float
    high: float
    n: int
    n_cut: int

    @property
    def share(self) -> float:
        """Share of these decisions that ended in a cut."""
        return self.n_cut / self.n


@dataclass(frozen=True)
class HeldOutRisk:
    """What became of decisions that the model was not fitted on, by the risk that it gave them.

    Attributes
    ----------
    usual : float
        Share of all decisions of the training portfolio that ended in a cut.
    edges : float64 array, (n_bins + 1,)
        Risks that part the bins, increasing from 0 to 1.
    n, n_cut : int64 arrays, (n_bins,)
        Decisions in each bin, and cuts among them; shares do not fall from one bin to the next.
    """

    usual: float
    edges: FloatArray
    n: IntArray
    n_cut: IntArray

    @classmethod
    def of_decisions(
        cls, risk: FloatArray, fell: BoolArray, *, usual: float, weight: FloatArray | None = None
    ) -> HeldOutRisk:
        """Count decisions (n,) by risk; bins too small, or whose share falls, are joined with their neighbours.

        Those with a weight (n,) stand for so many, and their sums are rounded; None: each for itself.
        """
        place = np.clip(np.searchsorted(_RISK_EDGES, risk, side="right") - 1, 0, len(_RISK_EDGES) - 2)
        weight = np.ones(len(risk)) if weight is None else weight
        n, n_cut = (
            np.rint(np.bincount(place, weights=each, minlength=len(_RISK_EDGES) - 1)).astype(np.int64)
            for each in (weight, weight * fell)
        )
        bins = _pooled(_gathered(n.tolist(), n_cut.tolist()))
        return cls(
            usual=float(usual),
            edges=np.array([0.0, *(one.upper for one in bins)]),
            n=np.array([one.n for one in bins], dtype=np.int64),
            n_cut=np.array([one.n_cut for one in bins], dtype=np.int64),
        )

    def as_record(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"usual": self.usual, "edges": self.edges.tolist(), "n": self.n.tolist(), "n_cut": self.n_cut.tolist()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> HeldOutRisk:
        """Undo `as_record`.

        Raises
        ------
        ValueError, KeyError, TypeError
            The record is none.
        """
        edges, n, n_cut = (np.asarray(record[name]) for name in ("edges", "n", "n_cut"))
        usual = float(record["usual"])
        rising = edges.ndim == 1 and len(edges) == len(n) + 1 > 1 and bool((np.diff(edges) > 0).all())
        counted = all(np.issubdtype(count.dtype, np.integer) and count.shape == n.shape for count in (n, n_cut))
        if not (rising and edges[0] == 0 and edges[-1] == 1 and counted and 0 <= usual <= 1):
            raise ValueError("the record of held-out decisions does not fit together")
        if (n_cut > n).any() or (n_cut < 0).any():
            raise ValueError("the record of held-out decisions does not fit together, it must count 0 <= n_cut <= n")
        return cls(usual, edges.astype(np.float64), n.astype(np.int64), n_cut.astype(np.int64))

    def frequency(self, risk: float) -> Frequency | None:
        """Of the decisions with about this risk; None where none is known, or ``risk`` is NaN."""
        return self.frequencies_of(np.array([risk]))[0]

    def frequencies_of(self, risk: FloatArray) -> list[Frequency | None]:
        """Of the decisions with about each of n risks (n,); None where none is known, or the risk is NaN."""
        if not self.n.sum():
            return [None] * len(risk)
        edges = self.edges.tolist()
        bins = map(Frequency, edges[:-1], edges[1:], self.n.tolist(), self.n_cut.tolist())
        known: list[Frequency | None] = [*bins, None]
        place = np.clip(np.searchsorted(self.edges, risk, side="right") - 1, 0, len(self.n) - 1)
        return [known[b] for b in np.where(np.isnan(risk), len(self.n), place).tolist()]

    def frequencies(self, risk: FloatArray) -> FloatArray:
        """Observed shares of cuts at risks (n,): (n,); NaN where none is known."""
        return np.array([np.nan if f is None else f.share for f in self.frequencies_of(risk)], dtype=np.float64)


class _Bin(NamedTuple):
    """Decisions with risks up to ``upper``, and the cuts among them."""

    upper: float
    n: int
    n_cut: int

    def with_lower(self, other: _Bin) -> _Bin:
        return _Bin(self.upper, self.n + other.n, self.n_cut + other.n_cut)


def _gathered(n: list[int], n_cut: list[int]) -> list[_Bin]:
    """Bins of at least `LEAST_DECISIONS` decisions, gathered from the highest risks down; the lowest takes the rest."""
    gathered: list[_Bin] = []
    open_bin: _Bin | None = None
    for upper, count, cut in reversed(list(zip(_RISK_EDGES[1:].tolist(), n, n_cut, strict=True))):
        here = _Bin(upper, count, cut)
        open_bin = here if open_bin is None else open_bin.with_lower(here)
        if open_bin.n >= LEAST_DECISIONS:
            gathered.append(open_bin)
            open_bin = None
    if open_bin is not None:
        gathered = [*gathered[:-1], gathered[-1].with_lower(open_bin)] if gathered else [open_bin]
    return gathered[::-1]


def _pooled(bins: list[_Bin]) -> list[_Bin]:
    """Neighbours are pooled until shares of cuts rise with the risk (pool adjacent violators)."""
    pooled: list[_Bin] = []
    for one in bins:
        pooled.append(one)
        while len(pooled) > 1 and pooled[-1].n_cut * pooled[-2].n < pooled[-2].n_cut * pooled[-1].n:
            last = pooled.pop()
            pooled[-1] = last.with_lower(pooled[-1])
    return pooled


def support_table(support: NDArray[np.object_], fell: BoolArray) -> pd.DataFrame:
    """Cuts and kept decisions by support level: what supporting cuts costs in decisions that kept the limit.

    Parameters
    ----------
    support : str array, (n,)
        Of `SUPPORT_LEVELS`, for decisions whose tier can fall.
    fell : bool array, (n,)

    Returns
    -------
    DataFrame
        One row a level, and "supported" for the first two together; columns cuts, share_of_cuts, kept,
        share_of_kept.

    Examples
    --------
    >>> table = support_table(np.array(["raised", "unexplained"], dtype=object), np.array([True, False]))
    >>> table.loc["supported"].tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    members: dict[str, BoolArray] = {level: np.asarray(support == level) for level in SUPPORT_LEVELS}
    members = {"supported": members["expected"] | members["raised"], **members}
    order = ("expected", "raised", "supported", "unexplained")
    cuts = [int((members[name] & fell).sum()) for name in order]
    kept = [int((members[name] & ~fell).sum()) for name in order]
    n_cut, n_kept = int(fell.sum()), int((~fell).sum())
    return pd.DataFrame(
        {
            "cuts": cuts,
            "share_of_cuts": np.array(cuts) / n_cut if n_cut else np.nan,
            "kept": kept,
            "share_of_kept": np.array(kept) / n_kept if n_kept else np.nan,
        },
        index=pd.Index(order, name="support"),
    )
