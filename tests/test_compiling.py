"""Kernels run wherever the package can be read: what numba keeps of them may save time, and does nothing else."""

import ast
import os
import shutil
import subprocess
import sys
import warnings
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numba.core.config
import pytest

import credit_model
from credit_model import compiling
from credit_model.errors import CreditModelWarning

ROOT = Path(credit_model.__file__).parent
MODULE = """\
from credit_model.compiling import kernel


@kernel(inline="always")
def twice(value):
    return 2 * value


@kernel
def run(value):
    return twice(value) + 1
"""


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """Writes a module with kernels; ``load()`` executes it as a new process would, with nothing said yet."""
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path / "kept"))
    file = tmp_path / "trees" / "some_kernels.py"
    file.parent.mkdir()
    file.write_text(MODULE, encoding="utf-8")

    def load():
        compiling._told.clear()
        spec = spec_from_file_location("some_kernels", file)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    compiling._told.clear()


def kept_in(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".nbi", ".nbc"))


def hits(module):
    return sum(module.run.stats.cache_hits.values())


def test_a_kernel_is_kept_for_the_next_run(kernels, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kernels().run(3) == 7
        assert len(kept_in(tmp_path / "kept")) >= 2
        again = kernels()
        assert again.run(3) == 7
        assert hits(again) == 1


def runs_rightly(kernels):
    module = kernels()
    assert (module.run(3), module.run(3.5)) == (7, 8.0)
    return module


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_bit_flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    path.write_bytes(content)


def as_a_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": truncated,
    "one bit flipped": one_bit_flipped,
    "its end missing": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "other bytes": lambda path: path.write_bytes(b"\x80\x04garbage" * 50),
    "a folder": as_a_folder,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_a_kernel_that_was_kept_and_is_damaged_is_compiled_again(kernels, tmp_path, damage, suffix):
    assert kernels().run(3) == 7
    for path in kept_in(tmp_path / "kept"):
        if path.suffix == suffix:
            DAMAGES[damage](path)
    with pytest.warns(CreditModelWarning, match="compiled kernels") as said:
        module = runs_rightly(kernels)
    assert len(said) == 1
    assert "\n" not in str(said[0].message)
    assert hits(module) == 0
    if damage == "a folder":
        return
    with warnings.catch_warnings():  # what was damaged is replaced
        warnings.simplefilter("error")
        healed = kernels()
        assert healed.run(3) == 7
        assert hits(healed) == 1


def test_a_kept_file_that_is_gone_is_made_again(kernels, tmp_path):
    assert kernels().run(3) == 7
    for path in kept_in(tmp_path / "kept"):
        if path.suffix == ".nbc":
            path.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kernels().run(3) == 7
        assert hits(again := kernels()) == 0
        assert again.run(3) == 7
        assert hits(again) == 1


def test_where_the_disk_is_full_kernels_are_run_without_being_kept(kernels, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compiling._Files, "_write", full)
    with pytest.warns(CreditModelWarning, match="compiled kernels cannot be kept .*No space left") as said:
        runs_rightly(kernels)
    assert len(said) == 1


def test_where_numba_keeps_things_in_another_way_kernels_are_run_without_being_kept(kernels, monkeypatch):
    monkeypatch.setattr(compiling, "_Files", None)
    with pytest.warns(CreditModelWarning, match="compiled kernels cannot be kept"):
        assert kernels().run(3) == 7


def test_a_kernel_is_compiled_again_when_any_file_changes_that_it_is_made_of(kernels, monkeypatch):
    assert kernels().run(3) == 7
    monkeypatch.setattr(compiling, "_sources", lambda folder: f"another digest of {folder}")
    module = kernels()
    assert module.run(3) == 7
    assert hits(module) == 0


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def has_kernels(path):
    text = path.read_text(encoding="utf-8")
    return path.name != "compiling.py" and ("import kernel" in text or "njit" in text)


def test_the_digest_of_a_kernel_holds_every_file_with_kernels_that_it_may_call():
    of_folder = {
        folder: {path for pattern in patterns for path in ROOT.glob(pattern)}
        for folder, patterns in compiling._SOURCES.items()
    }
    for path in filter(has_kernels, ROOT.rglob("*.py")):
        sources = of_folder[path.parent.name]
        assert path in sources
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("credit_model."):
                names = {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
                files = {ROOT.parent.joinpath(*name.split(".")).with_suffix(".py") for name in names}
                assert {file for file in files if file.exists() and has_kernels(file)} <= sources


def test_numba_keeps_nothing_of_the_package_by_itself():
    for path in filter(has_kernels, ROOT.rglob("*.py")):
        assert "cache=True" not in path.read_text(encoding="utf-8"), path


#: Loads every file with kernels, and runs one on a tree with a single leaf.
USE = """\
import warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    import numpy as np
    from importlib import import_module
    for name in {modules}:
        import_module(name)
    from credit_model.trees.nodes import LEAF, NODE, in_preorder
    leaf = np.zeros(1, NODE)
    leaf["kind"] = LEAF
    print(in_preorder(leaf, np.array([0, 1])))
for one in said:
    print(one.category.__name__, one.message)
"""


@pytest.mark.parametrize("numba_cache_dir", [None, "a file"])
def test_an_installation_that_cannot_be_written_by_a_user_without_a_home_runs_and_says_so_once(
    tmp_path, numba_cache_dir
):
    # Also root can write no folder where a file stands: true wherever the tests run.
    package = tmp_path / "site-packages" / "credit_model"
    shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in {path.parent for path in package.rglob("*.py")}:
        (folder / "__pycache__").write_text("no folder", encoding="utf-8")
    file = tmp_path / "file"
    file.write_text("no folder", encoding="utf-8")
    modules = [
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        for path in sorted(ROOT.rglob("*.py"))
        if has_kernels(path)
    ]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA", "XDG", "COVERAGE", "COV_"))}
    nowhere = {"HOME": str(file / "home"), "XDG_CACHE_HOME": str(file / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment = inherited | nowhere | {"PYTHONPATH": str(package.parent)}
    if numba_cache_dir:
        environment["NUMBA_CACHE_DIR"] = str(file)
    done = subprocess.run(
        [sys.executable, "-c", USE.format(modules=modules)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, *said = done.stdout.splitlines()
    assert found == "True"
    assert len(said) == 1
    assert said[0].startswith("CreditModelWarning compiled kernels cannot be kept")
    assert "NUMBA_CACHE_DIR" in said[0]
