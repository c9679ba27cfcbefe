"""Grading on a simulated portfolio: the truth is matched by key, every decrease is accounted for, methods compare."""

import copy
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from credit_model import LimitPredictor, simulate_portfolio
from credit_model.errors import DataFileError, HistoryError
from credit_model.explain.pairs import decrease_rows, pair_with_reference, reference_features
from credit_model.grade.answers import Decreases, background_rows
from credit_model.grade.grading import grade_explanations, grade_portfolios
from credit_model.grade.known import match_truth
from credit_model.grade.measures import COUNTS
from credit_model.grade.methods import METHODS, attribute
from credit_model.grade.model_methods import population_values
from credit_model.grade.oracle import true_scores
from credit_model.grade.rivals import FITS
from credit_model.model.bag import Bag


@pytest.fixture(scope="module")
def unseen():
    return simulate_portfolio(400, 36, seed=12)


@pytest.fixture(scope="module")
def grade(predictor, unseen):
    return grade_explanations(predictor, unseen.history, unseen.truth)


def truth_that_agrees(predictor, unseen):
    """A truth whose shares are our own explanation's: whoever says what we say is right."""
    explained = predictor.explain_decreases(unseen.history)
    ours = pd.concat([explained.summary[["borrower_id", "month"]], explained.by_factor.add_prefix("factor_")], axis=1)
    told = unseen.truth.decreases.drop(columns=list(explained.by_factor.add_prefix("factor_")))
    return told.merge(ours, on=["borrower_id", "month"])


def test_every_method_is_graded_ours_first(grade, unseen):
    assert list(grade.overall.index) == [method for method in METHODS if method not in FITS]
    assert grade.overall.index[0] == "ours"
    counts = grade.overall[list(COUNTS)]
    assert (counts == counts.iloc[0]).all(axis=None)  # all methods on the same decreases
    assert grade.overall["leading_factor_right"].between(0, 1).all()


def test_every_decrease_of_history_and_truth_is_graded_or_accounted_for(predictor, grade, unseen):
    in_history = len(decrease_rows(predictor.snapshots(unseen.history)))
    n, left = int(grade.overall["n"].iloc[0]), grade.left_out
    only_truth = left["in the truth, not in the history"]
    assert n + sum(left.values()) - only_truth == in_history
    assert only_truth == 0
    assert left["in the history, not in the truth"] == 0
    assert left["the truth has another reference month"] == 0


def test_a_truth_that_agrees_with_us_gives_us_full_marks_in_any_order_of_rows(predictor, unseen):
    truth = truth_that_agrees(predictor, unseen)
    shuffled = truth.sample(frac=1, random_state=0)
    for told in (truth, shuffled):
        graded = grade_explanations(predictor, unseen.history, told, methods=["ours_largest_first"])
        ours = graded.overall.loc["ours_largest_first"]
        assert ours["leading_factor_right"] == ours["leading_factor_right_clear"] == ours["top_two_right"] == 1
        assert ours["share_error"] == pytest.approx(0, abs=1e-12)
        assert ours["rank_correlation"] == pytest.approx(1)
        assert ours["laid_on_borrower"] == ours["excused"] == 0


def test_the_doubt_rule_changes_who_is_named_first_and_no_contribution(predictor, unseen):
    snapshots = predictor.snapshots(unseen.history)
    decreases = Decreases(snapshots, decrease_rows(snapshots), background_rows(snapshots, seed=0))
    ours, largest = (attribute(predictor, decreases, m) for m in ("ours", "ours_largest_first"))
    np.testing.assert_array_equal(ours.contributions, largest.contributions)
    turned = ours.order[:, 0] != largest.order[:, 0]
    about = np.array([factor.about for factor in predictor.catalogue.factors])
    assert (about[ours.order[turned, 0]] != "borrower").all()
    assert (about[largest.order[turned, 0]] == "borrower").all()


