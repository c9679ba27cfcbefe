"""Portfolios of any size: the stages of a portfolio's work over blocks of borrowers, memory flat.

=================  ==============================================================================================
``partitioning``   `write_partition`: a table of any order and size into blocks of whole borrowers, once
``partition``      `Partition`: such a folder; each block is a checked `History`
``survey``         what only the whole table can tell of how it is read
``panel``          what a stage needs to know of the whole panel: waves of cuts, month effects
``stages``         check, predict, explain, watch, evaluate: a pure function of a block, and an exact merge
``work``           blocks on threads; parts that outlive a kill; one output from them
``dask``           the same blocks on the workers of a cluster (the extra ``dask``)
=================  ==============================================================================================

What comes out does not depend on the blocks, the threads or the workers: it is what the whole panel in memory gives.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_model.scale.partition import Partition
    from credit_model.scale.partitioning import write_partition

_HOME = {"Partition": "partition", "write_partition": "partitioning"}

__all__ = ["Partition", "write_partition"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
