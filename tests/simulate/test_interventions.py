"""Borrowers who do otherwise than drawn, or live months again: the same but for what was asked, and possible."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from credit_model import CreditModelError, check_history, read_catalogue, simulate_portfolio
from credit_model.cli import main
from credit_model.grade.possible import impossible_histories
from credit_model.simulate import columns as c
from credit_model.simulate.again import live_again
from credit_model.simulate.manifests import read_settings
from credit_model.simulate.policies.family import table_of
from credit_model.simulate.scored import score_all
from credit_model.simulate.settings import Settings
from credit_model.simulate.wishes import interventions_of, open_bounds
from credit_model.simulate.writing import write_portfolio

CATALOGUE = read_catalogue("synthetic")
N, MONTHS = 150, 30
WORLD = {"seed": 77, "root_causes": False}


class AsOurs:
    """The scorecard as a policy of somebody's own."""

    def __init__(self):
        self.table = table_of("scorecard")

    def score(self, X, names):
        return score_all(X, self.table)


@pytest.fixture(scope="module")
def drawn():
    return simulate_portfolio(N, MONTHS, **WORLD)


@pytest.fixture(scope="module")
def table(drawn):
    """Half of the borrowers hold the levers' columns down for eight months, and pay what is due."""
    rows = []
    history = drawn.history.set_index("borrower_id")
    for borrower in range(1, N + 1, 2):
        begin = 8 + borrower % 12
        now = history.loc[borrower].iloc[begin - 1]
        for month in range(begin, begin + 8):
            left = 1 - 0.1 * (month - begin + 1)
            rows += [
                (borrower, month, "other_balance_amount", left * now["other_balance_amount"], "at_most"),
                (borrower, month, "balance_amount", left * now["balance_amount"], "at_most"),
                (borrower, month, "gaming_amount", 10, "at_most"),
                (borrower, month, "inquiries", 0, "exactly"),
                (borrower, month, "other_lenders", 2, "at_most"),
                (borrower, month, "days_past_due", 0, "exactly"),
                (borrower, month, "other_days_past_due", 0, "exactly"),
            ]
    return pd.DataFrame(rows, columns=["borrower_id", "month", "column", "value", "bound"])


@pytest.fixture(scope="module")
def done(table):
    return simulate_portfolio(N, MONTHS, interventions=table, **WORLD)


def of(history, name):
    return history[name].to_numpy().reshape(N, MONTHS)


def test_what_is_asked_for_is_done_and_all_else_stays_as_drawn(drawn, done, table):
    others = ~drawn.history["borrower_id"].isin(table["borrower_id"])
    pd.testing.assert_frame_equal(drawn.history[others], done.history[others])
    for name, group in table.groupby("column"):
        cells = of(done.history, name)[group["borrower_id"] - 1, group["month"]]
        assert (cells <= np.rint(group["value"])).all()
    first = table.groupby("borrower_id")["month"].min()
    for name in ("balance_amount", "limit_amount", "income_amount", "inquiries"):
        for borrower, month in first.items():
            before = of(drawn.history, name)[borrower - 1, :month]
            np.testing.assert_array_equal(of(done.history, name)[borrower - 1, :month], before)
    # What nobody wished for comes as drawn even in these months.
    np.testing.assert_array_equal(of(done.history, "income_amount"), of(drawn.history, "income_amount"))
    assert (of(done.history, "other_balance_amount") != of(drawn.history, "other_balance_amount")).any()


def test_every_history_is_one_that_could_be(done):
    check_history(done.history, CATALOGUE)
    months = np.stack([of(done.history, name) for name in c.LEDGER[: c.N_OWN]], axis=2)
    assert not impossible_histories(CATALOGUE, months[:, 0].astype(float), months[:, 1:].astype(np.int32)).any()
    broken = months.copy()
    broken[3, 5, c.BALANCE] += 1  # a yuan from nowhere
    broken[4, 5, c.GAMING] = broken[4, 5, c.SPENDING] + 1
    wrong = impossible_histories(CATALOGUE, broken[:, 0].astype(float), broken[:, 1:].astype(np.int32))
    np.testing.assert_array_equal(np.flatnonzero(wrong), [3, 4])


