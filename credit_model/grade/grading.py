"""Holds explanation methods against the simulator's truth, with a model that was fitted before (protocol *stale*)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from credit_model.arrays import BoolArray
from credit_model.errors import HistoryError
from credit_model.grade.answering import GivenPortfolio, Portfolio, answer, portfolios_of
from credit_model.grade.methods import METHODS, check_methods
from credit_model.grade.result import Grade, grade_of
from credit_model.grade.rivals import Rival, Training, fit_rivals
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots
from credit_model.predictor import LimitPredictor
from credit_model.simulate.truth import Truth

__all__ = ["Earlier", "Grade", "earlier_of", "grade_explanations", "grade_portfolios"]

#: Earlier data of the graded lender; of several lenders, by the name of their policy.
Earlier = pd.DataFrame | History | Mapping[str, pd.DataFrame | History]


def grade_explanations(
    predictor: LimitPredictor,
    history: pd.DataFrame | History,
    truth: pd.DataFrame | Truth,
    *,
    methods: Sequence[str] = tuple(METHODS),
    rows: str = "all",
    earlier: Earlier | None = None,
    seed: int = 0,
) -> Grade:
    """Grade explanations of limit decreases against the simulator's truth.

    Parameters
    ----------
    predictor : LimitPredictor
        Fitted, best on other portfolios (other seeds) than the one graded.
    history : DataFrame or History
    truth : Truth or DataFrame
        What is true of the same portfolio: `SimulatedPortfolio.truth`, or its table ``decreases``.
    methods : sequence of str
        Of `credit_model.grade.methods.METHODS`.
    rows : {"all", "held_out"}
        "held_out": only borrowers that the trial never saw, explained by the trial, for a portfolio that the model was
        trained on.
    earlier : DataFrame or History, or mapping of policy to these, optional
        What ``predictor`` was fitted on: rivals that are fitted to data are fitted on it. Without, they are left out.
    seed : int
        Draws the population that population methods compare with.

    Returns
    -------
    Grade

    Raises
    ------
    HistoryError
        No decrease can be graded, or ``rows`` is unknown.
    DataFileError
        ``truth`` lacks a column, or belongs to another portfolio.

    Examples
    --------
    >>> from credit_model import LimitPredictor, grade_explanations, simulate_portfolio
    >>> predictor = LimitPredictor(max_iter=300).fit(simulate_portfolio(600, 30, seed=1).history)
    >>> unseen = simulate_portfolio(600, 30, seed=2)
    >>> grade = grade_explanations(predictor, unseen.history, unseen.truth, methods=["ours", "previous_month"])
    >>> right = grade.overall["leading_factor_right"]
    >>> bool(right["ours"] > right["previous_month"])
    True
    """
    return grade_portfolios(predictor, [(history, truth)], methods=methods, rows=rows, earlier=earlier, seed=seed)


def grade_portfolios(
    predictor: LimitPredictor,
    portfolios: Iterable[GivenPortfolio],
    *,
    methods: Sequence[str] = tuple(METHODS),
    rows: str = "all",
    earlier: Earlier | None = None,
    seed: int = 0,
) -> Grade:
    """`grade_explanations` for several portfolios, such as one a scenario, graded as one and by policy.

    Each is (history, truth), or (history, truth, policy), or a `grade.answering.Portfolio`.
    """
    if rows not in ("all", "held_out"):
        raise HistoryError(f"rows must be 'all' or 'held_out', got {rows!r}")
    if rows == "held_out":
        predictor = predictor.as_trial()  # the deployed fits have seen every borrower of the training portfolio
    methods, rivals = check_methods(methods), dict[str, dict[str, Rival]]()
    lots, notes = [], list[str]()
    for one in portfolios_of(portfolios):
        snapshots = predictor.snapshots(one.history)
        if one.policy not in rivals:
            rivals[one.policy] = _rivals(predictor, earlier_of(earlier, one), methods, seed)
        answered = answer(
            predictor,
            snapshots,
            one,
            methods,
            rivals=rivals[one.policy],
            unseen=_unseen(predictor, snapshots) if rows == "held_out" else None,
            seed=seed,
        )
        lots.append(answered.lot)
        notes += answered.notes
    return grade_of(lots, predictor.catalogue, protocol="stale", models=[predictor.version], notes=notes, seed=seed)


def earlier_of(earlier: Earlier | None, portfolio: Portfolio) -> pd.DataFrame | History | None:
    """The earlier data of a portfolio's lender; None if none are given.

    Raises
    ------
    HistoryError
        They are given by policy, and none are of this one.
    """
    if not isinstance(earlier, Mapping):
        return earlier
    if portfolio.policy not in earlier:
        raise HistoryError(
            f"the earlier data must be the graded lender's, found those of {', '.join(map(repr, earlier))} for a "
            f"portfolio of {portfolio.policy!r}; give earlier data of every policy, or none"
        )
    return earlier[portfolio.policy]


def _rivals(
    predictor: LimitPredictor, earlier: pd.DataFrame | History | None, methods: Sequence[str], seed: int
) -> dict[str, Rival]:
    if earlier is None:
        return {}
    training = Training.of_snapshots(predictor.snapshots(earlier), seed=seed, n_jobs=predictor.n_jobs)
    return fit_rivals(training, methods)


def _unseen(predictor: LimitPredictor, snapshots: Snapshots) -> BoolArray:
    """Borrowers of whom no decision was fitted on or stopped the fit: (n_borrowers,)."""
    unseen = np.ones(len(snapshots.history.borrower_ids), dtype=bool)
    unseen[snapshots.borrower_row[np.concatenate(predictor.training_rows(snapshots))]] = False
    return unseen
