"""Commands and the predictor on tables of other kinds: the same answers as on a plain file."""

import pandas as pd
import pytest

from credit_model import LimitPredictor
from credit_model.files import write_table
from credit_model.simulate.portfolio import simulate_portfolio
from tests.readers.bench_files import CELLS, in_duckdb, in_sqlite, workbook
from tests.readers.book import catalogue
from tests.test_cli import refused, run


@pytest.fixture
def declared(tmp_path):
    (tmp_path / "book.toml").write_text(catalogue())
    return tmp_path / "book.toml"


def checked(declared, *words):
    """What `check` says of the book, without the name of the data."""
    told = run("check", *words, "--catalogue", declared)
    assert told.exit_code == 0, told.stderr
    return told.output.split("\n", 1)[1].split("Next:")


def test_check_reads_sheets_and_queries(tmp_path, declared):
    book = workbook(tmp_path, CELLS, ("Note", "The book"))
    assert "must name the sheet to read" in refused("check", "--data", book, "--catalogue", declared)
    told, following = checked(declared, "--data", book, "--sheet", "The book")
    assert f"--data {book} --sheet 'The book' --catalogue" in " ".join(following.split())
    url = f"sqlite:///{in_sqlite(tmp_path)}"
    assert checked(declared, "--data", url)[0] == told
    assert checked(declared, "--data", url, "--query", "select * from book")[0] == told
    data = in_duckdb(tmp_path, others=True)
    assert "must be given a query" in refused("check", "--data", data, "--catalogue", declared)
    assert checked(declared, "--data", data, "--query", "from book")[0] == told


def test_a_password_is_not_printed(declared):
    said = refused("check", "--data", "nothing://me:secret@host/x", "--query", "select 1", "--catalogue", declared)
    assert "secret" not in said


@pytest.fixture(scope="module")
def panel():
    return simulate_portfolio(300, 18, seed=3).history


def test_the_predictor_takes_a_path_and_an_index_of_key_and_month(tmp_path, panel):
    write_table(panel, tmp_path / "h.parquet")
    plain = LimitPredictor(max_iter=5).fit(panel)
    by_path = LimitPredictor(max_iter=5).fit(str(tmp_path / "h.parquet"))
    assert by_path.version == plain.version
    indexed = panel.set_index(["borrower_id", "month"])
    pd.testing.assert_frame_equal(plain.predict(indexed), plain.predict(panel))


def test_a_sheet_of_a_file_without_sheets_is_refused(tmp_path, declared):
    (tmp_path / "book.csv").write_text("a,b\n1,2\n")
    for command in ("check", "train"):
        words = (command, "--data", tmp_path / "book.csv", "--sheet", "Nope", "--catalogue", declared)
        more = ("--out", tmp_path / "m") if command == "train" else ()
        assert "is no workbook, and has no sheets; leave --sheet out" in refused(*words, *more)
