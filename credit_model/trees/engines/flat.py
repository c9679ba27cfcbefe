"""From trees as libraries keep them, nodes in any order, to the package's flat layout in preorder.

A library's categories are any whole numbers; trees here read codes 0 .. 255. Categories that no split tells apart get
one code, and all that no split names get the last, so that a column of thousands of postcodes still fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import EngineError
from credit_model.trees.ensemble import TreeEnsemble, layout_fault
from credit_model.trees.nodes import CATEGORICAL, LEAF, MOST_FEATURES, NODE, NUMERIC

#: Codes that a node can tell apart.
_MOST_CODES = 256


@dataclass(frozen=True)
class CategorySplit:
    """Categories that a split names, and where they go; all others go the other way.

    Attributes
    ----------
    named : int64 array, (n_named,)
    go_left : bool
    """

    named: IntArray
    go_left: bool


@dataclass(frozen=True)
class Tree:
    """One tree of another library, node 0 its root.

    Attributes
    ----------
    left, right : int64 arrays, (n_nodes,)
        Numbers of the children; of a leaf both are negative.
    feature : int64 array, (n_nodes,)
    threshold : float64 array, (n_nodes,)
        ``x <= threshold`` goes left.
    missing_left : bool array, (n_nodes,)
    value : float64 array, (n_nodes,)
        Of leaves.
    categories : mapping of node to CategorySplit
        Of the splits on categories.
    """

    left: IntArray
    right: IntArray
    feature: IntArray
    threshold: FloatArray
    missing_left: BoolArray
    value: FloatArray
    categories: Mapping[int, CategorySplit] = field(default_factory=dict)


@dataclass(frozen=True)
class Codes:
    """The codes that trees read of one categorical feature.

    Attributes
    ----------
    values : int64 array, (n_values,)
        Categories that some split names, ascending.
    codes : int64 array, (n_values,)
        Of each; those that go everywhere together have the same.
    other : int
        The code of every other category.
    """

    values: IntArray
    codes: IntArray
    other: int

    def of(self, whole: FloatArray) -> FloatArray:
        """Codes of whole numbers (n,), NaN where they are NaN: (n,)."""
        place = np.minimum(np.searchsorted(self.values, whole), len(self.values) - 1)
        code = np.where(self.values[place] == whole, self.codes[place], self.other).astype(np.float64)
        return np.where(np.isnan(whole), np.nan, code)


def flat_trees(
    trees: Sequence[Tree], *, baseline: float, n_features: int, divisor: float = 1.0, names: Sequence[str] = ()
) -> tuple[TreeEnsemble, dict[int, Codes]]:
    """Trees in the package's layout, and the codes of their categorical features.

    Parameters
    ----------
    trees : sequence of Tree
        At least one.
    baseline, divisor : float
    n_features : int
    names : sequence of str, optional
        Of the features, for messages.

    Raises
    ------
    EngineError
        There are no trees or too many features, a feature is split both ways, its splits tell too many categories
        apart, or the arrays are no trees.
    """
    if not trees:
        raise EngineError("the model must hold at least one tree, found none; fit it first")
    if n_features > MOST_FEATURES:
        raise EngineError(f"model must have at most {MOST_FEATURES:,} features, got {n_features:,}; fit it on fewer")
    codes = _codes(trees, names)
    sizes = np.array([_size(tree) for tree in trees], dtype=np.int64)
    roots = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    left: list[NDArray[np.uint32]] = []
    nodes = np.concatenate(
        [_in_preorder(tree, int(root), codes, left) for tree, root in zip(trees, roots, strict=True)]
    )
    left_sets = np.array(left, dtype=np.uint32).reshape(-1, 8)
    ensemble = TreeEnsemble(
        nodes=nodes,
        roots=roots,
        left_categories=left_sets,
        known_categories=np.full_like(left_sets, 0xFFFFFFFF),
        baseline=baseline,
        n_features=n_features,
        divisor=divisor,
    )
    if fault := layout_fault(ensemble):
        raise EngineError(f"the model's trees cannot be read, {fault}; it is damaged, or of a release not known here")
    if np.isnan(nodes["threshold"]).any():
        raise EngineError("thresholds and leaves must be numbers, found NaN; the model is damaged")
    return ensemble, codes


def _size(tree: Tree) -> int:
    """Nodes that can be reached; libraries keep pruned ones, too."""
    return len(_order(tree))


def _order(tree: Tree) -> list[int]:
    """The nodes that can be reached, in preorder."""
    left, right = tree.left.tolist(), tree.right.tolist()
    order, waiting = [], [0]
    while waiting:
        i = waiting.pop()
        order.append(i)
        if len(order) > len(left):
            raise EngineError("a tree's nodes must each have one parent, found a circle; the model is damaged")
        if left[i] >= 0:
            if max(left[i], right[i]) >= len(left) or right[i] < 0:
                raise EngineError("a tree's children must be nodes of it, found others; the model is damaged")
            waiting += [right[i], left[i]]
    return order


def _in_preorder(
    tree: Tree, root: int, codes: Mapping[int, Codes], left_sets: list[NDArray[np.uint32]]
) -> NDArray[np.void]:
    order = np.array(_order(tree), dtype=np.int64)
    place = np.full(len(tree.left), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    leaf = tree.left[order] < 0
    flat = np.zeros(len(order), dtype=NODE)
    flat["threshold"] = np.where(leaf, tree.value[order], tree.threshold[order])
    flat["right"] = np.where(leaf, 0, root + place[np.where(leaf, 0, tree.right[order])])
    flat["feature"] = np.where(leaf, 0, tree.feature[order])
    flat["missing_left"] = np.where(leaf, 0, tree.missing_left[order])
    flat["kind"] = np.where(leaf, LEAF, NUMERIC)
    for node, split in tree.categories.items():
        if place[node] >= 0:
            one = flat[place[node]]
            one["kind"], one["threshold"] = CATEGORICAL, len(left_sets)
            left_sets.append(_left_set(split, codes[int(tree.feature[node])]))
    return flat


def _left_set(split: CategorySplit, codes: Codes) -> NDArray[np.uint32]:
    """The codes that go left, as 256 bits."""
    named = np.isin(np.arange(_MOST_CODES), codes.codes[np.isin(codes.values, split.named)])
    goes = named if split.go_left else ~named
    return np.packbits(goes, bitorder="little").view("<u4").astype(np.uint32)


def _codes(trees: Sequence[Tree], names: Sequence[str]) -> dict[int, Codes]:
    splits: dict[int, list[CategorySplit]] = {}
    numeric: set[int] = set()
    for tree in trees:
        for node, split in tree.categories.items():
            splits.setdefault(int(tree.feature[node]), []).append(split)
        inner = tree.left >= 0
        inner[list(tree.categories)] = False
        numeric.update(np.unique(tree.feature[inner]).tolist())
    if both := sorted(numeric & splits.keys()):
        name = names[both[0]] if len(names) > both[0] else both[0]
        raise EngineError(f"feature {name!r} is split by order and by category, which no row can be read for; fit anew")
    return {j: _codes_of(own, names[j] if len(names) > j else j) for j, own in sorted(splits.items())}


def _codes_of(splits: Sequence[CategorySplit], name: object) -> Codes:
    """One code for all categories that every split sends the same way."""
    values = np.unique(np.concatenate([split.named for split in splits]))
    together = np.stack([np.isin(values, split.named) for split in splits])
    _, codes = np.unique(np.packbits(together, axis=0), axis=1, return_inverse=True)
    n_codes = int(codes.max()) + 1
    if n_codes >= _MOST_CODES:
        raise EngineError(
            f"the splits on a categorical feature may tell at most {_MOST_CODES - 1} groups of categories apart, found "
            f"{n_codes} of feature {name!r}; fit with fewer categories, or with a numeric column"
        )
    return Codes(values.astype(np.int64), codes.reshape(-1).astype(np.int64), n_codes)
