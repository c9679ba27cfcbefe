"""Write the files of docs/engines.md: models that a lender trained elsewhere, and the tables to explain them on.

    python docs/examples/own_models.py FOLDER  # such as own

``lightgbm.txt`` and ``xgboost.ubj``, each a probability of default from 40 columns (two categories, many missing
values), trained here with the libraries themselves; ``before.csv`` and ``after.csv``, the same borrowers at two dates;
``panel.csv``, 18 months of limits that the LightGBM model decided by the cut-offs in ``decide.toml``; ``mine.toml``,
the panel's catalogue; ``groups.toml``, the columns by factor. The same bytes for the same release of the libraries.
"""

from __future__ import annotations

import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import xgboost

SEED = 20_26
N_MONTHS = 18
#: Factor -> its columns: (name, unit, whether more of it is good).
FACTORS = {
    "repayment": [("days_past_due", "days", -1), ("late_months", "months", -1), ("broken_promises", "count", -1),
                  ("autopay_share", "share", 1), ("returned_payments", "count", -1), ("months_clean", "months", 1)],
    "debt": [("other_balance", "money", -1), ("other_lenders", "count", -1), ("utilisation", "share", -1),
             ("instalments", "money", -1), ("cash_advances", "money", -1), ("debt_to_income", "ratio", -1),
             ("new_loans", "count", -1), ("loan_queries", "count", -1), ("longest_loan", "months", 1)],
    "ability": [("income", "money", 1), ("savings", "money", 1), ("provident_fund", "money", 1),
                ("income_swing", "share", -1), ("rent", "money", -1), ("dependants", "count", -1),
                ("side_income", "money", 1)],
    "spending": [("spent", "money", 1), ("gaming", "money", -1), ("travel", "money", 1), ("night_share", "share", -1),
                 ("foreign", "money", -1), ("refunds", "count", -1), ("subscriptions", "count", 1),
                 ("largest_purchase", "money", -1)],
    "stability": [("months_at_job", "months", 1), ("months_at_home", "months", 1), ("months_on_book", "months", 1),
                  ("phone_changes", "count", -1), ("logins", "count", 1), ("complaints", "count", -1),
                  ("address_score", "points", 1), ("device_age", "months", 1)],
}  # fmt: skip
CATEGORIES = {"job": ("ability", ["civil", "gig", "salaried", "self_employed", "student", "none"]),
              "channel": ("stability", ["app", "branch", "dealer", "web"])}  # fmt: skip
#: Probabilities of default from which on a tier is given, the lowest tier first; and the tiers' limits.
CUT_OFFS, LIMITS = [0.35, 0.20, 0.10, 0.05], [1000, 3000, 8000, 20000, 50000]
NAMES = [name for columns in FACTORS.values() for name, _, _ in columns] + list(CATEGORIES)


