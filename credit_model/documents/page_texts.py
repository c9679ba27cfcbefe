"""Texts as pages hold them: one string where all languages say the same, else one a language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages' codes."""
        return tuple(spoken.language.code for spoken in self.words)

    def each(self, tell: Callable[[CatalogueWords], T]) -> T | dict[str, T]:
        """What ``tell`` says, a text or a list of texts, in every language."""
        texts = {spoken.language.code: tell(spoken) for spoken in self.words}
        first = next(iter(texts.values()))
        return first if all(text == first for text in texts.values()) else texts

    def say(self, key: str, **places: Place) -> Any:
        """The text ``key`` ("section.key") in every language."""
        return self.each(
            lambda spoken: spoken.language.say(
                key,
                count=None,
                **{name: tell if isinstance(tell, str) else tell(spoken) for name, tell in places.items()},
            )
        )

    def told(self, key: str, **places: Place) -> Any:
        """A text of the section "report", which is about the report's pages."""
        return self.say(f"report.{key}", **places)

    def label(self, label: Label) -> Any:
        """A label at the beginning of a line."""
        return self.each(lambda spoken: spoken.language.headed(spoken.language.label(label)))

    def number(self, value: float) -> Any:
        """A plain number."""
        return self.each(lambda spoken: spoken.language.number(value))

    def risk(self, risk: float) -> Any:
        """A risk of losing the limit."""
        return self.each(lambda spoken: spoken.language.risk(risk))

    def score(self, score: float, *, signed: bool = False) -> Any:
        """A keep score, or with ``signed`` a contribution."""
        return self.each(lambda spoken: spoken.language.score(score, signed=signed))

    def money(self, amount: float) -> Any:
        """An amount in the catalogue's currency."""
        return self.each(lambda spoken: spoken.money(amount))

    def axis(self, ticks: Sequence[float]) -> list[list[Any]]:
        """Ticks of an axis with their texts."""
        return [[tick, self._tick(tick)] for tick in ticks]

    def _tick(self, value: float) -> Any:
        return self.each(
            lambda spoken: spoken.language.compact(value) if abs(value) >= _LARGE else spoken.language.number(value)
        )
