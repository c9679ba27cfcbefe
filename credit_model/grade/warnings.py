"""Early warnings held against what came, and against the true risk where the simulator can tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import expit

from credit_model.act.warning.inputs import inputs_of
from credit_model.act.warning.measures import average_precision, calibration_error, churn, cuts_caught
from credit_model.act.warning.outcomes import Outcomes, open_lines, outcomes_of
from credit_model.act.warning.replay import alerted_by_month
from credit_model.act.warning.watching import risk_scores, warning_of
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.fitted_model import FittedModel
from credit_model.model.early_warning import HEADLINE, LEADS
from credit_model.portfolio.snapshots import Snapshots
from credit_model.portfolio.standing import standing_of
from credit_model.simulate.again import live_again
from credit_model.simulate.settings import Settings

#: Leads that are told.
SHOWN = (1, HEADLINE, LEADS)
#: Lives by which the true risk of a line is counted.
LIVES = 40
#: From the positions of borrowers in a panel and month numbers, (n,) each, to the true risks of a cut within 1, 2, ...
#: months: (n, LEADS).
TrueRisk = Callable[[IntArray, IntArray], FloatArray]


def grade_warnings(
    fitted: FittedModel,
    snapshots: Snapshots,
    *,
    capacity: float = 0.05,
    true_risk: TrueRisk | None = None,
    most: int = 2000,
    seed: int = 0,
    n_jobs: int = -1,
) -> dict[str, float]:
    """How good the warnings of a model are on a panel that it was not fitted on.

    Parameters
    ----------
    fitted : FittedModel
        With an early warning.
    snapshots : Snapshots
        Of other borrowers, or other months, than those that it saw.
    capacity : float in (0, 1]
        Share of a month's lines that are alerted.
    true_risk : callable, optional
        The true risks of lines; None: what they would have been is not told.
    most : int
        Lines whose true risk is asked for, drawn by ``seed``.
    n_jobs : int

    Returns
    -------
    dict
        n, cuts; average_precision, base_rate and calibration_error at 1, 3 and 6 months ("..._1m"); event_recall (cuts
        with an alert in the 6 months before), line_recall (of the lines cut within 3 months, those alerted then),
        median_lead (months), alerts_per_1000, churn. With true risks, on the ``most`` lines: n_true,
        average_precision_of_warning and _of_truth, ratio_to_truth, and risk_error (the mean distance of the risk from
        the true one), at each of the leads.

    Raises
    ------
    CreditModelError, HistoryError
        The model has no early warning, or no line of the panel is open with months after it.
    """
    warning = warning_of(fitted)
    fitted.check(snapshots)
    outcomes = outcomes_of(snapshots)
    row = np.flatnonzero(open_lines(snapshots) & (outcomes.panel >= 1)).astype(np.int64)
    if not len(row):
        raise HistoryError("the panel has no open line with a month after it; give a longer one")
    standing = standing_of(snapshots, LEADS, n_jobs=n_jobs)
    risk = expit(risk_scores(warning, inputs_of(fitted, standing, row, n_jobs=n_jobs), n_jobs=n_jobs))
    month, whose, seen = snapshots.month_number[row], snapshots.borrower_row[row], outcomes.of(row)
    alerted = alerted_by_month(month, risk[:, HEADLINE - 1], capacity)
    found = {"n": float(len(row)), **_of_lines(risk, seen), **_of_alerts(month, whose, alerted, seen)}
    if true_risk is not None:
        settled = np.flatnonzero(seen.panel >= LEADS)
        some = np.sort(np.random.default_rng(seed).permutation(settled)[:most])
        found |= _beside_truth(risk[some], true_risk(whose[some], month[some]), seen.of(some))
    return found


def cut_within(cut: BoolArray) -> FloatArray:
    """The shares of a line's lives in which it is cut within 1, 2, ... months: (n, span).

    Parameters
    ----------
    cut : bool array, (n, n_lives, span)
        Whether the limit falls in each month of each life.

    Examples
    --------
    >>> cut_within(np.array([[[False, True, False], [False, False, False]]])).tolist()
    [[0.0, 0.5, 0.5]]
    """
    return np.asarray(np.logical_or.accumulate(cut, axis=2).mean(axis=1), dtype=np.float64)


def true_risk_of(settings: Settings, snapshots: Snapshots, *, seed: int = 0, n_jobs: int = -1) -> TrueRisk:
    """The true risks of a simulated portfolio's lines: `LIVES` lives of each from then on, with fresh chances.

    The economy and the lender's own moves are those that came; the borrower's life and the lender's noise are drawn.

    Parameters
    ----------
    settings : Settings
        Of the portfolio.
    snapshots : Snapshots
        The portfolio's.
    seed : int
    n_jobs : int
    """
    history = snapshots.history
    first = int(history.month_number.min())

    def risks(whose: IntArray, month: IntArray) -> FloatArray:
        ids = np.asarray(history.borrower_ids[whose], dtype=np.int64)
        lived = live_again(
            settings, np.repeat(ids, LIVES), np.repeat(month - first + 1, LIVES), LEADS, seed=seed, n_jobs=n_jobs
        )
        return cut_within(lived.cut.reshape(len(whose), LIVES, LEADS))

    return risks


def mean_of_grades(grades: Sequence[dict[str, float]]) -> dict[str, float]:
    """The grades of several portfolios as one: lines and cuts together, all else the mean, weighted by lines."""
    weight = np.array([one["n"] for one in grades])
    return {
        name: float(sum(one[name] for one in grades))
        if name in ("n", "cuts", "n_true")
        else float(np.average([one[name] for one in grades], weights=weight))
        for name in grades[0]
    }


def _of_lines(risk: FloatArray, seen: Outcomes) -> dict[str, float]:
    found = {}
    for lead in SHOWN:
        is_cut, known = seen.until(lead)
        of_lead, fell = risk[known, lead - 1], is_cut[known]
        found[f"average_precision_{lead}m"] = average_precision(of_lead, fell)
        found[f"base_rate_{lead}m"] = float(fell.mean()) if len(fell) else float("nan")
        found[f"calibration_error_{lead}m"] = calibration_error(of_lead, fell)
    return found


def _of_alerts(month: IntArray, whose: IntArray, alerted: BoolArray, seen: Outcomes) -> dict[str, float]:
    caught = cuts_caught(month, whose, alerted, seen.cut, LEADS)
    is_cut, known = seen.until(HEADLINE)
    hit = is_cut & known
    return {
        "cuts": float(caught.n),
        "event_recall": caught.recall,
        "median_lead": caught.median_lead,
        "line_recall": float(alerted[hit].mean()) if hit.any() else float("nan"),
        "alerts_per_1000": 1000.0 * float(alerted.mean()),
        "churn": churn(month, whose, alerted),
    }


def _beside_truth(risk: FloatArray, truth: FloatArray, seen: Outcomes) -> dict[str, float]:
    found = {"n_true": float(len(risk))}
    for lead in SHOWN:
        is_cut, known = seen.until(lead)
        own, true = (average_precision(values[known, lead - 1], is_cut[known]) for values in (risk, truth))
        found[f"average_precision_of_warning_{lead}m"] = own
        found[f"average_precision_of_truth_{lead}m"] = true
        found[f"ratio_to_truth_{lead}m"] = own / true if true else float("nan")
        found[f"risk_error_{lead}m"] = float(np.abs(risk[:, lead - 1] - truth[:, lead - 1]).mean())
    return found
