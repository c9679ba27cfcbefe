"""A model that was read must score like the library that fitted it, to the bit, or it is refused.

The rows to check it on are made of the model itself: every threshold, the numbers one ulp beside it (in float64 and in
float32), missing values, categories that some split names and others that none does, on rows that reach a node and
meet its split exactly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import EngineError
from credit_model.trees.engines.rows import ALMOST_ZERO
from credit_model.trees.engines.tree_model import TreeModel
from credit_model.trees.nodes import CATEGORICAL, LEAF

#: Nodes that rows are aimed at, at most; about so many rows for all of them; and most rows for a feature's thresholds.
_MOST_NODES, _MOST_AIMED, _MOST_ROWS = 4_000, 12_000, 40_000
#: The seed of the mixture; any does.
_SEED = 20_24


def checked(model: TreeModel, *tables: Any) -> TreeModel:
    """The same model, once it scores like its library on rows made of its own trees, and on tables that are given.

    Raises
    ------
    EngineError
        A score differs in any bit, or a table does not fit.
    """
    parts = [probes(model), *(model.coder.numbers(table, "data") for table in tables)]
    for numbers in parts:
        check_parity(model, numbers)
    return replace(model, n_checked=sum(len(numbers) for numbers in parts))


def check_parity(model: TreeModel, numbers: FloatArray) -> None:
    """Refuse a model whose trees, as read, score rows otherwise than its library.

    Parameters
    ----------
    model : TreeModel
    numbers : float64 array, (n, n_features)
        As `RowCoder.numbers` gives them.

    Raises
    ------
    EngineError
        A score differs in any bit.
    """
    native, ours = np.asarray(model.native(numbers)), model.native_scores(numbers)
    # -0.0 == 0.0, and NaN nowhere
    different = np.flatnonzero(~(native == ours)) if native.shape == ours.shape else np.arange(len(numbers))
    if len(different):
        row = int(different[0])
        theirs = f"{native.ravel()[row]!r}" if native.size > row else "nothing"
        raise EngineError(
            f"the trees of this {model.kind} must score like {model.engine} to the bit, and differ on "
            f"{len(different):,} of {len(numbers):,} rows (first: {ours[row]!r}, {model.engine} {theirs}); "
            "the model holds something that is not known here, and no number is given"
        )


def probes(model: TreeModel) -> FloatArray:
    """Rows made of a model's own trees, before they are coded: (n, n_features)."""
    rng = np.random.default_rng(_SEED)
    values = [_values(model, j) for j in range(model.n_features)]
    longest = min(max(map(len, values), default=1), _MOST_ROWS)
    n = max(200, 2 * longest)
    grid = np.empty((n, model.n_features))
    for j, own in enumerate(values):
        grid[:, j] = np.resize(rng.permutation(own), n)[rng.permutation(n)]
    aimed = _aimed(model, values, rng)
    return np.concatenate([grid, aimed]) if len(aimed) else grid


def _values(model: TreeModel, j: int) -> FloatArray:
    """What is worth trying of one feature."""
    coder, nodes = model.coder, model.trees.nodes
    if j in coder.codes:
        known = coder.codes[j].values.astype(np.float64)
        beside = np.array([known.max() + 1, 70_000.0, known[0] + 0.75, -1.0])
        found = np.concatenate([known, beside])
    else:
        mine = (nodes["kind"] != LEAF) & (nodes["feature"] == j)
        t = np.unique(nodes["threshold"][mine])
        with np.errstate(over="ignore"):
            t32 = t.astype(np.float32)
            sides = [np.nextafter(t, -np.inf), t, np.nextafter(t, np.inf), t32.astype(np.float64)]
            sides += [np.nextafter(t32, np.float32(side)).astype(np.float64) for side in (-np.inf, np.inf)]
        tiny = [0.0, -0.0, ALMOST_ZERO, -ALMOST_ZERO, np.nextafter(ALMOST_ZERO, 1), 1e-30, 1.0]
        found = np.unique(np.concatenate([*sides, tiny]))
        found = found[np.isfinite(found)]
    if not coder.takes_infinite:
        found = found[np.abs(found) <= np.finfo(np.float32).max]
    if coder.takes_missing:
        found = np.append(found, np.nan)
    return found if len(found) else np.zeros(1)


