"""The *warning* plot: the lines most at risk, each from the risk when its limit was set to the risk now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from scipy.special import expit, logit

from credit_model.act.warning.told import WarningWords
from credit_model.act.warning.watching import Warnings
from credit_model.errors import CreditModelError
from credit_model.palette import FAINT, INK, MUTED, PAPER, RULE, factor_colour
from credit_model.plots import sheet
from credit_model.plots.fonts import FittedText, Typeface, typeface
from credit_model.plots.legend import Entry, draw_legend, flow
from credit_model.plots.scale import risk_ticks

_WIDTH, _LANE = 640.0, 34.0
_AXIS = 40.0
_PAD = 0.35


@dataclass(frozen=True)
class _Lane:
    """One alerted line: its name, what raised its risk, both scores (log-odds of a cut) and its colour."""

    name: FittedText
    reason: FittedText
    then: float
    now: float
    value: FittedText
    colour: str


@sheet.in_own_style
def plot_warning(warnings: Warnings, *, most: int = 12, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw the alerted lines of the highest risk: what it was when the limit was set, what it is, and what raised it.

    Parameters
    ----------
    warnings : Warnings
        From `LimitPredictor.watch`.
    most : int, default 12
        Lines to draw, the riskiest first.
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot.
    lang : str
        One of `words.language.LANGUAGES`.

    Returns
    -------
    Axes
        One lane a line, on a scale of log-odds with risks as its ticks.

    Raises
    ------
    CreditModelError
        ``most`` is no whole number above 0.

    Examples
    --------
    >>> ax = plot_warning(predictor.watch(history))  # doctest: +SKIP
    """
    if isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1:
        raise CreditModelError(f"most must be a whole number above 0, got {most!r}")
    face, told = typeface(lang), WarningWords(warnings, lang)
    n = min(int(most), warnings.n_alerted)
    width = sheet.width_for(ax, _WIDTH)
    head = sheet.heading(
        face,
        width,
        title=told.language.say("watch.plot.title", count=n, month=told.month),
        subtitle=told.language.say("watch.plot.subtitle"),
    )
    names = 0.42 * width
    lanes = [_lane(told, i, face, names - 8.0) for i in range(n)]
    legend = flow(face, _entries(told, n), width)
    bottom = _AXIS + legend.height
    ax, space = sheet.axes_for(ax, _WIDTH, head.height + _LANE * n + bottom)
    left, right, top = names, 54.0, head.height + 12.0
    sheet.clear_frame(ax, keep=("bottom",))
    sheet.place(ax, space, left=left, right=right, top=top, bottom=bottom)
    _scale(ax, face, told, lanes, max(space.width - left - right, 10.0))
    ax.set_ylim(n, 0.0)
    for place, lane in enumerate(lanes):
        _draw(ax, face, lane, place + 0.5, left)
    draw_legend(ax, face, legend, left=left, below=_AXIS - 4.0)
    sheet.draw_heading(ax, face, head, left=left, top=top)
    return ax


def _lane(told: WarningWords, i: int, face: Typeface, width: float) -> _Lane:
    warnings = told.warnings
    name = f"{warnings.borrower_id[i]} · {told.words.money(float(warnings.limit[i]))}"
    reason = told.language.headed(told.reasons(i)[0])
    lead = warnings.leading(i)
    return _Lane(
        name=face.fit(name, size=9.0, width=width, lines=1, weight="bold"),
        reason=face.fit(reason, size=7.5, width=width, lines=1),
        then=float(warnings.reasons.score_then[i]),
        now=float(warnings.reasons.score_now[i]),
        value=FittedText(told.language.risk(float(expit(warnings.reasons.score_now[i]))), 9.0, "bold"),
        colour=_colour(told, lead[0]) if lead else FAINT,
    )


def _colour(told: WarningWords, player_id: str) -> str:
    ids = told.warnings.catalogue.factor_ids
    return factor_colour(ids.index(player_id)) if player_id in ids else MUTED


def _entries(told: WarningWords, n: int) -> list[Entry]:
    """The players that lead among the lines drawn, in the catalogue's order."""
    lead = {told.warnings.leading(i)[0] for i in range(n) if told.warnings.leading(i)}
    return [Entry(told.player(one), _colour(told, one)) for one in told.warnings.player_ids if one in lead]


def _scale(ax: Axes, face: Typeface, told: WarningWords, lanes: list[_Lane], drawn: float) -> None:
    usual = float(logit(np.clip(told.warnings.usual, 1e-4, 1 - 1e-4)))
    ends = [usual, *(lane.then for lane in lanes), *(lane.now for lane in lanes)]
    low, high = min(ends) - _PAD, max(ends) + _PAD
    ax.set_xlim(low, high)
    ticks = risk_ticks(-high, -low, drawn, face)  # they are of scores of keeping a limit
    places = [-score for score, _ in ticks]
    sheet.grid_lines(ax, places, axis="x")
    sheet.label_ticks(ax.xaxis, face, places, [text for _, text in ticks])
    ax.tick_params(axis="x", length=3, color=RULE, pad=2)
    ax.set_yticks([])
    ax.axvline(usual, color=INK, lw=1.0, ls="--", zorder=1, gid="usual")
    word = face.fit(told.language.say("watch.plot.usual"), size=7.5, width=60.0, lines=1)
    sheet.write(
        ax, face, word, x=usual, y=1.0, frame="column", dy=2.0, colour=MUTED, ha="center", va="bottom", gid="usual"
    )
    name = face.fit(told.within, size=8.5, width=drawn, lines=1)
    sheet.write(ax, face, name, x=0.5, y=0, frame="axes", dy=-18.0, colour=MUTED, ha="center", va="top", gid="axis")


def _draw(ax: Axes, face: Typeface, lane: _Lane, depth: float, left: float) -> None:
    ax.plot([lane.then, lane.now], [depth, depth], "-", color=lane.colour, lw=2.2, zorder=2, solid_capstyle="butt")
    ax.plot([lane.then], [depth], "o", ms=6.5, mfc=PAPER, mec=lane.colour, mew=1.6, zorder=3, gid="then")
    ax.plot([lane.now], [depth], "o", ms=7.5, color=lane.colour, zorder=4, gid="now")
    sheet.write(ax, face, lane.name, x=0, y=depth, frame="lane", dx=-left, dy=6.0, gid="name")
    sheet.write(ax, face, lane.reason, x=0, y=depth, frame="lane", dx=-left, dy=-6.5, colour=MUTED, gid="reason")
    sheet.write(
        ax,
        face,
        lane.value,
        x=max(lane.now, lane.then),
        y=depth,
        frame="data",
        dx=8.0,
        ha="left",
        gid="value",
        halo=PAPER,
    )
