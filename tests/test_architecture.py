"""The house rules that a reader may rely on: which way imports point, how large a room grows, what loads when."""

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import credit_model

ROOT = Path(credit_model.__file__).parent
#: What every part may import, beside itself.
GROUND = {
    "errors",
    "arrays",
    "compiling",
    "parallel",
    "files",
    "inputs",
    "places",
    "palette",
    "notebook",
    "spreadsheets",
}
#: Each part may import these parts; none imports one that imports it.
ALLOWED = {
    # Readers give tables as they stand; what the columns mean, the portfolio says, which may then be given a path.
    "readers": set(),
    "portfolio": {"readers"},
    "draft": {"portfolio", "readers"},
    "simulate": {"portfolio", "readers"},
    "trees": set(),
    "model": {"portfolio", "trees"},
    "explain": {"portfolio", "trees", "model"},
    "words": {"portfolio", "explain"},
    "plots": {"portfolio", "explain", "words", "act"},
    "documents": {"portfolio", "model", "explain", "words", "act", "fitted_model"},
    "desk": {"portfolio", "explain", "words", "act", "documents", "predictor"},
    "fitted_model": {"portfolio", "model", "explain"},
    "saved_model": {"portfolio", "model", "explain", "fitted_model"},
    "export": {"portfolio", "trees", "model", "fitted_model"},
    "training_rows": {"portfolio", "model", "explain", "act"},
    "training": {"portfolio", "model", "explain", "fitted_model", "act", "training_rows"},
    "own_model": {"portfolio", "trees", "model", "explain", "fitted_model", "training"},
    "act": {"portfolio", "trees", "model", "explain", "words", "fitted_model"},
    "predictor": {
        "portfolio",
        "model",
        "explain",
        "act",
        "fitted_model",
        "saved_model",
        "training",
        "training_rows",
        "own_model",
        "trees",
        "export",
    },
    "evaluation": {"portfolio", "model", "explain", "fitted_model", "predictor"},
    "scale": {
        "readers",
        "portfolio",
        "model",
        "explain",
        "act",
        "fitted_model",
        "training",
        "training_rows",
        "predictor",
        "evaluation",
    },
    "grade": {"portfolio", "trees", "model", "explain", "fitted_model", "act", "predictor", "evaluation", "simulate"},
    "cli": {
        "trees",
        "portfolio",
        "readers",
        "draft",
        "simulate",
        "model",
        "explain",
        "words",
        "plots",
        "documents",
        "act",
        "export",
        "desk",
        "training_rows",
        "predictor",
        "evaluation",
        "grade",
        "scale",
    },
}
#: They see the truth that explanations are held against.
MAY_KNOW_THE_TRUTH = {"simulate", "grade", "cli"}
MOST_LINES_A_FILE = 400
LARGEST_SHARE_OF_A_ROOM = 0.20

