"""A saved model: a folder with ``manifest.json`` and ``arrays.npz``. No pickle, so loading runs no foreign code."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.errors import ArtifactError
from credit_model.files import fresh_folder, read_manifest, write_manifest
from credit_model.model.forest import OrdinalForest
from credit_model.trees.ensemble import TreeEnsemble, layout_fault

FORMAT = "credit_model.model/1"
ARRAYS = "arrays.npz"
_REMEDY = "give the folder that 'credit-model train --out' wrote, or train the model again"
_TREES = ("nodes", "roots", "left_categories", "known_categories")
_CATEGORIES = "categories_of_column_"


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
    with fresh_folder(folder) as partial:
        path = partial / ARRAYS
        np.savez_compressed(path, allow_pickle=False, **arrays)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        write_manifest(partial, FORMAT, {"arrays_sha256": digest, **manifest})


def load_artifact(folder: str | Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and arrays of a saved model.

    Raises
    ------
    ArtifactError
        No model lies there, or it is damaged or of another format.
    """
    folder = Path(folder)
    manifest = read_manifest(folder, FORMAT, error=ArtifactError, remedy=_REMEDY)
    try:
        content = (folder / ARRAYS).read_bytes()
    except OSError as error:
        raise ArtifactError(f"{folder}: {ARRAYS} cannot be read ({error.strerror}); {_REMEDY}") from None
    if hashlib.sha256(content).hexdigest() != manifest.get("arrays_sha256"):
        raise _damaged(folder, f"{ARRAYS} does not have the checksum that manifest.json states")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return manifest, {name: stored[name] for name in stored.files}
    except (TypeError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise _damaged(folder, f"{ARRAYS} cannot be read ({error})") from None


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
    try:
        n_features, n_tiers, tier_column, width = (int(v) for v in arrays["shape"])
        trees = TreeEnsemble(
            **{name: arrays[name] for name in _TREES},
            baseline=float(arrays["baseline"][0]),
            n_features=n_features,
        )
        fault = layout_fault(trees)
        if not fault and (n_features != width + 1 + (tier_column >= 0) or tier_column >= width or n_tiers < 2):
            fault = "the shape is not that of a forest"
        if fault:
            raise ValueError(fault)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise _damaged(folder, f"{ARRAYS} lacks what a forest needs ({error})") from None
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


def _damaged(folder: str | Path, why: str) -> ArtifactError:
    return ArtifactError(f"{folder}: the saved model is damaged, {why}; restore it from a copy or train again")
