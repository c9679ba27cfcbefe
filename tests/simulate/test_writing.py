"""Portfolios on disk: the same bytes however they are made, and complete or absent."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from credit_model import CreditModelError, DataFileError, simulate_portfolio
from credit_model.simulate import writing
from credit_model.simulate.realism import LEVELS, realism_of_folder, realism_report
from credit_model.simulate.settings import Settings
from credit_model.simulate.truth import read_truth
from credit_model.simulate.writing import write_portfolio

N, MONTHS = 8300, 14  # three blocks


def content(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated") / "portfolio"
    write_portfolio(folder, Settings(N, MONTHS, seed=1))
    return folder


def test_the_bytes_do_not_depend_on_the_number_of_threads(written, tmp_path):
    seen = []
    write_portfolio(
        tmp_path / "two", Settings(N, MONTHS, seed=1), n_jobs=2, on_progress=lambda done, of: seen.append((done, of))
    )
    assert content(tmp_path / "two") == content(written)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert [f.name for f in tmp_path.iterdir()] == ["two"]


def test_the_folder_holds_what_is_simulated_in_memory(written):
    portfolio = simulate_portfolio(N, MONTHS, seed=1)
    history = pd.read_parquet(written / "history")
    pd.testing.assert_frame_equal(history, portfolio.history)
    truth = read_truth(written)
    pd.testing.assert_frame_equal(truth.decisions, portfolio.truth.decisions)
    pd.testing.assert_frame_equal(truth.decreases, portfolio.truth.decreases)
    pd.testing.assert_frame_equal(pd.read_parquet(written / "economy.parquet"), portfolio.economy)


def test_the_history_holds_nothing_of_the_truth(written):
    names = set(pd.read_parquet(written / "history" / "part-000000.parquet").columns)
    assert not {n for n in names if n.startswith(("tier_prob", "cause_", "factor_", "kind")) or n == "score"}
    write = written.parent / "without"
    write_portfolio(write, Settings(100, MONTHS, seed=1), truth=False)
    assert not (write / "truth").exists()
    with pytest.raises(DataFileError, match="holds no truth"):
        read_truth(write)


def test_a_run_that_stops_leaves_no_output_and_the_next_one_goes_on(written, tmp_path, monkeypatch):
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_portfolio(tmp_path / "portfolio", Settings(N, MONTHS, seed=1), on_progress=stop)
    assert not (tmp_path / "portfolio").exists()
    simulated = []
    original = writing.simulate_block
    monkeypatch.setattr(writing, "simulate_block", lambda s, block: simulated.append(block) or original(s, block))
    write_portfolio(tmp_path / "portfolio", Settings(N, MONTHS, seed=1))
    assert simulated == [2]
    assert content(tmp_path / "portfolio") == content(written)


def test_other_arguments_do_not_go_on_with_what_is_left(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_portfolio(tmp_path / "portfolio", Settings(60, MONTHS, seed=1), on_progress=stop)
    write_portfolio(tmp_path / "portfolio", Settings(60, MONTHS, seed=2))
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "portfolio" / "history"), simulate_portfolio(60, MONTHS, seed=2).history
    )


def test_a_killed_process_leaves_a_complete_output_or_none(written, tmp_path):
    folder = tmp_path / "portfolio"
    code = (
        "from credit_model.simulate.writing import write_portfolio\n"
        "from credit_model.simulate.settings import Settings\n"
        f"settings = Settings({N}, {MONTHS}, seed=1)\n"
        f"write_portfolio({str(folder)!r}, settings, on_progress=lambda done, of: print(done, flush=True))"
    )
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "1\n"
    time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert not folder.exists()
    assert any(name.startswith(".portfolio.partial-") for name in os.listdir(tmp_path))
    write_portfolio(folder, Settings(N, MONTHS, seed=1))
    assert content(folder) == content(written)


def test_a_wrong_number_of_threads_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(CreditModelError, match="n_jobs must be -1"):
        write_portfolio(tmp_path / "portfolio", Settings(20, MONTHS, seed=1), n_jobs=0)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_portfolio_is_replaced_and_anything_else_is_not(tmp_path):
    write_portfolio(tmp_path / "portfolio", Settings(20, MONTHS, seed=1))
    write_portfolio(tmp_path / "portfolio", Settings(30, MONTHS, seed=1))
    assert len(pd.read_parquet(tmp_path / "portfolio" / "history")) == 30 * MONTHS
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(DataFileError, match="holds other files"):
        write_portfolio(tmp_path / "mine", Settings(20, MONTHS, seed=1))
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "mine"


def test_a_portfolio_looks_like_the_published_levels(tmp_path):
    write_portfolio(tmp_path / "portfolio", Settings(8192, 48, seed=1, root_causes=False), n_jobs=2)
    report = realism_of_folder(tmp_path / "portfolio").set_index("row")
    # Two levels contradict the others (their notes say how), and one is at the edge of its band.
    doubtful = {
        "roll: 4+ months late, stays (%)",
        "cut if late in six months, times as likely",
        "balances over limits, open lines (%)",
    }
    outside = set(report.index[~report["within"]]) - doubtful
    assert not outside, report.loc[sorted(outside), ["value", "low", "high"]].to_string()
    assert (report.loc[sorted(doubtful & set(report.index)), "note"] != "").all()
    assert (report["within"] == report["value"].between(report["low"], report["high"])).all()


def test_realism_counts_what_it_says():
    # Two borrowers, eight months, hand-made: one is cut from 8,000 to 2,000 in the eighth month, never late.
    table = pd.DataFrame(
        {
            "borrower_id": [1] * 8 + [2] * 8,
            "month": [*pd.date_range("2024-01-01", periods=8, freq="MS")] * 2,
            "limit_amount": [8000.0] * 7 + [2000.0] + [1000.0] * 8,
            "balance_amount": [800.0] * 8 + [500.0] * 4 + [0.0] * 4,
            "days_past_due": [0] * 8 + [0, 5, 35, 0, 0, 0, 0, 0],
            "income_amount": [1000.0] * 8 + [3000.0] * 8,
            "other_lenders": [0] * 8 + [2] * 8,
        }
    )
    value = realism_report(table).set_index("row")["value"]
    assert value["size of a cut, median (% of the limit)"] == 75.0  # 1 - 2000 / 8000
    assert value["use after a partial cut with a balance, median (%)"] == 40.0  # 800 / 2000
    assert value["cuts without lateness in six months (%)"] == 100.0
    assert value["borrowers with other lenders (%)"] == 50.0
    assert value["30+ days past due (% of borrowers)"] == pytest.approx(100 / 16)
    assert value["roll: 1-2 months late, cured (%)"] == 50.0  # 5 -> 35 stays, 35 -> 0 is cured
    assert value["lines cut in a calm quarter (%)"] == 0.0  # whole quarters only: months 2-4 and 5-7
    assert len(LEVELS) == len({level.row for level in LEVELS})
