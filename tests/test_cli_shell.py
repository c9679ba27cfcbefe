"""What stands between a command and the shell: closed streams, signals, faults, notes."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from tests.test_cli import refused, run


def shell(*words, **options):
    """A command in a process of its own."""
    code = "import sys; from credit_model.cli import main; main(prog_name='credit-model')"
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output="stdout" not in options, text=True, check=False, **options)


def test_a_fault_of_the_program_is_a_short_report_and_no_traceback(saved, monkeypatch):
    from click.testing import CliRunner

    from credit_model.cli import main

    def fault(*args, **options):
        raise ZeroDivisionError("division by\nzero")

    monkeypatch.setattr("credit_model.portfolio.findings.falls_of", fault)
    result = CliRunner().invoke(main, ["check", "--data", str(saved / "portfolio")])
    assert result.exit_code == 70
    assert result.stderr.startswith(
        "Error: a fault of credit-model, not of yours: ZeroDivisionError: division by zero\n"
    )
    assert "fault < findings.py" in result.stderr
    assert "scikit-learn" in result.stderr
    assert "Traceback" not in result.output
    assert len(result.stderr.splitlines()) == 4


def test_undeclared_columns_and_an_open_last_line_are_notes(saved, tmp_path):
    table = pd.read_parquet(saved / "portfolio" / "history.parquet").assign(shoe_size=42)
    (tmp_path / "t.csv").write_text(table.to_csv(index=False).rstrip("\n"))
    checked = run("check", "--data", tmp_path / "t.csv")
    assert checked.exit_code == 0
    notes = [line for line in checked.stderr.splitlines() if line.startswith("Note: ")]
    assert len(notes) == 2
    assert "the last line has no line end" in notes[0]
    assert "column 'shoe_size' left out: not declared in catalogue 'synthetic'" in notes[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("simulate", "--borrowers", "1" + "0" * 21, "--out", "p"), "is not in the range"),
        (("simulate", "--borrowers", "9" * 5000, "--out", "p"), "is not"),
        (("simulate", "--months", "1000000", "--out", "p"), "is not in the range"),
        (("train", "--data", "x", "--out", "m", "--seed", str(2**32)), "is not in the range"),
        (("train", "--data", "x", "--out", "m", "--jobs", "1000000"), "is not in the range"),
        (("simulate", "--plant", "²:job_loss:³", "--out", "p"), "--plant must be BORROWER:SHOCK:MONTH"),
    ],
)
def test_sizes_and_seeds_have_bounds(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refused(*words, code=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("plant", ["0:job_loss:3", "999999999999:job_loss:3", "1:job_loss:99", "1:flood:3"])
def test_a_plant_out_of_range_is_one_line(plant, tmp_path):
    said = refused("simulate", "--borrowers", 5, "--months", 14, "--plant", plant, "--out", tmp_path / "p")
    assert "a planted" in said


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_standard_output_is_one_line_and_a_closed_one_none(saved):
    words = ("check", "--data", saved / "portfolio")
    with open("/dev/full", "w") as full:
        done = shell(*words, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == "Error: standard output: cannot be written, No space left on device\n"
    code = f'{sys.executable} -c "from credit_model.cli import main; main()" check --data {saved / "portfolio"} >&-'
    closed = subprocess.run(["/bin/sh", "-c", code], stderr=subprocess.PIPE, text=True, check=False)
    assert (closed.returncode, closed.stderr) == (0, "")


def test_standard_output_that_is_not_utf8_gets_what_it_can_take(saved, explanations):
    words = ("why", "--data", saved / "portfolio", "--model", saved / "model", "--lang", "zh")
    done = shell(*words, "--borrower", explanations.borrower_id[0], env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "\\u" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_command_and_leaves_nothing(saved, tmp_path, number):
    code = "import sys; from credit_model.cli import main; main()"
    words = ["train", "--data", str(saved / "portfolio"), "--out", str(tmp_path / "new" / "m")]
    child = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a job in the background has none
    )
    until = time.monotonic() + 60
    while not (tmp_path / "new").exists() and time.monotonic() < until:
        time.sleep(0.02)
    child.send_signal(number)
    _, told = child.communicate(timeout=120)
    assert child.returncode == (1 if number == signal.SIGINT else 128 + number)
    assert b"Traceback" not in told
    assert not (tmp_path / "new").exists()


LOST = """
import os, signal, sys, time
from credit_model.cli import shell

class Lost:
    def __del__(self):  # Python ignores what is raised here
        {what}
        for _ in range(1000): pass

with shell._signals():
    one = Lost()
    del one
    time.sleep({wait})
print("went on")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_where_python_ignores_exits_ends_the_command_all_the_same(number):
    code = LOST.format(what=f"os.kill(os.getpid(), {int(number)})", wait=20)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=15)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")


def test_what_else_python_ignores_is_shown_as_ever_and_ends_nothing():
    code = LOST.format(what="sys.exit(3)", wait=0.2)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=15)
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert "Exception ignored" in done.stderr
    assert "SystemExit: 3" in done.stderr
