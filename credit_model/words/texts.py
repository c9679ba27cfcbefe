"""Sentences in both languages, kept beside each other in TOML files of ``explain/templates``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from credit_model.words.values import LANGUAGES, Lang


@cache
def texts(name: str, lang: Lang) -> Mapping[str, str]:
    """The sentences of ``templates/<name>.toml`` in one language, by "table.key".

    >>> texts("reason_words", "zh")["source.bureau"]
    '征信机构'
    """
    return MappingProxyType({key: both[lang] for key, both in _both(name).items()})


@cache
def _both(name: str) -> dict[str, dict[Lang, str]]:
    file = resources.files("credit_model.words") / "templates" / f"{name}.toml"
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        f"{table}.{key}": {lang: both[lang] for lang in LANGUAGES}
        for table, entries in document.items()
        for key, both in entries.items()
    }
