"""A lender's own model as an `OrdinalForest`: its trees, and the lines at which it gives each tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray
from credit_model.errors import CreditModelError
from credit_model.model.deciding import CutOffs, Grid, Worse
from credit_model.model.forest import OrdinalForest
from credit_model.portfolio.declarations import Catalogue
from credit_model.trees.engines.plain_trees import plain_trees
from credit_model.trees.engines.tree_model import TreeModel
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import LEAF, NODE, NUMERIC


def own_forest(model: TreeModel, catalogue: Catalogue, decide: CutOffs | Grid, worse: Worse) -> OrdinalForest:
    """The trees whose score at threshold k is how far the model's score lies above the line of tier k + 1.

    Parameters
    ----------
    model : TreeModel
        Its columns are features of the catalogue, states left out.
    catalogue : Catalogue
        With a ladder of as many tiers as ``decide`` has.
    decide : CutOffs or Grid
    worse : {"higher", "lower"}
        Which way the model's score is worse.

    Raises
    ------
    CreditModelError
        Any of these does not fit the others.
    """
    if worse not in ("higher", "lower"):
        raise CreditModelError(f"worse must be 'higher' or 'lower', got {worse!r}")
    names, columns = catalogue.feature_names, model.columns
    if not columns:
        raise CreditModelError(
            "a model that decides limits must know its columns by name, to find them in the catalogue; train it on a "
            "table with names"
        )
    unknown = [name for name in columns if name not in names]
    if unknown:
        raise CreditModelError(
            f"catalogue {catalogue.name!r} must declare a feature for each of the model's columns, {len(unknown)} are "
            f"missing: {', '.join(unknown[:5])}"
        )
    if states := [name for name in columns if name in catalogue.state_names]:
        raise CreditModelError(f"a model that decides limits must not read a state of the catalogue, found {states[0]}")
    if catalogue.ladder is None or catalogue.ladder.n_tiers != decide.n_tiers:
        found = "none" if catalogue.ladder is None else catalogue.ladder.n_tiers
        raise CreditModelError(
            f"the catalogue's ladder must have as many tiers as the model decides, {decide.n_tiers}, found {found}"
        )
    if decide.column is not None and decide.column not in catalogue.driver_names:
        raise CreditModelError(f"the grid's second feature must be a driver of the catalogue, got {decide.column!r}")
    categories = {names.index(name): _texts(catalogue, name) for name in catalogue.categorical_names}
    has_tier = "tier_in_force" in names
    trees = plain_trees(model, [names.index(name) for name in columns], len(names) + 1 + has_tier, categories)
    second = -1 if decide.column is None else names.index(decide.column)
    lines = decide.lines(worse, model.unit)
    whole = _with_lines(trees, -1.0 if worse == "higher" else 1.0, lines, second, np.asarray(decide.edges), len(names))
    return OrdinalForest(
        whole,
        decide.n_tiers,
        names.index("tier_in_force") if has_tier else -1,
        len(names),
        {column: np.arange(len(texts), dtype=np.float64) for column, texts in categories.items()},
    )


def scaled(forest: OrdinalForest, factor: float) -> OrdinalForest:
    """The same forest with all scores times a factor."""
    nodes = forest.trees.nodes.copy()
    nodes["threshold"][nodes["kind"] == LEAF] *= factor
    return replace(forest, trees=replace(forest.trees, nodes=nodes, baseline=forest.trees.baseline * factor))


def _texts(catalogue: Catalogue, feature: str) -> tuple[str, ...]:
    return catalogue.column(catalogue.feature(feature).column or "").categories


def _with_lines(
    trees: TreeEnsemble, sign: float, lines: FloatArray, second: int, edges: FloatArray, threshold: int
) -> TreeEnsemble:
    """The model's score, divided and turned so that more is better, less the line of each threshold."""
    nodes = trees.nodes.copy()
    leaf = nodes["kind"] == LEAF
    nodes["threshold"][leaf] *= sign / trees.divisor
    own = [node.copy() for node in _lines_tree(lines, second, edges, threshold)]
    tree = np.array(own, dtype=NODE)
    tree["right"][tree["kind"] != LEAF] += len(nodes)
    return replace(
        trees,
        nodes=np.concatenate([nodes, tree]),
        roots=np.append(trees.roots, len(nodes)).astype(np.int64),
        baseline=trees.baseline * sign / trees.divisor,
        divisor=1.0,
    )


def _lines_tree(lines: FloatArray, second: int, edges: FloatArray, threshold: int) -> NDArray[Any]:
    """A tree of minus the lines (n_thresholds, n_intervals), in preorder, numbered from 0."""
    found: list[tuple[float, int, int, int, int]] = []

    def halve(low: int, high: int, limits: Sequence[float], feature: int, missing_left: int, below: Any) -> None:
        if high - low == 1:
            below(low)
            return
        middle = (low + high) // 2
        place = len(found)
        found.append((limits[middle - 1], 0, feature, missing_left, NUMERIC))
        halve(low, middle, limits, feature, missing_left, below)
        found[place] = (limits[middle - 1], len(found), feature, missing_left, NUMERIC)
        halve(middle, high, limits, feature, missing_left, below)

    def intervals(k: int) -> None:
        halve(0, lines.shape[1], edges.tolist(), second, 1, lambda c: found.append((-lines[k, c], 0, 0, 0, LEAF)))

    halve(0, len(lines), list(range(len(lines))), threshold, 0, intervals)
    return np.array(found, dtype=NODE)
