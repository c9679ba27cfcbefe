"""Pages of changes of a score: one self-contained HTML page a change, and an index over them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from credit_model.arrays import IntArray
from credit_model.documents.page_score import ScoreRecords
from credit_model.documents.report import ReportFiles, embeddable, page_parts
from credit_model.explain.score_changes import ScoreChanges
from credit_model.files import fresh_folder, write_manifest
from credit_model.places import file_names
from credit_model.words.language import language

FORMAT = "credit_model.score_report/1"
PAGES_FOLDER = "changes"
_SCRIPTS = {
    "score": ("base.js", "change.js", "whatif.js", "score.js"),
    "scores": ("base.js", "score_index.js"),
}


def write_score_pages(
    changes: ScoreChanges,
    folder: str | Path,
    *,
    lang: str = "en",
    most: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ReportFiles:
    """Write a page for every change of a score, ``index.html`` over them, and ``manifest.json``.

    A page asks nothing of any server; what is switched on it is answered from the table of all mixtures of factors. The
    same changes give the same bytes.

    Parameters
    ----------
    changes : ScoreChanges
        From `explain_changes`, with ``worse=``.
    folder : path
        Made whole or not at all; earlier pages there are replaced.
    lang : str
        The language that the pages open in; they hold all of `language.LANGUAGES`.
    most : int, optional
        Only the changes that are worst for the borrower, so many; None: all.
    on_progress : callable, optional
        Called with the number of pages written and their total.

    Returns
    -------
    ReportFiles

    Raises
    ------
    CreditModelError
        ``lang`` is unknown, or which way is worse has not been said.
    DataFileError
        The folder cannot be written, or holds somebody's files.

    Examples
    --------
    >>> changes = explain_changes(model, before, after, worse="higher")  # doctest: +SKIP
    >>> write_score_pages(changes, "pages").index  # doctest: +SKIP
    """
    chosen = changes if most is None else changes[worst_first(changes)[:most]]
    records = ScoreRecords(chosen, language(lang).code)
    files = page_files(chosen)
    with fresh_folder(folder, format=FORMAT) as partial:
        write_pages_into(Path(partial), records, files, on_progress)
        content = {
            "model_version": chosen.model_version,
            "worse": chosen.worse,
            "changes": len(chosen),
            "pages": [{"key": str(key), "file": name} for key, name in zip(chosen.borrower_id, files, strict=True)],
        }
        write_manifest(partial, FORMAT, content)
    return ReportFiles(Path(folder), Path(folder) / "index.html", tuple(Path(folder) / name for name in files))


def page_files(changes: ScoreChanges) -> list[str]:
    """Relative addresses of the changes' pages: (n,)."""
    names = file_names(list(changes.borrower_id), ["score"] * len(changes))
    return [f"{PAGES_FOLDER}/{name}.html" for name in names]


def worst_first(changes: ScoreChanges) -> IntArray:
    """Places of changes, those that are worst for the borrower first: (n,)."""
    better = changes.as_better()
    return np.argsort(better.score_after - better.score_before, kind="stable").astype(np.int64)


def write_pages_into(
    folder: Path, records: ScoreRecords, files: list[str], on_progress: Callable[[int, int], None] | None = None
) -> None:
    """Write the pages into an existing folder."""
    (folder / PAGES_FOLDER).mkdir(exist_ok=True)
    (folder / "index.html").write_bytes(_page("scores", records.index(files), None))
    for i, name in enumerate(files):
        (folder / name).write_bytes(_page("score", records.page(i), "../index.html"))
        if on_progress is not None:
            on_progress(i + 1, len(files))


def _page(page: str, record: dict[str, Any], back: str | None) -> bytes:
    template, shared = _shared(page)
    title = record["title"] if isinstance(record["title"], str) else record["title"]["en"]
    return template.render(title=title, data=embeddable(record), back=back, plain=None, **shared).encode()


@cache
def _shared(page: str) -> tuple[jinja2.Template, dict[str, Any]]:
    return page_parts(page, _SCRIPTS[page], "integer", more_words="score_page", more_style="score.css")
