"""Exact Owen values of a change in the true policy's score.

The score is a sum of one-feature terms and of products of two or three features. Owen values are linear in the game,
so each part is shared on its own:

* a one-feature term belongs to its feature;
* in a product of two, each takes its own change times the other's mean, whether or not they share a factor;
* in a product of three of which two share a factor, the third takes its change times the mean of the pair's product
  over "both before" and "both after" (a factor joins as one), and the pair shares what is left as a product of two,
  times the third's mean.
"""

from __future__ import annotations

from numba import njit

from credit_model.simulate.policy import badness


@njit(nogil=True)
def share_change(ways_x, ways_z, policy, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` (n_drivers,) with the Owen values of score(x) - score(z); ways as `policy.come` gives them."""
    for f in range(len(ways_x)):
        out[f] = policy.ramps[f, 0] * (ways_x[f] - ways_z[f])
    for p in range(len(policy.products)):
        i, j, third = policy.products[p]
        weight = -policy.product_weights[p]
        ix, iz = badness(ways_x, i, policy), badness(ways_z, i, policy)
        jx, jz = badness(ways_x, j, policy), badness(ways_z, j, policy)
        if third >= 0:
            kx, kz = badness(ways_x, third, policy), badness(ways_z, third, policy)
            out[third] += weight * (kx - kz) * 0.5 * (ix * jx + iz * jz)
            weight *= 0.5 * (kx + kz)
        out[i] += weight * (ix - iz) * 0.5 * (jx + jz)
        out[j] += weight * (jx - jz) * 0.5 * (ix + iz)
