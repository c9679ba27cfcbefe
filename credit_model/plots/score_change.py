"""The plot of one change of a score: from the score before to the score after, factor by factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from matplotlib.axes import Axes

from credit_model.errors import CreditModelError
from credit_model.explain.score_changes import ScoreChanges
from credit_model.palette import LOWERS, MUTED, RAISES, RULE
from credit_model.plots import sheet
from credit_model.plots.change import draw_connectors, draw_row
from credit_model.plots.change_rows import ChangeRows, Row
from credit_model.plots.fonts import Typeface, typeface
from credit_model.plots.scale import BOTTOM_AXIS, Lines, limit_scores
from credit_model.words.score_changes import ScoreFigures, reasons_in
from credit_model.words.values import catalogue_words

_WIDTH = 620.0
_SCALES = (1.0, 0.92, 0.85, 0.78, 0.7, 0.62)
_TOP = 8.0
#: No line divides scores of models that say nothing of what they decide.
_NO_LINES = Lines(float("nan"), float("nan"))


@sheet.in_own_style
def plot_score_change(
    changes: ScoreChanges, *, ax: Axes | None = None, lang: str = "en", open_factor: str | None = None
) -> Axes:
    """Draw how each factor moved one score of a lender's own model from what it was to what it is.

    What makes the score worse has the same colour whichever way that is; where it was not said, lower counts as worse.

    Parameters
    ----------
    changes : ScoreChanges
        Of a single change, such as ``changes[0]``.
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot.
    lang : str
        One of `words.language.LANGUAGES`.
    open_factor : str, optional
        Id of a factor to show feature by feature, with the values then and now.

    Returns
    -------
    Axes

    Raises
    ------
    CreditModelError
        ``changes`` holds none or several, or ``open_factor`` is no factor.

    Examples
    --------
    >>> ax = plot_score_change(changes[0], open_factor="debt")  # doctest: +SKIP
    """
    if len(changes) != 1:
        raise CreditModelError(f"this plot shows exactly one change, got {len(changes)}; pick one, such as changes[0]")
    if open_factor is not None and open_factor not in changes.catalogue.factor_ids:
        raise CreditModelError(
            f"open_factor must be one of {', '.join(changes.catalogue.factor_ids)}; got {open_factor!r}"
        )
    face = typeface(lang)
    words = catalogue_words(changes.catalogue, face.lang, changes.month_type)
    figures = ScoreFigures(changes, face.language)
    title = face.language.say(
        "score.title",
        name=changes.borrower_id[0],
        before=figures.text(float(changes.score_before[0])),
        after=figures.text(float(changes.score_after[0])),
    )
    subtitle = f"{figures.dates[0]} → {figures.dates[1]} · {changes.model_version}"
    notes = []
    if changes.worse:
        notes.append(sheet.Note(reasons_in(changes, (face.lang,))[0].because[face.language.code]))
    width = sheet.width_for(ax, _WIDTH)
    for scale in _SCALES:
        head = sheet.heading(face, width, title=title, subtitle=subtitle, notes=notes, scale=scale)
        rows = _ScoreRows(changes, words, face, width, open_factor, scale).rows()  # type: ignore[arg-type]
        needed = head.height + _TOP + BOTTOM_AXIS + sum(row.height for row in rows)
        if ax is None or needed <= sheet.cell_of(ax).height:
            break
    ax, space = sheet.axes_for(ax, _WIDTH, needed)
    _draw(ax, space, face, head, rows, figures)
    return ax


@dataclass(frozen=True)
class _ScoreRows(ChangeRows):
    """The lanes of one change of a score."""

    @cached_property
    def _figures(self) -> ScoreFigures:
        return ScoreFigures(self._changes, self.face.language)

    @property
    def _changes(self) -> ScoreChanges:
        return self.explanation  # type: ignore[return-value]

    def signed(self, value: float) -> str:
        return self._figures.text(float(value), signed=True)

    def before(self) -> Row:
        return self._dated("before", self._figures.dates[0], float(self._changes.score_before[0]))

    def after(self) -> Row:
        return self._dated("after", self._figures.dates[1], float(self._changes.score_after[0]))

    def _dated(self, kind: str, date: str, score: float) -> Row:
        name = self.face.language.headed(date)
        label = self.face.fit(name, size=10.0 * self.scale, width=self.room, lines=1, weight="bold")
        return Row(kind, (label,), score, score, self._figures.text(score), 9.5 * self.scale, 27.0 * self.scale)


def _draw(
    ax: Axes, space: sheet.Space, face: Typeface, head: sheet.Heading, rows: Sequence[Row], figures: ScoreFigures
) -> None:
    column = max(face.width(label.text, label.size, label.weight) for row in rows for label in row.labels) + 18.0
    top = head.height + _TOP
    sheet.clear_frame(ax, keep=("bottom",))
    sheet.place(ax, space, left=column, right=4.0, top=top, bottom=BOTTOM_AXIS)
    drawn = max(space.width - column - 4.0, 10.0)
    widest = max(face.width(row.value, row.size, "bold") for row in rows)
    limit_scores(ax, [score for row in rows for score in (row.start, row.end)], pad=widest + 14.0, drawn=drawn)
    ax.set_ylim(sum(row.height for row in rows), 0.0)
    depth, middles = 0.0, []
    for row in rows:
        middles.append(depth + row.height / 2)
        depth += row.height
    draw_connectors(ax, rows, middles)
    low, high = ax.get_xlim()
    ticks = sheet.nice_ticks(low, high, int(drawn // 55))
    sheet.grid_lines(ax, ticks, axis="x")
    sheet.label_ticks(ax.xaxis, face, ticks, [figures.text(tick) for tick in ticks])
    ax.tick_params(axis="x", length=3, color=RULE, pad=2)
    name = face.fit(figures.name, size=8.0, width=drawn, lines=1)
    sheet.write(ax, face, name, x=0.5, y=0, frame="axes", dy=-20.0, colour=MUTED, ha="center", va="top", gid="axis")
    colours = (RAISES, LOWERS) if figures.changes.worse == "higher" else (LOWERS, RAISES)
    for row, middle in zip(rows, middles, strict=True):
        draw_row(ax, face, row, middle, drawn, _NO_LINES, colours)
    sheet.draw_heading(ax, face, head, left=column, top=top)