def _aimed(model: TreeModel, values: list[FloatArray], rng: np.random.Generator) -> FloatArray:
    """Rows that reach a node each and stand at its split; nodes that no value tried here reaches are left out."""
    nodes = model.trees.nodes
    inner = np.flatnonzero(nodes["kind"] != LEAF)
    if len(inner) > _MOST_NODES:
        inner = np.sort(rng.choice(inner, _MOST_NODES, replace=False))
    parent, coded = _parents(nodes), _coded(model, values)
    of_each = max(1, _MOST_AIMED // max(1, len(inner)))
    rows = []
    for i in inner.tolist():
        path: dict[int, list[tuple[int, bool]]] = {int(nodes["feature"][i]): []}
        below = i
        while parent[below] >= 0:
            above = int(parent[below])
            path.setdefault(int(nodes["feature"][above]), []).append((above, below == above + 1))
            below = above
        row = np.array([own[rng.integers(len(own))] for own in values])
        own_feature, at = int(nodes["feature"][i]), np.empty(0)
        for j, splits in path.items():
            fits = np.ones(len(values[j]), dtype=np.bool_)
            for node, left in splits:
                fits &= _goes_left(model, node, coded[j]) == left
            found = np.flatnonzero(fits)
            if not len(found):
                break
            row[j] = values[j][found[rng.integers(len(found))]]
            if j == own_feature:
                at = values[j][found[_beside(coded[j][found], nodes[i])]]
        else:
            for value in rng.permutation(at)[:of_each]:
                rows.append(row.copy())
                rows[-1][own_feature] = value
    return np.array(rows).reshape(-1, model.n_features)


def _coded(model: TreeModel, values: list[FloatArray]) -> list[FloatArray]:
    """The same values as the trees read them."""
    numbers = np.zeros((max(map(len, values), default=0), model.n_features))
    for j, own in enumerate(values):
        numbers[: len(own), j] = own
    rows = model.coder.rows(numbers)
    return [rows[: len(own), j] for j, own in enumerate(values)]


def _goes_left(model: TreeModel, node: int, coded: FloatArray) -> BoolArray:
    """Whether values of a node's feature (n,) go left there: (n,)."""
    one = model.trees.nodes[node]
    if one["kind"] == CATEGORICAL:
        bits = model.trees.left_categories[int(one["threshold"])]
        code = np.nan_to_num(coded, nan=0.0).astype(np.int64)
        goes = (bits[code >> 5] >> (code & 31).astype(np.uint32)) & 1 == 1
    else:
        goes = coded <= one["threshold"]
    sides: BoolArray = np.where(np.isnan(coded), one["missing_left"] == 1, goes)
    return sides


def _beside(coded: FloatArray, node: Any) -> IntArray:
    """Where, of values as the trees read them, the two next to a threshold on either side lie, and a missing one.

    Of a split on categories: where one lies of each code.
    """
    distinct, place = np.unique(coded, return_index=True)
    if node["kind"] == CATEGORICAL:
        return place
    below = int(np.searchsorted(distinct, node["threshold"], side="right"))
    near = place[max(0, below - 2) : below + 2]
    missing = np.flatnonzero(np.isnan(coded))[:1]
    return np.unique(np.concatenate([near, missing]))


def _parents(nodes: Any) -> IntArray:
    """The node above each, -1 above roots: (n_nodes,)."""
    parent = np.full(len(nodes), -1, dtype=np.int64)
    inner = np.flatnonzero(nodes["kind"] != LEAF)
    parent[inner + 1] = inner
    parent[nodes["right"][inner]] = inner
    return parent
