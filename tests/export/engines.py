"""Scorecards as others run them: databases, and JSON and PMML read by nothing but what their formats say."""

import json
import sqlite3
from xml.etree import ElementTree as ET

import duckdb
import numpy as np
import pandas as pd

PMML = "{http://www.dmg.org/PMML-4_4}"


def keyed(card, rows):
    """Rows (n, n_features) as a table of snapshots."""
    frame = pd.DataFrame(rows, columns=list(card.features))
    for place, key in enumerate(card.keys):
        frame.insert(place, key, np.arange(len(rows)))
    return frame


def in_duckdb(sql, frame):
    connection = duckdb.connect()
    connection.register("snapshots", frame)
    return connection.execute(sql).df()


def in_sqlite(sql, frame):
    connection = sqlite3.connect(":memory:")
    frame.to_sql("snapshots", connection, index=False)
    return pd.read_sql_query(sql.rstrip().removesuffix(";"), connection)


def by_json(text, frame):
    """Whole numbers of each tier to keep, from JSON: (n, n_tiers - 1)."""
    content = json.loads(text)

    def holds(cell, value):
        if cell.get("is_missing"):
            return True  # the last one
        if "category" in cell:
            return value == cell["category"]
        above, up_to = cell["above"], cell["up_to"]
        inside = (above is None or value > above) and (up_to is None or value <= up_to)
        return inside and (not np.isnan(value) or above == up_to)

    def number(cells, value):
        return next(cell["number"] for cell in cells if holds(cell, value))

    lines = content["lines"]
    out = []
    for row in frame.to_dict("records"):
        score = sum(number(column["cells"], row[column["name"]]) for column in content["columns"])
        in_force = row[lines["tier_in_force"]] if lines["tier_in_force"] else np.nan
        state = row[lines["state"]] if lines["state"] else 0.0
        found = []
        for tier in range(1, content["n_tiers"]):
            cells = [
                cell
                for cell in lines["cells"]
                if cell["tier"] == tier
                and (np.isnan(in_force) if cell["in_force"] is None else cell["in_force"] == in_force)
            ]
            free = [cell for cell in cells if not cell.get("is_missing") and cell["above"] is cell["up_to"] is None]
            found.append(score + (free[0]["number"] if free and len(cells) == 1 else number(cells, state)))
        out.append(found)
    return np.array(out)


def by_pmml(text, records):
    """Predicted value and outputs of records by a PMML Scorecard: a list of dicts."""
    model = ET.fromstring(text).find(f"{PMML}Scorecard")
    return [_pmml_row(model, record) for record in records]


def _pmml_row(model, record):
    score, lost = float(model.get("initialScore")), []
    for characteristic in model.iter(f"{PMML}Characteristic"):
        attribute = next(a for a in characteristic if _truth(a[0], record) is True)  # none: the value is invalid
        partial = float(attribute.get("partialScore"))
        score += partial
        lost.append((float(characteristic.get("baselineScore")) - partial, characteristic.get("reasonCode")))
    lost.sort(key=lambda one: -one[0])
    out = {}
    for field in model.find(f"{PMML}Output"):
        if field.get("feature") == "predictedValue":
            out[field.get("name")] = score
        elif field.get("feature") == "transformedValue":
            out[field.get("name")] = _value(field[0], out)
        else:
            out[field.get("name")] = lost[int(field.get("rank")) - 1][1]
    return out


def _value(expression, known):
    tag = expression.tag.removeprefix(PMML)
    if tag == "FieldRef":
        return known[expression.get("field")]
    if tag == "Constant":
        return float(expression.text)
    left, right = (_value(part, known) for part in expression)
    return {"+": left + right, "*": left * right, "/": left / right}[expression.get("function")]


def _truth(predicate, record):
    """True, False, or None where it is not known."""
    tag = predicate.tag.removeprefix(PMML)
    if tag == "True":
        return True
    if tag == "CompoundPredicate":
        assert predicate.get("booleanOperator") == "and"
        parts = [_truth(part, record) for part in predicate]
        return False if False in parts else None if None in parts else True
    value, operator = record[predicate.get("field")], predicate.get("operator")
    missing = bool(np.isnan(value))
    if operator in ("isMissing", "isNotMissing"):
        return missing == (operator == "isMissing")
    if missing:
        return None
    bound = float(predicate.get("value"))
    return {"equal": value == bound, "greaterThan": value > bound, "lessOrEqual": value <= bound}[operator]
