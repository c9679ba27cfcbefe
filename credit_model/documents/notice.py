"""The notice that a borrower is given of a limit decrease, in HTML, Markdown and JSON.

It is made from a stored explanation and a lender file alone, and a plan as of the decision where one is given, so that
the same give the same bytes at any time.
What it must hold follows US Reg B 1002.9 with comments 9(b)(2)-1 to -9, FCRA 615(a), GDPR 22, and China's PIPL 24 and
征信业管理条例 25.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

import jinja2
from markupsafe import Markup

from credit_model.act.plans.plan import Plan
from credit_model.documents.lender_file import Lender, read_lender
from credit_model.documents.notice_ahead import check_plan
from credit_model.documents.notice_content import NoticeContent, on_one_line
from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations, one_decrease
from credit_model.portfolio.months import FIRST_YEAR, LAST_YEAR, first_day
from credit_model.words.language import Language, language
from credit_model.words.reasons import decrease_reasons

Format = Literal["html", "markdown", "json"]
FORMATS: tuple[str, ...] = get_args(Format)

#: Emphasis, code, links, images, tables, strikethrough; formulas, superscripts and attributes of wider dialects.
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]|~$^{}]|==)")
#: What makes a heading, a list, a rule or a definition of a line that starts with it.
_MARKDOWN_START = re.compile(r"^( ?)(#|=|[-+:](?=[ -]|$)|[0-9]{1,9}(?=[.)](?: |$)))")
#: What ends a line, or shows as nothing while it turns or hides what is beside it.
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_GAPS = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")


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
    def lang(self) -> str:
        """The code of the language that it is written in."""
        return str(self.content["lang"])

    @property
    def is_draft(self) -> bool:
        """A person has to confirm what it names before it is sent."""
        return bool(self.content["draft"])

    @property
    def _language(self) -> Language:
        return language(self.lang)

    def html(self) -> str:
        """A self-contained page, made for A4 paper."""
        style, policy = style_and_policy()
        return _template("notice.html").render(
            n=self.content,
            say=self._language.texts("notice"),
            html=self._language.html_code,
            style=style,
            policy=policy,
        )

    def markdown(self) -> str:
        """Markdown with tables; text that came from data is escaped."""
        return _template("notice.md").render(
            n=self.content, say=self._language.texts("notice"), colon=self._language.colon
        )

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
        page = self.html().replace("&", "&amp;").replace('"', "&quot;")  # all that an attribute needs
        style = "width:100%;height:60em;border:1px solid #ccc"
        return f'<iframe title="notice" sandbox srcdoc="{page}" style="{style}"></iframe>'


def build_notice(
    explanation: DecreaseExplanations,
    *,
    lang: str = "en",
    lender: Lender | str | Path | None = None,
    effective_date: date | str | None = None,
    confirmed_by: str | None = None,
    plan: Plan | None = None,
) -> Notice:
    """The notice of one decrease, from its verdict.

    Of an expected decrease it stands by itself. Where the risk was raised, but the model would have kept the limit, it
    is a draft until a person confirms what it names. Of an unexplained one it says what is known, names no reasons,
    and announces a re-evaluation.

    Parameters
    ----------
    explanation : DecreaseExplanations
        Of a single decrease, as ``explanations.select(borrower, month)`` gives it.
    lang : str
        One of `language.LANGUAGES`, such as "en" or "zh".
    lender : Lender or path, optional
        A lender TOML; without one the built-in example, whose notices are marked as samples.
    effective_date : date or "2024-03-31", optional
        When the new limit takes effect. Without it the first day after the decision's month, or of that month
        where the catalogue's ``decision_lag`` is 1; where months are integers, the month in words.
    confirmed_by : str, optional
        Who has confirmed what the notice names (a role or a name); the notice carries it.
    plan : Plan, optional
        What brings the limit back, from `act.plans.plan_cuts`; told in careful words where reasons are named and most
        fits of the model agree on it, else left out.

    Raises
    ------
    CreditModelError
        Not a single decrease, an unknown language, a date that is none or lies before the decision, nobody in
        ``confirmed_by``, or a plan that is not of this decrease.
    LenderError
        The lender file breaks its rules.

    Examples
    --------
    >>> explanations = DecreaseExplanations.load("explanations")  # doctest: +SKIP
    >>> print(build_notice(explanations.select("B0012", "2024-03"), lang="en").markdown())  # doctest: +SKIP
    """
    one_decrease(explanation, "a notice")
    known = lender if isinstance(lender, Lender) else read_lender(lender)
    told = decrease_reasons(explanation, lang=lang)[0]
    if plan is not None:
        check_plan(plan, explanation)
    content = NoticeContent(
        explanation, told, known, _as_date(effective_date, explanation), _as_name(confirmed_by), lang, plan
    )
    return Notice(content.content())


def _as_name(value: str | None) -> str | None:
    if value is None:
        return None
    name = on_one_line(value) if isinstance(value, str) else ""
    if not name:
        raise CreditModelError(
            f"confirmed_by must name who confirmed the notice, such as 'credit officer A. Chen', got {value!r}"
        )
    return name


def _as_date(value: date | str | None, explanation: DecreaseExplanations) -> date | None:
    if value is None:
        return None
    try:
        day = date(value.year, value.month, value.day) if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise CreditModelError(f"effective_date must be a date such as 2024-03-31, got {value!r}") from None
    month_type = explanation.month_type
    dated = month_type != "integer"
    first = first_day(int(explanation.month_number[0]), month_type) if dated else date(FIRST_YEAR, 1, 1)
    if not first <= day <= date(LAST_YEAR, 12, 31):
        rule = f"not before the decision's month, {first}" if dated else f"a date from {first} on"
        raise CreditModelError(f"effective_date must be {rule}, nor after {LAST_YEAR}, got {day}; correct it")
    return day


def escape_markdown(text: object) -> str:
    r"""A text on one line that Markdown shows as it is, wherever in a line it stands; a bare address stays one.

    >>> print(escape_markdown("<b>_x_|"))
    &lt;b&gt;\_x\_\|
    >>> print(escape_markdown("1. a\n# b"))
    1\. a # b
    """
    plain = _GAPS.sub(" ", _UNSEEN.sub("", str(text).encode("utf-8", "replace").decode()))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = _MARKDOWN_SPECIAL.sub(r"\\\1", plain)
    start = _MARKDOWN_START.match(plain)
    if start is None:
        return plain
    # A number is told from a list by its dot, anything else by itself.
    at = start.end() if start[2].isdigit() else start.end(1)
    return f"{plain[:at]}\\{plain[at:]}"


def render(name: str, **values: Any) -> str:
    """A template of the documents, filled in; what comes from data is escaped as HTML or Markdown by its name."""
    return _template(name).render(**values)


def style_and_policy() -> tuple[str, str]:
    """The style of notices and letters, and the policy that lets a page use it and nothing else."""
    style = _template_text("notice.css")
    return style, f"default-src 'none'; style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'"


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template_text),
        autoescape=True,  # also of Markdown, so that the parts which templates share are not escaped twice
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # Markdown has an escape of its own, applied to every expression.
        finalize=_as_markdown if name.endswith(".md") else None,
    )
    return environment.get_template(name)


def _as_markdown(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(escape_markdown(value))


def _template_text(name: str) -> str:
    return (resources.files("credit_model.documents") / "templates" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
