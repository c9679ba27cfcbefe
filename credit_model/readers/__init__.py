"""From a user's files to tables of histories.

===============  ================================================================================================
``tables``       `read_table`: Parquet or CSV, a file or a folder of them, with one clear message where it fails
``public_data``  `CONVERTERS`: public data sets, as their publishers give them out, into histories
===============  ================================================================================================
"""

from __future__ import annotations

from credit_model.readers.public_data import CONVERTERS, convert_home_credit, convert_uci_taiwan
from credit_model.readers.tables import read_table

__all__ = ["CONVERTERS", "convert_home_credit", "convert_uci_taiwan", "read_table"]
