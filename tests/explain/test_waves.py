"""Waves of cuts are seen in the panel alone: by month, by tier and by class, and told apart from chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_model.explain.waves import LEAST_CUTS, find_waves, tiers_of
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history
from tests.portfolio.examples import CATALOGUE

CARDS = parse_catalogue(CATALOGUE)
N, MONTHS, WAVE_MONTH = 400, 12, 7


def panel(cuts, employment=None, limit=8000.0):
    """N borrowers over 12 months; ``cuts`` maps a month to the borrowers whose limit falls to tier 1 for that month."""
    limits = np.full((N, MONTHS), limit)
    for month, who in cuts.items():
        limits[who, month] = 2000.0
    employment = np.array(["gig"] * N) if employment is None else employment
    table = pd.DataFrame(
        {
            "borrower_id": np.repeat(np.arange(N), MONTHS),
            "month": np.tile(np.arange(MONTHS), N),
            "limit_amount": limits.ravel(),
            "days_past_due": 0,
            "balance_amount": 100.0,
            "employment": np.repeat(employment, MONTHS),
        }
    )
    return check_history(table, CARDS)


#: Two cuts in each of eleven months: .5 % of the lines.
USUAL = {month: [2 * month, 2 * month + 1] for month in range(1, MONTHS) if month != WAVE_MONTH}


def row_of(history, borrower, month):
    return int(history.starts[borrower] + month)


def told(history, borrower, month):
    return find_waves(history, CARDS.ladder).of_rows(np.array([row_of(history, borrower, month)]))[0]


def test_a_month_far_above_its_usual_is_a_wave_and_others_are_not():
    history = panel(USUAL | {WAVE_MONTH: range(100, 140)})
    wave = told(history, 120, WAVE_MONTH)
    assert (wave.scope, wave.n, wave.n_cut, wave.month_number) == ("month", N, 40, WAVE_MONTH)
    # Of the ten other months with lines at risk 2 a month are cut; those cut are at risk again a month later, in a
    # lower tier. 20 cuts and the half of one that is added, of 400 lines a month.
    assert wave.usual == pytest.approx(20.5 / (10 * N))
    assert wave.times_usual == pytest.approx(0.1 / wave.usual)
    assert told(history, 4, 2) is None


def test_the_usual_number_of_cuts_is_no_wave():
    assert not find_waves(panel(USUAL | {WAVE_MONTH: [300, 301]}), CARDS.ladder).found


def test_a_few_cuts_more_are_no_wave_however_rare_cuts_are():
    waves = find_waves(panel({WAVE_MONTH: range(LEAST_CUTS - 1)}), CARDS.ladder)
    assert not waves.found


def test_a_class_that_is_cut_alone_is_told_as_a_class():
    employment = np.array(["gig"] * 360 + ["salaried"] * 40)
    history = panel(USUAL | {WAVE_MONTH: range(360, 385)}, employment)
    wave = told(history, 370, WAVE_MONTH)
    salaried = CARDS.column("employment").categories.index("salaried")
    assert (wave.scope, wave.group, wave.n, wave.n_cut) == ("employment", salaried, 40, 25)
    assert told(history, 100, 3) is None


def test_a_wave_of_all_lines_is_told_as_such_also_within_a_class():
    employment = np.array(["gig", "salaried"] * (N // 2))
    wave = told(panel(USUAL | {WAVE_MONTH: range(100, 200)}, employment), 150, WAVE_MONTH)
    assert wave.scope == "month"


def test_too_short_a_panel_knows_no_usual():
    history = panel(USUAL | {WAVE_MONTH: range(100, 140)})
    short = history.frame[history.frame["month"] >= WAVE_MONTH - 3]
    short = short[short["month"] <= WAVE_MONTH + 1]
    assert not find_waves(check_history(short, CARDS), CARDS.ladder).found


def test_a_borrower_alone_is_told_the_wave_of_the_whole_panel():
    history = panel(USUAL | {WAVE_MONTH: range(100, 140)})
    one = history.select([120])
    assert not find_waves(one, CARDS.ladder).found
    seen = find_waves(history, CARDS.ladder).seen_from(one)
    assert seen.of_rows(np.array([WAVE_MONTH]))[0] == told(history, 120, WAVE_MONTH)


def test_the_tier_in_force_is_the_one_of_the_row_before():
    history = panel({3: [0]})
    tier, before = tiers_of(history, CARDS.ladder)
    first = slice(0, MONTHS)
    assert before[first].tolist() == [-1, *tier[first][:-1].tolist()]
