"""From a history to snapshots: one row of features for every borrower-month, as known when the limit is decided.

At row month m with the catalogue's decision lag L, a window of w months holds the calendar months m-L-w+1 .. m-L of
that borrower; months without a row, and missing cells, are left out. Nothing later than month m-L enters a feature,
and the limit in force is the one of the borrower's previous row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.parallel import as_finished
from credit_model.portfolio import window_kernels
from credit_model.portfolio.declarations import SUMMARIES, Catalogue, Feature, Summary
from credit_model.portfolio.feature_kernels import fill_features
from credit_model.portfolio.history import History
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.window_kernels import LIMIT_IN_FORCE, NO_DENOMINATOR

#: Rows that one thread takes at a time.
ROWS_AT_ONCE = 4_096

_SUMMARY_NUMBER = {name: int(getattr(window_kernels, name.upper())) for name in SUMMARIES}
_ABOVE_A_BOUND = ("share", "count", "months_since")


@dataclass(frozen=True)
class Snapshots:
    """Feature rows, one a history row, in the history's order.

    Attributes
    ----------
    history : History
    ladder : LimitLadder
    X : float64 array, (n, n_features)
        Features in the order of ``catalogue.feature_names``; NaN is unknown, categories are codes.
    month_number, borrower_row : int64 arrays, (n,)
        The history's months, and positions in its ``borrower_ids``.
    position : int64 array, (n,)
        Row number within the borrower, from 0.
    is_decision : bool array, (n,)
        The limit was decided in this month, and enough is known to learn from it.
    limit_before, limit_after : float64 arrays, (n,)
        Limit of the borrower's previous row (NaN in the first one) and of this row.
    tier_before, tier_after : int64 arrays, (n,)
        Their tiers; -1 where the limit is unknown.
    numerators : float64 array, (n, n_state_ratios)
        Numerators of the features that are ratios to the limit in force.
    state_ratio_index : int64 array, (n_state_ratios,)
        The positions of these features among all.
    """

    history: History
    ladder: LimitLadder
    X: FloatArray
    month_number: IntArray
    borrower_row: IntArray
    position: IntArray
    is_decision: BoolArray
    limit_before: FloatArray
    limit_after: FloatArray
    tier_before: IntArray
    tier_after: IntArray
    numerators: FloatArray
    state_ratio_index: IntArray

    def __len__(self) -> int:
        return len(self.X)

    @property
    def catalogue(self) -> Catalogue:
        """The declaration that the features follow."""
        return self.history.catalogue

    def frame(self) -> pd.DataFrame:
        """The features as a table: (n, n_features), no keys."""
        return pd.DataFrame(self.X, columns=list(self.catalogue.feature_names))

    def table(self) -> pd.DataFrame:
        """The features behind their keys, the borrower's and the month's: (n, 2 + n_features)."""
        catalogue, frame = self.catalogue, self.frame()
        frame.insert(0, catalogue.borrower, self.history.borrower_ids[self.borrower_row])
        frame.insert(1, catalogue.month, self.history.show_months(self.month_number))
        return frame


@dataclass(frozen=True)
class _Measures:
    """A catalogue's features as `feature_kernels.fill_features` takes them."""

    columns: tuple[str, ...]
    summaries: IntArray
    above: FloatArray
    ratios: IntArray
    state_ratio_index: IntArray


def build_snapshots(history: History, ladder: LimitLadder, *, n_jobs: int = -1) -> Snapshots:
    """Build the features of every borrower-month.

    Parameters
    ----------
    history : History
        Its catalogue declares the features.
    ladder : LimitLadder
    n_jobs : int, default -1
        Threads (-1: all cores); the result does not depend on it.

    Returns
    -------
    Snapshots
        A month is a decision if it is marked as reviewed (or the catalogue names no such column), the borrower's
        first ``warm_up`` rows are past, the limit is known and its change is the lender's (`History.is_no_cut`); also
        known before it, where the catalogue declares the
        state tier_in_force.

    Raises
    ------
    CreditModelError
        ``n_jobs`` breaks its rule.

    Notes
    -----
    Summaries take a window's known cells and are NaN if there is none. ``std`` divides by their number; ``trend``
    is the slope per month of the least-squares line, NaN for a single cell. ``months_since`` is the window's length
    where no month exceeded the bound, and NaN where one of its months is not known: it may have been that one. Ratios
    are NaN where the denominator is not above 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from credit_model.portfolio.catalogue import read_catalogue
    >>> from credit_model.portfolio.history import check_history
    >>> catalogue = read_catalogue("uci_taiwan")
    >>> raw = pd.DataFrame(
    ...     {
    ...         "client_id": ["B1", "B1"],
    ...         "month": ["2005-08", "2005-09"],
    ...         "limit_amount": [50_000, 50_000],
    ...         "reviewed": [False, True],
    ...         "months_past_due": [0, 1],
    ...         "was_used": [True, True],
    ...         "paid_in_full": [True, False],
    ...         "bill_amount": [900, 1_100],
    ...         "paid_amount": [900, 0],
    ...     }
    ... )
    >>> snapshots = build_snapshots(check_history(raw, catalogue), LimitLadder((0, 30_000)))
    >>> snapshots.frame()["bill_mean_3m"].tolist(), snapshots.tier_after.tolist()
    ([900.0, 1000.0], [1, 1])
    """
    catalogue = history.catalogue
    n = len(history.month_number)
    limit_before, limit_after = limits_around(history)
    tier_before, tier_after = ladder.tier_of(limit_before), ladder.tier_of(limit_after)

    measures = _measures(catalogue)
    X = np.empty((n, len(catalogue.feature_names)))
    numerators = np.empty((n, len(measures.state_ratio_index)))
    _fill(history, measures, limit_before, catalogue.decision_lag, X, numerators, n_jobs)
    _enter_states(X, catalogue, tier_before, limit_before)
    return Snapshots(
        history=history,
        ladder=ladder,
        X=X,
        month_number=history.month_number,
        borrower_row=history.borrower_row,
        position=_positions(history),
        is_decision=decisions_of(history),
        limit_before=limit_before,
        limit_after=limit_after,
        tier_before=tier_before,
        tier_after=tier_after,
        numerators=numerators,
        state_ratio_index=measures.state_ratio_index,
    )


