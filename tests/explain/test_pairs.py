"""Which months are decreases, what each is compared with, and what is held equal."""

import numpy as np
import pandas as pd
import pytest

from credit_model.errors import CreditModelError, HistoryError
from credit_model.evaluation import judge_decisions
from credit_model.explain.explaining import change_values
from credit_model.explain.pairs import (
    count_falls_within_tier,
    decrease_rows,
    pair_with_reference,
    reference_features,
)
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.snapshots import build_snapshots
from tests.portfolio.examples import CATALOGUE

CARDS = parse_catalogue(CATALOGUE)


def snapshots_of(limits, balances=None, warm_up=1):
    """One borrower's snapshots; tiers are 0 (below 1000), 1 (below 5000) and 2."""
    catalogue = parse_catalogue(CATALOGUE.replace("[ladder]", f"warm_up = {warm_up}\n[ladder]"))
    n = len(limits)
    table = pd.DataFrame(
        {
            "borrower_id": 1,
            "month": np.arange(n),
            "limit_amount": np.array(limits, dtype=float),
            "days_past_due": 0,
            "balance_amount": np.arange(n) * 100.0 if balances is None else balances,
            "employment": "gig",
        }
    )
    return build_snapshots(check_history(table, catalogue), catalogue.ladder)


def test_a_decrease_is_a_fall_in_tier_and_smaller_falls_are_counted_apart():
    s = snapshots_of([6000, 5500, 4000, 4000, 0, 0, 2000])
    # 6000 -> 5500 stays in tier 2; 5500 -> 4000 falls to 1; 4000 -> 0 falls to 0; 0 -> 2000 rises
    assert decrease_rows(s).tolist() == [2, 4]
    assert count_falls_within_tier(s.history, s.ladder) == 1


def test_the_reference_is_the_decision_that_set_the_limit_in_force():
    s = snapshots_of([5000, 5000, 8000, 8000, 8000, 1000])
    pairs = pair_with_reference(s, decrease_rows(s))
    assert pairs.row.tolist() == [5]
    assert pairs.reference_row.tolist() == [2]  # where 8000 was set
    assert not pairs.censored[0]
    assert pair_with_reference(s, decrease_rows(s), "previous_month").reference_row.tolist() == [4]
    assert pair_with_reference(s, decrease_rows(s), "last_review").reference_row.tolist() == [4]  # every month is one


def test_a_limit_set_before_the_panel_is_compared_with_the_first_usable_snapshot():
    s = snapshots_of([8000, 8000, 8000, 8000, 1000], warm_up=2)
    pairs = pair_with_reference(s, decrease_rows(s))
    assert pairs.reference_row.tolist() == [2]
    assert pairs.censored.tolist() == [True]


def test_the_limit_in_ratios_is_the_one_in_force_now_also_for_the_reference():
    # The limit rose from 5000 to 8000 in month 2; the balance grew from 150 (mean of 100, 200) to 450 (400, 500).
    s = snapshots_of([5000, 5000, 8000, 8000, 8000, 1000])
    pairs = pair_with_reference(s, decrease_rows(s))
    z = reference_features(s, pairs)
    place = CARDS.feature_names.index("utilisation_2m")
    assert s.X[pairs.row, place] == pytest.approx(450 / 8000)
    assert z[0, place] == pytest.approx(150 / 8000)  # not 150 / 5000
    for state in ("tier_in_force", "limit_in_force"):
        assert z[0, CARDS.feature_names.index(state)] == s.X[5, CARDS.feature_names.index(state)]


def test_a_balance_that_did_not_move_is_no_cause_whatever_the_lender_did_to_the_limit():
    s = snapshots_of([5000, 5000, 8000, 8000, 8000, 1000], balances=np.full(6, 300.0))
    pairs = pair_with_reference(s, decrease_rows(s))
    z, place = reference_features(s, pairs), CARDS.feature_names.index("utilisation_2m")
    assert z[0, place] == s.X[5, place]


def test_an_unknown_reference_is_told():
    s = snapshots_of([5000, 1000])
    with pytest.raises(HistoryError, match="must be one of last_set, last_review, previous_month, got 'yesterday'"):
        pair_with_reference(s, decrease_rows(s), "yesterday")


@pytest.fixture
def change(predictor, portfolio):
    """What `change_values` takes of five decreases: x, z and the tiers in force."""
    snapshots = predictor.snapshots(portfolio.history)
    pairs = pair_with_reference(snapshots, decrease_rows(snapshots)[:5])
    return {
        "x": snapshots.X[pairs.row],
        "z": reference_features(snapshots, pairs),
        "tier": snapshots.tier_before[pairs.row],
    }


def with_cell(rows, column, value):
    rows = rows.copy()
    rows[2, column] = value
    return rows


