"""Shares of contributions, and the intervals around them that the fits of a model give."""

import numpy as np

from credit_model.explain.shares import SharesOfFits, share_intervals, signed_shares


def test_the_spread_is_the_standard_deviation_of_the_fits_that_count_for_a_row():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 3, 4))  # fits, rows, factors
    seen_by = {0: range(6), 1: range(4), 2: range(3)}  # row -> fits; three fits are too few
    sums = SharesOfFits(3, 4)
    for fit in range(6):
        row = np.array([r for r, fits in seen_by.items() if fit in fits])
        sums.add(row, values[fit, row])
    spread = sums.spread(np.array([6, 4, 3]))
    for row in (0, 1):
        shares = np.stack([signed_shares(values[fit, row : row + 1])[0] for fit in seen_by[row]])
        np.testing.assert_allclose(spread[row], shares.std(axis=0, ddof=1), atol=1e-12)
    assert np.isnan(spread[2]).all()


def test_intervals_are_around_the_share_and_end_where_shares_do():
    # Shares -.75 and .25; half widths 3 * .05 + .04 = .19 and 3 * .3 + .04 = .94, cut off at 1.
    low, high = share_intervals(np.array([[-3.0, 1.0]]), np.array([[0.05, 0.3]]))
    np.testing.assert_allclose(low, [[-0.94, -0.69]])
    np.testing.assert_allclose(high, [[-0.56, 1.0]])
    assert np.isnan(share_intervals(np.array([[-3.0]]), np.array([[np.nan]]))).all()
