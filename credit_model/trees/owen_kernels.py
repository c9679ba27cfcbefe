"""The kernels behind `trees.owen` on leaf sets: what each tree adds to the Owen values and to the what-if table.

On the leaf sets (`trees.leaf_sets`) of rows x and z, most trees settle at once: one leaf is left where the rows do
not part, and two where they part on one feature, which then gets the whole difference. The rest is a handful of
leaves and features, for which the closed form is summed.
"""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel
from credit_model.trees.coalition_kernels import add_to_table, all_alone
from credit_model.trees.leaf_set_kernels import TREES_AT_ONCE, lowest, n_ones
from credit_model.trees.nodes import ROWS_AT_ONCE

# Players are the features that part two rows in a tree, a row each: the feature, its group, and the place of its
# group among the tree's.
FEATURE, GROUP, PLACE = 0, 1, 2

#: So many players are shared out in one vector; hardly a tree has more.
FEW = 8
#: Of every set of so many players, who is in it: 1 or 0, (2**FEW, FEW).
_MEMBERS = (np.arange(1 << FEW)[:, None] >> np.arange(FEW) & 1).astype(np.float64)


@kernel
def add_changes_by_sets(  # type: ignore[no-untyped-def]
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
    last_seen = np.full(x.shape[1], -1, np.int64)  # of each feature, the tree and row in which it was a player
    tree_now = np.int64(0)
    alone = all_alone(group)
    by_leaf = np.empty((2, 8), np.uint64)
    shares = np.zeros(FEW)
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
                    tree_now += 1
                    n_players = _find_players(leaves, parting[tree], n_bits, group, players, last_seen, tree_now)
                    all_x, all_z = leaves, leaves
                    for p in range(n_players):
                        of_x = np.uint64(sets[block, x[n, players[p, FEATURE]], i])
                        of_z = np.uint64(sets[block, z[n, players[p, FEATURE]], i])
                        all_x &= of_x
                        all_z &= of_z
                        only_x[p], only_z[p] = leaves & of_x & ~of_z, leaves & of_z & ~of_x
                    leaf_x[i], leaf_z[i] = lowest(all_x), lowest(all_z)
                    if n_players == 2:
                        _add_two_players(leaves, only_x, only_z, n, players, values[tree], phi, table)
                        continue
                    if n_players > FEW:
                        _find_needs(leaves, only_x, only_z, n_players, needs)
                        _add_leaves(leaves, needs, n, players, n_players, groups, values[tree], weights, phi, table)
                        continue
                    _turn(only_x, n_players, n_bits, by_leaf[0])
                    _turn(only_z, n_players, n_bits, by_leaf[1])
                    if alone and table.shape[1] == 0:
                        _share_among_few(leaves, by_leaf, n, players, n_players, values[tree], weights, shares, phi)
                    else:
                        _find_few_needs(leaves, by_leaf, needs)
                        _add_leaves(leaves, needs, n, players, n_players, groups, values[tree], weights, phi, table)
                if len(score_x) == 0:
                    continue
                x_score, z_score = score_x[n], score_z[n]
                for i in range(TREES_AT_ONCE):
                    x_score += values[first_tree + i, leaf_x[i]]
                    z_score += values[first_tree + i, leaf_z[i]]
                score_x[n], score_z[n] = x_score, z_score


@kernel
def add_changes_by_steps(x, z, group, steps, phi, table):  # type: ignore[no-untyped-def]
    """`add_changes_by_sets` for the trees that read one feature alone: each feature gets what its own steps changed."""
    for n in range(x.shape[0]):
        for u in range(x.shape[1]):
            if x[n, u] != z[n, u]:
                change = steps[x[n, u]] - steps[z[n, u]]
                phi[n, u] += change
                if table.shape[1] > 0:
                    table[n, 1 << group[u]] += change


@kernel(inline="always")
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


@kernel(inline="always")
def _find_players(leaves, parting, n_bits, group, players, last_seen, tree_now):  # type: ignore[no-untyped-def]
    """The features on which neighbouring leaves part: all features on which the rows part in this tree."""
    n_players = 0
    a = lowest(leaves)
    rest = leaves & (leaves - np.uint64(1))
    while rest != 0:
        b = lowest(rest)
        rest &= rest - np.uint64(1)
        u = np.int64(parting[a * n_bits + b])
        a = b
        # Written over by the next one where it is known already: no branch that the processor has to guess.
        players[n_players, FEATURE], players[n_players, GROUP] = u, group[u]
        n_players += last_seen[u] != tree_now
        last_seen[u] = tree_now
    return n_players


@kernel(inline="always")
def _add_two_players(leaves, only_x, only_z, n, players, values, phi, table):  # type: ignore[no-untyped-def]
    """Two players share alike whatever their groups: the mean of being first and being last to change."""
    u, v = players[0, FEATURE], players[1, FEATURE]
    x_u, z_u, x_v, z_v = leaves & ~only_z[0], leaves & ~only_x[0], ~only_z[1], ~only_x[1]
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


@kernel(inline="always")
def _turn(only, n_players, n_bits, by_leaf):  # type: ignore[no-untyped-def]
    """From a player's leaves, for up to `FEW` players, to a leaf's players: byte l of ``by_leaf`` has those of leaf l.

    Each eight leaves are a matrix of 8 x 8 bits, turned by exchanging ever larger blocks (Warren, Hacker's Delight,
    section 7-3).
    """
    for k in range(n_bits >> np.uint64(3)):
        word = np.uint64(0)
        for p in range(n_players):
            word |= ((only[p] >> np.uint64(8 * k)) & np.uint64(0xFF)) << np.uint64(8 * p)
        change = (word ^ (word >> np.uint64(7))) & np.uint64(0x00AA00AA00AA00AA)
        word ^= change ^ (change << np.uint64(7))
        change = (word ^ (word >> np.uint64(14))) & np.uint64(0x0000CCCC0000CCCC)
        word ^= change ^ (change << np.uint64(14))
        change = (word ^ (word >> np.uint64(28))) & np.uint64(0x00000000F0F0F0F0)
        by_leaf[k] = word ^ change ^ (change << np.uint64(28))


@kernel(inline="always")
def _share_among_few(leaves, by_leaf, n, players, n_players, values, weights, shares, phi):  # type: ignore[no-untyped-def]
    """`_add_leaves` for up to `FEW` players, each its own group: a leaf's part is added to all of them at once."""
    for p in range(n_players):
        shares[p] = phi[n, players[p, FEATURE]]
    while leaves != 0:
        leaf = lowest(leaves)
        leaves &= leaves - np.uint64(1)
        word, byte = leaf >> np.uint64(3), (leaf & np.uint64(7)) << np.uint64(3)
        from_x = (by_leaf[0, word] >> byte) & np.uint64(0xFF)
        from_z = (by_leaf[1, word] >> byte) & np.uint64(0xFF)
        on_x, on_z = np.int64(n_ones(from_x)), np.int64(n_ones(from_z))
        # Where there is none, the weight is of nobody.
        add_x = values[leaf] * weights[max(on_x - 1, 0), on_z]
        add_z = values[leaf] * weights[on_x, max(on_z - 1, 0)]
        for p in range(FEW):
            shares[p] += add_x * _MEMBERS[from_x, p] - add_z * _MEMBERS[from_z, p]
    for p in range(n_players):
        phi[n, players[p, FEATURE]] = shares[p]


@kernel(inline="always")
def _find_few_needs(leaves, by_leaf, needs):  # type: ignore[no-untyped-def]
    """The players that each leaf needs from x, and from z, as sets: ``needs`` (64, 2), from what `_turn` gives."""
    while leaves != 0:
        leaf = lowest(leaves)
        leaves &= leaves - np.uint64(1)
        word, byte = leaf >> np.uint64(3), (leaf & np.uint64(7)) << np.uint64(3)
        needs[leaf, 0] = (by_leaf[0, word] >> byte) & np.uint64(0xFF)
        needs[leaf, 1] = (by_leaf[1, word] >> byte) & np.uint64(0xFF)


@kernel(inline="always")
def _find_needs(leaves, only_x, only_z, n_players, needs):  # type: ignore[no-untyped-def]
    """The same for any number of players."""
    one = np.uint64(1)
    while leaves != 0:
        leaf = lowest(leaves)
        leaves &= leaves - one
        needs[leaf, 0], needs[leaf, 1] = 0, 0
    for p in range(n_players):
        me = one << np.uint64(p)
        rest = only_x[p]
        while rest != 0:
            needs[lowest(rest), 0] |= me
            rest &= rest - one
        rest = only_z[p]
        while rest != 0:
            needs[lowest(rest), 1] |= me
            rest &= rest - one


@kernel(inline="always")
def _add_leaves(leaves, needs, n, players, n_players, groups, values, weights, phi, table):  # type: ignore[no-untyped-def]
    """`owen_walk_kernels.add_leaf` for all leaves of a tree, with sets of players as integers: bit p, player p.

    ``needs`` (64, 2) are each leaf's needs from x and z; ``groups`` (64,) is room for each group's players.
    """
    one = np.uint64(1)
    n_groups = 0
    for p in range(n_players):
        place = n_groups
        for q in range(p):
            if players[q, GROUP] == players[p, GROUP]:
                place = players[q, PLACE]
        if place == n_groups:
            groups[place] = 0
            n_groups += 1
        players[p, PLACE] = place
        groups[place] |= one << np.uint64(p)
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


@kernel(inline="always")
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
