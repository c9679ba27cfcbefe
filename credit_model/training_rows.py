"""The decisions that a model is fitted on, drawn from a panel block by block of borrowers.

A panel may be larger than memory. Two passes over its blocks are enough: `Census` counts what must be known of all of
it, then `TrainingRows` keeps the decisions that are learnt from and sums over all the others; both add up over blocks,
in whatever order these come. Every change of a limit is kept. Of the decisions that kept the limit, as many are drawn
as there is room for, each by a number made from the seed, its borrower and its month, so that the same ones are drawn
however the panel is cut into blocks; one that is drawn stands for 1 / chance of them, and weighs so much in every fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.act.plans.foretold import cuts_followed
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.seen import Seen
from credit_model.model.bag import digests_of, mixed
from credit_model.model.split import SplitRule, split_rule
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder, distinct_limits
from credit_model.portfolio.months import MonthType
from credit_model.portfolio.snapshots import build_snapshots, decisions_of, limits_around

#: Decisions that a model is fitted on at most, where no other number is given.
MOST_DECISIONS = 2_000_000
#: The share of them that is left to decisions that kept the limit, however many changed one.
LEAST_KEPT = 0.25
#: Sides of the split by which decisions are counted.
SIDES = TRAIN, HELD_OUT, TEST = 0, 1, 2


@dataclass(frozen=True)
class Census:
    """What must be known of a whole panel before decisions are drawn; censuses of its blocks add up.

    Attributes
    ----------
    month_number, n : int64 arrays, (n_months,)
        Months in which limits were decided, ascending, and the decisions in each.
    n_changed : int
        Decisions that changed the limit.
    limit, n_limit : float64 and int64 array, (n_limits,)
        The known limits, and in how many rows each stands; none where the catalogue declares a ladder.
    """

    month_number: IntArray
    n: IntArray
    n_changed: int
    limit: FloatArray
    n_limit: IntArray

    @classmethod
    def of_history(cls, history: History) -> Census:
        """Of a panel, or a block of its borrowers."""
        decided = decisions_of(history)
        month, n = np.unique(history.month_number[decided], return_counts=True)
        catalogue = history.catalogue
        limits = history.values(catalogue.limit) if catalogue.ladder is None else np.empty(0)
        changed = int((_changed(*limits_around(history)) & decided).sum())
        return cls(month.astype(np.int64), n.astype(np.int64), changed, *distinct_limits(limits))

    @classmethod
    def together(cls, parts: Sequence[Census]) -> Census:
        """Of all blocks of a panel, at least one."""
        month, place = np.unique(np.concatenate([part.month_number for part in parts]), return_inverse=True)
        n = np.bincount(place, weights=np.concatenate([part.n for part in parts]), minlength=len(month))
        limits = (np.concatenate([getattr(part, name) for part in parts]) for name in ("limit", "n_limit"))
        return cls(month, n.astype(np.int64), sum(part.n_changed for part in parts), *distinct_limits(*limits))

    @property
    def n_decisions(self) -> int:
        """Number of decisions."""
        return int(self.n.sum())

    def ladder(self, catalogue: Catalogue) -> LimitLadder:
        """The catalogue's tiers, or as many with about equally many of the panel's limits in each."""
        return catalogue.ladder or LimitLadder.from_quantiles(self.limit, catalogue.quantiles or 8, counts=self.n_limit)

    def split(self, catalogue: Catalogue, *, seed: int, shares: Mapping[str, float]) -> SplitRule:
        """Which borrowers and months a trial is fitted on (`model.split.split_rule`).

        Raises
        ------
        HistoryError
            There is no decision.
        """
        if not len(self.n):
            raise HistoryError(
                f"training needs decisions after the first {catalogue.warm_up} months of a borrower, "
                "found none; give a longer history"
            )
        return split_rule(self.month_number, self.n, seed=seed, **shares)

    def drawing(
        self, catalogue: Catalogue, *, seed: int, shares: Mapping[str, float], most_decisions: int | None
    ) -> Drawing:
        """How decisions are drawn, as `ladder`, `split` and `kept_share` say."""
        kept_share, ladder = self.kept_share(most_decisions), self.ladder(catalogue)
        return Drawing(ladder, self.split(catalogue, seed=seed, shares=shares), seed, kept_share)

    def kept_share(self, most_decisions: int | None) -> float:
        """The share of the decisions that kept the limit to draw, so that all together are about so many.

        At least `LEAST_KEPT` of that number is left to them. None: `MOST_DECISIONS`.

        Raises
        ------
        CreditModelError
            ``most_decisions`` is no whole number of at least 1.

        Examples
        --------
        >>> one = np.ones(1, dtype=np.int64)
        >>> Census(one, 1000 * one, 100, np.empty(0), 0 * one[:0]).kept_share(280)  # 180 of 900
        0.2
        """
        most = check_most_decisions(most_decisions)
        kept = self.n_decisions - self.n_changed
        room = max(most - self.n_changed, LEAST_KEPT * most)
        return min(1.0, room / kept) if kept else 1.0


def check_most_decisions(most_decisions: int | None) -> int:
    """The number of decisions to fit on, if it can be one; `MOST_DECISIONS` for None.

    Raises
    ------
    CreditModelError
        It is no whole number of at least 1.
    """
    if most_decisions is None:
        return MOST_DECISIONS
    whole = isinstance(most_decisions, int | np.integer) and not isinstance(most_decisions, bool)
    if not whole or most_decisions < 1:
        raise CreditModelError(f"most_decisions must be a whole number >= 1, or None, got {most_decisions!r}")
    return int(most_decisions)


@dataclass(frozen=True)
class Drawing:
    """How decisions are drawn from a panel.

    Attributes
    ----------
    ladder : LimitLadder
    split : SplitRule
    seed : int
    kept_share : float in (0, 1]
        The chance of a decision that kept the limit.
    """

    ladder: LimitLadder
    split: SplitRule
    seed: int
    kept_share: float

    def chances(self, key: NDArray[np.uint64], month_number: IntArray) -> BoolArray:
        """Whether decisions that kept the limit are drawn, by their borrowers' digests and their months: (n,)."""
        number = mixed(mixed(key ^ np.uint64(self.seed)) ^ month_number.astype(np.uint64))
        return np.asarray((number >> np.uint64(11)) * 2.0**-53 < self.kept_share, dtype=np.bool_)


