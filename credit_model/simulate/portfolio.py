"""Simulated portfolios in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_model.notebook import notebook_html
from credit_model.parallel import in_order
from credit_model.simulate.blocks import simulate_block
from credit_model.simulate.settings import Settings
from credit_model.simulate.tables import decisions_table, decreases_table, history_table
from credit_model.simulate.truth import Truth


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
        return notebook_html(
            "<p><b>Simulated portfolio</b>: {borrowers:,} borrowers, {months} months, {decisions:,} decisions, "
            "{cuts:,} decreases with known truth</p>",
            self.economy.head(3),
            borrowers=self.history["borrower_id"].nunique(),
            months=len(self.economy),
            decisions=len(self.truth.decisions),
            cuts=len(self.truth.decreases),
        )


def simulate(settings: Settings, *, n_jobs: int = 1) -> SimulatedPortfolio:
    """Simulate borrowers, month by month, with the lender's decisions and the truth about them.

    Parameters
    ----------
    settings : Settings
        The result depends on them alone.
    n_jobs : int, default 1
        Threads; -1: all cores.

    Returns
    -------
    SimulatedPortfolio

    Raises
    ------
    CreditModelError
        ``n_jobs`` breaks its rule.
    """
    import pyarrow as pa

    blocks = list(in_order(lambda number: simulate_block(settings, number), settings.n_blocks, n_jobs))
    history = pa.concat_tables([history_table(settings, block) for block in blocks])
    decisions = pa.concat_tables([decisions_table(settings, block) for block in blocks])
    decreases = pa.concat_tables([decreases_table(settings, block) for block in blocks])
    return SimulatedPortfolio(
        history=history.to_pandas(),
        truth=Truth(decisions.to_pandas(), decreases.to_pandas()),
        economy=settings.economy_paths.frame(settings.n_months),
    )


def simulate_portfolio(n_borrowers: int, n_months: int, *, n_jobs: int = 1, **settings: Any) -> SimulatedPortfolio:
    """`simulate` with the settings given by name.

    Parameters
    ----------
    n_borrowers, n_months : int
    n_jobs : int, default 1
        Threads; -1: all cores.
    **settings
        ``seed``, and optionally ``scenario``, ``economy``, ``planted``, ``audit_bias``, ``policy``, ``overrides``,
        ``changes_in``, ``hide``, ``proxy``, ``noise``, ``late``, ``interventions``, ``root_causes``: as
        `simulate.settings.Settings` describes them.

    Returns
    -------
    SimulatedPortfolio

    Raises
    ------
    CreditModelError
        An argument breaks its rule.

    Examples
    --------
    >>> portfolio = simulate_portfolio(50, 24, seed=1)
    >>> portfolio.history.shape[0], int(portfolio.history["days_past_due"].min())
    (1200, 0)
    """
    return simulate(Settings(n_borrowers, n_months, **settings), n_jobs=n_jobs)
