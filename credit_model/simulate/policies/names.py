"""The policies' names, without what it takes to compile them."""

from __future__ import annotations

#: The lenders of the simulation, the default first.
POLICY_NAMES = ("scorecard", "matrix", "rules", "subscores", "weakest", "forest")
#: The policy where none is named.
DEFAULT = POLICY_NAMES[0]
