"""A `TreeModel` as trees that read float64 values themselves: what its library does to a row first is in the trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.errors import EngineError
from credit_model.trees.engines.rows import ALMOST_ZERO
from credit_model.trees.engines.tree_model import TreeModel
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import CATEGORICAL, NUMERIC


def plain_trees(
    model: TreeModel, place: Sequence[int], width: int, categories: Mapping[int, Sequence[str]]
) -> TreeEnsemble:
    """The trees of a model on rows of other columns, with nothing left for `TreeModel.coder` to do.

    Parameters
    ----------
    model : TreeModel
    place : sequence of int, (n_features,)
        Where each feature of the model stands in the rows.
    width : int
        Of the rows.
    categories : mapping of place to sequence of str
        Of the columns that hold codes of categories, the categories.

    Returns
    -------
    TreeEnsemble
        Of ``width`` features; a category without a code is NaN in the rows.

    Raises
    ------
    EngineError
        The model takes zeros for missing values, or reads categories where the rows have numbers.
    """
    coder, nodes = model.coder, model.trees.nodes.copy()
    if coder.zero_is_missing is not None or coder.missing_value == coder.missing_value:
        raise EngineError(
            "a model that decides limits must not take a number for a missing value (zero_as_missing, missing=...): "
            "the catalogue says what is missing; train it anew"
        )
    numeric = nodes["kind"] == NUMERIC
    threshold = nodes["threshold"][numeric]
    if coder.narrow:
        threshold = _before_narrowing(threshold)
    if coder.tiny_is_zero:
        threshold = np.where((threshold >= 0) & (threshold < ALMOST_ZERO), ALMOST_ZERO, threshold)
        tiny_negative = (threshold < 0) & (threshold >= -ALMOST_ZERO)
        threshold = np.where(tiny_negative, np.nextafter(-ALMOST_ZERO, -np.inf), threshold)
    nodes["threshold"][numeric] = threshold
    left, known = model.trees.left_categories.copy(), np.full_like(model.trees.known_categories, 0xFFFFFFFF)
    for i in np.flatnonzero(nodes["kind"] == CATEGORICAL).tolist():
        j = int(nodes["feature"][i])
        if place[j] not in categories:
            name = model.columns[j] if model.columns else j
            raise EngineError(
                f"feature {name!r} is a category of the model and must be one of the catalogue, too (kind 'category'); "
                "declare it so"
            )
        row = int(nodes["threshold"][i])
        code = coder.codes[j].of(numbers_of_codes(model, j, categories[place[j]])).astype(np.int64)
        is_left, is_known = (
            (bits[row][code >> 5] >> (code & 31).astype(np.uint32)) & 1 == 1
            for bits in (model.trees.left_categories, model.trees.known_categories)
        )
        goes = np.zeros(256, dtype=np.bool_)
        goes[: len(code)] = is_left | (~is_known & bool(nodes["missing_left"][i]))
        left[row] = np.packbits(goes, bitorder="little").view("<u4")
    where = np.asarray(place, dtype=np.int64)
    nodes["feature"] = np.where(nodes["kind"] <= CATEGORICAL, where[nodes["feature"]], 0)
    return replace(model.trees, nodes=nodes, left_categories=left, known_categories=known, n_features=width)


def numbers_of_codes(model: TreeModel, j: int, texts: Sequence[str]) -> FloatArray:
    """The number that a model knows each category by, from the categories in the order of the catalogue's codes: (n,).

    Where it was trained on texts, they are matched; where on numbers that are none of the texts, these are codes.
    """
    levels = list(model.coder.levels.get(j, ()))
    names = [str(level) for level in levels]
    codes = np.arange(len(texts), dtype=np.float64)
    if not levels:
        return codes
    if not set(names) & set(texts) and all(isinstance(level, int | float | np.number) for level in levels):
        place = {float(level): float(k) for k, level in enumerate(levels)}
        return np.array([place.get(code, float(len(levels))) for code in codes.tolist()])
    return np.array([names.index(text) if text in names else len(levels) for text in texts], dtype=np.float64)


def _before_narrowing(threshold: FloatArray) -> FloatArray:
    """The largest float64 that, rounded to float32, does not exceed each threshold: (n,)."""
    finite = np.isfinite(threshold)  # a split of missing from known values has none
    with np.errstate(over="ignore", invalid="ignore"):
        below = threshold.astype(np.float32)
        below = np.where(below.astype(np.float64) > threshold, np.nextafter(below, np.float32(-np.inf)), below)
        above = np.nextafter(below, np.float32(np.inf))
        low, high = below.astype(np.float64), above.astype(np.float64)
        middle: FloatArray = low + (high - low) / 2  # exact: float64 has digits to spare
        even = middle.astype(np.float32) == below  # halves are rounded to the even one
    found: FloatArray = np.where(even, middle, np.nextafter(middle, -np.inf))
    found = np.where(np.isinf(high), np.finfo(np.float64).max, found)
    return np.where(finite, found, threshold)
