"""The *population* plots: shap's own beeswarm and bar of a portfolio's explained decreases."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from types import FunctionType
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.palette import FACTOR_COLOURS, FAINT, GRID, INK, MUTED, RULE, factor_colour
from credit_model.plots import sheet
from credit_model.plots.fonts import Typeface, typeface
from credit_model.words.values import catalogue_words

_WIDTH, _LANE = 680.0, 27.0
_BOTTOM, _KEY = 36.0, 22.0
_REST = re.compile(r"Sum of (\d+) other features")
_LOW_TO_HIGH = ("#0072B2", "#A9B4BC", "#D55E00")


@sheet.in_own_style
def plot_population(
    explanations: DecreaseExplanations,
    *,
    kind: Literal["beeswarm", "bar"] = "beeswarm",
    by: Literal["feature", "factor"] = "feature",
    ax: Axes | None = None,
    lang: str = "en",
    max_display: int = 12,
) -> Axes:
    """Draw all decreases' contributions with shap, from ``explanations.to_shap()``.

    Parameters
    ----------
    explanations : DecreaseExplanations
    kind : {"beeswarm", "bar"}
        Every decrease as a dot; or the mean size of contributions.
    by : {"feature", "factor"}
    ax : Axes, optional
        Where to draw; None: a new figure of pyplot.
    lang : str
        One of `words.language.LANGUAGES`.
    max_display : int
        Lanes; the last one sums up what is left.

    Returns
    -------
    Axes

    Raises
    ------
    CreditModelError
        There is no decrease, or ``kind`` or ``by`` is another word.

    Examples
    --------
    >>> ax = plot_population(explanations, kind="bar", by="factor")  # doctest: +SKIP
    """
    _check(explanations, kind, by)
    import shap

    face = typeface(lang)
    words = catalogue_words(explanations.catalogue, face.lang, explanations.month_type)
    own = explanations.to_shap(by=by, lang=face.lang)
    labels = [face.clean(label) for label in (words.factor_labels if by == "factor" else words.driver_labels)]
    values = shap.Explanation(own.values, base_values=own.base_values, data=own.data, feature_names=labels)
    width = sheet.width_for(ax, _WIDTH)
    head = sheet.heading(face, width, title=face.say(f"population.{kind}"), subtitle=_subtitle(face, explanations, by))
    lanes = min(max_display, len(labels))
    coloured = kind == "beeswarm" and by == "feature"
    top = head.height + (_KEY if coloured else 4.0)
    ax, space = sheet.axes_for(ax, _WIDTH, top + lanes * _LANE + _BOTTOM)
    left = min(max(face.width(label, 9.0) for label in labels), 0.36 * width) + 10.0
    sheet.place(ax, space, left=left, right=4.0, top=top, bottom=_BOTTOM)
    if kind == "bar":
        shap.plots.bar(values, ax=ax, show=False, max_display=max_display)
    else:
        colour = LinearSegmentedColormap.from_list("low-high", _LOW_TO_HIGH) if coloured else FACTOR_COLOURS[0]
        _of_its_own(shap.plots.beeswarm)(
            values, ax=ax, show=False, max_display=max_display, color=colour, color_bar=False, plot_size=None, s=11
        )
    if kind == "bar":
        _colour_bars(ax, words.factor_labels if by == "factor" else ())
    _restyle(ax, face, kind, left - 10.0, space.width - left - 4.0)
    if coloured:
        _draw_colour_key(ax, face)
    sheet.draw_heading(ax, face, head, left=left, top=top)
    return ax


def _check(explanations: DecreaseExplanations, kind: str, by: str) -> None:
    if not len(explanations):
        raise CreditModelError("there is no decrease to draw; give explanations of at least one")
    if kind not in ("beeswarm", "bar"):
        raise CreditModelError(f'kind must be "beeswarm" or "bar", got {kind!r}')
    if by not in ("feature", "factor"):
        raise CreditModelError(f'by must be "feature" or "factor", got {by!r}')


class _Numpy:
    """numpy as shap's beeswarm sees it: random numbers of its own, and no warning of features that are all missing."""

    def __init__(self) -> None:
        self.random = np.random.RandomState(0)  # shap asks for the old kind

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def nanpercentile(values: Any, per_cent: float) -> Any:
        return np.nan if np.isnan(values).all() else np.nanpercentile(values, per_cent)


