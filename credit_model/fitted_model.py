"""What a fitted predictor consists of, and how it is saved; nothing here needs scikit-learn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.explaining import explain_changes
from credit_model.explain.month_effects import MonthEffects, find_month_effects, sampled_rows
from credit_model.explain.pairs import REFERENCES, pair_with_reference, row_numbers
from credit_model.explain.peers import Peers, explain_against_peers
from credit_model.explain.seen import Seen
from credit_model.explain.support import HeldOutRisk
from credit_model.explain.waves import Waves, find_waves
from credit_model.model.artifact import bag_arrays
from credit_model.model.bag import Bag, Members
from credit_model.model.destinations import Destinations
from credit_model.model.drift import Drift
from credit_model.model.early_warning import EarlyWarning
from credit_model.model.forest import OrdinalForest, predicted_tier, tier_probabilities
from credit_model.model.split import SplitRule
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.history import History, Table, check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import MonthType
from credit_model.portfolio.snapshots import Snapshots


@dataclass(frozen=True)
class FittedModel:
    """A model that has been fitted to a portfolio.

    Attributes
    ----------
    catalogue : Catalogue
    bag : Bag
        The deployed fits, on all decisions; their mean is the model.
    members : Members
        Whom each of them saw.
    seen : Seen
        The ranges of the features in all snapshots of the portfolio.
    destinations : Destinations or None
        Where limits went that moved; None where no tier is in force.
    trial : OrdinalForest
        Fitted on one side of the split alone, for `evaluate`.
    ladder : LimitLadder
        The tiers that the model decides between.
    split : SplitRule
        Which borrowers and months the trial was fitted on.
    peers : Peers
        Borrowers who kept their tier narrowly.
    held_out : HeldOutRisk or None
        What became of decisions that it was not fitted on; None where no tier is in force.
    tier_shares : float64 array, (n_tiers,)
        Of the trial's decisions: the prior forecast.
    n_training_rows : int
        Decisions that the deployed fits saw, all together.
    n_decisions : int or None
        Those that they were drawn from; None: all were taken.
    month_type : MonthType
        How the history that it was fitted on wrote its months.
    drift : Drift or None
        How far scores stray in the months to come from what is foretold; None: not known, as without levers.
    warning : EarlyWarning or None
        How likely a limit is cut in the months ahead; None: it was left out.
    """

    catalogue: Catalogue
    bag: Bag
    members: Members
    seen: Seen
    destinations: Destinations | None
    trial: OrdinalForest
    ladder: LimitLadder
    split: SplitRule
    peers: Peers
    held_out: HeldOutRisk | None
    tier_shares: FloatArray
    n_training_rows: int
    month_type: MonthType
    n_decisions: int | None = None
    drift: Drift | None = None
    warning: EarlyWarning | None = None

    @cached_property
    def version(self) -> str:
        """Names this very model: the catalogue, its version, and a digest of the trees."""
        digest = hashlib.sha256()
        for name, array in sorted(bag_arrays(self.bag).items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return f"{self.catalogue.name}-{self.catalogue.version}-{digest.hexdigest()[:12]}"

    def panel(self, history: Table | History) -> History:
        """A history as this model reads it: a table by the model's own catalogue, whatever a predictor's is by now.

        Raises
        ------
        HistoryError
            A table breaks the catalogue's rules, or a `History` follows another catalogue.
        """
        return read_panel(history, self.catalogue, whose=f"model {self.version} was fitted on")

    def check(self, *data: Snapshots | Waves) -> None:
        """Refuse what was made from another catalogue, or on another ladder, than the model was fitted on.

        Raises
        ------
        HistoryError
            So it was, or ``data`` is no `Snapshots` or `Waves`, or its features have another shape.
        """
        for one in data:
            if not isinstance(one, Snapshots | Waves):
                raise HistoryError(f"predictor.snapshots(history) is needed here, got {type(one).__name__}")
            self.panel(one.history)
            if one.ladder != self.ladder:
                raise HistoryError(
                    f"the {type(one).__name__.lower()} must have the ladder that model {self.version} was fitted on, "
                    f"{_amounts(self.ladder)}, found {_amounts(one.ladder)}; make them by the predictor"
                )
            wanted = (len(one.history), len(self.catalogue.feature_names))
            if isinstance(one, Snapshots) and np.shape(one.X) != wanted:
                raise HistoryError(
                    f"the snapshots must hold a row of the history each and a column a feature, {wanted}, "
                    f"found {np.shape(one.X)}; make them by predictor.snapshots(history)"
                )

    def features_of(self, snapshots: Snapshots, row: ArrayLike | None) -> FloatArray:
        """Features of some rows, or of all, checked to be this model's: (n, n_features).

        Raises
        ------
        HistoryError
            The snapshots are not of this model (`check`), or ``row`` holds no row numbers.
        """
        self.check(snapshots)
        return snapshots.X if row is None else snapshots.X[row_numbers(row, len(snapshots))]

    def rows_of(self, snapshots: Snapshots, side: Literal["train", "validation", "test"]) -> IntArray:
        """Decisions that the split lays on one side: row numbers.

        Raises
        ------
        HistoryError
            The snapshots are not of this model, or write months otherwise than the history it was fitted on.
        """
        self.check(snapshots)
        found = snapshots.history.month_type
        if found != self.month_type:
            raise HistoryError(
                f"the history's months must be of type {self.month_type!r}, as those that model {self.version} was "
                f"fitted on, found {found!r}; which decisions it has seen cannot be told: write the months alike"
            )
        place = (snapshots.history.borrower_ids, snapshots.borrower_row, snapshots.month_number)
        return np.flatnonzero(snapshots.is_decision & getattr(self.split, side)(*place)).astype(np.int64)

    def weights(self, snapshots: Snapshots, row: IntArray | None) -> FloatArray | None:
        """The weight of each fit for rows (n,), or for all: (n, n_fits); None: all alike (`Members.weights`)."""
        borrower_row = snapshots.borrower_row
        return self.members.weights(snapshots.history, borrower_row if row is None else borrower_row[row])

    def survival_scores(self, snapshots: Snapshots, row: IntArray | None = None, *, n_jobs: int = -1) -> FloatArray:
        """Log-odds of tier > k for rows (n,), or for all, by the fits that did not see them: (n, n_tiers - 1)."""
        X = self.features_of(snapshots, row)
        return self.bag.survival_scores(X, self.weights(snapshots, row), n_jobs=n_jobs)

    def probabilities(self, snapshots: Snapshots, row: IntArray | None = None, *, n_jobs: int = -1) -> FloatArray:
        """Tier probabilities of rows (n,), or of all: (n, n_tiers)."""
        probability = tier_probabilities(self.survival_scores(snapshots, row, n_jobs=n_jobs))
        before = snapshots.tier_before if row is None else snapshots.tier_before[row]
        return probability if self.destinations is None else self.destinations.mixed(probability, before)

    def keep_scores(self, snapshots: Snapshots, row: IntArray, *, n_jobs: int = -1) -> FloatArray:
        """Log-odds of keeping the tier in force, at least 1, in rows (n,), by the fits that did not see them: (n,)."""
        X = self.features_of(snapshots, row)
        return self.bag.keep_score(X, snapshots.tier_before[row], self.weights(snapshots, row), n_jobs=n_jobs)

    def waves(self, snapshots: Snapshots, *, n_jobs: int = -1) -> Waves:
        """The waves of cuts in a whole panel, and the effects of its months beyond what the model expects."""
        self.check(snapshots)
        effects = self.month_effects(snapshots, n_jobs=n_jobs)
        return replace(find_waves(snapshots.history, self.ladder), effects=effects)

    def month_effects(self, snapshots: Snapshots, *, n_jobs: int = -1) -> MonthEffects:
        """How far the cuts of each month of a whole panel exceed what the model expects (`explain.month_effects`)."""
        at_risk = snapshots.is_decision & (snapshots.tier_before > 0)
        month, row = snapshots.month_number, sampled_rows(snapshots.month_number, at_risk)
        fell = (snapshots.tier_after < snapshots.tier_before)[at_risk]
        score = self.keep_scores(snapshots, row, n_jobs=n_jobs)
        return find_month_effects(score, month[row], month[at_risk], fell)

    def explained(self, snapshots: Snapshots, row: IntArray, reference: str, *, n_jobs: int = -1) -> ChangeExplanations:
        """Why the keep scores of rows (n,) differ from their references', as `LimitPredictor.explain_rows` says."""
        self.check(snapshots)
        row = row_numbers(row, len(snapshots))
        weight = self.weights(snapshots, row)
        if reference == "peers":
            return explain_against_peers(
                self.bag, self.peers, snapshots, row, model_version=self.version, weight=weight, n_jobs=n_jobs
            )
        if reference not in REFERENCES:
            raise HistoryError(f"reference must be one of {', '.join(REFERENCES)}, peers; got {reference!r}")
        return explain_changes(
            self.bag,
            snapshots,
            pair_with_reference(snapshots, row, reference),
            reference=reference,
            model_version=self.version,
            weight=weight,
            seen=self.seen,
            n_jobs=n_jobs,
        )

    def as_trial(self) -> FittedModel:
        """The model with the trial in place of the deployed fits: what it says of the test rows is a forecast."""
        nobody = Members(0, 1, np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0))
        return replace(self, bag=Bag((self.trial,)), members=nobody)

    def forecasts(self, snapshots: Snapshots, row: IntArray, *, n_jobs: int) -> pd.DataFrame:
        """The tier that the policy, as learnt, gives in rows (n,): the table of `LimitPredictor.predict`."""
        scores = self.survival_scores(snapshots, row, n_jobs=n_jobs)
        tier = snapshots.tier_before[row]
        probability = tier_probabilities(scores)
        if self.destinations is not None:
            probability = self.destinations.mixed(probability, tier)
        keep = np.where(tier > 0, scores[np.arange(len(row)), np.maximum(tier - 1, 0)], np.nan)
        predicted = predicted_tier(scores)
        table = {
            "borrower_id": snapshots.history.borrower_ids[snapshots.borrower_row[row]],
            "month": snapshots.history.show_months(snapshots.month_number[row]),
            "limit_in_force": snapshots.limit_before[row],
            "tier_in_force": tier,
            "predicted_tier": predicted,
            "predicted_limit": self.ladder.amount_of(predicted),
            "keep_score": keep,
            "probability_keep": expit(keep),
            "probability_decrease": expit(-keep),
        }
        return pd.DataFrame(table | {f"probability_tier_{t}": probability[:, t] for t in range(probability.shape[1])})


