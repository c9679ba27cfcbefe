"""The commands draft and demo --data, as a new user calls them."""

import pytest
from click.testing import CliRunner

from credit_model import read_catalogue
from credit_model.cli import main
from tests.readers.exports import book, us_export

pytestmark = pytest.mark.filterwarnings("ignore:.* left out. not declared")


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    return us_export(book(500, 30, seed=8), tmp_path_factory.mktemp("cards") / "us_cards.csv")


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_draft_writes_a_catalogue_that_check_takes(cards, tmp_path):
    out = tmp_path / "cards.toml"
    result = run("draft", "--data", cards, "--out", out)
    assert result.exit_code == 0, result.output
    assert "OpenToBuy" in result.output
    assert "decision_lag = 0" in result.output
    assert read_catalogue(out).limit == "CreditLine"
    again = run("draft", "--data", cards, "--out", out)
    assert again.exit_code == 1
    assert "--force" in again.output
    assert run("draft", "--data", cards, "--out", out, "--force", "--lag", 1).exit_code == 0
    assert read_catalogue(out).decision_lag == 1
    assert run("check", "--data", cards, "--catalogue", out).exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--lag", "2"], 2, "--lag"),
        (["--limit", "Line"], 1, "no column 'Line'"),
        (["--encoding", "nonsense"], 1, "encoding must be one that Python knows"),
        (["--limit", "DecisionReason"], 1, "must hold the limits as numbers"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_and_nothing_is_written(cards, tmp_path, words, code, told):
    result = run("draft", "--data", cards, "--out", tmp_path / "cards.toml", *words)
    assert result.exit_code == code
    assert told in result.output
    assert not (tmp_path / "cards.toml").exists()


def test_options_of_own_data_and_of_simulated_data_are_not_mixed(cards, tmp_path):
    out = tmp_path / "demo"
    assert "give --data" in run("demo", "--lag", 1, "--out", out).output
    assert "--borrowers is for the simulated" in run("demo", "--data", cards, "--borrowers", 600, "--out", out).output
    assert not out.exists()


@pytest.mark.slow
def test_demo_explains_own_data_with_one_command(cards, tmp_path):
    out = tmp_path / "explained"
    result = run("demo", "--data", cards, "--out", out)
    assert result.exit_code == 0, result.output
    assert "The clearest cut, in words" in result.output
    assert read_catalogue(out / "catalogue.toml").borrower == "AcctNo"
    for name in ("report/index.html", "notice.html", "explanations/summary.parquet", "model/manifest.json"):
        assert (out / name).exists(), name
