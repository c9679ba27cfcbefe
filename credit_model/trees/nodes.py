"""One tree node, and the rule by which a value goes left or right.

The conventions, stated once for every kernel of the package:

- all values are float64, exactly as scikit-learn's histogram gradient boosting keeps them;
- ``x <= threshold`` goes left;
- NaN follows the node's ``missing_left``;
- a categorical value is a code 0..255; codes the node does not know follow ``missing_left``;
- trees lie in preorder, so a node's left child is the next node.
"""

from __future__ import annotations

import numpy as np
from numba import njit

NUMERIC, CATEGORICAL, LEAF = 0, 1, 2

#: One node, 16 bytes. ``threshold`` holds a leaf's value, and a categorical split's row of bitsets.
NODE = np.dtype([("threshold", "<f8"), ("right", "<i4"), ("feature", "<i2"), ("missing_left", "u1"), ("kind", "u1")])


@njit(cache=True, nogil=True, inline="always")
def goes_left(node, value, left_categories, known_categories):  # type: ignore[no-untyped-def]
    """Whether ``value`` goes left at an inner node."""
    if node.kind == NUMERIC:
        return value <= node.threshold or (value != value and node.missing_left == 1)
    if not 0 <= value <= 255:
        return node.missing_left == 1
    split, code = np.int64(node.threshold), np.int64(value)
    word, bit = code >> 5, np.uint32(1) << np.uint32(code & 31)
    if left_categories[split, word] & bit:
        return True
    if known_categories[split, word] & bit:
        return False
    return node.missing_left == 1


@njit(cache=True, nogil=True, inline="always")
def leaf_value(nodes, root, left_categories, known_categories, X, n):  # type: ignore[no-untyped-def]
    """The value of the leaf that row ``n`` of ``X`` reaches in the tree at ``root``."""
    i = root
    node = nodes[i]
    while node.kind != LEAF:
        i = i + 1 if goes_left(node, X[n, node.feature], left_categories, known_categories) else node.right
        node = nodes[i]
    return node.threshold
