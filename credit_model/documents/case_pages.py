"""The pages of an appealed cut, made of what its case holds and of the decision's model: as decided, and corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from credit_model.act.appeals.evaluating import corrected_cut
from credit_model.act.appeals.frozen import Cell, check_same_model, frozen_snapshots, model_digest
from credit_model.act.appeals.reading import CaseFile, corrected_cells
from credit_model.documents.report import decrease_html, page_records
from credit_model.documents.tracks import score_tracks
from credit_model.explain.support import SupportRule
from credit_model.fitted_model import FittedModel

AS_DECIDED, CORRECTED = "page.html", "page_corrected.html"


def case_pages(file: CaseFile, fitted: FittedModel, rule: SupportRule, *, lang: str = "en") -> dict[str, str]:
    """The pages of a case's cut, by file name.

    Parameters
    ----------
    file : CaseFile
    fitted : FittedModel
        The model of the decision.
    rule : SupportRule
    lang : str
        The language that pages open in; they hold all.

    Returns
    -------
    dict of str to str
        ``page.html``, the cut as decided; ``page_corrected.html``, on the cells that were corrected, if there are any.
        Of a rise none: a page is about a cut.

    Raises
    ------
    AppealError
        The model or its catalogue is another than at the decision.
    """
    check_same_model(file.frozen, fitted, model_digest(fitted, rule))
    if file.frozen.is_rise:
        return {}
    evaluated = file.case.evaluated
    cells = corrected_cells(file.documents, () if evaluated is None else evaluated.facts["without"])
    pages = {AS_DECIDED: case_page(file, fitted, rule, {}, lang)}
    return pages | ({CORRECTED: case_page(file, fitted, rule, cells, lang)} if cells else {})


def case_page(file: CaseFile, fitted: FittedModel, rule: SupportRule, cells: Mapping[Cell, float], lang: str) -> str:
    """The page of a case's cut on some corrected cells, by the model of the decision."""
    cut = corrected_cut(fitted, rule, file.frozen, cells)
    snapshots = frozen_snapshots(fitted, file.frozen, [cells])
    owned = replace(snapshots, history=replace(snapshots.history, borrower_ids=np.array([file.frozen.borrower_id])))
    return decrease_html(page_records(cut, score_tracks(fitted, owned, n_jobs=1), lang=lang), 0)
