"""The keys of ``[portfolio]`` that say what a change of the limit means: its unit, closures, and what is no cut."""

from __future__ import annotations

import math

from credit_model.portfolio.declarations import Closure, Column
from credit_model.portfolio.toml_document import TomlTable, near


def money_unit(head: TomlTable) -> float:
    """The key ``unit``: 1, 100, 0.01 or the like."""
    unit = head.number("unit", 0.01)
    if unit is None:
        return 0.01
    whole = unit if unit >= 1 else 1 / unit if unit > 0 else 0.5
    if not (math.isfinite(whole) and math.isclose(whole, round(whole), rel_tol=1e-12)):
        head.note(
            f"[portfolio]: unit must be the currency's smallest unit, a whole number or one divided by a whole number "
            f"such as 0.01, got {unit:g}",
            "unit",
        )
    return float(unit)


def closure(head: TomlTable, columns: dict[str, Column | None]) -> Closure | None:
    """The key ``closed``: "blank", or a declared column (None: its declaration breaks rules) and its values."""
    rule = '"blank" or a table such as { column = "status", values = ["closed"] }'
    closed = head.get("closed", (str, dict), None, rule=rule)
    if closed is None or closed == "blank":
        return Closure(None, ()) if closed else None
    if isinstance(closed, str) or set(closed) != {"column", "values"} or not isinstance(closed["values"], list):
        head.note(f"[portfolio]: closed must be {rule}, got {closed!r}", "closed")
        return None
    name = str(closed["column"])
    if name not in columns:
        hint = near(name, tuple(columns))
        head.note(f"[portfolio]: closed names {name!r}, which is no declared [[column]]{hint}", "closed")
    column = columns.get(name)
    if column is None:
        return None
    kind = {"category": str, "boolean": bool}.get(column.kind, (int, float))
    values = closed["values"]
    known = [v for v in values if isinstance(v, kind) and (v in column.categories or column.kind != "category")]
    yes_or_no = column.kind in ("number", "integer") and any(isinstance(value, bool) for value in values)
    if not values or len(known) < len(values) or yes_or_no:
        head.note(f"[portfolio]: closed must list values that {column.name!r} can have, got {values!r}", "closed")
        return None
    codes = [column.categories.index(v) if column.kind == "category" else v for v in values]
    return Closure(column.name, tuple(float(code) for code in codes))


def columns_not_a_cut(head: TomlTable, columns: dict[str, Column | None], special: dict[str, str]) -> tuple[str, ...]:
    """The key ``not_a_cut``: columns that are true or false; they need not be declared as [[column]]."""
    names = head.get("not_a_cut", list, [], rule="a list of columns that are true or false") or []
    kinds = {name: c.kind if c else "boolean" for name, c in columns.items()} | dict.fromkeys(special, "key")
    for name in names:
        if not isinstance(name, str) or not name or kinds.get(name, "boolean") != "boolean" or names.count(name) > 1:
            head.note(
                f"[portfolio]: not_a_cut must name different columns that are true or false, got {name!r}", "not_a_cut"
            )
    return tuple(names)
