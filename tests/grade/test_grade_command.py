"""``credit-model grade``: what it prints and writes, and how it refuses."""

import json
import shutil

import pytest
from click.testing import CliRunner

from credit_model.cli import main
from credit_model.grade.methods import METHODS
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio


def run(*words):
    result = CliRunner().invoke(main, ["grade", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def folders(tmp_path_factory, predictor):
    folder = tmp_path_factory.mktemp("grade")
    predictor.save(folder / "model")
    write_portfolio(folder / "calm", Settings(250, 30, seed=21))
    write_portfolio(folder / "bad", Settings(250, 30, seed=22, scenario="downturn"))
    return folder


def test_both_scorecards_are_printed_and_the_json_written(folders, tmp_path):
    result = run("--model", folders / "model", "--data", folders / "calm", "--json", tmp_path / "g.json")
    assert result.exit_code == 0, result.output
    assert "Fidelity to the lender's policy" in result.output
    assert "Causal" in result.output
    for method in METHODS:
        assert result.output.count(f"{method} ") >= 3  # once a table
    assert "laid on borrower" in result.output
    assert "excused" in result.output
    content = json.loads((tmp_path / "g.json").read_text())
    assert next(iter(content)) == "ours"
    assert f"{content['ours']['n']:,} limit decreases" in result.output


def test_several_portfolios_are_graded_together_and_by_scenario(folders, tmp_path):
    result = run(
        *("--model", folders / "model", "--data", folders / "calm", "--data", folders / "bad"),
        *("--json", tmp_path / "g.json"),
    )
    assert result.exit_code == 0, result.output
    ours = json.loads((tmp_path / "g.json").read_text())["ours"]
    by_scenario = ours["groups"]["scenario"]
    assert set(by_scenario) == {"baseline", "downturn"}
    assert sum(group["n"] for group in by_scenario.values()) == ours["n"]


def test_held_out_grades_fewer(folders, tmp_path):
    where = ("--model", folders / "model", "--data", folders / "calm", "--json", tmp_path / "g.json")
    assert run(*where).exit_code == 0
    everybody = json.loads((tmp_path / "g.json").read_text())["ours"]["n"]
    assert run(*where, "--held-out").exit_code == 0
    assert json.loads((tmp_path / "g.json").read_text())["ours"]["n"] < everybody


@pytest.mark.parametrize("fault", ["no truth", "no data", "no model", "another portfolio", "json name"])
def test_a_mistake_ends_with_one_line(folders, tmp_path, fault):
    shutil.copytree(folders / "calm", tmp_path / "d")
    words = {"--model": folders / "model", "--data": tmp_path / "d"}
    if fault == "no truth":
        shutil.rmtree(tmp_path / "d" / "truth")
        told = "holds no truth"
    elif fault == "no data":
        words["--data"] = tmp_path / "nowhere"
        told = "nowhere"
    elif fault == "no model":
        words["--model"] = tmp_path / "nowhere"
        told = "nowhere"
    elif fault == "another portfolio":
        shutil.rmtree(tmp_path / "d" / "truth")
        write_portfolio(tmp_path / "other", Settings(250, 30, seed=99))
        shutil.copytree(tmp_path / "other" / "truth", tmp_path / "d" / "truth")
        told = "the same portfolio"
    else:
        words["--json"] = tmp_path / "g.txt"
        told = ".json"
    result = run(*(word for pair in words.items() for word in pair))
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert told in result.stderr


def test_wrong_usage_ends_with_two(folders):
    assert run("--model", folders / "model").exit_code == 2
