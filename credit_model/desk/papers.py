"""The papers of a case: the page and the notice of its cut, the letter that answers it, the whole case as a file."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from pathlib import Path

from starlette.responses import Response

from credit_model.act.appeals.reading import CaseFile, corrected_cells
from credit_model.desk.asking import Asked, Mistakes, RefusedError, document, download
from credit_model.desk.case import file_of, head, needed_file, step, why_not
from credit_model.documents.case_folder import export_case
from credit_model.documents.letter import Letter, letter_of, letters, write_letters
from credit_model.documents.letter_content import case_number
from credit_model.documents.notice import Notice, style_and_policy
from credit_model.errors import AppealError
from credit_model.words.language import LANGUAGES

_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


def show_cut(asked: Asked) -> Response:
    """The page of the cut, in a frame that can reach nothing of the desk, and its notice."""
    case = asked.case()
    file = file_of(asked, case)
    base = head(asked, case, file, "cut")
    if file is None:
        return asked.page("erased.html", **base)
    return asked.page(
        "cut.html",
        shown="notice" if asked.wanted("show") == "notice" else "corrected" if asked.wanted("show") else "decided",
        corrected=bool(_cells(file)),
        loaded=asked.office.engine.find(file.frozen) is not None,
        model=file.frozen.model_version,
        notice=bool(_notice(asked, file)),
        **base,
    )


def _cells(file: CaseFile) -> dict[tuple[str, int], float]:
    evaluated = file.case.evaluated
    return corrected_cells(file.documents, () if evaluated is None else evaluated.facts["without"])


def give_page(asked: Asked) -> Response:
    """The page itself."""
    file = needed_file(asked)
    if file.frozen.is_rise:
        raise RefusedError(404, "no_page")
    if asked.office.engine.find(file.frozen) is None:
        raise RefusedError(422, "mistake", why_not(asked, file))
    cells = _cells(file) if asked.wanted("show") == "corrected" else {}
    text = asked.office.engine.page(file, cells, asked.lang)
    return document(text, f"{_own_policy(text)}; sandbox allow-scripts allow-modals")


def _own_policy(page: str) -> str:
    """The policy that a page has written into itself: its own script and style, and nothing else."""
    found = _POLICY.search(page)
    assert found is not None  # all pages have one
    return found[1].replace("&#39;", "'")


def _notice(asked: Asked, file: CaseFile) -> dict[str, object]:
    """The content of the notice as it was given with the decision."""
    opened = asked.office.desk.store.record(file.case.opened) or {}
    found = opened.get("notices", {}).get(asked.lang, {})
    return dict(found)


def give_notice(asked: Asked) -> Response:
    """The notice as it was kept with the case."""
    content = _notice(asked, needed_file(asked))
    if not content:
        raise RefusedError(404, "no_page")
    return _paper(Notice(content).html())


def _paper(html: str) -> Response:
    return document(html, f"{style_and_policy()[1]}; sandbox allow-modals")


def show_letter(asked: Asked, *, status: int = 200, mistakes: Mistakes | None = None) -> Response:
    """The letter: as it would be, and as it was written."""
    case = asked.case()
    file = file_of(asked, case)
    base = head(asked, case, file, "letter")
    if file is None:
        return asked.page("erased.html", status=status, mistakes=mistakes, **base)
    written = [
        {
            "seq": event.seq,
            "day": event.facts["day"],
            "late": event.facts["late"],
            "by": event.actor,
            "head": event.head,
        }
        for event in case.letters
    ]
    lang = _lang(asked)
    preview = file.decision is not None and not written
    address = f"/case/{case.number}/letter/{written[0]['seq'] if written else 'preview'}?lang={lang}"
    return asked.page(
        "letter.html",
        status=status,
        mistakes=mistakes,
        written=written,
        preview=preview,
        address=address if written or preview else "",
        shown=lang,
        may_write=case.state == "decided",
        **base,
    )


def _lang(asked: Asked) -> str:
    return asked.wanted("lang") if asked.wanted("lang") in LANGUAGES else asked.lang


def give_preview(asked: Asked) -> Response:
    """The letter as it would be written today; of a proposal, too, for the second person to see before deciding."""
    file, lang = needed_file(asked), _lang(asked)
    if file.decision is None:
        raise RefusedError(404, "no_letter")
    try:
        content = letters([lang])(file, asked.today)[lang]
    except AppealError as error:
        raise RefusedError(409, "mistake", " ".join(error.told())) from None
    return _paper(Letter({**content, "head": asked.say("letter.no_head")}).html())


def give_letter(asked: Asked) -> Response:
    """A letter as it was written."""
    case, lang = asked.case(), _lang(asked)
    event = next((one for one in case.letters if one.seq == asked.place("event")), None)
    if event is None:
        raise RefusedError(404, "no_letter")
    if case.is_erased:
        raise RefusedError(410, "erased")
    if lang not in event.facts["langs"]:
        raise RefusedError(404, "no_letter")
    return _paper(letter_of(asked.office.desk, event, lang).html())


def write_letter(asked: Asked) -> Response:
    """Answer the borrower, in all languages at once."""
    case, mistakes = asked.case(), Mistakes()
    status = step(asked, case, mistakes, lambda: write_letters(asked.office.desk, case.number, actor=asked.actor))
    if not status:
        return asked.go(f"/case/{case.number}/letter?done=letter")
    return show_letter(asked, status=status, mistakes=mistakes)


def give_export(asked: Asked) -> Response:
    """The whole case as one sealed folder, packed."""
    case = asked.case()
    name, known = case_number(case.number), file_of(asked, case)
    model = None if known is None else asked.office.engine.find(known.frozen)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / name
        files = export_case(
            asked.office.desk, case.number, place, model=None if model is None else (model.fitted, model.support)
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(files):
                archive.writestr(zipfile.ZipInfo(f"{name}/{file}", (1980, 1, 1, 0, 0, 0)), (place / file).read_bytes())
    return download(packed.getvalue(), f"{name}.zip", "application/zip")
