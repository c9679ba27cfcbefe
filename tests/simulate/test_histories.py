"""Impossible histories never occur; scenarios, planted shocks and biases do what they say."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from credit_model import CreditModelError, check_history, read_catalogue, simulate_portfolio
from credit_model.simulate.columns import OWN_SHOCKS, SHOCKS
from credit_model.simulate.portfolio import simulate
from credit_model.simulate.scenarios import SCENARIOS
from credit_model.simulate.settings import Settings

CATALOGUE = read_catalogue("synthetic")
N, MONTHS = 150, 30


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**40),
    scenario=st.sampled_from(sorted(SCENARIOS)),
    shock=st.sampled_from(OWN_SHOCKS),
    month=st.integers(0, MONTHS - 1),
)
@example(seed=207, scenario="baseline", shock="job_loss", month=0)  # pays an overdue debt down to its last yuan
def test_no_history_is_impossible(seed, scenario, shock, month):
    planted = dict.fromkeys(range(1, 40), (shock, month))
    portfolio = simulate_portfolio(N, MONTHS, seed=seed, scenario=scenario, planted=planted)
    check_history(portfolio.history, CATALOGUE)  # the catalogue's own rules: ranges, whole numbers, rises
    h = {name: portfolio.history[name].to_numpy().reshape(N, MONTHS) for name in portfolio.history}
    for name in ("days_past_due", "other_days_past_due"):
        assert np.diff(h[name].astype(int), axis=1).max() <= 31
    balance = h["balance_amount"].astype(np.int64)
    owed = balance[:, :-1] + h["interest_amount"][:, 1:]
    assert (h["paid_amount"][:, 1:] <= owed).all()
    assert (h["due_amount"][:, 1:] <= owed).all()
    np.testing.assert_array_equal(balance[:, 1:], owed - h["paid_amount"][:, 1:] + h["drawn_amount"][:, 1:])
    other = h["other_balance_amount"].astype(np.int64)
    change = h["other_borrowed_amount"].astype(np.int64) - h["other_repaid_amount"]
    np.testing.assert_array_equal(other[:, 1:], other[:, :-1] + change[:, 1:])
    assert (other[h["other_lenders"] == 0] == 0).all()
    assert (balance[h["days_past_due"] > 0] > 0).all()  # only who owes can be late
    # Nothing is drawn beyond the limit in force, nor while late.
    drawn = h["drawn_amount"][:, 1:] > 0
    assert (balance[:, 1:][drawn] <= h["limit_amount"][:, :-1][drawn]).all()
    assert (h["days_past_due"][:, 1:][drawn] == 0).all()
    # In work or not, never both: a provident fund is paid into only by those in work.
    assert (h["provident_fund_amount"][~h["employed"].astype(bool)] == 0).all()
    score = sum(h[f"score_{part}"].astype(int) for part in ("identity", "ability", "history", "network", "behaviour"))
    assert score.min() >= 350
    assert score.max() <= 950
    assert (h["gaming_amount"] + h["cash_advance_amount"] <= h["spending_amount"]).all()
    for name in ("unemployment_rate", "activity_index", "policy_appetite_index", "funding_index"):
        assert (h[name] == h[name][:1]).all()  # equal for all within a month
    for name in CATALOGUE.audit_names:
        assert (h[name] == h[name][:, :1]).all()  # nobody's gender, region or age band changes in the panel
    young = h["segment"][:, 0] == "young"
    assert set(h["age_band"][young, 0]) <= {"18-24", "25-34"}
    moved = h["limit_amount"][:, 1:] != h["limit_amount"][:, :-1]
    assert h["reviewed"][:, 1:][moved].all()  # a limit moves only by a decision
    idle = h["idle_months"].astype(int)
    assert (balance[idle > 0] == 0).all()
    truth = portfolio.truth
    np.testing.assert_allclose(
        truth.by_factor.sum(axis=1), truth.decreases["score_after"] - truth.decreases["score_before"], atol=1e-9
    )


def test_the_same_seed_gives_the_same_portfolio_whatever_the_number_of_threads():
    one, two = (simulate_portfolio(4200, 14, seed=9, n_jobs=n) for n in (1, 2))
    pd.testing.assert_frame_equal(one.history, two.history)
    pd.testing.assert_frame_equal(one.truth.decreases, two.truth.decreases)
    other = simulate_portfolio(100, 14, seed=10).history
    assert not other["income_amount"].equals(one.history["income_amount"][: len(other)])


def test_more_borrowers_leave_the_earlier_ones_as_they_are():
    few, many = simulate_portfolio(40, 20, seed=2), simulate_portfolio(4100, 20, seed=2)
    pd.testing.assert_frame_equal(few.history, many.history[: len(few.history)])
    earlier = many.truth.decisions.query("borrower_id <= 40")
    pd.testing.assert_frame_equal(few.truth.decisions, earlier.reset_index(drop=True))


def test_a_downturn_costs_work_and_limits():
    calm, deep = (simulate_portfolio(3000, 36, seed=4, scenario=s, root_causes=False) for s in ("baseline", "downturn"))
    assert deep.economy["unemployment_rate"].max() > 7 > calm.economy["unemployment_rate"].max()
    late = calm.economy["month"][22]
    in_work = [p.history.loc[p.history["month"] >= late, "employed"].mean() for p in (calm, deep)]
    assert in_work[1] < in_work[0] - 0.01
    cuts = [len(p.truth.decreases) for p in (calm, deep)]
    assert cuts[1] > 1.5 * cuts[0]


def test_a_tightening_is_the_lenders_own_doing():
    portfolio = simulate_portfolio(3000, 36, seed=4, scenario="tightening")
    calm = simulate_portfolio(3000, 36, seed=4)
    assert (portfolio.truth.decreases["kind"] == "class_wide").mean() > 2 * (
        calm.truth.decreases["kind"] == "class_wide"
    ).mean()
    assert portfolio.truth.root_causes["tightening"].mean() > 2 * calm.truth.root_causes["tightening"].mean()
    pd.testing.assert_series_equal(portfolio.economy["unemployment_rate"], calm.economy["unemployment_rate"])


def test_a_users_economy_is_taken_as_it_is():
    table = pd.DataFrame({"unemployment_rate": np.linspace(4, 9, 20), "activity_index": np.linspace(102, 90, 20)})
    portfolio = simulate_portfolio(20, 20, seed=1, economy=table)
    np.testing.assert_allclose(portfolio.economy["unemployment_rate"], table["unemployment_rate"], atol=1e-4)
    seen = portfolio.history["activity_index"].to_numpy()[:20]
    np.testing.assert_allclose(seen, table["activity_index"], atol=1e-4)


@pytest.mark.parametrize(
    ("shock", "column", "sign"),
    [
        ("job_loss", "employed", -1),
        ("income_fall", "income_amount", -1),
        ("borrowing_spree", "other_lenders", 1),
        ("spending_instability", "gaming_amount", 1),
        ("missed_payments", "days_past_due", 1),
    ],
)
def test_a_planted_shock_shows_in_its_own_column_and_not_before_its_month(shock, column, sign):
    who, month = range(1, 301), 15
    struck = simulate_portfolio(300, 24, seed=6, planted=dict.fromkeys(who, (shock, month)))
    spared = simulate_portfolio(300, 24, seed=6, planted=dict.fromkeys(who, (shock, 23)))
    a, b = (p.history[column].to_numpy().astype(float).reshape(300, 24) for p in (struck, spared))
    np.testing.assert_array_equal(a[:, :month], b[:, :month])
    assert sign * (a[:, month + 1 : month + 3] - b[:, month + 1 : month + 3]).mean() > 0


def test_a_shock_is_a_cause_exactly_if_the_cut_does_not_happen_without_it():
    n, months, month = 1500, 30, 20
    who = range(1, n + 1)
    struck = simulate_portfolio(n, months, seed=8, planted=dict.fromkeys(who, ("job_loss", month)))
    spared = simulate_portfolio(n, months, seed=8, planted=dict.fromkeys(who, ("job_loss", months - 1)))
    cuts = struck.truth.decreases
    first, last = struck.economy["month"][month], struck.economy["month"][months - 1]
    # The shock lies between the reference and the cut, so that without it the spared life is lived.
    cuts = cuts[(cuts["month"] >= first) & (cuts["month"] < last) & (cuts["reference_month"] < first)]
    limit = spared.history.set_index(["borrower_id", "month"])["limit_amount"]
    kept = limit.loc[list(zip(cuts["borrower_id"], cuts["month"], strict=True))].to_numpy() >= cuts["limit_before"]
    assert len(cuts) > 50
    assert 10 < kept.sum() < len(cuts)
    np.testing.assert_array_equal(cuts["cause_job_loss"], kept)
    others = [f"cause_{s}" for s in OWN_SHOCKS if s != "job_loss"]
    assert not cuts[others].to_numpy().any()  # a planted shock is the only one of its own that a borrower has


def test_a_planted_bias_lowers_the_score_of_women_and_nothing_else_at_once():
    fair, biased = (simulate_portfolio(400, 14, seed=3, audit_bias=bias) for bias in (0.0, 2.0))
    keys = ["borrower_id", "month"]
    first = fair.truth.decisions.groupby("borrower_id").head(1)[[*keys, "score"]]
    both = first.merge(biased.truth.decisions[[*keys, "score"]], on=keys, suffixes=("_fair", "_biased"))
    both = both.merge(fair.history[[*keys, "gender"]], on=keys)
    difference = both["score_fair"] - both["score_biased"]
    assert difference[both["gender"] == "female"].mean() > 1.0
    assert abs(difference[both["gender"] == "male"]).max() < 1e-12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_borrowers": 0}, "n_borrowers must be a whole number in 1 .. 1000000000, got 0"),
        ({"seed": -1}, "seed must be a whole number in 0 .. 18446744073709551615, got -1"),
        ({"scenario": "boom"}, "scenario must be one of baseline, .*, got 'boom'"),
        ({"planted": {1: ("flood", 2)}}, "a planted shock must be one of job_loss, .*, got 'flood'"),
        ({"planted": {11: ("job_loss", 2)}}, "a planted borrower must be one of 1 .. 10, got 11"),
        ({"planted": {1: ("job_loss", 12)}}, "a planted month must be one of 0 .. 11, got 12"),
        ({"audit_bias": float("nan")}, "audit_bias must be a finite number"),
        ({"economy": pd.DataFrame({"unemployment_rate": [5.0]})}, "a row for each of the 12 months, found 1"),
        (
            {"economy": pd.DataFrame({"unemployment_rate": [5.0] * 11 + [500.0], "activity_index": [100.0] * 12})},
            "unemployment_rate must be between 0 and 100, found 500.0 in row 12",
        ),
    ],
)
def test_a_wrong_setting_is_refused_when_the_settings_are_made(options, message):
    with pytest.raises(CreditModelError, match=message):
        Settings(**{"n_borrowers": 10, "n_months": 12, "seed": 0} | options)


def test_settings_by_name_and_settings_made_before_give_the_same_portfolio():
    by_name = simulate_portfolio(30, 14, seed=5, scenario="downturn", n_jobs=2)
    before = simulate(Settings(30, 14, seed=5, scenario="downturn"))
    pd.testing.assert_frame_equal(by_name.history, before.history)
    pd.testing.assert_frame_equal(by_name.truth.decisions, before.truth.decisions)
    with pytest.raises(CreditModelError, match="n_jobs must be -1"):
        simulate_portfolio(30, 14, seed=5, n_jobs=0)


def test_shocks_of_ones_own_come_before_those_that_befall_everybody():
    assert SHOCKS[: len(OWN_SHOCKS)] == OWN_SHOCKS
    assert SHOCKS[len(OWN_SHOCKS) :] == ("downturn", "tightening")
