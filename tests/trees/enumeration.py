"""The Owen value by its definition, over all coalitions: slow, and the oracle for the fast one."""

from functools import cache
from itertools import combinations
from math import factorial

import numpy as np


def enumerated_owen_values(score, x, z, group):
    """Owen values (n_features,) of v(S) = score(x on S, z elsewhere) with groups numbered 0, 1, ..."""
    d, n_groups = len(x), int(max(group)) + 1
    members = [[j for j in range(d) if group[j] == g] for g in range(n_groups)]

    @cache
    def v(mask):
        taken = np.array([mask >> j & 1 for j in range(d)], dtype=bool)
        return float(score(np.where(taken, x, z)[None])[0])

    def weight(size, of):
        return factorial(size) * factorial(of - size - 1) / factorial(of)

    phi = np.zeros(d)
    for g in range(n_groups):
        others = [h for h in range(n_groups) if h != g]
        for r in range(n_groups):
            for whole in combinations(others, r):
                base = sum(1 << j for h in whole for j in members[h])
                for j in members[g]:
                    rest = [k for k in members[g] if k != j]
                    for s in range(len(rest) + 1):
                        for part in combinations(rest, s):
                            mask = base + sum(1 << k for k in part)
                            w = weight(r, n_groups) * weight(s, len(members[g]))
                            phi[j] += w * (v(mask | 1 << j) - v(mask))
    return phi
