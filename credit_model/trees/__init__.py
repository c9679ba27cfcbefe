"""Fitted trees as one flat layout: what they score, and why two scores differ.

==================  ==============================================================================================
``ensemble``        `TreeEnsemble`: the arrays of all trees; ``nodes`` states how a value goes down a tree
``leaf_sets``       the same trees as bits, a leaf each: many trees in one instruction
``scoring``         `scores` of rows, bit for bit those of the library that fitted the trees
``directions``      which way a score goes when one feature grows, proven from the trees
``owen``            `owen_values`: the change in score from one row to another, by feature and group, exactly
``engines``         reads the fitted models of other libraries: `read_tree_model`, `TreeModel`
``..._kernels``     the compiled loops; they only compute, and nothing is checked in them
==================  ==============================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.trees.engines.reading import read_tree_model
    from credit_model.trees.engines.tree_model import TreeModel
    from credit_model.trees.ensemble import TreeEnsemble, layout_fault
    from credit_model.trees.owen import (
        Changes,
        ensemble_changes,
        ensemble_coalition_scores,
        ensemble_owen_values,
        owen_values,
    )
    from credit_model.trees.scoring import scores

#: Public name -> the module that holds it; loaded at first use.
_HOME = {
    "Changes": "owen",
    "TreeEnsemble": "ensemble",
    "TreeModel": "engines.tree_model",
    "ensemble_changes": "owen",
    "ensemble_coalition_scores": "owen",
    "ensemble_owen_values": "owen",
    "layout_fault": "ensemble",
    "owen_values": "owen",
    "read_tree_model": "engines.reading",
    "scores": "scoring",
}

__all__ = [
    "Changes",
    "TreeEnsemble",
    "TreeModel",
    "ensemble_changes",
    "ensemble_coalition_scores",
    "ensemble_owen_values",
    "layout_fault",
    "owen_values",
    "read_tree_model",
    "scores",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
