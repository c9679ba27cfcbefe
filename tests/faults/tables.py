"""Strange tables: seeded, small, in many dtypes; what the package makes of them is held against `reference`."""

from __future__ import annotations

import datetime
import decimal
import fractions
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_model.errors import CreditModelError
from credit_model.explain.pairs import decrease_rows
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue
from credit_model.portfolio.history import History, check_history
from credit_model.portfolio.snapshots import build_snapshots
from credit_model.readers.tables import read_table
from tests.faults.children import judge_all
from tests.faults.counts import TRACEBACK, WRONG, Counts, Fault, message_fault
from tests.faults.material import Material
from tests.faults.reference import EMPLOYMENTS, READ, Expected, expected, tier_of
from tests.portfolio.examples import CATALOGUE

Cells = dict[str, list[Any]]


@cache
def catalogue() -> Catalogue:
    """The small catalogue, with a flag of review."""
    return parse_catalogue(CATALOGUE.replace('limit = "limit_amount"', 'limit = "limit_amount"\nreviewed = "reviewed"'))


def plain_table(rng: np.random.Generator) -> Cells:
    """A sound table of up to 30 rows: cells as plain Python values."""
    as_text, as_number = bool(rng.integers(2)), bool(rng.integers(4) == 0)
    first = int(rng.choice([0, 1, 10**9, 10**18, 2**53, 2**62])) if rng.integers(2) else 1
    ids = [
        f"{k:03d}" if as_text else first + k for k in rng.choice(200, int(rng.integers(1, 6)), replace=False).tolist()
    ]
    rows = []
    start = int(rng.integers(1960 * 12, 2060 * 12))
    for who in ids:
        late = 0
        for number in sorted(rng.choice(14, int(rng.integers(1, 7)), replace=False).tolist()):
            year, of_year = divmod(start + number, 12)
            late = int(rng.integers(0, 32)) if rng.integers(3) else 0
            rows.append(
                {
                    "borrower_id": who,
                    "month": number if as_number else f"{year:04d}-{of_year + 1:02d}",
                    "limit_amount": _limit(rng),
                    "days_past_due": None if rng.integers(12) == 0 else late,
                    "balance_amount": None if rng.integers(6) == 0 else float(rng.uniform(0, 6000)),
                    "employment": None if rng.integers(9) == 0 else EMPLOYMENTS[int(rng.integers(2))],
                    "reviewed": bool(rng.integers(2)),
                }
            )
    rows = [rows[i] for i in rng.permutation(len(rows))[:30]] or rows
    if all(row["limit_amount"] is None for row in rows):
        rows[0]["limit_amount"] = 500.0
    return {name: [row[name] for row in rows] for name in READ}


def _limit(rng: np.random.Generator) -> float | None:
    amount = float(rng.choice([0, 500, 999.99, 1000, 1000.01, 4999.99, 5000, 5000.01, 80000, 123456.78]))
    noise = float(rng.choice([0.0, 0.0, 1e-10, -1e-10]))
    return None if rng.integers(10) == 0 else max(amount + noise, 0.0) if amount else 0.0


#: Cells that are out of the ordinary, for any column.
STRANGE: tuple[Any, ...] = (
    *(float("nan"), float("inf"), float("-inf"), -1, -0.0, 0.5, 1e-9, 1e20, 1e308, 10**18, 2**63, 2**64),
    *(-(2**63), 10**30),
    *(True, False, None, pd.NA, pd.NaT, "", " ", "abc", "12", " 12 ", "1,000", "1_000", "0x10", "1e3"),
    *("1e400", "１２", "12%"),
    *("inf", "nan", "NA", "true", "yes", "gig", " gig", "GIG", "7", "07", "7.0", b"12", b"gig", "\ud800"),
    *("a\0b", "x" * 5000),
    *("2024-03", "2024-3", "2024-13", "2024-00", "2024-02-31", "202403", "03/2024", "2024-03-01T00:00"),
    *("9999-12", "0000-01"),
    *(202403, 202413, 20240, 202403.5, 10**12, complex(1, 0), complex(1, 2), decimal.Decimal("12.5")),
    *(decimal.Decimal("NaN"),),
    *(fractions.Fraction(1, 3), datetime.date(2024, 3, 1), datetime.datetime(2024, 3, 31, 23)),
    *(pd.Timestamp("2024-03-09"),),
    *(pd.Timestamp("2024-03-31 23:30", tz="Asia/Shanghai"), pd.Period("2024-03"), pd.Timedelta(days=3)),
    *(np.datetime64("2024-03"),),
    *(datetime.timedelta(1), [1], (1, 2), {"a": 1}, frozenset(), object, np.float32(0.1), np.int8(-3)),
    *(np.uint64(2**64 - 1), 10**400),
    *(pd.Interval(0, 1), datetime.time(3), float, "٣", "=1+1", "\u202e12", "12\n13"),
)  # fmt: skip


