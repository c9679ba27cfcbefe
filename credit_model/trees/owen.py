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
from typing import Any, NamedTuple

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.parallel import over_blocks
from credit_model.trees.coalition_kernels import sum_over_subsets
from credit_model.trees.engines.reading import read_tree_model
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.leaf_set_kernels import add_scores
from credit_model.trees.leaf_sets import ChangeSets, LeafSets
from credit_model.trees.nodes import add_scores_by_walk
from credit_model.trees.owen_kernels import add_changes_by_sets, add_changes_by_steps
from credit_model.trees.owen_walk_kernels import add_changes_by_walk
from credit_model.trees.scoring import change_sets_of, leaf_sets_of

#: Most groups for which every coalition is tabulated: 2**16 scores a row.
MAX_COALITION_GROUPS = 16


def owen_values(
    model: Any,
    x: Any,
    z: Any,
    groups: Sequence[Hashable] | Mapping[Hashable, Sequence[Any]] | None = None,
    *,
    score_class: Hashable = None,
    n_jobs: int = -1,
) -> FloatArray:
    """Owen values of the change in score from each row of ``z`` to the same row of ``x``.

    Parameters
    ----------
    model : fitted trees of scikit-learn, LightGBM, XGBoost or CatBoost; a model's file; or a `TreeModel`
        As `read_tree_model` reads them: missing values and native categories are followed exactly as the model follows
        them, and it is refused unless it then scores like its library to the bit. Read a model first where it is
        asked many times.
    x, z : array-like or DataFrame, (n, n_features)
        The rows explained and the rows they are compared with.
    groups : sequence of n_features labels, or mapping group -> features (names or positions), or None
        Features with equal labels form one group; features that a mapping leaves out stand alone.
        None: every feature stands alone, which is the plain Shapley value.
    score_class : label, optional
        Of several classes the one whose score is meant.
    n_jobs : int
        Threads; -1 uses all cores. The result does not depend on it.

    Returns
    -------
    float64 array, (n, n_features)
        In units of the score (`TreeModel.unit`: log-odds of a boosted classifier, probability of a forest's, the link's
        scale of a regression). Each row sums to the score of x less that of z; an unchanged feature gets 0.0.

    Raises
    ------
    EngineError
        The model cannot be read exactly, or a table does not fit it.
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
    own = read_tree_model(model, score_class=score_class)
    rows_x, rows_z = own.rows(x, "x"), own.rows(z, "z")
    if rows_x.shape != rows_z.shape:
        raise ValueError(f"x and z must have the same shape, got {rows_x.shape} and {rows_z.shape}")
    group = group_numbers(groups, own.n_features, own.columns or None)
    return ensemble_owen_values(own.trees, rows_x, rows_z, group, n_jobs=n_jobs)


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


class Changes(NamedTuple):
    """What an ensemble says of changes from rows z to rows x, in units of the raw score.

    ``owen_values`` (n, n_features); ``coalition_scores`` (n, 2**n_groups), bit g of the column set: group g from x,
    else from z; ``score_x``, ``score_z`` (n,), equal to the ensemble's scores bit for bit.
    """

    owen_values: FloatArray
    coalition_scores: FloatArray
    score_x: FloatArray
    score_z: FloatArray


def ensemble_changes(
    ensemble: TreeEnsemble, x: FloatArray, z: FloatArray, group: IntArray, n_groups: int, *, n_jobs: int = -1
) -> Changes:
    """Everything about changes from ``z`` to ``x`` in one pass: rows (n, n_features) as the trees read them.

    Parameters
    ----------
    ensemble : TreeEnsemble
    x, z : float64 arrays, (n, n_features)
    group : int64 array, (n_features,)
        Group numbers; features of group -1 are no players and are taken from x in both rows.
    n_groups : int
        Groups 0 .. n_groups - 1 are tabulated; 0: no table (then any number of groups is fine).
    n_jobs : int
        Threads; the result does not depend on it.

    Raises
    ------
    ValueError
        More than `MAX_COALITION_GROUPS` groups.
    """
    if n_groups > MAX_COALITION_GROUPS:
        raise ValueError(
            f"the what-if table has 2**groups columns and allows {MAX_COALITION_GROUPS} groups, got {n_groups}"
        )
    n = len(x)
    result = Changes(
        np.zeros(x.shape),
        np.zeros((n, 1 << n_groups if n_groups else 0)),
        np.full(n, ensemble.baseline),
        np.full(n, ensemble.baseline),
    )
    _explain(ensemble, x, z, group, result, n_jobs)
    return result


def ensemble_owen_values(
    ensemble: TreeEnsemble, x: FloatArray, z: FloatArray, group: IntArray, *, n_jobs: int = -1
) -> FloatArray:
    """`owen_values` on trees and rows that are already in the package's layout: (n, n_features)."""
    none = np.empty(0)
    result = Changes(np.zeros(x.shape), np.empty((len(x), 0)), none, none)
    _explain(ensemble, x, z, group, result, n_jobs)
    return result.owen_values