def test_the_leader_is_graded_where_a_reason_is_told_and_both_errors_are_printed(predictor, unseen, grade):
    told = predictor.explain_decreases(unseen.history).summary
    n_told = grade.overall["n_told"].iloc[0]
    assert 0 < n_told <= (told["leading_factor"] != "").sum() < len(told)
    ours = grade.overall.loc["ours"]
    assert ours["leading_factor_right"] == ours["first_reason_right"]
    assert grade.overall[["laid_on_borrower", "excused"]].apply(lambda error: error.between(0, 1)).all(axis=None)
    # What is not told cannot be laid on anybody; methods that always tell lay more on the borrower.
    assert ours["laid_on_borrower"] <= grade.overall.loc["ours_largest_first", "laid_on_borrower"]


def test_a_truth_that_says_the_contrary_gives_none(predictor, unseen):
    truth = truth_that_agrees(predictor, unseen)
    factors = [name for name in truth if name.startswith("factor_")]
    truth[factors] = -truth[factors]
    grade = grade_explanations(predictor, unseen.history, truth, methods=["ours"])
    assert grade.overall.loc["ours", "leading_factor_right"] == 0
    assert grade.overall.loc["ours", "rank_correlation"] == pytest.approx(-1)


def test_what_cannot_be_compared_is_left_out_and_counted(predictor, unseen, grade):
    before, n = grade.left_out, int(grade.overall.loc["ours", "n"])
    truth = unseen.truth.decreases.reset_index(drop=True)
    factors = [name for name in truth if name.startswith("factor_")]
    a, b, c, d = truth.index[truth[factors].min(axis=1) < 0][:4]
    truth.loc[b, factors] = np.abs(truth.loc[b, factors].to_numpy(dtype=float))  # nothing lowered it
    truth.loc[c, "reference_month"] = truth.loc[c, "month"]  # another game
    truth.loc[d, "borrower_id"] = 999_999  # in the truth only; its twin in the history has none
    truth = truth.drop(index=a)  # in the history only
    after = grade_explanations(predictor, unseen.history, truth, methods=["ours"])
    more = {reason: after.left_out[reason] - before[reason] for reason in before}
    assert more == {
        "windows not yet filled": 0,
        "in the history, not in the truth": 2,
        "in the truth, not in the history": 1,
        "no earlier snapshot to compare with": 0,
        "the truth has another reference month": 1,
        "no factor lowered the true score": 1,
    }
    assert int(after.overall.loc["ours", "n"]) == n - 4


def test_a_held_out_grade_takes_only_borrowers_that_training_never_saw(predictor, portfolio):
    grade = grade_explanations(predictor, portfolio.history, portfolio.truth, methods=["ours"], rows="held_out")
    snapshots = predictor.snapshots(portfolio.history)
    train, validation = predictor.training_rows(snapshots)
    seen = set(snapshots.borrower_row[np.concatenate([train, validation])].tolist())
    known = match_truth(snapshots, decrease_rows(snapshots), portfolio.truth.decreases)
    fresh = [row for row in known.row if int(snapshots.borrower_row[row]) not in seen]
    assert 0 < int(grade.overall.loc["ours", "n"]) == len(fresh) < len(known)
    assert grade.left_out["the model was trained on the borrower"] == len(known) - len(fresh)


def test_groups_add_up_to_the_whole(grade):
    n = int(grade.overall.loc["ours", "n"])
    for split in ("scenario", "segment", "kind", "reference", "support", "leader"):
        assert grade.by(split)["n"].sum() == n
    hard = grade.by("hard case")
    assert {"factors together", "none of these"} <= set(hard.index)
    right = grade.by("kind")
    weighted = (right["leading_factor_right"] * right["n_told"]).sum() / right["n_told"].sum()
    assert weighted == pytest.approx(grade.overall.loc["ours", "leading_factor_right"])


def test_several_portfolios_are_graded_as_one(predictor, unseen, portfolio):
    parts = [(p.history, p.truth) for p in (unseen, portfolio)]
    apart = [grade_explanations(predictor, *part, methods=["ours"]) for part in parts]
    together = grade_portfolios(predictor, parts, methods=["ours"])
    both = together.overall.loc["ours"]
    assert list(together.policies.index) == [("scorecard", "ours")]
    n, told = (np.array([g.overall.loc["ours", name] for g in apart]) for name in ("n", "n_told"))
    right = np.array([g.overall.loc["ours", "leading_factor_right"] for g in apart])
    assert both["n"] == n.sum()
    assert both["leading_factor_right"] == pytest.approx((right * told).sum() / told.sum())


