"""The tables ``[[document]]`` and ``[[ledger]]``: which papers may correct which columns, and which sums have to hold.

What a borrower hands in may correct a datum about the borrower. Nothing protected, and nothing of the economy's, can be
corrected by a paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credit_model.portfolio.declarations import Column
from credit_model.portfolio.evidence import DocumentKind, Ledger
from credit_model.portfolio.toml_document import TomlDocument, TomlTable, near


def read_documents(
    document: TomlDocument, tables: list[TomlTable], columns: Mapping[str, Column | None]
) -> tuple[DocumentKind, ...]:
    """The ``[[document]]`` tables that break no rule."""
    found = [document.gather(_document, table, columns) for table in tables]
    return tuple(one for one in found if one is not None)


def read_ledgers(
    document: TomlDocument, tables: list[TomlTable], columns: Mapping[str, Column | None]
) -> tuple[Ledger, ...]:
    """The ``[[ledger]]`` tables that break no rule."""
    found = [document.gather(_ledger, table, columns) for table in tables]
    return tuple(one for one in found if one is not None)


def _document(table: TomlTable, columns: Mapping[str, Column | None]) -> DocumentKind:
    names = _names(table, "columns", columns)
    if not names and isinstance(table.content.get("columns"), list) and not table.content["columns"]:
        table.note(f"{table.title}: columns must name at least one column that the document may correct", "columns")
    for name in names:
        column = columns[name]
        if column is not None and column.role == "audit":
            table.note(f"{table.title}: {name!r} is an audit column, on which no decision rests", "columns")
        elif column is not None and column.source == "public":
            table.note(f"{table.title}: {name!r} is the economy's, which no borrower's paper corrects", "columns")
    found = DocumentKind(str(table.text("id")), names, table.label("label"))
    table.close()
    return found


def _ledger(table: TomlTable, columns: Mapping[str, Column | None]) -> Ledger:
    stock, tolerance = table.text("stock"), table.number("tolerance", 0.0)
    if isinstance(stock, str):
        _check_number(table, "stock", stock, columns)
    plus, minus = _names(table, "plus", columns, []), _names(table, "minus", columns, [])
    for key, names in (("plus", plus), ("minus", minus)):
        for name in names:
            _check_number(table, key, name, columns)
    if tolerance is not None and tolerance < 0:
        table.note(f"{table.title}: tolerance must be at least 0, got {tolerance:g}", "tolerance")
    if not table.content.get("plus") and not table.content.get("minus"):
        table.note(f"{table.title}: plus or minus must name what comes in or goes out in a month", "stock")
    found = Ledger(str(table.text("id")), str(stock), plus, minus, tolerance or 0.0, table.label("label"))
    if len(set(found.columns)) < len(found.columns):
        table.note(f"{table.title}: each column stands in a ledger once", "stock")
    table.close()
    return found


def _names(table: TomlTable, key: str, columns: Mapping[str, Column | None], default: Any = ...) -> tuple[str, ...]:
    """The declared columns that a key lists; what is wrong with it is noted."""
    given = table.get(key, list, default, rule='a list of columns such as ["income_amount"]') or []
    names = [name for name in given if isinstance(name, str)]
    if len(names) < len(given) or len(set(names)) < len(names):
        table.note(f"{table.title}: {key} must list different columns, got {given!r}", key)
    for name in names:
        if name not in columns:
            table.note(f"{table.title}: {key} {name!r} is not a declared column{near(name, tuple(columns))}", key)
    return tuple(name for name in names if name in columns)


def _check_number(table: TomlTable, key: str, name: str, columns: Mapping[str, Column | None]) -> None:
    column = columns.get(name)
    if name not in columns and key == "stock":
        table.note(f"{table.title}: stock {name!r} is not a declared column{near(name, tuple(columns))}", key)
    elif column is not None and column.kind not in ("number", "integer"):
        table.note(f"{table.title}: {name!r} is a {column.kind}, and a ledger adds numbers", key)
