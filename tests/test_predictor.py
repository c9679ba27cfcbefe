"""From histories to explained decreases, end to end."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from credit_model import DecreaseExplanations, LimitPredictor, evaluate
from credit_model.errors import ArtifactError, CreditModelError, HistoryError
from credit_model.evaluation import cross_fitted_support
from credit_model.explain.support import SupportRule
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import build_snapshots
from tests.portfolio.examples import CATALOGUE, history


def test_every_decrease_is_explained_or_flagged(portfolio, explanations, predictor):
    table = portfolio.history.sort_values(["borrower_id", "month"])
    tier = LimitLadder(predictor.ladder.amounts).tier_of(table["limit_amount"])
    before = np.where(table["borrower_id"].eq(table["borrower_id"].shift()), np.roll(tier, 1), -1)
    fell = (before > 0) & (tier < before)
    found = explanations.summary
    assert len(found) == fell.sum() > 100
    assert found["borrower_id"].tolist() == table["borrower_id"][fell].tolist()
    assert found["model_agrees"].dtype == bool
    assert (found["model_agrees"] == (found["keep_score_after"] < 0)).all()


def test_factors_and_features_sum_to_the_change_of_the_deployed_score(explanations, predictor, portfolio):
    summary = explanations.summary
    change = (summary["keep_score_after"] - summary["keep_score_before"]).to_numpy()
    np.testing.assert_allclose(explanations.by_factor.sum(axis=1), change, rtol=0, atol=1e-9)
    np.testing.assert_allclose(explanations.by_feature.sum(axis=1), change, rtol=0, atol=1e-9)
    # The deployed path: predict_proba of the whole snapshot, P(tier >= tier in force) = sum over tiers from it up.
    snapshots = predictor.snapshots(portfolio.history)
    row = {(b, m): i for i, (b, m) in enumerate(zip(snapshots.borrower_row, snapshots.month_number, strict=True))}
    position = {b: i for i, b in enumerate(snapshots.history.borrower_ids)}
    rows = np.array(
        [row[position[b], m] for b, m in zip(explanations.borrower_id, explanations.month_number, strict=True)]
    )
    probability = predictor.predict_proba(snapshots, rows)
    keep = np.array([p[t:].sum() for p, t in zip(probability, explanations.tier_before, strict=True)])
    np.testing.assert_allclose(1 - keep, summary["risk_after"], rtol=0, atol=1e-9)


def test_a_feature_that_did_not_change_has_exactly_nothing(explanations):
    same = (explanations.features_before == explanations.features_after) | (
        np.isnan(explanations.features_before) & np.isnan(explanations.features_after)
    )
    assert same.any()
    assert (explanations.contributions[same] == 0.0).all()


def test_the_what_if_table_starts_before_and_ends_after_and_its_sets_restore(explanations):
    table = explanations.what_if.to_numpy()
    np.testing.assert_allclose(table[:, 0], explanations.keep_score_before, rtol=0, atol=1e-9)
    assert (table[:, -1] == explanations.keep_score_after).all()
    line = explanations.restoring_line
    for row, sets in enumerate(explanations.restoring_sets):
        for factors in sets:
            assert explanations[row].coalitions.score(factors)[0] >= line[row] > table[row, -1]
            for one in factors:  # minimal: with any one of them left as it is now, the line is not reached
                assert explanations[row].coalitions.score([f for f in factors if f != one])[0] < line[row]


def test_the_future_changes_no_explanation(explanations, predictor, portfolio):
    month = explanations.summary["month"].sort_values().iloc[len(explanations) // 2]
    past = portfolio.history[portfolio.history["month"] <= month]
    then = predictor.explain_decreases(past)
    now = explanations[explanations.summary["month"].to_numpy() <= np.datetime64(month)]
    assert then.contributions.tobytes() == now.contributions.tobytes()
    pd.testing.assert_frame_equal(then.summary, now.summary)


def test_the_order_of_rows_changes_nothing(explanations, predictor, portfolio):
    shuffled = predictor.explain_decreases(portfolio.history.sample(frac=1, random_state=5))
    assert shuffled.contributions.tobytes() == explanations.contributions.tobytes()


def test_one_borrower_alone_is_explained_as_in_the_portfolio(explanations, predictor, portfolio):
    who = explanations.borrower_id[3]
    alone = predictor.explain_decreases(portfolio.history[portfolio.history["borrower_id"] == who])
    assert alone.contributions.tobytes() == explanations.select(who).contributions.tobytes()


def test_a_saved_predictor_says_the_same_bit_for_bit(predictor, portfolio, saved):
    loaded = LimitPredictor.load(saved / "model", catalogue="synthetic")
    assert loaded.version == predictor.version
    pd.testing.assert_frame_equal(loaded.predict(portfolio.history), predictor.predict(portfolio.history))
    for reference in ("last_set", "last_review", "previous_month", "peers"):
        mine, theirs = (p.explain_decreases(portfolio.history, reference=reference) for p in (predictor, loaded))
        assert mine.contributions.tobytes() == theirs.contributions.tobytes()
        change = mine.keep_score_after - mine.keep_score_before
        np.testing.assert_allclose(mine.contributions.sum(axis=1), change, rtol=0, atol=1e-9)


def test_saved_explanations_come_back_whole(explanations, tmp_path):
    explanations.save(tmp_path / "x")
    back = DecreaseExplanations.load(tmp_path / "x")
    pd.testing.assert_frame_equal(back.summary, explanations.summary)
    assert back.contributions.tobytes() == explanations.contributions.tobytes()
    assert back.restoring_sets == explanations.restoring_sets
    (tmp_path / "x" / "what_if.parquet").unlink()
    with pytest.raises(ArtifactError, match=r"what_if\.parquet"):
        DecreaseExplanations.load(tmp_path / "x")


def test_a_predictor_can_be_cloned_and_its_parameters_read_and_set(predictor):
    from sklearn.base import clone

    rule = SupportRule(times_usual=4.0)
    made = LimitPredictor("home_credit", seed=5, n_jobs=1, support=rule, max_iter=7)
    params = made.get_params()
    assert (params["seed"], params["n_jobs"], params["max_iter"], params["support"]) == (5, 1, 7, rule)
    twin = clone(made)
    assert twin is not made
    assert twin.get_params() == params
    assert twin.catalogue.digest == made.catalogue.digest
    assert clone(predictor).get_params() == predictor.get_params()
    with pytest.raises(CreditModelError, match="is not fitted"):
        _ = clone(predictor).forest
    twin.set_params(seed=6, catalogue="synthetic", learning_rate=0.2)
    assert (twin.seed, twin.catalogue.name, twin.get_params()["learning_rate"]) == (6, "synthetic", 0.2)
    with pytest.raises(CreditModelError, match="has no parameter 'sed'"):
        twin.set_params(sed=1)


def test_the_thresholds_of_support_are_saved_with_the_model(portfolio, predictor, tmp_path):
    strict = LimitPredictor(seed=3, support=SupportRule(times_usual=30.0))
    strict._fitted = predictor._fitted
    strict.save(tmp_path / "m")
    loaded = LimitPredictor.load(tmp_path / "m")
    assert loaded.support == SupportRule(times_usual=30.0)
    assert loaded.held_out.as_record() == predictor.held_out.as_record()
    support = loaded.explain_decreases(portfolio.history).support
    assert set(support) == {"expected", "unexplained"}  # 30 times the usual is more than one half


def test_evaluation_tells_what_supporting_cuts_costs(predictor, portfolio):
    found = evaluate(predictor, portfolio.history)
    snapshots = predictor.snapshots(portfolio.history)
    row = predictor.test_rows(snapshots)
    row = row[snapshots.tier_before[row] > 0]
    fell = snapshots.tier_after[row] < snapshots.tier_before[row]
    assert found.support.loc[["supported", "unexplained"], "cuts"].sum() == fell.sum()
    assert found.support.loc[["supported", "unexplained"], "kept"].sum() == (~fell).sum()
    assert found.support.loc["supported", "share_of_cuts"] > 5 * found.support.loc["supported", "share_of_kept"]
    # Of the cuts among these rows the explanations say the same.
    explained = predictor.explain_decreases(portfolio.history)
    keys = set(zip(snapshots.borrower_row[row[fell]], snapshots.month_number[row[fell]], strict=True))
    place = [snapshots.history.position_of(b) for b in explained.borrower_id]
    mine = np.array([key in keys for key in zip(place, explained.month_number, strict=True)])
    assert (explained.support[mine] != "unexplained").sum() == found.support.loc["supported", "cuts"]
    assert found.frequencies["n"].sum() == len(row)


@pytest.mark.slow
def test_cross_fitted_support_judges_every_decision_once_by_a_model_of_others(portfolio):
    small = portfolio.history[portfolio.history["borrower_id"] <= 600]
    predictor = LimitPredictor(max_iter=20, structure="score")
    judged = cross_fitted_support(predictor, small, folds=2)
    catalogue = predictor.catalogue
    snapshots = build_snapshots(check_history(small, catalogue), catalogue.ladder)
    row = snapshots.is_decision & (snapshots.tier_before > 0)
    assert len(judged.fell) == row.sum()
    assert judged.fell.sum() == (row & (snapshots.tier_after < snapshots.tier_before)).sum()
    with pytest.raises(CreditModelError, match="folds must be between 2 and the number of borrowers, 600; got 1"):
        cross_fitted_support(predictor, small, folds=1)


def test_training_does_not_depend_on_the_number_of_threads(portfolio):
    small = portfolio.history[portfolio.history["borrower_id"] <= 300]
    one, two = (LimitPredictor(max_iter=8, n_jobs=jobs).fit(small).version for jobs in (1, 2))
    assert one == two


def test_test_borrowers_and_months_were_never_trained_on(predictor, portfolio):
    snapshots = predictor.snapshots(portfolio.history)
    train, validation = predictor.training_rows(snapshots)
    test = predictor.test_rows(snapshots)
    assert predictor.n_training_rows == snapshots.is_decision.sum()  # the deployed fit saw all; the trial did not
    borrowers = [set(snapshots.borrower_row[rows]) for rows in (train, validation, test)]
    assert sum(len(side) for side in borrowers) == len(set.union(*borrowers))
    assert snapshots.month_number[train].max() < snapshots.month_number[test].min()


def test_evaluation_beats_no_change_and_shares(predictor, portfolio):
    table = evaluate(predictor, portfolio.history).scores
    assert table.loc["model", "rps"] < table.loc["no change", "rps"] < table.loc["tier shares", "rps"]
    assert table.loc["model", "decrease_ap"] > 2 * table.loc["model", "decrease_share"]


def test_predictions_are_coherent(predictor, portfolio):
    table = predictor.predict(portfolio.history, rows="decisions")
    tiers = table[[c for c in table if c.startswith("probability_tier_")]].to_numpy()
    assert (tiers >= 0).all()
    np.testing.assert_allclose(tiers.sum(axis=1), 1, rtol=0, atol=1e-12)
    can_fall = table["tier_in_force"] > 0
    assert (table["keep_score"].notna() == can_fall).all()
    # "the tier in force is kept" is exactly "keep score >= 0"
    kept = table["predicted_tier"] >= table["tier_in_force"]
    assert (kept[can_fall] == (table["keep_score"] >= 0)[can_fall]).all()


def test_to_shap_sums_and_names(explanations):
    shap_values = explanations[:20].to_shap()
    np.testing.assert_allclose(
        shap_values.base_values + shap_values.values.sum(axis=1), explanations[:20].keep_score_after, atol=1e-9
    )
    assert len(shap_values.feature_names) == len(explanations.catalogue.driver_names)


def test_a_track_shows_the_same_contributions_as_the_decrease(explanations, predictor, portfolio):
    who, month = explanations.borrower_id[0], explanations.summary["month"].iloc[0]
    track = predictor.track(portfolio.history, who).set_index("month")
    assert track.loc[month, "event"] == "decrease"
    np.testing.assert_allclose(
        track.loc[month, list(explanations.catalogue.factor_ids)].to_numpy(dtype=float),
        explanations.by_factor.iloc[0].to_numpy(),
        rtol=0,
        atol=1e-12,
    )


def test_what_a_predictor_cannot_do_is_told(portfolio, predictor):
    with pytest.raises(CreditModelError, match="is not fitted"):
        LimitPredictor().predict(portfolio.history)
    with pytest.raises(HistoryError, match="reference must be one of last_set, last_review, previous_month, peers"):
        predictor.explain_decreases(portfolio.history, reference="yesterday")
    with pytest.raises(HistoryError, match="found none; give a longer history"):
        LimitPredictor().fit(
            portfolio.history[portfolio.history["month"] < portfolio.history["month"].min() + pd.DateOffset(months=6)]
        )
    with pytest.raises(HistoryError, match="training needs decisions in at least 2 tiers"):
        LimitPredictor(parse_catalogue(CATALOGUE)).fit(history(limit_amount=[2000.0, 2000.0, 2000.0]))
    with pytest.raises(HistoryError, match="evaluation needs decisions of test borrowers"):
        evaluate(predictor, portfolio.history[portfolio.history["borrower_id"] < 3])


def test_objects_show_themselves_in_a_notebook(predictor, explanations):
    assert "<b>LimitPredictor</b>" in predictor._repr_html_()
    assert f"{len(explanations)} limit decreases" in explanations._repr_html_()
    assert "Catalogue synthetic" in predictor.catalogue._repr_html_()


def test_in_doubt_the_borrower_is_not_blamed(explanations):
    ids = explanations.catalogue.factor_ids
    # Two decreases of -1.00 in all: the economy is 0.03 and 0.05 behind repayment, and 0.04 is the bound.
    values = np.zeros((2, len(ids)))
    values[:, ids.index("repayment")] = [-0.515, -0.525]
    values[:, ids.index("economy")] = [-0.485, -0.475]
    one_feature_each = [list(explanations.catalogue.factor_index).index(g) for g in range(len(ids))]
    contributions = np.zeros((2, len(explanations.catalogue.driver_names)))
    contributions[:, one_feature_each] = values
    # Every driver moved against the borrower, so that every one can be named.
    sign = np.array([driver.sign or 1 for driver in explanations.catalogue.drivers], dtype=float)
    made = replace(
        explanations[:2],
        contributions=contributions,
        features_before=np.zeros_like(contributions),
        features_after=np.tile(-sign, (2, 1)),
        keep_score_before=np.full(2, 0.5),
        keep_score_after=np.full(2, -0.5),
    )
    assert made.summary["leading_factor"].tolist() == ["economy", "repayment"]
    assert made.summary["near_tie"].all()
