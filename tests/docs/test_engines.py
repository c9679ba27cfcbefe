"""The page on your own model is true: its commands run on the example's files, and so does its Python."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from credit_model.cli.engine_options import read_deciding
from tests.explain.own_examples import example_script
from tests.test_cli import refused, run

PAGE = (Path(__file__).parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines") / "own"
    example_script().write(folder, n_borrowers=60, n_training=1500)
    return folder


def commands():
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.M | re.S) for line in block.splitlines()]
    # what trains on a book of the reader's own is tried in tests/model
    return [shlex.split(line)[1:] for line in lines if line.startswith("credit-model ") and " book.csv " not in line]


@pytest.mark.slow
def test_the_commands_of_the_page_write_pages_reasons_and_plans(own, monkeypatch):
    monkeypatch.chdir(own)
    said, own_cut = {}, dict[str, str]()
    for words in commands():
        if words[0] in ("why", "appeal") and "B0397" in words:  # of the whole example; here are fewer borrowers
            cut = pd.read_parquet(own / "explanations" / "summary.parquet").iloc[-1]
            own_cut = {"B0397": str(cut["borrower_id"]), "2025-04": str(cut["month"])}
        words = [own_cut.get(word, word.replace("@2025-04", f"@{own_cut.get('2025-04')}")) for word in words]
        result = run(*words)
        assert result.exit_code == 0, result.output
        said[words[0], words[-1]] = result.output
    for folder in ("changes", "changes-xgboost"):
        summary = pd.read_parquet(own / folder / "summary.parquet")
        by_factor = pd.read_parquet(own / folder / "by_factor.parquet")
        assert list(by_factor) == ["repayment", "debt", "ability", "spending", "stability"]
        assert (abs(by_factor.sum(axis=1) - summary["change"]) < 1e-9).all()
        assert len(pd.read_parquet(own / folder / "reasons.parquet")) > 20
        pages = sorted((own / folder / "changes").glob("*.html"))
        assert len(pages) == 50
        assert "What made it worse" in pages[0].read_text(encoding="utf-8")
    assert "What made it worse most is" in said["explain", "changes"]
    pages = sorted((own / "explanations" / "pages" / "decreases").glob("*.html"))
    assert pages
    assert any('"plan":{' in page.read_text(encoding="utf-8") for page in pages)
    assert "own" in said["train", "model"]
    assert "what brings back" in said["plan", "B0008"] or "keeps" in said["plan", "B0008"]


def test_the_python_of_the_page_runs(own, monkeypatch):
    monkeypatch.chdir(own)
    first, second = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)
    names = {}
    exec(compile(first, "engines.md", "exec"), names)
    assert len(names["explanations"]) > 10
    exec(compile(second, "engines.md", "exec"), {})


def test_the_grid_of_the_page_is_read(tmp_path):
    (text,) = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.M | re.S)
    (tmp_path / "grid.toml").write_text(text, encoding="utf-8")
    grid, worse = read_deciding(tmp_path / "grid.toml")
    assert worse == "higher"
    assert grid.lines(worse, "log_odds").shape == (4, 2)


def test_what_does_not_go_together_is_refused_in_one_line(own, tmp_path, monkeypatch):
    monkeypatch.chdir(own)
    tables = ("explain", "--engine-model", "lightgbm.txt", "--before", "before.csv", "--after", "after.csv")
    out = ("--out", tmp_path / "out")
    assert "Missing option '--worse'" in refused(*tables, *out, code=2)
    assert "--data says nothing of two tables" in refused(*tables, "--data", "panel.csv", *out, code=2)
    assert "Missing option '--data'" in refused("explain", "--engine-model", "lightgbm.txt", *out, code=2)
    assert "Missing option '--decide'" in refused(
        "explain", "--engine-model", "lightgbm.txt", "--data", "panel.csv", "--catalogue", "mine.toml", *out, code=2
    )
    assert "--worse is of two tables" in refused(
        "explain", "--data", "panel.csv", "--model", "m", "--worse", "higher", *out, code=2
    )
    assert "Missing option '--model'" in refused("explain", "--data", "panel.csv", *out, code=2)
    for text, message in (
        ('worse = "up"', 'must be "higher" or "lower"'),
        ('worse = "higher"', "either cut_offs or"),
        ('worse = "higher"\ncut_offs = "x"', "list of numbers"),
        ('worse = "higher"\nlines = [1]', "found 'lines'"),
        ("worse", "cannot be read as TOML"),
    ):
        (tmp_path / "decide.toml").write_text(text, encoding="utf-8")
        words = ("--engine-model", "lightgbm.txt", "--decide", tmp_path / "decide.toml", "--data", "panel.csv")
        assert message in refused("explain", *words, "--catalogue", "mine.toml", *out)
    (tmp_path / "bad.txt").write_text("hello", encoding="utf-8")
    assert "none of them" in refused(
        "explain", "--engine-model", tmp_path / "bad.txt", *tables[3:], "--worse", "higher", *out
    )
    (tmp_path / "m.pkl").write_bytes(b"x")
    words = ("explain", "--engine-model", tmp_path / "m.pkl", *tables[3:], "--worse", "higher", *out)
    assert "give --trust" in refused(*words)
    assert "cannot be loaded as a pickle" in refused(*words, "--trust")
    (tmp_path / "groups.toml").write_text('debt = "utilisation"', encoding="utf-8")
    assert "must list its columns" in refused(*tables, "--worse", "higher", "--groups", tmp_path / "groups.toml", *out)
