"""How good is a fitted predictor on borrowers and months it never saw, beside simple forecasts?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.errors import HistoryError
from credit_model.explain.stability import reason_stability
from credit_model.model.forest import predicted_tier
from credit_model.model.metrics import calibration_by_threshold, one_hot, scores
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots
from credit_model.predictor import LimitPredictor

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy on the test decisions: out of time and out of borrower.

    Attributes
    ----------
    scores : DataFrame
        One row a forecast ("model", "no change" where a tier is in force, "tier shares", and "multiclass" where
        asked for); columns n, rps, qwk, tier_mae, log_loss and, with a tier in force, decrease_auc, decrease_ap,
        decrease_share.
    calibration : DataFrame
        Of the model: threshold, n, forecast, observed, auc (`model.metrics.calibration_by_threshold`).
    n_test, n_borrowers : int
        Decisions and borrowers tested.
    """

    scores: pd.DataFrame
    calibration: pd.DataFrame
    n_test: int
    n_borrowers: int

    def _repr_html_(self) -> str:
        head = f"<p><b>{self.n_test:,} test decisions</b> of {self.n_borrowers:,} borrowers never seen in training</p>"
        return head + str(self.scores.round(4).to_html())


def evaluate(
    predictor: LimitPredictor, history: pd.DataFrame | History, *, multiclass_trees: int | None = None
) -> Evaluation:
    """Score a predictor on the test borrowers' late months.

    Parameters
    ----------
    predictor : LimitPredictor
        Fitted; its split says which borrowers and months it never saw.
    history : DataFrame or History
        The panel it was trained on, or a later one.
    multiclass_trees : int, optional
        Also fit scikit-learn's multiclass histogram gradient boosting, with at most so many rounds, on the same
        training rows, as a peer.

    Raises
    ------
    HistoryError
        The history holds no test decision.
    """
    snapshots = predictor.snapshots(history)
    row = predictor.test_rows(snapshots)
    if not len(row):
        raise HistoryError(
            "evaluation needs decisions of test borrowers in late months, found none; give the history that the "
            "model was trained on, or a longer one"
        )
    n_tiers = predictor.ladder.n_tiers
    tier = snapshots.tier_after[row]
    moves = "tier_in_force" in predictor.catalogue.state_names
    before = snapshots.tier_before[row] if moves else None
    survival = predictor.forest.survival_scores(predictor.forest.encode(snapshots.X[row]), n_jobs=predictor.n_jobs)
    probability = predictor.predict_proba(snapshots, row)
    table = {"model": scores(tier, probability, tier_before=before, predicted=predicted_tier(survival))}
    if multiclass_trees is not None:
        table["multiclass"] = scores(
            tier, _multiclass_forecast(predictor, snapshots, row, multiclass_trees), tier_before=before
        )
    if before is not None:
        table["no change"] = scores(tier, one_hot(before, n_tiers), tier_before=before)
    shares = np.tile(predictor.tier_shares, (len(row), 1))
    table["tier shares"] = scores(tier, shares, tier_before=before)
    frame = pd.DataFrame(table).T
    frame.index.name = "forecast"
    return Evaluation(
        scores=frame.astype({"n": "int64"}),
        calibration=calibration_by_threshold(tier, probability),
        n_test=len(row),
        n_borrowers=len(np.unique(snapshots.borrower_row[row])),
    )


def refit_stability(predictor: LimitPredictor, history: pd.DataFrame | History, *, refits: int = 2) -> pd.DataFrame:
    """How stable the top reasons are when the model is fitted again with other seeds.

    Parameters
    ----------
    predictor : LimitPredictor
        Fitted; counts as the first fit.
    history : DataFrame or History
        The panel it was trained on; its decreases are explained by every fit.
    refits : int, at least 1
        Further fits, each with another split of borrowers and other samples.

    Returns
    -------
    DataFrame
        As `explain.stability.reason_stability`.
    """
    explained = [predictor.explain_decreases(history)]
    for i in range(refits):
        again = LimitPredictor(
            predictor.catalogue, seed=predictor.seed + i + 1, n_jobs=predictor.n_jobs, **predictor.booster
        )
        explained.append(again.fit(history).explain_decreases(history))
    return reason_stability(explained)


def _multiclass_forecast(predictor: LimitPredictor, snapshots: Snapshots, row: IntArray, trees: int) -> FloatArray:
    """Tier probabilities (n, n_tiers) of scikit-learn's multiclass booster at its best number of rounds."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    train, validation = predictor.training_rows(snapshots)
    held_out = len(validation) > 0
    seen = np.unique(snapshots.tier_after[train])
    # The peer can only name tiers that it saw in training, also in its held-out rows.
    validation = validation[np.isin(snapshots.tier_after[validation], seen)]
    model = HistGradientBoostingClassifier(
        max_iter=trees, early_stopping=held_out, n_iter_no_change=10, random_state=predictor.seed
    ).fit(
        snapshots.X[train],
        snapshots.tier_after[train],
        X_val=snapshots.X[validation] if held_out else None,
        y_val=snapshots.tier_after[validation] if held_out else None,
    )
    probability = np.zeros((len(row), predictor.ladder.n_tiers))
    probability[:, model.classes_] = model.predict_proba(snapshots.X[row])
    return probability