def ensemble_coalition_scores(
    ensemble: TreeEnsemble, x: FloatArray, z: FloatArray, group: IntArray, n_groups: int, *, n_jobs: int = -1
) -> FloatArray:
    """Scores of all coalitions of groups: (n, 2**n_groups), as in `ensemble_changes`."""
    return ensemble_changes(ensemble, x, z, group, n_groups, n_jobs=n_jobs).coalition_scores


def _explain(ensemble: TreeEnsemble, x: FloatArray, z: FloatArray, group: IntArray, out: Changes, n_jobs: int) -> None:
    """Fill ``out``, on threads; an empty table or empty scores are not wanted."""
    held = np.flatnonzero(group < 0)
    weights = _weights(min(x.shape[1], ensemble.depth) + 1)
    every, changing = leaf_sets_of(ensemble), change_sets_of(ensemble)

    def work(start: int, stop: int) -> None:
        block = Changes(*(values[start:stop] for values in out))
        rows_x, rows_z = x[start:stop], z[start:stop]
        if len(held):
            rows_z = rows_z.copy()
            rows_z[:, held] = rows_x[:, held]
        if every is None or changing is None:
            _explain_by_walk(ensemble, rows_x, rows_z, group, weights, block)
        else:
            _explain_by_sets(every, changing, rows_x, rows_z, group, weights, block)
        if block.coalition_scores.shape[1]:
            sum_over_subsets(block.coalition_scores, block.score_z)
            block.coalition_scores[:, -1] = block.score_x  # equal but for rounding; now equal
        if ensemble.divisor != 1:
            for values in block:
                values /= ensemble.divisor

    over_blocks(work, len(x), n_jobs)


def _explain_by_sets(
    every: LeafSets,
    changing: ChangeSets,
    x: FloatArray,
    z: FloatArray,
    group: IntArray,
    weights: FloatArray,
    out: Changes,
) -> None:
    sets = changing.shared
    phi = np.zeros((len(x), len(sets.used)))
    at_x, at_z, group = sets.intervals(x), sets.intervals(z), group[sets.used]
    add_changes_by_steps(at_x, at_z, group, changing.steps, phi, out.coalition_scores)
    all_at_once = sets is every
    add_changes_by_sets(
        at_x,
        at_z,
        group,
        sets.sets,
        sets.values,
        sets.parting,
        weights,
        phi,
        out.coalition_scores,
        out.score_x if all_at_once else out.score_x[:0],
        out.score_z if all_at_once else out.score_z[:0],
    )
    if not all_at_once and len(out.score_x):
        add_scores(at_x, every.sets, every.values, out.score_x)
        add_scores(at_z, every.sets, every.values, out.score_z)
    out.owen_values[:, sets.used] = phi


def _explain_by_walk(
    ensemble: TreeEnsemble, x: FloatArray, z: FloatArray, group: IntArray, weights: FloatArray, out: Changes
) -> None:
    add_changes_by_walk(
        ensemble.nodes,
        ensemble.roots,
        ensemble.left_categories,
        ensemble.known_categories,
        x,
        z,
        group,
        weights,
        out.owen_values,
        out.coalition_scores,
    )
    if len(out.score_x):
        for rows, sums in ((x, out.score_x), (z, out.score_z)):
            add_scores_by_walk(
                ensemble.nodes, ensemble.roots, ensemble.left_categories, ensemble.known_categories, rows, sums
            )


@lru_cache(maxsize=8)
def _weights(size: int) -> FloatArray:
    """w(a, b) = a! b! / (a + b + 1)! for a, b < size; symmetric to the last bit."""
    return np.array([[1 / ((a + b + 1) * comb(a + b, a)) for b in range(size)] for a in range(size)])
