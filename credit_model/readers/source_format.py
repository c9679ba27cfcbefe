"""How a table is written, where it does not tell by itself: `SourceFormat`, the ``[source]`` of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Marks that may stand between the columns of a CSV file.
SEPARATORS = (",", ";", "\t", "|")
#: Marks that may stand before the decimals of a number.
DECIMAL_MARKS = (".", ",")
#: Key of a table's ``attrs`` where its reader knows that numbers have points before decimals; the value is ".".
PROVEN_DECIMAL = "decimals with points in a file separated by commas"


@dataclass(frozen=True)
class SourceFormat:
    """How a table is written; whatever is None is found out, or asked for where it is not proven.

    Attributes
    ----------
    encoding : str or None
        Of a CSV file's text, as Python names it.
    separator : "," or ";" or tab or "|" or None
        Between a CSV file's columns.
    sheet : str or None
        Of an Excel workbook.
    decimal : "." or "," or None
        Mark before the decimals in texts of numbers; the other one, spaces and apostrophes are thousands marks.
    scale : mapping of column name to float
        By what the column's numbers are multiplied.
    missing : mapping of column name to tuple
        Numbers (before ``scale``) and texts that mean "not known".
    blank : mapping of column name to float
        The number (before ``scale``) that a blank cell means.
    """

    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    decimal: str | None = None
    scale: Mapping[str, float] = field(default_factory=dict)
    missing: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)
    blank: Mapping[str, float] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.encoding, self.separator, self.sheet, self.decimal))
