"""A scorecard as one tidy table: constants, lines, and the cells of every column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from credit_model.export.sums import Sums

#: Columns of the table, in order.
COLUMNS = (
    "part",
    "name",
    "label",
    "factor",
    "reason_code",
    "tier",
    "tier_in_force",
    "above",
    "up_to",
    "category",
    "is_missing",
    "number",
    "log_odds",
    "points",
)


def points_table(card: Sums) -> pd.DataFrame:
    """A row for every constant, line and cell.

    Parameters
    ----------
    card : Sums

    Returns
    -------
    DataFrame
        part ("constant", "line" or "column"); name (of the constant, of the state that the line depends on, or of the
        column); label, factor and reason_code of the column; tier (to keep) and tier_in_force of a line (blank:
        unknown, or there is none); the values that the row is for: above < x <= up_to (blank: no bound), category (a
        code), or is_missing (of a category, also any other); number, log_odds, points (of a line with the offset, so
        that a line and one cell of each column add up to the points). A constant stands in ``points``.
    """
    rows = [*_constants(card), *_lines(card), *_columns(card)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(dict.fromkeys(("tier", "tier_in_force", "category", "number"), "Int64"))


def _constants(card: Sums) -> list[dict[str, Any]]:
    values = card.scaling.constants() | {"offset": card.offset, "per_log_odds": card.per_log_odds}
    return [{"part": "constant", "name": name, "points": value, "is_missing": False} for name, value in values.items()]


def _lines(card: Sums) -> list[dict[str, Any]]:
    lines = card.lines
    rows = []
    for tier in range(1, card.n_tiers):
        for in_force in range(lines.numbers.shape[1]):
            unknown = lines.tier_position < 0 or in_force == card.n_tiers
            for above, up_to, number in lines.of(tier, in_force):
                row = _values(card, number, base=card.offset) | _interval(above, up_to)
                name = lines.state_name if lines.state_position >= 0 else ""
                rows.append(
                    {"part": "line", "name": name, "tier": tier, "tier_in_force": pd.NA if unknown else in_force, **row}
                )
    return rows


def _columns(card: Sums) -> list[dict[str, Any]]:
    rows = []
    for cells in card.columns:
        about = cells.about
        head = {
            "part": "column",
            "name": about.name,
            "label": about.label,
            "factor": about.factor,
            "reason_code": about.code,
        }
        if cells.is_category:
            for code, text, number in cells.codes():
                named = {"label": f"{about.label}: {text}", "category": code, "is_missing": False}
                rows.append(head | named | _values(card, number))
        else:
            rows += [head | _interval(low, high) | _values(card, number) for low, high, number in cells.intervals()]
        rows.append(head | {"is_missing": True} | _values(card, cells.missing))
    return rows


def _interval(above: float, up_to: float) -> dict[str, Any]:
    if np.isnan(up_to):
        return {"is_missing": True}
    bounds = {"above": above, "up_to": up_to}
    return {name: bound for name, bound in bounds.items() if np.isfinite(bound)} | {"is_missing": False}


def _values(card: Sums, number: int, *, base: float = 0.0) -> dict[str, Any]:
    points = number if card.is_rounded else card.scaling.factor * (number / card.per_log_odds)
    return {"number": number, "log_odds": number / card.per_log_odds, "points": base + points}
