"""The models and the panel of a desk, loaded once; re-evaluations and decrease pages, kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from credit_model.act.appeals.evaluating import Evaluation, evaluate
from credit_model.act.appeals.frozen import Cell, Frozen, model_digest
from credit_model.act.appeals.reading import CaseFile
from credit_model.documents.case_pages import case_page
from credit_model.errors import AppealError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.waves import Waves
from credit_model.portfolio.history import History
from credit_model.predictor import LimitPredictor

T = TypeVar("T")
#: Answers that are kept: re-evaluations are small, pages are not.
_EVALUATIONS, _PAGES = 2000, 64


class Kept:
    """The last answers to costly questions; of two who ask the same at once, one waits for the other's answer."""

    def __init__(self, most: int) -> None:
        self._most, self._turn = most, threading.Lock()
        self._found: OrderedDict[Hashable, Any] = OrderedDict()
        self._asked: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, find: Callable[[], T]) -> T:
        """The answer to ``key``, found by ``find`` where it is not known."""
        with self._turn:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]  # type: ignore[no-any-return]
            own = self._asked.setdefault(key, threading.Lock())
        try:
            with own:
                with self._turn:
                    if key in self._found:
                        return self._found[key]  # type: ignore[no-any-return]
                found = find()
                with self._turn:
                    self._found[key] = found
                    while len(self._found) > self._most:
                        self._found.popitem(last=False)
        finally:
            with self._turn:
                self._asked.pop(key, None)
        return found


@dataclass(frozen=True)
class Book:
    """The panel that new cases are opened from.

    Attributes
    ----------
    history : History
    waves : Waves
        Of the whole panel.
    predictor : LimitPredictor
        The model that explains it.
    """

    history: History
    waves: Waves
    predictor: LimitPredictor

    @classmethod
    def of(cls, predictor: LimitPredictor, history: History) -> Book:
        """The book of a panel, in which waves are looked for once."""
        return cls(history, predictor.waves(predictor.snapshots(history)), predictor)

    def decreases(self, borrower: str) -> DecreaseExplanations:
        """All decreases of a borrower, explained.

        Raises
        ------
        HistoryError
            There is no such borrower.
        """
        history = self.history.select([borrower])
        return self.predictor.explain_snapshots(self.predictor.snapshots(history), waves=self.waves)


class Engine:
    """What computes at the desk.

    Parameters
    ----------
    predictors : sequence of LimitPredictor
        Those by whose decisions cases are, or may come to be.
    book : Book, optional
    """

    def __init__(self, predictors: Sequence[LimitPredictor], book: Book | None = None) -> None:
        self.book = book
        self._models = {model_digest(one.fitted, one.support): one for one in predictors}
        self._evaluations, self._pages = Kept(_EVALUATIONS), Kept(_PAGES)

    def find(self, frozen: Frozen) -> LimitPredictor | None:
        """The model that a decision rests on; None where it is not loaded."""
        return self._models.get(frozen.model_digest)

    def model_of(self, frozen: Frozen) -> LimitPredictor:
        """The model that a decision rests on.

        Raises
        ------
        AppealError
            It is not loaded.
        """
        found = self.find(frozen)
        if found is None:
            raise AppealError(
                f"the model that decided ({frozen.model_version}, digest {frozen.model_digest[:12]}) is not loaded, or "
                "has changed since; start the desk with its folder, too (--model may be repeated)"
            )
        return found

    def evaluation(self, file: CaseFile, cells: Mapping[Cell, float]) -> Evaluation:
        """The decision of a case with some cells corrected, without entering it.

        Raises
        ------
        AppealError
            The model is not loaded.
        """
        frozen, model = file.frozen, self.model_of(file.frozen)
        key = (file.case.opened.hash, tuple(sorted(cells.items())))
        return self._evaluations.get(
            key, lambda: evaluate(model.fitted, model.support, frozen, cells, digest=frozen.model_digest)
        )

    def page(self, file: CaseFile, cells: Mapping[Cell, float], lang: str) -> str:
        """The page of a cut, as decided or with some cells corrected, from what the case holds.

        Raises
        ------
        AppealError
            The model is not loaded.
        """
        key = (file.case.opened.hash, tuple(sorted(cells.items())), lang)
        model = self.model_of(file.frozen)
        return self._pages.get(key, lambda: case_page(file, model.fitted, model.support, cells, lang))
