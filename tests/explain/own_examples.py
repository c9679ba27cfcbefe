"""The script that makes the files of docs/engines.md; and changes of a score that is a sum of columns."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from credit_model.explain.additive import AdditiveScore
from credit_model.explain.score_changes import ScoreChanges, explain_changes

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "own_models.py"


def example_script() -> ModuleType:
    """The script that writes the example's files, as a module."""
    spec = importlib.util.spec_from_file_location("own_models", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example_changes() -> ScoreChanges:
    """Three changes of a sum of four columns in two factors, of which more is worse."""
    score = AdditiveScore.linear(["debt", "loans", "late", "income"], [0.5, 1.0, 2.0, -0.25], intercept=-3.0)
    before = pd.DataFrame({"debt": [1.0, 2, 3], "loans": [0.0, 1, 1], "late": [0.0, 0, 1], "income": [4.0, 4, 4]})
    after = before + np.array([[2.0, 1, 0, 0], [0, 0, 1, -2], [-1, 0, 0, 0]])
    groups = {"owing": ["debt", "loans"], "payment": ["late"]}
    return explain_changes(
        score, before, after, groups=groups, worse="higher", keys=["B<1>", "B2", "B3"], dates=("June", "July")
    )
