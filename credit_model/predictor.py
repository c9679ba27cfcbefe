"""`LimitPredictor`: from a history table to a limit-tier model and the reasons of every limit decrease."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from credit_model.errors import ArtifactError, CreditModelError, HistoryError
from credit_model.explain.explanations import DecreaseExplanations
from credit_model.explain.pairs import (
    REFERENCES,
    change_values,
    decrease_rows,
    explain_pairs,
    pair_with_reference,
)
from credit_model.explain.peers import Peers, explain_against_peers, find_peers
from credit_model.explain.principal import principal_reasons
from credit_model.model.artifact import forest_arrays, forest_from_arrays, load_artifact, save_artifact
from credit_model.model.forest import OrdinalForest, predicted_tier, tier_probabilities
from credit_model.model.split import SplitRule, split_rule
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue, read_catalogue
from credit_model.portfolio.history import History, check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import Snapshots, build_snapshots

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class _Fitted:
    """What a fitted predictor consists of; nothing here needs scikit-learn."""

    forest: OrdinalForest
    ladder: LimitLadder
    split: SplitRule
    peers: Peers
    tier_shares: FloatArray
    n_training_rows: int
    version: str


class LimitPredictor:
    """Predicts limit tiers from monthly histories, and explains every limit decrease exactly, by factor.

    Parameters
    ----------
    catalogue : str, path or Catalogue, default "synthetic"
        The portfolio's declaration: a built-in name, a TOML file, or one already read.
    seed : int, default 0
        Draws the split of borrowers and the booster's samples.
    n_jobs : int, default -1
        Threads for prediction and explanation (-1: all cores); results do not depend on it.
    **booster
        Parameters of `LimitTierClassifier`, such as ``max_iter`` or ``learning_rate``.

    Examples
    --------
    >>> from credit_model import LimitPredictor, simulate_portfolio
    >>> history = simulate_portfolio(400, 24, seed=1).history
    >>> predictor = LimitPredictor(max_iter=30).fit(history)
    >>> explanations = predictor.explain_decreases(history)
    >>> change = explanations.summary.eval("keep_score_after - keep_score_before")
    >>> bool((abs(explanations.by_factor.sum(axis=1) - change) < 1e-9).all())
    True
    """

    def __init__(
        self, catalogue: str | Path | Catalogue = "synthetic", *, seed: int = 0, n_jobs: int = -1, **booster: Any
    ) -> None:
        self.catalogue = catalogue if isinstance(catalogue, Catalogue) else read_catalogue(catalogue)
        self.seed = seed
        self.n_jobs = n_jobs
        self.booster = booster
        self._fitted: _Fitted | None = None

    def fit(
        self,
        history: pd.DataFrame | History,
        *,
        validation_share: float = 0.15,
        test_share: float = 0.15,
        late_share: float = 0.25,
    ) -> Self:
        """Train on a panel.

        Rows are split by borrower and by time (`model.split.split_rule`): validation borrowers' late months stop
        the fit, test borrowers' late months are left for `evaluate`.

        Parameters
        ----------
        history : DataFrame or History
            As the catalogue declares it.
        validation_share, test_share : float in [0, 1)
            Shares of borrowers.
        late_share : float in [0, 1)
            Share of decisions, the latest ones, that training leaves out.

        Raises
        ------
        HistoryError
            The history breaks the catalogue's rules, or has too few decisions to train on.
        """
        from credit_model.model.booster import LimitTierClassifier

        history = self._checked(history)
        ladder = self.catalogue.ladder or LimitLadder.from_quantiles(
            history.frame[self.catalogue.limit].to_numpy(dtype=np.float64), self.catalogue.quantiles or 8
        )
        snapshots = build_snapshots(history, ladder)
        decision = np.flatnonzero(snapshots.is_decision)
        if not len(decision):
            raise HistoryError(
                f"training needs decisions after the first {self.catalogue.warm_up} months of a borrower, "
                "found none; give a longer history"
            )
        split = split_rule(
            snapshots.month_number[decision],
            seed=self.seed,
            validation_share=validation_share,
            test_share=test_share,
            late_share=late_share,
        )
        place = (history.borrower_ids, snapshots.borrower_row[decision], snapshots.month_number[decision])
        train, validation = decision[split.train(*place)], decision[split.validation(*place)]
        tiers = np.unique(snapshots.tier_after[train])
        if len(tiers) < 2:
            raise HistoryError(
                f"training needs decisions in at least 2 tiers, found {len(tiers)} in {len(train)} training rows; "
                "give a longer or larger history, or a finer [ladder] in the catalogue"
            )
        model = LimitTierClassifier(
            n_tiers=ladder.n_tiers,
            tier_in_force="tier_in_force" if "tier_in_force" in self.catalogue.state_names else None,
            state_features=list(self.catalogue.state_names) or None,
            monotonic_cst=self.catalogue.monotonic_cst,
            categorical_features=list(self.catalogue.categorical_names) or None,
            random_state=self.seed,
            **self.booster,
        )
        held_out = len(validation) > 0
        frame = snapshots.frame()
        model.fit(
            frame.iloc[train],
            snapshots.tier_after[train],
            X_val=frame.iloc[validation] if held_out else None,
            y_val=snapshots.tier_after[validation] if held_out else None,
        )
        self.model_ = model
        self._fitted = _Fitted(
            forest=model.forest_,
            ladder=ladder,
            split=split,
            peers=find_peers(model.forest_, snapshots, train, n_jobs=self.n_jobs),
            tier_shares=np.bincount(snapshots.tier_after[train], minlength=ladder.n_tiers) / len(train),
            n_training_rows=len(train),
            version=_version(self.catalogue, model.forest_),
        )
        return self

    @property
    def forest(self) -> OrdinalForest:
        """The fitted trees."""
        return self._need().forest

    @property
    def ladder(self) -> LimitLadder:
        """The tiers that the model decides between."""
        return self._need().ladder

    @property
    def version(self) -> str:
        """Names this very model: the catalogue, its version, and a digest of the trees."""
        return self._need().version

    @property
    def tier_shares(self) -> FloatArray:
        """Shares of the tiers among the training decisions (n_tiers,): the prior forecast."""
        return self._need().tier_shares

    @property
    def n_training_rows(self) -> int:
        """Number of decisions that the model was fitted on."""
        return self._need().n_training_rows

    def snapshots(self, history: pd.DataFrame | History) -> Snapshots:
        """Feature rows of a history (checked if it is a DataFrame), on this model's ladder."""
        return build_snapshots(self._checked(history), self._need().ladder)

    def test_rows(self, snapshots: Snapshots) -> IntArray:
        """Decisions of test borrowers in late months, which training never saw: row numbers."""
        place = (snapshots.history.borrower_ids, snapshots.borrower_row, snapshots.month_number)
        return np.flatnonzero(snapshots.is_decision & self._need().split.test(*place)).astype(np.int64)

    def training_rows(self, snapshots: Snapshots) -> tuple[IntArray, IntArray]:
        """Decisions to fit on, and to stop the fit by, as the model's split tells them: row numbers."""
        place = (snapshots.history.borrower_ids, snapshots.borrower_row, snapshots.month_number)
        split = self._need().split
        train, validation = (snapshots.is_decision & rows(*place) for rows in (split.train, split.validation))
        return np.flatnonzero(train).astype(np.int64), np.flatnonzero(validation).astype(np.int64)

    def predict_proba(self, snapshots: Snapshots, row: IntArray | None = None) -> FloatArray:
        """Tier probabilities of rows of ``snapshots``: (n, n_tiers)."""
        X = snapshots.X if row is None else snapshots.X[row]
        forest = self._need().forest
        return tier_probabilities(forest.survival_scores(forest.encode(X), n_jobs=self.n_jobs))

    def predict(self, history: pd.DataFrame | History, *, rows: str = "last") -> pd.DataFrame:
        """The tier that the lender's policy, as learnt, gives each borrower.

        Parameters
        ----------
        history : DataFrame or History
        rows : {"last", "decisions"}
            Each borrower's last month, or every decision.

        Returns
        -------
        DataFrame
            borrower_id, month, limit_in_force, tier_in_force, predicted_tier, predicted_limit, keep_score
            (log-odds of keeping the tier in force; NaN where it is the lowest or unknown), probability_keep,
            probability_decrease, and probability_tier_0 ... for every tier.
        """
        if rows not in ("last", "decisions"):
            raise HistoryError(f"rows must be 'last' or 'decisions', got {rows!r}")
        snapshots = self.snapshots(history)
        row = snapshots.history.starts[1:] - 1 if rows == "last" else np.flatnonzero(snapshots.is_decision)
        fitted = self._need()
        scores = fitted.forest.survival_scores(fitted.forest.encode(snapshots.X[row]), n_jobs=self.n_jobs)
        probability = tier_probabilities(scores)
        tier = snapshots.tier_before[row]
        can_fall = tier > 0
        keep = np.where(can_fall, scores[np.arange(len(row)), np.maximum(tier - 1, 0)], np.nan)
        predicted = predicted_tier(scores)
        table = {
            "borrower_id": snapshots.history.borrower_ids[snapshots.borrower_row[row]],
            "month": snapshots.history.show_months(snapshots.month_number[row]),
            "limit_in_force": snapshots.limit_before[row],
            "tier_in_force": tier,
            "predicted_tier": predicted,
            "predicted_limit": fitted.ladder.amount_of(predicted),
            "keep_score": keep,
            "probability_keep": expit(keep),
            "probability_decrease": expit(-keep),
        }
        return pd.DataFrame(table | {f"probability_tier_{t}": probability[:, t] for t in range(probability.shape[1])})

    def explain_decreases(
        self, history: pd.DataFrame | History, *, reference: str = "last_set"
    ) -> DecreaseExplanations:
        """Explain every limit decrease in a history, exactly, by factor and by feature.

        Parameters
        ----------
        history : DataFrame or History
        reference : {"last_set", "last_review", "previous_month", "peers"}
            What each decision is compared with: the borrower's own snapshot when the limit in force was set, at the
            previous decision, or a month before; or borrowers who kept the same tier by the narrowest margin.

        Returns
        -------
        DecreaseExplanations
            Contributions sum to the change in the keep score.

        Raises
        ------
        HistoryError
            The history breaks the catalogue's rules, the catalogue names no tier in force, or ``reference`` is
            unknown.
        """
        return self.explain_snapshots(self.snapshots(history), reference=reference)

    def explain_snapshots(self, snapshots: Snapshots, *, reference: str = "last_set") -> DecreaseExplanations:
        """`explain_decreases` for snapshots that are already built."""
        self._need_tier_in_force()
        return self._explain(snapshots, decrease_rows(snapshots), reference)

    def explain_change(self, x: FloatArray, z: FloatArray, tier: int) -> dict[str, float]:
        """Factor contributions of one change between two feature rows, in log-odds of keeping ``tier``.

        Parameters
        ----------
        x, z : float64 arrays, (n_features,)
            The snapshot at the decision and the earlier one, in the order of ``catalogue.feature_names``; equal
            in the states.
        tier : int
            The tier in force, 1 .. n_tiers - 1.

        Returns
        -------
        dict
            ``keep_score_before``, ``keep_score_after`` and one contribution a factor id.
        """
        values = change_values(
            self._need().forest,
            self.catalogue,
            np.atleast_2d(x),
            np.atleast_2d(z),
            np.array([tier], dtype=np.int64),
            n_jobs=1,
        )
        factor = np.bincount(
            self.catalogue.factor_index, values.contributions[0], minlength=len(self.catalogue.factor_ids)
        )
        return {
            "keep_score_before": float(values.score_before[0]),
            "keep_score_after": float(values.score_after[0]),
            **{name: float(v) for name, v in zip(self.catalogue.factor_ids, factor, strict=True)},
        }

    def track(self, history: pd.DataFrame | History, borrower_id: Any, *, reference: str = "last_set") -> pd.DataFrame:
        """A borrower's months: limit, keep score and what moved it since the reference.

        Returns
        -------
        DataFrame
            month, limit_amount, limit_before, keep_score (NaN before the windows are filled or in the lowest
            tier), decision (bool), event ("", "decrease" or "increase"), trigger (kinds of rule at work in a decrease,
            such as "knock_out"; "" where none) and one column a factor (log-odds against
            that month's reference; they sum to the change in keep score).

        Raises
        ------
        HistoryError
            The borrower is not in the history.
        """
        self._need_tier_in_force()
        snapshots = self.snapshots(self._checked(history).select([borrower_id]))
        n = len(snapshots.position)
        row = np.flatnonzero((snapshots.tier_before > 0) & (snapshots.position > self.catalogue.decision_lag))
        explained = self._explain(snapshots, row.astype(np.int64), reference)
        score = np.full(n, np.nan)
        score[row] = explained.keep_score_after
        factors = np.full((n, len(self.catalogue.factor_ids)), np.nan)
        factors[row] = explained.factor_contributions
        moved = np.sign(np.nan_to_num(snapshots.limit_after - snapshots.limit_before))
        trigger = np.full(n, "", dtype=object)
        cut = moved[row] < 0
        trigger[row[cut]] = [", ".join(told.kinds) for told in principal_reasons(explained[cut])]
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
        return pd.concat([table, pd.DataFrame(factors, columns=list(self.catalogue.factor_ids))], axis=1)

    def save(self, folder: str | Path) -> None:
        """Write the fitted model into a folder (manifest.json and arrays, no pickle)."""
        fitted = self._need()
        manifest = {
            "version": fitted.version,
            "catalogue": self.catalogue.text,
            "catalogue_name": self.catalogue.name,
            "catalogue_digest": self.catalogue.digest,
            "features": list(self.catalogue.feature_names),
            "ladder": list(fitted.ladder.amounts),
            "split": asdict(fitted.split),
            "seed": self.seed,
            "booster": {k: v for k, v in self.booster.items() if isinstance(v, bool | int | float | str | None)},
            "n_trees": len(fitted.forest.trees.roots),
            "n_training_rows": fitted.n_training_rows,
        }
        arrays = forest_arrays(fitted.forest) | {
            "peers_X": fitted.peers.X,
            "peers_tier": fitted.peers.tier,
            "tier_shares": fitted.tier_shares,
        }
        save_artifact(folder, manifest, arrays)

    @classmethod
    def load(
        cls, folder: str | Path, *, catalogue: str | Path | Catalogue | None = None, n_jobs: int = -1
    ) -> LimitPredictor:
        """Read a saved model.

        Parameters
        ----------
        folder : path
        catalogue : str, path or Catalogue, optional
            What the caller's data follows; must be the one the model was trained with.
        n_jobs : int

        Raises
        ------
        ArtifactError
            No model lies there, it is damaged, or it was trained with another catalogue.
        """
        manifest, arrays = load_artifact(folder)
        try:
            own = parse_catalogue(manifest["catalogue"], where=f"{folder}/manifest.json")
            predictor = cls(own, seed=manifest["seed"], n_jobs=n_jobs, **manifest["booster"])
            if own.digest != manifest["catalogue_digest"]:
                raise ValueError("its catalogue does not have the digest that manifest.json states")
            predictor._fitted = _Fitted(
                forest=forest_from_arrays(arrays, folder),
                ladder=LimitLadder(tuple(manifest["ladder"])),
                split=SplitRule(**manifest["split"]),
                peers=Peers(arrays["peers_X"], arrays["peers_tier"]),
                tier_shares=arrays["tier_shares"],
                n_training_rows=manifest["n_training_rows"],
                version=manifest["version"],
            )
            if _version(own, predictor.forest) != manifest["version"]:
                raise ValueError("its trees are not those of the version that manifest.json states")
        except ArtifactError:
            raise
        except (KeyError, TypeError, CreditModelError, ValueError) as error:
            raise ArtifactError(
                f"{folder}: the saved model is damaged ({error}); restore it from a copy or train again"
            ) from None
        if catalogue is not None:
            wanted = catalogue if isinstance(catalogue, Catalogue) else read_catalogue(catalogue)
            if wanted.digest != own.digest:
                raise ArtifactError(
                    f"{folder}: the model was trained with catalogue {own.name!r} version {own.version} "
                    f"(digest {own.digest[:12]}), not with {wanted.name!r} version {wanted.version} "
                    f"(digest {wanted.digest[:12]}); give that catalogue, or train again with this one"
                )
        return predictor

    def _explain(self, snapshots: Snapshots, row: IntArray, reference: str) -> DecreaseExplanations:
        fitted = self._need()
        if reference == "peers":
            return explain_against_peers(
                fitted.forest, fitted.peers, snapshots, row, model_version=fitted.version, n_jobs=self.n_jobs
            )
        if reference not in REFERENCES:
            raise HistoryError(f"reference must be one of {', '.join(REFERENCES)}, peers; got {reference!r}")
        return explain_pairs(
            fitted.forest,
            snapshots,
            pair_with_reference(snapshots, row, reference),
            reference=reference,
            model_version=fitted.version,
            n_jobs=self.n_jobs,
        )

    def _checked(self, history: pd.DataFrame | History) -> History:
        return history if isinstance(history, History) else check_history(history, self.catalogue)

    def _need(self) -> _Fitted:
        if self._fitted is None:
            raise CreditModelError(
                "this LimitPredictor is not fitted; call fit(history) or LimitPredictor.load(folder)"
            )
        return self._fitted

    def _need_tier_in_force(self) -> None:
        if "tier_in_force" not in self.catalogue.state_names:
            raise HistoryError(
                f"catalogue {self.catalogue.name!r} declares no state tier_in_force, so limits do not move and "
                "there is no decrease to explain; use predict"
            )

    def _repr_html_(self) -> str:
        if self._fitted is None:
            return f"<p><b>LimitPredictor</b> for catalogue <code>{self.catalogue.name}</code>, not fitted</p>"
        return (
            f"<p><b>LimitPredictor</b> {self._fitted.version}: {len(self.forest.trees.roots)} trees, "
            f"{self.ladder.n_tiers} tiers, {len(self.catalogue.driver_names)} features in "
            f"{len(self.catalogue.factor_ids)} factors, {self._fitted.n_training_rows:,} training decisions</p>"
        )


def _version(catalogue: Catalogue, forest: OrdinalForest) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(forest_arrays(forest).items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return f"{catalogue.name}-{catalogue.version}-{digest.hexdigest()[:12]}"
