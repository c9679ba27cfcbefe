"""What a fitted predictor consists of, and how it is saved; nothing here needs scikit-learn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.pairs import row_numbers
from credit_model.explain.peers import Peers
from credit_model.explain.support import HeldOutRisk, SupportRule
from credit_model.explain.waves import Waves
from credit_model.model.artifact import SAVED, forest_arrays, forest_from_arrays, load_artifact, save_artifact
from credit_model.model.forest import OrdinalForest, predicted_tier, tier_probabilities
from credit_model.model.seal import plain, reading
from credit_model.model.split import SplitRule
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue
from credit_model.portfolio.history import History, check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import MonthType
from credit_model.portfolio.snapshots import Snapshots


@dataclass(frozen=True)
class FittedModel:
    """A model that has been fitted to a portfolio.

    Attributes
    ----------
    catalogue : Catalogue
    forest : OrdinalForest
    ladder : LimitLadder
        The tiers that the model decides between.
    split : SplitRule
        Which borrowers and months it was fitted on.
    peers : Peers
        Borrowers who kept their tier narrowly.
    held_out : HeldOutRisk or None
        What became of decisions that it was not fitted on; None where no tier is in force.
    tier_shares : float64 array, (n_tiers,)
        Of the training decisions: the prior forecast.
    n_training_rows : int
    month_type : MonthType
        How the history that it was fitted on wrote its months.
    """

    catalogue: Catalogue
    forest: OrdinalForest
    ladder: LimitLadder
    split: SplitRule
    peers: Peers
    held_out: HeldOutRisk | None
    tier_shares: FloatArray
    n_training_rows: int
    month_type: MonthType

    @cached_property
    def version(self) -> str:
        """Names this very model: the catalogue, its version, and a digest of the trees."""
        digest = hashlib.sha256()
        for name, array in sorted(forest_arrays(self.forest).items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return f"{self.catalogue.name}-{self.catalogue.version}-{digest.hexdigest()[:12]}"

    def panel(self, history: pd.DataFrame | History) -> History:
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

    def forecasts(self, snapshots: Snapshots, row: IntArray, *, n_jobs: int) -> pd.DataFrame:
        """The tier that the policy, as learnt, gives in rows (n,): the table of `LimitPredictor.predict`."""
        scores = self.forest.survival_scores(snapshots.X[row], n_jobs=n_jobs)
        probability = tier_probabilities(scores)
        tier = snapshots.tier_before[row]
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

    def save(self, folder: str | Path, settings: Mapping[str, Any], rule: SupportRule) -> None:
        """Write the model into a folder (manifest.json and arrays, no pickle).

        Parameters
        ----------
        folder : path
        settings : mapping
            The predictor's parameters; those that are None are left out.
        rule : SupportRule

        Raises
        ------
        CreditModelError
            A parameter cannot be kept as JSON.
        """
        catalogue, kept = self.catalogue, {}
        for name, value in settings.items():
            try:
                kept[name] = plain(value)
            except (TypeError, ValueError) as error:
                raise CreditModelError(
                    f"parameter {name!r} cannot be saved with the model, {error}; set it to plain numbers or texts, "
                    "and fit again"
                ) from None
        manifest = {
            "version": self.version,
            "catalogue": catalogue.text,
            "catalogue_name": catalogue.name,
            "catalogue_digest": catalogue.digest,
            "features": list(catalogue.feature_names),
            "ladder": list(self.ladder.amounts),
            "split": asdict(self.split),
            "settings": {name: value for name, value in kept.items() if value is not None},
            "support": asdict(rule),
            "held_out": None if self.held_out is None else self.held_out.as_record(),
            "n_trees": len(self.forest.trees.roots),
            "n_training_rows": self.n_training_rows,
            "month_type": self.month_type,
        }
        arrays = forest_arrays(self.forest) | {
            "peers_X": self.peers.X,
            "peers_tier": self.peers.tier,
            "tier_shares": self.tier_shares,
        }
        save_artifact(folder, manifest, arrays)


def load_fitted(folder: str | Path) -> tuple[FittedModel, dict[str, Any], SupportRule]:
    """A saved model, its predictor's settings and its thresholds of support.

    Raises
    ------
    ArtifactError
        No model lies there, or it is damaged, or its parts do not fit together.
    """
    manifest, arrays = load_artifact(folder)
    with reading(folder, SAVED):
        catalogue = parse_catalogue(manifest["catalogue"], where=f"{folder}/manifest.json")
        held_out = manifest["held_out"]
        fitted = FittedModel(
            catalogue=catalogue,
            forest=forest_from_arrays(arrays, folder),
            ladder=LimitLadder(tuple(manifest["ladder"])),
            split=SplitRule(**manifest["split"]),
            peers=Peers(arrays["peers_X"], arrays["peers_tier"]),
            held_out=None if held_out is None else HeldOutRisk.from_record(held_out),
            tier_shares=arrays["tier_shares"],
            n_training_rows=manifest["n_training_rows"],
            month_type=manifest["month_type"],
        )
        settings, rule = dict(manifest["settings"]), SupportRule(**manifest["support"])
        if fault := _manifest_fault(fitted, manifest) or _fault(fitted):
            raise ValueError(fault)
        return fitted, settings, rule


def read_panel(history: pd.DataFrame | History, catalogue: Catalogue, *, whose: str) -> History:
    """A table checked against a catalogue; or a `History`, which must have been.

    Parameters
    ----------
    history : DataFrame or History
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