@dataclass(frozen=True)
class TrainingRows:
    """Decisions to learn from, and sums over all decisions; those of a panel's blocks add up.

    Attributes
    ----------
    month_type : MonthType
    borrower_ids : array, (n_borrowers,)
        All borrowers, sorted.
    last_month : int64 array, (n_borrowers,)
        Of each one's last row.
    last_limit : float64 array, (n_borrowers,)
        There; NaN where unknown.
    X : float64 array, (n, n_features)
        As `Snapshots` has them.
    borrower : int64 array, (n,)
        Whose each decision is: a position in ``borrower_ids``.
    month_number, tier_before, tier_after : int64 arrays, (n,)
    weight : float64 array, (n,)
        How many decisions each stands for: 1 where the limit was changed, else 1 / ``kept_share``.
    kept_share : float in (0, 1]
        Of the decisions that kept the limit, which were drawn.
    counts : int64 array, (3, n_tiers + 1, n_tiers)
        All decisions of the panel, drawn or not, by side (`SIDES`), tier before plus 1 (0: not known) and tier after.
    seen : Seen
        The ranges of the features in all rows of the panel.
    cut_borrower, cut_month : int64 arrays, (n_cuts,)
        Cuts after which something is known (`act.plans.foretold.cuts_followed`).
    """

    month_type: MonthType
    borrower_ids: NDArray[Any]
    last_month: IntArray
    last_limit: FloatArray
    X: FloatArray
    borrower: IntArray
    month_number: IntArray
    tier_before: IntArray
    tier_after: IntArray
    weight: FloatArray
    kept_share: float
    counts: IntArray
    seen: Seen
    cut_borrower: IntArray
    cut_month: IntArray

    def __len__(self) -> int:
        return len(self.X)

    @classmethod
    def of_history(cls, history: History, drawing: Drawing, *, n_jobs: int = -1) -> TrainingRows:
        """The decisions of a panel, or of a block of its borrowers.

        Parameters
        ----------
        history : History
        drawing : Drawing
        n_jobs : int
            The result does not depend on it.
        """
        snapshots = build_snapshots(history, drawing.ladder, n_jobs=n_jobs)
        decision = np.flatnonzero(snapshots.is_decision)
        place = (history.borrower_ids, snapshots.borrower_row[decision], snapshots.month_number[decision])
        before, after = snapshots.tier_before[decision], snapshots.tier_after[decision]
        side = np.where(drawing.split.train(*place), TRAIN, np.where(drawing.split.test(*place), TEST, HELD_OUT))
        counts = np.zeros((len(SIDES), drawing.ladder.n_tiers + 1, drawing.ladder.n_tiers), dtype=np.int64)
        np.add.at(counts, (side, before + 1, after), 1)
        weight = np.ones(len(decision))
        if drawing.kept_share < 1:
            changed = _changed(snapshots.limit_before[decision], snapshots.limit_after[decision])
            drawn = changed | drawing.chances(digests_of(history.borrower_ids)[place[1]], place[2])
            weight[~changed] = 1 / drawing.kept_share
            decision, before, after, weight = decision[drawn], before[drawn], after[drawn], weight[drawn]
        cut, last = cuts_followed(snapshots), history.starts[1:] - 1
        return cls(
            month_type=history.month_type,
            borrower_ids=history.borrower_ids,
            last_month=history.month_number[last],
            last_limit=history.values(history.catalogue.limit)[last],
            X=snapshots.X[decision],
            borrower=snapshots.borrower_row[decision],
            month_number=snapshots.month_number[decision],
            tier_before=before,
            tier_after=after,
            weight=weight,
            kept_share=drawing.kept_share,
            counts=counts,
            seen=Seen.in_rows(snapshots.X),
            cut_borrower=snapshots.borrower_row[cut],
            cut_month=snapshots.month_number[cut],
        )

    @classmethod
    def concatenate(cls, parts: Sequence[TrainingRows]) -> TrainingRows:
        """Those of all blocks, at least one, in the order of the borrowers' ids.

        Raises
        ------
        HistoryError
            The blocks write months, or borrowers' ids, in different ways, or share a borrower.
        """
        if len(parts) == 1:
            return parts[0]
        first = parts[0]
        ids = _same_ids(parts)
        order = np.argsort(ids, kind="stable")
        if (ids[order[1:]] == ids[order[:-1]]).any():
            twice = ids[order[1:]][ids[order[1:]] == ids[order[:-1]]][0]
            raise HistoryError(
                f"each borrower must lie in one block, found {twice!s} in two; put all rows of a borrower together"
            )
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        shift = np.concatenate([[0], np.cumsum([len(part.borrower_ids) for part in parts])])

        def joined(name: str) -> Any:
            return np.concatenate([getattr(part, name) for part in parts])

        def places_of(name: str) -> IntArray:
            of_parts = [place[getattr(part, name) + start] for part, start in zip(parts, shift[:-1], strict=True)]
            return np.concatenate(of_parts)

        borrower, cut_borrower = places_of("borrower"), places_of("cut_borrower")
        row, cut = np.argsort(borrower, kind="stable"), np.argsort(cut_borrower, kind="stable")
        X = np.empty((len(row), first.X.shape[1]))
        to = np.empty(len(row), dtype=np.int64)
        to[row], start = np.arange(len(row)), 0
        for part in parts:
            X[to[start : start + len(part)]] = part.X
            start += len(part)
        return cls(
            month_type=first.month_type,
            borrower_ids=ids[order],
            last_month=joined("last_month")[order],
            last_limit=joined("last_limit")[order],
            X=X,
            borrower=borrower[row],
            month_number=joined("month_number")[row],
            tier_before=joined("tier_before")[row],
            tier_after=joined("tier_after")[row],
            weight=joined("weight")[row],
            kept_share=first.kept_share,
            counts=np.sum([part.counts for part in parts], axis=0),
            seen=Seen.together([part.seen for part in parts]),
            cut_borrower=cut_borrower[cut],
            cut_month=joined("cut_month")[cut],
        )

    @property
    def place(self) -> tuple[NDArray[Any], IntArray, IntArray]:
        """Whose each decision is and when, as `SplitRule` asks for it."""
        return self.borrower_ids, self.borrower, self.month_number

    @property
    def fell(self) -> BoolArray:
        """Decisions that ended in a cut: (n,)."""
        return np.asarray(self.tier_after < self.tier_before, dtype=np.bool_)

    def weight_of(self, row: IntArray) -> FloatArray | None:
        """What decisions (n,) count for; None where all count alike."""
        return None if self.kept_share == 1 else self.weight[row]

    def tier_shares(self) -> FloatArray:
        """Shares of the tiers among all decisions that a trial is fitted on: (n_tiers,)."""
        n = self.counts[TRAIN].sum(axis=0)
        return np.asarray(n / n.sum(), dtype=np.float64)

    def usual_rate(self, sides: Sequence[int] = SIDES) -> float:
        """Of all decisions on some sides about a limit that could fall, the share that did; NaN: there is none."""
        moves = self.counts[list(sides), 2:].sum(axis=0)  # rows: tier before, from 1 on
        n = int(moves.sum())
        return int(np.tril(moves).sum()) / n if n else float("nan")


def _changed(before: FloatArray, after: FloatArray) -> BoolArray:
    """Rows whose limit is known to differ from the one before: (n,)."""
    return np.asarray((before != after) & ~np.isnan(before) & ~np.isnan(after), dtype=np.bool_)


def _same_ids(parts: Sequence[TrainingRows]) -> NDArray[Any]:
    """The ids of all parts; what they write differently is refused."""
    ids = [part.borrower_ids for part in parts]
    written: dict[str, set[str]] = {
        "month type": {part.month_type for part in parts},
        "type of borrower ids": {"number" if np.issubdtype(own.dtype, np.number) else "text" for own in ids},
    }
    for name, found in written.items():
        if len(found) > 1:
            raise HistoryError(
                f"all blocks of a panel must have one {name}, found {', '.join(sorted(found))}; write them alike"
            )
    return np.concatenate(ids)