def features_at_month_end(snapshots: Snapshots, *, n_jobs: int = -1) -> tuple[FloatArray, FloatArray]:
    """The features of every row as they are known at its month's end, once its limit is decided.

    The limit and tier in force are those after the decision. What a decision of the next month would know is known by
    then: with a lag of L months that is everything up to L - 1 months before, and never anything of a later month.

    Parameters
    ----------
    snapshots : Snapshots
    n_jobs : int, default -1
        Threads; the result does not depend on it.

    Returns
    -------
    X : float64 array, (n, n_features)
    numerators : float64 array, (n, n_state_ratios)
        As those of `Snapshots`.
    """
    history, limit = snapshots.history, snapshots.limit_after
    X, numerators = np.empty_like(snapshots.X), np.empty_like(snapshots.numerators)
    lag = max(history.catalogue.decision_lag - 1, 0)
    _fill(history, _measures(history.catalogue), limit, lag, X, numerators, n_jobs)
    _enter_states(X, history.catalogue, snapshots.tier_after, limit)
    return X, numerators


def _enter_states(X: FloatArray, catalogue: Catalogue, tier: IntArray, limit: FloatArray) -> None:
    for place, name in enumerate(catalogue.feature_names):
        if name == "tier_in_force":
            X[:, place] = np.where(tier >= 0, tier, np.nan)
        elif name == "limit_in_force":
            X[:, place] = limit


def limits_around(history: History) -> tuple[FloatArray, FloatArray]:
    """The limit before each row and after it, (n,) each; NaN where unknown, as before a borrower's first row."""
    after = history.values(history.catalogue.limit)
    before = np.full(len(after), np.nan)
    before[1:] = after[:-1]
    before[history.starts[:-1]] = np.nan
    return before, after


def decisions_of(history: History) -> BoolArray:
    """Rows that are decisions, as `build_snapshots` says: (n,)."""
    catalogue = history.catalogue
    before, after = limits_around(history)
    first = max(catalogue.warm_up, catalogue.decision_lag)
    decided = ~np.isnan(after) & (_positions(history) >= first) & ~history.is_no_cut
    if "tier_in_force" in catalogue.state_names:
        decided &= ~np.isnan(before)  # so never a borrower's first row
    if catalogue.reviewed is not None:
        decided &= history.values(catalogue.reviewed) > 0
    return np.asarray(decided, dtype=np.bool_)


def _positions(history: History) -> IntArray:
    """Each row's number within its borrower, from 0: (n,)."""
    return np.asarray(np.arange(len(history)) - history.starts[history.borrower_row], dtype=np.int64)


def _measures(catalogue: Catalogue) -> _Measures:
    columns: dict[str, int] = {}
    summaries: dict[tuple[int, int, int, float], int] = {}

    def summary_of(column: str, summary: Summary, feature: Feature) -> int:
        above = feature.above if summary in _ABOVE_A_BOUND else 0.0
        place = columns.setdefault(column, len(columns))
        return summaries.setdefault((place, _SUMMARY_NUMBER[summary], feature.window, above), len(summaries))

    ratios: list[tuple[int, int, int, int]] = []
    state_ratios: list[int] = []
    for target, feature in enumerate(catalogue.features):
        if feature.role == "state":
            continue
        upper = summary_of(feature.column or feature.numerator or "", feature.summary, feature)
        lower, kept = NO_DENOMINATOR, -1
        if feature.denominator == "limit_in_force":
            lower, kept = LIMIT_IN_FORCE, len(state_ratios)
            state_ratios.append(target)
        elif feature.denominator is not None:
            lower = summary_of(feature.denominator, feature.denominator_summary, feature)
        ratios.append((target, upper, lower, kept))
    return _Measures(
        columns=tuple(columns),
        summaries=np.array([own[:3] for own in summaries], dtype=np.int64).reshape(-1, 3),
        above=np.array([own[3] for own in summaries], dtype=np.float64),
        ratios=np.array(ratios, dtype=np.int64).reshape(-1, 4),
        state_ratio_index=np.array(state_ratios, dtype=np.int64),
    )


def _fill(
    history: History,
    measures: _Measures,
    limit: FloatArray,
    lag: int,
    X: FloatArray,
    numerators: FloatArray,
    n_jobs: int,
) -> None:
    columns = [history.values(name) for name in measures.columns]
    month, starts = history.month_number, history.starts

    # Blocks end between borrowers, so that no two threads write the same row.
    edges = np.unique(np.searchsorted(starts, np.arange(0, starts[-1] + ROWS_AT_ONCE, ROWS_AT_ONCE)))
    edges = np.unique(np.minimum(edges, len(starts) - 1)).tolist()

    def work(block: int) -> None:
        borrowers = slice(edges[block], edges[block + 1] + 1)
        rows = slice(int(starts[borrowers][0]), int(starts[borrowers][-1]))
        fill_features(
            np.stack([cells[rows] for cells in columns]),
            month[rows],
            starts[borrowers] - rows.start,
            lag,
            limit[rows],
            measures.summaries,
            measures.above,
            measures.ratios,
            X[rows],
            numerators[rows],
        )

    for _ in as_finished(work, len(edges) - 1, n_jobs):
        pass
