"""From a table to a catalogue that loads and trains as it is: `draft_catalogue`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model.draft.columns import ColumnPlan, language_of, plan_columns
from credit_model.draft.directions import find_directions
from credit_model.draft.features import FeaturePlan, plan_features
from credit_model.draft.keys import Keys, find_keys
from credit_model.draft.ladder import LadderFound, find_ladder
from credit_model.draft.lag import LagEvidence, lag_evidence
from credit_model.draft.leaks import LeftOut, find_left_out
from credit_model.draft.panel import Panel
from credit_model.draft.profiles import Profile, decimal_mark, profiles_of
from credit_model.draft.roles import Roles, find_roles
from credit_model.draft.table_source import SourceFound, read_source
from credit_model.draft.write_toml import DOUBT, Writing
from credit_model.errors import CreditModelError, CreditModelWarning, HistoryError
from credit_model.files import write_text
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import format_month
from credit_model.portfolio.snapshots import build_snapshots
from credit_model.readers.encodings import is_encoding
from credit_model.readers.source_format import DECIMAL_MARKS, SEPARATORS

#: A borrower's first rows are left out, at most so many.
_MOST_WARM_UP = 12
_FINDINGS = ("what", "decided", "how sure", "why")
_CURRENCIES = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "₩": "KRW", "₹": "INR", "HK$": "HKD",
               "NT$": "TWD", "A$": "AUD", "C$": "CAD", "S$": "SGD"}  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A drafted catalogue, and what was decided for it.

    Attributes
    ----------
    text : str
        The TOML, commented; what is unsure is marked ``# ??``.
    catalogue : Catalogue
        What it declares.
    findings : DataFrame
        what, decided, how sure ("sure", "likely" or "unsure"), why; one row a decision, in the order of the file.
    lag : LagEvidence
        What the data say of the decision lag.
    """

    text: str
    catalogue: Catalogue
    findings: pd.DataFrame = field(repr=False)
    lag: LagEvidence = field(repr=False)

    @property
    def n_doubts(self) -> int:
        """Lines of the file that a person should look at."""
        return sum(line.lstrip().startswith(f"# {DOUBT}") or f"# {DOUBT}" in line for line in self.text.split("\n")[4:])

    def write(self, path: str | Path) -> None:
        """Write the TOML into a file, whole or not at all."""
        write_text(self.text, path)


def draft_catalogue(
    data: Any,
    *,
    lag: int | None = None,
    borrower: str | Sequence[str] | None = None,
    month: str | None = None,
    limit: str | None = None,
    query: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
) -> Draft:
    """Draft a catalogue from a table of histories: one row a borrower's month.

    Parameters
    ----------
    data : DataFrame, path, or whatever else `as_table` takes
    lag : 0 or 1, optional
        The decision lag: 0, a month's limit is set at its end, knowing it; 1, at its start. Without it the data tell,
        where they can; else 1 is taken, which knows less, and marked.
    borrower : str or sequence of str, optional
        The column that names the borrower or account, or several that do together.
    month, limit : str, optional
        The columns of months and limits. All three are found where they are not given.
    query : str, optional
        Of a database.
    sheet, encoding, separator, decimal : str, optional
        As in ``[source]``: found out where they are not given.

    Raises
    ------
    DataFileError
        The file cannot be read.
    HistoryError
        No key, month or limit is found, or what a cell means is not proven; the message names the option that settles
        it.

    Examples
    --------
    >>> from credit_model import simulate_portfolio
    >>> draft = draft_catalogue(simulate_portfolio(300, 24, seed=1).history)
    >>> draft.catalogue.borrower, draft.catalogue.limit, draft.catalogue.decision_lag
    ('borrower_id', 'limit_amount', 0)
    """
    _check("lag", lag if not isinstance(lag, bool) else str(lag), (0, 1))
    _check("decimal", decimal, DECIMAL_MARKS)
    _check("separator", separator, SEPARATORS)
    if encoding is not None and not is_encoding(encoding):
        raise CreditModelError(f"encoding must be one that Python knows, such as gb18030 or cp1252, found {encoding!r}")
    key = (borrower,) if isinstance(borrower, str) else tuple(borrower or ())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CreditModelWarning)  # the findings say more
        source = read_source(data, query=query, sheet=sheet, encoding=encoding, separator=separator, decimal=decimal)
        return _drafted(source, lag, key, month, limit)


def _check(name: str, value: Any, allowed: Sequence[Any]) -> None:
    if value is not None and value not in allowed:
        shown = " or ".join(repr(one) for one in allowed)
        raise CreditModelError(f"{name} must be {shown}, found {value!r}; leave it out where you do not know it")


@dataclass(frozen=True)
class _Found:
    """What was found out, before it is written."""

    source: SourceFound
    decimal: tuple[str, Any]
    keys: Keys
    limit: Profile
    panel: Panel
    left_out: Mapping[str, LeftOut]
    roles: Roles
    evidence: LagEvidence
    given_lag: int | None
    columns: Sequence[ColumnPlan]
    lang: str

    @property
    def lag(self) -> int:
        """The lag that is taken: given, told by the data, or the one that knows less."""
        if self.given_lag is not None:
            return self.given_lag
        return 1 if self.evidence.lag is None else self.evidence.lag


