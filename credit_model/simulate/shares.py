"""Exact Owen values of a change in the true policy's score, features as players and factors as their unions.

Owen values are linear in the game, so each part of the score is shared on its own:

* a one-feature term belongs to its feature;
* in a product of two, each takes its own change times the other's mean, whether or not they share a factor;
* in a product of three of which two share a factor, the third takes its change times the mean of the pair's product
  over "both before" and "both after" (a factor joins as one), and the pair shares what is left as a product of two,
  times the third's mean;
* a conjunction is shared by its definition, over the few of its conditions that changed;
* a function of the factors' standings is shared by its definition: all mixtures of factors that changed, and within a
  factor all subsets of its features that changed. A feature that did not change has exactly no share.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from credit_model.simulate.measuring import badness
from credit_model.simulate.scoring import SCORECARD, TERMS, condition_holds, link, part_of_standing


@njit(nogil=True)
def share_change(ways_x, ways_z, policy, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` (n_drivers,) with the Owen values of score(x) - score(z); ways as `measuring.come` gives them."""
    for f in range(len(ways_x)):
        out[f] = policy.ramps[f, 0] * (ways_x[f] - ways_z[f])
    if policy.form == SCORECARD:
        _share_products(ways_x, ways_z, policy, out)
    elif policy.form == TERMS:
        for j in range(len(policy.terms)):
            _share_term(j, ways_x, ways_z, policy, out)
    else:
        _share_link(ways_x, ways_z, policy, out)


@njit(nogil=True)
def _share_products(ways_x, ways_z, policy, out):  # type: ignore[no-untyped-def]
    for p in range(len(policy.products)):
        i, j, third = policy.products[p]
        weight = -policy.product_weights[p]
        ix, iz = badness(ways_x, i, policy.measures), badness(ways_z, i, policy.measures)
        jx, jz = badness(ways_x, j, policy.measures), badness(ways_z, j, policy.measures)
        if third >= 0:
            kx, kz = badness(ways_x, third, policy.measures), badness(ways_z, third, policy.measures)
            out[third] += weight * (kx - kz) * 0.5 * (ix * jx + iz * jz)
            weight *= 0.5 * (kx + kz)
        out[i] += weight * (ix - iz) * 0.5 * (jx + jz)
        out[j] += weight * (jx - jz) * 0.5 * (ix + iz)


@njit(nogil=True)
def size_weights(n):  # type: ignore[no-untyped-def]
    """By the size of a coalition of the others: the weight of a player's marginal contribution among n, (n,)."""
    weights = np.empty(n)
    weights[0] = 1.0 / n
    for size in range(1, n):
        weights[size] = weights[size - 1] * size / (n - size)
    return weights


@njit(nogil=True)
def bits_of(mask):  # type: ignore[no-untyped-def]
    """The number of set bits."""
    n = 0
    while mask > 0:
        n += mask & 1
        mask >>= 1
    return n


@njit(nogil=True)
def _share_term(j, ways_x, ways_z, policy, out):  # type: ignore[no-untyped-def]
    """Add the Owen values of one conjunction."""
    most = policy.terms.shape[1]
    player, holds_at_x, n = np.empty(most, np.int64), np.empty(most, np.bool_), 0
    for place in range(most):
        if policy.terms[j, place] < 0:
            continue
        at_x, at_z = condition_holds(ways_x, j, place, policy), condition_holds(ways_z, j, place, policy)
        if at_x != at_z:
            player[n], holds_at_x[n] = policy.terms[j, place], at_x
            n += 1
        elif not at_x:
            return  # holds in no mixture
    if n == 0:
        return
    needed = 0  # the one coalition for which all conditions hold
    for i in range(n):
        needed |= (1 << i) if holds_at_x[i] else 0
    factors, of_factor, n_factors = np.empty(n, np.int64), np.zeros(n, np.int64), 0
    for i in range(n):
        g = 0
        while g < n_factors and factors[g] != policy.factor[player[i]]:
            g += 1
        factors[g] = policy.factor[player[i]]
        of_factor[g] |= 1 << i
        n_factors = max(n_factors, g + 1)
    between = size_weights(n_factors)
    for g in range(n_factors):
        mates = bits_of(of_factor[g])
        within = size_weights(mates)
        for whole in range(1 << n_factors):
            if whole >> g & 1:
                continue
            base = 0
            for h in range(n_factors):
                base |= of_factor[h] if whole >> h & 1 else 0
            if base & ~of_factor[g] != needed & ~of_factor[g]:
                continue
            for i in range(n):
                # Where all else is as needed, joining turns the conjunction on, or off.
                if of_factor[g] >> i & 1:
                    rest = needed & of_factor[g] & ~(1 << i)
                    share = policy.term_weights[j] * between[bits_of(whole)] * within[bits_of(rest)]
                    out[player[i]] += share if holds_at_x[i] else -share


@njit(nogil=True)
def _share_link(ways_x, ways_z, policy, out):  # type: ignore[no-untyped-def]
    """Add the Owen values of what the factors' standings add to the score."""
    n_factors, n = len(policy.links), len(ways_x)
    moved, n_moved = np.empty((n_factors, n), np.int64), np.zeros(n_factors, np.int64)
    for f in range(n):
        if policy.parts[f] > 0.0 and ways_x[f] != ways_z[f]:
            g = policy.factor[f]
            moved[g, n_moved[g]] = f
            n_moved[g] += 1
    standing_x, standing_z = np.zeros(n_factors), np.zeros(n_factors)
    for f in range(n):
        standing_x[policy.factor[f]] += part_of_standing(ways_x, f, policy)
        standing_z[policy.factor[f]] += part_of_standing(ways_z, f, policy)
    factors = np.flatnonzero(n_moved > 0)
    if len(factors) == 0:
        return
    form, links, scale, edges, grids = policy.form, policy.links, policy.scale, policy.edges, policy.grids
    between, mixture = size_weights(len(factors)), np.empty(n_factors)
    for own in range(len(factors)):
        g = factors[own]
        standing = _standings_of_subsets(g, moved[g, : n_moved[g]], ways_x, ways_z, policy)
        value = np.zeros(len(standing))  # of the factor's own game, averaged over what the others do
        for whole in range(1 << len(factors)):
            if whole >> own & 1:
                continue
            mixture[:] = standing_z
            for h in range(len(factors)):
                if whole >> h & 1:
                    mixture[factors[h]] = standing_x[factors[h]]
            weight = between[bits_of(whole)]
            for subset in range(len(standing)):
                mixture[g] = standing[subset]
                value[subset] += weight * link(mixture, form, links, scale, edges, grids)
        within = size_weights(n_moved[g])
        for i in range(n_moved[g]):
            for subset in range(len(standing)):
                if not subset >> i & 1:
                    out[moved[g, i]] += within[bits_of(subset)] * (value[subset | 1 << i] - value[subset])


@njit(nogil=True)
def _standings_of_subsets(g, members, ways_x, ways_z, policy):  # type: ignore[no-untyped-def]
    """The factor's standing for every subset of its changed features taken as at x: (2^n_members,)."""
    standing = np.zeros(1 << len(members))
    for subset in range(len(standing)):
        # Added up in the features' order, as `score_of` does: on the edge of a grade a last bit would matter.
        i = 0
        for f in range(len(ways_x)):
            if policy.factor[f] != g:
                continue
            at_x = False
            if i < len(members) and members[i] == f:
                at_x = subset >> i & 1 == 1
                i += 1
            standing[subset] += part_of_standing(ways_x if at_x else ways_z, f, policy)
    return standing
