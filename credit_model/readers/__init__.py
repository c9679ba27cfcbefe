"""From a user's files, databases and tables to tables of histories, as they stand: what they mean, the portfolio says.

=================  ==============================================================================================
``tables``         `read_table`: a file, a folder of files, a database; `as_table`: tables of other libraries, too
``source_format``  `SourceFormat`: how a table is written, where it does not tell by itself
``csv_tables``     CSV; ``encodings`` finds out its text, ``compressed`` unpacks it
``arrow_tables``   Parquet, Feather, Arrow; ``workbooks`` Excel; ``databases`` DuckDB, SQLite, SQLAlchemy's URLs
``folders``        folders of files, and those split by columns
``public_data``    `CONVERTERS`: public data sets, as their publishers give them out, into histories
=================  ==============================================================================================

What cannot be known is asked: the message names the key of a catalogue's ``[source]`` that settles it.
"""

from __future__ import annotations

from credit_model.readers.public_data import CONVERTERS, convert_home_credit, convert_uci_taiwan
from credit_model.readers.source_format import SourceFormat
from credit_model.readers.tables import as_table, read_table

__all__ = ["CONVERTERS", "SourceFormat", "as_table", "convert_home_credit", "convert_uci_taiwan", "read_table"]
