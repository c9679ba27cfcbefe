from functools import partial

import numpy as np
import pandas as pd
import pytest
import shap
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from credit_model.trees.engines.sklearn import encoded_rows, tree_ensemble
from credit_model.trees.owen import (
    ensemble_changes,
    ensemble_coalition_scores,
    ensemble_owen_values,
    group_numbers,
    owen_values,
)
from credit_model.trees.scoring import leaf_sets_of, scores
from tests.model.examples import CATEGORY, N_FEATURES, mixed_rows, on_thresholds
from tests.trees.enumeration import enumerated_owen_values
from tests.trees.examples import walked

GROUPINGS = [None, [0, 0, 1, 1, 2, 2], [0, 1, 1, 1, 1, 2], [0] * N_FEATURES]
# Sums of ~100 leaf values of size ~1 in another order: a few hundred ulps of 1, far below 1e-12.
TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def classifier():
    X, signal = mixed_rows(0)
    return HistGradientBoostingClassifier(max_iter=25, categorical_features=[CATEGORY]).fit(X, signal > 0)


@pytest.fixture(scope="module")
def regressor():
    X, signal = mixed_rows(1)
    # few leaves, many trees on few features: features repeat on the paths
    return HistGradientBoostingRegressor(max_iter=30, max_leaf_nodes=40, min_samples_leaf=3).fit(X, signal)


@pytest.mark.parametrize("groups", GROUPINGS)
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_equals_full_enumeration_with_missing_values_categories_and_repeated_features(kind, groups, request):
    model = request.getfixturevalue(kind)
    X, _ = mixed_rows(2)
    rng = np.random.default_rng(3)
    x, z = on_thresholds(model, X, seed=3, n=6), X[rng.integers(0, len(X), 6)]
    trees = tree_ensemble(model)
    fast = owen_values(model, x, z, groups)
    inner_x, inner_z = encoded_rows(model, x), encoded_rows(model, z)
    for i in range(len(x)):
        slow = enumerated_owen_values(partial(scores, trees), inner_x[i], inner_z[i], group_numbers(groups, N_FEATURES))
        np.testing.assert_allclose(fast[i], slow, rtol=0, atol=TOLERANCE)


@given(seed=st.integers(0, 10_000), groups=st.sampled_from(GROUPINGS))
@settings(max_examples=40, deadline=None)
def test_values_sum_to_the_change_of_the_deployed_score(classifier, seed, groups):
    X, _ = mixed_rows(seed)
    x, z = (on_thresholds(classifier, X, seed=[seed, side], n=50) for side in (0, 1))
    change = classifier.decision_function(x) - classifier.decision_function(z)
    np.testing.assert_allclose(owen_values(classifier, x, z, groups).sum(axis=1), change, rtol=0, atol=1e-9)


@given(seed=st.integers(0, 10_000), groups=st.sampled_from(GROUPINGS))
@settings(max_examples=40, deadline=None)
def test_an_unchanged_feature_gets_exactly_zero(classifier, seed, groups):
    rng = np.random.default_rng(seed)
    X, _ = mixed_rows(seed)
    x, z = X[:40], X[40:80].copy()
    same = rng.random(x.shape) < 0.5
    z[same] = x[same]
    values = owen_values(classifier, x, z, groups)
    assert (values[same] == 0.0).all()


@given(seed=st.integers(0, 10_000), groups=st.sampled_from(GROUPINGS))
@settings(max_examples=40, deadline=None)
def test_swapping_the_rows_flips_every_sign_bit_for_bit(regressor, seed, groups):
    X, _ = mixed_rows(seed)
    forward = owen_values(regressor, X[:60], X[60:120], groups)
    backward = owen_values(regressor, X[60:120], X[:60], groups)
    assert (forward == -backward).all()


def test_the_number_of_threads_changes_nothing(regressor):
    X, _ = mixed_rows(5, n=2000)
    one = owen_values(regressor, X[:1000], X[1000:], GROUPINGS[1], n_jobs=1)
    many = owen_values(regressor, X[:1000], X[1000:], GROUPINGS[1], n_jobs=4)
    assert one.tobytes() == many.tobytes()


