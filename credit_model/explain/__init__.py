"""Why scores changed and limits fell: numbers only, from the exact values of a model to one verdict for every cut.

===============  ==================================================================================================
``pairs``        the decreases of a panel, each with the borrower's own earlier snapshot
``explaining``   exact Owen values and all mixtures of factors for pairs of snapshots
``changes``      their result for any change: `ChangeExplanations`
``peers``        the second reference: borrowers who kept the same tier narrowly
``shares``       contributions as shares, with intervals from the fits of a model
``coalitions``   mixtures of factors then and now by name; the smallest sets that restore a limit
``principal``    which drivers are reasons, and in which order factors and reasons are told
``support``      expected, raised or unexplained: the thresholds, and what became of held-out decisions
``waves``        months and classes that were cut far above their usual
``verdict``      all of this in one `Verdict` a cut, from which everything told derives
``decreases``    the result for cuts: `DecreaseExplanations`, with tables, verdicts, save and load
``score_changes``  `explain_changes`: scores of any model at any two dates, as `ScoreChanges`; ``scored_models`` is what
                 it asks of one, ``additive`` a sum of columns, ``paired_tables`` its tables
``leading``      cuts counted by leading factor;  ``track``: a borrower's months;  ``stability``: over refits
===============  ==================================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.explain.additive import AdditiveScore
    from credit_model.explain.changes import ChangeExplanations
    from credit_model.explain.coalitions import Coalitions
    from credit_model.explain.decreases import DecreaseExplanations
    from credit_model.explain.leading import count_leading_factors
    from credit_model.explain.score_changes import ScoreChanges, explain_changes
    from credit_model.explain.stability import peer_agreement, reason_stability
    from credit_model.explain.support import HeldOutRisk, SupportRule
    from credit_model.explain.verdict import Verdict

_HOME = {
    "AdditiveScore": "additive",
    "ChangeExplanations": "changes",
    "Coalitions": "coalitions",
    "DecreaseExplanations": "decreases",
    "HeldOutRisk": "support",
    "ScoreChanges": "score_changes",
    "SupportRule": "support",
    "Verdict": "verdict",
    "count_leading_factors": "leading",
    "explain_changes": "score_changes",
    "peer_agreement": "stability",
    "reason_stability": "stability",
}

__all__ = [
    "AdditiveScore",
    "ChangeExplanations",
    "Coalitions",
    "DecreaseExplanations",
    "HeldOutRisk",
    "ScoreChanges",
    "SupportRule",
    "Verdict",
    "count_leading_factors",
    "explain_changes",
    "peer_agreement",
    "reason_stability",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
