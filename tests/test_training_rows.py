"""The decisions that a model learns from: of blocks as of a whole panel, and none that changed a limit is left out."""

from dataclasses import fields, replace

import numpy as np
import pytest

from credit_model import LimitPredictor, read_catalogue
from credit_model.errors import CreditModelError, HistoryError
from credit_model.model.split import split_rule
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import build_snapshots
from credit_model.training import fit_rows
from credit_model.training_rows import LEAST_KEPT, Census, TrainingRows

SHARES = {"validation_share": 0.15, "test_share": 0.15, "late_share": 0.25}


@pytest.fixture(scope="module")
def history(portfolio):
    catalogue = read_catalogue("synthetic")
    return check_history(portfolio.history[portfolio.history["borrower_id"] < 400], catalogue)


def drawing_of(history, most=None, seed=5):
    return Census.of_history(history).drawing(history.catalogue, seed=seed, shares=SHARES, most_decisions=most)


def assert_same(one, other):
    for field in fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "seen":
            assert_same(left, right)
        else:
            np.testing.assert_array_equal(left, right, err_msg=field.name)


def test_censuses_of_blocks_add_up_to_that_of_the_panel(history):
    blocks = list(history.blocks(1000))
    assert len(blocks) > 5
    assert_same(Census.together([Census.of_history(block) for block in blocks[::-1]]), Census.of_history(history))


def test_a_census_tells_the_ladder_and_the_split_as_the_whole_panel_does(history):
    catalogue = replace(history.catalogue, ladder=None, quantiles=6)
    census = Census.of_history(replace(history, catalogue=catalogue))
    limit = history.values(catalogue.limit)
    assert census.ladder(catalogue) == LimitLadder.from_quantiles(limit, 6)
    positive = limit[limit > 0]  # numpy's own quantiles, of which the higher amount that occurs
    steps = 5 if (limit == 0).any() else 6
    expected = np.unique(np.quantile(positive, np.arange(steps) / steps, method="higher"))
    assert list(census.ladder(catalogue).amounts)[-len(expected) :] == expected.tolist()
    snapshots = build_snapshots(history, history.catalogue.ladder)
    assert census.split(catalogue, seed=3, shares=SHARES) == split_rule(
        snapshots.month_number[snapshots.is_decision], seed=3, **SHARES
    )
    assert census.n_decisions == snapshots.is_decision.sum()


@pytest.mark.parametrize("most", [None, 1200])
def test_rows_of_blocks_in_any_order_are_those_of_the_panel(history, most):
    drawing = drawing_of(history, most)
    whole = TrainingRows.of_history(history, drawing)
    parts = [TrainingRows.of_history(block, drawing) for block in history.blocks(1000)]
    assert_same(TrainingRows.concatenate(parts), whole)
    assert_same(TrainingRows.concatenate([*parts[3:], *parts[:3][::-1]]), whole)


def test_without_a_bound_all_decisions_are_taken_and_count_alike(history):
    rows, snapshots = (
        TrainingRows.of_history(history, drawing_of(history)),
        build_snapshots(history, history.catalogue.ladder),
    )
    np.testing.assert_array_equal(rows.X, snapshots.X[snapshots.is_decision])
    assert rows.kept_share == 1
    assert rows.weight_of(np.arange(5)) is None


