"""Tables that a spreadsheet may open: text in them is never a formula."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, time, timedelta
from numbers import Number
from typing import Any

import pandas as pd

#: A spreadsheet takes text that starts with one of these for a formula, in Asian letters' full width, too
#: (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA_STARTS = ("=", "+", "-", "@")
#: At the start of a cell, these are dropped or move what follows into another one.
_MOVERS = ("\t", "\r", "\n", "\0")
#: Objects whose text is none that anybody wrote.
_NO_TEXT = (Number, date, time, timedelta)
#: Where one cell of a file may be read as several: semicolons part cells where commas are decimal.
_PARTS = re.compile(r"([;\t\r\n\v\f\x85\u2028\u2029])")
#: What a spreadsheet reads as a number is no formula.
_PLAIN_NUMBER = re.compile(r"[+-](?=\.?\d)(\d{1,3}(,\d{3})+|\d*)(\.\d*)?(E[+-]?\d+)?%?", re.ASCII | re.IGNORECASE)


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before all text that a spreadsheet would take for a formula.

    Cells of every type but numbers, truth values and dates, the index, names of columns and of the index are treated.
    What a spreadsheet reads as a plain number, such as the text "-5", stays as it is.
    """
    safe = frame.copy()
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        if not _holds_no_text(column.dtype):
            cells = _without_formulas(column)
            if cells is not None:
                safe.isetitem(position, pd.array(cells, dtype=object))
    safe.index, safe.columns = _safe_index(frame.index), _safe_index(frame.columns)
    return safe


def _holds_no_text(dtype: Any) -> bool:
    types = pd.api.types
    known = (types.is_numeric_dtype, types.is_datetime64_any_dtype, types.is_timedelta64_dtype)
    return any(is_known(dtype) for is_known in known)


def _without_formulas(cells: Iterable[Any]) -> list[Any] | None:
    """The cells without formulas; None where none of them is one."""
    found = list(cells)
    safe = [_without_formula(cell) for cell in found]
    return None if all(a is b for a, b in zip(found, safe, strict=True)) else safe


def _safe_index(index: pd.Index) -> pd.Index:
    if isinstance(index, pd.MultiIndex):
        keys = [tuple(_without_formula(part) for part in key) for key in index]
        index = pd.MultiIndex.from_tuples(keys, names=index.names) if keys else index
    elif not _holds_no_text(index.dtype) and (cells := _without_formulas(index)) is not None:
        index = pd.Index(cells, dtype=object, name=index.name, tupleize_cols=False)
    return index.set_names([_without_formula(name) for name in index.names])


def _without_formula(cell: Any) -> Any:
    text = cell if isinstance(cell, str) else "" if isinstance(cell, _NO_TEXT) or cell is None else str(cell)
    if not text or text.isalnum():
        return cell
    first, *others = _PARTS.split(text)
    safe = first + "".join(f"'{part}" if _is_formula(part) else part for part in others)
    if text.startswith(_MOVERS) or _is_formula(text):
        safe = f"'{safe}"
    return cell if safe == text else safe


def _is_formula(part: str) -> bool:
    """Whether a text is a formula once what is not seen before it is dropped, and its letters are of usual width."""
    seen = next((i for i, c in enumerate(part) if unicodedata.category(c)[0] not in "ZC"), None)
    if seen is None:
        return False
    text = unicodedata.normalize("NFKC", part[seen:]).rstrip()
    return text.startswith(_FORMULA_STARTS) and not _PLAIN_NUMBER.fullmatch(text)
