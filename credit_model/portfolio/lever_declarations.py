"""The tables ``[[lever]]`` and ``[plan]``: what a borrower can move, how far and how fast, and what that costs.

A lever is a *raw column*, such as the balance owed to other lenders; the features that summarise it follow by
themselves. Nothing protected, nothing of the economy's or the lender's can be one, and none may move a feature against
its declared direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, get_args

from credit_model.portfolio.declarations import SIGNS, Column, Factor, Feature, Label
from credit_model.portfolio.levers import DEFAULT_STEPS, Following, Follows, Lever, Moves, PlanRules
from credit_model.portfolio.templates import places_of
from credit_model.portfolio.toml_document import TomlDocument, TomlTable, is_number, near

#: What a column does where nothing is done about it, beside a number that it has from then on.
AHEAD = ("last", "mean", "counts")
#: All mixtures of their settings are computed.
MOST_LEVERS, MOST_STEPS = 8, 10
#: How a summary answers a higher value in its window: 1 rises, -1 falls; others may do either.
RESPONSES: Mapping[str, int] = MappingProxyType(
    {**dict.fromkeys(("last", "mean", "max", "min", "sum", "share", "count"), 1), "months_since": -1}
)
#: Places that a lever's action may have: how much it moves a month and in all, where it starts and where it ends.
ACTION_PLACES = frozenset({"amount", "total", "from", "to"})


def plan_rules(document: TomlDocument, columns: Mapping[str, Column | None]) -> PlanRules:
    """The table ``[plan]``, which may be absent."""
    table = document.optional("plan")
    steps = table.integer("steps", 1, MOST_STEPS, DEFAULT_STEPS)
    rule = 'a column and a share, such as { column = "income_amount", share = 0.3 }'
    given = table.get("affordable", dict, {}, rule=rule) or {}
    share = given.get("share", 1.0)
    if given and (set(given) != {"column", "share"} or not is_number(share) or not 0 < share <= 1):
        table.note(f"[plan]: affordable must be {rule}, the share above 0 and at most 1, got {given!r}", "affordable")
    elif given and not _is_numeric(columns, given["column"]):
        table.note(
            f"[plan]: affordable names {given['column']!r}, which is no declared column of numbers", "affordable"
        )
    ahead = _ahead(table, columns)
    document.gather(table.close)
    return PlanRules(steps or DEFAULT_STEPS, given.get("column"), float(share) if is_number(share) else 1.0, ahead)


def _ahead(table: TomlTable, columns: Mapping[str, Column | None]) -> dict[str, Any]:
    content = table.get("ahead", dict, {}, rule="a table [plan.ahead] of columns") or {}
    own = TomlTable(content, table.document, "plan.ahead")
    for name, value in content.items():
        if name not in columns:
            hint = near(name, tuple(columns))
            own.document.gather(own.fail, f"[plan.ahead]: {name!r} is no declared [[column]]{hint}", name)
        elif value != "last" and not ((value in AHEAD or is_number(value)) and _is_numeric(columns, name)):
            rule = '"last" or, of a column of numbers, "mean", "counts" or a number'
            rule = f"[plan.ahead]: {name} must be {rule}, got {value!r}"
            own.document.gather(own.fail, rule, name)
    return {name: value for name, value in content.items() if columns.get(name) is not None}


def read_lever(
    table: TomlTable, columns: Mapping[str, Column | None], features: Sequence[Feature], factors: Sequence[Factor]
) -> Lever:
    """One ``[[lever]]``, held against the columns that it moves and the features that read them.

    Parameters
    ----------
    table : TomlTable
    columns : mapping of str to Column or None
        The declared ones; None: the declaration breaks rules, and what is said of the column is not judged.
    features : sequence of Feature
    factors : sequence of Factor
    """
    lever_id, column = table.text("id"), table.text("column")
    moves = table.choice("moves", get_args(Moves))
    _check_movable(table, "column", column, columns)
    a_month, share = table.number("a_month", None), table.number("share_a_month", None)
    if a_month is not None and share is not None:
        table.note(f"{table.title}: give a_month or share_a_month, not both", "share_a_month")
    for key, value in (("a_month", a_month), ("share_a_month", share)):
        if value is not None and value <= 0:
            table.note(f"{table.title}: {key} must be above 0, got {value:g}", key)
    cost, cost_a_month = table.number("cost", 0.0), table.number("cost_a_month", 0.0)
    for key, value in (("cost", cost), ("cost_a_month", cost_a_month)):
        if value is not None and value < 0:
            table.note(f"{table.title}: {key} must be at least 0, got {value:g}", key)
    end = _end(table, moves, columns.get(str(column)))
    follows = _follows(table, columns)
    lever = Lever(
        id=str(lever_id),
        column=str(column),
        moves=moves or "down",
        a_month=a_month,
        share_a_month=share,
        end=end,
        cost=cost or 0.0,
        cost_a_month=cost_a_month or 0.0,
        paid=bool(table.get("paid", bool, False)),
        follows=follows,
        label=table.label("label"),
        action=_action(table),
    )
    if moves is not None and column is not None:
        _check_directions(table, lever, features, factors)
    table.close()
    return lever


def _end(table: TomlTable, moves: str | None, column: Column | None) -> float:
    """The floor or the ceiling; a column's own bound where the lever names none."""
    key, other = ("ceiling", "floor") if moves == "up" else ("floor", "ceiling")
    own = None if column is None else column.maximum if moves == "up" else column.minimum
    end = table.number(key, own if own is not None or column is None else ...)
    if other in table.content:
        table.get(other, (int, float))
        table.note(f"{table.title}: a lever that moves {moves} has a {key}, not a {other}", other)
    bounds = (column.minimum, column.maximum) if column is not None else (None, None)
    low, high = (-float("inf") if bounds[0] is None else bounds[0]), (float("inf") if bounds[1] is None else bounds[1])
    if end is not None and not low <= end <= high:
        table.note(f"{table.title}: {key} must lie within the column's {low:g} .. {high:g}, got {end:g}", key)
    return float(end or 0.0)


