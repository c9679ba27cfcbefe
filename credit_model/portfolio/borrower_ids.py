"""Ids of borrowers: whole numbers or texts; what could be taken for another borrower is refused.

They are kept as they are, but for what a program may have added: the ".0" of a whole number that was held as a float,
and blanks around a text, where no two ids become one without them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import IntArray
from credit_model.errors import HistoryError
from credit_model.portfolio.toml_document import near

#: Between the parts of a joined key; no part may hold it.
JOINT = "/"
_LARGEST = np.iinfo(np.int64).max
#: Below it a float is told from its neighbours.
_LARGEST_FLOAT = 2**53
_WHOLE_FLOAT = re.compile(r"(-?(?:0|[1-9]\d{0,15}))\.0+")


def read_borrower_ids(column: pd.Series, name: str) -> tuple[IntArray, NDArray[Any]]:
    """Read a history's column of ids.

    Parameters
    ----------
    column : Series, (n,)
        Whole numbers (floats too, below 2**53), texts, or objects that are either (UUIDs too, as texts). Texts that are
        all like "1001.0" are whole numbers.
    name : str
        The column's name, for messages.

    Returns
    -------
    codes : int64 array, (n,)
        Each row's borrower, as a position in ``ids``.
    ids : int64 array, or object array of str, (n_borrowers,)
        Sorted, each once. Numbers beyond 64 bits are texts.

    Raises
    ------
    HistoryError
        A cell is missing, is neither a whole number nor a text, or two different cells would read the same.
    """
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise HistoryError(
            f"{name} must be given in every row, found {int(column.isna().sum())} missing "
            f"(first: data row {row + 1}); fill or remove them"
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    dtype = column.dtype
    if pd.api.types.is_integer_dtype(dtype):
        return _of_whole_numbers(column)
    if pd.api.types.is_float_dtype(dtype):
        return _of_whole_numbers(_of_floats(column, name))
    if not (pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype)):
        raise HistoryError(f"{name} must be whole numbers or text, got {dtype}; convert it")
    place, distinct = _factorized(column, name)
    texts = [_text_of(cell) for cell in distinct]
    for i, text in enumerate(texts):
        if text is None:
            _refuse(name, column, place, i, "must be whole numbers or text", distinct[i], "convert it")
        if not text.strip():
            _refuse(name, column, place, i, "must be given in every row", distinct[i], "fill or remove it")
        if not _is_writable(text):
            _refuse(name, column, place, i, "must be text that UTF-8 can write", distinct[i], "correct it")
    known = [text for text in texts if text is not None]
    if len(set(known)) < len(known):
        double = next(i for i, text in enumerate(known) if text in known[:i])
        other = distinct[known.index(known[double])]
        _refuse(
            name, column, place, double, "must be of one kind",
            f"{distinct[double]!r} beside {other!r}, which read the same", "give all ids as texts, or all as numbers",
            plain=True,
        )  # fmt: skip
    if (numbers := _whole_numbers(distinct)) is not None:
        return _of_whole_numbers(pd.Series(np.array(numbers, dtype=np.int64)[place]))
    stripped = [text.strip() for text in known]
    known = stripped if len(set(stripped)) == len(known) else known
    codes, ids = pd.factorize(np.array(known, dtype=object)[place], sort=True)
    return codes.astype(np.int64), np.asarray(ids, dtype=object)


def read_ids(columns: Sequence[pd.Series], names: Sequence[str], joined: str) -> tuple[IntArray, NDArray[Any]]:
    """Read the columns that name a borrower: one, or several that are joined to texts such as "C7/0012".

    Parameters
    ----------
    columns : sequence of Series, (n,)
    names : sequence of str
        The columns' names, for messages.
    joined : str
        The name of the joined id.

    Returns
    -------
    codes, ids
        As `read_borrower_ids` gives them.

    Raises
    ------
    HistoryError
        A part breaks the rules of ids, or holds the mark that joins them, so that two keys could read the same.
    """
    parts = [read_borrower_ids(column, name) for column, name in zip(columns, names, strict=True)]
    if len(parts) == 1:
        return parts[0]
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for (codes, ids), name in zip(parts, names, strict=True):
        wrong = np.array([JOINT in str(one) for one in ids], dtype=np.bool_)
        if wrong.any():
            row = int(np.flatnonzero(wrong[codes])[0])
            raise HistoryError(
                f"{name} must not hold {JOINT!r}, which stands between the parts of {joined}, found "
                f"{_shown(str(ids[codes[row]]))} (first: data row {row + 1}); write it with another mark"
            )
        key = pd.factorize(key * len(ids) + codes)[0].astype(np.int64)
    first = np.full(int(key.max()) + 1, len(key))
    np.minimum.at(first, key, np.arange(len(key)))
    texts = [JOINT.join(str(ids[codes[row]]) for codes, ids in parts) for row in first.tolist()]
    order, ids = pd.factorize(np.array(texts, dtype=object), sort=True)
    return order.astype(np.int64)[key], np.asarray(ids, dtype=object)


def _of_whole_numbers(column: pd.Series) -> tuple[IntArray, NDArray[Any]]:
    if pd.api.types.is_unsigned_integer_dtype(column.dtype) and len(column) and int(column.max()) > _LARGEST:
        codes, ids = pd.factorize(column.astype(str), sort=True)
        return codes.astype(np.int64), np.asarray(ids, dtype=object)
    values = column.to_numpy(dtype=np.int64)
    if len(values) and (values[1:] >= values[:-1]).all():  # sorted already, the usual case: no hashing
        fresh = np.concatenate([[True], values[1:] != values[:-1]])
        return (np.cumsum(fresh) - 1).astype(np.int64), values[fresh]
    codes, numbers = pd.factorize(values, sort=True)
    return codes.astype(np.int64), np.asarray(numbers, dtype=np.int64)


def _of_floats(column: pd.Series, name: str) -> pd.Series:
    values = column.to_numpy(dtype=np.float64)
    wrong = ~((np.abs(values) < _LARGEST_FLOAT) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        raise HistoryError(
            f"{name} must be whole numbers or text, got {column.dtype} with {values[row]!s} "
            f"(first: data row {row + 1}); give the ids as text"
        )
    return pd.Series(values.astype(np.int64))


def _whole_numbers(distinct: Sequence[Any]) -> list[int] | None:
    """The ids as whole numbers, where all of them are: as numbers, or as texts such as "1001.0"."""
    if all(isinstance(cell, str) for cell in distinct):
        matches = [_WHOLE_FLOAT.fullmatch(cell.strip()) for cell in distinct]
        numbers = [int(match[1]) for match in matches if match is not None]
        whole = len(numbers) == len(distinct) and all(abs(number) < _LARGEST_FLOAT for number in numbers)
        return numbers if whole and len(set(numbers)) == len(numbers) else None
    if any(isinstance(cell, str | uuid.UUID) or abs(int(cell)) > _LARGEST for cell in distinct):
        return None
    return [int(cell) for cell in distinct]


def _factorized(column: pd.Series, name: str) -> tuple[IntArray, list[Any]]:
    cells = column.to_numpy(dtype=object)
    try:
        place, distinct = pd.factorize(cells)
    except TypeError:  # cells that cannot be hashed, such as lists
        raise HistoryError(
            f"{name} must be whole numbers or text, found {type(cells[0]).__name__} among them; convert it"
        ) from None
    kinds = {type(cell) for cell in cells}
    if len(kinds) > 1:  # 1, 1.0 and True are equal to each other, and one would hide the others
        for cell in cells:
            if _text_of(cell) is None:
                raise HistoryError(f"{name} must be whole numbers or text, found {_shown(cell)}; convert it")
    return place.astype(np.int64), list(distinct)


def _text_of(cell: Any) -> str | None:
    """The id as text; None where the cell is of no kind that an id may be."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float | np.floating):
        return str(int(cell)) if abs(float(cell)) < _LARGEST_FLOAT and float(cell).is_integer() else None
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, int | np.integer | uuid.UUID):
        return None
    return str(cell)