def test_a_group_gets_the_shapley_value_of_the_game_between_groups(classifier):
    X, _ = mixed_rows(6)
    x, z, groups = X[:5], X[5:10], np.array([0, 0, 1, 1, 2, 2])
    trees = tree_ensemble(classifier)
    table = ensemble_coalition_scores(
        trees, encoded_rows(classifier, x), encoded_rows(classifier, z), groups, n_groups=3
    )
    by_group = owen_values(classifier, x, z, groups) @ np.eye(3)[groups]
    for g in range(3):
        # Shapley of 3 players: weights 1/3, 1/6, 1/6, 1/3 over the coalitions without g
        others = [h for h in range(3) if h != g]
        a, b = 1 << others[0], 1 << others[1]
        me = 1 << g
        expected = (
            (table[:, me] - table[:, 0]) / 3
            + (table[:, me | a] - table[:, a]) / 6
            + (table[:, me | b] - table[:, b]) / 6
            + (table[:, me | a | b] - table[:, a | b]) / 3
        )
        np.testing.assert_allclose(by_group[:, g], expected, rtol=0, atol=TOLERANCE)


def test_the_what_if_table_is_the_models_own_score_of_every_mixture(classifier):
    X, _ = mixed_rows(7)
    x, z = encoded_rows(classifier, X[:30]), encoded_rows(classifier, X[30:60])
    groups = np.array([0, 0, 1, 1, 2, 3])
    trees = tree_ensemble(classifier)
    table = ensemble_coalition_scores(trees, x, z, groups, n_groups=4)
    for mask in range(16):
        mixed = np.where([mask >> g & 1 == 1 for g in groups], x, z)
        np.testing.assert_allclose(table[:, mask], scores(trees, mixed), rtol=0, atol=TOLERANCE)


def test_agrees_with_shap_where_shap_is_right():
    # shap casts thresholds to float32, so data and thresholds are kept where float32 is exact: multiples of 1/4.
    rng = np.random.default_rng(8)
    X = rng.integers(-8, 8, size=(500, 4)) / 2
    model = HistGradientBoostingRegressor(max_iter=15).fit(X, X[:, 0] * X[:, 1] + X[:, 2])
    x, z = X[0], X[1]
    theirs = shap.TreeExplainer(model, data=z[None]).shap_values(x[None])[0]
    # shap also keeps leaf values as float32: ~1e-7 of sums below 10
    np.testing.assert_allclose(owen_values(model, x[None], z[None])[0], theirs, rtol=0, atol=1e-6)


def test_trees_that_are_a_single_leaf_explain_nothing():
    X = np.zeros((50, 2))
    model = HistGradientBoostingRegressor(max_iter=3).fit(X, np.arange(50.0))
    assert (owen_values(model, X[:2], X[2:4] + 1) == 0.0).all()


def test_string_categories_in_a_data_frame_are_followed_as_the_model_follows_them():
    rng = np.random.default_rng(9)
    frame = pd.DataFrame(
        {
            "income": rng.normal(size=400),
            "job": pd.Categorical(rng.choice(["gig", "salaried", "self_employed"], 400)),
        }
    )
    y = frame["income"] + (frame["job"] == "salaried")
    model = HistGradientBoostingRegressor(max_iter=20, categorical_features="from_dtype").fit(frame, y)
    x, z = frame.iloc[:50], frame.iloc[50:100].reset_index(drop=True)
    values = owen_values(model, x, z, groups={"work": ["job"], "money": ["income"]})
    np.testing.assert_allclose(values.sum(axis=1), model.predict(x) - model.predict(z), rtol=0, atol=1e-9)
    same_job = x["job"].to_numpy() == z["job"].to_numpy()
    assert (values[same_job, 1] == 0.0).all()
    assert (values[~same_job, 1] != 0.0).any()


def test_a_category_never_seen_in_training_goes_where_missing_goes(classifier):
    X, _ = mixed_rows(10)
    x, unknown = X[:20].copy(), X[:20].copy()
    x[:, 3], unknown[:, 3] = np.nan, 99
    assert (owen_values(classifier, unknown, x) == 0.0).all()


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([0, 1], "one label a feature"),
        ({"a": [0, 1], "b": [1]}, "disjoint"),
        ({"a": ["nobody"]}, "does not have"),
    ],
)
def test_groups_that_do_not_fit_are_refused(classifier, groups, message):
    X, _ = mixed_rows(11)
    with pytest.raises(ValueError, match=message):
        owen_values(classifier, X[:2], X[2:4], groups)


def test_other_models_are_refused():
    X, signal = mixed_rows(12)
    with pytest.raises(TypeError, match="fitted HistGradientBoosting"):
        owen_values(HistGradientBoostingRegressor(), X, X)
    multiclass = HistGradientBoostingClassifier(max_iter=2).fit(X, np.digitize(signal, [-1, 1]))
    with pytest.raises(TypeError, match="name one as score_class: 0, 1, 2"):
        owen_values(multiclass, X, X)


