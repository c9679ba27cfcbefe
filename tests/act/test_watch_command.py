"""``credit-model watch`` and ``plot warning`` as users meet them."""

import pandas as pd
import pytest
from click.testing import CliRunner

from credit_model.cli import main
from credit_model.predictor import LimitPredictor


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def files(saved_warned):
    return ["--data", saved_warned / "history.parquet", "--model", saved_warned / "model", "--jobs", "1"]


def test_warnings_are_told_and_written(files, warned, warned_panel, tmp_path):
    done = run("watch", *files, "--out", tmp_path / "w.csv")
    assert done.exit_code == 0, done.output
    assert "alerted" in done.output
    written = pd.read_csv(tmp_path / "w.csv")
    assert written["borrower_id"].tolist() == warned.watch(warned_panel.history).table()["borrower_id"].tolist()
    done = run(
        "watch",
        *files,
        "--month",
        "2023-08",
        "--capacity",
        "0.02",
        "--plans",
        "--out",
        tmp_path / "w.html",
        "--lang",
        "zh",
    )
    assert done.exit_code == 0, done.output
    assert "预警" in done.output
    assert (tmp_path / "w.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_replay_is_told_and_written(files, tmp_path):
    done = run("watch", *files, "--replay", "--out", tmp_path / "replay.parquet")
    assert done.exit_code == 0, done.output
    assert "average precision 3m" in done.output
    assert {"alerted", "months_to_cut", "risk_3m"} <= set(pd.read_parquet(tmp_path / "replay.parquet").columns)


def test_the_lines_most_at_risk_are_drawn(files, tmp_path):
    done = run("plot", "warning", *files, "--most", "5", "--out", tmp_path / "w.svg")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "w.svg").stat().st_size > 1000


def test_what_is_asked_wrongly_is_one_line(files, saved, tmp_path):
    old = ["--data", saved / "portfolio", "--model", saved / "model"]
    for words, code, message in (
        ([*old], 1, "was trained without the early warning"),
        ([*files, "--month", "2031-01"], 1, "the month must be one of the history"),
        ([*files, "--month", "soon"], 1, "soon"),
        ([*files, "--capacity", "0"], 2, "is not in the range"),
        ([*files, "--capacity", "2"], 2, "is not in the range"),
        ([*files, "--replay", "--month", "2021-05"], 1, "a replay must begin in or after"),
        ([*files, "--replay", "--out", tmp_path / "x.html"], 2, "--replay makes a table"),
        ([*files, "--out", tmp_path / "x.txt"], 1, "the name must end in"),
    ):
        failed = run("watch", *words)
        assert failed.exit_code == code, failed.output
        assert message in " ".join(failed.output.split())
        assert "Traceback" not in failed.output


def test_train_fits_it_unless_told_not_to(saved_warned, tmp_path):
    history = pd.read_parquet(saved_warned / "history.parquet")
    history[history["borrower_id"] <= 120].to_parquet(tmp_path / "few.parquet", index=False)
    base = ["--data", tmp_path / "few.parquet", "--fits", "1", "--trees", "5", "--structure", "score", "--jobs", "1"]
    done = run("train", *base, "--out", tmp_path / "few")
    assert done.exit_code == 0, done.output
    assert "Note: no early warning: the early warning needs at least 20 borrowers" in " ".join(done.output.split())
    assert LimitPredictor.load(tmp_path / "few").fitted.warning is None
    done = run("train", *base, "--no-warning", "--out", tmp_path / "without")
    assert done.exit_code == 0, done.output
    assert "left out" in done.output
    base[1] = saved_warned / "history.parquet"
    done = run("train", *base, "--out", tmp_path / "with")
    assert done.exit_code == 0, done.output
    assert LimitPredictor.load(tmp_path / "with").fitted.warning is not None
