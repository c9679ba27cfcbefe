"""The catalogue: one TOML file that declares a portfolio's columns, factors, features and words.

Everything else follows from it: what is checked, which features are built, in which direction each may move the
limit, how they are grouped into factors, and how a reason is worded. A feature declared nowhere cannot reach the
model. The rules are held here, and every error starts with ``file:line``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import get_args

from credit_model.errors import CatalogueError, CreditModelError
from credit_model.portfolio.declarations import (
    MOST_FACTORS,
    SIGNS,
    STATES,
    SUMMARIES,
    About,
    Catalogue,
    Column,
    Exemption,
    Factor,
    Feature,
    Kind,
    Label,
    Source,
    Summary,
    Unit,
)
from credit_model.portfolio.forbidden_phrases import forbidden_phrase
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.limit_declarations import closure, columns_not_a_cut, money_unit
from credit_model.portfolio.month_declarations import month_format
from credit_model.portfolio.months import CALENDARS
from credit_model.portfolio.source_declarations import key_parts, source_format
from credit_model.portfolio.templates import places_of
from credit_model.portfolio.toml_document import MOST_NUMBER, TomlDocument, TomlTable, near, read_toml_text

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

_TABLES = ("portfolio", "source", "ladder", "column", "factor", "feature")


def read_catalogue(source: str | Path) -> Catalogue:
    """The catalogue in a TOML file, or a built-in one by its name.

    Parameters
    ----------
    source : "synthetic", "home_credit", "uci_taiwan", or a path

    Raises
    ------
    CatalogueError
        There is no such file, it is not TOML, or it breaks a rule; the message names file and line.

    Examples
    --------
    >>> read_catalogue("synthetic").factor_ids
    ('credit_score', 'consumption', 'repayment', 'debt', 'capacity', 'economy', 'policy')
    """
    if str(source) in BUILT_IN:
        return _built_in(str(source))
    text = read_toml_text(source, CatalogueError, wanted=f"a TOML file or one of {', '.join(BUILT_IN)}")
    return parse_catalogue(text, where=str(source))


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
        The text is not TOML, or breaks a rule.
    """
    return _catalogue(TomlDocument(text, where, CatalogueError, _TABLES))


def _catalogue(document: TomlDocument) -> Catalogue:
    head = document.table("portfolio")
    ladder, quantiles = _ladder(document.table("ladder"))
    name = head.text("name")
    version = head.text("version")
    currency = head.text("currency", "CNY")
    borrower, parts = key_parts(head)
    keys = {key: head.text(key) for key in ("month", "limit")}
    reviewed = head.text("reviewed", None)
    calendar, written = head.choice("calendar", tuple(CALENDARS), None), month_format(head)
    lag = head.integer("decision_lag", 0, 1, 0)
    warm_up = head.integer("warm_up", 0, 120, lag + 1)
    named = [*((part, "borrower") for part in parts or (borrower,)), *((value, key) for key, value in keys.items())]
    special = dict(named) | ({reviewed: "reviewed"} if reviewed else {})
    if len(special) < len(named) + bool(reviewed):
        head.fail("borrower, month, limit and reviewed must be four different columns")
    columns = [_column(t, special) for t in _unique(document.tables("column"), "name")]
    unit, closed = money_unit(head), closure(head, columns)
    not_a_cut = columns_not_a_cut(head, columns, special)
    head.close()
    flags = [*([reviewed] if reviewed else []), *not_a_cut]
    source = source_format(document, columns, flags, keys["limit"], closed)
    factors = [_factor(t) for t in _unique(document.tables("factor"), "id")]
    if not factors:
        document.fail("the catalogue declares no [[factor]]; add at least one", "factor")
    if len(factors) > MOST_FACTORS:
        rule = f"at most {MOST_FACTORS} factors are possible, whose mixtures are all computed, got {len(factors)}"
        document.fail(f"{rule}; join some", "factor", MOST_FACTORS)
    tables = _unique(document.tables("feature"), "id")
    features = [_feature(t, {c.name: c for c in columns}, [f.id for f in factors], special) for t in tables]
    if all(feature.role == "state" for feature in features):
        document.fail("the catalogue declares no [[feature]] that can be a cause; add at least one", "feature")
    _unique([t for t in tables if "code" in t.content], "code")
    states = [feature.id for feature in features if feature.role == "state"]
    for table, feature in zip(tables, features, strict=True):
        if feature.denominator in STATES and feature.denominator not in states:
            table.fail(
                f"{table.title}: denominator {feature.denominator!r} is a state that is not declared; "
                f'add [[feature]] id = "{feature.denominator}" with role = "state"',
                "denominator",
            )
    for table, feature in zip(tables, features, strict=True):
        if feature.summary == "months_since" and feature.unit == "months" and calendar not in (None, "monthly"):
            table.fail(f"{table.title}: unit must name the periods of a {calendar} calendar, got 'months'", "unit")
    used = {feature.factor for feature in features}
    for i, factor in enumerate(factors):
        if factor.id not in used:
            document.fail(f"factor {factor.id!r} has no feature; add one or remove the factor", "factor", i)
    return Catalogue(
        name=name,
        version=version,
        currency=currency,
        reviewed=reviewed,
        unit=unit,
        closed=closed,
        not_a_cut=not_a_cut,
        calendar=calendar,
        month_format=written,
        decision_lag=lag,
        warm_up=warm_up,
        ladder=ladder,
        quantiles=quantiles,
        columns=tuple(columns),
        factors=tuple(factors),
        features=tuple(features),
        borrower=borrower,
        borrower_parts=parts,
        source=source,
        text=document.text,
        **keys,
    )


