"""Month effects: the shift of a month's scores that its cuts speak for; none where months differ by chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from credit_model.explain.month_effects import LEAST_MONTHS, NO_EFFECTS, SAMPLE, find_month_effects, sampled_rows

N_MONTHS, N = 24, 3000


def decisions(shift, seed=0, n=N):
    """Decisions of months with these shifts (n_months,): their months, keep scores and whether they ended in a cut."""
    rng = np.random.default_rng(seed)
    month = np.repeat(np.arange(len(shift)), n)
    score = rng.normal(4.0, 1.5, len(month))
    return month, score, rng.random(len(month)) < expit(np.asarray(shift)[month] - score)


def effects_of(shift, **more):
    month, score, fell = decisions(shift, **more)
    row = sampled_rows(month, np.ones(len(month), dtype=bool))
    return find_month_effects(score[row], month[row], month, fell)


def test_planted_shifts_are_found_from_a_sample_of_the_scores():
    shift = np.zeros(N_MONTHS)
    shift[15:] = np.linspace(0.4, 2.0, 9)
    found = effects_of(shift)
    assert np.abs(found.effect - found.effect[:15].mean() - shift).max() < 0.35
    rise = found.since(np.array([3]), np.array([23]))[0]
    assert rise == pytest.approx(2.0, abs=0.35)
    assert found.since(np.array([23]), np.array([3]))[0] == 0.0  # less is no reason for a cut


def test_months_that_differ_by_chance_have_next_to_no_effect():
    for seed in range(5):
        assert np.abs(effects_of(np.zeros(N_MONTHS), seed=seed).effect).max() < 0.15


def test_a_handful_of_borrowers_says_nothing_of_months():
    shift = np.zeros(N_MONTHS)
    shift[12:] = 1.0
    assert np.abs(effects_of(shift, n=3).effect).max() < 0.5


def test_months_without_a_cut_and_with_nothing_but_cuts_stay_finite():
    month, score, fell = decisions(np.zeros(N_MONTHS), n=200)
    fell[month == 4], fell[month == 5] = False, True
    found = find_month_effects(score, month, month, fell)
    assert np.isfinite(found.effect).all()
    assert found.effect[4] < 0 < found.effect[5]


def test_months_that_are_not_of_the_panel_have_no_effect():
    shift = np.linspace(0, 2, N_MONTHS)
    found = effects_of(shift)
    assert found.since(np.array([-5, 3, 3]), np.array([20, 99, 3])).tolist() == [0, 0, 0]
    few = effects_of(shift[: LEAST_MONTHS - 1])
    assert few is NO_EFFECTS
    assert NO_EFFECTS.since(np.array([1]), np.array([2])).tolist() == [0]


def test_the_sample_is_of_every_month_spread_and_the_same_each_time():
    month = np.repeat([7, 3], [2 * SAMPLE, 50])
    at_risk = np.ones(len(month), dtype=bool)
    at_risk[0] = False
    row = sampled_rows(month, at_risk)
    assert (month[row] == 3).sum() == 50
    assert (month[row] == 7).sum() == SAMPLE
    assert len(np.unique(row)) == len(row)
    assert 0 not in row
    assert (np.diff(row[50:]) <= 2).all()
    assert len(sampled_rows(month, np.zeros(len(month), dtype=bool))) == 0
