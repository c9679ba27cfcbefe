"""The files of docs/engines.md, made once a session in a small size; and a scorecard."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).parents[2] / "data" / "engines" / "make_example.py"


def example_script() -> ModuleType:
    """The script that writes the example's files, as a module."""
    spec = importlib.util.spec_from_file_location("make_example", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
