"""Which way a score goes when one feature grows, proven from the trees.

Where no leaf on the lower side of any split on a feature is larger than one on its upper side, the feature can only
raise the score, whatever the others are: the two subtrees of a split differ for no other reason. Boosters that keep
monotone constraints by bounds on both sides of a split make such trees.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from credit_model.compiling import kernel
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import LEAF, NUMERIC

_KNOWN: WeakKeyDictionary[TreeEnsemble, dict[tuple[int, int], bool]] = WeakKeyDictionary()


def goes_one_way(trees: TreeEnsemble, feature: int, sign: int) -> bool:
    """Whether it is proven that a higher known value of a feature never moves the score against ``sign``.

    Parameters
    ----------
    trees : TreeEnsemble
    feature : int
    sign : {-1, 1}

    Returns
    -------
    bool
        False where a split speaks against it, though others might make up for it; and for a split on categories.
    """
    known = _KNOWN.setdefault(trees, {})
    if (feature, sign) not in known:
        known[feature, sign] = bool(_goes_one_way(trees.nodes, feature, sign))
    return known[feature, sign]


@kernel
def _goes_one_way(nodes, feature, sign):  # type: ignore[no-untyped-def]
    """Children lie behind their parents, so what is below a node is known when it is reached from the back."""
    low, high = np.empty(len(nodes)), np.empty(len(nodes))
    for i in range(len(nodes) - 1, -1, -1):
        node = nodes[i]
        if node.kind == LEAF:
            low[i] = high[i] = sign * node.threshold
            continue
        left, right = i + 1, np.int64(node.right)
        if node.feature == feature and (node.kind != NUMERIC or high[left] > low[right]):
            return False
        low[i], high[i] = min(low[left], low[right]), max(high[left], high[right])
    return True
