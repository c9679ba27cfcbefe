"""The page on own data is true: its Python runs, and what `check` says of three mistakes is what it shows."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from credit_model.cli import main
from credit_model.portfolio.catalogue import read_catalogue

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "get-started.md").read_text(encoding="utf-8")
SMALLEST = re.search(r"^```toml\n(.*?)^```", (DOCS / "catalogue.md").read_text(encoding="utf-8"), flags=re.M | re.S)[1]


def test_check_tells_the_mistakes_that_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    balance = '[[column]]\nname = "balance"\nkind = "numbers"\nunit = "money"\nlabel = "balance"\n[[factor]]'
    Path("mine.toml").write_text(SMALLEST.replace("[[factor]]", balance, 1), encoding="utf-8")
    rows = ["account,month,credit_limit,days_past_due,balance", "A,2024-01,1000,0,1", "A,soon,-5,0,1"]
    Path("book.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "--data", "book.csv", "--catalogue", "mine.toml"])
    assert result.exit_code == 1
    assert f"```text\n{result.stderr}```" in PAGE


@pytest.mark.slow
def test_the_python_of_the_page_drafts_a_catalogue_that_loads(tmp_path, monkeypatch, portfolio):
    monkeypatch.chdir(tmp_path)
    portfolio.history.to_csv("book.csv", index=False)
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)
    names = {}
    exec(compile(code, "get-started.md", "exec"), names)
    assert read_catalogue("mine.toml").digest == names["draft"].catalogue.digest
    assert {"what", "decided", "how sure", "why"} <= set(names["draft"].findings.columns)
