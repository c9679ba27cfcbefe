"""The report: one self-contained HTML page a decrease, and an index over a portfolio.

A page asks nothing of any server: styles, script and data are in the file, a Content-Security-Policy forbids
everything else, and what an officer switches is answered from the embedded table of all mixtures of factors.
The same explanations give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Literal

import jinja2
import pandas as pd

from credit_model import palette
from credit_model.act.plans.plan import Plan
from credit_model.documents.page_plan import outlook_of, plain_plan
from credit_model.documents.page_records import PageRecords
from credit_model.documents.tracks import Tracks
from credit_model.errors import CreditModelError, HistoryError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.files import fresh_folder, write_manifest
from credit_model.places import file_names
from credit_model.portfolio.months import MonthType, format_month, month_number_of
from credit_model.words.language import LANGUAGES, language

_SCRIPTS = {
    "decrease": ("base.js", "change.js", "whatif.js", "plan.js", "timeline.js", "history.js", "decrease.js"),
    "index": ("base.js", "index.js"),
}
#: The two sorts of pages.
_Sort = Literal["decrease", "index"]
FORMAT = "credit_model.report/2"
PAGES_FOLDER = "decreases"


@dataclass(frozen=True)
class ReportFiles:
    """What was written: the folder, the index, and one page a decrease, in the order of the explanations."""

    folder: Path
    index: Path
    pages: tuple[Path, ...]


def write_report(
    explanations: DecreaseExplanations,
    tracks: Tracks,
    folder: str | Path,
    *,
    economy: pd.DataFrame | None = None,
    lang: str = "en",
    plans: Sequence[Plan] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ReportFiles:
    """Write a page for every decrease, ``index.html`` over all of them, and ``manifest.json``.

    Parameters
    ----------
    explanations : DecreaseExplanations
        n decreases.
    tracks : Tracks
        The months of their borrowers, from `score_tracks`.
    folder : path
        Made whole or not at all; an earlier report there is replaced.
    economy : DataFrame, optional
        One row a month: the catalogue's month column and numeric columns, the first two of which the index draws.
    lang : str
        The language that the pages open in, one of `language.LANGUAGES`; they hold all of them.
    plans : sequence of Plan, (n,), optional
        What brings each limit back, from `act.plans.plan_cuts`; without them pages have no section about it.
    on_progress : callable, optional
        Called with the number of pages written and their total.

    Returns
    -------
    ReportFiles

    Raises
    ------
    CreditModelError
        ``lang`` is unknown, or ``plans`` are not one a decrease, of its borrower and month.
    HistoryError
        ``tracks`` lack a decrease's borrower or month, or ``economy`` is not one row a month.
    DataFileError
        The folder cannot be written, or holds somebody's files.

    Examples
    --------
    >>> import tempfile
    >>> from credit_model import LimitPredictor, simulate_portfolio
    >>> from credit_model.documents.tracks import score_tracks
    >>> history = simulate_portfolio(400, 24, seed=1).history
    >>> predictor = LimitPredictor(max_iter=20).fit(history)
    >>> snapshots = predictor.snapshots(history)
    >>> explanations = predictor.explain_snapshots(snapshots)[:3]
    >>> tracks = score_tracks(predictor.fitted, snapshots)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_report(explanations, tracks, folder)
    ...     len(files.pages), files.index.name
    (3, 'index.html')
    """
    if tracks.history.catalogue != explanations.catalogue:
        raise HistoryError(
            "the tracks must follow the catalogue of the explanations; make them from what was explained"
        )
    records = page_records(explanations, tracks, lang=lang, plans=plans)
    names = page_names(explanations)
    files = [f"{PAGES_FOLDER}/{name}" for name in names]
    with fresh_folder(folder, format=FORMAT) as partial:
        (partial / PAGES_FOLDER).mkdir()
        _write(partial / "index.html", index_html(records, files, economy=economy))
        for i, name in enumerate(files):
            _write(partial / name, decrease_html(records, i, back="../index.html"))
            if on_progress is not None:
                on_progress(i + 1, len(files))
        write_manifest(partial, FORMAT, _manifest(explanations, files, records.plans))
    folder = Path(folder)
    return ReportFiles(folder, folder / "index.html", tuple(folder / name for name in files))


def page_records(
    explanations: DecreaseExplanations, tracks: Tracks, *, lang: str = "en", plans: Sequence[Plan] | None = None
) -> PageRecords:
    """The data of all pages; parameters as in `write_report`."""
    known = None if plans is None else tuple(plans)
    if known is not None:
        _check_plans(known, explanations)
    return PageRecords(explanations, tracks, language(lang).code, metadata.version("credit-model"), known)


def _check_plans(plans: Sequence[Plan], explanations: DecreaseExplanations) -> None:
    if len(plans) != len(explanations):
        raise CreditModelError(
            f"plans must be one a decrease, got {len(plans)} of {len(explanations)}; make them with plan_cuts"
        )
    months = explanations.month_number.tolist()
    for plan, borrower, month in zip(plans, explanations.borrower_id, months, strict=True):
        if plan.borrower_id != borrower or month_number_of(plan.month, explanations.month_type) != month:
            when = format_month(month, explanations.month_type)
            raise CreditModelError(
                f"plans must follow the decreases, found one of borrower {plan.borrower_id} for that of {borrower} in "
                f"{when}; make them with plan_cuts"
            )


def decrease_html(records: PageRecords, i: int, *, back: str | None = None) -> str:
    """The page of decrease ``i``; ``back`` is the address of the index, if there is one."""
    explained = records.explanations
    title = f"{explained.borrower_id[i]} {format_month(int(explained.month_number[i]), explained.month_type)}"
    record = records.page(i)
    plan = record["plan"]
    plain = None if plan is None else plain_plan(plan, language(records.lang, explained.month_type))
    return _page("decrease", title, record, back, explained.month_type, plain=plain)


def index_html(records: PageRecords, files: Sequence[str], *, economy: pd.DataFrame | None = None) -> str:
    """The index over pages at the relative addresses ``files``."""
    title = f"Limit decreases – {records.explanations.catalogue.name}"
    return _page("index", title, records.index(files, economy), None, records.explanations.month_type)


def page_names(explanations: DecreaseExplanations) -> list[str]:
    """File names for the decreases' pages, made of the borrower's id and the month by `places.file_names`."""
    months = [format_month(int(m), explanations.month_type) for m in explanations.month_number]
    return [f"{name}.html" for name in file_names(list(explanations.borrower_id), months)]


def embeddable(record: object) -> str:
    """A record as JSON that no HTML parser can leave: nothing in it ends a script or starts a tag or comment."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _page(
    page: _Sort,
    title: str,
    record: object,
    back: str | None,
    month_type: MonthType,
    *,
    plain: Mapping[str, Any] | None = None,
) -> str:
    template, shared = _shared(page, month_type)
    return template.render(title=title, data=embeddable(record), back=back, plain=plain, **shared)