def test_rows_of_another_shape_are_refused(classifier):
    X, _ = mixed_rows(13)
    with pytest.raises(ValueError, match="same shape"):
        owen_values(classifier, X[:2], X[:3])


@pytest.mark.parametrize("groups", GROUPINGS)
@pytest.mark.parametrize("max_leaf_nodes", [3, 16, 31, 33, 64])
def test_leaf_sets_and_the_walk_through_the_nodes_agree(groups, max_leaf_nodes):
    X, signal = mixed_rows(20, n=1200)
    model = HistGradientBoostingRegressor(
        max_iter=70, max_leaf_nodes=max_leaf_nodes, min_samples_leaf=3, categorical_features=[CATEGORY]
    ).fit(X, signal)
    trees, group = tree_ensemble(model), group_numbers(groups, N_FEATURES)
    x, z = (encoded_rows(model, on_thresholds(model, X, seed=side, n=150)) for side in (0, 1))
    n_groups = int(group.max()) + 1
    fast = ensemble_changes(trees, x, z, group, n_groups)
    slow = ensemble_changes(walked(trees), x, z, group, n_groups)
    assert leaf_sets_of(trees) is not None
    for one, other in zip(fast, slow, strict=True):
        # 70 trees with leaf values of size ~1, summed in another order
        np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("max_leaf_nodes", [15, 31, 64])
