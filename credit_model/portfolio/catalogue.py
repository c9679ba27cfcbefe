"""The catalogue: one TOML file that declares a portfolio's columns, factors, features and words.

Everything else follows from it: what is checked, which features are built, in which direction each may move the
limit, how they are grouped into factors, and how a reason is worded. A feature declared nowhere cannot reach the
model. The rules are held here, and every error starts with ``file:line``.
"""

from __future__ import annotations

import difflib
import re
import string
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn, get_args

from credit_model.errors import CatalogueError, CreditModelError
from credit_model.portfolio.declarations import (
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
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.phrases import wording_fault

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

_HEADER = re.compile(r"^\s*\[{1,2}\s*([\w.-]+)\s*\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"^\s*\"?([\w-]+)\"?\s*(\.[\w-]+\s*)?=")


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
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise CatalogueError(
            f"{path}: cannot be read ({error.strerror}); give a TOML file or one of {', '.join(BUILT_IN)}"
        ) from None
    return parse_catalogue(text, where=str(path))


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
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise CatalogueError(f"{where}:{line[1] if line else 1}: is not TOML ({error})") from None
    return _catalogue(document, _Places(text, where), text)


class _Places:
    """Where each table and key of a TOML text stands."""

    def __init__(self, text: str, where: str) -> None:
        self.where = where
        self._lines: dict[tuple[str, int], int] = {}
        self._keys: dict[tuple[str, int, str], int] = {}
        count: dict[str, int] = {}
        name, index = "", 0
        for number, line in enumerate(text.split("\n"), start=1):
            if header := _HEADER.match(line):
                name = header[1]
                index = count.get(name, 0)
                count[name] = index + 1
                self._lines[name, index] = number
            elif key := _KEY.match(line):
                self._keys.setdefault((name, index, key[1]), number)

    def fail(self, message: str, table: str, index: int = 0, key: str = "") -> NoReturn:
        line = self._keys.get((table, index, key), self._lines.get((table, index), 1))
        raise CatalogueError(f"{self.where}:{line}: {message}")


@dataclass
class _Table:
    """One table of the TOML, read key by key; keys that nobody asked for are mistakes."""

    content: dict[str, Any]
    places: _Places
    name: str
    index: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.content, dict):
            self.fail(f"[{self.name}] must be a table, got {type(self.content).__name__}")
        self._asked: set[str] = set()

    @property
    def title(self) -> str:
        own = self.content.get("id", self.content.get("name"))
        return f"{self.name} {own!r}" if own else f"[{self.name}]"

    def fail(self, message: str, key: str = "") -> NoReturn:
        self.places.fail(message, self.name, self.index, key)

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = ..., rule: str = "") -> Any:
        self._asked.add(key)
        if key not in self.content:
            if default is ...:
                self.fail(f"{self.title} lacks {key!r}{f' ({rule})' if rule else ''}; add it")
            return default
        value = self.content[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(k.__name__ for k in kinds)
            self.fail(f"{self.title}: {key} must be {rule or wanted}, got {value!r}", key)
        return value

    def text(self, key: str, default: Any = ...) -> Any:
        value = self.get(key, str, default)
        if value == "":
            self.fail(f"{self.title}: {key} must not be empty", key)
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: Any = ...) -> Any:
        value = self.get(key, str, default)
        if value is not None and value not in allowed:
            self.fail(
                f"{self.title}: {key} must be one of {', '.join(allowed)}, got {value!r}{near(value, allowed)}",
                key,
            )
        return value

    def number(self, key: str, default: Any = ...) -> Any:
        value = self.get(key, (int, float), default)
        return None if value is None else float(value)

    def integer(self, key: str, low: int, high: int, default: Any = ...) -> Any:
        value = self.get(key, int, default)
        if value is not None and not low <= value <= high:
            self.fail(f"{self.title}: {key} must be between {low} and {high}, got {value}", key)
        return value

    def label(self, key: str) -> Label:
        value = self.get(key, dict, rule='a table of two languages, { zh = "...", en = "..." }')
        for language in ("zh", "en"):
            if not isinstance(value.get(language), str) or not value[language].strip():
                self.fail(f"{self.title}: {key} lacks a text in {language!r}; add it", key)
        if unknown := sorted(set(value) - {"zh", "en"}):
            self.fail(f"{self.title}: {key} has unknown language {unknown[0]!r}; it takes zh and en", key)
        return Label(zh=value["zh"], en=value["en"])

    def close(self) -> None:
        for key in self.content:
            if key not in self._asked:
                self.fail(f"{self.title}: unknown key {key!r}{near(key, tuple(self._asked))}", key)


def near(word: str, known: tuple[str, ...]) -> str:
    """A hint at what was meant: "; did you mean 'x'?", or nothing."""
    match = difflib.get_close_matches(str(word), [str(k) for k in known], n=1)
    return f"; did you mean {match[0]!r}?" if match else ""


