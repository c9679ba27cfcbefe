"""Why a credit limit fell: exact, by factor, from the borrower's own earlier snapshot.

::

    simulate ─┐
              ├─> history ─> snapshots ─> limit-tier model ─> explained decreases ─> plots, reasons, notices, report
    your data ┘   (checked)  (features)    (one booster)       (exact, by factor)

====================================  ================================================================================
``errors  arrays  parallel  files``   shared ground: mistakes in one line, array types, n_jobs, whole-or-nothing files;
``compiling``                         kernels that stay compiled wherever a folder can be written
``inputs  places  palette  notebook`` also shared: files read, where outputs stand, colours, what a notebook shows
``readers``                           from a user's files, databases and tables to tables as they stand
``portfolio``                         what the data mean: limit ladder, catalogue, checked histories, snapshots
``draft``                             from a table of histories to a catalogue that can be trained on
``simulate``                          borrower histories whose true causes are known
``trees``                             fitted trees as one flat layout: their scores, exact pairwise Owen values
``model``                             the limit-tier model: classifier, ordinal scores, metrics, split, saved form
``explain``                           explained decreases, one verdict for each: numbers only
``words``                             numbers into words; all words are in one file a language
``plots  documents``                  pictures; notices and pages
``act``                               what to do: plans that bring a limit back
``export``                            an additive model as a scorecard: points, SQL, JSON, PMML
``own_model``                         a lender's own model that decides limits: `LimitPredictor.from_model`
``predictor``                         `LimitPredictor`: from a history to a model and its explanations
``evaluation``                        accuracy on borrowers and months never seen
``grade``                             what is told, and other methods, held against the simulator's truth
``cli``                               the command ``credit-model``
====================================  ================================================================================

Each part imports parts above it alone (``tests/test_architecture.py`` holds the exact directions).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from credit_model.draft.drafting import Draft, draft_catalogue
    from credit_model.errors import (
        ArtifactError,
        CatalogueError,
        CreditModelError,
        DataFileError,
        EngineError,
        HistoryError,
    )
    from credit_model.evaluation import Evaluation, evaluate
    from credit_model.explain.changes import ChangeExplanations
    from credit_model.explain.decreases import DecreaseExplanations
    from credit_model.explain.score_changes import ScoreChanges, explain_changes
    from credit_model.explain.support import SupportRule
    from credit_model.explain.verdict import Verdict
    from credit_model.grade.grading import Grade, grade_explanations
    from credit_model.model.classifier import LimitTierClassifier
    from credit_model.model.deciding import CutOffs, Grid
    from credit_model.own_model import FromModel
    from credit_model.portfolio.catalogue import Catalogue, read_catalogue
    from credit_model.portfolio.history import History, check_history
    from credit_model.portfolio.ladder import LimitLadder
    from credit_model.portfolio.snapshots import Snapshots, build_snapshots
    from credit_model.predictor import LimitPredictor
    from credit_model.simulate.portfolio import SimulatedPortfolio, simulate_portfolio
    from credit_model.trees.engines.reading import read_tree_model
    from credit_model.trees.engines.tree_model import TreeModel
    from credit_model.trees.owen import owen_values

#: Public name -> the module that holds it; loaded at first use, so that importing the package is quick.
_HOME = {
    "ArtifactError": "errors",
    "Catalogue": "portfolio.catalogue",
    "CatalogueError": "errors",
    "ChangeExplanations": "explain.changes",
    "CreditModelError": "errors",
    "CutOffs": "model.deciding",
    "DataFileError": "errors",
    "DecreaseExplanations": "explain.decreases",
    "Draft": "draft.drafting",
    "EngineError": "errors",
    "Evaluation": "evaluation",
    "FromModel": "own_model",
    "Grade": "grade.grading",
    "Grid": "model.deciding",
    "History": "portfolio.history",
    "HistoryError": "errors",
    "LimitLadder": "portfolio.ladder",
    "LimitPredictor": "predictor",
    "LimitTierClassifier": "model.classifier",
    "ScoreChanges": "explain.score_changes",
    "SimulatedPortfolio": "simulate.portfolio",
    "Snapshots": "portfolio.snapshots",
    "SupportRule": "explain.support",
    "TreeModel": "trees.engines.tree_model",
    "Verdict": "explain.verdict",
    "build_snapshots": "portfolio.snapshots",
    "check_history": "portfolio.history",
    "draft_catalogue": "draft.drafting",
    "evaluate": "evaluation",
    "explain_changes": "explain.score_changes",
    "grade_explanations": "grade.grading",
    "owen_values": "trees.owen",
    "read_catalogue": "portfolio.catalogue",
    "read_tree_model": "trees.engines.reading",
    "simulate_portfolio": "simulate.portfolio",
}

__all__ = [  # noqa: RUF022  (in the order of the work)
    "simulate_portfolio",
    "SimulatedPortfolio",
    "draft_catalogue",
    "Draft",
    "read_catalogue",
    "Catalogue",
    "LimitLadder",
    "check_history",
    "History",
    "build_snapshots",
    "Snapshots",
    "LimitTierClassifier",
    "LimitPredictor",
    "evaluate",
    "Evaluation",
    "explain_changes",
    "ScoreChanges",
    "FromModel",
    "CutOffs",
    "Grid",
    "read_tree_model",
    "TreeModel",
    "owen_values",
    "DecreaseExplanations",
    "ChangeExplanations",
    "Verdict",
    "SupportRule",
    "grade_explanations",
    "Grade",
    "CreditModelError",
    "CatalogueError",
    "HistoryError",
    "DataFileError",
    "ArtifactError",
    "EngineError",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("credit-model")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
