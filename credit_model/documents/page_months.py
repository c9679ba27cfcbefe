"""The months of a decrease's page: the timeline's curves and readings, and the history table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from credit_model.arrays import FloatArray, IntArray
from credit_model.documents.page_axes import round_ticks, score_axis
from credit_model.documents.page_texts import AllWords
from credit_model.documents.tracks import Tracks
from credit_model.portfolio.declarations import Column
from credit_model.words.values import CatalogueWords

#: Months of the history table that are printed.
MONTHS_ON_PAPER = 12
#: Units that stand in every cell; others stand once, beside the column's name.
_MARKED_UNITS = ("boolean", "ratio", "share", "percent")
#: A cell that holds nothing.
_NOTHING = "–"
#: What the limit's axis shows above the highest limit.
_ROOM_ABOVE = 1.08


@dataclass(frozen=True)
class MonthsRecord:
    """Makes the records of the months around a decrease.

    Attributes
    ----------
    words : AllWords
    tracks : Tracks
    rows : slice
        The months shown.
    month : int
        The decision's.
    reference_month : int or None
        None: the reference is no month of the borrower's.
    keep_line : float, log-odds
        From this keep score on the model keeps the tier.
    """

    words: AllWords
    tracks: Tracks
    rows: slice
    month: int
    reference_month: int | None
    keep_line: float

    @property
    def _months(self) -> IntArray:
        return self.tracks.history.month_number[self.rows]

    def track(self) -> dict[str, Any]:
        """What the timeline draws and reads out."""
        history, months = self.tracks.history, self._months
        limit, score = history.values(history.catalogue.limit)[self.rows], self.tracks.keep_score[self.rows]
        decided = self.tracks.decision[self.rows]
        moved = np.sign(np.nan_to_num(np.diff(limit, prepend=np.nan))).astype(int)
        known = score[~np.isnan(score)]
        most = float(np.nanmax(limit, initial=1.0))
        span = range(int(months[0]), int(months[-1]) + 1)
        rows = list(zip(months.tolist(), limit.tolist(), score.tolist(), moved.tolist(), decided.tolist(), strict=True))
        return {
            "months": months.tolist(),
            "short": self.words.each(lambda spoken: [spoken.month_short(m) for m in months.tolist()]),
            "axis_months": self.words.each(lambda spoken: [spoken.month_short(m) for m in span]),
            "decision": _place(months, self.month),
            "reference": -1 if self.reference_month is None else _place(months, self.reference_month),
            "limit": plain_list(limit),
            "limit_axis": {"low": 0, "high": _ROOM_ABOVE * most},
            "limit_ticks": self.words.axis(round_ticks(0.0, most, 3)),
            "score": plain_list(np.round(score, 4)),
            "score_axis": score_axis([self.keep_line, *known.tolist()]) if len(known) else None,
            "kept": (score >= self.keep_line).astype(int).tolist(),
            "decided": decided.astype(int).tolist(),
            "moved": moved.tolist(),
            "readings": self.words.each(lambda spoken: [_reading(spoken, *row) for row in rows]),
            "words": self.words.told(
                "timeline_words",
                **{"from": lambda spoken: spoken.month(span[0]), "to": lambda spoken: spoken.month(span[-1])},
                cuts=str(int((moved < 0).sum())),
                rises=str(int((moved > 0).sum())),
            ),
        }

    def history(self) -> dict[str, Any]:
        """The history table: one line a column of the data, its cells as texts."""
        lag = self.tracks.history.catalogue.decision_lag
        return {
            "on_paper": MONTHS_ON_PAPER,
            "lead": self.words.told("history_lead_lag" if lag else "history_lead"),
            "paper": self.words.told("history_on_paper", number=str(MONTHS_ON_PAPER)),
            "columns": [self._column(column) for column in self.tracks.shown_columns],
        }

    def _column(self, column: Column) -> dict[str, Any]:
        values = self.tracks.history.values(column.name)[self.rows].tolist()
        tell = self.words.each if column.unit == "boolean" else self.words.figures
        return {
            "label": self.words.label(column.label),
            "unit": self.words.each(lambda spoken: _unit(spoken, column)) or None,
            "cells": tell(lambda spoken: _cells(spoken, column, values)),
        }


def _place(months: IntArray, month: int) -> int:
    at = int(np.searchsorted(months, month))
    return at if at < len(months) and months[at] == month else -1


def _reading(spoken: CatalogueWords, month: int, limit: float, score: float, moved: int, decided: bool) -> str:
    """A month of the timeline in words."""
    say = spoken.language.say
    parts = [spoken.month(month), say("report.limit_of", limit=spoken.money(limit))]
    if score == score:
        parts.append(say("report.reading_risk", risk=spoken.language.risk(float(expit(-score)))))
    if moved:
        parts.append(say("page.event_decrease" if moved < 0 else "page.event_increase"))
    elif decided:
        parts.append(say("report.event_kept"))
    return say("page.separator").join(parts)


def _unit(spoken: CatalogueWords, column: Column) -> str:
    if column.unit == "money":
        return spoken.catalogue.currency
    key = f"report.unit_{column.unit}"
    return spoken.language.say(key) if key in spoken.language.words else ""


def _cells(spoken: CatalogueWords, column: Column, values: list[float]) -> list[str]:
    """The cells of a line; what stands in many of them is written once."""
    texts = {value: _cell(spoken, column, value) for value in set(values)}
    return [texts[value] if value == value else _NOTHING for value in values]


def _cell(spoken: CatalogueWords, column: Column, value: float) -> str:
    """A cell, without a unit that stands beside the column's name."""
    if value != value:
        return _NOTHING
    if column.categories:
        return spoken.category(column, value)
    if column.unit in _MARKED_UNITS:
        return spoken.measured(column.unit, value)
    return spoken.language.number(value)


def plain(value: float) -> float | int | None:
    """A number as JSON should hold it: whole ones without a point, NaN as null."""
    if value != value:
        return None
    return int(value) if value == int(value) else float(value)


def plain_list(values: FloatArray) -> list[float | int | None]:
    """Numbers (n,) as `plain` writes them."""
    return [plain(value) for value in values.tolist()]
