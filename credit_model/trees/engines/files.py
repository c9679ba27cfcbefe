"""Files that other libraries write their models to; each is loaded by its own library, so that it can be checked."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from credit_model.errors import DataFileError, EngineError
from credit_model.inputs import check_is_file, one_line, unreadable

#: So many bytes tell what a file is.
_HEAD = 4096
_PICKLES = (".joblib", ".pkl", ".pickle")
#: The versions of LightGBM's text that its releases read.
_LIGHTGBM_VERSIONS = (b"v2", b"v3", b"v4")


def load_native(path: Path, *, trust: bool = False) -> Any:
    """The model in a file, as its library loads it; a pickle only where it is trusted.

    Raises
    ------
    DataFileError
        There is no such file, or it is no model's.
    EngineError
        The library is not installed, or cannot load it.
    """
    check_is_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise unreadable(path, error) from None
    if path.suffix.lower() in _PICKLES:
        return _unpickled(path, trust=trust)
    library = _library_of(head)
    if library is None:
        raise DataFileError(
            f"{path}: must be a model that LightGBM saved as text, XGBoost as JSON or UBJ, or CatBoost as cbm, and is "
            "none of them; save it with the library's own save_model"
        )
    version = re.search(rb"^version=(\S+)", head, re.MULTILINE)
    if library == "lightgbm" and (version is None or version[1] not in _LIGHTGBM_VERSIONS):
        found = "none" if version is None else version[1].decode("ascii", "replace")
        raise EngineError(
            f"{path}: a LightGBM model must be of version v2, v3 or v4 of its text, found {found}; save it with a "
            "release that writes one of these"
        )
    module = _imported(library, path)
    try:
        if library == "lightgbm":
            return module.Booster(model_file=str(path))
        if library == "xgboost":
            booster = module.Booster()
            booster.load_model(path)
            return booster
        return module.CatBoost().load_model(str(path))
    except Exception as error:  # each library has its own types
        text = one_line(error).split(" Stack trace")[0]
        raise EngineError(
            f"{path}: {library} {module.__version__} cannot load this model ({text}); save it again, or install the "
            "release that wrote it"
        ) from None


def _unpickled(path: Path, *, trust: bool) -> Any:
    import joblib

    if not trust:
        raise EngineError(
            f"{path}: is a pickle, which can run any code when it is loaded; give --trust (trust=True) if you know who "
            "wrote it, or save the model with its library's own save_model"
        )
    try:
        return joblib.load(path)
    except Exception as error:  # whatever the pickle raises
        raise DataFileError(f"{path}: cannot be loaded as a pickle ({one_line(error)})") from None


def _library_of(head: bytes) -> str | None:
    start = head.lstrip()
    if start.startswith(b"CBM1"):
        return "catboost"
    if start.startswith((b"tree\n", b"tree\r\n")):
        return "lightgbm"
    if start.startswith(b"{") and b"learner" in head:
        return "xgboost"
    if start.startswith(b"{") and (b"oblivious_trees" in head or b"features_info" in head):
        return "catboost"
    return None


def _imported(library: str, path: Path) -> Any:
    try:
        return importlib.import_module(library)
    except ImportError:
        raise EngineError(
            f"{path}: is a model of {library}, which is needed to check its scores and is not installed; install it "
            f'with pip install "credit-model[{library}]"'
        ) from None