def test_every_change_of_a_limit_is_taken_and_the_kept_ones_stand_for_all(history):
    every, drawn = (TrainingRows.of_history(history, drawing_of(history, most)) for most in (None, 1200))
    census = Census.of_history(history)
    assert 0 < drawn.kept_share < 1
    # So many are drawn that all are about 1,200: a binomial number, within four deviations.
    n_kept = census.n_decisions - census.n_changed
    deviation = np.sqrt(n_kept * drawn.kept_share * (1 - drawn.kept_share))
    assert abs(len(drawn) - 1200) < 4 * deviation
    assert abs(drawn.weight.sum() - len(every)) < 4 * deviation / drawn.kept_share
    changed = drawn.weight == 1
    assert changed.sum() == census.n_changed
    moved = every.tier_before != every.tier_after
    keys = set(zip(drawn.borrower[changed], drawn.month_number[changed], strict=True))
    assert keys >= set(zip(every.borrower[moved], every.month_number[moved], strict=True))
    np.testing.assert_allclose(drawn.weight[~changed], 1 / drawn.kept_share)
    # What is summed over all decisions does not depend on which are drawn.
    np.testing.assert_array_equal(drawn.counts, every.counts)
    assert_same(drawn.seen, every.seen)
    fell, at_risk = every.fell, every.tier_before > 0
    assert drawn.usual_rate() == fell[at_risk].mean()


def test_another_seed_draws_other_decisions_and_more_room_draws_more_of_the_same(history):
    few, more, other = (
        {*zip(rows.borrower.tolist(), rows.month_number.tolist(), strict=True)}
        for rows in (
            TrainingRows.of_history(history, drawing_of(history, most, seed))
            for most, seed in ((1000, 5), (1600, 5), (1000, 6))
        )
    )
    assert few < more
    assert len(other - few) > 100


def test_room_is_left_to_kept_decisions_however_many_changed(history):
    census = Census.of_history(history)
    assert census.kept_share(census.n_changed) * (census.n_decisions - census.n_changed) == pytest.approx(
        LEAST_KEPT * census.n_changed
    )


@pytest.mark.parametrize("most", [0, -3, 2.5, True, "many"])
def test_a_number_of_decisions_is_a_whole_one(history, most):
    with pytest.raises(CreditModelError, match="most_decisions must be a whole number >= 1"):
        LimitPredictor(most_decisions=most).fit(history)


def test_blocks_that_do_not_go_together_are_refused(history):
    drawing = drawing_of(history)
    first, second, *_ = (TrainingRows.of_history(block, drawing) for block in history.blocks(3000))
    with pytest.raises(HistoryError, match=r"each borrower must lie in one block, found [0-9]+ in two"):
        TrainingRows.concatenate([first, second, first])
    with pytest.raises(HistoryError, match="one month type, found date, integer"):
        TrainingRows.concatenate([first, replace(second, month_type="integer")])
    texts = replace(second, borrower_ids=second.borrower_ids.astype(str))
    with pytest.raises(HistoryError, match="one type of borrower ids, found number, text"):
        TrainingRows.concatenate([first, texts])


def test_a_model_of_drawn_decisions_is_fitted_from_blocks_and_saved(history, tmp_path):
    given = {"structure": "score", "max_iter": 30}
    predictor = LimitPredictor(history.catalogue, seed=5, n_fits=2, most_decisions=1500, **given).fit(history)
    drawing = drawing_of(history, 1500)
    rows = TrainingRows.concatenate([TrainingRows.of_history(block, drawing) for block in history.blocks(2000)][::-1])
    fitted, _ = fit_rows(rows, history.catalogue, drawing, history.select, n_fits=2, n_jobs=1, booster=given)
    assert fitted.version == predictor.version
    np.testing.assert_array_equal(fitted.peers.X, predictor.fitted.peers.X)
    np.testing.assert_array_equal(fitted.drift.errors, predictor.fitted.drift.errors)
    assert fitted.held_out.as_record() == predictor.held_out.as_record()
    # Held-out decisions are counted as those that they stand for, about all that could fall; cuts are all there.
    at_risk = rows.counts[:, 2:].sum()
    assert abs(fitted.held_out.n.sum() / at_risk - 1) < 0.1
    assert fitted.held_out.n_cut.sum() == np.tril(rows.counts[:, 2:].sum(axis=0)).sum()
    predictor.save(tmp_path / "model")
    loaded = LimitPredictor.load(tmp_path / "model")
    assert loaded.fitted.n_decisions == rows.counts.sum() > loaded.n_training_rows == len(rows)
    assert loaded.most_decisions == 1500
