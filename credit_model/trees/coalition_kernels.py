"""The kernels of groups and of the what-if table: what they add only together, from it every coalition's score.

A table has a row a change and 2**n_groups columns; bit g of a column set: group g is in the coalition.
"""

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel
from credit_model.trees.leaf_set_kernels import n_ones


@kernel(inline="always")
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


@kernel
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


@kernel
def all_alone(group):  # type: ignore[no-untyped-def]
    """Whether no two features are in one group, those that are no players (-1) left out."""
    for u in range(len(group)):
        for v in range(u):
            if group[u] == group[v] and group[u] >= 0:
                return False
    return True
