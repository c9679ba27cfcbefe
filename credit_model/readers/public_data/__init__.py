"""Turns public data sets, as their publishers give them out, into histories that the built-in catalogues declare.

`CONVERTERS` holds one function a data set: from where the originals lie to the history table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from credit_model.readers.public_data.home_credit import convert_home_credit
from credit_model.readers.public_data.uci_taiwan import convert_uci_taiwan

#: Name of a data set -> its converter; the catalogue's name is the same with "_" for "-".
CONVERTERS: Mapping[str, Callable[[str | Path], pd.DataFrame]] = {
    "home-credit": convert_home_credit,
    "uci-taiwan": convert_uci_taiwan,
}

__all__ = ["CONVERTERS", "convert_home_credit", "convert_uci_taiwan"]
