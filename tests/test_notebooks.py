"""The notebooks run from top to bottom, and what is committed of them can be read without running anything."""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parent.parent
_spec = importlib.util.spec_from_file_location("execute_notebooks", ROOT / "notebooks" / "execute.py")
execute = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(execute)

NAMES = [path.name for path in execute.notebooks()]
REAL = "4_real_card_data.ipynb"
#: It fits next to nothing, and asks the predictor's class for more than an instance.
QUICK = "10_the_model_you_run.ipynb"
MOST_BYTES = 600_000
#: A quarter of the rounds and half of the borrowers will do to see that every cell runs.
SMALLER = """
import functools, credit_model
credit_model.LimitPredictor = functools.partial(credit_model.LimitPredictor, max_iter=40)
_simulate = credit_model.simulate_portfolio
credit_model.simulate_portfolio = lambda n_borrowers, *rest, **more: _simulate(n_borrowers // 2, *rest, **more)
"""
#: What differs from machine to machine, or from run to run.
NOT_TO_BE_COMMITTED = re.compile(
    r"((?<![\w<./:=#-])(/[A-Za-z][\w.+-]*){2,}"  # a path from the root on
    r"|[A-Z]:\\\\|site-packages| at 0x[0-9a-f]{6,}|\d(\.\d+)? ?(seconds|ms|µs)\b)"
)


def quickly_executed(name):
    """The notebook as committed, run with fewer rounds and borrowers."""
    notebook = execute.read(ROOT / "notebooks" / name)
    if name != QUICK:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(SMALLER))
    return execute.executed(notebook)


def words_of(notebook):
    """All that a reader sees of a notebook as text."""
    for cell in notebook.cells:
        yield cell.source
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            yield from (text for kind, text in output.get("data", {}).items() if kind.startswith("text/"))


def plots_not_shown(notebook):
    """Cells that end by drawing a plot, and show none."""
    drawing = [c for c in notebook.cells if c.cell_type == "code" and re.search(r"^plot_.*;$", c.source, flags=re.M)]
    return [c.source for c in drawing if not any("image/png" in o.get("data", {}) for o in c.outputs)]


def failures(notebook):
    return [o for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "error"]


def test_there_are_ten_notebooks_in_reading_order():
    assert [int(name.split("_")[0]) for name in NAMES] == list(range(1, 11))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name != REAL])
def test_a_notebook_runs_from_top_to_bottom(name):
    done = quickly_executed(name)
    assert not failures(done)
    assert not plots_not_shown(done)


@pytest.mark.slow
def test_the_notebook_on_real_data_runs_where_they_are(real_data):
    done = quickly_executed(REAL)
    assert not failures(done)
    assert not plots_not_shown(done)


def test_the_notebook_on_real_data_stops_in_its_first_cell_and_says_why_without_them(monkeypatch):
    monkeypatch.delenv("CREDIT_MODEL_REAL_DATA", raising=False)
    notebook = execute.read(ROOT / "notebooks" / REAL)
    with pytest.raises(CellExecutionError) as stopped:
        execute.executed(notebook)
    assert stopped.value.ename == "SystemExit"
    assert stopped.value.evalue.startswith("CREDIT_MODEL_REAL_DATA is not set")


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_committed_and_complete(name):
    """As after a fresh run: cells counted 1, 2, 3 ..., no error, no warning, several plots and tables to look at."""
    notebook = execute.read(ROOT / "notebooks" / name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not failures(notebook)
    assert not plots_not_shown(notebook)
    outputs = [output for cell in code for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    shown = [kind for output in outputs for kind in output.get("data", {})]
    assert shown.count("image/png") >= 1
    assert shown.count("text/html") >= 2


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebooks_hold_nothing_of_the_machine_and_are_small(name):
    path = ROOT / "notebooks" / name
    assert path.stat().st_size < MOST_BYTES
    found = {m.group() for words in words_of(execute.read(path)) for m in NOT_TO_BE_COMMITTED.finditer(words)}
    assert not found


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebooks_are_tidied(name):
    """`execute.tidied` changes nothing: ids, metadata and addresses are those that any run gives."""
    path = ROOT / "notebooks" / name
    assert execute.tidied(execute.read(path)) == execute.read(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_can_be_read_in_five_minutes(name):
    """At 200 words and 25 lines of code a minute: words / 200 + lines / 25 <= 5."""
    notebook = execute.read(ROOT / "notebooks" / name)
    prose = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    lines = sum(len(cell.source.splitlines()) for cell in notebook.cells if cell.cell_type == "code")
    assert prose / 200 + lines / 25 <= 5
    assert prose >= 80


def test_no_card_of_the_real_data_is_shown_by_itself():
    """Its terms of redistribution are unclear: tables of the notebook hold counts and means, no ids."""
    notebook = execute.read(ROOT / "notebooks" / REAL)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    tables = [o.data["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    assert tables
    assert not [t for t in tables if "card_id" in t or "borrower_id" in t]
