"""Saved models, edited and sealed anew: a digest proves that nothing changed by chance, not that it is sound."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from credit_model.model.artifact import ARRAYS, FORMAT
from credit_model.model.seal import _digest
from credit_model.portfolio.catalogue import read_catalogue

Arrays = dict[str, Any]
Edit = Callable[[dict[str, Any], Arrays, np.random.Generator], object]
LEAF = 2
#: What takes the place of a value of a manifest.
WEIRD: tuple[Any, ...] = (
    *(None, 0, -1, 1, 2, "", "x", [], {}, [1], {"a": 1}, True, 1e308, -0.5, float("nan"), float("inf")),
    *(10**400, "\ud800"),
    *([None], ["x"], [[1]], [0, 1], "../x", 2**63, 0.5),
)  # fmt: skip


class Touch:
    """A pickle of it would make a file: proof that foreign code was run."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self.path, "w"))


def seal(folder: Path, format: str, manifest: dict[str, Any], stored: dict[str, bytes]) -> None:
    """Write files and a manifest with the right digest, whatever they hold."""
    for name, content in stored.items():
        (folder / name).write_bytes(content)
    held = {key: value for key, value in manifest.items() if key not in ("format", "digest", "files")}
    again = json.loads(json.dumps(held))
    text = json.dumps({"format": format, **held, "digest": _digest(format, again, stored), "files": sorted(stored)})
    (folder / "manifest.json").write_text(text)


#: Before the names of the deployed fit's arrays.
FIT = "fit_0_"


def packed(arrays: Arrays) -> bytes:
    """An npz of arrays; objects are pickled."""
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=True, **arrays)
    return out.getvalue()


