"""The lender as notices name it: its regulator, credit bureau, channels and limits of time, read from one TOML file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Literal, get_args

from credit_model.documents.working_days import Calendar, Counted, read_calendar
from credit_model.errors import CreditModelError
from credit_model.portfolio.declarations import Label
from credit_model.portfolio.toml_document import TomlDocument, TomlTable, read_toml_text

ChannelId = Literal["explanation", "human_review", "dispute", "documents"]
CHANNELS: tuple[ChannelId, ...] = get_args(ChannelId)
#: The longest limits of time that the law leaves: days to give notice (US Reg B 1002.9(a)(1)), days to answer a
#: dispute of bureau data (China, 征信业管理条例 25).
MOST_NOTICE_DAYS = 30
MOST_BUREAU_DAYS = 20
_MOST_DAYS = 3650
_TABLES = ("lender", "regulator", "notice", "bureau", "channel", "calendar", "next_instance")


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
    counted : "calendar" or "working"
        Which days are counted.
    """

    id: ChannelId
    contact: Label
    open_days: int
    answer_days: int
    counted: Counted = "calendar"


@dataclass(frozen=True)
class Bureau:
    """The credit bureau; answers disputes within ``dispute_days``."""

    name: Label
    contact: Label
    dispute_days: int


@dataclass(frozen=True)
class Instance:
    """Who looks at a case next, where the borrower does not agree with the lender's answer.

    Attributes
    ----------
    name, contact : Label
    days : int or None
        To be turned to within so many days after the answer.
    """

    name: Label
    contact: Label
    days: int | None


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
    calendar : Calendar
    next_instance : Instance
        The regulator, where the file names nobody else.
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
    calendar: Calendar
    next_instance: Instance
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
        file = resources.files("credit_model.documents") / "lenders" / "example.toml"
        return parse_lender(file.read_text(encoding="utf-8"), where="example.toml")
    text = read_toml_text(path, LenderError, wanted="a lender TOML file")
    return parse_lender(text, where=str(path))


def parse_lender(text: str, *, where: str = "lender") -> Lender:
    """The lender that a TOML text declares; ``where`` names the text in errors.

    Raises
    ------
    LenderError
        The text is not TOML, or breaks a rule.
    """
    document = TomlDocument(text, where, LenderError, _TABLES)
    head, regulator = document.table("lender"), document.table("regulator")
    notice, bureau = document.table("notice"), document.table("bureau")
    calendar, instance = document.optional("calendar"), document.optional("next_instance")
    regulator_is = regulator.label("name"), regulator.label("contact")
    lender = Lender(
        name=head.label("name"),
        address=head.label("address"),
        version=head.text("version"),
        sample=head.get("sample", bool, False),
        regulator=regulator_is[0],
        regulator_contact=regulator_is[1],
        notice_days=notice.integer("days", 1, MOST_NOTICE_DAYS),
        exemption_rules=notice.label("exemption_rules"),
        bureau=Bureau(
            name=bureau.label("name"),
            contact=bureau.label("contact"),
            dispute_days=bureau.integer("dispute_days", 1, MOST_BUREAU_DAYS),
        ),
        channels=_channels(document),
        calendar=read_calendar(calendar),
        next_instance=_instance(instance) if instance.content else Instance(*regulator_is, None),
        text=document.text,
    )
    for table in (head, regulator, notice, bureau, calendar, instance):
        document.gather(table.close)
    document.finish()
    return lender


def _instance(table: TomlTable) -> Instance:
    return Instance(table.label("name"), table.label("contact"), table.integer("days", 1, _MOST_DAYS, None))


def _channels(document: TomlDocument) -> tuple[Channel, ...]:
    found: dict[str, Channel] = {}
    for table in document.tables("channel"):
        name = table.choice("id", CHANNELS)
        if name in found:
            table.fail(f"channel {name!r} stands here twice; leave one out", "id")
        found[name] = Channel(
            id=name,
            contact=table.label("contact"),
            open_days=table.integer("open_days", 1, _MOST_DAYS),
            answer_days=table.integer("answer_days", 1, _MOST_DAYS),
            counted=table.choice("counted", get_args(Counted), "calendar"),
        )
        table.close()
    for name in CHANNELS:
        if name not in found:
            document.fail(f"lacks the channel {name!r}; add a [[channel]] with this id", "channel")
    return tuple(found[name] for name in CHANNELS)