def spoil(cells: Cells, rng: np.random.Generator) -> str:
    """Change a table in one to three ways; what was done."""
    done = []
    for _ in range(int(rng.integers(1, 4))):
        name = str(rng.choice(list(cells)))
        n = len(cells[name])
        kind = int(rng.integers(8))
        if kind < 5:
            value, row = STRANGE[int(rng.integers(len(STRANGE)))], int(rng.integers(n))
            whole = bool(rng.integers(6) == 0)
            cells[name] = [value] * n if whole else [*cells[name][:row], value, *cells[name][row + 1 :]]
            done.append(f"{name}[{':' if whole else row}] = {value!r}"[:120])
        elif kind == 5:
            row = int(rng.integers(n))
            for column, own in cells.items():
                cells[column] = [*own, own[row]]
            done.append(f"row {row} twice")
        elif kind == 6 and len(cells) > 2:
            del cells[name]
            done.append(f"without {name}")
        else:
            cells[str(rng.choice(["shoe_size", "Unnamed: 0", " month", "borrower_id ", "gender "]))] = [1] * n
            done.append("another column")
    return ", ".join(done)


#: Dtypes that lose nothing and that everybody uses: a sound table in them must be taken.
USUAL = {
    "borrower_id": ("object", "str", "string", "int64", "int32", "uint32", "uint64", "Int64", "int64[pyarrow]"),
    "month": ("object", "str", "datetime64[ns]", "datetime64[s]", "period[M]", "yyyymm", "int64", "int16", "Int64"),
    "limit_amount": ("float64", "Float64", "double[pyarrow]"),
    "days_past_due": ("float64", "Int64", "int64", "Float64", "int64[pyarrow]", "int32", "uint8"),
    "balance_amount": ("float64", "Float64", "double[pyarrow]"),
    "employment": ("object", "str", "category", "string"),
    "reviewed": ("bool", "boolean", "bool[pyarrow]"),
}
#: Dtypes that may be refused.
UNUSUAL = (
    *("object", "category", "float32", "float16", "complex128", "str", "string[pyarrow]"),
    *("timedelta64[s]", "S", "int8"),
    *("datetime64[ns, Asia/Shanghai]", "decimal", "dictionary", "date32", "UInt8", "arrow_string"),
    *("large_string", "sparse"),
)  # fmt: skip


def dressed(name: str, cells: list[Any], dtype: str) -> pd.Series:
    """Cells in a dtype; an error if they do not fit it."""
    if dtype == "yyyymm":
        return pd.Series([int(str(cell).replace("-", "")) for cell in cells], dtype="int64")
    if dtype == "period[M]":
        return pd.Series(pd.PeriodIndex(cells, freq="M"))
    if dtype.startswith("datetime64[ns, "):
        return pd.Series(pd.to_datetime(pd.Series(cells))).dt.tz_localize(dtype[15:-1])
    if dtype == "decimal":
        return pd.Series(pa.array([None if c is None else decimal.Decimal(str(c)) for c in cells]), dtype=None).map(
            lambda c: c.as_py() if hasattr(c, "as_py") else c
        )
    if dtype in ("dictionary", "date32", "arrow_string", "large_string"):
        kind = {"dictionary": pa.dictionary(pa.int32(), pa.string()), "date32": pa.date32()}
        kind |= {"arrow_string": pa.string(), "large_string": pa.large_string()}
        values = pa.array([datetime.date.fromisoformat(f"{c}-01") for c in cells] if dtype == "date32" else cells)
        return pd.Series(values.cast(kind[dtype]).to_pandas(types_mapper=pd.ArrowDtype))
    if dtype == "sparse":
        return pd.Series(pd.arrays.SparseArray(np.array(cells, dtype=np.float64)))
    if dtype == "S":
        return pd.Series([str(c).encode() for c in cells], dtype=object)
    series = pd.Series(cells, dtype=object)
    if dtype in ("float64", "float32", "float16", "complex128"):
        series = series.map(lambda c: np.nan if c is None else c)
    if dtype.startswith("datetime64"):
        series = pd.to_datetime(series)
    return series.astype(dtype)


def dress(cells: Cells, rng: np.random.Generator, *, usual: bool) -> tuple[pd.DataFrame, dict[str, str], bool]:
    """A table of the cells in drawn dtypes, permuted; the dtypes; whether all are usual ones."""
    chosen, series, all_usual = {}, {}, True
    for name, own in cells.items():
        choices = [*USUAL.get(name, ())] if usual or rng.integers(3) else list(UNUSUAL)
        for dtype in [*rng.permutation(choices).tolist(), "object"]:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    series[name] = dressed(name, own, dtype)
            except (ValueError, TypeError, ArithmeticError, NotImplementedError, Warning):
                continue  # the dtype cannot hold these cells
            chosen[name] = dtype
            all_usual &= dtype in USUAL.get(name, ()) and not (dtype == "object" and name != "employment")
            break
    frame = pd.DataFrame(series)
    order = rng.permutation(list(frame.columns)).tolist()
    return frame[order], chosen, all_usual


