"""The file of a language: TOML with [language], [currency], and sections of texts; read and checked as a whole."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from babel import Locale, UnknownLocaleError

from credit_model.errors import CreditModelError
from credit_model.inputs import one_line, unreadable
from credit_model.portfolio import templates

#: Names a folder with further languages.
LOCALES_VARIABLE = "CREDIT_MODEL_LOCALES"
#: The languages of the package.
LOCALE_FOLDER = Path(__file__).parent / "locale"
#: CLDR's names of plural forms.
_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})
#: What a file says of the language itself.
_ABOUT: Mapping[str, type] = {
    "name": str, "html": str, "babel": str, "gap": str, "colon": str, "comma": str, "semicolon": str, "last": str,
    "brackets": str, "inside": str, "lower_inside": bool, "rises": list, "falls": list,
}  # fmt: skip

#: A text, or its plural forms.
Text = str | Mapping[str, str]


@dataclass(frozen=True)
class LanguageFile:
    """What a language file holds.

    Attributes
    ----------
    locale : babel.Locale
    about : mapping
        [language].
    currencies : mapping
        [currency]: code -> pattern with ``{amount}``.
    words : mapping
        "section.key" -> text.
    """

    locale: Locale
    about: Mapping[str, Any]
    currencies: Mapping[str, str]
    words: Mapping[str, Text]


def language_files() -> dict[str, Path]:
    """Code -> file of all languages, "en" first: those of the package and of the folder that the environment names."""
    more = os.environ.get(LOCALES_VARIABLE)
    folders = [LOCALE_FOLDER, *([Path(more)] if more else [])]
    files = {file.stem: file for folder in folders for file in sorted(folder.glob("*.toml"))}
    return {"en": files.pop("en"), **files}


def read_language_file(file: Path) -> LanguageFile:
    """Read a language file; unless it is the package's English one, it must hold the same texts as that.

    Raises
    ------
    CreditModelError
        It is not TOML, says too little of the language, holds what is no text, or lacks one.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as mistake:  # TOMLDecodeError, UnicodeDecodeError, numbers of many digits
        raise CreditModelError(f"{file}: is not TOML ({one_line(mistake)})") from None
    except OSError as mistake:
        raise unreadable(file, mistake) from None
    about, currencies = document.pop("language", {}), document.pop("currency", {})
    for key, kind in _ABOUT.items():
        if not isinstance(about.get(key), kind):
            raise CreditModelError(f"{file}: [language] must have {key} as en.toml has it, got {about.get(key)!r}")
    try:
        locale = Locale.parse(about["babel"])
    except (UnknownLocaleError, ValueError):
        raise CreditModelError(f"{file}: babel must be a locale that Babel knows, got {about['babel']!r}") from None
    try:
        words = MappingProxyType(_flat(document, "", file))
    except RecursionError:
        raise CreditModelError(f"{file}: is nested too deeply for a file of texts; write it flat") from None
    found = LanguageFile(locale, about, currencies, words)
    english = LOCALE_FOLDER / "en.toml"
    if file != english:
        _check_complete(found.words, read_language_file(english).words, file)
    return found


def _flat(table: Mapping[str, Any], prefix: str, file: Path) -> dict[str, Text]:
    texts: dict[str, Text] = {}
    for key, value in table.items():
        if isinstance(value, dict) and not ("other" in value and value.keys() <= _FORMS):
            texts |= _flat(value, f"{prefix}{key}.", file)
            continue
        forms = value.values() if isinstance(value, dict) else [value]
        if not all(isinstance(form, str) for form in forms):
            raise CreditModelError(f"{file}: {prefix}{key} must be a text or a table of plural forms, got {value!r}")
        try:
            places_of(value)
        except ValueError as mistake:
            raise CreditModelError(f"{file}: {prefix}{key} is no text with places ({mistake}): {value!r}") from None
        texts[prefix + key] = value
    return texts


def places_of(text: Text) -> set[str]:
    """The names of a text's ``{places}``, over all its forms.

    >>> sorted(places_of({"one": "{count} day", "other": "{count} days of {month}"}))
    ['count', 'month']
    """
    forms = [text] if isinstance(text, str) else list(text.values())
    return {name for form in forms for name in templates.places_of(form)}


def _check_complete(words: Mapping[str, Text], english: Mapping[str, Text], file: Path) -> None:
    for key, text in english.items():
        if key not in words:
            raise CreditModelError(f"{file}: lacks {key!r}; translate it from en.toml")
        if unknown := sorted(places_of(words[key]) - places_of(text)):
            raise CreditModelError(f"{file}: {key} has a place {{{unknown[0]}}} that en.toml has not; take it out")
    if more := [key for key in words if key not in english]:
        raise CreditModelError(f"{file}: has {more[0]!r}, which en.toml has not; take it out")
