"""The demonstration's last part: one cut is appealed, and the log of the case is verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np

from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.evaluating import Restoring, evaluate
from credit_model.act.appeals.frozen import Frozen, freeze_cut, model_digest
from credit_model.act.appeals.store import Store
from credit_model.act.appeals.summary import value_text
from credit_model.act.appeals.verifying import verify
from credit_model.cli.appeal_views import show_case, show_evaluation, show_flags, show_verification
from credit_model.cli.console import heading, say, show_facts
from credit_model.documents.case_folder import export_case
from credit_model.documents.deadlines import terms_of
from credit_model.documents.lender_file import read_lender
from credit_model.documents.letter import notice_contents, write_letters
from credit_model.errors import AppealError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.files import write_text
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.months import first_day, format_month
from credit_model.predictor import LimitPredictor
from credit_model.words.values import catalogue_words

FOLDER, DESK, CASE = "appeal", "desk.sqlite", "case"
#: Cuts that are looked at for one that a document would reinstate; each takes some hundredths of a second.
_MOST_LOOKED_AT = 60
#: Hours from the first day after the cut's month to the case's opening, and minutes from one step to the next.
_OPENED_AT, _STEP = 9, 20


@dataclass(frozen=True)
class Appealed:
    """The cut that is appealed, and the cell that a document corrects.

    Attributes
    ----------
    place : int
        Among the explanations.
    frozen : Frozen
    document : str
        A kind of the catalogue.
    cell : Restoring
    """

    place: int
    frozen: Frozen
    document: str
    cell: Restoring


def show_appeal(
    predictor: LimitPredictor,
    explanations: DecreaseExplanations,
    history: History,
    folder: Path,
    shown: Path,
    *,
    seed: int,
    lang: str = "en",
) -> list[tuple[str, object]]:
    """Appeal one cut from its opening to its letters, in ``folder``, which will be ``shown``; gives what was written.

    The same cut, seed and folder's content give the same bytes: times and salts do not come from the machine.
    """
    try:
        appealed = find_appealed(predictor, explanations, history)
    except AppealError as reason:
        say(f"No appeal is shown: {reason}.")
        return []
    (folder / FOLDER).mkdir()
    one, catalogue = explanations[appealed.place], predictor.fitted.catalogue
    lender, frozen, words = read_lender(), appealed.frozen, catalogue_words(catalogue, lang, one.month_type)
    column, number = appealed.cell.column, int(appealed.cell.month or 0)
    recorded = value_text(catalogue, column, float(frozen.cells[column][frozen.row_of(number) or 0]))
    value, month = value_text(catalogue, column, appealed.cell.value), format_month(number, frozen.month_type)
    show_facts(
        [
            ("cut", f"borrower {frozen.borrower_id}, {words.month(frozen.month)}: "
                    f"{words.money(frozen.limit_before)} to {words.money(frozen.limit_after)}"),
            ("chosen as", "the first one that one cell, corrected by a document, would reinstate"
                          if appealed.cell.crosses else "the first one that is led by what a document may correct"),
            ("document", f"{appealed.document}: {column} of {month}, {recorded or 'nothing'} on record, is {value}"),
        ]
    )  # fmt: skip
    with Store(folder / FOLDER / DESK, create=True, clock=_clock(frozen), draw=_draw(seed)) as store:
        desk, notices = Desk(store, zone=lender.calendar.zone), notice_contents(lender)
        number = desk.open("documents", frozen, terms_of(lender, "documents"), catalogue, actor="ann",
                           claim="The records are wrong.", notices=notices(one)).number  # fmt: skip
        flags = desk.add_evidence(number, appealed.document, [(column, month, value)], actor="ann")
        show_flags(desk.file(number), flags, lang)
        found = desk.evaluate(number, predictor.fitted, predictor.support, actor="ann", notices=notices)
        show_evaluation(desk.file(number), found, lang)
        desk.propose(number, found.recommendation, actor="ann")
        desk.decide(number, actor="bo")
        letters = write_letters(desk, number, actor="bo")
        desk.close(number, actor="bo")
        for code, letter in letters.items():
            write_text(letter.html(), folder / FOLDER / f"letter_{code}.html")
        export_case(desk, number, folder / FOLDER / CASE, model=(predictor.fitted, predictor.support))
        heading("The log of the case, verified against the head that its letters print")
        show_case(desk, store.case(number), lang)
        verified = verify(store, [str(next(iter(letters.values())).content["head"])])
        if not verified.is_sound:
            raise AppealError(*map(str, verified.findings))
        show_verification(verified)
    own = shown / FOLDER
    return [
        ("answers to an appeal", ", ".join(str(own / f"letter_{code}.html") for code in letters)),
        ("its desk and its export", f"{own / DESK}, {own / CASE}"),
        ("its log", f"sound, head {verified.head}"),
    ]


def find_appealed(predictor: LimitPredictor, explanations: DecreaseExplanations, history: History) -> Appealed:
    """The first supported cut, in the order of the explanations, whose leading factor a document may speak of, and that
    one cell of this factor, as it was when the limit was set, would reinstate; else the first of those that it helps.

    Raises
    ------
    AppealError
        There is none, and why.
    """
    catalogue = predictor.fitted.catalogue
    if not catalogue.documents:
        raise AppealError(
            "the catalogue declares no [[document]], which says what evidence may correct (docs/catalogue.md)"
        )
    helped: Appealed | None = None
    for one in islice(_candidates(predictor, explanations, history), _MOST_LOOKED_AT):
        if one.cell.crosses:
            return one
        helped = helped or one
    if helped is None:
        raise AppealError("no cut is led by a factor whose cells a document may correct and would help it")
    return helped


def _candidates(predictor: LimitPredictor, explanations: DecreaseExplanations, history: History) -> Iterator[Appealed]:
    """Of each cut that could be chosen the cell of its leading factor that helps most."""
    fitted, rule = predictor.fitted, predictor.support
    digest = model_digest(fitted, rule)
    may_correct = _documents_of(fitted.catalogue)
    for i in np.flatnonzero((explanations.support != "unexplained") & (explanations.leading_factor_index >= 0)):
        features = fitted.catalogue.by_factor[int(explanations.leading_factor_index[i])]
        columns = {name for f in features for name in (f.column, f.numerator, f.denominator)} & set(may_correct)
        if not columns:
            continue
        frozen = freeze_cut(fitted, explanations[int(i)], history)
        for cell in evaluate(fitted, rule, frozen, {}, digest=digest).further:
            if cell.month is not None and cell.column in columns:
                found = evaluate(fitted, rule, frozen, {(cell.column, cell.month): cell.value}, digest=digest)
                if found.recommendation != "partly":  # what limit that is, a person would have to say
                    yield Appealed(int(i), frozen, may_correct[cell.column], cell)
                    break


def _documents_of(catalogue: Catalogue) -> dict[str, str]:
    """Each column that a document may correct, and the first kind of document that may."""
    return {name: kind.id for kind in reversed(catalogue.documents) for name in kind.columns}


def _clock(frozen: Frozen) -> Callable[[], datetime]:
    """A clock that starts after the cut's month, and moves with every look at it."""
    day = first_day(frozen.month + 1, frozen.month_type) if frozen.month_type != "integer" else datetime(2024, 1, 1)
    start = datetime(day.year, day.month, day.day, _OPENED_AT, tzinfo=UTC)
    looks = 0

    def look() -> datetime:
        nonlocal looks
        looks += 1
        return start + timedelta(minutes=looks * _STEP)

    return look


def _draw(seed: int) -> Callable[[int], bytes]:
    return np.random.default_rng(seed).bytes
