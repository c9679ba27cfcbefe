"""A saved model: a folder with ``manifest.json`` and ``arrays.npz``. No pickle, so loading runs no foreign code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.files import fresh_folder
from credit_model.model.bag import Bag
from credit_model.model.early_warning import FURTHER, LEADS, EarlyWarning
from credit_model.model.forest import OrdinalForest
from credit_model.model.seal import read_sealed, reading, write_sealed
from credit_model.trees.ensemble import TreeEnsemble, layout_fault
from credit_model.trees.nodes import LEAF

FORMAT = "credit_model.model/4"
#: What a saved model is called in messages.
SAVED = "the saved model"
ARRAYS = "arrays.npz"
_REMEDY = "give the folder that 'credit-model train --out' wrote, or train the model again"
_TREES = ("nodes", "roots", "left_categories", "known_categories")
_CATEGORIES = "categories_of_column_"
_WARNING_NUMBERS = ("slope", "usual", "n_training_rows")
#: How the arrays of a bag's forests start, and those of the early warning.
_FIT, _WARNING, _WARNING_TRIAL = "fit_", "warning_", "warning_trial_"


def save_artifact(folder: str | Path, manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Write a model folder whole or not at all.

    Parameters
    ----------
    folder : path
        Replaced if it holds an earlier artefact.
    manifest : JSON-able dict
    arrays : dict of arrays without objects

    Raises
    ------
    DataFileError
        The folder cannot be written, or holds other things.
    """
    with fresh_folder(folder, format=FORMAT) as partial:
        np.savez_compressed(partial / ARRAYS, allow_pickle=False, **arrays)
        write_sealed(partial, FORMAT, manifest, [ARRAYS])


def load_artifact(folder: str | Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and arrays of a saved model.

    Raises
    ------
    ArtifactError
        No model lies there, or it is damaged or of another format.
    """
    manifest, stored = read_sealed(folder, FORMAT, [ARRAYS], what=SAVED, remedy=_REMEDY)
    with (
        reading(folder, SAVED, f"{ARRAYS} cannot be read"),
        np.load(io.BytesIO(stored[ARRAYS]), allow_pickle=False) as arrays,
    ):
        return manifest, {name: arrays[name] for name in arrays.files}


def forest_arrays(forest: OrdinalForest) -> dict[str, NDArray[Any]]:
    """The arrays of a forest, by name."""
    shape = [forest.trees.n_features, forest.n_tiers, forest.tier_column, forest.width]
    return (
        {name: getattr(forest.trees, name) for name in _TREES}
        | {"baseline": np.array([forest.trees.baseline]), "shape": np.array(shape)}
        | {f"{_CATEGORIES}{column}": values for column, values in forest.categories.items()}
    )


def forest_from_arrays(arrays: dict[str, NDArray[Any]], folder: str | Path) -> OrdinalForest:
    """Undo `forest_arrays`; ``folder`` is named in errors."""
    with reading(folder, SAVED, f"{ARRAYS} lacks what a forest needs"):
        n_features, n_tiers, tier_column, width = (int(v) for v in arrays["shape"])
        trees = TreeEnsemble(
            **{name: arrays[name] for name in _TREES},
            baseline=float(arrays["baseline"][0]),
            n_features=n_features,
            divisor=1.0,
        )
        fault = layout_fault(trees)
        leaves = trees.nodes["threshold"][trees.nodes["kind"] == LEAF] if not fault else np.empty(0)
        if not np.isfinite([trees.baseline, *leaves]).all():
            fault = "a leaf's value is not finite"
        if not fault and (n_features != width + 1 + (tier_column >= 0) or tier_column >= width or n_tiers < 2):
            fault = "the shape is not that of a forest"
        if fault:
            raise ValueError(fault)
    return OrdinalForest(
        trees=trees,
        n_tiers=n_tiers,
        tier_column=tier_column,
        width=width,
        categories={
            int(name.removeprefix(_CATEGORIES)): values
            for name, values in arrays.items()
            if name.startswith(_CATEGORIES)
        },
    )


def bag_arrays(bag: Bag) -> dict[str, NDArray[Any]]:
    """The arrays of a bag's forests, by name."""
    arrays: dict[str, NDArray[Any]] = {}
    for b, fit in enumerate(bag.fits):
        arrays |= prefixed(f"{_FIT}{b}_", forest_arrays(fit))
    return arrays


def bag_from_arrays(arrays: Mapping[str, NDArray[Any]], n_fits: int, folder: str | Path) -> Bag:
    """Undo `bag_arrays`; ``folder`` is named in errors."""
    return Bag(tuple(forest_from_arrays(unprefixed(f"{_FIT}{b}_", arrays), folder) for b in range(n_fits)))


def warning_record(warning: EarlyWarning) -> dict[str, Any]:
    """The numbers of an early warning, for the manifest."""
    return {name: getattr(warning, name) for name in (*_WARNING_NUMBERS, "intercepts")}


def warning_arrays(warning: EarlyWarning) -> dict[str, NDArray[Any]]:
    """The arrays of an early warning, by name."""
    arrays = {f"{_WARNING}{_CATEGORIES}{column}": values for column, values in warning.categories.items()}
    for prefix, trees in ((_WARNING, warning.trees), (_WARNING_TRIAL, warning.trial)):
        numbers = {"baseline": np.array([trees.baseline]), "width": np.array([trees.n_features])}
        arrays |= prefixed(prefix, {name: getattr(trees, name) for name in _TREES} | numbers)
    return arrays


def warning_from(record: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> EarlyWarning:
    """Undo `warning_record` and `warning_arrays`.

    Raises
    ------
    ValueError
        They are no early warning's.
    """
    numbers = [float(record[name]) for name in _WARNING_NUMBERS]
    intercepts = tuple(float(one) for one in record["intercepts"])
    finite = np.isfinite([*numbers, *intercepts]).all() and len(record) == len(_WARNING_NUMBERS) + 1
    if not finite or not numbers[0] > 0 or len(intercepts) != LEADS or (np.diff(intercepts) < 0).any():
        raise ValueError("the numbers of the early warning are no finite ones, or turn its score")
    trees, trial = (_warning_trees(unprefixed(prefix, arrays)) for prefix in (_WARNING, _WARNING_TRIAL))
    if trees.n_features != trial.n_features or trees.n_features <= len(FURTHER):
        raise ValueError("the trees of the early warning read rows of another width")
    start = _WARNING + _CATEGORIES
    categories = {int(name.removeprefix(start)): v for name, v in arrays.items() if name.startswith(start)}
    if any(v.ndim != 1 or v.dtype != np.float64 or not (np.diff(v) > 0).all() for v in categories.values()):
        raise ValueError("the categories of the early warning are no rising numbers")
    return EarlyWarning(trees, trial, categories, numbers[0], intercepts, numbers[1], int(numbers[2]))


def _warning_trees(arrays: Mapping[str, NDArray[Any]]) -> TreeEnsemble:
    trees = TreeEnsemble(
        **{name: arrays[name] for name in _TREES},
        baseline=float(arrays["baseline"][0]),
        n_features=int(arrays["width"][0]),
        divisor=1.0,
    )
    fault = layout_fault(trees)
    leaves = trees.nodes["threshold"][trees.nodes["kind"] == LEAF] if not fault else np.empty(0)
    if fault or not np.isfinite([trees.baseline, *leaves]).all():
        raise ValueError(f"the early warning: {fault or 'a leaf is not finite'}")
    return trees


def prefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays with a prefix before their names."""
    return {prefix + name: array for name, array in arrays.items()}


def unprefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays whose names have the prefix, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
