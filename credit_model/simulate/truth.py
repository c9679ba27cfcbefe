"""What is true of a simulated portfolio's decisions, and never visible to a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from credit_model.errors import DataFileError
from credit_model.readers.tables import read_table
from credit_model.simulate.columns import SHOCKS


@dataclass(frozen=True)
class Truth:
    """The truth of every decision and of every decrease, keyed by borrower_id and month.

    Attributes
    ----------
    decisions : DataFrame
        One row a decision: ``tier_before``, ``tier_after``; ``kind`` (why the limit was looked at or cut: score,
        trigger, knock_out, dormancy, class_wide); ``score``, the policy's true score, log-odds; ``keep_score``, the
        log-odds of keeping the tier in force (NaN in tier 0); ``tier_prob_0`` .., the best possible probabilities.
    decreases : DataFrame
        One row a fall in tier from the panel's 13th month on (earlier windows are not filled): ``reference_month``
        (in which the limit in force was set) and ``reference_censored`` (it was set before: the panel's 13th month
        stands in); ``scenario``, ``segment``; tiers, limits and ``kind``; ``score_before`` and ``score_after``, the
        true score of the reference and of the decision, with the limit in force at the decision; ``keep_score``,
        the log-odds of keeping the tier in force, and ``decided_by_noise`` where these favoured it; ``factor_<id>`` and
        ``feature_<id>``, exact Owen values that sum to the change; ``leading_factor``, which lowered the score most;
        ``cause_<shock>``: without this shock, all else equal, the limit would not have been cut.

    Notes
    -----
    Both tables have a column ``overridden`` where the settings let a hand override decisions: it decided in place of
    the policy, whose score and shares are told all the same.

    ``kind`` of a cut: knock_out where 90 days past due were reached; class_wide and dormancy only where the limit
    would have been kept without that rule; trigger where 30 days past due, here or elsewhere, had the line reviewed
    at once; else score.
    """

    decisions: pd.DataFrame
    decreases: pd.DataFrame

    @property
    def by_factor(self) -> pd.DataFrame:
        """True Owen values by factor, log-odds: (n_decreases, n_factors), columns are factor ids."""
        return _named(self.decreases, "factor_")

    @property
    def by_feature(self) -> pd.DataFrame:
        """True Owen values by feature, log-odds: (n_decreases, n_drivers), columns are feature ids."""
        return _named(self.decreases, "feature_")

    @property
    def root_causes(self) -> pd.DataFrame:
        """Whether each shock is a root cause: bool, (n_decreases, n_shocks)."""
        return _named(self.decreases, "cause_")[list(SHOCKS)]

    @property
    def tier_probabilities(self) -> pd.DataFrame:
        """The best possible tier probabilities: (n_decisions, n_tiers), columns are tiers."""
        table = _named(self.decisions, "tier_prob_")
        table.columns = table.columns.astype(int)
        return table


def _named(table: pd.DataFrame, prefix: str) -> pd.DataFrame:
    names = [name for name in table if str(name).startswith(prefix)]
    return table[names].rename(columns=lambda name: str(name).removeprefix(prefix))


def read_truth(folder: str | Path) -> Truth:
    """The truth in a folder that `write_portfolio` made.

    Raises
    ------
    DataFileError
        There is none.
    """
    place = Path(folder) / "truth"
    if not place.is_dir():
        raise DataFileError(f"{folder}: the folder holds no truth; simulate it with the truth, or give that folder")
    return Truth(read_table(place / "decisions"), read_table(place / "decreases"))
