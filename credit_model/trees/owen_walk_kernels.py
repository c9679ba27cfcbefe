"""The kernels behind `trees.owen` for trees of any size: two rows go down together and branch where they part."""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel
from credit_model.trees.coalition_kernels import add_to_table
from credit_model.trees.nodes import LEAF, goes_left

# A path is the features that part two rows on the way to a leaf, a row each: the feature, its group, and the side
# that the path needs it from (1 x, 2 z).
FEATURE, GROUP, SIDE = 0, 1, 2


@kernel
def add_changes_by_walk(  # type: ignore[no-untyped-def]
    nodes, roots, left_categories, known_categories, x, z, group, weights, phi, table
):
    """`add_changes_by_sets` for trees of any size: rows (n, n_features) go down together and branch where they part.

    Children are visited left first whatever leads there, so exchanging x and z flips every sign bit for bit.
    """
    path = np.zeros((weights.shape[0], 3), np.int64)
    # A right child waits at every parting: its node, the length of the path to it, and the side it is on.
    waiting = np.zeros((weights.shape[0], 3), np.int64)
    for n in range(x.shape[0]):
        for root in roots:
            i, length, n_waiting = root, 0, 0
            while True:
                i, left_side = _descend(nodes, i, left_categories, known_categories, x, z, n, path, length)
                if left_side > 0:
                    waiting[n_waiting, 0], waiting[n_waiting, 1] = nodes[i].right, length
                    waiting[n_waiting, 2] = 3 - left_side
                    n_waiting += 1
                    path[length, FEATURE], path[length, GROUP] = nodes[i].feature, group[nodes[i].feature]
                    path[length, SIDE] = left_side
                    length += 1
                    i += 1
                    continue
                if length > 0:
                    add_leaf(nodes[i].threshold, path, length, weights, phi, table, n)
                if n_waiting == 0:
                    break
                n_waiting -= 1
                i, length = waiting[n_waiting, 0], waiting[n_waiting, 1]
                # The features of lower slots are still those of the path to this parting.
                path[length, SIDE] = waiting[n_waiting, 2]
                length += 1


@kernel(inline="always")
def _descend(  # type: ignore[no-untyped-def]
    nodes, i, left_categories, known_categories, x, z, n, path, length
):
    """From node ``i`` down to a leaf or to the first split where the path's rows part.

    Returns the node and the side that goes left there (1: x, 2: z; 0: a leaf).
    """
    node = nodes[i]
    while node.kind != LEAF:
        j = node.feature
        side = 0
        for p in range(length):
            if path[p, FEATURE] == j:
                side = path[p, SIDE]
        if side == 2:
            left = goes_left(node, z[n, j], left_categories, known_categories)
        else:
            left = goes_left(node, x[n, j], left_categories, known_categories)
            if side == 0 and left != goes_left(node, z[n, j], left_categories, known_categories):
                return i, 1 if left else 2
        i = i + 1 if left else np.int64(node.right)
        node = nodes[i]
    return i, 0


@kernel(inline="always")
def add_leaf(value, needs, n_needs, weights, phi, table, n):  # type: ignore[no-untyped-def]
    """Add one leaf's part of the Owen values and, if there is one, of the what-if table.

    ``phi_j += value w(A, B) w(a - 1, b)`` for j needed from x, ``phi_j -= value w(A, B) w(a, b - 1)`` for j needed
    from z; a, b count the needs of j's group and A, B the other groups needed from one side only. A second group
    needed from both sides makes the part 0.
    """
    on_x, on_z, mixed = 0, 0, 0
    from_x, from_z = 0, 0
    for p in range(n_needs):
        has_x, has_z = False, False
        for q in range(p):
            if needs[q, GROUP] == needs[p, GROUP]:
                has_x |= needs[q, SIDE] == 1
                has_z |= needs[q, SIDE] == 2
        if needs[p, SIDE] == 1 and not has_x:
            on_x += 1
            mixed += has_z
            from_x |= 1 << needs[p, GROUP]
        elif needs[p, SIDE] == 2 and not has_z:
            on_z += 1
            mixed += has_x
            from_z |= 1 << needs[p, GROUP]
        if mixed > 1:
            return
    for p in range(n_needs):
        a, b = 0, 0
        for q in range(n_needs):
            if needs[q, GROUP] == needs[p, GROUP]:
                a += needs[q, SIDE] == 1
                b += needs[q, SIDE] == 2
        if mixed == 1 and (a == 0 or b == 0):
            continue
        others = weights[on_x - (a > 0), on_z - (b > 0)]
        if needs[p, SIDE] == 1:
            phi[n, needs[p, FEATURE]] += value * (others * weights[a - 1, b])
        else:
            phi[n, needs[p, FEATURE]] -= value * (others * weights[a, b - 1])
    if table.shape[1] > 0 and mixed == 0:
        add_to_table(value, from_x, from_z, table, n)
