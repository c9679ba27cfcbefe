"""What the report's pages embed: plain records of a decrease, its borrower's months, and the portfolio's rows.

The pages draw and answer from these records alone. Numbers stay numbers (the keep scores to the last bit), texts are
given in both languages, and nothing here is markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.errors import HistoryError
from credit_model.explain.explanations import DecreaseExplanations
from credit_model.model.forest import OrdinalForest
from credit_model.portfolio.declarations import Label
from credit_model.portfolio.history import History
from credit_model.portfolio.months import month_number_of
from credit_model.portfolio.snapshots import Snapshots
from credit_model.words.values import LANGUAGES, Lang, Wording, format_money

FloatArray = NDArray[np.float64]

#: Months shown before the decision (more, if the reference lies further back) and after it.
MONTHS_BEFORE = 36
MONTHS_AFTER = 12
#: Bits of a row's flags in the index.
UNEXPLAINED, NEAR_TIE, CENSORED, NO_REFERENCE = 1, 2, 4, 8
KIND_FLAGS = {"knock_out": 16, "inactivity": 32, "delinquency": 64, "class_wide": 128}


@dataclass(frozen=True)
class Tracks:
    """The months of borrowers: what the timeline and the history table show.

    Attributes
    ----------
    history : History
    keep_score : float64 array, (n,)
        Log-odds of keeping the tier in force, a value for each row of ``history``; NaN where there is none.
    decision : bool array, (n,)
        A decision was taken in that month.
    """

    history: History
    keep_score: FloatArray
    decision: NDArray[np.bool_]

    @cached_property
    def shown_columns(self) -> list[dict[str, Any]]:
        """The declared columns that hold data, audit columns left out: label, unit, categories and ``cells`` (n,)."""
        shown = []
        for column in self.history.catalogue.columns:
            cells = self.history.values(column.name)
            if column.role == "audit" or np.isnan(cells).all():
                continue
            record: dict[str, Any] = {"label": _in_all(column.label), "unit": column.unit}
            if column.categories:
                record["categories"] = list(column.categories)
            shown.append(record | {"cells": np.round(cells, 4)})
        return shown

    def rows_of(self, borrower_id: Any, month: int, reference_month: int) -> slice:
        """The rows shown for a decrease in ``month``."""
        place = self.history.position_of(borrower_id)
        start, stop = int(self.history.starts[place]), int(self.history.starts[place + 1])
        months = self.history.month_number[start:stop]
        at = int(np.searchsorted(months, month))
        if at == len(months) or months[at] != month:
            raise HistoryError(
                f"borrower {borrower_id!r} has no row for the decrease's month in the history; "
                "give the history that was explained"
            )
        since = int(np.searchsorted(months, reference_month)) if reference_month < month else at
        first = max(min(at - MONTHS_BEFORE + 1, since), 0)
        return slice(start + first, start + min(at + MONTHS_AFTER + 1, len(months)))


def score_tracks(forest: OrdinalForest, snapshots: Snapshots, *, n_jobs: int = -1) -> Tracks:
    """Each month's keep score, NaN in the lowest tier and before anything is known of the borrower.

    Parameters
    ----------
    forest : OrdinalForest
        Fitted on the features of ``snapshots.catalogue``.
    snapshots : Snapshots
        Of the borrowers that the report is about.
    """
    row = np.flatnonzero((snapshots.tier_before > 0) & (snapshots.position > snapshots.catalogue.decision_lag))
    score = np.full(len(snapshots.position), np.nan)
    if len(row):
        score[row] = forest.keep_score(forest.encode(snapshots.X[row]), snapshots.tier_before[row], n_jobs=n_jobs)
    return Tracks(snapshots.history, score, snapshots.is_decision)


@dataclass(frozen=True)
class PageRecords:
    """Makes the records of single decreases; what they share is worked out once.

    Attributes
    ----------
    explanations : DecreaseExplanations
    tracks : Tracks
    reasons : sequence of mappings, one a decrease
        As `reasons.reasons_as_records` makes them.
    lang : "en" or "zh"
        The language that a page opens in.
    version : str
        Of the package.
    """

    explanations: DecreaseExplanations
    tracks: Tracks
    reasons: Sequence[Mapping[str, Any]]
    lang: Lang
    version: str

    @cached_property
    def _wording(self) -> dict[Lang, Wording]:
        explained = self.explanations
        return {lang: Wording(explained.catalogue, lang, explained.month_type) for lang in LANGUAGES}

    @cached_property
    def common(self) -> dict[str, Any]:
        """What every page and the index say alike."""
        explained, catalogue = self.explanations, self.explanations.catalogue
        return {
            "lang": self.lang,
            "month_type": explained.month_type,
            "currency": {lang: format_money(0, catalogue.currency, lang).split("0") for lang in LANGUAGES},
            "currency_name": catalogue.currency,
            "catalogue": catalogue.name,
            "versions": {
                "model": explained.model_version,
                "catalogue": f"{catalogue.name} {catalogue.version}",
                "report": self.version,
            },
        }

    @cached_property
    def _positions(self) -> list[list[int]]:
        return [drivers.tolist() for drivers in self.explanations.catalogue.factor_drivers]

    def page(self, i: int) -> dict[str, Any]:
        """The record of decrease ``i``."""
        explained = self.explanations
        month, reference_month = int(explained.month_number[i]), int(explained.reference_month_number[i])
        rows = self.tracks.rows_of(explained.borrower_id[i], month, reference_month)
        told = self.reasons[i]
        return {
            **self.common,
            "borrower": str(explained.borrower_id[i]),
            "month": month,
            "decision_lag": explained.catalogue.decision_lag,
            "limit": [_plain(explained.limit_before[i]), _plain(explained.limit_after[i])],
            "tier": [int(explained.tier_before[i]), int(explained.tier_after[i])],
            "n_tiers": explained.ladder.n_tiers,
            "score": [float(explained.keep_score_before[i]), float(explained.keep_score_after[i])],
            "near_tie": bool(explained.near_tie[i] and explained.model_agrees[i]),
            "reference": {
                "kind": explained.reference,
                "month": reference_month,
                "censored": bool(explained.reference_censored[i]),
                "known": bool(explained.has_reference[i]),
            },
            "factors": self._factors(i),
            "coalitions": explained.coalitions[i].tolist(),
            "restoring": self._restoring(i),
            **{key: told[key] for key in ("status", "reasons", "notes", "kinds", "paragraph")},
            "coverage": _plain(told["coverage"]),
            "track": self._track(rows),
            "history": [
                {**{k: v for k, v in column.items() if k != "cells"}, "values": _plain_list(column["cells"][rows])}
                for column in self.tracks.shown_columns
            ],
        }

    def _factors(self, i: int) -> list[dict[str, Any]]:
        explained = self.explanations
        sums = explained.factor_contributions[i].tolist()
        features = self._features(i)
        return [
            {
                "id": factor.id,
                "about": factor.about,
                "label": _in_all(factor.label),
                "value": sums[g],
                "features": [features[j] for j in self._positions[g]],
            }
            for g, factor in enumerate(explained.catalogue.factors)
        ]

    def _features(self, i: int) -> list[dict[str, Any]]:
        explained, words = self.explanations, self._wording
        values = explained.contributions[i].tolist()
        then, now = explained.features_before[i].tolist(), explained.features_after[i].tolist()
        records = []
        for j, feature in enumerate(words["en"].drivers):
            record: dict[str, Any] = {"label": _in_all(feature.label), "value": values[j]}
            same = then[j] == now[j] or (then[j] != then[j] and now[j] != now[j])
            if same:
                record["now"] = {lang: words[lang].value(feature, now[j]) for lang in LANGUAGES}
            else:
                pairs = {lang: words[lang].pair(feature, then[j], now[j]) for lang in LANGUAGES}
                record["then"] = {lang: pairs[lang][0] for lang in LANGUAGES}
                record["now"] = {lang: pairs[lang][1] for lang in LANGUAGES}
            records.append(record)
        return records

    def _restoring(self, i: int) -> list[int]:
        place = {factor: g for g, factor in enumerate(self.explanations.catalogue.factor_ids)}
        return [sum(1 << place[factor] for factor in chosen) for chosen in self.explanations.restoring_sets[i]]

    def _track(self, rows: slice) -> dict[str, Any]:
        history = self.tracks.history
        return {
            "months": history.month_number[rows].tolist(),
            "limit": _plain_list(history.values(history.catalogue.limit)[rows]),
            "score": _plain_list(np.round(self.tracks.keep_score[rows], 4)),
            "decision": self.tracks.decision[rows].astype(int).tolist(),
        }

    def index(self, files: Sequence[str], economy: pd.DataFrame | None) -> dict[str, Any]:
        """The record of the portfolio's index: one entry a decrease in every list of ``rows``."""
        explained = self.explanations
        flags = (
            np.where(explained.model_agrees, 0, UNEXPLAINED)
            + np.where(explained.near_tie & explained.model_agrees, NEAR_TIE, 0)
            + np.where(explained.reference_censored & explained.has_reference, CENSORED, 0)
            + np.where(explained.has_reference, 0, NO_REFERENCE)
        ).tolist()
        kinds = [sum(KIND_FLAGS[kind] for kind in told["kinds"]) for told in self.reasons]
        months = explained.month_number
        span = list(range(int(months.min()), int(months.max()) + 1)) if len(explained) else []
        return {
            **self.common,
            "reference": explained.reference,
            "factors": [{"id": f.id, "label": _in_all(f.label)} for f in explained.catalogue.factors],
            "months": span,
            "economy": economy_series(economy, span, explained) if economy is not None and span else [],
            "rows": {
                "borrower": [str(b) for b in explained.borrower_id],
                "month": months.tolist(),
                "file": list(files),
                "before": _plain_list(explained.limit_before),
                "after": _plain_list(explained.limit_after),
                "factor": np.where(explained.model_agrees, explained.leading_factor_index, -1).tolist(),
                "score_before": _plain_list(np.round(explained.keep_score_before, 4)),
                "score_after": _plain_list(np.round(explained.keep_score_after, 4)),
                "flags": [a + b for a, b in zip(flags, kinds, strict=True)],
            },
        }


