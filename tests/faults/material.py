"""What the cases are made from: a tiny portfolio, models, explanations and every other kind of file, made once."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from credit_model import LimitPredictor
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio

CATALOGUES = Path(read_catalogue.__code__.co_filename).parent / "catalogues"


@dataclass(frozen=True)
class Material:
    """A folder with ``portfolio``, ``model``, ``other_model``, ``explanations``, ``home_credit`` and ``uci.csv``."""

    folder: Path

    @property
    def portfolio(self) -> Path:
        """60 borrowers over 30 months."""
        return self.folder / "portfolio"

    @property
    def model(self) -> Path:
        """A model of 5 trees."""
        return self.folder / "model"

    @property
    def explanations(self) -> Path:
        """The portfolio's decreases, explained."""
        return self.folder / "explanations"

    def cut(self, place: int = 0) -> tuple[str, str]:
        """A borrower whose limit fell, and the month."""
        summary = pd.read_parquet(self.explanations / "summary.parquet")
        return str(summary["borrower_id"].iloc[place]), summary["month"].iloc[place].strftime("%Y-%m")


def make_material(folder: Path) -> Material:
    """Write everything into an empty folder."""
    material = Material(folder)
    write_portfolio(material.portfolio, Settings(60, 30, seed=1))
    history = pd.read_parquet(material.portfolio / "history")
    predictor = LimitPredictor(n_jobs=1, max_iter=5).fit(history)
    predictor.save(material.model)
    LimitPredictor(n_jobs=1, max_iter=5, seed=2).fit(history).save(folder / "other_model")
    predictor.explain_decreases(history).save(material.explanations)
    _home_credit(folder / "home_credit", 0)
    _home_credit(folder / "other_home_credit", 1)
    _uci(folder / "uci.csv")
    return material


def _home_credit(folder: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder.mkdir()
    cards = pd.MultiIndex.from_product([range(1, 9), range(-12, 0)], names=["SK_ID_PREV", "MONTHS_BALANCE"])
    table = cards.to_frame(index=False)
    table["SK_ID_CURR"] = table["SK_ID_PREV"] % 5
    table["AMT_CREDIT_LIMIT_ACTUAL"] = rng.choice([0, 45000, 90000], len(table))
    table["NAME_CONTRACT_STATUS"] = "Active"
    for name in _CARD_AMOUNTS:
        table[name] = rng.integers(0, 500, len(table)) * 1.0
    for name in ("SK_DPD", "SK_DPD_DEF"):
        table[name] = 0
    table.to_csv(folder / "credit_card_balance.csv", index=False)
    people = pd.DataFrame({"SK_ID_CURR": range(5), "AMT_INCOME_TOTAL": 1e5, "DAYS_EMPLOYED": -900, "DAYS_BIRTH": -9000})
    people.assign(CODE_GENDER="F").to_csv(folder / "application_train.csv", index=False)
    loans = {"SK_ID_CURR": range(5), "DAYS_CREDIT": -300, "DAYS_ENDDATE_FACT": -40.0, "AMT_CREDIT_SUM": 1000.5}
    pd.DataFrame(loans).to_csv(folder / "bureau.csv", index=False)


_CARD_AMOUNTS = (
    *("AMT_BALANCE", "AMT_RECEIVABLE_PRINCIPAL", "AMT_DRAWINGS_CURRENT", "AMT_DRAWINGS_ATM_CURRENT"),
    *("AMT_DRAWINGS_POS_CURRENT", "AMT_INST_MIN_REGULARITY", "AMT_PAYMENT_TOTAL_CURRENT", "CNT_DRAWINGS_CURRENT"),
    *("CNT_DRAWINGS_ATM_CURRENT", "CNT_DRAWINGS_POS_CURRENT", "CNT_INSTALMENT_MATURE_CUM"),
)


def _uci(path: Path) -> None:
    rng = np.random.default_rng(5)
    n = 20
    table = {"ID": range(1, n + 1), "LIMIT_BAL": rng.integers(1, 50, n) * 10000, "SEX": rng.integers(1, 3, n)}
    table |= {"EDUCATION": rng.integers(0, 7, n), "MARRIAGE": rng.integers(0, 4, n), "AGE": rng.integers(21, 70, n)}
    table |= {f"PAY_{k}": rng.integers(-2, 4, n) for k in (0, 2, 3, 4, 5, 6)}
    table |= {f"{kind}{k}": rng.integers(0, 9000, n) for kind in ("BILL_AMT", "PAY_AMT") for k in range(1, 7)}
    pd.DataFrame(table).to_csv(path, index=False)


def tree(place: Path) -> dict[str, str] | None:
    """Every file below a place with its digest; None if nothing is there."""
    if not os.path.lexists(place):
        return None
    files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_symlink() or not p.is_dir())
    return {file.relative_to(place).as_posix(): _digest(file) for file in files}


def _digest(file: Path) -> str:
    if file.is_symlink():
        return f"a link to {os.readlink(file)}"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "neither a file nor a folder"


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder to a place where nothing is."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copyfile(source, target)


def clear(place: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
