"""What the history shows may be blank, a proxy, noisy or late; lives, decisions and truth stay as they are."""

import numpy as np
import pandas as pd
import pytest

from credit_model import CreditModelError, build_snapshots, check_history, read_catalogue, simulate_portfolio
from credit_model.simulate.records import PROXY_FLIPS, PROXY_UNITS, Records
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio

CATALOGUE = read_catalogue("synthetic")
N, MONTHS = 300, 30


@pytest.fixture(scope="module")
def plain():
    return simulate_portfolio(N, MONTHS, seed=10_090)


def recorded(**settings):
    portfolio = simulate_portfolio(N, MONTHS, seed=10_090, **settings)
    snapshots = build_snapshots(check_history(portfolio.history, CATALOGUE), CATALOGUE.ladder)
    return portfolio, snapshots


def changed_columns(portfolio, plain):
    return {name for name in plain.history if not portfolio.history[name].equals(plain.history[name])}


@pytest.mark.parametrize(
    ("hide", "columns"),
    [
        (["policy_appetite_index"], {"policy_appetite_index"}),
        (["gaming_share_6m", "inquiries_6m"], {"gaming_amount", "inquiries"}),
        (["employed", "employed_share_6m"], {"employed"}),
        ("policy", {"policy_appetite_index", "class_appetite_index", "funding_index", "idle_months"}),
    ],
)
def test_hidden_features_have_blank_columns_and_the_truth_keeps_them(plain, hide, columns):
    hide = [hide] if isinstance(hide, str) else hide
    portfolio, snapshots = recorded(hide=hide)
    assert changed_columns(portfolio, plain) == columns
    assert portfolio.history[sorted(columns)].isna().all(axis=None)
    pd.testing.assert_frame_equal(portfolio.truth.decreases, plain.truth.decreases)
    pd.testing.assert_frame_equal(portfolio.truth.decisions, plain.truth.decisions)
    names = [f.id for f in CATALOGUE.drivers if f.id in hide or f.factor in hide]
    assert np.isnan(snapshots.X[:, [CATALOGUE.feature_names.index(name) for name in names]]).all()


def test_a_feature_that_shares_its_columns_is_hidden_only_with_those_that_use_them():
    with pytest.raises(CreditModelError, match=r"its column days_past_due is also used by .*late_months_12m"):
        Settings(10, 14, seed=1, hide=["days_past_due_max_12m"])
    with pytest.raises(CreditModelError, match="hide must name features or factors of catalogue synthetic, got 'age'"):
        Settings(10, 14, seed=1, hide=["age"])


def test_a_proxy_is_near_what_it_stands_for_and_not_it(plain):
    features = ["score_history", "income", "unemployment_rate_3m", "employed", "class_appetite_index"]
    features[1:2] = [f.id for f in CATALOGUE.drivers if "income_amount" in (f.column, f.numerator)]
    features += ["employed_share_6m", "unemployment_change_6m"]
    portfolio, _ = recorded(proxy=features)
    columns = {"score_history", "income_amount", "unemployment_rate", "employed", "class_appetite_index"}
    assert changed_columns(portfolio, plain) == columns
    for name in columns - {"employed"}:
        assert 0.3 < np.corrcoef(portfolio.history[name], plain.history[name])[0, 1] < 0.99
    error = portfolio.history["score_history"].astype(float) - plain.history["score_history"]
    assert error.std() == pytest.approx(PROXY_UNITS["score_history"], rel=0.1)
    flipped = portfolio.history["employed"] != plain.history["employed"]
    assert flipped.mean() == pytest.approx(PROXY_FLIPS, abs=0.02)
    by_month = portfolio.history.groupby("month")["unemployment_rate"].nunique()
    assert (by_month == 1).all()  # the proxy of what all share is shared
    pd.testing.assert_frame_equal(portfolio.truth.decreases, plain.truth.decreases)


def test_what_counts_days_or_months_has_no_proxy():
    with pytest.raises(CreditModelError, match="proxy must not name what counts days or months in a row"):
        Settings(10, 14, seed=1, proxy=["idle_months"])


def test_noise_is_in_the_borrowers_numbers(plain):
    portfolio, _ = recorded(noise=0.1)
    changed = changed_columns(portfolio, plain)
    assert {"income_amount", "spending_amount", "score_history"} <= changed
    assert not changed & {"limit_amount", "days_past_due", "idle_months", "unemployment_rate", "employed", "reviewed"}
    income = plain.history["income_amount"] > 500
    ratio = portfolio.history["income_amount"][income] / plain.history["income_amount"][income]
    assert np.log(ratio).std() == pytest.approx(0.1, rel=0.05)
    pd.testing.assert_frame_equal(portfolio.truth.decisions, plain.truth.decisions)


def test_late_records_are_those_of_earlier_months(plain):
    portfolio, _ = recorded(late=2)
    late, known = (p.history["inquiries"].to_numpy().reshape(N, MONTHS) for p in (portfolio, plain))
    np.testing.assert_array_equal(late[:, 2:], known[:, :-2])
    np.testing.assert_array_equal(late[:, :2], known[:, [0, 0]])
    assert "spending_amount" not in changed_columns(portfolio, plain)
    assert "unemployment_rate" in changed_columns(portfolio, plain)


def test_records_do_not_depend_on_threads_nor_on_the_number_of_borrowers(tmp_path):
    settings = {"seed": 10_091, "noise": 0.05, "hide": ["funding_index"], "proxy": ["score_network"], "late": 1}
    for jobs in (1, 2):
        write_portfolio(tmp_path / str(jobs), Settings(4300, 14, **settings), n_jobs=jobs)
    one, two = (
        {str(f.relative_to(tmp_path / jobs)): f.read_bytes() for f in sorted((tmp_path / jobs).rglob("*.*"))}
        for jobs in ("1", "2")
    )
    assert one == two
    assert b'"hide": [\n    "funding_index"\n  ]' in one["manifest.json"]
    few = simulate_portfolio(50, 14, **settings).history
    many = pd.read_parquet(tmp_path / "1" / "history")
    pd.testing.assert_frame_equal(few, many[: len(few)].reset_index(drop=True))


@pytest.mark.parametrize("wrong", [{"noise": 1.0}, {"noise": "much"}, {"late": 13}, {"late": 0.5}])
def test_numbers_that_break_their_rule_are_refused(wrong):
    with pytest.raises(CreditModelError, match=f"{next(iter(wrong))} must be a"):
        Records(**wrong)
