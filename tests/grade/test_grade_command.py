"""``credit-model grade``: what it prints and writes, and how it refuses."""

import json
import shutil
import sys

import pytest
from click.testing import CliRunner

from credit_model.cli import main
from credit_model.grade.methods import METHODS
from credit_model.grade.rivals import FITS
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio


def run(*words):
    result = CliRunner().invoke(main, ["grade", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def ours_in(file):
    return json.loads(file.read_text())["policies"]["scorecard"]["ours"]


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
    assert "held against the truth, protocol stale; model" in result.output
    for method in METHODS:
        if method in FITS:
            assert f"Left out: {method}" in result.output
        else:
            assert result.output.count(f"{method} ") >= 3  # once a table
    assert "one root cause alone" in result.output
    for split in ("scenario", "segment", "kind"):
        assert f"Leader right, by {split}" in result.output
    assert "laid on borrower" in result.output
    assert "excused" in result.output
    content = json.loads((tmp_path / "g.json").read_text())
    assert content["protocol"] == "stale"
    assert next(iter(content["policies"]["scorecard"])) == "ours"
    assert f"{content['policies']['scorecard']['ours']['n']:,} limit decreases" in result.output


def test_several_portfolios_are_graded_together_and_by_scenario(folders, tmp_path):
    result = run(
        *("--model", folders / "model", "--data", folders / "calm", "--data", folders / "bad"),
        *("--json", tmp_path / "g.json"),
    )
    assert result.exit_code == 0, result.output
    ours = ours_in(tmp_path / "g.json")
    by_scenario = ours["groups"]["scenario"]
    assert set(by_scenario) == {"baseline", "downturn"}
    assert sum(group["n"] for group in by_scenario.values()) == ours["n"]


def test_held_out_grades_fewer(folders, tmp_path):
    where = ("--model", folders / "model", "--data", folders / "calm", "--json", tmp_path / "g.json")
    assert run(*where).exit_code == 0
    everybody = ours_in(tmp_path / "g.json")["n"]
    assert run(*where, "--held-out").exit_code == 0
    assert ours_in(tmp_path / "g.json")["n"] < everybody


def test_in_time_models_are_fitted_on_other_borrowers_and_earlier_data(folders, tmp_path):
    result = run(
        *("--data", folders / "bad", "--earlier", folders / "calm", "--cross-fit", 2, "--trees", 10),
        *("--intervals", "--jobs", 1, "--json", tmp_path / "g.json"),
    )
    assert result.exit_code == 0, result.output
    assert "held against the truth, protocol in time; model 2 fits" in result.output
    assert "In time: fitted on earlier data and on other borrowers of the same months" in result.output
    assert " ± 0." in result.output
    for method in METHODS:
        assert result.output.count(f"{method} ") >= 3
    content = json.loads((tmp_path / "g.json").read_text())
    assert content["protocol"] == "in_time"
    assert list(content["policies"]["scorecard"]) == list(METHODS)
    assert len(set(content["models"])) == 2
    wanted = {"leading_factor_right", "leading_factor_right_clear", "laid_on_borrower", "excused", "groups"}
    assert all(wanted <= set(told) for told in content["policies"]["scorecard"].values())


def test_stale_rivals_are_fitted_on_the_earlier_data(folders):
    result = run("--model", folders / "model", "--data", folders / "calm", "--earlier", folders / "bad")
    assert result.exit_code == 0, result.output
    assert "Left out" not in result.output
    assert "hazard " in result.output


def test_a_manifest_names_the_policy(folders, tmp_path):
    shutil.copytree(folders / "calm", tmp_path / "d")
    manifest = json.loads((tmp_path / "d" / "manifest.json").read_text())
    (tmp_path / "d" / "manifest.json").write_text(json.dumps(manifest | {"policy": "somebody's"}))
    where = ("--model", folders / "model", "--data", tmp_path / "d")
    result = run(*where)
    assert "Policy somebody's: " in result.output
    assert 'Left out: oracle, policy "somebody\'s"' in result.output
    refused = run(*where, "--earlier", folders / "bad")
    assert refused.exit_code == 1
    assert "give earlier data of every policy" in refused.stderr
    assert refused.stderr.count("\n") == 1
    own = {"name": "my_policy:POLICY", "fingerprint": "0"}
    (tmp_path / "d" / "manifest.json").write_text(json.dumps(manifest | {"policy": own}))
    assert "Policy my_policy:POLICY: " in run(*where).output
    (tmp_path / "d" / "manifest.json").unlink()
    assert "Policy scorecard: " in run(*where).output


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


@pytest.fixture
def own_policy(tmp_path, monkeypatch):
    """A policy of one's own, in ten lines, and a portfolio of its cuts."""
    (tmp_path / "graded_policy.py").write_text(
        "class Own:\n"
        "    weight = 1.0\n"
        "    def score(self, X, names):\n"
        "        at = {name: X[:, i] for i, name in enumerate(names)}\n"
        "        good = at['score_history'] / 20 + at['score_ability'] / 30 + at['employed_share_6m'] * 2\n"
        "        return good - self.weight * at['other_lenders'] - at['unemployment_rate_3m'] / 3\n"
        "POLICY = Own()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    write_portfolio(tmp_path / "own", Settings(150, 30, seed=23, policy="graded_policy:POLICY", root_causes=False))
    yield tmp_path / "own"
    sys.modules.pop("graded_policy", None)


def test_the_oracle_asks_a_policy_of_ones_own_where_it_is_given(folders, own_policy):
    where = ("--model", folders / "model", "--data", own_policy)
    assert "Left out: oracle, policy 'graded_policy:POLICY'" in run(*where).output
    result = run(*where, "--policy", "graded_policy:POLICY")
    assert result.exit_code == 0, result.output
    assert "Policy graded_policy:POLICY: " in result.output
    assert "Left out: oracle" not in result.output
    oracle = next(line for line in result.output.splitlines() if line.startswith(" oracle "))
    assert float(oracle.split()[1]) == 1  # additive: one factor back is its share


@pytest.mark.parametrize("fault", ["another lender", "another version"])
def test_a_policy_that_did_not_make_the_portfolio_is_refused_in_one_line(folders, own_policy, fault):
    data = own_policy
    if fault == "another lender":
        data, told = folders / "calm", "is the lender of no graded portfolio, those are of 'scorecard'"
    else:
        sys.modules["graded_policy"].POLICY.weight = 2.0
        told = "scores otherwise than when the portfolio was simulated"
    result = run("--model", folders / "model", "--data", data, "--policy", "graded_policy:POLICY")
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert told in result.stderr


def test_earlier_data_of_one_policy_are_one_folder(folders):
    earlier = ("--earlier", folders / "calm", "--earlier", folders / "bad")
    result = run("--model", folders / "model", "--data", folders / "calm", *earlier)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "one folder a policy" in result.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--model", "{}/model"], "Missing option '--data'"),
        (["--data", "{}/calm"], "got neither"),
        (["--data", "{}/calm", "--model", "{}/model", "--cross-fit", "2"], "exclude each other"),
        (["--data", "{}/calm", "--cross-fit", "1"], "--cross-fit"),
        (["--data", "{}/calm", "--cross-fit", "2", "--held-out"], "--held-out is for --model"),
        (["--data", "{}/calm", "--model", "{}/model", "--trees", "5"], "--trees is for --cross-fit"),
    ],
)
def test_wrong_usage_ends_with_two_and_says_why(folders, words, told):
    result = run(*(word.format(folders) for word in words))
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("Error: ") == 1
