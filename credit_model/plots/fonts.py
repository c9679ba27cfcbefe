"""Which fonts a plot is set in, and how text is measured, broken and shrunk so that it fits.

All widths and heights are in points (1/72 inch), so they do not depend on the resolution.
"""

from __future__ import annotations

import contextlib
import logging
import math
import unicodedata
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font

from credit_model.words.language import Language, language

#: Families with simplified Chinese, best first; a font matches if its family starts with one of these.
CHINESE_FAMILIES = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "Noto Sans CJK",
    "Source Han Sans",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "SimSun",
)
#: Parts of the file names of those families, for fonts installed since matplotlib made its list.
_CHINESE_FILES = (
    "notosanscjk", "notosanssc", "sourcehansans", "pingfang", "msyh", "wqy", "hiraginosansgb", "heiti", "simhei",
    "droidsansfallback", "simsun", "arialunicode",
)  # fmt: skip
_LATIN_FAMILY = "DejaVu Sans"
LINE_HEIGHT = 1.25
_MEASURED_AT = 288.0
_HINTING_SLACK = 1.05  # at low resolutions, hinting sets text up to that much wider
_renderer = RendererAgg(16, 16, _MEASURED_AT)
_fallback_was_announced = False


@dataclass(frozen=True)
class Typeface:
    """The language that a plot is in, and font families for it, tried in turn for every character."""

    lang: str
    families: tuple[str, ...]

    @property
    def language(self) -> Language:
        """The plot's words."""
        return language(self.lang)

    def say(self, key: str, **places: Any) -> str:
        """A text of the section "plot", filled in."""
        return self.language.say(f"plot.{key}", **places)

    def number(self, value: float) -> str:
        """A number with as many decimals as it has, for ticks and amounts."""
        digits = next((d for d in range(10) if math.isclose(round(value, d), value, abs_tol=1e-9)), 10)
        return self.language.number(value, digits)

    def font(self, size: float, weight: str = "normal") -> FontProperties:
        """Font properties that name the families, so that no rcParams are needed."""
        _line_width(self.families, "0", size, weight)  # has matplotlib find the fonts now, quietly
        return FontProperties(family=list(self.families), size=size, weight=weight)

    def clean(self, text: str) -> str:
        """The text on one line, with a mark in place of characters that no font here has."""
        characters = _characters(self.families)
        return "".join(
            " " if c.isspace() else c if ord(c) in characters else "?"
            for c in unicodedata.normalize("NFC", text)
            if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf")
        )

    def width(self, text: str, size: float, weight: str = "normal") -> float:
        """Width of a text of one or several lines, in points."""
        return max(_line_width(self.families, line, size, weight) for line in text.split("\n"))

    def fit(
        self, text: str, *, size: float, width: float, lines: int = 2, least: float = 6.0, weight: str = "normal"
    ) -> FittedText:
        """Break a text into at most ``lines`` lines of at most ``width`` points, set smaller if need be.

        Only where even the smallest size does not do, the end is cut off with an ellipsis.
        """
        text = self.clean(text)
        smaller = size
        while True:
            broken = self._break(text, smaller, width, weight)
            if len(broken) <= lines or smaller <= least:
                break
            smaller = max(least, smaller - 0.5)
        if len(broken) > lines:
            last = broken[lines - 1]
            kept = bisect_right(
                range(1, len(last) + 1), width, key=lambda n: self.width(f"{last[:n]}…", smaller, weight)
            )
            broken = [*broken[: lines - 1], f"{last[:kept]}…"]
        return FittedText("\n".join(broken), smaller, weight)

    def _break(self, text: str, size: float, width: float, weight: str) -> list[str]:
        lines, line = [], ""
        for piece in _pieces(text):
            if self.width((line + piece).rstrip(), size, weight) <= width:
                line += piece
                continue
            if line.strip():
                lines.append(line.rstrip())
            line = piece.lstrip()
            while len(line) > 1 and self.width(line.rstrip(), size, weight) > width:
                fitting = bisect_right(range(2, len(line)), width, key=lambda n: self.width(line[:n], size, weight))
                cut = 1 + fitting
                lines.append(line[:cut])
                line = line[cut:]
        return [*lines, line.rstrip()] if line.strip() or not lines else lines