@pytest.mark.parametrize("n_groups", [24, 5])
def test_trees_on_which_rows_part_on_few_or_many_features_are_shared_out_alike(max_leaf_nodes, n_groups):
    # Up to eight features take another way than more do, and single features another than groups.
    rng = np.random.default_rng(27)
    X = rng.integers(0, 3, (900, 24)).astype(float)
    y = X @ rng.normal(size=24) + X[:, 0] * X[:, 1] * X[:, 2]
    model = HistGradientBoostingRegressor(max_iter=30, max_leaf_nodes=max_leaf_nodes, min_samples_leaf=2).fit(X, y)
    trees, group = tree_ensemble(model), np.arange(24) % n_groups
    assert max(len(used) for used in trees.features_by_tree()) > 8 + (max_leaf_nodes > 15)
    x, z = X[:60], X[60:120]
    fast, slow = (ensemble_owen_values(t, x, z, group) for t in (trees, walked(trees)))
    np.testing.assert_allclose(fast, slow, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(fast.sum(axis=1), model.predict(x) - model.predict(z), rtol=0, atol=TOLERANCE)
    assert (ensemble_owen_values(trees, z, x, group) == -fast).all()
    assert (ensemble_owen_values(walked(trees), z, x, group) == -slow).all()
    if n_groups == 5:  # the same beside a what-if table
        assert (ensemble_changes(trees, x, z, group, n_groups).owen_values == fast).all()


@pytest.mark.parametrize("groups", GROUPINGS)
@pytest.mark.parametrize("cst", ["no_interactions", [{0, 1}, {2}, {3}, {4}, {5}]])
def test_trees_that_read_one_feature_alone_are_added_up_beforehand_and_change_nothing(groups, cst):
    X, signal = mixed_rows(26, n=1200)
    model = HistGradientBoostingRegressor(max_iter=150, max_leaf_nodes=4, interaction_cst=cst).fit(X, signal)
    trees, group = tree_ensemble(model), group_numbers(groups, N_FEATURES)
    several = sum(len(used) > 1 for used in trees.features_by_tree())
    assert several == 0 if cst == "no_interactions" else 0 < several < 150
    x, z = (on_thresholds(model, X, seed=side, n=150) for side in (0, 1))
    fast = ensemble_changes(trees, x, z, group, int(group.max()) + 1)
    slow = ensemble_changes(walked(trees), x, z, group, int(group.max()) + 1)
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)
    assert fast.score_x.tobytes() == model.predict(x).tobytes()
    assert (owen_values(model, z, x, groups) == -fast.owen_values).all()
    if cst == "no_interactions":
        # Without interaction a feature's value is what it changes by itself, whatever the groups.
        only_first = z.copy()
        only_first[:, 0] = x[:, 0]
        expected = scores(trees, only_first) - scores(trees, z)
        np.testing.assert_allclose(fast.owen_values[:, 0], expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("groups", GROUPINGS[:2])
def test_trees_of_any_size_are_explained(groups):
    X, signal = mixed_rows(21, n=2000)
    model = HistGradientBoostingRegressor(max_iter=5, max_leaf_nodes=None, min_samples_leaf=2).fit(X, signal)
    trees = tree_ensemble(model)
    assert leaf_sets_of(trees) is None
    x, z = X[:4], on_thresholds(model, X, seed=1, n=4)
    fast = owen_values(model, x, z, groups)
    for i in range(len(x)):
        slow = enumerated_owen_values(partial(scores, trees), x[i], z[i], group_numbers(groups, N_FEATURES))
        np.testing.assert_allclose(fast[i], slow, rtol=0, atol=TOLERANCE)
    back = owen_values(model, z, x, groups)
    assert (fast == -back).all()


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_the_scores_of_both_rows_and_the_ends_of_the_what_if_table_are_the_deployed_ones_bit_for_bit(
    classifier, n_jobs
):
    X, _ = mixed_rows(22, n=1000)
    x, z = X[:500], X[500:]
    rows_x, rows_z = encoded_rows(classifier, x), encoded_rows(classifier, z)
    changes = ensemble_changes(tree_ensemble(classifier), rows_x, rows_z, np.array(GROUPINGS[1]), 3, n_jobs=n_jobs)
    assert changes.score_x.tobytes() == classifier.decision_function(x).tobytes()
    assert changes.score_z.tobytes() == classifier.decision_function(z).tobytes()
    assert changes.coalition_scores[:, -1].tobytes() == changes.score_x.tobytes()
    assert changes.coalition_scores[:, 0].tobytes() == changes.score_z.tobytes()


def test_a_group_that_did_not_change_changes_nothing_in_the_what_if_table(classifier):
    X, _ = mixed_rows(23)
    x, z = encoded_rows(classifier, X[:60]), encoded_rows(classifier, X[60:120])
    z[:, 2:4] = x[:, 2:4]
    table = ensemble_coalition_scores(tree_ensemble(classifier), x, z, np.array(GROUPINGS[1]), 3)
    # columns with and without group 1, apart from the last, which is the deployed score itself
    assert (table[:, 0b000] == table[:, 0b010]).all()
    assert (table[:, 0b001] == table[:, 0b011]).all()
    assert (table[:, 0b100] == table[:, 0b110]).all()
    np.testing.assert_allclose(table[:, 0b101], table[:, 0b111], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("way", ["sets", "walk"])
def test_features_that_are_no_players_are_taken_from_x(regressor, way):
    X, _ = mixed_rows(24)
    x, z = encoded_rows(regressor, X[:80]), encoded_rows(regressor, X[80:160])
    trees = tree_ensemble(regressor) if way == "sets" else walked(tree_ensemble(regressor))
    group = np.array([0, 0, 1, 1, -1, -1])
    held = z.copy()
    held[:, 4:] = x[:, 4:]
    changes = ensemble_changes(trees, x, z, group, 2)
    assert (changes.owen_values[:, 4:] == 0.0).all()
    assert (changes.score_z == scores(trees, held)).all()
    expected = ensemble_owen_values(trees, x, held, np.array([0, 0, 1, 1, 2, 3]))
    np.testing.assert_allclose(changes.owen_values, expected, rtol=0, atol=TOLERANCE)


def test_sixteen_groups_are_tabulated_and_seventeen_refused():
    rng = np.random.default_rng(25)
    X = rng.normal(size=(300, 17))
    model = HistGradientBoostingRegressor(max_iter=5).fit(X, X.sum(axis=1))
    trees = tree_ensemble(model)
    group = np.r_[np.arange(16), 15]
    table = ensemble_coalition_scores(trees, X[:1], X[1:2], group, 16)
    chosen = rng.integers(0, 1 << 16, 200)
    mixed = np.where((chosen[:, None] >> group) & 1 == 1, X[0], X[1])
    np.testing.assert_allclose(table[0, chosen], scores(trees, mixed), rtol=0, atol=TOLERANCE)
    with pytest.raises(ValueError, match="allows 16 groups, got 17"):
        ensemble_coalition_scores(trees, X[:1], X[1:2], np.arange(17), 17)


def test_no_rows_at_all_give_empty_results(classifier):
    empty = np.empty((0, N_FEATURES))
    changes = ensemble_changes(tree_ensemble(classifier), empty, empty, np.array(GROUPINGS[1]), 3)
    assert [values.shape for values in changes] == [(0, N_FEATURES), (0, 8), (0,), (0,)]
