"""What a fitted predictor consists of, and how it is saved; nothing here needs scikit-learn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import ArtifactError, CreditModelError
from credit_model.explain.peers import Peers
from credit_model.explain.support import HeldOutRisk, SupportRule
from credit_model.model.artifact import forest_arrays, forest_from_arrays, load_artifact, save_artifact
from credit_model.model.forest import OrdinalForest, predicted_tier, tier_probabilities
from credit_model.model.split import SplitRule
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue
from credit_model.portfolio.ladder import LimitLadder
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
    """

    catalogue: Catalogue
    forest: OrdinalForest
    ladder: LimitLadder
    split: SplitRule
    peers: Peers
    held_out: HeldOutRisk | None
    tier_shares: FloatArray
    n_training_rows: int

    @cached_property
    def version(self) -> str:
        """Names this very model: the catalogue, its version, and a digest of the trees."""
        digest = hashlib.sha256()
        for name, array in sorted(forest_arrays(self.forest).items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return f"{self.catalogue.name}-{self.catalogue.version}-{digest.hexdigest()[:12]}"

    def rows_of(self, snapshots: Snapshots, side: Literal["train", "validation", "test"]) -> IntArray:
        """Decisions that the split lays on one side: row numbers."""
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
            The predictor's parameters, as JSON holds them.
        rule : SupportRule
        """
        catalogue = self.catalogue
        manifest = {
            "version": self.version,
            "catalogue": catalogue.text,
            "catalogue_name": catalogue.name,
            "catalogue_digest": catalogue.digest,
            "features": list(catalogue.feature_names),
            "ladder": list(self.ladder.amounts),
            "split": asdict(self.split),
            "settings": dict(settings),
            "support": asdict(rule),
            "held_out": None if self.held_out is None else self.held_out.as_record(),
            "n_trees": len(self.forest.trees.roots),
            "n_training_rows": self.n_training_rows,
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
        No model lies there, or it is damaged.
    """
    manifest, arrays = load_artifact(folder)
    try:
        catalogue = parse_catalogue(manifest["catalogue"], where=f"{folder}/manifest.json")
        if catalogue.digest != manifest["catalogue_digest"]:
            raise ValueError("its catalogue does not have the digest that manifest.json states")
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
        )
        if fitted.version != manifest["version"]:
            raise ValueError("its trees are not those of the version that manifest.json states")
        return fitted, dict(manifest["settings"]), SupportRule(**manifest["support"])
    except ArtifactError:
        raise
    except (KeyError, TypeError, CreditModelError, ValueError) as error:
        raise ArtifactError(
            f"{folder}: the saved model is damaged ({error}); restore it from a copy or train again"
        ) from None
