"""Months as positions on an axis, and which of them are labelled."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from credit_model.palette import RULE
from credit_model.plots import sheet
from credit_model.plots.fonts import Typeface
from credit_model.portfolio.months import MonthType, format_month, month_numbers_of, month_type_of

_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)


def numbers_of(months: pd.Series | pd.Index) -> tuple[NDArray[np.int64], MonthType]:
    """A table's months as consecutive numbers, and what they count."""
    kind = month_type_of(months.dtype)
    return month_numbers_of(months, kind), kind


def label_months(ax: Axes, face: Typeface, first: int, last: int, kind: MonthType, drawn: float) -> None:
    """Label as many months, evenly spaced, as fit on ``drawn`` points."""
    ticks = _ticks(face, first, last, kind, drawn)
    sheet.label_ticks(ax.xaxis, face, ticks, [_short(t, kind) for t in ticks])
    ax.tick_params(axis="x", length=3, color=RULE, pad=3)


def _ticks(face: Typeface, first: int, last: int, kind: MonthType, drawn: float) -> list[int]:
    widest = max(face.width(_short(m, kind), sheet.TICK_SIZE) for m in (first, last)) + 10.0
    span = max(last - first + 1, 1)
    step = next((s for s in _STEPS if drawn * s / span >= widest), span)
    ticks = [m for m in range(first, last + 1) if m % step == 0]
    return ticks or [first]


def _short(number: int, kind: MonthType) -> str:
    return format_month(int(number), kind).replace("-", "−") if kind == "integer" else format_month(int(number), kind)
