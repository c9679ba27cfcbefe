"""What the data mean: from a raw table to snapshots, one row of features a borrower-month, without look-ahead.

====================  ============================================================================================
``catalogue``         reads and checks a catalogue (TOML): columns, ladder, factors, features; ``catalogues/`` has ours
``declarations``      what a catalogue declares, as objects
``history``           `check_history`: a raw table against its catalogue; ``cells`` and ``months`` read its columns
``number_texts``      numbers as people write them; ``written_numbers`` those of a column; ``month_texts`` months
``ladder``            `LimitLadder`: amounts of money as tiers
``snapshots``         `build_snapshots`: the features as they were known when a limit was decided
``forbidden_phrases`` what no reason given to a borrower may say
====================  ============================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.portfolio.catalogue import parse_catalogue, read_catalogue
    from credit_model.portfolio.declarations import Catalogue, Column, Factor, Feature, Label
    from credit_model.portfolio.history import History, check_history
    from credit_model.portfolio.ladder import LimitLadder
    from credit_model.portfolio.months import (
        MonthType,
        format_month,
        month_number_of,
        month_numbers_of,
        months_as_values,
    )
    from credit_model.portfolio.snapshots import Snapshots, build_snapshots

#: Public name -> the module that holds it; loaded at first use, since snapshots load a compiler.
_HOME = {
    "Catalogue": "declarations",
    "Column": "declarations",
    "Factor": "declarations",
    "Feature": "declarations",
    "History": "history",
    "Label": "declarations",
    "LimitLadder": "ladder",
    "MonthType": "months",
    "Snapshots": "snapshots",
    "build_snapshots": "snapshots",
    "check_history": "history",
    "format_month": "months",
    "month_number_of": "months",
    "month_numbers_of": "months",
    "months_as_values": "months",
    "parse_catalogue": "catalogue",
    "read_catalogue": "catalogue",
}

__all__ = [
    "Catalogue",
    "Column",
    "Factor",
    "Feature",
    "History",
    "Label",
    "LimitLadder",
    "MonthType",
    "Snapshots",
    "build_snapshots",
    "check_history",
    "format_month",
    "month_number_of",
    "month_numbers_of",
    "months_as_values",
    "parse_catalogue",
    "read_catalogue",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
