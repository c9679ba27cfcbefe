import numpy as np
import pytest

from credit_model.model.threshold_pairs import fraction_of_thresholds, threshold_pairs

# One feature and the tier in force; tiers 0 .. 5, so thresholds 0 .. 4.
ROWS = np.array([[7.0, 2.0], [8.0, 5.0]])
TIER = np.array([1, 5])


def pairs(fraction, *, tier_column=1, rows=ROWS, tier=TIER, weight=None):
    return threshold_pairs(
        rows,
        tier,
        np.ones(len(rows)) if weight is None else weight,
        n_tiers=6,
        tier_column=tier_column,
        fraction=fraction,
        rng=np.random.RandomState(0),
    )


def test_every_row_meets_every_threshold():
    made = pairs(1.0, weight=np.array([1.0, 3.0]))
    # the row, the threshold k, and k less the tier in force
    assert made.rows[:5].tolist() == [[7, 2, k, k - 2] for k in range(5)]
    assert made.rows[5:].tolist() == [[8, 5, k, k - 5] for k in range(5)]
    # tier 1 is above threshold 0 alone, tier 5 above all
    assert made.above.tolist() == [1, 0, 0, 0, 0] + [1] * 5
    assert made.weight.tolist() == [1.0] * 5 + [3.0] * 5


def test_without_a_tier_in_force_pairs_end_with_the_threshold():
    assert pairs(1.0, tier_column=-1).rows[:2].tolist() == [[7, 2, 0], [7, 2, 1]]


def test_thresholds_next_to_a_tier_are_always_taken_and_others_weigh_the_inverse_of_their_chance():
    n = 4000
    made = pairs(0.2, rows=np.tile(ROWS[:1], (n, 1)), tier=np.ones(n, dtype=np.int64))
    threshold = made.rows[:, 2].astype(int)
    taken = np.bincount(threshold, minlength=5)
    # tier 1 lies between thresholds 0 and 1, tier 2 in force between 1 and 2
    assert (taken[:3] == n).all()
    # 800 expected of each other one, with a standard deviation of sqrt(4000 * 0.2 * 0.8) = 25
    assert (abs(taken[3:] - 800) < 130).all()
    assert (made.weight == np.where(threshold <= 2, 1.0, 5.0)).all()


@pytest.mark.parametrize(
    ("structure", "n_pairs", "fraction"),
    [
        ("score", 200_000, 1.0),
        ("score", 200_001, 0.3),
        ("score", 1_000_001, 0.1),
        ("free", 500_000, 1.0),
        ("free", 2_000_000, 0.3),
        ("free", 2_000_001, 0.1),
    ],
)
def test_the_more_pairs_there_are_the_fewer_thresholds_are_taken(structure, n_pairs, fraction):
    assert fraction_of_thresholds("auto", structure, n_pairs) == fraction
    assert fraction_of_thresholds(0.5, structure, n_pairs) == 0.5
