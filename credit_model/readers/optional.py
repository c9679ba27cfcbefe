"""Libraries that only some files need: loaded where they are used, and asked for in one line where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from credit_model.errors import DataFileError


def need(library: str, extra: str, what: object, why: str) -> Any:
    """The library's module.

    Parameters
    ----------
    library, extra : str
        Its name, and the extra of this package that installs it.
    what : object
        Named in the error, such as a path.
    why : str
        What is read with it.

    Raises
    ------
    DataFileError
        It is not installed.
    """
    try:
        return import_module(library)
    except ImportError:
        raise DataFileError(
            f'{what}: {why} are read with {library}, which is not installed; pip install "credit-model[{extra}]"'
        ) from None
