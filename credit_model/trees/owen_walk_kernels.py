"""The kernels behind `trees.owen` for trees of any size: two rows go down together and branch where they part."""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel
from credit_model.trees.coalition_kernels import add_to_table, all_alone
from credit_model.trees.nodes import LEAF, NUMERIC, ROWS_AT_ONCE, goes_left

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
    side_of = np.zeros(x.shape[1], np.int64)  # of each feature, the side that the path is on; 0: not on it
    alone = all_alone(group) and table.shape[1] == 0
    for start in range(0, x.shape[0], ROWS_AT_ONCE):
        for root in roots:
            for n in range(start, min(start + ROWS_AT_ONCE, x.shape[0])):
                i, length, n_waiting, on_x = root, 0, 0, 0
                while True:
                    i, left_side = _descend(nodes, i, left_categories, known_categories, x, z, n, side_of)
                    if left_side > 0:
                        feature = nodes[i].feature
                        waiting[n_waiting, 0], waiting[n_waiting, 1] = nodes[i].right, length
                        waiting[n_waiting, 2] = 3 - left_side
                        n_waiting += 1
                        path[length, FEATURE], path[length, GROUP] = feature, group[feature]
                        path[length, SIDE] = left_side
                        side_of[feature] = left_side
                        on_x += left_side == 1
                        length += 1
                        i += 1
                        continue
                    if alone:
                        _add_alone(nodes[i].threshold, path, length, on_x, weights, phi, n)
                    elif length > 0:
                        add_leaf(nodes[i].threshold, path, length, weights, phi, table, n)
                    back = waiting[n_waiting - 1, 1] if n_waiting > 0 else 0
                    for p in range(back, length):
                        side_of[path[p, FEATURE]] = 0
                        on_x -= path[p, SIDE] == 1
                    if n_waiting == 0:
                        break
                    n_waiting -= 1
                    # The features of lower slots are still those of the path to this parting.
                    i, length, side = waiting[n_waiting, 0], back + 1, waiting[n_waiting, 2]
                    path[back, SIDE] = side
                    side_of[path[back, FEATURE]] = side
                    on_x += side == 1


@kernel(inline="always")
def _descend(nodes, i, left_categories, known_categories, x, z, n, side_of):  # type: ignore[no-untyped-def]
    """From node ``i`` down to a leaf or to the first split where the path's rows part.

    Returns the node and the side that goes left there (1: x, 2: z; 0: a leaf).
    """
    node = nodes[i]
    while node.kind != LEAF:
        value_x, value_z = x[n, node.feature], z[n, node.feature]
        if node.kind == NUMERIC:  # `goes_left`, without a branch that the processor has to guess
            missing = node.missing_left == 1
            left_x = (value_x <= node.threshold) | ((value_x != value_x) & missing)
            left_z = (value_z <= node.threshold) | ((value_z != value_z) & missing)
        else:
            left_x = goes_left(node, value_x, left_categories, known_categories)
            left_z = goes_left(node, value_z, left_categories, known_categories)
        side = side_of[node.feature]
        if (side == 0) & (left_x != left_z):
            return i, 1 if left_x else 2
        left = (left_x & (side != 2)) | (left_z & (side == 2))
        i = i + 1 if left else np.int64(node.right)
        node = nodes[i]
    return i, 0


@kernel(inline="always")
def _add_alone(value, needs, n_needs, on_x, weights, phi, n):  # type: ignore[no-untyped-def]
    """`add_leaf` where every feature is its own group, of which ``on_x`` are needed from x."""
    on_z = n_needs - on_x
    add_x = value * weights[max(on_x - 1, 0), on_z]
    add_z = value * weights[on_x, max(on_z - 1, 0)]
    for p in range(n_needs):
        phi[n, needs[p, FEATURE]] += add_x if needs[p, SIDE] == 1 else -add_z


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
