"""Protocol *in time*: as a lender has it who refits every month.

Each graded portfolio's borrowers are parted into folds. The cuts of a fold are explained by a model that was fitted on
the lender's earlier data, if there are any, and on all months of the portfolio's other borrowers: it has seen the
months that it explains, and none of the borrowers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from credit_model.arrays import BoolArray, IntArray
from credit_model.errors import CreditModelError, HistoryError
from credit_model.grade.answering import Answered, GivenPortfolio, Portfolio, answer, portfolios_of
from credit_model.grade.grading import Earlier, earlier_of
from credit_model.grade.methods import METHODS, check_methods
from credit_model.grade.result import Grade, grade_of
from credit_model.grade.rivals import FITS, Rival, Training, fit_rivals
from credit_model.portfolio.history import History, check_history
from credit_model.predictor import LimitPredictor

#: Folds, where none are named: each model then sees three quarters of the graded portfolio's borrowers.
FOLDS = 4


def grade_in_time(
    portfolios: Iterable[GivenPortfolio],
    earlier: Earlier | None = None,
    *,
    folds: int = FOLDS,
    methods: Sequence[str] = tuple(METHODS),
    seed: int = 0,
    predictor: LimitPredictor | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> Grade:
    """Grade explanations by models that have seen the same months of other borrowers.

    Parameters
    ----------
    portfolios : iterable of (history, truth), (history, truth, policy) or Portfolio
    earlier : DataFrame or History, or mapping of policy to these, optional
        The lender's earlier data, on which every model is fitted too. Its borrowers are others, whatever their ids.
    folds : int, default 4
        Parts of a portfolio's borrowers, each explained by a fit without them; at least 2.
    methods : sequence of str
        Of `credit_model.grade.methods.METHODS`.
    seed : int
        Draws the folds, the borrowers that stop the rivals' fits, and the population that population methods compare
        with.
    predictor : LimitPredictor, optional
        Its parameters are those of all models; it stays as it is. None: the defaults.
    on_progress : callable, optional
        Called with the number of fits that are done and of all fits.

    Returns
    -------
    Grade

    Raises
    ------
    HistoryError
        No decrease can be graded, a portfolio has fewer borrowers than folds, or the months of ``earlier`` are
        counted otherwise.
    CreditModelError
        ``folds`` or a method breaks its rule.

    Examples
    --------
    >>> from credit_model import LimitPredictor, simulate_portfolio
    >>> graded = simulate_portfolio(300, 30, seed=2)
    >>> settings = LimitPredictor(structure="score", max_iter=100)
    >>> grade = grade_in_time([(graded.history, graded.truth)], folds=2, methods=["ours"], predictor=settings)
    >>> grade.protocol, grade.model_version
    ('in_time', '2 fits')
    """
    methods, template = check_methods(methods), LimitPredictor() if predictor is None else predictor
    if isinstance(folds, bool) or not isinstance(folds, int | np.integer) or folds < 2:
        raise CreditModelError(f"folds must be a whole number of at least 2, got {folds!r}")
    given = portfolios_of(portfolios)
    answers, models = list[Answered](), list[str]()
    for place, portfolio in enumerate(given):
        history, before = _checked(portfolio.history, template), earlier_of(earlier, portfolio)
        before = None if before is None else _checked(before, template)
        number = fold_numbers(len(history.borrower_ids), folds, seed=seed)
        for fold in range(folds):
            answered, version = _answer_fold(
                template, history, before, portfolio, number == fold, methods=methods, seed=seed
            )
            answers.append(answered)
            models.append(version)
            if on_progress is not None:
                on_progress(place * folds + fold + 1, len(given) * folds)
    return grade_of(
        [one.lot for one in answers],
        template.catalogue,
        protocol="in_time",
        models=models,
        notes=[note for one in answers for note in one.notes],
        seed=seed,
    )


def _checked(history: pd.DataFrame | History, template: LimitPredictor) -> History:
    """A table checked against the predictor's catalogue; a `History` has been, and its catalogue is when fitted on."""
    return history if isinstance(history, History) else check_history(history, template.catalogue)


