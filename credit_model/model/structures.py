"""What may interact in a limit-tier model: from one additive score to everything.

=========  ==========================================================================================================
``score``  the columns add up to one score, a function of each column alone, that moves all thresholds alike; the lines
           it is held against depend on the threshold and on states such as the tier in force. A proportional-odds
           model (McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x) with boosted functions, the form of a
           scorecard
``pairwise``  one score, too, a sum of functions of two columns each (GA2M, Lou et al. 2013,
           doi:10.1145/2487575.2487579): rules with few conditions, grids
``joint``  one score, too, but a function of all columns together: the weakest factor, forests
``free``   every column may interact with every other, with the threshold and with the states
``heads``  two models, is the limit cut and is it raised, in each of which everything interacts; how far it then moves
           is counted (`model.heads`): lines that seldom move, and then for reasons that say little of how far
=========  ==========================================================================================================

Each of the first four holds the one before.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations
from typing import NamedTuple

#: From the strictest to the freest, and the one beside them.
STRUCTURES = ("score", "pairwise", "joint", "free", "heads")
HEADS = "heads"
#: How many columns may interact in a score.
COLUMNS_TOGETHER = {"score": 1, "pairwise": 2}


class Defaults(NamedTuple):
    """What suits a structure: a score is learnt by many small trees, each of one column.

    ``min_samples_leaf`` counts rows; a pair is the least and the most that one row in 140 may come to.
    """

    max_iter: int
    learning_rate: float
    max_leaf_nodes: int
    l2_regularization: float
    n_iter_no_change: int
    min_samples_leaf: int | tuple[int, int]
    max_features: float


#: What is boosted row by row (`model.row_boosting`); a round of a score takes several trees.
BY_ROWS = {
    "score": Defaults(3000, 0.5, 4, 0.0, 300, 20, 1.0),
    "pairwise": Defaults(3000, 0.15, 8, 0.0, 50, 60, 1.0),
    "joint": Defaults(1500, 0.15, 8, 0.0, 50, 60, 1.0),
}
#: What is fitted on pairs of row and threshold. A tier in force says most of what there is to say, and leaves little
#: for a tree to add.
_WITH_TIER = {
    "score": Defaults(1500, 0.5, 4, 0.0, 200, 20, 1.0),
    "pairwise": Defaults(3000, 0.1, 8, 0.0, 50, 60, 1.0),
    "joint": Defaults(1500, 0.1, 8, 0.0, 50, 60, 1.0),
    "free": Defaults(400, 0.1, 8, 0.0, 30, 20, 1.0),
    "heads": Defaults(1500, 0.02, 31, 0.0, 100, (20, 100), 0.3),
}
_WITHOUT_TIER = {name: default._replace(min_samples_leaf=(20, 150)) for name, default in _WITH_TIER.items()}
_WITHOUT_TIER["free"] = Defaults(600, 0.05, 31, 1.0, 30, (20, 150), 1.0)


def defaults_of(structure: str, *, tier_in_force: bool) -> Defaults:
    """The parameters that a structure is fitted with, where none are named."""
    return (_WITH_TIER if tier_in_force else _WITHOUT_TIER)[structure]


def candidates(structure: str, *, tier_in_force: bool, held_out: bool) -> tuple[str, ...]:
    """The structures to try, strictest first; held-out rows choose among several.

    Parameters
    ----------
    structure : str
        One of `STRUCTURES`, or "auto".
    tier_in_force, held_out : bool
        Whether a tier in force is among the columns, and whether there are rows held out.

    Raises
    ------
    ValueError
        There is no such structure.
    """
    if structure == "auto":
        if not tier_in_force:
            return ("free",)
        return STRUCTURES if held_out else ("score",)
    if structure not in STRUCTURES:
        raise ValueError(f"structure must be one of auto, {', '.join(STRUCTURES)}, got {structure!r}")
    return (structure,)


def interaction_groups(
    structure: str, *, width: int, tier_column: int, states: Collection[int]
) -> list[set[int]] | None:
    """The columns of (row, threshold) pairs that may interact: each path of a tree reads
    columns of one group. None: all may.

    Parameters
    ----------
    structure : str
        One of `STRUCTURES`.
    width : int
        Columns of a row; the threshold follows, and with a tier in force how far it lies above that.
    tier_column : int
        Position of the tier in force; -1: none.
    states : collection of int
        Columns that set the lines.

    Examples
    --------
    >>> interaction_groups("score", width=3, tier_column=0, states=[])
    [{0, 3, 4}, {1}, {2}]
    >>> interaction_groups("pairwise", width=4, tier_column=0, states=[])
    [{0, 4, 5}, {1, 2}, {1, 3}, {2, 3}]
    >>> interaction_groups("joint", width=3, tier_column=0, states=[])
    [{0, 3, 4}, {1, 2}]
    """
    if structure in ("free", HEADS):
        return None
    lines = {*states, width, *((tier_column, width + 1) if tier_column >= 0 else ())}
    columns = [j for j in range(width) if j not in lines]
    together = min(COLUMNS_TOGETHER.get(structure, len(columns)), len(columns))
    parts = [set(part) for part in combinations(columns, together)]
    return [lines, *(part for part in parts if part)]
