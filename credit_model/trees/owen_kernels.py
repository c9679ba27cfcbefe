"""The kernels behind `explain.owen`: what one tree adds to the Owen values and to the what-if table.

On the leaf sets (`model.leafsets`) of rows x and z, most trees settle at once: one leaf is left where the rows do
not part, and two where they part on one feature, which then gets the whole difference. The rest is a handful of
leaves and features, for which the closed form is summed.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from credit_model.trees.leaf_sets import ROWS_AT_ONCE, TREES_AT_ONCE, lowest, n_ones
from credit_model.trees.nodes import LEAF, goes_left

# Players are the features that part two rows in a tree, a row each: the feature, its group and, on a path, the side
# that the path needs it from (1 x, 2 z), or in a tree, the place of its group among the tree's.
FEATURE, GROUP, SIDE, PLACE = 0, 1, 2, 2


@njit(cache=True, nogil=True)
def explain_rows(  # type: ignore[no-untyped-def]
    x, z, group, sets, values, parting, weights, phi, table, score_x, score_z
):
    """Add each pair of rows' Owen values, what-if terms and scores.

    Parameters
    ----------
    x, z : int32 arrays, (n, n_used)
        The rows' intervals.
    group : int64 array, (n_used,)
    sets, values, parting
        Of `LeafSets`.
    weights : float64 array
        w(a, b).
    phi : float64 array, (n, n_used)
    table : float64 array, (n, 2**n_groups) or (n, 0)
        Column A (a set of groups) gets what the groups of A add only together, so that a score is the sum over the
        subsets of its coalition; column 0 (the score of z) is left alone.
    score_x, score_z : float64 arrays, (n,), or (0,) where the scores are not wanted
    """
    reached = np.empty(TREES_AT_ONCE, sets.dtype)
    leaf_x = np.empty(TREES_AT_ONCE, np.uint64)
    leaf_z = np.empty(TREES_AT_ONCE, np.uint64)
    two = np.empty(TREES_AT_ONCE, np.int64)
    more = np.empty(TREES_AT_ONCE, np.int64)
    players = np.empty((64, 3), np.int64)
    only_x, only_z = np.empty(64, np.uint64), np.empty(64, np.uint64)  # a player's leaves that need its x, its z
    groups, needs = np.empty(64, np.uint64), np.empty((64, 2), np.uint64)
    one = np.uint64(1)
    n_bits = np.uint64(values.shape[1])
    for start in range(0, x.shape[0], ROWS_AT_ONCE):
        for block in range(sets.shape[0]):
            for n in range(start, min(start + ROWS_AT_ONCE, x.shape[0])):
                _reach_either(sets[block], x, z, n, reached)
                n_two, n_more = 0, 0
                for i in range(TREES_AT_ONCE):
                    rest = np.uint64(reached[i])
                    leaf_x[i] = leaf_z[i] = lowest(rest)
                    rest &= rest - one
                    last = rest & (rest - one)
                    two[n_two], more[n_more] = i, i
                    n_two += (rest != 0) & (last == 0)
                    n_more += last != 0
                first_tree = block * TREES_AT_ONCE
                for h in range(n_two):
                    i = two[h]
                    a = leaf_x[i]
                    b = lowest(np.uint64(reached[i]) & ~(one << a))
                    u = parting[first_tree + i, a * n_bits + b]
                    if (np.uint64(sets[block, x[n, u], i]) >> a) & one:
                        leaf_z[i] = b
                    else:
                        leaf_x[i] = b
                    change = values[first_tree + i, leaf_x[i]] - values[first_tree + i, leaf_z[i]]
                    phi[n, u] += change
                    if table.shape[1] > 0:
                        table[n, 1 << group[u]] += change
                for h in range(n_more):
                    i = more[h]
                    tree = first_tree + i
                    leaves = np.uint64(reached[i])
                    n_players = _find_players(leaves, parting[tree], n_bits, group, players)
                    all_x, all_z = leaves, leaves
                    for p in range(n_players):
                        by_x = np.uint64(sets[block, x[n, players[p, FEATURE]], i])
                        by_z = np.uint64(sets[block, z[n, players[p, FEATURE]], i])
                        all_x &= by_x
                        all_z &= by_z
                        only_x[p], only_z[p] = leaves & by_x & ~by_z, leaves & by_z & ~by_x
                    leaf_x[i], leaf_z[i] = lowest(all_x), lowest(all_z)
                    if n_players == 2:
                        _add_two_players(leaves, sets[block], i, x, z, n, players, values[tree], phi, table)
                    else:
                        _add_leaves(
                            leaves,
                            only_x,
                            only_z,
                            n,
                            players,
                            n_players,
                            groups,
                            needs,
                            values[tree],
                            weights,
                            phi,
                            table,
                        )
                if len(score_x) == 0:
                    continue
                x_score, z_score = score_x[n], score_z[n]
                for i in range(TREES_AT_ONCE):
                    x_score += values[first_tree + i, leaf_x[i]]
                    z_score += values[first_tree + i, leaf_z[i]]
                score_x[n], score_z[n] = x_score, z_score


@njit(cache=True, nogil=True)
def explain_steps(x, z, group, steps, phi, table):  # type: ignore[no-untyped-def]
    """`explain_rows` for the trees that read one feature alone: each feature gets what its own steps changed."""
    for n in range(x.shape[0]):
        for u in range(x.shape[1]):
            if x[n, u] != z[n, u]:
                change = steps[x[n, u]] - steps[z[n, u]]
                phi[n, u] += change
                if table.shape[1] > 0:
                    table[n, 1 << group[u]] += change


@njit(cache=True, nogil=True, inline="always")
def _reach_either(sets, x, z, n, reached):  # type: ignore[no-untyped-def]
    """The leaves that some mixture of the rows reaches."""
    of_x = sets[sets.shape[0] - 1]
    for i in range(TREES_AT_ONCE):
        reached[i] = of_x[i]
    for u in range(x.shape[1]):
        of_x = sets[x[n, u]]
        if x[n, u] == z[n, u]:
            for i in range(TREES_AT_ONCE):
                reached[i] &= of_x[i]
        else:
            of_z = sets[z[n, u]]
            for i in range(TREES_AT_ONCE):
                reached[i] &= of_x[i] | of_z[i]


@njit(cache=True, nogil=True, inline="always")
def _find_players(leaves, parting, n_bits, group, players):  # type: ignore[no-untyped-def]
    """The features on which neighbouring leaves part: all features on which the rows part in this tree."""
    n_players = 0
    a = lowest(leaves)
    rest = leaves & (leaves - np.uint64(1))
    while rest != 0:
        b = lowest(rest)
        rest &= rest - np.uint64(1)
        u = np.int64(parting[a * n_bits + b])
        a = b
        known = False
        for p in range(n_players):
            known |= players[p, FEATURE] == u
        if not known:
            players[n_players, FEATURE], players[n_players, GROUP] = u, group[u]
            n_players += 1
    return n_players


@njit(cache=True, nogil=True, inline="always")
def _add_two_players(leaves, sets, i, x, z, n, players, values, phi, table):  # type: ignore[no-untyped-def]
    """Two players share alike whatever their groups: the mean of being first and being last to change."""
    u, v = players[0, FEATURE], players[1, FEATURE]
    x_u, z_u = leaves & np.uint64(sets[x[n, u], i]), leaves & np.uint64(sets[z[n, u], i])
    x_v, z_v = np.uint64(sets[x[n, v], i]), np.uint64(sets[z[n, v], i])
    xx, xz = values[lowest(x_u & x_v)], values[lowest(x_u & z_v)]
    zx, zz = values[lowest(z_u & x_v)], values[lowest(z_u & z_v)]
    phi[n, u] += 0.5 * ((xx - zx) + (xz - zz))
    phi[n, v] += 0.5 * ((xx - xz) + (zx - zz))
    if table.shape[1] > 0:
        bit_u, bit_v = 1 << players[0, GROUP], 1 << players[1, GROUP]
        if bit_u == bit_v:
            table[n, bit_u] += xx - zz
        else:
            table[n, bit_u] += xz - zz
            table[n, bit_v] += zx - zz
            table[n, bit_u | bit_v] += (xx - xz) - (zx - zz)


@njit(cache=True, nogil=True, inline="always")
def _add_leaves(  # type: ignore[no-untyped-def]
    leaves, only_x, only_z, n, players, n_players, groups, needs, values, weights, phi, table
):
    """`add_leaf` for all leaves of a tree, with sets of players as integers: bit p set, player p is needed.

    ``needs`` (64, 2) and ``groups`` (64,) are room for each leaf's needs from x and z, and each group's players.
    """
    one = np.uint64(1)
    rest = leaves
    while rest != 0:
        leaf = lowest(rest)
        rest &= rest - one
        needs[leaf, 0], needs[leaf, 1] = 0, 0
    n_groups = 0
    for p in range(n_players):
        me = one << np.uint64(p)
        place = n_groups
        for q in range(p):
            if players[q, GROUP] == players[p, GROUP]:
                place = players[q, PLACE]
        if place == n_groups:
            groups[place] = 0
            n_groups += 1
        players[p, PLACE] = place
        groups[place] |= me
        rest = only_x[p]
        while rest != 0:
            needs[lowest(rest), 0] |= me
            rest &= rest - one
        rest = only_z[p]
        while rest != 0:
            needs[lowest(rest), 1] |= me
            rest &= rest - one
    while leaves != 0:
        leaf = lowest(leaves)
        leaves &= leaves - one
        from_x, from_z, value = needs[leaf, 0], needs[leaf, 1], values[leaf]
        on_x, on_z, mixed, of_mixed = np.int64(0), np.int64(0), 0, np.uint64(0)
        if n_groups == n_players:
            on_x, on_z = np.int64(n_ones(from_x)), np.int64(n_ones(from_z))
        else:
            for g in range(n_groups):
                has_x, has_z = (from_x & groups[g]) != 0, (from_z & groups[g]) != 0
                on_x += has_x
                on_z += has_z
                if has_x & has_z:
                    mixed += 1
                    of_mixed = groups[g]
        if mixed > 1:
            continue
        if mixed == 1:
            a, b = n_ones(from_x & of_mixed), n_ones(from_z & of_mixed)
            others = weights[on_x - 1, on_z - 1]
            add_x, add_z = value * (others * weights[a - one, b]), value * (others * weights[a, b - one])
            from_x &= of_mixed
            from_z &= of_mixed
            while from_x != 0:
                phi[n, players[lowest(from_x), FEATURE]] += add_x
                from_x &= from_x - one
            while from_z != 0:
                phi[n, players[lowest(from_z), FEATURE]] -= add_z
                from_z &= from_z - one
            continue
        if table.shape[1] > 0:
            _add_coalitions(value, from_x, from_z, players, table, n)
        if on_x > 0:
            others = weights[on_x - 1, on_z]
            rest = from_x
            while rest != 0:
                p = lowest(rest)
                rest &= rest - one
                a = n_ones(from_x & groups[players[p, PLACE]])
                phi[n, players[p, FEATURE]] += value * (others * weights[a - one, 0])
        if on_z > 0:
            others = weights[on_x, on_z - 1]
            rest = from_z
            while rest != 0:
                p = lowest(rest)
                rest &= rest - one
                b = n_ones(from_z & groups[players[p, PLACE]])
                phi[n, players[p, FEATURE]] -= value * (others * weights[0, b - one])


@njit(cache=True, nogil=True, inline="always")
def _add_coalitions(value, from_x, from_z, players, table, n):  # type: ignore[no-untyped-def]
    """Of sets of players, the groups, for `add_to_table`."""
    groups_x, groups_z = 0, 0
    while from_x != 0:
        groups_x |= 1 << players[lowest(from_x), GROUP]
        from_x &= from_x - np.uint64(1)
    while from_z != 0:
        groups_z |= 1 << players[lowest(from_z), GROUP]
        from_z &= from_z - np.uint64(1)
    add_to_table(value, groups_x, groups_z, table, n)


@njit(cache=True, nogil=True, inline="always")
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


@njit(cache=True, nogil=True, inline="always")
def add_to_table(value, from_x, from_z, table, n):  # type: ignore[no-untyped-def]
    """Add a leaf that needs the groups ``from_x`` from x, and ``from_z`` from z, to what groups add together."""
    # "No group of from_z is x's" is an alternating sum over the subsets of from_z.
    absent = from_z
    while True:
        if from_x | absent:
            table[n, from_x | absent] += -value if n_ones(np.uint64(absent)) & np.uint64(1) else value
        if absent == 0:
            break
        absent = (absent - 1) & from_z


@njit(cache=True, nogil=True)
def sum_over_subsets(table, score_z):  # type: ignore[no-untyped-def]
    """From what groups add together to the scores of coalitions, in place: table (n, 2**n_groups)."""
    for n in range(table.shape[0]):
        row = table[n]
        row[0] = score_z[n]
        bit = 1
        while bit < len(row):
            for first in range(0, len(row), 2 * bit):
                for s in range(first, first + bit):
                    row[s + bit] += row[s]
            bit *= 2


@njit(cache=True, nogil=True)
def explain_rows_by_walk(  # type: ignore[no-untyped-def]
    nodes, roots, left_categories, known_categories, x, z, group, weights, phi, table
):
    """`explain_rows` for trees of any size: both rows (n, n_features) go down together and branch where they part.

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


@njit(cache=True, nogil=True, inline="always")
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
