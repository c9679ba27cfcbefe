"""The key ``month_format`` of ``[portfolio]``: how the months are written, where the cells do not prove it."""

from __future__ import annotations

from credit_model.portfolio.month_columns import FORMATS
from credit_model.portfolio.toml_document import TomlTable

#: What a pattern must hold of a year, and of a month or a day in it.
_YEARS, _MONTHS = ("%Y", "%y", "%G"), ("%m", "%b", "%B", "%j", "%x", "%V")


def month_format(head: TomlTable) -> str | None:
    """One of `month_columns.FORMATS`, or a pattern of strptime."""
    value = head.text("month_format", None)
    if value is None or value in FORMATS:
        return value if value is None else str(value)
    if not (any(year in value for year in _YEARS) and any(month in value for month in _MONTHS)):
        head.note(
            f"[portfolio]: month_format must be one of {', '.join(FORMATS)}, or a pattern with year and month such as "
            f'"%d/%m/%Y" or "%Y%m", got {value!r}',
            "month_format",
        )
    return str(value)
