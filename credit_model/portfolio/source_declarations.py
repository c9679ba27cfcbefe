"""The table ``[source]`` of a catalogue, how the data are written; and the key of a row, which may have parts."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from typing import TypeVar

from credit_model.portfolio.borrower_ids import JOINT
from credit_model.portfolio.declarations import Closure, Column
from credit_model.portfolio.toml_document import TomlDocument, TomlTable, is_number, near
from credit_model.readers.source_format import DECIMAL_MARKS, SEPARATORS, SourceFormat

__all__ = ["SourceFormat", "key_parts", "source_format"]

T = TypeVar("T")


def key_parts(head: TomlTable) -> tuple[str, tuple[str, ...]]:
    """The key ``borrower``: a column, or several that are joined; the name of the id, and its parts (none of one)."""
    value = head.get("borrower", (str, list), rule='a column, or several such as ["customer", "product"]')
    if not isinstance(value, list):
        return str(value and head.text("borrower")), ()
    for part in value:
        if not isinstance(part, str) or not part or value.count(part) > 1:
            head.note(f"[portfolio]: borrower must list different columns, got {part!r}", "borrower")
            return "", ()
    if not value:
        head.note("[portfolio]: borrower must name at least one column, got []", "borrower")
        return "", ()
    return (value[0], ()) if len(value) == 1 else (JOINT.join(value), tuple(value))


def source_format(
    document: TomlDocument, columns: Mapping[str, Column | None], flags: list[str], limit: str, closed: Closure | None
) -> SourceFormat:
    """The table ``[source]``, which may be absent.

    Parameters
    ----------
    document : TomlDocument
    columns : mapping of str to Column or None
        The declared ones; None: the declaration breaks rules, and what is said of the column is not judged.
    flags : list of str
        Further columns that are true or false.
    limit : str
        The column of limits.
    closed : Closure or None

    Raises
    ------
    CatalogueError
        A key breaks its rule.
    """
    table = document.optional("source")
    encoding = table.text("encoding", None)
    if encoding is not None:
        _check_encoding(table, encoding)
    separator = table.get("separator", str, None, rule='one of ",", ";", "\\t" and "|"')
    if separator is not None and separator not in SEPARATORS:
        table.note(f'[source]: separator must be one of ",", ";", "\\t" and "|", got {separator!r}', "separator")
    decimal = table.get("decimal", str, None, rule='"." or ","')
    if decimal is not None and decimal not in DECIMAL_MARKS:
        table.note(f'[source]: decimal must be "." or ",", got {decimal!r}', "decimal")
    if decimal == separator == ",":
        table.note('[source]: decimal and separator must differ, got "," for both', "decimal")
    kinds: dict[str, str | None] = {limit: "number", **dict.fromkeys(flags, "boolean")}
    kinds |= {name: None if column is None else column.kind for name, column in columns.items()}
    sheet = table.text("sheet", None)
    scale, missing, blank = (_by_column(table, key, kinds) for key in ("scale", "missing", "blank"))
    document.gather(table.close)
    if limit in blank[1] and closed is not None and closed.column is None:
        blank[0].fail(f'[source.blank]: {limit!r} is blank where closed = "blank" says it ended; keep one', limit)
    return SourceFormat(
        encoding=encoding,
        separator=separator,
        sheet=sheet,
        decimal=decimal,
        scale=_read_each(_factor, *scale, kinds),
        missing=_read_each(_values, *missing, kinds),
        blank=_read_each(_meaning, *blank, kinds),
    )


def _check_encoding(table: TomlTable, encoding: str) -> None:
    try:
        text = codecs.lookup(encoding)._is_text_encoding
    except (LookupError, ValueError):
        text = False
    if not text:
        table.note(
            f"[source]: encoding must be one that Python knows, such as utf-8, gb18030, big5, utf-16 or cp1252, "
            f"got {encoding!r}",
            "encoding",
        )


def _read_each(
    read: Callable[[TomlTable, str, str], T], table: TomlTable, names: list[str], kinds: Mapping[str, str | None]
) -> dict[str, T]:
    """What each column's entry says; the document gathers the mistakes."""
    found = {name: table.document.gather(read, table, name, kinds[name]) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _by_column(table: TomlTable, key: str, kinds: Mapping[str, str | None]) -> tuple[TomlTable, list[str]]:
    """The table ``[source.key]`` and the columns that it names, which the catalogue must declare."""
    content = table.get(key, dict, {}, rule=f"a table [source.{key}] of columns") or {}
    own = TomlTable(content, table.document, f"source.{key}")
    for name in own.content:
        if name not in kinds:
            hint = near(name, tuple(kinds))
            rule = f"[source.{key}]: {name!r} is neither the limit nor a declared [[column]]{hint}"
            table.document.gather(table.document.fail, rule, own.name, 0, name)
    return own, [name for name in own.content if kinds.get(name)]


def _factor(table: TomlTable, name: str, kind: str) -> float:
    value = table.content[name]
    if kind not in ("number", "integer"):
        table.fail(f"[source.scale]: {name!r} is of kind {kind!r}, which is not multiplied; remove it", name)
    if not is_number(value) or value <= 0:
        table.fail(f"[source.scale]: {name!r} must be a positive number such as 10000, got {value!r}", name)
    return float(value)


def _values(table: TomlTable, name: str, kind: str) -> tuple[float | str, ...]:
    values = table.content[name]
    if (
        not isinstance(values, list)
        or not values
        or not all(is_number(v) or (isinstance(v, str) and v) for v in values)
    ):
        table.fail(f'[source.missing]: {name!r} must list numbers or texts, such as [-999, "."], got {values!r}', name)
    if kind == "category":
        return tuple(v if isinstance(v, str) else str(v) for v in values)
    return tuple(v if isinstance(v, str) else float(v) for v in values)


def _meaning(table: TomlTable, name: str, kind: str) -> float:
    value = table.content[name]
    if kind == "category":
        table.fail(f"[source.blank]: {name!r} is a category, whose blanks mean no number; remove it", name)
    if kind == "boolean" and isinstance(value, bool):
        return float(value)
    if not is_number(value):
        table.fail(f"[source.blank]: {name!r} must be a number such as 0, got {value!r}", name)
    return float(value)
