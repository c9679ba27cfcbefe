"""The commands draft and demo --data, as a new user calls them."""

import pytest
from click.testing import CliRunner

from credit_model import draft_catalogue, read_catalogue
from credit_model.cli import main
from credit_model.cli.draft import marked
from tests.readers.exports import book, us_export

pytestmark = pytest.mark.filterwarnings("ignore:.* left out. not declared")


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    return us_export(book(300, 26, seed=8), tmp_path_factory.mktemp("cards") / "us_cards.csv")


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
    assert "No appeal is shown: the catalogue declares no [[document]]" in " ".join(result.output.split())
    assert read_catalogue(out / "catalogue.toml").borrower == "AcctNo"
    for name in ("report/index.html", "notice.html", "explanations/summary.parquet", "model/manifest.json"):
        assert (out / name).exists(), name


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--sheet", "Nope"], 1, "is no workbook, and has no sheets; leave --sheet out"),
        (["--borrower", "AcctNo", "--borrower", "AcctNo"], 2, "--borrower must name different columns"),
        (["--encoding", "utf-16-le"], 1, "is not utf-16-le text"),
    ],
)
def test_options_that_do_not_fit_the_file_are_told(cards, tmp_path, words, code, told):
    result = run("draft", "--data", cards, "--out", tmp_path / "cards.toml", *words)
    assert result.exit_code == code
    assert told in " ".join(result.output.split())
    assert not (tmp_path / "cards.toml").exists()


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        ("id;month;limit;name\n1;2024-01;5;Müller\n".encode("cp1252"), ["--encoding", "utf-8"],
         "the file is not UTF-8 text (byte 33: 0xfc); declare the encoding that it has, as encoding in [source] "
         "or as --encoding"),
        (b"id,month,limit\n1,2024-01,5000\n", ["--encoding", "utf-16"],
         "the text makes no sense in utf-16: it has neither lines nor columns; declare the encoding that it has, as "
         "encoding in [source] or as --encoding"),
        (b"id;a,b,month|limit\n1;2,2024-01|5\n", [], "declare it as separator in [source] or as --separator"),
    ],
)  # fmt: skip
def test_what_a_catalogue_would_declare_has_an_option(tmp_path, content, words, told):
    (tmp_path / "cards.csv").write_bytes(content)
    result = run("draft", "--data", tmp_path / "cards.csv", "--out", tmp_path / "cards.toml", *words)
    assert result.exit_code == 1
    assert told in " ".join(result.output.split())


@pytest.mark.parametrize("url", ["http://example.org/cards.csv", "S3://bucket/cards.parquet"])
def test_nothing_is_fetched_from_the_network(tmp_path, url):
    result = run("draft", "--data", url, "--out", tmp_path / "cards.toml")
    assert result.exit_code == 1
    assert "is on the network; nothing is downloaded: save it as a file first" in " ".join(result.output.split())


def test_every_mark_of_the_file_is_told(cards):
    for lag in (None, 0, 1):
        draft = draft_catalogue(cards, lag=lag)
        told = marked(draft)
        assert len(told) == draft.n_doubts
        assert ("decision_lag" in {what for what, _, _ in told}) == (lag == 1)  # the data speak for 0
        assert all(what and decided and why for what, decided, why in told)