def test_rivals_are_fitted_on_what_the_model_was_fitted_on_or_left_out_with_a_note(predictor, portfolio, unseen, grade):
    assert {note.split(",")[0] for note in grade.notes} == set(FITS)
    with_rivals = grade_explanations(
        predictor, unseen.history, unseen.truth, methods=["ours", *FITS], earlier=portfolio.history
    )
    assert list(with_rivals.overall.index) == ["ours", *FITS]
    assert with_rivals.notes == ()
    assert (with_rivals.overall["n_told"] == grade.overall["n_told"].iloc[0]).all()  # the same cuts
    with pytest.raises(HistoryError, match="no method is left"):
        grade_explanations(predictor, unseen.history, unseen.truth, methods=list(FITS))


def test_policies_are_graded_apart_and_together(predictor, unseen, portfolio):
    parts = [(unseen.history, unseen.truth, "scorecard"), (portfolio.history, portfolio.truth, "another")]
    grade = grade_portfolios(predictor, parts, methods=["ours", "oracle"])
    assert list(grade.policies.index) == [("scorecard", "ours"), ("scorecard", "oracle"), ("another", "ours")]
    assert list(grade.overall.index) == ["ours"]  # what all policies have
    assert grade.policies["n"].xs("ours", level="method").sum() == grade.overall.loc["ours", "n"]
    assert grade.notes == ("oracle, policy 'another': needs the lender's true score, which is not known",)
    assert grade.by("reference", policy="another")["n"].sum() == grade.of_policy("another").loc["ours", "n"]
    content = json.loads(grade.to_json())
    assert list(content["policies"]) == ["scorecard", "another"]
    assert list(content["policies"]["another"]) == ["ours"]
    alone = grade_portfolios(predictor, parts[:1], methods=["ours", "oracle"])
    pd.testing.assert_frame_equal(
        alone.overall.drop(columns="seconds_per_decrease"),
        grade.of_policy("scorecard").drop(columns="seconds_per_decrease"),
    )
    score, _ = true_scores("scorecard", predictor.catalogue)
    told = grade_portfolios(predictor, [(*parts[1], score)], methods=["oracle"])
    assert told.overall.loc["oracle", "leading_factor_right_all"] > 0.95
    wrong = [(*parts[1], lambda X: X[:, 0])]
    assert "not known" in grade_portfolios(predictor, wrong, methods=["ours", "oracle"]).notes[0]
    with pytest.raises(HistoryError, match="earlier data of every policy"):
        grade_portfolios(predictor, parts, methods=["hazard"], earlier={"scorecard": portfolio.history})


def test_single_causes_stand_beside_what_two_random_factors_would_name(grade, unseen):
    alone = grade.by("single cause")
    assert "downturn" in alone.index
    assert np.allclose(alone["random_first"], 1 / 7)
    assert np.allclose(alone["random_in_first_two"], 2 / 7)
    assert (alone["n_root_cause"] == alone["n"]).all()
    truth = unseen.truth.decreases
    causes = truth[[name for name in truth if name.startswith("cause_")]]
    assert alone["n"].sum() <= (causes.sum(axis=1) == 1).sum()


def test_cuts_by_what_the_model_has_seen_and_by_what_the_data_show(predictor, unseen):
    hidden = simulate_portfolio(400, 36, seed=12, hide=["policy"])
    grade = grade_explanations(predictor, hidden.history, hidden.truth, methods=["ours"])
    shown = grade.by("leading feature")
    by_policy = (hidden.truth.decreases["leading_factor"] == "policy").sum()
    assert 0 < shown.loc["hidden", "n"] <= by_policy  # the truth is the same, the data show nothing of it
    assert shown.loc["hidden", "n_not_borrowers"] == shown.loc["hidden", "n"]
    assert shown["n"].sum() == grade.overall.loc["ours", "n"]
    seen = grade.by("values")
    assert set(seen.index) <= {"all seen", "never seen"}
    assert seen["n"].sum() == grade.overall.loc["ours", "n"]
    explained = predictor.explain_decreases(hidden.history)
    assert seen["n"].get("never seen", 0) <= (explained.unseen >= 0).sum()
    whole = grade_explanations(predictor, unseen.history, unseen.truth, methods=["ours"])
    assert list(whole.by("leading feature").index) == ["in the data"]
    assert np.isnan(whole.overall.loc["ours", "share_interval_holds"])  # of one fit