def _unique(tables: list[TomlTable], key: str) -> list[TomlTable]:
    seen: set[str] = set()
    for table in tables:
        value = table.text(key)
        if value in seen:
            table.fail(f"{table.name} {key} {value!r} is declared twice; give each its own", key)
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
        table.fail(
            f"column {name!r} is the portfolio's {special[name]} and must not be declared again; remove it",
            "name",
        )
    kind = table.choice("kind", get_args(Kind))
    categories = table.get("categories", list, [], rule="a list of texts")
    if (kind == "category") != bool(categories):
        table.fail(f"column {name!r}: categories are needed exactly where kind is 'category'", "categories")
    if not all(isinstance(c, str) and c for c in categories) or len(set(categories)) < len(categories):
        table.fail(f"column {name!r}: categories must be different texts, got {categories!r}", "categories")
    if len(categories) > 255:
        table.fail(f"column {name!r}: at most 255 categories are possible, got {len(categories)}", "categories")
    unit = {"category": "category", "boolean": "boolean"}.get(kind)
    column = Column(
        name=name,
        kind=kind,
        unit=table.choice("unit", get_args(Unit), *([unit] if unit else [])),
        minimum=table.number("min", None),
        maximum=table.number("max", None),
        max_rise=table.number("max_rise", None),
        required=table.get("required", bool, True),
        role=table.choice("role", ("audit",), None),
        label=table.label("label"),
        source=table.choice("source", get_args(Source), "own_records"),
        categories=tuple(categories),
    )
    table.close()
    if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
        table.fail(f"column {name!r}: min {column.minimum:g} is above max {column.maximum:g}", "min")
    if kind in ("category", "boolean") and (column.minimum, column.maximum, column.max_rise) != (None,) * 3:
        table.fail(f"column {name!r}: min, max and max_rise are for numbers, kind is {kind!r}", "kind")
    return column


def _state(table: TomlTable) -> Feature:
    state = table.text("id")
    if state not in STATES:
        table.fail(f"a state must be one of {', '.join(STATES)}, got {state!r}{near(state, STATES)}", "id")
    feature = Feature(
        id=state,
        factor="",
        role="state",
        column=None,
        numerator=None,
        denominator=None,
        summary="last",
        denominator_summary="last",
        window=1,
        above=0.0,
        unit="count" if state == "tier_in_force" else "money",
        effect=table.choice("effect", tuple(SIGNS), "free"),
        code="",
        label=table.label("label"),
        reason=None,
        exemption=None,
        source="lender",
        categorical=False,
    )
    table.choice("role", ("state",))
    table.close()
    return feature