def _manifest_fault(fitted: FittedModel, manifest: Mapping[str, Any]) -> str:
    """What a manifest states otherwise than its model has it, in a few words; empty if nothing."""
    catalogue, settings = fitted.catalogue, manifest["settings"]
    stated = {
        "catalogue_digest": catalogue.digest,
        "catalogue_name": catalogue.name,
        "features": list(catalogue.feature_names),
        "n_trees": len(fitted.forest.trees.roots),
        "version": fitted.version,
    }
    for name, value in stated.items():
        if manifest[name] != value:
            return f"manifest.json states another {name} than its catalogue and trees have"
    if settings.keys() & {"catalogue", "n_jobs", "support"} or not _is_count(settings.get("seed")):
        return "the settings must hold the seed, a whole number, and parameters of the booster"
    return ""


def _fault(fitted: FittedModel) -> str:
    """What does not fit together in a model, in a few words; empty if nothing."""
    catalogue, forest, ladder = fitted.catalogue, fitted.forest, fitted.ladder
    names = catalogue.feature_names
    categorical = {names.index(name) for name in catalogue.categorical_names}
    tier_column = names.index("tier_in_force") if "tier_in_force" in names else -1
    peers, shares = fitted.peers, fitted.tier_shares
    faults = {
        f"the trees are of {forest.width} features, the catalogue has {len(names)}": forest.width != len(names),
        "the trees and the catalogue name the tier in force differently": forest.tier_column != tier_column,
        f"the trees are of {forest.n_tiers} tiers, the ladder has {ladder.n_tiers}": forest.n_tiers != ladder.n_tiers,
        "the ladder is not the catalogue's": catalogue.ladder is not None and ladder != catalogue.ladder,
        "the ladder has more tiers than the catalogue's quantiles": ladder.n_tiers > (catalogue.quantiles or np.inf),
        "the categories are not those of the catalogue": forest.categories.keys() != categorical
        or any(_categories_fault(values, catalogue, names[j]) for j, values in forest.categories.items()),
        "the peers do not fit the trees": not _peers_fit(peers, len(names), ladder.n_tiers),
        "the shares of tiers do not fit the ladder": shares.shape != (ladder.n_tiers,)
        or shares.dtype != np.float64
        or not ((shares >= 0).all() and abs(shares.sum() - 1) < 1e-9),
        "the number of training rows is none": not _is_count(fitted.n_training_rows) or fitted.n_training_rows < 1,
        f"the type of months must be one of {', '.join(get_args(MonthType))}": fitted.month_type
        not in get_args(MonthType),
        "held-out risks are of a model without a tier in force": fitted.held_out is not None and tier_column < 0,
    }
    return next((fault for fault, found in faults.items() if found), "")


def _categories_fault(values: FloatArray, catalogue: Catalogue, feature_id: str) -> bool:
    """Known values of a categorical feature must be rising codes of its column."""
    codes = len(catalogue.column(catalogue.feature(feature_id).column or "").categories)
    if values.ndim != 1 or values.dtype != np.float64 or not (np.diff(values) > 0).all():
        return True
    return not np.isin(values, np.arange(codes)).all()


def _peers_fit(peers: Peers, width: int, n_tiers: int) -> bool:
    X, tier = peers.X, peers.tier
    shapes = X.dtype == np.float64 and X.ndim == 2 and X.shape[1] == width and tier.shape == (len(X),)
    if not shapes or tier.dtype != np.int64 or np.isinf(X).any():
        return False
    return bool(((tier >= 1) & (tier < n_tiers)).all())


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _named(catalogue: Catalogue) -> str:
    return f"{catalogue.name!r} version {catalogue.version} (digest {catalogue.digest[:12]})"


def _amounts(ladder: LimitLadder) -> str:
    return f"[{', '.join(f'{amount:g}' for amount in ladder.amounts)}]"
