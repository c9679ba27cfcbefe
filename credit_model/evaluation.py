"""How good is a fitted predictor on borrowers and months it never saw, beside simple forecasts?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.pairs import row_numbers
from credit_model.explain.stability import reason_stability
from credit_model.explain.support import HeldOutRisk, support_table
from credit_model.explain.verdict import find_support
from credit_model.explain.waves import Waves
from credit_model.fitted_model import read_panel
from credit_model.model.forest import predicted_tier
from credit_model.model.metrics import calibration_by_threshold, one_hot, scores
from credit_model.notebook import notebook_html
from credit_model.parallel import openmp_limit
from credit_model.portfolio.history import History, Table
from credit_model.portfolio.snapshots import Snapshots
from credit_model.predictor import LimitPredictor

#: Decisions that are explained at a time.
ROWS_AT_ONCE = 20_000


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
    support : DataFrame or None
        How many of the tested cuts the model supports, and of how many kept decisions it says the same
        (`explain.support.support_table`); None without a tier in force.
    frequencies : DataFrame or None
        Of the tested decisions by risk: risk_from, risk_to, n, n_cut, frequency (`frequency_table`).
    n_test, n_borrowers : int
        Decisions and borrowers tested.
    """

    scores: pd.DataFrame
    calibration: pd.DataFrame
    support: pd.DataFrame | None
    frequencies: pd.DataFrame | None
    n_test: int
    n_borrowers: int

    def _repr_html_(self) -> str:
        head = "<p><b>{tests:,} test decisions</b> of {borrowers:,} borrowers never seen in training</p>"
        tables = [self.scores.round(4)] if self.support is None else [self.scores.round(4), self.support.round(3)]
        return notebook_html(head, *tables, index=True, tests=self.n_test, borrowers=self.n_borrowers)