def restate(manifest: dict[str, Any], arrays: Arrays, catalogue: str) -> None:
    """Let the manifest state the version that the edited trees and catalogue have."""
    digest = hashlib.sha256()
    names = {FIT + name for name in ("nodes", "roots", "left_categories", "known_categories", "baseline", "shape")}
    for name in sorted({*names, *(n for n in arrays if n.startswith(f"{FIT}categories_of"))} & arrays.keys()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    text = manifest.get("catalogue")
    if isinstance(text, str) and text != catalogue:
        manifest["catalogue_digest"] = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    head = str(manifest.get("version")).rsplit("-", 1)[0]
    if isinstance(manifest.get("version"), str):
        manifest["version"] = f"{head}-{digest.hexdigest()[:12]}"


def _some(rng: np.random.Generator, chosen: np.ndarray) -> int:
    return int(rng.choice(np.flatnonzero(chosen)))


def _node(field: str, value: Any, *, leaf: bool) -> Edit:
    def edit(manifest: dict[str, Any], arrays: Arrays, rng: np.random.Generator) -> None:
        nodes = arrays[FIT + "nodes"]
        at = _some(rng, (nodes["kind"] == LEAF) == leaf)
        nodes[field][at] = value(nodes[at], at, len(nodes)) if callable(value) else value

    return edit


def tree_edits() -> Iterator[tuple[str, Edit]]:
    """One field of one node."""
    for value in (np.nan, np.inf, -np.inf, 1e308, 12.5):
        yield f"leaf of {value}", _node("threshold", value, leaf=True)
        yield f"threshold of {value}", _node("threshold", value, leaf=False)
    for name, value in (
        ("itself", lambda node, at, n: at),
        ("before", lambda node, at, n: max(at - 1, 0)),
        ("the next", lambda node, at, n: at + 1),
        ("one further", lambda node, at, n: node["right"] + 1),
        ("the end", lambda node, at, n: n),
        ("far beyond", lambda node, at, n: 2**31 - 1),
        ("negative", lambda node, at, n: -5),
    ):
        yield f"right child {name}", _node("right", value, leaf=False)
    for value in (-1, -32768, 32767, 60, 90):
        yield f"feature {value}", _node("feature", value, leaf=False)
    for value in (0, 1, 3, 255):
        yield f"leaf of kind {value}", _node("kind", value, leaf=True)
    for value in (1, 2, 3, 255):
        yield f"inner node of kind {value}", _node("kind", value, leaf=False)
    for value in (2, 255):
        yield f"missing_left {value}", _node("missing_left", value, leaf=False)


def _set(name: str, change: Callable[[Any], Any]) -> Edit:
    def edit(manifest: dict[str, Any], arrays: Arrays, rng: np.random.Generator) -> None:
        arrays[name] = change(arrays[name])

    return edit


def array_edits(arrays: Arrays) -> Iterator[tuple[str, Edit]]:
    """Every array in other dtypes and shapes, and what each must not hold."""
    changes: dict[str, Callable[[Any], Any]] = {
        "empty": lambda a: a[:0],
        "without the last": lambda a: a[:-1],
        "twice": lambda a: np.concatenate([a, a]),
        "backwards": lambda a: a[::-1],
        "a dimension more": lambda a: a[None],
        "no dimension": lambda a: a.reshape(-1)[0] if a.size else a.reshape(-1),
        "of objects": lambda a: a.astype(object),
        "a pickle": lambda a: np.array([Touch("touched")], dtype=object),
        "of texts": lambda a: np.full(a.shape, "x"),
        "of truth values": lambda a: np.ones(a.shape, dtype=bool),
        "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
        "column-major": lambda a: np.asfortranarray(a),
    }
    numeric = {
        "float32": lambda a: a.astype(np.float32),
        "complex": lambda a: a.astype(complex),
        "int8": lambda a: np.nan_to_num(a).astype(np.int8),
        "negative": lambda a: -np.abs(np.nan_to_num(a).astype(np.float64)).astype(a.dtype) - 1,
        "not a number": lambda a: np.full(a.shape, np.nan),
        "infinite": lambda a: np.full(a.shape, np.inf),
        "huge": lambda a: np.full(a.shape, 2**40),
        "of dates": lambda a: np.zeros(a.shape, dtype="datetime64[s]"),
        "zero": lambda a: np.zeros_like(a),
    }
    for name in arrays:
        for how, change in (changes | ({} if name.endswith("nodes") else numeric)).items():
            yield f"{name} {how}", _set(name, change)
        yield f"without {name}", lambda m, a, r, name=name: a.pop(name)
    for i in range(4):
        for value in (-1, 0, 1, 3, 2**31, 2**62):

            def shape(manifest: dict[str, Any], arrays: Arrays, rng: Any, i: int = i, value: int = value) -> None:
                arrays[FIT + "shape"] = arrays[FIT + "shape"].copy()
                arrays[FIT + "shape"][i] = value

            yield f"shape[{i}] = {value}", shape
    for column in ("0", "-1", "999", "x", "", "1e3", "１"):
        for values in ([1.0, 2.0], [2.0, 1.0], [np.nan], [], [[1.0]], ["a"]):
            name = f"{FIT}categories_of_column_{column}"
            yield f"{name} = {values}", lambda m, a, r, name=name, v=values: a.update({name: np.array(v)})


def manifest_edits(manifest: dict[str, Any]) -> Iterator[tuple[str, Edit]]:
    """Every key without its value, with a weird one, and the values within."""
    for key, value in manifest.items():
        yield f"without {key}", lambda m, a, r, key=key: m.pop(key)
        for weird in WEIRD:
            yield f"{key} = {str(weird)[:20]!r}", lambda m, a, r, key=key, w=weird: m.update({key: w})
        if isinstance(value, dict):
            for inner in (*value, "more", "n_jobs", "catalogue"):
                for weird in WEIRD[::2]:

                    def edit(m: Any, a: Any, r: Any, key: str = key, inner: str = inner, w: Any = weird) -> None:
                        m[key] = m[key] | {inner: w}

                    yield f"{key}.{inner} = {str(weird)[:20]!r}", edit
        if isinstance(value, list):
            for how, change in (
                ("backwards", lambda v: v[::-1]),
                ("without the last", lambda v: v[:-1]),
                ("one twice", lambda v: [*v, v[-1]]),
                ("two swapped", lambda v: [v[1], v[0], *v[2:]]),
                ("with a text", lambda v: [*v[:-1], "9"]),
                ("with NaN", lambda v: [*v[:-1], float("nan")]),
                ("with 10**400", lambda v: [*v[:-1], 10**400]),
                ("with a truth value", lambda v: [*v[:-1], True]),
            ):
                yield f"{key} {how}", lambda m, a, r, key=key, change=change: m.update({key: change(m[key])})
    for name in ("home_credit", "uci_taiwan"):
        yield f"the catalogue {name}", lambda m, a, r, name=name: m.update(catalogue=read_catalogue(name).text)
    for old, new in catalogue_changes():
        yield (
            f"catalogue: {old!r} -> {new[:40]!r}",
            lambda m, a, r, o=old, n=new: m.update(catalogue=m["catalogue"].replace(o, n, 1)),
        )


def catalogue_changes() -> Iterator[tuple[str, str]]:
    """Changes of the text of the catalogue "synthetic"."""
    yield 'label = { zh = "性别", en = "gender" }', 'label = { zh = "性", en = "sex" }'
    yield "warm_up = 12", "warm_up = 0"
    yield "decision_lag = 0", "decision_lag = 1"
    yield "amounts = [0, 1000, 3000", "amounts = [0, 3000"
    yield "amounts = [0, 1000, 3000", "amounts = [0, 1001, 3000"
    yield 'role = "audit"', 'role = "none"'
    yield "{before}", "{before:>999999999}"
    yield "{before}", "{before!r:>99999}"
    yield "{before}", "{before.__class__}"
    yield "[portfolio]", "[" * 5000
    yield "warm_up = 12", f"warm_up = 1{'0' * 400}"
    yield "min = 70", f"min = -1{'0' * 400}"
    yield "min = 70", "min = nan"


def raw_edits() -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Changes of the folder itself, after it was sealed."""

    def text(change: Callable[[str], str]) -> Callable[[Path], object]:
        place = "manifest.json"
        return lambda folder: (folder / place).write_text(change((folder / place).read_text()))

    yield "every key twice", text(lambda t: t[:-1] + ", " + t[1:])
    yield "another ladder first", text(lambda t: '{"ladder": [0, 1], ' + t[1:])
    yield "another ladder last", text(lambda t: t[:-1] + ', "ladder": [0, 1]}')
    yield "deep", text(lambda t: t[:-1] + ', "a": ' + "[" * 50_000 + "]" * 50_000 + "}")
    yield "10**5000", text(lambda t: t[:-1] + f', "a": 1{"0" * 5000}' + "}")
    yield "files a number", text(lambda t: t[: t.rindex('"files"')] + '"files": 5}')
    yield "files null", text(lambda t: t[: t.rindex('"files"')] + '"files": null}')
    yield "files nested", text(lambda t: t[: t.rindex('"files"')] + '"files": [[1]]}')
    yield "digest a number", text(lambda t: t.replace('"digest": "', '"digest": 1, "x": "'))
    yield "format a list", text(lambda t: t.replace('"format": "', '"format": ["'))
    yield "arrays a link", lambda f: ((f / ARRAYS).rename(f / "other"), (f / ARRAYS).symlink_to("other"))
    yield "arrays a link to itself", lambda f: ((f / ARRAYS).unlink(), (f / ARRAYS).symlink_to(ARRAYS))
    yield "arrays a folder", lambda f: ((f / ARRAYS).unlink(), (f / ARRAYS).mkdir())
    yield (
        "manifest a link to itself",
        lambda f: ((f / "manifest.json").unlink(), (f / "manifest.json").symlink_to("manifest.json")),
    )


def zip_edits(arrays: Arrays) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Archives that numpy would not write."""

    def with_member(name: str, content: bytes, times: int = 1, compress: int = zipfile.ZIP_DEFLATED) -> bytes:
        out = io.BytesIO(packed(arrays))
        with zipfile.ZipFile(out, "a", compress) as archive:
            for _ in range(times):
                archive.writestr(name, content)
        return out.getvalue()

    def header(shape: str, descr: str = "'<f8'") -> bytes:
        text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()

    fresh = io.BytesIO()
    np.save(fresh, np.zeros(3))
    for name in (
        "/tmp/absolute.npy",
        "../up.npy",
        "nodes.npy",
        "a/../nodes.npy",
        "plain",
        "\ud7ff.npy",
        "x" * 5000 + ".npy",
    ):
        yield f"a member {name[:20]}", lambda name=name: with_member(name, fresh.getvalue())
    yield "nodes twice", lambda: with_member("nodes.npy", fresh.getvalue(), times=2)
    for shape in ("(10**9,)", "(1000000000000,)", "(-1,)", "(3, 10000000000)", "(" * 200, "(1.5,)", "'x'", "(1,)" * 50):
        yield f"a shape of {shape[:20]}", lambda shape=shape: with_member("more.npy", header(shape) + bytes(64))
    for descr in (
        "'|O'",
        "'<f1000000000'",
        "[('a', '|O')]",
        "'|V99999999'",
        "__import__('os').system('touch touched')",
    ):
        yield f"a dtype of {descr[:20]}", lambda descr=descr: with_member("more.npy", header("(1,)", descr) + bytes(64))

    def bomb() -> bytes:
        out = io.BytesIO(packed(arrays))
        with (
            zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("bomb.npy", "w", force_zip64=True) as member,
        ):
            member.write(header(f"({2 << 27},)"))
            for _ in range(2 << 7):
                member.write(bytes(1 << 23))
        return out.getvalue()

    yield "a bomb", bomb
    yield "many members", lambda: with_member("m.npy", fresh.getvalue(), times=20_000, compress=zipfile.ZIP_STORED)
    yield "no archive", lambda: fresh.getvalue()
    yield "an empty archive", lambda: b"PK\x05\x06" + bytes(18)


__all__ = [
    "FORMAT",
    "array_edits",
    "manifest_edits",
    "packed",
    "raw_edits",
    "restate",
    "seal",
    "tree_edits",
    "zip_edits",
]
