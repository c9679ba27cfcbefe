"""Appeals: a borrower says that it is a mistake, the lender looks again, a person decides, and all of it can be proved.

==============  ============================================================================================
``chain``       events, each bound to the one before it; salted digests of what may be erased
``schema``      the tables of a desk's file, their guards, and its versions
``connections`` a connection for each thread, closed once the thread has ended
``store``       `Store`: the file, for many officers at once
``findings``    what may be found that is not as the desk wrote it
``verifying``   `verify`: what was edited, deleted, put in, moved or cut off, and where
``cases``       what events make of a case, and which may follow which
``frozen``      a decision kept so that it can be computed again at any time, to the bit
``raised``      whose limit was raised: what an application for a rise is held against
``evidence``    what a document corrects, whether it may, and what contradicts it
``evaluating``  the frozen model on the corrected months: old and new score, exact difference by factor
``entries``     what officers enter, checked
``desk``        `Desk`: the steps of a case
``reading``     everything of a case, read back
``summary``     which factors and data sources are wrong most often; corrections, for retraining
==============  ============================================================================================

When a case is due, the lender's file says, and letters are documents: `documents.deadlines`, `documents.letter`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.act.appeals.cases import Case
    from credit_model.act.appeals.desk import Desk
    from credit_model.act.appeals.entries import Terms
    from credit_model.act.appeals.evaluating import Evaluation, evaluate
    from credit_model.act.appeals.evidence import Edit, Flag
    from credit_model.act.appeals.frozen import Frozen, freeze_cut, freeze_rise
    from credit_model.act.appeals.reading import CaseFile
    from credit_model.act.appeals.store import Store
    from credit_model.act.appeals.summary import cases_table, corrections_table, wrong_by_factor, wrong_by_source
    from credit_model.act.appeals.verifying import Verification, verify

#: Public name -> the module that holds it; loaded at first use, since evaluations load a compiler.
_HOME = {
    "Case": "cases",
    "CaseFile": "reading",
    "Desk": "desk",
    "Edit": "evidence",
    "Evaluation": "evaluating",
    "Flag": "evidence",
    "Frozen": "frozen",
    "Store": "store",
    "Terms": "entries",
    "Verification": "verifying",
    "cases_table": "summary",
    "corrections_table": "summary",
    "evaluate": "evaluating",
    "freeze_cut": "frozen",
    "freeze_rise": "frozen",
    "verify": "verifying",
    "wrong_by_factor": "summary",
    "wrong_by_source": "summary",
}

__all__ = [
    "Case",
    "CaseFile",
    "Desk",
    "Edit",
    "Evaluation",
    "Flag",
    "Frozen",
    "Store",
    "Terms",
    "Verification",
    "cases_table",
    "corrections_table",
    "evaluate",
    "freeze_cut",
    "freeze_rise",
    "verify",
    "wrong_by_factor",
    "wrong_by_source",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
