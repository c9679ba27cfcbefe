"""The lender as notices name it: its regulator, credit bureau, channels and limits of time, read from one TOML file."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from credit_model.errors import CreditModelError
from credit_model.portfolio.declarations import Label

ChannelId = Literal["explanation", "human_review", "dispute", "documents"]
CHANNELS: tuple[ChannelId, ...] = get_args(ChannelId)
#: The longest limits of time that the law leaves: days to give notice (US Reg B 1002.9(a)(1)), days to answer a
#: dispute of bureau data (China, 征信业管理条例 25).
MOST_NOTICE_DAYS = 30
MOST_BUREAU_DAYS = 20
_MOST_DAYS = 3650

_HEADER = re.compile(r"^\s*\[{1,2}\s*([\w.-]+)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")


class LenderError(CreditModelError):
    """A lender file breaks its rules; the message starts with ``file:line``."""


@dataclass(frozen=True)
class Channel:
    """A way to answer a notice.

    Attributes
    ----------
    id : "explanation", "human_review", "dispute" or "documents"
    contact : Label
    open_days : int
        It may be used within so many days after the notice.
    answer_days : int
        The lender answers within so many days.
    """

    id: ChannelId
    contact: Label
    open_days: int
    answer_days: int


@dataclass(frozen=True)
class Bureau:
    """The credit bureau; answers disputes within ``dispute_days``."""

    name: Label
    contact: Label
    dispute_days: int


@dataclass(frozen=True)
class Lender:
    """What a notice says of the lender, read by `read_lender`.

    Attributes
    ----------
    name, address : Label
    version : str
        Of the file.
    sample : bool
        Notices are marked as samples.
    regulator, regulator_contact : Label
    notice_days : int
        A notice is given within so many days after the decrease takes effect.
    exemption_rules : Label
        The rules under which some decreases need no notice.
    bureau : Bureau
    channels : tuple of Channel, in the order of `CHANNELS`
    text : str
        The TOML as read; `digest` names it.
    """

    name: Label
    address: Label
    version: str
    sample: bool
    regulator: Label
    regulator_contact: Label
    notice_days: int
    exemption_rules: Label
    bureau: Bureau
    channels: tuple[Channel, ...]
    text: str

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def channel(self, channel_id: ChannelId) -> Channel:
        """The channel with this id."""
        return self.channels[CHANNELS.index(channel_id)]


def read_lender(path: str | Path | None = None) -> Lender:
    """The lender in a TOML file; without one the built-in example, whose notices are marked as samples.

    Raises
    ------
    LenderError
        There is no such file, it is not TOML, or it breaks a rule; the message names file and line.

    Examples
    --------
    >>> read_lender().channel("dispute").answer_days
    20
    """
    if path is None:
        file = resources.files("credit_model.explain") / "lenders" / "example.toml"
        return parse_lender(file.read_text(encoding="utf-8"), where="example.toml")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LenderError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise LenderError(f"{path}: cannot be read ({error.strerror}); give a lender TOML file") from None
    return parse_lender(text, where=str(path))


def parse_lender(text: str, *, where: str = "lender") -> Lender:
    """The lender that a TOML text declares; ``where`` names the text in errors.

    Raises
    ------
    LenderError
        The text is not TOML, or breaks a rule.
    """
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise LenderError(f"{where}:{line[1] if line else 1}: is not TOML ({error})") from None
    return _Reader(document, text, where).lender()


class _Reader:
    """Reads the tables key by key; what nobody asked for is a mistake."""

    def __init__(self, document: dict[str, Any], text: str, where: str) -> None:
        self._document, self._text, self._where = document, text, where
        self._asked: dict[str, set[str]] = {}
        self._lines: dict[tuple[str, int, str], int] = {}
        count: dict[str, int] = {}
        table, index = "", 0
        for number, line in enumerate(text.split("\n"), start=1):
            if header := _HEADER.match(line):
                table = header[1]
                index = count.get(table, 0)
                count[table] = index + 1
                self._lines[table, index, ""] = number
            elif key := _KEY.match(line):
                self._lines.setdefault((table, index, key[1]), number)

    def fail(self, message: str, table: str, index: int = 0, key: str = "") -> NoReturn:
        line = self._lines.get((table, index, key), self._lines.get((table, index, ""), 1))
        raise LenderError(f"{self._where}:{line}: {message}")

    def lender(self) -> Lender:
        bureau = Bureau(
            name=self._label("bureau", "name"),
            contact=self._label("bureau", "contact"),
            dispute_days=self._days("bureau", "dispute_days", most=MOST_BUREAU_DAYS),
        )
        lender = Lender(
            name=self._label("lender", "name"),
            address=self._label("lender", "address"),
            version=self._get("lender", "version", str),
            sample=self._get("lender", "sample", bool, default=False),
            regulator=self._label("regulator", "name"),
            regulator_contact=self._label("regulator", "contact"),
            notice_days=self._days("notice", "days", most=MOST_NOTICE_DAYS),
            exemption_rules=self._label("notice", "exemption_rules"),
            bureau=bureau,
            channels=self._channels(),
            text=self._text,
        )
        self._refuse_unknown()
        return lender

    def _channels(self) -> tuple[Channel, ...]:
        tables = self._document.get("channel", [])
        if not isinstance(tables, list):
            self.fail("channel must be written as [[channel]], once for each", "channel")
        found: dict[str, Channel] = {}
        for index in range(len(tables)):
            name = self._get("channel", "id", str, index)
            if name not in CHANNELS:
                hint = _near(name, CHANNELS)
                self.fail(
                    f"channel id must be one of {', '.join(CHANNELS)}, got {name!r}{hint}", "channel", index, "id"
                )
            if name in found:
                self.fail(f"channel {name!r} stands here twice; leave one out", "channel", index, "id")
            found[name] = Channel(
                name,
                self._label("channel", "contact", index),
                self._days("channel", "open_days", index),
                self._days("channel", "answer_days", index),
            )
        for name in CHANNELS:
            if name not in found:
                self.fail(f"lacks the channel {name!r}; add a [[channel]] with this id", "channel")
        return tuple(found[name] for name in CHANNELS)

    def _get(self, table: str, key: str, kind: type, index: int = 0, *, default: Any = None) -> Any:
        content = self._document.get(table)
        if content is None:
            self.fail(f"lacks a [{table}] table; add it", table)
        content = content[index] if isinstance(content, list) else content
        if not isinstance(content, dict):
            self.fail(f"{table} must be a [{table}] table, got {content!r}", "", 0, table)
        self._asked.setdefault(table, set()).add(key)
        if key not in content:
            if default is not None:
                return default
            self.fail(f"[{table}] lacks {key!r}; add it", table, index)
        value = content[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fail(f"[{table}] {key} must be {_KINDS[kind]}, got {value!r}", table, index, key)
        if value == "":
            self.fail(f"[{table}] {key} must not be empty", table, index, key)
        return value

    def _label(self, table: str, key: str, index: int = 0) -> Label:
        value = self._get(table, key, dict, index)
        for language in ("zh", "en"):
            if not isinstance(value.get(language), str) or not value[language].strip():
                self.fail(f"[{table}] {key} lacks a text in {language!r}; add it", table, index, key)
        if unknown := sorted(set(value) - {"zh", "en"}):
            self.fail(f"[{table}] {key} has unknown language {unknown[0]!r}; it takes zh and en", table, index, key)
        return Label(zh=value["zh"], en=value["en"])

    def _days(self, table: str, key: str, index: int = 0, *, most: int = _MOST_DAYS) -> int:
        value = int(self._get(table, key, int, index))
        if not 1 <= value <= most:
            self.fail(f"[{table}] {key} must be between 1 and {most} days, got {value}", table, index, key)
        return value

    def _refuse_unknown(self) -> None:
        for table, content in self._document.items():
            if table not in self._asked:
                self.fail(f"unknown table {table!r}{_near(table, tuple(self._asked))}", table, 0)
            for index, entry in enumerate(content if isinstance(content, list) else [content]):
                for key in entry:
                    if key not in self._asked[table]:
                        hint = _near(key, tuple(self._asked[table]))
                        self.fail(f"[{table}] has the unknown key {key!r}{hint}", table, index, key)


_KINDS = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    dict: 'two languages, { zh = "...", en = "..." }',
}


def _near(word: str, known: tuple[str, ...]) -> str:
    match = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {match[0]!r}?" if match else ""
