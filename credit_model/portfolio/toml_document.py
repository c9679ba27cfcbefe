"""Reads a TOML document key by key; every mistake, unknown keys among them, is told with ``file:line``.

Mistakes are gathered: a table notes them and raises them together at its `TomlTable.close`, a document's
`TomlDocument.gather` takes those of many tables, and `TomlDocument.finish` raises them all.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from credit_model.errors import CreditModelError, DataFileError, Gathering
from credit_model.inputs import check_is_file, one_line
from credit_model.portfolio.declarations import Label

T = TypeVar("T")

_HEADER = re.compile(r"^\s*\[{1,2}\s*([\w.-]+)\s*\]{1,2}\s*(#.*)?$")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
#: More dots in a line are no text that a person writes; a key of so many parts would take the reader very long.
_MOST_DOTS = 1000
#: Numbers of a file lie within this, so that sums and squares of them are numbers, too.
MOST_NUMBER = 1e100
_KEY = re.compile(r"""^\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*(?:\.[\w-]+\s*)?=""")


def read_toml_text(path: str | Path, error: type[CreditModelError], *, wanted: str) -> str:
    """The text of a TOML file; ``wanted`` says what to give where it cannot be read."""
    try:
        check_is_file(Path(path))
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as mistake:
        raise error(f"{path}: is not UTF-8 text (byte {mistake.start}); save it as UTF-8") from None
    except OSError as mistake:
        raise error(f"{path}: cannot be read ({mistake.strerror}); give {wanted}") from None
    except DataFileError as mistake:
        raise error(f"{mistake}, or give {wanted}") from None


class TomlDocument:
    """A TOML text, its tables, and where each table and key stands.

    Parameters
    ----------
    text : str
    where : str
        Names the text in errors.
    error : type of CreditModelError
        Raised with ``where:line: ...``, also where the text is not TOML.
    known : sequence of str
        The tables that may stand in it.
    """

    def __init__(self, text: str, where: str, error: type[CreditModelError], known: Sequence[str]) -> None:
        self.text = text.replace("\r\n", "\n")
        self._where, self._error = where, error
        self._lines: dict[tuple[str, int], int] = {}
        self._keys: dict[tuple[str, int, str], int] = {}
        self._mistakes = Gathering()
        for number, text_line in enumerate(self.text.split("\n"), start=1):
            if text_line.count(".") > _MOST_DOTS:
                raise error(f"{where}:{number}: has a line of more than {_MOST_DOTS} dots; write it on several lines")
        try:
            self._content = tomllib.loads(self.text)
        except ValueError as mistake:  # TOMLDecodeError, and whole numbers of thousands of digits
            line = re.search(r"line (\d+)", str(mistake))
            raise error(f"{where}:{line[1] if line else 1}: is not TOML ({one_line(mistake)})") from None
        except (RecursionError, MemoryError):
            raise error(f"{where}:1: is nested too deeply for TOML that a person writes; write it flat") from None
        self._find_lines()
        #: Tables that may not stand here; one that is sought may be among them, misspelt.
        self.unknown = tuple(name for name in self._content if name not in known)
        for name in self.unknown:
            self.gather(self.fail, f"unknown table {name!r}{near(name, tuple(known))}", name)

    def _find_lines(self) -> None:
        count: dict[str, int] = {}
        name, index = "", 0
        for number, line in enumerate(self.text.split("\n"), start=1):
            if header := _HEADER.match(line):
                name = header[1]
                index = count.get(name, 0)
                count[name] = index + 1
                self._lines[name, index] = number
            elif key := _KEY.match(line):
                self._keys.setdefault((name, index, key[1] or key[2] or key[3]), number)

    def fail(self, message: str, table: str = "", index: int = 0, key: str = "") -> NoReturn:
        """Raise the error at a key's line, else at its table's, else at a top-level key of the table's name."""
        raise self._error(self.told(message, table, index, key))

    def told(self, message: str, table: str = "", index: int = 0, key: str = "") -> str:
        """The message with the file and the line that `fail` would name."""
        above, _, last = table.rpartition(".")  # a table inside another one may be written as one of its keys
        line = (
            self._keys.get((table, index, key))
            or self._lines.get((table, index))
            or self._keys.get((above, 0, last))
            or self._lines.get((above, 0), 1)
        )
        return f"{self._where}:{line}: {message}"

    def fail_all(self, messages: Sequence[str]) -> NoReturn:
        """Raise one error for messages as `told` gives them."""
        raise self._error(*dict.fromkeys(messages))

    def gather(self, read: Callable[..., T], *args: Any) -> T | None:
        """What ``read`` gives, or None: what it raised comes with `finish`."""
        with self._mistakes:
            return read(*args)
        return None

    def mistakes(self) -> tuple[str, ...]:
        """All that was gathered, by line."""
        return tuple(sorted(dict.fromkeys(self._mistakes.found), key=_line_of))

    def finish(self) -> None:
        """Raise all that was gathered."""
        if found := self.mistakes():
            self.fail_all(found)

    def table(self, name: str) -> TomlTable:
        """The one table of this name."""
        if name not in self._content:
            if near(name, self.unknown):
                self.finish()
            self.fail(f"lacks a [{name}] table; add it", name)
        return TomlTable(self._content[name], self, name)

    def optional(self, name: str) -> TomlTable:
        """The one table of this name; an empty one where there is none."""
        return TomlTable(self._content.get(name, {}), self, name)

    def tables(self, name: str) -> list[TomlTable]:
        """All tables of an array, which may be empty."""
        content = self._content.get(name, [])
        if not isinstance(content, list):
            self.fail(f"{name} must be written as [[{name}]], once for each", name)
        return [TomlTable(table, self, name, i) for i, table in enumerate(content)]


