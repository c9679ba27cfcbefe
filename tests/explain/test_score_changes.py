from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from credit_model import explain_changes, read_tree_model
from credit_model.errors import CatalogueError, CreditModelError, CreditModelWarning, EngineError
from credit_model.explain.additive import AdditiveScore
from credit_model.trees.scoring import scores
from credit_model.words.score_changes import change_reasons
from tests.trees.engines.random_models import ENGINES, table
from tests.trees.enumeration import enumerated_owen_values

COLUMNS = ["income", "debt", "share", "late", "region"]


@pytest.fixture(scope="module")
def boosted():
    model, _ = ENGINES["LightGBM"](8)
    return read_tree_model(model)


@pytest.fixture(scope="module")
def changes(boosted):
    X, _ = table(80)
    return explain_changes(boosted, X[:60], X[60:120], groups=[0, 0, 1, 1, 2], worse="higher", dates=("June", "July"))


def test_contributions_are_those_of_full_enumeration_and_sum_to_the_change(boosted, changes):
    X, _ = table(80)
    for i in range(5):
        slow = enumerated_owen_values(
            lambda rows: scores(boosted.trees, boosted.coder.rows(rows)), X[60 + i], X[i], np.array([0, 0, 1, 1, 2])
        )
        np.testing.assert_allclose(changes.contributions[i], slow, rtol=0, atol=1e-9)
    difference = changes.summary["score_after"] - changes.summary["score_before"]
    np.testing.assert_allclose(changes.by_factor.sum(axis=1), difference, rtol=0, atol=1e-9)
    np.testing.assert_allclose(changes.by_feature.sum(axis=1), difference, rtol=0, atol=1e-9)
    assert changes.what_if.shape == (60, 8)
    assert (changes.what_if[0] == changes.score_before).all()
    assert (changes.what_if[7] == changes.score_after).all()
    assert (changes.score_after == boosted.native(X[60:120])).all()  # LightGBM adds up in float64


def test_one_change_is_picked_by_its_key_and_goes_to_shap(changes):
    one = changes.select("7")
    assert len(one) == 1
    assert one.score_after[0] == changes.score_after[7]
    explanation = changes.to_shap(by="factor")
    np.testing.assert_allclose(
        explanation.base_values + explanation.values.sum(axis=1), changes.score_after, rtol=0, atol=1e-9
    )
    with pytest.raises(CreditModelError, match="no change with the key 'nobody'"):
        changes.select("nobody")


def test_what_made_it_worse_is_told_in_the_models_own_direction(changes):
    told = change_reasons(changes)
    for row, one in enumerate(told):
        rose = changes.score_after[row] > changes.score_before[row]
        assert one.worsened == rose
        assert rose or not one.reasons
        for reason in one.reasons:  # of the turned score: what raised the model's own
            assert changes.contributions[row, reason.reason.driver] > 0
        assert ("rose" if rose else "fell") in one.paragraph or changes.score_after[row] == changes.score_before[row]
    assert any(one.reasons for one in told)
    other = change_reasons(explain_like(changes, worse="lower"))
    assert [one.worsened for one in other] == [
        bool(after < before) for before, after in zip(changes.score_before, changes.score_after, strict=True)
    ]
    assert "从" in change_reasons(changes, lang="zh")[0].paragraph


def explain_like(changes, *, worse):
    return replace(changes, worse=worse)


def test_reasons_need_to_know_which_way_is_worse(changes):
    with pytest.raises(CreditModelError, match="which way the score is worse must be said"):
        change_reasons(explain_like(changes, worse=""))
    assert explain_like(changes, worse="").summary["worsened"].isna().all()


def test_tables_are_matched_by_their_key():
    X, _ = table(81)
    model, _ = ENGINES["XGBoost"](1)  # which knows no names
    before = pd.DataFrame(X[:40], columns=COLUMNS).assign(id=[f"B{i}" for i in range(40)])
    after = before.iloc[::-1].reset_index(drop=True)
    after.loc[after["id"] == "B3", "income"] += 5.0
    found = explain_changes(model, before, after, keys="id")
    assert list(found.borrower_id) == list(after["id"])
    moved = found.borrower_id == "B3"
    assert (found.contributions[~moved] == 0).all()
    assert (found.contributions[moved][0, 1:] == 0).all()


def named(seed=82):
    X, signal = table(seed)
    frame = pd.DataFrame(np.nan_to_num(X), columns=COLUMNS)
    return frame, RandomForestClassifier(8, max_depth=4, random_state=0, n_jobs=1).fit(frame, signal > 0.3)


def test_rows_of_one_table_alone_are_left_out_and_counted():
    frame, model = named()
    before = frame[:50].assign(id=range(50))
    after = frame[:50].assign(id=range(10, 60))[::-1]
    with pytest.warns(CreditModelWarning, match="10 rows of after and 10 of before"):
        found = explain_changes(model, before, after, keys="id")
    assert list(found.borrower_id) == list(range(49, 9, -1))
    expected = model.predict_proba(after.set_index("id").loc[found.borrower_id, COLUMNS])[:, 1]
    assert (found.score_after == expected).all()
    np.testing.assert_allclose(
        found.score_before, model.predict_proba(before.set_index("id").loc[found.borrower_id, COLUMNS])[:, 1], atol=0
    )
    assert found.unit == "probability"


