"""A scorecard as one SQL query over a table of snapshots.

Only ``CASE``, ``CAST``, ``+``, ``/`` and comparisons, as the standard has them. Cells and lines are whole numbers, so
databases, whatever their order of adding, agree to the last bit. Edges are floats with an exponent, which makes them
DOUBLE PRECISION everywhere (``0.1`` is a decimal number to some).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from credit_model.errors import CreditModelError

if TYPE_CHECKING:
    from credit_model.export.cells import Cells
    from credit_model.export.sums import Sums

DIALECTS = ("standard", "sqlite", "postgresql")
#: At or above every number that a snapshot holds. What is not up to it is missing: NULL, and NaN where there is one.
_ALL = "1.7976931348623157e308"
_HEAD = """\
-- Scorecard of model {version}: {n_columns} columns, {n_tiers} tiers.
-- Numbers are whole; a tier is kept where its sum is at least 0. {unit}
-- Scaling: {points_to_double:.10g} points double the odds, {base_points:.10g} points stand for {base_odds:.10g} to 1;
-- points = {offset!r} + {factor!r} * log-odds; a tier is kept from {offset!r} points on.
-- The last branch of a column is for missing values (NULL)."""


def query(card: Sums, table: str = "snapshots", *, dialect: str = "standard") -> str:
    """A query that gives, for each row of a table of snapshots, what `Sums.score` gives.

    Parameters
    ----------
    card : Sums
    table : str
        The table's name, perhaps with its schema: "risk.snapshots".
    dialect : {"standard", "sqlite", "postgresql"}
        The others than the standard say that sums are to be kept (``AS MATERIALIZED``); else these databases add them
        anew for every tier, which takes many times as long. DuckDB is quick with the standard.

    Returns
    -------
    str
        One ``SELECT`` with a semicolon. Its columns: the keys, predicted_tier, with a tier in force keep_score
        (log-odds) and keep_points (NULL in the lowest or an unknown tier), log_odds_tier_1 ....

    Raises
    ------
    CreditModelError
        The table has no name, or the dialect is unknown.
    """
    if dialect not in DIALECTS:
        raise CreditModelError(f"dialect must be one of {', '.join(DIALECTS)}, got {dialect!r}")
    kept = "AS" if dialect == "standard" else "AS MATERIALIZED"
    source = _name(*_parts(table))
    lines, keys = card.lines, [_name(key) for key in card.keys]
    states = [_name(own) for own in (lines.tier_name, lines.state_name) if own]
    carried = [*keys, *states]
    columns = [f"    {_case(cells)} AS {_name(f'n_{i}')}" for i, cells in enumerate(card.columns, start=1)]
    total = " + ".join(_name(f"n_{i}") for i in range(1, len(card.columns) + 1)) or "0"
    lined = [
        f"    {_name('total')} + {_line(card, tier)} AS {_name(f'number_{tier}')}" for tier in range(1, card.n_tiers)
    ]
    scored = [f"  {key}" for key in keys] + [f"  {text} AS {_name(name)}" for name, text in _results(card)]
    return "\n".join(
        [
            _head(card),
            "WITH " + _name("cells") + " AS (",
            "  SELECT",
            ",\n".join([*(f"    {name}" for name in carried), *columns]),
            f"  FROM {source}",
            f"), {_name('sums')} {kept} (",
            "  SELECT",
            ",\n".join([*(f"    {name}" for name in carried), f"    {total} AS {_name('total')}"]),
            "  FROM " + _name("cells"),
            "), " + _name("numbers") + " AS (",
            "  SELECT",
            ",\n".join([*(f"    {name}" for name in carried), *lined]),
            "  FROM " + _name("sums"),
            ")",
            "SELECT",
            ",\n".join(scored),
            "FROM " + _name("numbers") + ";",
            "",
        ]
    )


def _head(card: Sums) -> str:
    unit = "A number is a whole point." if card.is_rounded else f"A number is 1 / {card.per_log_odds:.0f} log-odds."
    constants = card.scaling.constants() | {"offset": card.offset}
    version = " ".join(card.version.split())
    return _HEAD.format(version=version, n_columns=len(card.columns), n_tiers=card.n_tiers, unit=unit, **constants)


def _results(card: Sums) -> list[tuple[str, str]]:
    """Name and text of each result."""
    tiers = range(1, card.n_tiers)
    number = {tier: _name(f"number_{tier}") for tier in tiers}
    log_odds = {tier: f"CAST({number[tier]} AS DOUBLE PRECISION) / {_double(card.per_log_odds)}" for tier in tiers}
    kept = [f"CASE WHEN {number[tier]} >= 0 THEN 1 ELSE 0 END" for tier in tiers]
    found = [("predicted_tier", " + ".join(kept))]
    if card.lines.tier_position >= 0:
        tier_name = _name(card.lines.tier_name)
        if card.is_rounded:
            points = {tier: f"{int(card.offset)} + {number[tier]}" for tier in tiers}
        else:
            offset, factor = _double(card.offset), _double(card.scaling.factor)
            points = {tier: f"{offset} + {factor} * ({log_odds[tier]})" for tier in tiers}
        for name, texts in (("keep_score", log_odds), ("keep_points", points)):
            cases = " ".join(f"WHEN {tier_name} = {tier} THEN {texts[tier]}" for tier in tiers)
            found.append((name, f"CASE {cases} END"))
    return found + [(f"log_odds_tier_{tier}", log_odds[tier]) for tier in tiers]


def _case(cells: Cells) -> str:
    """What a column gives."""
    name = _name(cells.about.name)
    if cells.is_category:
        cases = [f"WHEN {name} = {code} THEN {number}" for code, _, number in cells.codes()]
        return _whole([*cases, f"ELSE {cells.missing} END"])
    return _steps(name, [(up_to, number) for _, up_to, number in cells.intervals()], cells.missing)


def _steps(name: str, steps: Sequence[tuple[float, int]], missing: int) -> str:
    """What a number gives: for each cell its upper edge and number, lowest first."""
    if len(steps) == 1 and steps[0][1] == missing:
        return str(missing)
    cases = [f"WHEN {name} <= {_double(up_to)} THEN {number}" for up_to, number in steps]
    return _whole([*cases, f"ELSE {missing} END"])


def _line(card: Sums, tier: int) -> str:
    """The line of a tier to keep."""
    lines = card.lines
    texts = []
    for in_force in range(lines.numbers.shape[1]):
        cells = lines.of(tier, in_force)
        if len(cells) == 1:
            texts.append(str(cells[0][2]))
        else:
            steps = [(up_to, number) for _, up_to, number in cells[:-1]]
            texts.append(_steps(_name(lines.state_name), steps, cells[-1][2]))
    if len(texts) == 1:
        return texts[0]
    name = _name(lines.tier_name)
    cases = [f"WHEN {name} = {in_force} THEN {text}" for in_force, text in enumerate(texts[:-1])]
    return _whole([*cases, f"ELSE {texts[-1]} END"])


def _whole(cases: Sequence[str]) -> str:
    return f"CAST(CASE {' '.join(cases)} AS BIGINT)"


def _double(value: float) -> str:
    """A float as a literal that every database takes as exactly this DOUBLE PRECISION."""
    if np.isposinf(value):
        return _ALL
    text = repr(value)
    return text if "e" in text else f"{text.removesuffix('.0')}e0"


def _parts(table: str) -> list[str]:
    parts = table.split(".")
    if not all(part.strip() for part in parts) or any("\x00" in part for part in parts):
        raise CreditModelError(f"a table's name must not be empty, nor its schema's, got {table!r}")
    return parts


def _name(*parts: str) -> str:
    """An identifier, quoted as the standard has it."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