@dataclass
class TomlTable:
    """One table, read key by key; `close` refuses the keys that were not asked for."""

    content: dict[str, Any]
    document: TomlDocument
    name: str
    index: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.content, dict):
            self.document.fail(
                f"{self.name} must be a [{self.name}] table, got {self.content!r}", self.name, self.index
            )
        self._asked: set[str] = set()
        self._noted: list[tuple[str, Sequence[str]]] = []

    @property
    def title(self) -> str:
        """Names the table in errors."""
        own = self.content.get("id", self.content.get("name"))
        return f"{self.name} {own!r}" if isinstance(own, str) else f"[{self.name}]"

    def fail(self, message: str, key: str = "") -> NoReturn:
        """Raise the document's error at a key's line, or the table's, with all that was noted before."""
        self.note(message, key)
        self.document.fail_all([noted for noted, _ in self._noted])

    def note(self, message: str, key: str = "", *, lacks: Sequence[str] = ()) -> None:
        """Note a mistake, which `close` raises with the others of the table.

        ``lacks`` names keys whose absence is the mistake: one of them misspelt is told as that alone.
        """
        self._noted.append((self.document.told(message, self.name, self.index, key), lacks))

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = ..., rule: str = "") -> Any:
        """The value of a key, of one of these kinds; without a default it must be there.

        Where it is not, that is noted, and the value is None: it is not to be used before `close`.
        """
        self._asked.add(key)
        if key not in self.content:
            if default is ...:
                self.note(f"{self.title} lacks {key!r}{f' ({rule})' if rule else ''}; add it", lacks=(key,))
            return None if default is ... else default
        value = self.content[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = "a number" if float in kinds else " or ".join(_KINDS[k] for k in kinds)
            self.note(f"{self.title}: {key} must be {rule or wanted}, got {value!r}", key)
            return None
        return value

    def text(self, key: str, default: Any = ...) -> Any:
        """A text that is not empty."""
        value = self.get(key, str, default)
        if value == "":
            self.note(f"{self.title}: {key} must not be empty", key)
            return None
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: Any = ...) -> Any:
        """One of some words."""
        value = self.get(key, str, default)
        if value is not None and value not in allowed:
            self.note(
                f"{self.title}: {key} must be one of {', '.join(allowed)}, got {value!r}{near(value, allowed)}",
                key,
            )
            return None
        return value

    def number(self, key: str, default: Any = ...) -> Any:
        """A number, as float."""
        value = self.get(key, (int, float), default)
        if value is not None and not abs(value) < MOST_NUMBER:
            self.note(f"{self.title}: {key} must be a finite number, got {value!r}", key)
            return None
        return None if value is None else float(value)

    def integer(self, key: str, low: int, high: int, default: Any = ...) -> Any:
        """A whole number in [low, high]."""
        value = self.get(key, int, default)
        if value is not None and not low <= value <= high:
            self.note(f"{self.title}: {key} must be between {low} and {high}, got {value}", key)
            return None
        return value

    def label(self, key: str) -> Label:
        """A text in one language, ``"..."``, or in several, ``{ en = "...", zh = "..." }``."""
        value = self.get(key, (str, dict), rule='a text, or a table of languages such as { en = "...", zh = "..." }')
        texts = {"": value} if isinstance(value, str) else value or {}
        if value is not None and not texts:
            self.note(f"{self.title}: {key} holds no text; give it in at least one language", key)
        for language, text in texts.items():
            if isinstance(value, dict) and not _LANGUAGE.fullmatch(language):
                self.note(f"{self.title}: {key} has {language!r}, which is no language code such as en, zh or fr", key)
            if not isinstance(text, str) or not text.strip():
                self.note(f"{self.title}: {key} lacks a text{f' in {language!r}' if language else ''}; add it", key)
        return Label({language: text for language, text in texts.items() if isinstance(text, str)})

    def close(self) -> None:
        """Refuse the keys that were not asked for, and raise all that was noted."""
        unknown = tuple(key for key in self.content if key not in self._asked)
        self._noted = [(told, lacks) for told, lacks in self._noted if not any(near(key, unknown) for key in lacks)]
        for key in unknown:
            self.note(f"{self.title}: unknown key {key!r}{near(key, tuple(self._asked))}", key)
        if self._noted:
            self.document.fail_all([told for told, _ in self._noted])


_KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def _line_of(told: str) -> int:
    line = re.search(r":(\d+): ", told)
    return int(line[1]) if line else 0


def is_number(value: Any) -> bool:
    """Whether a file's value is a number within bounds; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST_NUMBER


def near(word: str, known: tuple[str, ...]) -> str:
    """A hint at what was meant: "; did you mean 'x'?", or nothing."""
    match = difflib.get_close_matches(str(word), [str(k) for k in known], n=1)
    return f"; did you mean {match[0]!r}?" if match else ""
