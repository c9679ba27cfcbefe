"""An additive model as a scorecard to take away: a table, SQL, JSON, PMML; and the proof that it is the model.

==============  ======================================================================================================
``scaling``     from log-odds to points: points to double the odds, base points, base odds
``edges``       where the trees of a column may tell two values apart
``additive``    from a bag of additive forests to whole numbers by column and line; refuses what is not additive
``cells``       columns and lines; ``sums``: what they add up to
``points``      the same as one tidy table
``sql``         as one query, for any database
``documents``   as JSON and as a PMML Scorecard with reason codes
``parity``      every edge, one ulp beside it, and missing, against the model; what rounding to whole points changes
``scorecard``   `Scorecard`: all of this
``exporting``   `LimitPredictor.scorecard`
==============  ======================================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.export.additive import scorecard_of
    from credit_model.export.parity import Parity, Rounding
    from credit_model.export.scaling import Scaling
    from credit_model.export.scorecard import Scorecard

_HOME = {
    "Parity": "parity",
    "Rounding": "parity",
    "Scaling": "scaling",
    "Scorecard": "scorecard",
    "scorecard_of": "additive",
}

__all__ = ["Parity", "Rounding", "Scaling", "Scorecard", "scorecard_of"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
