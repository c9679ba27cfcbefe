"""Forged artefacts, sealed anew after an edit: refused in one line, or what is said of them is exactly right."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_model import DecreaseExplanations, LimitPredictor, read_catalogue
from credit_model.documents.lender_file import read_lender
from credit_model.documents.notice import build_notice
from credit_model.errors import CreditModelError
from credit_model.explain.saved import FORMAT as EXPLANATIONS_FORMAT
from credit_model.files import check_replaceable
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import build_snapshots
from credit_model.readers.tables import read_table
from credit_model.words.reasons import decrease_reasons
from tests.faults import forge_explanations, forge_models, forge_texts
from tests.faults.children import judge_all
from tests.faults.counts import LOST, TRACEBACK, WRONG, Counts, Fault, message_fault
from tests.faults.forge_models import FIT, seal
from tests.faults.material import CATALOGUES, Material, clear, copy
from tests.faults.tables import plain_table
from tests.faults.views import catalogue_difference, lender_difference
from tests.portfolio.examples import CATALOGUE

Builder = Callable[[Path, np.random.Generator], object]


class Forge:
    """The undisturbed model and explanations, and every case built from them."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.manifest = json.loads((material.model / "manifest.json").read_text())
        with np.load(material.model / "arrays.npz") as arrays:
            self.arrays = dict(arrays)
        self.told = json.loads((material.explanations / "manifest.json").read_text())
        self.tables = {p.stem: pd.read_parquet(p) for p in sorted(material.explanations.glob("*.parquet"))}
        self.history = read_table(material.portfolio)
        self.cases = [*self._models(), *self._explanations(), *self._texts()]

    def _models(self) -> list[tuple[str, str, Builder]]:
        def sealed(edit: forge_models.Edit) -> Builder:
            def build(folder: Path, rng: np.random.Generator) -> None:
                manifest = json.loads(json.dumps(self.manifest))
                arrays = {name: array.copy() for name, array in self.arrays.items()}
                stated = manifest["version"]
                edit(manifest, arrays, rng)
                if manifest.get("version") == stated:
                    forge_models.restate(manifest, arrays, self.manifest["catalogue"])
                seal(folder, forge_models.FORMAT, manifest, {"arrays.npz": forge_models.packed(arrays)})

            return build

        def archived(content: Callable[[], bytes]) -> Builder:
            return lambda folder, rng: seal(folder, forge_models.FORMAT, self.manifest, {"arrays.npz": content()})

        def raw(change: Callable[[Path], object]) -> Builder:
            def build(folder: Path, rng: np.random.Generator) -> None:
                sealed(lambda m, a, r: None)(folder, rng)
                change(folder)

            return build

        edits = (*forge_models.tree_edits(), *forge_models.array_edits(self.arrays))
        edits += (*forge_models.manifest_edits({k: v for k, v in self.manifest.items() if k not in _SEALED}),)
        cases = [("model", name, sealed(edit)) for name, edit in edits]
        cases += [("model", name, archived(content)) for name, content in forge_models.zip_edits(self.arrays)]
        return cases + [("model", name, raw(change)) for name, change in forge_models.raw_edits()]

    def _explanations(self) -> list[tuple[str, str, Builder]]:
        def sealed(edit: forge_explanations.Edit, stored: dict[str, Callable[[], bytes]] | None = None) -> Builder:
            def build(folder: Path, rng: np.random.Generator) -> None:
                manifest, tables = json.loads(json.dumps(self.told)), dict(self.tables)
                edit(manifest, tables, rng)
                files = {f"{name}.parquet": forge_explanations.as_parquet(table) for name, table in tables.items()}
                files |= {f"{name}.parquet": content() for name, content in (stored or {}).items()}
                seal(folder, EXPLANATIONS_FORMAT, manifest, files)

            return build

        cases = [("explanations", name, sealed(edit)) for name, edit in forge_explanations.table_edits(self.tables)]
        plain = {k: v for k, v in self.told.items() if k not in _SEALED}
        for name, change in forge_models.manifest_edits(plain):
            cases.append(("explanations", name, sealed(lambda m, t, r, change=change: change(m, {}, r))))
        for how, name, content in forge_explanations.stored_edits(self.tables):
            cases.append(("explanations", f"{name}: {how}", sealed(lambda m, t, r: None, {name: content})))
        return cases

    def _texts(self) -> list[tuple[str, str, Builder]]:
        def written(name: str, text: str) -> Builder:
            return lambda folder, rng: (folder / name).write_text(text, encoding="utf-8")

        cases, lender = [], CATALOGUES.parents[1] / "documents" / "lenders" / "example.toml"
        sound = {"cards.toml": CATALOGUE, "lender.toml": lender.read_text(encoding="utf-8")}
        for name, text in sound.items():
            cases += [(name, what, written(name, new)) for what, new in forge_texts.changes(text)]
        for how, rename in {
            "in capitals": str.upper,
            "with a line": "{}\\n".format,
            "as the limit": lambda name: "limit_amount",
        }.items():
            cases += [
                ("cards.toml", f"{what} {how}", written("cards.toml", new))
                for what, new in forge_texts.renamed(CATALOGUE, rename)
            ]
        return cases


