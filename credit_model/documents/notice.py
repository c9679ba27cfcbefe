"""The notice that a borrower is given of a limit decrease, in HTML, Markdown and JSON.

It is made from a stored explanation and a lender file alone, so that the same two give the same bytes at any time.
What it must hold follows US Reg B 1002.9 with comments 9(b)(2)-1 to -9, FCRA 615(a), GDPR 22, and China's PIPL 24 and
征信业管理条例 25.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

import jinja2

from credit_model.documents.lender_file import CHANNELS, Lender, read_lender
from credit_model.errors import CreditModelError
from credit_model.explain.explanations import DecreaseExplanations
from credit_model.words.reasons import DecreaseReasons, Reason, capitalised, decrease_reasons
from credit_model.words.sentences import join_ranks
from credit_model.words.texts import texts
from credit_model.words.values import (
    Lang,
    Wording,
    check_lang,
    date_in_words,
    format_share,
)

Format = Literal["html", "markdown", "json"]
FORMATS: tuple[str, ...] = get_args(Format)

_FORMAT = "credit_model.notice/1"
_DIGEST_SHOWN = 12
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]|~])")


@dataclass(frozen=True)
class Notice:
    """A notice of one limit decrease in one language.

    Attributes
    ----------
    content : dict
        Everything that the notice says, as `json` writes it.
    """

    content: dict[str, Any]

    @property
    def lang(self) -> Lang:
        """The language that it is written in."""
        return check_lang(self.content["lang"])

    def html(self) -> str:
        """A self-contained page, made for A4 paper."""
        style = _template_text("notice.css")
        policy = f"default-src 'none'; style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'"
        say = texts("notice_words", self.lang)
        return _template("notice.html").render(n=self.content, say=say, style=style, policy=policy)

    def markdown(self) -> str:
        """Markdown with tables; text that came from data is escaped."""
        colon, comma = ("：", "，") if self.lang == "zh" else (": ", ", ")
        say = texts("notice_words", self.lang)
        return _template("notice.md").render(n=self.content, say=say, colon=colon, comma=comma)

    def json(self) -> str:
        """The content, with numbers beside the words."""
        return json.dumps(self.content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"

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

    def _repr_html_(self) -> str:
        page = self.html().replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe title="notice" srcdoc="{page}" style="width:100%;height:60em;border:1px solid #ccc"></iframe>'


def build_notice(
    explanation: DecreaseExplanations,
    *,
    lang: str = "en",
    lender: Lender | str | Path | None = None,
    effective_date: date | str | None = None,
) -> Notice:
    """The notice of one decrease.

    Parameters
    ----------
    explanation : DecreaseExplanations
        Of a single decrease, as ``explanations.select(borrower, month)`` gives it.
    lang : {"en", "zh"}
    lender : Lender or path, optional
        A lender TOML; without one the built-in example, whose notices are marked as samples.
    effective_date : date or "2024-03-31", optional
        When the new limit takes effect. Without it the first day after the decision's month, or of that month
        where the catalogue's ``decision_lag`` is 1; where months are integers, the month in words.

    Raises
    ------
    CreditModelError
        Not a single decrease, an unknown language, or a date that is none.
    LenderError
        The lender file breaks its rules.

    Examples
    --------
    >>> explanations = DecreaseExplanations.load("explanations")  # doctest: +SKIP
    >>> print(build_notice(explanations.select("B0012", "2024-03"), lang="en").markdown())  # doctest: +SKIP
    """
    if len(explanation) != 1:
        raise CreditModelError(
            f"a notice is of a single decrease, got {len(explanation)}; choose one by select(borrower, month)"
        )
    known = lender if isinstance(lender, Lender) else read_lender(lender)
    told = decrease_reasons(explanation, lang=lang)[0]
    return Notice(_Content(explanation, told, known, _as_date(effective_date)).content())


def _as_date(value: date | str | None) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise CreditModelError(f"effective_date must be a date such as 2024-03-31, got {value!r}") from None


@dataclass(frozen=True)
class _Content:
    """Gathers what a notice says."""

    explanation: DecreaseExplanations
    told: DecreaseReasons
    lender: Lender
    given_date: date | None

    @property
    def lang(self) -> Lang:
        return self.told.lang

    @cached_property
    def wording(self) -> Wording:
        return Wording(self.explanation.catalogue, self.lang, self.explanation.month_type)

    @cached_property
    def month(self) -> int:
        return int(self.explanation.month_number[0])

    @cached_property
    def effective(self) -> date | None:
        """The day that the new limit takes effect; None where months are no dates."""
        if self.given_date is not None or self.explanation.month_type == "integer":
            return self.given_date
        first = self.month + 1 - self.explanation.catalogue.decision_lag
        return date(first // 12, first % 12 + 1, 1)

    def say(self, key: str, **places: object) -> str:
        return texts("notice_words", self.lang)[key].format(**places)

    def content(self) -> dict[str, Any]:
        explained, told = self.explanation, self.told
        own = [self._reason(reason) for reason in told.borrower]
        others = [self._reason(reason) for reason in told.economy + told.lender]
        return {
            "format": _FORMAT,
            "lang": self.lang,
            "sample": self.lender.sample,
            "lender": {"name": self._in(self.lender.name), "address": self._in(self.lender.address)},
            "regulator": {
                "name": self._in(self.lender.regulator),
                "contact": self._in(self.lender.regulator_contact),
            },
            "borrower_id": _clean(str(told.borrower_id)),
            "month": told.month,
            "month_text": self.wording.month(self.month),
            "limit": self._limit(),
            "status": told.status,
            "reference": explained.reference,
            "compared_with": told.compared_with,
            "coverage": round(told.coverage, 6),
            "why": list(self._why(bool(own), bool(others))),
            "reasons": own,
            "other_influences": sorted(others, key=lambda reason: reason["rank"]),
            "remarks": list(self._remarks()),
            "rules": list(self._rules()),
            "exemptions": list(self._exemptions()),
            "data": list(self._data()),
            "channels": self._channels(),
            "versions": {
                "model": explained.model_version,
                "catalogue": f"{explained.catalogue.name} {explained.catalogue.version}",
                "catalogue_digest": explained.catalogue.digest[:_DIGEST_SHOWN],
                "lender_file": self.lender.version,
                "lender_file_digest": self.lender.digest[:_DIGEST_SHOWN],
            },
        }

    def _in(self, label: Any) -> str:
        return str(label.text(self.lang))

    def _limit(self) -> dict[str, Any]:
        before, after = float(self.explanation.limit_before[0]), float(self.explanation.limit_after[0])
        days = self.lender.notice_days
        if self.effective is None:
            edge = "start" if self.explanation.catalogue.decision_lag else "end"
            effective, due = self.say(f"limit.month_{edge}", month=self.wording.month(self.month)), None
            due_text = self.say("limit.give_by_days", days=days)
        else:
            due = self.effective + timedelta(days=days)
            effective = date_in_words(self.effective, self.lang)
            due_text = self.say("limit.give_by_date", date=date_in_words(due, self.lang), days=days)
        return {
            "currency": self.explanation.catalogue.currency,
            "before": before,
            "after": after,
            "before_text": self.wording.money(before),
            "after_text": self.wording.money(after),
            "effective_date": None if self.effective is None else self.effective.isoformat(),
            "effective_text": effective,
            "give_by_date": None if due is None else due.isoformat(),
            "give_by_text": due_text,
            "notice_days": days,
        }

    def _reason(self, reason: Reason) -> dict[str, Any]:
        return {
            "rank": reason.rank,
            "code": reason.code,
            "about": reason.about,
            "text": capitalised(reason.text),
            "before": reason.before,
            "after": reason.after,
            "weight": round(reason.share, 6),
            "weight_text": format_share(reason.share),
            "near_tie": reason.near_tie,
            "source": reason.source,
            "source_text": capitalised(reason.source_label),
        }

    def _why(self, own: bool, others: bool) -> Iterator[str]:
        told = self.told
        if told.status != "explained":
            yield self.say(f"unexplained.{told.status}", when=told.compared_with)
            yield self.say("unexplained.review", days=self.lender.channel("human_review").answer_days)
            return
        key = "none" if not own else "opening_both" if others else "opening"
        opening = self.say(f"reasons.{key}", when=told.compared_with, coverage=format_share(told.coverage))
        complete = self.say("reasons.weightiest" if told.unnamed else "reasons.complete")
        yield opening + (" " if self.lang == "en" else "") + complete

    def _remarks(self) -> Iterator[str]:
        for ranks in self.told.ties:
            yield self.say("reasons.near_tie", ranks=join_ranks(ranks, self.lang))
        if self.told.reasons and self.explanation.reference_censored[0]:
            yield self.say("reasons.censored")

    def _rules(self) -> Iterator[str]:
        for rule in self.told.knock_outs:
            yield self.say("rules.knock_out", rule=rule.text, code=rule.code)
        for kind in self.told.kinds:
            if kind != "knock_out":
                yield self.say(f"rules.{kind}")

    def _exemptions(self) -> Iterator[str]:
        for kind in self.told.kinds:
            if kind != "knock_out":
                yield self.say(f"exemption.{kind}", rules=self._in(self.lender.exemption_rules))

    def _data(self) -> Iterator[str]:
        bureau = {"bureau": self._in(self.lender.bureau.name), "contact": self._in(self.lender.bureau.contact)}
        used: dict[str, list[int]] = {}
        for reason in self.told.reasons:
            used.setdefault(reason.source, []).append(reason.rank)
        for source, ranks in used.items():
            yield self.say(
                f"data.{source}", ranks=("、" if self.lang == "zh" else ", ").join(map(str, ranks)), **bureau
            )
        consulted = any(feature.source == "bureau" for feature in self.explanation.catalogue.drivers)
        if "bureau" not in used and consulted:
            yield self.say("data.bureau_used", **bureau)
        if consulted:
            yield self.say("data.bureau_rights", days=self.lender.bureau.dispute_days)

    def _channels(self) -> list[dict[str, Any]]:
        return [
            {
                "id": name,
                "text": self.say(f"channels.{name}"),
                "contact": self._in(self.lender.channel(name).contact),
                "open_days": self.lender.channel(name).open_days,
                "open_text": self.say("channels.open_days", days=self.lender.channel(name).open_days),
                "answer_days": self.lender.channel(name).answer_days,
                "answer_text": self.say("channels.answer_days", days=self.lender.channel(name).answer_days),
            }
            for name in CHANNELS
        ]


def _clean(text: str) -> str:
    """A text from data on one line, without what UTF-8 cannot hold."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def escape_markdown(text: object) -> str:
    r"""A text that Markdown shows as it is.

    >>> print(escape_markdown("<b>_x_|"))
    &lt;b&gt;\_x\_\|
    """
    plain = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN_SPECIAL.sub(r"\\\1", plain)


@cache
def _template(name: str) -> jinja2.Template:
    escapes = name.endswith(".html")
    environment = jinja2.Environment(
        autoescape=escapes,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # Markdown has an escape of its own, applied to every expression.
        finalize=None if escapes else escape_markdown,
    )
    return environment.from_string(_template_text(name))


def _template_text(name: str) -> str:
    return (resources.files("credit_model.documents") / "templates" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
