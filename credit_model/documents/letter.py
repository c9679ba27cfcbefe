"""The letter that answers an appeal, in HTML, Markdown and JSON, made by the notice's machinery."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from credit_model.act.appeals.chain import Event
from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.reading import CaseFile, letter_written, letters_again
from credit_model.documents.lender_file import Lender, parse_lender
from credit_model.documents.letter_content import LetterContent
from credit_model.documents.notice import FORMATS, build_notice, render, style_and_policy
from credit_model.errors import AppealError, CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.words.language import LANGUAGES, Language, language


@dataclass(frozen=True)
class Letter:
    """A letter in one language.

    Attributes
    ----------
    content : dict
        Everything that it says, as `json` writes it.
    """

    content: Mapping[str, Any]

    @property
    def _language(self) -> Language:
        return language(str(self.content["lang"]))

    def html(self) -> str:
        """A self-contained page, made for A4 paper."""
        style, policy = style_and_policy()
        spoken = self._language
        return render("letter.html", n=self.content, say=_texts(spoken), html=spoken.html_code, style=style,
                      policy=policy)  # fmt: skip

    def markdown(self) -> str:
        """Markdown with tables; text that came from data is escaped."""
        spoken = self._language
        return render("letter.md", n=self.content, say=_texts(spoken), colon=spoken.colon)

    def json(self) -> str:
        """The content by its keys in order, with numbers beside the words."""
        return json.dumps(self.content, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False) + "\n"

    def as_format(self, name: str) -> str:
        """`html`, `markdown` or `json` by name.

        Raises
        ------
        CreditModelError
            There is no such format.
        """
        if name not in FORMATS:
            raise CreditModelError(f"format must be one of {', '.join(FORMATS)}, got {name!r}")
        return str(getattr(self, name)())


def _texts(spoken: Language) -> dict[str, str]:
    """The letter's own texts, and the notice's under ``notice.``."""
    return dict(spoken.texts("letter")) | {f"notice.{key}": text for key, text in spoken.texts("notice").items()}


def letters(langs: Sequence[str]) -> Callable[[CaseFile, date], dict[str, dict[str, Any]]]:
    """What `Desk.answer` builds letters with: their content in some languages.

    Raises
    ------
    AppealError
        No language, or an unknown one.
    """
    unknown = [lang for lang in langs if lang not in LANGUAGES]
    if unknown or not langs or len(set(langs)) < len(langs):
        raise AppealError(f"the letter's languages must be different ones of {', '.join(LANGUAGES)}, got {list(langs)}")

    def build(file: CaseFile, day: date) -> dict[str, dict[str, Any]]:
        catalogue, lender = file.declaration, parse_lender(file.lender)
        return {lang: LetterContent(file, catalogue, lender, day, lang).content() for lang in langs}

    return build


def notice_contents(lender: Lender) -> Callable[[DecreaseExplanations], dict[str, Any]]:
    """What `Desk.open` and `Desk.evaluate` keep of a cut: the content of its notice in all languages."""
    return lambda cut: {lang: build_notice(cut, lang=lang, lender=lender).content for lang in LANGUAGES}


def write_letters(desk: Desk, number: int, *, actor: str, langs: Sequence[str] = LANGUAGES) -> dict[str, Letter]:
    """Answer a decided case: the letters, by language, entered into the log.

    Raises
    ------
    AppealError
        The case is not decided, or a language is unknown.
    """
    return {lang: Letter(content) for lang, content in desk.answer(number, letters(langs), actor=actor).items()}


def letter_of(desk: Desk, event: Event, lang: str) -> Letter:
    """A letter as it was written.

    Raises
    ------
    AppealError
        It was not written in this language, or was erased.
    """
    return Letter(letter_written(desk.store, event, lang))


def replayed(desk: Desk, event: Event) -> dict[str, Letter]:
    """The letters of an event, made again from what the case held then: byte for byte the same."""
    again = letters_again(desk.store, event, letters(event.facts["langs"]))
    return {lang: Letter(content) for lang, content in again.items()}
