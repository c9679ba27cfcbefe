"""Explanations held against the simulator's truth.

===============  ==================================================================================================
``known``        the decreases whose true causes are known, matched with the truth
``methods``      explanation methods on the same model: ours as it is told, and others
``scorecard``    the measures: who led, both errors of blame, root causes
``root_causes``  which factor may be named for which shock
``hard_cases``   cuts whose cause is hard to tell
``grading``      all of it together: `grade_explanations` and its result, `Grade`
===============  ==================================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.grade.grading import Grade, grade_explanations, grade_portfolios

__all__ = ["Grade", "grade_explanations", "grade_portfolios"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.grading"), name)
