"""The *plan* plot: the path of the risk under each way that brings a limit back, and the levers month by month."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from credit_model.act.plans.plan import Option, Plan
from credit_model.act.plans.told import PlanWords
from credit_model.errors import CreditModelError
from credit_model.palette import FACTOR_COLOURS, FAINT, GRID, INK, LOST_TINT, LOWERS, MUTED, PAPER, RAISES
from credit_model.plots import sheet
from credit_model.plots.fonts import FittedText, Typeface, typeface
from credit_model.plots.legend import Entry, draw_legend, flow
from credit_model.plots.months import label_months, numbers_of
from credit_model.plots.scale import risk_ticks
from credit_model.portfolio.levers import Lever
from credit_model.portfolio.months import MonthType

_WIDTH, _SCORE_HEIGHT = 640.0, 190.0
_LANE, _BAR, _NAME = 46.0, 18.0, 13.0  # points of a lever: all of it, its bars, its words above them
_GAP, _MONTHS_ROOM = 24.0, 20.0
_LEFT, _RIGHT = 34.0, 42.0
_CHOSEN = FACTOR_COLOURS[0]


@sheet.in_own_style
def plot_plan(plan: Plan, *, ax: Axes | None = None, lang: str = "en", option: str | None = None) -> Axes:
    """Draw what brings a limit back: the score under each way against the line, and below it what is moved when.

    Parameters
    ----------
    plan : Plan
        From `LimitPredictor.plan` or `plans`.
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot. It becomes the panel of the score; that of the levers is added to
        its figure, inside its cell.
    lang : str
        One of `words.language.LANGUAGES`.
    option : {"nothing", "cheapest", "fastest", "fewest"}, optional
        The way whose levers are shown; None: nothing done, where that is enough or nothing else is, else the cheapest.

    Returns
    -------
    Axes
        The panel of the score.

    Raises
    ------
    CreditModelError
        The plan has no such option.

    Examples
    --------
    >>> ax = plot_plan(predictor.plan(history, "B0012"))  # doctest: +SKIP
    """
    drawing = _Drawing(plan, _shown(plan, option), typeface(lang))
    face, width = drawing.face, sheet.width_for(ax, _WIDTH)
    told = drawing.told
    facts = [face.language.colon.join(fact) for fact in told.facts[:2]]
    notes = [sheet.Note(told.outcome), *(sheet.Note(text, "quiet") for text in drawing.notes)]
    head = sheet.heading(face, width, title=told.title, subtitle=face.say("plan.separator").join(facts), notes=notes)
    legend = flow(face, drawing.entries, width)
    lanes = _LANE * len(drawing.levers)
    below = _MONTHS_ROOM + legend.height + 4.0
    top = head.height + _GAP - 6.0
    ax, space = sheet.axes_for(ax, _WIDTH, top + _SCORE_HEIGHT + (lanes + _GAP if lanes else 0.0) + below)
    usable = max(space.height - top - below, 30.0)
    lanes = min(lanes, 0.6 * usable)
    lower = ax.figure.add_axes((0, 0, 1, 1)) if lanes else ax
    sheet.place(ax, space, left=_LEFT, right=_RIGHT, top=top, bottom=below + (lanes + _GAP if lanes else 0.0))
    drawn = max(space.width - _LEFT - _RIGHT, 10.0)
    sheet.clear_frame(ax, keep=("left", "bottom"))
    drawing.draw_score(ax, usable - (lanes + _GAP if lanes else 0.0), drawn)
    if lanes:
        sheet.place(lower, space, left=_LEFT, right=_RIGHT, top=space.height - below - lanes, bottom=below)
        sheet.clear_frame(lower, keep=("bottom",))
        drawing.draw_levers(lower, lanes / len(drawing.levers), drawn)
    for panel in dict.fromkeys((ax, lower)):
        panel.set_xlim(drawing.months[0] - 0.7, drawing.months[-1] + 0.7)
    label_months(lower, face, int(drawing.months[0]), int(drawing.months[-1]), drawing.month_type, drawn)
    draw_legend(lower, face, legend, left=_LEFT, below=_MONTHS_ROOM + 4.0)
    sheet.draw_heading(ax, face, head, left=_LEFT, top=top)
    return ax


def _shown(plan: Plan, name: str | None) -> Option | None:
    if name is None:
        return plan.nothing or plan.cheapest
    found = getattr(plan, name) if name in ("nothing", "cheapest", "fastest", "fewest") else None
    if found is None:
        known = ", ".join(n for n in ("nothing", "cheapest", "fastest", "fewest") if getattr(plan, n) is not None)
        raise CreditModelError(f"option must be one that the plan has ({known or 'it has none'}), got {name!r}")
    option: Option = found
    return option


@dataclass(frozen=True)
class _Drawing:
    """One plan and the option that is shown; None: nothing is done, and the goal is not reached."""

    plan: Plan
    shown: Option | None
    face: Typeface

    @cached_property
    def _dated(self) -> tuple[NDArray[np.int64], MonthType]:
        return numbers_of(self.plan.ahead["month"])

    @property
    def month_type(self) -> MonthType:
        return self._dated[1]

    @cached_property
    def months(self) -> NDArray[np.int64]:
        """The last known month and those to come."""
        ahead = self._dated[0]
        return np.concatenate([[ahead[0] - 1], ahead])

    @cached_property
    def told(self) -> PlanWords:
        return PlanWords(self.plan, self.face.lang, self.month_type)

    @cached_property
    def levers(self) -> list[Lever]:
        return [] if self.shown is None else self.told.levers_of(self.shown)

    @property
    def notes(self) -> list[str]:
        """The way that is shown, or why there is none; and how far it holds."""
        if self.shown is None:
            return self.told.proof
        return [self.face.language.colon.join([self.told.name(self.shown), self.told.when(self.shown)])]

    @property
    def entries(self) -> list[Entry]:
        say = self.face.say
        goal = self.face.language.colon.join(self.told.facts[1])
        name = self.told.name(self.shown) if self.shown is not None else self.told.facts[2][0]
        entries = [Entry(name, _CHOSEN)]
        if self._others():
            entries.append(Entry(say("plan.others"), FAINT))
        entries.append(Entry(goal, INK))
        return [*entries, *([Entry(say("plan.moved"), RAISES)] if self.levers else [])]

    @property
    def _is_had(self) -> bool:
        """The goal is reached as things stand, and nothing is done."""
        return self.plan.holds_already and not self.levers

    def _path(self, option: Option | None) -> NDArray[np.float64]:
        table = self.plan.ahead if option is None else option.months
        return np.concatenate([[self.plan.score], table["score"].to_numpy(dtype=np.float64)])

    def _others(self) -> list[NDArray[np.float64]]:
        own = {} if self.shown is None else self.shown.settings
        others = [self._path(o) for o in self.plan.options if o.settings and o.settings != own]
        return [*others, *([self._path(None)] if own else [])]

    def draw_score(self, ax: Axes, height: float, drawn: float) -> None:
        """The paths against the line."""
        face, line, own, others = self.face, self.plan.line, self._path(self.shown), self._others()
        values = np.concatenate([[line], own, *others])
        pad = 0.1 * ((values.max() - values.min()) or 1.0)
        low, high = float(values.min() - pad), float(values.max() + pad)
        ax.set_ylim(low, high)
        ticks = sheet.nice_ticks(low, high, int(height // 24))
        sheet.grid_lines(ax, ticks, axis="y")
        sheet.label_ticks(ax.yaxis, face, ticks, [face.number(t) for t in ticks])
        ax.tick_params(axis="both", length=0, pad=4)
        ax.axhspan(low, line, color=LOST_TINT, lw=0, zorder=-1)
        ax.axhline(line, color=INK, lw=1.3, zorder=2, gid="line")
        for path in others:
            ax.plot(self.months, path, "--", color=FAINT, lw=1.1, zorder=3, gid="other")
        ax.plot(self.months, own, "-", color=_CHOSEN, lw=2.0, zorder=4, gid="chosen")
        needed = len(own) if self.shown is None else 0 if self._is_had else self.shown.months_needed
        for some, colour in ((slice(0, needed), LOWERS), (slice(needed, None), RAISES)):
            ax.plot(self.months[some], own[some], "o", ms=4.6, color=colour, mec=PAPER, mew=0.7, zorder=5)
        if self.shown is not None and not self._is_had:
            self._mark_goal(ax, own, drawn)
        right = ax.secondary_yaxis("right")
        for spine in right.spines.values():
            spine.set_visible(False)
        if self.plan.goal == "regain":  # a score is there the chance of a rise, not the risk of a loss
            marks = [(-score, text) for score, text in risk_ticks(-high, -low, height, face, label_room=15.0)]
        else:
            marks = risk_ticks(low, high, height, face, label_room=15.0)
        sheet.label_ticks(right.yaxis, face, [score for score, _ in marks], [text for _, text in marks])
        right.tick_params(axis="y", length=0, pad=4)
        key = "plan.score_regain" if self.plan.goal == "regain" else "plan.score"
        name = face.fit(face.say(key), size=8.5, width=drawn, lines=1, weight="bold")
        sheet.write(ax, face, name, x=0, y=1, frame="axes", dy=5.0, va="bottom", gid="panel")

    def _mark_goal(self, ax: Axes, own: NDArray[np.float64], drawn: float) -> None:
        assert self.shown is not None
        needed, face = self.shown.months_needed, self.face
        month, score = float(self.months[needed]), float(own[needed])
        ax.plot([month], [score], "o", ms=8.0, color=RAISES, mec=PAPER, mew=1.0, zorder=6, gid="reached")
        ax.axvline(month, color=RAISES, lw=1.1, ls=(0, (3, 3)), zorder=2)
        text = FittedText(face.clean(self.told.reached_in(self.shown)), 8.5, "bold")
        wide = face.width(text.text, text.size, text.weight)
        # Before the goal the path lies below the line, after it above: the other two corners are free.
        left = needed + 0.7 > 0.5 * (len(own) + 0.4)
        room = (needed + 0.7 if left else len(own) - 0.3 - needed) / (len(own) + 0.4) * drawn
        if room > wide + 5.0:
            sheet.write(
                ax, face, text, x=month, y=1.0 if left else 0.0, frame="column", dx=-5.0 if left else 5.0,
                dy=-3.0 if left else 4.0, ha="right" if left else "left", va="top" if left else "bottom", gid="goal",
                halo=PAPER,
            )  # fmt: skip

    def draw_levers(self, ax: Axes, lane: float, drawn: float) -> None:
        """A lane a lever: what to do, and bars of how far its column has moved, with its level where that changes."""
        assert self.shown is not None
        face, scale = self.face, lane / _LANE
        ax.set_ylim(lane * len(self.levers), 0.0)
        room = drawn / (len(self.months) + 0.4)
        needed = self.shown.months_needed
        for k, lever in enumerate(self.levers):
            base = (k + 1) * lane - 4.0
            path = np.concatenate([[self.plan.levels[lever.column]], self.shown.months[lever.column].to_numpy()])
            otherwise = self.plan.ahead[lever.column].to_numpy(dtype=np.float64)
            moved = np.nan_to_num(np.abs(np.concatenate([[0.0], path[1:] - otherwise])))
            bars = _BAR * scale * moved / (moved.max() or 1.0)
            for some, alpha in ((slice(0, needed + 1), 1.0), (slice(needed + 1, None), 0.35)):
                ax.bar(
                    self.months[some], -bars[some], bottom=base, width=0.72, color=RAISES, alpha=alpha, lw=0, zorder=3,
                    gid=f"lever-{lever.id}",
                )  # fmt: skip
            ax.axhline(base, color=GRID, lw=0.8, zorder=1)
            action = face.language.headed(self.told.action(lever, self.shown))
            name = face.fit(action, size=8.5 * min(scale, 1.0), width=drawn, lines=1, weight="bold")
            sheet.write(ax, face, name, x=0, y=k * lane + 0.5 * _NAME * scale, frame="lane", gid="lever")
            self._write_levels(ax, path, base - bars, room, scale)

    def _write_levels(
        self, ax: Axes, path: NDArray[np.float64], top: NDArray[np.float64], room: float, scale: float
    ) -> None:
        """The column's level in the months in which it changes, where there is room."""
        changes = np.flatnonzero(np.diff(path, prepend=np.nan) != 0)
        for k in changes.tolist():
            text = FittedText(self.face.number(float(np.round(path[k]))), 7.0 * min(scale, 1.0))
            if path[k] == path[k] and self.face.width(text.text, text.size) <= room - 1.0:
                sheet.write(
                    ax, self.face, text, x=float(self.months[k]), y=float(top[k]), frame="data", dy=1.5, ha="center",
                    va="bottom", colour=MUTED, gid="level",
                )  # fmt: skip
