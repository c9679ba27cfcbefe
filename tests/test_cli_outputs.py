"""No command loses what it reads, replaces what it did not write, or works for an output that it cannot write."""

import hashlib
import shutil
import time

import pandas as pd
import pytest

from credit_model.model.artifact import load_artifact
from tests.test_cli import refused, run


@pytest.fixture
def place(saved, tmp_path):
    """A copy of the portfolio and the model, and a table of the same histories."""
    shutil.copytree(saved / "portfolio", tmp_path / "portfolio")
    shutil.copytree(saved / "model", tmp_path / "model")
    pd.read_parquet(saved / "portfolio" / "history.parquet").to_csv(tmp_path / "cards.csv", index=False)
    return tmp_path


def content(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


INPUTS_AS_OUTPUTS = [
    ("predict --data {0}/cards.csv --model {0}/model --out {0}/cards.csv", "cards.csv: is what --data reads"),
    ("predict --data {0}/cards.csv --model {0}/model --out {0}/./portfolio/../cards.csv", "is what --data reads"),
    ("predict --data {0}/portfolio --model {0}/model --out {0}/portfolio/p.csv", "p.csv: lies in"),
    ("predict --data {0}/portfolio --model {0}/model --out {0}/model/p.csv", "p.csv: lies in"),
    ("convert uci-taiwan {0}/cards.csv --out {0}/cards.csv", "cards.csv: is what SRC reads"),
    ("convert uci-taiwan {0} --out {0}/cards.csv", "cards.csv: lies in"),
    ("explain --data {0}/portfolio --model {0}/model --out {0}/model", "model: is what --model reads"),
    ("explain --data {0}/portfolio --model {0}/model --out {0}/model/x", "x: lies in"),
    ("explain --data {0}/portfolio --model {0}/model --out {0}", "{0}: holds {0}/portfolio, which --data reads"),
    ("report --data {0}/portfolio --model {0}/model --out {0}/portfolio", "portfolio: is what --data reads"),
    ("evaluate --data {0}/portfolio --model {0}/model --out {0}/model", "model: is what --model reads"),
    ("train --data {0}/portfolio --out {0}/portfolio --force", "portfolio: is what --data reads"),
    ("train --data {0}/portfolio --out {0}/model", "model: holds a model already; give --force to replace it"),
    ("simulate --borrowers 5 --months 14 --out {0}/model", "model: holds a model, not a simulated portfolio"),
    ("simulate --borrowers 5 --months 14 --out {0}", "the folder holds other files and is not replaced"),
    (
        "notice --data {0}/cards.csv --model {0}/model --borrower 1 --month 2022-01 --out {0}/model/manifest.json",
        "lies",
    ),
]


@pytest.mark.parametrize(("words", "message"), INPUTS_AS_OUTPUTS)
def test_no_output_replaces_an_input_or_what_another_command_wrote(place, words, message):
    before = content(place)
    assert message.format(place) in refused(*words.format(place).split())
    assert content(place) == before


def test_through_a_link_an_input_is_still_the_input(place):
    (place / "link.csv").symlink_to(place / "cards.csv")
    before = (place / "cards.csv").read_bytes()
    where = ("--data", place / "cards.csv", "--model", place / "model")
    assert "is what --data reads" in refused("predict", *where, "--out", place / "link.csv")
    assert (place / "cards.csv").read_bytes() == before


def test_a_model_is_replaced_with_force_and_then_is_the_new_one(place):
    where = ("--data", place / "portfolio", "--trees", 3, "--fits", 1, "--no-warning", "--out", place / "model")
    old, _ = load_artifact(place / "model")
    assert run("train", *where, "--force").exit_code == 0
    new, _ = load_artifact(place / "model")
    assert new["version"] != old["version"]
    assert "give --force" in refused("train", *where)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("predict --data {0}/portfolio --model {0}/model --out {0}/p.xlsx", "must end in .parquet or .csv"),
        (
            "plot change --data {0}/portfolio --model {0}/model --borrower 1 --out {0}/p.jpg",
            "must end in .png, .svg or",
        ),
        ("grade --data {0}/portfolio --model {0}/model --json {0}/g.txt", "must end in .json"),
        ("train --data {0}/portfolio --out {0}/cards.csv", "exists and is not a folder"),
        ("train --data {0}/portfolio --out {0}/cards.csv/m", "cannot be written"),
        ("predict --data {0}/portfolio --model {0}/model --out /proc/none/x.csv", "cannot be written"),
    ],
)
def test_a_wrong_output_is_refused_before_the_work(place, monkeypatch, words, message):
    def work(*args, **options):
        raise AssertionError("the work has begun")

    monkeypatch.setattr("credit_model.predictor.LimitPredictor.load", work)
    monkeypatch.setattr("credit_model.cli.options.DataSource.history", work)
    assert message in refused(*words.format(place).split())


def test_a_second_run_into_a_place_is_refused_at_its_start(place):
    from credit_model import places

    with places.sole_writer(place / "new"):
        start = time.perf_counter()
        said = refused("train", "--data", place / "portfolio", "--out", place / "new")
        assert "another run is writing to it" in said
    assert time.perf_counter() - start < 60
    assert not (place / "new").exists()
