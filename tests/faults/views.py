"""What files say, read without the package's readers; and fingerprints of what was loaded."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import math
import tomllib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from credit_model.documents.lender_file import Lender
from credit_model.portfolio.declarations import Catalogue, Label
from tests.faults.reference import Expected, expected

_SPECIAL = {"closed", "not_a_cut"}  # held against rows by the tests of the portfolio
_NAMES = {"min": "minimum", "max": "maximum"}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "portfolio": {"currency": "CNY", "reviewed": None, "decision_lag": 0, "unit": 0.01},
    "column": {"min": None, "max": None, "max_rise": None, "required": True, "role": None, "source": "own_records"},
    "feature": {"summary": "last", "window": 1, "above": 0.0, "exemption": None, "column": None, "numerator": None},
    "factor": {},
}


def same(said: Any, held: Any) -> bool:
    """Whether a value of a TOML file is the one that an object holds."""
    if isinstance(held, Label):
        return dict(held.texts) == ({"": said} if isinstance(said, str) else said)
    if isinstance(held, tuple):
        return isinstance(said, list) and list(held) == said
    if isinstance(held, float):
        return (
            isinstance(said, int | float) and not isinstance(said, bool) and float(said) == held and math.isfinite(held)
        )
    return type(said) is type(held) and said == held


def toml(content: bytes) -> dict[str, Any]:
    """A TOML file with any ends of lines."""
    return tomllib.loads(content.decode().replace("\r\n", "\n").replace("\r", "\n"))


def catalogue_difference(text: bytes, catalogue: Catalogue) -> str | None:
    """Where a catalogue is not what its text says; None if it is."""
    document = toml(text)
    pairs: list[tuple[str, Any, Any]] = [("portfolio", document["portfolio"], catalogue)]
    for name, objects in (
        ("column", catalogue.columns),
        ("factor", catalogue.factors),
        ("feature", catalogue.features),
    ):
        tables = document.get(name, [])
        if len(tables) != len(objects):
            return f"{len(objects)} {name}s, the file has {len(tables)}"
        pairs += [(name, table, one) for table, one in zip(tables, objects, strict=True)]
    for name, table, one in pairs:
        for key, said in (_DEFAULTS[name] | table).items():
            if key not in _SPECIAL and not same(said, held := getattr(one, _NAMES.get(key, key))):
                return f"{name} {key} is {held!r}, the file says {said!r}"
    amounts = document["ladder"].get("amounts")
    held = catalogue.ladder.amounts if catalogue.ladder else None
    if (None if amounts is None else tuple(map(float, amounts))) != held:
        return f"ladder {held}, the file says {amounts}"
    return None if catalogue.quantiles == document["ladder"].get("quantiles") else "other quantiles"


def lender_difference(text: bytes, lender: Lender) -> str | None:
    """Where a lender is not what its text says; None if it is."""
    document = toml(text)
    head, bureau, notice = document["lender"], document["bureau"], document["notice"]
    pairs = [(head[k], getattr(lender, k)) for k in ("name", "address", "version")]
    pairs += [(bureau[k], getattr(lender.bureau, k)) for k in ("name", "contact", "dispute_days")]
    pairs += [(notice["days"], lender.notice_days), (notice["exemption_rules"], lender.exemption_rules)]
    for table in document["channel"]:
        pairs += [(table[k], getattr(lender.channel(table["id"]), k)) for k in ("contact", "open_days", "answer_days")]
    wrong = [f"{held!r}, the file says {said!r}" for said, held in pairs if not same(said, held)]
    return wrong[0] if wrong else None


def csv_table(content: bytes) -> Expected:
    """What the text of a CSV file means."""
    is_proven, text = _text_of(content)
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    except csv.Error as error:
        return Expected(refuse=str(error))
    if not lines:
        return Expected(refuse="an empty file")
    header, rows = lines[0], lines[1:]
    if len(set(header)) < len(header):
        return Expected(refuse=f"columns twice: {header}")
    firm = is_proven and text.count('"') == 0 and "\r" not in text.replace("\r\n", "\n") and "\0" not in text
    firm &= all(len(row) == len(header) for row in rows)
    rows = [row for row in rows if len(row) > 1 or row[0].strip()]
    if any(len(row) > len(header) for row in rows):
        return Expected(refuse="a row has more cells than the header")
    cells = {name: [row[i] if i < len(row) else "" for row in rows] for i, name in enumerate(header)}
    if not rows:
        return Expected(refuse="no rows")
    means = expected({name: [_cell(name, cell) for cell in own] for name, own in cells.items()})
    return dataclasses.replace(means, firm=means.firm and firm)


def _text_of(content: bytes) -> tuple[bool, str]:
    """The text of a file, and whether its encoding is proven; where it is not, it may be refused."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False, content.decode("utf-16", errors="replace")
    try:
        return True, content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False, content.decode("cp1252", errors="replace")


def _cell(name: str, cell: str) -> Any:
    """A CSV's cell as people mean it: blank is missing, numbers and flags are no text."""
    if cell == "":
        return None
    if name in ("borrower_id", "employment"):
        return cell
    if cell in ("True", "False", "TRUE", "FALSE", "true", "false"):
        return cell in ("True", "TRUE", "true")
    try:
        plain = cell.isascii() and cell == cell.strip() and "_" not in cell
        return (int(cell) if cell.lstrip("+-").isdigit() else float(cell)) if plain else cell
    except ValueError:
        return cell


def fingerprint(value: Any) -> str:
    """A digest of everything that an object holds, exact to the last bit."""
    digest = hashlib.sha256()
    for part in _parts(value):
        digest.update(part + b"\0")
    return digest.hexdigest()[:20]


def _parts(value: Any) -> list[bytes]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [
            p for field in dataclasses.fields(value) for p in [field.name.encode(), *_parts(getattr(value, field.name))]
        ]
    if isinstance(value, pd.DataFrame):
        return [p for name in value.columns for p in [str(name).encode(), *_parts(value[name].to_numpy())]]
    if isinstance(value, np.ndarray) and value.dtype != object:
        return [str(value.dtype).encode(), str(value.shape).encode(), np.ascontiguousarray(value).tobytes()]
    if isinstance(value, Mapping):
        return [p for key, held in value.items() for p in [str(key).encode(), *_parts(held)]]
    if isinstance(value, list | tuple | np.ndarray):
        return [str(len(value)).encode(), *(p for held in value for p in _parts(held))]
    return [json.dumps(value, default=repr).encode()]
