"""What a panel says of itself before anything is learnt from it: counts over borrowers, which add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder, distinct_limits
from credit_model.portfolio.months import MonthType
from credit_model.portfolio.snapshots import decisions_of, limits_around
from credit_model.portfolio.suspicions import (
    Falls,
    LagCounts,
    falls_of,
    lag_counts,
    returns_from_rises,
    set_before_the_records,
)


@dataclass(frozen=True)
class Findings:
    """Counts over a panel, or over some of its borrowers: those of others are added to them.

    Attributes
    ----------
    ladder : LimitLadder
    month_type : MonthType
    n_borrowers, n_rows : int
    first, last : int
        Numbers of the first and the last month.
    n_decisions : int
        After the warm-up.
    decided_tiers : frozenset of int
    falls : Falls
        Row numbers of some borrowers alone mean nothing for the panel.
    n_within_tier, n_set_before, n_returns : int
        Of the falls: those the ladder does not see, those of a limit set before the records begin, those that bring
        back the limit from before a rise.
    n_increases : int
        Of the tier.
    n_unknown, n_closed : int
        Months in which the limit is unknown, and in which the account is closed.
    missing : mapping of column to int
        Cells that hold nothing.
    lags : mapping of column to LagCounts
    """

    ladder: LimitLadder
    month_type: MonthType
    n_borrowers: int
    n_rows: int
    first: int
    last: int
    n_decisions: int
    decided_tiers: frozenset[int]
    falls: Falls
    n_within_tier: int
    n_set_before: int
    n_returns: int
    n_increases: int
    n_unknown: int
    n_closed: int
    missing: Mapping[str, int]
    lags: Mapping[str, LagCounts]

    @classmethod
    def of(cls, history: History, ladder: LimitLadder | None = None) -> Findings:
        """Of a panel.

        Parameters
        ----------
        history : History
        ladder : LimitLadder, optional
            None: the catalogue's, or from the panel's limits.

        Raises
        ------
        CreditModelError
            A ladder cannot be made of the limits.
        """
        catalogue = history.catalogue
        ladder = ladder or catalogue.ladder or ladder_of(*limit_counts(history), catalogue.quantiles)
        before, limit = limits_around(history)
        tier_before, tier_after = ladder.tier_of(before), ladder.tier_of(limit)
        decided = decisions_of(history)
        falls = falls_of(history)
        return cls(
            ladder=ladder,
            month_type=history.month_type,
            n_borrowers=len(history.borrower_ids),
            n_rows=len(history),
            first=int(history.month_number.min()),
            last=int(history.month_number.max()),
            n_decisions=int(decided.sum()),
            decided_tiers=frozenset(np.unique(tier_after[decided]).tolist()),
            falls=falls,
            n_within_tier=int((~falls.seen_by(ladder)).sum()),
            n_set_before=set_before_the_records(history, falls),
            n_returns=returns_from_rises(history, falls),
            n_increases=int(((tier_before >= 0) & (tier_after > tier_before) & ~history.is_no_cut).sum()),
            n_unknown=int((np.isnan(limit) & ~history.is_closed).sum()),
            n_closed=int(history.is_closed.sum()),
            missing={c.name: int(np.isnan(history.values(c.name)).sum()) for c in catalogue.columns},
            lags=lag_counts(history, falls),
        )

    def __add__(self, other: Findings) -> Findings:
        """Of both groups of borrowers."""
        mine, theirs = self.falls, other.falls
        return Findings(
            ladder=self.ladder,
            month_type=self.month_type,
            n_borrowers=self.n_borrowers + other.n_borrowers,
            n_rows=self.n_rows + other.n_rows,
            first=min(self.first, other.first),
            last=max(self.last, other.last),
            n_decisions=self.n_decisions + other.n_decisions,
            decided_tiers=self.decided_tiers | other.decided_tiers,
            falls=Falls(*(np.concatenate([getattr(one, name) for one in (mine, theirs)]) for name in Falls.NAMES)),
            n_within_tier=self.n_within_tier + other.n_within_tier,
            n_set_before=self.n_set_before + other.n_set_before,
            n_returns=self.n_returns + other.n_returns,
            n_increases=self.n_increases + other.n_increases,
            n_unknown=self.n_unknown + other.n_unknown,
            n_closed=self.n_closed + other.n_closed,
            missing={name: n + other.missing[name] for name, n in self.missing.items()},
            lags={name: own + other.lags[name] for name, own in self.lags.items()},
        )


def limit_counts(history: History) -> tuple[FloatArray, IntArray]:
    """A panel's distinct known limits, in order, and how often each occurs."""
    return distinct_limits(history.values(history.catalogue.limit))


def ladder_of(distinct: FloatArray, counts: IntArray, quantiles: int | None) -> LimitLadder:
    """The ladder of a catalogue that declares none, from the limits of a whole panel."""
    return LimitLadder.from_quantiles(distinct, quantiles or 8, counts=counts)