LIMIT = "limit_in_force"
HARMS = {
    "a state that differs": (lambda c, n: {"z": with_cell(c["z"], n.index(LIMIT), 7.0)}, "'limit_in_force'"),
    "a tier that differs": (lambda c, n: {"z": with_cell(c["z"], n.index("tier_in_force"), 1.0)}, "'tier_in_force'"),
    "a state known once": (lambda c, n: {"x": with_cell(c["x"], n.index(LIMIT), np.nan)}, "equal in the state"),
    "infinity": (lambda c, n: {"x": with_cell(c["x"], 4, np.inf)}, "x must be finite, or NaN where unknown, found inf"),
    "minus infinity": (lambda c, n: {"z": with_cell(c["z"], 9, -np.inf)}, "z must be finite.* found -inf in row 2"),
    "a column less": (lambda c, n: {"x": c["x"][:, 1:]}, "x must have a column for each"),
    "another number of rows": (lambda c, n: {"z": c["z"][1:]}, "x and z must have the same shape"),
    "one row as an array of numbers": (lambda c, n: {"x": c["x"][0]}, "x must have a column for each"),
    "texts": (lambda c, n: {"x": np.full(c["x"].shape, "high")}, "x must hold numbers"),
    "permuted columns": (
        lambda c, n: {"x": pd.DataFrame(c["x"], columns=n)[[*n[1:], n[0]]]},
        "x must have the catalogue's .* features in order",
    ),
    "the lowest tier": (lambda c, n: {"tier": c["tier"] * 0}, r"tier must hold one whole number in 1 \.\. \d+ "),
    "an unknown tier": (lambda c, n: {"tier": c["tier"] * 0 - 1}, "tier must hold one whole number"),
    "a tier above the ladder": (lambda c, n: {"tier": c["tier"] + 12}, "tier must hold one whole number"),
    "tiers that are no whole numbers": (lambda c, n: {"tier": c["tier"] + 0.5}, "got float64 of shape"),
    "truth values": (lambda c, n: {"tier": c["tier"] > 0}, "got bool of shape"),
    "tiers of fewer rows": (lambda c, n: {"tier": c["tier"][1:]}, r"got int64 of shape \(4,\)"),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_a_change_between_rows_that_cannot_be_compared_is_refused_in_one_line(predictor, change, harm):
    make, message = HARMS[harm]
    given = change | make(change, list(predictor.catalogue.feature_names))
    with pytest.raises(CreditModelError, match=message) as error:
        change_values(predictor.forest, predictor.catalogue, **given)
    assert "\n" not in str(error.value)


def test_a_change_may_be_given_as_tables_in_order_and_unknown_states_are_equal(predictor, change):
    names = list(predictor.catalogue.feature_names)
    expected = change_values(predictor.forest, predictor.catalogue, **change)
    tables = {name: pd.DataFrame(change[name], columns=names) for name in ("x", "z")}
    found = change_values(predictor.forest, predictor.catalogue, **(change | tables))
    assert found.contributions.tobytes() == expected.contributions.tobytes()
    unknown = {name: with_cell(change[name], names.index(LIMIT), np.nan) for name in ("x", "z")}
    assert np.isfinite(change_values(predictor.forest, predictor.catalogue, **(change | unknown)).contributions).all()


@pytest.mark.parametrize("row", [[-1], [10**6], [1.0], np.array([True, False]), ["1"], [[1, 2]], 3])
def test_row_numbers_that_are_none_are_refused(predictor, portfolio, row):
    snapshots = predictor.snapshots(portfolio.history)
    for use in (
        lambda: pair_with_reference(snapshots, row),
        lambda: predictor.explain_rows(snapshots, row),
        lambda: predictor.explain_rows(snapshots, row, reference="peers"),
        lambda: judge_decisions(predictor, snapshots, row),
        lambda: predictor.predict_proba(snapshots, row),
    ):
        with pytest.raises(HistoryError, match="row must"):
            use()


def test_a_limit_that_was_set_while_it_was_unknown_is_older_than_its_first_month_on_record():
    s = snapshots_of([8000, 8000, np.nan, 6000, 6000, 1000])
    pairs = pair_with_reference(s, np.array([5]), "last_set")
    assert (pairs.reference_row.tolist(), pairs.censored.tolist()) == ([3], [True])
    s = snapshots_of([8000, np.nan, 8000, 6000, 6000, 1000])
    pairs = pair_with_reference(s, np.array([5]), "last_set")
    assert (pairs.reference_row.tolist(), pairs.censored.tolist()) == ([3], [False])
    assert not pair_with_reference(s, np.array([2]), "previous_month").censored[0]


def test_an_unknown_limit_is_no_decrease_and_sets_nothing():
    s = snapshots_of([8000, 8000, np.nan, np.nan, 8000, 8000, 1000])
    assert decrease_rows(s).tolist() == [6]  # neither the blank nor what follows it
    assert not s.is_decision[[2, 3, 4]].any()
    pairs = pair_with_reference(s, decrease_rows(s))
    assert pairs.censored[0]  # 8000 stood from the first month on; the gap set nothing
    assert pairs.reference_row.tolist() == [1]


def test_noise_in_the_amounts_is_no_move_of_a_limit():
    limits = np.array([5000.0, 5000.0, 5000.0, 5000.0, 2000.0, 2000.0])
    noisy = snapshots_of(limits * (1 - 1e-13 * np.arange(6)))
    assert decrease_rows(noisy).tolist() == decrease_rows(snapshots_of(limits)).tolist() == [4]


def test_closures_and_changes_that_are_not_the_lenders_are_no_cuts():
    text = CATALOGUE.replace("[ladder]", 'not_a_cut = ["asked_for"]\nclosed = "blank"\n[ladder]')
    catalogue = parse_catalogue(text)
    table = pd.DataFrame(
        {
            "borrower_id": 1,
            "month": np.arange(6),
            "limit_amount": [8000.0, 8000.0, 2000.0, 8000.0, 2000.0, np.nan],
            "asked_for": [False, False, True, False, False, False],
            "days_past_due": 0,
            "balance_amount": 0.0,
            "employment": "gig",
        }
    )
    s = build_snapshots(check_history(table, catalogue), catalogue.ladder)
    assert decrease_rows(s).tolist() == [4]
    assert not s.is_decision[2]
    assert s.history.is_closed.tolist() == [False] * 5 + [True]