class OfFitted:
    """What a predictor says of its fitted model."""

    @property
    def fitted(self) -> FittedModel:
        """The fitted model."""
        raise NotImplementedError

    @property
    def bag(self) -> Bag:
        """The deployed fits, whose mean is the model."""
        return self.fitted.bag

    @property
    def forest(self) -> OrdinalForest:
        """The trees of a model of a single fit; of several, ``bag`` has them."""
        if len(self.bag) > 1:
            raise CreditModelError(f"the model is the mean of {len(self.bag)} fits; take predictor.bag")
        return self.bag.fits[0]

    @property
    def ladder(self) -> LimitLadder:
        """The tiers that the model decides between."""
        return self.fitted.ladder

    @property
    def version(self) -> str:
        """Names this very model: the catalogue, its version, and a digest of the trees."""
        return self.fitted.version

    @property
    def held_out(self) -> HeldOutRisk | None:
        """What became of decisions that the model was not fitted on; None where no tier is in force."""
        return self.fitted.held_out

    @property
    def tier_shares(self) -> FloatArray:
        """Shares of the tiers among the training decisions (n_tiers,): the prior forecast."""
        return self.fitted.tier_shares

    @property
    def n_training_rows(self) -> int:
        """Number of decisions that the model was fitted on."""
        return self.fitted.n_training_rows


def read_panel(history: Table | History, catalogue: Catalogue, *, whose: str) -> History:
    """A table checked against a catalogue; or a `History`, which must have been.

    Parameters
    ----------
    history : table or History
    catalogue : Catalogue
    whose : str
        Whose catalogue it is, for the message: "model ... was fitted on".

    Raises
    ------
    HistoryError
        The table breaks the catalogue's rules, or the `History` follows another catalogue.
    """
    if not isinstance(history, History):
        return check_history(history, catalogue)
    found = history.catalogue
    if found is not catalogue and found != catalogue:
        raise HistoryError(
            f"the history must follow the catalogue that {whose}, {_named(catalogue)}, found {_named(found)}; "
            "give the table itself, which is then read by that catalogue, or fit again"
        )
    return history


def _named(catalogue: Catalogue) -> str:
    return f"{catalogue.name!r} version {catalogue.version} (digest {catalogue.digest[:12]})"


def _amounts(ladder: LimitLadder) -> str:
    return f"[{', '.join(f'{amount:g}' for amount in ladder.amounts)}]"