@cache
def _shared(page: _Sort, month_type: MonthType) -> tuple[jinja2.Template, dict[str, Any]]:
    """The template and everything that is the same on every page of the sort."""
    return page_parts(page, _SCRIPTS[page], month_type)


def page_parts(
    page: str, scripts: Sequence[str], month_type: MonthType, *, more_words: str = "", more_style: str = ""
) -> tuple[jinja2.Template, dict[str, Any]]:
    """The template of pages and what does not depend on their data.

    Parameters
    ----------
    page : str
        The sort of page.
    scripts : sequence of file names
        Of the templates' folder, in order.
    month_type : MonthType
    more_words : str
        A section of the language files whose texts the script says too, before those of "page".
    more_style : str
        File name of a further style sheet.
    """
    style = _palette_style() + _source("report.css") + (_source(more_style) if more_style else "")
    script = '"use strict";\n(() => {\n' + "".join(_source(name) for name in scripts) + "})();\n"
    spoken = [language(lang, month_type) for lang in LANGUAGES]
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(_source("page.html")), {
        "page": page,
        "policy": policy,
        "style": style,
        "script": script,
        "words": embeddable(
            {one.code: {**one.texts("page"), **(one.texts(more_words) if more_words else {})} for one in spoken}
        ),
        "languages": [
            {
                "code": one.code,
                "html": one.html_code,
                "name": one.about["name"],
                "choose": one.say("report.choose_language"),
                "noscript": one.say("report.noscript"),
            }
            for one in spoken
        ],
    }


def _palette_style() -> str:
    """The colours that pages share with plots, for the style sheet to use."""
    colours = {"lowers": palette.LOWERS, "raises": palette.RAISES, "lost-tint": palette.LOST_TINT}
    return ":root { " + " ".join(f"--plot-{name}: {colour};" for name, colour in colours.items()) + " }\n"


def _source(name: str) -> str:
    return (resources.files("credit_model.documents") / "templates" / "report" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _manifest(explanations: DecreaseExplanations, files: Sequence[str], plans: Sequence[Plan] | None) -> dict[str, Any]:
    outlooks = [{} if plans is None else {"comes_back": outlook_of(plans[i])} for i in range(len(explanations))]
    return {
        "model_version": explanations.model_version,
        "reference": explanations.reference,
        "catalogue": {"name": explanations.catalogue.name, "digest": explanations.catalogue.digest},
        "decreases": len(explanations),
        "pages": [
            {
                "borrower": str(borrower),
                "month": format_month(int(month), explanations.month_type),
                "support": verdict.support,
                **outlook,
                "file": name,
            }
            for borrower, month, verdict, outlook, name in zip(
                explanations.borrower_id, explanations.month_number, explanations.verdicts, outlooks, files, strict=True
            )
        ],
    }


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))