def _feature(table: TomlTable, columns: dict[str, Column], factors: list[str], special: dict[str, str]) -> Feature:
    if "role" in table.content:
        return _state(table)
    feature_id = table.text("id")
    if feature_id in STATES:
        table.fail(f'feature {feature_id!r} is the name of a state; add role = "state" or rename it', "id")
    if not re.fullmatch(r"[A-Za-z_]\w*", feature_id):
        table.fail(f"feature id must be letters, digits and _, got {feature_id!r}", "id")
    column = table.text("column", None)
    numerator, denominator = table.text("numerator", None), table.text("denominator", None)
    if (column is None) == (numerator is None) or (numerator is None) != (denominator is None):
        table.fail(f"feature {feature_id!r} must have either column, or numerator and denominator")
    for key, source in (("column", column), ("numerator", numerator), ("denominator", denominator)):
        if source is not None and not (key == "denominator" and source in STATES):
            _check_source(table, key, source, columns, special)
    if denominator == "tier_in_force":
        table.fail(f"feature {feature_id!r}: a ratio's denominator may be limit_in_force, not a tier", "denominator")
    main = columns[column or numerator or ""]
    summary = table.choice("summary", SUMMARIES, "last")
    below: Summary = table.choice("denominator_summary", SUMMARIES, summary)
    effect = table.choice("effect", tuple(SIGNS))
    factor = table.text("factor")
    if factor not in factors:
        table.fail(
            f"feature {feature_id!r}: factor {factor!r} is not declared{near(factor, tuple(factors))}; "
            f"the factors are {', '.join(factors)}",
            "factor",
        )
    label, reason = table.label("label"), _reason(table)
    for key, words in (("label", label), ("reason", reason)):
        for lang, text in words.texts.items():
            if (fault := forbidden_phrase(text, lang)) is not None:
                table.fail(f"feature {feature_id!r}: {key} cannot be told to a borrower: {fault}", key)
    categorical = main.kind == "category"
    if categorical and (summary != "last" or effect != "free" or numerator is not None):
        table.fail(
            f'feature {feature_id!r}: column {main.name!r} is a category, which allows only summary = "last" '
            'and effect = "free"',
            "summary",
        )
    feature = Feature(
        id=feature_id,
        factor=factor,
        role=None,
        column=column,
        numerator=numerator,
        denominator=denominator,
        summary=summary,
        denominator_summary=below,
        window=table.integer("window", 1, 120, 1),
        above=table.number("above", 0.0),
        unit=table.choice("unit", get_args(Unit), main.unit),
        effect=effect,
        code=table.text("code"),
        label=label,
        reason=reason,
        exemption=table.choice("exemption", get_args(Exemption), None),
        source=main.source,
        categorical=categorical,
    )
    table.close()
    return feature


def _check_source(table: TomlTable, key: str, source: str, columns: dict[str, Column], special: dict[str, str]) -> None:
    if special.get(source) == "limit":
        table.fail(
            f"{table.title}: {key} {source!r} is the limit itself, which the model predicts; "
            "use the state limit_in_force as a denominator",
            key,
        )
    if source not in columns:
        table.fail(f"{table.title}: {key} {source!r} is not a declared column{near(source, tuple(columns))}", key)
    if columns[source].role == "audit":
        table.fail(f"{table.title}: {key} {source!r} is an audit column, which can be no feature", key)
    if columns[source].kind == "category" and key != "column":
        table.fail(f"{table.title}: {key} {source!r} is a category, which has no ratio", key)


def _reason(table: TomlTable) -> Label:
    reason = table.label("reason")
    for text in reason.texts.values():
        try:
            places = places_of(text)
        except ValueError as error:
            table.fail(f"{table.title}: reason {text!r} is no template ({error})", "reason")
        if places != {"before", "after"}:
            table.fail(
                f"{table.title}: reason must use {{before}} and {{after}} and nothing else, got {text!r}",
                "reason",
            )
    return reason
