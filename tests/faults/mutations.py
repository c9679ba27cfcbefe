"""Files of every kind that the package reads, damaged: refused in one line, or read as what they say."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from credit_model import DecreaseExplanations, LimitPredictor, read_catalogue
from credit_model.cli.history_files import read_history
from credit_model.documents.lender_file import read_lender
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.pairs import decrease_rows
from credit_model.files import check_replaceable
from credit_model.grade.known import match_truth
from credit_model.portfolio.history import check_history
from credit_model.readers.public_data import CONVERTERS
from credit_model.readers.tables import read_table
from credit_model.simulate.economy import economy_from_table
from credit_model.simulate.truth import read_truth
from credit_model.words.language_file import LOCALE_FOLDER, read_language_file
from tests.faults.children import judge_all
from tests.faults.counts import TRACEBACK, WRONG, Counts, Fault, message_fault
from tests.faults.material import CATALOGUES, Material, copy
from tests.faults.mutators import ANY, TEXT, Mutator
from tests.faults.reference import Expected, expected
from tests.faults.tables import catalogue, compare, dressed, meaning_after_dressing, plain_table
from tests.faults.views import catalogue_difference, csv_table, fingerprint, lender_difference, toml

#: A name that nothing else in the folder has: what is wrong with a mutated file is told with it.
Judge = Callable[[Path, bytes], str | None]


@dataclass(frozen=True)
class Target:
    """A file to damage: its place in the workshop, its content, and what is wrong with what is read of it."""

    name: str
    path: Path
    content: bytes
    judge: Judge
    text: bool = False
    named: str = ""  # what the message must name, if not the file

    def mutators(self) -> tuple[Mutator, ...]:
        """Those that make sense."""
        return (*ANY, *TEXT) if self.text else ANY


def _sound(seed: int) -> pd.DataFrame:
    cells = plain_table(np.random.default_rng(seed))
    while not isinstance(cells["month"][0], str) or len(cells["month"]) < 8:
        seed += 1
        cells = plain_table(np.random.default_rng(seed))
    return pd.DataFrame({name: dressed(name, own, "object") for name, own in cells.items()})


def _history(path: Path) -> Any:
    return read_history(str(path), catalogue())  # as commands read it


def _judge_csv(path: Path, content: bytes) -> str | None:
    return _judge_history(path, csv_table(content))


def _judge_history(path: Path, means: Expected) -> str | None:
    history = None
    try:
        history = _history(path)
    except CreditModelError:
        if not means.refuse and means.firm:
            raise
    if history is None:
        return None
    return f"taken, though {means.refuse[:150]}" if means.refuse else compare(history, means)


def _judge_packed(means: Expected) -> Judge:
    def judge(path: Path, content: bytes) -> str | None:
        return compare(_history(path), means)

    return judge


def _judge_parquet(path: Path, content: bytes) -> str | None:
    try:
        table = pq.read_table(path)
        cells = {name: table.column(name).to_pylist() for name in table.column_names}
        means = expected(cells) if table.num_rows else Expected(refuse="no rows")
    except Exception as error:
        means = Expected(refuse=f"unreadable: {error}")
    return _judge_history(path, Expected(means.refuse, False, means.rows))


def _judge_catalogue(path: Path, content: bytes) -> str | None:
    declared = read_catalogue(path)
    wrong = catalogue_difference(content, declared)
    if wrong is None and declared.limit == "limit_amount" and declared.name == "cards":
        with contextlib.suppress(HistoryError):
            check_history(_sound(3), declared)
    return wrong


def _judge_lender(path: Path, content: bytes) -> str | None:
    return lender_difference(content, read_lender(path))


def _judge_language(path: Path, content: bytes) -> str | None:
    found, document = read_language_file(path), toml(content)
    for key, said in found.words.items():
        written = _entry(document, key)
        if written != said:
            return f"{key} is {said!r}, the file says {written!r}"
    return None


def _entry(table: dict[str, Any], key: str) -> Any:
    """What lies at a dotted key, whose parts may be tables or, quoted, hold dots themselves; None: nothing does."""
    if key in table:
        return table[key]
    parts = key.split(".")
    for n in range(1, len(parts)):
        inner = table.get(".".join(parts[:n]))
        if isinstance(inner, dict) and (found := _entry(inner, ".".join(parts[n:]))) is not None:
            return found
    return None


def _judge_sealed(load: Callable[[Path], object], wanted: str) -> Judge:
    def judge(path: Path, content: bytes) -> str | None:
        try:
            check_replaceable(path.parent)
        except CreditModelError as error:
            if wrong := message_fault(error):
                return wrong
        return None if fingerprint(load(path.parent)) == wanted else "loaded, with other content than was saved"

    return judge


def _load_model(folder: Path) -> object:
    predictor = LimitPredictor.load(folder, n_jobs=1)
    return predictor._fitted, predictor.support, predictor.seed, predictor.booster


def _judge_economy(path: Path, content: bytes) -> str | None:
    paths = economy_from_table(read_table(path), 24)
    plain = pq.read_table(path)
    for name, found in (("unemployment_rate", paths.unemployment), ("activity_index", paths.activity)):
        wanted = np.array(plain.column(name).to_pylist()[:24], dtype=np.float64)
        if not np.allclose(found[0][-24:], wanted, rtol=1e-6, atol=1e-4):
            return f"{name} is not what the file holds"
    return None


def _judge_truth(material: Material) -> Judge:
    predictor = LimitPredictor.load(material.model, n_jobs=1)
    snapshots = predictor.snapshots(read_table(material.portfolio))

    def judge(path: Path, content: bytes) -> str | None:
        truth = read_truth(path.parents[2])
        match_truth(snapshots, decrease_rows(snapshots), truth.decreases, where=str(path.parents[2]))
        return None

    return judge


def _judge_convert(name: str, by_folder: bool) -> Judge:
    def judge(path: Path, content: bytes) -> str | None:
        table = CONVERTERS[name](path.parent if by_folder else path)
        with contextlib.suppress(HistoryError):  # of long cells: `tables`
            check_history(table, read_catalogue(name.replace("-", "_")))
        return None

    return judge


def targets(material: Material, folder: Path) -> list[Target]:
    """A file of every kind, in a workshop that is made in ``folder``."""
    found: list[Target] = []

    def add(name: str, path: Path, content: bytes, judge: Judge, *, text: bool = False, named: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        found.append(Target(name, path, content, judge, text, named))

    for name in ("synthetic", "home_credit", "uci_taiwan"):
        content = (CATALOGUES / f"{name}.toml").read_bytes()
        add(f"catalogue {name}", folder / f"c-{name}.toml", content, _judge_catalogue, text=True)
    from tests.portfolio.examples import CATALOGUE

    small = CATALOGUE.replace('limit = "limit_amount"', 'limit = "limit_amount"\nreviewed = "reviewed"').encode()
    for copy_of in "ab":
        add("catalogue cards", folder / f"cards-{copy_of}.toml", small, _judge_catalogue, text=True)
    lender = CATALOGUES.parents[1] / "documents" / "lenders" / "example.toml"
    add("lender", folder / "lender.toml", lender.read_bytes(), _judge_lender, text=True)
    add("language", folder / "fr.toml", (LOCALE_FOLDER / "zh.toml").read_bytes(), _judge_language, text=True)
    for seed in (1, 5, 11):
        frame = _sound(seed)
        means = expected(meaning_after_dressing(frame))
        plain = frame.to_csv(index=False).encode()
        add("csv", folder / f"h{seed}.csv", plain, _judge_csv, text=True)
        add("csv.gz", folder / f"h{seed}.csv.gz", gzip.compress(plain), _judge_packed(means))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("h.csv", plain)
        add("csv.zip", folder / f"h{seed}.csv.zip", packed.getvalue(), _judge_packed(means))
        stored = io.BytesIO()
        frame.astype({"reviewed": bool}).to_parquet(stored, index=False, compression=("snappy", None)[seed % 2])
        add("parquet", folder / f"h{seed}.parquet", stored.getvalue(), _judge_parquet)
    for name, source, load in (
        ("model", material.model, _load_model),
        ("explanations", material.explanations, DecreaseExplanations.load),
    ):
        copy(source, folder / name)
        judge = _judge_sealed(load, fingerprint(load(source)))
        for file in sorted(source.iterdir()):
            text = file.suffix == ".json"
            add(f"{name} {file.name}", folder / name / file.name, file.read_bytes(), judge, text=text, named=name)
    add(
        "economy",
        folder / "economy.parquet",
        (material.portfolio / "economy.parquet").read_bytes(),
        _judge_economy,
        named="econom",
    )
    copy(material.portfolio, folder / "p")
    truth = next((folder / "p" / "truth" / "decreases").iterdir())
    add("truth", truth, truth.read_bytes(), _judge_truth(material), named="p")
    manifest = folder / "p" / "manifest.json"
    add(
        "portfolio manifest",
        manifest,
        manifest.read_bytes(),
        lambda p, c: check_replaceable(p.parent),
        text=True,
        named="p",
    )
    uci = (material.folder / "uci.csv").read_bytes()
    add("uci-taiwan", folder / "uci.csv", uci, _judge_convert("uci-taiwan", False), text=True)
    copy(material.folder / "home_credit", folder / "hc")
    for file in sorted((folder / "hc").iterdir()):
        add(f"home-credit {file.name}", file, file.read_bytes(), _judge_convert("home-credit", True), text=True)
    return found


class Case:
    """One damaged file, drawn from its number."""

    def __init__(self, number: int, seed: int, among: list[Target]) -> None:
        rng = np.random.default_rng([seed, number])
        self.target = among[number % len(among)]
        choices = self.target.mutators()
        self.content, self.done = self.target.content, []
        for _ in range(1 if rng.integers(4) else 2):
            mutator = choices[int(rng.integers(len(choices)))]
            self.content = mutator(self.content, rng)
            self.done.append(mutator.__name__)

    def __str__(self) -> str:
        return f"{self.target.name}, {' and '.join(self.done)}"

    def judge(self) -> list[Fault]:
        """The faults of what is read."""
        path = self.target.path
        path.write_bytes(self.content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wrong = self.target.judge(path, self.content)
            return [Fault(WRONG, "", wrong)] if wrong else []
        except CreditModelError as error:
            named = self.target.named or path.name
            wrong = message_fault(error, names=named)
            return [Fault(TRACEBACK, "", wrong)] if wrong else []
        finally:
            path.write_bytes(self.target.content)


def run(n: int, seed: int, material: Material, folder: Path) -> Counts:
    """Judge ``n`` damaged files."""
    counts = Counts("mutations")
    among = targets(material, folder)
    for target in among:  # undisturbed, nothing is wrong; and everything is compiled
        if wrong := target.judge(target.path, target.content):
            counts.add([Fault(WRONG, f"{target.name}, undisturbed", wrong)])
    os.chdir(folder)
    judge_all(counts, n, lambda i: Case(i, seed, among).judge(), lambda i: f"mutation {i}: {Case(i, seed, among)}")
    return counts