def _drafted(source: SourceFound, lag: int | None, key: tuple[str, ...], month: str | None, limit: str | None) -> Draft:
    raw = source.table
    if not len(raw):
        raise HistoryError("the table has no rows; give at least two months of some borrowers")
    decimal = decimal_mark(raw, source.declared.get("decimal"))
    profiles = profiles_of(raw, decimal[0])
    keys = find_keys(raw, profiles, borrower=key, month=month, limit=limit)
    if profiles[keys.limit].kind not in ("number", "integer", "boolean"):
        raise HistoryError(
            f"column {keys.limit!r} must hold the limits as numbers, found {profiles[keys.limit].kind}; "
            "give another --limit"
        )
    panel = Panel.of(profiles, keys)
    left_out = find_left_out(panel)
    roles = find_roles(panel, left_out)
    evidence = lag_evidence(panel, set(left_out))
    if (evidence.lag if lag is None else lag) != 0:
        left_out = {name: one for name, one in left_out.items() if not one.only_at_lag_0}
    lang = language_of(panel)
    columns = plan_columns(panel, left_out, roles, lang)
    found = _Found(source, decimal, keys, profiles[keys.limit], panel, left_out, roles, evidence, lag, columns, lang)
    features = plan_features(
        columns, length=panel.typical_length, calendar=keys.months.calendar, moves=_moves(panel), lang=lang
    )
    if not features:
        raise HistoryError(
            "no column is left that could be a driver of the limit; give a table with more than its keys"
        )
    return _checked(found, features)


def _moves(panel: Panel) -> bool:
    return bool((panel.rose | panel.fell).any())


def _checked(found: _Found, features: list[FeaturePlan]) -> Draft:
    """The draft, its ladder and directions taken from the history as `check_history` reads it."""
    first = _writing(found, features, LadderFound((), 8, 0, 1.0))
    catalogue = parse_catalogue(first.text(), where="draft")
    history = check_history(found.source.reread(catalogue), catalogue)
    ladder = find_ladder(history)
    tiers = (
        LimitLadder(ladder.amounts)
        if ladder.amounts
        else LimitLadder.from_quantiles(history.values(catalogue.limit), 8)
    )
    features = find_directions(features, build_snapshots(history, tiers, n_jobs=1), found.lang)
    writing = _writing(found, features, ladder)
    text = writing.text()
    return Draft(text, parse_catalogue(text, where="draft"), _findings(found, writing), found.evidence)


