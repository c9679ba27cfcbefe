"""Words of a catalogue, in one language or more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    """A text in one language or more.

    Attributes
    ----------
    texts : mapping
        Language code ("en", "zh", "fr") -> text, at least one; the code "" stands for a language that is not named.

    Examples
    --------
    >>> label = Label.of(en="debt", zh="负债状况")
    >>> label.text("zh"), label.text("fr")
    ('负债状况', 'debt')
    """

    texts: Mapping[str, str]

    @classmethod
    def of(cls, **texts: str) -> Label:
        """A label from its texts by language: ``Label.of(en="debt", zh="负债状况")``."""
        return cls(texts)

    def text(self, lang: str) -> str:
        """The text in a language; where there is none the English one, else the first."""
        return self.texts.get(lang) or self.texts.get("en") or next(iter(self.texts.values()))

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.texts.items())))
