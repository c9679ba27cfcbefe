"""A scorecard as JSON, and as a PMML 4.4 Scorecard.

PMML: https://dmg.org/pmml/v4-4-1/Scorecard.html. The tier to keep is a field of its own, beside the snapshot's columns:
given the tier in force, the score is that of keeping the limit; given each tier in turn, the highest whose score is at
least 0 is the predicted one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np

if TYPE_CHECKING:
    from credit_model.export.cells import Cells
    from credit_model.export.sums import Sums

FORMAT = "credit_model.scorecard/1"
#: The field of PMML that says which tier is to be kept.
TIER_TO_KEEP = "tier_to_keep"
#: Reasons that a PMML engine names.
_REASONS = 4
_LINE_CODE = "LINE"
_NAMESPACE = "http://www.dmg.org/PMML-4_4"


def json_text(card: Sums) -> str:
    """The scorecard as JSON.

    Parameters
    ----------
    card : Sums

    Returns
    -------
    str
        format, model, catalogue, is_rounded, scaling (with factor and offset), per_log_odds, n_tiers, features, keys;
        lines: tier_in_force and state (names or null), and cells with tier, in_force (null: unknown, or there is
        none), above, up_to (null: no bound) or is_missing, number, log_odds; columns: name, label, factor, reason_code,
        sign and cells with above, up_to, or category and text, or is_missing; number, log_odds.
    """
    lines = card.lines
    content = {
        "format": FORMAT,
        "model": card.version,
        "catalogue": card.name,
        "is_rounded": card.is_rounded,
        "scaling": card.scaling.constants() | {"offset": card.offset},
        "per_log_odds": card.per_log_odds,
        "n_tiers": card.n_tiers,
        "keys": list(card.keys),
        "features": list(card.features),
        "lines": {
            "tier_in_force": lines.tier_name or None,
            "state": lines.state_name or None,
            "cells": [
                {"tier": tier, "in_force": in_force, **_interval(above, up_to), **_number(card, number)}
                for tier, in_force, above, up_to, number in _line_cells(card)
            ],
        },
        "columns": [
            {
                "name": cells.about.name,
                "label": cells.about.label,
                "factor": cells.about.factor,
                "reason_code": cells.about.code,
                "sign": cells.about.sign,
                "cells": [*_json_cells(card, cells), {"is_missing": True, **_number(card, cells.missing)}],
            }
            for cells in card.columns
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _line_cells(card: Sums) -> list[tuple[int, int | None, float, float, int]]:
    """Tier to keep, tier in force (None: unknown, or there is none), above, up to (NaN: missing), number."""
    found: list[tuple[int, int | None, float, float, int]] = []
    for tier in range(1, card.n_tiers):
        for place in range(card.lines.numbers.shape[1]):
            known = card.lines.tier_position >= 0 and place < card.n_tiers
            found += [(tier, place if known else None, *cell) for cell in card.lines.of(tier, place)]
    return found


def _json_cells(card: Sums, cells: Cells) -> list[dict[str, Any]]:
    if cells.is_category:
        return [{"category": code, "text": text, **_number(card, number)} for code, text, number in cells.codes()]
    return [_interval(above, up_to) | _number(card, number) for above, up_to, number in cells.intervals()]


def _interval(above: float, up_to: float) -> dict[str, Any]:
    if np.isnan(up_to):
        return {"is_missing": True}
    return {"above": above if np.isfinite(above) else None, "up_to": up_to if np.isfinite(up_to) else None}


def _number(card: Sums, number: int) -> dict[str, Any]:
    return {"number": number, "log_odds": number / card.per_log_odds}


def pmml_text(card: Sums) -> str:
    """The scorecard as a PMML 4.4 document.

    Parameters
    ----------
    card : Sums

    Returns
    -------
    str
        A ``Scorecard`` whose predicted value is the whole number of keeping `TIER_TO_KEEP`; outputs log_odds, points,
        and four reason codes: the columns that lie furthest below their best cell.
    """
    root = ET.Element("PMML", {"xmlns": _NAMESPACE, "version": "4.4"})
    header = ET.SubElement(root, "Header", description=f"Scorecard of model {card.version}")
    ET.SubElement(header, "Application", name="credit-model")
    fields = _fields(card)
    dictionary = ET.SubElement(root, "DataDictionary", numberOfFields=str(len(fields)))
    for name, is_whole in fields.items():
        kinds = {"optype": "categorical", "dataType": "integer"} if is_whole else _CONTINUOUS
        ET.SubElement(dictionary, "DataField", {"name": name, **kinds})
    model = ET.SubElement(
        root,
        "Scorecard",
        modelName=card.version,
        functionName="regression",
        initialScore=_real(0),
        useReasonCodes="true",
        reasonCodeAlgorithm="pointsBelow",
        baselineMethod="max",
    )
    schema = ET.SubElement(model, "MiningSchema")
    for name in fields:
        ET.SubElement(schema, "MiningField", name=name, usageType="active", invalidValueTreatment="asIs")
    _output(ET.SubElement(model, "Output"), card)
    characteristics = ET.SubElement(model, "Characteristics")
    _line_characteristic(characteristics, card)
    for cells in card.columns:
        _characteristic(characteristics, cells)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


_CONTINUOUS = {"optype": "continuous", "dataType": "double"}


def _fields(card: Sums) -> dict[str, bool]:
    """Fields that the scorecard reads, and whether they hold codes."""
    lines = card.lines
    fields = {TIER_TO_KEEP: True}
    if lines.tier_name:
        fields[lines.tier_name] = True
    if lines.state_name:
        fields[lines.state_name] = False
    return fields | {cells.about.name: cells.is_category for cells in card.columns}


def _output(output: ET.Element, card: Sums) -> None:
    _output_field(output, "number", "predictedValue")
    log_odds = _output_field(output, "log_odds", "transformedValue")
    _apply(log_odds, "/", "number", card.per_log_odds)
    points = _output_field(output, "points", "transformedValue")
    scaled = ET.SubElement(points, "Apply", function="+")
    if card.is_rounded:
        ET.SubElement(scaled, "FieldRef", field="number")
    else:
        _apply(scaled, "*", "log_odds", card.scaling.factor)
    ET.SubElement(scaled, "Constant", dataType="double").text = repr(card.offset)
    for rank in range(1, min(_REASONS, len(card.columns)) + 1):
        ET.SubElement(
            output,
            "OutputField",
            name=f"reason_{rank}",
            feature="reasonCode",
            rank=str(rank),
            optype="categorical",
            dataType="string",
        )


def _output_field(output: ET.Element, name: str, feature: str) -> ET.Element:
    return ET.SubElement(output, "OutputField", {"name": name, "feature": feature, **_CONTINUOUS})


def _apply(parent: ET.Element, function: str, field: str, constant: float) -> None:
    apply = ET.SubElement(parent, "Apply", function=function)
    ET.SubElement(apply, "FieldRef", field=field)
    ET.SubElement(apply, "Constant", dataType="double").text = repr(constant)


def _line_characteristic(parent: ET.Element, card: Sums) -> None:
    """The lines; their baseline is the lowest, so that they are never a reason."""
    lines = card.lines
    own = ET.SubElement(
        parent,
        "Characteristic",
        name="line",
        reasonCode=_LINE_CODE,
        baselineScore=_real(lines.numbers.min()),
    )
    for tier, in_force, above, up_to, number in _line_cells(card):
        attribute = ET.SubElement(own, "Attribute", partialScore=_real(number))
        predicates = [(TIER_TO_KEEP, "equal", str(tier))]
        if in_force is not None:
            predicates.append((lines.tier_name, "equal", str(in_force)))
        elif lines.tier_name:
            predicates.append((lines.tier_name, "isMissing", ""))
        _predicate(attribute, predicates + _bounds(lines.state_name, above, up_to))


def _characteristic(parent: ET.Element, cells: Cells) -> None:
    about = cells.about
    own = ET.SubElement(
        parent,
        "Characteristic",
        name=about.name,
        reasonCode=about.code or about.name,
        baselineScore=_real(cells.all_numbers.max()),
    )
    if cells.is_category:
        for code, _, number in cells.codes():
            attribute = ET.SubElement(own, "Attribute", partialScore=_real(number))
            _predicate(attribute, [(about.name, "equal", str(code))])
        ET.SubElement(ET.SubElement(own, "Attribute", partialScore=_real(cells.missing)), "True")
        return
    missing = ET.SubElement(own, "Attribute", partialScore=_real(cells.missing))
    _predicate(missing, [(about.name, "isMissing", "")])
    for above, up_to, number in cells.intervals():
        attribute = ET.SubElement(own, "Attribute", partialScore=_real(number))
        bounds = _bounds(about.name, above, up_to) or [(about.name, "isNotMissing", "")]
        _predicate(attribute, bounds)


def _bounds(name: str, above: float, up_to: float) -> list[tuple[str, str, str]]:
    if np.isnan(up_to):
        return [(name, "isMissing", "")]
    bounds = []
    if np.isfinite(above):
        bounds.append((name, "greaterThan", repr(above)))
    if np.isfinite(up_to):
        bounds.append((name, "lessOrEqual", repr(up_to)))
    return bounds


def _real(number: int | np.int64) -> str:
    """A whole number as a real one: engines take others as integers of 32 bits."""
    return f"{int(number)}.0"


def _predicate(parent: ET.Element, simple: list[tuple[str, str, str]]) -> None:
    """One or several predicates, all of which must hold."""
    if len(simple) > 1:
        parent = ET.SubElement(parent, "CompoundPredicate", booleanOperator="and")
    for field, operator, value in simple:
        given = {"value": value} if value else {}
        ET.SubElement(parent, "SimplePredicate", {"field": field, "operator": operator, **given})
