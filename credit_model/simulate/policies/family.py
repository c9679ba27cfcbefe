"""The policies by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from credit_model.simulate.policies.forest import forest_table
from credit_model.simulate.policies.matrix import matrix_table
from credit_model.simulate.policies.rules import rules_table
from credit_model.simulate.policies.scorecard import scorecard_table
from credit_model.simulate.policies.subscores import subscores_table
from credit_model.simulate.policies.weakest import weakest_table
from credit_model.simulate.scoring import PolicyTable


class _MakesTable(Protocol):
    def __call__(self, *, revised: bool = False) -> PolicyTable: ...


#: Name -> what makes its table.
POLICIES: Mapping[str, _MakesTable] = MappingProxyType(
    {
        "scorecard": scorecard_table,
        "matrix": matrix_table,
        "rules": rules_table,
        "subscores": subscores_table,
        "weakest": weakest_table,
        "forest": forest_table,
    }
)


@lru_cache(maxsize=2 * len(POLICIES))
def table_of(name: str, *, revised: bool = False) -> PolicyTable:
    """A policy's table; ``revised``: as it is after a change.

    >>> table_of("rules").form == table_of("forest").form
    True
    """
    return POLICIES[name](revised=revised)