def evaluate(predictor: LimitPredictor, history: Table | History, *, multiclass_trees: int | None = None) -> Evaluation:
    """Score a predictor on the test borrowers' late months.

    Parameters
    ----------
    predictor : LimitPredictor
        Fitted; its split says which borrowers and months it never saw.
    history : table or History
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
    check_any_test(len(row))
    predictor = predictor.as_trial()  # the deployed fits have seen these months
    forecasts = forecasts_of(predictor, snapshots, row)
    multiclass = None
    if multiclass_trees is not None:
        multiclass = _multiclass_forecast(predictor, snapshots, row, multiclass_trees)
    judged = None if forecasts.tier_before is None else judge_decisions(predictor, snapshots, row)
    n_borrowers = len(np.unique(snapshots.borrower_row[row]))
    return evaluation_of(predictor, forecasts, judged, n_borrowers=n_borrowers, multiclass=multiclass)


def check_any_test(n: int) -> None:
    """Refuse an evaluation of no decisions."""
    if not n:
        raise HistoryError(
            "evaluation needs decisions of test borrowers in late months, found none; give the history that the "
            "model was trained on, or a longer one"
        )


@dataclass(frozen=True)
class Forecasts:
    """What a trial says of decisions that it never saw, and what became of them.

    Attributes
    ----------
    tier : int64 array, (n,)
        That was decided.
    tier_before : int64 array, (n,), or None
        In force before it; None where no tier is in force.
    predicted : int64 array, (n,)
    probability : float64 array, (n, n_tiers)
    """

    tier: IntArray
    tier_before: IntArray | None
    predicted: IntArray
    probability: FloatArray


def forecasts_of(trial: LimitPredictor, snapshots: Snapshots, row: IntArray) -> Forecasts:
    """The forecasts of a trial (`LimitPredictor.as_trial`) for decisions, rows (n,)."""
    moves = "tier_in_force" in snapshots.catalogue.state_names
    survival = trial.fitted.survival_scores(snapshots, row, n_jobs=trial.n_jobs)
    return Forecasts(
        tier=snapshots.tier_after[row],
        tier_before=snapshots.tier_before[row] if moves else None,
        predicted=predicted_tier(survival),
        probability=trial.predict_proba(snapshots, row),
    )


def evaluation_of(
    predictor: LimitPredictor,
    forecasts: Forecasts,
    judged: JudgedDecisions | None,
    *,
    n_borrowers: int,
    multiclass: FloatArray | None = None,
) -> Evaluation:
    """Scores and tables of forecasts, beside simple ones.

    Parameters
    ----------
    predictor : LimitPredictor
    forecasts : Forecasts
        Of n decisions.
    judged : JudgedDecisions or None
        Those of the same decisions whose tier could fall; None where no tier is in force.
    n_borrowers : int
    multiclass : float64 array, (n, n_tiers), optional
        A peer's probabilities.
    """
    n_tiers, tier, before = predictor.ladder.n_tiers, forecasts.tier, forecasts.tier_before
    table = {"model": scores(tier, forecasts.probability, tier_before=before, predicted=forecasts.predicted)}
    if multiclass is not None:
        table["multiclass"] = scores(tier, multiclass, tier_before=before)
    if before is not None:
        table["no change"] = scores(tier, one_hot(before, n_tiers), tier_before=before)
    shares = np.tile(predictor.tier_shares, (len(tier), 1))
    table["tier shares"] = scores(tier, shares, tier_before=before)
    frame = pd.DataFrame(table).T
    frame.index.name = "forecast"
    return Evaluation(
        scores=frame.astype({"n": "int64"}),
        calibration=calibration_by_threshold(tier, forecasts.probability),
        support=None if judged is None else support_table(judged.support, judged.fell),
        frequencies=None if judged is None else frequency_table(judged.risk, judged.fell),
        n_test=len(tier),
        n_borrowers=n_borrowers,
    )


@dataclass(frozen=True)
class JudgedDecisions:
    """Decisions whose tier could fall, and what the model says of them as of cuts.

    Attributes
    ----------
    support : str array, (n,)
        "expected", "raised" or "unexplained", whether or not the limit fell.
    risk : float64 array, (n,)
        Of losing the tier in force.
    fell : bool array, (n,)
    """

    support: NDArray[np.object_]
    risk: FloatArray
    fell: NDArray[np.bool_]


def judge_decisions(
    predictor: LimitPredictor, snapshots: Snapshots, row: IntArray, *, waves: Waves | None = None
) -> JudgedDecisions:
    """What the model says of decisions as if each had ended in a cut: the price of supporting cuts.

    Parameters
    ----------
    predictor : LimitPredictor
    snapshots : Snapshots
    row : int64 array, (n,)
        Decisions; those in the lowest tier are left out.
    waves : Waves, optional
        Of the whole panel, where ``snapshots`` are of some of its borrowers.

    Raises
    ------
    HistoryError
        The snapshots or waves are not of this predictor's model, or ``row`` holds no row numbers.
    """
    predictor.fitted.check(snapshots, *([] if waves is None else [waves]))
    row = row_numbers(row, len(snapshots))
    row = row[snapshots.tier_before[row] > 0]
    held_out = predictor.held_out
    usual = float("nan") if held_out is None else held_out.usual
    seen = predictor.waves(snapshots) if waves is None else waves.seen_from(snapshots.history)
    support, risk = [], []
    for start in range(0, len(row), ROWS_AT_ONCE):
        block = row[start : start + ROWS_AT_ONCE]
        changes = predictor.explain_rows(snapshots, block)
        rise = seen.effects.since(changes.reference_month_number, changes.month_number)
        support.append(find_support(changes, predictor.support, usual, seen.of_rows(block), rise))
        risk.append(expit(-changes.keep_score_after))
    none = np.empty(0)
    return JudgedDecisions(
        support=np.concatenate([np.empty(0, dtype=object), *support]),
        risk=np.concatenate([none, *risk]),
        fell=snapshots.tier_after[row] < snapshots.tier_before[row],
    )


def cross_fitted_support(predictor: LimitPredictor, history: Table | History, *, folds: int = 5) -> JudgedDecisions:
    """Judge all decisions of a panel, each by a model fitted on other borrowers.

    Parameters
    ----------
    predictor : LimitPredictor
        Its parameters are those of the fits; it need not be fitted.
    history : table or History
    folds : int, at least 2
        Groups of borrowers, drawn from their ids and the seed.

    Raises
    ------
    CreditModelError
        ``folds`` is out of range.
    HistoryError
        A fold leaves too little to train on.
    """
    panel = read_panel(history, predictor.catalogue, whose="this LimitPredictor was given")
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= len(panel.borrower_ids):
        raise CreditModelError(
            f"folds must be between 2 and the number of borrowers, {len(panel.borrower_ids)}; got {folds!r}"
        )
    fold = fold_of_borrowers(panel.borrower_ids, folds, predictor.seed)
    parts = []
    for k in range(folds):
        model = LimitPredictor(**predictor.get_params()).fit(
            panel.select(panel.borrower_ids[fold != k]), test_share=0.0
        )
        snapshots = model.snapshots(panel.select(panel.borrower_ids[fold == k]))
        row = np.flatnonzero(snapshots.is_decision).astype(np.int64)
        parts.append(judge_decisions(model, snapshots, row, waves=model.waves(panel)))
    return JudgedDecisions(
        support=np.concatenate([part.support for part in parts]),
        risk=np.concatenate([part.risk for part in parts]),
        fell=np.concatenate([part.fell for part in parts]),
    )


def fold_of_borrowers(borrower_ids: NDArray[Any], folds: int, seed: int) -> IntArray:
    """Each borrower's fold, 0 .. folds - 1, of about equal size: (n_borrowers,)."""
    return (np.random.default_rng([seed, folds]).permutation(len(borrower_ids)) % folds).astype(np.int64)


