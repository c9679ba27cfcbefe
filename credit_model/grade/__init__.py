"""Explanations held against the simulator's truth.

====================  =============================================================================================
``scorecard``         the measures: who led, both errors of blame, root causes, intervals
``root_causes``       which factor may be named for which shock
``hard_cases``        cuts whose cause is hard to tell
``known``             the decreases whose true causes are known, matched with the truth
``answers``           what methods are asked, and what they answer
``model_methods``     methods on the graded model: ours as it is told, and others
``rivals``            simple rivals, fitted to the same data
``oracle``            knows the true policy, but not the game
``methods``           all of them by name
``measures``          the measures of several methods on one lot of cuts, all and by group
``result``            the result, `Grade`
``answering``         one portfolio: its truth, and what every method says
``grading``           protocol *stale*, a model fitted before: `grade_explanations`, `grade_portfolios`
``lived``             plans as the simulator lives them
``possible``          whether what was lived is a history that could be
``plan_truth``        the cheapest path that the true policy admits
``plans``             plans held against the true lender: `grade_plans`
``warnings``          early warnings beside the true risk: `grade_warnings`, `true_risk_of`
``in_time``           protocol *in time*, refitted on other borrowers of the same months: `grade_in_time`
====================  =============================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.grade.grading import grade_explanations, grade_portfolios
    from credit_model.grade.in_time import grade_in_time
    from credit_model.grade.plans import PlansGrade, grade_plans
    from credit_model.grade.result import Grade
    from credit_model.grade.warnings import grade_warnings, true_risk_of

#: Public name -> the module that holds it.
_HOME = {
    "Grade": "result",
    "PlansGrade": "plans",
    "grade_explanations": "grading",
    "grade_in_time": "in_time",
    "grade_plans": "plans",
    "grade_portfolios": "grading",
    "grade_warnings": "warnings",
    "true_risk_of": "warnings",
}

__all__ = [
    "Grade",
    "PlansGrade",
    "grade_explanations",
    "grade_in_time",
    "grade_plans",
    "grade_portfolios",
    "grade_warnings",
    "true_risk_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