def economy_series(
    economy: pd.DataFrame, months: Sequence[int], explained: DecreaseExplanations
) -> list[dict[str, Any]]:
    """The economy's numeric columns, a value for each of ``months`` (None where unknown).

    Raises
    ------
    HistoryError
        ``economy`` has no column for the month, or more than one row a month.
    """
    catalogue = explained.catalogue
    month = next((c for c in (catalogue.month, "month") if c in economy), None)
    if month is None:
        raise HistoryError(f"the economy table must have a column {catalogue.month!r}, found {list(economy.columns)}")
    numbers = [month_number_of(value, explained.month_type) for value in economy[month]]
    if len(set(numbers)) < len(numbers):
        raise HistoryError("the economy table must have one row a month, found more; keep one")
    declared = {column.name: _in_all(column.label) for column in catalogue.columns}
    series = []
    for column in economy.drop(columns=[month]).select_dtypes("number"):
        known = dict(zip(numbers, _plain_list(economy[column].to_numpy(dtype=np.float64)), strict=True))
        values = [known.get(number) for number in months]
        if any(value is not None for value in values):
            name = str(column)
            series.append({"label": declared.get(name, _in_all(Label({"": name}))), "values": values})
    return series


def _in_all(label: Label) -> dict[str, str]:
    return {lang: label.text(lang) for lang in LANGUAGES}


def _plain(value: float) -> float | int | None:
    if value != value:
        return None
    return int(value) if value == int(value) else float(value)


def _plain_list(values: FloatArray) -> list[float | int | None]:
    """Numbers as JSON should hold them: whole ones without a point, NaN as null."""
    return [_plain(value) for value in values.tolist()]