_SEALED = ("format", "digest", "files")


def slow_scores(nodes: Any, roots: Any, sets: tuple[Any, Any], baseline: float, row: list[float]) -> float:
    """Of one row, node by node: as `trees.nodes` states it, in plain Python."""
    score = baseline
    for root in roots.tolist():
        at = int(root)
        while nodes[at]["kind"] != forge_models.LEAF:
            node, value = nodes[at], row[int(nodes[at]["feature"])]
            if node["kind"] == 0:
                left = value <= node["threshold"] if value == value else node["missing_left"] == 1
            elif not 0 <= value <= 255:
                left = node["missing_left"] == 1
            else:
                word, bit = int(value) >> 5, 1 << (int(value) & 31)
                in_left, known = (bool(int(part[int(node["threshold"])][word]) & bit) for part in sets)
                left = in_left or (not known and node["missing_left"] == 1)
            at = at + 1 if left else int(node["right"])
        score += float(nodes[at]["threshold"])
    return score


def untrue_of_model(predictor: LimitPredictor, folder: Path, history: pd.DataFrame) -> str | None:
    """What a loaded model says otherwise than its arrays do; None if nothing."""
    with np.load(folder / "arrays.npz") as stored:
        arrays = {name.removeprefix(FIT): stored[name] for name in stored.files if name.startswith(FIT)}
    snapshots = predictor.snapshots(history)
    table = predictor.predict(snapshots.history, rows="decisions")
    probabilities = table.filter(like="probability_tier_").to_numpy()
    if not (np.abs(probabilities.sum(axis=1) - 1) < 1e-9).all() or not (probabilities >= -1e-12).all():
        return "probabilities of tiers are none"
    if probabilities.shape[1] != len(predictor.ladder.amounts):
        return "another number of tiers than the ladder has"
    explained = predictor.explain_decreases(snapshots.history)
    misses = explained.contributions.sum(axis=1) - (explained.keep_score_after - explained.keep_score_before)
    if not (np.abs(misses) <= 1e-9).all():
        return "contributions do not sum to the change"
    row = np.flatnonzero(snapshots.is_decision)[:4]
    n_features, _, tier_column, width = (int(v) for v in arrays["shape"])
    sets = arrays["left_categories"], arrays["known_categories"]
    for place, i in enumerate(row.tolist()):
        tier = int(snapshots.tier_before[i])
        if tier < 1:
            continue
        values = [*snapshots.X[i].tolist(), float(tier - 1)]
        if tier_column >= 0:
            values.append(tier - 1 - values[tier_column])
        for column in range(width):
            codes = arrays.get(f"categories_of_column_{column}")
            if codes is not None and values[column] == values[column]:
                found = np.flatnonzero(codes == values[column])
                values[column] = float(found[0]) if len(found) else float("nan")
        wanted = slow_scores(arrays["nodes"], arrays["roots"], sets, float(arrays["baseline"][0]), values)
        if abs(wanted - table["keep_score"].iloc[place]) > 1e-9:
            return f"keep score {table['keep_score'].iloc[place]}, its trees say {wanted}"
    return None if n_features == width + 1 + (tier_column >= 0) else "another width than the trees have"