def _of_its_own(beeswarm: Callable[..., Any]) -> Callable[..., Any]:
    """shap's function without its part in numpy's global generator, which other threads draw from meanwhile."""
    known: Any = beeswarm
    own = FunctionType(
        known.__code__, known.__globals__ | {"np": _Numpy()}, known.__name__, known.__defaults__, known.__closure__
    )
    own.__kwdefaults__ = known.__kwdefaults__
    if "rng" not in inspect.signature(known).parameters:
        return own
    return partial(known, rng=np.random.default_rng(0))


def _subtitle(face: Typeface, explanations: DecreaseExplanations, by: str) -> str:
    return face.say(f"population.by_{by}", count=len(explanations))


def _colour_bars(ax: Axes, factors: tuple[str, ...]) -> None:
    """Factors in the colours that they have everywhere, features in blue, what is left in grey."""
    for bar, tick in zip(ax.patches, ax.get_yticklabels(), strict=False):
        name = tick.get_text()
        if name in factors:
            bar.set_facecolor(factor_colour(factors.index(name)))
        else:
            bar.set_facecolor(FAINT if _REST.fullmatch(name) else FACTOR_COLOURS[0])


def _restyle(ax: Axes, face: Typeface, kind: str, room: float, drawn: float) -> None:
    ax.set_facecolor("none")
    ax.grid(visible=False, which="both")
    ticks, labels = list(ax.get_yticks()), [label.get_text() for label in ax.get_yticklabels()]
    if kind == "bar":  # shap writes every label twice, one over the other
        ticks, labels = ticks[: len(ticks) // 2], labels[: len(labels) // 2]
    for spine in ax.spines.values():
        spine.set_color(RULE)
    fitted = [face.fit(_rest(label, face), size=9.0, width=room) for label in labels]
    ax.set_yticks(ticks)
    ax.set_yticklabels([text.text for text in fitted])
    for label, text in zip(ax.get_yticklabels(), fitted, strict=True):
        label.set(fontproperties=face.font(text.size), color=INK, parse_math=False)
    ax.tick_params(axis="y", length=0, pad=5)
    for number in ax.texts:  # only shap's bar writes any
        number.set(text=face.language.number(float(number.get_text()), 2), fontproperties=face.font(8.5), color=INK)
    low, high = ax.get_xlim()
    if kind == "bar":
        low, high = 0.0, high * 1.04
        ax.set_xlim(low, high)
    steps = sheet.nice_ticks(low, high, int(drawn // 60))
    for tick in steps:
        ax.axvline(tick, color=GRID, lw=0.8, zorder=-2)
    sheet.label_ticks(ax.xaxis, face, steps, [face.number(t) for t in steps])
    ax.tick_params(axis="x", length=3, color=RULE, labelcolor=MUTED, pad=2)
    ax.set_xlabel("")
    name = "population.mean" if kind == "bar" else "population.contribution"
    lower = face.fit(face.say(name), size=8.0, width=drawn, lines=1)
    sheet.write(ax, face, lower, x=0.5, y=0, frame="axes", dy=-21.0, colour=MUTED, ha="center", va="top", gid="axis")


def _rest(label: str, face: Typeface) -> str:
    """shap's English name of the last lane, in the plot's language."""
    found = _REST.fullmatch(label)
    if not found:
        return label
    return face.say("population.rest", count=int(found[1]))


def _draw_colour_key(ax: Axes, face: Typeface) -> None:
    """A strip from low to high at the right, above the Axes."""
    low = face.fit(face.say("population.low"), size=8.0, width=200)
    high = face.fit(face.say("population.high"), size=8.0, width=100)
    strip, wide = 70.0, face.width(high.text, 8.0)
    box = ax.get_position()
    figure: Any = ax.figure
    per_point = figure.dpi / 72
    across, up = box.width * figure.bbox.width / per_point, box.height * figure.bbox.height / per_point
    end = 1 - (wide + 5.0) / across
    key = ax.inset_axes((end - strip / across, 1 + 5.0 / up, strip / across, 7.0 / up))
    key.imshow(
        np.linspace(0, 1, 128)[None, :],
        aspect="auto",
        cmap=LinearSegmentedColormap.from_list("low-high", _LOW_TO_HIGH),
    )
    sheet.clear_frame(key)
    y = 8.5
    sheet.write(ax, face, high, x=1, y=1, frame="axes", dy=y, colour=MUTED, ha="right", gid="key")
    sheet.write(
        ax, face, low, x=1, y=1, frame="axes", dx=-(wide + strip + 10.0), dy=y, colour=MUTED, ha="right", gid="key"
    )
