"""A borrower's months: limit, keep score, what moved it, and what happened."""

from __future__ import annotations

import numpy as np
import pandas as pd

from credit_model.arrays import IntArray
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.portfolio.snapshots import Snapshots


def track_rows(snapshots: Snapshots) -> IntArray:
    """Rows whose keep score means something: a tier can be lost, and something is known of the borrower."""
    known = snapshots.position > snapshots.catalogue.decision_lag
    return np.flatnonzero((snapshots.tier_before > 0) & known).astype(np.int64)


def track_table(
    snapshots: Snapshots, row: IntArray, changes: ChangeExplanations, decreases: DecreaseExplanations
) -> pd.DataFrame:
    """The months of one borrower as a table.

    Parameters
    ----------
    snapshots : Snapshots
        Of the borrower.
    row : int64 array, (n,)
        From `track_rows`.
    changes : ChangeExplanations
        Of these rows.
    decreases : DecreaseExplanations
        Of those of them whose limit fell, in order.

    Returns
    -------
    DataFrame
        As `LimitPredictor.track` says.
    """
    n, factor_ids = len(snapshots.position), snapshots.catalogue.factor_ids
    score, factors = np.full(n, np.nan), np.full((n, len(factor_ids)), np.nan)
    score[row], factors[row] = changes.keep_score_after, changes.factor_contributions
    moved = moves(snapshots)
    trigger = np.full(n, "", dtype=object)
    trigger[row[moved[row] < 0]] = [", ".join(verdict.rules) for verdict in decreases.verdicts]
    table = pd.DataFrame(
        {
            "month": snapshots.history.show_months(snapshots.month_number),
            "limit_amount": snapshots.limit_after,
            "limit_before": snapshots.limit_before,
            "keep_score": score,
            "decision": snapshots.is_decision,
            "event": np.where(moved < 0, "decrease", np.where(moved > 0, "increase", "")),
            "trigger": trigger,
        }
    )
    return pd.concat([table, pd.DataFrame(factors, columns=list(factor_ids))], axis=1)


def moves(snapshots: Snapshots) -> IntArray:
    """Whether the lender cut the limit (-1), raised it (1) or left it (0, also where it is unknown): (n,)."""
    moved = np.sign(np.nan_to_num(snapshots.limit_after - snapshots.limit_before)).astype(np.int64)
    return np.where(snapshots.history.is_no_cut, 0, moved)
