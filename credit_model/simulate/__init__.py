"""Borrower histories with known causes: who lived what, what the lender decided, and what is true of each decision.

==============================================  ==================================================================
``settings``                                    `Settings`: all that a portfolio depends on, checked when made
``portfolio``, ``writing``                      `simulate` in memory; `write_portfolio` on disk, at any size
``blocks``, ``block``, ``draws``, ``kernels``   4,096 borrowers at once, each month by month
``monthly``, ``called_blocks``,                 the same months under a policy that can only be called,
``called_shares``, ``pilot``, ``scored``        its exact shares, and what puts it on our scale
``economy``, ``lender``, ``scenarios``          what all borrowers share
``borrowers``, ``repayment``                    one borrower's month: work, spending, other lenders, the own line
``policies``, ``measuring``, ``scoring``        how the lenders score a snapshot
``lines``, ``shares``, ``truth``, ``tables``    how a score becomes a decision, and the exact shares of each cut
``wishes``, ``behaviour``, ``again``            what borrowers do otherwise than drawn; months lived again
``manifests``                                   the settings of a written portfolio, read back
``records``                                     what the history shows: blanks, proxies, noise, delays
``realism``                                     a portfolio beside published levels
``columns``, ``streams``                        names of what is simulated, its random numbers
==============================================  ==================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.simulate.again import Lived, live_again
    from credit_model.simulate.manifests import read_settings
    from credit_model.simulate.portfolio import SimulatedPortfolio, simulate, simulate_portfolio
    from credit_model.simulate.realism import realism_of_folder, realism_report
    from credit_model.simulate.scenarios import SCENARIOS, Scenario
    from credit_model.simulate.settings import Settings
    from credit_model.simulate.truth import Truth, read_truth
    from credit_model.simulate.writing import write_portfolio

#: Public name -> the module that holds it; loaded at first use, since the kernels load a compiler.
_HOME = {
    "Lived": "again",
    "live_again": "again",
    "read_settings": "manifests",
    "SCENARIOS": "scenarios",
    "Scenario": "scenarios",
    "Settings": "settings",
    "SimulatedPortfolio": "portfolio",
    "Truth": "truth",
    "read_truth": "truth",
    "realism_of_folder": "realism",
    "realism_report": "realism",
    "simulate": "portfolio",
    "simulate_portfolio": "portfolio",
    "write_portfolio": "writing",
}

__all__ = [
    "SCENARIOS",
    "Lived",
    "Scenario",
    "Settings",
    "SimulatedPortfolio",
    "Truth",
    "live_again",
    "read_settings",
    "read_truth",
    "realism_of_folder",
    "realism_report",
    "simulate",
    "simulate_portfolio",
    "write_portfolio",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
