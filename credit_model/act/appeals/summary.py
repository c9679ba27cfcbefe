"""What appeals teach: which factors and data sources are wrong most often, and the corrections, for retraining."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from credit_model.act.appeals.cases import Case
from credit_model.act.appeals.reading import read_case, read_text
from credit_model.act.appeals.store import Store
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.months import format_month

#: Outcomes by which the borrower was right, at least in part.
_GRANTED = ("reinstate", "partly")


def cases_table(store: Store, *, today: str) -> pd.DataFrame:
    """One row a case, from what is in the log, also where the borrower's data were erased.

    Parameters
    ----------
    store : Store
    today : str
        The day by which open cases are late or not, ISO 8601.

    Returns
    -------
    DataFrame
        case, kind, channel, state, opened, due, answered ("": not yet), late, support, recommendation, outcome,
        override, reason (each "" until there is one), leading_factor, n_documents, columns (joined by commas), erased.
    """
    rows = [_row(store.case(number), today) for number in sorted(store.cases())]
    names = ("case", "kind", "channel", "state", "opened", "due", "answered", "late", "support", "recommendation",
             "outcome", "override", "reason", "leading_factor", "n_documents", "columns", "erased")  # fmt: skip
    return pd.DataFrame(rows, columns=list(names))


def _row(case: Case, today: str) -> dict[str, Any]:
    decided = {} if case.decided is None else case.decided.facts
    evaluated = {} if case.evaluated is None else case.evaluated.facts
    return {
        "case": case.number,
        "kind": case.kind,
        "channel": case.channel,
        "state": case.state,
        "opened": case.opened.facts["day"],
        "due": case.due,
        "answered": case.answered_on or "",
        "late": case.is_late(today),
        "support": case.opened.facts["support"],
        "recommendation": evaluated.get("recommendation", ""),
        "outcome": decided.get("outcome", ""),
        "override": bool(decided.get("override", False)),
        "reason": decided.get("reason", ""),
        "leading_factor": evaluated.get("leading_factor", ""),
        "n_documents": len(case.evidence),
        "columns": ", ".join(sorted({name for event in case.evidence for name in event.facts["columns"]})),
        "erased": case.is_erased,
    }


def wrong_by_factor(store: Store) -> pd.DataFrame:
    """How often each factor was the one that a correction moved most, and how often the borrower was right.

    Returns
    -------
    DataFrame
        factor, n (decided cases whose correction moved it most), n_granted (reinstated or in part), share_granted.
    """
    found: dict[str, list[bool]] = {}
    for case in _decided(store):
        factor = "" if case.evaluated is None else case.evaluated.facts["leading_factor"]
        if factor:
            found.setdefault(factor, []).append(_is_granted(case))
    return _counted(found, ["factor"])


def wrong_by_source(store: Store) -> pd.DataFrame:
    """How often each column, and so each source of data, was disputed, and how often the borrower was right.

    Returns
    -------
    DataFrame
        source, column, n (decided cases with a document about the column), n_granted (those in which the document
        counted), share_granted.
    """
    found: dict[tuple[str, str], list[bool]] = {}
    for case in _decided(store):
        catalogue = _catalogue(store, case)
        counted = () if case.evaluated is None else case.evaluated.facts["columns"]  # without what was set aside
        for name in sorted({name for event in case.evidence for name in event.facts["columns"]}):
            is_right = _is_granted(case) and name in counted
            found.setdefault((catalogue.column(name).source, name), []).append(is_right)
    return _counted(found, ["source", "column"])


def _decided(store: Store) -> list[Case]:
    cases = [store.case(number) for number in sorted(store.cases())]
    return [case for case in cases if case.decided is not None]


def _is_granted(case: Case) -> bool:
    return case.decided is not None and case.decided.facts["outcome"] in _GRANTED


def _catalogue(store: Store, case: Case) -> Catalogue:
    return read_text(store.text(case.opened.facts["texts"]["catalogue"]))


def _counted(found: dict[Any, list[bool]], names: list[str]) -> pd.DataFrame:
    rows = []
    for key, granted in found.items():
        own = dict(zip(names, key if isinstance(key, tuple) else (key,), strict=True))
        n, right = len(granted), int(np.sum(granted))
        rows.append(own | {"n": n, "n_granted": right, "share_granted": right / n})
    table = pd.DataFrame(rows, columns=[*names, "n", "n_granted", "share_granted"])
    order = ["n_granted", "n", *names]
    return table.sort_values(order, ascending=[False, False, *[True] * len(names)], ignore_index=True)


def corrections_table(store: Store) -> pd.DataFrame:
    """The cells that documents corrected in decided cases, as far as they were not erased: evidence for retraining.

    Returns
    -------
    DataFrame
        case, borrower_id, month, column, before, after (categories as text), document, source, outcome, granted.
    """
    rows: list[dict[str, Any]] = []
    for case in _decided(store):
        if case.is_erased:
            continue
        file, catalogue = read_case(store, case), _catalogue(store, case)
        aside = () if case.evaluated is None else case.evaluated.facts["without"]
        for document in file.documents:
            if document.event.seq in aside:
                continue
            for edit in document.edits:
                rows.append(
                    {
                        "case": case.number,
                        "borrower_id": str(file.frozen.borrower_id),
                        "month": format_month(edit.month, file.frozen.month_type),
                        "column": edit.column,
                        "before": value_text(catalogue, edit.column, edit.before),
                        "after": value_text(catalogue, edit.column, edit.after),
                        "document": document.kind,
                        "source": catalogue.column(edit.column).source,
                        "outcome": "" if case.decided is None else case.decided.facts["outcome"],
                        "granted": _is_granted(case),
                    }
                )
    names = ("case", "borrower_id", "month", "column", "before", "after", "document", "source", "outcome", "granted")
    return pd.DataFrame(rows, columns=list(names))


def value_text(catalogue: Catalogue, column: str, value: float) -> str:
    """A cell as it is written in a table, and read from one; "" where nothing is known."""
    declared = catalogue.column(column)
    if value != value:
        return ""
    if declared.kind == "category":
        return declared.categories[int(value)]
    if declared.kind == "boolean":
        return "true" if value else "false"
    return f"{value:.12g}"
