"""A simulated portfolio beside published levels: income, limits, use, lateness, roll rates, cuts and increases.

Sources: national statistics (income by quintile), the central bank and listed issuers (cards), the reports of large
consumer lenders (lateness, borrowing from several lenders), US studies of limit cuts in 2008-09 and 2022, and the
UCI Taiwan panel of 2005 (roll rates, a book under stress).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray
from credit_model.errors import CreditModelError
from credit_model.readers.tables import read_table

#: Parts of a written portfolio that are read for its report, spread evenly: memory stays bounded.
MOST_PARTS = 8

_COLUMNS = [
    "borrower_id",
    "month",
    "limit_amount",
    "balance_amount",
    "days_past_due",
    "income_amount",
    "other_lenders",
]


@dataclass(frozen=True)
class Level:
    """A published level: ``published`` as it was printed, and the band in which a portfolio should lie."""

    row: str
    published: str
    low: float
    high: float
    note: str = ""


_QUINTILES = (9215.0, 20442.0, 32195.0, 50220.0, 95055.0)
_STRESSED = "published for a book under stress"
_STICKY = (
    "a 90+ share of 0.7-1.05 % beside 30+ of 1.1-1.6 % needs lines that stay late for long; the published rolls of a "
    "stressed book imply that they leave at once; the shares were preferred"
)

#: In the order of the report.
LEVELS: tuple[Level, ...] = (
    *(
        Level(f"income, mean of quintile {i} (RMB a year)", f"{mean:,.0f}", 0.85 * mean, 1.15 * mean)
        for i, mean in enumerate(_QUINTILES, start=1)
    ),
    Level("limit, mean of open lines (RMB)", "30,900", 26_000, 37_000),
    Level(
        "balances over limits, open lines (%)",
        "37.8",
        25,
        45,
        "Chinese cards use more of their limits than the US accounts whose quantiles follow; no book has both",
    ),
    Level("use of active lines, median (%)", "7-10", 5, 12),
    Level("use of active lines, upper quartile (%)", "52", 44, 60),
    Level("use of active lines, 90th percentile (%)", "94", 85, 100),
    Level("30+ days past due (% of borrowers)", "1.1-1.6", 1.1, 1.6, "calm times; 1.8-3.0 in early 2020"),
    Level("90+ days past due (% of borrowers)", "0.7-1.05", 0.7, 1.05, "calm times"),
    Level("borrowers with other lenders (%)", "44", 39, 49),
    Level("roll: current, stays (%)", "95.1", 95.0, 99.8, f"{_STRESSED}; a calm book stays more"),
    Level("roll: 1-2 months late, cured (%)", "30", 22, 40, _STRESSED),
    Level("roll: 1-2 months late, stays (%)", "64", 50, 72, _STRESSED),
    Level("roll: 1-2 months late, worse (%)", "6", 3, 14, _STRESSED),
    Level("roll: 3 months late, cured (%)", "16.5", 9, 24, _STRESSED),
    Level("roll: 3 months late, back to 1-2 (%)", "37", 22, 45, _STRESSED),
    Level("roll: 3 months late, stays (%)", "17", 10, 25, _STRESSED),
    Level("roll: 3 months late, worse (%)", "29", 22, 45, _STRESSED),
    Level("roll: 4+ months late, cured (%)", "2.6", 1, 6, _STRESSED),
    Level("roll: 4+ months late, stays (%)", "67.5", 58, 78, _STICKY),
    Level("lines cut in a calm quarter (%)", "1-3", 1, 3.2),
    Level("lines raised in a calm quarter (%)", "2-4", 1.8, 4.2),
    Level("lines cut in a quarter of deep downturn (%)", "8 (16 in six months)", 4, 14),
    Level("cuts without lateness in six months (%)", "67-75", 60, 80, "more where the economy or the lender cuts"),
    Level("size of a cut, median (% of the limit)", "75", 65, 85),
    Level("use after a partial cut with a balance, median (%)", "94", 60, 130),
    Level(
        "cut if late in six months, times as likely",
        "4",
        2.5,
        6,
        "here 2-4 % of borrowers were late in six months and make up a quarter of the cuts, so about ten times; the US "
        "book of 2022 had more late borrowers for the same share of cuts",
    ),
)


def realism_report(history: pd.DataFrame, truth: object = None, economy: pd.DataFrame | None = None) -> pd.DataFrame:
    """Set a simulated portfolio beside published levels.

    Parameters
    ----------
    history : DataFrame
        As simulated: each borrower has a row in each month.
    truth : object, optional
        Not needed: all levels can be seen in the history.
    economy : DataFrame, optional
        As simulated; its regimes tell calm quarters from a downturn. Without, all quarters count as calm.

    Returns
    -------
    DataFrame
        Columns row, value, published, low, high, within, note; a row that the panel cannot show (no downturn in it,
        say) is left out. ``within``: the value lies in [low, high].

    Raises
    ------
    CreditModelError
        The history is no balanced panel.

    Examples
    --------
    >>> from credit_model import simulate_portfolio
    >>> portfolio = simulate_portfolio(300, 30, seed=1)
    >>> report = realism_report(portfolio.history, economy=portfolio.economy)
    >>> report.columns.tolist()
    ['row', 'value', 'published', 'low', 'high', 'within', 'note']
    """
    panel = _panel(history, economy)
    values = dict(zip((level.row for level in LEVELS), _values(panel), strict=True))
    rows = [
        {
            "row": level.row,
            "value": round(values[level.row], 2),
            "published": level.published,
            "low": level.low,
            "high": level.high,
            "within": bool(level.low <= values[level.row] <= level.high),
            "note": level.note,
        }
        for level in LEVELS
        if np.isfinite(values[level.row])
    ]
    return pd.DataFrame(rows)


def realism_of_folder(folder: str | Path) -> pd.DataFrame:
    """`realism_report` of a written portfolio, on at most 8 of its parts (32,768 borrowers), spread evenly.

    Raises
    ------
    DataFileError
        The folder holds no such portfolio.
    """
    parts = sorted((Path(folder) / "history").glob("part-*.parquet"))
    economy = read_table(Path(folder) / "economy.parquet")
    chosen = sorted({int(i) for i in np.linspace(0, len(parts) - 1, min(MOST_PARTS, len(parts)))}) if parts else []
    frames = [pd.read_parquet(parts[i], columns=_COLUMNS) for i in chosen]
    history = pd.concat(frames, ignore_index=True) if frames else read_table(Path(folder) / "history")
    return realism_report(history, economy=economy)


@dataclass(frozen=True)
class _Panel:
    """Borrowers x months."""

    limit: FloatArray
    balance: FloatArray
    dpd: FloatArray
    income: FloatArray
    other_lenders: FloatArray
    calm: BoolArray
    downturn: BoolArray


def _panel(history: pd.DataFrame, economy: pd.DataFrame | None) -> _Panel:
    n_months = int(history["month"].nunique())
    n_borrowers = int(history["borrower_id"].nunique())
    if n_borrowers * n_months != len(history):
        raise CreditModelError(
            f"a realism report needs a row for each of {n_borrowers} borrowers in each of {n_months} months, found "
            f"{len(history)} rows; give a whole simulated portfolio"
        )
    table = history[_COLUMNS].sort_values(["borrower_id", "month"], kind="stable")

    def cells(name: str) -> FloatArray:
        return table[name].to_numpy(dtype=np.float64).reshape(n_borrowers, n_months)

    regime = np.full(n_months, "calm") if economy is None else economy["regime"].astype(str).to_numpy()[:n_months]
    return _Panel(
        limit=cells("limit_amount"),
        balance=cells("balance_amount"),
        dpd=cells("days_past_due"),
        income=cells("income_amount"),
        other_lenders=cells("other_lenders"),
        calm=(regime == "calm") | (regime == "given"),
        downturn=regime == "downturn",
    )


def _values(p: _Panel) -> Iterator[float]:
    """The values of `LEVELS`, in order; NaN where the panel cannot show it."""
    yearly = np.sort(p.income.mean(axis=1) * 12)
    yield from (float(part.mean()) if len(part) else np.nan for part in np.array_split(yearly, 5))
    is_open = p.limit > 0
    yield _mean(p.limit[is_open])
    yield 100 * p.balance[is_open].sum() / max(1.0, p.limit[is_open].sum())
    active = is_open & (p.balance > 0)
    use = p.balance[active] / p.limit[active]
    yield from (100 * float(np.quantile(use, q)) if len(use) else np.nan for q in (0.5, 0.75, 0.9))
    yield 100 * _mean(p.dpd >= 30)
    yield 100 * _mean(p.dpd >= 90)
    yield 100 * _mean(p.other_lenders >= 1)
    yield from _rolls(p.dpd)
    yield from _moves(p)


def _mean(values: NDArray[np.generic]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _rolls(dpd: FloatArray) -> Iterator[float]:
    """Percent of lines that roll from one stage of lateness to another within a month."""
    stage = np.searchsorted(np.array([1.0, 60.0, 90.0]), dpd, side="right")  # 0 current, 1: 1-2 months, 2: 3, 3: 4+
    before, after = stage[:, :-1], stage[:, 1:]
    for start, wanted in ((0, (0,)), (1, (0, 1, 9)), (2, (0, 1, 2, 9)), (3, (0, 3))):
        ends = after[before == start]
        for end in wanted:
            yield 100 * _mean(ends > start if end == 9 else ends == end)


def _moves(p: _Panel) -> Iterator[float]:
    """Cuts and increases: how many, after what, how deep."""
    calm_cut, calm_raised = _quarterly(p, p.calm)
    yield calm_cut
    yield calm_raised
    yield _quarterly(p, p.downturn)[0]
    before, after = p.limit[:, :-1], p.limit[:, 1:]
    late = np.stack([(p.dpd[:, max(0, t - 5) : t + 1] > 0).any(axis=1) for t in range(1, p.dpd.shape[1])], axis=1)
    seen = np.arange(1, p.dpd.shape[1]) >= 6  # only where half a year is known
    cut = (after < before) & seen
    at_risk = (before > 0) & seen
    yield 100 * _mean(~late[cut])
    yield 100 * _median(1 - after[cut] / before[cut])
    partial = cut & (after > 0) & (p.balance[:, 1:] > 0)
    yield 100 * _median(p.balance[:, 1:][partial] / after[partial])
    punctual = _mean(cut[at_risk & ~late])
    yield _mean(cut[at_risk & late]) / punctual if punctual > 0 else float("nan")


def _median(values: FloatArray) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _quarterly(p: _Panel, wanted: BoolArray) -> tuple[float, float]:
    """Percent of open lines cut, and raised, in a quarter whose months are all of the wanted regime."""
    cut, raised, lines = 0, 0, 0
    for t in range(1, p.limit.shape[1] - 2, 3):
        if wanted[t : t + 3].all():
            step = np.diff(p.limit[:, t - 1 : t + 3], axis=1)[p.limit[:, t - 1] > 0]
            cut += int((step < 0).any(axis=1).sum())
            raised += int((step > 0).any(axis=1).sum())
            lines += len(step)
    return (100 * cut / lines, 100 * raised / lines) if lines else (float("nan"), float("nan"))
