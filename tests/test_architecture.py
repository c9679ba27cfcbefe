"""The house rules that a reader may rely on: which way imports point, and what is loaded only when used."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import credit_model

ROOT = Path(credit_model.__file__).parent
#: Each part may import the parts named here, itself and `errors`.
ALLOWED = {
    "portfolio": set(),
    "readers": {"portfolio"},
    "trees": set(),
    "model": {"portfolio", "trees"},
    "explain": {"portfolio", "trees", "model", "documents"},
    "words": {"portfolio", "explain"},
    "plots": {"portfolio", "model", "explain", "words"},
    "documents": {"portfolio", "model", "explain", "words"},
    "simulate": {"portfolio", "readers"},
    "predictor": {"portfolio", "model", "explain"},
    "evaluation": {"portfolio", "model", "explain", "predictor"},
    "grade": {"portfolio", "trees", "model", "explain", "predictor", "simulate"},
    "cli": {
        "portfolio",
        "readers",
        "simulate",
        "model",
        "explain",
        "words",
        "plots",
        "documents",
        "evaluation",
        "predictor",
        "grade",
    },
}
GROUND = {"arrays", "errors", "files", "palette", "parallel"}
MODULES = sorted(ROOT.rglob("*.py"))


def part_of(path):
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports_of(path):
    """Dotted names that a module imports anywhere, and those it imports when it is itself imported."""
    anywhere, at_import = set(), set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    checking = {
        n
        for i in ast.walk(tree)
        if isinstance(i, ast.If) and ast.unparse(i.test) == "TYPE_CHECKING"
        for n in ast.walk(i)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        else:
            continue
        anywhere |= names
        if node not in inside and node not in checking:
            at_import |= names
    return anywhere, at_import


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    part = part_of(path)
    if part in {"__init__", *GROUND}:
        return
    anywhere, _ = imports_of(path)
    parts = {name.split(".")[1] for name in anywhere if name.startswith("credit_model.")}
    assert parts - GROUND <= ALLOWED[part] | {part}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_are_loaded_only_where_and_when_they_are_used(path):
    anywhere, at_import = imports_of(path)
    own = path.relative_to(ROOT).as_posix()
    if any(name.split(".")[0] == "matplotlib" for name in anywhere):
        assert own.startswith("plots")
    assert not any(name.split(".")[0] in ("shap", "lightgbm") for name in at_import)
    if part_of(path) != "cli":
        calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        assert not any(isinstance(c.func, ast.Name) and c.func.id == "print" for c in calls)


def test_the_model_never_knows_the_truth():
    for path in MODULES:
        if part_of(path) in (
            "portfolio",
            "readers",
            "trees",
            "model",
            "explain",
            "words",
            "plots",
            "documents",
            "predictor",
            "evaluation",
        ):
            anywhere, _ = imports_of(path)
            assert not any(name.startswith("credit_model.simulate") for name in anywhere), path


ROOMS = sorted(p.parent.name for p in ROOT.glob("*/__init__.py") if "__all__" in p.read_text(encoding="utf-8"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_the_names_that_it_gives_out(room):
    module = import_module(f"credit_model.{room}")
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert set(getattr(module, "_HOME", module.__all__)) == set(module.__all__)


def test_importing_the_package_and_its_catalogues_loads_neither_plots_nor_shap_nor_the_estimators():
    code = (
        "import sys, credit_model.portfolio.catalogue, credit_model.readers, credit_model.simulate\n"
        "heavy = ('matplotlib', 'shap', 'lightgbm', 'rich', 'sklearn', 'numba')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