def test_the_true_shares_stand_beside_ours_as_the_most_that_can_be_gained(predictor, unseen):
    agrees = grade_explanations(
        predictor, unseen.history, truth_that_agrees(predictor, unseen), methods=["ours_largest_first"]
    )
    row = agrees.overall.iloc[0]
    assert row["root_cause_first"] == row["truth_first"]
    assert row["root_cause_in_first_two"] == row["truth_in_first_two"]


def test_the_json_has_an_object_a_policy_and_method_ours_first(grade):
    content = json.loads(grade.to_json())
    assert list(content["policies"]) == ["scorecard"]
    assert content["protocol"] == "stale"
    assert content["model"] == grade.model_version
    assert content["left_out"] == grade.left_out
    assert list(content["policies"]["scorecard"]) == list(grade.overall.index)
    for method, told in content["policies"]["scorecard"].items():
        assert told["leading_factor_right"] == grade.overall.loc[method, "leading_factor_right"]
        assert isinstance(told["n"], int)
        assert told["seconds_per_decrease"] > 0
        assert 0 <= told["leading_factor_right_interval"] < 0.2
        assert {"leading_factor_right_clear", "root_cause_in_first_two", "laid_on_borrower", "excused"} <= set(told)
        assert sum(g["n"] for g in told["groups"]["kind"].values()) == told["n"]
    assert "NaN" not in grade.to_json()


def test_the_same_inputs_give_the_same_grade(predictor, grade, unseen):
    again = grade_explanations(predictor, unseen.history, unseen.truth)
    same = [c for c in grade.overall if c != "seconds_per_decrease"]
    pd.testing.assert_frame_equal(grade.overall[same], again.overall[same], check_exact=True)
    pd.testing.assert_frame_equal(grade.groups, again.groups, check_exact=True)


def test_population_values_are_the_interventional_shapley_values_of_shap(portfolio, unseen):
    """shap's own path to "why is this borrower not average": its values by feature, summed by factor.

    shap takes the plain Shapley value, we the Owen value; trees that use one column each (besides the threshold and
    the states, which are held) have both equal. shap reads thresholds as float32, so features are rounded to values
    that float32 holds, and a row that still lies on a threshold may go astray: the median is held.
    """
    import shap

    predictor = LimitPredictor(structure="score", engine="sklearn", max_iter=60, seed=3).fit(portfolio.history)
    snapshots = predictor.snapshots(unseen.history)
    row = decrease_rows(snapshots)
    row = row[snapshots.position[row] >= 12][:8]
    x = snapshots.X[row].astype(np.float32).astype(np.float64)
    background = snapshots.X[background_rows(snapshots, seed=0, n=5)].astype(np.float32).astype(np.float64)
    tier = snapshots.tier_before[row]
    ours = population_values(predictor, x, tier, background)
    forest, catalogue = predictor.forest, predictor.catalogue
    states = [catalogue.feature_names.index(s) for s in catalogue.state_names]
    for i in range(len(row)):
        other = background.copy()
        other[:, states] = x[i, states]
        explainer = shap.TreeExplainer(
            predictor.model_.booster_,
            data=forest.rows(other, np.full(len(other), tier[i] - 1)),
            feature_perturbation="interventional",
        )
        values = explainer.shap_values(forest.rows(x[i : i + 1], tier[i : i + 1] - 1), check_additivity=False)[0]
        driver = [catalogue.feature_names.index(name) for name in catalogue.driver_names]
        by_factor = np.bincount(catalogue.factor_index, values[driver], minlength=len(catalogue.factor_ids))
        assert np.median(np.abs(by_factor - ours[i])) < 1e-5