@dataclass(frozen=True)
class FittedText:
    """A text broken into lines, and the size and weight it fits at."""

    text: str
    size: float
    weight: str = "normal"

    @property
    def height(self) -> float:
        """Points from the top of the first line to the bottom of the last."""
        return len(self.text.split("\n")) * self.size * LINE_HEIGHT


def typeface(lang: str) -> Typeface:
    """The typeface for a language.

    Where no installed font has the letters of the language's words, English is used, and a `UserWarning` says so once.

    Raises
    ------
    CreditModelError
        ``lang`` is no language that is spoken here.
    """
    global _fallback_was_announced
    letters = _letters(language(lang).code)
    chinese = chinese_family()
    # The Chinese family comes second: borrower ids and labels may hold Chinese in any plot.
    latin_first = (_LATIN_FAMILY,) if chinese is None else (_LATIN_FAMILY, chinese)
    if letters <= _characters((_LATIN_FAMILY,)):
        return Typeface(lang, latin_first)
    if chinese is not None and letters <= _characters(latin_first):
        return Typeface(lang, (chinese, _LATIN_FAMILY))
    if not _fallback_was_announced:
        _fallback_was_announced = True
        warnings.warn(
            f"no installed font has the letters that lang={lang!r} is written in, so plots are labelled in English; "
            "install one, such as Noto Sans CJK for Chinese",
            UserWarning,
            stacklevel=3,
        )
    return Typeface("en", latin_first)


@cache
def _letters(lang: str) -> frozenset[int]:
    """The letters of the words that plots say."""
    text = "".join(language(lang).texts("plot").values())
    return frozenset(ord(c) for c in unicodedata.normalize("NFC", text) if unicodedata.category(c).startswith("L"))


@cache
def chinese_family() -> str | None:
    """The best installed font family with simplified Chinese, or None."""
    family = _best_chinese({entry.name for entry in font_manager.fontManager.ttflist})
    if family is not None:
        return family
    # matplotlib keeps its list of fonts between sessions; one installed since then is not on it.
    for path in sorted(font_manager.findSystemFonts()):
        name = Path(path).name.lower().replace("-", "").replace(" ", "")
        if any(part.replace("-", "") in name for part in _CHINESE_FILES):
            try:
                font_manager.fontManager.addfont(path)
            except (OSError, RuntimeError):
                continue
    return _best_chinese({entry.name for entry in font_manager.fontManager.ttflist})


def _best_chinese(installed: set[str]) -> str | None:
    for family in CHINESE_FAMILIES:
        matching = sorted(name for name in installed if name.startswith(family))
        if matching:
            return matching[0]
    return None


@cache
def _characters(families: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for family in families:
        with _no_word_of_weights():
            path: Any = font_manager.findfont(FontProperties(family=family), fallback_to_default=True)
        index = getattr(path, "face_index", 0)
        font = FT2Font(str(path), face_index=index) if index else FT2Font(str(path))
        found.update(font.get_charmap())
    return frozenset(found)


@lru_cache(maxsize=20_000)
def _line_width(families: tuple[str, ...], line: str, size: float, weight: str) -> float:
    font = FontProperties(family=list(families), size=size, weight=weight)
    with _no_word_of_weights():
        width, _, _ = _renderer.get_text_width_height_descent(line, font, ismath=False)
    return float(width) * 72.0 / _MEASURED_AT * _HINTING_SLACK


@contextlib.contextmanager
def _no_word_of_weights() -> Iterator[None]:
    """matplotlib logs a warning where a family has no bold, as most Chinese ones; it remembers what it found."""
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _pieces(text: str) -> Iterator[str]:
    """What a line may be broken between: words, and single Chinese characters with the punctuation after them."""
    piece = ""
    for character in text:
        wide = unicodedata.east_asian_width(character) in "WF"
        closing = character in "，。、；：）》」』！？,.;:)]%…"
        opens = piece[-1:] in ("（", "《", "「")
        counted = wide and piece[-1:].isdigit()  # "12,000元" stays whole
        breaks = bool(piece) and not (closing or opens or counted or character == " ")
        if breaks and (wide or _ends_piece(piece)):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _ends_piece(piece: str) -> bool:
    last = piece[-1]
    return last in " /_·" or unicodedata.east_asian_width(last) in "WF"