def frequency_table(risk: FloatArray, fell: NDArray[np.bool_]) -> pd.DataFrame:
    """How often decisions (n,) of some risk ended in a cut: risk_from, risk_to, n, n_cut, frequency."""
    found = HeldOutRisk.of_decisions(risk, fell, usual=float(fell.mean()) if len(fell) else float("nan"))
    return pd.DataFrame(
        {
            "risk_from": found.edges[:-1],
            "risk_to": found.edges[1:],
            "n": found.n,
            "n_cut": found.n_cut,
            "frequency": np.divide(found.n_cut, found.n, out=np.full(len(found.n), np.nan), where=found.n > 0),
        }
    )


def refit_stability(predictor: LimitPredictor, history: Table | History, *, refits: int = 2) -> pd.DataFrame:
    """How stable the top reasons are when the model is fitted again with other seeds.

    Parameters
    ----------
    predictor : LimitPredictor
        Fitted; counts as the first fit.
    history : table or History
        The panel it was trained on; its decreases are explained by every fit.
    refits : int, at least 1
        Further fits, each with another split of borrowers and other samples.

    Returns
    -------
    DataFrame
        As `explain.stability.reason_stability`.
    """
    panel = read_panel(history, predictor.catalogue, whose="this LimitPredictor was given")
    explained = [predictor.explain_decreases(panel)]
    for i in range(refits):
        again = LimitPredictor(**{**predictor.get_params(), "seed": predictor.seed + i + 1})
        explained.append(again.fit(panel).explain_decreases(panel))
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
    )
    probability = np.zeros((len(row), predictor.ladder.n_tiers))
    with openmp_limit(predictor.n_jobs):
        model.fit(
            snapshots.X[train],
            snapshots.tier_after[train],
            X_val=snapshots.X[validation] if held_out else None,
            y_val=snapshots.tier_after[validation] if held_out else None,
        )
        probability[:, model.classes_] = model.predict_proba(snapshots.X[row])
    return probability