def _writing(found: _Found, features: Sequence[FeaturePlan], ladder: LadderFound) -> Writing:
    panel, keys = found.panel, found.keys
    currency, said = _currency(found)
    remarks: dict[str, str] = {}
    if said:
        remarks["currency"] = said
    for what in ("borrower", "month", "limit"):
        sure, why = keys.sure[what]
        if sure != "sure":
            remarks[what] = f"{DOUBT} {why}"
    if found.limit.doubt:
        remarks["limit"] = f"{DOUBT} {found.limit.doubt}" + remarks.get("limit", "").replace(DOUBT, ";")
    if keys.months.others:
        remarks["month_format"] = f"{DOUBT} {', '.join(keys.months.others)} fits as well"
    for what, decided, sure, why in found.roles.notes:
        key = (
            "closed" if what == "closed" or "ended" in decided else "reviewed" if "reviewed" in decided else "not_a_cut"
        )
        remarks[key] = f"{DOUBT + ' ' if sure == 'unsure' else ''}{what}: {decided}; {why}"
    remarks["decision_lag"] = _lag_remark(found)
    source, more = _source(found)
    first, last = (format_month(int(m), panel.month_type) for m in (panel.number.min(), panel.number.max()))
    title = f"{found.source.title}: {panel.n_borrowers:,} borrowers, {len(panel):,} rows, {first} to {last}"
    return Writing(
        title=title,
        name=found.source.name,
        currency=currency,
        borrower=keys.borrower,
        month=keys.month,
        limit=keys.limit,
        reviewed=found.roles.reviewed,
        calendar=keys.months.calendar,
        month_format=keys.months.month_format,
        closed=found.roles.closed,
        not_a_cut=found.roles.not_a_cut,
        lag=found.lag,
        warm_up=max(found.lag + 1, min(_MOST_WARM_UP, panel.typical_length // 6)),
        source=source,
        ladder=ladder,
        moves=_moves(panel),
        columns=found.columns,
        features=features,
        left_out=list(found.left_out.values()),
        remarks=remarks | more,
        lang=found.lang,
    )


def _lag_remark(found: _Found) -> str:
    evidence, given = found.evidence, found.given_lag
    rule = "0: decided at the end of a month, knowing it; 1: at its start, knowing the month before."
    lines = f" Evidence: {'; '.join(evidence.lines)}." if evidence.lines else ""
    if given is not None:
        if evidence.lag is not None and evidence.lag != given:
            return f"{DOUBT} {rule} Given as {given}, but the data speak for {evidence.lag}.{lines}"
        return f"{rule} As given.{lines}"
    if evidence.lag is None:
        return f"{DOUBT} {rule} The data do not tell; 1 knows less and is never wrong by knowing too much.{lines}"
    mark = "" if evidence.sure == "sure" else f"{DOUBT} "
    return f"{mark}{rule} The data speak for {evidence.lag}.{lines}"


def _currency(found: _Found) -> tuple[str, str]:
    """The currency, and what is said of it where it is a guess."""
    signs = {sign for profile in (*found.panel.profiles.values(), found.limit) for sign in profile.currencies}
    codes = sorted({_CURRENCIES.get(sign, sign) for sign in signs})
    if len(codes) == 1 and len(codes[0]) == 3:
        return codes[0], ""
    headers = " ".join([found.keys.limit, *found.panel.profiles]).upper()
    for code in ("USD", "EUR", "GBP", "CNY", "HKD", "TWD", "JPY", "INR", "SGD", "AUD", "CAD", "CHF"):
        if re.search(rf"(?<![A-Z]){code}(?![A-Z])", headers):
            return code, ""
    if "RMB" in headers or "元" in headers:
        return "CNY", ""
    if found.lang == "zh":
        return "CNY", f"{DOUBT} nothing names the currency; taken from the language of the headers"
    return "CU", f"{DOUBT} nothing names the currency: CU stands for currency units"


def _source(found: _Found) -> tuple[dict[str, object], dict[str, str]]:
    """The table ``[source]``, and what is said of its keys."""
    declared = {found.keys.limit, *(plan.name for plan in found.columns)}
    profiles = {profile.name: profile for profile in (found.limit, *(plan.profile for plan in found.columns))}
    table: dict[str, object] = dict(found.source.declared)
    remarks: dict[str, str] = {}
    mark, marks = found.decimal
    if marks.point or marks.comma or marks.doubtful:
        table.setdefault("decimal", mark)
        if marks.decimal is None and "decimal" not in found.source.declared:
            remarks["decimal"] = (
                f"{DOUBT} {marks.doubtful or marks.point!r} could be read with a point or a comma before the decimals; "
                "taken for thousands"
            )
    scale = {name: p.scale for name, p in profiles.items() if p.scale != 1.0 and name in declared}
    missing = {name: p.missing for name, p in profiles.items() if p.missing and name in declared}
    blank = {name: p.blank for name, p in profiles.items() if p.blank is not None and name in declared}
    if scale:
        table["scale"], remarks["source.scale"] = scale, "what the headers count in"
    if missing:
        table["missing"], remarks["source.missing"] = missing, f'{DOUBT} values that seem to mean "not known"'
    if blank:
        table["blank"], remarks["source.blank"] = blank, f"{DOUBT} a blank seems to mean none: no other cell is 0"
    return table, remarks


def _findings(found: _Found, writing: Writing) -> pd.DataFrame:
    keys, rows = found.keys, []
    for what, value in (("borrower", "/".join(keys.borrower)), ("month", keys.month), ("limit", keys.limit)):
        rows.append((what, value, *keys.sure[what]))
    sure = "sure" if found.given_lag is not None else found.evidence.sure
    rows.append(("decision_lag", str(found.lag), sure, "; ".join(found.evidence.lines) or "nothing in the data tells"))
    rows += list(found.roles.notes)
    ladder = writing.ladder
    if ladder.amounts:
        rows.append(("ladder", f"{len(ladder.amounts)} tiers", "sure" if ladder.caught >= 0.98 else "unsure",
                     f"sees {ladder.caught:.1%} of {ladder.n_falls:,} falls"))  # fmt: skip
    if (encoding := str(writing.source.get("encoding", "utf-8"))) not in ("utf-8", "utf-16", "utf-32"):
        rows.append(("encoding", encoding, "likely", "the only usual one in which the text makes sense"))
    for key in ("currency", "decimal", "source.scale", "source.missing", "source.blank"):
        if key in writing.remarks:
            plain = writing.remarks[key]
            rows.append((key, str(writing.source.get(key.removeprefix("source."), writing.currency)),
                         "unsure" if plain.startswith(DOUBT) else "sure", plain.removeprefix(f"{DOUBT} ")))  # fmt: skip
    rows += [(one.name, "left out", one.sure, one.why) for one in writing.left_out]
    for plan in writing.columns:
        decided = "audit" if plan.role == "audit" else plan.factor or "declared, not a driver"
        rows.append((plan.name, decided, "unsure" if plan.doubt else "sure", plan.doubt or plan.why))
    for feature in writing.features:
        if feature.doubt:
            rows.append((feature.id, feature.effect, "unsure", feature.doubt))
    return pd.DataFrame(rows, columns=list(_FINDINGS))