def test_bounds_that_hold_nothing_back_change_nothing(drawn):
    rows = [(borrower, month, "balance_amount", 0, "at_least") for borrower in (3, 40) for month in range(5, 25)]
    table = pd.DataFrame(rows, columns=["borrower_id", "month", "column", "value", "bound"])
    same = simulate_portfolio(N, MONTHS, interventions=table, **WORLD)
    pd.testing.assert_frame_equal(same.history, drawn.history)


def test_the_lender_decides_by_what_is_done(drawn, done, table):
    mine = drawn.truth.decisions["borrower_id"].isin(table["borrower_id"])
    assert not drawn.truth.decisions[mine].equals(
        done.truth.decisions[done.truth.decisions["borrower_id"].isin(table["borrower_id"])]
    )


def test_a_policy_of_ones_own_sees_the_same(done, table):
    called = simulate_portfolio(N, MONTHS, interventions=table, policy=AsOurs(), **WORLD)
    pd.testing.assert_frame_equal(called.history, done.history)


@pytest.mark.parametrize("policy", ["scorecard", "rules", None])
def test_months_lived_again_are_the_months_that_were(policy):
    given = {**WORLD, "overrides": 0.05, "policy": AsOurs() if policy is None else policy}
    settings = Settings(N, MONTHS, **given)
    history = simulate_portfolio(N, MONTHS, **given).history
    borrower, start = np.arange(1, N + 1), 8 + np.arange(N) % 15
    lived = live_again(settings, borrower, start, 6)
    limits = np.array(CATALOGUE.ladder.amounts)[lived.tier_after]
    for i in range(N):
        months = slice(start[i], start[i] + 6)
        np.testing.assert_array_equal(limits[i], of(history, "limit_amount")[i, months])
        for name in ("balance_amount", "days_past_due", "income_amount", "other_balance_amount"):
            np.testing.assert_array_equal(lived.own[i, :, c.LEDGER.index(name)], of(history, name)[i, months])
    # Asked for the tier in force, the answer is the decision that was.
    asked = lived.reviewed & (lived.tier_before == lived.tier_before[:, :1]) & (lived.tier_before > 0)
    assert asked.sum() > 50
    np.testing.assert_array_equal(lived.kept[asked], ~lived.cut[asked])


def test_fresh_numbers_tell_many_lives_and_the_same_ones_whatever_the_jobs():
    settings = Settings(N, MONTHS, **WORLD)
    borrower, start = np.repeat(np.arange(1, 41), 30), np.full(1200, 14)
    lived = live_again(settings, borrower, start, 6, seed=5, n_jobs=1)
    again = live_again(settings, borrower, start, 6, seed=5, n_jobs=2)
    np.testing.assert_array_equal(lived.own, again.own)
    np.testing.assert_array_equal(lived.cut, again.cut)
    income = lived.own[:, :, c.INCOME].reshape(40, 30, 6)
    assert (income.std(axis=1) > 0).all()
    # More lives leave the earlier ones as they are.
    few = live_again(settings, borrower[::30], start[::30], 6, seed=5)
    np.testing.assert_array_equal(few.own, lived.own[::30])


def test_bounds_of_lives_are_those_of_the_table(done, table):
    settings = Settings(N, MONTHS, **WORLD)
    borrower = table["borrower_id"].unique()
    start = table.groupby("borrower_id")["month"].min().to_numpy()
    wishes = interventions_of(table, N, MONTHS)
    bounds = open_bounds(len(borrower), 8)
    whose = np.searchsorted(borrower, wishes.borrower)
    at = (whose, wishes.month - start[whose], wishes.place)
    bounds[(*at, 0)], bounds[(*at, 1)] = wishes.low, wishes.high
    lived = live_again(settings, borrower, start, 8, bounds=bounds)
    limits = np.array(CATALOGUE.ladder.amounts)[lived.tier_after]
    for i, (one, begin) in enumerate(zip(borrower, start, strict=True)):
        np.testing.assert_array_equal(limits[i], of(done.history, "limit_amount")[one - 1, begin : begin + 8])
        np.testing.assert_array_equal(
            lived.own[i, :, c.BALANCE], of(done.history, "balance_amount")[one - 1, begin : begin + 8]
        )


