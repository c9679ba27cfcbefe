"""A small share of the bench; `make faults` runs all of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the bench forks its children")
def test_a_small_share_of_the_bench_finds_no_fault():
    # In a process of its own: one that has used threads cannot be forked.
    words = [sys.executable, "-m", "tests.faults", "--small"]
    run = subprocess.run(
        words,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
