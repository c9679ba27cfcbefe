"""Numbers into words: one file a language, and what is told of a cut.

=================  ============================================================================================
``language``       `language(code)`: all texts, and how money, numbers, dates and lists are written
``language_file``  reads and checks the files in ``locale/``, one a language
``values``         `CatalogueWords`: a catalogue's labels and values in one language
``told``           one reason from numbers to page
``sentences``      sentences about one cut: risks, frequency, wave, reasons, what would have kept the limit
``reasons``        `decrease_reasons`: all that is told of decreases; their table and records
``score_changes``  `change_reasons`: why the score of a lender's own model is worse than before
=================  ============================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.words.language import LANGUAGES, Language
    from credit_model.words.reasons import DecreaseReasons, Reasons, decrease_reasons, reasons_as_records
    from credit_model.words.score_changes import ChangeReasons, ScoreReasons, change_reasons
    from credit_model.words.told import ToldReason
    from credit_model.words.values import CatalogueWords, catalogue_words

#: Public name -> the module that holds it; loaded at first use.
_HOME = {
    "CatalogueWords": "values",
    "ChangeReasons": "score_changes",
    "DecreaseReasons": "reasons",
    "LANGUAGES": "language",
    "Language": "language",
    "Reasons": "reasons",
    "ScoreReasons": "score_changes",
    "ToldReason": "told",
    "catalogue_words": "values",
    "change_reasons": "score_changes",
    "decrease_reasons": "reasons",
    "reasons_as_records": "reasons",
}

__all__ = [
    "LANGUAGES",
    "CatalogueWords",
    "ChangeReasons",
    "DecreaseReasons",
    "Language",
    "Reasons",
    "ScoreReasons",
    "ToldReason",
    "catalogue_words",
    "change_reasons",
    "decrease_reasons",
    "reasons_as_records",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
