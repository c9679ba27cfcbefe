"""The columns of a history table: which the catalogue asks for, and which of a table it does not know."""

from __future__ import annotations

from typing import Literal

from credit_model.errors import HistoryError
from credit_model.portfolio.declarations import Catalogue, Column, Label
from credit_model.portfolio.toml_document import near


def numbers_read(catalogue: Catalogue) -> list[Column]:
    """Of `columns_read`, those of numbers, on whose texts the mark before the decimals depends."""
    return [column for column in columns_read(catalogue) if column.kind in ("number", "integer")]


def columns_read(catalogue: Catalogue) -> list[Column]:
    """All columns but the keys, in the order of a history's cells."""
    reviewed = [] if catalogue.reviewed is None else [_plain(catalogue.reviewed, "boolean")]
    declared = {column.name for column in catalogue.columns}
    flags = [_plain(name, "boolean") for name in catalogue.not_a_cut if name not in declared]
    return [_plain(catalogue.limit, "number", minimum=0.0), *reviewed, *catalogue.columns, *flags]


def _plain(name: str, kind: Literal["number", "boolean"], minimum: float | None = None) -> Column:
    return Column(
        name=name,
        kind=kind,
        unit="money" if kind == "number" else "boolean",
        minimum=minimum,
        maximum=None,
        max_rise=None,
        required=True,
        role=None,
        label=Label({"": name}),
        source="lender",
        categories=(),
    )


def check_columns(present: list[str], catalogue: Catalogue) -> list[str]:
    """Of the names of a table's columns, those that the catalogue does not declare.

    Raises
    ------
    HistoryError
        A name stands twice, one that is required is missing, or one seems to be misspelt.
    """
    wrong = []
    twice = sorted({c for c in present if present.count(c) > 1}) if len(set(present)) < len(present) else []
    wrong += [f"column {name!r} stands {present.count(name)} times; keep one" for name in twice]
    keys = [*catalogue.id_columns, catalogue.month, catalogue.limit]
    keys += [catalogue.reviewed] if catalogue.reviewed else []
    keys += [name for name in catalogue.not_a_cut if name not in {c.name for c in catalogue.columns}]
    needed = [*keys, *(c.name for c in catalogue.columns if c.required)]
    declared = {*needed, *(c.name for c in catalogue.columns)}
    extra = [c for c in dict.fromkeys(present) if c not in declared]
    missing = [c for c in needed if c not in set(present)]
    if missing:
        hint = near(missing[0], tuple(extra)).replace("did you mean", "is it the undeclared column")
        wrong.append(
            f"the history lacks {named(missing)}, which catalogue {catalogue.name!r} requires{hint}; "
            "add or rename it, or give the catalogue that fits the data"
        )
    absent = tuple(sorted(declared - set(present) - set(missing)))
    for name in extra:
        if hint := near(name, absent):
            wrong.append(
                f"the history has {named([name])}, which catalogue {catalogue.name!r} does not declare{hint}; "
                "rename it, or drop it"
            )
    if wrong:
        raise HistoryError(*wrong)
    return extra


def named(names: list[str], most: int = 5) -> str:
    """Columns by their names, for messages: "columns 'a', 'b' and 3 more"."""
    shown = ", ".join(repr(n) for n in names[:most])
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"
