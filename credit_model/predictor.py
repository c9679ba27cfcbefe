"""`LimitPredictor`: from a history table to a limit-tier model and the reasons of every limit decrease."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from credit_model.act.acting import Acting
from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.explaining import as_decreases, one_change
from credit_model.explain.pairs import decrease_rows, row_numbers
from credit_model.explain.support import SupportRule
from credit_model.explain.track import moves, track_rows, track_table
from credit_model.explain.waves import Waves
from credit_model.export.exporting import Exporting
from credit_model.fitted_model import FittedModel, read_panel
from credit_model.notebook import notebook_html
from credit_model.own_model import FromModel, OwnModel, fit_around
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History, Table
from credit_model.portfolio.snapshots import Snapshots, build_snapshots
from credit_model.saved_model import check_trained_with, load_fitted, save_fitted
from credit_model.training import check_booster, fit_model, fit_rows
from credit_model.training_rows import Drawing, TrainingRows

#: The parameters that are no booster's, beside the catalogue.
_OWN = ("seed", "n_fits", "n_jobs", "support", "warning", "own_model", "most_decisions")


class LimitPredictor(FromModel, Acting, Exporting):
    """Predicts limit tiers from monthly histories, and explains every limit decrease exactly, by factor.

    Parameters
    ----------
    catalogue : str, path or Catalogue, default "synthetic"
        The portfolio's declaration: a built-in name, a TOML file, or one already read.
    seed : int, default 0
        Draws the split of borrowers and the booster's samples.
    n_fits : int, default 1
        Deployed fits. 1: a single one, on all months and borrowers, that has seen the cuts it explains. More, such as
        the 8 of ``credit-model train``: each on half of the borrowers; the model is their mean, a borrower of the
        training portfolio is explained by those that did not see it, and it is kept how many agree. Each is half a fit.
    n_jobs : int, default -1
        Threads for snapshots, fit, prediction and explanation (-1: all cores); results do not depend on it.
    support : SupportRule, optional
        The thresholds at which a cut counts as expected, raised or unexplained; None: the defaults.
    warning : bool, default False
        Fit the early warning too, which `watch` and `replay` take; ``credit-model train`` does.
    own_model : OwnModel, optional
        The lender's own model, from `from_model`; None: the policy is learnt.
    most_decisions : int, optional
        Decisions to learn from at most; None: two million (`training_rows.MOST_DECISIONS`). Where there are more, all
        that changed the limit are taken, and of those that kept it as many as there is room for, drawn by chance: each
        then counts for as many as it was drawn from. At least a quarter of the number is left to these.
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
        self,
        catalogue: str | Path | Catalogue = "synthetic",
        *,
        seed: int = 0,
        n_fits: int = 1,
        n_jobs: int = -1,
        support: SupportRule | None = None,
        warning: bool = False,
        own_model: OwnModel | None = None,
        most_decisions: int | None = None,
        **booster: Any,
    ) -> None:
        self.catalogue = catalogue if isinstance(catalogue, Catalogue) else read_catalogue(catalogue)
        self.seed = seed
        self.n_fits = n_fits
        self.n_jobs = n_jobs
        self.support = SupportRule() if support is None else support
        self.warning = warning
        self.own_model = own_model
        self.most_decisions = most_decisions
        self.booster = booster
        self._fitted: FittedModel | None = None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, as scikit-learn's estimators give them (so that `sklearn.base.clone` works)."""
        return {name: getattr(self, name) for name in ("catalogue", *_OWN)} | self.booster

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; a fitted model stays as it is until `fit` is called again.

        Raises
        ------
        CreditModelError
            A parameter is neither the predictor's nor `LimitTierClassifier`'s, or the catalogue declares it.
        """
        for name, value in params.items():
            if name == "catalogue":
                self.catalogue = value if isinstance(value, Catalogue) else read_catalogue(value)
            elif name in _OWN:
                setattr(self, name, value)
            else:
                check_booster([name])
                self.booster = {**self.booster, name: value}
        return self

    def fit(
        self,
        history: Table | History,
        *,
        validation_share: float = 0.15,
        test_share: float = 0.15,
        late_share: float = 0.25,
    ) -> Self:
        """Train on a panel.

        Rows are split by borrower and by time (`model.split.split_rule`) for a trial: validation borrowers' late months
        choose its structure and number of trees, test borrowers' late months are left for `evaluate`. The deployed fits
        then see all months. What became of decisions by the risk that fits gave which had not seen them is kept.

        Parameters
        ----------
        history : table or History
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
        shares = {"validation_share": validation_share, "test_share": test_share, "late_share": late_share}
        panel = read_panel(history, self.catalogue, whose="this LimitPredictor was given")
        own: dict[str, Any] = {"seed": self.seed, "n_jobs": self.n_jobs, "shares": shares}
        if self.own_model is not None:
            self._fitted = fit_around(self.own_model, panel, **own)
        else:
            self._fitted, self.model_ = fit_model(
                panel, n_fits=self.n_fits, booster=self.booster, most_decisions=self.most_decisions, **own
            )
        if self.warning:
            self.add_warning(panel)
        return self

    def fit_drawn(self, rows: TrainingRows, drawing: Drawing, panel_of: Callable[[Sequence[Any]], History]) -> Self:
        """Train on decisions that were drawn from a panel block by block; `training.fit_rows` says what they are."""
        own: dict[str, Any] = {"n_fits": self.n_fits, "n_jobs": self.n_jobs, "booster": self.booster}
        self._fitted, self.model_ = fit_rows(rows, self.catalogue, drawing, panel_of, **own)
        return self

    @property
    def fitted(self) -> FittedModel:
        """The fitted model with its own catalogue, whatever `set_params` has set since."""
        if self._fitted is None:
            raise CreditModelError(
                "this LimitPredictor is not fitted; call fit(history) or LimitPredictor.load(folder)"
            )
        return self._fitted

    def as_trial(self) -> LimitPredictor:
        """A predictor by the trial, which never saw the test rows: what `evaluate` judges."""
        trial = copy.copy(self)
        trial._fitted = self.fitted.as_trial()
        return trial

    def snapshots(self, history: Table | History) -> Snapshots:
        """Feature rows of a history (checked if it is a table), on this model's ladder."""
        return build_snapshots(self.fitted.panel(history), self.fitted.ladder, n_jobs=self.n_jobs)

    def waves(self, history: Table | History | Snapshots) -> Waves:
        """The months and classes of a whole panel that were cut far above their usual, or above what is expected."""
        snapshots = history if isinstance(history, Snapshots) else self.snapshots(history)
        return self.fitted.waves(snapshots, n_jobs=self.n_jobs)

    def test_rows(self, snapshots: Snapshots) -> IntArray:
        """Decisions of test borrowers in late months, which the trial never saw: row numbers."""
        return self.fitted.rows_of(snapshots, "test")

    def training_rows(self, snapshots: Snapshots) -> tuple[IntArray, IntArray]:
        """Decisions that the trial was fitted on, and that stopped its fit, as the split tells them: row numbers."""
        return self.fitted.rows_of(snapshots, "train"), self.fitted.rows_of(snapshots, "validation")

    def predict_proba(self, snapshots: Snapshots, row: IntArray | None = None) -> FloatArray:
        """Tier probabilities of rows of ``snapshots``: (n, n_tiers)."""
        row = None if row is None else row_numbers(row, len(snapshots))
        return self.fitted.probabilities(snapshots, row, n_jobs=self.n_jobs)

    def predict(self, history: Table | History, *, rows: str = "last") -> pd.DataFrame:
        """The tier that the lender's policy, as learnt, gives each borrower.

        Parameters
        ----------
        history : table or History
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
        return self.fitted.forecasts(snapshots, row, n_jobs=self.n_jobs)

    def explain_decreases(self, history: Table | History, *, reference: str = "last_set") -> DecreaseExplanations:
        """Explain every limit decrease in a history, exactly, by factor and by feature.

        Parameters
        ----------
        history : table or History
            A whole panel: from it waves of cuts are recognised.
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

    def explain_snapshots(
        self, snapshots: Snapshots, *, reference: str = "last_set", waves: Waves | None = None
    ) -> DecreaseExplanations:
        """`explain_decreases` for snapshots that are already built.

        Parameters
        ----------
        snapshots : Snapshots
        reference : str
        waves : Waves, optional
            Of the whole panel, where ``snapshots`` are of some of its borrowers; None: seen in their own history.
        """
        self._need_tier_in_force()
        self.fitted.check(snapshots, *([] if waves is None else [waves]))
        row = decrease_rows(snapshots)
        changes = self.explain_rows(snapshots, row, reference=reference)
        found = self.waves(snapshots) if waves is None else waves.seen_from(snapshots.history)
        return as_decreases(changes, snapshots, row, rule=self.support, held_out=self.fitted.held_out, waves=found)

    def explain_rows(self, snapshots: Snapshots, row: IntArray, *, reference: str = "last_set") -> ChangeExplanations:
        """Explain why the keep scores of any rows (n,) differ from their references', whether or not a limit fell.

        Parameters
        ----------
        snapshots : Snapshots
        row : int64 array, (n,)
            Rows whose tier in force is at least 1.
        reference : str
            As in `explain_decreases`.

        Raises
        ------
        CreditModelError
            The snapshots are not of this model, ``row`` holds no such rows, or ``reference`` is unknown.
        """
        return self.fitted.explained(snapshots, row, reference, n_jobs=self.n_jobs)

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

        Raises
        ------
        CreditModelError
            ``tier``, a shape or a value breaks its rule, or the states differ.
        """
        return one_change(self.bag, self.fitted.catalogue, x, z, tier)

    def track(self, history: Table | History, borrower_id: Any, *, reference: str = "last_set") -> pd.DataFrame:
        """A borrower's months: limit, keep score and what moved it since the reference.

        Returns
        -------
        DataFrame
            month, limit_amount, limit_before, keep_score (NaN before the windows are filled or in the lowest
            tier), decision (bool), event ("", "decrease" or "increase"), trigger (types of rule at work in a
            decrease, such as "knock_out"; "" where none) and one column a factor (log-odds against that month's
            reference; they sum to the change in keep score).

        Raises
        ------
        HistoryError
            The borrower is not in the history.
        """
        self._need_tier_in_force()
        snapshots = self.snapshots(self.fitted.panel(history).select([borrower_id]))
        row = track_rows(snapshots)
        changes = self.explain_rows(snapshots, row, reference=reference)
        cut = moves(snapshots)[row] < 0
        decreases = as_decreases(changes[cut], snapshots, row[cut], rule=self.support, held_out=self.held_out)
        return track_table(snapshots, row, changes, decreases)

    def save(self, folder: str | Path) -> None:
        """Write the fitted model and the parameters into a folder (manifest.json and arrays, no pickle)."""
        own: dict[str, Any] = {name: getattr(self, name) for name in ("seed", "n_fits", "warning", "most_decisions")}
        save_fitted(self.fitted, folder, own | self.booster, self.support)

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
        fitted, settings, rule = load_fitted(folder)
        if catalogue is not None:
            wanted = catalogue if isinstance(catalogue, Catalogue) else read_catalogue(catalogue)
            check_trained_with(fitted.catalogue, wanted, folder)
        predictor = cls(fitted.catalogue, n_jobs=n_jobs, support=rule, **settings)
        predictor._fitted = fitted
        return predictor

    def _need_tier_in_force(self) -> None:
        catalogue = self.fitted.catalogue
        if "tier_in_force" not in catalogue.state_names:
            raise HistoryError(
                f"catalogue {catalogue.name!r} declares no state tier_in_force, so limits do not move and "
                "there is no decrease to explain; use predict"
            )

    def _repr_html_(self) -> str:
        head, known = "<p><b>LimitPredictor</b> ", self._fitted
        if known is None:
            return notebook_html(head + "for catalogue <code>{one.name}</code>, not fitted</p>", one=self.catalogue)
        return notebook_html(
            head + "{known.version}: {n[0]} trees, {known.ladder.n_tiers} tiers, {n[1]} features in {n[2]} factors, "
            "{known.n_training_rows:,} training decisions</p>", known=known,
            n=[len(each) for each in (range(known.bag.n_trees), known.catalogue.drivers, known.catalogue.factors)],
        )  # fmt: skip