def test_tables_that_do_not_match_are_refused_before_any_number():
    frame, model = named()
    keyed = frame.assign(id=range(len(frame)))
    cases = [
        ({"before": frame[:5], "after": frame[:6]}, "as many rows, got 5 and 6"),
        ({"before": keyed[:5], "after": keyed[9:], "keys": "id"}, "found none in both"),
        ({"before": frame[:5], "after": keyed[:5], "keys": "id"}, "before must be a DataFrame with the key column"),
        ({"before": keyed[:5].assign(id=1), "after": keyed[:5], "keys": "id"}, "each key of 'id' once"),
        ({"before": keyed[:5].assign(id=np.nan), "after": keyed[:5], "keys": "id"}, "5 blank"),
        ({"before": frame[:5], "after": frame[:5], "keys": [1, 2]}, "one a row"),
        ({"before": frame[:5], "after": frame[:5], "worse": "up"}, "'higher' or 'lower', got 'up'"),
        ({"before": frame[:5], "after": frame[:5], "groups": {"a": ["nobody"]}}, "'nobody', which the model does not"),
        ({"before": frame[:5], "after": frame[:5], "groups": {"a": ["debt"], "b": ["debt"]}}, "disjoint"),
        ({"before": frame[:5], "after": frame[:5], "groups": {"late": ["debt"]}}, "called like a feature outside it"),
        ({"before": frame[:5], "after": frame[:5], "groups": [1, 2]}, "one label a feature"),
        ({"before": frame[:5].drop(columns="debt"), "after": frame[:5]}, "1 are missing: debt"),
    ]
    for given, message in cases:
        with pytest.raises((EngineError, CreditModelError), match=message) as error:
            explain_changes(model, **given)
        assert "\n" not in str(error.value)
    with pytest.raises(CatalogueError, match="must declare a feature for each of the model's columns, 5 are missing"):
        explain_changes(model, frame[:5], frame[:5], catalogue="synthetic")
    with pytest.raises(CreditModelError, match="got both"):
        explain_changes(model, frame[:5], frame[:5], catalogue="synthetic", groups=[0] * 5)


def test_more_than_sixteen_factors_have_no_what_if_table_but_all_else():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 18)), columns=[f"c{i}" for i in range(18)])
    model = RandomForestClassifier(4, max_depth=4, random_state=0).fit(X, X.sum(axis=1) > 0)
    found = explain_changes(model, X[:20], X[20:40], worse="higher")
    assert found.by_factor.shape == (20, 18)
    assert not found.has_what_if
    with pytest.raises(CreditModelError, match="allows 16 factors, got 18"):
        _ = found.what_if
    assert len(change_reasons(found)) == 20


def test_a_logistic_model_is_a_sum_of_columns_each_of_which_has_its_own_difference():
    frame, _ = named()
    y = frame["income"] > 0
    model = LogisticRegression(max_iter=1000).fit(frame[["income", "late"]], y)
    own = AdditiveScore.linear(model.feature_names_in_, model.coef_[0], intercept=model.intercept_)
    before, after = frame[:30], frame[30:60]
    found = explain_changes(own, before, after, groups={"all": ["income", "late"]}, worse="lower")
    weights = model.coef_[0]
    for k, name in enumerate(("income", "late")):
        step = after[name].to_numpy() - before[name].to_numpy()
        np.testing.assert_allclose(found.by_feature[name], weights[k] * step, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.score_after, model.decision_function(after[["income", "late"]]), atol=1e-9)
    # two groups: the mixtures are the sums
    apart = explain_changes(own, before, after)
    np.testing.assert_allclose(apart.what_if[1] - apart.what_if[0], found.by_feature["income"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(apart.what_if[3], apart.score_after, atol=0)


def test_a_scorecard_with_texts_is_explained_and_a_value_without_points_is_refused():
    card = AdditiveScore({"job": lambda job: job.map({"gig": 10, "civil": 30}), "late": lambda n: -5 * n}, 100)
    before = pd.DataFrame({"job": ["gig", "civil"], "late": [0, 1]})
    after = pd.DataFrame({"job": ["civil", "civil"], "late": [0, 3]})
    found = explain_changes(card, before, after, worse="lower")
    # job 10 -> 30; late -5 -> -15
    assert found.by_feature.to_numpy().tolist() == [[20, 0], [0, -10]]
    assert found.score_after.tolist() == [130, 115]
    assert "late changed from 1 to 3" in change_reasons(found)[1].paragraph
    with pytest.raises(EngineError, match="'actor' in row 1 without one"):
        explain_changes(card, before, after.assign(job=["gig", "actor"]))
    with pytest.raises(EngineError, match="columns of the score, 1 are missing: late"):
        explain_changes(card, before, after.drop(columns="late"))
