"""Texts as pages hold them: one string where all languages say the same, else one a language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from credit_model.portfolio.declarations import Label
from credit_model.words.values import CatalogueWords

T = TypeVar("T", str, list[str])
#: What is put into a place of a text: the same in all languages, or what each of them says.
Place = str | Callable[[CatalogueWords], str]

#: From here on a tick is written in few letters, such as 20K.
_LARGE = 10_000


@dataclass(frozen=True)
class AllWords:
    """A catalogue's words in all languages at once.

    Attributes
    ----------
    words : tuple of CatalogueWords, one a language
    """

    words: tuple[CatalogueWords, ...]

    def __iter__(self) -> Iterator[CatalogueWords]:
        return iter(self.words)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The languages' codes."""
        return tuple(spoken.language.code for spoken in self.words)

    def each(self, tell: Callable[[CatalogueWords], T]) -> T | dict[str, T]:
        """What ``tell`` says, a text or a list of texts, in every language."""
        return self.joined([tell(spoken) for spoken in self.words])

    def figures(self, tell: Callable[[CatalogueWords], T]) -> T | dict[str, T]:
        """The same for texts of figures alone: languages that write figures alike are asked once."""
        texts: dict[Any, T] = {}
        for spoken, style in zip(self.words, self._styles, strict=True):
            if style not in texts:
                texts[style] = tell(spoken)
        return self.joined([texts[style] for style in self._styles])

    def joined(self, texts: Sequence[T]) -> T | dict[str, T]:
        """Texts, one a language, as a page holds them."""
        first = texts[0]
        return first if all(text == first for text in texts) else dict(zip(self.codes, texts, strict=True))

    @cached_property
    def _styles(self) -> list[tuple[str, ...]]:
        languages = [spoken.language for spoken in self.words]
        return [(one.number(1234.5, 1), one.percent(0.5), one.number(-1)) for one in languages]

    @cached_property
    def _kept(self) -> dict[Any, Any]:
        return {}

    def say(self, key: str, **places: Place) -> Any:
        """The text ``key`` ("section.key") in every language."""
        if not places:
            if key not in self._kept:
                self._kept[key] = self.each(lambda spoken: spoken.language.say(key))
            return self._kept[key]

        def tell(spoken: CatalogueWords) -> str:
            filled = {name: place if isinstance(place, str) else place(spoken) for name, place in places.items()}
            return spoken.language.say(key, count=None, **filled)

        return self.each(tell)

    def told(self, key: str, **places: Place) -> Any:
        """A text of the section "report", which is about the report's pages."""
        return self.say(f"report.{key}", **places)

    def label(self, label: Label) -> Any:
        """A label at the beginning of a line."""
        if label not in self._kept:
            self._kept[label] = self.each(lambda spoken: spoken.language.headed(spoken.language.label(label)))
        return self._kept[label]

    def number(self, value: float) -> Any:
        """A plain number."""
        return self.figures(lambda spoken: spoken.language.number(value))

    def risk(self, risk: float) -> Any:
        """A risk of losing the limit."""
        return self.figures(lambda spoken: spoken.language.risk(risk))

    def score(self, score: float, *, signed: bool = False) -> Any:
        """A keep score, or with ``signed`` a contribution."""
        return self.figures(lambda spoken: spoken.language.score(score, signed=signed))

    def money(self, amount: float) -> Any:
        """An amount in the catalogue's currency."""
        return self.each(lambda spoken: spoken.money(amount))

    def axis(self, ticks: Sequence[float]) -> list[list[Any]]:
        """Ticks of an axis with their texts."""
        return [[tick, self._tick(tick)] for tick in ticks]

    def _tick(self, value: float) -> Any:
        if abs(value) < _LARGE:
            return self.number(value)
        return self.each(lambda spoken: spoken.language.compact(value))
