"""Early warning: which open lines are likely to be cut in the months ahead, and why.

==============  ==================================================================================================
``outcomes``    what became of every line: cut, closed, or not known (censored)
``inputs``      what is read of a line at a month's end: features, keep scores, calendar
``leaks``       features that know the month to come, refused
``fitting``     a trial on early months, calibration on later ones, the warning's own trees on all
``reasons``     exact shares of the factors in the score that raises an alert, since the limit was set
``watching``    `Warnings` of a month: risks within 1 .. 6 months, ranks, alerts, reasons, plans
``replay``      `Replay`: what would have been warned of, month by month, and what came of it
``measures``    how good warnings are
==============  ==================================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.act.warning.replay import Replay
    from credit_model.act.warning.watching import Warnings

#: Public name -> the module that holds it; loaded at first use.
_HOME = {"Replay": "replay", "Warnings": "watching"}

__all__ = ["Replay", "Warnings"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
