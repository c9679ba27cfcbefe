"""A saved model: a folder with ``manifest.json`` and ``arrays.npz``. No pickle, so loading runs no foreign code."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_model.errors import ArtifactError
from credit_model.files import fresh_folder
from credit_model.model.forest import OrdinalForest
from credit_model.trees.ensemble import TreeEnsemble, layout_fault

FORMAT = "credit_model/1"
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
    """
    with fresh_folder(folder) as partial:
        path = Path(partial) / "arrays.npz"
        np.savez_compressed(path, allow_pickle=False, **arrays)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        text = json.dumps({"format": FORMAT, "arrays_sha256": digest, **manifest}, indent=2, ensure_ascii=False)
        (Path(partial) / "manifest.json").write_text(text + "\n", encoding="utf-8")


def load_artifact(folder: str | Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and arrays of a saved model.

    Raises
    ------
    ArtifactError
        No model lies there, or it is damaged or of another format.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        content = (folder / "arrays.npz").read_bytes()
    except FileNotFoundError as missing:
        raise ArtifactError(
            f"{folder}: not a saved model, {Path(missing.filename).name} is missing; give the folder that "
            "'credit-model train --out' wrote"
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _damaged(folder, f"manifest.json or arrays.npz cannot be read ({error})") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        raise ArtifactError(
            f"{folder}: manifest.json must have format {FORMAT!r}, found {found!r}; train the model again"
        )
    if hashlib.sha256(content).hexdigest() != manifest.get("arrays_sha256"):
        raise _damaged(folder, "arrays.npz does not have the checksum that manifest.json states")
    try:
        with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
            return manifest, {name: stored[name] for name in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise _damaged(folder, f"arrays.npz cannot be read ({error})") from None


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
        raise _damaged(folder, f"arrays.npz lacks what a forest needs ({error})") from None
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