FILES = sorted(ROOT.rglob("*.py"))
#: Dotted name -> file. A folder's ``__init__`` only hands on the names of the files beside it.
MODULES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts): path for path in FILES if path.name != "__init__.py"
}
ROOMS = {".".join(path.parent.relative_to(ROOT.parent).parts) for path in FILES if path.name == "__init__.py"}

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def part_of(path):
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path):
    """Every import statement's dotted names, a set a statement: of the module first, then of what is taken from it."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield node, {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node, {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}


def imported_anywhere(path):
    """Also inside functions and for type checking only."""
    return {name for _, names in imports_of(path) for name in names}


def imported_at_import(path):
    """Only what is loaded when the module is."""
    late = {
        inner
        for outer in ast.walk(tree_of(path))
        if isinstance(outer, ast.FunctionDef)
        or (isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING")
        for inner in ast.walk(outer)
    }
    return {name for node, names in imports_of(path) if node not in late for name in names}


def in_circles(graph):
    """The nodes of a graph (node -> nodes) that lie on circles, or between two of them."""
    left = {node: set(targets) for node, targets in graph.items()}
    while True:
        entered = {target for targets in left.values() for target in targets}
        ends = {node for node, targets in left.items() if not targets or node not in entered}
        if not ends:
            return set(left)
        left = {node: targets - ends for node, targets in left.items() if node not in ends}


def test_circles_are_found():
    assert in_circles({"a": {"b"}, "b": {"c"}, "c": set()}) == set()
    # a leads into the circle of b and c, d leads out of it
    assert in_circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == {"b", "c"}


def test_no_file_imports_itself_by_a_detour():
    graph = {name: (imported_anywhere(path) & MODULES.keys()) - {name} for name, path in MODULES.items()}
    assert in_circles(graph) == set()


def test_the_directions_allow_no_circle_of_parts():
    assert in_circles(ALLOWED) == set()
    for part, below in ALLOWED.items():
        assert ("simulate" in below) <= (part in MAY_KNOW_THE_TRUTH)


@every_file
def test_imports_point_one_way(path):
    part = part_of(path)
    if part == "__init__":
        return
    parts = {name.split(".")[1] for name in imported_anywhere(path) if name.startswith("credit_model.")}
    allowed = GROUND if part in GROUND else ALLOWED[part] | {part} | GROUND
    assert parts <= allowed


@every_file
def test_names_are_taken_from_the_file_that_holds_them(path):
    # Through a folder's __init__ a circle could hide. The command line may: nothing imports it.
    if path.name == "__init__.py" or part_of(path) == "cli":
        return
    for node, names in imports_of(path):
        if isinstance(node, ast.ImportFrom) and node.module in ROOMS:
            assert names - {node.module} <= MODULES.keys()
        elif isinstance(node, ast.Import):
            assert not names & ROOMS


def test_nothing_imports_the_command_line():
    assert not [path for path in FILES if part_of(path) != "cli" and "credit_model.cli" in imported_anywhere(path)]


@every_file
def test_heavy_libraries_are_loaded_only_where_and_when_they_are_used(path):
    loaded = {name.split(".")[0] for name in imported_at_import(path)}
    assert "matplotlib" not in loaded or part_of(path) == "plots"
    assert not loaded & {"shap", "lightgbm", "xgboost", "catboost", "threadpoolctl", "duckdb", "openpyxl", "sqlalchemy"}
    assert not loaded & {"polars", "argon2", "dask", "distributed"}
    assert not loaded & {"starlette", "uvicorn", "itsdangerous", "anyio"} or part_of(path) == "desk"


def test_only_the_command_line_prints():
    printing = [
        path
        for path in FILES
        if part_of(path) != "cli"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_every_file_can_be_read_in_one_go():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: n for path, n in lines.items() if n > MOST_LINES_A_FILE} == {}


def test_no_room_outgrows_the_house():
    lines = Counter()
    for path in ROOT.rglob("*"):
        if path.suffix in (".py", ".js", ".html", ".css", ".md") and "__pycache__" not in path.parts:
            lines[path.relative_to(ROOT).parts[0]] += len(path.read_text(encoding="utf-8").splitlines())
    room, most = lines.most_common(1)[0]
    assert most / lines.total() <= LARGEST_SHARE_OF_A_ROOM, room


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("credit_model", ["numpy", "pandas", "sklearn", "numba", "matplotlib", "shap", "lightgbm", "babel", "rich"]),
        ("credit_model.readers", ["numba", "sklearn", "matplotlib", "duckdb", "openpyxl", "sqlalchemy", "polars"]),
        ("credit_model.trees", ["numba", "sklearn"]),
        ("credit_model.model", ["numba", "sklearn", "scipy"]),
        ("credit_model.model.forest", ["sklearn", "matplotlib", "shap"]),
        ("credit_model.predictor", ["matplotlib", "shap", "lightgbm", "rich", "sklearn.ensemble"]),
    ],
)
def test_a_module_loads_nothing_heavy_that_it_does_not_use(module, unwanted):
    code = f"import sys, {module}; print([m for m in {unwanted} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_room_says_what_lives_in_it(room):
    path = ROOT.parent.joinpath(*room.split("."), "__init__.py")
    assert ast.get_docstring(tree_of(path))


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_public_name_of_a_room_is_there(room):
    module = import_module(room)
    for name in getattr(module, "__all__", ()):
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        module.nothing  # noqa: B018


def test_the_package_knows_its_version():
    text = (ROOT.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{credit_model.__version__}"' in text