def _is_writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _shown(cell: Any, most: int = 60) -> str:
    text = ascii(cell) if isinstance(cell, str | bytes) else f"{cell!s} ({type(cell).__name__})"
    return text if len(text) <= most else text[:most] + "..."


def _refuse(
    name: str, column: pd.Series, place: IntArray, which: int, rule: str, found: Any, remedy: str, plain: bool = False
) -> NoReturn:
    row = int(np.flatnonzero(place == which)[0])
    shown = found if plain else _shown(found)
    raise HistoryError(f"{name} {rule}, found {shown} (first: data row {row + 1}); {remedy}")


def position_among(ids: NDArray[Any], wanted: Any) -> int:
    """An id's position in sorted ``ids``, given as in the data or as text.

    Raises
    ------
    HistoryError
        It is not among them.
    """
    text = _text_of(wanted) or str(wanted)
    keys: tuple[Any, ...] = (text, text.strip())
    if np.issubdtype(ids.dtype, np.integer):
        match = re.fullmatch(r"([+-]?[0-9]{1,19})(?:\.0+)?", text.strip())
        keys = (int(match[1]),) if match and abs(int(match[1])) <= _LARGEST else ()
    for key in keys:
        place = int(np.searchsorted(ids, key))
        if place < len(ids) and ids[place] == key:
            return place
    some = tuple(str(b) for b in ids[:2000])
    raise HistoryError(
        f"borrower {wanted!r} is not in the history, which holds {len(ids)} borrowers "
        f"({ids[0]} .. {ids[-1]}){near(str(wanted), some)}"
    )
