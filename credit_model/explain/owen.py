r"""Pairwise Owen values on trees: why the score of one row differs from the score of another, exactly.

For rows x and z and a score f, the game is v(S) = f(x on S, z elsewhere). Its players are the features,
gathered in groups; the Owen value (Owen 1977, doi:10.1007/978-3-642-45494-3_7) is the Shapley value with
that coalition structure: features of a group sum to the group, groups sum to f(x) - f(z), and a group's
value is the exact Shapley value of the game between groups.

For a tree the game is a sum over leaves of the leaf's value times "every feature that decides this path is
on the side that leads here". With a_g, b_g the numbers of features of group g that the path needs from x and
from z, and A, B the numbers of groups (other than the feature's own) that it needs wholly from x or from z,

.. math:: \phi_j = \pm v \, w(A, B) \, w(a_g - [j \in x], b_g - [j \in z]), \quad w(a, b) = a! b! / (a+b+1)!

and a path that needs two groups from both sides contributes nothing. Children are visited left first whatever
leads there, so exchanging x and z flips every sign bit for bit.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from credit_model.model.trees import LEAF, ROWS_AT_ONCE, TreeEnsemble, encoded_rows, goes_left, over_blocks, tree_ensemble

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Most groups for which every coalition is tabulated: 2**16 scores a row.
MAX_COALITION_GROUPS = 16


def owen_values(
    model: Any,
    x: Any,
    z: Any,
    groups: Sequence[Hashable] | Mapping[Hashable, Sequence[Any]] | None = None,
    *,
    n_jobs: int = -1,
) -> FloatArray:
    """Owen values of the change in score from each row of ``z`` to the same row of ``x``.

    Parameters
    ----------
    model : fitted HistGradientBoostingClassifier (binary) or HistGradientBoostingRegressor
        NaN and native categorical features are followed exactly as the model follows them.
    x, z : array-like or DataFrame, (n, n_features)
        The rows explained and the rows they are compared with.
    groups : sequence of n_features labels, or mapping group -> features (names or positions), or None
        Features with equal labels form one group; features that a mapping leaves out stand alone.
        None: every feature stands alone, which is the plain Shapley value.
    n_jobs : int
        Threads; -1 uses all cores. The result does not depend on it.

    Returns
    -------
    float64 array, (n, n_features)
        In units of the raw score (log-odds for a classifier, the link's scale for a regression). Each row sums
        to ``decision_function(x) - decision_function(z)``; an unchanged feature gets 0.0.

    Raises
    ------
    TypeError
        The model is of another kind, or multiclass.
    ValueError
        ``x`` and ``z`` differ in shape, or the groups do not fit the features.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> X = np.random.default_rng(0).normal(size=(300, 3))
    >>> model = HistGradientBoostingRegressor(max_iter=20).fit(X, X[:, 0] + X[:, 1] * X[:, 2])
    >>> phi = owen_values(model, X[:5], X[5:10], groups=["a", "b", "b"])
    >>> bool(np.allclose(phi.sum(axis=1), model.predict(X[:5]) - model.predict(X[5:10])))
    True
    """
    ensemble = tree_ensemble(model)
    rows_x, rows_z = encoded_rows(model, x), encoded_rows(model, z)
    if rows_x.shape != rows_z.shape:
        raise ValueError(f"x and z must have the same shape, got {rows_x.shape} and {rows_z.shape}")
    names = getattr(model, "feature_names_in_", None)
    return ensemble_owen_values(
        ensemble, rows_x, rows_z, group_numbers(groups, ensemble.n_features, names), n_jobs=n_jobs
    )


def group_numbers(
    groups: Sequence[Hashable] | Mapping[Hashable, Sequence[Any]] | None, n_features: int, names: Any = None
) -> IntArray:
    """Group labels as numbers 0, 1, ... in order of first appearance: int64 (n_features,)."""
    if groups is None:
        return np.arange(n_features, dtype=np.int64)
    if isinstance(groups, Mapping):
        position = {} if names is None else {name: i for i, name in enumerate(names)}
        labels: list[Hashable] = [("alone", i) for i in range(n_features)]
        taken: set[int] = set()
        for label, features in groups.items():
            for feature in features:
                i = position.get(feature, feature)
                if not isinstance(i, int | np.integer) or not 0 <= i < n_features:
                    raise ValueError(f"groups names feature {feature!r}, which the model does not have")
                if int(i) in taken:
                    raise ValueError(f"groups must be disjoint, feature {feature!r} is in two of them")
                taken.add(int(i))
                labels[int(i)] = ("group", label)
    else:
        labels = list(groups)
        if len(labels) != n_features:
            raise ValueError(f"groups must have one label a feature ({n_features}), got {len(labels)}")
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(label, len(number)) for label in labels], dtype=np.int64)


def ensemble_owen_values(
    ensemble: TreeEnsemble, x: FloatArray, z: FloatArray, group: IntArray, *, n_jobs: int = -1
) -> FloatArray:
    """`owen_values` on trees and rows that are already in the package's layout: (n, n_features)."""
    phi = np.zeros(x.shape)
    weights = _weights(min(x.shape[1], ensemble.depth) + 1)

    def work(start: int, stop: int) -> None:
        _owen_rows(
            ensemble.nodes,
            ensemble.roots,
            ensemble.left_categories,
            ensemble.known_categories,
            x[start:stop],
            z[start:stop],
            group,
            weights,
            phi[start:stop],
        )

    over_blocks(work, len(x), n_jobs)
    return phi


def ensemble_coalition_scores(
    ensemble: TreeEnsemble, x: FloatArray, z: FloatArray, group: IntArray, n_groups: int, *, n_jobs: int = -1
) -> FloatArray:
    """Scores of all coalitions of groups: (n, 2**n_groups); bit g of the column set: group g from x, else from z.

    Features of group -1 are always taken from x (states, which are held equal).

    Raises
    ------
    ValueError
        More than `MAX_COALITION_GROUPS` groups.
    """
    if n_groups > MAX_COALITION_GROUPS:
        raise ValueError(
            f"the what-if table has 2**groups columns and allows {MAX_COALITION_GROUPS} groups, got {n_groups}"
        )
    table = np.zeros((len(x), 1 << n_groups))

    def work(start: int, stop: int) -> None:
        _coalition_rows(
            ensemble.nodes,
            ensemble.roots,
            ensemble.left_categories,
            ensemble.known_categories,
            ensemble.baseline,
            x[start:stop],
            z[start:stop],
            group,
            n_groups,
            table[start:stop],
        )

    over_blocks(work, len(x), n_jobs)
    return table


@lru_cache(maxsize=8)
def _weights(size: int) -> FloatArray:
    """w(a, b) = a! b! / (a + b + 1)! for a, b < size; symmetric to the last bit."""
    return np.array([[1 / ((a + b + 1) * comb(a + b, a)) for b in range(size)] for a in range(size)])


# A path's partings lie in slots 0 .. length - 1 of an integer table, a column each:
_FEATURE, _GROUP, _SIDE = 0, 1, 2  # the side the path takes the feature from: 1 x, 2 z
_ON_X, _ON_Z, _MIXED = 3, 4, 5  # with this slot: groups that give to the x-side, to the z-side, to both
# A right child waits at every parting: its node and the side it is on. Slots below the parting stay valid for it.
_RIGHT, _LENGTH, _RIGHT_SIDE = 6, 7, 8


@njit(cache=True, nogil=True)
def _owen_rows(  # type: ignore[no-untyped-def]
    nodes, roots, left_categories, known_categories, x, z, group, weights, phi
):
    path = np.zeros((weights.shape[0], 9), np.int64)
    for start in range(0, x.shape[0], ROWS_AT_ONCE):
        for root in roots:
            for n in range(start, min(start + ROWS_AT_ONCE, x.shape[0])):
                i = root
                length = 0
                waiting = 0
                while i >= 0:
                    i, parted = _descend(nodes, i, left_categories, known_categories, x, z, n, path, length)
                    if parted > 0:
                        path[waiting, _RIGHT] = nodes[i].right
                        path[waiting, _LENGTH] = length
                        path[waiting, _RIGHT_SIDE] = 3 - parted
                        waiting += 1
                        j = np.int64(nodes[i].feature)
                        mixed = _join(path, length, j, group[j], parted)
                        length += 1
                        i += 1
                        if mixed <= 1:
                            continue
                    elif length > 0:
                        _add_leaf(nodes[i].threshold, path, length, weights, phi, n)
                    # Back to the nearest parting whose right child can still contribute.
                    i = np.int64(-1)
                    while i < 0 and waiting > 0:
                        waiting -= 1
                        length = path[waiting, _LENGTH]
                        mixed = _join(
                            path, length, path[length, _FEATURE], path[length, _GROUP], path[waiting, _RIGHT_SIDE]
                        )
                        length += 1
                        if mixed <= 1:
                            i = path[waiting, _RIGHT]


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
            if path[p, _FEATURE] == j:
                side = path[p, _SIDE]
        if side == 2:
            left = goes_left(node, z[n, j], left_categories, known_categories)
        else:
            left = goes_left(node, x[n, j], left_categories, known_categories)
            if side == 0 and left != goes_left(node, z[n, j], left_categories, known_categories):
                return i, 1 if left else 2
        i = i + 1 if left else np.int64(node.right)
        node = nodes[i]
    return i, 0


@njit(cache=True, nogil=True, inline="always")
def _join(path, slot, feature, group, side):  # type: ignore[no-untyped-def]
    """Put a feature on the path in ``slot``; returns how many groups are now on both sides."""
    on_x, on_z, mixed = 0, 0, 0
    if slot > 0:
        on_x, on_z, mixed = path[slot - 1, _ON_X], path[slot - 1, _ON_Z], path[slot - 1, _MIXED]
    has_x, has_z = False, False
    for p in range(slot):
        if path[p, _GROUP] == group:
            if path[p, _SIDE] == 1:
                has_x = True
            else:
                has_z = True
    if side == 1 and not has_x:
        on_x += 1
        mixed += 1 if has_z else 0
    elif side == 2 and not has_z:
        on_z += 1
        mixed += 1 if has_x else 0
    path[slot, _FEATURE] = feature
    path[slot, _GROUP] = group
    path[slot, _SIDE] = side
    path[slot, _ON_X] = on_x
    path[slot, _ON_Z] = on_z
    path[slot, _MIXED] = mixed
    return mixed


@njit(cache=True, nogil=True, inline="always")
def _add_leaf(value, path, length, weights, phi, n):  # type: ignore[no-untyped-def]
    on_x, on_z, mixed = path[length - 1, _ON_X], path[length - 1, _ON_Z], path[length - 1, _MIXED]
    for p in range(length):
        a, b = 0, 0  # what the path needs of this feature's group, from x and from z
        for q in range(length):
            if path[q, _GROUP] == path[p, _GROUP]:
                if path[q, _SIDE] == 1:
                    a += 1
                else:
                    b += 1
        if mixed == 1 and (a == 0 or b == 0):
            continue
        others_x = on_x - (1 if a > 0 else 0)
        others_z = on_z - (1 if b > 0 else 0)
        j = path[p, _FEATURE]
        if path[p, _SIDE] == 1:
            phi[n, j] += value * (weights[others_x, others_z] * weights[a - 1, b])
        else:
            phi[n, j] -= value * (weights[others_x, others_z] * weights[a, b - 1])


@njit(cache=True, nogil=True)
def _coalition_rows(  # type: ignore[no-untyped-def]
    nodes, roots, left_categories, known_categories, baseline, x, z, group, n_groups, table
):
    everyone = (1 << n_groups) - 1
    n_features = x.shape[1]
    side = np.zeros(n_features, np.int64)
    group_side = np.zeros(n_groups, np.int64)
    # A right child waits at every parting: (its node, its side).
    waiting = np.empty((n_groups + 1, 2), np.int64)
    for n in range(x.shape[0]):
        shared = baseline
        for root in roots:
            need_x = 0
            need_z = 0
            n_waiting = 0
            i = root
            while True:
                i, left_side = _descend_groups(
                    nodes, i, left_categories, known_categories, x, z, n, group, group_side
                )
                if left_side > 0:
                    waiting[n_waiting, 0] = i
                    waiting[n_waiting, 1] = 3 - left_side
                    n_waiting += 1
                    g = group[nodes[i].feature]
                    group_side[g] = left_side
                    if left_side == 1:
                        need_x |= 1 << g
                    else:
                        need_z |= 1 << g
                    i += 1
                    continue
                value = nodes[i].threshold
                if need_x == 0 and need_z == 0:
                    shared += value
                    break
                free = everyone & ~(need_x | need_z)
                rest = free  # every subset of the free groups, the empty one last
                while True:
                    table[n, need_x | rest] += value
                    if rest == 0:
                        break
                    rest = (rest - 1) & free
                # Back: leave partings whose both sides are done, turn the nearest other one to its right.
                while n_waiting > 0 and waiting[n_waiting - 1, 1] == 0:
                    n_waiting -= 1
                    g = group[nodes[waiting[n_waiting, 0]].feature]
                    group_side[g] = 0
                    need_x &= ~(1 << g)
                    need_z &= ~(1 << g)
                if n_waiting == 0:
                    break
                turned = waiting[n_waiting - 1, 1]
                waiting[n_waiting - 1, 1] = 0
                g = group[nodes[waiting[n_waiting - 1, 0]].feature]
                group_side[g] = turned
                need_x = (need_x | (1 << g)) if turned == 1 else (need_x & ~(1 << g))
                need_z = (need_z | (1 << g)) if turned == 2 else (need_z & ~(1 << g))
                i = np.int64(nodes[waiting[n_waiting - 1, 0]].right)
        for s in range(everyone + 1):
            table[n, s] += shared


@njit(cache=True, nogil=True, inline="always")
def _descend_groups(  # type: ignore[no-untyped-def]
    nodes, i, left_categories, known_categories, x, z, n, group, group_side
):
    """`_descend` where whole groups take sides; a feature of group -1 is taken from x."""
    while nodes[i].kind != LEAF:
        node = nodes[i]
        j = node.feature
        g = group[j]
        taken = 1 if g < 0 else group_side[g]
        if taken == 2:
            left = goes_left(node, z[n, j], left_categories, known_categories)
        else:
            left = goes_left(node, x[n, j], left_categories, known_categories)
            if taken == 0 and left != goes_left(node, z[n, j], left_categories, known_categories):
                return i, 1 if left else 2
        i = i + 1 if left else np.int64(node.right)
    return i, 0
