"""The catalogue: one TOML file that declares a portfolio's columns, factors, features and words.

Everything else follows from it: what is checked, which features are built, in which direction each may move the
limit, how they are grouped into factors, and how a reason is worded. A feature declared nowhere cannot reach the
model. The rules are held here, and every error starts with ``file:line``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from credit_model.errors import CatalogueError, CreditModelError
from credit_model.portfolio.declarations import (
    MOST_FACTORS,
    About,
    Catalogue,
    Column,
    Factor,
    Feature,
    Kind,
    Label,
    Source,
    Unit,
)
from credit_model.portfolio.evidence import DocumentKind, Ledger
from credit_model.portfolio.evidence_declarations import read_documents, read_ledgers
from credit_model.portfolio.feature_declarations import Named, read_feature
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.lever_declarations import MOST_LEVERS, plan_rules, read_lever
from credit_model.portfolio.levers import Lever, PlanRules
from credit_model.portfolio.limit_declarations import closure, columns_not_a_cut, money_unit
from credit_model.portfolio.month_declarations import month_format
from credit_model.portfolio.months import CALENDARS
from credit_model.portfolio.source_declarations import SourceFormat, key_parts, source_format
from credit_model.portfolio.toml_document import MOST_NUMBER, TomlDocument, TomlTable, read_toml_text

__all__ = [
    "BUILT_IN",
    "Catalogue",
    "Column",
    "Factor",
    "Feature",
    "Label",
    "parse_catalogue",
    "read_catalogue",
]

#: Catalogues that come with the package, by name.
BUILT_IN = ("synthetic", "home_credit", "uci_taiwan")

_TABLES = ("portfolio", "source", "ladder", "column", "factor", "feature", "plan", "lever", "document", "ledger")


def read_catalogue(source: str | Path) -> Catalogue:
    """The catalogue in a TOML file, or a built-in one by its name.

    Parameters
    ----------
    source : "synthetic", "home_credit", "uci_taiwan", or a path

    Raises
    ------
    CatalogueError
        There is no such file, it is not TOML, or it breaks rules; the message names file and line of each mistake.

    Examples
    --------
    >>> read_catalogue("synthetic").factor_ids
    ('credit_score', 'consumption', 'repayment', 'debt', 'capacity', 'economy', 'policy')
    """
    if str(source) in BUILT_IN:
        return _built_in(str(source))
    return parse_catalogue(_text_of(source), where=str(source))


def readable_part(source: str | Path) -> ReadablePart:
    """What can be read of a catalogue, whatever its mistakes, so that data can be held against it all the same.

    Raises
    ------
    CatalogueError
        There is no such file, or it is not TOML.
    """
    if str(source) in BUILT_IN:
        return ReadablePart(_built_in(str(source)), (), ())
    document = TomlDocument(_text_of(source), str(source), CatalogueError, _TABLES)
    part, unread = _catalogue(document)
    return ReadablePart(part, unread, document.mistakes())


def _text_of(source: str | Path) -> str:
    return read_toml_text(source, CatalogueError, wanted=f"a TOML file or one of {', '.join(BUILT_IN)}")


@lru_cache(maxsize=len(BUILT_IN))
def _built_in(name: str) -> Catalogue:
    file = resources.files("credit_model.portfolio") / "catalogues" / f"{name}.toml"
    return parse_catalogue(file.read_text(encoding="utf-8"), where=f"{name}.toml")


def parse_catalogue(text: str, *, where: str = "catalogue") -> Catalogue:
    """The catalogue that a TOML text declares.

    Parameters
    ----------
    text : str
    where : str
        Names the text in errors.

    Raises
    ------
    CatalogueError
        The text is not TOML, or breaks rules; each mistake is a line.
    """
    document = TomlDocument(text, where, CatalogueError, _TABLES)
    catalogue, _ = _catalogue(document)
    document.finish()
    assert catalogue is not None
    return catalogue


@dataclass(frozen=True)
class ReadablePart:
    """What `readable_part` could read of a catalogue.

    Attributes
    ----------
    catalogue : Catalogue or None
        Without the columns, factors and features that break rules; None where [portfolio] does.
    unread : tuple of str
        The columns whose declaration breaks rules.
    mistakes : tuple of str
    """

    catalogue: Catalogue | None
    unread: tuple[str, ...]
    mistakes: tuple[str, ...]


def _catalogue(document: TomlDocument) -> tuple[Catalogue | None, tuple[str, ...]]:
    """The catalogue, without what breaks rules, and the columns that do; the document gathers the mistakes."""
    head = document.gather(document.table, "portfolio")
    ladder = document.gather(lambda: _ladder(document.table("ladder")))
    tables = {name: document.gather(document.tables, name) for name in ("column", "factor", "feature")}
    column_tables, factor_tables, feature_tables = (tables[name] or [] for name in ("column", "factor", "feature"))
    special = _special(head) if head else {}
    columns: dict[str, Column | None] = {}
    for table in _unique(column_tables, "name"):
        column = document.gather(_column, table, special)
        columns.setdefault(str(table.content.get("name")), column)
    sound = [column for column in columns.values() if column is not None]
    portfolio = document.gather(_portfolio, head, special, columns) if head else None
    factors = [document.gather(_factor, table) for table in _unique(factor_tables, "id")]
    states = tuple(str(t.content.get("id")) for t in feature_tables if t.content.get("role") == "state")
    names = [t.content.get("name") for t in column_tables] + [t.content.get("id") for t in factor_tables]
    readable = all(isinstance(name, str) for name in names) and None not in tables.values()
    named = Named(
        columns=columns,
        factors=tuple(t.content["id"] for t in factor_tables if isinstance(t.content.get("id"), str)),
        states=states,
        special=special,
        calendar=portfolio["calendar"] if portfolio else None,
        whole=readable and not document.unknown and "limit" in special.values(),
    )
    _unique([t for t in feature_tables if "code" in t.content and "role" not in t.content], "code")
    features = [document.gather(read_feature, table, named) for table in _unique(feature_tables, "id")]
    if readable and not document.unknown:
        _check_numbers(document, factor_tables, feature_tables)
    unread = tuple(name for name, column in columns.items() if column is None)
    if portfolio is None:
        return None, unread
    flags = [*_listed(portfolio["reviewed"] or []), *portfolio["not_a_cut"]]
    source = document.gather(source_format, document, columns, flags, portfolio["limit"], portfolio["closed"])
    portfolio["not_a_cut"] = tuple(name for name in portfolio["not_a_cut"] if name not in unread)
    amounts, quantiles = ladder or (None, None)
    rules = document.gather(plan_rules, document, columns)
    levers = _levers(document, columns, features, factors)
    documents, ledgers = _evidence(document, columns)
    catalogue = Catalogue(
        **portfolio,
        ladder=amounts,
        quantiles=quantiles,
        columns=tuple(sound),
        factors=tuple(factor for factor in factors if factor is not None),
        features=tuple(feature for feature in features if feature is not None),
        source=source or SourceFormat(),
        plan=rules or PlanRules(),
        levers=tuple(levers),
        documents=documents,
        ledgers=ledgers,
        text=document.text,
    )
    return catalogue, unread


def _levers(
    document: TomlDocument,
    columns: dict[str, Column | None],
    features: list[Feature | None],
    factors: list[Factor | None],
) -> list[Lever]:
    """The levers that break no rule."""
    tables = document.gather(document.tables, "lever") or []
    if len(tables) > MOST_LEVERS:
        rule = f"at most {MOST_LEVERS} levers are possible, whose mixtures are all computed, got {len(tables)}"
        document.gather(document.fail, f"{rule}; join some", "lever", MOST_LEVERS)
    known = [f for f in features if f is not None], [f for f in factors if f is not None]
    found = [document.gather(read_lever, table, columns, *known) for table in _unique(tables, "id")]
    return [lever for lever in found if lever is not None]


def _evidence(
    document: TomlDocument, columns: dict[str, Column | None]
) -> tuple[tuple[DocumentKind, ...], tuple[Ledger, ...]]:
    """The kinds of papers and the ledgers that break no rule."""
    tables = {name: _unique(document.gather(document.tables, name) or [], "id") for name in ("document", "ledger")}
    return read_documents(document, tables["document"], columns), read_ledgers(document, tables["ledger"], columns)


def _special(head: TomlTable) -> dict[str, str]:
    """The columns that [portfolio] names, and the key that does."""
    named = [
        (name, key) for key in ("borrower", "month", "limit", "reviewed") for name in _listed(head.content.get(key))
    ]
    return {name: key for name, key in named if isinstance(name, str)}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _portfolio(head: TomlTable, special: dict[str, str], columns: dict[str, Column | None]) -> dict[str, Any]:
    """The fields of a catalogue that [portfolio] declares."""
    lag = head.integer("decision_lag", 0, 1, 0)
    borrower, parts = key_parts(head)
    fields = {
        "name": head.text("name"),
        "version": head.text("version"),
        "currency": head.text("currency", "CNY"),
        "borrower": borrower,
        "borrower_parts": parts,
        **{key: head.text(key) for key in ("month", "limit")},
        "reviewed": head.text("reviewed", None),
        "calendar": head.choice("calendar", tuple(CALENDARS), None),
        "month_format": month_format(head),
        "decision_lag": lag,
        "warm_up": head.integer("warm_up", 0, 120, (lag or 0) + 1),
        "unit": money_unit(head),
        "closed": closure(head, columns),
        "not_a_cut": columns_not_a_cut(head, columns, special),
    }
    single = [fields[key] for key in ("month", "limit", "reviewed") if fields[key] is not None]
    names = [*(dict.fromkeys(parts) or [borrower]), *single]
    if len(set(names)) < len(names):
        head.note("borrower, month, limit and reviewed must be four different columns")
    head.close()
    return fields


def _check_numbers(document: TomlDocument, factors: list[TomlTable], features: list[TomlTable]) -> None:
    """There must be factors, not too many, each with a feature, and a feature that can be a cause."""
    if not factors:
        document.gather(document.fail, "the catalogue declares no [[factor]]; add at least one", "factor")
    if len(factors) > MOST_FACTORS:
        rule = f"at most {MOST_FACTORS} factors are possible, whose mixtures are all computed, got {len(factors)}"
        document.gather(document.fail, f"{rule}; join some", "factor", MOST_FACTORS)
    if all("role" in table.content for table in features):
        rule = "the catalogue declares no [[feature]] that can be a cause; add at least one"
        document.gather(document.fail, rule, "feature")
        return
    used = [table.content.get("factor") for table in features]
    known = [table.content.get("id") for table in factors]  # no set: what a file holds may be a list
    if any(factor not in known for table, factor in zip(features, used, strict=True) if "role" not in table.content):
        return  # a feature whose factor is misspelt may be the one that is missed
    for table in factors:
        if table.content.get("id") not in used:
            document.gather(table.fail, f"factor {table.content['id']!r} has no feature; add one or remove the factor")


def _unique(tables: list[TomlTable], key: str) -> list[TomlTable]:
    seen: set[str] = set()
    for table in tables:
        value = table.text(key)
        if value is not None and value in seen:
            table.note(f"{table.name} {key} {value!r} is declared twice; give each its own", key)
        seen.add(value)
    return tables


def _ladder(table: TomlTable) -> tuple[LimitLadder | None, int | None]:
    amounts = table.get("amounts", list, None, rule="a list of numbers")
    quantiles = table.integer("quantiles", 2, 100, None)
    table.close()
    if (amounts is None) == (quantiles is None):
        table.fail("[ladder] must have either amounts = [...] or quantiles = N")
    if amounts is None:
        return None, quantiles
    if not all(isinstance(a, int | float) and not isinstance(a, bool) and abs(a) < MOST_NUMBER for a in amounts):
        table.fail(f"[ladder]: amounts must be finite numbers, got {amounts!r}", "amounts")
    try:
        return LimitLadder(tuple(amounts)), None
    except CreditModelError as error:
        table.fail(str(error), "amounts")


def _factor(table: TomlTable) -> Factor:
    factor = Factor(table.text("id"), table.label("label"), table.choice("about", get_args(About)))
    table.close()
    return factor


def _column(table: TomlTable, special: dict[str, str]) -> Column:
    name = table.text("name")
    if name in special:
        table.note(
            f"column {name!r} is the portfolio's {special[name]} and must not be declared again; remove it",
            "name",
        )
    kind = table.choice("kind", get_args(Kind))
    categories = table.get("categories", list, [], rule="a list of texts") or []
    if kind is not None and (kind == "category") != bool(table.content.get("categories")):
        table.note(f"column {name!r}: categories are needed exactly where kind is 'category'", "categories")
    if not all(isinstance(c, str) and c for c in categories) or len({str(c) for c in categories}) < len(categories):
        table.note(f"column {name!r}: categories must be different texts, got {categories!r}", "categories")
    if len(categories) > 255:
        table.note(f"column {name!r}: at most 255 categories are possible, got {len(categories)}", "categories")
    # a number lacks its unit only where it is known to be a number
    unit = {"category": "category", "boolean": "boolean", None: None}.get(kind, ...)
    column = Column(
        name=name,
        kind=kind,
        unit=table.choice("unit", get_args(Unit), unit),
        minimum=table.number("min", None),
        maximum=table.number("max", None),
        max_rise=table.number("max_rise", None),
        required=table.get("required", bool, True),
        role=table.choice("role", ("audit",), None),
        label=table.label("label"),
        source=table.choice("source", get_args(Source), "own_records"),
        categories=tuple(categories),
    )
    if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
        table.note(f"column {name!r}: min {column.minimum:g} is above max {column.maximum:g}", "min")
    if kind in ("category", "boolean") and (column.minimum, column.maximum, column.max_rise) != (None,) * 3:
        table.note(f"column {name!r}: min, max and max_rise are for numbers, kind is {kind!r}", "kind")
    table.close()
    return column
