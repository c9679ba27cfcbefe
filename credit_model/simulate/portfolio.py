"""Simulated portfolios in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.errors import CreditModelError
from credit_model.simulate import blocks
from credit_model.simulate.columns import OWN_SHOCKS
from credit_model.simulate.economy import economy_from_table, simulate_economy
from credit_model.simulate.lender import simulate_lender
from credit_model.simulate.scenarios import scenario_of
from credit_model.simulate.tables import decisions_table, decreases_table, history_table
from credit_model.simulate.truth import Truth

Planted = Mapping[int, tuple[str, int]]


@dataclass(frozen=True)
class SimulatedPortfolio:
    """A simulated panel and what is true of it.

    Attributes
    ----------
    history : DataFrame
        One row a borrower-month, columns as the catalogue "synthetic" declares them.
    truth : Truth
    economy : DataFrame
        One row a month: month, unemployment_rate, activity_index, regime.
    """

    history: pd.DataFrame
    truth: Truth
    economy: pd.DataFrame

    def _repr_html_(self) -> str:
        cuts = len(self.truth.decreases)
        return (
            f"<p><b>Simulated portfolio</b>: {self.history['borrower_id'].nunique():,} borrowers, "
            f"{len(self.economy)} months, {len(self.truth.decisions):,} decisions, {cuts:,} decreases with known "
            f"truth</p>{self.economy.head(3).to_html(index=False)}"
        )


def simulate_portfolio(
    n_borrowers: int,
    n_months: int,
    *,
    seed: int,
    n_jobs: int = 1,
    scenario: str = "baseline",
    economy: pd.DataFrame | None = None,
    planted: Planted | None = None,
    audit_bias: float = 0.0,
    root_causes: bool = True,
) -> SimulatedPortfolio:
    """Simulate borrowers, month by month, with the lender's decisions and the truth about them.

    Parameters
    ----------
    n_borrowers, n_months : int
        At least 1. Borrowers have ids 1 .. n_borrowers; more borrowers leave the earlier ones as they are.
    seed : int
        At least 0. The result depends on it, not on ``n_jobs``.
    n_jobs : int, default 1
        Threads; -1: all cores.
    scenario : {"baseline", "downturn", "tightening", "credit_boom"}
    economy : DataFrame, optional
        Columns unemployment_rate (percent) and activity_index (about 100), one row a month, in place of a drawn path.
    planted : mapping of borrower id to (shock, month), optional
        Gives a borrower one shock of `columns.OWN_SHOCKS` in one month of the panel (0 .. n_months - 1), and no other.
    audit_bias : float, default 0
        Log-odds that the lender wrongly takes off the score of women: a planted bias, for testing fairness checks.
    root_causes : bool, default True
        Whether root causes are sought, by living each decrease again with one shock off. Without, the truth's
        ``cause_`` columns are all false.

    Returns
    -------
    SimulatedPortfolio

    Raises
    ------
    CreditModelError
        An argument breaks its rule.

    Notes
    -----
    Streams of random numbers follow numpy's ``SeedSequence`` with a spawn key of table and block of 4,096 borrowers.

    Examples
    --------
    >>> portfolio = simulate_portfolio(50, 24, seed=1)
    >>> portfolio.history.shape[0], portfolio.history["days_past_due"].min()
    (1200, 0)
    """
    settings = settings_of(
        n_borrowers,
        n_months,
        seed=seed,
        scenario=scenario,
        economy=economy,
        planted=planted,
        audit_bias=audit_bias,
        root_causes=root_causes,
    )
    import pyarrow as pa

    made = list(simulate_blocks(settings, n_jobs=n_jobs))
    history = pa.concat_tables([history_table(settings, block) for block in made])
    decisions = pa.concat_tables([decisions_table(block) for block in made])
    decreases = pa.concat_tables([decreases_table(settings, block) for block in made])
    return SimulatedPortfolio(
        history=history.to_pandas(),
        truth=Truth(decisions.to_pandas(), decreases.to_pandas()),
        economy=settings.economy.frame(n_months),
    )


def settings_of(
    n_borrowers: int,
    n_months: int,
    *,
    seed: int,
    scenario: str = "baseline",
    economy: pd.DataFrame | None = None,
    planted: Planted | None = None,
    audit_bias: float = 0.0,
    root_causes: bool = True,
) -> blocks.Settings:
    """The arguments of `simulate_portfolio`, checked, with the drawn economy and lender."""
    for name, value, least in (("n_borrowers", n_borrowers, 1), ("n_months", n_months, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise CreditModelError(f"{name} must be a whole number >= {least}, got {value!r}")
    if not np.isfinite(audit_bias):
        raise CreditModelError(f"audit_bias must be a finite number of log-odds, got {audit_bias!r}")
    world = scenario_of(scenario)
    if economy is None:
        path = simulate_economy(n_months, world, blocks.stream(seed, blocks.ECONOMY_TABLE))
    else:
        path = economy_from_table(economy, n_months)
    return blocks.Settings(
        n_borrowers=int(n_borrowers),
        n_months=int(n_months),
        seed=int(seed),
        scenario=world,
        economy=path,
        lender=simulate_lender(n_months, world, blocks.stream(seed, blocks.LENDER_TABLE)),
        audit_bias=float(audit_bias),
        planted=_planted(planted or {}, int(n_borrowers), int(n_months)),
        with_root_causes=root_causes,
    )


def _planted(planted: Planted, n_borrowers: int, n_months: int) -> NDArray[np.int64]:
    rows = []
    for borrower, plan in planted.items():
        shock, month = plan
        if not 1 <= int(borrower) <= n_borrowers:
            raise CreditModelError(f"a planted borrower must be one of 1 .. {n_borrowers}, got {borrower!r}")
        if shock not in OWN_SHOCKS:
            raise CreditModelError(f"a planted shock must be one of {', '.join(OWN_SHOCKS)}, got {shock!r}")
        if not 0 <= int(month) < n_months:
            raise CreditModelError(f"a planted month must be one of 0 .. {n_months - 1}, got {month!r}")
        rows.append((int(borrower), OWN_SHOCKS.index(shock), int(month)))
    return np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)


def simulate_blocks(settings: blocks.Settings, *, n_jobs: int = 1) -> Iterator[blocks.Block]:
    """The portfolio's blocks, in order, at most ``n_jobs`` of them under way at a time."""
    yield from _in_order(settings.n_blocks, lambda i: blocks.simulate_block(settings, i), n_jobs)


def workers_of(n_jobs: int) -> int:
    """The number of threads that ``n_jobs`` stands for.

    Raises
    ------
    CreditModelError
        It is neither -1 nor at least 1.
    """
    if n_jobs != -1 and n_jobs < 1:
        raise CreditModelError(f"n_jobs must be -1 or >= 1, got {n_jobs}")
    return (cpu_count() or 1) if n_jobs == -1 else n_jobs


def _in_order(n: int, work: Any, n_jobs: int) -> Iterator[Any]:
    workers = workers_of(n_jobs)
    if workers == 1 or n == 1:
        yield from map(work, range(n))
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(work, i) for i in range(min(n, workers))]
        for i in range(n):
            result = waiting.pop(0).result()
            if i + workers < n:
                waiting.append(pool.submit(work, i + workers))
            yield result
