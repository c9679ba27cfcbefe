"""The panels of the *timeline* plot: limit, keep score, and the factors that moved it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from credit_model.palette import (
    FAINT,
    INK,
    LOST_TINT,
    LOWERS,
    MUTED,
    PAPER,
    RAISES,
    RULE,
    factor_colour,
    factor_hatch,
)
from credit_model.plots import sheet
from credit_model.plots.fonts import FittedText, Typeface
from credit_model.plots.scale import risk_ticks
from credit_model.portfolio.catalogue import Catalogue
from credit_model.words.values import CatalogueWords

Events = NDArray[np.object_]


def triggers(track: pd.DataFrame) -> NDArray[np.bool_]:
    if "trigger" not in track.columns:
        return np.zeros(len(track), dtype=bool)
    return np.asarray(track["trigger"].fillna("").astype(str) != "", dtype=bool)


def limit_ticks(track: pd.DataFrame, most: int) -> list[float]:
    top = float(np.nanmax([*track["limit_amount"], *track["limit_before"].dropna(), 1.0]))
    return sheet.nice_ticks(0.0, top, most)


def _panel_name(ax: Axes, face: Typeface, text: str, drawn: float) -> None:
    name = face.fit(text, size=8.5, width=drawn, lines=1, weight="bold")
    sheet.write(ax, face, name, x=0, y=1, frame="axes", dy=5.0, va="bottom", gid="panel")


def draw_limit(
    ax: Axes, face: Typeface, words: CatalogueWords, track: pd.DataFrame, months: NDArray[np.int64], drawn: float
) -> None:
    limit = track["limit_amount"].to_numpy(dtype=np.float64)
    ticks = limit_ticks(track, int(min(4, _points(ax)[1] // 18)))
    top = float(np.nanmax([*track["limit_amount"], *track["limit_before"].dropna(), 1.0]))
    ax.set_ylim(0.0, 1.22 * top)
    sheet.grid_lines(ax, ticks, axis="y")
    sheet.label_ticks(ax.yaxis, face, ticks, [face.number(t) for t in ticks])
    ax.tick_params(axis="both", length=0, pad=4)
    ax.plot(months, limit, drawstyle="steps-mid", color=INK, lw=1.6, zorder=3, gid="limit")
    ax.fill_between(months, limit, step="mid", color=RULE, alpha=0.35, lw=0, zorder=1)
    event = track["event"].to_numpy(dtype=object)
    still = track["decision"].to_numpy(dtype=bool) & (event == "")
    ax.plot(months[still], limit[still], "o", ms=3.2, color=PAPER, mec=MUTED, mew=0.8, zorder=4)
    for kind, marker, colour in (("decrease", "v", LOWERS), ("increase", "^", RAISES)):
        at = event == kind
        ax.plot(months[at], limit[at], marker, ms=7.5, color=colour, mec=PAPER, mew=0.8, zorder=5, gid=kind)
    fired = triggers(track)
    ax.plot(
        months[fired], np.full(fired.sum(), 0.94), "X", transform=sheet.moved(ax, "column"), ms=6.5, color=INK,
        mec=PAPER, mew=0.6, clip_on=False, zorder=6, gid="trigger",
    )  # fmt: skip
    _label_events(ax, face, months, limit, event, drawn)
    currency = words.language.money_pattern(words.catalogue.currency).format(amount="").strip()
    _panel_name(ax, face, face.say("timeline.limit", currency=currency), drawn)


def _label_events(
    ax: Axes,
    face: Typeface,
    months: NDArray[np.int64],
    limit: NDArray[np.float64],
    event: NDArray[np.object_],
    drawn: float,
) -> None:
    """The new amount at each change of the limit, above a rise and below or beside a cut, where it meets no other."""
    across = drawn / (float(months.max() - months.min()) + 1.4)
    height = _points(ax)[1]
    up = height / ax.get_ylim()[1]
    taken: list[tuple[float, float, float, float]] = []
    for month, amount, kind in zip(months, limit, event, strict=True):
        if kind == "":
            continue
        text = face.number(float(amount))
        half = face.width(text, 7.5) / 2
        x = (float(month - months.min()) + 0.7) * across
        left = min(max(x - half, 0.0), drawn - 2 * half)
        below = kind == "decrease" and amount * up > 18.0
        if kind == "decrease" and not below:  # beside the marker, clear of the line that falls to it
            left = min(x + 5.0, drawn - 2 * half)
        bottom = amount * up + (-16.0 if below else 5.0)
        box = (left - 3.0, left + 2 * half + 3.0, bottom, bottom + 10.0)
        if any(box[0] < o[1] and o[0] < box[1] and box[2] < o[3] and o[2] < box[3] for o in taken):
            continue
        taken.append(box)
        sheet.write(
            ax, face, FittedText(text, 7.5), x=float(month), y=float(amount), frame="data", dx=left + half - x,
            dy=-5.5 if below else 5.0, ha="center", va="top" if below else "bottom", colour=INK, gid="amount",
            halo=PAPER,
        )  # fmt: skip


def _points(ax: Axes) -> tuple[float, float]:
    """Width and height of an Axes in points."""
    box, figure = ax.get_position(), ax.figure
    per_point = figure.dpi / 72.0
    return box.width * figure.bbox.width / per_point, box.height * figure.bbox.height / per_point


def draw_score(ax: Axes, face: Typeface, track: pd.DataFrame, months: NDArray[np.int64], height: float) -> None:
    score = track["keep_score"].to_numpy(dtype=np.float64)
    known = score[np.isfinite(score)]
    low, high = min([0.0, *known]), max([0.0, *known])
    pad = 0.12 * ((high - low) or 1.0)
    low, high = low - pad, high + pad
    ax.set_ylim(low, high)
    ticks = sheet.nice_ticks(low, high, int(height // 24))
    sheet.grid_lines(ax, [t for t in ticks if t], axis="y")
    sheet.label_ticks(ax.yaxis, face, ticks, [face.number(t) for t in ticks])
    ax.tick_params(axis="both", length=0, pad=4)
    ax.axhspan(low, 0.0, color=LOST_TINT, lw=0, zorder=-1)
    ax.axhline(0.0, color=INK, lw=1.3, zorder=2, gid="keep-line")
    ax.plot(months, score, "-", color=MUTED, lw=1.2, zorder=3)
    decided = track["decision"].to_numpy(dtype=bool)
    ax.plot(months, score, "o", ms=2.6, color=MUTED, mec="none", zorder=3, gid="score")
    ax.plot(months[decided], score[decided], "o", ms=4.6, color=INK, mec=PAPER, mew=0.7, zorder=4)
    right = ax.secondary_yaxis("right")
    for spine in right.spines.values():
        spine.set_visible(False)
    risks = risk_ticks(low, high, height, face, label_room=15.0)
    sheet.label_ticks(right.yaxis, face, [score for score, _ in risks], [text for _, text in risks])
    right.tick_params(axis="y", length=0, pad=4)
    _panel_name(ax, face, face.say("timeline.score"), _points(ax)[0])


def draw_factors(
    ax: Axes, face: Typeface, catalogue: Catalogue, track: pd.DataFrame, months: NDArray[np.int64], height: float
) -> None:
    values = track[list(catalogue.factor_ids)].to_numpy(dtype=np.float64)
    known = np.nan_to_num(values)
    up, down = np.zeros(len(months)), np.zeros(len(months))
    for g in range(values.shape[1]):
        part = known[:, g]
        base = np.where(part >= 0, up, down)
        ax.bar(
            months, part, bottom=base, width=0.82, color=factor_colour(g), hatch=factor_hatch(g), edgecolor=PAPER,
            linewidth=0.4, zorder=3, gid=f"factor-{catalogue.factor_ids[g]}",
        )  # fmt: skip
        up += np.where(part >= 0, part, 0.0)
        down += np.where(part < 0, part, 0.0)
    total = np.where(np.isfinite(values).all(axis=1), known.sum(axis=1), np.nan)
    ax.plot(months, total, "D", ms=3.4, color=INK, mec=PAPER, mew=0.7, zorder=5, gid="total")
    span = (up.max() - down.min()) or 1.0
    low, high = down.min() - 0.06 * span, up.max() + 0.06 * span
    ax.set_ylim(low, high)
    ticks = sheet.nice_ticks(low, high, int(height // 24))
    sheet.grid_lines(ax, [t for t in ticks if t], axis="y")
    sheet.label_ticks(ax.yaxis, face, ticks, [face.number(t) for t in ticks])
    ax.tick_params(axis="both", length=0, pad=4)
    ax.axhline(0.0, color=FAINT, lw=0.9, zorder=4)
    _panel_name(ax, face, face.say("timeline.factors"), _points(ax)[0])


def mark_decreases(ax: Axes, track: pd.DataFrame, months: NDArray[np.int64]) -> None:
    for month in months[(track["event"] == "decrease").to_numpy()]:
        ax.axvline(float(month), color=LOWERS, lw=0.8, ls=(0, (3, 3)), alpha=0.7, zorder=2)
