"""Protocol in time: every cut is explained by a fit on other borrowers of the same months, and on earlier data."""

import numpy as np
import pandas as pd
import pytest

from credit_model import LimitPredictor, simulate_portfolio
from credit_model.errors import CreditModelError, HistoryError
from credit_model.grade import in_time
from credit_model.grade.grading import grade_explanations
from credit_model.grade.in_time import fold_numbers, grade_in_time, one_panel
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.snapshots import build_snapshots

SETTINGS = {"structure": "score", "max_iter": 15, "n_jobs": 1}
METHODS = ["ours", "hazard", "logistic_differences", "oracle"]


@pytest.fixture(scope="module")
def graded():
    return simulate_portfolio(240, 28, seed=31, scenario="downturn")


@pytest.fixture(scope="module")
def earlier():
    return simulate_portfolio(150, 30, seed=32, scenario="cycle").history


@pytest.fixture(scope="module")
def recorded(graded, earlier):
    """A grade, the training ids of each fit, and the explained ids of each fold."""
    trained, explained = [], []
    fit, answer = in_time.fit_in_time, in_time.answer

    def fit_in_time(template, training):
        trained.append(set(training.borrower_ids))
        return fit(template, training)

    def asked(predictor, snapshots, portfolio, methods, **given):
        explained.append(set(snapshots.history.borrower_ids[given["borrowers"]].tolist()))
        return answer(predictor, snapshots, portfolio, methods, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_time, "fit_in_time", fit_in_time)
        patch.setattr(in_time, "answer", asked)
        grade = grade_in_time(
            [(graded.history, graded.truth)],
            earlier,
            folds=3,
            methods=METHODS,
            predictor=LimitPredictor(**SETTINGS),
        )
    return grade, trained, explained


def test_no_explained_borrower_is_ever_in_training(recorded, graded, earlier):
    _, trained, explained = recorded
    everybody = set(graded.history["borrower_id"].tolist())
    assert len(trained) == len(explained) == 3
    for ids, mine in zip(trained, explained, strict=True):
        assert ids == {f"graded:{b}" for b in everybody - mine} | {f"earlier:{b}" for b in earlier["borrower_id"]}
        assert not ids & {f"graded:{b}" for b in mine}
    assert set.union(*explained) == everybody
    assert sum(map(len, explained)) == len(everybody)  # each in one fold


def test_rivals_are_fitted_on_the_same_borrowers(graded, earlier, monkeypatch):
    seen = []
    made = in_time.Training.of_snapshots

    def of_snapshots(snapshots, **given):
        seen.append(snapshots.history.borrower_ids)
        return made(snapshots, **given)

    fitted = []
    fit = in_time.fit_in_time

    def fit_in_time(template, training):
        fitted.append(training.borrower_ids)
        return fit(template, training)

    monkeypatch.setattr(in_time.Training, "of_snapshots", of_snapshots)
    monkeypatch.setattr(in_time, "fit_in_time", fit_in_time)
    grade_in_time([(graded.history, graded.truth)], folds=2, methods=["hazard"], predictor=LimitPredictor(**SETTINGS))
    assert len(seen) == len(fitted) == 2
    for rivals, ours in zip(seen, fitted, strict=True):
        np.testing.assert_array_equal(rivals, ours)


def test_every_decrease_is_graded_once_or_accounted_for(recorded, graded, predictor):
    grade = recorded[0]
    stale = grade_explanations(predictor, graded.history, graded.truth, methods=["ours"])
    assert grade.overall.loc["ours", "n"] == stale.overall.loc["ours", "n"]
    assert grade.left_out == stale.left_out
    assert grade.protocol == "in_time"
    assert stale.protocol == "stale"
    assert len(set(grade.models)) == 3


def test_what_only_the_truth_knows_is_counted_once(graded):
    truth = graded.truth.decreases.reset_index(drop=True)
    truth.loc[len(truth) - 1, "borrower_id"] = 999_999
    grade = grade_in_time([(graded.history, truth)], folds=2, methods=["ours"], predictor=LimitPredictor(**SETTINGS))
    assert grade.left_out["in the truth, not in the history"] == 1


def test_the_same_seed_gives_the_same_numbers_and_another_other_folds(recorded, graded, earlier):
    grade = recorded[0]
    given = {"folds": 3, "methods": METHODS, "predictor": LimitPredictor(**SETTINGS)}
    again = grade_in_time([(graded.history, graded.truth)], earlier, **given)
    same = [c for c in grade.overall if c != "seconds_per_decrease"]
    pd.testing.assert_frame_equal(grade.overall[same], again.overall[same], check_exact=True)
    pd.testing.assert_frame_equal(grade.groups, again.groups, check_exact=True)
    assert grade.models == again.models
    assert (fold_numbers(240, 3, seed=0) != fold_numbers(240, 3, seed=1)).any()


def test_the_settings_stay_as_they_are_and_progress_is_told(graded):
    settings, told = LimitPredictor(**SETTINGS), []
    grade_in_time(
        [(graded.history, graded.truth)] * 2,
        folds=2,
        methods=["ours"],
        predictor=settings,
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    with pytest.raises(CreditModelError, match="not fitted"):
        _ = settings.forest


def test_a_model_in_time_has_seen_the_last_month_and_stops_by_borrowers(graded):
    history = check_history(graded.history, read_catalogue("synthetic"))
    fitted = in_time.fit_in_time(LimitPredictor(**SETTINGS), history)
    snapshots = fitted.snapshots(history)
    train, validation = fitted.training_rows(snapshots)
    assert snapshots.month_number[train].max() == history.month_number.max()
    assert len(validation)
    assert not set(snapshots.borrower_row[train]) & set(snapshots.borrower_row[validation])
    assert len(fitted.test_rows(snapshots)) == 0


def test_folds_are_as_even_as_can_be():
    assert sorted(np.bincount(fold_numbers(11, 3, seed=5))) == [3, 4, 4]
    with pytest.raises(HistoryError, match="as many borrowers as folds"):
        fold_numbers(2, 3, seed=0)


def test_one_panel_keeps_every_borrowers_months_and_features(graded, earlier):
    catalogue = read_catalogue("synthetic")
    a, b = check_history(earlier, catalogue), check_history(graded.history, catalogue)
    both = one_panel({"earlier": a, "graded": b})
    assert list(both.borrower_ids) == sorted(both.borrower_ids)
    assert len(both) == len(a) + len(b)
    ladder = catalogue.ladder
    for name, panel in (("earlier", a), ("graded", b)):
        mine = build_snapshots(panel, ladder, n_jobs=1)
        for borrower in panel.borrower_ids[[0, 7, -1]]:
            alone = build_snapshots(both.select([f"{name}:{borrower}"]), ladder, n_jobs=1)
            rows = mine.borrower_row == panel.position_of(borrower)
            np.testing.assert_array_equal(alone.X, mine.X[rows])
            np.testing.assert_array_equal(alone.month_number, mine.month_number[rows])


def test_panels_that_count_months_differently_are_refused(graded, earlier):
    other = earlier.assign(month=earlier["month"].dt.month + 12 * (earlier["month"].dt.year - 2021))
    with pytest.raises(HistoryError, match="write months alike"):
        grade_in_time([(graded.history, graded.truth)], other, methods=["ours"], predictor=LimitPredictor(**SETTINGS))


@pytest.mark.parametrize("folds", [1, 0, True, 2.5])
def test_folds_that_part_nobody_are_refused(graded, folds):
    with pytest.raises(CreditModelError, match="folds must be a whole number of at least 2"):
        grade_in_time([(graded.history, graded.truth)], folds=folds)
