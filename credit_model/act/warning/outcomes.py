"""What became of every line in the months after: cut, closed, or not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.explain.pairs import decrease_rows
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots

#: A lead that is never reached.
NEVER = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class Outcomes:
    """Months from each row to what became of its line, (n,) each; `NEVER` where it is not seen.

    Attributes
    ----------
    cut : int64 array
        To the first cut after the row.
    closed : int64 array
        To the first month in which the account has ended.
    followed : int64 array
        To the borrower's last row: until then it is seen what becomes of the line.
    panel : int64 array
        To the last month that counts as known: nobody is followed beyond it.
    """

    cut: IntArray
    closed: IntArray
    followed: IntArray
    panel: IntArray

    def until(self, lead: int) -> tuple[BoolArray, BoolArray]:
        """Whether each line was cut within ``lead`` months, and whether that is known: (n,), (n,).

        A line that was closed before it was cut is known not to be cut any more.
        """
        is_cut = (self.cut <= lead) & (self.cut < self.closed)
        known = (is_cut | (self.closed <= lead) | (self.followed >= lead)) & (self.panel >= lead)
        return is_cut, np.asarray(known, dtype=np.bool_)

    def of(self, row: IntArray, end: IntArray | None = None) -> Outcomes:
        """Of some rows (n,); with ``end`` (n,), as if no more than so many months after each were known."""
        cut, closed = self.cut[row], self.closed[row]
        followed, panel = self.followed[row], self.panel[row]
        if end is not None:
            cut, closed = np.where(cut <= end, cut, NEVER), np.where(closed <= end, closed, NEVER)
            followed, panel = np.minimum(followed, end), np.minimum(panel, end)
        return Outcomes(cut, closed, followed, panel)


def outcomes_of(snapshots: Snapshots) -> Outcomes:
    """What became of the lines of all rows."""
    history = snapshots.history
    cut, month = np.zeros(len(snapshots), dtype=np.bool_), history.month_number
    cut[decrease_rows(snapshots)] = True
    last = month[history.starts[1:] - 1][history.borrower_row]
    return Outcomes(
        _months_to_next(history, cut), _months_to_next(history, history.is_closed), last - month, month.max() - month
    )


def _months_to_next(history: History, marked: BoolArray) -> IntArray:
    """Months from each row to the borrower's next marked row after it: (n,)."""
    n = len(marked)
    place = np.where(marked, np.arange(n), n)
    following = np.minimum.accumulate(np.append(place[1:], n)[::-1])[::-1] if n else place
    end = history.starts[1:][history.borrower_row]
    found = following < end
    month = history.month_number
    return np.where(found, month[np.minimum(following, n - 1)] - month, NEVER).astype(np.int64)


def open_lines(snapshots: Snapshots) -> BoolArray:
    """Rows after which a line is open and can be cut, with windows that are filled: (n,)."""
    first = max(snapshots.catalogue.warm_up, snapshots.catalogue.decision_lag)
    return np.asarray(
        (snapshots.tier_after > 0) & (snapshots.position >= first) & ~snapshots.history.is_closed, dtype=np.bool_
    )


def kept_in_sight(outcomes: Outcomes, n_leads: int) -> FloatArray:
    """The share of lines still followed after 0 .. n_leads months, of those that could be: (n_leads + 1,).

    Lines whose rows end before the panel does, and that were not closed, are lost from sight. What is seen of the
    others stands for them: a row counts 1 / share (inverse probability of censoring; Graf et al. 1999,
    doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5).
    """
    share = np.ones(n_leads + 1)
    event = np.minimum(outcomes.cut, outcomes.closed)
    for lead in range(1, n_leads + 1):
        at_risk = (outcomes.panel >= lead) & (outcomes.followed >= lead - 1) & (event >= lead)
        lost = at_risk & (outcomes.followed < lead)
        n = int(at_risk.sum())
        share[lead] = share[lead - 1] * (1.0 if n == 0 else 1.0 - float(lost.sum()) / n)
    return share


def weights_until(outcomes: Outcomes, lead: int, in_sight: FloatArray) -> FloatArray:
    """What each row counts for in whether it is cut within ``lead`` months: (n,), 0 where that is not known.

    Parameters
    ----------
    outcomes : Outcomes
    lead : int
    in_sight : float64 array
        From `kept_in_sight`.
    """
    _, known = outcomes.until(lead)
    seen_for = np.minimum(np.minimum(outcomes.cut, outcomes.closed), lead)
    share = in_sight[np.maximum(seen_for, 0)]
    return np.where(known & (share > 0), 1.0 / np.where(share > 0, share, 1.0), 0.0)