def _answer_fold(
    template: LimitPredictor,
    history: History,
    before: History | None,
    portfolio: Portfolio,
    explained: BoolArray,
    *,
    methods: Sequence[str],
    seed: int,
) -> tuple[Answered, str]:
    """What the methods say of one fold's borrowers (n_borrowers,), and the version of the model that says it."""
    others = {"graded": history.select(history.borrower_ids[~explained].tolist())}
    training = one_panel({"earlier": before, **others} if before is not None else others)
    fitted = fit_in_time(template, training)
    answered = answer(
        fitted,
        fitted.snapshots(history),
        portfolio,
        methods,
        rivals=_fit_rivals(fitted, training, methods, seed),
        borrowers=explained,
        seed=seed,
    )
    return answered, fitted.version


def fit_in_time(template: LimitPredictor, training: History) -> LimitPredictor:
    """A model as a lender has it who refits every month: on all months of all borrowers given.

    Borrowers alone are held out to stop the fit; nothing is kept apart for a test, which the folds are.
    """
    return LimitPredictor(**template.get_params()).fit(training, test_share=0.0, late_share=0.0)


def _fit_rivals(fitted: LimitPredictor, training: History, methods: Sequence[str], seed: int) -> dict[str, Rival]:
    """The rivals among the methods, fitted on what the model was fitted on."""
    if not set(methods) & FITS.keys():
        return {}
    return fit_rivals(Training.of_snapshots(fitted.snapshots(training), seed=seed, n_jobs=fitted.n_jobs), methods)


def fold_numbers(n_borrowers: int, folds: int, *, seed: int) -> IntArray:
    """Each borrower's fold, 0 .. folds - 1, drawn by chance, as even as can be: (n_borrowers,).

    Raises
    ------
    HistoryError
        There are fewer borrowers than folds.
    """
    if n_borrowers < folds:
        raise HistoryError(f"a portfolio must have at least as many borrowers as folds, {folds}, found {n_borrowers}")
    return np.random.default_rng(seed).permutation(np.arange(n_borrowers, dtype=np.int64) % folds)


def one_panel(parts: Mapping[str, History]) -> History:
    """Panels of different borrowers as one, whatever their ids: a borrower's becomes "part:id".

    Parameters
    ----------
    parts : mapping of str to History
        Name of a part -> its panel, all of one catalogue.

    Raises
    ------
    HistoryError
        They count months differently.
    """
    panels = list(parts.values())
    kinds = {panel.month_type for panel in panels}
    if len(kinds) > 1:
        raise HistoryError(
            f"earlier and graded data must write months alike, found {' and '.join(sorted(map(repr, kinds)))}; "
            "write them alike"
        )
    ids = np.array([f"{name}:{b}" for name, panel in parts.items() for b in panel.borrower_ids], dtype=object)
    first_row = np.cumsum([0, *map(len, panels)])
    starts = np.concatenate([panel.starts[:-1] + n for panel, n in zip(panels, first_row[:-1], strict=True)])
    lengths = np.concatenate([np.diff(panel.starts) for panel in panels])
    order = np.argsort(ids, kind="stable")  # a history's borrowers are sorted by id
    new_starts = np.concatenate([[0], np.cumsum(lengths[order])]).astype(np.int64)
    rows = np.repeat(starts[order] - new_starts[:-1], lengths[order]) + np.arange(new_starts[-1])
    return History(
        catalogue=panels[0].catalogue,
        month_type=panels[0].month_type,
        borrower_ids=ids[order],
        starts=new_starts,
        month_number=np.concatenate([panel.month_number for panel in panels])[rows],
        cells={name: np.concatenate([panel.values(name) for panel in panels])[rows] for name in panels[0].cells},
    )