def _follows(table: TomlTable, columns: Mapping[str, Column | None]) -> tuple[Following, ...]:
    rule = 'a list such as [{ column = "other_repaid_amount", by = 1, as = "flow" }]'
    found = []
    for one in table.get("follows", list, [], rule=rule) or []:
        sound = isinstance(one, dict) and set(one) == {"column", "by", "as"} and one["as"] in get_args(Follows)
        if not sound or not isinstance(one["column"], str) or not is_number(one["by"]) or one["by"] == 0:
            table.note(f"{table.title}: follows must be {rule}, as one of {', '.join(get_args(Follows))}", "follows")
            continue
        if _check_movable(table, "follows", one["column"], columns):
            found.append(Following(one["column"], float(one["by"]), one["as"]))
    return tuple(found)


def _check_movable(table: TomlTable, key: str, name: str | None, columns: Mapping[str, Column | None]) -> bool:
    """Whether a lever may move a column; what speaks against it is noted."""
    if name is None:
        return False
    if name not in columns:
        table.note(f"{table.title}: {key} {name!r} is not a declared column{near(name, tuple(columns))}", key)
        return False
    column = columns[name]
    if column is None:
        return False
    why = ""
    if column.role == "audit":
        why = "is an audit column, which nobody is to change"
    elif column.source in ("lender", "public"):
        why = f"is the {'lender' if column.source == 'lender' else 'economy'}'s, which no borrower can move"
    elif column.kind not in ("number", "integer"):
        why = f"is a {column.kind}, and a lever moves numbers"
    if why:
        table.note(f"{table.title}: {key} {name!r} {why}; name a column that the borrower moves", key)
    return not why


def _check_directions(table: TomlTable, lever: Lever, features: Sequence[Feature], factors: Sequence[Factor]) -> None:
    about = {factor.id: factor.about for factor in factors}
    moved = {lever.column: lever.sign} | {one.column: 1 if one.by > 0 else -1 for one in lever.follows}
    for feature in features:
        if feature.role is not None:
            continue
        for name, direction in moved.items():
            if name not in (feature.column, feature.numerator, feature.denominator):
                continue
            if about.get(feature.factor, "borrower") != "borrower":
                table.note(
                    f"{table.title}: moves {name!r}, which feature {feature.id!r} of the {about[feature.factor]}'s "
                    "factor reads; name a column that is the borrower's own",
                    "column",
                )
            response = response_of(feature, name)
            if response is not None and SIGNS[feature.effect] * response * direction < 0:
                table.note(
                    f"{table.title}: moves {name!r} {'up' if direction > 0 else 'down'}, against the declared "
                    f"direction of feature {feature.id!r}, whose effect is {feature.effect!r}; turn it or leave it out",
                    "moves",
                )


def response_of(feature: Feature, column: str) -> int | None:
    """How a feature answers a higher value of a column: 1 rises (or stays), -1 falls; None: it may do either."""
    if feature.numerator is not None and feature.numerator == feature.denominator:
        return None
    if column == feature.denominator:
        response = RESPONSES.get(feature.denominator_summary)
        return None if response is None else -response
    return RESPONSES.get(feature.summary)


def _action(table: TomlTable) -> Label:
    action = table.label("action")
    if action is None:
        return action
    for text in action.texts.values():
        try:
            places = places_of(text)
        except ValueError as error:
            table.note(f"{table.title}: action {text!r} is no template ({error})", "action")
            continue
        if not places <= ACTION_PLACES:
            table.note(
                f"{table.title}: action may use {', '.join(f'{{{place}}}' for place in sorted(ACTION_PLACES))} and "
                f"nothing else, got {text!r}",
                "action",
            )
    return action


def _is_numeric(columns: Mapping[str, Column | None], name: Any) -> bool:
    column = columns.get(name) if isinstance(name, str) else None
    return name in columns and (column is None or column.kind in ("number", "integer", "boolean"))
