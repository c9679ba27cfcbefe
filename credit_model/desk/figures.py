"""Figures of the queue, and what appeals teach: which factors and which data were wrong, and how often."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from starlette.responses import Response

from credit_model.act.appeals.cases import OUTCOMES, OVERRIDES
from credit_model.act.appeals.reading import read_text
from credit_model.act.appeals.summary import cases_table, corrections_table, wrong_by_factor, wrong_by_source
from credit_model.desk.asking import Asked, download
from credit_model.files import write_table
from credit_model.words.values import CatalogueWords, catalogue_words


def show(asked: Asked) -> Response:
    """Counts of the queue, and the tables of `act.appeals.summary`."""
    store, spoken = asked.office.desk.store, asked.spoken
    entries = asked.office.register.entries()
    table, factors, sources = asked.office.figures.get(
        (store.head, asked.today),
        lambda: (cases_table(store, today=asked.today.isoformat()), wrong_by_factor(store), wrong_by_source(store)),
    )
    decided = table[table["outcome"] != ""]
    reasons = decided.loc[decided["override"], "reason"].value_counts()
    kinds = table.groupby("kind", sort=False)
    words = _words(asked)
    return asked.page(
        "figures.html",
        tiles=[
            *((name, sum(name in one.views for one in entries)) for name in ("open", "late", "soon")),
            ("decided", len(decided)),
            ("overrides", int(decided["override"].sum())),
        ],
        on_time=_share(asked, table[table["answered"] != ""]),
        outcomes=[
            (
                spoken.say(f"appeal.kind_{kind}"),
                len(own),
                *(int((own["outcome"] == name).sum()) for name in OUTCOMES),
                int((own["outcome"] == "").sum()),
            )
            for kind, own in kinds
        ],
        outcome_names=[asked.say(f"outcome.{name}") for name in OUTCOMES],
        reasons=[(asked.say(f"reason.{name}"), int(reasons.get(name, 0))) for name in OVERRIDES if name in reasons],
        factors=[
            (_factor(words, row["factor"]), row["n"], row["n_granted"], spoken.share(row["share_granted"]),
             row["share_granted"])
            for row in _rows(factors)
        ],
        sources=[
            (spoken.headed(spoken.say(f"source.{row['source']}")), _datum(words, row["column"]), row["n"],
             row["n_granted"], spoken.share(row["share_granted"]))
            for row in _rows(sources)
        ],
    )  # fmt: skip


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _share(asked: Asked, answered: Any) -> str:
    return asked.spoken.share(float((~answered["late"]).mean())) if len(answered) else ""


def _words(asked: Asked) -> list[CatalogueWords]:
    """The words of the catalogues that cases rest on, the newest first."""
    store = asked.office.desk.store
    digests = dict.fromkeys(case.opened.facts["texts"]["catalogue"] for case in reversed(asked.office.register.cases()))
    return [catalogue_words(read_text(store.text(digest)), asked.lang) for digest in digests]


def _factor(words: list[CatalogueWords], name: str) -> str:
    for one in words:
        if name in one.catalogue.factor_ids:
            return one.language.headed(one.factor_labels[one.catalogue.factor_ids.index(name)])
    return name


def _datum(words: list[CatalogueWords], name: str) -> str:
    return next((one.datum(name) for one in words if name in {c.name for c in one.catalogue.columns}), name)


def give_corrections(asked: Asked) -> Response:
    """All corrected cells as a table, for retraining."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "corrections.csv"
        write_table(corrections_table(asked.office.desk.store), file)
        content = file.read_bytes()
    return download(content, "corrections.csv", "text/csv")