def months(rng: np.random.Generator, n: int, n_months: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Standard scores (n, n_months, 38) that wander, and codes of categories (n, n_months) that seldom change."""
    n_numeric = len(NAMES) - len(CATEGORIES)
    level = rng.normal(size=(n, 1, n_numeric)) + 0.25 * np.cumsum(rng.normal(size=(n, n_months, n_numeric)), axis=1) / 2
    codes = {}
    for name, (_, values) in CATEGORIES.items():
        first = rng.integers(0, len(values), (n, 1))
        moved = np.cumsum(rng.random((n, n_months)) < 0.02, axis=1)
        codes[name] = (first + moved) % len(values)
    return level, codes


def table(level: np.ndarray, codes: dict[str, np.ndarray], rng: np.random.Generator) -> pd.DataFrame:
    """The columns as a lender holds them, one row a borrower and month; some cells are missing."""
    shape = level.shape[:2]
    columns: dict[str, np.ndarray] = {}
    declared = [column for part in FACTORS.values() for column in part]
    for j, (name, unit, _) in enumerate(declared):
        z = level[..., j].ravel()
        columns[name] = {
            "money": np.round(3000 * np.exp(0.7 * z), 2),
            "share": np.round(1 / (1 + np.exp(-z)), 4),
            "ratio": np.round(0.4 * np.exp(0.5 * z), 4),
            "days": np.clip(np.round(20 * (z - 1.2)), 0, 120),
            "months": np.clip(np.round(24 + 14 * z), 0, 240),
            "count": np.clip(np.round(1.5 + 1.4 * z), 0, 20),
            "points": np.round(600 + 60 * z),
        }[unit]
    frame = pd.DataFrame(columns)
    for name, (_, values) in CATEGORIES.items():
        frame[name] = np.array(values, dtype=object)[codes[name].ravel()]
    missing = rng.random((shape[0], 1, len(NAMES))) < 0.05  # a borrower's column is known or it is not
    frame = frame.mask(np.broadcast_to(missing, (*shape, len(NAMES))).reshape(-1, len(NAMES)))
    return frame


def true_risk(level: np.ndarray, codes: dict[str, np.ndarray]) -> np.ndarray:
    """Log-odds of default, with interactions."""
    sign = np.array([way for part in FACTORS.values() for _, _, way in part])
    z = -sign * level
    gig = np.isin(codes["job"], [1, 4, 5])
    pairs = np.maximum(z[..., 0], 0) * np.maximum(z[..., 8], 0) + 0.5 * gig * np.maximum(z[..., 15], 0)
    return -2.4 + 0.28 * z.sum(axis=-1) / 2.2 + 0.7 * pairs + 0.4 * (codes["channel"] == 2)


def as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts as pandas categories, in alphabetical order, as the libraries take them."""
    return frame.assign(
        **{name: pd.Categorical(frame[name], sorted(values)) for name, (_, values) in CATEGORIES.items()}
    )


def write(folder: Path, *, n_borrowers: int = 400, n_training: int = 6000) -> None:
    """Write all files of the example."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    level, codes = months(rng, n_training, 1)
    X = as_categories(table(level, codes, rng))
    y = (rng.random(n_training) < 1 / (1 + np.exp(-true_risk(level, codes)[:, 0]))).astype(int)
    settings = {"objective": "binary", "num_leaves": 15, "learning_rate": 0.08, "verbose": -1, "num_threads": 1,
                "deterministic": True, "seed": SEED}  # fmt: skip
    boosted = lightgbm.train(settings, lightgbm.Dataset(X, y), 120)
    boosted.save_model(folder / "lightgbm.txt")
    other = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "nthread": 1, "seed": SEED},
        xgboost.DMatrix(X, y, enable_categorical=True),
        120,
    )
    other.save_model(folder / "xgboost.ubj")
    level, codes = months(rng, n_borrowers, N_MONTHS)
    panel = table(level, codes, rng)
    who = [f"B{i:04d}" for i in range(n_borrowers)]
    panel.insert(0, "borrower", np.repeat(who, N_MONTHS))
    panel.insert(1, "month", np.tile([f"{2024 + m // 12}-{m % 12 + 1:02d}" for m in range(N_MONTHS)], n_borrowers))
    risk = boosted.predict(as_categories(panel[NAMES]))
    tier = (risk[:, None] <= np.array(CUT_OFFS)).sum(axis=1).reshape(n_borrowers, N_MONTHS)
    by_hand = rng.random(tier.shape) < 0.02  # an officer decides otherwise
    tier = np.where(by_hand, np.clip(tier + rng.integers(-1, 2, tier.shape), 0, len(LIMITS) - 1), tier)
    panel.insert(2, "limit", np.array(LIMITS)[tier.ravel()])
    panel.to_csv(folder / "panel.csv", index=False)
    for name, month in (("before", "2024-06"), ("after", "2025-06")):
        panel[panel["month"] == month].drop(columns=["month", "limit"]).to_csv(folder / f"{name}.csv", index=False)
    (folder / "mine.toml").write_text(catalogue(), encoding="utf-8")
    (folder / "groups.toml").write_text(groups(), encoding="utf-8")
    (folder / "decide.toml").write_text(
        f'worse = "higher"\nof = "probability"\ncut_offs = {CUT_OFFS}\n', encoding="utf-8"
    )


def groups() -> str:
    """Factor -> columns, as ``--groups`` reads them."""
    of_factor = {factor: [name for name, _, _ in columns] for factor, columns in FACTORS.items()}
    for name, (factor, _) in CATEGORIES.items():
        of_factor[factor].append(name)
    return "".join(f"{factor} = {columns!r}\n".replace("'", '"') for factor, columns in of_factor.items())


def catalogue() -> str:
    """The panel's catalogue: every column is a feature as it stands, four can be moved, papers may correct some."""
    parts = [
        f'[portfolio]\nname = "own"\nversion = "1"\ncurrency = "EUR"\nborrower = "borrower"\nmonth = "month"\n'
        f'limit = "limit"\nwarm_up = 1\n[ladder]\namounts = {LIMITS}\n'
        '[[feature]]\nid = "tier_in_force"\nrole = "state"\nlabel = "tier in force"\n'
    ]
    parts += [f'[[factor]]\nid = "{f}"\nabout = "borrower"\nlabel = "{f}"\n' for f in FACTORS]
    number = 0
    for factor, columns in FACTORS.items():
        for name, unit, way in columns:
            number += 1
            parts.append(_column(name, unit) + _feature(name, factor, unit, "raises" if way > 0 else "lowers", number))
        for name, (own, values) in CATEGORIES.items():
            if own == factor:
                number += 1
                parts.append(_column(name, "category", values) + _feature(name, factor, "category", "free", number))
    parts += [
        _lever("repay", "other_balance", "down", "share_a_month = 0.25", "repay other lenders"),
        _lever("owe_fewer", "other_lenders", "down", "a_month = 1", "close lines with other lenders"),
        _lever("use_less", "utilisation", "down", "share_a_month = 0.3", "use less of the lines"),
        _lever("game_less", "gaming", "down", "share_a_month = 0.5", "spend less on games"),
        _document("payslip", ["income", "months_at_job"], "payslip"),
        _document("bank_letter", ["other_balance", "other_lenders", "instalments", "loan_queries"], "letter of a bank"),
    ]
    return "\n".join(parts)


def _column(name: str, unit: str, values: list[str] | None = None) -> str:
    kind = "category" if values else "number"
    more = f"categories = {values!r}\n".replace("'", '"') if values else ""
    return f'[[column]]\nname = "{name}"\nkind = "{kind}"\nunit = "{unit}"\nlabel = "{name.replace("_", " ")}"\n{more}'


def _feature(name: str, factor: str, unit: str, effect: str, number: int) -> str:
    label = name.replace("_", " ")
    return (
        f'[[feature]]\nid = "{name}"\nfactor = "{factor}"\ncolumn = "{name}"\nsummary = "last"\nwindow = 1\n'
        f'unit = "{unit}"\neffect = "{effect}"\ncode = "M{number:02d}"\nlabel = "{label}"\n'
        f'reason = "{label} changed from {{before}} to {{after}}"\n'
    )


def _lever(name: str, column: str, moves: str, speed: str, label: str) -> str:
    return (
        f'[[lever]]\nid = "{name}"\ncolumn = "{column}"\nmoves = "{moves}"\n{speed}\nfloor = 0\ncost = 1\n'
        f'label = "{label}"\naction = "{label}, from {{from}} to {{to}}"\n'
    )


def _document(name: str, columns: list[str], label: str) -> str:
    columns_text = str(columns).replace("'", '"')
    return f'[[document]]\nid = "{name}"\ncolumns = {columns_text}\nlabel = "{label}"\n'


if __name__ == "__main__":
    write(Path(sys.argv[1]))