def test_a_written_portfolio_tells_its_settings(tmp_path, table):
    given = {**WORLD, "planted": {3: ("job_loss", 15)}, "overrides": 0.02, "noise": 0.1, "interventions": table}
    write_portfolio(tmp_path / "p", Settings(N, MONTHS, **given))
    settings = read_settings(tmp_path / "p")
    again = simulate_portfolio(N, MONTHS, **given)
    pd.testing.assert_frame_equal(
        again.history,
        simulate_portfolio(
            N, MONTHS, seed=settings.seed, planted=dict(settings.planted), overrides=settings.overrides,
            noise=settings.noise, interventions=settings.interventions, root_causes=False,
        ).history,
    )  # fmt: skip


def test_a_portfolio_with_an_economy_of_its_own_is_refused(tmp_path):
    economy = pd.DataFrame({"unemployment_rate": np.full(20, 5.0), "activity_index": np.full(20, 100.0)})
    write_portfolio(tmp_path / "p", Settings(20, 20, economy=economy, **WORLD))
    with pytest.raises(CreditModelError, match="has an economy of its own"):
        read_settings(tmp_path / "p")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"column": "income_amount"}, "column must be something that a borrower does"),
        ({"borrower_id": N + 1}, "borrower_id must be one of 1 .. 150, found '151' in row 1"),
        ({"month": MONTHS}, "month must be one of the panel's 30 months"),
        ({"value": -1.0}, "value must be a finite number >= 0"),
        ({"column": "days_past_due", "value": 5.0}, "what is due is paid"),
        ({"bound": "about"}, "bound must be one of exactly, at_most, at_least"),
    ],
)
def test_wrong_tables_are_refused_in_one_line(change, message):
    row = {"borrower_id": 1, "month": 3, "column": "inquiries", "value": 0.0, "bound": "exactly", **change}
    with pytest.raises(CreditModelError, match=message) as error:
        Settings(N, MONTHS, interventions=pd.DataFrame([row]), **WORLD)
    assert "\n" not in str(error.value)


def test_tables_lack_no_column_and_say_each_thing_once():
    row = {"borrower_id": 1, "month": "2021-03", "column": "inquiries", "value": 0}
    with pytest.raises(CreditModelError, match="found no 'value'"):
        Settings(N, MONTHS, interventions=pd.DataFrame([row]).drop(columns="value"), **WORLD)
    with pytest.raises(CreditModelError, match="found two of borrower 1, month 2 of the panel, inquiries"):
        Settings(N, MONTHS, interventions=pd.DataFrame([row, row]), **WORLD)


@pytest.mark.parametrize(
    ("borrower", "start", "message"),
    [([N + 1], [5], "among 1 .. 150"), ([1], [MONTHS - 3], "must lie in the panel's 30"), ([], [], "a borrower")],
)
def test_lives_outside_the_portfolio_are_refused(borrower, start, message):
    with pytest.raises(CreditModelError, match=message):
        live_again(Settings(N, MONTHS, **WORLD), np.array(borrower, dtype=int), np.array(start, dtype=int), 6)


def test_the_command_takes_a_table_of_interventions(tmp_path, table):
    table.to_csv(tmp_path / "table.csv", index=False)
    words = ["simulate", "--borrowers", N, "--months", MONTHS, "--seed", 77, "--no-root-causes", "--jobs", 1]
    more = ["--interventions", tmp_path / "table.csv", "--out", tmp_path / "p"]
    done = CliRunner().invoke(main, [str(word) for word in [*words, *more]])
    assert done.exit_code == 0, done.output
    expected = simulate_portfolio(N, MONTHS, interventions=table, **WORLD).history
    written = pd.read_parquet(tmp_path / "p" / "history")
    np.testing.assert_array_equal(written["balance_amount"], expected["balance_amount"])
    (tmp_path / "table.csv").write_text("borrower_id,month,column,value\n1,3,luck,0\n")
    wrong = CliRunner().invoke(main, [str(word) for word in [*words, *more[:2], "--out", tmp_path / "q"]])
    assert wrong.exit_code == 1
    assert "column must be something that a borrower does" in wrong.output
