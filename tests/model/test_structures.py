"""What may interact, and which structure held-out rows choose."""

import numpy as np
import pytest

from credit_model.model.classifier import LimitTierClassifier
from tests.model.examples import portfolio, portfolio_model


def test_a_score_is_a_sum_of_one_function_a_column_that_moves_all_thresholds_alike():
    rng = np.random.default_rng(10)
    X = rng.normal(size=(1500, 3))
    y = np.digitize(X[:, 0] * X[:, 1] + X[:, 2], [-1, 0, 1])  # the truth is no sum; the model must be one
    model = LimitTierClassifier(structure="score", max_iter=80, random_state=0).fit(X, y)
    a, b = X[:50], X[50:100]
    swapped_a, swapped_b = a.copy(), b.copy()
    swapped_a[:, 2], swapped_b[:, 2] = b[:, 2], a[:, 2]
    for tier in (1, 2, 3):
        # What column 2 adds does not depend on the others, so exchanging it between two rows keeps the sum of scores.
        before = model.keep_score(a, tier) + model.keep_score(b, tier)
        after = model.keep_score(swapped_a, tier) + model.keep_score(swapped_b, tier)
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-12)
    # The distance between two thresholds' log-odds is the same for every row: proportional odds.
    gap = model.keep_score(X, 1) - model.keep_score(X, 3)
    np.testing.assert_allclose(gap, gap[0], rtol=0, atol=1e-12)
    assert gap[0] > 0.5


def test_a_scores_lines_depend_on_the_tier_in_force_and_on_states_alone():
    frame, tier = portfolio(16)
    frame["channel"] = np.random.default_rng(0).integers(0, 2, len(frame))
    model = portfolio_model(structure="score", state_features=["channel"], max_iter=150).fit(frame, tier)
    assert model.structure_ == "score"
    first = frame.assign(tier_in_force=2.0, channel=0)
    second = frame.assign(tier_in_force=4.0, channel=1)
    moved = model.keep_score(second, 2) - model.keep_score(first, 2)
    np.testing.assert_allclose(moved, moved[0], rtol=0, atol=1e-12)
    assert moved[0] > 1  # with tier 4 in force, tier 2 is sooner kept


def test_without_a_tier_in_force_trees_are_free_and_without_held_out_rows_a_tier_in_force_calls_for_a_score():
    frame, tier = portfolio(17, n=300)
    assert portfolio_model(max_iter=3, structure="auto").fit(frame, tier).structure_ == "score"
    assert portfolio_model(max_iter=3, structure="auto", tier_in_force=None).fit(frame, tier).structure_ == "free"


@pytest.mark.parametrize(
    ("truth", "structure"),
    [
        ("a sum", "score"),
        ("products of two", "pairwise"),
        ("exclusive or of three", "joint"),
        ("a pair for each tier", "free"),
    ],
)
def test_held_out_rows_choose_the_structure_that_fits_the_lender(truth, structure):
    rng = np.random.default_rng(19)
    X = rng.normal(size=(3000, 4))
    before = rng.integers(0, 3, 3000)
    pull = {
        "a sum": 2 * X[:, 0] + X[:, 1] - X[:, 2],
        "products of two": 2 * (np.sign(X[:, 0]) * X[:, 1] + np.sign(X[:, 2]) * X[:, 3]),
        "exclusive or of three": 3 * np.sign(X[:, 0] * X[:, 1] * X[:, 2]),
        "a pair for each tier": 3 * np.sign(X[:, 0] * np.where(before == 1, X[:, 1], X[:, 2])),
    }[truth]
    tier = np.clip(before + np.digitize(pull + rng.logistic(size=3000) / 2, [-1.5, 1.5]) - 1, 0, 2)
    X = np.column_stack([before, X])
    model = LimitTierClassifier(n_tiers=3, tier_in_force=0, random_state=0)
    model.fit(X[:2000], tier[:2000], X_val=X[2000:], y_val=tier[2000:])
    assert model.structure_ == structure
    assert len(model.forest_.trees.roots) == model.n_iter_


def test_a_joint_score_moves_all_thresholds_alike_and_is_no_sum():
    rng = np.random.default_rng(10)
    X = rng.normal(size=(1500, 3))
    y = np.digitize(X[:, 0] * X[:, 1] + X[:, 2], [-1, 0, 1])
    before = rng.integers(0, 4, len(X))
    model = LimitTierClassifier(structure="joint", n_tiers=4, tier_in_force=3, max_iter=200, random_state=0)
    model.fit(np.column_stack([X, before]), y)

    def score(corner, tier, in_force):
        return model.keep_score([[*corner, 0.0, in_force]], tier)[0]

    # What a change of columns does is the same at every threshold and tier in force,
    moves = [score((2, 2), k, t) - score((-2, 2), k, t) for k in (1, 2, 3) for t in range(4)]
    np.testing.assert_allclose(moves, moves[0], rtol=0, atol=1e-12)
    # and depends on the other columns.
    assert moves[0] > 1
    assert score((2, -2), 2, 1) - score((-2, -2), 2, 1) < -1


@pytest.mark.parametrize("structure", ["free", "joint", "pairwise", "score"])
def test_columns_interact_in_all_but_a_score(structure):
    rng = np.random.default_rng(18)
    X = rng.choice([-1.0, 1.0], size=(2000, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)  # exclusive or: no sum of functions of one column tells anything
    model = LimitTierClassifier(structure=structure, max_iter=60, random_state=0).fit(X, y)
    accuracy = (model.predict(X) == y).mean()
    # a sum can be right in three of the four corners
    assert accuracy < 0.8 if structure == "score" else accuracy == 1.0