def _tables(document: dict[str, Any], places: _Places, name: str) -> list[_Table]:
    content = document.get(name, [])
    if not isinstance(content, list):
        places.fail(f"{name} must be written as [[{name}]], once for each", name)
    return [_Table(table, places, name, i) for i, table in enumerate(content)]


def _catalogue(document: dict[str, Any], places: _Places, text: str) -> Catalogue:
    known = ("portfolio", "ladder", "column", "factor", "feature")
    for name in document:
        if name not in known:
            places.fail(f"unknown table {name!r}{near(name, known)}", name)
    for name in ("portfolio", "ladder"):
        if not isinstance(document.get(name), dict):
            places.fail(f"the catalogue lacks a [{name}] table; add it", name)
    head = _Table(document["portfolio"], places, "portfolio")
    ladder, quantiles = _ladder(_Table(document["ladder"], places, "ladder"))
    name = head.text("name")
    version = head.text("version")
    currency = head.text("currency", "CNY")
    keys = {key: head.text(key) for key in ("borrower", "month", "limit")}
    reviewed = head.text("reviewed", None)
    lag = head.integer("decision_lag", 0, 1, 0)
    warm_up = head.integer("warm_up", 0, 120, lag + 1)
    head.close()
    special = {value: key for key, value in keys.items()} | ({reviewed: "reviewed"} if reviewed else {})
    if len(special) < 3 + bool(reviewed):
        head.fail("borrower, month, limit and reviewed must be four different columns")
    columns = [_column(t, special) for t in _unique(_tables(document, places, "column"), "name")]
    factors = [_factor(t) for t in _unique(_tables(document, places, "factor"), "id")]
    if not factors:
        places.fail("the catalogue declares no [[factor]]; add at least one", "factor")
    tables = _unique(_tables(document, places, "feature"), "id")
    features = [_feature(t, {c.name: c for c in columns}, [f.id for f in factors], special) for t in tables]
    if all(feature.role == "state" for feature in features):
        places.fail("the catalogue declares no [[feature]] that can be a cause; add at least one", "feature")
    _unique([t for t in tables if "code" in t.content], "code")
    states = [feature.id for feature in features if feature.role == "state"]
    for table, feature in zip(tables, features, strict=True):
        if feature.denominator in STATES and feature.denominator not in states:
            table.fail(
                f"{table.title}: denominator {feature.denominator!r} is a state that is not declared; "
                f'add [[feature]] id = "{feature.denominator}" with role = "state"',
                "denominator",
            )
    used = {feature.factor for feature in features}
    for i, factor in enumerate(factors):
        if factor.id not in used:
            places.fail(f"factor {factor.id!r} has no feature; add one or remove the factor", "factor", i)
    return Catalogue(
        name=name,
        version=version,
        currency=currency,
        reviewed=reviewed,
        decision_lag=lag,
        warm_up=warm_up,
        ladder=ladder,
        quantiles=quantiles,
        columns=tuple(columns),
        factors=tuple(factors),
        features=tuple(features),
        text=text,
        **keys,
    )


def _unique(tables: list[_Table], key: str) -> list[_Table]:
    seen: set[str] = set()
    for table in tables:
        value = table.text(key)
        if value in seen:
            table.fail(f"{table.name} {key} {value!r} is declared twice; give each its own", key)
        seen.add(value)
    return tables


def _ladder(table: _Table) -> tuple[LimitLadder | None, int | None]:
    amounts = table.get("amounts", list, None, rule="a list of numbers")
    quantiles = table.integer("quantiles", 2, 100, None)
    table.close()
    if (amounts is None) == (quantiles is None):
        table.fail("[ladder] must have either amounts = [...] or quantiles = N")
    if amounts is None:
        return None, quantiles
    if not all(isinstance(a, int | float) and not isinstance(a, bool) for a in amounts):
        table.fail(f"[ladder]: amounts must be numbers, got {amounts!r}", "amounts")
    try:
        return LimitLadder(tuple(amounts)), None
    except CreditModelError as error:
        table.fail(str(error), "amounts")


def _factor(table: _Table) -> Factor:
    factor = Factor(table.text("id"), table.label("label"), table.choice("about", get_args(About)))
    table.close()
    return factor


def _column(table: _Table, special: dict[str, str]) -> Column:
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


def _state(table: _Table) -> Feature:
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


def _feature(table: _Table, columns: dict[str, Column], factors: list[str], special: dict[str, str]) -> Feature:
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
        fault = wording_fault(words.zh, "zh") or wording_fault(words.en, "en")
        if fault is not None:
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


def _check_source(table: _Table, key: str, source: str, columns: dict[str, Column], special: dict[str, str]) -> None:
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


def _reason(table: _Table) -> Label:
    reason = table.label("reason")
    for text in (reason.zh, reason.en):
        try:
            fields = {name for _, name, spec, _ in string.Formatter().parse(text) if name is not None}
        except ValueError as error:
            table.fail(f"{table.title}: reason {text!r} is no template ({error})", "reason")
        if fields != {"before", "after"}:
            table.fail(
                f"{table.title}: reason must use {{before}} and {{after}} and nothing else, got {text!r}",
                "reason",
            )
    return reason