def test_the_difference_of_population_values_sums_to_the_change(predictor, unseen):
    snapshots = predictor.snapshots(unseen.history)
    row = match_truth(snapshots, decrease_rows(snapshots), unseen.truth.decreases).row[:20]
    decreases = Decreases(snapshots, row, background_rows(snapshots, seed=0, n=7))
    difference = attribute(predictor, decreases, "population_shap_difference").contributions
    z = reference_features(snapshots, pair_with_reference(snapshots, row, "last_set"))
    forest, tier = predictor.forest, snapshots.tier_before[row]
    change = forest.keep_score(snapshots.X[row], tier) - forest.keep_score(z, tier)
    np.testing.assert_allclose(difference.sum(axis=1), change, rtol=0, atol=1e-8)


def test_ours_is_what_the_predictor_explains(predictor, unseen):
    snapshots = predictor.snapshots(unseen.history)
    decreases = Decreases(snapshots, decrease_rows(snapshots), background_rows(snapshots, seed=0))
    ours = attribute(predictor, decreases, "ours").contributions
    explained = predictor.explain_decreases(unseen.history)
    np.testing.assert_array_equal(ours, explained.factor_contributions)
    named = attribute(predictor, decreases, "ours")
    np.testing.assert_array_equal(np.where(named.told, named.order[:, 0], -1), explained.leading_factor_index)
    np.testing.assert_array_equal(named.first_reason, explained.leading_factor_index)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="factor_debt"), "lacks column 'factor_debt'"),
        (lambda t: t.drop(columns="cause_downturn"), "lacks column 'cause_downturn'"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "must occur once"),
        (lambda t: t.assign(borrower_id=t["borrower_id"] + 10**6), "the same portfolio"),
    ],
)
def test_a_truth_that_does_not_fit_is_refused(predictor, unseen, change, message):
    with pytest.raises(DataFileError, match=message):
        grade_explanations(predictor, unseen.history, change(unseen.truth.decreases), methods=["ours"])


def test_unknown_choices_are_refused(predictor, unseen):
    with pytest.raises(HistoryError, match="rows must be"):
        grade_explanations(predictor, unseen.history, unseen.truth, rows="some")
    with pytest.raises(ValueError, match="method must be one of ours"):
        grade_explanations(predictor, unseen.history, unseen.truth, methods=["guess"])
    with pytest.raises(ValueError, match="methods must name at least one"):
        grade_explanations(predictor, unseen.history, unseen.truth, methods=[])


def test_a_bag_is_graded_by_every_method_and_its_population_values_are_the_mean_of_its_fits():
    panel = simulate_portfolio(500, 28, seed=41)
    bagged = LimitPredictor(n_fits=2, max_iter=15).fit(panel.history)
    unseen = simulate_portfolio(400, 28, seed=42)
    grade = grade_explanations(bagged, unseen.history, unseen.truth, methods=["ours", "population_shap", "oracle"])
    assert len(grade.overall) == 3
    snapshots = bagged.snapshots(unseen.history)
    row = np.flatnonzero(snapshots.is_decision & (snapshots.tier_before > 0))[:20]
    x, tier, background = snapshots.X[row], snapshots.tier_before[row], snapshots.X[row[:5]]
    alone = []
    for fit in bagged.bag.fits:
        one = copy.copy(bagged)
        one._fitted = replace(bagged.fitted, bag=Bag((fit,)))
        alone.append(population_values(one, x, tier, background))
    found = population_values(bagged, x, tier, background)
    np.testing.assert_allclose(found, np.mean(alone, axis=0), rtol=0, atol=1e-12)


def test_held_out_borrowers_are_explained_by_the_trial_that_never_saw_them(monkeypatch):
    panel = simulate_portfolio(500, 28, seed=43)
    predictor = LimitPredictor(max_iter=15).fit(panel.history)
    asked = []
    own = LimitPredictor.explain_rows

    def recording(self, snapshots, row, **options):
        asked.append((self.version, set(snapshots.borrower_row[row])))
        return own(self, snapshots, row, **options)

    monkeypatch.setattr(LimitPredictor, "explain_rows", recording)
    grade_explanations(predictor, panel.history, panel.truth, methods=["ours"], rows="held_out")
    trained = np.concatenate(predictor.training_rows(predictor.snapshots(panel.history)))
    seen = set(predictor.snapshots(panel.history).borrower_row[trained])
    assert {version for version, _ in asked} == {predictor.as_trial().version} != {predictor.version}
    assert not any(borrowers & seen for _, borrowers in asked)