class Case:
    """One forged folder, built from its number."""

    def __init__(self, number: int, seed: int, forge: Forge, order: np.ndarray) -> None:
        self.kind, self.name, self.build = forge.cases[int(order[number % len(order)])]
        self.rng, self.forge = np.random.default_rng([seed, number]), forge

    def __str__(self) -> str:
        return f"{self.kind}, {self.name}"

    def judge(self, folder: Path) -> list[Fault]:
        """The faults of what is loaded."""
        clear(folder)
        folder.mkdir()
        self.build(folder, self.rng)
        faults = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wrong = {"model": self._model, "explanations": self._explanations}.get(self.kind, self._text)(folder)
            faults += [Fault(WRONG, "", wrong)] if wrong else []
        except CreditModelError as error:
            wrong = message_fault(error)
            faults += [Fault(TRACEBACK, "", wrong)] if wrong else []
        if Path("touched").exists():
            Path("touched").unlink()
            faults.append(Fault(WRONG, "", "code of the artefact was run"))
        with contextlib.suppress(CreditModelError):
            check_replaceable(folder)
        return faults

    def _model(self, folder: Path) -> str | None:
        predictor = LimitPredictor.load(folder, n_jobs=1)
        return untrue_of_model(predictor, folder, self.forge.history)

    def _text(self, folder: Path) -> str | None:
        path = folder / self.kind
        if self.kind == "lender.toml":
            return lender_difference(path.read_bytes(), read_lender(path))
        declared = read_catalogue(path)
        if wrong := catalogue_difference(path.read_bytes(), declared):
            return wrong
        history = check_history(pd.DataFrame(plain_table(np.random.default_rng(4))), declared)
        build_snapshots(history, declared.ladder or LimitLadder((0.0, 1000.0)), n_jobs=1)
        for feature in declared.drivers:
            for template in feature.reason.texts.values():
                if len(template.format(before="1", after="2")) > 200_000:
                    return "a reason that fills the memory"
        return None

    def _explanations(self, folder: Path) -> str | None:
        explained = DecreaseExplanations.load(folder)
        tables = {p.stem: pd.read_parquet(p) for p in sorted(folder.glob("*.parquet"))}
        if wrong := forge_explanations.untrue(explained, tables):
            return wrong
        _ = explained.summary, explained.restoring_sets, explained.track if hasattr(explained, "track") else None
        for lang in ("en", "zh"):
            decrease_reasons(explained, lang=lang)
        if len(explained):
            build_notice(explained[len(explained) // 2]).markdown()
        copied = folder.with_name("again")
        clear(copied)
        explained.save(copied)
        again = DecreaseExplanations.load(copied)
        return None if np.array_equal(again.contributions, explained.contributions) else "saved again, it is other"


def run(n: int, seed: int, material: Material, folder: Path) -> Counts:
    """Judge ``n`` forged folders, each edit once before any is done again."""
    counts, forge = Counts("artefacts"), Forge(material)
    order = np.random.default_rng(seed).permutation(len(forge.cases))
    counts.notes.append(f"{len(forge.cases)} edits")
    os.chdir(folder)
    copy(material.model, folder / "m")
    if wrong := untrue_of_model(LimitPredictor.load(folder / "m", n_jobs=1), folder / "m", forge.history):
        counts.add([Fault(LOST, "undisturbed", wrong)])
    undisturbed = DecreaseExplanations.load(material.explanations)
    decrease_reasons(undisturbed)
    judge_all(
        counts,
        n,
        lambda i: Case(i, seed, forge, order).judge(folder / "forged"),
        lambda i: f"artefact {i}: {Case(i, seed, forge, order)}",
        seconds=60,
    )
    return counts