def meaning_after_dressing(frame: pd.DataFrame) -> Cells:
    """The cells as the dressed table holds them, one by one."""
    return {str(name): [_plain(cell) for cell in frame[name]] for name in frame.columns}


def _plain(cell: Any) -> Any:
    return (
        cell.item()
        if isinstance(cell, np.integer | np.floating | np.bool_) and not isinstance(cell, np.timedelta64)
        else cell
    )


def compare(history: History, means: Expected) -> str | None:
    """What differs between a history and the rows that a table means; None if nothing does."""
    wanted = means.rows or {}
    ids = [str(who) for who in history.borrower_ids.tolist()]
    if sorted(ids) != sorted(wanted):
        return f"borrowers {ids[:6]}, not {sorted(wanted)[:6]}"
    if list(history.borrower_ids) != sorted(history.borrower_ids):
        return "borrowers are not sorted"
    for place, who in enumerate(ids):
        own = slice(int(history.starts[place]), int(history.starts[place + 1]))
        months = history.month_number[own].tolist()
        if months != [row["month"] for row in wanted[who]]:
            return f"months of borrower {who!r} are {months}, not {[row['month'] for row in wanted[who]]}"
        for name in ("limit_amount", "days_past_due", "balance_amount", "employment", "reviewed"):
            cells = [None if v != v else v for v in history.cells[name][own].tolist()]
            if cells != [row.get(name) for row in wanted[who]]:
                return f"{name} of borrower {who!r} is {cells}, not {[row.get(name) for row in wanted[who]]}"
    ladder = catalogue().ladder
    tiers = ladder.tier_of(history.cells["limit_amount"]).tolist()
    if tiers != [tier_of(row["limit_amount"]) for who in ids for row in wanted[who]]:
        return f"tiers {tiers}"
    found = len(decrease_rows(build_snapshots(history, ladder, n_jobs=1)))
    return None if found == means.n_decreases else f"{found} decreases, not {means.n_decreases}"


def judge_frame(frame: pd.DataFrame, means: Expected, *, may_refuse: bool, how: str = "") -> list[Fault]:
    """What is wrong with what the package makes of one table."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            history = check_history(frame, catalogue())
    except CreditModelError as error:
        wrong = message_fault(error)
        if wrong is None and not means.refuse and means.firm and not may_refuse:
            wrong = f"refused, though sound: {error}"
        return [Fault(TRACEBACK, how, wrong)] if wrong else []
    if means.refuse:
        return [Fault(WRONG, how, f"taken, though {means.refuse[:200]}")]
    wrong = compare(history, means)
    return [Fault(WRONG, how, wrong)] if wrong else []


def _through_files(frame: pd.DataFrame, means: Expected, folder: Path) -> list[Fault]:
    faults = []
    writers: dict[str, Callable[[Path], object]] = {
        "t.parquet": lambda path: frame.to_parquet(path, index=False),
        "t.csv": lambda path: frame.to_csv(path, index=False),
        "t.csv.gz": lambda path: frame.to_csv(path, index=False),
    }
    for name, write in writers.items():
        write(folder / name)
        back = read_table(folder / name, id_column="borrower_id")
        faults += judge_frame(back, means, may_refuse=False, how=f"through {name}")
    return faults


class Case:
    """One table, drawn from its number."""

    def __init__(self, number: int, seed: int) -> None:
        rng = np.random.default_rng([seed, number])
        cells = plain_table(rng)
        self.sound = number % 3 == 0
        self.done = "" if self.sound else spoil(cells, rng)
        self.frame, self.dtypes, self.usual = dress(cells, rng, usual=self.sound)
        self.rng = rng

    def __str__(self) -> str:
        return f"{self.done or 'sound'}; dtypes {self.dtypes}"

    def judge(self) -> list[Fault]:
        """The faults of the table, of its rows in another order, and of the way through files."""
        means = expected(meaning_after_dressing(self.frame))
        faults = judge_frame(self.frame, means, may_refuse=not self.usual)
        mixed = self.frame.iloc[self.rng.permutation(len(self.frame))]
        faults += judge_frame(mixed, means, may_refuse=not self.usual, how="rows in another order")
        if self.sound and self.usual and not faults and not means.refuse:
            with tempfile.TemporaryDirectory() as folder:
                faults += _through_files(self.frame, means, Path(folder))
        return faults


def run(n: int, seed: int, material: Material, folder: Path) -> Counts:
    """Judge ``n`` tables."""
    counts = Counts("tables")
    judge_frame(pd.DataFrame(plain_table(np.random.default_rng(0))), Expected(), may_refuse=True)  # compiles
    judge_all(counts, n, lambda i: Case(i, seed).judge(), lambda i: f"table {i}: {Case(i, seed)}")
    return counts
