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

from credit_model.compiling import kernel

NUMERIC, CATEGORICAL, LEAF = 0, 1, 2

#: One node, 16 bytes. ``threshold`` holds a leaf's value, and a categorical split's row of bitsets.
NODE = np.dtype([("threshold", "<f8"), ("right", "<i4"), ("feature", "<i2"), ("missing_left", "u1"), ("kind", "u1")])

#: Most features that a node can tell apart.
MOST_FEATURES = int(np.iinfo(NODE["feature"]).max) + 1

#: Rows that are taken through some trees before the next trees come into the cache.
ROWS_AT_ONCE = 128


@kernel(inline="always")
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


@kernel(inline="always")
def leaf_value(nodes, root, left_categories, known_categories, X, n):  # type: ignore[no-untyped-def]
    """The value of the leaf that row ``n`` of ``X`` reaches in the tree at ``root``."""
    i = root
    node = nodes[i]
    while node.kind != LEAF:
        i = i + 1 if goes_left(node, X[n, node.feature], left_categories, known_categories) else node.right
        node = nodes[i]
    return node.threshold


@kernel
def add_scores_by_walk(nodes, roots, left_categories, known_categories, X, out):  # type: ignore[no-untyped-def]
    """Add every tree's leaf value to ``out`` (n,), in the order of the trees."""
    for start in range(0, X.shape[0], ROWS_AT_ONCE):
        for root in roots:
            for n in range(start, min(start + ROWS_AT_ONCE, X.shape[0])):
                out[n] += leaf_value(nodes, root, left_categories, known_categories, X, n)


@kernel
def fill_leaf_values(nodes, roots, left_categories, known_categories, X, out):  # type: ignore[no-untyped-def]
    """The value of the leaf that each row reaches in each tree: ``out`` (n, n_trees)."""
    for start in range(0, X.shape[0], ROWS_AT_ONCE):
        for t in range(len(roots)):
            for n in range(start, min(start + ROWS_AT_ONCE, X.shape[0])):
                out[n, t] = leaf_value(nodes, roots[t], left_categories, known_categories, X, n)


@kernel
def most_splits_on_a_path(nodes):  # type: ignore[no-untyped-def]
    """Of all trees, from a root to a leaf."""
    depth = np.zeros(len(nodes), np.int64)
    for i in range(len(nodes)):
        if nodes[i].kind != LEAF:
            depth[i + 1] = depth[nodes[i].right] = depth[i] + 1
    return depth.max()


@kernel
def in_preorder(nodes, starts):  # type: ignore[no-untyped-def]
    """Whether every tree is exactly its root, its left subtree and its right subtree, in this order, all through."""
    size = np.zeros(len(nodes), np.int64)
    for t in range(len(starts) - 1):
        for i in range(starts[t + 1] - 1, starts[t] - 1, -1):
            if nodes[i].kind > LEAF:
                return False
            size[i] = 1
            if nodes[i].kind != LEAF:
                right = np.int64(nodes[i].right)
                if i + 1 >= starts[t + 1] or right != i + 1 + size[i + 1] or right >= starts[t + 1]:
                    return False
                size[i] += size[i + 1] + size[right]
        if size[starts[t]] != starts[t + 1] - starts[t]:
            return False
    return True
