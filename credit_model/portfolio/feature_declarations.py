"""A ``[[feature]]`` of a catalogue: read, and held against the columns and factors that the file declares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from credit_model.portfolio.declarations import (
    SIGNS,
    STATES,
    SUMMARIES,
    Column,
    Exemption,
    Feature,
    Label,
    Unit,
)
from credit_model.portfolio.forbidden_phrases import forbidden_phrase
from credit_model.portfolio.templates import places_of
from credit_model.portfolio.toml_document import TomlTable, near


@dataclass(frozen=True)
class Named:
    """What a file declares by name, rightly or not, so that a mistake in one table is no mistake in another.

    Attributes
    ----------
    columns : dict of str to Column or None
        None: its declaration breaks rules, and what depends on it is not judged.
    factors, states : tuple of str
    special : dict of str to str
        Key column -> the key of [portfolio] that names it.
    calendar : str or None
    whole : bool
        False: a name could not be read, so that one which is not found may be there.
    """

    columns: dict[str, Column | None]
    factors: tuple[str, ...]
    states: tuple[str, ...]
    special: dict[str, str]
    calendar: str | None
    whole: bool


def _state(table: TomlTable) -> Feature:
    state = table.text("id")
    if state is not None and state not in STATES:
        table.note(f"a state must be one of {', '.join(STATES)}, got {state!r}{near(state, STATES)}", "id")
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


def read_feature(table: TomlTable, named: Named) -> Feature:
    """The feature, or the state, that a table declares.

    Raises
    ------
    CatalogueError
        It breaks rules; each mistake is a line.
    """
    if "role" in table.content:
        return _state(table)
    feature_id = table.text("id")
    if feature_id in STATES:
        table.note(f'feature {feature_id!r} is the name of a state; add role = "state" or rename it', "id")
    if feature_id is not None and not re.fullmatch(r"[A-Za-z_]\w*", feature_id):
        table.note(f"feature id must be letters, digits and _, got {feature_id!r}", "id")
    main = _source(table, named)
    summary = table.choice("summary", SUMMARIES, "last")
    effect = table.choice("effect", tuple(SIGNS))
    categorical = main is not None and main.kind == "category"
    if categorical and main and (summary != "last" or effect not in ("free", None) or "numerator" in table.content):
        table.note(
            f'feature {feature_id!r}: column {main.name!r} is a category, which allows only summary = "last" '
            'and effect = "free"',
            "summary",
        )
    feature = Feature(
        id=feature_id,
        factor=_factor_of(table, named),
        role=None,
        column=table.text("column", None),
        numerator=table.text("numerator", None),
        denominator=table.text("denominator", None),
        summary=summary,
        denominator_summary=table.choice("denominator_summary", SUMMARIES, summary),
        window=table.integer("window", 1, 120, 1),
        above=table.number("above", 0.0),
        unit=table.choice("unit", get_args(Unit), main.unit if main else None),
        effect=effect,
        code=table.text("code"),
        label=_told("label", table),
        reason=_reason(table),
        exemption=table.choice("exemption", get_args(Exemption), None),
        source=main.source if main else "own_records",
        categorical=categorical,
    )
    if summary == "months_since" and feature.unit == "months" and named.calendar not in (None, "monthly"):
        table.note(f"{table.title}: unit must name the periods of a {named.calendar} calendar, got 'months'", "unit")
    table.close()
    return feature


def _source(table: TomlTable, named: Named) -> Column | None:
    """The column that a feature summarises, or its numerator; None where it or its declaration breaks a rule."""
    keys = ("column", "numerator", "denominator")
    column, numerator, denominator = sources = tuple(table.text(key, None) for key in keys)
    there = [key in table.content for key in keys]
    if there not in ([True, False, False], [False, True, True]):
        table.note(f"{table.title} must have either column, or numerator and denominator", lacks=keys)
    for key, source in zip(keys, sources, strict=True):
        if source is not None and not (key == "denominator" and source in STATES):
            _check_source(table, key, source, named)
    if denominator == "tier_in_force":
        table.note(f"{table.title}: a ratio's denominator may be limit_in_force, not a tier", "denominator")
    elif denominator in STATES and denominator not in named.states:
        table.note(
            f"{table.title}: denominator {denominator!r} is a state that is not declared; "
            f'add [[feature]] id = "{denominator}" with role = "state"',
            "denominator",
        )
    return named.columns.get(column or numerator or "")


def _check_source(table: TomlTable, key: str, source: str, named: Named) -> None:
    if named.special.get(source) == "limit":
        table.note(
            f"{table.title}: {key} {source!r} is the limit itself, which the model predicts; "
            "use the state limit_in_force as a denominator",
            key,
        )
    elif source not in named.columns:
        if named.whole:
            hint = near(source, tuple(named.columns))
            table.note(f"{table.title}: {key} {source!r} is not a declared column{hint}", key)
    elif (column := named.columns[source]) is not None:
        if column.role == "audit":
            table.note(f"{table.title}: {key} {source!r} is an audit column, which can be no feature", key)
        if column.kind == "category" and key != "column":
            table.note(f"{table.title}: {key} {source!r} is a category, which has no ratio", key)


def _factor_of(table: TomlTable, named: Named) -> str:
    factor: str = table.text("factor")
    if factor is not None and factor not in named.factors and named.whole:
        table.note(
            f"{table.title}: factor {factor!r} is not declared{near(factor, named.factors)}; "
            f"the factors are {', '.join(named.factors)}",
            "factor",
        )
    return factor


def _told(key: str, table: TomlTable) -> Label:
    """A label that may be told to a borrower."""
    label = table.label(key)
    for lang, text in label.texts.items():
        if (fault := forbidden_phrase(text, lang)) is not None:
            table.note(f"{table.title}: {key} cannot be told to a borrower: {fault}", key)
    return label


def _reason(table: TomlTable) -> Label:
    reason = _told("reason", table)
    for text in reason.texts.values():
        try:
            places = places_of(text)
        except ValueError as error:
            table.note(f"{table.title}: reason {text!r} is no template ({error})", "reason")
            continue
        if text.strip() and places != {"before", "after"}:
            table.note(
                f"{table.title}: reason must use {{before}} and {{after}} and nothing else, got {text!r}",
                "reason",
            )
    return reason
