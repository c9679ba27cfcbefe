"""The page of warnings: one self-contained HTML file over the open lines of a month, the riskiest first."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from credit_model.act.warning.watching import Warnings
from credit_model.documents.page_warnings import WarningsRecord
from credit_model.documents.report import embeddable, page_parts
from credit_model.portfolio.months import MonthType
from credit_model.words.language import language

_SCRIPTS = ("base.js", "warnings.js")


def warnings_html(warnings: Warnings, *, lang: str = "en") -> str:
    """The page of a month's warnings; the same warnings give the same bytes.

    It asks nothing of any server: styles, script and data are in it, and a Content-Security-Policy forbids all else.

    Parameters
    ----------
    warnings : Warnings
        From `LimitPredictor.watch`, with or without plans.
    lang : str
        The language that it opens in, one of `language.LANGUAGES`; it holds all of them.

    Raises
    ------
    CreditModelError
        ``lang`` is unknown.

    Examples
    --------
    >>> page = warnings_html(predictor.watch(history, plans=True))  # doctest: +SKIP
    """
    template, shared = _shared(warnings.month_type)
    opened = language(lang, warnings.month_type)
    title = opened.say("watch.document", catalogue=warnings.catalogue.name, month=warnings.month)
    record = WarningsRecord(warnings, lang).record()
    return template.render(title=title, data=embeddable(record), back=None, plain=None, **shared)


@cache
def _shared(month_type: MonthType) -> tuple[jinja2.Template, dict[str, Any]]:
    return page_parts("warnings", _SCRIPTS, month_type, more_words="watch_page", more_style="warnings.css")
