from itertools import product

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from credit_model.trees.engines.sklearn import tree_ensemble
from credit_model.trees.nodes import CATEGORICAL, LEAF, NUMERIC
from credit_model.trees.scoring import scores
from tests.model.examples import CATEGORY, mixed_rows
from tests.trees.examples import one_tree, sets_of

#      feature 2 <= 10 ?          leaves from the left: 0 (value 1), 1 (value 2), 2 (value 4)
#      /              \
#  feature 0 <= 5     leaf 2       missing: feature 2 goes right, feature 0 goes left
#   /       \
# leaf 0   leaf 1
SMALL = one_tree(
    [
        (10.0, 4, 2, 0, NUMERIC),
        (5.0, 3, 0, 1, NUMERIC),
        (1.0, 0, 0, 0, LEAF),
        (2.0, 0, 0, 0, LEAF),
        (4.0, 0, 0, 0, LEAF),
    ]
)


def test_a_value_keeps_the_leaves_it_does_not_rule_out():
    sets = sets_of(SMALL)
    assert sets.used.tolist() == [0, 2]
    # Feature 0: up to 5, above, NaN. Feature 2: up to 10, above, NaN. Then the interval that rules out nothing.
    assert sets.sets[0, :, 0].tolist() == [0b101, 0b110, 0b101, 0b011, 0b100, 0b100, 0b111]


def test_intervals_end_with_their_threshold():
    sets = sets_of(SMALL)
    above = np.nextafter(5.0, 6.0)
    X = np.array([[5.0, 7.0, 10.0], [above, 7.0, np.nan], [np.nan, 7.0, -np.inf], [np.inf, 7.0, 11.0]])
    assert sets.intervals(X).tolist() == [[0, 3], [1, 5], [2, 3], [1, 4]]
    assert sets.intervals_of(2, np.array([10.0, 11.0])).tolist() == [[3], [4]]
    assert sets.intervals_of(1, np.array([10.0, 11.0])).shape == (2, 0)


def test_neighbouring_leaves_part_on_the_feature_between_them():
    parting = sets_of(SMALL).parting.reshape(-1, 16, 16)[0]
    # used features: 0 -> feature 0, 1 -> feature 2
    assert (parting[0, 1], parting[0, 2], parting[1, 2]) == (0, 1, 1)


def test_unknown_categories_and_codes_out_of_range_follow_the_missing_value():
    # codes 1 and 2 go left, code 0 goes right, missing and unknown go right
    tree = one_tree(
        [(0.0, 2, 1, 0, CATEGORICAL), (1.0, 0, 0, 0, LEAF), (2.0, 0, 0, 0, LEAF)], left=[1, 2], known=[0, 1, 2]
    )
    codes = np.array([0, 1, 2, 3, 255, 256, -1, np.nan, np.inf])
    X = np.column_stack([codes, codes, codes])
    assert scores(tree, X).tolist() == [2.5, 1.5, 1.5] + [2.5] * 6


@pytest.mark.parametrize("seed", range(5))
def test_either_rows_sets_hold_exactly_the_leaves_that_mixtures_of_the_rows_reach(seed):
    X, signal = mixed_rows(seed)
    model = HistGradientBoostingRegressor(max_iter=5, max_leaf_nodes=12, categorical_features=[CATEGORY])
    # categories first, as the model reads them
    X = X[:, [CATEGORY, 0, 1, 2, 4, 5]]
    trees = tree_ensemble(model.set_params(categorical_features=[0]).fit(X, signal))
    sets = sets_of(trees)
    x, z = X[:1], X[1:2]
    either = np.bitwise_and.reduce(sets.sets[0, sets.intervals(x)[0]] | sets.sets[0, sets.intervals(z)[0]], axis=0)
    mixtures = np.array([np.where(take, x[0], z[0]) for take in product([True, False], repeat=X.shape[1])])
    reached = np.bitwise_and.reduce(sets.sets[0, sets.intervals(mixtures)], axis=1)
    for t in range(len(trees.roots)):
        # each mixture reaches one leaf; together they reach the set
        assert (np.bitwise_count(reached[:, t]) == 1).all()
        assert np.bitwise_or.reduce(reached[:, t]) == either[t]


def test_trees_without_any_split_rule_out_nothing():
    tree = one_tree([(3.0, 0, 0, 0, LEAF)])
    assert len(sets_of(tree).used) == 0
    assert scores(tree, np.zeros((2, 3))).tolist() == [3.5, 3.5]
